"""/roles: who plays whom in what."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from chalicelib.auth import auth0, requires
from chalicelib.inputs import Body, Id, Name, given, idempotency, if_match, paging, query, takes
from chalicelib.outputs import changed, created, deleted, listing, one
from chalicelib.store import roles as store
from chalicelib.store.roles import Role

roles = Blueprint(__name__)

BillingOrder = Annotated[int, Meta(ge=1, le=9999)]


class NewRoleInMovie(Body):
    actor_id: Id
    character_name: Name | None = None
    billing_order: BillingOrder | None = None


class NewRole(NewRoleInMovie, kw_only=True):
    movie_id: Id


class RoleChanges(Body):
    character_name: Name | UnsetType | None = UNSET
    billing_order: BillingOrder | UnsetType | None = UNSET


def shown(role: Role) -> dict[str, Any]:
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


def show_created(role: Role) -> Response:
    return created("role", shown(role), "/roles")


def list_of(movie_id: str | None = None, actor_id: str | None = None) -> str:
    """Name the list that these filters choose, for its cursors."""
    return f"/roles?movie_id={movie_id}&actor_id={actor_id}"


@roles.route("/roles", methods=["GET"], authorizer=auth0)
@requires("get:roles")
def list_roles() -> Response:
    """List roles, the newest first; with `movie_id` or `actor_id`, those of one movie or actor."""
    filters = {"movie_id": query("movie_id"), "actor_id": query("actor_id")}
    list_name = list_of(**filters)
    return listing("roles", store.page(**filters, **paging(list_name)), shown, list_name)


@roles.route("/roles", methods=["POST"], authorizer=auth0)
@requires("post:roles")
@takes(NewRole)
def create_role(new: NewRole) -> Response:
    """Cast an actor in a movie."""
    return show_created(store.add(request=idempotency(new), **given(new)))


@roles.route("/roles/{role_id}", methods=["GET"], authorizer=auth0)
@requires("get:roles")
def get_role(role_id: str) -> Response:
    """Show a role."""
    return one("role", shown(store.get(role_id)))


@roles.route("/roles/{role_id}", methods=["PATCH"], authorizer=auth0)
@requires("patch:roles")
@takes(RoleChanges)
def change_role(changes: RoleChanges, role_id: str) -> Response:
    """Change the fields that are given; null takes a field's value away."""
    return changed("role", shown(store.change(role_id, given(changes), if_match())))


@roles.route("/roles/{role_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:roles")
def delete_role(role_id: str) -> Response:
    """Take an actor out of a movie."""
    store.remove(role_id, if_match())
    return deleted(role_id)
