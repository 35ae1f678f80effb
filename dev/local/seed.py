"""The demo data, `demo.json`: real films and their real casts."""

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
    """Add what is not there yet; taken up where it stopped, it ends with the same."""
    demo = json.loads(Path(__file__).with_name("demo.json").read_text(encoding="utf-8"))
    cast = [(movie, credit) for movie in demo["movies"] for credit in movie["cast"]]
    machine.say(
        f"Loading the demo data: {len(demo['movies'])} movies, {len(demo['actors'])} actors,"
        f" {len(cast)} roles ..."
    )
    movie_ids, actor_ids = _ids(movies.page, "title"), _ids(actors.page, "name")
    for fields in demo["actors"]:
        if fields["name"] not in actor_ids:
            actor_ids[fields["name"]] = actors.add(**fields).id
    for movie in demo["movies"]:
        if movie["title"] not in movie_ids:
            added = movies.add(title=movie["title"], release_date=movie["release_date"])
            movie_ids[movie["title"]] = added.id
    for number, (movie, credit) in enumerate(cast, 1):
        fields = {k: v for k, v in credit.items() if k != "actor"}
        with contextlib.suppress(AlreadyCast):
            roles.add(movie_ids[movie["title"]], actor_ids[credit["actor"]], **fields)
        if number % 25 == 0 or number == len(cast):
            machine.say(f"  {number} of {len(cast)} roles")


def _ids(page_of: Callable[..., Page[Any]], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    last: str | None = None
    while True:
        page = page_of(name, after=last, limit=100)
        found |= {getattr(item, name): item.id for item in page.items}
        last = page.last
        if last is None:
            return found
