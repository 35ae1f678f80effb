"""The protocols under every order of their steps; `make model` tries 20,000 schedules of each pair.

The checker must be able to fail: the removal of each condition is detected.
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
from tests.store.model import OPERATIONS, PAIRS, Check, Mutant, result_of, seen, world

pytestmark = pytest.mark.slow

SCHEDULES, SEED = 50, 7
MOST = 3_000  # the number of schedules within which a mutant must be detected


@pytest.mark.parametrize("few", [False, True], ids=["all roles fit", "few roles fit"])
def test_no_schedule_of_two_operations_fails(few: bool) -> None:
    for pair in PAIRS:
        if pair[0] == few:
            assert list(Check(*pair).run(SCHEDULES, SEED)) == []


FEW = True
MUTANTS: dict[str, tuple[bool, tuple[str, str], Mutant]] = {
    "casting does not check whether the role exists": (
        not FEW,
        ("cast", "cast with a key"),
        Mutant("cast", "Put", "ROLE#", "pk"),
    ),
    "casting does not check the title of the movie": (
        not FEW,
        ("cast", "rename the movie"),
        Mutant("cast", "Update", "#", "title"),
    ),
    "casting does not check the date of the movie": (
        not FEW,
        ("cast", "date the movie"),
        Mutant("cast", "Update", "#", "release_date"),
    ),
    "casting does not check the name of the actor": (
        not FEW,
        ("cast the actor", "rename the actor"),
        Mutant("cast the actor", "Update", "#", "name"),
    ),
    "adding with a key does not check whether it exists": (
        not FEW,
        ("add with a key", "add another with the key"),
        Mutant("add with a key", "Put", "#", "pk"),
    ),
    "changing a role does not check its version": (
        not FEW,
        ("change the role", "change the role"),
        Mutant("change the role", "Update", "ROLE#", "version"),
    ),
    "changing a role does not check the name of the actor": (
        not FEW,
        ("change the role", "rename the actor"),
        Mutant("change the role", "Update", "ROLE#", "actor_name"),
    ),
    "removing a role does not check whether it exists": (
        not FEW,
        ("remove the role", "remove the role"),
        Mutant("remove the role", "Delete", "ROLE#", "pk"),
    ),
    "editing an actor does not check whether they exist": (
        not FEW,
        ("edit the actor", "delete the actor"),
        Mutant("edit the actor", "Update", "#", "pk"),
    ),
    "If-Match is ignored": (
        not FEW,
        ("edit the actor's version", "edit the actor's version"),
        Mutant("edit the actor's version", "Update", "#", "version"),
    ),
    "renaming a movie does not check its count": (
        not FEW,
        ("cast", "rename the movie"),
        Mutant("rename the movie", "Update", "#", "role_count"),
    ),
    "renaming an actor does not check their count": (
        not FEW,
        ("cast the actor", "rename the actor"),
        Mutant("rename the actor", "Update", "#", "role_count"),
    ),
    "renaming a movie does not check its version": (
        not FEW,
        ("rename the movie", "date the movie"),
        Mutant("rename the movie", "Update", "#", "version"),
    ),
    "renaming an actor does not check the versions of their roles": (
        not FEW,
        ("change the role", "rename the actor"),
        Mutant("rename the actor", "Update", "ROLE#", "version"),
    ),
    "renaming in steps does not check the title of the movie": (
        FEW,
        ("rename the movie", "rename the movie back"),
        Mutant("rename the movie", "Update", "#", "title"),
    ),
    "renaming in steps does not check whether a role exists": (
        FEW,
        ("remove the role", "rename the movie"),
        Mutant("rename the movie", "Update", "ROLE#", "version"),
    ),
    "deleting a movie does not check its count": (
        not FEW,
        ("cast", "delete the movie"),
        Mutant("delete the movie", "Delete", "#", "role_count"),
    ),
    "deleting an actor does not check their count": (
        FEW,
        ("cast the actor", "delete the actor"),
        Mutant("delete the actor", "Delete", "#", "role_count"),
    ),
    "deleting in steps does not check whether a role exists": (
        FEW,
        ("remove the role", "delete the movie"),
        Mutant("delete the movie", "Delete", "ROLE#", "pk"),
    ),
    "deleting in steps marks a movie that does not exist": (
        FEW,
        ("delete the movie", "delete the movie"),
        Mutant("delete the movie", "Update", "#", "pk"),
    ),
}


@pytest.mark.parametrize(("few", "names", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_a_removed_condition_is_detected(few: bool, names: tuple[str, str], mutant: Mutant) -> None:
    assert next(Check(few, names, mutant).run(MOST, SEED), None)
    assert next(Check(few, names).run(SCHEDULES, SEED), None) is None


def test_a_renaming_that_does_not_end_by_the_count_is_detected() -> None:
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
    """Run with a changed source of a module."""
    source, before = inspect.getsource(module), dict(vars(module))
    assert source.count(old) == 1
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), vars(module))  # noqa: S102
    try:
        yield
    finally:
        vars(module).update(before)


@pytest.mark.parametrize("few", [False, True], ids=["all roles fit", "few roles fit"])
def test_the_engine_of_the_model_answers_like_the_real_one(real_table: str, few: bool) -> None:
    chance = random.Random(SEED)  # noqa: S311 -- a shuffle
    dispatch = table.connection.connection.dispatch
    for _ in range(6):
        names = chance.sample(list(OPERATIONS), len(OPERATIONS))
        with world(few) as engine:
            results = [result_of(OPERATIONS[name]) for name in names]
        with model.store_on(dispatch, few):
            assert [result_of(OPERATIONS[name]) for name in names] == results
        items = list(read())
        assert problems(items) == []
        assert {model.key(i): model.unmarked(i) for i in items} == seen(engine)
        for item in items:
            table.connection.delete_item(item["pk"]["S"], item["sk"]["S"])
