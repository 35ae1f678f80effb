"""/actors, and the movies of each."""

import datetime
from typing import Annotated, Any, Literal

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from chalicelib.auth import auth0, requires
from chalicelib.inputs import Body, Name, given, idempotency, if_match, paging, sort, takes
from chalicelib.outputs import changed, created, deleted, listing, next_cursor, one
from chalicelib.routes import roles as role_routes
from chalicelib.store import actors as store
from chalicelib.store import roles
from chalicelib.store.actors import Actor
from chalicelib.store.roles import Role

actors = Blueprint(__name__)

MAX_AGE = 150  # years
EITHER = "Send either age or date_of_birth"

Age = Annotated[int, Meta(ge=0, le=MAX_AGE)]
Gender = Literal["female", "male", "non-binary", "other", "undisclosed"]


class NewActor(Body):
    name: Name
    gender: Gender
    age: Age | None = None
    date_of_birth: datetime.date | None = None

    def __post_init__(self) -> None:
        if (self.age is None) == (self.date_of_birth is None):
            raise ValueError(EITHER)
        _check_birth(self.date_of_birth)


class ActorChanges(Body):
    name: Name | UnsetType = UNSET
    gender: Gender | UnsetType = UNSET
    # Null for the one beside the other, as an actor is shown.
    age: Age | UnsetType | None = UNSET
    date_of_birth: datetime.date | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        both = (self.age, self.date_of_birth)
        if both != (UNSET, UNSET) and sum(isinstance(v, int | datetime.date) for v in both) != 1:
            raise ValueError(EITHER)
        _check_birth(self.date_of_birth)


def _check_birth(born: datetime.date | UnsetType | None) -> None:
    if isinstance(born, datetime.date) and not 0 <= age_today(born) <= MAX_AGE:
        raise ValueError(f"expected a date of the last {MAX_AGE} years - at `$.date_of_birth`")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def age_today(born: datetime.date) -> int:
    """Give the age in whole years, in UTC; negative before birth."""
    today = now().date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def shown(actor: Actor) -> dict[str, Any]:
    born = actor.date_of_birth
    return {
        "id": actor.id,
        "name": actor.name,
        "gender": actor.gender,
        "age": age_today(datetime.date.fromisoformat(born)) if born else actor.age,
        "date_of_birth": born,
        "role_count": actor.role_count,
        "created_at": actor.created_at,
        "updated_at": actor.updated_at,
        "version": actor.version,
    }


def shown_in_filmography(role: Role) -> dict[str, Any]:
    return {
        "id": role.movie_id,
        "title": role.movie_title,
        "release_date": role.movie_release_date,
        "role_id": role.id,
        "character_name": role.character_name,
        "billing_order": role.billing_order,
    }


def shown_with_movie(role: Role) -> dict[str, Any]:
    return role_routes.shown(role) | {
        "movie_title": role.movie_title,
        "movie_release_date": role.movie_release_date,
    }


@actors.route("/actors", methods=["GET"], authorizer=auth0)
@requires("get:actors")
def list_actors() -> Response:
    """List actors by name."""
    order = sort(*store.SORTS)
    list_name = f"/actors?sort={order}"
    return listing("actors", store.page(order, **paging(list_name)), shown, list_name)


@actors.route("/actors", methods=["POST"], authorizer=auth0)
@requires("post:actors")
@takes(NewActor)
def create_actor(new: NewActor) -> Response:
    """Add an actor, with an age or a date of birth."""
    return created("actor", shown(store.add(idempotency(new), **given(new))), "/actors")


@actors.route("/actors/{actor_id}", methods=["GET"], authorizer=auth0)
@requires("get:actors")
def get_actor(actor_id: str) -> Response:
    """Show an actor and their first 100 roles, the newest movie first where there are no more."""
    actor, found = store.get(actor_id)
    return one(
        "actor",
        shown(actor),
        roles=[shown_with_movie(role) for role in found.items],
        next_cursor=next_cursor(found, role_routes.list_of(actor_id=actor_id)),
    )


@actors.route("/actors/{actor_id}", methods=["PATCH"], authorizer=auth0)
@requires("patch:actors")
@takes(ActorChanges)
def change_actor(changes: ActorChanges, actor_id: str) -> Response:
    """Change the fields that are given, and leave the others alone."""
    actor, remaining = store.change(actor_id, given(changes), if_match())
    return changed("actor", shown(actor), remaining)


@actors.route("/actors/{actor_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:actors")
def delete_actor(actor_id: str) -> Response:
    """Remove an actor with all their roles."""
    return deleted(actor_id, store.remove(actor_id, if_match()))


@actors.route("/actors/{actor_id}/movies", methods=["GET"], authorizer=auth0)
@requires("get:actors")
def list_actor_movies(actor_id: str) -> Response:
    """List an actor's movies, the newest first."""
    list_name = f"/actors/{actor_id}/movies"
    return listing(
        "movies", roles.filmography(actor_id, **paging(list_name)), shown_in_filmography, list_name
    )
