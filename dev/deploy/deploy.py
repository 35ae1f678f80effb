"""`make deploy`: deploy a stage with `chalice deploy`, and add what Chalice leaves out.

Chalice records what it has deployed at its very end, on the machine that ran it. It recognises an
API only by that record. So the record is rebuilt from AWS before each run. Another checkout, or the
run after an interruption, then continues with the same API instead of creating a second one.
"""

import base64
import hashlib
import json
import re
from typing import Any

import boto3
from botocore.config import Config

from dev import machine
from dev.deploy import (
    cloudformation,
    domain,
    foundations,
    package,
    permissions,
    source,
    stages,
)
from dev.deploy.foundations import Account
from dev.deploy.package import BUILD, FUNCTIONS, Package
from dev.deploy.stages import APP, Stage
from dev.machine import PROJECT

# API Gateway accepts one deployment in five seconds, and one import in thirty.
PATIENT = Config(retries={"mode": "standard", "max_attempts": 10})
BEING_CHANGED = "being changed"
LATEST = "$LATEST"  # Lambda's name for the version of a function that Chalice changes


def main() -> None:
    stage = stages.chosen()
    stages.refuse_plan()
    is_forced = machine.is_on("FORCE")
    stages.refuse_unready(stage)
    refuse_settings(stage)
    domain.of(stage)  # refused before anything is built
    if stage.is_protected:
        source.refuse_uncommitted(stage.name, stage.commit)
    with package.alone(), foundations.aws_account(stage) as account:
        if cloudformation.is_made(stage.function):
            machine.fail(
                f"{stage.name} was deployed with make stack; use that, or run make undeploy first"
            )
        refuse_other_region(stage, account)
        foundations.refuse_other_table(stage, LATEST)
        foundations.refuse_small_quota(stage)
        built = package.build(stage)
        foundations.make(stage)
        cloudformation.apply(
            f"{stage.function}-operations",
            stage.template("operations.yaml"),
            tags=stage.tags,
            parameters=stages.alarm_email(),
        )
        package.configure(stage, account)
        permissions.create_roles(stage)
        is_closed = domain.replaces_default(stage)
        target = fingerprint(built, is_closed)
        api_id = record_what_is_deployed(stage)
        if api_id and _described(stage, api_id) == target and _runs(stage, built) and not is_forced:
            machine.say("Nothing has changed since the last deployment.")
        else:
            if api_id:
                _describe_as_changing(stage, api_id)
            package.run_chalice("deploy", stage, account.region)
            api_id = record_what_is_deployed(stage)
            if api_id is None:
                machine.fail("chalice deploy has created no API")
            if not _runs(stage, built):
                machine.fail("somebody else deployed at the same time; run it again")
            _finish(stage, built, api_id, target, is_closed)
            machine.say(f"{stage.name} is deployed.")
        domain.connect(stage, api_id)
        foundations.say_where(stage, url_of(stage, api_id, account))


def refuse_settings(stage: Stage) -> None:
    """Stop if only `make stack` can deploy the settings of a stage."""
    if stage.snap_start:
        machine.fail(
            f"the stage {stage.name} has SnapStart, which needs the versions that make stack"
            " publishes; use that, or set lambda_snap_start in .chalice/config.json to false"
        )
    if stage.waf_requests is not None:
        machine.fail(
            f"the stage {stage.name} has a firewall, which only make stack creates; use that, or"
            " remove waf_requests from .chalice/config.json"
        )


def url_of(stage: Stage, api_id: str, account: Account) -> str:
    """Return API Gateway's own URL of an API."""
    return f"https://{api_id}.execute-api.{account.region}.amazonaws.com/{stage.name}"


def refuse_other_region(stage: Stage, account: Account) -> None:
    """Stop if the stage is in another region. Its roles have no region and belong to one stage."""
    client = boto3.client("iam")
    try:
        role = f"{stage.function}-api_handler"
        for name in client.list_role_policies(RoleName=role)["PolicyNames"]:
            policy = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            regions = set(re.findall("arn:aws[a-z-]*:logs:([a-z0-9-]+):", json.dumps(policy)))
            if regions - {account.region}:
                machine.fail(
                    f"{stage.name} is deployed in {', '.join(regions)}, not in {account.region};"
                    " a stage lives in one region"
                )
    except client.exceptions.NoSuchEntityException:
        return


