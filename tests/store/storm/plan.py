"""The plan: the operations of each user, drawn from the seed."""

import itertools
import random
from dataclasses import dataclass

MOVIES, ACTORS = 40, 115
"""The numbers of places. Each place holds one movie or actor; a deleted one is replaced."""

BIG = 2
"""The first places. These movies and actors have more roles than one transaction can write."""

HOT = 2
"""The places after these. Most operations work with these movies and actors."""

PARTS = 2
"""The number of places for parts in each movie."""

FILLED = 100
"""The candidates for the first part of the first movie: as many as fit on a page."""

ADDED = 25
"""The most candidates that one request adds."""

WEIGHTS = {
    "read": 20,
    "search": 16,
    "cast": 16,
    "cast again": 6,
    "change role": 14,
    "remove role": 6,
    "rename movie": 8,
    "change movie": 4,
    "rename actor": 10,
    "change actor": 3,
    "add movie": 3,
    "add actor": 4,
    "delete movie": 2,
    "delete actor": 2,
    "add part": 2,
    "change part": 10,
    "delete part": 2,
    "add candidates": 12,
    "rate candidate": 10,
    "move candidate": 30,
    "remove candidate": 5,
    "read board": 12,
}
"""The frequency of each kind of operation."""


@dataclass(frozen=True)
class Operation:
    """An operation on the movie, the actor and the part at these places.

    No two have the same number.
    """

    kind: str
    number: int
    movie: int
    actor: int
    part: int = 0


Draw = tuple[str, int, int, int]
"""A kind of operation, and the places of its movie, its actor and its part."""


def preparation(worker: int, workers: int) -> list[list[Operation]]:
    """Return a worker's share of the preparation, in phases.

    They fill all places, then add the roles of the big ones and the parts, then the candidates.
    """
    places: list[Draw] = [("add movie", n, 0, 0) for n in range(MOVIES)]
    places += [("add actor", 0, n, 0) for n in range(ACTORS)]
    links = [draw for n in range(BIG) for draw in _big_cast(n) + _big_filmography(n)]
    links += [draw for movie in range(BIG + HOT) for draw in _parts_of(movie)]
    candidates = _filling(0, 0)
    candidates += [("add candidates", m, n, 0) for m in range(BIG + HOT) for n in range(BIG)]
    numbers = itertools.count()
    return [
        [Operation(kind, next(numbers), *where) for kind, *where in phase][worker::workers]
        for phase in (places, links, candidates)
    ]


def plan(seed: int, worker: int, workers: int, length: int) -> list[Operation]:
    """Return a worker's operations in the storm. The same seed returns the same operations."""
    chance = random.Random(f"{seed}-{worker}")  # noqa: S311 -- no secret
    draws: list[Draw] = []
    while len(draws) < length:
        draws += _draw(chance)
    # The numbers are above those of the preparation, and different for each worker.
    return [
        Operation(kind, 1_000 + index * workers + worker, *where)
        for index, (kind, *where) in enumerate(draws[:length])
    ]


def _draw(chance: random.Random) -> list[Draw]:
    """Draw an operation. A deletion is followed by the operations that replace what it deletes."""
    kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    movie, actor = _draw_places(chance)
    if kind == "delete movie":
        if chance.random() < 0.6:
            movie = max(movie, BIG)  # seldom a big one, because it takes long to fill again
        whole_cast = _big_cast(movie) if movie < BIG else []
        parts = _parts_of(movie) if movie < BIG + HOT else []
        filling = _filling(movie, 0)
        return [(kind, movie, 0, 0), ("add movie", movie, 0, 0), *parts, *filling, *whole_cast]
    if kind == "delete actor":
        filmography = _big_filmography(actor) if actor < BIG else []
        return [(kind, 0, actor, 0), ("add actor", 0, actor, 0), *filmography]
    part = chance.randrange(PARTS)
    if kind in ("add movie", "add actor"):
        return [(kind, chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS), 0)]
    if kind == "delete part":
        return [
            (kind, movie, actor, part),
            ("add part", movie, actor, part),
            *_filling(movie, part),
        ]
    if kind == "add part" and (movie, part) == (0, 0):
        part = 1  # the big part is replaced only when it is deleted
    return [(kind, movie, actor, part)]


def _draw_places(chance: random.Random) -> tuple[int, int]:
    """Draw the places of a movie and an actor: often hot ones, or one of the big ones."""
    area = chance.random()
    movie, actor = chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS)
    if area < 0.4:
        return BIG + movie % HOT, BIG + actor % HOT
    if area < 0.7:
        return movie % BIG, actor
    return (movie, actor % BIG) if area < 0.8 else (movie, actor)


def _big_cast(movie: int) -> list[Draw]:
    return [("cast", movie, actor, 0) for actor in range(ACTORS)]


def _big_filmography(actor: int) -> list[Draw]:
    return [("cast", movie, actor, 0) for movie in range(BIG, MOVIES)]


def _parts_of(movie: int) -> list[Draw]:
    return [("add part", movie, 0, part) for part in range(PARTS)]


def _filling(movie: int, part: int) -> list[Draw]:
    """Return the operations that add all candidates for a part, if it is the big one."""
    if (movie, part) != (0, 0):
        return []
    return [("fill part", movie, actor, part) for actor in range(0, FILLED, ADDED)]
