"""What anyone may ask; and what a path says to a method that it does not take."""

from typing import Annotated, Literal, NoReturn

from chalice.app import Blueprint, Chalice, Response
from msgspec import Meta

from chalicelib import outputs
from chalicelib.auth import View, public, refuse_undeclared
from chalicelib.errors import MethodNotAllowed, TableBusy, TableUnreachable
from chalicelib.outputs import gives, success
from chalicelib.store import table

VERBS = {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}
"""The methods that API Gateway passes on; it answers OPTIONS itself (CORS)."""

meta = Blueprint(__name__)


@meta.route("/", methods=["GET"])
@public
@gives(
    success,
    name=Literal["casting"],
    health=Annotated[str, Meta(description="Where its health is", examples=["/health"])],
    contract=Annotated[str, Meta(description="Where its contract is", examples=["/openapi.json"])],
    docs=Annotated[str, Meta(description="Where its page for people is", examples=["/docs"])],
)
def get_root() -> Response:
    """Say what this is, and where to go on."""
    where = {"health": "/health", "contract": "/openapi.json", "docs": "/docs"}
    return success({"name": "casting", **where})


@meta.route("/health", methods=["GET"])
@public
@gives(success, TableBusy, TableUnreachable, table=Literal["answers"])
def get_health() -> Response:
    """Tell whether the table answers; 503 where it does not."""
    table.answers()
    return success({"table": "answers"})


@meta.route("/openapi.json", methods=["GET"])
@public
@gives(outputs.document)
def get_contract() -> Response:
    """Give this contract, as OpenAPI 3.1."""
    from chalicelib import openapi  # not before somebody asks: see openapi.py

    return outputs.document(openapi.document(meta.current_app, outputs.prefix() or "/"))


@meta.route("/docs", methods=["GET"])
@public
@gives(outputs.html_page)
def get_docs() -> Response:
    """Show this contract to people, who can try it there."""
    from chalicelib.contract import page

    return outputs.html_page(page.HTML, page.POLICY)


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
