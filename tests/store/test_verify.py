"""`make verify` finds each kind of damage, and repairs it without losing anything correct."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from pynamodb.attributes import UnicodeAttribute

from chalicelib.errors import MovieNotFound
from chalicelib.settings import TABLE_NAME
from chalicelib.store import dynamodb, table
from chalicelib.store.items import Role
from chalicelib.store.resource import Collection, Resource
from chalicelib.store.table import Order
from dev.table import integrity
from dev.table.integrity import KINDS, Problem, check, problems, read, repair
from tests.conftest import PROJECT, Product
from tests.store.test_links import build
from tests.support.client import Client, assert_failure

NOBODY = "AAAAAAAAAAAAAAAA"
LONG_AGO = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def empty_table(real_table: str) -> str:
    return real_table


class Agency:
    """Two movies, two actors and three roles, one of which will be damaged."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.movie_id, other_movie = client.new_movie("Heat"), client.new_movie("Ronin")
        self.actor_id, other_actor = client.new_actor("Al Pacino"), client.new_actor("Val Kilmer")
        client.new_role(self.movie_id, other_actor)
        client.new_role(other_movie, self.actor_id)
        self.role_id = client.new_role(
            self.movie_id, self.actor_id, character_name="Hanna", billing_order=1
        )
        self.movie, self.actor = (f"MOVIE#{self.movie_id}", "#"), (f"ACTOR#{self.actor_id}", "#")
        self.beside_movie = f"MOVIE#{self.movie_id}", f"ROLE#{self.actor_id}"
        self.beside_actor = f"ACTOR#{self.actor_id}", f"ROLE#{self.movie_id}"

    def shown(self) -> list[Any]:
        """Return everything that clients see of it, without the counts of writes."""
        paths = ["/movies", "/actors", "/roles"]
        paths += [f"/movies/{self.movie_id}/actors", f"/actors/{self.actor_id}/movies"]
        return [self.client.get(path).text for path in paths]


@pytest.fixture
def agency(producer: Client) -> Agency:
    return Agency(producer)


def erase(key: tuple[str, str]) -> None:
    table.connection.connection.client.delete_item(TableName=TABLE_NAME, Key=raw(key))


