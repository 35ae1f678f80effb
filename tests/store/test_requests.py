"""The requests that each operation sends to DynamoDB: as few as it needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import NewMovie
from chalicelib.routes.parts import NewPart
from chalicelib.routes.roles import NewRole
from chalicelib.store import table
from tests.conftest import Sent
from tests.support import faster_moto
from tests.support.client import ApiResponse, Client
from tests.support.crowd import add_crowd

GET, READ, WRITE = "GetItem", "BatchGetItem", "TransactWriteItems"
MAX_KEYS = 100
"""The keys of one BatchGetItem, a limit of DynamoDB's."""


class Resources:
    """A movie and an actor without roles, and a movie and an actor with one."""

    def __init__(self, client: Client) -> None:
        self.movie, self.actor = client.new_movie(), client.new_actor()
        self.cast_movie, self.cast_actor = client.new_movie(), client.new_actor()
        self.role = client.new_role(self.cast_movie, self.cast_actor)


class Board:
    """A movie with two parts: one without candidates, and one with three of them.

    One candidate is submitted, one is on hold, and one is cast.
    """

    def __init__(self, client: Client) -> None:
        self.movie = client.new_movie()
        self.empty_part = client.new_part(self.movie)
        self.part = client.new_part(self.movie, needed=2, work_start="2100-05-01")
        self.actor, self.held_actor, self.cast_actor, self.new_actor = (
            client.new_actor() for _ in range(4)
        )
        self.candidate = client.new_candidate(self.part, self.actor)
        self.held = client.new_candidate(self.part, self.held_actor, "on_hold")
        self.cast = client.new_candidate(self.part, self.cast_actor, "cast")
        self.role = f"{self.movie}.{self.cast_actor}"


