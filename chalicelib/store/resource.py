"""Plain resources: an item of its own, in lists that are sorted by its fields.

A new kind of resource is a subclass of Resource and a Collection of it.
"""

from typing import Any, ClassVar, Generic, TypeVar, cast

from pynamodb.expressions.condition import Condition

from chalicelib.errors import ApiError, BadCursor, Unordered, VersionMismatch
from chalicelib.store import dynamodb, table
from chalicelib.store.dynamodb import ConditionFailed
from chalicelib.store.table import INDEXES, Item, Order, Page, Replay

SK = "#"
"""The sort key of a resource's own item, the first of its partition."""


class Resource(Item):
    """An item at `<prefix><id>` / `#`, which stands in one list per index of its orders."""

    prefix: ClassVar[str]
    """Of its partition key, such as `MOVIE#`."""

    collection: ClassVar[str]
    """The partition of its lists in each index, such as `MOVIES`."""

    orders: ClassVar[dict[str, Order]]
    """The orders of its lists, by the field that is sorted by. The first is the default."""

    missing: ClassVar[type[ApiError]]
    """The error if there is none with this id."""

    @classmethod
    def partition(cls, resource_id: str, missing: type[ApiError] | None = None) -> str:
        """Return the partition key of an id. Raise `missing` if the text cannot be an id."""
        return table.key(cls.prefix, resource_id, missing or cls.missing)

    @classmethod
    def places(cls, resource_id: str, fields: dict[str, Any]) -> dict[str, str]:
        """Return the sort keys in its lists that follow from these fields.

        Raise TypeError if a field without a value must have one.
        """
        sent = {name: order for name, order in cls.orders.items() if name in fields}
        for name in sent:
            if fields[name] is None and not getattr(cls, name).null:
                raise TypeError(f"{cls.__name__}.{name} is missing")
        return {
            f"{order.index}sk": order.key(fields[name], resource_id) for name, order in sent.items()
        }

    @classmethod
    def keeps_order(cls, fields: dict[str, Any]) -> list[Condition]:
        """Return the conditions that a change of these fields leaves the `ordered` pairs so."""
        conditions = []
        for low, high in cls.ordered:
            if (value := fields.get(low)) is not None and high not in fields:
                attribute = getattr(cls, high)
                conditions.append(attribute.does_not_exist() | (attribute >= value))
            if (value := fields.get(high)) is not None and low not in fields:
                attribute = getattr(cls, low)
                conditions.append(attribute.does_not_exist() | (attribute <= value))
        return conditions

    def listed(self) -> dict[str, str]:
        """Return the attributes that put it into its lists."""
        fields = {name: getattr(self, name) for name in self.orders}
        partitions = {f"{order.index}pk": self.collection for order in self.orders.values()}
        return {**partitions, **self.places(self.id, fields)}


ResourceT = TypeVar("ResourceT", bound=Resource)


class Collection(Generic[ResourceT]):
    """All resources of one type."""

    def __init__(self, item_type: type[ResourceT]) -> None:
        unknown = {order.index for order in item_type.orders.values()} - INDEXES.keys()
        if unknown:
            raise TypeError(f"{item_type.__name__} is sorted in an unknown index: {unknown}")
        for name, order in item_type.orders.items():
            if getattr(item_type, name).null and not order.null:
                # A name can begin with LAST, and would be among those without a value.
                raise TypeError(f"{item_type.__name__}.{name} is sorted, and may be null")
        self._type = item_type
        self.sorts = [sign + name for name in item_type.orders for sign in ("", "-")]
        """The orders of its list: each field ascending, and with `-` descending."""

    def add(self, replay: Replay | None = None, **fields: Any) -> ResourceT:
        """Add a resource: one PutItem. Return the existing one if this POST is a replay.

        Raise KeyReused.
        """
        resource_id = table.new_id(replay)
        key = self._type.partition(resource_id), SK
        item = table.new_item(self._type, key, resource_id, replay)
        item.set(**fields)
        item.set(**item.listed())
        return dynamodb.put(item, replay)

    def get(self, resource_id: str) -> ResourceT:
        """Read a resource: one GetItem. Raise the type's `missing`."""
        item = dynamodb.get(self._type.partition(resource_id), SK)
        if not isinstance(item, self._type):
            raise self._type.missing()
        return item

    def page(self, sort: str, *, after: str | None, limit: int) -> Page[ResourceT]:
        """List resources in one of the orders `sorts`: one Query. Raise BadCursor.

        A descending page that ends with the last resource with a value, or goes on to those
        without, is two Queries.
        """
        field = sort.removeprefix("-")
        page = dynamodb.page(
            self._type.orders[field].index,
            self._type.collection,
            after=after,
            limit=limit,
            forward=not sort.startswith("-"),
            last_from=table.LAST if self._type.orders[field].null else None,
            key_of=lambda key: (self._type.partition(table.last_part(key), BadCursor), SK),
        )
        return cast(Page[ResourceT], page)

    def change(
        self, resource_id: str, fields: dict[str, Any], versions: frozenset[int] | None
    ) -> ResourceT:
        """Change these fields: one UpdateItem. None removes a value.

        Raise the type's `missing`, VersionMismatch if its version is not in `versions`, and
        Unordered.
        """
        pk = self._type.partition(resource_id)
        changes = {**fields, **self._type.places(resource_id, fields), "updated_at": table.now()}
        actions = [*table.set_actions(self._type, changes), self._type.version.add(1)]
        condition = all_of(at(versions), *self._type.keeps_order(fields))
        try:
            return dynamodb.update(self._type, pk, SK, actions, condition)
        except ConditionFailed as failed:
            self._explain(failed, versions)
            check_order(cast(ResourceT, failed.item), fields)
            raise

    def remove(self, resource_id: str, versions: frozenset[int] | None) -> None:
        """Remove a resource: one transaction. Raise its `missing`, and VersionMismatch."""
        pk = self._type.partition(resource_id)
        try:
            # Not a DeleteItem: DynamoDB recognises a transaction that is sent again.
            dynamodb.transact([dynamodb.delete_step(pk, SK, at(versions), ConditionFailed)])
        except ConditionFailed as failed:
            self._explain(failed, versions)
            raise

    def _explain(self, failed: ConditionFailed, versions: frozenset[int] | None) -> None:
        if not isinstance(failed.item, self._type):
            raise self._type.missing() from failed
        check_version(failed.item, versions)


def all_of(condition: Condition, *others: Condition) -> Condition:
    """Return the condition that all of these hold."""
    for other in others:
        condition &= other
    return condition


def at(versions: frozenset[int] | None) -> Condition:
    """Return the condition that the item exists in one of these versions. None allows all."""
    return Item.version.is_in(*(versions or {0})) if versions is not None else Item.pk.exists()


def check_version(item: Item, versions: frozenset[int] | None) -> None:
    """Raise VersionMismatch if an item's version is not one of these. None allows every one."""
    if versions is not None and item.version not in versions:
        raise VersionMismatch(item.version)


def check_order(item: Item, fields: dict[str, Any]) -> None:
    """Raise Unordered if a change of these fields would leave a pair of an item unordered."""
    for low, high in item.ordered:
        first, last = (fields.get(name, getattr(item, name)) for name in (low, high))
        if first is not None and last is not None and first > last:
            raise Unordered(low, high)
