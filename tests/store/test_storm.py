"""A short storm, and proofs that its history finds each kind of wrong result."""

import datetime
import enum
import random
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from chalicelib.http.body import Body
from chalicelib.http.resource import Resource, Writable, fields_of
from chalicelib.routes.actors import Actor
from chalicelib.routes.candidates import Candidate
from chalicelib.routes.movies import Movie
from chalicelib.routes.parts import Part
from chalicelib.routes.roles import Role
from chalicelib.store.items import Actor as ActorItem
from chalicelib.store.items import Movie as MovieItem
from chalicelib.store.items import PartItem, RoleItem
from chalicelib.store.statuses import Status
from tests.store.storm import counts
from tests.store.storm import fields as storm_fields
from tests.store.storm.fields import CHANGE_BODIES, CREATE_BODIES, FIELDS, NOT_COMPARED, Fields
from tests.store.storm.history import (
    DELETED,
    EXISTS,
    ORIGIN,
    POSTED,
    History,
    Observation,
    Write,
)
from tests.store.storm.lists import CANDIDACIES, IN_BILLING, NEWEST_MOVIE, ON_BOARD
from tests.store.storm.plan import plan, preparation
from tests.store.storm.run import SEED, Storm, empty_table
from tests.support.issuer import Issuer

pytestmark = pytest.mark.slow

MOVIE, ACTOR, ROLE = "/movies/M", "/actors/A", "/roles/M.A"
PART, CANDIDATE = "/parts/M.P", "/candidates/M.P.A"


def test_a_storm_leaves_no_problems(
    tmp_path: Path, engine_url: str, product_issuer: Issuer
) -> None:
    with empty_table(engine_url):
        storm = Storm(tmp_path, engine_url, product_issuer, operations=500, kills=6)
        problems = storm.run()
    report = "\n".join([*problems, str(storm.statistics), f"SEED={SEED}"])
    assert problems == [], report
    assert (storm.statistics.operations.total(), storm.statistics.kills) == (500, 6)
    assert storm.statistics.long.keys() >= {"renaming", "deletion"}, report


def test_the_same_seed_returns_the_same_operations() -> None:
    assert plan(1, 0, 8, 200) == plan(1, 0, 8, 200)
    assert plan(1, 0, 8, 200) != plan(2, 0, 8, 200)


def test_no_two_operations_have_the_same_number() -> None:
    parts = [part for worker in range(8) for part in preparation(worker, 8)]
    parts += [plan(1, worker, 8, 200) for worker in range(8)]
    numbers = [operation.number for part in parts for operation in part]
    assert len(set(numbers)) == len(numbers)


RESOURCES: dict[str, type[Resource]] = {
    "movies": Movie,
    "actors": Actor,
    "roles": Role,
    "parts": Part,
    "candidates": Candidate,
}


@pytest.mark.parametrize("collection", RESOURCES)
def test_the_storm_writes_every_field_that_clients_write(collection: str) -> None:
    written = {
        field.name
        for field in fields_of(RESOURCES[collection])
        if field.access.writable is not Writable.NEVER
    }
    assert set(FIELDS[collection]) == written - NOT_COMPARED


def test_the_api_accepts_every_value_that_the_storm_sends() -> None:
    chance = random.Random(1)  # noqa: S311 -- no secret
    ids: dict[str, dict[str, Any]] = {
        "actors": {"age": 30},
        "roles": {"movie_id": "m", "actor_id": "a"},
    }
    for number in range(0, 25_000, 7):
        for collection in CREATE_BODIES:
            for new_fields in (storm_fields.new_fields, storm_fields.some_new_fields):
                body = {**new_fields(collection, number, chance), **ids.get(collection, {})}
                msgspec.convert(body, CREATE_BODIES[collection])
        for collection, body_type in CHANGE_BODIES.items():
            changes = storm_fields.some_changes(collection, number, chance)
            assert changes
            msgspec.convert(changes, body_type)


