"""Faults that no emulator has: throttling, conflicts and timeouts, injected into botocore."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from chalicelib.settings import TABLE_NAME
from chalicelib.store import dynamodb, table
from tests.store.test_requests import OPERATIONS, WRITES, Call, Resources
from tests.support.client import Client, assert_failure


class Faults:
    """Answers requests instead of DynamoDB. `next` has the responses; None sends the request."""

    def __init__(self) -> None:
        self.next: list[Exception | dict[str, Any] | None] = []
        self.always: Exception | dict[str, Any] | None = None
        self.asked = 0

    def __call__(self, **_: Any) -> Any:
        self.asked += 1
        fault = self.next.pop(0) if self.next else self.always
        if isinstance(fault, Exception):
            raise fault
        if fault is None:
            return None
        return AWSResponse("https://dynamodb", 400 if "Error" in fault else 200, {}, None), fault


def error(code: str, **members: Any) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}, **members}


def cancelled(*codes: str) -> dict[str, Any]:
    """Return the response of a cancelled transaction, with a reason for each of its actions."""
    return error("TransactionCanceledException", CancellationReasons=[{"Code": c} for c in codes])


@pytest.fixture
def faults(empty_table: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    monkeypatch.setattr(dynamodb, "BACKOFF", 0)
    injected = Faults()
    events = table.connection.connection.client.meta.events
    events.register_first("before-call.dynamodb", injected)
    yield injected
    events.unregister("before-call.dynamodb", injected)


NOT_SERVED = [
    error("ProvisionedThroughputExceededException"),
    error("ThrottlingException"),
    error("RequestLimitExceeded"),
    error("InternalServerError"),
    ConnectTimeoutError(endpoint_url="https://dynamodb"),
    ReadTimeoutError(endpoint_url="https://dynamodb"),
    EndpointConnectionError(endpoint_url="https://dynamodb"),
]


@pytest.mark.parametrize("call", [call for call, _ in OPERATIONS.values()], ids=OPERATIONS)
def test_a_table_that_is_unavailable_is_a_503_with_retry_after(
    producer: Client, faults: Faults, call: Call
) -> None:
    resources = Resources(producer)
    before = [producer.get(path).text for path in ("/movies", "/actors", "/roles")]
    for faults.always in NOT_SERVED:
        answer = call(producer, resources)
        assert_failure(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
    faults.always = None
    assert [producer.get(path).text for path in ("/movies", "/actors", "/roles")] == before


@pytest.mark.parametrize("call", [call for call, _ in OPERATIONS.values()], ids=OPERATIONS)
def test_a_mistake_of_ours_is_a_500(producer: Client, faults: Faults, call: Call) -> None:
    resources = Resources(producer)
    for code in ("AccessDeniedException", "ResourceNotFoundException"):
        faults.always = error(code)
        assert_failure(call(producer, resources), 500)


IN_TRANSACTION = {name: call for name, (call, sent) in WRITES.items() if "Transact" in sent[-1]}


@pytest.mark.parametrize("call", IN_TRANSACTION.values(), ids=IN_TRANSACTION)
def test_a_conflict_is_retried_and_then_reported(
    producer: Client, faults: Faults, call: Call
) -> None:
    resources = Resources(producer)
    reads = next(sent for c, sent in WRITES.values() if c is call)[:-1]
    sent_through: list[Exception | dict[str, Any] | None] = [None] * len(reads)
    conflict = cancelled("None", "TransactionConflict")

    faults.next, faults.asked = [*sent_through], 0
    faults.always = conflict
    answer = call(producer, resources)
    assert_failure(answer, 409)
    assert answer.headers["retry-after"] == "1"
    assert faults.asked == len(reads) + dynamodb.ATTEMPTS

    faults.next, faults.always = [*sent_through, *[conflict] * (dynamodb.ATTEMPTS - 1)], None
    assert call(producer, resources).status in (200, 201)


BY_THEMSELVES = {name: call for name, (call, sent) in WRITES.items() if "Transact" not in sent[-1]}


@pytest.mark.parametrize("call", BY_THEMSELVES.values(), ids=BY_THEMSELVES)
def test_a_write_that_meets_a_transaction_is_retried_and_then_reported(
    producer: Client, faults: Faults, call: Call
) -> None:
    resources = Resources(producer)
    before = [producer.get(path).text for path in ("/movies", "/actors", "/roles")]
    conflict = error("TransactionConflictException")

    faults.always, faults.asked = conflict, 0
    answer = call(producer, resources)
    assert_failure(answer, 409)
    assert answer.headers["retry-after"] == "1"
    assert faults.asked == dynamodb.ATTEMPTS
    faults.always = None
    assert [producer.get(path).text for path in ("/movies", "/actors", "/roles")] == before

    faults.next, faults.asked = [conflict] * (dynamodb.ATTEMPTS - 1), 0
    answer = call(producer, resources)
    assert answer.status in (200, 201)
    assert answer.headers["etag"] == ('"1"' if answer.status == 201 else '"2"')
    assert faults.asked == dynamodb.ATTEMPTS


def test_a_replay_that_meets_only_conflicts_finds_its_role(
    producer: Client, faults: Faults
) -> None:
    resources = Resources(producer)
    body = {"movie_id": resources.movie, "actor_id": resources.actor}
    key, conflict = {"Idempotency-Key": "a key"}, cancelled("TransactionConflict", "None")

    # Not there yet: the other request must end first.
    faults.next, faults.asked = [None, *[conflict] * dynamodb.ATTEMPTS], 0
    answer = producer.post("/roles", body, **key)
    assert_failure(answer, 409)
    assert answer.headers["retry-after"] == "1"
    assert faults.asked == 1 + dynamodb.ATTEMPTS + 1

    first = producer.post("/roles", body, **key)
    assert first.status == 201
    for headers, other, status in [
        (key, {}, 201),
        (key, {"billing_order": 1}, 422),
        ({"Idempotency-Key": "another key"}, {}, 409),
        ({}, {}, 409),
    ]:
        faults.next, faults.asked = [None, *[conflict] * dynamodb.ATTEMPTS], 0
        answer = producer.post("/roles", body | other, **headers)
        assert answer.status == status
        assert faults.asked == 1 + dynamodb.ATTEMPTS + bool(headers)
        if status == 201:
            assert answer.body == first.body
            assert answer.headers["location"] == first.headers["location"]
        else:
            assert_failure(answer, status)
    assert producer.get(f"/movies/{resources.movie}")["movie"]["role_count"] == 1


def test_throttling_inside_a_transaction_is_a_503(producer: Client, faults: Faults) -> None:
    resources = Resources(producer)
    faults.next, faults.always = [None], cancelled("ThrottlingError", "None")
    body = {"movie_id": resources.movie, "actor_id": resources.actor}
    assert_failure(producer.post("/roles", body), 503)
    faults.next = [None, cancelled("ProvisionedThroughputExceeded", "TransactionConflict")]
    faults.always = None
    assert producer.post("/roles", body).status == 201


def test_a_transaction_is_not_retried_for_any_other_reason(
    producer: Client, faults: Faults
) -> None:
    resources = Resources(producer)
    body = {"movie_id": resources.movie, "actor_id": resources.actor}
    for codes, status in [
        (("TransactionConflict", "ValidationError"), 500),
        (("ItemCollectionSizeLimitExceeded", "None"), 500),
        ((), 500),
        # A failed condition decides, even with other reasons beside it.
        (("ConditionalCheckFailed", "TransactionConflict", "None", "None"), 409),
    ]:
        faults.next, faults.asked = [None, cancelled(*codes)], 0
        assert_failure(producer.post("/roles", body), status)
        assert faults.asked == 2


def test_an_incomplete_read_is_a_503(producer: Client, faults: Faults) -> None:
    resources = Resources(producer)
    key = {"pk": {"S": "x"}, "sk": {"S": "#"}}
    faults.next = [
        {
            "Responses": {TABLE_NAME: []},
            "UnprocessedKeys": {TABLE_NAME: {"Keys": [key]}},
            "ResponseMetadata": {},
        }
    ]
    body = {"movie_id": resources.movie, "actor_id": resources.actor}
    assert_failure(producer.post("/roles", body), 503)


def test_a_name_that_has_changed_since_it_was_read_is_read_again(
    producer: Client, faults: Faults
) -> None:
    resources = Resources(producer)
    body = {"movie_id": resources.movie, "actor_id": resources.actor}
    moved = cancelled("None", "None", "ConditionalCheckFailed", "None")
    faults.next, faults.asked = [None, moved, None, None], 0
    assert producer.post("/roles", body).status == 201
    assert faults.asked == 4
    producer.delete(f"/movies/{resources.movie}/actors/{resources.actor}")
    faults.next, faults.asked = [None, moved] * dynamodb.ATTEMPTS, 0
    assert_failure(producer.post("/roles", body), 409)
    assert faults.asked == 2 * dynamodb.ATTEMPTS


def test_an_id_that_is_generated_twice_overwrites_nothing(
    producer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "new_id", lambda _: "0123456789abcdef")
    movie = producer.get(f"/movies/{producer.new_movie('First')}").body
    assert_failure(producer.post("/movies", {"title": "Second", "release_date": "2000-01-01"}), 500)
    assert producer.get("/movies/0123456789abcdef").body == movie
