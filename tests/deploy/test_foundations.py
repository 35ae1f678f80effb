"""What a deployment needs first: the stack that all stages share, and the table that is in use."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError

from dev.deploy import cloudformation, foundations

ROLE = "arn:aws:iam::1:role/casting-cloudformation-prod"


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


def test_who_may_not_change_what_all_stages_share_gets_one_sentence(stacks: Mock) -> None:
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

    def configuration(FunctionName: str, Qualifier: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        assert FunctionName == "casting-prod"
        return {"Environment": {"Variables": {"TABLE_NAME": tables[Qualifier]}}}

    client = Mock(get_function_configuration=configuration)
    client.exceptions.ResourceNotFoundException = KeyError
    monkeypatch.setattr(boto3, "client", lambda _: client)
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


def test_a_first_deployment_may_use_any_table(in_use: dict[str, str]) -> None:
    foundations.refuse_other_table(prod("casting-prod"), "live")
    in_use["$LATEST"] = "casting-other"  # a stage without an alias
    foundations.refuse_other_table(prod("casting-prod"), "live")
    with pytest.raises(SystemExit, match="prod uses the table casting-other"):
        foundations.refuse_other_table(prod("casting-prod"), "$LATEST")
