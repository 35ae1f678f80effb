"""Actors."""

from typing import Any, ClassVar

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.errors import ActorNotFound
from chalicelib.store import links, table
from chalicelib.store.items import ACTOR, Parent, RoleItem, cast_key
from chalicelib.store.resource import Collection
from chalicelib.store.table import IntegerAttribute, ListAttribute, MapAttribute, Order, Page


class Actor(Parent, discriminator="actor"):
    """An actor, with an age, a date of birth or neither. Their roles copy the name."""

    name = UnicodeAttribute()
    gender = UnicodeAttribute()
    age = IntegerAttribute(null=True)
    date_of_birth = UnicodeAttribute(null=True)  # YYYY-MM-DD
    stage_name = UnicodeAttribute(null=True)
    playing_age_min = IntegerAttribute(null=True)
    playing_age_max = IntegerAttribute(null=True)
    height_cm = IntegerAttribute(null=True)
    languages = MapAttribute(null=True)
    skills = ListAttribute(null=True)
    unions = ListAttribute(null=True)
    agent = MapAttribute(null=True)
    email = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    headshot_url = UnicodeAttribute(null=True)
    base_city = UnicodeAttribute(null=True)
    base_country = UnicodeAttribute(null=True)
    availability = ListAttribute(null=True)
    imdb_id = UnicodeAttribute(null=True)
    tmdb_id = IntegerAttribute(null=True)
    active = BooleanAttribute(default=True)
    notes = UnicodeAttribute(null=True)

    prefix = ACTOR
    collection = "ACTORS"
    orders: ClassVar = {"name": Order("gsi1", table.fold)}
    ordered = (("playing_age_min", "playing_age_max"),)
    missing = ActorNotFound
    copied = ("name",)
    own_list = ("gsi2", "~~")  # beyond `table.LAST`, because the list is read backwards

    def in_role(self, role: RoleItem) -> dict[str, Any]:
        return {
            "actor_name": self.name,
            "gsi1sk": cast_key(role.billing_order, self.name, self.id),
        }


_actors = Collection(Actor)
SORTS, add, page = _actors.sorts, _actors.add, _actors.page


def get(actor_id: str) -> tuple[Actor, Page[RoleItem]]:
    """Read an actor and their first roles: one Query. Raise ActorNotFound.

    The role in the newest movie is first if these are all.
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
    """Remove an actor and all their roles. See `links.remove`."""
    return links.remove(Actor, actor_id, versions)
