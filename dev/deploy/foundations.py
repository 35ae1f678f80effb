"""What a stage needs first: its table, and what all stages of an account and region share."""

import contextlib
import enum
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from dev import machine
from dev.deploy import cloudformation
from dev.deploy.stages import APP, THROTTLING, Stage

ACCOUNT_STACK = f"{APP}-account"
UNRESERVED = 100  # executions that cannot be reserved for a function (Lambda)


class Account(NamedTuple):
    """The AWS account and its region."""

    partition: str
    region: str
    number: str


class Verdict(enum.Enum):
    """How a check of a stage ended. With `WARN`, the stage can be deployed."""

    OK = "ok"
    WARN = "WARN"
    WRONG = "WRONG"


class Finding(NamedTuple):
    """The result of a check: one line, and what to do unless it is `OK`."""

    name: str
    verdict: Verdict
    detail: str


@contextlib.contextmanager
def aws_account(stage: Stage) -> Iterator[Account]:
    """Return the account of the credentials in the environment, in the stage's region.

    Stop if the environment has another region, or if AWS rejects a request.
    """
    with aws_errors():
        region = boto3.Session().region_name
        if region not in (None, stage.region):
            machine.fail(
                f"{stage.name} lives in {stage.region} (.chalice/config.json), and the"
                f" environment or profile says {region}"
            )
        os.environ["AWS_DEFAULT_REGION"] = stage.region
        arn = boto3.client("sts").get_caller_identity()["Arn"]
        cloudformation.act_as(deployer(stage).get("ServiceRole"))
        yield Account(arn.split(":")[1], stage.region, arn.split(":")[4])


@contextlib.contextmanager
def aws_errors() -> Iterator[None]:
    """Stop with one sentence if AWS rejects a request, or cannot be reached."""
    try:
        yield
    except (ClientError, S3UploadFailedError) as error:
        machine.fail(f"AWS rejects the request: {error}")
    except BotoCoreError as error:
        machine.fail(f"AWS cannot be reached; check AWS_PROFILE or AWS_ACCESS_KEY_ID: {error}")


def quota(stage: Stage) -> Finding:
    """Check that enough executions are left for functions without a reservation.

    What the functions of the stage reserve already is theirs, and is not needed again.
    """
    client = boto3.client("lambda")
    free = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    more = stage.reserved - sum(map(_reserved, stage.functions))
    left = free - more
    verdict, detail = Verdict.OK, f"{free} executions of Lambda are not reserved"
    advice = "request a higher quota (docs/operations.md, Lambda throttles)"
    if more > 0 and left < UNRESERVED:
        verdict = Verdict.WRONG
        detail += (
            f", and {more + UNRESERVED} are needed, because {stage.name} reserves {more} more, and"
            f" Lambda keeps {UNRESERVED} unreserved: {advice}"
        )
    elif left < THROTTLING["burst"]:
        verdict = Verdict.WARN
        detail = (
            f"{left} executions of Lambda are left for functions without a reservation, and"
            f" {stage.name} accepts {THROTTLING['burst']} requests at once: {advice}"
        )
    return Finding("concurrency", verdict, detail)


def _reserved(function: str) -> int:
    """Return how many executions are reserved for a function. It may not exist yet."""
    client = boto3.client("lambda")
    try:
        concurrency = client.get_function_concurrency(FunctionName=function)
    except client.exceptions.ResourceNotFoundException:
        return 0
    return int(concurrency.get("ReservedConcurrentExecutions", 0))


def refuse_small_quota(stage: Stage) -> None:
    """Stop if CloudFormation or Chalice could not reserve what the stage reserves.

    Print a warning if the stage can be deployed, and Lambda may throttle it.
    """
    _, verdict, detail = quota(stage)
    if verdict is Verdict.WRONG:
        machine.fail(f"{detail}; or lower reserved_concurrency in .chalice/config.json")
    if verdict is Verdict.WARN:
        machine.say(detail)


def deployer_stack(stage: Stage) -> str:
    """Return the name of the stack that `make deployer` creates."""
    return f"{APP}-deployer-{stage.name}"


def deployer(stage: Stage) -> dict[str, str]:
    """Return the roles and policies of who may deploy. They are empty without `make deployer`."""
    return cloudformation.outputs(deployer_stack(stage))


def make_shared(stage: Stage) -> None:
    """Create what all stages of the account and region share.

    Stop if it must be changed, and only an administrator may do so.
    """
    try:
        # A stack keeps a role forever, and the role of one stage may not change what all share.
        with cloudformation.as_caller():
            cloudformation.apply(
                ACCOUNT_STACK,
                stage.template("account.yaml"),
                tags={"project": APP},
                parameters=_log_role(),
            )
    except ClientError as error:
        is_denied = error.response["Error"]["Code"].startswith("AccessDenied")
        if not (is_denied and error.operation_name == "ExecuteChangeSet"):
            raise
        machine.fail(
            f"the stack {ACCOUNT_STACK}, which all stages share, must be changed first: ask an"
            f" administrator to run make deployer STAGE={stage.name} from this commit"
        )


