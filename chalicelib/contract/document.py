"""The OpenAPI document of an app.

`GET /openapi.json` generates it when it is first asked for, so this package must not be imported
with the handlers.
"""

import contextlib
import functools
import inspect
from collections.abc import Iterable, Iterator

from chalice.app import Chalice

from chalicelib.contract.components import Components
from chalicelib.contract.operation import Operation, links
from chalicelib.contract.schemas import Document, Schemas
from chalicelib.http.views import declared
from chalicelib.limits import MAX_AGE

VERSION = "2.0.0"
"""Of the contract (semantic versioning): CHANGELOG.md's newest heading, or its next one."""

DESCRIPTION = f"""
Movies, actors, who plays whom in which movie, and who is considered for which part.

Every response with a body is `{{"success": true, ...}}`, or
`{{"success": false, "error": <status>, "message": "...", "detail": "..."}}`. Exceptions are this
document and its page for people. `message` is one of the constants of its status, and clients
may match it. `detail` is a sentence for a person. Clients must accept members that are not listed
here. A path that is listed here responds with 405 and `Allow` to a method that is not listed.
A path that is not listed is 404, except the console's own files. Query parameters that are not
listed are ignored. A body of more than 6 MB is 413 too, but perhaps in another form.

Strings are trimmed, and must then show something. A whole number has no fraction: 1, not 1.0.
Years begin with 0001, and an actor is at most {MAX_AGE} years old. A write that has begun and could
not be finished in time returns 202 with `remaining` and `Retry-After`. It is in force. To continue,
send the same request again. If this DELETE returns 404, another request has finished it.
""".strip()


def document(app: Chalice, server: str = "/") -> Document:
    """Return the contract of a sealed app whose paths are below `server`.

    Raise an error that names the operation that cannot be described.
    """
    return {**_document(app), "servers": [{"url": server}]}


@functools.cache
def _document(app: Chalice) -> Document:
    operations = list(_operations(app))
    schemas = Schemas(used for operation in operations for used in operation.used_types())
    components = Components(schemas)
    paths: dict[str, Document] = {}
    for operation in operations:
        with _named(operation.method, operation.path):
            described = operation.to_openapi(schemas, components)
            if targets := dict(links(operation, operations)):
                described["responses"][str(operation.kind.status)]["links"] = targets
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Casting",
            "version": VERSION,
            "summary": "The API that a casting agency runs on",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [],
        "tags": _tags(operations),
        "paths": paths,
        "components": components.to_openapi(),
    }


def _operations(app: Chalice) -> Iterator[Operation]:
    for path, methods in app.routes.items():
        for method, route in methods.items():
            view = route.view_function
            if declared(view).is_listed:
                with _named(method, path):
                    operation = Operation(path, method, view)
                    list(operation.used_types())
                yield operation


def _tags(operations: Iterable[Operation]) -> list[Document]:
    """Return a tag for each module of views, described by the module's docstring."""
    modules = {operation.tag: operation.module for operation in operations}
    undescribed = [name for name, module in modules.items() if not module.__doc__]
    if undescribed:
        raise TypeError(f"{', '.join(undescribed)}: a module of views needs a docstring, its tag's")
    return [
        {"name": name, "description": (inspect.getdoc(module) or "").partition("\n")[0].rstrip(".")}
        for name, module in modules.items()
    ]


@contextlib.contextmanager
def _named(method: str, path: str) -> Iterator[None]:
    """Add the operation's name to an exception that is raised inside."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the contract of {method} {path}")
        raise
