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
from tests.store.storm import counts
from tests.store.storm import fields as storm_fields
from tests.store.storm.cases import (
    FINAL_PARENTS,
    IMPOSSIBLE,
    MOVIE,
    PARENTS,
    POSSIBLE,
    ROLE,
    WRONG_COUNTS,
    change,
    counted,
    creation,
    deletion,
    movie,
    problems,
    shown,
)
from tests.store.storm.fields import CHANGE_BODIES, CREATE_BODIES, FIELDS, NOT_COMPARED
from tests.store.storm.history import (
    DELETED,
    EXISTS,
    Observation,
    Write,
)
from tests.store.storm.lists import CANDIDACIES, IN_BILLING, NEWEST_MOVIE, ON_BOARD
from tests.store.storm.plan import plan, preparation
from tests.store.storm.run import SEED, Storm, empty_table
from tests.support.issuer import Issuer

pytestmark = pytest.mark.slow


def test_a_storm_leaves_no_problems(
    tmp_path: Path, engine_url: str, product_issuer: Issuer
) -> None:
    with empty_table(engine_url):
        # `make storm` runs more workers and operations.
        storm = Storm(tmp_path, engine_url, product_issuer, workers=4, operations=250, kills=3)
        problems = storm.run()
    report = "\n".join([*problems, str(storm.statistics), f"SEED={SEED}"])
    assert problems == [], report
    assert (storm.statistics.operations.total(), storm.statistics.kills) == (250, 3)
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
    for number in range(0, 25_000, 37):
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


def test_right_counts_have_no_problems() -> None:
    assert list(counts.problems(counted())) == []


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
