"""Roles and their parents, the movies and actors.

A role is two items, one beside its movie and one beside its actor, so that each of them reads its
roles with one Query. The parents count their roles.
"""

from typing import Any, ClassVar

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.errors import ApiError, RoleNotFound
from chalicelib.store import table
from chalicelib.store.resource import Resource
from chalicelib.store.table import INDEXES, IntegerAttribute, Item

MOVIE, ACTOR, ROLE = "MOVIE#", "ACTOR#", "ROLE#"
UNBILLED = "9999"


class Parent(Resource):
    """A movie or an actor. It counts its roles, and they show its name."""

    role_count = IntegerAttribute(default=0)
    deleting = UnicodeAttribute(null=True)  # since this time; from then on it is not found
    renaming = UnicodeAttribute(null=True)  # since this time, until all its roles show its name
    renamed = UnicodeAttribute(null=True)  # the progress: `<role count> <seen> <sk of the last>`

    copied: ClassVar[tuple[str, ...]]
    """Its fields that its roles copy, on their other side."""

    own_list: ClassVar[tuple[str, str]]
    """The index of its own roles, and a sort key before all of them."""

    def in_role(self, role: "RoleItem") -> dict[str, Any]:
        """Return the attributes by which this role's item on the other side shows this parent."""
        raise NotImplementedError

    def unchanged(self) -> Condition:
        """Return the condition that it exists, and that the copied fields are as they were read."""
        condition: Condition = ALIVE
        for name in self.copied:
            attribute, value = getattr(type(self), name), getattr(self, name)
            condition &= attribute.does_not_exist() if value is None else attribute == value
        return condition

    def hidden(self) -> dict[str, Any]:
        """Return the attributes that move it from its lists to the head of its own list.

        A Query of its roles then finds that it is being deleted.
        """
        keys: dict[str, Any] = {f"{name}{key}": None for name in INDEXES for key in ("pk", "sk")}
        index, sort_key = self.own_list
        return {**keys, f"{index}pk": self.pk, f"{index}sk": sort_key}


ALIVE = Parent.pk.exists() & Parent.deleting.does_not_exist()


class RoleItem(Item, discriminator="role"):
    """One of a role's two items. The id is `<movie id>.<actor id>`."""

    character_name = UnicodeAttribute(null=True)
    billing_order = IntegerAttribute(null=True)
    role_type = UnicodeAttribute(null=True)
    work_start = UnicodeAttribute(null=True)  # YYYY-MM-DD
    work_end = UnicodeAttribute(null=True)  # YYYY-MM-DD
    part_ids = UnicodeSetAttribute(null=True)  # the parts that casting has joined in this role
    is_cast = BooleanAttribute(null=True)  # casting has made it; it ends with its last part
    actor_name = UnicodeAttribute(null=True)  # beside the movie
    movie_title = UnicodeAttribute(null=True)  # beside the actor
    movie_release_date = UnicodeAttribute(null=True)  # beside the actor

    ordered = (("work_start", "work_end"),)

    @property
    def movie_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def actor_id(self) -> str:
        return self.id.partition(".")[2]


def role_keys(
    role_id: str, missing: type[ApiError] = RoleNotFound
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the keys of a role's two items, beside the movie and beside the actor.

    Raise `missing` if the text cannot be a role's id.
    """
    movie_id, _, actor_id = role_id.partition(".")
    return (
        (table.key(MOVIE, movie_id, missing), table.key(ROLE, actor_id, missing)),
        (ACTOR + actor_id, ROLE + movie_id),
    )


def cast_key(billing_order: int | None, actor_name: str, actor_id: str) -> str:
    """Return the place in a movie's cast: in billing order, then the unbilled by name."""
    billing = UNBILLED if billing_order is None else f"{billing_order:04}"
    return table.sort_key(billing, table.fold(actor_name), actor_id)


def found_parent(item: Item | None, missing: type[ApiError]) -> Parent:
    """Return the movie or actor that was read. Raise `missing` if it is none, or being deleted."""
    if not isinstance(item, Parent) or item.deleting:
        raise missing()
    return item
