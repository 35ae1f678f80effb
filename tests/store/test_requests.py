"""The requests that each operation sends to DynamoDB: one if one is enough."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import NewMovie
from chalicelib.routes.roles import NewRole
from chalicelib.store import table
from tests.conftest import Sent
from tests.support.client import ApiResponse, Client

WRITE = "TransactWriteItems"


class Resources:
    """A movie and an actor without roles, and a movie and an actor with one."""

    def __init__(self, client: Client) -> None:
        self.movie, self.actor = client.new_movie(), client.new_actor()
        self.cast_movie, self.cast_actor = client.new_movie(), client.new_actor()
        self.role = client.new_role(self.cast_movie, self.cast_actor)


Call = Callable[[Client, Resources], ApiResponse]

READS: dict[str, tuple[Call, list[str]]] = {
    "health": (lambda c, _: c.get("/health"), ["GetItem"]),
    "movies by title": (lambda c, _: c.get("/movies"), ["Query"]),
    "movies by date": (lambda c, _: c.get("/movies", sort="release_date"), ["Query"]),
    "the newest movies": (lambda c, _: c.get("/movies", sort="-release_date", limit=1), ["Query"]),
    # Movies without a release date follow the oldest one.
    "the oldest movies": (
        lambda c, _: c.get("/movies", sort="-release_date"),
        ["Query", "Query"],
    ),
    "a movie": (lambda c, t: c.get(f"/movies/{t.cast_movie}"), ["Query"]),
    "a cast": (lambda c, t: c.get(f"/movies/{t.cast_movie}/actors"), ["Query"]),
    # An empty cast must be distinguished from a missing movie.
    "an empty cast": (lambda c, t: c.get(f"/movies/{t.movie}/actors"), ["Query", "GetItem"]),
    "actors": (lambda c, _: c.get("/actors"), ["Query"]),
    "an actor": (lambda c, t: c.get(f"/actors/{t.cast_actor}"), ["Query"]),
    "a filmography": (lambda c, t: c.get(f"/actors/{t.cast_actor}/movies"), ["Query"]),
    "an empty filmography": (
        lambda c, t: c.get(f"/actors/{t.actor}/movies"),
        ["Query", "GetItem"],
    ),
    "roles": (lambda c, _: c.get("/roles"), ["Query"]),
    "a movie's roles": (lambda c, t: c.get("/roles", movie_id=t.cast_movie), ["Query"]),
    "an actor's roles": (lambda c, t: c.get("/roles", actor_id=t.cast_actor), ["Query"]),
    "the role of both": (
        lambda c, t: c.get("/roles", movie_id=t.cast_movie, actor_id=t.cast_actor),
        ["GetItem"],
    ),
    "a role": (lambda c, t: c.get(f"/roles/{t.role}"), ["GetItem"]),
}

WRITES: dict[str, tuple[Call, list[str]]] = {
    "add a movie": (lambda c, _: c.post("/movies", NewMovie.example), ["PutItem"]),
    "add an actor": (lambda c, _: c.post("/actors", NewActor.example), ["PutItem"]),
    "change a movie": (
        lambda c, t: c.patch(f"/movies/{t.movie}", {"title": "Ronin"}),
        ["UpdateItem"],
    ),
    "change an actor": (lambda c, t: c.patch(f"/actors/{t.actor}", {"name": "B"}), ["UpdateItem"]),
    "change what no role shows": (
        lambda c, t: c.patch(f"/actors/{t.cast_actor}", {"age": 2}),
        ["UpdateItem"],
    ),
    "change what a role shows": (
        lambda c, t: c.patch(f"/actors/{t.cast_actor}", {"name": "B"}),
        ["UpdateItem", "Query", WRITE],
    ),
    "remove a movie": (lambda c, t: c.delete(f"/movies/{t.movie}"), [WRITE]),
    "remove an actor": (lambda c, t: c.delete(f"/actors/{t.actor}"), [WRITE]),
    "remove a movie with a role": (
        lambda c, t: c.delete(f"/movies/{t.cast_movie}"),
        [WRITE, "Query", WRITE],
    ),
    "cast": (
        lambda c, t: c.post(
            "/roles", {**NewRole.example, "movie_id": t.movie, "actor_id": t.actor}
        ),
        ["BatchGetItem", WRITE],
    ),
    "change a role": (
        lambda c, t: c.patch(f"/roles/{t.role}", {"billing_order": 2}),
        ["GetItem", WRITE],
    ),
    "remove a role": (lambda c, t: c.delete(f"/roles/{t.role}"), [WRITE]),
}

OPERATIONS = {**READS, **WRITES}

REJECTED: dict[str, Call] = {
    "an id that cannot be": lambda c, _: c.get("/movies/x"),
    "a bad body": lambda c, _: c.post("/movies", {"title": ""}),
    "a bad cursor": lambda c, _: c.get("/movies", cursor="x"),
    "an unknown path": lambda c, _: c.get("/nope"),
    "a wrong verb": lambda c, _: c.call("PUT", "/movies"),
    "no token": lambda c, _: Client(c.url).get("/movies"),
}


@pytest.mark.parametrize(("call", "requests"), OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_sends_these_requests(
    producer: Client, sent: Sent, call: Call, requests: list[str]
) -> None:
    resources = Resources(producer)
    sent.clear()
    assert call(producer, resources).status in (200, 201)
    assert sent == requests


@pytest.mark.parametrize("call", REJECTED.values(), ids=REJECTED)
def test_an_operation_that_cannot_succeed_sends_nothing(
    producer: Client, sent: Sent, call: Call
) -> None:
    resources = Resources(producer)
    sent.clear()
    assert call(producer, resources).status >= 400
    assert sent == []


@pytest.mark.parametrize(
    "path", ["/movies/{0}", "/actors/{0}", "/roles/{0}.{0}", "/movies/{0}/actors/{0}"]
)
def test_a_missing_item_is_found_by_the_write_itself(
    producer: Client, sent: Sent, path: str
) -> None:
    path = path.format("AAAAAAAAAAAAAAAA")
    assert producer.delete(path).status == 404
    assert len(sent) == 1
    bodies: dict[str, Any] = {"movies": {"title": "x"}, "actors": {"age": 1}}
    kind = path.split("/")[1]
    if kind in bodies and path.count("/") == 2:
        sent.clear()
        assert producer.patch(path, bodies[kind]).status == 404
        assert sent == ["UpdateItem"]


def test_reads_by_id_are_strongly_consistent(producer: Client) -> None:
    requests: list[dict[str, Any]] = []
    events = table.connection.connection.client.meta.events

    def record(params: dict[str, Any], **_: Any) -> None:
        requests.append(params)

    resources = Resources(producer)
    events.register("provide-client-params.dynamodb", record)
    try:
        producer.get(f"/movies/{resources.cast_movie}")
        producer.get(f"/actors/{resources.cast_actor}")
        producer.get(f"/roles/{resources.role}")
        producer.get("/roles", movie_id=resources.cast_movie)
        producer.new_role(resources.movie, resources.actor)
    finally:
        events.unregister("provide-client-params.dynamodb", record)
    assert [params["ConsistentRead"] for params in requests[:4]] == [True] * 4
    assert requests[4]["RequestItems"]["casting-test"]["ConsistentRead"]
    assert not any("FilterExpression" in params for params in requests)
