"""Edited copies of the contract, for the tests of `dev/contract/compatibility.py`."""

import copy
import json
from collections.abc import Callable
from typing import Any

from dev.contract import compatibility
from tests.conftest import PROJECT

CONTRACT = json.loads((PROJECT / "docs" / "generated" / "openapi.json").read_text())

REMOVED = object()
"""A value of `Edits`: delete what the pointer names."""

Edits = dict[str, Any]
"""By pointer (keys joined by dots): the new value, REMOVED, or a function of the old value."""


def edited(edits: Edits) -> Any:
    """Return a copy of the contract with these edits, made one after the other."""
    document = copy.deepcopy(CONTRACT)
    for pointer, value in edits.items():
        *names, last = pointer.split(".")
        node: Any = document
        for name in names:
            node = node[int(name) if isinstance(node, list) else name]
        key = int(last) if isinstance(node, list) else last
        if value is REMOVED:
            del node[key]
        else:
            node[key] = value(node[key]) if callable(value) else value
    return document


def without(*names: str) -> Callable[[Any], Any]:
    """Return a function that removes these names from a list or an object."""

    def edit(old: Any) -> Any:
        if isinstance(old, list):
            return [name for name in old if name not in names]
        return {name: value for name, value in old.items() if name not in names}

    return edit


def plus(*more: Any, **members: Any) -> Callable[[Any], Any]:
    """Return a function that adds these to a list or an object."""
    return lambda old: [*old, *more] if isinstance(old, list) else {**old, **members}


def or_null(schema: Any) -> Any:
    """Return a schema that also allows null."""
    return {"anyOf": [schema, {"type": "null"}]}


def reversed_(node: Any) -> Any:
    """Reverse the order of objects and of lists of strings, where the order has no meaning."""
    if isinstance(node, dict):
        return {name: reversed_(value) for name, value in reversed(node.items())}
    if isinstance(node, list) and not any(isinstance(value, dict) for value in node):
        return node[::-1]
    return [reversed_(value) for value in node] if isinstance(node, list) else node


LIST, ADD, SHOW, CHANGE, REMOVE = (
    "paths./movies.get",
    "paths./movies.post",
    "paths./movies/{movie_id}.get",
    "paths./movies/{movie_id}.patch",
    "paths./movies/{movie_id}.delete",
)
_NAMES = [parameter.get("name") for parameter in CONTRACT["paths"]["/movies"]["get"]["parameters"]]
SORT, LIMIT, CURSOR = (
    f"{LIST}.parameters.{_NAMES.index(name)}" for name in ("sort", "limit", "cursor")
)
SCHEMAS = "components.schemas"
# Only one operation uses each of these schemas.
NEW_MOVIE = f"{SCHEMAS}.NewMovie"  # POST /movies
NEW_ACTOR = f"{SCHEMAS}.NewActor"  # POST /actors
NEW_ROLE = f"{SCHEMAS}.NewRole"  # POST /roles
MEMBER = f"{SCHEMAS}.CastMember"  # GET /movies/{movie_id}/actors
HEALTH = "paths./health.get.responses.200.content.application/json.schema"
LISTED = f"{LIST}.responses.200.content.application/json.schema"
BODY = f"{ADD}.requestBody"
ROLES = "components.securitySchemes.token.x-roles"


def breaking(old: Any, new: Any) -> list[str]:
    """Return the breaking changes between two documents as the command prints them."""
    return [f"{operation}: {sentence}" for operation, sentence in compatibility.breaking(old, new)]
