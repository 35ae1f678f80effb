"""What an answer looks like: success, one resource, a list."""

from collections.abc import Callable
from typing import Any, TypeVar

from chalice.app import Response

from chalicelib.auth import auth
from chalicelib.inputs import cursor
from chalicelib.store.table import Item, Page

ItemT = TypeVar("ItemT", bound=Item)


def success(
    members: dict[str, Any], status: int = 200, headers: dict[str, Any] | None = None
) -> Response:
    """Give the envelope of a success around these members."""
    return Response({"success": True, **members}, headers, status)


def one(name: str, shown: dict[str, Any], **members: Any) -> Response:
    """Answer with one resource, and its version as the ETag."""
    return success({name: shown, **members}, headers=_etag(shown))


def created(name: str, shown: dict[str, Any], path: str) -> Response:
    """Answer with a resource that is new, and where it is."""
    headers = {**_etag(shown), "Location": f"{_prefix()}{path}/{shown['id']}"}
    return success({name: shown, "created": shown["id"]}, 201, headers)


def deleted(resource_id: str) -> Response:
    """Answer that a resource is gone."""
    return success({"deleted": resource_id})


def listing(
    name: str, page: Page[ItemT], show: Callable[[ItemT], dict[str, Any]], list_name: str
) -> Response:
    """Answer with one page of a list, and the cursor of the next one or null."""
    shown = [show(item) for item in page.items]
    return success({name: shown, "next_cursor": next_cursor(page, list_name)})


def next_cursor(page: Page[ItemT], list_name: str) -> str | None:
    return None if page.last is None else cursor(list_name, page.last)


def _etag(shown: dict[str, Any]) -> dict[str, str]:
    return {"ETag": f'"{shown["version"]}"'}


def _prefix() -> str:
    """Give what stands before our paths in the caller's URL: API Gateway's stage, or nothing."""
    request = auth.current_request
    full: str = request.context["path"]
    return full.rstrip("/").rsplit("/", request.path.count("/"))[0]