def fingerprint(built: Package, is_closed: bool) -> str:
    """Return a hash of everything that a deployment consists of."""
    prepared = BUILD / ".chalice"
    contents = [
        built.digest(),
        *((prepared / function.policy).read_text() for function in FUNCTIONS.values()),
        (prepared / "config.json").read_text(),
        json.dumps(built.completion(), sort_keys=True),
        json.dumps(_stage_settings(built)),
        json.dumps(_api_settings(is_closed)),
    ]
    return f"{APP} {hashlib.sha256(json.dumps(contents).encode()).hexdigest()}"


def record_what_is_deployed(stage: Stage) -> str | None:
    """Write Chalice's record of what is deployed, as it is in AWS. Return the API's id."""
    resources: list[dict[str, Any]] = []
    for name, function in zip(stages.CHALICE_FUNCTIONS, stage.functions, strict=True):
        role = f"{stage.function}-{name}"
        if arn := _role_arn(role):
            resources.append(
                {"resource_type": "iam_role", "name": f"{name}_role", "role_arn": arn,
                 "role_name": role}
            )  # fmt: skip
        if description := _function(function):
            arn = description["FunctionArn"]
            resources.append({"resource_type": "lambda_function", "name": name, "lambda_arn": arn})
    api_id = _api_of(stage)
    if api_id:
        resources.append({"resource_type": "rest_api", "name": "rest_api", "rest_api_id": api_id})
    record = PROJECT / ".chalice" / "deployed" / f"{stage.name}.json"
    record.parent.mkdir(exist_ok=True)
    record.write_text(
        json.dumps({"resources": resources, "schema_version": "2.0", "backend": "api"})
    )
    return api_id


def _role_arn(role: str) -> str | None:
    client = boto3.client("iam")
    try:
        return str(client.get_role(RoleName=role)["Role"]["Arn"])
    except client.exceptions.NoSuchEntityException:
        return None


def has_begun(stage: Stage) -> bool:
    """Return whether a `make deploy` has left anything of this stage."""
    return (
        _role_arn(f"{stage.function}-api_handler") is not None
        or _function(stage.function) is not None
        or cloudformation.find(f"{stage.function}-operations") is not None
    )


def _runs(stage: Stage, built: Package) -> bool:
    """Return whether both functions run the package that was built and checked."""
    code_hash = base64.b64encode(bytes.fromhex(built.digest())).decode()
    functions = map(_function, stage.functions)
    return all(function and function["CodeSha256"] == code_hash for function in functions)


