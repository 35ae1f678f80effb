"""The contract as OpenAPI 3.1, made of what the code runs on: routes, types and errors.

Nothing here is loaded before somebody asks for it. What a route does not say by its decorators
(`requires`, `takes`, `sorts`, `filters`, `gives`) follows from what those stand for.
"""

import functools
import inspect
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast, get_args, get_origin, get_type_hints

import msgspec
from chalice.app import Chalice, Response

from chalicelib import outputs
from chalicelib.errors import (
    GATEWAY_ANSWERS,
    REQUEST_ID,
    ApiError,
    BadBody,
    BadCursor,
    BadIdempotencyKey,
    BadLimit,
    BadSort,
    BodyTooLarge,
    Contended,
    InternalError,
    InvalidBody,
    InvalidClaims,
    InvalidHeader,
    KeyReused,
    NotJson,
    PermissionMissing,
    TableBusy,
    TableUnreachable,
    TokenExpired,
    VersionMoved,
    failure,
)
from chalicelib.inputs import DEFAULT_LIMIT, MAX_BODY, MAX_LIMIT, Body
from chalicelib.outputs import Answer, Cursor, NextCursor
from chalicelib.permissions import AGENCY_ROLES

VERSION = "1.1.0"
"""Of the contract (semver): CHANGELOG.md's newest heading, or what Unreleased will be."""

JSON = "application/json"
SCHEMAS = "#/components/schemas/"
NOT_OURS = "method_not_allowed"
"""The view of every method that a path does not take."""

Document = dict[str, Any]


class Kind(NamedTuple):
    """What a function of `outputs` means for a contract."""

    status: int = 200
    asks: tuple[str, ...] = ()  # request headers
    tells: tuple[str, ...] = ()  # response headers
    refusals: tuple[type[ApiError], ...] = ()
    media_type: str = JSON


KINDS: dict[Callable[..., Response], Kind] = {
    outputs.success: Kind(),
    outputs.document: Kind(),
    outputs.html_page: Kind(media_type="text/html"),
    outputs.one: Kind(200, ("If-None-Match",), ("ETag",)),
    outputs.listing: Kind(200, refusals=(BadLimit, BadCursor)),
    outputs.created: Kind(
        201,
        ("Idempotency-Key",),
        ("ETag", "Location"),
        (BadIdempotencyKey, KeyReused, Contended),
    ),
    outputs.changed: Kind(200, ("If-Match",), ("ETag",), (VersionMoved, Contended)),
    outputs.deleted: Kind(200, ("If-Match",), (), (VersionMoved, Contended)),
}

GUARDED = (TokenExpired, InvalidClaims, InvalidHeader, PermissionMissing)
STORED = (TableBusy, TableUnreachable)  # what has a permission reads or writes the table
WITH_BODY = (BadBody, BodyTooLarge, NotJson, InvalidBody)
GATEWAYS = ("BAD_REQUEST_PARAMETERS", "REQUEST_TOO_LARGE", "THROTTLED", "INTEGRATION_TIMEOUT")
"""What API Gateway may answer to any request."""

REQUEST_HEADERS = {
    "If-Match": {
        "description": "Lets the write through only at the version with this ETag, or at one of"
        " several; `*` and none at all allow every version.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "Answers 304 where the resource's own fields are at the version with this"
        " ETag.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "A new one for each thing that is added: sent again with it, the same"
        " request is done once, and answers the same resource.",
        "schema": {
            "type": "string",
            "pattern": "^[!-~]([ -~]*[!-~])?$",
            "minLength": 1,
            "maxLength": 255,
        },
    },
}

RESPONSE_HEADERS = {
    REQUEST_ID: {
        "description": "Names the request; quote it when you ask about one.",
        "schema": {"type": "string", "minLength": 1},
    },
    "ETag": {
        "description": 'The version, in quotes: `"1"`.',
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
    },
    "Location": {
        "description": "The path of the new resource.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the same request may succeed.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": {"type": "string", "const": "Bearer"},
    },
}