Call = Callable[[Client, Resources], ApiResponse]
BoardCall = Callable[[Client, Board], ApiResponse]


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the external ids that only one resource may have."""
    return {name: value for name, value in body.items() if name not in ("imdb_id", "tmdb_id")}


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
    "a word": (lambda c, _: c.get("/movies", search="heat"), ["Query", READ]),
    "a value": (lambda c, _: c.get("/actors", gender="male"), ["Query", READ]),
    "a value, sorted": (
        lambda c, _: c.get("/actors", gender="male", sort="-name"),
        ["Query", READ],
    ),
    "a range": (lambda c, _: c.get("/movies", released_from="1900-01-01"), ["Query", READ]),
    "nothing to find": (lambda c, _: c.get("/actors", skill="juggling"), ["Query"]),
    # The list of each criterion is probed. That of the narrowest is at its end already.
    "two criteria": (
        lambda c, _: c.get("/actors", gender="male", search="al"),
        ["Query", "Query", READ],
    ),
    "a history": (lambda c, t: c.get(f"/movies/{t.movie}/history"), ["GetItem", "Query"]),
}

WRITES: dict[str, tuple[Call, list[str]]] = {
    "add a movie": (lambda c, _: c.post("/movies", without_ids(NewMovie.example)), [WRITE]),
    "add an actor": (lambda c, _: c.post("/actors", without_ids(NewActor.example)), [WRITE]),
    "change a movie": (
        lambda c, t: c.patch(f"/movies/{t.movie}", {"synopsis": "A heist"}),
        [GET, WRITE],
    ),
    "rename a movie": (
        lambda c, t: c.patch(f"/movies/{t.movie}", {"title": "Ronin"}),
        ["Query", WRITE],
    ),
    "rename an actor": (
        lambda c, t: c.patch(f"/actors/{t.actor}", {"name": "B"}),
        ["Query", WRITE],
    ),
    "change what no role shows": (
        lambda c, t: c.patch(f"/actors/{t.cast_actor}", {"age": 2}),
        [GET, WRITE],
    ),
    "change what a role shows": (
        lambda c, t: c.patch(f"/actors/{t.cast_actor}", {"name": "B"}),
        ["Query", WRITE],
    ),
    "remove a movie": (lambda c, t: c.delete(f"/movies/{t.movie}"), ["Query", WRITE]),
    "remove an actor": (lambda c, t: c.delete(f"/actors/{t.actor}"), ["Query", WRITE]),
    "remove a movie with a role": (
        lambda c, t: c.delete(f"/movies/{t.cast_movie}"),
        ["Query", WRITE],
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
    "remove a role": (lambda c, t: c.delete(f"/roles/{t.role}"), [GET, WRITE]),
}

OPERATIONS = {**READS, **WRITES}


def patch_candidate(candidate: str, **fields: Any) -> BoardCall:
    """Return the call that changes the candidate of the board that is stored under this name."""
    return lambda c, b: c.patch(f"/candidates/{getattr(b, candidate)}", fields)


def patch_part(part: str, **fields: Any) -> BoardCall:
    """Return the call that changes the part of the board that is stored under this name."""
    return lambda c, b: c.patch(f"/parts/{getattr(b, part)}", fields)


BOARD_READS: dict[str, tuple[BoardCall, list[str]]] = {
    "a breakdown": (lambda c, b: c.get(f"/movies/{b.movie}/parts"), ["Query", READ]),
    "open parts": (lambda c, _: c.get("/parts"), ["Query", READ]),
    "no parts": (lambda c, _: c.get("/parts", status="closed"), ["Query"]),
    "a part": (lambda c, b: c.get(f"/parts/{b.part}"), ["Query", READ]),
    "a part without candidates": (lambda c, b: c.get(f"/parts/{b.empty_part}"), ["Query"]),
    "a board": (lambda c, b: c.get(f"/parts/{b.part}/candidates"), ["Query", READ]),
    # The part is read, too: an empty list must be distinguished from a missing part.
    "an empty board": (lambda c, b: c.get(f"/parts/{b.empty_part}/candidates"), ["Query", READ]),
    "a column": (
        lambda c, b: c.get(f"/parts/{b.part}/candidates", status="cast"),
        ["Query", READ],
    ),
    "everybody for a movie": (lambda c, b: c.get(f"/movies/{b.movie}/candidates"), ["Query", READ]),
    "candidacies": (lambda c, b: c.get(f"/actors/{b.actor}/candidacies"), ["Query", READ]),
    "no candidacies": (lambda c, b: c.get(f"/actors/{b.new_actor}/candidacies"), ["Query", READ]),
    "a candidate": (lambda c, b: c.get(f"/candidates/{b.candidate}"), [READ]),
}

BOARD_WRITES: dict[str, tuple[BoardCall, list[str]]] = {
    "add a part": (lambda c, b: c.post(f"/movies/{b.movie}/parts", NewPart.example), [WRITE]),
    "change a part": (patch_part("part", name="Sam"), [GET, WRITE]),
    "close a part": (patch_part("part", status="closed"), [GET, WRITE]),
    "raise what a part needs": (patch_part("part", needed=3), [GET, WRITE]),
    "date a part without engagements": (
        patch_part("empty_part", work_start="2100-01-01"),
        [GET, WRITE],
    ),
    "date a part with engagements": (patch_part("part", work_end="2100-07-01"), [GET, READ, WRITE]),
    "remove a part": (lambda c, b: c.delete(f"/parts/{b.empty_part}"), [GET, WRITE]),
    # Marked as being deleted, then one transaction for each who is engaged and one for the others.
    "remove a part with candidates": (
        lambda c, b: c.delete(f"/parts/{b.part}"),
        [GET, WRITE, *["Query", READ, WRITE] * 2, "Query", WRITE],
    ),
    "add candidates": (
        lambda c, b: c.post(f"/parts/{b.part}/candidates", {"actor_ids": [b.new_actor, b.actor]}),
        [READ, WRITE],
    ),
    "add candidates who are there already": (
        lambda c, b: c.post(f"/parts/{b.part}/candidates", {"actor_ids": [b.actor]}),
        [READ],
    ),
    "add candidates with a key": (
        lambda c, b: c.post(
            f"/parts/{b.part}/candidates",
            {"actor_ids": [b.new_actor]},
            **{"Idempotency-Key": "a key"},
        ),
        [READ, WRITE],
    ),
    "rate": (patch_candidate("candidate", rating=5), [READ, WRITE]),
    "shortlist": (patch_candidate("candidate", status="shortlisted"), [READ, WRITE]),
    "hold": (patch_candidate("candidate", status="on_hold"), [READ, WRITE]),
    "cast a candidate": (patch_candidate("candidate", status="cast"), [READ, WRITE]),
    "cast who is on hold": (patch_candidate("held", status="cast"), [READ, WRITE]),
    "release": (patch_candidate("held", status="released"), [READ, WRITE]),
    "release who is cast": (patch_candidate("cast", status="released"), [READ, WRITE]),
    "remove a candidate": (lambda c, b: c.delete(f"/candidates/{b.candidate}"), [READ, WRITE]),
    "remove a role with parts": (lambda c, b: c.delete(f"/roles/{b.role}"), [GET, READ, WRITE]),
    "change a role with parts": (
        lambda c, b: c.patch(f"/roles/{b.role}", {"billing_order": 2}),
        [GET, WRITE],
    ),
    # Marked as being deleted, then the candidacies, then the actor with the roles.
    "remove an actor with a candidacy": (
        lambda c, b: c.delete(f"/actors/{b.actor}"),
        ["Query", WRITE, "Query", "Query", READ, WRITE, "Query", WRITE],
    ),
}

BOARD_OPERATIONS = {**BOARD_READS, **BOARD_WRITES}

REJECTED: dict[str, Call] = {
    "an id that cannot be": lambda c, _: c.get("/movies/x"),
    "a bad body": lambda c, _: c.post("/movies", {"title": ""}),
    "a bad cursor": lambda c, _: c.get("/movies", cursor="x"),
    "an unknown path": lambda c, _: c.get("/nope"),
    "a wrong verb": lambda c, _: c.call("PUT", "/movies"),
    "no token": lambda c, _: Client(c.url).get("/movies"),
    "a part's id that cannot be": lambda c, t: c.get(f"/parts/{t.movie}"),
    "a part's id in a list": lambda c, t: c.get(f"/parts/{t.movie}/candidates", status="cast"),
    "a candidate's id that cannot be": lambda c, t: c.get(f"/candidates/{t.role}"),
    "too many candidates": lambda c, t: c.post(
        f"/parts/{t.role}/candidates", {"actor_ids": [f"{n:016}" for n in range(26)]}
    ),
    "a bad status": lambda c, _: c.get("/parts", status="x"),
}


@pytest.mark.parametrize(("call", "requests"), OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_sends_these_requests(
    producer: Client, sent: Sent, call: Call, requests: list[str]
) -> None:
    resources = faster_moto.once("add resources", lambda: Resources(producer))
    sent.clear()
    assert call(producer, resources).status in (200, 201)
    assert sent == requests


@pytest.mark.parametrize(("call", "requests"), BOARD_OPERATIONS.values(), ids=BOARD_OPERATIONS)
def test_an_operation_on_a_board_sends_these_requests(
    producer: Client, sent: Sent, call: BoardCall, requests: list[str]
) -> None:
    board = faster_moto.once("add a board", lambda: Board(producer))
    sent.clear()
    assert call(producer, board).status in (200, 201)
    assert sent == requests


@pytest.mark.parametrize("call", REJECTED.values(), ids=REJECTED)
def test_an_operation_that_cannot_succeed_sends_nothing(
    producer: Client, sent: Sent, call: Call
) -> None:
    resources = faster_moto.once("add resources", lambda: Resources(producer))
    sent.clear()
    assert call(producer, resources).status >= 400
    assert sent == []


@pytest.mark.parametrize(
    "path", ["/movies/{0}", "/actors/{0}", "/roles/{0}.{0}", "/movies/{0}/actors/{0}"]
)
def test_a_missing_item_costs_one_read(producer: Client, sent: Sent, path: str) -> None:
    path = path.format("AAAAAAAAAAAAAAAA")
    assert producer.delete(path).status == 404
    assert len(sent) == 1
    assert sent[0] in (GET, "Query")
    bodies: dict[str, Any] = {"movies": {"synopsis": "x"}, "actors": {"age": 1}}
    kind = path.split("/")[1]
    if kind in bodies and path.count("/") == 2:
        sent.clear()
        assert producer.patch(path, bodies[kind]).status == 404
        assert sent == [GET]


@contextmanager
def recorded() -> Iterator[list[dict[str, Any]]]:
    """The parameters of the requests to DynamoDB that are sent meanwhile."""
    requests: list[dict[str, Any]] = []
    events = table.connection.connection.client.meta.events

    def record(params: dict[str, Any], **_: Any) -> None:
        requests.append(params)

    events.register("provide-client-params.dynamodb", record)
    try:
        yield requests
    finally:
        events.unregister("provide-client-params.dynamodb", record)


def test_reads_by_id_are_strongly_consistent(producer: Client) -> None:
    resources = Resources(producer)
    with recorded() as requests:
        producer.get(f"/movies/{resources.cast_movie}")
        producer.get(f"/actors/{resources.cast_actor}")
        producer.get(f"/roles/{resources.role}")
        producer.get("/roles", movie_id=resources.cast_movie)
        producer.new_role(resources.movie, resources.actor)
    assert [params["ConsistentRead"] for params in requests[:4]] == [True] * 4
    assert requests[4]["RequestItems"]["casting-test"]["ConsistentRead"]
    assert not any("FilterExpression" in params for params in requests)


class Keys(list[int]):
    """The number of keys of each BatchGetItem."""


@pytest.fixture
def keys(empty_table: None) -> Iterator[Keys]:
    numbers = Keys()
    events = table.connection.connection.client.meta.events

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name == READ:
            numbers.append(len(params["RequestItems"]["casting-test"]["Keys"]))

    events.register("provide-client-params.dynamodb", record)
    yield numbers
    events.unregister("provide-client-params.dynamodb", record)


def test_the_requests_for_a_board_do_not_depend_on_the_number_of_candidates(
    producer: Client, sent: Sent, keys: Keys
) -> None:
    movie_id = producer.new_movie()
    part_id = producer.new_part(movie_id)

    def requests() -> dict[str, list[str]]:
        """Return the requests that each operation sends."""
        by_operation = {}
        for path, query in (
            (f"/parts/{part_id}", {}),
            (f"/parts/{part_id}/candidates", {}),
            (f"/parts/{part_id}/candidates", {"limit": 100}),
            (f"/parts/{part_id}/candidates", {"limit": 100, "status": "submitted"}),
            (f"/movies/{movie_id}/candidates", {"limit": 100}),
        ):
            sent.clear()
            assert len(producer.get(path, **query)["candidates"]) >= 10
            by_operation[f"{path} {query}"] = list(sent)
        sent.clear()
        producer.set_status(candidate_ids[0], "shortlisted", "submitted")
        by_operation["move"] = list(sent)
        return by_operation

    candidate_ids = add_crowd(part_id, 10)
    requests_for_few = requests()
    assert set(map(tuple, requests_for_few.values())) == {("Query", READ), (READ, WRITE) * 2}
    candidate_ids += add_crowd(part_id, 140)
    keys.clear()
    assert requests() == requests_for_few
    assert 90 < max(keys) <= MAX_KEYS

    # All pages together are all candidates, and no page needs more keys than one request takes.
    for path, query in (
        (f"/parts/{part_id}/candidates", {}),
        (f"/parts/{part_id}/candidates", {"status": "submitted"}),
        (f"/movies/{movie_id}/candidates", {}),
    ):
        keys.clear()
        sent.clear()
        pages = list(producer.pages(path, "candidates", limit=100, **query))
        listed = [candidate["id"] for page in pages for candidate in page]
        assert sorted(listed) == sorted(candidate_ids)
        assert sent == ["Query", READ] * len(pages)
        assert max(keys) <= MAX_KEYS


def test_a_page_ends_early_if_it_shows_more_than_100_other_items(
    producer: Client, keys: Keys
) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    for number in range(60):
        add_crowd(producer.new_part(movie_id, f"Part {number}"), 1)
        producer.new_candidate(producer.new_part(producer.new_movie()), actor_id)
    for path, member in (
        (f"/movies/{movie_id}/candidates", "candidates"),
        (f"/actors/{actor_id}/candidacies", "candidacies"),
    ):
        keys.clear()
        pages = list(producer.pages(path, member, limit=100))
        # Each candidate needs two items, and the page needs the owner of the list.
        assert [len(page) for page in pages] == [49, 11]
        assert keys == [99, 23]
        assert len({candidate["id"] for page in pages for candidate in page}) == 60


def test_reads_of_parts_and_candidates_are_strongly_consistent(producer: Client) -> None:
    board = Board(producer)
    with recorded() as requests:
        producer.get(f"/parts/{board.part}")
        producer.get(f"/parts/{board.part}/candidates")
        producer.get(f"/candidates/{board.candidate}")
    queries = [params for params in requests if "KeyConditionExpression" in params]
    reads = [params["RequestItems"]["casting-test"] for params in requests if params not in queries]
    assert (len(queries), len(reads)) == (2, 3)
    assert all(params["ConsistentRead"] for params in [*queries, *reads])
    assert not any("FilterExpression" in params for params in requests)
