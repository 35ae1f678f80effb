"""Tells what is wrong with a whole table: nothing may dangle, nothing be miscounted."""

from collections import Counter
from typing import Any

from chalicelib.store import table
from chalicelib.store.actors import Actor
from chalicelib.store.movies import Movie
from chalicelib.store.roles import Role

RawItem = dict[str, dict[str, Any]]


def faults(items: list[RawItem]) -> list[str]:
    """Give a sentence for each thing that is wrong with the items of a table."""
    found: list[str] = []
    by_key = {(i["pk"]["S"], i["sk"]["S"]): table.Item.from_raw_data(i) for i in items}
    counted: Counter[str] = Counter()
    for (pk, sk), item in by_key.items():
        if not isinstance(item, Role):
            continue
        counted[pk] += 1
        movie = by_key.get((f"MOVIE#{item.movie_id}", "#"))
        actor = by_key.get((f"ACTOR#{item.actor_id}", "#"))
        beside_movie, beside_actor = (
            by_key.get((f"MOVIE#{item.movie_id}", f"ROLE#{item.actor_id}")),
            by_key.get((f"ACTOR#{item.actor_id}", f"ROLE#{item.movie_id}")),
        )
        if not isinstance(movie, Movie) or not isinstance(actor, Actor):
            found.append(f"{pk} {sk} dangles")
            continue
        if not isinstance(beside_movie, Role) or not isinstance(beside_actor, Role):
            found.append(f"{pk} {sk} is half a role")
            continue
        for name in ("character_name", "billing_order", "created_at", "updated_at", "version"):
            if getattr(beside_movie, name) != getattr(beside_actor, name):
                found.append(f"{pk} {sk} has two opinions of its {name}")
        shown = beside_movie.actor_name, beside_actor.movie_title, beside_actor.movie_release_date
        if shown != (actor.name, movie.title, movie.release_date):
            found.append(f"{pk} {sk} shows an old name: {shown}")
        if pk.startswith("MOVIE#"):
            billing = f"{item.billing_order or 9999:04}"
            place = f"{billing}\x1f{table.fold(actor.name)}\x1f{actor.id}"
            if (item.gsi1pk, item.gsi1sk) != (pk, place):
                found.append(f"{pk} {sk} is in the wrong place of the cast")
            if (item.gsi2pk, item.gsi2sk) != ("ROLES", f"{item.created_at}\x1f{item.id}"):
                found.append(f"{pk} {sk} is in the wrong place of the roles")
        elif (item.gsi2pk, item.gsi2sk) != (pk, f"{movie.release_date}\x1f{movie.id}"):
            found.append(f"{pk} {sk} is in the wrong place of the filmography")
    for (pk, _), item in by_key.items():
        if isinstance(item, Movie | Actor):
            if item.role_count != counted[pk]:
                found.append(f"{pk} counts {item.role_count} roles of {counted[pk]}")
            if item.deleting:
                found.append(f"{pk} is being deleted")
            name = item.title if isinstance(item, Movie) else item.name
            if item.gsi1sk != f"{table.fold(name)}\x1f{item.id}":
                found.append(f"{pk} is in the wrong place by name")
    return found
