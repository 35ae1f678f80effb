"""The function that CodeDeploy calls before a new version gets traffic.

It is deployed as this file alone, inside the template, and has nothing but Lambda's own packages.
"""

import json
import os
import time
from typing import Any

import boto3

# Of a key that does not exist, {"alg":"RS256","kid":"pre-traffic"}: so the authorizer must fetch
# the issuer's keys.
UNKNOWN_KEY = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6InByZS10cmFmZmljIn0.e30.AAAA"


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
        expect(200, path)
    for name in ("movies", "actors"):  # their lists read an index of the table
        expect(200, f"/{name}", [f"get:{name}"])
        expect(403, f"/{name}", [])
    refused = call(
        os.environ["AUTHORIZER"],
        {
            "type": "TOKEN",
            "authorizationToken": UNKNOWN_KEY,
            "methodArn": "arn:aws:execute-api:any:0:api/stage/GET/movies",
        },
    )
    effects = [s["Effect"] for s in refused.get("policyDocument", {}).get("Statement", [])]
    if effects != ["Deny"]:
        raise ValueError("the authorizer does not refuse a token with an unknown key")


def expect(expected: int, path: str, permissions: list[str] | None = None) -> None:
    """Raise ValueError unless a GET has this status. Without permissions, there is no caller."""
    status = call(os.environ["API"], request(path, permissions)).get("statusCode")
    if status != expected:
        raise ValueError(f"GET {path} is {status}, not {expected}")


def request(path: str, permissions: list[str] | None) -> dict[str, Any]:
    """Return the event that API Gateway sends for a GET of a caller with these permissions.

    None stands for a public route, for which no authorizer runs.
    """
    event: dict[str, Any] = {
        "headers": {},
        "multiValueQueryStringParameters": None if permissions is None else {"limit": ["1"]},
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
    if permissions is not None:
        event["requestContext"]["authorizer"] = {
            "sub": "pre-traffic",
            "permissions": json.dumps(permissions),
            "exp": str(time.time() + 60),
        }
    return event


def call(version: str, event: dict[str, Any]) -> dict[str, Any]:
    """Invoke a version of a function. Return its response."""
    response = boto3.client("lambda").invoke(FunctionName=version, Payload=json.dumps(event))
    payload: dict[str, Any] = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise ValueError(f"{version}: {payload.get('errorMessage')}")
    return payload
