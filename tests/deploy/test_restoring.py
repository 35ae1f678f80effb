"""What `make restore` accepts and writes. tests/deploy/test_deploying.py restores stages."""

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dev.deploy import (
    cloudformation,
    deploy,
    domain,
    foundations,
    releases,
    restore,
    rollback,
    source,
    stages,
)
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "TIME must be a date and a time with its zone"),
        ("yesterday", "TIME must be a date and a time with its zone"),
        ("2026-11-22T10:00:00", "TIME needs its zone"),
        ("2999-01-01T00:00:00Z", "TIME is in the future"),
        ("2020-01-01T00:00:00+02:00", "TIME is more than 35 days ago"),
    ],
)
def test_a_time_that_cannot_be_restored_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str | None, sentence: str
) -> None:
    if text is not None:
        monkeypatch.setenv("TIME", text)
    monkeypatch.setattr(stages, "chosen", lambda: pytest.fail("it goes on"))
    with pytest.raises(SystemExit, match=sentence):
        restore.main()


def test_the_name_of_a_restored_table_follows_from_the_time() -> None:
    moment = datetime.fromisoformat("2026-11-22T11:00:00+01:00").astimezone(UTC)
    first = restore.target_name("casting-prod", moment)
    assert first == "casting-prod-20261122T100000Z"
    again = restore.target_name(first, moment + timedelta(seconds=1))
    assert again == "casting-prod-20261122T100001Z"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of our `.chalice/config.json`, which `make restore` takes for ours."""
    copy = tmp_path / ".chalice" / "config.json"
    copy.parent.mkdir()
    copy.write_text((PROJECT / ".chalice" / "config.json").read_text())
    monkeypatch.setattr(restore, "PROJECT", tmp_path)
    return copy


def test_the_configuration_changes_in_one_word(config: Path) -> None:
    before = config.read_text()
    assert before.count('"casting-prod"') == 1
    restore.configure("prod", "casting-new")
    assert config.read_text() == before.replace('"casting-prod"', '"casting-new"')


def test_an_unusual_configuration_is_not_changed(config: Path) -> None:
    unusual = config.read_text().replace('"stages"', '"prod": {"TABLE_NAME": "no"}, "stages"')
    config.write_text(unusual)
    with pytest.raises(SystemExit, match="set TABLE_NAME of prod to casting-new"):
        restore.configure("prod", "casting-new")
    assert config.read_text() == unusual


class Gateway:
    """The stage of an API on AWS, whose methods have limits of their own, and its template."""

    def __init__(self, limits: dict[str, tuple[str, str]]) -> None:
        self.limits = {key: list(values) for key, values in limits.items()}
        settings = [
            {
                "ResourcePath": "/" if route == "~1" else f"/{route}",
                "HttpMethod": method,
                "ThrottlingRateLimit": int(rate),
                "ThrottlingBurstLimit": int(burst),
            }
            for key, (rate, burst) in limits.items()
            for route, _, method in [key.rpartition("/")]
        ]
        stage = {"Type": "AWS::ApiGateway::Stage", "Properties": {"MethodSettings": settings}}
        self.template: Any = {"Resources": {"Stage": stage, "Other": {"Type": "AWS::IAM::Role"}}}

    def get_template(self, **_: Any) -> Any:
        return {"TemplateBody": json.dumps(self.template)}

    def get_stage(self, **_: Any) -> Any:
        return {"methodSettings": dict.fromkeys(self.limits)}

    def update_stage(self, patchOperations: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        assert len(patchOperations) <= 80  # API Gateway's limit
        for patch in patchOperations:
            route, method, *setting = patch["path"].split("/")[1:]
            if patch["op"] == "remove":
                del self.limits[f"{route}/{method}"]
            else:
                place = [["throttling", "rateLimit"], ["throttling", "burstLimit"]].index(setting)
                self.limits[f"{route}/{method}"][place] = patch["value"]


def test_methods_with_limits_of_their_own_are_stopped_and_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {"*/*": ("50", "100"), "~1health/GET": ("5", "10"), "~1/GET": ("1", "2")}
    limits |= {f"~1movies~1{number}/PATCH": ("3", "4") for number in range(60)}
    gateway: Any = Gateway(limits)
    stage: Any = SimpleNamespace(name="prod", function="casting-prod")
    monkeypatch.setattr(boto3, "client", lambda *_, **__: gateway)
    gateway.limits["~1by~1hand/GET"] = ["7", "7"]
    restore.stop(stage, "api")
    assert set(map(tuple, gateway.limits.values())) == {("0", "0")}
    assert gateway.limits.keys() == {*limits, "~1by~1hand/GET"}
    restore.start(stage, "stack", "api")
    assert {key: tuple(values) for key, values in gateway.limits.items()} == limits


class Night:
    """A stage that is restored, and what happens to it. Each event can fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[str] = []
        self.environment: dict[str, str] = {}
        self.failures: dict[str, BaseException] = {}
        self.way: str | None = "stack"
        self.in_use = "casting-prod"
        self.described: dict[str, Any] | None = {}
        self.stacks: dict[str, str] = {}
        self.stage: Any = SimpleNamespace(
            name="prod",
            function="casting-prod",
            is_protected=True,
            settings={"TABLE_NAME": "casting-prod"},
            config={
                "stages": {
                    name: {"environment_variables": {"TABLE_NAME": f"casting-{name}"}}
                    for name in ("dev", "prod")
                }
            },
        )
        monkeypatch.setenv("TIME", (datetime.now(UTC) - timedelta(hours=1)).isoformat())
        for module, name, replacement in (
            (stages, "chosen", lambda: self.stage),
            (stages, "refuse_unready", lambda _: None),
            (source, "commit", lambda **_: "a" * 40),
            (foundations, "aws_account", lambda _: contextlib.nullcontext()),
            (foundations, "described", lambda _: self.described),
            (foundations, "refuse_small_quota", lambda _: self.happens("quota")),
            (domain, "of", lambda _: self.happens("domain")),
            (deploy, "refuse_settings", lambda _: self.happens("settings")),
            (foundations, "table_in_use", lambda *_: self.in_use),
            (cloudformation, "find", self.find),
            (restore, "_way", lambda _: self.way),
            (restore, "_api_id", lambda *_: "api"),
            (restore, "stop", lambda *_: self.happens("stop")),
            (restore, "wait", lambda _: self.happens("wait")),
            (restore, "configure", lambda *_: self.happens("configure")),
            (restore, "start", lambda *_: self.happens("start")),
            (restore, "_run", self.run),
        ):
            monkeypatch.setattr(module, name, replacement)

    def find(self, stack: str) -> dict[str, str]:
        return {"StackName": stack, "StackStatus": self.stacks.get(stack, "UPDATE_COMPLETE")}

    def happens(self, event: str) -> None:
        self.events.append(event)
        if event in self.failures:
            raise self.failures[event]

    def run(self, _: Any, module: str, **environment: str) -> int:
        self.events.append(module.rpartition(".")[2])
        self.environment = environment
        return 2 if module in self.failures else 0


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Night:
    return Night(monkeypatch)


