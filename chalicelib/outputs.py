"""What an answer looks like: success, one resource, a list; and what each view gives."""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar

from chalice.app import Response
from msgspec import Meta

from chalicelib.auth import View, auth
from chalicelib.errors import ApiError
from chalicelib.inputs import MAX_CURSOR, cursor, is_known
from chalicelib.store.table import Item, Page

ItemT = TypeVar("ItemT", bound=Item)
ShownT = TypeVar("ShownT")

Cursor = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9_-]+\Z", max_length=MAX_CURSOR, description="A place in a list")
]
NextCursor = Annotated[
    Cursor | None,
    Meta(description="Where the next page begins; null on the last one", examples=[None]),
]
Count = Annotated[int, Meta(ge=0, description="How many roles it has", examples=[1])]
Remaining = Annotated[
    int, Meta(ge=1, description="How many of its roles are not done, at least", examples=[250])
]
Version = Annotated[
    int,
    Meta(ge=1, description="Counts the changes of its own fields; the ETag too", examples=[1]),
]
Time = Annotated[
    str,
    Meta(
        description="RFC 3339, in UTC",
        examples=["2026-11-25T09:30:00.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
"""A date as it is stored and shown, YYYY-MM-DD."""


class Answer(NamedTuple):
    """What a view answers where nothing fails, by which of the functions here, and what may fail.

    `members` are the types of what stands beside `success`; of a listing one item's, of what is
    created the resource's, and the rest follows. `remaining` among them says that it may be done in
    steps. `refusals` are those that its decorators and the function do not imply.
    """

    by: Callable[..., Response]
    members: dict[str, Any]
    refusals: tuple[type[ApiError], ...]


def gives(
    by: Callable[..., Response], *refusals: type[ApiError], **members: Any
) -> Callable[[View], View]:
    """Declare what a view answers, kept as `view.answer` for the contract."""

    def declare(view: View) -> View:
        view.__dict__["answer"] = Answer(by, members, refusals)
        return view

    return declare


def success(
    members: dict[str, Any], status: int = 200, headers: dict[str, Any] | None = None
) -> Response:
    """Give the envelope of a success around these members."""
    return Response({"success": True, **members}, headers, status)


def one(name: str, shown: Any, **members: Any) -> Response:
    """Answer with one resource, and its version as the ETag; 304 where the caller has it."""
    if is_known(shown["version"]):
        return Response("", _etag(shown), 304)
    return success({name: shown, **members}, headers=_etag(shown))


def created(name: str, shown: Any, path: str) -> Response:
    """Answer with a resource that is new, and where it is."""
    headers = {**_etag(shown), "Location": f"{prefix()}{path}/{shown['id']}"}
    return success({name: shown, "created": shown["id"]}, 201, headers)


def changed(name: str, shown: Any, remaining: int = 0) -> Response:
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
    name: str, page: Page[ItemT], show: Callable[[ItemT], ShownT], list_name: str
) -> Response:
    """Answer with one page of a list, and the cursor of the next one or null."""
    shown = [show(item) for item in page.items]
    return success({name: shown, "next_cursor": next_cursor(page, list_name)})


def next_cursor(page: Page[ItemT], list_name: str) -> str | None:
    return None if page.last is None else cursor(list_name, page.last)


def document(content: dict[str, Any]) -> Response:
    """Answer with a JSON document whose form is not ours, and so without our envelope."""
    return Response(content)


def html_page(html: str, policy: str) -> Response:
    """Answer with a page for people, under this Content-Security-Policy."""
    headers: dict[str, Any] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
    }
    return Response(html, headers)


def prefix() -> str:
    """Give what stands before our paths in the caller's URL: API Gateway's stage, or nothing."""
    request = auth.current_request
    full: str = request.context["path"]
    return full.rstrip("/").rsplit("/", request.path.count("/"))[0]


def _etag(shown: Any) -> dict[str, Any]:
    return {"ETag": f'"{shown["version"]}"'}
