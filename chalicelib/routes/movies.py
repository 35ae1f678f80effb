"""/movies, and the cast of each."""

import datetime
from typing import Any

from chalice.app import Blueprint, Response
from msgspec import UNSET, UnsetType

from chalicelib.auth import auth0, requires
from chalicelib.inputs import Body, Name, given, idempotency, if_match, paging, sort, takes
from chalicelib.outputs import changed, created, deleted, listing, next_cursor, one
from chalicelib.routes import roles as role_routes
from chalicelib.store import movies as store
from chalicelib.store import roles
from chalicelib.store.movies import Movie
from chalicelib.store.roles import Role

movies = Blueprint(__name__)


class NewMovie(Body):
    title: Name
    release_date: datetime.date


class MovieChanges(Body):
    title: Name | UnsetType = UNSET
    release_date: datetime.date | UnsetType = UNSET


def shown(movie: Movie) -> dict[str, Any]:
    return {
        "id": movie.id,
        "title": movie.title,
        "release_date": movie.release_date,
        "role_count": movie.role_count,
        "created_at": movie.created_at,
        "updated_at": movie.updated_at,
        "version": movie.version,
    }


def shown_in_cast(role: Role) -> dict[str, Any]:
    return {
        "id": role.actor_id,
        "name": role.actor_name,
        "role_id": role.id,
        "character_name": role.character_name,
        "billing_order": role.billing_order,
    }


@movies.route("/movies", methods=["GET"], authorizer=auth0)
@requires("get:movies")
def list_movies() -> Response:
    """List movies, by title or by release date."""
    order = sort(*store.SORTS)
    list_name = f"/movies?sort={order}"
    return listing("movies", store.page(order, **paging(list_name)), shown, list_name)


@movies.route("/movies", methods=["POST"], authorizer=auth0)
@requires("post:movies")
@takes(NewMovie)
def create_movie(new: NewMovie) -> Response:
    """Add a movie."""
    return created("movie", shown(store.add(idempotency(new), **given(new))), "/movies")


@movies.route("/movies/{movie_id}", methods=["GET"], authorizer=auth0)
@requires("get:movies")
def get_movie(movie_id: str) -> Response:
    """Show a movie and its first 100 roles, in billing order where there are no more."""
    movie, found = store.get(movie_id)
    return one(
        "movie",
        shown(movie),
        roles=[role_routes.shown(role) | {"actor_name": role.actor_name} for role in found.items],
        next_cursor=next_cursor(found, role_routes.list_of(movie_id=movie_id)),
    )


@movies.route("/movies/{movie_id}", methods=["PATCH"], authorizer=auth0)
@requires("patch:movies")
@takes(MovieChanges)
def change_movie(changes: MovieChanges, movie_id: str) -> Response:
    """Change the fields that are given, and leave the others alone."""
    movie, remaining = store.change(movie_id, given(changes), if_match())
    return changed("movie", shown(movie), remaining)


@movies.route("/movies/{movie_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:movies")
def delete_movie(movie_id: str) -> Response:
    """Remove a movie with all its roles."""
    return deleted(movie_id, store.remove(movie_id, if_match()))


@movies.route("/movies/{movie_id}/actors", methods=["GET"], authorizer=auth0)
@requires("get:movies")
def list_movie_actors(movie_id: str) -> Response:
    """List a movie's cast in billing order."""
    list_name = f"/movies/{movie_id}/actors"
    return listing("actors", roles.cast(movie_id, **paging(list_name)), shown_in_cast, list_name)


@movies.route("/movies/{movie_id}/actors", methods=["POST"], authorizer=auth0)
@requires("post:roles")
@takes(role_routes.NewRoleInMovie)
def cast_movie_actor(new: role_routes.NewRoleInMovie, movie_id: str) -> Response:
    """Cast an actor in a movie: the same as POST /roles."""
    return role_routes.show_created(roles.add(movie_id, request=idempotency(new), **given(new)))


@movies.route("/movies/{movie_id}/actors/{actor_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:roles")
def remove_movie_actor(movie_id: str, actor_id: str) -> Response:
    """Take an actor out of a movie: the same as DELETE /roles/{role_id}."""
    role_id = f"{movie_id}.{actor_id}"
    roles.remove(role_id, if_match())
    return deleted(role_id)
