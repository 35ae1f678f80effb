"""The table: its keys, its indexes, and what every item has.

docs/table.md describes the items. dynamodb.py sends the requests.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import LIST, MAP, NUMBER
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.errors import ApiError
from chalicelib.settings import DYNAMODB_URL, TABLE_NAME

SEPARATOR = "\x1f"  # between the parts of a sort key; no name can contain it
CONNECT_SECONDS, READ_SECONDS = 1, 3  # the longest that one attempt of a request may take

_ID = re.compile(r"[A-Za-z0-9_-]{16}")


class IntegerAttribute(Attribute[int]):
    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class ListAttribute(Attribute[list[Any]]):
    """A list of texts, or of objects of texts."""

    attr_type = LIST

    def serialize(self, value: list[Any]) -> list[Any]:
        return [_typed(part) for part in value]

    def deserialize(self, value: list[Any]) -> list[Any]:
        return [_plain(part) for part in value]


class MapAttribute(Attribute[dict[str, Any]]):
    """An object whose members are texts or null."""

    attr_type = MAP

    def serialize(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: _typed(part) for name, part in value.items()}

    def deserialize(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: _plain(part) for name, part in value.items()}


def _typed(value: Any) -> dict[str, Any]:
    """Return a text, null, or an object of them, with DynamoDB's names of their types."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, dict):
        return {"M": {name: _typed(part) for name, part in value.items()}}
    return {"S": value}


def _plain(value: dict[str, Any]) -> Any:
    """Return what `_typed` was given."""
    ((name, part),) = value.items()
    if name == "M":
        return {key: _plain(member) for key, member in part.items()}
    return None if name == "NULL" else part


class ByName(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB's
    """Lists by name, and casts in billing order."""

    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class ByDate(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB's
    """Lists by date, and filmographies."""

    class Meta:
        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class Item(Model):
    """What every item has. PynamoDB reads an item as the class that its `kind` names."""

    class Meta:
        table_name = TABLE_NAME
        billing_mode = "PAY_PER_REQUEST"
        host = DYNAMODB_URL
        # An engine on this machine accepts any credentials, and must never receive real ones.
        region = "us-east-1" if DYNAMODB_URL else None
        aws_access_key_id = "local" if DYNAMODB_URL else None
        aws_secret_access_key = "local" if DYNAMODB_URL else None
        connect_timeout_seconds = CONNECT_SECONDS
        read_timeout_seconds = READ_SECONDS
        max_retry_attempts = 2
        max_pool_connections = 50  # Lambda needs one; the local server has a thread per connection

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    by_name = ByName()
    by_date = ByDate()

    kind = DiscriminatorAttribute()
    id = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = IntegerAttribute()
    recorded_from = IntegerAttribute(null=True)  # the first version that has a history
    replay = UnicodeAttribute(null=True, attr_name="request")  # of the POST that created it
    last_write = UnicodeAttribute(null=True)  # the mark of the last UpdateItem

    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of fields, the second of which must not be less than the first. Either may be null."""

    internal: ClassVar[frozenset[str]] = frozenset()
    """Its attributes that are no fields of what clients see. History does not record them."""

    personal: ClassVar[frozenset[str]] = frozenset()
    """Its fields that are personal data. History does not record their values."""

    def derived(self) -> dict[str, Any]:
        """Return its fields that are made of internal attributes, for history."""
        return {}

    def set(self, **attributes: Any) -> None:
        """Set attributes of this object, not of the stored item. None removes an attribute."""
        for name, value in attributes.items():
            if name not in self.get_attributes():
                raise AttributeError(f"{type(self).__name__} has no attribute {name}")
            setattr(self, name, value)


INDEXES: dict[str, str] = {
    index.Meta.index_name: str(index.__doc__)
    for index in sorted(Item._indexes.values(), key=lambda index: index.Meta.index_name)
}
"""The registry of indexes: the purpose of each by its name.

The keys of an index are `<name>pk` and `<name>sk`. The table's CloudFormation, the alarms and the
documentation are generated from this.
"""

# Created once, before there are subclasses: each of them would create a client of its own.
connection = Item._get_connection()


def disconnect() -> None:
    """Close all connections to DynamoDB. Create the client, if there is none yet."""
    connection.connection.client.close()


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
