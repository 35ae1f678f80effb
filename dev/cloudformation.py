"""Stacks: made, changed and removed through CloudFormation, however often, whatever was left."""

import contextlib
import json
import secrets
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from dev import local

MAX_BODY = 51_200  # bytes of a template that is sent with the request (CloudFormation)
POLL = {"Delay": 2, "MaxAttempts": 900}  # seconds, times: half an hour
HALF_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


def apply(
    name: str,
    template: dict[str, Any],
    *,
    tags: dict[str, str],
    parameters: dict[str, str] | None = None,
    bucket: str | None = None,
) -> bool:
    """Make a stack what its template says; tells whether there was anything to do.

    Waits for what goes on already, and clears away what an earlier attempt left half made.
    Parameters that are not given stay as they are. `bucket` takes a template of more than 51,200
    bytes. Stops with CloudFormation's reasons where it fails.
    """
    stack = _settled(name)
    if stack and stack["StackStatus"] in HALF_MADE:
        delete(name)
        stack = None
    is_new = stack is None or _is_planned(stack)
    had = {p["ParameterKey"] for p in (stack or {}).get("Parameters", [])}
    given = parameters or {}
    planned = _plan(
        name,
        ChangeSetType="CREATE" if is_new else "UPDATE",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": given[key]}
            if key in given
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in template.get("Parameters", {})
            if key in given or (key in had and not is_new)
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        **_located(template, name, bucket),
    )
    if planned is None:
        return False
    local.say(f"{'Making' if is_new else 'Changing'} the stack {name} ...")
    _execute(name, planned, "stack_create_complete" if is_new else "stack_update_complete")
    return True


def import_resource(
    name: str, template: dict[str, Any], resource: str, identifier: dict[str, str]
) -> None:
    """Make a stack around a resource that is there already; the resource is not changed."""
    local.say(f"Importing {', '.join(identifier.values())} into the stack {name} ...")
    described = {
        "ResourceType": template["Resources"][resource]["Type"],
        "LogicalResourceId": resource,
        "ResourceIdentifier": identifier,
    }
    planned = _plan(
        name,
        ChangeSetType="IMPORT",
        ResourcesToImport=[described],
        TemplateBody=json.dumps(template),
    )
    if planned:
        _execute(name, planned, "stack_import_complete")


def delete(name: str) -> bool:
    """Remove a stack; tells whether there was one. Resources that are retained stay."""
    if _settled(name) is None:
        return False
    local.say(f"Removing the stack {name} ...")
    boto3.client("cloudformation").delete_stack(StackName=name)
    _wait("stack_delete_complete", name)
    return True


def outputs(name: str) -> dict[str, str]:
    """Give a stack's outputs; empty where there is no such stack."""
    return {o["OutputKey"]: o["OutputValue"] for o in (find(name) or {}).get("Outputs", [])}


def find(name: str) -> dict[str, Any] | None:
    """Give a stack as CloudFormation describes it; None where there is none."""
    client = boto3.client("cloudformation")
    try:
        stack: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stack


def exists(name: str) -> bool:
    """Tell whether a stack has been made; one that was only planned has not."""
    stack = find(name)
    return stack is not None and not _is_planned(stack)


def _is_planned(stack: dict[str, Any]) -> bool:
    return bool(stack["StackStatus"] == "REVIEW_IN_PROGRESS")


def _settled(name: str) -> dict[str, Any] | None:
    """Give a stack when nothing goes on in it any more."""
    stack = find(name)
    if stack is None or _is_planned(stack) or not stack["StackStatus"].endswith("_IN_PROGRESS"):
        return stack
    local.say(f"Waiting for the stack {name}, which is in {stack['StackStatus']} ...")
    waiter = {
        "CREATE": "stack_create_complete",
        "DELETE": "stack_delete_complete",
        "IMPORT": "stack_import_complete",
        "ROLLBACK": "stack_rollback_complete",
        "UPDATE": "stack_update_complete",
    }[stack["StackStatus"].partition("_")[0]]
    with contextlib.suppress(WaiterError):  # what came of it is asked for next
        boto3.client("cloudformation").get_waiter(waiter).wait(StackName=name, WaiterConfig=POLL)
    return find(name)


def _plan(name: str, **change: Any) -> str | None:
    """Make a change set; None where there is nothing to change."""
    client = boto3.client("cloudformation")
    change_set: str = client.create_change_set(
        StackName=name,
        # One that an interrupted run left behind is in nobody's way; executing any removes it.
        ChangeSetName=f"casting-{secrets.token_hex(8)}",
        **change,
    )["Id"]
    try:
        client.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, StackName=name, WaiterConfig=POLL
        )
    except WaiterError:
        found = client.describe_change_set(ChangeSetName=change_set, StackName=name)
        client.delete_change_set(ChangeSetName=change_set, StackName=name)
        reason = found.get("StatusReason", found["Status"])
        if "didn't contain changes" in reason or "No updates are to be performed" in reason:
            return None
        local.stop(f"CloudFormation does not take the template of {name}: {reason}")
    return change_set


def _execute(name: str, change_set: str, waiter: str) -> None:
    boto3.client("cloudformation").execute_change_set(ChangeSetName=change_set, StackName=name)
    _wait(waiter, name)


def _wait(waiter: str, name: str) -> None:
    """Wait for the end of a change; stop with CloudFormation's reasons where it failed."""
    try:
        boto3.client("cloudformation").get_waiter(waiter).wait(StackName=name, WaiterConfig=POLL)
    except WaiterError:
        local.stop(f"the change of the stack {name} failed:\n  " + "\n  ".join(_reasons(name)))


def _reasons(name: str) -> list[str]:
    """Give what went wrong in the last change of a stack, the first cause first."""
    events = boto3.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    reasons = []
    for event in events:  # newest first
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


def _located(template: dict[str, Any], name: str, bucket: str | None) -> dict[str, str]:
    body = json.dumps(template, separators=(",", ":"))
    if len(body.encode()) <= MAX_BODY:
        return {"TemplateBody": body}
    if bucket is None:
        local.stop(f"the template of {name} is larger than {MAX_BODY} bytes")
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    key = f"{name}/template.json"
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    url: str = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    return {"TemplateURL": url.partition("?")[0]}
