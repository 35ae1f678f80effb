"""Which changes of the contract break clients."""

from typing import Any

import pytest

from dev.contract import compatibility
from tests.contract.contract_changes import BREAKING, CONTRACT, HARMLESS, changed


def lines(old: Any, new: Any) -> list[str]:
    return [f"{operation}: {what}" for operation, what in compatibility.breaking(old, new)]


@pytest.mark.parametrize("name", BREAKING)
def test_it_breaks_clients(name: str) -> None:
    edits, expected = BREAKING[name]
    assert lines(CONTRACT, changed(edits)) == expected


@pytest.mark.parametrize("name", HARMLESS)
def test_it_breaks_nobody(name: str) -> None:
    assert lines(CONTRACT, changed(HARMLESS[name])) == []


def of_schema(schema: Any) -> Any:
    """Give a document whose one operation takes this, and answers it."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": content, "responses": {"200": content}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1.0.0"},
        "paths": {"/x": {"post": operation}},
        "components": {"schemas": {"Tree": tree(schema)}},
    }


def tree(schema: Any) -> Any:
    """Give a schema that goes on for ever, with more of it where it is used with a value."""
    value = schema.get("x-value", {}) if isinstance(schema, dict) else {}
    children = {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
    return {"type": "object", "properties": {"value": value, "children": children}}


def listed(schema: Any) -> Any:
    return {"type": "object", "properties": {"a": {"type": "array", "items": schema}}}


INTEGER, STRING, OBJECT = ({"type": name} for name in ("integer", "string", "object"))
TREE = {"$ref": "#/components/schemas/Tree"}

SCHEMAS_ALONE: dict[str, tuple[Any, Any, str]] = {
    "number, integer": ({"type": "number"}, INTEGER, "no longer `number`"),
    "anything, something": (
        {},
        {"enum": [1, "a"]},
        "no longer `null`, `boolean`, `number`, `array`, `object`",
    ),
    "anything, nothing": (
        listed(True),
        listed(False),
        "`a`: no longer `null`, `boolean`, `integer`, `number`, `string`, `array`, `object`",
    ),
    "several values, one": ({"enum": [1, 2]}, {"const": 1}, "`enum` is [1], was [1, 2]"),
    "values of several types, of one": ({"enum": ["a", None]}, {"const": "a"}, "no longer `null`"),
    "two types, one": ({"anyOf": [INTEGER, STRING]}, STRING, "no longer `integer`"),
    "in the items of an array": (
        listed(listed(STRING)),
        listed(listed({**STRING, "minLength": 1})),
        "`a` of `a`: `minLength` is 1, was none",
    ),
    "of many, of few": (
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
        "`a`: `maxItems` is 3, was none",
    ),
    "each once": (
        {"type": "array"},
        {"type": "array", "uniqueItems": True},
        "`uniqueItems` is true, was none",
    ),
    "open, closed": (
        listed(OBJECT),
        listed({**OBJECT, "additionalProperties": False}),
        "`a`: `additionalProperties` is false, was none",
    ),
    "open, open for some": (
        {**OBJECT, "additionalProperties": {}},
        {**OBJECT, "additionalProperties": STRING},
        '`additionalProperties` is {"type": "string"}, was {}',
    ),
    "closed with a member, and without": (
        {**OBJECT, "properties": {"b": {}}, "additionalProperties": False},
        {**OBJECT, "properties": {}, "additionalProperties": False},
        "`b`: is gone",
    ),
    "open, with a member": (OBJECT, {**OBJECT, "properties": {"b": STRING}}, "`b`: is new"),
    "that goes on for ever": (
        {**TREE, "x-value": STRING},
        {**TREE, "x-value": {**STRING, "maxLength": 9}},
        "`value`: `maxLength` is 9, was none",
    ),
    "multiples": (INTEGER, {**INTEGER, "multipleOf": 5}, "`multipleOf` is 5, was none"),
    "more than": (
        INTEGER,
        {**INTEGER, "exclusiveMinimum": 0},
        "`exclusiveMinimum` is 0, was none",
    ),
    "few, many": ({"type": "array"}, {"type": "array", "minItems": 1}, "`minItems` is 1, was none"),
    "any members, some": (OBJECT, {**OBJECT, "minProperties": 1}, "`minProperties` is 1, was none"),
    "many members, few": (OBJECT, {**OBJECT, "maxProperties": 9}, "`maxProperties` is 9, was none"),
    "but": (
        OBJECT,
        {**OBJECT, "not": {"minProperties": 2}},
        '`not` is {"minProperties": 2}, was none',
    ),
    "all of": (OBJECT, {**OBJECT, "allOf": [TREE]}, "`allOf`"),
    "any of": (OBJECT, {**OBJECT, "anyOf": [{"type": "object", "minProperties": 2}]}, "`anyOf`"),
    "then": (
        {**OBJECT, "if": {"required": ["a"]}},
        {**OBJECT, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        '`then` is {"required": ["b"]}, was none',
    ),
    "else": (
        {**OBJECT, "if": {"required": ["a"]}},
        {**OBJECT, "if": {"required": ["a"]}, "else": {"required": ["b"]}},
        '`else` is {"required": ["b"]}, was none',
    ),
    "less than": (
        {**INTEGER, "exclusiveMaximum": 9},
        {**INTEGER, "exclusiveMaximum": 8},
        "`exclusiveMaximum` is 8, was 9",
    ),
}
"""Two schemas, of which the second allows less, and how they differ."""


@pytest.mark.parametrize("name", SCHEMAS_ALONE)
def test_what_is_narrower_breaks_who_sends_it_and_what_is_wider_who_receives_it(name: str) -> None:
    wide, narrow, difference = SCHEMAS_ALONE[name]
    told = [line for line in lines(of_schema(wide), of_schema(narrow)) if ": body" in line]
    assert told[0].removeprefix("POST /x: body").lstrip(" :").startswith(difference)
    assert lines(of_schema(wide), of_schema(wide)) == []
    back = lines(of_schema(narrow), of_schema(wide))
    assert [line for line in back if ": body" in line] == []
    assert any(": answer 200" in line for line in back)
