"""The operations of the API, and requests to them that name nothing that exists."""

import re
from typing import Any

from app import app
from chalicelib.contract.operation import Operation
from chalicelib.http.views import declared

NOWHERE = "AAAAAAAAAAAAAAAA"
"""An id that nothing has."""

OPERATIONS = {
    (method, path): Operation(path, method, route.view_function)
    for path, methods in app.routes.items()
    for method, route in methods.items()
    if declared(route.view_function).is_listed
}
"""By method and path."""


def path_to_nothing(method: str, path: str) -> str:
    """Return a path of an operation, with ids that nothing has."""
    hints = OPERATIONS[method, path].hints
    examples = {
        name: hint.__metadata__[0].examples[0]
        for name, hint in hints.items()
        if f"{{{name}}}" in path
    }
    ids = {name: re.sub(r"[^.]+", NOWHERE, example) for name, example in examples.items()}
    return path.format(**ids)


def body_to_nothing(method: str, path: str) -> dict[str, Any] | None:
    """Return the example of an operation's body, with ids that nothing has.

    External ids are left out: only one resource may have them.
    """
    body_type = OPERATIONS[method, path].declared.body
    if body_type is None:
        return None
    return {
        name: NOWHERE if name in ("movie_id", "actor_id") else value
        for name, value in body_type.example.items()
        if name not in ("imdb_id", "tmdb_id")
    }
