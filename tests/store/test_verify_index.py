"""`make verify` finds every damage of the index and of history, and repairs it."""

import os
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store import actors, dynamodb, entries, movies, roles, table
from chalicelib.store.items import Actor
from chalicelib.store.resource import SK
from dev.table import integrity
from tests.store.test_scale import new_actors
from tests.store.test_verify_desk import Raw, client, key_of, read, repaired

INDEX = ("entry", "claim")

RESOURCES = int(os.environ.get("RESOURCES") or 60)
"""Resources of an old version that are repaired. RESOURCES=10000 shows how long that takes."""


@pytest.fixture
def agency(empty_table: None) -> list[Raw]:
    """The items of a movie and an actor with external ids, and of a role."""
    movie = movies.add("test", title="The Heat", release_date="1995-12-15", imdb_id="tt0113277")
    actor = actors.add("test", name="Al Pacino", gender="male", age=55, skills=["shouting"],
                       playing_age_min=50, tmdb_id=1158)  # fmt: skip
    roles.add(movie.id, actor.id, "test")
    actors.change(actor.id, {"skills": ["shouting", "dancing"]}, None, "test")
    return read()


def put(item: Raw) -> None:
    client().put_item(TableName=TABLE_NAME, Item=item)


def delete(item: Raw) -> None:
    client().delete_item(TableName=TABLE_NAME, Key=key_of(item))


def of_kind(items: list[Raw], *kinds: str) -> list[Raw]:
    return [item for item in items if item["kind"]["S"] in kinds]


def actor_item(items: list[Raw]) -> Raw:
    (item,) = of_kind(items, "actor")
    return item


def test_a_healthy_index_has_no_problems(agency: list[Raw]) -> None:
    assert integrity.problems(agency) == []
    assert len(of_kind(agency, "entry")) > 10


def test_every_missing_entry_and_claim_is_written_again(agency: list[Raw]) -> None:
    for item in of_kind(agency, *INDEX):
        delete(item)
        assert repaired() == {"misindexed"}, item
        assert read() == agency


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("words", {"S": " al"}),
        ("facets", {"SS": ["gender=male"]}),
        ("low", {"S": "000"}),
        ("high", {"S": "001"}),
    ],
)
def test_an_outdated_card_is_written_again(
    agency: list[Raw], attribute: str, value: dict[str, Any]
) -> None:
    for item in of_kind(agency, "entry")[:3]:
        put({**item, attribute: value})
        assert repaired() == {"misindexed"}
        assert read() == agency


def test_an_entry_and_a_claim_of_nothing_are_removed(agency: list[Raw]) -> None:
    for kind in INDEX:
        item = of_kind(agency, kind)[0]
        for change in (
            {"id": {"S": "N" * 16}, "sk": {"S": f"zoe\x1f{'N' * 16}"}},
            {"pk": {"S": "ACTORS?skill=nothing"}},
        ):
            put({**item, **change})
            assert repaired() == {"orphaned"}
            assert read() == agency


def test_the_entries_of_a_resource_that_vanished_are_removed(agency: list[Raw]) -> None:
    other = actors.add("test", name="Other", gender="other", age=1)
    client().delete_item(TableName=TABLE_NAME, Key={"pk": {"S": other.pk}, "sk": {"S": SK}})
    assert repaired() == {"orphaned"}
    assert of_kind(read(), *INDEX) == of_kind(agency, *INDEX)


def test_an_external_id_of_two_resources_is_reported_and_left_to_a_person(
    agency: list[Raw],
) -> None:
    owner = actor_item(agency)
    other = actors.add("test", name="Other", gender="other", age=1)
    client().update_item(
        TableName=TABLE_NAME,
        Key={"pk": {"S": other.pk}, "sk": {"S": SK}},
        UpdateExpression="SET tmdb_id = :id REMOVE #indexed",
        ExpressionAttributeNames={"#indexed": "indexed"},
        ExpressionAttributeValues={":id": {"N": "1158"}},
    )
    assert {p.kind for p in integrity.check(settle_seconds=0)} == {"unindexed", "duplicate"}
    for _ in range(2):
        integrity.repair(integrity.check(settle_seconds=0), settle_seconds=0)
    (problem,) = integrity.check(settle_seconds=0)
    assert (problem.kind, problem.key) == ("duplicate", (other.pk, SK))
    assert owner["id"]["S"] in problem.description
    # Other fields can still be changed, and the id can be given up.
    actors.change(other.id, {"age": 2}, None, "test")
    assert [p.kind for p in integrity.check(settle_seconds=0)] == ["duplicate"]
    actors.change(other.id, {"tmdb_id": None}, None, "test")
    assert integrity.check(settle_seconds=0) == []
    assert of_kind(agency, "claim") == of_kind(read(), "claim")


def test_a_change_of_entries_that_ended_halfway_is_finished(agency: list[Raw]) -> None:
    (actor_id,) = {item["id"]["S"] for item in of_kind(agency, "actor")}
    skills = [f"skill {number}" for number in range(30)]
    name = " ".join("abcdefghijklmnopqrst")
    actors.change(actor_id, {"name": name, "skills": skills}, None, "test")
    for number in range(1, 5):
        with pytest.MonkeyPatch.context() as patch:
            left, transact = number, dynamodb.transact

            def interrupted(steps: Any, transact: Any = transact) -> None:
                nonlocal left
                if left == 0:
                    raise KeyboardInterrupt
                left -= 1
                transact(steps)

            patch.setattr(dynamodb, "transact", interrupted)
            name = " ".join(f"{letter}{number}" for letter in "abcdefghijklmnopqrst")
            skills = [f"skill {number} {n}" for n in range(30)]
            with pytest.raises(KeyboardInterrupt):
                actors.change(actor_id, {"name": name, "skills": skills}, None, "test")
        assert "misindexed" in repaired()
        assert not any("indexing" in item for item in read())


def test_a_missing_record_is_replaced_by_one_that_says_so(agency: list[Raw]) -> None:
    records = of_kind(agency, "history")
    assert len(records) == 4
    for record in records:
        delete(record)
        assert repaired() == {"unrecorded"}
        (replaced,) = (r for r in of_kind(read(), "history") if key_of(r) == key_of(record))
        assert replaced["operation"]["S"] == "unrecorded"
        assert replaced["version"] == record["version"]


def test_the_index_is_noted_as_complete_only_after_its_repair(agency: list[Raw]) -> None:
    pk, sk = entries.INDEX
    table.connection.delete_item(pk, sk)
    assert not entries.are_complete()
    actor = actor_item(agency)
    put({name: value for name, value in actor.items() if name != "indexed"})
    integrity.repair(integrity.check(settle_seconds=0), settle_seconds=0)
    actor_id = actor["id"]["S"]
    assert dynamodb.get(f"ACTOR#{actor_id}", SK).indexed == ["tmdb_id=1158"]  # type: ignore[union-attr]
    assert isinstance(dynamodb.get(f"ACTOR#{actor_id}", SK), Actor)


@pytest.mark.slow
def test_a_repair_of_many_resources_goes_on_after_an_interruption(real_table: str) -> None:
    new_actors(RESOURCES, is_indexed=False, candidacies=0)
    reported = integrity.check(settle_seconds=0)
    assert {problem.kind for problem in reported} == {"unindexed"}
    integrity.repair(reported[: RESOURCES // 2], settle_seconds=0)
    rest = integrity.check(settle_seconds=0)
    assert len(rest) == RESOURCES - RESOURCES // 2
    integrity.repair(rest, settle_seconds=0)
    assert integrity.check(settle_seconds=0) == []
