"""The check before anything is timed: every app returns the same members, by the same requests."""

import json
from typing import Any

from bench.process import App, Json
from dev import machine

Requests = list[tuple[str, Json]]

DIFFERS = {"id", "created", "created_at", "updated_at"}
"""Members of a new or changed movie that are random, or the time."""


def check_response(name: str, app: App, response: Json, expected: Json) -> None:
    """Exit if an app does not return the members of our own response to an event."""
    if response["statusCode"] != expected["statusCode"]:
        machine.fail(f"{app.name} answers {name} with the status {response['statusCode']}")
    is_write = name in ("create", "change")
    found, wanted = (_members(r, is_write) for r in (response, expected))
    difference = _difference("", found, wanted)
    if difference:
        machine.fail(f"{app.name} answers {name} differently from our API: {difference}")


def _members(response: Json, is_write: bool) -> Any:
    members = json.loads(response["body"])
    if members.get("next_cursor") is not None:
        members["next_cursor"] = "..."  # its format is the app's own matter
    if is_write:
        movie = members["movie"]
        for part in (members, movie):
            part.update((name, "...") for name in DIFFERS & part.keys())
    return members


def _difference(place: str, found: Any, wanted: Any) -> str | None:
    """Return the first place in which two JSON values differ, or None."""
    if isinstance(found, dict) and isinstance(wanted, dict) and found.keys() == wanted.keys():
        pairs = ((f"{place}.{name}", found[name], wanted[name]) for name in wanted)
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = ((f"{place}[{n}]", *pair) for n, pair in enumerate(zip(found, wanted, strict=True)))
    else:
        return None if found == wanted else f"{place.lstrip('.')} is {found!r}, not {wanted!r}"
    return next((d for pair in pairs if (d := _difference(*pair))), None)


def check_requests(name: str, app: App, requests: Requests, expected: Requests) -> None:
    """Exit if an app does not send the requests that our API sends for an event."""
    found, wanted = (list(map(_outline, sent)) for sent in (requests, expected))
    if found != wanted:
        machine.fail(f"{app.name} answers {name} with {found}, and our API with {wanted}")


def _outline(sent: tuple[str, Json]) -> str:
    """Return what determines the work of a request: the operation, and what it reads or writes."""
    operation, request = sent
    if operation == "TransactWriteItems":
        actions = [
            f"{action} of {len(details.get('Item') or details['ExpressionAttributeValues'])}"
            for item in request["TransactItems"]
            for action, details in item.items()
        ]
        return f"{operation}: {', '.join(sorted(actions))}"
    read = _read_of(operation, request)
    names = read.get("ExpressionAttributeNames", {})
    asked = sorted(names.get(part, part) for part in _parts(read)) or "all attributes"
    where = f"{read.get('IndexName', 'table')}, {read.get('Limit') or len(read.get('Keys', ''))}"
    return f"{operation}: {where}, {asked}"


def projections(requests: Requests) -> list[Json]:
    """Return the parameters by which each of these reads asks for some attributes only."""
    return [_projection(_read_of(*sent)) for sent in requests]


def _projection(read: Json) -> Json:
    if "ProjectionExpression" not in read:
        return {}
    names = read.get("ExpressionAttributeNames", {})
    used = {name: names[name] for name in _parts(read) if name in names}
    parameters = {"ProjectionExpression": read["ProjectionExpression"]}
    return {**parameters, "ExpressionAttributeNames": used} if used else parameters


def _read_of(operation: str, request: Json) -> Json:
    """Return the parameters of a read, which BatchGetItem has for each table."""
    if operation != "BatchGetItem":
        return request
    ((_, read),) = request["RequestItems"].items()
    return dict(read)


def _parts(read: Json) -> list[str]:
    return str(read.get("ProjectionExpression", "")).replace(",", " ").split()
