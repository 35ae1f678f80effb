"""Resources: each field is declared once, and bodies, JSON and schemas follow from it.

A resource is a class whose annotations are the fields that clients see. `resource` compares it with
the item that stores it, when it is imported. `create_body` and `change_body` derive the bodies that
write it, and `to_json` shows an item as the resource.
"""

import datetime
import enum
import inspect
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import (
    Annotated,
    Any,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.http.body import Body
from chalicelib.http.fields import Time, Version
from chalicelib.http.request import caller_permissions
from chalicelib.permissions import PERMISSIONS
from chalicelib.store.table import Item

ResourceT = TypeVar("ResourceT", bound="Resource")
Read = Callable[[Any], Any]


class Writable(enum.Enum):
    """When clients write a field."""

    NEVER = enum.auto()
    AT_CREATION = enum.auto()
    ALWAYS = enum.auto()


class Access(NamedTuple):
    """Who writes a field, and who sees it. Part of the field's annotation."""

    writable: Writable = Writable.ALWAYS
    visible_to: str | None = None
    """The permission without which a caller sees null, or None: every caller sees the value."""
    body_type: Any = None
    """Its type in bodies, if that differs from the type that is shown."""
    optional: bool = False
    """Whether a body that creates the resource may leave it out."""
    default: Any = None
    """Its value if such a body leaves it out."""
    read: str | Read | None = None
    """The item's attribute that it shows, or a function of the item. None: its own name.

    `actor.name` is an attribute of an item that has been read with it.
    """


SERVER = Access(Writable.NEVER)
"""Only the server writes the field."""

OPTIONAL = Access(optional=True)
"""A body that creates the resource may leave the field out."""

PERSONAL = Access(optional=True, visible_to="patch:actors")
"""Personal data: only a caller who may change actors sees it."""


class Resource:
    """What clients see of an item."""


class Versioned(Resource):
    """A resource with a version, and with the times of its creation and of its last change."""

    created_at: Annotated[Time, SERVER]
    updated_at: Annotated[Time, SERVER]
    version: Annotated[Version, SERVER]


class Field(NamedTuple):
    """A field of a resource, as its class declares it."""

    name: str
    annotation: Any
    access: Access

    @property
    def shown_type(self) -> Any:
        is_null = types.NoneType in _members(self.annotation)
        if self.access.visible_to is None or is_null:
            return self.annotation
        return self.annotation | None

    @property
    def body_type(self) -> Any:
        return self.access.body_type or self.annotation

    @property
    def new_type(self) -> Any:
        """Its type in a body that creates the resource."""
        return self.body_type | UnsetType if self.access.default is UNSET else self.body_type


class Shown(NamedTuple):
    """How a field of an item is shown: as an attribute, or as what a function returns."""

    name: str
    attribute: str
    read: Read | None
    visible_to: str | None


_fields: dict[type[Resource], tuple[Field, ...]] = {}
_shown: dict[type[Resource], tuple[Shown, ...]] = {}
_ordered: dict[type[Resource] | None, tuple[tuple[str, str], ...]] = {}


def resource(item_type: type[Item]) -> Callable[[type[ResourceT]], type[ResourceT]]:
    """Declare that a class shows items of this type.

    Raise TypeError if a field does not match an attribute of the item.
    """

    def declare(resource_type: type[ResourceT]) -> type[ResourceT]:
        fields = tuple(_declared(resource_type))
        for field in fields:
            _compare(field, item_type)
        _fields[resource_type] = fields
        _ordered[resource_type] = getattr(item_type, "ordered", ())
        _shown[resource_type] = tuple(
            Shown(field.name, *_reader(field, item_type), field.access.visible_to)
            for field in fields
        )
        return resource_type

    return declare


def fields_of(resource_type: type[Resource]) -> tuple[Field, ...]:
    """Return the fields of a resource in the order in which they are shown."""
    return _fields[resource_type]


def to_json(resource_type: type[Resource], item: Item) -> dict[str, Any]:
    """Return an item as clients see it. A field that the caller may not see is null."""
    return all_to_json(resource_type, [item])[0]


def all_to_json(resource_type: type[Resource], items: Iterable[Item]) -> list[dict[str, Any]]:
    """Return items as clients see them: as `to_json` does."""
    permissions = caller_permissions()
    readers = [
        (name, attribute, read if visible_to is None or visible_to in permissions else _hidden)
        for name, attribute, read, visible_to in _shown[resource_type]
    ]
    shown = []
    for item in items:
        # Without a call for each attribute.
        value_of = item.attribute_values.get
        shown.append(
            {
                name: value_of(attribute) if read is None else read(item)
                for name, attribute, read in readers
            }
        )
    return shown


def _hidden(_: Item) -> None:
    return None


def create_body(
    resource_type: type[Resource],
    description: str,
    *,
    name: str | None = None,
    without: Collection[str] = (),
    check: Callable[[Any], None] | None = None,
    constraint: Mapping[str, Any] | None = None,
) -> type[Body]:
    """Return the body that creates a resource: all fields that clients write.

    `without` names the fields that come from the path. `check` raises ValueError if fields do not
    fit together; `constraint` says the same as JSON Schema.
    """
    members = [
        (field.name, field.new_type, *([field.access.default] if field.access.optional else []))
        for field in fields_of(resource_type)
        if field.access.writable is not Writable.NEVER and field.name not in without
    ]
    body_name = name or f"New{resource_type.__name__}"
    return _body(resource_type, body_name, description, members, check, constraint)


def change_body(
    resource_type: type[Resource],
    description: str,
    *,
    check: Callable[[Any], None] | None = None,
    constraint: Mapping[str, Any] | None = None,
) -> type[Body]:
    """Return the body that changes a resource. Every field in it may be left out, but not all.

    `check` and `constraint` are as in `create_body`.
    """
    members = [
        (field.name, field.body_type | UnsetType, UNSET)
        for field in fields_of(resource_type)
        if field.access.writable is Writable.ALWAYS
    ]
    at_least_one = {"minProperties": 1, **(constraint or {})}
    name = f"{resource_type.__name__}Changes"
    return _body(resource_type, name, description, members, check, at_least_one)


def body_of(name: str, description: str, **fields: Any) -> type[Body]:
    """Return a body that is not made of a resource's fields. All of them are required."""
    return _body(None, name, description, list(fields.items()), None, None)


def _body(
    resource_type: type[Resource] | None,
    name: str,
    description: str,
    members: list[Any],
    check: Callable[[Any], None] | None,
    constraint: Mapping[str, Any] | None,
) -> type[Body]:
    examples = {name: _example(annotation) for name, annotation, *_ in members}
    namespace: dict[str, Any] = {
        "__doc__": description,
        "example": {name: value for name, value in examples.items() if value is not None},
        "constraint": dict(constraint or {}),
    }
    pairs = [p for p in _ordered.get(resource_type, ()) if {*p} <= {name for name, *_ in members}]
    unique = [name for name, annotation, *_ in members if _is_unique(annotation)]
    moments = [
        name for name, annotation, *_ in members if datetime.datetime in _members(annotation)
    ]

    def check_all(body: Any) -> None:
        for repeating in unique:
            values = getattr(body, repeating)
            if isinstance(values, list) and len(set(values)) < len(values):
                raise ValueError(f"expected no repeated items - at `$.{repeating}`")
        for low, high in pairs:
            values = [getattr(body, name) for name in (low, high)]
            if None not in values and UNSET not in values and values[0] > values[1]:
                raise ValueError(f"expected nothing less than {low} - at `$.{high}`")
        for moment in moments:
            value = getattr(body, moment)
            if isinstance(value, datetime.datetime) and not _has_shown_year(value):
                raise ValueError(f"expected a year from 0002 to 9998 in UTC - at `$.{moment}`")
        if check:
            check(body)

    namespace["__post_init__"] = check_all
    body = msgspec.defstruct(name, members, bases=(Body,), namespace=namespace, kw_only=True)
    return cast(type[Body], body)


def _has_shown_year(moment: datetime.datetime) -> bool:
    """Return whether a moment can be shown in UTC, and sent again as it is shown."""
    years = range(2, 9_999)  # those of Python, but the two in which an offset can be too much
    return moment.year in years and moment.astimezone(datetime.UTC).year in years


def _example(annotation: Any) -> Any:
    """Return the example that a field's annotation has."""
    examples = (meta.examples for meta in _metas(annotation) if meta.examples)
    return next(examples, [None])[0]


def _is_unique(annotation: Any) -> bool:
    return any((meta.extra_json_schema or {}).get("uniqueItems") for meta in _metas(annotation))


def _metas(annotation: Any) -> Iterator[msgspec.Meta]:
    """Return the msgspec.Meta of an annotation, and of the alternatives in it."""
    for part in (annotation, *get_args(annotation)):
        yield from (m for m in getattr(part, "__metadata__", ()) if isinstance(m, msgspec.Meta))


def _declared(resource_type: type[Resource]) -> Iterator[Field]:
    hints = get_type_hints(resource_type, include_extras=True)
    last = Versioned.__annotations__
    for name in (*(n for n in hints if n not in last), *(n for n in hints if n in last)):
        annotation, access = _separated(hints[name])
        if access.visible_to is not None and access.visible_to not in PERMISSIONS:
            raise TypeError(f"{resource_type.__name__}.{name}: nobody has {access.visible_to}")
        yield Field(name, annotation, access)


def _separated(annotation: Any) -> tuple[Any, Access]:
    """Return an annotation without its Access, and the Access."""
    metadata = getattr(annotation, "__metadata__", ())
    access = next((part for part in metadata if isinstance(part, Access)), None)
    if access is None:
        return annotation, Access()
    others = [part for part in metadata if part is not access]
    bare = annotation.__origin__
    return (Annotated[(bare, *others)] if others else bare), access


def _reader(field: Field, item_type: type[Item]) -> tuple[str, Read | None]:
    """Return the attribute that a field shows, or the function that reads it."""
    read = field.access.read or field.name
    if not isinstance(read, str):
        return field.name, read
    return read, None if read in item_type.get_attributes() else attrgetter(read)


_STORED_AS = {
    "S": (str, datetime.date, enum.Enum),
    "N": (int, float),
    "BOOL": (bool,),
    "L": (list, tuple),
    "M": (dict, msgspec.Struct),
}
"""DynamoDB's types, and the types of fields that they store."""


def _compare(field: Field, item_type: type[Item]) -> None:
    """Raise TypeError if a field does not match the attribute that it shows or writes."""
    read = field.access.read or field.name
    if isinstance(read, str):
        *related, name = read.split(".")
        shown = item_type
        for attribute in related:
            shown = _related_type(shown, attribute, field)
        _compare_with(name, field, field.annotation, shown)
        if related and name not in shown.shown_elsewhere:
            raise TypeError(f"the field {field.name}: no list reads {shown.__name__}.{name}")
    if field.access.writable is not Writable.NEVER:
        _compare_with(field.name, field, field.body_type, item_type)
        _compare_history(field, item_type)


def _compare_history(field: Field, item_type: type[Item]) -> None:
    """Raise TypeError if history would not record a field, or would show a personal value."""
    if field.name in item_type.internal:
        raise TypeError(f"the field {field.name}: {item_type.__name__} does not record it")
    if (field.access.visible_to is not None) != (field.name in item_type.personal):
        raise TypeError(f"the field {field.name} and {item_type.__name__}.personal do not agree")


def _related_type(item_type: type[Item], name: str, field: Field) -> type[Item]:
    """Return the type of the items that an item has in this attribute, once they are read."""
    annotation = inspect.get_annotations(item_type).get(name)
    related = [m for m in _members(annotation) if isinstance(m, type) and issubclass(m, Item)]
    if not related:
        raise TypeError(f"the field {field.name}: {item_type.__name__}.{name} is no other item")
    return related[0]


def _compare_with(name: str, field: Field, annotation: Any, item_type: type[Item]) -> None:
    pair = f"the field {field.name} and {item_type.__name__}.{name}"
    attribute = item_type.get_attributes().get(name)
    if attribute is None:
        if isinstance(getattr(item_type, name, None), property):
            return  # made of other attributes
        raise TypeError(f"{pair}: there is no such attribute")
    members = set(_members(annotation))
    if (types.NoneType in members) != bool(attribute.null):
        raise TypeError(f"{pair}: only one of them may be null")
    stored = _STORED_AS[attribute.attr_type]
    for member in members - {types.NoneType}:
        if not issubclass(member, stored) or (member is bool and bool not in stored):
            raise TypeError(f"{pair}: {member.__name__} is not stored as {attribute.attr_type}")


def _members(annotation: Any) -> Iterator[type]:
    """Return the classes of an annotation, without what `Annotated` adds to them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _members(part)
    else:
        yield origin or annotation
