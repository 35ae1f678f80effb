"""/roles: who plays whom in what."""

from typing import Annotated, Any, ClassVar, TypedDict

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from chalicelib.auth import auth0, requires
from chalicelib.errors import (
    ActorNotFound,
    AlreadyCast,
    MovieNotFound,
    RoleNotFound,
)
from chalicelib.inputs import (
    Body,
    Id,
    Name,
    filters,
    given,
    idempotency,
    if_match,
    paging,
    takes,
)
from chalicelib.outputs import Time, Version, changed, created, deleted, gives, listing, one
from chalicelib.store import roles as store

roles = Blueprint(__name__)

MOVIE_ID, ACTOR_ID = "Xq3vT0yLr8-kZb1N", "h7Gd_2cWm5RpUe9J"  # of the examples
ROLE_ID = f"{MOVIE_ID}.{ACTOR_ID}"

_ID = "[A-Za-z0-9_-]{16}"
MovieId = Annotated[
    str, Meta(pattern=rf"\A{_ID}\Z", description="A movie's id", examples=[MOVIE_ID])
]
ActorId = Annotated[
    str, Meta(pattern=rf"\A{_ID}\Z", description="An actor's id", examples=[ACTOR_ID])
]
RoleId = Annotated[
    str,
    Meta(
        pattern=rf"\A{_ID}\.{_ID}\Z",
        description="A role's id: its movie's and its actor's",
        examples=[ROLE_ID],
    ),
]
CharacterName = Annotated[Name, Meta(description="Whom the actor plays", examples=["Rick Blaine"])]
BillingOrder = Annotated[
    int, Meta(ge=1, le=9999, description="The place in the billing, 1 first", examples=[1])
]


class NewRoleInMovie(Body):
    """A role to add to a movie."""

    actor_id: Annotated[Id, Meta(description="The actor to cast", examples=[ACTOR_ID])]
    character_name: CharacterName | None = None
    billing_order: BillingOrder | None = None

    example: ClassVar[dict[str, Any]] = {
        "actor_id": ACTOR_ID,
        "character_name": "Rick Blaine",
        "billing_order": 1,
    }


class NewRole(NewRoleInMovie, kw_only=True):
    """A role to add."""

    movie_id: Annotated[Id, Meta(description="The movie to cast in", examples=[MOVIE_ID])]

    example: ClassVar[dict[str, Any]] = {"movie_id": MOVIE_ID, **NewRoleInMovie.example}


class RoleChanges(Body):
    """What to change of a role; null takes a value away."""

    character_name: CharacterName | UnsetType | None = UNSET
    billing_order: BillingOrder | UnsetType | None = UNSET

    example: ClassVar[dict[str, Any]] = {"character_name": "Rick Blaine", "billing_order": 1}
    constraint: ClassVar[dict[str, Any]] = {"minProperties": 1}


class Role(TypedDict):
    """Who plays whom in what."""

    id: RoleId
    movie_id: MovieId
    actor_id: ActorId
    character_name: CharacterName | None
    billing_order: BillingOrder | None
    created_at: Time
    updated_at: Time
    version: Version


def shown(role: store.Role) -> Role:
    return {
        "id": role.id,
        "movie_id": role.movie_id,
        "actor_id": role.actor_id,
        "character_name": role.character_name,
        "billing_order": role.billing_order,
        "created_at": role.created_at,
        "updated_at": role.updated_at,
        "version": role.version,
    }


def show_created(role: store.Role) -> Response:
    return created("role", shown(role), "/roles")


def list_of(movie_id: str | None = None, actor_id: str | None = None) -> str:
    """Name the list that these filters choose, for its cursors."""
    return f"/roles?movie_id={movie_id}&actor_id={actor_id}"


MovieFilter = Annotated[
    str, Meta(description="Lists the roles of this movie alone", examples=[MOVIE_ID])
]
ActorFilter = Annotated[
    str, Meta(description="Lists the roles of this actor alone", examples=[ACTOR_ID])
]


@roles.route("/roles", methods=["GET"], authorizer=auth0)
@requires("get:roles")
@filters("movie_id", "actor_id")
@gives(listing, roles=Role)
def list_roles(movie_id: MovieFilter | None, actor_id: ActorFilter | None) -> Response:
    """List roles, the newest first; with `movie_id` or `actor_id`, those of one movie or actor."""
    list_name = list_of(movie_id, actor_id)
    found = store.page(movie_id=movie_id, actor_id=actor_id, **paging(list_name))
    return listing("roles", found, shown, list_name)


@roles.route("/roles", methods=["POST"], authorizer=auth0)
@requires("post:roles")
@takes(NewRole)
@gives(created, MovieNotFound, ActorNotFound, AlreadyCast, role=Role)
def create_role(new: NewRole) -> Response:
    """Cast an actor in a movie."""
    return show_created(store.add(request=idempotency(new), **given(new)))


@roles.route("/roles/{role_id}", methods=["GET"], authorizer=auth0)
@requires("get:roles")
@gives(one, RoleNotFound, role=Role)
def get_role(role_id: RoleId) -> Response:
    """Show a role."""
    return one("role", shown(store.get(role_id)))


@roles.route("/roles/{role_id}", methods=["PATCH"], authorizer=auth0)
@requires("patch:roles")
@takes(RoleChanges)
@gives(changed, RoleNotFound, role=Role)
def change_role(changes: RoleChanges, role_id: RoleId) -> Response:
    """Change the fields that are given; null takes a field's value away."""
    return changed("role", shown(store.change(role_id, given(changes), if_match())))


@roles.route("/roles/{role_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:roles")
@gives(deleted, RoleNotFound, deleted=RoleId)
def delete_role(role_id: RoleId) -> Response:
    """Take an actor out of a movie."""
    store.remove(role_id, if_match())
    return deleted(role_id)
