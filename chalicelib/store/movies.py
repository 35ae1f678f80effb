"""Movies."""

from typing import Any

from chalicelib.store import find as finding
from chalicelib.store import links, parts
from chalicelib.store.items import Movie, RoleItem
from chalicelib.store.resource import Collection
from chalicelib.store.table import Page, Replay

FIRST_DATE, LAST_DATE = "0001-01-01", "9999-12-31"

_movies = Collection(Movie)
SORTS, page = _movies.sorts, _movies.page


def add(by: str, replay: Replay | None = None, **fields: Any) -> Movie:
    """Add a movie. See `links.add`."""
    return links.add(Movie, by, replay, fields)


def get(movie_id: str) -> tuple[Movie, Page[RoleItem]]:
    """Read a movie and its first roles: one Query. Raise MovieNotFound.

    The roles are in billing order if these are all.
    """
    movie, roles = links.get(Movie, movie_id)
    if roles.last is None:
        roles.items.sort(key=lambda role: role.gsi1sk or "")
    return movie, roles


def change(
    movie_id: str, fields: dict[str, Any], versions: frozenset[int] | None, by: str
) -> tuple[Movie, int]:
    """Change these fields, also where roles show them. See `links.change`."""
    return links.change(Movie, movie_id, fields, versions, by)


def remove(movie_id: str, versions: frozenset[int] | None, by: str) -> int:
    """Remove a movie, its parts with their candidates, and its roles. See `links.remove`."""
    return links.remove(Movie, movie_id, versions, by, parts.remove_next_of)


def find(
    filters: dict[str, Any], sort: str | None, *, after: str | None, limit: int
) -> Page[Movie]:
    """List the movies that match all filters. See `find.page`.

    The filters are `search`, `status`, `genre` (a list), `released_from`, `released_to` (as
    YYYY-MM-DD) and `undated` (a boolean). Raise BadCursor and Unsortable.
    """
    criteria = finding.words(filters.get("search", ""))
    if "status" in filters:
        criteria.append(finding.facet("status", filters["status"]))
    criteria += [finding.facet("genre", genre) for genre in filters.get("genre", ())]
    if filters.get("undated"):
        criteria.append(finding.facet("undated", "true"))
    if filters.keys() & {"released_from", "released_to"} or filters.get("undated") is False:
        first = filters.get("released_from", FIRST_DATE)
        last = filters.get("released_to", LAST_DATE)
        criteria.append(finding.overlap(Movie.span_name, first, last, from_low=True))
    return finding.page(Movie, criteria, sort, after=after, limit=limit)
