"""The published versions of a stage's functions.

CloudFormation retains every version that it has published. `make stack` deletes those that nobody
needs, because each takes up storage, and with SnapStart costs money every second.
"""

import base64
from typing import Any

import boto3

from dev import machine
from dev.deploy.stages import ALIAS, Stage

KEPT = 2
"""How many versions before the live one are kept."""


def prune(function: str) -> None:
    """Delete the old versions of a function, and what failed deployments have left.

    A failed deployment leaves a version that is newer than the live one. With it, the same
    deployment would fail again: Lambda does not publish the same code and settings twice.
    """
    client = boto3.client("lambda")
    try:
        live = int(client.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"])
    except client.exceptions.ResourceNotFoundException:
        return
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    names = [version["Version"] for page in pages for version in page["Versions"]]
    numbers = sorted(int(name) for name in names if name != "$LATEST")
    old = [number for number in numbers if number < live][:-KEPT]
    never_live = [number for number in numbers if number > live]
    for number in old + never_live:
        client.delete_function(FunctionName=function, Qualifier=str(number))


def refuse_other_code(stage: Stage, digest: str) -> None:
    """Stop unless both functions run, by their alias, the zip with this SHA-256."""
    expected = base64.b64encode(bytes.fromhex(digest)).decode()
    client = boto3.client("lambda")
    for function in stage.functions:
        running = client.get_function_configuration(FunctionName=function, Qualifier=ALIAS)
        if running["CodeSha256"] != expected:
            machine.fail(
                f"the alias {ALIAS} of {function} was moved by hand, to version"
                f" {running['Version']} with other code; commit any change, and run make stack"
                " again"
            )


def at_once(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template of `make stack` without what .chalice/gradual.yaml adds."""
    resources = {
        name: {
            **resource,
            "Properties": {
                key: value
                for key, value in resource.get("Properties", {}).items()
                if key != "DeploymentPreference"
            },
        }
        for name, resource in template["Resources"].items()
        if not name.startswith("PreTraffic")
    }
    return {**template, "Resources": resources}