def alter(key: tuple[str, str], **attributes: str | int) -> None:
    names = {f"#{name}": name for name in attributes}
    values = {
        f":{name}": {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in attributes.items()
    }
    table.connection.connection.client.update_item(
        TableName=TABLE_NAME,
        Key=raw(key),
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
    )


def raw(key: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def look() -> list[Problem]:
    return check(stuck_seconds=60, settle_seconds=0)


def repaired() -> list[Problem]:
    """Repair until nothing is left to repair. Return the remaining problems."""
    for _ in range(integrity.ROUNDS):
        repair(look(), settle_seconds=0)
    return look()


Damage = Callable[[Agency], None]


def both(one: Damage, other: Damage) -> Damage:
    def damage(agency: Agency) -> None:
        one(agency)
        other(agency)

    return damage


# The damage, the kinds that are reported, and whether the repair restores everything.
DAMAGES: dict[str, tuple[Damage, set[str], bool]] = {
    "a movie is missing": (lambda a: erase(a.movie), {"dangling"}, False),
    "an actor is missing": (lambda a: erase(a.actor), {"dangling"}, False),
    "a role is not beside its movie": (
        lambda a: erase(a.beside_movie),
        {"half", "miscounted"},
        True,
    ),
    "a role is not beside its actor": (
        lambda a: erase(a.beside_actor),
        {"half", "miscounted"},
        True,
    ),
    "a role is older beside its movie": (
        lambda a: alter(a.beside_movie, version=0, character_name="Old"),
        {"half"},
        True,
    ),
    "a role is older beside its actor": (
        lambda a: alter(a.beside_actor, version=0, billing_order=9),
        {"half"},
        True,
    ),
    "an old name of the actor": (
        lambda a: alter(a.beside_movie, actor_name="Old"),
        {"stale"},
        True,
    ),
    "an old title of the movie": (
        lambda a: alter(a.beside_actor, movie_title="Old"),
        {"stale"},
        True,
    ),
    "an old release date of the movie": (
        lambda a: alter(a.beside_actor, movie_release_date="1900-01-01"),
        {"stale"},
        True,
    ),
    "a wrong place in the cast": (lambda a: alter(a.beside_movie, gsi1sk="x"), {"stale"}, True),
    "a wrong place in the filmography": (
        lambda a: alter(a.beside_actor, gsi2sk="x"),
        {"stale"},
        True,
    ),
    "a wrong place among the roles": (lambda a: alter(a.beside_movie, gsi2sk="x"), {"stale"}, True),
    "a wrong place among the movies": (lambda a: alter(a.movie, gsi2sk="x"), {"stale"}, True),
    "a wrong place among the actors": (lambda a: alter(a.actor, gsi1sk="x"), {"stale"}, True),
    "a movie counts too few": (lambda a: alter(a.movie, role_count=1), {"miscounted"}, True),
    "an actor counts too many": (lambda a: alter(a.actor, role_count=7), {"miscounted"}, True),
    "a renaming was not finished": (
        both(
            lambda a: alter(a.actor, renaming=LONG_AGO),
            lambda a: alter(a.beside_movie, actor_name="Old"),
        ),
        {"stale", "stuck"},
        True,
    ),
    "a deletion was not finished": (
        lambda a: alter(a.movie, deleting=LONG_AGO, gsi1pk=a.movie[0], gsi1sk="#"),
        {"stuck"},
        False,
    ),
    "a deletion was not finished and half a role is in its way": (
        both(lambda a: alter(a.actor, deleting=LONG_AGO), lambda a: erase(a.beside_movie)),
        {"half", "miscounted", "stuck"},
        False,
    ),
}


def test_a_consistent_table_has_no_problem(agency: Agency) -> None:
    assert look() == []


@pytest.mark.parametrize(("damage", "kinds", "comes_back"), DAMAGES.values(), ids=DAMAGES)
def test_each_kind_of_damage_is_reported_and_repaired(
    agency: Agency, damage: Damage, kinds: set[str], comes_back: bool
) -> None:
    before = agency.shown()
    damage(agency)
    assert {problem.kind for problem in look()} == kinds
    assert repaired() == []
    assert problems(read()) == []
    if comes_back:
        assert agency.shown() == before
    else:
        assert_failure(agency.client.get(f"/roles/{agency.role_id}"), 404)
        assert len(agency.client.get("/roles")["roles"]) == 1
    # A second repair changes nothing.
    items = list(read())
    assert repaired() == []
    assert list(read()) == items


def test_every_kind_has_a_damage() -> None:
    assert set().union(*(kinds for _, kinds, _ in DAMAGES.values())) == KINDS.keys() - {"unknown"}


def test_an_unreadable_item_is_reported_and_not_changed(agency: Agency) -> None:
    strange = [("MOVIE#x", "#"), (f"MOVIE#{NOBODY}", "x"), (f"ACTOR#{NOBODY}", f"ROLE#{NOBODY}")]
    alter(strange[0], kind="director", id="x")
    alter(strange[1], kind="movie", id=NOBODY, version=1)
    alter(strange[2], kind="role", id="nothing")
    before = list(read())
    assert sorted(look()) == sorted(Problem("unknown", key, "it cannot be read") for key in strange)
    assert len(repaired()) == len(strange)
    assert list(read()) == before


def test_what_belongs_to_an_unreadable_item_is_not_changed(agency: Agency) -> None:
    alter(agency.movie, kind="director")
    alter((agency.actor[0], "ROLE#later"), kind="note")
    before = list(read())
    assert {problem.key for problem in look()} == {agency.movie, (agency.actor[0], "ROLE#later")}
    assert {problem.kind for problem in repaired()} == {"unknown"}
    assert list(read()) == before


def test_every_attribute_of_a_role_is_compared() -> None:
    others = {"pk", "sk", "kind", "id", "last_write"}
    compared = {*integrity.SHARED, *integrity.COPIED, *integrity.PLACES}
    assert compared == Role.get_attributes().keys() - others
    assert set(integrity.COPIED) == {"actor_name", "movie_title", "movie_release_date"}


class PropItem(Resource, discriminator="prop"):
    """A plain resource, which dev/table/integrity.py does not mention."""

    name = UnicodeAttribute()

    prefix, collection, missing = "PROP#", "PROPS", MovieNotFound
    orders: ClassVar = {"name": Order("gsi1", table.fold)}


@pytest.mark.usefixtures("empty_table")
def test_a_plain_resource_is_known_and_its_places_are_repaired() -> None:
    prop = Collection(PropItem).add(name="The Maltese Falcon")
    assert look() == []
    key = prop.pk, prop.sk
    alter(key, gsi1sk="somewhere else")
    assert look() == [Problem("stale", key, "it has a wrong place in a list")]
    assert repaired() == []
    assert dynamodb.get(*key).listed() == prop.listed()  # type: ignore[union-attr]  # it exists
    erase(key)
    alter(("PROP#elsewhere", "#"), kind="prop", id=prop.id, name="x", version=1)
    assert [problem.kind for problem in look()] == ["unknown"]


INCOMPLETE: dict[str, tuple[Callable[[Agency], tuple[str, str]], str]] = {
    "a role without a version": (lambda a: a.beside_movie, "REMOVE version"),
    "a role without a birth": (lambda a: a.beside_actor, "REMOVE created_at"),
    "a role of an unknown kind": (lambda a: a.beside_movie, "REMOVE kind"),
    "a movie without a title": (lambda a: a.movie, "REMOVE title"),
    "an actor without a name": (lambda a: a.actor, "REMOVE #name"),
    "a deletion at no time": (lambda a: a.movie, "SET deleting = id"),
}


@pytest.mark.parametrize(("key_of", "change"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_an_incomplete_item_is_reported_and_not_changed(
    agency: Agency, key_of: Callable[[Agency], tuple[str, str]], change: str
) -> None:
    key = key_of(agency)
    names = {"ExpressionAttributeNames": {"#name": "name"}} if "#" in change else {}
    table.connection.connection.client.update_item(
        TableName=TABLE_NAME, Key=raw(key), UpdateExpression=change, **names
    )
    before = list(read())
    assert look() == repaired() == [Problem("unknown", key, "it cannot be read")]
    assert list(read()) == before


def test_a_missing_count_is_written(agency: Agency) -> None:
    table.connection.connection.client.update_item(
        TableName=TABLE_NAME, Key=raw(agency.movie), UpdateExpression="REMOVE role_count"
    )
    assert {problem.kind for problem in look()} == {"miscounted"}
    assert repaired() == []
    assert agency.client.get(f"/movies/{agency.movie_id}")["movie"]["role_count"] == 2


def test_a_resource_with_more_roles_than_one_query_returns_is_counted_completely(
    producer: Client,
) -> None:
    path, _ = build("movie", 400)
    movie = f"MOVIE#{path.rpartition('/')[2]}", "#"
    keys = [(i["pk"]["S"], i["sk"]["S"]) for i in read() if i["sk"]["S"].startswith("ROLE#")]
    for key in keys:
        alter(key, character_name="x" * 3_000)  # 1 MB ends a Query
    alter(movie, renaming=LONG_AGO)
    assert {problem.kind for problem in look()} == {"stuck"}
    assert repaired() == []
    alter(movie, role_count=399)
    assert repaired() == problems(read()) == []


def test_a_count_is_not_repaired_while_roles_change(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agency.movie, role_count=7)
    found, family = look(), integrity._family
    readings = iter(range(9))

    def changing(key: tuple[str, str]) -> Any:
        read_before = family(key)
        if next(readings) == 0:
            # The number is the same afterwards, but the roles are not.
            agency.client.delete(f"/roles/{agency.role_id}")
            agency.client.new_role(agency.movie_id, agency.client.new_actor())
        return read_before

    monkeypatch.setattr(integrity, "_family", changing)
    repair(found, settle_seconds=0)
    assert [problem.what for problem in problems(read())] == ["it counts 7 roles of 2"]
    assert repaired() == []


def test_names_that_a_renaming_has_not_reached_yet_are_not_a_problem(agency: Agency) -> None:
    alter(agency.actor, renaming=table.now())
    alter(agency.beside_movie, actor_name="Old")
    assert look() == []
    alter(agency.actor, renaming=LONG_AGO)
    assert {problem.kind for problem in look()} == {"stale", "stuck"}


def test_a_deletion_in_progress_is_not_a_problem(agency: Agency) -> None:
    alter(agency.movie, deleting=table.now(), renaming=table.now())
    assert look() == []
    assert {problem.kind for problem in check(stuck_seconds=0, settle_seconds=0)} == {"stuck"}


def test_a_problem_that_others_fix_meanwhile_is_not_reported(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agency.movie, role_count=9)
    alter(agency.beside_movie, actor_name="Old")
    items = list(read())
    alter(agency.movie, role_count=2)
    alter(agency.beside_movie, actor_name="Al Pacino")
    monkeypatch.setattr(integrity, "read", lambda *_: items)
    assert problems(items) != []
    assert look() == []


def test_a_repair_that_others_overtake_changes_nothing(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agency.beside_movie, actor_name="Old")
    found, transact = look(), dynamodb.transact

    def renamed_meanwhile(steps: Any) -> None:
        monkeypatch.setattr(dynamodb, "transact", transact)
        agency.client.patch(f"/actors/{agency.actor_id}", {"name": "Alfredo"})
        transact(steps)

    monkeypatch.setattr(dynamodb, "transact", renamed_meanwhile)
    repair(found, settle_seconds=0)
    assert look() == []
    assert agency.client.get(f"/movies/{agency.movie_id}")["roles"][0]["actor_name"] == "Alfredo"


def verify(**environment: str) -> "subprocess.CompletedProcess[str]":
    outside = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "AUTH_")) and name not in ("STAGE", "WEB_ORIGIN")
    }
    del outside["TABLE_NAME"]
    return subprocess.run(
        [sys.executable, "-m", "dev.table.verify"],
        cwd=PROJECT,
        env={**outside, **environment},
        capture_output=True,
        text=True,
    )


def test_the_command_prints_a_table_and_sets_the_exit_status(
    agency: Agency, real_table: str
) -> None:
    here = {"TABLE_NAME": TABLE_NAME, "DYNAMODB_URL": real_table}
    whole = verify(**here)
    assert (whole.returncode, whole.stdout) == (0, "0 problems.\n")
    assert "  10 items" in whole.stderr.splitlines()

    alter(agency.movie, role_count=9)
    damaged = verify(**here)
    assert damaged.returncode == 1
    head, line, last = damaged.stdout.splitlines()
    assert head.split() == ["KIND", "ITEM", "WHAT", "IS", "WRONG"]
    assert line.split(maxsplit=3) == ["miscounted", *agency.movie, "it counts 9 roles of 2"]
    assert last == "1 problem: 1 miscounted."

    assert verify(**here, REPAIR="0").returncode == 1
    repaired = verify(**here, REPAIR="1")
    assert repaired.returncode == 0
    assert repaired.stdout == damaged.stdout + "0 problems.\n"
    assert verify(**here).returncode == 0


def test_a_table_that_cannot_be_read_has_another_exit_status(real_table: str) -> None:
    for environment, sentence in (
        ({"DYNAMODB_URL": real_table, "TABLE_NAME": "nowhere"}, "nowhere at"),
        ({"DYNAMODB_URL": "http://127.0.0.1:1", "TABLE_NAME": "casting"}, "casting at"),
        ({"TABLE_NAME": "casting", "AWS_DEFAULT_REGION": "eu-central-1"}, "casting on AWS"),
        ({}, "make run is not running here"),
    ):
        refused = verify(**environment)
        assert refused.returncode == 2
        assert refused.stdout == ""
        assert refused.stderr.splitlines()[-1].startswith("casting: ")
        assert sentence in refused.stderr
        assert "Traceback" not in refused.stderr


def test_without_a_name_it_checks_the_table_of_make_run(product: Product) -> None:
    here = verify(LOCAL_DIR=str(product.folder))
    assert (here.returncode, here.stdout) == (0, "0 problems.\n")
