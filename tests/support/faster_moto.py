"""A faster DynamoDB of moto.

* moto copies the whole table for each action of a transaction, to undo it. A transaction of 100
  actions on a table of 1,000 items then takes seconds. Here it copies only the items that the
  transaction writes, once.
* moto searches each value of an item for all the types that a value can have, in requests and in
  responses. This takes more time than the rest of the request. Here the values stay as they are:
  they already have the right format.
* moto adds up the size of an item for each of its attributes. Here it does so once for each item.
* moto looks up the names of its operations in each request. Here it looks them up once.
* moto compares the address of each request with those of all services, and registers all of them
  in each test. Here it knows only DynamoDB, and S3, which holds the releases of a stage.
"""

import copy
import functools
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

from botocore.model import StructureShape
from moto import backend_index
from moto.core import responses, utils
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.parse import BaseJSONParser
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

_done: dict[str, tuple[Table, Any]] = {}

Result = TypeVar("Result")


def once(what: str, do: Callable[[], Result]) -> Result:
    """Do something to our table. The next time in this process, copy the table as it was then.

    Return the same result each time. A test calls this before it writes anything else. The requests
    that create the table take moto 12 ms, and most tests start with it. Some go on with the same
    requests.
    """
    tables = models.dynamodb_backends[DEFAULT_ACCOUNT_ID][os.environ["AWS_DEFAULT_REGION"]].tables
    name = os.environ["TABLE_NAME"]
    if what not in _done:
        result = do()
        _done[what] = copy.deepcopy(tables[name]), result
        return result
    table, result = _done[what]
    tables[name] = copy.deepcopy(table)
    return result


def install() -> None:
    """Replace what is slow in moto."""
    _replace_transactions()
    _replace_serialization()
    _replace_parsing()
    _replace_new_items()
    vars(responses)["method_names_from_class"] = functools.cache(utils.method_names_from_class)
    patterns = backend_index.backend_url_patterns
    patterns[:] = [pattern for pattern in patterns if pattern[0] in ("dynamodb", "s3")]


def _replace_transactions() -> None:
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


def _replace_serialization() -> None:
    original = BaseJSONSerializer._serialize_type_structure

    def serialize(
        self: BaseJSONSerializer, serialized: Any, value: Any, shape: StructureShape, key: str
    ) -> None:
        if shape.name == "AttributeValue" and isinstance(value, dict):
            self._default_serialize(serialized, value, shape, key)
        else:
            original(self, serialized, value, shape, key)

    BaseJSONSerializer._serialize_type_structure = serialize  # type: ignore[method-assign]


def _replace_parsing() -> None:
    original: Any = BaseJSONParser._parse_structure

    def parse(self: BaseJSONParser, shape: StructureShape, value: Any) -> Any:
        return value if shape.name == "AttributeValue" else original(self, shape, value)

    BaseJSONParser._parse_structure = parse  # type: ignore[method-assign]


def _replace_new_items() -> None:
    def create(
        self: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]
    ) -> None:
        self.hash_key, self.range_key = hash_key, range_key
        self.attrs = LimitedSizeDict()
        *others, last = attrs
        self.attrs.update({name: DynamoType(attrs[name]) for name in others})
        self.attrs[last] = DynamoType(attrs[last])  # raises an error if the item is too large

    Item.__init__ = create  # type: ignore[method-assign]


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
