"""The client of DynamoDB: its parser, its certificates, and when it is created."""

import copy
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.parsers import JSONParser
from botocore.serialize import JSONSerializer

from chalicelib.settings import TABLE_NAME
from chalicelib.store import client, dynamodb
from chalicelib.store.resource import SK
from tests.conftest import PROJECT
from tests.support.client import Client, assert_failure
from tests.support.settings import SETTINGS

VALUES = {
    "S": 'Łódź \u2028 🎬 "quoted"',
    "N": "-12345678901234567890.5",
    "BOOL": True,
    "NULL": True,
    "SS": ["a", "b"],
    "NS": ["1", "2.5"],
    "L": [{"S": ""}, {"M": {}}, {"L": [{"NULL": True}]}],
    "M": {"from": {"S": "2027-05-01"}, "deep": {"M": {"x": {"N": "0"}}}},
}
ITEM = {kind: {kind: value} for kind, value in VALUES.items()}
CAPACITY = {
    "TableName": "casting",
    "CapacityUnits": 2.5,
    "ReadCapacityUnits": 1,
    "WriteCapacityUnits": 0.5,
    "Table": {"CapacityUnits": 1},
    "GlobalSecondaryIndexes": {"gsi1": {"CapacityUnits": 3.0}},
}
KEY = {"pk": {"S": "MOVIE#x"}, "sk": {"S": "#"}}
BODIES: dict[str, Any] = {
    "GetItem": {"Item": ITEM, "ConsumedCapacity": CAPACITY},
    "BatchGetItem": {
        "Responses": {"casting": [ITEM, {}]},
        "UnprocessedKeys": {"casting": {"Keys": [KEY], "ConsistentRead": True}},
        "ConsumedCapacity": [CAPACITY],
    },
    "Query": {
        "Items": [ITEM, KEY],
        "Count": 2,
        "ScannedCount": 30,
        "LastEvaluatedKey": KEY,
        "ConsumedCapacity": CAPACITY,
    },
    "TransactGetItems": {"Responses": [{"Item": ITEM}, {}], "ConsumedCapacity": [CAPACITY]},
    "TransactWriteItems": {"ConsumedCapacity": [CAPACITY]},
    "PutItem": {"Attributes": ITEM, "ConsumedCapacity": CAPACITY},
    "UpdateItem": {"Attributes": ITEM, "ConsumedCapacity": CAPACITY},
}


def parsed(parser: Any, operation: str, body: bytes, status: int = 200) -> Any:
    model = client.client().meta.service_model.operation_model(operation)
    headers = {"x-amzn-requestid": "ABC", "Content-Type": "application/x-amz-json-1.0"}
    response = {"body": body, "headers": headers, "status_code": status, "context": {}}
    return parser.parse(response, model.output_shape)


def test_every_operation_that_is_parsed_as_plain_json_is_compared_here() -> None:
    assert {f"{operation}Output" for operation in BODIES} == client.PLAIN


@pytest.mark.parametrize("operation", BODIES)
@pytest.mark.parametrize("body", ["full", "empty object", "nothing"])
def test_responses_are_parsed_as_botocore_parses_them(operation: str, body: str) -> None:
    raw = {"full": json.dumps(BODIES[operation]).encode(), "empty object": b"{}", "nothing": b""}
    plain, usual = client._PlainJsonParser(), JSONParser()
    assert parsed(plain, operation, raw[body]) == parsed(usual, operation, raw[body])


@pytest.mark.parametrize("body", [b'{"Item": {"pk"', b"<html>", b"\xff", b'{"a": "\xff"}'])
def test_a_response_that_is_cut_off_is_503(body: bytes, producer: Client) -> None:
    """As a missing item, it would be 404."""

    def cut_off(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {}, RawResponse(body))

    events = client.client().meta.events
    events.register_first("before-send.dynamodb", cut_off)
    try:
        response = producer.get(f"/roles/{'A' * 16}.{'A' * 16}")
    finally:
        events.unregister("before-send.dynamodb", cut_off)
    assert_failure(response, 503)


class RawResponse:
    """The body of a response, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterator[bytes]:
        yield self.body


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"}',
        b'{"__type": "x#ConditionalCheckFailedException", "Item": {"pk": {"S": "a"}}}',
        b'{"__type": "x#TransactionCanceledException", "CancellationReasons": [{"Code": "None"}]}',
    ],
)
def test_failures_are_parsed_as_botocore_parses_them(status: int, body: bytes) -> None:
    plain, usual = client._PlainJsonParser(), JSONParser()
    assert parsed(plain, "Query", body, status) == parsed(usual, "Query", body, status)


def test_requests_are_written_as_botocore_writes_them(producer: Client) -> None:
    sent: list[tuple[Any, dict[str, Any]]] = []

    def keep(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent.append((model, copy.deepcopy(params)))

    events = client.client().meta.events
    events.register("provide-client-params.dynamodb", keep)
    try:
        movie, actor = producer.new_movie("Łódź \u2028"), producer.new_actor("Zoë 🎬")
        producer.new_role(movie, actor, billing_order=1)
        assert producer.patch(f"/movies/{movie}", {"genres": ["war"], "status": None}).status == 200
        assert producer.get("/movies?search=lodz&limit=1").status == 200
        dynamodb.snapshot([("MOVIE#" + movie, SK)])
        client.client().put_item(TableName=TABLE_NAME, Item={**KEY, "values": {"M": ITEM}})
        client.client().update_item(TableName=TABLE_NAME, Key=KEY, UpdateExpression="REMOVE x")
    finally:
        events.unregister("provide-client-params.dynamodb", keep)
    assert {model.output_shape.name for model, _ in sent} == client.PLAIN
    plain, usual = client.create()._serializer, JSONSerializer()
    for model, params in sent:
        assert plain.serialize_to_request(params, model) == usual.serialize_to_request(
            params, model
        )
    assert isinstance(plain, client._PlainJsonSerializer)


def test_a_client_reads_its_responses_with_this_parser() -> None:
    factory = client.create()._endpoint._response_parser_factory
    assert isinstance(factory.create_parser("json"), client._PlainJsonParser)


def test_the_client_trusts_the_authorities_of_amazon_only() -> None:
    context = ssl.create_default_context(cafile=str(client.AMAZON_ROOTS))
    names = [str(root["subject"]) for root in context.get_ca_certs()]
    authorities = [f"Amazon Root CA {number}" for number in (1, 2, 3, 4)]
    authorities.append("Starfield Services Root Certificate Authority - G2")
    assert len(names) == len(authorities)
    assert all(any(authority in name for name in names) for authority in authorities)
    assert client.create()._endpoint.http_session._verify == str(client.AMAZON_ROOTS)


def test_aws_ca_bundle_names_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "others.pem")
    assert client.create()._endpoint.http_session._verify == "others.pem"


IMPORTED = """
import app, gc
from chalicelib.store import client
print(client._client is not None, gc.isenabled(), gc.get_freeze_count() > 10_000)
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"AWS_LAMBDA_FUNCTION_NAME": "casting"}, "True True True"),
        ({"STAGE": "local"}, "False True False"),
    ],
    ids=["in Lambda", "elsewhere"],
)
def test_lambda_starts_the_function_with_a_client_and_without_garbage(
    environment: dict[str, str], expected: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=PROJECT,
        env={**SETTINGS, "AWS_DEFAULT_REGION": "eu-central-1", **environment},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == expected, done.stderr
