"""Least privilege: each function has exactly the permissions that it needs."""

import json
import re
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store import links, table
from tests.conftest import PROJECT
from tests.support.client import Client
from tests.support.issuer import Issuer

TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TABLE_NAME}"
LOG = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/"
ACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
"""IAM's names for the steps of a transaction."""


def policy(name: str) -> dict[tuple[str, str], str]:
    """Return the effect of each action on each resource of a function's policy."""
    document = json.loads((PROJECT / ".chalice" / name).read_text())
    effects = {}
    for statement in document["Statement"]:
        assert statement.keys() == {"Sid", "Effect", "Action", "Resource"}
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            effects[action, statement["Resource"]] = statement["Effect"]
    return effects


class RequiredActions(set[tuple[str, str]]):
    """The actions that the store's requests need, each with its resource."""

    def note(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        if model.name == "TransactWriteItems":
            for item in params["TransactItems"]:
                for step, request in item.items():
                    assert request["TableName"] == TABLE_NAME
                    self.add((f"dynamodb:{ACTIONS[step]}", TABLE))
        elif model.name == "BatchGetItem":
            assert list(params["RequestItems"]) == [TABLE_NAME]
            self.add(("dynamodb:BatchGetItem", TABLE))
        else:
            assert params["TableName"] == TABLE_NAME
            resource = f"{TABLE}/index/*" if "IndexName" in params else TABLE
            self.add((f"dynamodb:{model.name}", resource))


@pytest.mark.usefixtures("real_table")
def test_the_api_has_exactly_the_permissions_that_its_store_needs(url: str, issuer: Issuer) -> None:
    required = RequiredActions()
    events = table.connection.connection.client.meta.events
    # After PynamoDB has built its requests, and before botocore checks them.
    events.register("provide-client-params.dynamodb", required.note)
    producer = Client(url, issuer.token("producer"))
    assert producer.get("/health").status == 200
    movie_id, other_id = producer.new_movie(), producer.new_movie("Ronin", "1998-09-25")
    cast = [producer.new_actor(f"Actor {n}") for n in range(links.REMOVED + 2)]
    for actor_id in cast:
        role_id = producer.new_role(movie_id, actor_id)
    producer.new_role(other_id, cast[0])
    for path in ("/movies", "/actors", "/roles", f"/movies/{movie_id}", f"/actors/{cast[0]}",
                 f"/movies/{movie_id}/actors", f"/actors/{cast[0]}/movies", f"/roles/{role_id}",
                 f"/roles?movie_id={movie_id}", f"/roles?actor_id={cast[0]}",
                 "/movies?sort=-release_date"):  # fmt: skip
        assert producer.get(path).status == 200
    assert producer.patch(f"/roles/{role_id}", {"billing_order": 1}).status == 200
    assert producer.patch(f"/movies/{movie_id}", {"title": "Heat 2"}).status == 200
    assert producer.patch(f"/actors/{cast[0]}", {"name": "Al"}).status == 200
    assert producer.patch(f"/actors/{cast[0]}", {"age": 60}).status == 200
    part_id = producer.post(f"/movies/{movie_id}/parts", {"name": "Neil"})["created"]
    candidates = f"/parts/{part_id}/candidates"
    assert producer.post(candidates, {"actor_ids": cast[:2]}).status == 201
    for path in ("/parts", f"/movies/{movie_id}/parts", f"/parts/{part_id}", candidates,
                 f"{candidates}?status=cast", f"/movies/{movie_id}/candidates",
                 f"/actors/{cast[0]}/candidacies", f"/candidates/{part_id}.{cast[0]}"):  # fmt: skip
        assert producer.get(path).status == 200
    for status in ("on_hold", "cast"):
        path = f"/candidates/{part_id}.{cast[0]}"
        assert producer.patch(path, {"status": status}).status == 200
    assert producer.patch(f"/parts/{part_id}", {"work_start": "2127-01-01"}).status == 200
    assert producer.delete(f"/candidates/{part_id}.{cast[1]}").status == 200
    assert producer.delete(f"/parts/{part_id}").status == 200
    assert producer.delete(f"/roles/{role_id}").status == 200
    assert producer.delete(f"/movies/{other_id}/actors/{cast[0]}").status == 200
    for path in (f"/movies/{movie_id}", f"/movies/{other_id}", *(f"/actors/{a}" for a in cast)):
        assert producer.delete(path).status == 200
    granted = {action for action in policy("policy-api.json") if action[0].startswith("dynamodb:")}
    assert granted == required


def test_beyond_the_table_the_api_may_write_only_its_log_and_its_traces() -> None:
    beyond = {k: v for k, v in policy("policy-api.json").items() if k[0][:9] != "dynamodb:"}
    assert beyond == {
        ("logs:CreateLogStream", f"{LOG}casting-${{STAGE}}:*"): "Allow",
        ("logs:PutLogEvents", f"{LOG}casting-${{STAGE}}:*"): "Allow",
        # Lambda rejects active tracing without them, and they support no resources.
        ("xray:PutTraceSegments", "*"): "Allow",
        ("xray:PutTelemetryRecords", "*"): "Allow",
    }


def test_the_authorizer_may_write_only_its_log() -> None:
    assert policy("policy-authorizer.json") == {
        ("logs:CreateLogStream", f"{LOG}casting-${{STAGE}}-auth0:*"): "Allow",
        ("logs:PutLogEvents", f"{LOG}casting-${{STAGE}}-auth0:*"): "Allow",
    }


def test_the_configuration_has_these_policies_and_no_secret() -> None:
    text = (PROJECT / ".chalice" / "config.json").read_text()
    config = json.loads(text)
    assert config["autogen_policy"] is False
    assert config["iam_policy_file"] == "policy-api.json"
    assert config["lambda_functions"]["auth0"]["iam_policy_file"] == "policy-authorizer.json"
    assert not re.search("secret|password|token|AKIA|BEGIN", text, re.IGNORECASE)
    assert config["stages"].keys() == {"local", "dev", "prod"}
