"""JSON Schemas of the contract's types, and the examples that follow from them."""

import json
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast, get_args, get_origin

import msgspec
from chalice.app import Response

from chalicelib.http import answers
from chalicelib.http.fields import Cursor
from chalicelib.http.resource import Resource, Writable, fields_of

JSON = answers.JSON
REFERENCE = "#/components/schemas/"

Document = dict[str, Any]


class Schemas:
    """The schemas of types."""

    def __init__(self, used_types: Iterable[Any]) -> None:
        self._structs: dict[type[Resource], type[msgspec.Struct]] = {}
        self._types = [Cursor, *used_types]
        structs = [self._struct_of(used) for used in self._types]
        schemas, named = msgspec.json.schema_components(structs, ref_template=REFERENCE + "{name}")
        self._schemas = [_portable(schema) for schema in schemas]
        self.named = {name: _portable(named[name]) for name in sorted(named)}
        for named_type in _named_types(structs):
            if named_type.__name__ not in self.named:
                raise TypeError(f"two types of the contract are named {named_type.__name__}")
            schema = self.named[named_type.__name__]
            if not schema["required"]:
                del schema["required"]
            schema.update(getattr(named_type, "constraint", {}))

    def _struct_of(self, used: Any) -> Any:
        """Return a type with the resources in it as structs, which msgspec can describe."""
        if get_origin(used) is list:
            return types.GenericAlias(list, (self._struct_of(get_args(used)[0]),))
        if not (isinstance(used, type) and issubclass(used, Resource)):
            return used
        if used not in self._structs:
            members = [(field.name, field.shown_type) for field in fields_of(used)]
            namespace = {"__doc__": used.__doc__}
            self._structs[used] = msgspec.defstruct(used.__name__, members, namespace=namespace)
        return self._structs[used]

    def of(self, used: Any) -> Document:
        """Return the schema of a type."""
        return cast(Document, self._schemas[self._types.index(used)])

    def envelope(self, members: dict[str, Any], by: Callable[..., Response]) -> Document:
        """Return the content of a success with these members."""
        properties = {"success": {"type": "boolean", "const": True}}
        properties |= {name: self.of(member) for name, member in members.items()}
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        example = self.example(schema)
        for name, value in example.items():
            if by is answers.created and isinstance(value, dict):
                _empty(value)
            elif by is answers.added:
                _reset(value, members.get(name))
            elif "remaining" in example and isinstance(value, dict) and "role_count" in value:
                value["role_count"] = example["remaining"]
        return {JSON: {"schema": schema, "example": example}}

    def example(self, schema: Document) -> Any:
        """Return an example of a schema, made of the examples of its parts."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.example(self.named[schema["$ref"].removeprefix(REFERENCE)])
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if schema.get("type") == "array":
            return [self.example(schema["items"])]
        if schema.get("type") == "object":
            return {name: self.example(part) for name, part in schema["properties"].items()}
        return schema["const"] if "const" in schema else schema["enum"][0]


def _empty(resource: dict[str, Any]) -> None:
    """Set the counts in the example of a new resource to 0."""
    for name, value in resource.items():
        if name.endswith("_count"):
            resource[name] = 0
        elif name == "counts":
            resource[name] = dict.fromkeys(value, 0)


def _reset(examples: Any, member_type: Any) -> None:
    """Set the fields of new resources, in a list of examples, to what they have at first."""
    item_type = get_args(member_type)[0] if get_origin(member_type) is list else None
    if isinstance(item_type, type) and issubclass(item_type, Resource):
        for field in fields_of(item_type):
            if field.access.writable is Writable.ALWAYS:
                for resource in examples:
                    resource[field.name] = field.access.default


def _named_types(used_types: Iterable[Any]) -> Iterator[type]:
    """Return the structs among these types, and in lists of them."""
    for used in used_types:
        if isinstance(used, type) and issubclass(used, msgspec.Struct):
            yield used
        yield from _named_types(get_args(used) if get_origin(used) is list else ())


def _portable(schema: Any) -> Any:
    """Return a schema without what only Python understands, and without defaults.

    The description names a default that is not null. Some generators of clients require a member
    that has a default.
    """
    if isinstance(schema, list):
        return [_portable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    portable = {
        name: part.replace(r"\A", "^").replace(r"\Z", "$") if name == "pattern" else _portable(part)
        for name, part in schema.items()
    }
    if not isinstance(schema.get("default"), dict):  # or it is the schema of a member
        default = portable.pop("default", None)
        if default is not None:
            portable["description"] += f"; {json.dumps(default)} if it is not sent"
    return {"type": "string", **portable} if "enum" in schema else portable
