"""Integrity checks of a whole table, and their repairs.

The table may be in use. An item that looks wrong in the scan is read again before it is reported,
a role in one transaction with its movie and actor. A repair is conditional on what was read.

The kinds of items are the classes in chalicelib/store. A new class needs no edit here:

* Every item must be readable, and must have the attributes that every item has.
* A `Resource` must be stored at its own key, and must have the index keys of `listed()`.
* A `Parent` must also count its roles, and its deletion or renaming must end.
* A `RoleItem` must have two equal items and both parents, and must show the parents' names.
* desk.py has the rules for parts and candidates.
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
from chalicelib.store import actors, casting, dynamodb, links, movies, parts, table
from chalicelib.store.dynamodb import ChangedMeanwhile, ConditionFailed, Step
from chalicelib.store.items import (
    ACTOR,
    ALIVE,
    MOVIE,
    ROLE,
    Actor,
    CandidateItem,
    Movie,
    Parent,
    PartItem,
    RoleItem,
    candidate_key,
    role_keys,
)
from chalicelib.store.resource import SK, Resource
from chalicelib.store.table import INDEXES, Item
from dev.table import desk
from dev.table.desk import BY, READINGS, Key, Problem

# PynamoDB can read an item only if its class has been imported.
for _module in pkgutil.iter_modules(store.__path__, f"{store.__name__}."):
    importlib.import_module(_module.name)

Items = dict[Key, Item]
RawItem = dict[str, dict[str, Any]]

STUCK_SECONDS = 60
"""A deletion or renaming that is older than this and has not ended is not in progress any more."""

REQUIRED = tuple(name for name, a in Item.get_attributes().items() if not a.null)
"""The attributes that every item must have."""

INDEX_KEYS = tuple(f"{index}{key}" for index in INDEXES for key in ("pk", "sk"))

COPIED = tuple(
    f"{Item.kind.get_discriminator(parent_type)}_{field}"
    for parent_type in Item.kind.get_registered_subclasses(Parent)
    for field in parent_type.copied
)
"""The attributes in which a role copies the fields of its parents, such as `movie_title`."""

PLACED = (*COPIED, *INDEX_KEYS)
"""The attributes of a role that follow from its parents. `roles.place` sets them."""

SHARED = tuple(
    name
    for name in RoleItem.get_attributes()
    if name not in (*PLACED, "pk", "sk", "kind", "id", "last_write")
)
"""The attributes that must be equal in both items of a role."""

REMOVALS: dict[type[Resource], Callable[[str, None, str], int]] = {
    Movie: movies.remove,
    Actor: actors.remove,
    PartItem: parts.remove,
}
"""How the deletion of each kind of resource is finished."""

SETTLE_SECONDS = 1
"""Longer than DynamoDB takes to show a transaction in all of its items."""

ROUNDS = 5  # of check and repair: a repair can uncover another problem, mostly a wrong role_count

KINDS = {
    "dangling": "a role, part or candidate whose movie, actor or part is missing",
    "half": "a role with only one item, or with items that differ",
    "stale": "an outdated copy of a name, or an outdated key of a list",
    "miscounted": "a role_count that differs from the number of roles",
    "uncounted": "a count of parts or candidates, or a list of engagements, that differs from them",
    "uncast": "a role that does not list the parts in which its actor is cast",
    "stuck": "a deletion or renaming that has begun and has not finished",
    "unknown": "an item that this version of the code cannot read; it and its roles are not"
    " repaired",
}


def read(progress: Callable[[int], None] = lambda _: None) -> Iterator[RawItem]:
    """Read the whole table, strongly consistent. Report the number of items read to `progress`."""
    pages = table.connection.connection.client.get_paginator("scan")
    count = 0
    for page in pages.paginate(TableName=TABLE_NAME, ConsistentRead=True):
        yield from page["Items"]
        count += len(page["Items"])
        progress(count)


def problems(raw_items: Iterable[RawItem], stuck_seconds: float = 0) -> list[Problem]:
    """Return the problems of these items, which must be a snapshot of the whole table."""
    items: Items = {}
    unreadable: set[Key] = set()
    for raw_item in raw_items:
        key = raw_item["pk"]["S"], raw_item["sk"]["S"]
        item = _parse(raw_item)
        if item is None:
            unreadable.add(key)
        else:
            items[key] = item
    reported = [
        Problem("unknown", key, "this version of the code cannot read it")
        for key in sorted(unreadable)
    ]
    role_counts = Counter(pk for (pk, _), item in items.items() if isinstance(item, RoleItem))
    role_ids = {item.id for item in items.values() if isinstance(item, RoleItem)}
    for role_id in sorted(role_ids):
        if unreadable.isdisjoint([*role_keys(role_id), *_parent_keys(role_id)]):
            reported += _role_problems(role_id, items, stuck_seconds)
    unreadable_partitions = {pk for pk, _ in unreadable}
    for (pk, _), item in items.items():
        if isinstance(item, Resource) and pk not in unreadable_partitions:
            reported += _resource_problems(item, role_counts[pk], stuck_seconds)
    reported += (
        problem
        for problem in desk.problems(items)
        if unreadable_partitions.isdisjoint(_partitions(problem.key))
    )
    return reported


def _partitions(key: Key) -> set[str]:
    """Return the partitions of an item and of what it belongs to."""
    pk, sk = key
    movie_id, actor_id = pk.partition("#")[2].partition(".")[0], sk.partition("#")[2]
    return {pk, MOVIE + movie_id, ACTOR + actor_id}


def _parse(raw_item: RawItem) -> Item | None:
    """Return the item, or None if this version of the code cannot read it."""
    try:
        item = Item.from_raw_data(raw_item)
        is_valid = (item.pk, item.sk) in _own_keys(item)
        attributes = type(item).get_attributes()
        is_valid &= all(getattr(item, n) is not None for n in REQUIRED if not attributes[n].null)
        # These raise an exception if an attribute that they need is missing or malformed.
        if isinstance(item, Resource | CandidateItem):
            item.listed()
        if isinstance(item, Parent):
            _is_in_progress(item, 0)
    except (ApiError, AttributeError, TypeError, ValueError):
        return None
    return item if is_valid else None


def _own_keys(item: Item) -> tuple[Key, ...]:
    """Return the keys at which an item may be stored."""
    if isinstance(item, RoleItem):
        return role_keys(item.id)
    if isinstance(item, CandidateItem):
        return (candidate_key(item.id),)
    if isinstance(item, Resource):
        return ((item.prefix + item.id, SK),)
    return ((item.pk, item.sk),)  # its class does not define a key


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
        yield Problem("half", existing[0], f"its other item {' '.join(missing)} does not exist")
        return
    if differing := _differences(items[keys[0]], items[keys[1]], SHARED):
        yield Problem("half", keys[0], f"its two items differ in {', '.join(differing)}")
    if any(_is_in_progress(cast(Parent, items[key]), stuck_seconds) for key in parent_keys):
        return  # the renaming or deletion will reach this role
    for key, expected in zip(keys, _expected_role(role_id, items), strict=True):
        if outdated := _differences(items[key], expected, PLACED):
            yield Problem("stale", key, f"outdated: {', '.join(outdated)}")


def _parent_keys(role_id: str) -> tuple[Key, Key]:
    movie_id, _, actor_id = role_id.partition(".")
    return (MOVIE + movie_id, SK), (ACTOR + actor_id, SK)


def _expected_role(role_id: str, items: Items) -> tuple[RoleItem, RoleItem]:
    """Return a role's two items as they should be.

    The item with the higher version has the right values; the parents have the right names.
    """
    keys, parent_keys = role_keys(role_id), _parent_keys(role_id)
    existing = [cast(RoleItem, items[key]) for key in keys if key in items]
    newest = max(existing, key=lambda role: (role.version, role.updated_at))
    beside_movie, beside_actor = (RoleItem(*key, id=role_id) for key in keys)
    for role in (beside_movie, beside_actor):
        role.set(**{name: getattr(newest, name) for name in SHARED})
    movie, actor = (cast(Parent, items[key]) for key in parent_keys)
    casting.place(beside_movie, beside_actor, movie, actor)
    return beside_movie, beside_actor


def _differences(item: Item, expected: Item, names: Iterable[str]) -> list[str]:
    return [name for name in names if getattr(item, name) != getattr(expected, name)]


def _resource_problems(
    resource: Resource, role_count: int, stuck_seconds: float
) -> Iterator[Problem]:
    key = resource.pk, resource.sk
    if isinstance(resource, Parent) and resource.role_count != role_count:
        description = f"its role_count is {resource.role_count}, but it has {role_count} roles"
        yield Problem("miscounted", key, description)
    for process, since in _processes(resource).items():
        if since and _age(since) >= timedelta(seconds=stuck_seconds):
            yield Problem("stuck", key, f"its {process} began at {since} and has not finished")
    if outdated := _outdated_index_keys(resource):
        yield Problem("stale", key, f"outdated: {', '.join(outdated)}")


def _outdated_index_keys(resource: Resource) -> list[str]:
    if getattr(resource, "deleting", None):
        return []  # the deletion has moved it out of its lists
    return [n for n, expected in resource.listed().items() if getattr(resource, n) != expected]


def _is_in_progress(parent: Parent, stuck_seconds: float) -> bool:
    starts = [since for since in _processes(parent).values() if since]
    return any(_age(since) < timedelta(seconds=stuck_seconds) for since in starts)


def _processes(resource: Resource) -> dict[str, str | None]:
    """Return when the deletion and the renaming of a resource began."""
    starts = {"deletion": "deleting", "renaming": "renaming"}
    return {process: getattr(resource, name, None) for process, name in starts.items()}


def _age(time: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(time)


def check(
    progress: Callable[[int], None] = lambda _: None,
    stuck_seconds: float = STUCK_SECONDS,
    settle_seconds: float = SETTLE_SECONDS,
) -> list[Problem]:
    """Return the problems of the table. Other clients may write to it at the same time."""
    reported = problems(read(progress), stuck_seconds)
    for _ in range(2):
        if reported:
            time.sleep(settle_seconds)
            reported = list(_check_again(reported, stuck_seconds))
    return reported


def repair(reported: list[Problem], settle_seconds: float = SETTLE_SECONDS) -> None:
    """Repair these problems. It is idempotent: an item without problems is not written.

    A problem is skipped if another client writes the same items meanwhile.
    """
    for problem in filter(desk.is_ours, reported):
        with contextlib.suppress(ChangedMeanwhile, TryAgain):
            desk.repair(problem)
    role_ids, resource_keys = _affected(reported)
    for role_id in role_ids:
        with contextlib.suppress(ChangedMeanwhile, TryAgain):
            _repair_role(role_id)
    miscounted = {p.key for p in reported if p.kind == "miscounted" and not desk.is_ours(p)}
    earlier = {key: _read_family(key) for key in sorted(miscounted)}
    time.sleep(settle_seconds if miscounted else 0)
    for key in resource_keys:
        with contextlib.suppress(ConditionFailed, TryAgain):
            if key in earlier:
                _repair_count(earlier[key], _read_family(key))
            _repair_resource(key)


def _affected(reported: list[Problem]) -> tuple[list[str], list[Key]]:
    """Return the ids of the roles, and the keys of the resources, that have problems."""
    others = [p for p in reported if p.kind != "unknown" and not desk.is_ours(p)]
    keys = {problem.key for problem in others}
    of_roles = {key for key in keys if key[1].startswith(ROLE)}
    return sorted({_role_id(key) for key in of_roles}), sorted(keys - of_roles)


def _role_id(key: Key) -> str:
    parent_id, other_id = key[0].partition("#")[2], key[1].removeprefix(ROLE)
    return f"{parent_id}.{other_id}" if key[0].startswith(MOVIE) else f"{other_id}.{parent_id}"


def _check_again(reported: list[Problem], stuck_seconds: float) -> Iterator[Problem]:
    """Read the items that have problems again, and return the problems that remain."""
    yield from (problem for problem in reported if problem.kind == "unknown")
    for problem in filter(desk.is_ours, reported):
        yield from desk.check_again(problem)
    role_ids, resource_keys = _affected(reported)
    for role_id in role_ids:
        yield from _role_problems(role_id, _read_role(role_id), stuck_seconds)
    for key in resource_keys:
        resource, family = dynamodb.get(*key), _read_family(key)
        if family:
            yield from _resource_problems(family.parent, len(family.roles), stuck_seconds)
        elif isinstance(resource, Resource) and not isinstance(resource, Parent):
            yield from _resource_problems(resource, 0, stuck_seconds)


def _read_role(role_id: str) -> Items:
    """Read a role's two items and its two parents in one transaction."""
    keys = [*role_keys(role_id), *_parent_keys(role_id)]
    return {key: item for key, item in zip(keys, dynamodb.snapshot(keys), strict=True) if item}


