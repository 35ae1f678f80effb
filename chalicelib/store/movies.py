"""Movies."""

from typing import Any, cast

from pynamodb.attributes import UnicodeAttribute

from chalicelib.errors import BadCursor, MovieNotFound
from chalicelib.store import links, table
from chalicelib.store.roles import MOVIE, Parent, Role
from chalicelib.store.table import Page

INDEXES: dict[str, table.Index] = {"title": "gsi1", "release_date": "gsi2"}
SORTS = table.sorts(INDEXES)


class Movie(Parent, discriminator="movie"):
    """A movie; its roles copy its title and release date."""

    title = UnicodeAttribute()
    release_date = UnicodeAttribute()  # YYYY-MM-DD

    copied = ("title", "release_date")

    def in_role(self, _: Role) -> dict[str, Any]:
        return {
            "movie_title": self.title,
            "movie_release_date": self.release_date,
            "gsi2sk": table.sort_key(self.release_date, self.id),
        }

    def listed(self) -> dict[str, Any]:
        fields = {"title": self.title, "release_date": self.release_date}
        return {"gsi1pk": "MOVIES", "gsi2pk": "MOVIES", **_places(self.id, fields)}


def _places(movie_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give the places in the lists that follow from these fields."""
    places = {}
    if "title" in fields:
        places["gsi1sk"] = table.sort_key(table.fold(fields["title"]), movie_id)
    if "release_date" in fields:
        places["gsi2sk"] = table.sort_key(fields["release_date"], movie_id)
    return places


def add(request: str | None = None, **fields: Any) -> Movie:
    """Add a movie: one PutItem. Of a request that was made before it gives the movie as it is.

    Refuses with KeyReused.
    """
    movie_id, time = table.new_id(request), table.now()
    movie = Movie(MOVIE + movie_id, "#", id=movie_id, created_at=time, updated_at=time, version=1)
    movie.set(request=request, **fields)
    movie.set(**movie.listed())
    return table.put(movie)


def get(movie_id: str) -> tuple[Movie, Page[Role]]:
    """Read a movie with its first 100 roles, in billing order where these are all: one Query."""
    movie, roles = links.get(table.key(MOVIE, movie_id, MovieNotFound), MovieNotFound)
    if roles.last is None:
        roles.items.sort(key=lambda role: role.gsi1sk or "")
    return cast(Movie, movie), roles


def page(sort: str, *, after: str | None, limit: int) -> Page[Movie]:
    """List movies in one of the orders SORTS: one Query."""
    found = table.page(
        INDEXES[sort.removeprefix("-")],
        "MOVIES",
        after=after,
        limit=limit,
        forward=not sort.startswith("-"),
        key_of=lambda movie_id: (table.key(MOVIE, movie_id, BadCursor), "#"),
    )
    return cast(Page[Movie], found)


def change(
    movie_id: str, fields: dict[str, Any], versions: frozenset[int] | None
) -> tuple[Movie, int]:
    """Change the given fields, and what the movie's roles show of them (see `links.change`)."""
    pk = table.key(MOVIE, movie_id, MovieNotFound)
    changes = {**fields, **_places(movie_id, fields)}
    return links.change(Movie, pk, changes, versions, MovieNotFound)


def remove(movie_id: str, versions: frozenset[int] | None) -> int:
    """Remove a movie with all its roles (see `links.remove`)."""
    pk = table.key(MOVIE, movie_id, MovieNotFound)
    # Out of the lists, and before the first of its own cast.
    hidden = {"gsi1pk": pk, "gsi1sk": "#", "gsi2pk": None, "gsi2sk": None}
    return links.remove(pk, hidden, versions, MovieNotFound)
