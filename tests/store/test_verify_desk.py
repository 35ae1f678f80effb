"""`make verify` finds every damage of parts and candidates, and repairs it."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store import actors, candidates, movies, parts, table
from dev.table import integrity
from tests.support import faster_moto

STATUSES = ("on_hold", "cast", "offered", "shortlisted")

Raw = dict[str, Any]


@pytest.fixture
def desk(empty_table: None) -> list[Raw]:
    """The items of two movies with two parts each, and of actors in all kinds of statuses."""
    faster_moto.once("fill a desk with damage to come", fill_desk)
    return read()


def fill_desk() -> None:
    movie_ids = [movies.add("test", title=f"Movie {n}", release_date=None).id for n in range(2)]
    actor_ids = [actors.add("test", name=f"Actor {n}", gender="male", age=5).id for n in range(5)]
    for movie_id in movie_ids:
        for number in range(2):
            start = "2127-01-01" if number else None
            part = parts.add(movie_id, "test", name=f"Part {number}", needed=2, work_start=start)
            candidates.add(part.id, actor_ids, "test")
            for place, actor_id in enumerate(actor_ids[:4]):
                status = STATUSES[(place + number) % 4]
                candidates.change(f"{part.id}.{actor_id}", {"status": status}, None, "test")


def client() -> Any:
    return table.connection.connection.client


def read() -> list[Raw]:
    """Return all items without what a repair may change."""
    items = list(integrity.read())
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def write(requests: list[Raw]) -> None:
    for start in range(0, len(requests), 25):
        batch = requests[start : start + 25]
        client().batch_write_item(RequestItems={TABLE_NAME: batch})


def key_of(item: Raw) -> Raw:
    return {"pk": item["pk"], "sk": item["sk"]}


def repaired() -> set[str]:
    """Check and repair the table as `make verify REPAIR=1` does. Return the kinds of problems."""
    kinds: set[str] = set()
    for _ in range(integrity.ROUNDS):
        reported = integrity.check(settle_seconds=0)
        if not reported:
            return kinds
        kinds |= {problem.kind for problem in reported}
        integrity.repair(reported, settle_seconds=0)
    raise AssertionError(reported)


def damages(items: list[Raw]) -> Iterator[tuple[Raw, str]]:
    """Return the attributes that follow from other items, one of each kind of item."""
    done = set()
    for item in items:
        for name in item.keys() & {
            "gsi1sk", "gsi2pk", "gsi2sk", "candidate_count", "part_count", "engaged", "engagements",
            "part_ids", "cast", "on_hold", "submitted",
        }:  # fmt: skip
            kind = item["kind"]["S"], item["sk"]["S"][:5], name
            if kind not in done:
                done.add(kind)
                yield item, name


def test_a_healthy_desk_has_no_problem(desk: list[Raw]) -> None:
    assert integrity.check(settle_seconds=0) == []


def test_every_lost_item_is_noticed_and_the_rest_is_made_consistent(desk: list[Raw]) -> None:
    by_kind = {
        (i["kind"]["S"], i["pk"]["S"][:5], i["sk"]["S"][:5], "part_ids" in i): i
        for i in desk
        if i["kind"]["S"] not in ("entry", "index")
    }
    assert len(by_kind) >= 6
    for item in by_kind.values():
        client().delete_item(TableName=TABLE_NAME, Key=key_of(item))
        kinds = repaired()
        assert kinds, key_of(item)
        write([{"DeleteRequest": {"Key": key_of(other)}} for other in read()])
        write([{"PutRequest": {"Item": other}} for other in desk])


def test_every_wrong_count_list_and_place_is_corrected(desk: list[Raw]) -> None:
    bookkeeping = {"version", "updated_at", "engagement_version", "last_write"}
    desk = [item for item in desk if item["kind"]["S"] != "history"]
    correct = [{k: v for k, v in item.items() if k not in bookkeeping} for item in desk]
    for item, name in damages(desk):
        wrong = {"N": "7"} if "N" in item[name] else None
        values = {**item, name: wrong} if wrong else {k: v for k, v in item.items() if k != name}
        client().put_item(TableName=TABLE_NAME, Item=values)
        assert repaired() <= {"uncounted", "uncast", "stale", "miscounted", "half"}, name
        after = [
            {k: v for k, v in item.items() if k not in bookkeeping}
            for item in read()
            if item["kind"]["S"] != "history"
        ]
        assert after == correct, name


def test_the_repair_does_not_touch_what_another_client_changes(desk: list[Raw]) -> None:
    (part, *_) = (item for item in desk if item["kind"]["S"] == "part")
    wrong = {**part, "submitted": {"N": "7"}}
    client().put_item(TableName=TABLE_NAME, Item=wrong)
    reported = integrity.check(settle_seconds=0)
    assert [problem.kind for problem in reported] == ["uncounted"]
    client().put_item(TableName=TABLE_NAME, Item=part)
    integrity.repair(reported, settle_seconds=0)
    assert client().get_item(TableName=TABLE_NAME, Key=key_of(part))["Item"] == part


def test_the_deletion_of_a_part_that_has_stopped_is_finished(desk: list[Raw]) -> None:
    (part, *_) = (item for item in desk if item["kind"]["S"] == "part")
    time = {"S": "2026-01-01T00:00:00.000000Z"}
    half = {k: v for k, v in part.items() if k not in ("gsi2pk", "gsi2sk")} | {"deleting": time}
    client().put_item(TableName=TABLE_NAME, Item=half)
    assert repaired() == {"stuck"}
    assert key_of(part) not in [key_of(item) for item in read()]
    assert integrity.check(settle_seconds=0) == []