def make(stage: Stage) -> str:
    """Create the stage's table, and what all stages share. Return the bucket for packages.

    Both have stacks of their own, which the removal of a stage does not touch.
    """
    make_shared(stage)
    table = stage.settings["TABLE_NAME"]
    stack, template = f"{table}-table", stage.template("table.yaml")
    cloudformation.clear(stack)
    if not cloudformation.is_made(stack) and (description := described(table)):
        # Restored from a backup, or retained when its stack was removed.
        existing = _existing_part(template, description)
        cloudformation.import_resource(stack, existing, "Table", {"TableName": table})
    cloudformation.apply(stack, template, tags=stage.tags)
    cloudformation.protect(stack)
    _note_index(table)
    return packages()


def plan(stage: Stage) -> None:
    """Say what `make` would change. The account's stack exists."""
    with cloudformation.as_caller():
        cloudformation.plan(ACCOUNT_STACK, stage.template("account.yaml"), tags={"project": APP})
    table = stage.settings["TABLE_NAME"]
    stack = f"{table}-table"
    if not cloudformation.is_made(stack) and described(table):
        machine.say(f"{stack}: the existing table would be imported")
    else:
        cloudformation.plan(stack, stage.template("table.yaml"), tags=stage.tags)


def table_in_use(stage: Stage, version: str) -> str | None:
    """Return the table that a version of the API's function uses, or None without such a version.

    An alias counts as a version.
    """
    client = boto3.client("lambda")
    try:
        function = client.get_function_configuration(FunctionName=stage.function, Qualifier=version)
    except client.exceptions.ResourceNotFoundException:
        return None
    table: str | None = function.get("Environment", {}).get("Variables", {}).get("TABLE_NAME")
    return table


def refuse_other_table(stage: Stage, version: str) -> None:
    """Stop if the API would use another table than this version does, unless NEW_TABLE names it."""
    configured, confirmed = stage.settings["TABLE_NAME"], os.environ.get("NEW_TABLE")
    if confirmed and confirmed != configured:
        machine.fail(
            f"NEW_TABLE must be {configured}, which is TABLE_NAME of the stage {stage.name} in"
            " .chalice/config.json"
        )
    in_use = table_in_use(stage, version)
    if in_use not in (None, configured) and not confirmed:
        machine.fail(
            f"{stage.name} uses the table {in_use}, and TABLE_NAME in .chalice/config.json is"
            f" {configured}: commit {in_use} there, or add NEW_TABLE={configured} if the API should"
            " use that table from now on"
        )


def packages() -> str:
    """Return the bucket for packages."""
    return cloudformation.outputs(ACCOUNT_STACK)["Packages"]


def _note_index(table: str) -> None:
    """Note in an empty table that its index is complete. Say what to do if it is not."""
    from chalicelib.store import entries  # it reads the settings when it is imported

    client = boto3.client("dynamodb")
    key = {name: {"S": value} for name, value in zip(("pk", "sk"), entries.INDEX, strict=True)}
    if "Item" in client.get_item(TableName=table, Key=key, ConsistentRead=True):
        return
    # Only keys, because who may deploy may not read the items.
    first = client.scan(
        TableName=table,
        Limit=1,
        ConsistentRead=True,
        Select="SPECIFIC_ATTRIBUTES",
        ProjectionExpression="pk",
    )
    if first["Items"]:
        machine.say(
            "Search and filters do not find everything yet:"
            f" run TABLE_NAME={table} REPAIR=1 make verify"
        )
    else:
        client.put_item(TableName=table, Item=entries.note().serialize())


def say_where(stage: Stage, url: str) -> None:
    """Print where the API is, and what a person has to do."""
    # `make deploy` has a stack of its own for it.
    parameters = cloudformation.parameters_of(f"{stage.function}-operations")
    parameters = parameters or cloudformation.parameters_of(stage.function)
    if not parameters.get("AlarmEmail"):
        machine.say("Alarms are sent to nobody: set ALARM_EMAIL=... and run it again")
    say_url(stage, url)


def say_url(stage: Stage, url: str) -> None:
    """Print API Gateway's own URL of a stage, and how to check the address that clients use."""
    machine.say(f'{url}\nTo check it: make smoke URL="$(make -s url STAGE={stage.name})"')


def _log_role() -> dict[str, str]:
    """Keep API Gateway's role for logs if the account had one before us."""
    if cloudformation.is_made(ACCOUNT_STACK):
        return {}
    existing_role = boto3.client("apigateway").get_account().get("cloudwatchRoleArn")
    return {"LogRole": "there" if existing_role else "ours"}


def described(table: str) -> dict[str, Any] | None:
    """Return a table as DynamoDB describes it, or None if there is none."""
    client = boto3.client("dynamodb")
    try:
        description: dict[str, Any] = client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    return description


def _existing_part(template: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a table's template that every existing table of ours already has.

    The rest follows as an update. The table must have all indexes of the registry.
    """
    table = template["Resources"]["Table"]
    names = ["TableName", "BillingMode", "AttributeDefinitions", "KeySchema"]
    names.append("GlobalSecondaryIndexes")
    if description.get("SSEDescription", {}).get("Status") == "ENABLED":
        # DynamoDB rejects the encryption of an encrypted table.
        names.append("SSESpecification")
    properties = {name: table["Properties"][name] for name in names}
    return {"Resources": {"Table": {**table, "Properties": properties}}}
