"""Actors."""

from typing import Any

from chalicelib.store import candidates, links
from chalicelib.store.items import Actor, RoleItem
from chalicelib.store.resource import Collection
from chalicelib.store.table import Page

_actors = Collection(Actor)
SORTS, add, page = _actors.sorts, _actors.add, _actors.page


def get(actor_id: str) -> tuple[Actor, Page[RoleItem]]:
    """Read an actor and their first roles: one Query. Raise ActorNotFound.

    They are in the order of the filmography if these are all.
    """
    actor, roles = links.get(Actor, actor_id)
    if roles.last is None:
        roles.items.sort(key=lambda role: role.gsi2sk or "", reverse=True)
    return actor, roles


def change(
    actor_id: str, fields: dict[str, Any], versions: frozenset[int] | None
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
    return links.change(Actor, actor_id, changes, versions)


def remove(actor_id: str, versions: frozenset[int] | None) -> int:
    """Remove an actor, their candidacies and their roles. See `links.remove`."""
    return links.remove(Actor, actor_id, versions, candidates.remove_next)