def test_the_deployment_of_a_restore_confirms_its_table_and_moves_all_requests_at_once(
    night: Night,
) -> None:
    restore.main()
    checks = ["quota", "domain", "package"]
    steps = ["stop", "wait", "verify", "configure", "stack", "start"]
    assert night.events == [*checks, *steps]
    table = night.environment.pop("NEW_TABLE")
    assert table.startswith("casting-prod-2")
    expected = {"STAGE": "prod", "FORCE": "1", "GRADUAL": "0", "COMMIT": "a" * 40}
    assert night.environment == expected


def test_a_restore_of_prod_with_other_uncommitted_changes_stops_nothing(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "commit", lambda **_: "a" * 40 + "-dirty")
    with pytest.raises(SystemExit, match="prod is deployed from a commit only"):
        restore.main()
    assert night.events == []


@pytest.mark.parametrize(
    ("way", "stack", "status"),
    [
        ("stack", "casting-prod", "UPDATE_ROLLBACK_FAILED"),
        ("stack", "casting-account", "UPDATE_ROLLBACK_FAILED"),
        ("deploy", "casting-prod-operations", "UPDATE_FAILED"),
    ],
)
def test_a_restore_that_could_not_be_deployed_stops_nothing(
    night: Night, way: str, stack: str, status: str
) -> None:
    night.way, night.stacks[stack] = way, status
    with pytest.raises(SystemExit, match=f"{stack} is in the state {status} and cannot be updated"):
        restore.main()
    assert "stop" not in night.events


