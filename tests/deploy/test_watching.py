"""What `make watch` and `make backup` add to a stage."""

import json
import sys
import urllib.error
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from dev import machine
from dev.deploy import backup, cloudformation, foundations, restore, stages, watch
from dev.deploy.stages import Stage
from tests.deploy.test_templates import resources_of
from tests.support.client import Client


def probe(monkeypatch: pytest.MonkeyPatch, url: str, parameter: str = "") -> dict[str, Any]:
    """Return the names of the probe's code, as Lambda runs it for this API."""
    monkeypatch.setenv("URL", url)
    monkeypatch.setenv("PARAMETER", parameter)
    names: dict[str, Any] = {}
    exec(resources_of("watch.yaml", [])["Probe"]["Properties"]["Code"]["ZipFile"], names)  # noqa: S102 -- ours
    return names


def test_the_probe_reads_health(
    url: str, empty_table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe(monkeypatch, url)["probe"]({}, None)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        probe(monkeypatch, f"{url}/other")["probe"]({}, None)


def test_the_probe_reads_a_list_with_a_token(
    url: str, assistant: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = probe(monkeypatch, url, "/casting/prod/probe")
    names["_token"].update(value=assistant.token, expires=float("inf"))
    names["probe"]({}, None)
    names["_token"]["value"] = "other"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        names["probe"]({}, None)


def test_the_probe_requests_a_token_only_when_it_has_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = {"token_url": "https://issuer.example/token", "client_id": "id", "audience": "api"}
    answers, bodies = iter(["first", "second"]), []

    class Boto3:
        def client(self, _: str) -> Any:
            return self

        def get_parameter(self, **_: Any) -> Any:
            return {"Parameter": {"Value": json.dumps(secret)}}

    def read(url: str, data: bytes, headers: dict[str, str]) -> Any:
        bodies.append((url, json.loads(data)))
        return {"access_token": next(answers), "expires_in": 3600}

    names = probe(monkeypatch, "", "name")
    names["read"] = read
    monkeypatch.setitem(sys.modules, "boto3", Boto3())
    assert [names["token"](), names["token"]()] == ["first", "first"]
    names["_token"]["expires"] = 0.0
    assert names["token"]() == "second"
    body = {"grant_type": "client_credentials", "client_id": "id", "audience": "api"}
    assert bodies == [("https://issuer.example/token", body)] * 2


def test_the_filter_of_429_reads_the_access_log() -> None:
    pattern = resources_of("operations.yaml", [])["RateLimitedFilter"]["Properties"]
    assert pattern["FilterPattern"] == '{ $.status = "429" }'
    line = json.loads(stages.access_log_format().replace("$context.status", "429"))
    assert line["status"] == "429"


@pytest.mark.parametrize(
    ("main", "variables", "sentence"),
    [
        (watch.main, {}, "say what to watch"),
        (watch.main, {"URL": "http://api.example"}, "URL must be https"),
        (watch.main, {"URL": "https://api.example/prod/"}, "URL must be https"),
        (watch.main, {"SILENT_HOURS": "169"}, "SILENT_HOURS must be 0 to 168"),
        (watch.main, {"AMOUNT": "many"}, "AMOUNT must be a number"),
        (watch.main, {"ALARM_EMAIL": "night"}, "ALARM_EMAIL must be an address"),
        (backup.main, {"DAYS": "0"}, "DAYS must be 1 to 365"),
        (backup.main, {"DAYS": "many"}, "DAYS must be 1 to 365"),
        (backup.main, {"COPY_TO": "arn:aws:s3:::other"}, "COPY_TO must be the ARN"),
    ],
)
def test_wrong_input_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    main: Callable[[], None],
    variables: dict[str, str],
    sentence: str,
) -> None:
    monkeypatch.setattr(stages, "chosen", lambda: pytest.fail("it goes on"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=sentence):
        main()


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The parameters of the optional stack, in an account with a cost monitor of services."""
    stack: dict[str, str] = {}

    def apply(name: str, template: Any, *, tags: Any, parameters: dict[str, str]) -> bool:
        stack.update(parameters)
        return True

    costs = SimpleNamespace(
        get_anomaly_monitors=lambda: {
            "AnomalyMonitors": [
                {"MonitorArn": "arn:tags"},
                {"MonitorArn": "arn:services", "MonitorDimension": "SERVICE"},
            ]
        }
    )
    stage = SimpleNamespace(
        name="prod",
        function="casting-prod",
        tags={},
        template=lambda name: {"Resources": resources_of(name, [])},
    )
    monkeypatch.setattr(stages, "chosen", lambda: stage)
    monkeypatch.setattr(foundations, "aws_account", nullcontext)
    monkeypatch.setattr(foundations, "deployer", lambda _: {"Boundary": "boundary"})
    monkeypatch.setattr(cloudformation, "parameters_of", lambda _: dict(stack))
    monkeypatch.setattr(cloudformation, "is_made", lambda _: bool(stack))
    monkeypatch.setattr(cloudformation, "apply", apply)
    monkeypatch.setattr(boto3, "client", lambda _: costs)
    return stack


def test_a_budget_needs_an_address_and_uses_the_monitor_of_the_account(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As CloudFormation shows a stack that has a probe only.
    stack.update(Url="https://api.example", Amount="0", AlarmEmail="", Monitor="")
    monkeypatch.setenv("AMOUNT", "50")
    with pytest.raises(SystemExit, match="add ALARM_EMAIL="):
        watch.main()
    assert stack["Amount"] == "0"
    monkeypatch.setenv("ALARM_EMAIL", "night@agency.example")
    watch.main()
    assert (stack["Amount"], stack["Monitor"]) == ("50", "arn:services")
    stack["Monitor"] = ""  # our own: the account had none
    watch.main()
    assert stack["Monitor"] == ""


def test_who_may_deploy_may_remove_the_probe_and_not_the_backups(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: dict[str, tuple[Any, str | None]] = {}
    monkeypatch.setattr(
        cloudformation,
        "apply",
        lambda name, template, **_: applied.update(
            {name: (template, cloudformation._service_role)}
        ),
    )
    monkeypatch.setattr(cloudformation, "_service_role", "role")
    monkeypatch.setenv("URL", "https://api.example")
    monkeypatch.setenv("CONFIRM", "prod")
    watch.main()
    backup.main()
    template, role = applied["casting-prod-watch"]
    boundary = template["Resources"]["ProbeRole"]["Properties"]["PermissionsBoundary"]
    assert (boundary, role) == ("boundary", "role")
    assert applied["casting-backup-prod"][1] is None


def test_a_locked_vault_needs_a_confirmation_and_keeps_its_days(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="add CONFIRM=prod"):
        backup.main()
    assert stack == {}
    monkeypatch.setenv("CONFIRM", "prod")
    monkeypatch.setenv("DAYS", "90")
    backup.main()
    assert stack == {"Days": "90"}
    monkeypatch.setenv("DAYS", "35")
    with pytest.raises(SystemExit, match="kept for 90 days"):
        backup.main()


@pytest.mark.parametrize("configured", ["casting-prod", "casting-prod-20261122T100000Z"])
def test_a_table_is_backed_up_after_a_restore_and_without_its_tags(configured: str) -> None:
    stage = Stage(
        "prod",
        "eu-central-1",
        {"TABLE_NAME": configured},
        {},
        30,
        "x86_64",
        False,
        machine.config(),
    )
    selection = stage.template("backup.yaml")["Resources"]["Selection"]["Properties"]
    ((kind, pattern),) = selection["BackupSelection"].pop("Resources")[0].items()
    assert kind == "Fn::Sub"
    assert selection["BackupSelection"].keys() == {"SelectionName", "IamRoleArn"}
    prefix = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
    moment = datetime(2026, 11, 22, 10, tzinfo=UTC)
    backed_up = ["casting-prod", configured, restore.target_name(configured, moment)]
    names = [*backed_up, "casting-dev", "other"]
    assert [name for name in names if fnmatchcase(prefix + name, pattern)] == backed_up


def test_a_vault_is_retained_except_if_the_creation_of_the_stack_fails() -> None:
    resources = resources_of("backup.yaml", [])
    kept = {n: r["DeletionPolicy"] for n, r in resources.items() if "DeletionPolicy" in r}
    assert kept == {"Key": "RetainExceptOnCreate", "Vault": "RetainExceptOnCreate"}
