"""What each person of the storm does, in which order, as the seed decides."""

import random
from dataclasses import dataclass

SEED, WORKERS, OPERATIONS, KILLS = 20261122, 8, 6_000, 60

REGION = "us-east-1"  # where dev.local.serve looks for the table
MOVIES, ACTORS = 40, 115  # places, each with the movie or actor that is the busiest there
BIG = 2  # the first places: here families are larger than what one transaction takes
HOT = 2  # the places after these: what is here is what most are busy with
FORGOTTEN = 0.05  # of the answers to writes, as if they had been lost on their way
REPEATS = 100  # of one request, until its answer is definite
PATIENCE = 120  # seconds for a worker to come back

WEIGHTS = {
    "read": 20,
    "cast": 16,
    "cast again": 6,
    "change role": 14,
    "remove role": 6,
    "rename movie": 8,
    "date movie": 4,
    "rename actor": 10,
    "change gender": 3,
    "add movie": 3,
    "add actor": 4,
    "delete movie": 2,
    "delete actor": 2,
}
"""How often each kind is drawn."""

GENDERS = ["female", "male", "non-binary", "other", "undisclosed"]

FIELDS = {
    "movies": ("title", "release_date"),
    "actors": ("name", "gender"),
    "roles": ("character_name", "billing_order"),
}


# --------------------------------------------------------------------------------------- the plan


@dataclass(frozen=True)
class Operation:
    """Something to be done, with the places of its movie and its actor; no two have one number."""

    kind: str
    number: int
    movie: int
    actor: int


Draw = tuple[str, int, int]


def preparation(worker: int, workers: int) -> tuple[list[Operation], list[Operation]]:
    """Give what a worker does first: its part in filling all places, then its part in two casts."""
    places: list[Draw] = [("add movie", n, 0) for n in range(MOVIES)]
    places += [("add actor", 0, n) for n in range(ACTORS)]
    casts = [draw for n in range(BIG) for draw in _big_cast(n) + _big_filmography(n)]
    numbered = [Operation(k, n, m, a) for n, (k, m, a) in enumerate(places + casts)]
    return (
        numbered[: len(places)][worker::workers],
        numbered[len(places) :][worker::workers],
    )


def plan(seed: int, worker: int, workers: int, length: int) -> list[Operation]:
    """Give what a worker does in the storm: the same for the same seed."""
    chance = random.Random(f"{seed}-{worker}")  # noqa: S311 -- no secret
    draws: list[Draw] = []
    while len(draws) < length:
        draws += _drawn(chance)
    # Above the preparation's, and by worker.
    return [
        Operation(kind, 1_000 + index * workers + worker, movie, actor)
        for index, (kind, movie, actor) in enumerate(draws[:length])
    ]


def _drawn(chance: random.Random) -> list[Draw]:
    """Draw an operation, and what comes with it: what is deleted is replaced."""
    kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    movie, actor = _places(chance)
    if kind == "delete movie":
        if chance.random() < 0.6:
            movie = max(movie, BIG)  # the others rarely, for they take long to grow
        whole_cast = _big_cast(movie) if movie < BIG else []
        return [(kind, movie, 0), ("add movie", movie, 0), *whole_cast]
    if kind == "delete actor":
        filmography = _big_filmography(actor) if actor < BIG else []
        return [(kind, 0, actor), ("add actor", 0, actor), *filmography]
    if kind in ("add movie", "add actor"):
        return [(kind, chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS))]
    return [(kind, movie, actor)]


def _places(chance: random.Random) -> tuple[int, int]:
    """Draw where something happens: often where most are busy, or with one of the big ones."""
    where = chance.random()
    movie, actor = chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS)
    if where < 0.4:
        return BIG + movie % HOT, BIG + actor % HOT
    if where < 0.7:
        return movie % BIG, actor
    return (movie, actor % BIG) if where < 0.8 else (movie, actor)


def _big_cast(movie: int) -> list[Draw]:
    return [("cast", movie, actor) for actor in range(ACTORS)]


def _big_filmography(actor: int) -> list[Draw]:
    return [("cast", movie, actor) for movie in range(BIG, MOVIES)]
