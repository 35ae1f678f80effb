"""/ and /health, which anyone may ask; and what a path says to a method that it does not take."""

from typing import NoReturn

from chalice.app import Blueprint, Chalice, Response

from chalicelib.auth import View, public, refuse_undeclared
from chalicelib.errors import MethodNotAllowed
from chalicelib.outputs import success
from chalicelib.store import table

VERBS = {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}
"""The methods that API Gateway passes on; it answers OPTIONS itself (CORS)."""

meta = Blueprint(__name__)


@meta.route("/", methods=["GET"])
@public
def get_root() -> Response:
    """Say what this is."""
    return success({"name": "casting", "health": "/health"})


@meta.route("/health", methods=["GET"])
@public
def get_health() -> Response:
    """Tell whether the table answers; 503 where it does not."""
    table.answers()
    return success({"table": "answers"})


def seal(app: Chalice) -> None:
    """Complete the route table, once every route is in it."""
    refuse_undeclared(app)
    for path, methods in list(app.routes.items()):
        for route in methods.values():
            # Chalice would look at the media type before we look at the permission; `takes` does
            # it after that.
            route.content_types = []
        app.route(path, methods=sorted(VERBS - methods.keys()), cors=False, content_types=[])(
            _not_allowed(list(methods))
        )


def _not_allowed(allowed: list[str]) -> View:
    @public
    def method_not_allowed(**_: str) -> NoReturn:
        raise MethodNotAllowed(allowed)

    return method_not_allowed
