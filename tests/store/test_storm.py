"""A short storm, and what its history finds: one that finds nothing would be worth nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.store.storm.history import GONE, Fields, History, Sight, Write
from tests.store.storm.people import IN_BILLING, NEWEST_MOVIE
from tests.store.storm.plan import plan, preparation
from tests.store.storm.run import Storm, empty_table
from tests.support.issuer import Issuer

pytestmark = pytest.mark.slow

MOVIE, ACTOR, ROLE = "/movies/M", "/actors/A", "/roles/M.A"


def test_a_storm_leaves_nothing_wrong(
    tmp_path: Path, engine_url: str, product_issuer: Issuer
) -> None:
    with empty_table(engine_url):
        storm = Storm(tmp_path, engine_url, product_issuer, operations=500, kills=6)
        problems = storm.run()
    told = "\n".join([*problems, str(storm.figures), f"SEED={storm.seed}"])
    assert problems == [], told
    assert (storm.figures.operations.total(), storm.figures.kills) == (500, 6)
    assert storm.figures.long.keys() >= {"renaming", "deletion"}, told


def test_a_seed_decides_what_is_done() -> None:
    assert plan(1, 0, 8, 200) == plan(1, 0, 8, 200)
    assert plan(1, 0, 8, 200) != plan(2, 0, 8, 200)


def test_no_two_operations_have_one_number() -> None:
    parts = [part for worker in range(8) for part in preparation(worker, 8)]
    parts += [plan(1, worker, 8, 200) for worker in range(8)]
    numbers = [operation.number for part in parts for operation in part]
    assert len(set(numbers)) == len(numbers)


def made(ended: float = 1, lost: int = 0, **fields: Any) -> Write:
    return Write("somebody", ended - 1, ended, {"there": True, **fields}, 1, lost)


def movie(ended: float = 1) -> Write:
    return made(ended, title="Heat", release_date="1995-12-15")


def actor(ended: float = 1) -> Write:
    return made(ended, name="Al Pacino", gender="male")


def role(ended: float, name: str = "Hanna", lost: int = 0) -> Write:
    return made(ended, lost, character_name=name, billing_order=1)


def changed(sent: float, ended: float, done: int = 1, lost: int = 0, **fields: Any) -> Write:
    return Write("somebody", sent, ended, fields, done, lost)


def removed(sent: float, ended: float, done: int = 1, lost: int = 0) -> Write:
    return Write("somebody", sent, ended, None, done, lost)


def shown(version: int = 1, **changes: Any) -> Fields:
    """Give a movie and a role in one, as they are shown at the end."""
    first = {"title": "Heat", "release_date": "1995-12-15", "name": "Al Pacino", "gender": "male"}
    first |= {"character_name": "Hanna"}
    return {**first, "billing_order": 1, "version": version, **changes}


def problems(
    writes: dict[str, list[Write]],
    last: dict[str, Fields],
    sights: dict[str, list[Sight]] | None = None,
) -> list[str]:
    history = History()
    for path, of_path in writes.items():
        for write in of_path:
            history.wrote(path, write)
    for path, seen in (sights or {}).items():
        for sight in seen:
            history.saw(path, sight)
    return [problem.splitlines()[0] for problem in history.problems(last)]


ENDS = {MOVIE: [movie()], ACTOR: [actor()]}
THERE = {MOVIE: shown(), ACTOR: shown()}

RIGHT: dict[str, tuple[dict[str, list[Write]], dict[str, Fields]]] = {
    "nothing": ({}, {}),
    "added": ({MOVIE: [movie()]}, {MOVIE: shown()}),
    "the later of two": (
        {MOVIE: [movie(), changed(2, 3, title="A"), changed(4, 5, title="B")]},
        {MOVIE: shown(3, title="B")},
    ),
    "the earlier of two at once": (
        {MOVIE: [movie(), changed(2, 4, title="A"), changed(3, 5, title="B")]},
        {MOVIE: shown(3, title="A")},
    ),
    "two fields": (
        {MOVIE: [movie(), changed(2, 3, title="A"), changed(4, 5, release_date="2000-01-01")]},
        {MOVIE: shown(3, title="A", release_date="2000-01-01")},
    ),
    "a refused one that was done": (
        {MOVIE: [movie(), changed(2, 3, done=0, lost=1, title="A")]},
        {MOVIE: shown(2, title="A")},
    ),
    "a refused one that was not done": (
        {MOVIE: [movie(), changed(2, 3, done=0, lost=1, title="A")]},
        {MOVIE: shown()},
    ),
    "a repeated one that was done twice": (
        {MOVIE: [movie(), changed(2, 3, lost=1, title="A")]},
        {MOVIE: shown(3, title="A")},
    ),
    "removed": ({MOVIE: [movie(), removed(2, 3)]}, {}),
    "removed by one that heard nothing, then 404": (
        {MOVIE: [movie(), removed(2, 3, done=0, lost=1)]},
        {},
    ),
    "a change at once with the removal": (
        {MOVIE: [movie(), removed(2, 4), changed(3, 5, title="A")]},
        {},
    ),
    "removed with its movie": (
        {**ENDS, MOVIE: [movie(), removed(4, 5)], ROLE: [role(3)]},
        {ACTOR: shown()},
    ),
    "cast again": (
        {**ENDS, ROLE: [role(3, "A"), removed(4, 5), role(7, "B")]},
        {**THERE, ROLE: shown(character_name="B")},
    ),
    "cast twice by one, with a removal in between": (
        {**ENDS, ROLE: [role(6, "A", lost=1), removed(4, 5)]},
        {**THERE, ROLE: shown(character_name="A")},
    ),
}

WRONG: dict[str, tuple[dict[str, list[Write]], dict[str, Fields], list[str]]] = {
    "a lost write": (
        {MOVIE: [movie(), changed(2, 3, title="A")]},
        {MOVIE: shown(2)},
        ["/movies/M: title was 'Heat' (the end, inf to inf)"],
    ),
    "a lost field": (
        {MOVIE: [movie(), changed(2, 3, title="A"), changed(4, 5, release_date="2000-01-01")]},
        {MOVIE: shown(3, release_date="2000-01-01")},
        ["/movies/M: title was 'Heat' (the end, inf to inf)"],
    ),
    "an earlier write after a later one": (
        {MOVIE: [movie(), changed(2, 3, title="A"), changed(4, 5, title="B")]},
        {MOVIE: shown(3, title="A")},
        ["/movies/M: title was 'A' (the end, inf to inf)"],
    ),
    "undone only by one that was refused": (
        {MOVIE: [movie(), changed(2, 3, title="A"), changed(4, 5, 0, 1, title="B")]},
        {MOVIE: shown(2)},
        ["/movies/M: title was 'Heat' (the end, inf to inf)"],
    ),
    "what nobody wrote": (
        {MOVIE: [movie()]},
        {MOVIE: shown(title="A")},
        ["/movies/M: title was 'A' (the end, inf to inf)"],
    ),
    "a lost movie": (
        {MOVIE: [movie()]},
        {},
        [
            "/movies/M: there was '(gone)' (the end, inf to inf)",
            "/movies/M: made 1 to 1 times, removed 0 to 0 times, there 0 times",
        ],
    ),
    "a movie that is there after its removal": (
        {MOVIE: [movie(), removed(2, 3)]},
        {MOVIE: shown()},
        [
            "/movies/M: there was True (the end, inf to inf)",
            "/movies/M: title was 'Heat' (the end, inf to inf)",
            "/movies/M: release_date was '1995-12-15' (the end, inf to inf)",
            "/movies/M: made 1 to 1 times, removed 1 to 1 times, there 1 times",
        ],
    ),
    "a movie that was added twice": (
        {MOVIE: [movie()]},
        {MOVIE: shown(), "/movies/N": shown()},
        [
            "/movies/N: there was True (the end, inf to inf)",
            "/movies/N: title was 'Heat' (the end, inf to inf)",
            "/movies/N: release_date was '1995-12-15' (the end, inf to inf)",
            "/movies/N: made 0 to 0 times, removed 0 to 0 times, there 1 times",
        ],
    ),
    "a movie that two removed": (
        {MOVIE: [movie(), removed(2, 4), removed(3, 5)]},
        {},
        ["/movies/M: made 1 to 1 times, removed 2 to 2 times, there 0 times"],
    ),
    "a change that was done twice": (
        {MOVIE: [movie(), changed(2, 3, title="A")]},
        {MOVIE: shown(3, title="A")},
        ["/movies/M: version 3, not 2 to 2"],
    ),
    "a change that was not counted": (
        {MOVIE: [movie(), changed(2, 3, title="A")]},
        {MOVIE: shown(1, title="A")},
        ["/movies/M: version 1, not 2 to 2"],
    ),
    "a role that outlived its movie": (
        {**ENDS, MOVIE: [movie(), removed(4, 5)], ROLE: [role(3)]},
        {ACTOR: shown(), ROLE: shown()},
        [
            "/roles/M.A: there was True (the end, inf to inf)",
            "/roles/M.A: character_name was 'Hanna' (the end, inf to inf)",
            "/roles/M.A: billing_order was 1 (the end, inf to inf)",
        ],
    ),
    "a role as it was before it was removed": (
        {**ENDS, ROLE: [role(3, "A"), removed(4, 5), role(7, "B")]},
        {**THERE, ROLE: shown(character_name="A")},
        ["/roles/M.A: character_name was 'A' (the end, inf to inf)"],
    ),
    "a role that two cast": (
        {**ENDS, ROLE: [role(3), role(3.5)]},
        {**THERE, ROLE: shown()},
        ["/roles/M.A: made 2 to 2 times, removed 0 to 0 times, there 1 times"],
    ),
    "a role that two removed": (
        {**ENDS, ROLE: [role(3), removed(4, 6), removed(5, 7)]},
        THERE,
        ["/roles/M.A: made 1 to 1 times, removed 2 to 2 times, there 0 times"],
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_history_that_can_be_has_no_problems(name: str) -> None:
    writes, last = RIGHT[name]
    assert problems(writes, last) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_history_that_cannot_be_is_found(name: str) -> None:
    writes, last, told = WRONG[name]
    assert problems(writes, last) == told


@pytest.mark.parametrize(
    ("sent", "ended", "title", "can_be"),
    [
        (1.1, 1.9, "Heat", True),
        (1.1, 1.9, "A", False),  # nobody had begun to write it
        (2.1, 2.9, "Heat", True),
        (2.1, 2.9, "A", True),
        (2.5, 3.5, "Heat", True),
        (3.1, 3.9, "Heat", False),
        (3.1, 3.9, "A", True),
    ],
)
def test_what_is_read_meanwhile_is_judged_too(
    sent: float, ended: float, title: str, can_be: bool
) -> None:
    writes = {MOVIE: [movie(), changed(2, 3, title="A")]}
    sight = Sight("a reader", sent, ended, {"there": True, "title": title})
    wrong = f"/movies/M: title was {title!r} (a reader, {sent:.4f} to {ended:.4f})"
    found = problems(writes, {MOVIE: shown(2, title="A")}, {MOVIE: [sight]})
    assert found == ([] if can_be else [wrong])


def test_what_is_missing_meanwhile_is_found() -> None:
    sight = Sight("a reader", 2, 3, {"there": GONE})
    found = problems({MOVIE: [movie(), removed(4, 5)]}, {}, {MOVIE: [sight]})
    assert found == ["/movies/M: there was '(gone)' (a reader, 2.0000 to 3.0000)"]


@pytest.mark.parametrize(("casts", "can_be"), [(1, False), (2, True)])
def test_a_casting_that_is_in_its_own_way_is_found(casts: int, can_be: bool) -> None:
    refused = Write("somebody", 2, 5, made(5, character_name="A", billing_order=1).fields, 0, 1)
    others = Write("somebody else", 2, 3, refused.fields)
    sight = Sight("somebody", 4, 5, {"there": True}, by_others=True)
    history = {**ENDS, ROLE: [refused, others][:casts]}
    found = problems(history, {**THERE, ROLE: shown(character_name="A")}, {ROLE: [sight]})
    assert found == ([] if can_be else ["/roles/M.A: there was True (somebody, 4.0000 to 5.0000)"])


@pytest.mark.parametrize(
    ("sent", "ended", "title", "can_be"),
    [
        (2.1, 2.9, "Heat", True),  # while it is renamed
        (3.1, 3.9, "Heat", False),
        (3.1, 3.9, "A", True),
        (5.1, 5.9, "Heat", True),  # while it is dated: the one may have left it to the other
        (7.1, 7.9, "Heat", False),
    ],
)
def test_what_a_role_shows_of_its_movie_may_be_late_while_that_is_renamed(
    sent: float, ended: float, title: str, can_be: bool
) -> None:
    dated = changed(5, 6, release_date="2000-01-01")
    writes = {MOVIE: [movie(), changed(2, 3, title="A"), dated]}
    last = {MOVIE: shown(3, title="A", release_date="2000-01-01")}
    found = problems(writes, last, {MOVIE: [Sight("", sent, ended, {"title": title}, copy=True)]})
    assert found == (
        [] if can_be else [f"/movies/M: title was {title!r} (, {sent:.4f} to {ended:.4f})"]
    )


def test_a_list_out_of_order_is_found() -> None:
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
