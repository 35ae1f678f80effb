"""Knows HTTP, and nothing of DynamoDB: one module for each collection."""

from typing import NoReturn

from chalice.app import Chalice

from chalicelib.auth import View, public, refuse_undeclared
from chalicelib.errors import MethodNotAllowed
from chalicelib.routes.actors import actors
from chalicelib.routes.meta import meta
from chalicelib.routes.movies import movies
from chalicelib.routes.roles import roles

BLUEPRINTS = (meta, movies, actors, roles)

VERBS = {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}
"""The methods that API Gateway passes on; it answers OPTIONS itself (CORS)."""


def seal(app: Chalice) -> None:
    """Complete the route table, once every route is in it."""
    refuse_undeclared(app)
    for path, methods in list(app.routes.items()):
        for route in methods.values():
            # Chalice would look at the media type before we look at the permission; `takes` looks
            # after.
            route.content_types = []
        app.route(path, methods=sorted(VERBS - methods.keys()), cors=False, content_types=[])(
            _not_allowed(list(methods))
        )


def _not_allowed(allowed: list[str]) -> View:
    @public
    def method_not_allowed(**_: str) -> NoReturn:
        raise MethodNotAllowed(allowed)

    return method_not_allowed
