"""What `make doctor` finds. tests/deploy/test_deploying.py runs it for a deployed stage."""

import sys
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError

from dev.deploy import cloudformation, doctor, stages
from dev.deploy.foundations import Finding, Verdict
from dev.deploy.stages import Stage
from tests.deploy.test_domain import API, Certificates
from tests.deploy.test_foundations import fake_lambda

OK, WARN, WRONG = Verdict
STAGE = Stage(
    "prod", "eu-central-1", {"COMMIT": "a" * 40, "TABLE_NAME": "casting-prod"}, {}, 30, "x86_64",
    False, {"stages": {"prod": {"protected": True}}},
)  # fmt: skip


def findings(
    monkeypatch: pytest.MonkeyPatch,
    *,
    free: int = 100,
    role: str | None = "arn:aws:iam::1:role/logs",
    reserved: int = 0,
    address: Any = None,
    certificates: tuple[str, ...] = (),
    status: str | None = "UPDATE_COMPLETE",
    tables: dict[str, str] | None = None,
) -> dict[str, Finding]:
    """Return what the doctor finds in an account like this, by the names of its checks."""
    acm = Certificates(*certificates)

    def stacks(StackName: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        if status is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": status}]}

    clients = {
        "lambda": fake_lambda(free, {}, tables),
        "apigateway": Mock(get_account=lambda: {"cloudwatchRoleArn": role}),
        "cloudformation": Mock(describe_stacks=stacks),
        "iam": Mock(),
        "acm": acm,
        "sts": Mock(get_caller_identity=lambda: {"Arn": "arn:aws:iam::1:user/a"}),
    }
    monkeypatch.setattr(boto3, "client", clients.__getitem__)
    monkeypatch.setattr(boto3, "Session", lambda: Mock(region_name=None))
    monkeypatch.setattr(stages, "refuse_wrong_settings", lambda _: None)
    monkeypatch.setattr(stages, "refuse_other_python", lambda _: None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    config = {"stages": {"prod": {"protected": True, "domain": address}}}
    stage = STAGE._replace(reserved=reserved, config=config)
    found = {finding.name: finding for finding in doctor.check(stage)}
    assert acm.states == [*certificates], "it changes nothing"
    return found


def problems(found: dict[str, Finding]) -> dict[str, Verdict]:
    return {name: f.verdict for name, f in found.items() if f.verdict is not OK}


def test_an_account_that_is_ready_has_no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings(monkeypatch)
    assert problems(found) == {}
    assert [*found] == [
        *("Python", "settings", "commit", "identity", "region"),
        *("table", "concurrency", "log role", "domain", "stack"),
    ]


def test_a_reservation_that_does_not_fit_and_a_lost_log_role_are_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = findings(monkeypatch, free=249, role=None, reserved=150)
    assert problems(found) == {"concurrency": WRONG, "log role": WRONG}


def test_a_small_quota_without_a_reservation_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems(findings(monkeypatch, free=99)) == {"concurrency": WARN}


@pytest.mark.parametrize(
    ("address", "certificates", "verdict"),
    [
        ({"name": API.name}, ("PENDING_VALIDATION", "ISSUED"), OK),
        ({"name": API.name}, ("PENDING_VALIDATION",), WARN),
        ({"name": API.name}, (), WARN),
        ({"name": "localhost"}, (), WRONG),
    ],
)
def test_the_domain_and_its_certificate_are_checked(
    monkeypatch: pytest.MonkeyPatch, address: Any, certificates: tuple[str, ...], verdict: Verdict
) -> None:
    found = findings(monkeypatch, address=address, certificates=certificates)
    assert (found["domain"].verdict, found["stack"].verdict) == (verdict, OK)


@pytest.mark.parametrize(
    ("status", "tables", "verdict"),
    [
        ("UPDATE_COMPLETE", {"live": "casting-prod", "$LATEST": "casting-other"}, OK),
        ("UPDATE_COMPLETE", {"live": "casting-other", "$LATEST": "casting-prod"}, WRONG),
        (None, {"$LATEST": "casting-other"}, WRONG),
        (None, {}, OK),
    ],
)
def test_another_table_than_the_one_in_use_is_wrong(
    monkeypatch: pytest.MonkeyPatch, status: str | None, tables: dict[str, str], verdict: Verdict
) -> None:
    table = findings(monkeypatch, status=status, tables=tables)["table"]
    assert table.verdict is verdict
    if verdict is WRONG:
        assert table.detail.startswith("prod uses the table casting-other, and TABLE_NAME in")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (None, OK),
        ("UPDATE_IN_PROGRESS", OK),
        ("REVIEW_IN_PROGRESS", OK),
        ("CREATE_FAILED", WARN),
        ("DELETE_FAILED", WARN),
    ],
)
def test_a_stack_that_can_be_created_or_updated_is_not_wrong(
    monkeypatch: pytest.MonkeyPatch, status: str | None, verdict: Verdict
) -> None:
    assert findings(monkeypatch, status=status)["stack"].verdict is verdict


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "CREATE_FAILED", "DELETE_FAILED"])
def test_a_stack_that_would_be_created_again_stops_no_restore(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    stack = {"StackName": "casting-prod", "StackStatus": status}
    monkeypatch.setattr(cloudformation, "find", lambda _: stack)
    cloudformation.refuse_failed("casting-prod")


@pytest.mark.parametrize(
    ("status", "command"),
    [("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"), ("UPDATE_FAILED", "rollback-stack")],
)
def test_a_stack_that_cannot_be_updated_is_wrong_and_the_command_that_helps_is_named(
    monkeypatch: pytest.MonkeyPatch, status: str, command: str
) -> None:
    stack = findings(monkeypatch, status=status)["stack"]
    assert stack.verdict is WRONG
    assert stack.detail == (
        f"the stack casting-prod is in the state {status} and cannot be updated; fix what its"
        f" events name, then run aws cloudformation {command} --stack-name casting-prod"
    )
    with pytest.raises(SystemExit, match=stack.detail):
        cloudformation.refuse_failed("casting-prod")


def test_the_settings_are_checked_with_any_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "refuse_other_python", lambda _: sys.exit("casting: another"))
    settings = {"AUTH_ISSUER": "https://issuer.example/", "WEB_ORIGIN": "https://a.agency.com"}
    python, settings_finding, *_ = doctor.check(STAGE._replace(settings=settings))
    assert python.detail == "another"
    assert "AUTH_ISSUER of the stage prod is still https://issuer.example/" in (
        settings_finding.detail
    )
