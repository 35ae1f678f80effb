"""Movies."""

from typing import Any

from chalicelib.store import links, parts
from chalicelib.store.items import Movie, RoleItem
from chalicelib.store.resource import Collection
from chalicelib.store.table import Page

_movies = Collection(Movie)
SORTS, add, page = _movies.sorts, _movies.add, _movies.page


def get(movie_id: str) -> tuple[Movie, Page[RoleItem]]:
    """Read a movie and its first roles: one Query. Raise MovieNotFound.

    The roles are in billing order if these are all.
    """
    movie, roles = links.get(Movie, movie_id)
    if roles.last is None:
        roles.items.sort(key=lambda role: role.gsi1sk or "")
    return movie, roles


def change(
    movie_id: str, fields: dict[str, Any], versions: frozenset[int] | None
) -> tuple[Movie, int]:
    """Change these fields, also where roles show them. See `links.change`."""
    return links.change(Movie, movie_id, fields, versions)


def remove(movie_id: str, versions: frozenset[int] | None) -> int:
    """Remove a movie, its parts with their candidates, and its roles. See `links.remove`."""
    return links.remove(Movie, movie_id, versions, parts.remove_next_of)
