"""What is known before and after a deployment: commit, code, releases, packages, failed imports."""

import base64
import datetime
import json
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from moto import mock_aws

from dev.deploy import (
    cloudformation,
    deploy,
    foundations,
    package,
    releases,
    restore,
    rollback,
    source,
    stack,
    stages,
    undeploy,
    versions,
)
from tests.conftest import PROJECT
from tests.support.checkout import Checkout

STAGE = stages.Stage(
    "prod", "eu-central-1", {"COMMIT": "a" * 40}, {}, 30, "x86_64", False,
    {"stages": {"prod": {"protected": True}}},
)  # fmt: skip
BUCKET = "packages"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS account in this process, with a bucket for packages."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield


def release(name: str) -> releases.Release:
    return releases.Release(name, f"casting-prod/{name}.zip", {}, {})


def keys() -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [item["Key"].removeprefix("casting-prod/") for item in found]


def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Date each release one second later than the release before it, as AWS does."""
    times: dict[str, int] = {}
    original = releases._objects

    def dated(*arguments: Any) -> list[dict[str, Any]]:
        found = list(original(*arguments))
        for item in found:
            times.setdefault(item["Key"] + item["ETag"], len(times))
            item["LastModified"] += datetime.timedelta(seconds=times[item["Key"] + item["ETag"]])
        return found

    monkeypatch.setattr(releases, "_objects", dated)


# The commit


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(source, "PROJECT", tmp_path)
    monkeypatch.delenv("COMMIT", raising=False)
    for command in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@a", "commit", "-q", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_changed_files_make_the_commit_dirty_and_a_protected_stage_rejects_it(
    repository: Path,
) -> None:
    commit = source.commit()
    assert commit is not None
    assert len(commit) == 40
    source.refuse_uncommitted("prod", commit)
    (repository / "new.py").touch()
    assert source.commit() == f"{commit}-dirty"
    with pytest.raises(SystemExit, match="prod is deployed from a commit only: commit or remove"):
        source.refuse_uncommitted("prod", source.commit())


def test_a_restore_may_change_the_configuration_and_nothing_else(repository: Path) -> None:
    config = ".chalice/config.json"
    (repository / config).parent.mkdir()
    (repository / config).touch()
    commit = source.commit(apart_from=config)
    assert source.commit() == f"{commit}-dirty"
    (repository / "new.py").touch()
    assert source.commit(apart_from=config) == f"{commit}-dirty"


def test_without_a_repository_the_variable_names_the_commit(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = repository / "inside"
    inside.mkdir()
    monkeypatch.setattr(source, "PROJECT", inside)
    assert source.commit() is None
    with pytest.raises(SystemExit, match=r"no git repository with one; .* add COMMIT="):
        source.refuse_uncommitted("prod", None)
    monkeypatch.setenv("COMMIT", "b" * 40)
    assert source.commit() == "b" * 40
    monkeypatch.setenv("COMMIT", "main")
    with pytest.raises(SystemExit, match="COMMIT must be the 40 hexadecimal digits"):
        source.commit()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["stack", "deploy", "restore"])
def test_prod_is_deployed_from_a_commit_only(tmp_path: Path, target: str) -> None:
    copy = Checkout(tmp_path / "copy")
    copy.set("prod", AUTH_ISSUER="https://agency.eu.auth0.com/", WEB_ORIGIN="https://app.agency.eu")
    moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    status, output = copy.run(f"dev.deploy.{target}", STAGE="prod", COMMIT="", TIME=moment)
    assert (status, output.count("\n")) == (1, 1)
    assert "casting: prod is deployed from a commit only, and this is no git repository" in output
    assert not (copy.folder / ".local").exists()


def test_only_prod_is_protected() -> None:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    assert {n for n, stage in config["stages"].items() if stage.get("protected")} == {"prod"}


# What runs


@pytest.mark.parametrize("other", ["casting-prod", "casting-prod-auth0"])
def test_a_function_with_other_code_than_the_package_is_reported(
    monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    def configuration(FunctionName: str, Qualifier: str) -> dict[str, str]:  # noqa: N803 -- boto3's
        code = "cd" if FunctionName == other and other_runs else "ab"
        assert Qualifier == "live"
        return {"CodeSha256": base64.b64encode(bytes.fromhex(code * 32)).decode(), "Version": "7"}

    monkeypatch.setattr(boto3, "client", lambda _: Mock(get_function_configuration=configuration))
    other_runs = False
    versions.refuse_other_code(STAGE, "ab" * 32)
    other_runs = True
    with pytest.raises(SystemExit, match=f"live of {other} was moved by hand, to version 7"):
        versions.refuse_other_code(STAGE, "ab" * 32)


@pytest.mark.usefixtures("aws")
def test_a_package_is_uploaded_once(tmp_path: Path) -> None:
    built = package.Package(tmp_path / "deployment.zip", tmp_path / "sam.json")
    built.zip.write_text("zip")
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        stack._upload(STAGE, built, BUCKET)
    assert keys() == [f"{built.digest()}.zip"]
    assert len(client.list_object_versions(Bucket=BUCKET)["Versions"]) == 1


# Releases


@pytest.mark.usefixtures("aws")
def test_only_the_releases_and_packages_that_a_rollback_needs_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_order(monkeypatch)
    names = ["r5", "r4", "r3", "r2", "r1"]
    for name in names:
        body = {"Bucket": BUCKET, "Key": f"casting-prod/{name}.zip", "Body": b""}
        boto3.client("s3").put_object(**body)
        releases.record(STAGE, BUCKET, release(name))
    assert releases.ids(STAGE, BUCKET) == names
    releases.prune(STAGE, BUCKET)
    # A young package may belong to a deployment in progress.
    assert len(keys()) == 5 + 3
    releases.prune(STAGE, BUCKET, young=-datetime.timedelta(hours=1))
    assert releases.ids(STAGE, BUCKET) == ["r3", "r2", "r1"]
    kept = ["r1", "r2", "r3"]
    assert keys() == [f"{n}.zip" for n in kept] + [f"releases/{n}.json" for n in kept]


@pytest.mark.usefixtures("aws")
def test_a_release_that_was_rolled_back_is_forgotten_by_the_next_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_order(monkeypatch)
    for running, deployed in ((None, "good"), ("good", "bad"), ("good", "fixed")):
        monkeypatch.setattr(releases, "current", lambda _, running=running: running)
        releases.forget_rolled_back(STAGE, BUCKET)
        releases.record(STAGE, BUCKET, release(deployed))
    assert releases.ids(STAGE, BUCKET) == ["good", "fixed"]
    assert releases.read(STAGE, BUCKET, "fixed") == release("fixed")


def test_a_release_has_its_id_as_an_output_and_follows_from_template_and_tags() -> None:
    template: dict[str, Any] = {"Resources": {}, "Outputs": {"EndpointURL": {"Value": "x"}}}
    first = releases.of(template, "casting-prod/ab.zip", {"commit": "a"})
    assert first.template["Outputs"] == {
        "EndpointURL": {"Value": "x"},
        "Release": {"Value": first.id},
    }
    assert (first.digest, first.name) == ("ab", f"{first.id} (commit a)")
    assert releases.of(template, "casting-prod/ab.zip", {"commit": "a"}) == first
    assert releases.of(template, "casting-prod/ab.zip", {"commit": "b"}).id != first.id


# Stacks


@pytest.mark.parametrize("status", ["IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"])
@pytest.mark.parametrize(
    ("resources", "is_made"),
    [
        ([], False),
        (["IMPORT_FAILED"], False),
        (["IMPORT_ROLLBACK_COMPLETE"], False),
        (["UPDATE_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"], True),
    ],
)
def test_a_stack_whose_first_import_failed_was_not_made(
    monkeypatch: pytest.MonkeyPatch, status: str, resources: list[str], is_made: bool
) -> None:
    client = Mock()
    client.describe_stacks.return_value = {"Stacks": [{"StackName": "t", "StackStatus": status}]}
    client.get_paginator.return_value.paginate.return_value.search.return_value = [
        {"ResourceStatus": resource} for resource in resources
    ]
    monkeypatch.setattr(boto3, "client", lambda _: client)
    assert cloudformation.is_made("t") == is_made


# Rollbacks


@pytest.mark.parametrize(
    ("current", "named", "target"),
    [
        ("new", "", "middle"),
        ("unknown", "", "new"),  # the recording was interrupted
        ("middle", "", None),
        ("middle", "old", "old"),
        ("middle", "new", "new"),
    ],
)
def test_a_rollback_goes_one_release_back_or_to_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch, current: str, named: str, target: str | None
) -> None:
    monkeypatch.setattr(releases, "ids", lambda *_: ["old", "middle", "new"])
    monkeypatch.setattr(releases, "current", lambda _: current)
    monkeypatch.setenv("RELEASE", named)
    assert rollback._target(Mock(), "bucket") == target


def test_a_rollback_to_nothing_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "ids", lambda *_: ["first"])
    monkeypatch.setattr(releases, "current", lambda _: "first")
    with pytest.raises(SystemExit, match="has no earlier release to go back to"):
        rollback._target(Mock(), "bucket")
    monkeypatch.setenv("RELEASE", "other")
    with pytest.raises(SystemExit, match=r"has no release other; choose with .* one of first$"):
        rollback._target(Mock(), "bucket")


def test_a_rollback_cancels_a_deployment_in_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter(["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
    client = Mock()
    client.describe_stacks.side_effect = lambda **_: {"Stacks": [{"StackStatus": next(states)}]}
    monkeypatch.setattr(boto3, "client", lambda _: client)
    monkeypatch.setattr(cloudformation, "POLL", 0)
    assert cloudformation.cancel_update("casting-prod")
    client.cancel_update_stack.assert_called_once_with(StackName="casting-prod")
    client.describe_stacks.side_effect = lambda **_: {
        "Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]
    }
    assert not cloudformation.cancel_update("casting-prod")
    states = iter(["UPDATE_ROLLBACK_IN_PROGRESS"] * 2 + ["UPDATE_ROLLBACK_COMPLETE"] * 2)
    client.describe_stacks.side_effect = lambda **_: {"Stacks": [{"StackStatus": next(states)}]}
    assert cloudformation.cancel_update("casting-prod"), "CodeDeploy is rolling back already"
    client.cancel_update_stack.assert_called_once()


@pytest.mark.parametrize("command", [deploy, restore, rollback, undeploy])
def test_only_a_stack_can_be_planned(monkeypatch: pytest.MonkeyPatch, command: ModuleType) -> None:
    monkeypatch.setenv("PLAN", "1")
    monkeypatch.setenv("CONFIRM", "prod")
    monkeypatch.setattr(stages, "chosen", lambda: STAGE)
    with pytest.raises(SystemExit, match="only make stack can plan"):
        command.main()


@pytest.mark.parametrize("value", ["yes", "true", "2"])
def test_a_switch_that_is_neither_0_nor_1_is_rejected(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PLAN", value)
    monkeypatch.setattr(stages, "chosen", lambda: STAGE)
    monkeypatch.setattr(stages, "refuse_unready", lambda _: None)
    with pytest.raises(SystemExit, match=r"^casting: PLAN must be 0 or 1$"):
        stack.main()


def test_a_plan_deploys_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAN", "1")
    monkeypatch.setattr(stages, "chosen", lambda: STAGE)
    monkeypatch.setattr(stages, "refuse_unready", lambda _: None)
    monkeypatch.setattr(package, "alone", nullcontext)
    monkeypatch.setattr(package, "build", lambda _: None)
    monkeypatch.setattr(cloudformation, "is_made", lambda _: True)
    monkeypatch.setattr(foundations, "aws_account", nullcontext)
    monkeypatch.setattr(foundations, "refuse_other_table", lambda *_: None)
    monkeypatch.setattr(foundations, "refuse_small_quota", lambda _: None)
    monkeypatch.setattr(foundations, "make", lambda _: pytest.fail("it deploys"))
    planned = Mock()
    monkeypatch.setattr(stack, "_plan", planned)
    stack.main()
    planned.assert_called_once()
