"""`make verify` finds each kind of damage, and repairs it without losing correct data."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import MovieNotFound
from chalicelib.settings import TABLE_NAME
from chalicelib.store import casting, dynamodb, table
from chalicelib.store.attributes import TextAttribute
from chalicelib.store.items import Actor, Movie, Parent, RoleItem
from chalicelib.store.resource import Collection, Resource
from chalicelib.store.table import INDEXES, Item, Order
from chalicelib.store.text import sorted_by
from dev import machine
from dev.table import index, integrity
from dev.table.desk import Problem
from dev.table.integrity import KINDS, check, problems, read, repair
from tests.conftest import PROJECT, Product
from tests.store.test_links import build
from tests.support.client import Client, assert_failure

NO_ID = "AAAAAAAAAAAAAAAA"
UNREADABLE = "this version of the code cannot read it"
LONG_AGO = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def empty_table(real_table: str) -> str:
    return real_table


class Agency:
    """Two movies, two actors and three roles. The tests damage one of the roles."""

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

    def contents(self) -> list[str]:
        """Return everything that the API shows of it."""
        paths = ["/movies", "/actors", "/roles"]
        paths += [f"/movies/{self.movie_id}/actors", f"/actors/{self.actor_id}/movies"]
        return [self.client.get(path).text for path in paths]


@pytest.fixture
def agency(producer: Client) -> Agency:
    return Agency(producer)


def delete(key: tuple[str, str]) -> None:
    table.connection.connection.client.delete_item(TableName=TABLE_NAME, Key=raw(key))


def typed(value: str | int | set[str]) -> dict[str, Any]:
    """Return a value with DynamoDB's name of its type."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, set):
        return {"L": [{"S": text} for text in sorted(value)]}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def alter(key: tuple[str, str], **attributes: str | int | set[str]) -> None:
    names = {f"#{name}": name for name in attributes}
    values = {f":{name}": typed(value) for name, value in attributes.items()}
    table.connection.connection.client.update_item(
        TableName=TABLE_NAME,
        Key=raw(key),
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
    )


def update(key: tuple[str, str], expression: str, **names: str) -> None:
    """Update an item by this expression, which may use these names of attributes."""
    table.connection.connection.client.update_item(
        TableName=TABLE_NAME,
        Key=raw(key),
        UpdateExpression=expression,
        **({"ExpressionAttributeNames": names} if names else {}),
    )


def stored(key: tuple[str, str]) -> dict[str, Any]:
    """Return an item without the mark of its last update."""
    response = table.connection.connection.client.get_item(TableName=TABLE_NAME, Key=raw(key))
    return {name: value for name, value in response["Item"].items() if name != "last_write"}


