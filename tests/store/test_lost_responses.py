"""A write whose response was lost: botocore sends it again, and it must not fail.

On the real engine, which recognises a transaction by its token, as DynamoDB does.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.store import table
from dev.table.integrity import problems, read
from tests.store.conftest import SMALL
from tests.store.test_links import build
from tests.store.test_requests import WRITES, Call, Resources
from tests.support.client import ApiResponse, Client
from tests.support.resources import resources

RANDOM = {"id", "movie_id", "actor_id", "created_at", "updated_at"}


@pytest.fixture
def empty_table(real_table: str) -> str:
    return real_table


class Careful(Client):
    """A client that sends a condition with each change, and a key with each POST."""

    keys = itertools.count()

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> ApiResponse:
        own = {
            "POST": {"Idempotency-Key": f"key {next(self.keys)}"},
            "PATCH": {"If-Match": '"1"'},
            "DELETE": {"If-Match": '"1"'},
        }
        return super().call(method, path, body, own.get(method, {}) | (headers or {}))


class Lost:
    """Loses the response to the nth request: botocore believes that it received nothing."""

    def __init__(self, number: int) -> None:
        self.remaining = number  # requests before this one

    def __call__(self, attempts: int, **_: Any) -> int | None:
        if attempts > 1:
            return None
        self.remaining -= 1
        return 0 if self.remaining == -1 else None  # seconds before it is sent again


@contextmanager
def lost(number: int) -> Iterator[Lost]:
    """Lose the response to the nth request in this context, of the API in this process."""
    events, hook = table.connection.connection.client.meta.events, Lost(number)
    events.register_first("needs-retry.dynamodb", hook)
    yield hook
    events.unregister("needs-retry.dynamodb", hook)


def comparable(answer: ApiResponse) -> dict[str, Any]:
    """Return the members of a response without the values that differ each time."""
    members = {k: v for k, v in answer.body.items() if k not in ("created", "deleted")}
    for name in members.keys() & {"movie", "actor", "role"}:
        members[name] = {k: v for k, v in members[name].items() if k not in RANDOM}
    return members


def number_of_items() -> int:
    """Return the number of items without the one that notes the state of the index."""
    return sum(item["kind"]["S"] != "index" for item in read())


@pytest.mark.parametrize("kind", [Client, Careful])
@pytest.mark.parametrize("call", [call for call, _ in WRITES.values()], ids=WRITES)
def test_a_lost_response_to_a_write_is_not_a_failure(
    producer: Client, call: Call, kind: type[Client]
) -> None:
    client = kind(producer.url, producer.token)
    usual = call(client, Resources(producer))
    assert usual.status in (200, 201)
    added = before = number_of_items()
    for number in itertools.count():
        resources = Resources(producer)
        with lost(number) as hook:
            answer = call(client, resources)
        assert answer.status == usual.status, answer
        assert comparable(answer) == comparable(usual)
        assert answer.headers.get("etag") == usual.headers.get("etag")
        for name in answer.body.keys() & {"movie", "actor", "role"}:
            path = f"/{name}s/{answer[name]['id']}"
            assert producer.get(path)[name] == answer[name]
        assert problems(read()) == []
        assert number_of_items() == before + added
        before += added
        if hook.remaining >= 0:
            break  # it sends no more than these
    assert number >= 1


@pytest.mark.parametrize("side", ["movie", "actor"])
def test_a_lost_response_to_one_request_of_a_renaming_is_not_a_failure(
    producer: Client, side: str, small_transactions: None
) -> None:
    path, _ = build(side, SMALL)
    field = "title" if side == "movie" else "name"
    for number in itertools.count():
        with lost(number) as hook:
            answer = producer.patch(path, {field: f"Zulu {number}"})
        assert answer.status == 200, answer
        assert (answer[side][field], answer[side]["version"]) == (f"Zulu {number}", number + 2)
        assert answer[side] == producer.get(path)[side]
        assert problems(read()) == []
        if hook.remaining >= 0:
            break
    assert number == 7


@pytest.mark.parametrize("side", ["movie", "actor"])
def test_a_lost_response_to_one_request_of_a_deletion_is_not_a_failure(
    producer: Client, side: str, small_transactions: None
) -> None:
    for number in itertools.count():
        path, others = build(side, 6)
        with lost(number) as hook:
            answer = producer.delete(path)
        assert answer.status == 200, answer
        assert problems(read()) == []
        assert len(resources()) == len(others)
        if hook.remaining >= 0:
            break
    assert number == 6
