"""The tables of a load run, as files that `bench/load/dynamodb.py` reads.

The tables differ only in the number of their movies. Each is written as the store writes it: with
all entries of the index. Writing them through the API would take an hour.
"""

import functools
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.load import demo, scene
from bench.load.scene import ACTORS, CANDIDATES, CAST_MOVIES, PAGE, PARTS, ROLES
from chalicelib.store import entries, text
from chalicelib.store.items import (
    Actor,
    CandidateItem,
    Movie,
    Parent,
    PartItem,
    RoleItem,
    candidate_key,
    cast_key,
    role_keys,
)
from chalicelib.store.resource import SK
from chalicelib.store.statuses import Status
from chalicelib.store.table import INDEXES, Item, sort_key

Line = dict[str, Any]
Common = dict[str, Any]

TIME = "2026-01-01T00:00:00.000000Z"
COMMON: Common = {"created_at": TIME, "updated_at": TIME, "version": 1}
GENRES = {"drama": 60, "comedy": 30, "thriller": 20, "romance": 15, "crime": 15, "war": 5}
STATUSES = {"released": 80, "casting": 10, "planned": 6, "in_production": 4}
"""Values of movies, in percent: a movie has more than one genre."""

SYNOPSIS = "Somebody has lost what they came for, and must decide who helps them to find it. " * 2


def write(folder: Path, sizes: Sequence[int]) -> dict[int, Path]:
    """Write one file for each number of movies. Return them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {size: folder / f"{table_name(size)}.jsonl" for size in sizes}
    for size, file in files.items():
        with open(file, "w", encoding="utf-8") as out:
            for line in (create_request(table_name(size)), *lines(size)):
                out.write(json.dumps(line) + "\n")
    return files


def table_name(size: int) -> str:
    return f"casting-load-{size}"


def create_request(name: str) -> dict[str, Any]:
    """Return the request that creates the table."""
    pairs = {name: (f"{name}pk", f"{name}sk") for name in ("", *INDEXES)}  # "": the table
    schemas = {
        index: [
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)
        ]
        for index, keys in pairs.items()
    }
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": schemas.pop(""),
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": "S"} for keys in pairs.values() for key in keys
        ],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
            for index, keys in schemas.items()
        ],
    }


def lines(size: int) -> Iterator[Line]:
    """Yield the items of a table with this many movies, as DynamoDB stores them."""
    yield _line(entries.note())
    listed = (scene.candidate_id(part, n) for part in range(PARTS) for n in range(CANDIDATES))
    candidacies = Counter(candidate_id.rpartition(".")[2] for candidate_id in listed)
    actors = [_actor(number, candidacies) for number in range(ACTORS)]
    for number in range(size):
        movie = _movie(number)
        yield _parent_line(movie)
        if number < CAST_MOVIES:
            for place in range(ROLES):
                yield from _role_lines(movie, actors[(number * ROLES + place) % ACTORS], place)
        if number < PARTS:
            yield from _part_lines(number)
    yield from map(_parent_line, actors)


def search_terms(size: int) -> list[str]:
    """Return beginnings of words that more than a page of the first movies have."""
    starts = [_movie(number).starts() for number in range(size)]
    first_words = [{text.first_word(start) for start in of_movie} for of_movie in starts]
    beginnings = {word[:n] for of_movie in first_words for word in of_movie for n in range(1, 4)}
    return sorted(
        beginning
        for beginning in beginnings
        if sum(any(w.startswith(beginning) for w in words) for words in first_words) > PAGE
    )


def _name(chance: random.Random, length: int) -> str:
    """Return some words of the demo data. A few words are common, and most are rare."""
    return " ".join(chance.choices(demo.words(), cum_weights=_weights(), k=length))


@functools.cache
def _weights() -> list[float]:
    return list(itertools.accumulate(1 / rank for rank in range(1, len(demo.words()) + 1)))


def _movie(number: int) -> Movie:
    chance = random.Random(number)  # noqa: S311 -- no secret
    title = _name(chance, chance.choice((1, 2, 2, 3)))
    year, month, day = chance.randint(1930, 2026), chance.randint(1, 12), chance.randint(1, 28)
    movie = Movie(
        Movie.partition(scene.movie_id(number)),
        SK,
        id=scene.movie_id(number),
        title=f"The {title}" if chance.random() < 0.4 else title,
        release_date=f"{year}-{month:02}-{day:02}",
        status=chance.choices(list(STATUSES), list(STATUSES.values()))[0],
        genres=[genre for genre, share in GENRES.items() if chance.random() < share / 100],
        synopsis=SYNOPSIS,
        runtime_minutes=chance.randint(80, 180),
        original_language="en",
        director=_name(chance, 2),
        role_count=ROLES if number < CAST_MOVIES else 0,
        part_count=1 if number < PARTS else 0,
        **COMMON,
    )
    movie.set(**movie.listed(), indexed=[])
    return movie


def _actor(number: int, candidacies: Counter[str]) -> Actor:
    chance = random.Random(-number)  # noqa: S311 -- no secret
    actor_id = scene.actor_id(number)
    actor = Actor(
        Actor.partition(actor_id),
        SK,
        id=actor_id,
        name=_name(chance, 2),
        gender=chance.choice(("female", "male")),
        age=chance.randint(5, 90),
        skills=["driving", "riding"],
        role_count=CAST_MOVIES * ROLES // ACTORS,
        candidate_count=candidacies[actor_id],
        **COMMON,
    )
    actor.set(**actor.listed(), indexed=[])
    return actor


def _role_lines(movie: Movie, actor: Actor, place: int) -> Iterator[Line]:
    role_id = f"{movie.id}.{actor.id}"
    fields = {**COMMON, "id": role_id, "character_name": "Somebody", "billing_order": place + 1}
    beside_movie, beside_actor = role_keys(role_id)
    yield _line(
        RoleItem(
            *beside_movie,
            actor_name=actor.name,
            gsi1pk=movie.pk,
            gsi1sk=cast_key(place + 1, actor.name, actor.id),
            gsi2pk="ROLES",
            gsi2sk=sort_key(TIME, role_id),
            **fields,
        )
    )
    yield _line(
        RoleItem(
            *beside_actor,
            movie_title=movie.title,
            movie_release_date=movie.release_date,
            gsi2pk=actor.pk,
            gsi2sk=sort_key(movie.release_date or "", movie.id),
            **fields,
        )
    )


def _part_lines(number: int) -> Iterator[Line]:
    part_id = scene.part_id(number)
    part = PartItem(
        PartItem.partition(part_id),
        SK,
        id=part_id,
        name="Somebody",
        candidate_count=CANDIDATES,
        submitted=CANDIDATES,
        **COMMON,
    )
    part.set(**part.listed())
    yield _line(part)
    for place in range(CANDIDATES):
        candidate_id = scene.candidate_id(number, place)
        candidate = CandidateItem(
            *candidate_key(candidate_id),
            id=candidate_id,
            status=Status.SUBMITTED.value,
            status_since=TIME,
            status_by="load",
            rating=place % 5 + 1,
            **COMMON,
        )
        candidate.set(**candidate.listed())
        yield _line(candidate)


def _line(item: Item) -> Line:
    return {"item": item.serialize()}


def _parent_line(item: Parent) -> Line:
    """Return the line of a movie or actor with its entries."""
    keys = sorted(entries.keys_of(item))
    entry = entries.Entry(*keys[0], id=item.id, **entries.card_of(item).attributes())
    return {**_line(item), "keys": keys, "card": entry.serialize()}
