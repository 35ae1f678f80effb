"""The history of changes: one record per version of a movie, actor, role, part or candidate.

Each write of these puts its record in the same transaction, so none is missing and none is too
much. Records stay when the resource is deleted, and only `make forget` changes them.
"""

import json
import re
from enum import StrEnum
from typing import Any

from chalicelib.errors import BadCursor
from chalicelib.store import dynamodb, table
from chalicelib.store.attributes import TextAttribute
from chalicelib.store.dynamodb import Step
from chalicelib.store.items import RoleItem, alive, candidate_key, role_keys
from chalicelib.store.resource import SK, Resource
from chalicelib.store.table import Item, Page

HISTORY = "HISTORY#"
VERSION_DIGITS = 8

_SORT_KEY = re.compile(rf"[0-9TZ:.-]{{20,30}}{table.SEPARATOR}[0-9]{{{VERSION_DIGITS}}}")


class Operation(StrEnum):
    """What happened to a resource."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    UNRECORDED = "unrecorded"
    """Something that was not recorded. Only `make verify` writes this."""


class Record(Item, discriminator="history"):
    """What one write changed. Its `id` and `version` are those of the resource after it."""

    by = TextAttribute()  # the `sub` of the caller
    operation = TextAttribute()
    changed = TextAttribute()  # JSON: {field: [before, after]}, or {field: null} for personal data

    @property
    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = json.loads(self.changed)
        return changes


def kind_of(item_type: type[Item]) -> str:
    """Return the kind of a type of items, such as `movie`."""
    return str(Item.kind.get_discriminator(item_type))


def partition(kind: str, resource_id: str) -> str:
    """Return the partition key of a resource's records. `kind` is that of its item."""
    return f"{HISTORY}{kind}#{resource_id}"


def sort_key(created_at: str, version: int) -> str:
    """Return the sort key of a record: a resource may have been created again with its id."""
    return table.sort_key(created_at, f"{version:0{VERSION_DIGITS}}")


def fields_of(item: Item) -> dict[str, Any]:
    """Return the values of the fields that history records."""
    not_recorded = Item.get_attributes().keys() | item.internal
    names = [name for name in item.get_attributes() if name not in not_recorded]
    values = {name: item.attribute_values.get(name) for name in names} | item.derived()
    return {name: value for name, value in values.items() if value is not None}


def next_version(item: Item) -> dict[str, Any]:
    """Return the attributes that every change of an item with a history sets."""
    version = item.version + 1
    return {
        "updated_at": table.now(),
        "version": version,
        "recorded_from": item.recorded_from or version,
    }


def created_step(item: Item, by: str) -> Step:
    """Return the step that records the creation of an item by the caller `by`."""
    return _step(item, by, Operation.CREATED, {}, fields_of(item))


def changed_step(item: Item, by: str, before: dict[str, Any]) -> Step:
    """Return the step that records a change. `before` is what `fields_of` returned before it."""
    return _step(item, by, Operation.CHANGED, before, fields_of(item))


def deleted_step(item: Item, by: str) -> Step:
    """Return the step that records the deletion of an item, which is still in its last version."""
    deleted = table.copy_of(item)
    deleted.set(version=item.version + 1, updated_at=table.now())
    return _step(deleted, by, Operation.DELETED, fields_of(item), {})


def unrecorded_step(item: Item, version: int) -> Step:
    """Return the step that records that nothing is known of a version of an item."""
    unknown = table.copy_of(item)
    unknown.set(version=version)
    return _step(unknown, "", Operation.UNRECORDED, {}, {})


def _step(
    item: Item, by: str, operation: Operation, before: dict[str, Any], after: dict[str, Any]
) -> Step:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    changes = {
        name: None if name in item.personal else [before.get(name), after.get(name)]
        for name in names
    }
    record = Record(
        partition(kind_of(type(item)), item.id),
        sort_key(item.created_at, item.version),
        id=item.id,
        created_at=item.updated_at,
        updated_at=item.updated_at,
        version=item.version,
        by=by,
        operation=operation.value,
        changed=json.dumps(changes, ensure_ascii=False, separators=(",", ":")),
    )
    return dynamodb.write_step(record)


# --- Reading


def page(item_type: type[Item], resource_id: str, *, after: str | None, limit: int) -> Page[Item]:
    """List the records of a resource, newest first: one Query. Raise BadCursor."""
    if after is not None and not _SORT_KEY.fullmatch(after):
        raise BadCursor()
    pk = partition(kind_of(item_type), resource_id)
    return dynamodb.partition_page(pk, after=after, limit=limit, forward=False)


def is_alive(item_type: type[Item], resource_id: str) -> bool:
    """Return whether a resource exists and is not being deleted: one GetItem.

    Raise the error for a missing one if the text cannot be an id.
    """
    if issubclass(item_type, Resource):
        key = item_type.partition(resource_id), SK
    elif issubclass(item_type, RoleItem):
        key, _ = role_keys(resource_id)
    else:
        key = candidate_key(resource_id)
    return alive(dynamodb.get(*key))
