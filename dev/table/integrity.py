"""What can be wrong with a whole table, and how it is mended.

The table may be in use: what was read one item after another and looks wrong is read again, as it
is at one moment, before it is called a problem. What mends holds the table to what was read.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from chalicelib.errors import ActorNotFound, ApiError, MovieNotFound, TryAgain
from chalicelib.settings import TABLE_NAME
from chalicelib.store import actors, dynamodb, links, movies, roles, table
from chalicelib.store.dynamodb import ChangedMeanwhile, ConditionFailed, Step
from chalicelib.store.items import ACTOR, MOVIE, ROLE, Parent, Role, role_keys
from chalicelib.store.table import Item

Key = tuple[str, str]
Items = dict[Key, Item]
RawItem = dict[str, dict[str, Any]]

STUCK_SECONDS = 60
"""A deletion or renaming that began so long ago and has not ended is not under way any more."""

SHARED = ("character_name", "billing_order", "created_at", "updated_at", "version", "replay")
"""What both items of a role say."""

PLACED = ("actor_name", "movie_title", "movie_release_date", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")
"""What an item of a role shows of its other end, and its places in the lists."""

SETTLE_SECONDS = 1
"""Longer than any transaction takes to show in each of its items."""

READINGS = 5  # of a movie or actor and its roles, until one goes with the other
ROUNDS = 5  # of reading and mending: what one mends may show the next, a count above all

KINDS = {
    "dangling": "a role whose movie or actor is missing",
    "half": "a role of which one item is missing, or whose items differ",
    "stale": "a name or a place in a list that is not what it should be",
    "miscounted": "a role_count that is not the number of roles",
    "stuck": "a deletion or renaming that was begun and not finished",
    "unknown": "an item that this version of the code cannot read; it and what hangs from it are"
    " left alone",
}


class Problem(NamedTuple):
    kind: str
    key: Key
    what: str


def read(progress: Callable[[int], None] = lambda _: None) -> Iterator[RawItem]:
    """Read the whole table, strongly consistent; `progress` hears how many items have been read."""
    pages = table.connection.connection.client.get_paginator("scan")
    count = 0
    for page in pages.paginate(TableName=TABLE_NAME, ConsistentRead=True):
        yield from page["Items"]
        count += len(page["Items"])
        progress(count)


def problems(raw_items: Iterable[RawItem], stuck_seconds: float = 0) -> list[Problem]:
    """Tell what is wrong with these items, which are the whole table as it is at one moment."""
    items: Items = {}
    unknown: set[Key] = set()
    for raw in raw_items:
        key = raw["pk"]["S"], raw["sk"]["S"]
        item = _item(raw)
        if item is None:
            unknown.add(key)
        else:
            items[key] = item
    found = [Problem("unknown", key, "it cannot be read") for key in sorted(unknown)]
    counted = Counter(pk for (pk, _), item in items.items() if isinstance(item, Role))
    role_ids = {item.id for item in items.values() if isinstance(item, Role)}
    for role_id in sorted(role_ids):
        if unknown.isdisjoint([*role_keys(role_id), *_ends(role_id)]):
            found += _of_role(role_id, items, stuck_seconds)
    partitions = {pk for pk, _ in unknown}
    for (pk, _), item in items.items():
        if isinstance(item, Parent) and pk not in partitions:
            found += _of_parent(item, counted[pk], stuck_seconds)
    return found


def _item(raw: RawItem) -> Item | None:
    try:
        item = Item.from_raw_data(raw)
        if isinstance(item, Role):
            fits = (item.pk, item.sk) in role_keys(item.id)
        else:
            fits = isinstance(item, Parent) and (item.pk, item.sk) == _key(type(item), item.id)
        if isinstance(item, Parent):
            # These raise where what they need is missing.
            item.listed()
            _is_under_way(item, 0)
        fits = fits and None not in (item.created_at, item.updated_at, item.version)
    except (ApiError, AttributeError, TypeError, ValueError):
        return None
    return item if fits else None


def _key(parent_type: type[Parent], parent_id: str) -> Key:
    return (MOVIE if parent_type is movies.Movie else ACTOR) + parent_id, "#"


def _of_role(role_id: str, items: Items, stuck_seconds: float) -> Iterator[Problem]:
    sides, ends = role_keys(role_id), _ends(role_id)
    there = [side for side in sides if side in items]
    if not there:
        return
    for end in ends:
        if end not in items:
            yield Problem("dangling", there[0], f"there is no {end[0]}")
            return
    if len(there) < len(sides):
        missing = next(side for side in sides if side not in items)
        yield Problem("half", there[0], f"there is no {' '.join(missing)}")
        return
    if differ := _differences(items[sides[0]], items[sides[1]], SHARED):
        yield Problem("half", sides[0], f"its items differ in {', '.join(differ)}")
    if any(_is_under_way(cast(Parent, items[end]), stuck_seconds) for end in ends):
        return  # it shows its names in time
    for side, role in zip(sides, _expected(role_id, items), strict=True):
        if wrong := _differences(items[side], role, PLACED):
            yield Problem("stale", side, f"it shows an old {', '.join(wrong)}")


def _ends(role_id: str) -> tuple[Key, Key]:
    movie_id, _, actor_id = role_id.partition(".")
    return (MOVIE + movie_id, "#"), (ACTOR + actor_id, "#")


def _expected(role_id: str, items: Items) -> tuple[Role, Role]:
    """Give a role's two items as they should be, from what is there of it and from its ends."""
    sides, ends = role_keys(role_id), _ends(role_id)
    found = [cast(Role, items[side]) for side in sides if side in items]
    newest = max(found, key=lambda role: (role.version, role.updated_at))
    beside_movie, beside_actor = (Role(*side, id=role_id) for side in sides)
    for role in (beside_movie, beside_actor):
        role.set(**{name: getattr(newest, name) for name in SHARED})
    movie, actor = (cast(Parent, items[end]) for end in ends)
    roles.place(beside_movie, beside_actor, movie, actor)
    return beside_movie, beside_actor


