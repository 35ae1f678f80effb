"""The protocols under every order of their steps; `make model` tries 20,000 schedules of each pair.

What counts is that the checker can fail: each condition that is taken out is found.
"""

import contextlib
import inspect
import random
from collections.abc import Iterator
from types import ModuleType

import pytest

from chalicelib.store import links, table
from dev.table.integrity import problems, read
from tests.store import model
from tests.store.model import OPERATIONS, PAIRS, Check, Mutant, said, seen, world

pytestmark = pytest.mark.slow

SCHEDULES, SEED = 50, 7
MOST = 3_000  # schedules within which a mutant must be found


@pytest.mark.parametrize("few", [False, True], ids=["all roles fit", "few roles fit"])
def test_no_schedule_of_two_operations_is_bad(few: bool) -> None:
    for pair in PAIRS:
        if pair[0] == few:
            assert list(Check(*pair).run(SCHEDULES, SEED)) == []


FEW = True
MUTANTS: dict[str, tuple[bool, tuple[str, str], Mutant]] = {
    "casting does not ask whether the role is there": (
        not FEW,
        ("cast", "cast with a key"),
        Mutant("cast", "Put", "ROLE#", "pk"),
    ),
    "casting does not hold the movie to its title": (
        not FEW,
        ("cast", "rename the movie"),
        Mutant("cast", "Update", "#", "title"),
    ),
    "casting does not hold the movie to its date": (
        not FEW,
        ("cast", "date the movie"),
        Mutant("cast", "Update", "#", "release_date"),
    ),
    "casting does not hold the actor to their name": (
        not FEW,
        ("cast the actor", "rename the actor"),
        Mutant("cast the actor", "Update", "#", "name"),
    ),
    "adding with a key does not ask whether it is there": (
        not FEW,
        ("add with a key", "add another with the key"),
        Mutant("add with a key", "Put", "#", "pk"),
    ),
    "changing a role does not hold it to its version": (
        not FEW,
        ("change the role", "change the role"),
        Mutant("change the role", "Update", "ROLE#", "version"),
    ),
    "changing a role does not hold it to the actor's name": (
        not FEW,
        ("change the role", "rename the actor"),
        Mutant("change the role", "Update", "ROLE#", "actor_name"),
    ),
    "removing a role does not ask whether it is there": (
        not FEW,
        ("remove the role", "remove the role"),
        Mutant("remove the role", "Delete", "ROLE#", "pk"),
    ),
    "editing an actor does not ask whether they are there": (
        not FEW,
        ("edit the actor", "delete the actor"),
        Mutant("edit the actor", "Update", "#", "pk"),
    ),
    "If-Match is not held": (
        not FEW,
        ("edit the actor's version", "edit the actor's version"),
        Mutant("edit the actor's version", "Update", "#", "version"),
    ),
    "renaming a movie does not hold it to its count": (
        not FEW,
        ("cast", "rename the movie"),
        Mutant("rename the movie", "Update", "#", "role_count"),
    ),
    "renaming an actor does not hold them to their count": (
        not FEW,
        ("cast the actor", "rename the actor"),
        Mutant("rename the actor", "Update", "#", "role_count"),
    ),
    "renaming a movie does not hold it to its version": (
        not FEW,
        ("rename the movie", "date the movie"),
        Mutant("rename the movie", "Update", "#", "version"),
    ),
    "renaming an actor does not hold their roles to their versions": (
        not FEW,
        ("change the role", "rename the actor"),
        Mutant("rename the actor", "Update", "ROLE#", "version"),
    ),
    "renaming in steps does not hold the movie to its title": (
        FEW,
        ("rename the movie", "rename the movie back"),
        Mutant("rename the movie", "Update", "#", "title"),
    ),
    "renaming in steps does not ask whether a role is there": (
        FEW,
        ("remove the role", "rename the movie"),
        Mutant("rename the movie", "Update", "ROLE#", "version"),
    ),
    "deleting a movie does not hold it to its count": (
        not FEW,
        ("cast", "delete the movie"),
        Mutant("delete the movie", "Delete", "#", "role_count"),
    ),
    "deleting an actor does not hold them to their count": (
        FEW,
        ("cast the actor", "delete the actor"),
        Mutant("delete the actor", "Delete", "#", "role_count"),
    ),
    "deleting in steps does not ask whether a role is there": (
        FEW,
        ("remove the role", "delete the movie"),
        Mutant("delete the movie", "Delete", "ROLE#", "pk"),
    ),
    "deleting in steps marks what is not there": (
        FEW,
        ("delete the movie", "delete the movie"),
        Mutant("delete the movie", "Update", "#", "pk"),
    ),
}


@pytest.mark.parametrize(("few", "names", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_a_condition_that_is_taken_out_is_found(
    few: bool, names: tuple[str, str], mutant: Mutant
) -> None:
    assert next(Check(few, names, mutant).run(MOST, SEED), None)
    assert next(Check(few, names).run(SCHEDULES, SEED), None) is None


def test_a_renaming_that_is_not_closed_by_the_count_is_found() -> None:
    closed = """            if walk.seen == walk.total:
                complete = _same_renaming(parent) & (Parent.role_count == walk.total)
"""
    open_ended = """            if True:
                complete = _same_renaming(parent)
"""
    with changed(links, closed, open_ended):
        assert next(Check(FEW, ("cast", "rename the movie")).run(MOST, SEED), None)


@contextlib.contextmanager
def changed(module: ModuleType, old: str, new: str) -> Iterator[None]:
    """Run with other words in a module."""
    source, before = inspect.getsource(module), dict(vars(module))
    assert source.count(old) == 1
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), vars(module))  # noqa: S102
    try:
        yield
    finally:
        vars(module).update(before)


@pytest.mark.parametrize("few", [False, True], ids=["all roles fit", "few roles fit"])
def test_the_models_engine_answers_as_the_real_one_does(real_table: str, few: bool) -> None:
    chance = random.Random(SEED)  # noqa: S311 -- a shuffle
    dispatch = table.connection.connection.dispatch
    for _ in range(6):
        names = chance.sample(list(OPERATIONS), len(OPERATIONS))
        with world(few) as engine:
            answers = [said(OPERATIONS[name]) for name in names]
        with model.store_on(dispatch, few):
            assert [said(OPERATIONS[name]) for name in names] == answers
        items = list(read())
        assert problems(items) == []
        assert {model.key(i): model.unmarked(i) for i in items} == seen(engine)
        for item in items:
            table.connection.delete_item(item["pk"]["S"], item["sk"]["S"])
