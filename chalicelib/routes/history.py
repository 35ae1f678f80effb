"""Histories: who changed what and when, also of what is deleted."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta

from chalicelib.errors import (
    ActorNotFound,
    ApiError,
    CandidateNotFound,
    MovieNotFound,
    PartNotFound,
    RoleNotFound,
)
from chalicelib.http.answers import listing
from chalicelib.http.fields import ActorId, CandidateId, MovieId, PartId, RoleId, Time
from chalicelib.http.paging import requested_page
from chalicelib.http.request import caller_permissions
from chalicelib.http.resource import SERVER, Resource, resource
from chalicelib.http.views import answers, requires
from chalicelib.store import history as history_store
from chalicelib.store.history import Operation
from chalicelib.store.items import Actor, CandidateItem, Movie, PartItem, RoleItem
from chalicelib.store.table import Item

history = Blueprint(__name__)

# Some generators of clients require a schema of the items, also one that accepts everything.
_anything = Meta(extra_json_schema={"items": {}})
Change = Annotated[list[Any], Meta(min_length=2, max_length=2), _anything]


@resource(history_store.Record)
class Record(Resource):
    """What one request changed of a resource."""

    version: Annotated[
        int, Meta(ge=1, description="The version of the resource after it", examples=[2]), SERVER
    ]
    at: Annotated[Time, SERVER._replace(read="created_at")]
    by: Annotated[
        str, Meta(description="The `sub` of the caller", examples=["auth0|64f0c2"]), SERVER
    ]
    operation: Annotated[Operation, Meta(description="What happened", examples=["changed"]), SERVER]
    changes: Annotated[
        dict[str, Change | None],
        Meta(
            description="The value of each changed field before and after; null for personal data,"
            " whose values are not recorded",
            examples=[{"title": ["Everybody Comes to Rick's", "Casablanca"]}],
        ),
        SERVER,
    ]


def _page(item_type: type[Item], resource_id: str, missing: type[ApiError], path: str) -> Response:
    """Return a page of a resource's history, if the caller may see it.

    That of a deleted resource requires the permission to delete.
    """
    kind = path.rpartition("/")[2]
    is_alive = history_store.is_alive(item_type, resource_id)
    if not is_alive and f"delete:{kind}" not in caller_permissions():
        raise missing(f"{missing.detail} The history of a deleted one requires delete:{kind}.")
    name = f"{path}/{resource_id}/history"
    page = history_store.page(item_type, resource_id, **requested_page(name))
    if not is_alive and not page.items:
        raise missing()
    return listing("history", Record, page, name)


@history.route("/movies/{movie_id}/history", methods=["GET"])
@requires("patch:movies")
@answers(listing, MovieNotFound, history=Record)
def list_movie_history(movie_id: MovieId) -> Response:
    """List the changes of a movie, newest first.

    Once it is deleted, this requires the permission `delete:movies`.
    """
    return _page(Movie, movie_id, MovieNotFound, "/movies")


@history.route("/actors/{actor_id}/history", methods=["GET"])
@requires("patch:actors")
@answers(listing, ActorNotFound, history=Record)
def list_actor_history(actor_id: ActorId) -> Response:
    """List the changes of an actor, newest first.

    Once they are deleted, this requires the permission `delete:actors`.
    """
    return _page(Actor, actor_id, ActorNotFound, "/actors")


@history.route("/roles/{role_id}/history", methods=["GET"])
@requires("patch:roles")
@answers(listing, RoleNotFound, history=Record)
def list_role_history(role_id: RoleId) -> Response:
    """List the changes of a role, newest first, also those of earlier roles with the same id.

    Once it is deleted, this requires the permission `delete:roles`.
    """
    return _page(RoleItem, role_id, RoleNotFound, "/roles")


@history.route("/parts/{part_id}/history", methods=["GET"])
@requires("patch:parts")
@answers(listing, PartNotFound, history=Record)
def list_part_history(part_id: PartId) -> Response:
    """List the changes of a part, newest first.

    Once it is deleted, this requires the permission `delete:parts`.
    """
    return _page(PartItem, part_id, PartNotFound, "/parts")


@history.route("/candidates/{candidate_id}/history", methods=["GET"])
@requires("patch:candidates")
@answers(listing, CandidateNotFound, history=Record)
def list_candidate_history(candidate_id: CandidateId) -> Response:
    """List the changes of a candidate, newest first, also those of earlier ones with the same id.

    Once it is deleted, this requires the permission `delete:candidates`.
    """
    return _page(CandidateItem, candidate_id, CandidateNotFound, "/candidates")
