"""`make stack`: deploy a stage with CloudFormation, from what `chalice package` builds."""

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

from dev import machine
from dev.deploy import (
    cloudformation,
    deploy,
    domain,
    foundations,
    package,
    permissions,
    releases,
    source,
    stages,
    versions,
)
from dev.deploy.package import Package
from dev.deploy.releases import Release
from dev.deploy.stages import ALIAS, Stage


def main() -> None:
    stage = stages.chosen()
    stages.refuse_unready(stage)
    is_plan = machine.is_on("PLAN")
    if stage.is_protected and not is_plan:
        source.refuse_uncommitted(stage.name, stage.commit)
    domain.of(stage)  # refused before anything is built
    with package.alone(), foundations.aws_account(stage):
        if not cloudformation.is_made(stage.function) and deploy.has_begun(stage):
            machine.fail(
                f"{stage.name} was deployed with make deploy; use that, or run make undeploy first"
            )
        foundations.refuse_other_table(stage, ALIAS)
        foundations.refuse_small_quota(stage)
        built = package.build(stage)
        if is_plan:
            _plan(stage, built)
            return
        bucket = foundations.make(stage)
        for function in stage.functions:
            versions.prune(function)
        _upload(stage, built, bucket)
        releases.forget_rolled_back(stage, bucket)
        release = _release(stage, built, bucket)
        changed = cloudformation.apply(
            stage.function,
            release.template,
            tags=release.tags,
            parameters=stages.alarm_email(),
            bucket=bucket,
        )
        cloudformation.protect(stage.function, is_on=stage.is_protected)
        versions.refuse_other_code(stage, release.digest)
        releases.record(stage, bucket, release)
        releases.prune(stage, bucket)
        machine.say(f"{stage.name} is deployed." if changed else "Nothing has changed.")
        outputs = cloudformation.outputs(stage.function)
        domain.connect(stage, outputs["RestAPIId"])
        foundations.say_where(stage, outputs["EndpointURL"].rstrip("/"))


def _plan(stage: Stage, built: Package) -> None:
    """Say what would change. Change nothing."""
    if not cloudformation.is_made(foundations.ACCOUNT_STACK):
        machine.say(f"Nothing exists yet: make stack would create all of {stage.name}.")
        return
    foundations.plan(stage)
    bucket = foundations.packages()
    release = _release(stage, built, bucket)
    cloudformation.plan(
        stage.function,
        release.template,
        tags=release.tags,
        parameters=stages.alarm_email(),
        bucket=bucket,
    )
    machine.say("This was a plan. Nothing has changed.")


def _package_key(stage: Stage, built: Package) -> str:
    return f"{stage.function}/{built.digest()}.zip"


def _upload(stage: Stage, built: Package, bucket: str) -> None:
    """Upload the zip under its hash, unless it is there."""
    client, key = boto3.client("s3"), _package_key(stage, built)
    try:
        client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        client.upload_file(str(built.zip), bucket, key)


def _release(stage: Stage, built: Package, bucket: str) -> Release:
    """Return the release with the template that was built, which refers to the uploaded zip."""
    key = _package_key(stage, built)
    template: dict[str, Any] = json.loads(
        built.template.read_text().replace('"./deployment.zip"', json.dumps(f"s3://{bucket}/{key}"))
    )
    if domain.replaces_default(stage):
        template["Resources"]["RestAPI"]["Properties"]["DisableExecuteApiEndpoint"] = True
    permissions.limit_roles(template, foundations.deployer(stage).get("Boundary"))
    commit = {"commit": stage.commit} if stage.commit else {}
    return releases.of(template, key, {**stage.tags, **commit})


if __name__ == "__main__":
    main()
