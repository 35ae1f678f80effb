"""One operation of the contract: a path, a method, and the view that handles them."""

import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, cast, get_args, get_type_hints

from msgspec.structs import fields as struct_fields

from chalicelib.contract.components import Components
from chalicelib.contract.failures import failures_of
from chalicelib.contract.schemas import JSON, Document, Schemas
from chalicelib.http import answers
from chalicelib.http.fields import Cursor, NextCursor
from chalicelib.http.resource import fields_of
from chalicelib.http.views import declared
from chalicelib.limits import DEFAULT_LIMIT, MAX_BODY, MAX_LIMIT
from chalicelib.permissions import AGENCY_ROLES


class Operation:
    """An operation, as its view declares it."""

    def __init__(self, path: str, method: str, view: Callable[..., Any]) -> None:
        self.path, self.method = path, method
        self.view = inspect.unwrap(view)
        self.id = self.view.__name__
        self.declared = declared(self.view)
        if self.declared.answers is None:
            raise TypeError("declare @answers")
        self.answers = self.declared.answers
        self.kind = answers.KINDS[self.answers.by]
        self.path_parameters = re.findall(r"{(\w+)}", path)
        self.hints = get_type_hints(self.view, include_extras=True)

    @property
    def module(self) -> Any:
        """The module of its view, which is its tag."""
        return sys.modules[self.view.__module__]

    @property
    def tag(self) -> str:
        return str(self.module.__name__).rpartition(".")[2]

    def used_types(self) -> Iterator[Any]:
        """Return every type that the contract describes for this operation."""
        yield from (self.hints[name] for name in self.path_parameters)
        yield from self.filters.values()
        yield from self.members().values()
        if self.declared.body:
            yield self.declared.body

    @property
    def filters(self) -> dict[str, Any]:
        """The types of its filters, by name."""
        if self.declared.filters is None:
            return {}
        return {field.name: field.type for field in struct_fields(self.declared.filters)}

    def members(self) -> dict[str, Any]:
        """Return the types of what stands beside `success`."""
        members = dict(self.answers.members)
        if self.answers.by is answers.listing:
            ((name, resource),) = members.items()
            return {name: types.GenericAlias(list, (resource,)), "next_cursor": NextCursor}
        if self.answers.by is answers.created:
            (resource,) = members.values()
            return {**members, "created": resource_members(resource)["id"]}
        return members

    def to_openapi(self, schemas: Schemas, components: Components) -> Document:
        """Return the operation object of OpenAPI."""
        summary, _, details = (inspect.getdoc(self.view) or "").partition("\n\n")
        permission = self.declared.permission
        operation: Document = {
            "operationId": self.id,
            "summary": " ".join(summary.split()).removesuffix("."),
            "description": "\n\n".join(part for part in (details, self._allowed_roles()) if part),
            "tags": [self.tag],
            "security": [{"token": [permission]}] if permission else [],
        }
        parameters = [*self._parameters(schemas)]
        parameters += [components.parameter(name) for name in self.kind.request_headers]
        if parameters:
            operation["parameters"] = parameters
        if body := self.declared.body:
            operation["requestBody"] = {
                "description": f"{inspect.getdoc(body)} At most {MAX_BODY // 1024} KiB.",
                "required": True,
                "content": {JSON: {"schema": schemas.of(body), "example": body.example}},
            }
        operation["responses"] = {
            **self._successes(schemas, components),
            **components.failures(failures_of(self.declared)),
        }
        return operation

    def _allowed_roles(self) -> str:
        permission = self.declared.permission
        if not permission:
            return "Open to everybody, without a token."
        roles = [role.name for role in AGENCY_ROLES.values() if permission in role.permissions]
        return f"Requires the permission `{permission}`: {', '.join(roles)}."

    def _parameters(self, schemas: Schemas) -> Iterator[Document]:
        for name in self.path_parameters:
            yield _parameter(name, "path", schemas.of(self.hints[name]), required=True)
        for name, annotation in self.filters.items():
            yield _parameter(name, "query", _without_null(schemas.of(annotation)))
        if orders := self.declared.sorts:
            schema: Document = {"type": "string", "enum": list(orders)}
            description = "The field to sort by; `-` for descending order"
            if self.filters:
                # No default: a client that sends it would ask to sort a filtered list.
                description += f"; without filters `{orders[0]}` if it is not sent"
            else:
                schema["default"] = orders[0]
            yield _parameter("sort", "query", {**schema, "description": description})
        if self.answers.by is answers.listing:
            limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
            limit |= {"default": DEFAULT_LIMIT, "description": "The number of items on a page"}
            yield _parameter("limit", "query", limit)
            cursor = schemas.of(Cursor)
            description = "The `next_cursor` of the page before"
            yield _parameter("cursor", "query", {**cursor, "description": description})

    def _successes(self, schemas: Schemas, components: Components) -> Document:
        if self.kind.media_type != JSON:
            content = {self.kind.media_type: {"schema": {"type": "string"}}}
            return {"200": components.success("The page.", content, ())}
        if self.answers.by is answers.document:
            content = {JSON: {"schema": {"type": "object"}}}
            return {"200": components.success("The document.", content, ())}
        members = self.members()
        remaining = members.pop("remaining", None)
        description = "Done." if self.method != "GET" else "Found."
        responses = {
            str(self.kind.status): components.success(
                description,
                schemas.envelope(members, self.answers.by),
                self.kind.response_headers,
            )
        }
        if remaining:
            gone = " A 404 then means that another request has finished it."
            responses["202"] = components.success(
                "In force, but not finished. Send the same request again to continue."
                + (gone if self.method == "DELETE" else ""),
                schemas.envelope({**members, "remaining": remaining}, self.answers.by),
                (*self.kind.response_headers, "Retry-After"),
            )
        if "If-None-Match" in self.kind.request_headers:
            responses["304"] = components.success(
                "You already have this response.", None, self.kind.response_headers
            )
        return responses


