"""Successful responses. Each function returns one kind, which the contract describes."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from chalice.app import Response

from chalicelib.errors import (
    ApiError,
    BadCursor,
    BadIdempotencyKey,
    BadLimit,
    Contended,
    KeyReused,
    VersionMismatch,
)
from chalicelib.http.conditions import client_has, etag
from chalicelib.http.paging import encode_cursor
from chalicelib.http.request import url_prefix
from chalicelib.http.resource import Resource, all_to_json
from chalicelib.store.table import Item, Page

ItemT = TypeVar("ItemT", bound=Item)
Answer = Callable[..., Response]
JSON = "application/json"


class Kind(NamedTuple):
    """What the contract says of a kind of response."""

    status: int = 200
    request_headers: tuple[str, ...] = ()
    response_headers: tuple[str, ...] = ()
    errors: tuple[type[ApiError], ...] = ()
    media_type: str = JSON


KINDS: dict[Answer, Kind] = {}


def kind(*args: Any, **kwargs: Any) -> Callable[[Answer], Answer]:
    """Declare the Kind of the responses that a function returns."""

    def declare(answer: Answer) -> Answer:
        KINDS[answer] = Kind(*args, **kwargs)
        return answer

    return declare


def _success(answer: Answer, members: dict[str, Any], headers: dict[str, Any]) -> Response:
    return Response({"success": True, **members}, headers, KINDS[answer].status)


@kind()
def success(**members: Any) -> Response:
    """Return these members in the envelope of a success."""
    return _success(success, members, {})


@kind(request_headers=("If-None-Match",), response_headers=("ETag",))
def one(name: str, resource: dict[str, Any], **members: Any) -> Response:
    """Return a resource with its ETag, or 304 if the caller already has the same body."""
    shown = {name: resource, **members}
    tag = etag(resource["version"], shown)
    if client_has(tag):
        return Response("", {"ETag": tag}, 304)
    return _success(one, shown, {"ETag": tag})


@kind(
    201,
    request_headers=("Idempotency-Key",),
    response_headers=("ETag", "Location"),
    errors=(BadIdempotencyKey, KeyReused, Contended),
)
def created(name: str, resource: dict[str, Any], path: str) -> Response:
    """Return a new resource and its location below `path`."""
    headers = {**_etag(resource), "Location": f"{url_prefix()}{path}/{resource['id']}"}
    return _success(created, {name: resource, "created": resource["id"]}, headers)


@kind(201, request_headers=("Idempotency-Key",), errors=(BadIdempotencyKey, KeyReused, Contended))
def added(**members: Any) -> Response:
    """Return the outcome of adding several resources."""
    return _success(added, members, {})


@kind(
    request_headers=("If-Match",),
    response_headers=("ETag",),
    errors=(VersionMismatch, Contended),
)
def changed(name: str, resource: dict[str, Any], remaining: int = 0) -> Response:
    """Return a changed resource. `remaining` is the number of roles that do not show it yet."""
    return _in_steps(changed, {name: resource}, remaining, _etag(resource))


@kind(request_headers=("If-Match",), errors=(VersionMismatch, Contended))
def deleted(resource_id: str, remaining: int = 0) -> Response:
    """Respond to a DELETE. `remaining` is the number of roles still to be deleted."""
    return _in_steps(deleted, {"deleted": resource_id}, remaining, {})


def _in_steps(
    answer: Answer, members: dict[str, Any], remaining: int, headers: dict[str, Any]
) -> Response:
    response = _success(answer, members, headers)
    if remaining:
        # Accepted: the write is in force, and a retry continues with the rest.
        response.body["remaining"] = remaining
        response.status_code = 202
        response.headers["Retry-After"] = "1"
    return response


@kind(errors=(BadLimit, BadCursor))
def listing(
    name: str, resource_type: type[Resource], page: Page[ItemT], list_name: str
) -> Response:
    """Return one page of a list, and the cursor of the next page or null."""
    resources = all_to_json(resource_type, page.items)
    members = {name: resources, "next_cursor": next_cursor(page, list_name)}
    return _success(listing, members, {})


def next_cursor(page: Page[ItemT], list_name: str) -> str | None:
    """Return the cursor of the page after this one, or None after the last page."""
    return None if page.last is None else encode_cursor(list_name, page.last)


@kind()
def document(content: dict[str, Any]) -> Response:
    """Return a JSON document in a format that is not ours, so without the envelope."""
    return Response(content)


@kind(media_type="text/html")
def html_page(html: str, policy: str, more_headers: Mapping[str, str] = {}) -> Response:
    """Return an HTML page with this Content-Security-Policy."""
    headers: dict[str, Any] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        **more_headers,
    }
    return Response(html, headers)


@kind(media_type="text/javascript")
def asset(content: str, content_type: str) -> Response:
    """Return a page's own file, which has another name when its content changes."""
    headers: dict[str, Any] = {
        "Content-Type": content_type,
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    return Response(content, headers)


def _etag(resource: dict[str, Any]) -> dict[str, Any]:
    return {"ETag": etag(resource["version"])}
