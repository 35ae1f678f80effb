"""Load the demo data from `demo.json`: real films with their casts, and invented films in casting.

The films in casting, their parts and the actors that are considered for them are all invented.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chalicelib.errors import AlreadyCast
from chalicelib.store import actors, candidates, movies, parts, roles
from chalicelib.store.table import Page
from dev import machine

BY = "demo"
"""Who has made all changes, in their history."""

BATCH = 25
"""Actors that one `candidates.add` accepts."""

ENDED = ("declined", "released")
"""The statuses that only an engaged candidate can reach."""


def load() -> None:
    """Add the demo data that is missing. Safe to run again after an interruption."""
    demo = json.loads(Path(__file__).with_name("demo.json").read_text(encoding="utf-8"))
    roles_to_add = [(movie, credit) for movie in demo["movies"] for credit in movie["cast"]]
    machine.say(
        f"Loading the demo data: {len(demo['movies'])} movies, {len(demo['actors'])} actors,"
        f" {len(roles_to_add)} roles ..."
    )
    movie_ids, actor_ids = _ids(movies.page, "title"), _ids(actors.page, "name")
    for fields in demo["actors"]:
        if fields["name"] not in actor_ids:
            actor_ids[fields["name"]] = actors.add(BY, **fields).id
    for movie in demo["movies"]:
        if movie["title"] not in movie_ids:
            movie_ids[movie["title"]] = movies.add(BY, **_without(movie, "cast", "parts")).id
    for number, (movie, credit) in enumerate(roles_to_add, 1):
        with contextlib.suppress(AlreadyCast):
            roles.add(
                movie_ids[movie["title"]],
                actor_ids[credit["actor"]],
                BY,
                **_without(credit, "actor"),
            )
        if number % 25 == 0 or number == len(roles_to_add):
            machine.say(f"  {number} of {len(roles_to_add)} roles")
    films_in_casting = [movie for movie in demo["movies"] if "parts" in movie]
    for number, movie in enumerate(films_in_casting, 1):
        _add_parts(movie_ids[movie["title"]], movie["parts"], actor_ids)
        machine.say(f"  {number} of {len(films_in_casting)} films in casting")


def _add_parts(movie_id: str, demo_parts: list[dict[str, Any]], actor_ids: dict[str, str]) -> None:
    """Add a movie's missing parts and their candidates. A part is closed last."""
    existing = {part.name: part for part in _every(parts.of_movie, movie_id)}
    for fields in demo_parts:
        part = existing.get(fields["name"]) or parts.add(
            movie_id, BY, **_without(fields, "status", "candidates")
        )
        if part.status == "closed":
            continue  # complete since an earlier run
        _add_candidates(part.id, fields["candidates"], actor_ids)
        if fields.get("status") == "closed":
            parts.change(part.id, {"status": "closed"}, None, BY)


def _add_candidates(
    part_id: str, demo_candidates: list[dict[str, Any]], actor_ids: dict[str, str]
) -> None:
    """Add a part's missing candidates, with their statuses.

    A candidate that is not `submitted` any more stays as it is.
    """
    fields_by_id = {
        f"{part_id}.{actor_ids[candidate['actor']]}": _without(candidate, "actor")
        for candidate in demo_candidates
    }
    ids = list(fields_by_id)
    for start in range(0, len(ids), BATCH):
        batch = [candidate_id.rpartition(".")[2] for candidate_id in ids[start : start + BATCH]]
        added = candidates.add(part_id, batch, BY)
        for refusal in added.refused:
            machine.say(f"  a candidate was refused: {refusal}")
        for candidate in added.candidates:
            if candidate.status == "submitted":
                _change_candidate(candidate.id, fields_by_id[candidate.id])


def _change_candidate(candidate_id: str, fields: dict[str, Any]) -> None:
    """Change a submitted candidate to these fields."""
    if fields["status"] in ENDED:
        candidates.change(candidate_id, {"status": "on_hold"}, None, BY)
    changes = _without(fields, "status") if fields["status"] == "submitted" else fields
    if changes:
        candidates.change(candidate_id, changes, None, BY)


def _ids(page_of: Callable[..., Page[Any]], name: str) -> dict[str, str]:
    """Return the ids of all items of a list, by the value of the field `name`."""
    return {getattr(item, name): item.id for item in _every(page_of, name)}


def _every(page_of: Callable[..., Page[Any]], argument: str) -> Iterator[Any]:
    """Return all items of a list. `argument` is the first one of `page_of`."""
    last: str | None = None
    while True:
        page = page_of(argument, after=last, limit=100)
        yield from page.items
        last = page.last
        if last is None:
            return


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
