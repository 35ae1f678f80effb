"""Movies."""

from typing import Any, ClassVar

from pynamodb.attributes import UnicodeAttribute

from chalicelib.errors import MovieNotFound
from chalicelib.store import links, table
from chalicelib.store.items import MOVIE, Parent, RoleItem
from chalicelib.store.resource import SK, Collection
from chalicelib.store.table import IntegerAttribute, ListAttribute, Order, Page


class Movie(Parent, discriminator="movie"):
    """A movie. Its roles copy its title and release date."""

    title = UnicodeAttribute()
    release_date = UnicodeAttribute(null=True)  # YYYY-MM-DD
    status = UnicodeAttribute(null=True)
    synopsis = UnicodeAttribute(null=True)
    genres = ListAttribute(null=True)
    runtime_minutes = IntegerAttribute(null=True)
    original_language = UnicodeAttribute(null=True)
    shoot_start = UnicodeAttribute(null=True)  # YYYY-MM-DD
    shoot_end = UnicodeAttribute(null=True)  # YYYY-MM-DD
    shoot_location = UnicodeAttribute(null=True)
    director = UnicodeAttribute(null=True)
    production_company = UnicodeAttribute(null=True)
    poster_url = UnicodeAttribute(null=True)
    website = UnicodeAttribute(null=True)
    imdb_id = UnicodeAttribute(null=True)
    tmdb_id = IntegerAttribute(null=True)

    prefix = MOVIE
    collection = "MOVIES"
    orders: ClassVar = {"title": Order("gsi1", table.fold), "release_date": Order("gsi2", str)}
    ordered = (("shoot_start", "shoot_end"),)
    missing = MovieNotFound
    copied = ("title", "release_date")
    own_list = ("gsi1", SK)

    def in_role(self, _: RoleItem) -> dict[str, Any]:
        return {
            "movie_title": self.title,
            "movie_release_date": self.release_date,
            "gsi2sk": self.orders["release_date"].key(self.release_date, self.id),
        }


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
    """Remove a movie and all its roles. See `links.remove`."""
    return links.remove(Movie, movie_id, versions)
