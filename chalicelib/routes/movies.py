"""/movies, and the cast of each."""

import datetime
from typing import Annotated, Any, ClassVar, TypedDict

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from chalicelib.auth import auth0, requires
from chalicelib.errors import ActorNotFound, AlreadyCast, MovieNotFound, RoleNotFound
from chalicelib.inputs import Body, Name, given, idempotency, if_match, paging, sorts, takes
from chalicelib.outputs import (
    Count,
    Day,
    NextCursor,
    Remaining,
    Time,
    Version,
    changed,
    created,
    deleted,
    gives,
    listing,
    next_cursor,
    one,
)
from chalicelib.routes import roles as role_routes
from chalicelib.routes.roles import ActorId, BillingOrder, CharacterName, MovieId, Role, RoleId
from chalicelib.store import movies as store
from chalicelib.store import roles

movies = Blueprint(__name__)

Title = Annotated[Name, Meta(description="The title, in any script", examples=["Casablanca"])]
_release = Meta(description="The day of the release", examples=["1942-11-26"])


class NewMovie(Body):
    """A movie to add."""

    title: Title
    release_date: Annotated[datetime.date, _release]

    example: ClassVar[dict[str, Any]] = {"title": "Casablanca", "release_date": "1942-11-26"}


class MovieChanges(Body):
    """What to change of a movie."""

    title: Title | UnsetType = UNSET
    release_date: Annotated[datetime.date, _release] | UnsetType = UNSET

    example: ClassVar[dict[str, Any]] = {"release_date": "1942-11-26"}
    constraint: ClassVar[dict[str, Any]] = {"minProperties": 1}


class Movie(TypedDict):
    """A movie."""

    id: MovieId
    title: Title
    release_date: Annotated[Day, _release]
    role_count: Count
    created_at: Time
    updated_at: Time
    version: Version


class MovieRole(Role):
    """A role, as it is shown with its movie."""

    actor_name: Annotated[str, Meta(description="Who plays it", examples=["Humphrey Bogart"])]


class CastMember(TypedDict):
    """An actor, as a movie's cast shows them."""

    id: ActorId
    name: Annotated[str, Meta(description="The actor's name", examples=["Humphrey Bogart"])]
    role_id: RoleId
    character_name: CharacterName | None
    billing_order: BillingOrder | None


def shown(movie: store.Movie) -> Movie:
    return {
        "id": movie.id,
        "title": movie.title,
        "release_date": movie.release_date,
        "role_count": movie.role_count,
        "created_at": movie.created_at,
        "updated_at": movie.updated_at,
        "version": movie.version,
    }


def shown_with_actor(role: roles.Role) -> MovieRole:
    return {**role_routes.shown(role), "actor_name": role.actor_name or ""}


def shown_in_cast(role: roles.Role) -> CastMember:
    return {
        "id": role.actor_id,
        "name": role.actor_name or "",
        "role_id": role.id,
        "character_name": role.character_name,
        "billing_order": role.billing_order,
    }


@movies.route("/movies", methods=["GET"], authorizer=auth0)
@requires("get:movies")
@sorts(*store.SORTS)
@gives(listing, movies=Movie)
def list_movies(order: str) -> Response:
    """List movies, by title or by release date."""
    list_name = f"/movies?sort={order}"
    return listing("movies", store.page(order, **paging(list_name)), shown, list_name)


@movies.route("/movies", methods=["POST"], authorizer=auth0)
@requires("post:movies")
@takes(NewMovie)
@gives(created, movie=Movie)
def create_movie(new: NewMovie) -> Response:
    """Add a movie."""
    return created("movie", shown(store.add(idempotency(new), **given(new))), "/movies")


@movies.route("/movies/{movie_id}", methods=["GET"], authorizer=auth0)
@requires("get:movies")
@gives(one, MovieNotFound, movie=Movie, roles=list[MovieRole], next_cursor=NextCursor)
def get_movie(movie_id: MovieId) -> Response:
    """Show a movie and its first 100 roles, in billing order where there are no more."""
    movie, found = store.get(movie_id)
    return one(
        "movie",
        shown(movie),
        roles=[shown_with_actor(role) for role in found.items],
        next_cursor=next_cursor(found, role_routes.list_of(movie_id=movie_id)),
    )


@movies.route("/movies/{movie_id}", methods=["PATCH"], authorizer=auth0)
@requires("patch:movies")
@takes(MovieChanges)
@gives(changed, MovieNotFound, movie=Movie, remaining=Remaining)
def change_movie(changes: MovieChanges, movie_id: MovieId) -> Response:
    """Change the fields that are given, and leave the others alone."""
    movie, remaining = store.change(movie_id, given(changes), if_match())
    return changed("movie", shown(movie), remaining)


@movies.route("/movies/{movie_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:movies")
@gives(deleted, MovieNotFound, deleted=MovieId, remaining=Remaining)
def delete_movie(movie_id: MovieId) -> Response:
    """Remove a movie with all its roles."""
    return deleted(movie_id, store.remove(movie_id, if_match()))


@movies.route("/movies/{movie_id}/actors", methods=["GET"], authorizer=auth0)
@requires("get:movies")
@gives(listing, MovieNotFound, actors=CastMember)
def list_movie_actors(movie_id: MovieId) -> Response:
    """List a movie's cast in billing order."""
    list_name = f"/movies/{movie_id}/actors"
    return listing("actors", roles.cast(movie_id, **paging(list_name)), shown_in_cast, list_name)


@movies.route("/movies/{movie_id}/actors", methods=["POST"], authorizer=auth0)
@requires("post:roles")
@takes(role_routes.NewRoleInMovie)
@gives(created, MovieNotFound, ActorNotFound, AlreadyCast, role=Role)
def cast_movie_actor(new: role_routes.NewRoleInMovie, movie_id: MovieId) -> Response:
    """Cast an actor in a movie: the same as POST /roles."""
    return role_routes.show_created(roles.add(movie_id, request=idempotency(new), **given(new)))


@movies.route("/movies/{movie_id}/actors/{actor_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:roles")
@gives(deleted, RoleNotFound, deleted=RoleId)
def remove_movie_actor(movie_id: MovieId, actor_id: ActorId) -> Response:
    """Take an actor out of a movie: the same as DELETE /roles/{role_id}."""
    role_id = f"{movie_id}.{actor_id}"
    roles.remove(role_id, if_match())
    return deleted(role_id)