DESCRIPTION = """
Movies, actors, and who plays whom in what.

Every answer with a body, but for this document and its page, is `{"success": true, ...}`, or
`{"success": false, "error": <status>, "message": "...", "detail": "..."}`. `message` is one of the
constants of its status and may be matched; `detail` is a sentence for a person. Clients must expect
members that are not named here. A known path answers a method that is not named here with 405 and
`Allow`, a path that is not named here is 404. Query parameters that are not named here are ignored.

Strings are trimmed, and must then show something. A whole number is written as one: 1, not 1.0.
Years begin with 0001, and an actor is at most 150 years old. A write that was begun and could not
be finished in time answers 202 with `remaining` and `Retry-After`: it holds, and sent again it goes
on.
""".strip()

TAGS = {
    "movies": "Movies, and the cast of each",
    "actors": "Actors, and the movies of each",
    "roles": "Who plays whom in what",
    "service": "The API itself",
}


class Failure(NamedTuple):
    """One of the ways in which an operation fails."""

    name: str
    status: int
    message: str
    detail: str
    headers: Mapping[str, str]
    example: str  # of a detail

    def body(self) -> Any:
        """Give an answer's body, as an example."""
        request_id = "3f1c2a9e-5b7d-4c80-9a61-d20e8b4f7c35"
        return failure(self.status, self.message, self.example, {}, request_id).body


def document(app: Chalice, server: str = "/") -> Document:
    """Give the contract of this app, whose paths stand below `server`."""
    return {**_document(app), "servers": [{"url": server}]}


@functools.cache
def _document(app: Chalice) -> Document:
    operations = [Operation(*route) for route in _routes(app)]
    schemas = _Schemas(operations)
    components = _Components(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        try:
            shown = operation.shown(schemas, components)
        except Exception as error:
            error.add_note(f"in the contract of {operation.method} {operation.path}")
            raise
        if links := dict(_links(operation, operations)):
            shown["responses"][str(operation.kind.status)]["links"] = links
        paths.setdefault(operation.path, {})[operation.method.lower()] = shown
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
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": components.shown(),
    }


