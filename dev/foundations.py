"""What a stage stands on: its table, and what all stages of an account and region share."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

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
    table = f"{stage.function}-table"
    cloudformation.apply(table, stage.template("table.yaml"), tags=stage.tags)
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
