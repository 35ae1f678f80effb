"""Two at once, step by step: each operation, with another one done just before any of its requests.

What races only sometimes in test_races.py happens here each time, and what is left must be right.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from chalicelib.store import table
from chalicelib.store.roles import Parent
from tests.client import Answer, Client, assert_failure
from tests.judge import faults
from tests.test_links import all_items, build


class Agency:
    """Two movies and two actors, of whom the first is in the first."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.movie, self.other_movie = client.new_movie("Heat"), client.new_movie("Ronin")
        self.actor, self.other_actor = client.new_actor("Al Pacino"), client.new_actor("De Niro")
        self.role = client.new_role(self.movie, self.actor, billing_order=1)


Operation = Callable[[Agency], Answer]

OPERATIONS: dict[str, Operation] = {
    "cast in the movie": lambda a: a.client.post(
        "/roles", {"movie_id": a.movie, "actor_id": a.other_actor}
    ),
    "cast the actor": lambda a: a.client.post(
        "/roles", {"movie_id": a.other_movie, "actor_id": a.actor}
    ),
    "cast again": lambda a: a.client.post("/roles", {"movie_id": a.movie, "actor_id": a.actor}),
    "rename the movie": lambda a: a.client.patch(f"/movies/{a.movie}", {"title": "Zulu"}),
    "date the movie": lambda a: a.client.patch(
        f"/movies/{a.movie}", {"release_date": "1964-01-22"}
    ),
    "rename the actor": lambda a: a.client.patch(f"/actors/{a.actor}", {"name": "Zoë"}),
    "age the actor": lambda a: a.client.patch(f"/actors/{a.actor}", {"age": 99}),
    "rename the other actor": lambda a: a.client.patch(f"/actors/{a.other_actor}", {"name": "X"}),
    "change the role": lambda a: a.client.patch(f"/roles/{a.role}", {"billing_order": 7}),
    "remove the role": lambda a: a.client.delete(f"/roles/{a.role}"),
    "delete the movie": lambda a: a.client.delete(f"/movies/{a.movie}"),
    "delete the actor": lambda a: a.client.delete(f"/actors/{a.actor}"),
    "delete the other actor": lambda a: a.client.delete(f"/actors/{a.other_actor}"),
}

SHOWS: dict[str, Callable[[Agency], bool]] = {
    "rename the movie": lambda a: a.client.get(f"/movies/{a.movie}")["movie"]["title"] == "Zulu",
    "rename the actor": lambda a: a.client.get(f"/actors/{a.actor}")["actor"]["name"] == "Zoë",
    "age the actor": lambda a: a.client.get(f"/actors/{a.actor}")["actor"]["age"] == 99,
    "change the role": lambda a: a.client.get(f"/roles/{a.role}")["role"]["billing_order"] == 7,
}
"""How to see that an acknowledged change was not lost."""

MOST_REQUESTS = 6


class Between:
    """Does something just before the nth request to DynamoDB."""

    def __init__(self) -> None:
        self.left = -1
        self.action: Callable[[], object] = lambda: None
        self.was_done = False

    def before(self, number: int, action: Callable[[], object]) -> None:
        self.left, self.action, self.was_done = number, action, False

    def __call__(self, **_: Any) -> None:
        self.left -= 1
        if self.left == -1:
            self.was_done = True
            self.action()


def attached() -> Between:
    """Give one that the API's present client asks before each of its requests."""
    found = Between()
    table._table.connection.client.meta.events.register_first("before-call.dynamodb", found)
    return found