class Family(NamedTuple):
    """A movie or actor, and the sk and created_at of each of its roles."""

    parent: Parent
    roles: frozenset[tuple[str, str]]


def _read_family(key: Key) -> Family | None:
    """Read a movie or actor with all its roles.

    Return None if it does not exist, or if its role_count changes during each of READINGS reads.
    """
    pages = table.connection.connection.client.get_paginator("query")
    for _ in range(READINGS):
        before = dynamodb.get(*key)
        if not isinstance(before, Parent):
            return None
        role_items = set()
        for page in pages.paginate(
            TableName=TABLE_NAME,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :role)",
            ExpressionAttributeValues={":pk": {"S": key[0]}, ":role": {"S": ROLE}},
        ):
            role_items |= {(raw["sk"]["S"], raw["created_at"]["S"]) for raw in page["Items"]}
        after = dynamodb.get(*key)
        if not isinstance(after, Parent):
            return None
        if before.role_count == after.role_count:
            return Family(after, frozenset(role_items))
    return None


def _repair_role(role_id: str) -> None:
    """Write a role's two items as they should be, or delete them if a parent is missing."""
    items = _read_role(role_id)
    keys, parent_keys = role_keys(role_id), _parent_keys(role_id)
    existing = [cast(RoleItem, items[key]) for key in keys if key in items]
    parents = [cast(Parent, items[key]) for key in parent_keys if key in items]
    if not existing:
        return
    if len(parents) == len(parent_keys) and not any(parent.deleting for parent in parents):
        steps = [dynamodb.check_step(p.pk, p.sk, p.unchanged(), ChangedMeanwhile) for p in parents]
        steps += [_write_step(items.get((r.pk, r.sk)), r) for r in _expected_role(role_id, items)]
    elif len(parents) < len(parent_keys) or len(existing) < len(keys):
        steps = [
            dynamodb.check_step(*key, Item.pk.does_not_exist(), ChangedMeanwhile)
            for key in parent_keys
            if key not in items
        ]
        steps += [
            dynamodb.delete_step(
                role.pk, role.sk, RoleItem.version == role.version, ChangedMeanwhile
            )
            for role in existing
        ]
    else:
        return  # the deletion of its parent deletes this role too
    dynamodb.transact(steps)


