"""The function that CodeDeploy calls before a new version gets traffic.

It is deployed as this file alone, inside the template, and has nothing but Lambda's own packages.
"""

import json
import os
from typing import Any

import boto3


def handler(event: dict[str, str], _: object) -> None:
    """Tell CodeDeploy whether the new versions of both functions work."""
    try:
        check()
        status = "Succeeded"
    except Exception as error:
        print(json.dumps({"level": "ERROR", "message": f"the new version fails: {error!r}"}))
        status = "Failed"
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )


def check() -> None:
    """Send requests to both versions. Raise ValueError if one does not respond as it should."""
    for path in ("/", "/health", "/openapi.json"):
        status = call(os.environ["API"], request(path)).get("statusCode")
        if status != 200:
            raise ValueError(f"GET {path} is {status}")
    refused = call(
        os.environ["AUTHORIZER"],
        {
            "type": "TOKEN",
            "authorizationToken": "Bearer none",
            "methodArn": "arn:aws:execute-api:any:0:api/stage/GET/movies",
        },
    )
    effects = [s["Effect"] for s in refused.get("policyDocument", {}).get("Statement", [])]
    if effects != ["Deny"]:
        raise ValueError("the authorizer does not refuse a token that is none")


def request(path: str) -> dict[str, Any]:
    """Return the event that API Gateway sends for a GET without a token."""
    return {
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": path,
            "path": path,
            "requestId": "pre-traffic",
            "stage": "pre-traffic",
        },
    }


def call(version: str, event: dict[str, Any]) -> dict[str, Any]:
    """Invoke a version of a function. Return its response."""
    response = boto3.client("lambda").invoke(FunctionName=version, Payload=json.dumps(event))
    payload: dict[str, Any] = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise ValueError(f"{version}: {payload.get('errorMessage')}")
    return payload
