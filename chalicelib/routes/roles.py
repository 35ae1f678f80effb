"""Roles: which actor plays whom in which movie."""

from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import Meta

from chalicelib.errors import ActorNotFound, AlreadyCast, MovieNotFound, RoleNotFound
from chalicelib.http.answers import changed, created, deleted, listing, one
from chalicelib.http.body import Body, fields_of
from chalicelib.http.conditions import if_match, replay
from chalicelib.http.fields import (
    ACTOR_ID,
    MOVIE_ID,
    ActorId,
    Date,
    Id,
    Line,
    MovieId,
    PartId,
    PartType,
    RoleId,
)
from chalicelib.http.paging import requested_page
from chalicelib.http.query import Filters
from chalicelib.http.request import caller_sub
from chalicelib.http.resource import (
    OPTIONAL,
    SERVER,
    Access,
    Versioned,
    Writable,
    change_body,
    create_body,
    resource,
    to_json,
)
from chalicelib.http.views import accepts, answers, filterable, requires
from chalicelib.limits import MAX_BILLING_ORDER, MAX_CHARACTER_NAME
from chalicelib.store import roles as role_store
from chalicelib.store.items import RoleItem

roles = Blueprint(__name__)

CharacterName = Annotated[
    Line,
    Meta(
        max_length=MAX_CHARACTER_NAME,
        description="Every character that the actor plays",
        examples=["Rick Blaine"],
    ),
]
BillingOrder = Annotated[
    int,
    Meta(
        ge=1,
        le=MAX_BILLING_ORDER,
        description="The place in the billing; 1 is the first",
        examples=[1],
    ),
]


def _at_creation(description: str, example: str) -> Access:
    body_type = Annotated[Id, Meta(description=description, examples=[example])]
    return Access(Writable.AT_CREATION, body_type=body_type)


def _part_ids(role: RoleItem) -> list[str]:
    return sorted(f"{role.movie_id}.{part}" for part in role.part_ids or ())


@resource(RoleItem)
class Role(Versioned):
    """Which actor plays whom in which movie."""

    id: Annotated[RoleId, SERVER]
    movie_id: Annotated[MovieId, _at_creation("The movie to cast the actor in", MOVIE_ID)]
    actor_id: Annotated[ActorId, _at_creation("The actor to cast", ACTOR_ID)]
    character_name: Annotated[CharacterName | None, OPTIONAL]
    billing_order: Annotated[BillingOrder | None, OPTIONAL]
    role_type: Annotated[
        PartType | None, Meta(description="How large the role is", examples=["lead"]), OPTIONAL
    ]
    work_start: Annotated[
        Date | None,
        Meta(description="The actor's first day of work", examples=["1942-05-25"]),
        OPTIONAL,
    ]
    work_end: Annotated[
        Date | None,
        Meta(description="Their last day of work, not before the first", examples=["1942-08-03"]),
        OPTIONAL,
    ]
    part_ids: Annotated[
        list[PartId],
        Meta(
            description="The parts that the actor was cast into by their candidacies", examples=[[]]
        ),
        SERVER._replace(read=_part_ids),
    ]


NewRole = create_body(Role, "A role to add.")
NewRoleInMovie = create_body(
    Role, "A role to add to a movie.", name="NewRoleInMovie", without=("movie_id",)
)
RoleChanges = change_body(Role, "The fields of a role to change. Null removes a value.")


class RoleFilters(Filters):
    """The filters of the list of roles."""

    movie_id: (
        Annotated[Id, Meta(description="List only the roles of this movie", examples=[MOVIE_ID])]
        | None
    ) = None
    actor_id: (
        Annotated[Id, Meta(description="List only the roles of this actor", examples=[ACTOR_ID])]
        | None
    ) = None


def role_created(item: RoleItem) -> Response:
    """Return the response to a request that added a role."""
    return created("role", to_json(Role, item), "/roles")


def list_name(movie_id: str | None = None, actor_id: str | None = None) -> str:
    """Return the name of the list with these filters, for its cursors."""
    return f"/roles?movie_id={movie_id}&actor_id={actor_id}"


@roles.route("/roles", methods=["GET"])
@requires("get:roles")
@filterable(RoleFilters)
@answers(listing, roles=Role)
def list_roles(filters: RoleFilters) -> Response:
    """List roles, newest first; with `movie_id` or `actor_id` those of one movie or actor."""
    name = list_name(filters.movie_id, filters.actor_id)
    page = role_store.page(
        movie_id=filters.movie_id, actor_id=filters.actor_id, **requested_page(name)
    )
    return listing("roles", Role, page, name)


@roles.route("/roles", methods=["POST"])
@requires("post:roles")
@accepts(NewRole)
@answers(created, MovieNotFound, ActorNotFound, AlreadyCast, role=Role)
def create_role(new: Body) -> Response:
    """Cast an actor in a movie."""
    return role_created(role_store.add(by=caller_sub(), replay=replay(new), **fields_of(new)))


@roles.route("/roles/{role_id}", methods=["GET"])
@requires("get:roles")
@answers(one, RoleNotFound, role=Role)
def get_role(role_id: RoleId) -> Response:
    """Show a role."""
    return one("role", to_json(Role, role_store.get(role_id)))


@roles.route("/roles/{role_id}", methods=["PATCH"])
@requires("patch:roles")
@accepts(RoleChanges)
@answers(changed, RoleNotFound, role=Role)
def change_role(changes: Body, role_id: RoleId) -> Response:
    """Change the fields that are sent. Null removes a field's value."""
    item = role_store.change(role_id, fields_of(changes), if_match(), caller_sub())
    return changed("role", to_json(Role, item))


@roles.route("/roles/{role_id}", methods=["DELETE"])
@requires("delete:roles")
@answers(deleted, RoleNotFound, deleted=RoleId)
def delete_role(role_id: RoleId) -> Response:
    """Take an actor out of a movie, and release the candidacies that had cast them."""
    role_store.remove(role_id, if_match(), caller_sub())
    return deleted(role_id)