def test_a_restore_of_a_table_that_is_not_in_use_needs_its_name(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.in_use = "casting-prod-20261122T100000Z"
    with pytest.raises(SystemExit, match=r"name the table to restore with FROM=$"):
        restore.main()
    assert "stop" not in night.events
    monkeypatch.setenv("FROM", "casting-prod")
    restore.main()
    assert night.events[-1] == "start"


def test_the_table_of_another_stage_is_not_restored(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM", "casting-dev-20261122T100000Z")
    with pytest.raises(SystemExit, match="is a table of the stage dev, not of prod"):
        restore.main()
    assert night.events == []


def test_a_restored_table_that_was_deleted_is_restored_again(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    monkeypatch.setenv("TIME", time.isoformat())
    monkeypatch.setenv("FROM", "casting-prod")
    night.in_use = night.stage.settings["TABLE_NAME"] = restore.target_name("casting-prod", time)
    restore.main()
    assert "wait" not in night.events
    night.described = None
    with pytest.raises(SystemExit, match="there is no table casting-prod"):
        restore.main()


@pytest.mark.parametrize("check", ["quota", "domain", "settings"])
def test_what_no_deployment_accepts_is_refused_before_the_api_is_stopped(
    night: Night, check: str
) -> None:
    night.way = "deploy"
    night.failures[check] = SystemExit("casting: it is wrong")
    with pytest.raises(SystemExit, match=r"^casting: it is wrong$"):
        restore.main()
    assert night.events[-1] == check


@pytest.mark.parametrize(
    ("event", "failure", "reason"),
    [
        ("stop", ClientError({"Error": {"Code": "Busy"}}, "UpdateStage"), "AWS rejects .*Busy"),
        ("wait", KeyboardInterrupt(), "the restore was interrupted"),
        ("configure", OSError("disk full"), "disk full"),
        ("dev.table.verify", OSError(), "could not be checked"),
        ("dev.deploy.stack", OSError(), "the deployment failed"),
        ("start", EndpointConnectionError(endpoint_url="x"), "AWS cannot be reached"),
    ],
)
def test_a_restore_that_fails_after_it_has_stopped_the_api_says_how_to_continue(
    night: Night, event: str, failure: BaseException, reason: str
) -> None:
    night.failures[event] = failure
    advice = r"Run the same command again to continue, or make restore STAGE=prod CANCEL=1 to start"
    with pytest.raises(SystemExit, match=rf"^casting: .*{reason}.*\. .*{advice}"):
        restore.main()


def test_the_table_of_a_stage_that_is_not_deployed_is_restored(night: Night) -> None:
    night.way, night.failures["wait"] = None, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        restore.main()
    night.failures.clear()
    with pytest.raises(SystemExit, match="prod is not deployed, so only its table is ready"):
        restore.main()
    assert night.events == ["wait", "wait", "verify", "configure"]


@pytest.mark.parametrize(
    ("way", "is_finished", "events"),
    [
        ("stack", False, ["start"]),
        ("deploy", True, ["start"]),
        ("deploy", False, ["deploy", "start"]),
    ],
)
def test_a_restore_that_is_given_up_builds_nothing_unless_a_deployment_is_unfinished(
    night: Night, monkeypatch: pytest.MonkeyPatch, way: str, is_finished: bool, events: list[str]
) -> None:
    night.way, night.stacks["casting-prod"] = way, "UPDATE_ROLLBACK_FAILED"
    monkeypatch.setenv("CANCEL", "1")
    monkeypatch.setattr(source, "commit", lambda **_: "a" * 40 + "-dirty")
    monkeypatch.setattr(deploy, "is_finished", lambda *_: is_finished)
    restore.main()
    assert night.events == events
    assert "NEW_TABLE" not in night.environment


@pytest.mark.parametrize(
    ("description", "is_finished"),
    [("casting ab12", True), (deploy.BEING_CHANGED, False), (None, False)],
)
def test_only_its_fingerprint_shows_that_a_deployment_is_finished(
    monkeypatch: pytest.MonkeyPatch, description: str | None, is_finished: bool
) -> None:
    monkeypatch.setattr(deploy, "_described", lambda *_: description)
    assert deploy.is_finished(SimpleNamespace(), "api") is is_finished  # type: ignore[arg-type]


def test_a_restore_that_is_given_up_names_the_table_that_the_api_uses(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANCEL", "1")
    restore.main()
    assert capsys.readouterr().out == "prod is in use again, with the table casting-prod.\n"
    night.in_use = "casting-prod-20261122T100000Z"
    restore.main()
    assert f"from casting-prod to {night.in_use}, or" in capsys.readouterr().out
    assert night.events == ["start", "start"]
    monkeypatch.setattr(deploy, "is_finished", lambda *_: False)
    night.way = "deploy"
    with pytest.raises(SystemExit, match=f"interrupted make deploy; .* to {night.in_use}, or run"):
        restore.main()
    assert night.events == ["start", "start"]
    night.way = None
    with pytest.raises(SystemExit, match="prod is not deployed, so there is no API to start"):
        restore.main()


def test_a_rollback_does_not_return_to_the_table_from_before_a_restore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def release(table: str) -> releases.Release:
        properties = {"Environment": {"Variables": {"TABLE_NAME": table}}}
        template = {"Resources": {"APIHandler": {"Properties": properties}}}
        return releases.Release("ab12", "casting-prod/ab.zip", {}, template)

    in_use = {"live": "casting-prod-restored"}
    monkeypatch.setattr(foundations, "table_in_use", lambda _, version: in_use[version])
    stage: Any = SimpleNamespace(name="prod", function="casting-prod")
    rollback.refuse_release_of_other_table(stage, release("casting-prod-restored"))
    with pytest.raises(SystemExit, match=r"uses the table casting-prod, .* add RELEASE=ab12$"):
        rollback.refuse_release_of_other_table(stage, release("casting-prod"))


def test_the_wait_for_a_table_has_no_limit_and_shows_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = {"IndexName": "gsi1", "IndexStatus": "CREATING"}
    creating = {"TableStatus": "CREATING", "GlobalSecondaryIndexes": [index]}
    indexing = {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [index]}
    active = {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [{"IndexStatus": "ACTIVE"}]}
    states = iter([None, *[creating] * 500, *[indexing] * 20, active])
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(foundations, "described", lambda _: next(states))
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    restore.wait("casting-new")
    assert next(states, None) is None
    reports = capsys.readouterr().out.splitlines()
    assert reports[0] == "  1 min: casting-new is CREATING"
    assert 35 < len(reports) < 50
