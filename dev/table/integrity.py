"""The integrity of a whole table: which problems it can have, and how each is repaired.

The table may be in use. An item that looks wrong is therefore read again, as of one moment, before
it is reported. A repair writes only on condition that the items are as they were read.

The kinds of items are the classes of chalicelib/store. A plain resource needs nothing here.
"""

import contextlib
import importlib
import pkgutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from chalicelib import store
from chalicelib.errors import ApiError, TryAgain
from chalicelib.settings import TABLE_NAME
from chalicelib.store import dynamodb, links, roles, table
from chalicelib.store.dynamodb import ChangedMeanwhile, ConditionFailed, Step
from chalicelib.store.items import ACTOR, MOVIE, ROLE, Parent, Role, role_keys
from chalicelib.store.resource import SK, Resource
from chalicelib.store.table import INDEXES, Item

for _module in pkgutil.iter_modules(store.__path__, f"{store.__name__}."):
    importlib.import_module(_module.name)  # an item is read as its class only if that is imported

Key = tuple[str, str]
Items = dict[Key, Item]
RawItem = dict[str, dict[str, Any]]

STUCK_SECONDS = 60
"""A deletion or renaming that began so long ago and has not ended is no longer in progress."""

COPIED = tuple(name for name in Role.get_attributes() if name.startswith(("actor_", "movie_")))
"""Attributes that an item of a role copies from its actor or movie."""

PLACES = tuple(f"{index}{key}" for index in INDEXES for key in ("pk", "sk"))
"""The keys of the indexes."""

NOT_SHARED = {"pk", "sk", "kind", "id", "last_write", *COPIED, *PLACES}

SHARED = tuple(name for name in Role.get_attributes() if name not in NOT_SHARED)
"""Attributes that are the same in both items of a role."""

SETTLE_SECONDS = 1
"""Longer than any transaction takes until it shows in each of its items."""

READINGS = 5  # of a movie or actor and its roles, until the count matches
ROUNDS = 5  # of reading and repairing: a repair may reveal another problem, above all a count

KINDS = {
    "dangling": "a role whose movie or actor is missing",
    "half": "a role of which one item is missing, or whose items differ",
    "stale": "a name or a place in a list that is not what it should be",
    "miscounted": "a role_count that is not the number of roles",
    "stuck": "a deletion or renaming that was begun and not finished",
    "unknown": "an item that this version of the code cannot read; it, and what belongs to it, is"
    " not changed",
}


class Problem(NamedTuple):
    kind: str
    key: Key
    what: str


def read(progress: Callable[[int], None] = lambda _: None) -> Iterator[RawItem]:
    """Read the whole table, strongly consistent. Call `progress` with the number of items read."""
    pages = table.connection.connection.client.get_paginator("scan")
    count = 0
    for page in pages.paginate(TableName=TABLE_NAME, ConsistentRead=True):
        yield from page["Items"]
        count += len(page["Items"])
        progress(count)


def problems(raw_items: Iterable[RawItem], stuck_seconds: float = 0) -> list[Problem]:
    """Return the problems of these items, which are the whole table as of one moment."""
    items: Items = {}
    unknown: set[Key] = set()
    for raw in raw_items:
        key = raw["pk"]["S"], raw["sk"]["S"]
        item = _item(raw)
        if item is None:
            unknown.add(key)
        else:
            items[key] = item
    reported = [Problem("unknown", key, "it cannot be read") for key in sorted(unknown)]
    role_counts = Counter(pk for (pk, _), item in items.items() if isinstance(item, Role))
    role_ids = {item.id for item in items.values() if isinstance(item, Role)}
    for role_id in sorted(role_ids):
        if unknown.isdisjoint([*role_keys(role_id), *_parent_keys(role_id)]):
            reported += _role_problems(role_id, items, stuck_seconds)
    unknown_partitions = {pk for pk, _ in unknown}
    for (pk, _), item in items.items():
        if isinstance(item, Resource) and pk not in unknown_partitions:
            reported += _resource_problems(item, role_counts[pk], stuck_seconds)
    return reported


def _item(raw: RawItem) -> Item | None:
    """Return an item as its class, or None if it is damaged or has no class."""
    try:
        item = Item.from_raw_data(raw)
        if isinstance(item, Role):
            in_place = (item.pk, item.sk) in role_keys(item.id)
        elif isinstance(item, Resource):
            in_place = (item.pk, item.sk) == (item.partition(item.id), SK)
            item.listed()  # raises an error if an attribute that it needs is missing
        else:
            return None
        if isinstance(item, Parent):
            _is_in_progress(item, 0)  # raises an error for a time that is none
    except (ApiError, AttributeError, TypeError, ValueError):
        return None
    complete = None not in (item.created_at, item.updated_at, item.version)
    return item if in_place and complete else None


