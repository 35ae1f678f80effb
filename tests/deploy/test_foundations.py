"""What a deployment needs first: the stack all stages share, the table in use, and the quota."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError

from dev import machine
from dev.deploy import cloudformation, deploy, foundations, package, stack, stages
from dev.deploy.foundations import Verdict
from dev.deploy.stages import Stage

ROLE = "arn:aws:iam::1:role/casting-cloudformation-prod"


class NotFoundError(Exception):
    """There is no such function, or no such version of it."""


def fake_lambda(
    free: int, reserved: dict[str, int | None], tables: dict[str, str] | None = None
) -> Mock:
    """Return Lambda in an account with these unreserved executions.

    It has these functions with their reservations, and the versions of the API's function with
    their tables.
    """

    def concurrency(FunctionName: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        if FunctionName not in reserved:
            raise NotFoundError
        executions = reserved[FunctionName]
        return {} if executions is None else {"ReservedConcurrentExecutions": executions}

    def configuration(FunctionName: str, Qualifier: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        assert FunctionName in ("casting-dev", "casting-prod")
        if tables is None or Qualifier not in tables:
            raise NotFoundError
        return {"Environment": {"Variables": {"TABLE_NAME": tables[Qualifier]}}}

    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": free}
    client = Mock(
        get_account_settings=lambda: {"AccountLimit": limits},
        get_function_concurrency=concurrency,
        get_function_configuration=configuration,
    )
    client.exceptions.ResourceNotFoundException = NotFoundError
    return client


# The stack that all stages share


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """A CloudFormation whose stacks exist and are up to date, called with the role of a stage."""
    client = Mock()
    client.describe_stacks.side_effect = lambda StackName: {  # noqa: N803 -- boto3's
        "Stacks": [{"StackName": StackName, "StackStatus": "CREATE_COMPLETE"}]
    }
    client.create_change_set.return_value = {"Id": "id"}
    reason = "The submitted information didn't contain changes."
    client.describe_change_set.return_value = {"Status": "FAILED", "StatusReason": reason}
    monkeypatch.setattr(boto3, "client", lambda _: client)
    cloudformation.act_as(ROLE)
    yield client
    cloudformation.act_as(None)


def prod(table: str) -> Any:
    stage = Mock(
        function="casting-prod",
        settings={"TABLE_NAME": table},
        tags={},
        template=lambda _: {"Resources": {}},
    )
    stage.name = "prod"
    return stage


@pytest.mark.parametrize("change", [foundations.make_shared, foundations.plan])
def test_the_role_of_a_stage_never_changes_what_all_stages_share(
    stacks: Mock, change: Callable[[Any], None]
) -> None:
    change(prod("casting-prod"))
    cloudformation.apply("casting-prod", {"Resources": {}}, tags={})
    roles = {
        call.kwargs["StackName"]: call.kwargs.get("RoleARN")
        for call in stacks.create_change_set.call_args_list
    }
    assert roles.pop("casting-account") is None
    assert set(roles.values()) == {ROLE}


def test_a_denied_change_of_the_account_stack_names_make_deployer(stacks: Mock) -> None:
    stacks.describe_change_set.return_value = {"Status": "CREATE_COMPLETE"}

    def rejects(code: str) -> None:
        error = ClientError({"Error": {"Code": code}}, "ExecuteChangeSet")
        stacks.execute_change_set.side_effect = error

    rejects("AccessDenied")
    with pytest.raises(SystemExit, match=r"ask an administrator to run make deployer STAGE=prod"):
        foundations.make_shared(prod("casting-prod"))
    stacks.delete_change_set.assert_called_once_with(
        ChangeSetName="id", StackName="casting-account"
    )
    rejects("Throttling")
    with pytest.raises(ClientError, match="Throttling"):
        foundations.make_shared(prod("casting-prod"))


# The table that is in use


@pytest.fixture
def in_use(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The tables of the versions of the API's function."""
    tables: dict[str, str] = {}
    monkeypatch.setattr(boto3, "client", lambda _: fake_lambda(1000, {}, tables))
    return tables


