"""The table: its keys, its indexes, and what every item has.

docs/table.md describes the items. dynamodb.py sends the requests.
"""

import functools
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from pynamodb.attributes import DiscriminatorAttribute
from pynamodb.connection import Connection
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.errors import ApiError
from chalicelib.settings import TABLE_NAME
from chalicelib.store.attributes import IntegerAttribute, TextAttribute, plain
from chalicelib.store.client import client

SEPARATOR = "\x1f"  # between the parts of a sort key; no name can contain it

_ID = re.compile(r"[A-Za-z0-9_-]{16}")


class ByName(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB's
    """Lists by name, and casts in billing order."""

    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = TextAttribute(hash_key=True)
    gsi1sk = TextAttribute(range_key=True)


class ByDate(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB's
    """Lists by date, and filmographies."""

    class Meta:
        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = TextAttribute(hash_key=True)
    gsi2sk = TextAttribute(range_key=True)


class Item(Model):
    """What every item has. PynamoDB reads an item as the class that its `kind` names."""

    class Meta:
        table_name = TABLE_NAME
        billing_mode = "PAY_PER_REQUEST"

    pk = TextAttribute(hash_key=True)
    sk = TextAttribute(range_key=True)
    gsi1pk = TextAttribute(null=True)
    gsi1sk = TextAttribute(null=True)
    gsi2pk = TextAttribute(null=True)
    gsi2sk = TextAttribute(null=True)
    by_name = ByName()
    by_date = ByDate()

    kind = DiscriminatorAttribute()
    id = TextAttribute()
    created_at = TextAttribute()
    updated_at = TextAttribute()
    version = IntegerAttribute()
    recorded_from = IntegerAttribute(null=True)  # the first version that has a history
    replay = TextAttribute(null=True, attr_name="request")  # of the POST that created it
    last_write = TextAttribute(null=True)  # the mark of the last UpdateItem

    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of fields, the second of which must not be less than the first. Either may be null."""

    internal: ClassVar[frozenset[str]] = frozenset()
    """Its attributes that are no fields of what clients see. History does not record them."""

    personal: ClassVar[frozenset[str]] = frozenset()
    """Its fields that are personal data. History does not record their values."""

    shown_elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Its attributes that the lists of other items read, to show them."""

    def derived(self) -> dict[str, Any]:
        """Return its fields that are made of internal attributes, for history."""
        return {}

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """Return an item that DynamoDB sent, as the class that its `kind` names.

        PynamoDB would try each attribute of the class, and takes ten times as long.
        """
        item_type = _type_of(data["kind"]["S"]) if "kind" in data else cls
        if not issubclass(item_type, cls):
            raise ValueError(f"{item_type.__name__} is not a kind of {cls.__name__}")
        values = _defaults(item_type).copy()
        for name, value in data.items():
            # Most values are texts.
            values[name] = value["S"] if "S" in value else plain(value)
        for name, ours in _renamed(item_type):
            if name in values:
                values[ours] = values.pop(name)
        if "kind" in values:
            values["kind"] = item_type
        item = item_type.__new__(item_type)
        item.attribute_values = values
        return item

    def to_raw_data(self) -> dict[str, Any]:
        """Return this item as DynamoDB stores it. Raise TypeError if an attribute is missing."""
        attributes, raw = self.get_attributes(), {}
        for name, value in self.attribute_values.items():
            if value is not None:
                attribute = attributes[name]
                raw[attribute.attr_name] = {attribute.attr_type: attribute.serialize(value)}
        if missing := _required(type(self)) - raw.keys():
            raise TypeError(f"{type(self).__name__} is without {', '.join(sorted(missing))}")
        return raw

    def set(self, **attributes: Any) -> None:
        """Set attributes of this object, not of the stored item. None removes an attribute."""
        if unknown := attributes.keys() - self.get_attributes().keys():
            raise AttributeError(f"{type(self).__name__} has no attribute {min(unknown)}")
        self.attribute_values.update(attributes)


@functools.cache
def _type_of(kind: str) -> type[Item]:
    item_type: type[Item] = Item.kind.deserialize(kind)  # type: ignore[no-untyped-call]  # PynamoDB's
    return item_type


@functools.cache
def _renamed(item_type: type[Item]) -> tuple[tuple[str, str], ...]:
    """Return the attributes that have another name in the table, and their names here."""
    attributes = item_type.get_attributes().items()
    return tuple((a.attr_name, name) for name, a in attributes if a.attr_name != name)


@functools.cache
def _defaults(item_type: type[Item]) -> dict[str, Any]:
    """Return the values of attributes that an item may be stored without."""
    attributes = item_type.get_attributes().items()
    return {n: a.default for n, a in attributes if a.default is not None}


@functools.cache
def _required(item_type: type[Item]) -> frozenset[str]:
    """Return the names of the attributes that every stored item has."""
    attributes = item_type.get_attributes().values()
    return frozenset(a.attr_name for a in attributes if not a.null)


INDEXES: dict[str, str] = {
    index.Meta.index_name: str(index.__doc__)
    for index in sorted(Item._indexes.values(), key=lambda index: index.Meta.index_name)
}
"""The registry of indexes: the purpose of each by its name.

The keys of an index are `<name>pk` and `<name>sk`. The table's CloudFormation, the alarms and the
documentation are generated from this.
"""


class _Connection(Connection):
    """PynamoDB's connection, which describes requests, with our client."""

    @property
    def client(self) -> Any:
        return client()


# Created once, before there are subclasses: each of them would create one of its own.
connection = Item._get_connection()
_meta = connection.connection.get_meta_table(TABLE_NAME)
connection.connection = _Connection()
connection.connection.add_meta_table(_meta)


ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Page(Generic[ItemT]):
    """One page of a list, and the sort key of its last item if more items may follow."""

    items: list[ItemT]
    last: str | None


LAST = "~"
"""The text that items without a value are sorted by. It comes after every date."""


@dataclass(frozen=True)
class Order:
    """How a list is sorted by a field: in which index, and by what text of the value.

    Items without a value are last in both directions.
    """

    index: str
    text: Callable[[str], str]
    null: bool = False
    """Whether items may be without a value. Each text of a value must then be less than LAST."""

    def key(self, value: str | None, resource_id: str) -> str:
        """Return the sort key of a resource with this value."""
        return sort_key(LAST if value is None else self.text(value), resource_id)


class Replay(NamedTuple):
    """By what a retry of a POST with an Idempotency-Key is recognised."""

    resource_id: str
    """A hash of key, caller and route. It becomes the id of a new movie or actor."""

    body: str
    """A hash of the path parameters and of the body."""

    def __str__(self) -> str:
        return f"{self.resource_id}.{self.body}"


def copy_of(item: ItemT) -> ItemT:
    """Return a copy of this object, whose attributes can be set."""
    copy = type(item)()
    copy.attribute_values = dict(item.attribute_values)
    return copy


def now() -> str:
    """Return the time as RFC 3339 in UTC, in microseconds, so that text sorts like time."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id(replay: Replay | None = None) -> str:
    """Return a new id: 16 URL-safe characters, random (96 bits) or from the Idempotency-Key."""
    return secrets.token_urlsafe(12) if replay is None else replay.resource_id


def new_item(
    item_type: type[ItemT],
    key: tuple[str, str],
    item_id: str,
    replay: Replay | None,
    time: str | None = None,
) -> ItemT:
    """Return an item of version 1 with what every item has, created at this time, or now."""
    time = time or now()
    return item_type(
        *key,
        id=item_id,
        created_at=time,
        updated_at=time,
        version=1,
        replay=None if replay is None else str(replay),
    )


def is_id(text: str) -> bool:
    """Return whether a text can be an id, so that an impossible one costs no request."""
    return _ID.fullmatch(text) is not None


def are_ids(text: str, number: int) -> bool:
    """Return whether a text can be this many ids, with dots between them."""
    ids = text.split(".")
    return len(ids) == number and all(map(is_id, ids))


def key(prefix: str, item_id: str, missing: type[ApiError]) -> str:
    """Return the pk or sk of this prefix and id. Raise `missing` if the text cannot be an id."""
    if not is_id(item_id):
        raise missing()
    return prefix + item_id


def sort_key(*parts: str) -> str:
    """Join the parts of an index's sort key. The last part is an id, which makes it unique."""
    return SEPARATOR.join(parts)


def last_part(sort_key: str) -> str:
    """Return the id at the end of an index's sort key."""
    return sort_key.rpartition(SEPARATOR)[2]


def set_actions(item_type: type[Item], attributes: dict[str, Any]) -> list[Action]:
    """Return the update actions that set these attributes. None removes an attribute."""
    pairs = [(getattr(item_type, name), value) for name, value in attributes.items()]
    return [a.remove() if value is None else a.set(value) for a, value in pairs]


def cut(items: list[ItemT], limit: int, sort_attribute: str) -> Page[ItemT]:
    """Return a page of `limit` items from a list that may have one more."""
    if len(items) <= limit:
        return Page(items, None)
    return Page(items[:limit], getattr(items[limit - 1], sort_attribute))
