"""`make stack`: deploy a stage with CloudFormation, from what `chalice package` builds."""

import json
from typing import Any

import boto3

from dev import machine
from dev.deploy import (
    cloudformation,
    deploy,
    domain,
    foundations,
    package,
    permissions,
    stages,
    versions,
)
from dev.deploy.package import Package
from dev.deploy.stages import Stage


def main() -> None:
    stage = stages.chosen()
    stages.refuse_unready(stage)
    domain.of(stage)  # refused before anything is built
    with package.alone(), foundations.aws_account(stage):
        if not cloudformation.is_made(stage.function) and deploy.has_begun(stage):
            machine.fail(
                f"{stage.name} was deployed with make deploy; use that, or run make undeploy first"
            )
        built = package.build(stage)
        bucket = foundations.make(stage)
        for function in (stage.function, f"{stage.function}-auth0"):
            versions.prune(function)
        changed = cloudformation.apply(
            stage.function,
            _uploaded(stage, built, bucket),
            tags=stage.tags,
            parameters=stages.alarm_email(),
            bucket=bucket,
        )
        machine.say(f"{stage.name} is deployed." if changed else "Nothing has changed.")
        outputs = cloudformation.outputs(stage.function)
        domain.connect(stage, outputs["RestAPIId"])
        foundations.say_where(stage, outputs["EndpointURL"].rstrip("/"))


def _uploaded(stage: Stage, built: Package, bucket: str) -> dict[str, Any]:
    """Upload the zip under its hash. Return the template that refers to it."""
    key = f"{stage.function}/{built.digest()}.zip"
    boto3.client("s3").upload_file(str(built.zip), bucket, key)
    template: dict[str, Any] = json.loads(
        built.template.read_text().replace('"./deployment.zip"', json.dumps(f"s3://{bucket}/{key}"))
    )
    if domain.replaces_default(stage):
        template["Resources"]["RestAPI"]["Properties"]["DisableExecuteApiEndpoint"] = True
    permissions.limit_roles(template, foundations.deployer(stage).get("Boundary"))
    return template


if __name__ == "__main__":
    main()
