"""The API itself."""

import enum
from typing import Annotated, Literal

from chalice.app import Blueprint, Response
from msgspec import Meta

from chalicelib import settings
from chalicelib.errors import TableBusy, TableUnreachable
from chalicelib.http.answers import document, html_page, success
from chalicelib.http.request import url_prefix
from chalicelib.http.views import answers, public
from chalicelib.store import entries

service = Blueprint(__name__)


class IndexState(enum.StrEnum):
    """Whether everything can be found by search and filters."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


@service.route("/", methods=["GET"])
@public
@answers(
    success,
    name=Literal["casting"],
    health=Annotated[str, Meta(description="The path of the health check", examples=["/health"])],
    contract=Annotated[
        str, Meta(description="The path of the contract", examples=["/openapi.json"])
    ],
    docs=Annotated[
        str, Meta(description="The path of the contract's page for people", examples=["/docs"])
    ],
    commit=Annotated[
        str | None,
        Meta(
            description="The commit of the sources that run, with `-dirty` if they differ from it."
            " Null if it is not known",
            examples=["5f7caa8c0d5a1f3c4e6b7a8d9e0f1a2b3c4d5e6f"],
        ),
    ],
)
def get_root() -> Response:
    """Return the name of the API, its commit, and the paths to continue with."""
    return success(
        name="casting",
        health="/health",
        contract="/openapi.json",
        docs="/docs",
        commit=settings.COMMIT,
    )


@service.route("/health", methods=["GET"])
@public
@answers(
    success,
    TableBusy,
    TableUnreachable,
    table=Literal["answers"],
    index=Annotated[
        IndexState,
        Meta(
            description="`incomplete` after an upgrade: until its table is repaired, search and"
            " filters do not find everything",
            examples=["complete"],
        ),
    ],
)
def get_health() -> Response:
    """Check whether the database responds. It is 503 if not."""
    index = IndexState.COMPLETE if entries.are_complete() else IndexState.INCOMPLETE
    return success(table="answers", index=index.value)


@service.route("/openapi.json", methods=["GET"])
@public
@answers(document)
def get_contract() -> Response:
    """Return this contract, as OpenAPI 3.1."""
    from chalicelib.contract import document as contract  # only when asked: see its docstring

    return document(contract.document(service.current_app, url_prefix() or "/"))


@service.route("/docs", methods=["GET"])
@public
@answers(html_page)
def get_docs() -> Response:
    """Show this contract to people, who can try it there."""
    from chalicelib.contract import page

    return html_page(page.HTML, page.POLICY)
