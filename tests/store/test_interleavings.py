"""Two operations at once, step by step: one of them runs just before a request of the other.

Races that are rare in test_races.py happen here every time. test_model.py has every pair of
operations of the store; here they come over HTTP.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from chalicelib.store import dynamodb, table
from chalicelib.store.items import Parent
from dev.table.integrity import problems, read
from tests.store.conftest import in_turns
from tests.store.test_links import LONG_RENAMING, build
from tests.support.client import Client, assert_failure


class Agency:
    """Two movies and two actors. The first actor plays in the first movie.

    The other movie has two parts, one with a candidate.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.movie, self.other_movie = client.new_movie("Heat"), client.new_movie("Ronin")
        self.actor, self.other_actor = client.new_actor("Al Pacino"), client.new_actor("De Niro")
        self.role = client.new_role(self.movie, self.actor, billing_order=1)
        self.part, self.other_part = (new_part(client, self.other_movie) for _ in range(2))
        self.candidate = new_candidate(client, self.other_part, self.other_actor)


def new_part(client: Client, movie_id: str) -> str:
    answer = client.post(f"/movies/{movie_id}/parts", {"name": "Sam"})
    return str(answer["part"]["id"])


def new_candidate(client: Client, part_id: str, actor_id: str) -> str:
    answer = client.post(f"/parts/{part_id}/candidates", {"actor_ids": [actor_id]})
    return str(answer["candidates"][0]["id"])


MOST_REQUESTS = 6
DELETED_IN_STEPS = 10  # roles that need three small transactions


class Between:
    """Calls a function just before the nth request to DynamoDB."""

    def __init__(self) -> None:
        self.remaining = -1
        self.action: Callable[[], object] = lambda: None
        self.was_done = False

    def before(self, number: int, action: Callable[[], object]) -> None:
        self.remaining, self.action, self.was_done = number, action, False

    def __call__(self, **_: Any) -> None:
        self.remaining -= 1
        if self.remaining == -1:
            self.was_done = True
            self.action()


def attached() -> Between:
    """Return a `Between` that the API's client calls before each of its requests."""
    between = Between()
    table.connection.connection.client.meta.events.register_first("before-call.dynamodb", between)
    return between


@pytest.fixture
def between(empty_table: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    monkeypatch.setattr(dynamodb, "BACKOFF", 0)
    events, between = table.connection.connection.client.meta.events, attached()
    yield between
    events.unregister("before-call.dynamodb", between)


GUARDED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "change the movie": ("PATCH", "/movies/{0.movie}", {"title": "Mine"}),
    "change the actor": ("PATCH", "/actors/{0.actor}", {"age": 1}),
    "change the role": ("PATCH", "/roles/{0.role}", {"billing_order": 2}),
    "delete the movie": ("DELETE", "/movies/{0.movie}", {}),
    "delete the actor": ("DELETE", "/actors/{0.actor}", {}),
    "remove the role": ("DELETE", "/roles/{0.role}", {}),
    "change the part": ("PATCH", "/parts/{0.other_part}", {"work_start": "2027-01-01"}),
    "delete the part": ("DELETE", "/parts/{0.part}", {}),
    "cast the candidate": ("PATCH", "/candidates/{0.candidate}", {"status": "cast"}),
    "remove the candidate": ("DELETE", "/candidates/{0.candidate}", {}),
}
THEIRS: dict[str, dict[str, Any]] = {
    "/movies": {"title": "Theirs"},
    "/actors": {"name": "Theirs"},
    "/roles": {"billing_order": 3},
    "/parts": {"name": "Theirs"},
    "/candidates": {"note": "Theirs"},
}


@pytest.mark.parametrize(("method", "path", "body"), GUARDED.values(), ids=GUARDED)
def test_if_match_fails_whenever_the_version_changes(
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
        assert problems(read()) == []
    assert number >= 1


@pytest.mark.parametrize("side", ["movie", "actor"])
def test_a_resource_that_is_being_deleted_cannot_be_changed(
    producer: Client, empty_table: None, side: str
) -> None:
    agency = Agency(producer)
    pk = f"{side.upper()}#{agency.movie if side == 'movie' else agency.actor}"
    dynamodb.update(Parent, pk, "#", [Parent.deleting.set("now")], Parent.pk.exists())
    path = f"/{side}s/{pk.partition('#')[2]}"
    for body in [{"title": "x"}] if side == "movie" else [{"name": "x"}, {"age": 1}]:
        assert_failure(producer.patch(path, body), 404)
    assert_failure(producer.get(path), 404)
    ids = {"movie_id": agency.other_movie, "actor_id": agency.other_actor}
    ids[f"{side}_id"] = pk.partition("#")[2]
    before = list(read())
    assert_failure(producer.post("/roles", ids), 404)
    if side == "movie":
        assert_failure(producer.post(f"{path}/parts", {"name": "x"}), 404)
    else:
        actor_ids = {"actor_ids": [ids["actor_id"]]}
        assert producer.post(f"/parts/{agency.part}/candidates", actor_ids)["candidates"] == []
    assert list(read()) == before


@pytest.mark.parametrize(("side", "number"), in_turns(range(9)))
def test_a_long_renaming_ends_for_a_later_one(
    producer: Client, real_table: str, small_transactions: None, side: str, number: int
) -> None:
    path, _ = build(side, LONG_RENAMING)
    field = "title" if side == "movie" else "name"
    between = attached()
    between.before(number, lambda: producer.patch(path, {field: "Later"}))
    assert producer.patch(path, {field: "Sooner"}).status == 200
    assert between.was_done
    assert problems(read()) == []


@pytest.mark.parametrize(("side", "number"), in_turns(range(8)))
def test_a_long_deletion_also_removes_roles_that_are_added_meanwhile(
    producer: Client, real_table: str, small_transactions: None, side: str, number: int
) -> None:
    path, _ = build(side, DELETED_IN_STEPS)
    other = producer.new_actor() if side == "movie" else producer.new_movie()
    end = "actor_id" if side == "movie" else "movie_id"
    body = {f"{side}_id": path.rpartition("/")[2], end: other}
    between = attached()
    between.before(number, lambda: producer.post("/roles", body))
    assert producer.delete(path).status == 200
    assert between.was_done
    assert problems(read()) == []
    assert_failure(producer.get(path), 404)


@pytest.mark.parametrize(("side", "number"), in_turns(range(8)))
def test_if_match_holds_for_a_long_deletion_until_it_has_begun(
    producer: Client, real_table: str, small_transactions: None, side: str, number: int
) -> None:
    path, _ = build(side, DELETED_IN_STEPS)
    new = {"title": "Later"} if side == "movie" else {"name": "Later"}
    between, changed = attached(), []
    between.before(number, lambda: changed.append(producer.patch(path, new).status))
    answer = producer.delete(path, **{"If-Match": '"1"'})
    # Whichever was first: a completed change is not deleted unseen.
    assert (answer.status, changed) in [(412, [200]), (200, [404])]
    assert problems(read()) == []