def _role_problems(role_id: str, items: Items, stuck_seconds: float) -> Iterator[Problem]:
    keys, parent_keys = role_keys(role_id), _parent_keys(role_id)
    existing = [key for key in keys if key in items]
    if not existing:
        return
    for parent_key in parent_keys:
        if parent_key not in items:
            yield Problem("dangling", existing[0], f"{parent_key[0]} does not exist")
            return
    if len(existing) < len(keys):
        missing = next(key for key in keys if key not in items)
        yield Problem("half", existing[0], f"{' '.join(missing)} does not exist")
        return
    if names := _differences(items[keys[0]], items[keys[1]], SHARED):
        yield Problem("half", keys[0], f"its items differ in {', '.join(names)}")
    if any(_is_in_progress(cast(Parent, items[key]), stuck_seconds) for key in parent_keys):
        return  # a renaming will still write its names
    for key, expected in zip(keys, _expected(role_id, items), strict=True):
        if names := _differences(items[key], expected, (*COPIED, *PLACES)):
            yield Problem("stale", key, f"it has an old {', '.join(names)}")


def _parent_keys(role_id: str) -> tuple[Key, Key]:
    movie_id, _, actor_id = role_id.partition(".")
    return (MOVIE + movie_id, SK), (ACTOR + actor_id, SK)


def _expected(role_id: str, items: Items) -> tuple[Role, Role]:
    """Return a role's two items as they should be, from its newest item and its parents."""
    keys, parent_keys = role_keys(role_id), _parent_keys(role_id)
    existing = [cast(Role, items[key]) for key in keys if key in items]
    newest = max(existing, key=lambda role: (role.version, role.updated_at))
    beside_movie, beside_actor = (Role(*key, id=role_id) for key in keys)
    for role in (beside_movie, beside_actor):
        role.set(**{name: getattr(newest, name) for name in SHARED})
    movie, actor = (cast(Parent, items[key]) for key in parent_keys)
    roles.place(beside_movie, beside_actor, movie, actor)
    return beside_movie, beside_actor


def _differences(item: Item, expected: Item, names: Iterable[str]) -> list[str]:
    return [name for name in names if getattr(item, name) != getattr(expected, name)]


def _resource_problems(item: Resource, role_count: int, stuck_seconds: float) -> Iterator[Problem]:
    key = item.pk, item.sk
    if isinstance(item, Parent):
        if item.role_count != role_count:
            yield Problem("miscounted", key, f"it counts {item.role_count} roles of {role_count}")
        for process, since in _processes(item).items():
            if since and _age(since) >= timedelta(seconds=stuck_seconds):
                yield Problem("stuck", key, f"its {process} was begun at {since}")
        if item.deleting:
            return
    if _is_misplaced(item):
        yield Problem("stale", key, "it has a wrong place in a list")


def _is_misplaced(item: Resource) -> bool:
    return any(getattr(item, name) != value for name, value in item.listed().items())


def _is_in_progress(parent: Parent, stuck_seconds: float) -> bool:
    starts = _processes(parent).values()
    return any(_age(since) < timedelta(seconds=stuck_seconds) for since in starts if since)


def _processes(parent: Parent) -> dict[str, str | None]:
    """Return the start of a deletion and of a renaming, or None if there is none."""
    return {"deletion": parent.deleting, "renaming": parent.renaming}


