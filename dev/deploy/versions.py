"""The published versions of a stage's functions.

CloudFormation retains every version that it has published. `make stack` deletes those that nobody
needs, because each takes up storage, and with SnapStart costs money every second.
"""

import boto3

from dev.deploy.stages import ALIAS

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
