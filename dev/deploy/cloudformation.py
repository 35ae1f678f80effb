"""Stacks: made, changed and removed through CloudFormation, however often, whatever was left."""

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
POLL, PATIENCE = 2, 1_800  # seconds between two looks at what goes on, and in all
NEVER_MADE = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""What a stack's creation leaves where it fails: nothing can be done with it but removing."""


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
    clear(name)
    is_new = not is_made(name)
    had = {} if is_new else parameters_of(name)
    given = parameters or {}
    planned = _plan(
        name,
        ChangeSetType="CREATE" if is_new else "UPDATE",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": given[key]}
            if key in given
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in template.get("Parameters", {})
            if key in given or key in had
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        **_located(template, name, bucket),
    )
    if planned is None:
        return False
    machine.say(f"{'Making' if is_new else 'Changing'} the stack {name} ...")
    _execute(name, planned, "CREATE_COMPLETE" if is_new else "UPDATE_COMPLETE")
    return True


def import_resource(
    name: str, template: dict[str, Any], resource: str, identifier: dict[str, str]
) -> None:
    """Make a stack around a resource that is there already; the resource is not changed."""
    machine.say(f"Importing {', '.join(identifier.values())} into the stack {name} ...")
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
        _execute(name, planned, "IMPORT_COMPLETE")


def delete(name: str) -> None:
    """Remove a stack, if there is one. Resources that are retained stay."""
    if _settled(name) is None:
        return
    machine.say(f"Removing the stack {name} ...")
    boto3.client("cloudformation").delete_stack(StackName=name)
    for _ in _looks(name):
        stack = find(name)
        if stack is None:
            break
        if stack["StackStatus"] == "DELETE_FAILED":
            _stop_for_reasons(name)


def clear(name: str) -> None:
    """Remove what a failed creation of a stack, or a removal that failed, has left."""
    stack = _settled(name)
    if stack and stack["StackStatus"] in (*NEVER_MADE, "DELETE_FAILED"):
        delete(name)


def is_made(name: str) -> bool:
    """Tell whether there is a stack, when nothing goes on in it any more.

    One that was only planned is none, and neither is one whose creation failed.
    """
    stack = _settled(name)
    return stack is not None and not _is_planned(stack) and stack["StackStatus"] not in NEVER_MADE


def outputs(name: str) -> dict[str, str]:
    """Give a stack's outputs; empty where there is no such stack."""
    return {o["OutputKey"]: o["OutputValue"] for o in (find(name) or {}).get("Outputs", [])}


def parameters_of(name: str) -> dict[str, str]:
    """Give a stack's parameters; empty where there is no such stack."""
    found = (find(name) or {}).get("Parameters", [])
    return {p["ParameterKey"]: p["ParameterValue"] for p in found}


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


def _is_planned(stack: dict[str, Any]) -> bool:
    return bool(stack["StackStatus"] == "REVIEW_IN_PROGRESS")


def _settled(name: str) -> dict[str, Any] | None:
    """Give a stack when nothing goes on in it any more; None where there is none."""
    said = False
    for _ in _looks(name):
        stack = find(name)
        if stack is None or _is_planned(stack):
            break
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        if not said:
            machine.say(f"Waiting for the stack {name} ({stack['StackStatus']}) ...")
            said = True
    return stack


def _looks(name: str) -> Iterator[None]:
    """Go on looking at a stack every now and then; stop where it takes too long."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        yield
        time.sleep(POLL)
    machine.fail(f"what goes on in the stack {name} takes too long; try again later")


def _plan(name: str, **change: Any) -> str | None:
    """Make a change set; None where there is nothing to change."""
    client = boto3.client("cloudformation")
    change_set: str = client.create_change_set(
        StackName=name,
        # One that an interrupted run left behind is in nobody's way; executing any removes it.
        ChangeSetName=f"casting-{secrets.token_hex(8)}",
        **change,
    )["Id"]
    for _ in _looks(name):
        found = client.describe_change_set(ChangeSetName=change_set, StackName=name)
        if found["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
    if found["Status"] == "FAILED":
        client.delete_change_set(ChangeSetName=change_set, StackName=name)
        reason = found.get("StatusReason", found["Status"])
        if "didn't contain changes" in reason or "No updates are to be performed" in reason:
            return None
        machine.fail(f"CloudFormation does not take the template of {name}: {reason}")
    return change_set


def _execute(name: str, change_set: str, wanted: str) -> None:
    """Carry out a change set; stop with CloudFormation's reasons where that fails."""
    client = boto3.client("cloudformation")
    client.execute_change_set(ChangeSetName=change_set, StackName=name)
    # The stack itself may for a moment look as it did before.
    for _ in _looks(name):
        try:
            found = client.describe_change_set(ChangeSetName=change_set, StackName=name)
        except client.exceptions.ChangeSetNotFoundException:
            break
        if found["ExecutionStatus"] not in ("AVAILABLE", "EXECUTE_IN_PROGRESS"):
            break
    stack = _settled(name)
    if stack is None or stack["StackStatus"] != wanted:
        _stop_for_reasons(name)


def _stop_for_reasons(name: str) -> NoReturn:
    machine.fail(f"the change of the stack {name} failed:\n  " + "\n  ".join(_reasons(name)))


def _reasons(name: str) -> list[str]:
    """Give what went wrong in the last change of a stack, the first cause first."""
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


def _located(template: dict[str, Any], name: str, bucket: str | None) -> dict[str, str]:
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