def _age(time: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(time)


def check(
    progress: Callable[[int], None] = lambda _: None,
    stuck_seconds: float = STUCK_SECONDS,
    settle_seconds: float = SETTLE_SECONDS,
) -> list[Problem]:
    """Return the problems of the table, which may be in use."""
    reported = problems(read(progress), stuck_seconds)
    for _ in range(2):
        if reported:
            time.sleep(settle_seconds)
            reported = list(_confirmed(reported, stuck_seconds))
    return reported


def repair(reported: list[Problem], settle_seconds: float = SETTLE_SECONDS) -> None:
    """Repair these problems. It changes nothing that is right, so it can be repeated.

    What other requests change at the same moment is left to the next reading.
    """
    role_ids, resource_keys = _subjects(reported)
    for role_id in role_ids:
        with contextlib.suppress(ChangedMeanwhile, TryAgain):
            _repair_role(role_id)
    miscounted = {problem.key for problem in reported if problem.kind == "miscounted"}
    before = {key: _family(key) for key in sorted(miscounted)}
    time.sleep(settle_seconds if miscounted else 0)
    for key in resource_keys:
        with contextlib.suppress(ConditionFailed, ApiError):
            if key in before:
                _repair_count(before[key], _family(key))
            _repair_resource(key)


def _subjects(reported: list[Problem]) -> tuple[list[str], list[Key]]:
    """Return the ids of the roles, and the keys of the resources, that have these problems."""
    keys = {problem.key for problem in reported if problem.kind != "unknown"}
    resource_keys = {key for key in keys if key[1] == SK}
    return sorted(_role_id(key) for key in keys - resource_keys), sorted(resource_keys)


def _role_id(key: Key) -> str:
    parent_id, other_id = key[0].partition("#")[2], key[1].removeprefix(ROLE)
    is_movie = key[0].startswith(MOVIE)
    return f"{parent_id}.{other_id}" if is_movie else f"{other_id}.{parent_id}"


def _confirmed(reported: list[Problem], stuck_seconds: float) -> Iterator[Problem]:
    """Read the items of these problems again, and return the problems that they still have."""
    yield from (problem for problem in reported if problem.kind == "unknown")
    role_ids, resource_keys = _subjects(reported)
    for role_id in dict.fromkeys(role_ids):
        yield from _role_problems(role_id, _snapshot(role_id), stuck_seconds)
    for key in resource_keys:
        if family := _family(key):
            yield from _resource_problems(family.resource, len(family.roles), stuck_seconds)


def _snapshot(role_id: str) -> Items:
    """Read a role's two items and its two parents as of one moment."""
    keys = [*role_keys(role_id), *_parent_keys(role_id)]
    return {key: item for key, item in zip(keys, dynamodb.snapshot(keys), strict=True) if item}


class Family(NamedTuple):
    """A resource, and its roles by sk and time of creation. Only parents have roles."""

    resource: Resource
    roles: frozenset[tuple[str, str]]


def _family(key: Key) -> Family | None:
    """Read a resource and its roles. Return None if it does not exist, or changes all the time."""
    pages = table.connection.connection.client.get_paginator("query")
    for _ in range(READINGS):
        before, role_keys_read = dynamodb.get(*key), set()
        if not isinstance(before, Resource):
            return None
        if not isinstance(before, Parent):
            return Family(before, frozenset())
        for page in pages.paginate(
            TableName=TABLE_NAME,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :role)",
            ExpressionAttributeValues={":pk": {"S": key[0]}, ":role": {"S": ROLE}},
        ):
            role_keys_read |= {(raw["sk"]["S"], raw["created_at"]["S"]) for raw in page["Items"]}
        after = dynamodb.get(*key)
        if not isinstance(after, Parent):
            return None
        if before.role_count == after.role_count:
            return Family(after, frozenset(role_keys_read))
    return None


def _repair_role(role_id: str) -> None:
    items = _snapshot(role_id)
    keys, parent_keys = role_keys(role_id), _parent_keys(role_id)
    existing = [cast(Role, items[key]) for key in keys if key in items]
    parents = [cast(Parent, items[key]) for key in parent_keys if key in items]
    if not existing:
        return
    if len(parents) == len(parent_keys) and not any(parent.deleting for parent in parents):
        steps = [dynamodb.check_step(p.pk, p.sk, p.unchanged(), ChangedMeanwhile) for p in parents]
        steps += [_write_step(items.get((r.pk, r.sk)), r) for r in _expected(role_id, items)]
    elif len(parents) < len(parent_keys) or len(existing) < len(keys):
        steps = [
            dynamodb.check_step(*key, Item.pk.does_not_exist(), ChangedMeanwhile)
            for key in parent_keys
            if key not in items
        ]
        steps += [
            dynamodb.delete_step(r.pk, r.sk, Role.version == r.version, ChangedMeanwhile)
            for r in existing
        ]
    else:
        return  # the deletion of its parent will remove it
    dynamodb.transact(steps)


def _write_step(item: Item | None, expected: Role) -> Step:
    if item is None:
        return dynamodb.put_step(expected, ChangedMeanwhile)
    attributes = {name: getattr(expected, name) for name in (*SHARED, *COPIED, *PLACES)}
    actions = table.set_actions(Role, attributes)
    unchanged = Role.version == item.version
    return dynamodb.update_step(item.pk, item.sk, actions, unchanged, ChangedMeanwhile)


def _repair_count(before: Family | None, after: Family | None) -> None:
    """Write the number of roles, if nothing has changed between two readings."""
    if before is None or after is None or before.roles != after.roles:
        return
    old, new = before.resource, after.resource
    if not isinstance(old, Parent) or not isinstance(new, Parent):
        return
    count = old.role_count
    if count != new.role_count or count == len(after.roles):
        return
    unchanged = Parent.role_count == count
    if count == 0:
        unchanged |= Parent.role_count.does_not_exist()
    actions = [Parent.role_count.set(len(after.roles))]
    dynamodb.update(type(new), new.pk, SK, actions, unchanged)


def _repair_resource(key: Key) -> None:
    item = dynamodb.get(*key)
    if not isinstance(item, Resource):
        return
    if isinstance(item, Parent) and item.deleting:
        links.remove(type(item), item.id, None)
        return
    if _is_misplaced(item):
        unchanged = (
            item.unchanged() if isinstance(item, Parent) else Resource.version == item.version
        )
        actions = table.set_actions(type(item), item.listed())
        item = dynamodb.update(type(item), *key, actions, unchanged)
    if isinstance(item, Parent) and item.renaming:
        links.rename_roles(item)