def test_another_table_than_the_one_in_use_must_be_confirmed(
    in_use: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use["live"] = "casting-prod-restored"
    foundations.refuse_other_table(prod("casting-prod-restored"), "live")
    sentence = r"commit casting-prod-restored there, or add NEW_TABLE=casting-prod if"
    with pytest.raises(SystemExit, match=f"^casting: prod uses the table .*{sentence}"):
        foundations.refuse_other_table(prod("casting-prod"), "live")
    monkeypatch.setenv("NEW_TABLE", "casting-prod")
    foundations.refuse_other_table(prod("casting-prod"), "live")


def test_a_confirmed_table_is_the_one_in_the_configuration(
    in_use: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use["live"] = "casting-prod"
    monkeypatch.setenv("NEW_TABLE", "casting-other")
    with pytest.raises(SystemExit, match="NEW_TABLE must be casting-prod, which is TABLE_NAME of"):
        foundations.refuse_other_table(prod("casting-prod"), "live")


@pytest.mark.usefixtures("in_use")
def test_a_first_deployment_may_use_any_table() -> None:
    foundations.refuse_other_table(prod("casting-prod"), "live")


def test_only_the_table_of_the_version_that_is_called_counts(in_use: dict[str, str]) -> None:
    in_use["$LATEST"] = "casting-other"
    foundations.refuse_other_table(prod("casting-prod"), "live")
    with pytest.raises(SystemExit, match="prod uses the table casting-other"):
        foundations.refuse_other_table(prod("casting-prod"), "$LATEST")


# The quota


def reserving(executions: int) -> Stage:
    """Return the stage dev, which reserves these executions."""
    return Stage(
        "dev", "eu-central-1", {"TABLE_NAME": "casting-dev"}, {}, 30, "x86_64", False,
        {"stages": {"dev": {}}}, reserved=executions,
    )  # fmt: skip


DEPLOYED = {"casting-dev": 100, "casting-dev-auth0": 50}
UNRESERVED = {"casting-dev": None, "casting-dev-auth0": None}


@pytest.mark.parametrize(
    ("free", "before", "reserved", "verdict", "detail"),
    [
        (250, {}, 150, Verdict.OK, "250 are not reserved"),
        (100, DEPLOYED, 150, Verdict.OK, "100 are not reserved"),
        (101, DEPLOYED, 151, Verdict.OK, "101 are not reserved"),
        (100, UNRESERVED, 0, Verdict.OK, "100 are not reserved"),
        (50, DEPLOYED, 100, Verdict.OK, "50 are not reserved"),
        (10, {}, 0, Verdict.WARN, "10 are left for functions without a reservation"),
        (50, DEPLOYED, 150, Verdict.WARN, "50 are left for functions without a reservation"),
        (10, DEPLOYED, 100, Verdict.WARN, "60 are left for functions without a reservation"),
        (249, {}, 150, Verdict.WRONG, "249 are not reserved, and 250 are needed"),
        (249, UNRESERVED, 150, Verdict.WRONG, "249 are not reserved, and 250 are needed"),
        (100, DEPLOYED, 151, Verdict.WRONG, "100 are not reserved, and 101 are needed"),
        (10, UNRESERVED, 1, Verdict.WRONG, "10 are not reserved, and 101 are needed"),
    ],
)
def test_only_an_additional_reservation_that_does_not_fit_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    before: dict[str, int | None],
    reserved: int,
    verdict: Verdict,
    detail: str,
) -> None:
    monkeypatch.setattr(boto3, "client", lambda _: fake_lambda(free, before))
    finding = foundations.quota(reserving(reserved))
    assert finding.verdict is verdict
    assert finding.detail.replace(" executions of Lambda", "").startswith(detail)


def test_a_stage_without_a_reservation_is_deployed_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boto3, "client", lambda _: fake_lambda(10, {}))
    foundations.refuse_small_quota(reserving(0))
    assert "and dev accepts 100 requests at once: request a higher" in capsys.readouterr().out


@pytest.mark.parametrize("command", [stack, deploy])
def test_a_small_quota_is_refused_before_anything_is_built_or_changed(
    monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    monkeypatch.setattr(stages, "chosen", lambda: reserving(150))
    for module, name in ((stages, "refuse_unready"), (deploy, "refuse_other_region")):
        monkeypatch.setattr(module, name, lambda *_: None)
    monkeypatch.setattr(package, "alone", nullcontext)
    monkeypatch.setattr(package, "build", lambda _: pytest.fail("it builds"))
    monkeypatch.setattr(foundations, "aws_account", nullcontext)
    monkeypatch.setattr(cloudformation, "is_made", lambda _: command is stack)
    monkeypatch.setattr(boto3, "client", lambda _: fake_lambda(249, {}))
    with pytest.raises(SystemExit, match="lower reserved_concurrency"):
        command.main()


@pytest.mark.parametrize("functions", ["api_handler", [1], {"api_handler": 1}])
def test_functions_that_are_no_objects_are_rejected(functions: object) -> None:
    config = {**machine.config(), "lambda_functions": functions}
    with pytest.raises(SystemExit, match=r"lambda_functions .* must be an object of objects"):
        stages._reserved(config, "prod")


def test_only_prod_reserves_concurrency() -> None:
    assert [stages._reserved(machine.config(), name) for name in ("dev", "prod")] == [0, 150]
