"""Actors."""

from typing import Any

from chalicelib.store import candidates, links
from chalicelib.store import find as finding
from chalicelib.store.items import Actor, RoleItem, age_text
from chalicelib.store.resource import Collection
from chalicelib.store.table import Page, Replay
from chalicelib.store.text import fold

_actors = Collection(Actor)
SORTS, page = _actors.sorts, _actors.page


def add(by: str, replay: Replay | None = None, **fields: Any) -> Actor:
    """Add an actor. See `links.add`."""
    return links.add(Actor, by, replay, fields)


def get(actor_id: str) -> tuple[Actor, Page[RoleItem]]:
    """Read an actor and their first roles: one Query. Raise ActorNotFound.

    They are in the order of the filmography if these are all.
    """
    actor, roles = links.get(Actor, actor_id)
    if roles.last is None:
        roles.items.sort(key=lambda role: role.gsi2sk or "", reverse=True)
    return actor, roles


def change(
    actor_id: str, fields: dict[str, Any], versions: frozenset[int] | None, by: str
) -> tuple[Actor, int]:
    """Change these fields, also where roles show them. See `links.change`.

    An age replaces a date of birth, also null, which says that neither is known. A date of birth
    replaces an age.
    """
    changes = dict(fields)
    if fields.get("date_of_birth"):
        changes["age"] = None
    elif "age" in fields:
        changes["date_of_birth"] = None
    return links.change(Actor, actor_id, changes, versions, by)


def remove(actor_id: str, versions: frozenset[int] | None, by: str) -> int:
    """Remove an actor, their candidacies and their roles. See `links.remove`."""
    return links.remove(Actor, actor_id, versions, by, candidates.remove_next)


def find(
    filters: dict[str, Any], sort: str | None, *, after: str | None, limit: int
) -> Page[Actor]:
    """List the actors who match all filters. See `find.page`.

    The filters are `search`, `gender`, `playing_age` (a pair of ages), `language`, `skill`, `union`
    (lists), `country`, `active` (a boolean), and `available` (a pair of days, YYYY-MM-DD). Raise
    BadCursor and Unsortable.
    """
    criteria = finding.words(filters.get("search", ""))
    for name in ("gender", "country"):
        if name in filters:
            criteria.append(finding.facet(name, filters[name]))
    for name in ("skill", "union"):
        criteria += [finding.facet(name, fold(value)) for value in filters.get(name, ())]
    criteria += [finding.facet("language", code) for code in filters.get("language", ())]
    if "active" in filters:
        criteria.append(finding.facet("active", "true" if filters["active"] else "false"))
    if "playing_age" in filters:
        youngest, oldest = map(age_text, filters["playing_age"])
        criteria.append(finding.overlap(Actor.span_name, youngest, oldest, from_low=False))
    if "available" in filters:
        criteria.append(finding.only_read(lambda actor: actor.is_free(*filters["available"])))
    return finding.page(Actor, criteria, sort, after=after, limit=limit)
