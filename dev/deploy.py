"""`make deploy`: a stage deployed by `chalice deploy`, with what Chalice leaves out.

Chalice writes down what it has deployed at its very end, on the machine that ran it, and finds an
API by that note alone. So the note is made anew from what is in AWS before each run: another
checkout, or a run that was interrupted, goes on with the same API and does not make a second one.
"""

import hashlib
import json
import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dev import cloudformation, foundations, local, package, stages
from dev.foundations import Place
from dev.local import PROJECT
from dev.package import BUILD, Package
from dev.stages import APP, THROTTLING, Stage

# API Gateway takes one deployment in five seconds, and one import in thirty.
PATIENT = Config(retries={"mode": "standard", "max_attempts": 10})


def main() -> None:
    stage = stages.chosen()
    stages.refuse_placeholders(stage)
    built = package.build(stage)
    with foundations.asking_aws() as place, local.lock(BUILD.with_name("deploy.lock")):
        if cloudformation.find(stage.function):
            local.stop(
                f"{stage.name} was deployed by make stack; go on with that, or make undeploy first"
            )
        foundations.lay(stage)
        cloudformation.apply(
            f"{stage.function}-operations",
            stage.template("operations.yaml"),
            tags=stage.tags,
            parameters=alarm_email(),
        )
        package.prepare(
            stage,
            for_cloudformation=False,
            Partition=place.partition,
            Region=place.region,
            AccountId=place.account,
        )
        wanted = fingerprint(stage, built)
        api_id = note_what_is_deployed(stage)
        if api_id and _deployed(stage, api_id) == wanted and not os.environ.get("FORCE"):
            local.say("Nothing has changed since the last deployment.")
            local.say(url(stage, place, api_id))
            return
        if api_id:
            _say_it_is_changing(stage, api_id)
        package.run_chalice("deploy", "--stage", stage.name)
        api_id = note_what_is_deployed(stage)
        if api_id is None:
            local.stop("chalice deploy made no API")
        _finish(stage, api_id, wanted)
        local.say(f"{stage.name} is deployed.\n{url(stage, place, api_id)}")
        local.say("Look whether it keeps its promises: make smoke URL=that")


def alarm_email() -> dict[str, str]:
    """Give the operations' parameter, where ALARM_EMAIL is said; else it stays as it is."""
    said = os.environ.get("ALARM_EMAIL")
    return {} if said is None else {"AlarmEmail": said}


def url(stage: Stage, place: Place, api_id: str) -> str:
    suffix = "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com"
    return f"https://{api_id}.execute-api.{place.region}.{suffix}/{stage.name}"


def fingerprint(stage: Stage, built: Package) -> str:
    """Give a hash of all that a deployment is made of."""
    made_of = [
        built.digest(),
        (BUILD / ".chalice" / "config.json").read_text(),
        *(path.read_text() for path in sorted((BUILD / ".chalice").glob("policy-*.json"))),
        json.dumps(dict(stages.responses(stage)), sort_keys=True),
        json.dumps(THROTTLING),
        stages.access_log_format(),
    ]
    return f"{APP} {hashlib.sha256(json.dumps(made_of).encode()).hexdigest()}"


def note_what_is_deployed(stage: Stage) -> str | None:
    """Write Chalice's note of what it has deployed, as it is in AWS; gives the API's id."""
    found: list[dict[str, Any]] = []
    for name, function in (("api_handler", stage.function), ("auth0", f"{stage.function}-auth0")):
        role = f"{stage.function}-{name}"
        if arn := _there("iam", "get_role", "Role.Arn", RoleName=role):
            found.append(
                {"resource_type": "iam_role", "name": f"{name}_role", "role_arn": arn,
                 "role_name": role}
            )  # fmt: skip
        if arn := _there(
            "lambda", "get_function", "Configuration.FunctionArn", FunctionName=function
        ):
            found.append({"resource_type": "lambda_function", "name": name, "lambda_arn": arn})
    api_id = _api_of(stage)
    if api_id:
        found.append({"resource_type": "rest_api", "name": "rest_api", "rest_api_id": api_id})
    note = PROJECT / ".chalice" / "deployed" / f"{stage.name}.json"
    note.parent.mkdir(exist_ok=True)
    note.write_text(json.dumps({"resources": found, "schema_version": "2.0", "backend": "api"}))
    return api_id


