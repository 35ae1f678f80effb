"""The generated file `docs/generated/api.md`: operations, errors, fields and roles as tables."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS
from dev import machine
from dev.contract import openapi

FILE = machine.GENERATED / "api.md"

INTRODUCTION = """
# API reference

This file is generated from the code by `make generate`. [openapi.json](openapi.json) has every
detail, and `/docs` of a running API shows it. The [README](../../README.md) explains what all
operations have in common.
""".strip()


def files() -> dict[Path, str]:
    """Return the file and its text."""
    document = json.loads(openapi.text())
    parts = [
        [INTRODUCTION],
        ["## Operations", *_operations(document)],
        ["## Fields of request bodies", *_bodies(document)],
        ["## Errors", *_errors(document)],
        ["## Permissions of the agency's roles", *_roles()],
    ]
    return {FILE: "\n\n".join(line for part in parts for line in part) + "\n"}


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _operations(document: Any) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"### {tag['description']}"
        rows = [
            (f"`{method.upper()} {path}`", _permission(operation), operation["summary"])
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation["tags"]
        ]
        yield _table(("method and path", "permission", "what it does"), rows)


def _permission(operation: Any) -> str:
    return f"`{operation['security'][0]['token'][0]}`" if operation["security"] else "none"


def _bodies(document: Any) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if schema.get("additionalProperties") is not False:
            continue
        yield f"### {name}"
        required = schema.get("required", [])
        rows = [
            (f"`{field}`", "yes" if field in required else "no", *_type(part, schemas))
            for field, part in schema["properties"].items()
        ]
        yield _table(("field", "required", "type and limits", "description"), rows)


def _type(schema: Any, schemas: Any) -> tuple[str, str]:
    """Return a field's type with its limits, and its description."""
    if "$ref" in schema:
        return _type(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        kinds, descriptions = zip(*(_type(part, schemas) for part in schema["anyOf"]), strict=True)
        return " or ".join(kinds), schema.get("description") or next(filter(None, descriptions), "")
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"]), schema.get("description", "")
    kind = schema.get("format", schema["type"])
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is not None and high is not None:
        unit = " characters" if "maxLength" in schema else ""
        kind = f"{kind}, {low} to {high}{unit}"
    return kind, schema.get("description", "")


def _errors(document: Any) -> Iterator[str]:
    errors: dict[tuple[int, str], set[str]] = {}
    for response in document["components"]["responses"].values():
        for example in response["content"]["application/json"]["examples"].values():
            body = example["value"]
            if body["error"] < 500:
                errors.setdefault((body["error"], body["message"]), set()).add(body["detail"])
    yield "`message` is constant. `detail` is a sentence for a person; these are examples."
    yield _table(
        ("status", "message", "examples of `detail`"),
        (
            (str(status), message, "<br>".join(sorted(details)).replace("<token>", "TOKEN"))
            for (status, message), details in sorted(errors.items())
        ),
    )
    yield (
        "A path answers 405 (`method not allowed`, with `Allow`) to a method that it does not"
        " support. Our own faults are 500 (`internal server error`), and 503 (`temporarily"
        " unavailable`) asks for a retry after `Retry-After` seconds."
    )


def _roles() -> Iterator[str]:
    names = [role.name for role in AGENCY_ROLES.values()]
    yield _table(
        ("permission", *names),
        (
            (
                f"`{permission}`",
                *("yes" if permission in r.permissions else "" for r in AGENCY_ROLES.values()),
            )
            for permission in sorted(PERMISSIONS, key=lambda name: name.split(":")[::-1])
        ),
    )
