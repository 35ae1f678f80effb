"""The plan: the operations of each user, drawn from the seed."""

import random
from dataclasses import dataclass

MOVIES, ACTORS = 40, 115
"""The numbers of places. Each place holds one movie or actor; a deleted one is replaced."""

BIG = 2
"""The first places. These movies and actors have more roles than one transaction can write."""

HOT = 2
"""The places after these. Most operations work with these movies and actors."""

WEIGHTS = {
    "read": 20,
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
}
"""The frequency of each kind of operation."""


@dataclass(frozen=True)
class Operation:
    """An operation on the movie and the actor at these places. No two have the same number."""

    kind: str
    number: int
    movie: int
    actor: int


Draw = tuple[str, int, int]


def preparation(worker: int, workers: int) -> tuple[list[Operation], list[Operation]]:
    """Return a worker's part in filling all places, and then in the roles of the big ones."""
    places: list[Draw] = [("add movie", n, 0) for n in range(MOVIES)]
    places += [("add actor", 0, n) for n in range(ACTORS)]
    casts = [draw for n in range(BIG) for draw in _big_cast(n) + _big_filmography(n)]
    numbered = [Operation(k, n, m, a) for n, (k, m, a) in enumerate(places + casts)]
    return (
        numbered[: len(places)][worker::workers],
        numbered[len(places) :][worker::workers],
    )


def plan(seed: int, worker: int, workers: int, length: int) -> list[Operation]:
    """Return a worker's operations in the storm. The same seed returns the same operations."""
    chance = random.Random(f"{seed}-{worker}")  # noqa: S311 -- no secret
    draws: list[Draw] = []
    while len(draws) < length:
        draws += _draw(chance)
    # The numbers are above those of the preparation, and different for each worker.
    return [
        Operation(kind, 1_000 + index * workers + worker, movie, actor)
        for index, (kind, movie, actor) in enumerate(draws[:length])
    ]


def _draw(chance: random.Random) -> list[Draw]:
    """Draw an operation. A deletion is followed by the operations that replace what it deletes."""
    kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    movie, actor = _draw_places(chance)
    if kind == "delete movie":
        if chance.random() < 0.6:
            movie = max(movie, BIG)  # seldom a big one, because it takes long to fill again
        whole_cast = _big_cast(movie) if movie < BIG else []
        return [(kind, movie, 0), ("add movie", movie, 0), *whole_cast]
    if kind == "delete actor":
        filmography = _big_filmography(actor) if actor < BIG else []
        return [(kind, 0, actor), ("add actor", 0, actor), *filmography]
    if kind in ("add movie", "add actor"):
        return [(kind, chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS))]
    return [(kind, movie, actor)]


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
    return [("cast", movie, actor) for actor in range(ACTORS)]


def _big_filmography(actor: int) -> list[Draw]:
    return [("cast", movie, actor) for movie in range(BIG, MOVIES)]