@pytest.fixture
def between(empty_table: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    monkeypatch.setattr(table, "BACKOFF", 0)
    events, found = table._table.connection.client.meta.events, attached()
    yield found
    events.unregister("before-call.dynamodb", found)


@pytest.mark.parametrize("meanwhile", OPERATIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_happens_in_between_what_is_left_is_right(
    producer: Client, between: Between, operation: str, meanwhile: str
) -> None:
    for number in range(MOST_REQUESTS):
        agency = Agency(producer)
        between.before(number, partial(OPERATIONS[meanwhile], agency))
        answer = OPERATIONS[operation](agency)
        assert answer.status in (200, 201, 404, 409), answer
        if answer.status == 409:
            assert "already" in answer["detail"], answer
        if not between.was_done:
            break
        assert faults(all_items()) == []
        undone = re.match("delete|remove", meanwhile) and answer.status == 200
        if answer.status == 200 and operation in SHOWS and not undone and operation != meanwhile:
            assert SHOWS[operation](agency)
    else:
        raise AssertionError(f"more than {MOST_REQUESTS} requests")
    assert number >= 1


GUARDED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "change the movie": ("PATCH", "/movies/{0.movie}", {"title": "Mine"}),
    "change the actor": ("PATCH", "/actors/{0.actor}", {"age": 1}),
    "change the role": ("PATCH", "/roles/{0.role}", {"billing_order": 2}),
    "delete the movie": ("DELETE", "/movies/{0.movie}", {}),
    "delete the actor": ("DELETE", "/actors/{0.actor}", {}),
    "remove the role": ("DELETE", "/roles/{0.role}", {}),
}
THEIRS: dict[str, dict[str, Any]] = {
    "/movies": {"title": "Theirs"},
    "/actors": {"name": "Theirs"},
    "/roles": {"billing_order": 3},
}


@pytest.mark.parametrize(("method", "path", "body"), GUARDED.values(), ids=GUARDED)
def test_if_match_fails_whenever_the_version_moves(
    producer: Client, between: Between, method: str, path: str, body: dict[str, Any]
) -> None:
    for number in range(MOST_REQUESTS):
        agency = Agency(producer)
        target = path.format(agency)
        theirs = THEIRS[target[: target.index("/", 1)]]
        between.before(number, partial(producer.patch, target, theirs))
        answer = producer.call(method, target, body or None, {"If-Match": '"1"'})
        if not between.was_done:
            assert answer.status == 200
            break
        assert_failure(answer, 412)
        assert answer.headers["etag"] == '"2"'
        assert faults(all_items()) == []
    assert number >= 1


@pytest.mark.parametrize("side", ["movie", "actor"])
def test_what_is_being_deleted_cannot_be_changed(
    producer: Client, empty_table: None, side: str
) -> None:
    agency = Agency(producer)
    pk = f"{side.upper()}#{agency.movie if side == 'movie' else agency.actor}"
    table.update(Parent, pk, "#", [Parent.deleting.set("now")], Parent.pk.exists())
    path = f"/{side}s/{pk.partition('#')[2]}"
    for body in [{"title": "x"}] if side == "movie" else [{"name": "x"}, {"age": 1}]:
        assert_failure(producer.patch(path, body), 404)
    assert_failure(producer.get(path), 404)
    for cast in ("cast in the movie", "cast the actor"):
        if cast.endswith(side):
            before = all_items()
            assert_failure(OPERATIONS[cast](agency), 404)
            assert all_items() == before


@pytest.mark.parametrize("side", ["movie", "actor"])
@pytest.mark.parametrize("number", range(9))
def test_a_long_renaming_gives_way_to_a_later_one(
    producer: Client, real_table: str, side: str, number: int
) -> None:
    path, _ = build(side, 205)
    field = "title" if side == "movie" else "name"
    between = attached()
    between.before(number, lambda: producer.patch(path, {field: "Later"}))
    assert producer.patch(path, {field: "Sooner"}).status == 200
    assert between.was_done
    assert faults(all_items()) == []


@pytest.mark.parametrize("side", ["movie", "actor"])
@pytest.mark.parametrize("number", range(8))
def test_a_long_deletion_takes_what_is_cast_meanwhile_too(
    producer: Client, real_table: str, side: str, number: int
) -> None:
    path, _ = build(side, 70)
    other = producer.new_actor() if side == "movie" else producer.new_movie()
    end = "actor_id" if side == "movie" else "movie_id"
    body = {f"{side}_id": path.rpartition("/")[2], end: other}
    between = attached()
    between.before(number, lambda: producer.post("/roles", body))
    assert producer.delete(path).status == 200
    assert between.was_done
    assert faults(all_items()) == []
    assert_failure(producer.get(path), 404)


@pytest.mark.parametrize("side", ["movie", "actor"])
@pytest.mark.parametrize("number", range(8))
def test_if_match_holds_for_a_long_deletion_until_it_has_begun(
    producer: Client, real_table: str, side: str, number: int
) -> None:
    path, _ = build(side, 70)
    new = {"title": "Later"} if side == "movie" else {"name": "Later"}
    between, changed = attached(), []
    between.before(number, lambda: changed.append(producer.patch(path, new).status))
    answer = producer.delete(path, **{"If-Match": '"1"'})
    # Whoever came first: a change that was made is not deleted unseen.
    assert (answer.status, changed) in [(412, [200]), (200, [404])]
    assert faults(all_items()) == []