def _there(service: str, operation: str, member: str, **arguments: str) -> str | None:
    """Give a member of AWS's answer; None where there is no such thing."""
    try:
        found: Any = getattr(boto3.client(service), operation)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchEntity", "ResourceNotFoundException"):
            return None
        raise
    for name in member.split("."):
        found = found[name]
    return str(found)


def _api_of(stage: Stage) -> str | None:
    """Give the API whose requests go to the stage's function; there is no other mark of it."""
    client = boto3.client("apigateway", config=PATIENT)
    found = []
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == APP and _calls(client, api["id"], stage.function):
                found.append(api["id"])
    if len(found) > 1:
        local.stop(f"several APIs call {stage.function}; delete all but one of {', '.join(found)}")
    return found[0] if found else None


def _calls(client: Any, api_id: str, function: str) -> bool:
    resources = client.get_resources(restApiId=api_id, limit=500)["items"]
    root = next(resource["id"] for resource in resources if resource["path"] == "/")
    try:
        found = client.get_integration(restApiId=api_id, resourceId=root, httpMethod="GET")
    except client.exceptions.NotFoundException:
        return False
    return f":function:{function}/" in found.get("uri", "")


def _deployed(stage: Stage, api_id: str) -> str | None:
    """Give the fingerprint of what the stage serves; None where it was not finished."""
    client = boto3.client("apigateway", config=PATIENT)
    deployment = _deployment(stage, api_id)
    if deployment is None:
        return None
    found: dict[str, str] = client.get_deployment(restApiId=api_id, deploymentId=deployment)
    return found.get("description")


def _say_it_is_changing(stage: Stage, api_id: str) -> None:
    """Take the fingerprint away: if this run is interrupted, no later one finds all as it was."""
    if deployment := _deployment(stage, api_id):
        boto3.client("apigateway", config=PATIENT).update_deployment(
            restApiId=api_id,
            deploymentId=deployment,
            patchOperations=[{"op": "replace", "path": "/description", "value": "being changed"}],
        )


def _deployment(stage: Stage, api_id: str) -> str | None:
    client = boto3.client("apigateway", config=PATIENT)
    try:
        found: str = client.get_stage(restApiId=api_id, stageName=stage.name)["deploymentId"]
    except client.exceptions.NotFoundException:
        return None
    return found


def _finish(stage: Stage, api_id: str, wanted: str) -> None:
    """Add what Chalice leaves out, and deploy that: the fingerprint says that all is done."""
    client = boto3.client("apigateway", config=PATIENT)
    for response_type, answer in stages.responses(stage):
        client.put_gateway_response(restApiId=api_id, responseType=response_type, **answer)
    log = cloudformation.outputs(f"{stage.function}-operations")["AccessLogArn"]
    settings = {
        "/*/*/throttling/rateLimit": str(THROTTLING["rate"]),
        "/*/*/throttling/burstLimit": str(THROTTLING["burst"]),
        "/accessLogSettings/destinationArn": log.removesuffix(":*"),
        "/accessLogSettings/format": stages.access_log_format(),
        "/tracingEnabled": "true",
    }
    client.update_stage(
        restApiId=api_id,
        stageName=stage.name,
        patchOperations=[
            {"op": "replace", "path": path, "value": value} for path, value in settings.items()
        ],
    )
    client.create_deployment(restApiId=api_id, stageName=stage.name, description=wanted)


if __name__ == "__main__":
    main()
