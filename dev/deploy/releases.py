"""What `make stack` has deployed: the template of each release, with the package that it names.

`make rollback` deploys an earlier release again, without building anything. A release is stored in
the bucket for packages after it has been deployed, so the releases are in the order in which they
went live. The output `Release` of a stage's stack names the one that it runs.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3

from dev.deploy import cloudformation, versions
from dev.deploy.stages import Stage

OUTPUT = "Release"
KEPT = versions.KEPT + 1
"""How many releases are kept: the newest one, and those whose versions are kept before it."""
UPLOAD_TIME = datetime.timedelta(hours=1)
"""A package that is younger may belong to a deployment in progress on another machine."""


class Release(NamedTuple):
    """What is deployed together."""

    id: str
    package: str
    """The key of the zip in the bucket."""
    tags: dict[str, str]
    template: dict[str, Any]

    @property
    def digest(self) -> str:
        """The SHA-256 of the zip."""
        return self.package.rpartition("/")[2].removesuffix(".zip")

    @property
    def table(self) -> str:
        """The name of the table that it uses."""
        function = self.template["Resources"]["APIHandler"]["Properties"]
        return str(function["Environment"]["Variables"]["TABLE_NAME"])

    @property
    def name(self) -> str:
        """How people see the release."""
        return f"{self.id} (commit {self.tags.get('commit', 'unknown')[:12]})"


def of(template: dict[str, Any], package: str, tags: dict[str, str]) -> Release:
    """Return the release of a template. The same template and tags always make the same release."""
    contents = json.dumps([template, tags], sort_keys=True).encode()
    release_id = hashlib.sha256(contents).hexdigest()[:12]
    outputs = {**template.get("Outputs", {}), OUTPUT: {"Value": release_id}}
    return Release(release_id, package, tags, {**template, "Outputs": outputs})


def current(stage: Stage) -> str | None:
    """Return the id of the release that a stage runs, or None if it has none."""
    return cloudformation.outputs(stage.function).get(OUTPUT)


def ids(stage: Stage, bucket: str) -> list[str]:
    """Return the ids of the stored releases of a stage, the oldest first."""
    stored = [found for found in _objects(stage, bucket) if found["Key"].endswith(".json")]
    folder = _key(stage, "").removesuffix(".json")
    stored = [found for found in stored if found["Key"].startswith(folder)]
    stored.sort(key=lambda found: found["LastModified"])
    return [found["Key"].removeprefix(folder).removesuffix(".json") for found in stored]


def read(stage: Stage, bucket: str, release_id: str) -> Release:
    body = boto3.client("s3").get_object(Bucket=bucket, Key=_key(stage, release_id))["Body"]
    return Release(**json.loads(body.read()))


def forget_rolled_back(stage: Stage, bucket: str) -> None:
    """Delete the releases that are newer than the current one, before another is deployed.

    They were rolled back, and a rollback must never return to them.
    """
    stored, running = ids(stage, bucket), current(stage)
    if running in stored:
        for other in stored[stored.index(running) + 1 :]:
            boto3.client("s3").delete_object(Bucket=bucket, Key=_key(stage, other))


def record(stage: Stage, bucket: str, release: Release) -> None:
    """Store a release that has been deployed as the newest one."""
    if ids(stage, bucket)[-1:] != [release.id]:
        boto3.client("s3").put_object(
            Bucket=bucket, Key=_key(stage, release.id), Body=json.dumps(release._asdict()).encode()
        )


def prune(stage: Stage, bucket: str, young: datetime.timedelta = UPLOAD_TIME) -> None:
    """Delete old releases, and the packages that no kept release needs."""
    client = boto3.client("s3")
    stored = ids(stage, bucket)
    for release_id in stored[:-KEPT]:
        client.delete_object(Bucket=bucket, Key=_key(stage, release_id))
    needed = {read(stage, bucket, release_id).package for release_id in stored[-KEPT:]}
    before = datetime.datetime.now(datetime.UTC) - young
    for found in _objects(stage, bucket):
        is_package = found["Key"].endswith(".zip")
        if is_package and found["Key"] not in needed and found["LastModified"] <= before:
            client.delete_object(Bucket=bucket, Key=found["Key"])


def _key(stage: Stage, release_id: str) -> str:
    return f"{stage.function}/releases/{release_id}.json"


def _objects(stage: Stage, bucket: str) -> Iterator[dict[str, Any]]:
    pages = boto3.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=f"{stage.function}/"):
        yield from page.get("Contents", [])