def _function(name: str) -> dict[str, Any] | None:
    """Return a function as Lambda describes it, or None if there is none."""
    client = boto3.client("lambda")
    try:
        description: dict[str, Any] = client.get_function_configuration(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    return description


def _api_of(stage: Stage) -> str | None:
    """Return the API that calls the stage's function. Nothing else identifies it."""
    client = _gateway()
    api_ids = []
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == APP and _calls(client, api["id"], stage.function):
                api_ids.append(api["id"])
    if len(api_ids) > 1:
        machine.fail(
            f"several APIs call {stage.function}; delete all but one of {', '.join(api_ids)}"
        )
    return api_ids[0] if api_ids else None


def _calls(client: Any, api_id: str, function: str) -> bool:
    resources = client.get_resources(restApiId=api_id, limit=500)["items"]
    root = next(resource["id"] for resource in resources if resource["path"] == "/")
    try:
        integration = client.get_integration(restApiId=api_id, resourceId=root, httpMethod="GET")
    except client.exceptions.NotFoundException:
        return False
    return f":function:{function}/" in integration.get("uri", "")


def _described(stage: Stage, api_id: str) -> str | None:
    """Return the description of the stage's current deployment: its fingerprint."""
    deployment = _deployment(stage, api_id)
    if deployment is None:
        return None
    details: dict[str, str] = _gateway().get_deployment(restApiId=api_id, deploymentId=deployment)
    return details.get("description")


def _describe_as_changing(stage: Stage, api_id: str) -> None:
    """Remove the fingerprint, so that an interrupted run never looks finished."""
    if deployment := _deployment(stage, api_id):
        _gateway().update_deployment(
            restApiId=api_id,
            deploymentId=deployment,
            patchOperations=[{"op": "replace", "path": "/description", "value": BEING_CHANGED}],
        )


def _deployment(stage: Stage, api_id: str) -> str | None:
    client = _gateway()
    try:
        return str(client.get_stage(restApiId=api_id, stageName=stage.name)["deploymentId"])
    except client.exceptions.NotFoundException:
        return None


def _finish(
    stage: Stage, built: Package, api_id: str, target_fingerprint: str, is_closed: bool
) -> None:
    """Add what Chalice leaves out, and deploy it with the fingerprint of a finished run."""
    client = _gateway()
    client.put_rest_api(
        restApiId=api_id,
        mode="merge",
        failOnWarnings=True,
        body=json.dumps(built.completion()),
    )
    # Chalice's import of the API has reset them.
    settings = _api_settings(is_closed)
    client.update_rest_api(restApiId=api_id, patchOperations=_replacing(settings))
    log = cloudformation.outputs(f"{stage.function}-operations")["AccessLogArn"]
    log_setting = {"/accessLogSettings/destinationArn": log.removesuffix(":*")}
    client.update_stage(
        restApiId=api_id,
        stageName=stage.name,
        patchOperations=_replacing({**log_setting, **_stage_settings(built)}),
    )
    client.create_deployment(
        restApiId=api_id, stageName=stage.name, description=target_fingerprint, tracingEnabled=True
    )


def is_finished(stage: Stage, api_id: str) -> bool:
    """Return whether the last `make deploy` of a stage has come to its end."""
    return (_described(stage, api_id) or "").startswith(f"{APP} ")


def method_settings(stage: Stage) -> list[dict[str, Any]]:
    """Return the throttling of the methods, as a package has it, without building one."""
    # Imported here, because the import reads the stage's settings.
    from app import app

    api = stage.template("stack.yaml")["Resources"]["RestAPI"]["Properties"]
    public = [
        stages.public_throttling(path, method)
        for path, methods in app.routes.items()
        for method, route in methods.items()
        if route.authorizer is None and stages.is_throttled_more(path)
    ]
    return [*api["MethodSettings"], *public]


def _api_settings(is_closed: bool) -> dict[str, str]:
    """Return the settings of the API, by their paths in a patch."""
    return {
        "/disableExecuteApiEndpoint": str(is_closed),
        "/securityPolicy": stages.SECURITY_POLICY,
        "/endpointAccessMode": stages.ENDPOINT_ACCESS,
    }


def _stage_settings(built: Package) -> dict[str, str]:
    """Return the settings of API Gateway's stage, by their paths in a patch."""
    settings = {
        "/accessLogSettings/format": stages.access_log_format(),
        "/tracingEnabled": "true",
    }
    for method in built.properties()["RestAPI"]["MethodSettings"]:
        path = "/~1" if method["ResourcePath"] == "/" else method["ResourcePath"]
        throttling = f"{path}/{method['HttpMethod']}/throttling"
        settings[f"{throttling}/rateLimit"] = str(method["ThrottlingRateLimit"])
        settings[f"{throttling}/burstLimit"] = str(method["ThrottlingBurstLimit"])
    return settings


def _replacing(settings: dict[str, str]) -> list[dict[str, str]]:
    """Return the patch that replaces these settings."""
    return [{"op": "replace", "path": path, "value": value} for path, value in settings.items()]


def _gateway() -> Any:
    return boto3.client("apigateway", config=PATIENT)


if __name__ == "__main__":
    main()
