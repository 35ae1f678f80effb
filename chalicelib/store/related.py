"""What a page shows of other items: the actors, parts and movies of its candidates or parts."""

from collections.abc import Callable
from typing import Any

from chalicelib.errors import ApiError
from chalicelib.store import dynamodb
from chalicelib.store.items import ACTOR, MOVIE, PART, Actor, CandidateItem, Movie, PartItem, alive
from chalicelib.store.resource import SK
from chalicelib.store.table import Item, Page

MAX_KEYS = 100  # of one BatchGetItem (DynamoDB)
READ = sorted(
    {"pk", "sk", "kind", "id", "deleting"}.union(
        *(item_type.shown_elsewhere for item_type in (Actor, Movie, PartItem))
    )
)
"""The attributes that are read of related items. Whole ones can be a hundred times as large."""

Key = tuple[str, str]
Related = Callable[[Any], dict[str, Key]]
"""Returns the keys of what an item shows, by the attributes that it becomes."""


def actor_of(candidate: CandidateItem) -> dict[str, Key]:
    return {"actor": (ACTOR + candidate.actor_id, SK)}


def movie_of(item: CandidateItem | PartItem) -> dict[str, Key]:
    return {"movie": (MOVIE + item.movie_id, SK)}


def part_and_actor_of(candidate: CandidateItem) -> dict[str, Key]:
    return {"part": (PART + candidate.part_id, SK), **actor_of(candidate)}


def part_and_movie_of(candidate: CandidateItem) -> dict[str, Key]:
    return {"part": (PART + candidate.part_id, SK), **movie_of(candidate)}


def nothing(_: Item) -> dict[str, Key]:
    return {}


def with_related(
    page: Page[Any],
    place: str,
    owner: Key | None,
    missing: type[ApiError],
    related: Related,
) -> Page[Any]:
    """Read what a page shows of other items: one BatchGetItem. Set it as attributes.

    A page ends early if that takes more than MAX_KEYS items. What is related to an item that is
    missing or being deleted is left out. `place` is the page's sort attribute. Raise `missing` if
    the owner of the list is one of these.
    """
    keys: dict[Key, None] = {} if owner is None else {owner: None}
    shown: list[Any] = []
    last = page.last
    for item in page.items:
        more = dict.fromkeys(related(item).values())
        if len(keys | more) > MAX_KEYS:
            last = getattr(shown[-1], place)
            break
        keys |= more
        shown.append(item)
    items: dict[Key, Item | None] = {}
    if keys:
        items = dict(zip(keys, dynamodb.get_all(list(keys), READ), strict=True))
    if owner is not None and not alive(items[owner]):
        raise missing()
    complete = []
    for item in shown:
        others = {name: items[key] for name, key in related(item).items()}
        if all(map(alive, others.values())):
            for name, other in others.items():
                setattr(item, name, other)
            complete.append(item)
    return Page(complete, last)