def raw(key: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def check_now() -> list[Problem]:
    return check(stuck_seconds=60, settle_seconds=0)


def repair_all() -> list[Problem]:
    """Repair as often as `make verify` does. Return the problems that remain."""
    for _ in range(integrity.ROUNDS):
        repair(check_now(), settle_seconds=0)
    return check_now()


def begin_deletion(key: tuple[str, str], since: str, **attributes: str) -> None:
    """Mark a movie or actor as being deleted, and remove it from the index."""
    alter(key, deleting=since, **attributes)
    for item in read():
        if item["kind"]["S"] == "entry" and item["id"]["S"] == key[0].partition("#")[2]:
            delete((item["pk"]["S"], item["sk"]["S"]))


Damage = Callable[[Agency], None]


def both(first: Damage, second: Damage) -> Damage:
    def damage(agency: Agency) -> None:
        first(agency)
        second(agency)

    return damage


# The damage, the kinds of problems that it causes, and whether the repair restores everything.
DAMAGES: dict[str, tuple[Damage, set[str], bool]] = {
    "a movie is missing": (lambda a: delete(a.movie), {"dangling", "orphaned"}, False),
    "an actor is missing": (lambda a: delete(a.actor), {"dangling", "orphaned"}, False),
    "a role has no item beside its movie": (
        lambda a: delete(a.beside_movie),
        {"half", "miscounted"},
        True,
    ),
    "a role has no item beside its actor": (
        lambda a: delete(a.beside_actor),
        {"half", "miscounted"},
        True,
    ),
    "the item beside the movie has an older version": (
        lambda a: alter(a.beside_movie, version=0, character_name="Old"),
        {"half"},
        True,
    ),
    "the item beside the actor has an older version": (
        lambda a: alter(a.beside_actor, version=0, billing_order=9),
        {"half"},
        True,
    ),
    "a role shows an old name of its actor": (
        lambda a: alter(a.beside_movie, actor_name="Old"),
        {"stale"},
        True,
    ),
    "a role shows an old title of its movie": (
        lambda a: alter(a.beside_actor, movie_title="Old"),
        {"stale"},
        True,
    ),
    "a role shows an old release date of its movie": (
        lambda a: alter(a.beside_actor, movie_release_date="1900-01-01"),
        {"stale"},
        True,
    ),
    "a role has a wrong key in the cast": (
        lambda a: alter(a.beside_movie, gsi1sk="x"),
        {"stale"},
        True,
    ),
    "a role has a wrong key in the filmography": (
        lambda a: alter(a.beside_actor, gsi2sk="x"),
        {"stale"},
        True,
    ),
    "a role has a wrong key in the list of roles": (
        lambda a: alter(a.beside_movie, gsi2sk="x"),
        {"stale"},
        True,
    ),
    "a movie has a wrong key in the list of movies": (
        lambda a: alter(a.movie, gsi2sk="x"),
        {"stale"},
        True,
    ),
    "an actor has a wrong key in the list of actors": (
        lambda a: alter(a.actor, gsi1sk="x"),
        {"stale"},
        True,
    ),
    "the role_count of a movie is too low": (
        lambda a: alter(a.movie, role_count=1),
        {"miscounted"},
        True,
    ),
    "the role_count of an actor is too high": (
        lambda a: alter(a.actor, role_count=7),
        {"miscounted"},
        True,
    ),
    "a renaming has stopped": (
        both(
            lambda a: alter(a.actor, renaming=LONG_AGO),
            lambda a: alter(a.beside_movie, actor_name="Old"),
        ),
        {"stale", "stuck"},
        True,
    ),
    "a deletion has stopped": (
        lambda a: begin_deletion(a.movie, LONG_AGO, gsi1pk=a.movie[0], gsi1sk="#"),
        {"stuck"},
        False,
    ),
    "a deletion has stopped, and a role has only one item": (
        both(lambda a: begin_deletion(a.actor, LONG_AGO), lambda a: delete(a.beside_movie)),
        {"half", "miscounted", "stuck"},
        False,
    ),
}


def test_a_consistent_table_has_no_problems(agency: Agency) -> None:
    assert check_now() == []


@pytest.mark.parametrize(("damage", "kinds", "is_restored"), DAMAGES.values(), ids=DAMAGES)
def test_each_damage_is_reported_and_repaired(
    agency: Agency, damage: Damage, kinds: set[str], is_restored: bool
) -> None:
    before = agency.contents()
    damage(agency)
    assert {problem.kind for problem in check_now()} == kinds
    assert repair_all() == []
    assert problems(read()) == []
    if is_restored:
        assert agency.contents() == before
    else:
        assert_failure(agency.client.get(f"/roles/{agency.role_id}"), 404)
        assert len(agency.client.get("/roles")["roles"]) == 1
    # A second repair changes nothing.
    items = list(read())
    assert repair_all() == []
    assert list(read()) == items


def test_every_kind_of_problem_has_a_damage() -> None:
    kinds = set().union(*(kinds for _, kinds, _ in DAMAGES.values()))
    # test_verify_desk.py damages parts and candidates, test_verify_index.py the index and history.
    elsewhere = {"unknown", "uncounted", "uncast", *index.KINDS}
    assert kinds - {*index.KINDS} == KINDS.keys() - elsewhere


def test_an_unreadable_item_is_reported_and_not_changed(agency: Agency) -> None:
    keys = [("MOVIE#x", "#"), (f"MOVIE#{NO_ID}", "x"), (f"ACTOR#{NO_ID}", f"ROLE#{NO_ID}")]
    alter(keys[0], kind="director", id="x")
    alter(keys[1], kind="movie", id=NO_ID, version=1)
    alter(keys[2], kind="role", id="nothing")
    before = list(read())
    assert sorted(check_now()) == sorted(Problem("unknown", key, UNREADABLE) for key in keys)
    assert len(repair_all()) == len(keys)
    assert list(read()) == before


def test_roles_of_an_unreadable_parent_are_not_changed(agency: Agency) -> None:
    alter(agency.movie, kind="director")
    alter((agency.actor[0], "ROLE#later"), kind="note")
    before = list(read())
    assert {problem.key for problem in check_now()} == {
        agency.movie,
        (agency.actor[0], "ROLE#later"),
    }
    assert {problem.kind for problem in repair_all()} == {"unknown"}
    assert list(read()) == before


def test_every_attribute_of_a_role_is_checked() -> None:
    others = {"pk", "sk", "kind", "id", "last_write"}
    assert {*integrity.SHARED, *integrity.PLACED} == RoleItem.get_attributes().keys() - others
    assert set(integrity.SHARED).isdisjoint(integrity.PLACED)


def test_the_placed_attributes_are_the_index_keys_and_those_that_casting_copies() -> None:
    time: dict[str, Any] = {"created_at": LONG_AGO}
    beside_movie, beside_actor = (
        RoleItem("M", "R", id="M.A", **time),
        RoleItem("A", "R", id="M.A", **time),
    )
    before = set(beside_movie.attribute_values)
    movie = Movie("M", "#", id="M", title="Heat", release_date="1995-12-15")
    casting.place(beside_movie, beside_actor, movie, Actor("A", "#", id="A", name="Al Pacino"))
    written = {*beside_movie.attribute_values, *beside_actor.attribute_values} - before
    assert written <= set(integrity.PLACED)
    index_keys = {f"{index}{key}" for index in INDEXES for key in ("pk", "sk")}
    assert written | index_keys == set(integrity.PLACED)


def test_items_of_a_role_that_differ_in_any_shared_attribute_are_reported(agency: Agency) -> None:
    values: dict[str, int | str | set[str]] = {"N": 7, "S": "other", "L": {"other"}, "BOOL": True}
    for name in integrity.SHARED:
        attribute = RoleItem.get_attributes()[name]
        value = values[attribute.attr_type]
        alter(agency.beside_actor, **{attribute.attr_name: value})
        assert check_now() == [
            Problem("half", agency.beside_movie, f"its two items differ in {name}")
        ]
        assert repair_all() == []


INCOMPLETE: dict[str, tuple[Callable[[Agency], tuple[str, str]], str]] = {
    "a role without a version": (lambda a: a.beside_movie, "REMOVE version"),
    "a role without a creation time": (lambda a: a.beside_actor, "REMOVE created_at"),
    "a role of an unknown kind": (lambda a: a.beside_movie, "REMOVE kind"),
    "a movie without a title": (lambda a: a.movie, "REMOVE title"),
    "an actor without a name": (lambda a: a.actor, "REMOVE #name"),
    "a deletion with a malformed time": (lambda a: a.movie, "SET deleting = id"),
}


@pytest.mark.parametrize(("key_of", "change"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_an_incomplete_item_is_reported_and_not_changed(
    agency: Agency, key_of: Callable[[Agency], tuple[str, str]], change: str
) -> None:
    key = key_of(agency)
    update(key, change, **({"#name": "name"} if "#" in change else {}))
    before = list(read())
    assert check_now() == repair_all() == [Problem("unknown", key, UNREADABLE)]
    assert list(read()) == before


def test_a_movie_without_a_release_date_is_complete(agency: Agency) -> None:
    path = f"/movies/{agency.movie_id}"
    assert agency.client.patch(path, {"release_date": None}).status == 200
    assert check_now() == []
    alter(agency.movie, gsi2sk="1995-12-15")
    assert [problem.kind for problem in check_now()] == ["stale"]
    assert repair_all() == []
    assert agency.client.get("/movies", sort="-release_date")["movies"][-1]["id"] == (
        agency.movie_id
    )


def test_a_missing_role_count_is_repaired(agency: Agency) -> None:
    update(agency.movie, "REMOVE role_count")
    assert {problem.kind for problem in check_now()} == {"miscounted"}
    assert repair_all() == []
    assert agency.client.get(f"/movies/{agency.movie_id}")["movie"]["role_count"] == 2


def test_roles_that_need_more_than_one_query_are_all_counted(producer: Client) -> None:
    path, _ = build("movie", 30)
    movie = f"MOVIE#{path.rpartition('/')[2]}", "#"
    keys = [(i["pk"]["S"], i["sk"]["S"]) for i in read() if i["sk"]["S"].startswith("ROLE#")]
    for key in keys:
        alter(key, character_name="x" * 40_000)  # one Query reads at most 1 MB
    alter(movie, renaming=LONG_AGO)
    assert {problem.kind for problem in check_now()} == {"stuck"}
    assert repair_all() == []
    alter(movie, role_count=29)
    assert repair_all() == problems(read()) == []


def test_a_role_count_is_not_repaired_while_roles_change(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agency.movie, role_count=7)
    reported, read_family = check_now(), integrity._read_family
    readings = iter(range(9))

    def read_family_then_change_it(key: tuple[str, str]) -> Any:
        family = read_family(key)
        if next(readings) == 0:
            # The number of roles is the same afterwards, but one role is another one.
            agency.client.delete(f"/roles/{agency.role_id}")
            agency.client.new_role(agency.movie_id, agency.client.new_actor())
        return family

    monkeypatch.setattr(integrity, "_read_family", read_family_then_change_it)
    repair(reported, settle_seconds=0)
    descriptions = [problem.description for problem in problems(read())]
    assert descriptions == ["its role_count is 7, but it has 2 roles"]
    assert repair_all() == []


def test_old_names_during_a_renaming_are_no_problem(agency: Agency) -> None:
    alter(agency.actor, renaming=table.now())
    alter(agency.beside_movie, actor_name="Old")
    assert check_now() == []
    alter(agency.actor, renaming=LONG_AGO)
    assert {problem.kind for problem in check_now()} == {"stale", "stuck"}


def test_a_deletion_in_progress_is_no_problem(agency: Agency) -> None:
    begin_deletion(agency.movie, table.now(), renaming=table.now())
    assert check_now() == []
    assert {problem.kind for problem in check(stuck_seconds=0, settle_seconds=0)} == {"stuck"}


def test_a_problem_that_is_gone_when_it_is_read_again_is_not_reported(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agency.movie, role_count=9)
    alter(agency.beside_movie, actor_name="Old")
    items = list(read())
    alter(agency.movie, role_count=2)
    alter(agency.beside_movie, actor_name="Al Pacino")
    monkeypatch.setattr(integrity, "read", lambda *_: items)
    assert problems(items) != []
    assert check_now() == []


def test_a_repair_does_not_overwrite_a_change_made_meanwhile(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agency.beside_movie, actor_name="Old")
    reported, transact = check_now(), dynamodb.transact

    def rename_then_transact(steps: Any) -> None:
        monkeypatch.setattr(dynamodb, "transact", transact)
        agency.client.patch(f"/actors/{agency.actor_id}", {"name": "Alfredo"})
        transact(steps)

    monkeypatch.setattr(dynamodb, "transact", rename_then_transact)
    repair(reported, settle_seconds=0)
    assert check_now() == []
    assert agency.client.get(f"/movies/{agency.movie_id}")["roles"][0]["actor_name"] == "Alfredo"


# --- Items of other classes


class Agent(Resource, discriminator="agent of test_verify"):
    """A plain resource: no roles."""

    name = TextAttribute()

    prefix = "AGENT#"
    collection = "AGENTS"
    orders = {"name": Order("gsi1", sorted_by)}
    missing = MovieNotFound  # an error of its own would be one more class


class Note(Item, discriminator="note of test_verify"):
    """An item that is no resource, with a key of its own."""


@pytest.fixture
def agent(agency: Agency) -> tuple[str, str]:
    """Add an agent. Return its key."""
    item = Collection(Agent).add(name="Ari Gold")
    return item.pk, item.sk


def test_a_plain_resource_is_no_problem(agent: tuple[str, str]) -> None:
    assert not issubclass(Agent, Parent | RoleItem)
    assert agent in [(item["pk"]["S"], item["sk"]["S"]) for item in read()]
    assert check_now() == []


def test_the_repair_of_a_movie_requires_the_version_that_was_read(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its lists may be sorted by a field that no role copies.
    alter(agency.movie, gsi1sk="x")
    reported, update_item = check_now(), dynamodb.update

    def change_then_update(*arguments: Any) -> Any:
        monkeypatch.setattr(dynamodb, "update", update_item)
        alter(agency.movie, version=2)
        return update_item(*arguments)

    monkeypatch.setattr(dynamodb, "update", change_then_update)
    repair(reported, settle_seconds=0)
    assert Problem("stale", agency.movie, "outdated: gsi1sk") in check_now()
    assert repair_all() == []


@pytest.mark.parametrize("index_key", ["gsi1pk", "gsi1sk"])
def test_a_wrong_index_key_of_a_plain_resource_is_reported_and_repaired(
    agent: tuple[str, str], index_key: str
) -> None:
    before = stored(agent)
    alter(agent, **{index_key: "x"})
    assert check_now() == [Problem("stale", agent, f"outdated: {index_key}")]
    assert repair_all() == []
    assert stored(agent) == before


def test_a_missing_index_key_of_a_plain_resource_is_repaired(agent: tuple[str, str]) -> None:
    before = stored(agent)
    update(agent, "REMOVE gsi1pk, gsi1sk")
    assert check_now() == [Problem("stale", agent, "outdated: gsi1pk, gsi1sk")]
    assert repair_all() == []
    assert stored(agent) == before


def test_the_repair_of_a_plain_resource_does_not_overwrite_a_change_made_meanwhile(
    agent: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(agent, gsi1sk="x")
    reported, update_item = check_now(), dynamodb.update

    def rename_then_update(*arguments: Any) -> Any:
        monkeypatch.setattr(dynamodb, "update", update_item)
        Collection(Agent).change(agent[0].partition("#")[2], {"name": "Zoe"}, None)
        return update_item(*arguments)

    monkeypatch.setattr(dynamodb, "update", rename_then_update)
    repair(reported, settle_seconds=0)
    assert check_now() == []
    assert stored(agent)["gsi1sk"]["S"].startswith("zoe")


def test_a_plain_resource_without_a_required_attribute_is_unknown(agent: tuple[str, str]) -> None:
    complete = stored(agent)
    for name in ("id", "created_at", "updated_at", "version", "kind", "name"):
        incomplete = {key: value for key, value in complete.items() if key != name}
        table.connection.connection.client.put_item(TableName=TABLE_NAME, Item=incomplete)
        assert check_now() == repair_all() == [Problem("unknown", agent, UNREADABLE)]
        assert stored(agent) == incomplete


def test_a_plain_resource_at_a_wrong_key_is_unknown(agent: tuple[str, str]) -> None:
    alter(agent, id=NO_ID)
    assert check_now() == [Problem("unknown", agent, UNREADABLE)]


def test_an_item_that_is_no_resource_needs_only_the_attributes_of_every_item(
    agency: Agency,
) -> None:
    note = Note("NOTES", "1", id="1", created_at=LONG_AGO, updated_at=LONG_AGO, version=1)
    note.save()
    assert check_now() == []
    update(("NOTES", "1"), "REMOVE version")
    assert check_now() == [Problem("unknown", ("NOTES", "1"), UNREADABLE)]


def test_every_module_of_the_store_is_imported_so_that_its_items_can_be_read() -> None:
    program = "import sys; import dev.table.integrity; print(*sys.modules)"
    settings = {"TABLE_NAME": TABLE_NAME, "DYNAMODB_URL": "http://127.0.0.1:1"}
    imported = run_python(["-c", program], **machine.settings() | settings).stdout.split()
    modules = [path.stem for path in (PROJECT / "chalicelib/store").glob("[a-z]*.py")]
    assert {f"chalicelib.store.{module}" for module in modules} <= set(imported)


# --- The command


def run_python(arguments: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with these environment variables, and without the settings of this process."""
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "AUTH_")) and name not in ("STAGE", "WEB_ORIGIN")
    }
    del outer["TABLE_NAME"]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**outer, **environment},
        capture_output=True,
        text=True,
    )


def verify(**environment: str) -> "subprocess.CompletedProcess[str]":
    return run_python(["-m", "dev.table.verify"], **environment)


def test_the_command_prints_a_table_and_sets_the_exit_status(
    agency: Agency, real_table: str
) -> None:
    settings = {"TABLE_NAME": TABLE_NAME, "DYNAMODB_URL": real_table}
    consistent = verify(**settings)
    assert (consistent.returncode, consistent.stdout) == (0, "0 problems.\n")
    assert f"  {len(list(read()))} items" in consistent.stderr.splitlines()

    alter(agency.movie, role_count=9)
    damaged = verify(**settings)
    assert damaged.returncode == 1
    header, row, summary = damaged.stdout.splitlines()
    assert header.split() == ["KIND", "ITEM", "WHAT", "IS", "WRONG"]
    description = "its role_count is 9, but it has 2 roles"
    assert row.split(maxsplit=3) == ["miscounted", *agency.movie, description]
    assert summary == "1 problem: 1 miscounted."

    assert verify(**settings, REPAIR="0").returncode == 1
    repaired = verify(**settings, REPAIR="1")
    assert repaired.returncode == 0
    assert repaired.stdout == damaged.stdout + "0 problems.\n"
    assert verify(**settings).returncode == 0


def test_the_exit_status_is_2_if_the_table_cannot_be_read(real_table: str) -> None:
    for environment, sentence in (
        ({"DYNAMODB_URL": real_table, "TABLE_NAME": "nowhere"}, "nowhere at"),
        ({"DYNAMODB_URL": "http://127.0.0.1:1", "TABLE_NAME": "casting"}, "casting at"),
        ({"TABLE_NAME": "casting", "AWS_DEFAULT_REGION": "eu-central-1"}, "casting on AWS"),
        ({}, "make run is not running here"),
    ):
        failed = verify(**environment)
        assert failed.returncode == 2
        assert failed.stdout == ""
        assert failed.stderr.splitlines()[-1].startswith("casting: ")
        assert sentence in failed.stderr
        assert "Traceback" not in failed.stderr


def test_the_command_reads_the_table_of_make_run_by_default(product: Product) -> None:
    verified = verify(LOCAL_DIR=str(product.folder))
    assert (verified.returncode, verified.stdout) == (0, "0 problems.\n")
