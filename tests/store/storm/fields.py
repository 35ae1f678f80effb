"""The fields that the storm writes, and values for them. They follow from the request bodies."""

import datetime
import enum
import random
from collections.abc import Mapping
from typing import Any

from msgspec import NODEFAULT, UNSET, inspect

from chalicelib.http.body import Body
from chalicelib.routes.actors import ActorChanges, NewActor
from chalicelib.routes.candidates import CandidateChanges
from chalicelib.routes.movies import MovieChanges, NewMovie
from chalicelib.routes.parts import NewPart, PartChanges
from chalicelib.routes.roles import NewRole, RoleChanges
from chalicelib.store.items import Actor, Movie
from chalicelib.store.statuses import Status

Fields = Mapping[str, Any]

CREATE_BODIES: dict[str, type[Body]] = {
    "movies": NewMovie,
    "actors": NewActor,
    "roles": NewRole,
    "parts": NewPart,
}
CHANGE_BODIES: dict[str, type[Body]] = {
    "movies": MovieChanges,
    "actors": ActorChanges,
    "roles": RoleChanges,
    "parts": PartChanges,
    "candidates": CandidateChanges,
}

NOT_COMPARED = {"age", "date_of_birth", "movie_id", "actor_id"}
"""An age replaces a date of birth, and the reverse. The ids of a role are part of its path."""

PARENTS: dict[str, type[Movie | Actor]] = {"movies": Movie, "actors": Actor}

COPIED: dict[str, tuple[str, ...]] = {name: item.copied for name, item in PARENTS.items()}
"""The fields of a movie or actor that roles show too, by collection."""


def compared_fields(body_type: type[Body]) -> dict[str, inspect.Field]:
    """Return the fields of a body that the storm writes."""
    info = inspect.type_info(body_type)
    assert isinstance(info, inspect.StructType)
    return {field.name: field for field in info.fields if field.name not in NOT_COMPARED}


CREATED = {name: compared_fields(body_type) for name, body_type in CREATE_BODIES.items()}
CHANGED = {name: compared_fields(body_type) for name, body_type in CHANGE_BODIES.items()}

FIELDS = {name: tuple(CREATED.get(name, {}) | CHANGED[name]) for name in CHANGED}
"""The fields that the storm writes and compares, by collection."""


def _default(field: inspect.Field) -> Any:
    if field.default is NODEFAULT or field.default is UNSET:
        return None
    return field.default.value if isinstance(field.default, enum.Enum) else field.default


DEFAULTS: dict[str, dict[str, Any]] = {
    **{name: {f.name: _default(f) for f in fields.values()} for name, fields in CREATED.items()},
    "candidates": {**dict.fromkeys(CHANGED["candidates"]), "status": Status.SUBMITTED.value},
}
"""The values of fields that the body of a new resource leaves out, by collection."""


def collection_of(path: str) -> str:
    """Return the collection of a path such as `/movies/{movie_id}`."""
    return path.split("/")[1]


def new_fields(collection: str, number: int, chance: random.Random) -> dict[str, Any]:
    """Return a value for each field of a new resource."""
    fields = CREATED[collection]
    return {name: value_of(field, number, chance) for name, field in fields.items()}


def some_new_fields(collection: str, number: int, chance: random.Random) -> dict[str, Any]:
    """Return values for the required fields of a new resource, and for some optional ones."""
    required = {name for name, field in CREATED[collection].items() if field.required}
    optional = [name for name in CREATED[collection] if name not in required]
    chosen = required | _some(optional, chance)
    values = new_fields(collection, number, chance)
    return {name: value for name, value in values.items() if name in chosen}


def some_changes(collection: str, number: int, chance: random.Random) -> dict[str, Any]:
    """Return new values for one or more fields that can be changed."""
    chosen = _some(list(CHANGED[collection]), chance)
    return {name: new_value(collection, name, number, chance) for name in sorted(chosen)}


def new_value(collection: str, name: str, number: int, chance: random.Random) -> Any:
    """Return a new value for a field that can be changed."""
    return value_of(CHANGED[collection][name], number, chance)


def _some(names: list[str], chance: random.Random) -> set[str]:
    return set(chance.sample(names, chance.randint(1, len(names)))) if names else set()


def value_of(field: inspect.Field, number: int, chance: random.Random) -> Any:
    """Return a value that a field accepts: null now and then if it may be null.

    A text, a date or a number follows from `number`, so that different operations write different
    values.
    """
    types = _members(field.type)
    if any(isinstance(member, inspect.NoneType) for member in types) and chance.random() < 0.1:
        return None
    value_type = next(member for member in types if not isinstance(member, inspect.NoneType))
    return _value(field.encode_name, value_type, number, chance)


def _members(field_type: inspect.Type) -> list[inspect.Type]:
    if isinstance(field_type, inspect.Metadata):
        return _members(field_type.type)
    if isinstance(field_type, inspect.UnionType):
        return [member for part in field_type.types for member in _members(part)]
    return [field_type]


HIGH = {"playing_age_max", "shoot_end", "work_end", "to"}
"""The ends of ranges. Their values are never less than the values of the beginnings."""

LOW = {"playing_age_min", "shoot_start", "work_start", "from"}
"""The beginnings of ranges."""

MOST = {"needed": 3}
"""The largest values of fields for which the storm needs small numbers, so that parts are full."""


def _value(name: str, value_type: inspect.Type, number: int, chance: random.Random) -> Any:
    match value_type:
        case inspect.StrType():
            return _text(name, value_type.pattern or "", number)
        case inspect.IntType():
            least = value_type.ge or 0
            most = least + 9_999 if value_type.le is None else value_type.le
            most = MOST.get(name, most)
            middle = (least + most) // 2
            least, most = (middle if name in HIGH else least), (middle if name in LOW else most)
            return least + number % (most - least + 1)
        case inspect.BoolType():
            return number % 2 == 0
        case inspect.DateType():
            first_day = datetime.date(2100 if name in HIGH else 1900, 1, 1)
            return (first_day + datetime.timedelta(days=number)).isoformat()
        case inspect.DateTimeType():
            moment = datetime.datetime(2027, 1, 1) + datetime.timedelta(minutes=number)
            return f"{moment.isoformat()}Z"
        case inspect.EnumType():
            return str(chance.choice(list(value_type.cls)).value)
        case inspect.ListType():
            return [_value(name, _members(value_type.item_type)[0], number, chance)]
        case inspect.DictType():
            value = _value(name, _members(value_type.value_type)[0], number, chance)
            return {_language(number): value}
        case inspect.StructType():
            return {f.encode_name: value_of(f, number, chance) for f in value_type.fields}
    raise TypeError(f"{name}: the storm has no value for {value_type}; add one to {__name__}")


def _text(name: str, pattern: str, number: int) -> str:
    """Return a text for a field of this name. If it is no plain text, it has a pattern."""
    match name:
        case "email":
            return f"person{number}@example.com"
        case "phone":
            return f"+49 {1_000 + number}"
        case "imdb_id":
            prefix = pattern.removeprefix(r"\A")[:2]
            return f"{prefix}{number:07}"
        case "original_language":
            return _language(number)
    if "https" in pattern:
        return f"https://example.com/{number}"
    return f"{name.replace('_', ' ').capitalize()} {number}"


def _language(number: int) -> str:
    """Return a language code of three letters."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(3))