def _routes(app: Chalice) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Give the paths, methods and views of the contract."""
    for path, methods in app.routes.items():
        for method, route in methods.items():
            if route.view_name != NOT_OURS:
                yield path, method, route.view_function


class Operation:
    """A path, a method, and the view that answers them."""

    def __init__(self, path: str, method: str, view: Callable[..., Any]) -> None:
        declared = vars(view)
        for name, decorator in (("permission", "@requires or @public"), ("answer", "@gives")):
            if name not in declared:
                raise TypeError(f"{method} {path} needs {decorator}")
        self.path, self.method, self.view = path, method, view
        self.id = view.__name__
        self.permission: str | None = declared["permission"]
        self.body: type[Body] | None = declared.get("takes")
        self.sorts: tuple[str, ...] = declared.get("sorts", ())
        self.filters: tuple[str, ...] = declared.get("filters", ())
        self.answer: Answer = declared["answer"]
        self.kind = KINDS[self.answer.by]
        self.in_path = re.findall(r"{(\w+)}", path)
        self.hints = get_type_hints(inspect.unwrap(view), include_extras=True)

    def types(self) -> Iterator[Any]:
        """Give every type that its contract speaks of."""
        yield from (self.hints[name] for name in (*self.in_path, *self.filters))
        yield from self.members().values()
        if self.body:
            yield self.body

    def failures(self) -> Iterator[Failure]:
        """Give every way in which it fails."""
        kinds: list[type[ApiError]] = [*self.answer.refusals, *self.kind.refusals, InternalError]
        kinds += [*GUARDED, *STORED] if self.permission else []
        kinds += WITH_BODY if self.body else []
        kinds += [BadSort] if self.sorts else []
        for error in sorted(set(kinds), key=lambda error: error.__name__):
            yield Failure(
                error.__name__,
                error.status,
                error.message,
                error.detail,
                error.headers,
                error.example or error.detail,
            )
        for name in GATEWAYS:
            camel_case = name.title().replace("_", "")
            yield Failure(camel_case, *GATEWAY_ANSWERS[name], GATEWAY_ANSWERS[name].detail)

    def shown(self, schemas: "_Schemas", components: "_Components") -> Document:
        """Give the operation, as OpenAPI has it."""
        doc = inspect.getdoc(self.view) or ""
        summary, _, more = doc.partition("\n\n")
        shown: Document = {
            "operationId": self.id,
            "summary": " ".join(summary.split()).removesuffix("."),
            "description": "\n\n".join(part for part in (more, self._who_may()) if part),
            "tags": [self.tag],
            "security": [{"token": [self.permission]}] if self.permission else [],
        }
        parameters = [*self._parameters(schemas)]
        parameters += [components.parameter(name) for name in self.kind.asks]
        if parameters:
            shown["parameters"] = parameters
        if self.body:
            shown["requestBody"] = {
                "description": f"{inspect.getdoc(self.body)} At most {MAX_BODY // 1024} KiB.",
                "required": True,
                "content": {JSON: {"schema": schemas.of(self.body), "example": self.body.example}},
            }
        shown["responses"] = {
            **self._successes(schemas, components),
            **components.responses(self.failures()),
        }
        return shown

    @property
    def tag(self) -> str:
        collection = self.path.split("/")[1]
        return collection if collection in TAGS else "service"

    def _who_may(self) -> str:
        if not self.permission:
            return "Anyone may ask."
        who = [role.name for role in AGENCY_ROLES.values() if self.permission in role.permissions]
        return f"Needs the permission `{self.permission}`: {', '.join(who)}."

    def _parameters(self, schemas: "_Schemas") -> Iterator[Document]:
        for name in self.in_path:
            yield _parameter(name, "path", schemas.of(self.hints[name]), required=True)
        for name in self.filters:
            yield _parameter(name, "query", _without_null(schemas.of(self.hints[name])))
        if self.sorts:
            schema = {"type": "string", "enum": list(self.sorts), "default": self.sorts[0]}
            yield _parameter("sort", "query", {**schema, "description": "By what; - for downwards"})
        if self.answer.by is outputs.listing:
            limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
            limit |= {"default": DEFAULT_LIMIT, "description": "How many to give at most"}
            yield _parameter("limit", "query", limit)
            cursor = {**schemas.of(Cursor), "description": "The `next_cursor` of the page before"}
            yield _parameter("cursor", "query", cursor)

    def _successes(self, schemas: "_Schemas", components: "_Components") -> Document:
        if self.kind.media_type != JSON:
            content = {self.kind.media_type: {"schema": {"type": "string"}}}
            return {"200": components.success("The page.", content, ())}
        if self.answer.by is outputs.document:
            content = {JSON: {"schema": {"type": "object"}}}
            return {"200": components.success("The document.", content, ())}
        members = self.members()
        remaining = members.pop("remaining", None)
        description = "It is as you wanted." if self.method != "GET" else "Here it is."
        found = {
            str(self.kind.status): components.success(
                description, schemas.envelope(members, self.answer.by), self.kind.tells
            )
        }
        if remaining:
            found["202"] = components.success(
                "It holds, and the same request, sent again, goes on with what remains.",
                schemas.envelope({**members, "remaining": remaining}, self.answer.by),
                (*self.kind.tells, "Retry-After"),
            )
        if "If-None-Match" in self.kind.asks:
            found["304"] = components.success("You have this version.", None, self.kind.tells)
        return found

    def members(self) -> dict[str, Any]:
        members = dict(self.answer.members)
        if self.answer.by is outputs.listing:
            ((name, resource),) = members.items()
            return {name: types.GenericAlias(list, (resource,)), "next_cursor": NextCursor}
        if self.answer.by is outputs.created:
            (resource,) = members.values()
            return {**members, "created": get_type_hints(resource, include_extras=True)["id"]}
        return members


def _parameter(name: str, place: str, schema: Document, required: bool = False) -> Document:
    schema = dict(schema)
    description = schema.pop("description")
    schema.pop("title", None)
    parameter = {"name": name, "in": place, "description": f"{description}.", "schema": schema}
    return {**parameter, "required": True} if required else parameter


def _without_null(schema: Document) -> Document:
    """Give the one of two alternatives that is not null: a parameter is there, or is not."""
    (found,) = (one for one in schema["anyOf"] if one != {"type": "null"})
    return cast(Document, found)


class _Schemas:
    """The schemas of types, and the examples that follow from them."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._types: list[Any] = [Cursor]
        for operation in operations:
            self._types += operation.types()
        found, named = msgspec.json.schema_components(self._types, ref_template=SCHEMAS + "{name}")
        self._found = [_portable(schema) for schema in found]
        self.named = {name: _portable(named[name]) for name in sorted(named)}
        for one in _named_types(self._types):
            if one.__name__ not in self.named:
                raise TypeError(f"two types of the contract are named {one.__name__}")
            schema = self.named[one.__name__]
            fields = get_type_hints(one)
            schema["properties"] = {
                name: schema["properties"][name] for name in fields if name in schema["properties"]
            }
            schema["required"] = [name for name in fields if name in schema.get("required", [])]
            if not schema["required"]:
                del schema["required"]
            schema.update(getattr(one, "constraint", {}))

    def of(self, wanted: Any) -> Document:
        return cast(Document, self._found[self._types.index(wanted)])

    def envelope(self, members: dict[str, Any], by: Callable[..., Response]) -> Document:
        """Give the content of a success that has these members."""
        properties = {"success": {"type": "boolean", "const": True}}
        properties |= {name: self.of(one) for name, one in members.items()}
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        example = self.example(schema)
        roles = 0 if by is outputs.created else example.get("remaining")
        for value in example.values():
            if roles is not None and isinstance(value, dict) and "role_count" in value:
                value["role_count"] = roles
        return {JSON: {"schema": schema, "example": example}}

    def example(self, schema: Document) -> Any:
        """Give an example, made of those of its parts."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.example(self.named[schema["$ref"].removeprefix(SCHEMAS)])
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if schema.get("type") == "array":
            return [self.example(schema["items"])]
        if schema.get("type") == "object":
            return {name: self.example(part) for name, part in schema["properties"].items()}
        return schema["const"] if "const" in schema else schema["enum"][0]


def _named_types(found: Iterable[Any]) -> Iterator[type]:
    """Give the classes among these types, and in those that are made of others."""
    for one in found:
        if isinstance(one, type) and (issubclass(one, Body) or issubclass(one, dict)):
            yield one
        yield from _named_types(get_args(one) if get_origin(one) is list else ())


def _portable(schema: Any) -> Any:
    """Give a schema without what only Python knows, and what says nothing."""
    if isinstance(schema, list):
        return [_portable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    portable = {
        name: part.replace(r"\A", "^").replace(r"\Z", "$") if name == "pattern" else _portable(part)
        for name, part in schema.items()
        if not (name == "default" and part is None)
    }
    return {"type": "string", **portable} if "enum" in schema else portable


class _Components:
    """What several operations speak of, written once."""

    def __init__(self, schemas: _Schemas) -> None:
        self._schemas = schemas
        self._parameters: Document = {}
        self._headers: Document = {}
        self._responses: Document = {}
        self._failures: Document = {}

    def shown(self) -> Document:
        return {
            "schemas": {**self._schemas.named, **dict(sorted(self._failures.items()))},
            "responses": dict(sorted(self._responses.items())),
            "parameters": self._parameters,
            "headers": self._headers,
            "securitySchemes": {"token": _security()},
        }

    def parameter(self, name: str) -> Document:
        self._parameters[name] = {"name": name, "in": "header", **REQUEST_HEADERS[name]}
        return {"$ref": f"#/components/parameters/{name}"}

    def success(self, description: str, content: Document | None, tells: Iterable[str]) -> Document:
        found: Document = {"description": description, "headers": self._told((REQUEST_ID, *tells))}
        return {**found, "content": content} if content else found

    def _told(self, names: Iterable[str]) -> Document:
        for name in names:
            self._headers[name] = {**RESPONSE_HEADERS[name], "required": True}
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

    def responses(self, failures: Iterable[Failure]) -> Document:
        """Give the answer of each status, with all the ways to come to it."""
        of_status: dict[int, list[Failure]] = {}
        for one in failures:
            of_status.setdefault(one.status, []).append(one)
        return {str(status): self._response(of_status[status]) for status in sorted(of_status)}

    def _response(self, failures: list[Failure]) -> Document:
        name = "_".join(one.name for one in failures)
        status = failures[0].status
        always = [set(one.headers) for one in failures]
        # Where only some of them tell it, a client cannot rely on it.
        told = sorted(set[str]().union(*always))
        headers = self._told((REQUEST_ID, *(h for h in told if all(h in one for one in always))))
        for header in told:
            if header not in headers:
                headers[header] = {**RESPONSE_HEADERS[header], "required": False}
        if status == 412:
            headers |= self._told(("ETag",))
        self._responses[name] = {
            "description": " ".join(dict.fromkeys(one.detail for one in failures)),
            "headers": headers,
            "content": {
                JSON: {
                    "schema": self._failure(status, failures),
                    "examples": {one.name: {"value": one.body()} for one in failures},
                }
            },
        }
        return {"$ref": f"#/components/responses/{name}"}

    def _failure(self, status: int, failures: list[Failure]) -> Document:
        name = f"Failure{status}"
        messages = sorted({one.message for one in failures})
        properties = {
            "success": {"type": "boolean", "const": False},
            "error": {"type": "integer", "const": status},
            "message": {"type": "string", "enum": messages, "description": "Constant; match it"},
            "detail": {"type": "string", "minLength": 1, "description": "A sentence for a person"},
        }
        self._failures[name] = {
            "title": name,
            "type": "object",
            "properties": properties,
            "required": list(properties),
        }
        return {"$ref": SCHEMAS + name}


def _security() -> Document:
    roles = "\n".join(
        f"* {role.name}: {', '.join(f'`{p}`' for p in sorted(role.permissions))}"
        for role in AGENCY_ROLES.values()
    )
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the identity provider's, for this API's audience. The"
        " permissions in it say what it opens; each operation names its own as its scope.\n\n"
        f"{roles}",
        "x-roles": {role.name: sorted(role.permissions) for role in AGENCY_ROLES.values()},
    }


def _links(operation: Operation, operations: list[Operation]) -> Iterator[tuple[str, Document]]:
    """Tell which operations can be called with what this one answered, and how."""
    by, members = operation.answer.by, operation.answer.members
    if by not in (outputs.listing, outputs.one, outputs.created, outputs.changed):
        return
    name, resource = next(iter(members.items()))
    place = f"$response.body#/{name}{'/0' if by is outputs.listing else ''}"
    fields = get_type_hints(resource, include_extras=True)
    same = {name: f"$request.path.{name}" for name in operation.in_path}
    same |= {name: f"$request.query.{name}" for name in operation.filters}
    if by is outputs.listing:
        asked = [*(["sort"] if operation.sorts else []), "limit"]
        same |= {name: f"$request.query.{name}" for name in asked}
        lists = [operation]
    else:
        # What is shown with a resource goes on in the list that can be asked for it alone.
        more = "next_cursor" in members
        lists = [other for other in operations if more and same.keys() <= set(other.filters)]
    for other in lists:
        following = {**same, "cursor": "$response.body#/next_cursor"}
        yield "next_page", {"operationId": other.id, "parameters": following}
    for other in operations:
        known = {
            wanted: f"{place}/{field}"
            for wanted in other.in_path
            for field, hint in fields.items()
            if hint == other.hints[wanted]
        }
        if other.in_path and known.keys() == set(other.in_path):
            yield other.id, {"operationId": other.id, "parameters": known}
