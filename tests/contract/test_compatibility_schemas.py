"""Which changes of a schema break requests, and which break responses."""

from typing import Any

import pytest

from tests.contract.edits import breaking


def document_with(schema: Any) -> Any:
    """Return a document with one operation. Its request and its response have this schema."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": content, "responses": {"200": content}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1.0.0"},
        "paths": {"/x": {"post": operation}},
        "components": {"schemas": {"Tree": tree(schema)}},
    }


def tree(schema: Any) -> Any:
    """Return a recursive schema. `x-value` is the schema of the value in each node."""
    value = schema.get("x-value", {}) if isinstance(schema, dict) else {}
    children = {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
    return {"type": "object", "properties": {"value": value, "children": children}}


def listed(schema: Any) -> Any:
    """Return the schema of an object with a list of these items."""
    return {"type": "object", "properties": {"a": {"type": "array", "items": schema}}}


INTEGER, STRING, OBJECT = ({"type": name} for name in ("integer", "string", "object"))
TREE = {"$ref": "#/components/schemas/Tree"}

NARROWED: dict[str, tuple[Any, Any, str]] = {
    "a number becomes an integer": ({"type": "number"}, INTEGER, "no longer allows `number`"),
    "any value becomes an enumeration": (
        {},
        {"enum": [1, "a"]},
        "no longer allows `null`, `boolean`, `number`, `array`, `object`",
    ),
    "any item becomes no item": (
        listed(True),
        listed(False),
        "`a`: no longer allows `null`, `boolean`, `integer`, `number`, `string`, `array`, `object`",
    ),
    "an enumeration becomes a constant": (
        {"enum": [1, 2]},
        {"const": 1},
        "`enum` changed from [1, 2] to [1]",
    ),
    "an enumeration of two types becomes a constant": (
        {"enum": ["a", None]},
        {"const": "a"},
        "no longer allows `null`",
    ),
    "one of two types is removed": (
        {"anyOf": [INTEGER, STRING]},
        STRING,
        "no longer allows `integer`",
    ),
    "the items of a nested array are narrowed": (
        listed(listed(STRING)),
        listed(listed({**STRING, "minLength": 1})),
        "`a` of `a`: `minLength` changed from none to 1",
    ),
    "a maximum number of items is added": (
        listed(STRING),
        {
            "type": "object",
            "properties": {
                "a": {
                    **listed(STRING)["properties"]["a"],
                    "maxItems": 3,
                }
            },
        },
        "`a`: `maxItems` changed from none to 3",
    ),
    "items become unique": (
        {"type": "array"},
        {"type": "array", "uniqueItems": True},
        "`uniqueItems` changed from none to true",
    ),
    "additional properties are no longer allowed": (
        listed(OBJECT),
        listed({**OBJECT, "additionalProperties": False}),
        "`a`: `additionalProperties` changed from none to false",
    ),
    "additional properties get a schema": (
        {**OBJECT, "additionalProperties": {}},
        {**OBJECT, "additionalProperties": STRING},
        '`additionalProperties` changed from {} to {"type": "string"}',
    ),
    "a property of a closed object is removed": (
        {**OBJECT, "properties": {"b": {}}, "additionalProperties": False},
        {**OBJECT, "properties": {}, "additionalProperties": False},
        "`b`: was removed",
    ),
    "a property is added to an open object": (
        OBJECT,
        {**OBJECT, "properties": {"b": STRING}},
        "`b`: was added",
    ),
    "a recursive schema is narrowed": (
        {**TREE, "x-value": STRING},
        {**TREE, "x-value": {**STRING, "maxLength": 9}},
        "`value`: `maxLength` changed from none to 9",
    ),
    "multipleOf is added": (
        INTEGER,
        {**INTEGER, "multipleOf": 5},
        "`multipleOf` changed from none to 5",
    ),
    "exclusiveMinimum is added": (
        INTEGER,
        {**INTEGER, "exclusiveMinimum": 0},
        "`exclusiveMinimum` changed from none to 0",
    ),
    "minItems is added": (
        {"type": "array"},
        {"type": "array", "minItems": 1},
        "`minItems` changed from none to 1",
    ),
    "minProperties is added": (
        OBJECT,
        {**OBJECT, "minProperties": 1},
        "`minProperties` changed from none to 1",
    ),
    "maxProperties is added": (
        OBJECT,
        {**OBJECT, "maxProperties": 9},
        "`maxProperties` changed from none to 9",
    ),
    "not is added": (
        OBJECT,
        {**OBJECT, "not": {"minProperties": 2}},
        '`not` changed from none to {"minProperties": 2}',
    ),
    "allOf is added": (OBJECT, {**OBJECT, "allOf": [TREE]}, "`allOf`"),
    "anyOf is added": (
        OBJECT,
        {**OBJECT, "anyOf": [{"type": "object", "minProperties": 2}]},
        "`anyOf`",
    ),
    "then is added": (
        {**OBJECT, "if": {"required": ["a"]}},
        {**OBJECT, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        '`then` changed from none to {"required": ["b"]}',
    ),
    "else is added": (
        {**OBJECT, "if": {"required": ["a"]}},
        {**OBJECT, "if": {"required": ["a"]}, "else": {"required": ["b"]}},
        '`else` changed from none to {"required": ["b"]}',
    ),
    "exclusiveMaximum is reduced": (
        {**INTEGER, "exclusiveMaximum": 9},
        {**INTEGER, "exclusiveMaximum": 8},
        "`exclusiveMaximum` changed from 9 to 8",
    ),
}
"""Two schemas, of which the second allows less, and how the difference is reported."""


@pytest.mark.parametrize("name", NARROWED)
def test_a_narrower_schema_breaks_requests_and_a_wider_one_breaks_responses(name: str) -> None:
    wide, narrow, difference = NARROWED[name]
    body_changes = [
        line for line in breaking(document_with(wide), document_with(narrow)) if ": body" in line
    ]
    assert body_changes[0].removeprefix("POST /x: body").lstrip(" :").startswith(difference)
    assert breaking(document_with(wide), document_with(wide)) == []
    reverse = breaking(document_with(narrow), document_with(wide))
    assert [line for line in reverse if ": body" in line] == []
    assert any(": response 200" in line for line in reverse)
