"""Create, change and remove CloudFormation stacks. Every function can be repeated."""

import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dev import machine

MAX_BODY = 51_200  # bytes of a template that is sent with the request (CloudFormation)
POLL, PATIENCE = 2, 1_800  # seconds between two polls, and of all polls together
ROLLING_BACK = ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
"""The states of a stack that returns to what it was, because an update failed."""
NEVER_MADE = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""The states of a stack whose creation failed. It can only be removed."""
IMPORT_FAILED = ("IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED")
"""The states after a failed import, also of a stack that worked before and still does."""
NOT_UPDATABLE = {
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
    "UPDATE_FAILED": "rollback-stack",
}
"""The states in which CloudFormation rejects an update, and its commands that end them."""
NOT_OWNED = ("IMPORT_FAILED", "IMPORT_ROLLBACK", "DELETE_COMPLETE", "DELETE_SKIPPED")
"""How the states of resources begin that a stack does not own, or not any more."""

_service_role: str | None = None


def act_as(role: str | None) -> None:
    """Let CloudFormation use this role for the stacks from now on, instead of the caller's."""
    global _service_role
    _service_role = role


@contextlib.contextmanager
def as_caller() -> Iterator[None]:
    """Let CloudFormation use the caller's permissions in this block, and not the role."""
    role = _service_role
    act_as(None)
    try:
        yield
    finally:
        act_as(role)


def apply(
    name: str,
    template: dict[str, Any],
    *,
    tags: dict[str, str],
    parameters: dict[str, str] | None = None,
    bucket: str | None = None,
) -> bool:
    """Create or update a stack from its template. Return whether anything changed.

    Wait for an operation in progress, and remove what a failed attempt has left. Parameters that
    are not passed keep their values. A template of more than 51,200 bytes is uploaded to `bucket`.
    Exit with CloudFormation's reasons if the operation fails.
    """
    clear(name)
    is_new = not is_made(name)
    change_set = _plan_update(name, is_new, template, tags, parameters, bucket)
    if change_set is None:
        return False
    machine.say(f"{'Creating' if is_new else 'Updating'} the stack {name} ...")
    _execute(name, change_set, "CREATE_COMPLETE" if is_new else "UPDATE_COMPLETE")
    return True


def plan(
    name: str,
    template: dict[str, Any],
    *,
    tags: dict[str, str],
    parameters: dict[str, str] | None = None,
    bucket: str | None = None,
) -> None:
    """Say what `apply` would change. Change nothing."""
    stack = _settled(name)
    if stack and _is_failed_creation(stack):
        machine.say(f"{name}: its creation failed; it would be removed and created again")
        return
    is_new = stack is None or _is_planned(stack)
    change_set = _plan_update(name, is_new, template, tags, parameters, bucket)
    client = boto3.client("cloudformation")
    if change_set:
        pages = client.get_paginator("describe_change_set")
        for change in pages.paginate(ChangeSetName=change_set, StackName=name).search("Changes"):
            machine.say(f"{name}: {_shown(change['ResourceChange'])}")
        client.delete_change_set(ChangeSetName=change_set, StackName=name)
    else:
        machine.say(f"{name}: nothing would change")
    if is_new:
        client.delete_stack(StackName=name)  # the change set has created it, without resources


def _shown(change: dict[str, Any]) -> str:
    """Return a line about one resource that would change."""
    replacement = {"True": ", replaced", "Conditional": ", perhaps replaced"}
    return (
        f"{change['Action']} {change['LogicalResourceId']} ({change['ResourceType']})"
        f"{replacement.get(change.get('Replacement', ''), '')}"
    )


def _plan_update(
    name: str,
    is_new: bool,
    template: dict[str, Any],
    tags: dict[str, str],
    parameters: dict[str, str] | None,
    bucket: str | None,
) -> str | None:
    """Create a change set from a template. Return None if there is nothing to change."""
    previous = {} if is_new else parameters_of(name)
    new_values = parameters or {}
    return _plan(
        name,
        ChangeSetType="CREATE" if is_new else "UPDATE",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": new_values[key]}
            if key in new_values
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in template.get("Parameters", {})
            if key in new_values or key in previous
        ],
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        **_template_argument(template, name, bucket),
    )


