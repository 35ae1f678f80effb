"""Actors."""

from typing import Any, cast

from pynamodb.attributes import UnicodeAttribute

from chalicelib.errors import ActorNotFound, BadCursor
from chalicelib.store import links, table
from chalicelib.store.roles import ACTOR, Parent, Role, cast_key
from chalicelib.store.table import IntegerAttribute, Page

INDEXES: dict[str, table.Index] = {"name": "gsi1"}
SORTS = table.sorts(INDEXES)


class Actor(Parent, discriminator="actor"):
    """An actor, with an age or a date of birth; their roles copy the name."""

    name = UnicodeAttribute()
    gender = UnicodeAttribute()
    age = IntegerAttribute(null=True)
    date_of_birth = UnicodeAttribute(null=True)  # YYYY-MM-DD

    copied = ("name",)

    def in_role(self, role: Role) -> dict[str, Any]:
        return {
            "actor_name": self.name,
            "gsi1sk": cast_key(role.billing_order, self.name, self.id),
        }

    def listed(self) -> dict[str, Any]:
        return {"gsi1pk": "ACTORS", **_places(self.id, {"name": self.name})}


def _places(actor_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give the place in the list that follows from these fields."""
    if "name" not in fields:
        return {}
    return {"gsi1sk": table.sort_key(table.fold(fields["name"]), actor_id)}


def add(request: str | None = None, **fields: Any) -> Actor:
    """Add an actor: one PutItem. Of a request that was made before it gives the actor as it is.

    Refuses with KeyReused.
    """
    actor_id, time = table.new_id(request), table.now()
    actor = Actor(ACTOR + actor_id, "#", id=actor_id, created_at=time, updated_at=time, version=1)
    actor.set(request=request, **fields)
    actor.set(**actor.listed())
    return table.put(actor)


def get(actor_id: str) -> tuple[Actor, Page[Role]]:
    """Read an actor with their first 100 roles, newest movie first if these are all: one Query."""
    actor, roles = links.get(table.key(ACTOR, actor_id, ActorNotFound), ActorNotFound)
    if roles.last is None:
        roles.items.sort(key=lambda role: role.gsi2sk or "", reverse=True)
    return cast(Actor, actor), roles


def page(sort: str, *, after: str | None, limit: int) -> Page[Actor]:
    """List actors in one of the orders SORTS: one Query."""
    found = table.page(
        INDEXES[sort.removeprefix("-")],
        "ACTORS",
        after=after,
        limit=limit,
        forward=not sort.startswith("-"),
        key_of=lambda actor_id: (table.key(ACTOR, actor_id, BadCursor), "#"),
    )
    return cast(Page[Actor], found)


def change(
    actor_id: str, fields: dict[str, Any], versions: frozenset[int] | None
) -> tuple[Actor, int]:
    """Change the given fields, and what the actor's roles show of them (see `links.change`)."""
    pk = table.key(ACTOR, actor_id, ActorNotFound)
    changes = {**fields, **_places(actor_id, fields)}
    # An actor has one of the two: the one that is given takes the other's place.
    if fields.get("age") is not None:
        changes["date_of_birth"] = None
    elif fields.get("date_of_birth"):
        changes["age"] = None
    return links.change(Actor, pk, changes, versions, ActorNotFound)


def remove(actor_id: str, versions: frozenset[int] | None) -> int:
    """Remove an actor with all their roles (see `links.remove`)."""
    pk = table.key(ACTOR, actor_id, ActorNotFound)
    # Out of the list, and before the newest of their own movies.
    hidden = {"gsi1pk": None, "gsi1sk": None, "gsi2pk": pk, "gsi2sk": "~"}
    return links.remove(pk, hidden, versions, ActorNotFound)
