"""Integrity checks of the index and of history, and their repairs. `integrity.py` calls them.

* A movie or actor must have its entries with their cards, and hold its external ids.
* An entry, and the claim of an external id, must belong to a movie or actor that expects it.
* Each version of a resource must have a record, from the first one that was recorded.

There are many more entries and records than resources. So the scan keeps only the keys and a digest
of each.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, cast

from chalicelib.errors import ExternalIdTaken
from chalicelib.settings import TABLE_NAME
from chalicelib.store import dynamodb, entries, history, table
from chalicelib.store.dynamodb import ChangedMeanwhile
from chalicelib.store.entries import Entry, IndexItem
from chalicelib.store.history import Record
from chalicelib.store.items import ACTOR, Actor, CandidateItem, Movie, Parent, PartItem, RoleItem
from chalicelib.store.resource import SK
from chalicelib.store.table import Item
from dev.table.desk import Key, Problem

KINDS = ("unindexed", "misindexed", "orphaned", "duplicate", "unrecorded")
"""The kinds of problems that this module reports and repairs."""

UNFINISHED = "a change of its entries has not finished"

WITH_HISTORY = (Movie, Actor, PartItem, RoleItem, CandidateItem)

Digest = tuple[str, int]
"""The id of the resource that an entry or a claim belongs to, and a hash of its card."""


class Seen:
    """What a scan has seen of the index and of history."""

    def __init__(self) -> None:
        self.index: dict[Key, Digest] = {}
        self.records: dict[Key, array[int]] = {}
        """The versions with a record, by the partition and the creation of the resource."""

    def add(self, item: Item) -> None:
        """Note an item of the index, or a record."""
        if isinstance(item, Record):
            created_at = item.sk.partition(table.SEPARATOR)[0]
            self.records.setdefault((item.pk, created_at), array("l")).append(item.version)
        else:
            self.index[sys.intern(item.pk), item.sk] = _digest(item)


def is_ours(item: Item) -> bool:
    """Return whether an item is one of the index, or a record."""
    return isinstance(item, IndexItem | Record)


def _digest(item: Item) -> Digest:
    if isinstance(item, Entry):
        return item.id, hash((item.words, frozenset(item.facets), item.low, item.high))
    return item.id, 0


def _expected(parent: Parent) -> dict[Key, Digest]:
    """Return the entries and claims that a movie or actor must have."""
    card = entries.card_of(parent).attributes()
    digest = parent.id, hash((card["words"], frozenset(card["facets"]), card["low"], card["high"]))
    claims = (entries.claim_key(type(parent), claim) for claim in parent.claims())
    return {
        **dict.fromkeys(entries.keys_of(parent), digest),
        **dict.fromkeys(claims, (parent.id, 0)),
    }


# --- What must be true


def problems(items: Iterable[Item], seen: Seen, unreadable: set[str]) -> Iterator[Problem]:
    """Return the problems of the index and of history, as a scan has seen them.

    Of movies and actors in `unreadable` partitions, nothing is known.
    """
    left = set(seen.index)
    for item in items:
        if isinstance(item, Parent):
            expected = {} if item.deleting else _expected(item)
            left -= expected.keys() | entries.unfinished_keys(item)
            yield from parent_problems(item, seen.index)
        if _has_records(item):
            versions = seen.records.get(_records_key(item), array("l"))
            yield from record_problems(item, versions)
    for key in sorted(left):
        owner_id = seen.index[key][0]
        if key != entries.INDEX and _owner_key(key, owner_id)[0] not in unreadable:
            yield Problem("orphaned", key, f"{owner_id} does not expect it")


def parent_problems(parent: Parent, index: dict[Key, Digest]) -> Iterator[Problem]:
    """Return the problems of the entries and claims of a movie or actor."""
    key = parent.pk, parent.sk
    if parent.deleting:
        return
    if parent.indexing:
        yield Problem("misindexed", key, UNFINISHED)
        return
    expected = _expected(parent)
    taken = {k for k, (owner, _) in expected.items() if index.get(k, (owner, 0))[0] != owner}
    for other in sorted(taken):
        claim = other[0].partition("?")[2]
        yield Problem("duplicate", key, f"{index[other][0]} has the {claim}, too")
    missing = [k for k in expected if k not in index]
    outdated = [k for k in expected if k in index and k not in taken and index[k] != expected[k]]
    if parent.indexed is None:
        yield Problem("unindexed", key, "search and filters do not find it")
    elif missing or outdated:
        description = f"{len(missing)} of its entries are missing, {len(outdated)} are outdated"
        yield Problem("misindexed", key, description)


def record_problems(item: Item, versions: Iterable[int]) -> Iterator[Problem]:
    """Return the problem of a resource with these recorded versions."""
    if missing := _unrecorded(item, versions):
        description = f"{len(missing)} of its versions have no record, the first is {missing[0]}"
        yield Problem("unrecorded", (item.pk, item.sk), description)


def _unrecorded(item: Item, versions: Iterable[int]) -> list[int]:
    if item.recorded_from is None:
        return []
    return sorted(set(range(item.recorded_from, item.version + 1)) - set(versions))


def _has_records(item: Item) -> bool:
    """Return whether an item has a history: of the two items of a role the one of the movie."""
    is_other_side = isinstance(item, RoleItem) and item.pk.startswith(ACTOR)
    return isinstance(item, WITH_HISTORY) and not is_other_side


def _records_key(item: Item) -> Key:
    return history.partition(history.kind_of(type(item)), item.id), item.created_at


# --- Reading again, and repairs


def check_again(problem: Problem) -> Iterator[Problem]:
    """Read what a problem concerns again, and return what remains of it."""
    if problem.kind == "unindexed":
        yield problem  # only an old version of the code leaves it so
    elif problem.kind == "orphaned":
        entry, owner = _read_entry(problem.key)
        if entry is not None and problem.key not in _keys_expected_by(owner):
            yield problem
    elif problem.kind == "unrecorded":
        item, versions = _read_records(problem.key)
        if item is not None:
            yield from record_problems(item, versions)
    else:
        parent, index = _read_index(problem.key)
        if parent is not None:
            yield from (p for p in parent_problems(parent, index) if p.kind == problem.kind)


def repair(problem: Problem) -> None:
    """Repair a problem, if it remains. Raise ChangedMeanwhile if others write the same items."""
    if problem.kind == "orphaned":
        _repair_orphan(problem.key)
    elif problem.kind == "unrecorded":
        item, versions = _read_records(problem.key)
        for version in _unrecorded(item, versions) if item else []:
            dynamodb.transact([history.unrecorded_step(cast(Item, item), version)])
    elif problem.kind == "unindexed":
        item = dynamodb.get(*problem.key)
        try:
            if isinstance(item, Parent) and item.indexed is None and not item.deleting:
                entries.write_all(item)
        except ExternalIdTaken:
            _repair_entries(problem.key)
    elif problem.kind == "misindexed":
        _repair_entries(problem.key)


def _repair_entries(key: Key) -> None:
    parent, index = _read_index(key)
    if parent is None or not any(p.kind != "duplicate" for p in parent_problems(parent, index)):
        return
    of_others = [k[0].partition("?")[2] for k, (owner, _) in index.items() if owner != parent.id]
    entries.write_all(parent, of_others)


def _repair_orphan(key: Key) -> None:
    entry, owner = _read_entry(key)
    if entry is None or key in _keys_expected_by(owner):
        return
    steps = [dynamodb.delete_step(*key, Entry.id == entry.id, ChangedMeanwhile)]
    if isinstance(owner, Parent):
        condition = Parent.pk.exists() if owner.deleting else entries.is_as_read(owner)
        steps.append(dynamodb.check_step(owner.pk, SK, condition, ChangedMeanwhile))
    dynamodb.transact(steps)


def _keys_expected_by(owner: Item | None) -> set[Key]:
    if not isinstance(owner, Parent):
        return set()
    expected = set() if owner.deleting else {*_expected(owner)}
    return expected | entries.unfinished_keys(owner)


def _read_entry(key: Key) -> tuple[Item | None, Item | None]:
    """Read an entry or a claim, and the resource that it belongs to, as of one moment."""
    entry = dynamodb.get(*key)
    if entry is None:
        return None, None
    entry, owner = dynamodb.snapshot([key, _owner_key(key, entry.id)])
    return entry, owner


def _owner_key(key: Key, owner_id: str) -> Key:
    """Return the key of the movie or actor that an entry or claim belongs to."""
    owner_type = next(t for t in (Movie, Actor) if key[0].startswith(f"{t.collection}?"))
    return owner_type.prefix + owner_id, SK


def _read_index(key: Key) -> tuple[Parent | None, dict[Key, Digest]]:
    """Read a movie or actor and what it must have in the index.

    Return None if it does not exist, or if it is being changed.
    """
    parent = dynamodb.get(*key)
    if not isinstance(parent, Parent):
        return None, {}
    keys = sorted(_expected(parent))
    found = dynamodb.get_all(keys)
    again = dynamodb.get(*key)
    if not isinstance(again, Parent) or again.version != parent.version:
        return None, {}
    index = {k: _digest(item) for k, item in zip(keys, found, strict=True) if item is not None}
    return again, index


def _read_records(key: Key) -> tuple[Item | None, list[int]]:
    """Read a resource, and the versions that are recorded of it."""
    item = dynamodb.get(*key)
    if item is None:
        return None, []
    pk, created_at = _records_key(item)
    pages: Any = table.connection.connection.client.get_paginator("query").paginate(
        TableName=TABLE_NAME,
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :created)",
        ProjectionExpression="version",
        ExpressionAttributeValues={":pk": {"S": pk}, ":created": {"S": created_at}},
    )
    versions = [int(raw["version"]["N"]) for page in pages for raw in page["Items"]]
    return item, versions