def import_resource(
    name: str, template: dict[str, Any], resource: str, identifier: dict[str, str]
) -> None:
    """Create a stack around a resource that exists. The resource does not change."""
    machine.say(f"Importing {', '.join(identifier.values())} into the stack {name} ...")
    import_entry = {
        "ResourceType": template["Resources"][resource]["Type"],
        "LogicalResourceId": resource,
        "ResourceIdentifier": identifier,
    }
    change_set = _plan(
        name,
        ChangeSetType="IMPORT",
        ResourcesToImport=[import_entry],
        TemplateBody=json.dumps(template),
    )
    if change_set:
        _execute(name, change_set, "IMPORT_COMPLETE")


def delete(name: str) -> None:
    """Remove a stack, if it exists. Retained resources stay."""
    if _settled(name) is None:
        return
    machine.say(f"Removing the stack {name} ...")
    boto3.client("cloudformation").delete_stack(StackName=name)
    for _ in _polls(name):
        stack = find(name)
        if stack is None:
            break
        if stack["StackStatus"] == "DELETE_FAILED":
            _fail_with_reasons(name)


def clear(name: str) -> None:
    """Remove what a failed creation, or a failed removal, of a stack has left."""
    stack = _settled(name)
    if stack and is_remnant(stack):
        delete(name)


def is_remnant(stack: dict[str, Any]) -> bool:
    """Return whether a stack is what a failed creation, or a failed removal, has left."""
    return _is_failed_creation(stack) or stack["StackStatus"] == "DELETE_FAILED"


def is_made(name: str) -> bool:
    """Return whether a stack exists, after its operation in progress has ended.

    A stack that was only planned does not count, and neither does one whose creation failed.
    """
    stack = _settled(name)
    return stack is not None and not _is_planned(stack) and not _is_failed_creation(stack)


def refuse_failed(name: str) -> None:
    """Wait until the stack's operation has ended. Stop if CloudFormation would reject an update."""
    stack = _settled(name)
    if stack and (obstacle := update_obstacle(stack)):
        machine.fail(obstacle)


def update_obstacle(stack: dict[str, Any]) -> str | None:
    """Return why CloudFormation would reject an update, and what to do. None: it would not.

    `apply` removes the remnant of a failed creation or removal first, so that is no obstacle.
    """
    name, status = stack["StackName"], stack["StackStatus"]
    command = NOT_UPDATABLE.get(status)
    if command is None:
        return None
    return (
        f"the stack {name} is in the state {status} and cannot be updated; fix what its events"
        f" name, then run aws cloudformation {command} --stack-name {name}"
    )


def outputs(name: str) -> dict[str, str]:
    """Return a stack's outputs. They are empty if there is no such stack."""
    return {o["OutputKey"]: o["OutputValue"] for o in (find(name) or {}).get("Outputs", [])}


def parameters_of(name: str) -> dict[str, str]:
    """Return a stack's parameters. They are empty if there is no such stack."""
    parameters = (find(name) or {}).get("Parameters", [])
    return {p["ParameterKey"]: p["ParameterValue"] for p in parameters}


def find(name: str) -> dict[str, Any] | None:
    """Return the description of a stack, or None if there is none."""
    client = boto3.client("cloudformation")
    try:
        stack: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stack


def protect(name: str, *, is_on: bool = True) -> None:
    """Turn on, or off, the protection of a stack against its removal."""
    boto3.client("cloudformation").update_termination_protection(
        StackName=name, EnableTerminationProtection=is_on
    )


def cancel_update(name: str) -> bool:
    """Cancel the update of a stack that is in progress. Return False if there is none.

    Wait until the stack is as it was before the update.
    """
    stack = find(name)
    status = stack["StackStatus"] if stack else None
    if status == "UPDATE_IN_PROGRESS":
        machine.say(f"Canceling the update of the stack {name} ...")
        boto3.client("cloudformation").cancel_update_stack(StackName=name)
    elif status not in ROLLING_BACK:
        return False
    stack = _settled(name)
    if stack is None or stack["StackStatus"] != "UPDATE_ROLLBACK_COMPLETE":
        _fail_with_reasons(name)
    return True


def _is_failed_creation(stack: dict[str, Any]) -> bool:
    """Return whether the creation of a stack failed, or the import that should have created it."""
    status = stack["StackStatus"]
    return status in NEVER_MADE or (status in IMPORT_FAILED and not _has_resources(stack))


