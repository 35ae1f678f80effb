"""Load the demo data from `demo.json`: real films with their actors and roles."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.errors import AlreadyCast
from chalicelib.store import actors, movies, roles
from chalicelib.store.table import Page
from dev import machine


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
            actor_ids[fields["name"]] = actors.add(**fields).id
    for movie in demo["movies"]:
        if movie["title"] not in movie_ids:
            added = movies.add(title=movie["title"], release_date=movie["release_date"])
            movie_ids[movie["title"]] = added.id
    for number, (movie, credit) in enumerate(roles_to_add, 1):
        fields = {k: v for k, v in credit.items() if k != "actor"}
        with contextlib.suppress(AlreadyCast):
            roles.add(movie_ids[movie["title"]], actor_ids[credit["actor"]], **fields)
        if number % 25 == 0 or number == len(roles_to_add):
            machine.say(f"  {number} of {len(roles_to_add)} roles")


def _ids(page_of: Callable[..., Page[Any]], name: str) -> dict[str, str]:
    """Return the ids of all items of a list, by the value of the field `name`."""
    ids: dict[str, str] = {}
    last: str | None = None
    while True:
        page = page_of(name, after=last, limit=100)
        ids |= {getattr(item, name): item.id for item in page.items}
        last = page.last
        if last is None:
            return ids
