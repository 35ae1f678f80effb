"""Deletions and renamings that take longer than the function may run: each request continues."""

import contextvars
import itertools
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from app import app
from chalicelib import deadline
from chalicelib.store import table
from dev.table.desk import Problem
from dev.table.integrity import problems, read
from tests.store.conftest import SMALL
from tests.store.test_links import LONG_DELETION, LONG_RENAMING, build
from tests.store.test_requests import OPERATIONS, Resources
from tests.support.client import ApiResponse, Client, assert_failure, assert_headers, invoke
from tests.support.resources import resources

BEGINNING = 2  # requests until a long deletion or renaming has begun
TWO_REMOVALS, TWO_RENAMINGS = 6, SMALL  # roles that need two small transactions


@pytest.fixture
def empty_table(real_table: str) -> str:
    """Use the real engine, as in all tests with many roles."""
    return real_table


@pytest.fixture(params=["movie", "actor"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Clock:
    """The function's remaining time, which ends after a number of requests."""

    def __init__(self) -> None:
        self.requests = math.inf

    def __call__(self) -> float:
        self.requests -= 1
        return math.inf if self.requests >= 0 else 0

    def during(self, requests: int, call: Callable[[], ApiResponse]) -> ApiResponse:
        """Make this call with time for this many requests to DynamoDB."""
        self.requests = requests
        try:
            return call()
        finally:
            self.requests = math.inf


@pytest.fixture
def clock(empty_table: None, small_transactions: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadline, "left", clock)
    return clock


def name(side: str, text: str = "Zulu") -> dict[str, Any]:
    return {"title": text} if side == "movie" else {"name": text}


def id_in(path: str) -> str:
    return path.rpartition("/")[2]


def roles_of(path: str) -> list[Any]:
    pk = f"{path.split('/')[1].upper()[:-1]}#{id_in(path)}"
    return [i for i in read() if i["pk"]["S"] == pk and i["sk"]["S"].startswith("ROLE#")]


def stale(reported: list[Problem]) -> int:
    """Return the number of roles with an old name. Assert that there is no other problem."""
    assert {problem.kind for problem in reported} <= {"stale", "stuck"}, reported
    return sum(problem.kind == "stale" for problem in reported)


def assert_accepted(answer: ApiResponse) -> None:
    assert answer.status == 202, answer
    assert_headers(answer)
    assert answer.headers["retry-after"] == "1"
    assert answer["success"] is True
    assert answer["remaining"] > 0


def assert_gone(client: Client, side: str, path: str) -> None:
    """Assert that from the first 202 on, nobody can find it."""
    assert_failure(client.get(path), 404)
    assert_failure(client.patch(path, name(side)), 404)
    assert_failure(client.get(f"{path}/{'actors' if side == 'movie' else 'movies'}"), 404)
    other = client.new_actor() if side == "movie" else client.new_movie()
    ends = {"actor_id": other, "movie_id": other, f"{side}_id": id_in(path)}
    assert_failure(client.post("/roles", ends), 404)
    assert client.delete(f"/{'actor' if side == 'movie' else 'movie'}s/{other}").status == 200
    for order in ("title", "-release_date") if side == "movie" else ("name", "-name"):
        listed = client.every(f"/{side}s", f"{side}s", sort=order, limit=100)
        assert id_in(path) not in [item["id"] for item in listed]


@pytest.mark.parametrize("requests", [3, 7])
def test_each_request_continues_a_deletion_without_enough_time(
    producer: Client, side: str, clock: Clock, requests: int
) -> None:
    path, others = build(side, LONG_DELETION)
    before = LONG_DELETION + 1
    while (answer := clock.during(requests, partial(producer.delete, path))).status != 200:
        assert_accepted(answer)
        remaining = len(roles_of(path))
        assert answer.body == {"success": True, "deleted": id_in(path), "remaining": remaining}
        assert remaining < before
        before = remaining
        # Only the mark shows that a deletion is in progress.
        assert [problem.kind for problem in problems(read())] == ["stuck"]
        assert_gone(producer, side, path)
    assert answer.body == {"success": True, "deleted": id_in(path)}
    assert "retry-after" not in answer.headers
    assert before <= LONG_DELETION
    assert problems(read()) == []
    assert len(resources()) == len(others)
    assert_failure(producer.delete(path), 404)


def test_a_deletion_continues_whatever_version_it_was_sent_with(
    producer: Client, side: str, clock: Clock
) -> None:
    path, _ = build(side, LONG_DELETION)
    at_1, at_2 = (partial(producer.delete, path, **{"If-Match": f'"{n}"'}) for n in (1, 2))
    assert_failure(at_2(), 412)
    assert_accepted(clock.during(4, at_1))
    # It is deleted, and has no version any more.
    assert_accepted(clock.during(4, at_2))
    assert at_2().status == 200
    assert problems(read()) == []


@pytest.mark.parametrize("requests", [3, 8])
def test_the_next_change_continues_a_renaming_without_enough_time(
    producer: Client, side: str, clock: Clock, requests: int
) -> None:
    path, _ = build(side, LONG_RENAMING)
    answer = clock.during(requests, partial(producer.patch, path, name(side)))
    assert_accepted(answer)
    assert answer.body.keys() == {"success", side, "remaining"}
    assert answer[side] == producer.get(path)[side]
    assert answer[side] | name(side) == answer[side]
    assert answer[side]["version"] == 2
    assert answer.headers["etag"] == '"2"'
    # The last role is reported only after the whole renaming has ended.
    assert answer["remaining"] == (stale(problems(read())) or 1)
    # Any change continues it, also of a field that no role shows. The old version is outdated.
    later = {"release_date": "1964-01-22"} if side == "movie" else {"age": 2}
    assert_failure(producer.patch(path, later, **{"If-Match": '"1"'}), 412)
    again = clock.during(BEGINNING, partial(producer.patch, path, later))
    assert_accepted(again)
    assert (again[side]["version"], again.headers["etag"]) == (3, '"3"')
    assert again["remaining"] >= stale(problems(read()))
    last = producer.patch(path, later, **{"If-Match": '"3"'})
    assert last.status == 200
    assert last.body.keys() == {"success", side}
    assert last[side] | name(side) | later == last[side]
    assert "retry-after" not in last.headers
    assert problems(read()) == []


@pytest.mark.parametrize("requests", [5, 7])
def test_a_renaming_ends_even_if_each_request_does_little(
    producer: Client, side: str, clock: Clock, requests: int
) -> None:
    path, _ = build(side, LONG_RENAMING)
    for _ in range(10):
        answer = clock.during(requests, partial(producer.patch, path, name(side)))
        if answer.status == 200:
            break
        assert_accepted(answer)
    assert answer.status == 200, answer
    assert problems(read()) == []


def test_without_time_to_begin_a_request_is_rejected_and_changes_nothing(
    producer: Client, side: str, clock: Clock
) -> None:
    path, _ = build(side, LONG_DELETION)
    before = list(read())
    for requests in range(BEGINNING):
        for call in (partial(producer.delete, path), partial(producer.patch, path, name(side))):
            answer = clock.during(requests, call)
            assert_failure(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
            assert list(read()) == before


def test_without_time_no_operation_begins(producer: Client, clock: Clock) -> None:
    # Also not the first request of a new client.
    assert_failure(clock.during(0, partial(producer.get, "/movies")), 503)
    resources = Resources(producer)
    before = list(read())
    for call, requests in OPERATIONS.values():
        for time_for in range(len(requests)):
            answer = clock.during(time_for, partial(call, producer, resources))
            assert_failure(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
    assert list(read()) == before


def test_without_time_no_request_is_repeated(producer: Client, clock: Clock) -> None:
    with hooked("needs-retry", lambda attempts, **_: 0 if attempts == 1 else None):
        assert producer.get("/movies").status == 200
        assert_failure(clock.during(1, partial(producer.get, "/movies")), 503)
        assert clock.during(2, partial(producer.get, "/movies")).status == 200


def health(milliseconds: int) -> int:
    """Request /health in a function with this much time left."""
    context = {"httpMethod": "GET", "resourcePath": "/health", "path": "/health"}
    event = {
        "requestContext": context,
        "headers": {},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    answer = invoke(app, event, milliseconds)
    assert json.loads(answer["body"])["success"] is (answer["statusCode"] == 200)
    return int(answer["statusCode"])


def test_the_time_limit_is_what_lambda_leaves_for_the_request(real_table: str) -> None:
    alone = contextvars.copy_context().run
    # A request to the table may take one second to connect and three to respond.
    assert alone(health, 3_999) == 503
    assert alone(health, 60_000) == 200

    def one_after_the_other() -> list[int]:
        return [health(milliseconds) for milliseconds in (60_000, 3_999, 0, 60_000)]

    assert alone(one_after_the_other) == [200, 503, 503, 200]


def test_outside_a_request_there_is_no_limit(real_table: str) -> None:
    def after_a_request() -> float:
        assert health(60_000) == 200
        return deadline.left()

    assert contextvars.copy_context().run(after_a_request) == math.inf


@contextmanager
def hooked(event: str, hook: Callable[..., Any]) -> Iterator[None]:
    """Register a botocore hook for the requests of this process to DynamoDB."""
    events = table.connection.connection.client.meta.events
    events.register_first(f"{event}.dynamodb", hook)
    yield
    events.unregister(f"{event}.dynamodb", hook)


class Unresponsive:
    """From the nth request on, the table does not respond."""

    def __init__(self, number: int) -> None:
        self.answered, self.remaining = 0, number

    def __call__(self, **_: Any) -> None:
        self.remaining -= 1
        if self.remaining < 0:
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        self.answered += 1


UNRESPONSIVE = {
    "before it arrives": "before-call",
    # It is done, and the response is lost.
    "after it was done": "needs-retry",
}


@pytest.mark.parametrize("event", UNRESPONSIVE.values(), ids=UNRESPONSIVE)
def test_the_next_deletion_continues_after_the_table_did_not_respond(
    producer: Client, side: str, small_transactions: None, event: str
) -> None:
    for number in itertools.count():
        path, _ = build(side, TWO_REMOVALS)
        unresponsive = Unresponsive(number)
        with hooked(event, unresponsive):
            answer = producer.delete(path)
        if unresponsive.remaining >= 0:
            break  # it sends no more than these
        roles = roles_of(path)
        if number < BEGINNING:
            assert_failure(answer, 503)
            assert len(roles) == TWO_REMOVALS
            assert event == "needs-retry" or producer.get(path).status == 200
        else:
            assert_accepted(answer)
            assert_failure(producer.get(path), 404)
        assert producer.delete(path).status == (200 if roles else 404)
        assert problems(read()) == []
        assert_failure(producer.get(path), 404)
    assert answer.status == 200
    assert number == 6


@pytest.mark.parametrize("event", UNRESPONSIVE.values(), ids=UNRESPONSIVE)
def test_the_next_change_continues_after_the_table_did_not_respond(
    producer: Client, side: str, small_transactions: None, event: str
) -> None:
    path, _ = build(side, TWO_RENAMINGS)
    for number in itertools.count():
        new, before, unresponsive = (
            name(side, f"Zulu {number}"),
            producer.get(path),
            Unresponsive(number),
        )
        with hooked(event, unresponsive):
            answer = producer.patch(path, new)
        if unresponsive.remaining >= 0:
            break
        if number < BEGINNING:
            assert_failure(answer, 503)
            assert event == "needs-retry" or producer.get(path).body == before.body
        else:
            assert_accepted(answer)
            assert answer[side] | new == answer[side] == producer.get(path)[side]
        again = producer.patch(path, new)
        assert again.status == 200
        assert again[side] | new == again[side]
        assert problems(read()) == []
    assert answer.status == 200
    assert number == 7


def until_done(call: Callable[[], ApiResponse]) -> ApiResponse:
    """Repeat a request while it is 202."""
    for _ in range(20):
        answer = call()
        if answer.status != 202:
            break
        assert_accepted(answer)
    assert answer.status == 200, answer
    return answer


def test_hundreds_of_roles_are_renamed_and_deleted_within_the_time_limit(
    producer: Client, side: str
) -> None:
    path, others = build(side, 200)  # 3 transactions rename them, and 9 delete them
    until_done(partial(producer.patch, path, name(side)))
    assert problems(read()) == []
    until_done(partial(producer.delete, path))
    assert problems(read()) == []
    assert len(resources()) == len(others)
    assert_gone(producer, side, path)