def _has_resources(stack: dict[str, Any]) -> bool:
    """Return whether a stack owns a resource. One whose import failed is not owned."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    names = pages.paginate(StackName=stack["StackName"]).search("StackResourceSummaries")
    return any(not resource["ResourceStatus"].startswith(NOT_OWNED) for resource in names)


def _is_planned(stack: dict[str, Any]) -> bool:
    return bool(stack["StackStatus"] == "REVIEW_IN_PROGRESS")


def _settled(name: str) -> dict[str, Any] | None:
    """Return a stack after its operation in progress has ended, or None if there is none."""
    has_reported = False
    for _ in _polls(name):
        stack = find(name)
        if stack is None or _is_planned(stack):
            break
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        if not has_reported:
            machine.say(f"Waiting for the stack {name} ({stack['StackStatus']}) ...")
            has_reported = True
    return stack


def _polls(name: str) -> Iterator[None]:
    """Poll a stack. Stop if it takes too long."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        yield
        time.sleep(POLL)
    machine.fail(f"the operation on the stack {name} takes too long; try again later")


def _plan(name: str, **change: Any) -> str | None:
    """Create a change set. Return None if there is nothing to change."""
    client = boto3.client("cloudformation")
    change_set: str = client.create_change_set(
        StackName=name,
        # A change set that an interrupted run has left is harmless: executing any removes it.
        ChangeSetName=f"casting-{secrets.token_hex(8)}",
        **change,
        # A stack remembers the role, so its removal uses it too.
        **({"RoleARN": _service_role} if _service_role else {}),
    )["Id"]
    for _ in _polls(name):
        description = client.describe_change_set(ChangeSetName=change_set, StackName=name)
        if description["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
    if description["Status"] == "FAILED":
        client.delete_change_set(ChangeSetName=change_set, StackName=name)
        reason = description.get("StatusReason", description["Status"])
        if "didn't contain changes" in reason or "No updates are to be performed" in reason:
            return None
        machine.fail(f"CloudFormation rejects the template of {name}: {reason}")
    return change_set


def _execute(name: str, change_set: str, final_status: str) -> None:
    """Execute a change set. Stop with CloudFormation's reasons if it fails."""
    client = boto3.client("cloudformation")
    try:
        client.execute_change_set(ChangeSetName=change_set, StackName=name)
    except ClientError:  # such as a missing permission
        with contextlib.suppress(ClientError):
            client.delete_change_set(ChangeSetName=change_set, StackName=name)
        raise
    # For a moment, the stack may still show its old state.
    for _ in _polls(name):
        try:
            description = client.describe_change_set(ChangeSetName=change_set, StackName=name)
        except client.exceptions.ChangeSetNotFoundException:
            break
        if description["ExecutionStatus"] not in ("AVAILABLE", "EXECUTE_IN_PROGRESS"):
            break
    stack = _settled(name)
    if stack is None or stack["StackStatus"] != final_status:
        _fail_with_reasons(name)


def _fail_with_reasons(name: str) -> NoReturn:
    machine.fail(f"the operation on the stack {name} failed:\n  " + "\n  ".join(_reasons(name)))


def _reasons(name: str) -> list[str]:
    """Return the errors of the last operation of a stack, the first cause first."""
    pages = boto3.client("cloudformation").get_paginator("describe_stack_events")
    reasons = []
    for event in pages.paginate(StackName=name).search("StackEvents"):  # newest first
        if event["ResourceStatus"].endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given")
            reasons.append(f"{event['LogicalResourceId']}: {reason}")
        if event["LogicalResourceId"] == name and event["ResourceStatus"] in (
            "CREATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
            "IMPORT_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
        ):
            break
    return reasons[::-1] or ["CloudFormation gives no reason"]


def _template_argument(template: dict[str, Any], name: str, bucket: str | None) -> dict[str, str]:
    """Return the argument that passes a template: its text, or its URL if the text is too long."""
    body = json.dumps(template, separators=(",", ":"))
    if len(body.encode()) <= MAX_BODY:
        return {"TemplateBody": body}
    if bucket is None:
        machine.fail(f"the template of {name} is larger than {MAX_BODY} bytes")
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    key = f"{name}/template.json"
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    url: str = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    return {"TemplateURL": url.partition("?")[0]}
