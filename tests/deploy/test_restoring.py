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

from dev.deploy import foundations, releases, restore, rollback, source, stages
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
    with pytest.raises(SystemExit, match="set TABLE_NAME of the stage to casting-new"):
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
    restore.start(stage, "api")
    assert {key: tuple(values) for key, values in gateway.limits.items()} == limits


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of the deployment that `make restore CANCEL=1` runs, once it has run it."""
    environment: dict[str, str] = {}
    stage = SimpleNamespace(name="prod", is_protected=True)
    monkeypatch.setenv("CANCEL", "1")
    monkeypatch.setattr(stages, "chosen", lambda: stage)
    monkeypatch.setattr(stages, "refuse_unready", lambda _: None)
    monkeypatch.setattr(foundations, "aws_account", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(restore, "_way", lambda _: "stack")
    monkeypatch.setattr(restore, "_api_id", lambda *_: "api")
    monkeypatch.setattr(restore, "start", lambda *_: None)
    monkeypatch.setattr(restore, "_run", lambda *_, **named: environment.update(named))
    return environment


def test_the_deployment_of_a_restore_has_its_commit_and_moves_all_requests_at_once(
    monkeypatch: pytest.MonkeyPatch, deployed: dict[str, str]
) -> None:
    monkeypatch.setenv("COMMIT", "a" * 40)
    restore.main()
    assert deployed == {"STAGE": "prod", "FORCE": "1", "GRADUAL": "0", "COMMIT": "a" * 40}


def test_a_restore_of_prod_with_other_uncommitted_changes_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, deployed: dict[str, str]
) -> None:
    monkeypatch.setattr(source, "commit", lambda **_: "a" * 40 + "-dirty")
    with pytest.raises(SystemExit, match="prod is deployed from a commit only"):
        restore.main()
    assert deployed == {}


def test_a_rollback_does_not_return_to_the_table_from_before_a_restore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def running(FunctionName: str, Qualifier: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        assert (FunctionName, Qualifier) == ("casting-prod", "live")
        return {"Environment": {"Variables": {"TABLE_NAME": "casting-prod-restored"}}}

    def release(table: str) -> releases.Release:
        properties = {"Environment": {"Variables": {"TABLE_NAME": table}}}
        template = {"Resources": {"APIHandler": {"Properties": properties}}}
        return releases.Release("ab12", "casting-prod/ab.zip", {}, template)

    client = SimpleNamespace(get_function_configuration=running)
    monkeypatch.setattr(boto3, "client", lambda _: client)
    stage: Any = SimpleNamespace(name="prod", function="casting-prod")
    rollback.refuse_other_table(stage, release("casting-prod-restored"))
    with pytest.raises(SystemExit, match=r"uses the table casting-prod, .* add RELEASE=ab12$"):
        rollback.refuse_other_table(stage, release("casting-prod"))


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
