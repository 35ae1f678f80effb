"""What a view declares about itself, and how a route is composed from it.

The decorators only record, so their order does not matter. `seal` checks every declaration when the
app is imported, and composes each route: permission, then body, then query parameters, then view.
"""

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalice.app import Chalice, Response

from chalicelib.auth import auth0
from chalicelib.errors import (
    ApiError,
    BadSort,
    ExternalIdTaken,
    PermissionMissing,
)
from chalicelib.http import answers as answer_functions
from chalicelib.http import body
from chalicelib.http import query as query_parameters
from chalicelib.http.answers import Answer
from chalicelib.http.body import Body
from chalicelib.http.query import Filters
from chalicelib.http.request import caller_permissions, query_parameter
from chalicelib.permissions import PERMISSIONS

View = Callable[..., Response]


class Answers(NamedTuple):
    """What a view returns if nothing fails, and its own errors.

    `members` are the types of what stands beside `success`: for a listing the type of one item, for
    a creation the resource. `remaining` among them says that the work may be done in steps.
    """

    by: Answer
    members: dict[str, Any]
    errors: tuple[type[ApiError], ...]


@dataclass
class Declared:
    """What the decorators of a view have recorded."""

    permission: str | None = None
    is_public: bool = False
    is_listed: bool = True
    body: type[Body] | None = None
    sorts: tuple[str, ...] = ()
    filters: type[Filters] | None = None
    answers: Answers | None = None


def declared(view: View) -> Declared:
    """Return what a view declares. Decorators write to it, the contract reads it."""
    record: Declared = view.__dict__.setdefault("declared", Declared())
    return record


def _record(**declarations: Any) -> Callable[[View], View]:
    def record(view: View) -> View:
        for name, value in declarations.items():
            setattr(declared(view), name, value)
        return view

    return record


def requires(permission: str) -> Callable[[View], View]:
    """Declare the permission that the caller of a view must have."""
    return _record(permission=permission)


def public(view: View) -> View:
    """Declare that everybody may call a view, without a token."""
    return _record(is_public=True)(view)


def unlisted(view: View) -> View:
    """Declare that a view is not a part of the contract: it returns a page's own files."""
    return _record(is_listed=False)(view)


def accepts(body_type: type[Body]) -> Callable[[View], View]:
    """Declare the request body of a view, which is its first argument."""
    return _record(body=body_type)


def sortable(*orders: str) -> Callable[[View], View]:
    """Declare the values of `sort`, the first of which is the default. The view takes `order`.

    It is None if the list is filtered, and no order was asked for.
    """
    return _record(sorts=orders)


def filterable(filters_type: type[Filters]) -> Callable[[View], View]:
    """Declare the filters of a list. The view takes `filters`."""
    return _record(filters=filters_type)


def answers(by: Answer, *errors: type[ApiError], **members: Any) -> Callable[[View], View]:
    """Declare what a view returns (see `Answers`), and the errors that no other part implies."""
    return _record(answers=Answers(by, members, errors))


def seal(app: Chalice) -> None:
    """Check and compose every route. API Gateway answers the other methods of each path.

    Raise TypeError for a route whose declarations are missing or wrong.
    """
    for path, methods in app.routes.items():
        for method, route in methods.items():
            view = route.view_function
            try:
                _check(view, method, path)
            except TypeError as error:
                raise TypeError(f"{method} {path}: {error}") from None
            route.view_function = _composed(view)
            route.authorizer = None if declared(view).is_public else auth0
            # Chalice would check the media type before the permission. `body.read` checks it later.
            route.content_types = []


def _check(view: View, method: str, path: str) -> None:
    declaration = declared(view)
    if declaration.is_public == (declaration.permission is not None):
        raise TypeError("declare either @requires or @public")
    if not declaration.is_public and declaration.permission not in PERMISSIONS:
        raise TypeError(f"nobody has the permission {declaration.permission}")
    if declaration.answers is None:
        raise TypeError("declare @answers")
    if declaration.answers.by not in answer_functions.KINDS:
        raise TypeError(f"{declaration.answers.by.__name__} is not a kind of response")
    if declaration.body and method == "GET":
        raise TypeError("a GET has no body")
    if declaration.sorts and declaration.answers.by is not answer_functions.listing:
        raise TypeError("only a listing can be sorted")
    arguments = [None] if declaration.body else []
    names = set(re.findall(r"{(\w+)}", path))
    if declaration.filters:
        names.add("filters")
    if declaration.sorts:
        names.add("order")
    inspect.signature(view).bind(*arguments, **dict.fromkeys(names))


def _composed(view: View) -> View:
    declaration = declared(view)

    @functools.wraps(view)
    def composed(**path: str) -> Response:
        if not declaration.is_public and declaration.permission not in caller_permissions():
            raise PermissionMissing(
                f"This operation requires the permission {declaration.permission}."
            )
        arguments = [body.read(declaration.body)] if declaration.body else []
        query: dict[str, Any] = {}
        if declaration.filters:
            query["filters"] = filters = query_parameters.read(declaration.filters)
        if declaration.sorts:
            is_filtered = declaration.filters is not None and bool(filters.sent())
            query["order"] = _order(declaration.sorts, is_filtered)
        try:
            return view(*arguments, **query, **path)
        except ExternalIdTaken as taken:
            if taken.reader not in caller_permissions():
                raise
            raise taken.named() from taken

    return composed


def _order(orders: tuple[str, ...], is_filtered: bool) -> str | None:
    order = query_parameter("sort")
    if order is None:
        return None if is_filtered else orders[0]
    if order not in orders:
        raise BadSort(f"sort must be one of {', '.join(orders)}.")
    return order