def _differences(item: Item, expected: Item, names: Iterable[str]) -> list[str]:
    return [name for name in names if getattr(item, name) != getattr(expected, name)]


def _of_parent(parent: Parent, count: int, stuck_seconds: float) -> Iterator[Problem]:
    key = parent.pk, parent.sk
    if parent.role_count != count:
        yield Problem("miscounted", key, f"it counts {parent.role_count} roles of {count}")
    for what, since in _marks(parent).items():
        if since and _age(since) >= timedelta(seconds=stuck_seconds):
            yield Problem("stuck", key, f"its {what} was begun at {since}")
    listed = parent.listed()
    if not parent.deleting and any(getattr(parent, n) != v for n, v in listed.items()):
        yield Problem("stale", key, "it is in a wrong place of its list")


def _is_under_way(parent: Parent, stuck_seconds: float) -> bool:
    return any(_age(s) < timedelta(seconds=stuck_seconds) for s in _marks(parent).values() if s)


def _marks(parent: Parent) -> dict[str, str | None]:
    """Give since when something goes on with a movie or actor."""
    return {"deletion": parent.deleting, "renaming": parent.renaming}


def _age(time: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(time)


def check(
    progress: Callable[[int], None] = lambda _: None,
    stuck_seconds: float = STUCK_SECONDS,
    settle_seconds: float = SETTLE_SECONDS,
) -> list[Problem]:
    """Tell what is wrong with the table, also while others write to it."""
    found = problems(read(progress), stuck_seconds)
    for _ in range(2):
        if found:
            time.sleep(settle_seconds)
            found = list(_again(found, stuck_seconds))
    return found


def mend(found: list[Problem], settle_seconds: float = SETTLE_SECONDS) -> None:
    """Mend these problems. Nothing that is right is changed, so it can be done again.

    What others change at the same moment is left to the next reading.
    """
    role_ids, parent_keys = _subjects(found)
    for role_id in role_ids:
        with contextlib.suppress(ChangedMeanwhile, TryAgain):
            _mend_role(role_id)
    miscounted = {problem.key for problem in found if problem.kind == "miscounted"}
    before = {key: _family(key) for key in sorted(miscounted)}
    time.sleep(settle_seconds if miscounted else 0)
    for key in parent_keys:
        with contextlib.suppress(ConditionFailed, MovieNotFound, ActorNotFound, TryAgain):
            if key in before:
                _mend_count(before[key], _family(key))
            _mend_parent(key)


def _subjects(found: list[Problem]) -> tuple[list[str], list[Key]]:
    """Give the ids of the roles, and the keys of the movies and actors, that problems are of."""
    known = {problem.key for problem in found if problem.kind != "unknown"}
    parents = {key for key in known if key[1] == "#"}
    return sorted(_role_id(key) for key in known - parents), sorted(parents)


def _role_id(key: Key) -> str:
    one, other = key[0].partition("#")[2], key[1].removeprefix(ROLE)
    return f"{one}.{other}" if key[0].startswith(MOVIE) else f"{other}.{one}"


def _again(found: list[Problem], stuck_seconds: float) -> Iterator[Problem]:
    yield from (problem for problem in found if problem.kind == "unknown")
    role_ids, parent_keys = _subjects(found)
    for role_id in dict.fromkeys(role_ids):
        yield from _of_role(role_id, _of_one_moment(role_id), stuck_seconds)
    for key in parent_keys:
        if family := _family(key):
            yield from _of_parent(family.parent, len(family.roles), stuck_seconds)


def _of_one_moment(role_id: str) -> Items:
    """Read a role's two items and its two ends as they are at one moment."""
    keys = [*role_keys(role_id), *_ends(role_id)]
    return {key: item for key, item in zip(keys, dynamodb.snapshot(keys), strict=True) if item}


class Family(NamedTuple):
    """A movie or actor, and its roles by sk and birth."""

    parent: Parent
    roles: frozenset[tuple[str, str]]


def _family(key: Key) -> Family | None:
    """Read a movie or actor with all its roles; None where it is gone, or changes all the time."""
    pages = table.connection.connection.client.get_paginator("query")
    for _ in range(READINGS):
        before, found = dynamodb.get(*key), set()
        for page in pages.paginate(
            TableName=TABLE_NAME,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :role)",
            ExpressionAttributeValues={":pk": {"S": key[0]}, ":role": {"S": ROLE}},
        ):
            found |= {(raw["sk"]["S"], raw["created_at"]["S"]) for raw in page["Items"]}
        after = dynamodb.get(*key)
        if not isinstance(before, Parent) or not isinstance(after, Parent):
            return None
        if before.role_count == after.role_count:
            return Family(after, frozenset(found))
    return None


