"""Deleting and renaming movies and actors with any number of roles, seen from both ends."""

import contextlib
from typing import Any

import pytest

from chalicelib.store import casting, dynamodb, links, table
from chalicelib.store.items import Actor, Movie, RoleItem
from dev.table.integrity import problems, read
from tests.conftest import Sent
from tests.store.conftest import in_turns
from tests.store.test_requests import WRITE, WRITES, Resources
from tests.support.client import Client, assert_failure
from tests.support.resources import resources, with_entries

# Around the numbers that one and two transactions remove (24) or rename (99).
REMOVED = [0, 1, 2, 24, 25, 48, 49, 100]
RENAMED = [0, 1, 2, 99, 100, 199]

LONG_DELETION, LONG_RENAMING = 18, 45
"""Roles that need five of the `small_transactions`, or three."""


@pytest.fixture
def empty_table(real_table: str) -> str:
    """Use the real engine: moto takes seconds for a transaction in a table of hundreds of items."""
    return real_table


@pytest.fixture(params=["movie", "actor"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def build(side: str, count: int) -> tuple[str, list[str]]:
    """Write a movie or actor with this many roles. Return its path, and those of the other ends.

    Item by item: through the API, 250 roles would take a minute.
    """
    common: dict[str, Any] = {"created_at": table.now(), "updated_at": table.now(), "version": 1}

    def movie(number: int, role_count: int) -> Movie:
        movie_id = f"{number:016}"
        item = Movie(f"MOVIE#{movie_id}", "#", id=movie_id, role_count=role_count, **common)
        item.set(title=f"Movie {number}", release_date="2000-01-01")
        item.set(**item.listed())
        return item

    def actor(number: int, role_count: int) -> Actor:
        actor_id = f"{number:016}"
        item = Actor(f"ACTOR#{actor_id}", "#", id=actor_id, role_count=role_count, **common)
        item.set(name=f"Actor {number}", gender="other", age=1)
        item.set(**item.listed())
        return item

    movies = [movie(0, count)] if side == "movie" else [movie(n, 1) for n in range(count)]
    actors = [actor(0, count)] if side == "actor" else [actor(n, 1) for n in range(count)]
    with table.Item.batch_write() as batch:
        for item in [*movies, *actors]:
            for written in with_entries(item):
                batch.save(written)
        for number in range(count):
            film = movies[0] if side == "movie" else movies[number]
            person = actors[0] if side == "actor" else actors[number]
            role_id = f"{film.id}.{person.id}"
            fields: dict[str, Any] = {"id": role_id, "billing_order": number + 1, **common}
            beside_movie = RoleItem(film.pk, f"ROLE#{person.id}", **fields)
            beside_actor = RoleItem(person.pk, f"ROLE#{film.id}", **fields)
            casting.place(beside_movie, beside_actor, film, person)
            batch.save(beside_movie)
            batch.save(beside_actor)
    if side == "movie":
        return f"/movies/{movies[0].id}", [f"/actors/{a.id}" for a in actors]
    return f"/actors/{actors[0].id}", [f"/movies/{m.id}" for m in movies]


def test_the_built_resources_have_no_problems(empty_table: str, side: str) -> None:
    build(side, 3)
    assert problems(read()) == []


def test_the_keys_are_those_of_the_items_that_exist_already(empty_table: str) -> None:
    build("movie", 1)
    item_id = "0" * 16
    index_keys = {
        (item["pk"]["S"], item["sk"]["S"]): {
            name: item[name]["S"].replace(item["created_at"]["S"], "<created_at>")
            for name in sorted(item)
            if name.startswith(("gsi1", "gsi2"))  # existing items have no keys of a new index
        }
        for item in resources()
    }
    assert index_keys == {
        (f"MOVIE#{item_id}", "#"): {
            "gsi1pk": "MOVIES",
            "gsi1sk": f"movie 0\x1f{item_id}",
            "gsi2pk": "MOVIES",
            "gsi2sk": f"2000-01-01\x1f{item_id}",
        },
        (f"ACTOR#{item_id}", "#"): {"gsi1pk": "ACTORS", "gsi1sk": f"actor 0\x1f{item_id}"},
        (f"MOVIE#{item_id}", f"ROLE#{item_id}"): {
            "gsi1pk": f"MOVIE#{item_id}",
            "gsi1sk": f"0001\x1factor 0\x1f{item_id}",
            "gsi2pk": "ROLES",
            "gsi2sk": f"<created_at>\x1f{item_id}.{item_id}",
        },
        (f"ACTOR#{item_id}", f"ROLE#{item_id}"): {
            "gsi2pk": f"ACTOR#{item_id}",
            "gsi2sk": f"2000-01-01\x1f{item_id}",
        },
    }


@pytest.mark.parametrize("count", REMOVED)
def test_a_deleted_resource_leaves_nothing_behind(producer: Client, side: str, count: int) -> None:
    path, others = build(side, count)
    answer = producer.delete(path)
    assert answer.status == 200
    assert answer.body == {"success": True, "deleted": path.rpartition("/")[2]}
    assert problems(read()) == []
    assert len(resources()) == count  # the other ends, and nothing else
    assert_failure(producer.get(path), 404)
    for other in others[:3]:
        shown = producer.get(other)
        assert shown["roles"] == []
        assert next(v for k, v in shown.body.items() if k in ("movie", "actor"))["role_count"] == 0


@pytest.mark.parametrize("count", RENAMED)
def test_a_new_name_is_in_every_role(producer: Client, side: str, count: int) -> None:
    path, others = build(side, count)
    new = {"title": "Zulu", "release_date": "1964-01-22"} if side == "movie" else {"name": "Zulu"}
    answer = producer.patch(path, new)
    assert answer.status == 200
    shown = answer[side]
    assert {k: shown[k] for k in new} == new
    assert (shown["version"], shown["role_count"]) == (2, count)
    assert problems(read()) == []
    assert producer.get(path)[side] == shown
    for other in others[:3]:
        role = producer.get(other)["roles"][0]
        assert (role["movie_title"] if side == "movie" else role["actor_name"]) == "Zulu"


@pytest.mark.parametrize("field", ["title", "release_date"])
def test_a_change_of_one_field_keeps_the_other(producer: Client, field: str) -> None:
    path, _ = build("movie", 3)
    new = {"title": "Zulu"} if field == "title" else {"release_date": "1964-01-22"}
    shown = producer.patch(path, new)["movie"]
    assert shown["title"] == ("Zulu" if field == "title" else "Movie 0")
    assert shown["release_date"] == ("2000-01-01" if field == "title" else "1964-01-22")
    assert problems(read()) == []


@pytest.mark.parametrize(
    ("count", "requests"),
    [
        (23, ["Query", WRITE]),
        # One more than fits: a mark, then the rest with the parent.
        (24, ["Query", WRITE, "Query", WRITE]),
        # A mark, a batch, then the rest with the parent.
        (25, ["Query", WRITE, "Query", WRITE, "Query", WRITE]),
    ],
)
def test_one_transaction_removes_what_fits_into_it(
    producer: Client, sent: Sent, side: str, count: int, requests: list[str]
) -> None:
    path, _ = build(side, count)
    sent.clear()
    assert producer.delete(path).status == 200
    assert sent == requests


FITTING = {"movie": 100 - 2 - 5, "actor": 100 - 2 - 9}
"""Roles that are renamed with the parent, its record, and the entries of its old and new name."""


@pytest.mark.parametrize("more", [0, 1])
def test_one_transaction_renames_what_fits_into_it(
    producer: Client, sent: Sent, side: str, more: int
) -> None:
    path, _ = build(side, FITTING[side] + more)
    sent.clear()
    body = {"title": "Zulu"} if side == "movie" else {"name": "Zulu"}
    assert producer.patch(path, body).status == 200
    # Otherwise the parent is first, then its roles, and the count ends it.
    assert sent == ["Query", WRITE] + ["Query", WRITE, "UpdateItem"] * more


def test_if_match_also_guards_resources_with_roles(producer: Client, side: str) -> None:
    path, _ = build(side, 2)
    body = {"title": "Zulu"} if side == "movie" else {"name": "Zulu"}
    before = list(read())
    assert_failure(producer.patch(path, body, **{"If-Match": '"2"'}), 412)
    assert_failure(producer.delete(path, **{"If-Match": '"2"'}), 412)
    assert list(read()) == before
    assert producer.patch(path, body, **{"If-Match": '"1"'}).status == 200
    assert producer.delete(path, **{"If-Match": '"2"'}).status == 200
    assert problems(read()) == []


class Killed(BaseException):
    """The function ends here."""


def kill_after(monkeypatch: pytest.MonkeyPatch, requests: int) -> None:
    """End the function before it sends its next request."""
    send, remaining = dynamodb._send, iter(range(requests))

    def send_or_die(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if next(remaining, None) is None:
            raise Killed
        return send(operation, request)

    monkeypatch.setattr(dynamodb, "_send", send_or_die)


@pytest.mark.parametrize(("side", "requests"), in_turns(range(1, 11)))
def test_the_next_deletion_finishes_an_interrupted_one(
    producer: Client,
    side: str,
    requests: int,
    small_transactions: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, _ = build(side, LONG_DELETION)
    pk, store = f"{side.upper()}#{path.rpartition('/')[2]}", f"chalicelib.store.{side}s"
    module = __import__(store, fromlist=["remove"])
    with monkeypatch.context() as patch:
        kill_after(patch, requests)
        with contextlib.suppress(Killed):
            module.remove(pk.partition("#")[2], None, "me")
    parent = dynamodb.get(pk, "#")
    marked = bool(getattr(parent, "deleting", None))
    # Only the mark shows that a deletion is in progress.
    assert [problem.kind for problem in problems(read())] == ["stuck"] * marked
    if marked or parent is None:
        listed = producer.every(f"/{side}s", f"{side}s", limit=100)
        assert pk.partition("#")[2] not in [item["id"] for item in listed]
        assert_failure(producer.get(path), 404)
        new = {"title": "Zulu"} if side == "movie" else {"name": "Zulu"}
        assert_failure(producer.patch(path, new), 404)
        assert_failure(producer.get(f"{path}/{'actors' if side == 'movie' else 'movies'}"), 404)
        other = producer.new_actor() if side == "movie" else producer.new_movie()
        ids = {
            f"{side}_id": pk.partition("#")[2],
            "actor_id" if side == "movie" else "movie_id": other,
        }
        assert_failure(producer.post("/roles", ids), 404)
    assert producer.delete(path).status == (404 if parent is None else 200)
    assert problems(read()) == []
    assert_failure(producer.delete(path), 404)


@pytest.mark.parametrize(("side", "requests"), in_turns(range(2, 8)))
def test_the_next_change_finishes_an_interrupted_renaming(
    producer: Client,
    side: str,
    requests: int,
    small_transactions: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, _ = build(side, LONG_RENAMING)
    new = {"title": "Zulu"} if side == "movie" else {"name": "Zulu"}
    module = __import__(f"chalicelib.store.{side}s", fromlist=["change"])
    with monkeypatch.context() as patch:
        kill_after(patch, requests)
        with contextlib.suppress(Killed):
            module.change(path.rpartition("/")[2], new, None, "me")
    assert {problem.kind for problem in problems(read())} <= {"stale", "stuck"}
    assert producer.patch(path, new).status == 200
    assert problems(read()) == []


def test_the_limits_are_those_of_dynamodb() -> None:
    assert 1 + 4 * links.REMOVED <= 100 < 1 + 4 * (links.REMOVED + 1)
    assert 1 + links.RENAMED == 100


@pytest.mark.parametrize("name", ["add a movie", "add an actor", "cast"])
def test_a_lost_response_to_a_post_is_not_a_failure(producer: Client, name: str) -> None:
    known, (call, _) = Resources(producer), WRITES[name]
    before = len(resources())
    times: list[int] = []

    def lost(attempts: int, **_: Any) -> int | None:
        # The write is done. botocore believes that it received nothing, and sends it again.
        times.append(attempts)
        return 0 if attempts == 1 else None

    events = table.connection.connection.client.meta.events
    events.register_first("needs-retry.dynamodb", lost)
    answer = call(producer, known)
    events.unregister("needs-retry.dynamodb", lost)
    assert answer.status == 201
    assert 2 in times
    assert producer.get(answer.headers["location"]).status == 200
    assert len(resources()) == before + (2 if name == "cast" else 1)
    assert problems(read()) == []


def test_the_longest_name_fits_into_every_key(producer: Client) -> None:
    # One character, which folding expands to eighteen.
    long = "\ufdfa" * 200
    movie_id, actor_id = producer.new_movie(long), producer.new_actor(long)
    producer.new_role(movie_id, actor_id, character_name=long, billing_order=1)
    assert producer.get("/movies")["movies"][0]["title"] == long
    assert producer.get(f"/movies/{movie_id}/actors")["actors"][0]["name"] == long
    producer.new_movie(long)
    assert len(producer.every("/movies", "movies", limit=1)) == 2