def test_every_value_of_the_beginning_of_a_range_is_before_every_value_of_its_end() -> None:
    chance = random.Random(1)  # noqa: S311 -- no secret
    for item_type in (MovieItem, ActorItem, RoleItem, PartItem):
        for low, high in item_type.ordered:
            fields = next(f for f in storm_fields.CHANGED.values() if {low, high} <= f.keys())
            values = {
                name: {storm_fields.value_of(fields[name], n, chance) for n in range(0, 25_000, 7)}
                for name in (low, high)
            }
            assert None in values[low]
            assert max(values[low] - {None}) <= min(values[high] - {None})


class Rating(enum.StrEnum):
    ADULTS = "adults"
    ALL = "all"


class NewFilm(Body):
    """A body with a field of each type."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    runtime_minutes: Annotated[int, Meta(ge=1, le=1_000)] | None
    is_restored: bool
    premiere: Annotated[datetime.date | None, Meta(description="The day")]
    rating: Rating
    aliases: list[Annotated[str, Meta(max_length=200)]]
    age: int = 0


def test_the_storm_has_values_for_every_type_of_field() -> None:
    chance = random.Random(1)  # noqa: S311 -- no secret
    fields = storm_fields.compared_fields(NewFilm)
    assert fields.keys() == set(NewFilm.__struct_fields__) - {"age"}
    bodies = []
    for number in range(2_000):
        values = {name: storm_fields.value_of(f, number, chance) for name, f in fields.items()}
        bodies.append(msgspec.convert(values, NewFilm))
    assert {body.rating for body in bodies} == set(Rating)
    assert {body.runtime_minutes for body in bodies} >= {None, 1, 1_000}
    assert None in {body.premiere for body in bodies}


def test_a_field_of_an_unknown_type_is_rejected() -> None:
    field = msgspec.inspect.Field("poster", "poster", msgspec.inspect.BytesType())
    with pytest.raises(TypeError, match="poster: the storm has no value"):
        storm_fields.value_of(field, 1, random.Random(1))  # noqa: S311 -- no secret


# --- The rules of the history

HISTORY_FIELDS = {
    "movies": ("title", "release_date"),
    "actors": ("name", "gender"),
    "roles": ("character_name", "billing_order"),
    "parts": ("name", "billing_order", "needed", "status"),
    "candidates": ("status", "note"),
}


def creation(ended: float = 1, lost: int = 0, **fields: Any) -> Write:
    return Write("somebody", ended - 1, ended, {EXISTS: True, **fields}, 1, lost)


def movie(ended: float = 1) -> Write:
    return creation(ended, title="Heat", release_date="1995-12-15")


def actor(ended: float = 1) -> Write:
    return creation(ended, name="Al Pacino", gender="male")


def role(ended: float, name: str = "Hanna", lost: int = 0) -> Write:
    return creation(ended, lost, character_name=name, billing_order=1, **{ORIGIN: POSTED})


def part(ended: float = 1) -> Write:
    return creation(ended, name="Neil", billing_order=2, needed=1, status="open")


def candidate(ended: float = 1, lost: int = 0) -> Write:
    return creation(ended, lost, status="submitted", note=None)


def change(sent: float, ended: float, done: int = 1, lost: int = 0, **fields: Any) -> Write:
    return Write("somebody", sent, ended, fields, done, lost)


def deletion(sent: float, ended: float, done: int = 1, lost: int = 0) -> Write:
    return Write("somebody", sent, ended, None, done, lost)


def shown(version: int = 1, **changes: Any) -> Fields:
    """Return the fields of a movie, an actor and a role in one, as the API shows them."""
    first = {"title": "Heat", "release_date": "1995-12-15", "name": "Al Pacino", "gender": "male"}
    first |= {"character_name": "Hanna"}
    return {**first, "billing_order": 1, "version": version, **changes}


def problems(
    writes: dict[str, list[Write]],
    final: dict[str, Fields],
    observations: dict[str, list[Observation]] | None = None,
) -> list[str]:
    history = History(HISTORY_FIELDS)
    for path, writes_to_path in writes.items():
        for write in writes_to_path:
            history.add_write(path, write)
    for path, observations_of_path in (observations or {}).items():
        for observation in observations_of_path:
            history.add_observation(path, observation)
    return [problem.splitlines()[0] for problem in history.problems(final)]


PARENTS = {MOVIE: [movie()], ACTOR: [actor()]}
FINAL_PARENTS = {MOVIE: shown(), ACTOR: shown()}

BOARD = {**PARENTS, PART: [part()], CANDIDATE: [candidate()]}
SHOWN_PART: Fields = {
    "name": "Neil",
    "billing_order": 2,
    "needed": 1,
    "status": "open",
    "version": 1,
    "candidate_count": 1,
    "counts": {**dict.fromkeys(Status, 0), "submitted": 1},
}
SHOWN_CANDIDATE: Fields = {
    "status": "submitted",
    "note": None,
    "version": 1,
    "part_id": "M.P",
}
CAST_PART = {**SHOWN_PART, "status": "cast"}
CAST_CANDIDATE = {**SHOWN_CANDIDATE, "status": "cast", "version": 2}
RELEASED = {**SHOWN_CANDIDATE, "status": "released", "version": 3}
CAST_ROLE = shown(character_name="Neil", billing_order=2)
FINAL_BOARD = {**FINAL_PARENTS, PART: SHOWN_PART, CANDIDATE: SHOWN_CANDIDATE}
CASTING = {**BOARD, CANDIDATE: [candidate(), change(2, 3, status="cast")]}
FINAL_CASTING = {**FINAL_PARENTS, PART: CAST_PART, CANDIDATE: CAST_CANDIDATE}
RELEASING = {**BOARD, CANDIDATE: [*CASTING[CANDIDATE], change(4, 5, status="released")]}
FINAL_RELEASING = {**FINAL_BOARD, CANDIDATE: RELEASED}

POSSIBLE: dict[str, tuple[dict[str, list[Write]], dict[str, Fields]]] = {
    "no writes": ({}, {}),
    "a creation": ({MOVIE: [movie()]}, {MOVIE: shown()}),
    "the later of two changes": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, title="B")]},
        {MOVIE: shown(3, title="B")},
    ),
    "either of two simultaneous changes": (
        {MOVIE: [movie(), change(2, 4, title="A"), change(3, 5, title="B")]},
        {MOVIE: shown(3, title="A")},
    ),
    "changes of different fields": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, release_date="2000-01-01")]},
        {MOVIE: shown(3, title="A", release_date="2000-01-01")},
    ),
    "a rejected change that was done": (
        {MOVIE: [movie(), change(2, 3, done=0, lost=1, title="A")]},
        {MOVIE: shown(2, title="A")},
    ),
    "a rejected change that was not done": (
        {MOVIE: [movie(), change(2, 3, done=0, lost=1, title="A")]},
        {MOVIE: shown()},
    ),
    "a retried change that was done twice": (
        {MOVIE: [movie(), change(2, 3, lost=1, title="A")]},
        {MOVIE: shown(3, title="A")},
    ),
    "a deletion": ({MOVIE: [movie(), deletion(2, 3)]}, {}),
    "a deletion whose response was lost, then 404": (
        {MOVIE: [movie(), deletion(2, 3, done=0, lost=1)]},
        {},
    ),
    "a change during the deletion": (
        {MOVIE: [movie(), deletion(2, 4), change(3, 5, title="A")]},
        {},
    ),
    "a role deleted with its movie": (
        {**PARENTS, MOVIE: [movie(), deletion(4, 5)], ROLE: [role(3)]},
        {ACTOR: shown()},
    ),
    "a role that was cast again": (
        {**PARENTS, ROLE: [role(3, "A"), deletion(4, 5), role(7, "B")]},
        {**FINAL_PARENTS, ROLE: shown(character_name="B")},
    ),
    "a role cast twice by one operation, deleted in between": (
        {**PARENTS, ROLE: [role(6, "A", lost=1), deletion(4, 5)]},
        {**FINAL_PARENTS, ROLE: shown(character_name="A")},
    ),
    "a candidate": (BOARD, FINAL_BOARD),
    "a candidate who was removed and added again": (
        {**BOARD, CANDIDATE: [candidate(), deletion(2, 3), candidate(5)]},
        FINAL_BOARD,
    ),
    "a candidate who was there already": (
        {**BOARD, CANDIDATE: [candidate(), Write("", 2, 3, {EXISTS: True}, confirms=True)]},
        FINAL_BOARD,
    ),
    "a candidate removed with the part": (
        {**BOARD, PART: [part(), deletion(2, 3)]},
        FINAL_PARENTS,
    ),
    "a candidate and a part removed with the movie": (
        {**BOARD, MOVIE: [movie(), deletion(2, 3)]},
        {ACTOR: shown()},
    ),
    "a role created by casting": (CASTING, {**FINAL_CASTING, ROLE: CAST_ROLE}),
    "a role created by casting, whose request was rejected in the end": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, 0, 1, status="cast")]},
        {**FINAL_CASTING, ROLE: CAST_ROLE},
    ),
    "a role created by casting, with a name from a simultaneous change of the part": (
        {**CASTING, PART: [part(), change(2, 4, name="Vincent")]},
        {
            **FINAL_CASTING,
            PART: {**CAST_PART, "name": "Vincent", "version": 2},
            ROLE: {**CAST_ROLE, "character_name": "Vincent"},
        },
    ),
    "a role created by casting and changed": (
        {**CASTING, ROLE: [change(4, 5, character_name="Hanna")]},
        {**FINAL_CASTING, ROLE: {**CAST_ROLE, "character_name": "Hanna"}},
    ),
    "a role deleted by releasing": (RELEASING, FINAL_RELEASING),
    "a role deleted with its part": (
        {**CASTING, PART: [part(), deletion(4, 5)]},
        FINAL_PARENTS,
    ),
    "a role that was there before casting, and stays": (
        {**RELEASING, ROLE: [role(1.5)]},
        {**FINAL_RELEASING, ROLE: shown()},
    ),
    "a candidate released by the deletion of the role": (
        {**CASTING, ROLE: [deletion(4, 5)]},
        FINAL_RELEASING,
    ),
}

IMPOSSIBLE: dict[str, tuple[dict[str, list[Write]], dict[str, Fields], list[str]]] = {
    "an acknowledged change that is missing": (
        {MOVIE: [movie(), change(2, 3, title="A")]},
        {MOVIE: shown(2)},
        ["/movies/M: title was 'Heat' (final state, inf to inf)"],
    ),
    "an acknowledged change of one field that is missing": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, release_date="2000-01-01")]},
        {MOVIE: shown(3, release_date="2000-01-01")},
        ["/movies/M: title was 'Heat' (final state, inf to inf)"],
    ),
    "an overwritten value": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, title="B")]},
        {MOVIE: shown(3, title="A")},
        ["/movies/M: title was 'A' (final state, inf to inf)"],
    ),
    "a value that only a rejected change overwrote": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, 0, 1, title="B")]},
        {MOVIE: shown(2)},
        ["/movies/M: title was 'Heat' (final state, inf to inf)"],
    ),
    "a value that nobody wrote": (
        {MOVIE: [movie()]},
        {MOVIE: shown(title="A")},
        ["/movies/M: title was 'A' (final state, inf to inf)"],
    ),
    "a movie that is missing": (
        {MOVIE: [movie()]},
        {},
        [
            "/movies/M: exists was '(deleted)' (final state, inf to inf)",
            "/movies/M: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a movie that exists after its deletion": (
        {MOVIE: [movie(), deletion(2, 3)]},
        {MOVIE: shown()},
        [
            "/movies/M: exists was True (final state, inf to inf)",
            "/movies/M: title was 'Heat' (final state, inf to inf)",
            "/movies/M: release_date was '1995-12-15' (final state, inf to inf)",
            "/movies/M: created 1 to 1 times, deleted 1 to 1 times, exists 1 times",
        ],
    ),
    "a movie that was created twice": (
        {MOVIE: [movie()]},
        {MOVIE: shown(), "/movies/N": shown()},
        [
            "/movies/N: exists was True (final state, inf to inf)",
            "/movies/N: title was 'Heat' (final state, inf to inf)",
            "/movies/N: release_date was '1995-12-15' (final state, inf to inf)",
            "/movies/N: created 0 to 0 times, deleted 0 to 0 times, exists 1 times",
        ],
    ),
    "a movie that was deleted twice": (
        {MOVIE: [movie(), deletion(2, 4), deletion(3, 5)]},
        {},
        ["/movies/M: created 1 to 1 times, deleted 2 to 2 times, exists 0 times"],
    ),
    "a change that was done twice": (
        {MOVIE: [movie(), change(2, 3, title="A")]},
        {MOVIE: shown(3, title="A")},
        ["/movies/M: version 3, not 2 to 2"],
    ),
    "a change that did not increase the version": (
        {MOVIE: [movie(), change(2, 3, title="A")]},
        {MOVIE: shown(1, title="A")},
        ["/movies/M: version 1, not 2 to 2"],
    ),
    "a role that exists after the deletion of its movie": (
        {**PARENTS, MOVIE: [movie(), deletion(4, 5)], ROLE: [role(3)]},
        {ACTOR: shown(), ROLE: shown()},
        [
            "/roles/M.A: exists was True (final state, inf to inf)",
            "/roles/M.A: character_name was 'Hanna' (final state, inf to inf)",
            "/roles/M.A: billing_order was 1 (final state, inf to inf)",
        ],
    ),
    "a role with a value from before its deletion": (
        {**PARENTS, ROLE: [role(3, "A"), deletion(4, 5), role(7, "B")]},
        {**FINAL_PARENTS, ROLE: shown(character_name="A")},
        ["/roles/M.A: character_name was 'A' (final state, inf to inf)"],
    ),
    "a role that was created twice": (
        {**PARENTS, ROLE: [role(3), role(3.5)]},
        {**FINAL_PARENTS, ROLE: shown()},
        ["/roles/M.A: created 2 to 2 times, deleted 0 to 0 times, exists 1 times"],
    ),
    "a role that was deleted twice": (
        {**PARENTS, ROLE: [role(3), deletion(4, 6), deletion(5, 7)]},
        FINAL_PARENTS,
        ["/roles/M.A: created 1 to 1 times, deleted 2 to 2 times, exists 0 times"],
    ),
    "an acknowledged note that is missing": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, note="Warm")]},
        {**FINAL_BOARD, CANDIDATE: {**SHOWN_CANDIDATE, "version": 2}},
        ["/candidates/M.P.A: note was None (final state, inf to inf)"],
    ),
    "an acknowledged status that is missing": (
        CASTING,
        {**FINAL_CASTING, CANDIDATE: {**CAST_CANDIDATE, "status": "submitted"}, ROLE: CAST_ROLE},
        ["/candidates/M.P.A: status was 'submitted' (final state, inf to inf)"],
    ),
    "a change of a candidate that was done twice": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, note="Warm")]},
        {**FINAL_BOARD, CANDIDATE: {**SHOWN_CANDIDATE, "note": "Warm", "version": 3}},
        ["/candidates/M.P.A: version 3, not 2 to 2"],
    ),
    "a candidate who is missing": (
        BOARD,
        {**FINAL_PARENTS, PART: SHOWN_PART},
        [
            "/candidates/M.P.A: exists was '(deleted)' (final state, inf to inf)",
            "/candidates/M.P.A: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a candidate who was there already, and is missing": (
        {**BOARD, CANDIDATE: [candidate(), deletion(2, 3), candidate(5), deletion(6, 7)]}
        | {CANDIDATE: [Write("", 8, 9, {EXISTS: True}, confirms=True)]},
        {**FINAL_PARENTS, PART: SHOWN_PART},
        ["/candidates/M.P.A: exists was '(deleted)' (final state, inf to inf)"],
    ),
    "a candidate who exists after the deletion of the part": (
        {**BOARD, PART: [part(), deletion(2, 3)]},
        {**FINAL_PARENTS, CANDIDATE: SHOWN_CANDIDATE},
        [
            "/candidates/M.P.A: exists was True (final state, inf to inf)",
            "/candidates/M.P.A: status was 'submitted' (final state, inf to inf)",
            "/candidates/M.P.A: note was None (final state, inf to inf)",
        ],
    ),
    "a part with an acknowledged change that is missing": (
        {**BOARD, PART: [part(), change(2, 3, needed=2)]},
        {**FINAL_BOARD, PART: {**SHOWN_PART, "version": 2}},
        ["/parts/M.P: needed was 1 (final state, inf to inf)"],
    ),
    "a role that nobody cast": (
        BOARD,
        {**FINAL_BOARD, ROLE: CAST_ROLE},
        [
            "/roles/M.A: exists was True (final state, inf to inf)",
            "/roles/M.A: character_name was 'Neil' (final state, inf to inf)",
            "/roles/M.A: billing_order was 2 (final state, inf to inf)",
            "/roles/M.A: created 0 to 0 times, deleted 0 to 0 times, exists 1 times",
        ],
    ),
    "a role with an old name of its part": (
        {**BOARD, PART: [part(), change(1.2, 1.4, name="Vincent")]}
        | {CANDIDATE: CASTING[CANDIDATE]},
        {
            **FINAL_CASTING,
            PART: {**CAST_PART, "name": "Vincent", "version": 2},
            ROLE: CAST_ROLE,
        },
        ["/roles/M.A: character_name was 'Neil' (final state, inf to inf)"],
    ),
    "a change of a role created by casting that is missing": (
        {**CASTING, ROLE: [change(4, 5, character_name="Hanna")]},
        {**FINAL_CASTING, ROLE: CAST_ROLE},
        ["/roles/M.A: character_name was 'Neil' (final state, inf to inf)"],
    ),
    "a role that was there before casting, deleted by releasing": (
        {**RELEASING, ROLE: [role(1.5)]},
        FINAL_RELEASING,
        [
            "/roles/M.A: exists was '(deleted)' (final state, inf to inf)",
            "/roles/M.A: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a role deleted by releasing somebody who was never cast": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, status="on_hold")]} | {ROLE: [role(1.5)]},
        {**FINAL_BOARD, CANDIDATE: {**CAST_CANDIDATE, "status": "on_hold"}},
        [
            "/roles/M.A: exists was '(deleted)' (final state, inf to inf)",
            "/roles/M.A: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a release that nobody wrote": (
        CASTING,
        {**FINAL_RELEASING, CANDIDATE: {**RELEASED, "version": 2}},
        ["/candidates/M.P.A: status was 'released' (final state, inf to inf)"],
    ),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_a_possible_history_has_no_problems(name: str) -> None:
    writes, final = POSSIBLE[name]
    assert problems(writes, final) == []


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_history_is_reported(name: str) -> None:
    writes, final, expected = IMPOSSIBLE[name]
    assert problems(writes, final) == expected


@pytest.mark.parametrize(
    ("sent", "ended", "title", "is_possible"),
    [
        (1.1, 1.9, "Heat", True),
        (1.1, 1.9, "A", False),  # its write had not begun
        (2.1, 2.9, "Heat", True),
        (2.1, 2.9, "A", True),
        (2.5, 3.5, "Heat", True),
        (3.1, 3.9, "Heat", False),
        (3.1, 3.9, "A", True),
    ],
)
def test_a_read_between_writes_must_follow_the_rule_for_values(
    sent: float, ended: float, title: str, is_possible: bool
) -> None:
    writes = {MOVIE: [movie(), change(2, 3, title="A")]}
    observation = Observation("a reader", sent, ended, {EXISTS: True, "title": title})
    problem = f"/movies/M: title was {title!r} (a reader, {sent:.4f} to {ended:.4f})"
    reported = problems(writes, {MOVIE: shown(2, title="A")}, {MOVIE: [observation]})
    assert reported == ([] if is_possible else [problem])


def test_a_missing_resource_before_its_deletion_is_reported() -> None:
    observation = Observation("a reader", 2, 3, {EXISTS: DELETED})
    reported = problems({MOVIE: [movie(), deletion(4, 5)]}, {}, {MOVIE: [observation]})
    assert reported == ["/movies/M: exists was '(deleted)' (a reader, 2.0000 to 3.0000)"]


@pytest.mark.parametrize(("casts", "is_possible"), [(1, False), (2, True)])
def test_a_casting_that_conflicts_with_itself_is_reported(casts: int, is_possible: bool) -> None:
    rejected = Write(
        "somebody", 2, 5, creation(5, character_name="A", billing_order=1).fields, 0, 1
    )
    others = Write("somebody else", 2, 3, rejected.fields)
    observation = Observation("somebody", 4, 5, {EXISTS: True}, by_others=True)
    history = {**PARENTS, ROLE: [rejected, others][:casts]}
    reported = problems(
        history, {**FINAL_PARENTS, ROLE: shown(character_name="A")}, {ROLE: [observation]}
    )
    assert reported == (
        [] if is_possible else ["/roles/M.A: exists was True (somebody, 4.0000 to 5.0000)"]
    )


@pytest.mark.parametrize(
    ("sent", "ended", "title", "is_possible"),
    [
        (2.1, 2.9, "Heat", True),  # during the renaming
        (3.1, 3.9, "Heat", False),
        (3.1, 3.9, "A", True),
        (5.1, 5.9, "Heat", True),  # during the next one, which may have overtaken it
        (7.1, 7.9, "Heat", False),
    ],
)
def test_a_copy_in_a_role_may_be_old_only_during_a_renaming(
    sent: float, ended: float, title: str, is_possible: bool
) -> None:
    dated = change(5, 6, release_date="2000-01-01")
    writes = {MOVIE: [movie(), change(2, 3, title="A"), dated]}
    final = {MOVIE: shown(3, title="A", release_date="2000-01-01")}
    reported = problems(
        writes, final, {MOVIE: [Observation("", sent, ended, {"title": title}, copy=True)]}
    )
    assert reported == (
        [] if is_possible else [f"/movies/M: title was {title!r} (, {sent:.4f} to {ended:.4f})"]
    )


def test_a_deletion_that_another_one_finishes_may_have_begun() -> None:
    begun = Write("the first", 2, 5, None, 0, finished=False)
    writes = {MOVIE: [movie(), begun, deletion(4, 5)]}
    reader = Observation("a reader", 3, 3.5, {EXISTS: DELETED})
    rejected = Observation("the first", 2, 5, {EXISTS: DELETED}, by_others=True)
    assert problems(writes, {}, {MOVIE: [reader, rejected]}) == []
    assert problems({MOVIE: [movie(), begun]}, {MOVIE: shown()}, {MOVIE: [rejected]}) == [
        "/movies/M: exists was '(deleted)' (the first, 2.0000 to 5.0000)"
    ]


# --- The rules for counts


def counted(**changes: Fields) -> dict[str, Fields]:
    """Return a movie with a part for one person, and an actor who is cast in it.

    `changes` are by the singular of the collection.
    """
    final: dict[str, Fields] = {
        MOVIE: {"role_count": 1, "part_count": 1},
        ACTOR: {"role_count": 1, "candidate_count": 1},
        ROLE: {"part_ids": ["M.P"]},
        PART: {**CAST_PART, "counts": {**dict.fromkeys(Status, 0), "cast": 1}},
        CANDIDATE: CAST_CANDIDATE,
    }
    empty: Fields = {}
    return {path: {**f, **changes.get(path.split("s/")[0][1:], empty)} for path, f in final.items()}


def test_right_counts_have_no_problems() -> None:
    assert list(counts.problems(counted())) == []


def cast_twice() -> dict[str, Fields]:
    part: Fields = {"counts": {**dict.fromkeys(Status, 0), "cast": 2}, "candidate_count": 2}
    return {
        **counted(movie={"role_count": 2}, part=part),
        "/actors/B": {"role_count": 1, "candidate_count": 1},
        "/roles/M.B": {"part_ids": ["M.P"]},
        "/candidates/M.P.B": CAST_CANDIDATE,
    }


WRONG_COUNTS: dict[str, tuple[dict[str, Fields], list[str]]] = {
    "two people cast into a part that needs one": (
        cast_twice(),
        ["/parts/M.P: 2 people are cast, but 1 are needed"],
    ),
    "a wrong count of roles": (
        counted(movie={"role_count": 2}),
        ["/movies/M: role_count is 2, not 1"],
    ),
    "a wrong count of parts": (
        counted(movie={"part_count": 0}),
        ["/movies/M: part_count is 0, not 1"],
    ),
    "a wrong count of candidacies": (
        counted(actor={"candidate_count": 2}),
        ["/actors/A: candidate_count is 2, not 1"],
    ),
    "a wrong count of candidates": (
        counted(part={"candidate_count": 2}),
        [
            "/parts/M.P: candidate_count is 2, not 1",
            "/parts/M.P: candidate_count is 2, not 1",
        ],
    ),
    "a wrong count of a status": (
        counted(part={"counts": {**dict.fromkeys(Status, 0), "offered": 1}}),
        [
            "/parts/M.P: it is cast, but 0 people of 1 are cast",
            "/parts/M.P: 0 are cast, not 1",
            "/parts/M.P: 1 are offered, not 0",
        ],
    ),
    "a full part that is open": (
        counted(part={"status": "open"}),
        ["/parts/M.P: it is open, but 1 people of 1 are cast"],
    ),
    "a role without its part": (
        counted(role={"part_ids": []}),
        ["/roles/M.A: its parts are [], not ['M.P']"],
    ),
    "somebody who is cast without a role": (
        {path: f for path, f in counted().items() if path != ROLE},
        [
            "/movies/M: role_count is 1, not 0",
            "/actors/A: role_count is 1, not 0",
            "/roles/M.A: it does not exist, but its actor is cast in ['M.P']",
        ],
    ),
}


@pytest.mark.parametrize("name", WRONG_COUNTS)
def test_a_wrong_count_is_reported(name: str) -> None:
    final, expected = WRONG_COUNTS[name]
    assert list(counts.problems(final)) == expected


def test_a_role_that_casting_created_must_have_a_part() -> None:
    key = {"pk": {"S": "MOVIE#M"}, "sk": {"S": "ROLE#A"}}
    cast_role = {**key, "is_cast": {"BOOL": True}}
    part_ids = {"part_ids": {"L": [{"S": "P"}]}}
    assert list(counts.abandoned_roles([key, {**cast_role, **part_ids}])) == []
    expected = ["MOVIE#M ROLE#A: casting created it, and it has no part"]
    assert list(counts.abandoned_roles([cast_role])) == expected


def test_a_list_in_a_wrong_order_is_detected() -> None:
    first = {"billing_order": 2, "name": "Name 1", "id": "c"}
    second, third = {**first, "billing_order": None}, {**first, "billing_order": None, "id": "d"}
    assert IN_BILLING.holds([])
    assert IN_BILLING.holds([first, second, third])
    assert not IN_BILLING.holds([second, first])
    assert not IN_BILLING.holds([first, third, second])
    assert not IN_BILLING.holds([first, first])
    older, newer = ({"release_date": f"{year}-01-01", "id": "a"} for year in (1999, 2000))
    assert NEWEST_MOVIE.holds([newer, older])
    assert not NEWEST_MOVIE.holds([older, newer])
    undated = {"release_date": None, "id": "a"}
    assert NEWEST_MOVIE.holds([newer, older, undated])
    assert not NEWEST_MOVIE.holds([undated, newer, older])
    best = {"status": "on_avail", "rating": 6, "status_since": "2027", "actor_id": "a"}
    best |= {"part_id": "M.P"}
    unrated, ended = {**best, "rating": None}, {**best, "status": "declined"}
    assert ON_BOARD.holds([best, unrated, ended])
    assert not ON_BOARD.holds([unrated, best])
    assert not ON_BOARD.holds([ended, best])
    later = {**best, "status": "submitted", "status_since": "2028"}
    assert CANDIDACIES.holds([best, later, ended])
    assert not CANDIDACIES.holds([later, best])
    assert not CANDIDACIES.holds([ended, best])
