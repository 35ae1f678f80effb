"""`make stack`: a stage deployed by CloudFormation, from what `chalice package` builds."""

import json

import boto3
from botocore.exceptions import ClientError

from dev import cloudformation, foundations, local, package, stages
from dev.deploy import alarm_email
from dev.package import Package
from dev.stages import Stage


def main() -> None:
    stage = stages.chosen()
    stages.refuse_placeholders(stage)
    built = package.build(stage)
    with foundations.asking_aws():
        refuse_other_way(stage)
        bucket = foundations.lay(stage)
        changed = cloudformation.apply(
            stage.function,
            _located(stage, built, bucket),
            tags=stage.tags,
            parameters=alarm_email(),
            bucket=bucket,
        )
        url = cloudformation.outputs(stage.function)["EndpointURL"].rstrip("/")
        local.say(f"{stage.name} is deployed." if changed else "Nothing has changed.")
        local.say(f"{url}\nLook whether it keeps its promises: make smoke URL=that")


def refuse_other_way(stage: Stage) -> None:
    """Stop where `make deploy` has made this stage."""
    if cloudformation.find(stage.function):
        return
    try:
        boto3.client("lambda").get_function(FunctionName=stage.function)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return
        raise
    local.stop(f"{stage.name} was deployed by make deploy; go on with that, or make undeploy first")


def _located(stage: Stage, built: Package, bucket: str) -> dict[str, object]:
    """Upload the zip, under its hash, and give the template that takes it from there."""
    key = f"{stage.function}/{built.digest()}.zip"
    s3 = boto3.client("s3")
    s3.upload_file(str(built.zip), bucket, key)
    template: dict[str, object] = json.loads(
        built.template.read_text().replace('"./deployment.zip"', json.dumps(f"s3://{bucket}/{key}"))
    )
    return template


if __name__ == "__main__":
    main()