def _write_step(item: Item | None, expected: RoleItem) -> Step:
    if item is None:
        return dynamodb.put_step(expected, ChangedMeanwhile)
    attributes = {name: getattr(expected, name) for name in (*SHARED, *PLACED)}
    actions, unchanged = table.set_actions(RoleItem, attributes), RoleItem.version == item.version
    return dynamodb.update_step(item.pk, item.sk, actions, unchanged, ChangedMeanwhile)


def _repair_count(before: Family | None, after: Family | None) -> None:
    """Write the number of roles, if two reads found the same roles and the same role_count."""
    if before is None or after is None or before.roles != after.roles:
        return
    count = before.parent.role_count
    if count != after.parent.role_count or count == len(after.roles):
        return
    unchanged = Parent.role_count == count
    if count == 0:
        unchanged |= Parent.role_count.does_not_exist()
    actions = [Parent.role_count.set(len(after.roles))]
    dynamodb.update(type(after.parent), after.parent.pk, SK, actions, unchanged)


def _repair_resource(key: Key) -> None:
    """Write the index keys of a resource, and finish its deletion or renaming."""
    resource = dynamodb.get(*key)
    if not isinstance(resource, Resource):
        return
    if getattr(resource, "deleting", None):
        with contextlib.suppress(resource.missing):
            REMOVALS[type(resource)](resource.id, None, BY)
        return
    if _outdated_index_keys(resource):
        actions = table.set_actions(type(resource), resource.listed())
        unchanged = Item.version == resource.version
        if isinstance(resource, Parent):
            unchanged &= ALIVE
        resource = dynamodb.update(type(resource), *key, actions, unchanged)
    if isinstance(resource, Parent) and resource.renaming:
        links.rename_roles(resource)
