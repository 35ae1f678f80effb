"""What an answer looks like: success, one resource, a list."""

from collections.abc import Callable
from typing import Any, TypeVar

from chalice.app import Response

from chalicelib.auth import auth
from chalicelib.inputs import cursor, is_known
from chalicelib.store.table import Item, Page

ItemT = TypeVar("ItemT", bound=Item)


def success(
    members: dict[str, Any], status: int = 200, headers: dict[str, Any] | None = None
) -> Response:
    """Give the envelope of a success around these members."""
    return Response({"success": True, **members}, headers, status)


def one(name: str, shown: dict[str, Any], **members: Any) -> Response:
    """Answer with one resource, and its version as the ETag; 304 where the caller has it."""
    if is_known(shown["version"]):
        return Response("", _etag(shown), 304)
    return success({name: shown, **members}, headers=_etag(shown))


def created(name: str, shown: dict[str, Any], path: str) -> Response:
    """Answer with a resource that is new, and where it is."""
    headers = {**_etag(shown), "Location": f"{_prefix()}{path}/{shown['id']}"}
    return success({name: shown, "created": shown["id"]}, 201, headers)


def changed(name: str, shown: dict[str, Any], remaining: int = 0) -> Response:
    """Answer with a resource that was changed; `remaining` roles do not show it yet."""
    return _begun({name: shown}, remaining, _etag(shown))


def deleted(resource_id: str, remaining: int = 0) -> Response:
    """Answer that a resource is gone; `remaining` of its roles are not yet."""
    return _begun({"deleted": resource_id}, remaining, {})


def _begun(members: dict[str, Any], remaining: int, headers: dict[str, Any]) -> Response:
    # Accepted: it holds, and the same request, sent again, goes on with what remains.
    if not remaining:
        return success(members, headers=headers)
    return success({**members, "remaining": remaining}, 202, {**headers, "Retry-After": "1"})


def listing(
    name: str, page: Page[ItemT], show: Callable[[ItemT], dict[str, Any]], list_name: str
) -> Response:
    """Answer with one page of a list, and the cursor of the next one or null."""
    shown = [show(item) for item in page.items]
    return success({name: shown, "next_cursor": next_cursor(page, list_name)})


def next_cursor(page: Page[ItemT], list_name: str) -> str | None:
    return None if page.last is None else cursor(list_name, page.last)


def _etag(shown: dict[str, Any]) -> dict[str, Any]:
    return {"ETag": f'"{shown["version"]}"'}


def _prefix() -> str:
    """Give what stands before our paths in the caller's URL: API Gateway's stage, or nothing."""
    request = auth.current_request
    full: str = request.context["path"]
    return full.rstrip("/").rsplit("/", request.path.count("/"))[0]
