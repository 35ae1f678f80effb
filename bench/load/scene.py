"""What the tables of a load run contain, and what is requested of them.

Also loaded by locust's interpreter, which has none of the product's packages.
"""

from collections.abc import Sequence

PAGE = 20
"""Items on a page of a list or search, the default of the API."""

BOARD = 50
"""Candidates on a page of a board, as the console requests them."""

ACTORS = 320
CAST_MOVIES = 64
"""The first movies, which have a cast. The number of roles does not depend on that of movies."""

ROLES = 15  # of each of them
PARTS = 32
"""Movies with one part and its candidates: the first of those with a cast."""

CANDIDATES = 60  # of each part

FILTERS: tuple[dict[str, str], ...] = (
    {"genre": "drama"},
    {"status": "released"},
    {"released_from": "1980-01-01"},
)
COMBINED: dict[str, str] = {"genre": "drama", "status": "released"}
"""The filters match enough of the smallest table for a full page: with more movies, no page reads
more.
"""

MIX = {
    "list": 16,
    "next page": 12,
    "search": 14,
    "filter": 10,
    "two filters": 6,
    "movie with roles": 16,
    "actor": 8,
    "board": 10,
    "rate a candidate": 5,
    "change a movie": 3,
}
"""How often each request is chosen, in percent."""

READ_BEFORE_CHANGE = "movie before a change"
"""The request that reads the ETag for `change a movie`."""


def movie_id(number: int) -> str:
    return f"m{number:015}"


def actor_id(number: int) -> str:
    return f"a{number:015}"


def part_id(number: int) -> str:
    return f"{movie_id(number)}.p{number:015}"


def candidate_id(part: int, number: int) -> str:
    """Return the id of one of a part's candidates."""
    return f"{part_id(part)}.{actor_id((part * 7 + number) % ACTORS)}"


def own(numbers: Sequence[int], client: int, clients: int) -> Sequence[int]:
    """Return the share of one client, so that no two clients write the same resource."""
    return numbers[client % clients :: clients]
