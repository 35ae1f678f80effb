"""Faster transactions in moto.

moto copies the whole table for each action of a transaction, to undo it. A transaction of 100
actions on a table of 1,000 items then takes seconds. Here it copies only the items that the
transaction writes, once.
"""

import copy
from types import SimpleNamespace
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table


def install() -> None:
    """Replace moto's `transact_write_items` by one that copies less."""
    original = DynamoDBBackend.transact_write_items

    def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        snapshots: dict[int, Table] = {}

        def deepcopy(value: Any) -> Any:
            if not isinstance(value, Table):
                return copy.deepcopy(value)
            if id(value) not in snapshots:
                snapshots[id(value)] = _snapshot(value, transact_items)
            return snapshots[id(value)]

        vars(models)["copy"] = SimpleNamespace(deepcopy=deepcopy)
        try:
            original(self, transact_items)
        finally:
            vars(models)["copy"] = copy

    DynamoDBBackend.transact_write_items = transact_write_items  # type: ignore[method-assign]


def _snapshot(table: Table, transact_items: list[dict[str, Any]]) -> Table:
    """Return a copy of a table, in which only what these actions write is copied."""
    snapshot = copy.copy(table)
    snapshot.items = copy.copy(table.items)
    for action in transact_items:
        ((_, request),) = action.items()
        key = request.get("Key") or request["Item"]
        hash_key, range_key = (DynamoType(key[n]) for n in (table.hash_key_attr, "sk"))
        if snapshot.items.get(hash_key) is table.items.get(hash_key, ...):
            snapshot.items[hash_key] = dict(table.items[hash_key])
        if range_key in snapshot.items.get(hash_key, {}):
            snapshot.items[hash_key][range_key] = copy.deepcopy(table.items[hash_key][range_key])
    return snapshot