def links(operation: Operation, operations: list[Operation]) -> Iterator[tuple[str, Document]]:
    """Return the operations that can follow this one, with their parameters from its response."""
    by, members = operation.answers.by, operation.answers.members
    if by not in (answers.listing, answers.one, answers.created, answers.added, answers.changed):
        return
    name, resource = next(iter(members.items()))
    if by is answers.added:
        (resource,) = get_args(resource)
    is_list = by in (answers.listing, answers.added)
    place = f"$response.body#/{name}{'/0' if is_list else ''}"
    same = {name: f"$request.path.{name}" for name in operation.path_parameters}
    same |= {name: f"$request.query.{name}" for name in operation.filters}
    if by is answers.listing:
        parameters = [*(["sort"] if operation.declared.sorts else []), "limit"]
        same |= {name: f"$request.query.{name}" for name in parameters}
        lists = [operation]
    else:
        # A resource that shows the first page of a list links to that list: to the one that is
        # filtered for it, or the one below its path that shows the same.
        lists = [
            other
            for other in operations
            if "next_cursor" in members
            and (same.keys() <= set(other.filters) or _continues(other, operation))
        ]
    for other in lists:
        next_page = {**same, "cursor": "$response.body#/next_cursor"}
        yield "next_page", {"operationId": other.id, "parameters": next_page}
    for other in operations:
        known = {
            parameter: f"{place}/{field}"
            for parameter in other.path_parameters
            for field, annotation in resource_members(resource).items()
            if annotation == other.hints[parameter]
        }
        if other.path_parameters and known.keys() == set(other.path_parameters):
            yield other.id, {"operationId": other.id, "parameters": known}


def _continues(other: Operation, operation: Operation) -> bool:
    """Return whether a list is below the operation's path, and shows what it shows."""
    if not other.path.startswith(f"{operation.path}/") or other.answers.by is not answers.listing:
        return False
    (resource,) = other.answers.members.values()
    return types.GenericAlias(list, (resource,)) in operation.answers.members.values()


def resource_members(resource_type: Any) -> dict[str, Any]:
    """Return the types of a resource's fields, by name."""
    return {field.name: field.shown_type for field in fields_of(resource_type)}


def _parameter(name: str, place: str, schema: Document, required: bool = False) -> Document:
    schema = dict(schema)
    description = schema.pop("description")
    schema.pop("title", None)
    parameter = {"name": name, "in": place, "description": f"{description}.", "schema": schema}
    return {**parameter, "required": True} if required else parameter


def _without_null(schema: Document) -> Document:
    """Return the alternative that is not null: a query parameter is sent, or is not."""
    (alternative,) = (part for part in schema["anyOf"] if part != {"type": "null"})
    return cast(Document, alternative)
