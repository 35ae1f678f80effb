"""What a deployment needs first: the stack that all stages share, and the table that is in use."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import boto3
import pytest

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


def stage() -> Any:
    return Mock(template=lambda _: {"Resources": {}}, tags={}, settings={"TABLE_NAME": "t"})


@pytest.mark.parametrize("change", [foundations.make_shared, foundations.plan])
def test_the_role_of_a_stage_never_changes_what_all_stages_share(
    stacks: Mock, change: Callable[[Any], None]
) -> None:
    change(stage())
    cloudformation.apply("casting-prod", {"Resources": {}}, tags={})
    roles = {
        call.kwargs["StackName"]: call.kwargs.get("RoleARN")
        for call in stacks.create_change_set.call_args_list
    }
    assert roles.pop("casting-account") is None
    assert set(roles.values()) == {ROLE}