def _mend_role(role_id: str) -> None:
    items = _of_one_moment(role_id)
    sides, ends = role_keys(role_id), _ends(role_id)
    there = [cast(Role, items[side]) for side in sides if side in items]
    parents = [cast(Parent, items[end]) for end in ends if end in items]
    if not there:
        return
    if len(parents) == len(ends) and not any(parent.deleting for parent in parents):
        steps = [dynamodb.check_step(p.pk, p.sk, p.unchanged(), ChangedMeanwhile) for p in parents]
        steps += [_write_step(items.get((r.pk, r.sk)), r) for r in _expected(role_id, items)]
    elif len(parents) < len(ends) or len(there) < len(sides):
        missing = [end for end in ends if end not in items]
        steps = [
            dynamodb.check_step(*end, Item.pk.does_not_exist(), ChangedMeanwhile) for end in missing
        ]
        steps += [
            dynamodb.delete_step(r.pk, r.sk, Role.version == r.version, ChangedMeanwhile)
            for r in there
        ]
    else:
        return  # it goes with what is being deleted
    dynamodb.transact(steps)


def _write_step(item: Item | None, expected: Role) -> Step:
    if item is None:
        return dynamodb.put_step(expected, ChangedMeanwhile)
    attributes = {name: getattr(expected, name) for name in (*SHARED, *PLACED)}
    as_read = Role.version == item.version
    return dynamodb.update_step(
        item.pk, item.sk, table.set_actions(Role, attributes), as_read, ChangedMeanwhile
    )


def _mend_count(before: Family | None, after: Family | None) -> None:
    """Write the number of roles, where nothing has moved between two readings."""
    if before is None or after is None or before.roles != after.roles:
        return
    count = before.parent.role_count
    if count != after.parent.role_count or count == len(after.roles):
        return
    as_read = Parent.role_count == count
    if count == 0:
        as_read |= Parent.role_count.does_not_exist()
    counted = [Parent.role_count.set(len(after.roles))]
    dynamodb.update(type(after.parent), after.parent.pk, "#", counted, as_read)


def _mend_parent(key: Key) -> None:
    parent = dynamodb.get(*key)
    if not isinstance(parent, Parent):
        return
    if parent.deleting:
        store = movies if isinstance(parent, movies.Movie) else actors
        store.remove(parent.id, None)
        return
    if any(getattr(parent, name) != value for name, value in parent.listed().items()):
        listed = table.set_actions(type(parent), parent.listed())
        parent = dynamodb.update(type(parent), *key, listed, parent.unchanged())
    if parent.renaming:
        links.rename_roles(parent)
