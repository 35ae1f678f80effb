"""What a stage stands on: its table, and what all stages of an account and region share."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from dev import cloudformation, local
from dev.stages import APP, Stage

ACCOUNT_STACK = f"{APP}-account"


class Place(NamedTuple):
    """Where AWS is asked to do something."""

    partition: str
    region: str
    account: str


@contextlib.contextmanager
def asking_aws() -> Iterator[Place]:
    """Give the account and region that the environment leads to; stop with what AWS refuses."""
    try:
        session = boto3.Session()
        if not session.region_name:
            local.stop("say which region: AWS_DEFAULT_REGION=eu-central-1")
        arn = boto3.client("sts").get_caller_identity()["Arn"]
        yield Place(arn.split(":")[1], session.region_name, arn.split(":")[4])
    except (BotoCoreError, ClientError) as error:
        local.stop(f"AWS refuses: {error}")


def lay(stage: Stage) -> str:
    """Make the stage's table and what the stages share; gives the bucket for packages.

    Both are in stacks of their own, which removing a stage leaves alone.
    """
    cloudformation.apply(
        ACCOUNT_STACK,
        stage.template("account.yaml"),
        tags={"project": APP},
        parameters=_log_role(),
    )
    table, template = f"{stage.settings['TABLE_NAME']}-table", stage.template("table.yaml")
    if not cloudformation.exists(table) and _is_there(stage.settings["TABLE_NAME"]):
        # Restored from a backup, or kept when its stack was removed.
        cloudformation.adopt(
            table, _bare(template), "Table", {"TableName": stage.settings["TABLE_NAME"]}
        )
    cloudformation.apply(table, template, tags=stage.tags)
    boto3.client("cloudformation").update_termination_protection(
        StackName=table, EnableTerminationProtection=True
    )
    return cloudformation.outputs(ACCOUNT_STACK)["Packages"]


def _log_role() -> dict[str, str]:
    """Leave API Gateway's role for logs alone where the account had one before us."""
    if cloudformation.outputs(ACCOUNT_STACK):
        return {}
    there = boto3.client("apigateway").get_account().get("cloudwatchRoleArn")
    return {"LogRole": "there" if there else "ours"}


def _is_there(table: str) -> bool:
    client = boto3.client("dynamodb")
    try:
        client.describe_table(TableName=table)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _bare(template: dict[str, Any]) -> dict[str, Any]:
    """Give the template with what any such table has; what it must get comes as a change."""
    table = template["Resources"]["Table"]
    of_any = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema")
    properties = {name: table["Properties"][name] for name in (*of_any, "GlobalSecondaryIndexes")}
    return {"Resources": {"Table": {**table, "Properties": properties}}}
