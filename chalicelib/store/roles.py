"""Roles: who plays whom in what.

A role is two items, one beside its movie and one beside its actor, so that each of them reads its
roles with one Query. Both are written and removed in one transaction, which also counts them on
either side.
"""

from typing import Any, ClassVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.errors import (
    ActorNotFound,
    AlreadyCast,
    ApiError,
    BadCursor,
    Contended,
    MovieNotFound,
    RoleNotFound,
    VersionMoved,
)
from chalicelib.store import table
from chalicelib.store.table import ConditionFailed, IntegerAttribute, Item, Moved, Page, Step

MOVIE, ACTOR, ROLE = "MOVIE#", "ACTOR#", "ROLE#"
UNBILLED = "9999"


class Parent(Item):
    """What a role hangs from, a movie or an actor. It counts its roles, and they show its name."""

    role_count = IntegerAttribute(default=0)
    deleting = UnicodeAttribute(null=True)  # since when; from then on it is not found any more
    renaming = UnicodeAttribute(null=True)  # since when; until all its roles show its name
    renamed = UnicodeAttribute(null=True)  # how far: `<of how many> <seen> <sk of the last>`

    copied: ClassVar[tuple[str, ...]]
    """Its fields that stand in its roles, on their other side."""

    def in_role(self, role: "Role") -> dict[str, Any]:
        """Give the attributes by which this role's item on the other side shows this parent."""
        raise NotImplementedError

    def listed(self) -> dict[str, Any]:
        """Give the attributes by which it stands in the lists."""
        raise NotImplementedError

    def as_read(self) -> Condition:
        """Hold while this parent is there and what its roles copy is what was read."""
        condition: Condition = ALIVE
        for name in self.copied:
            attribute, value = getattr(type(self), name), getattr(self, name)
            condition &= attribute.does_not_exist() if value is None else attribute == value
        return condition


ALIVE = Parent.pk.exists() & Parent.deleting.does_not_exist()


class Role(Item, discriminator="role"):
    """One of a role's two items. The id is `<movie id>.<actor id>`."""

    character_name = UnicodeAttribute(null=True)
    billing_order = IntegerAttribute(null=True)
    actor_name = UnicodeAttribute(null=True)  # beside the movie
    movie_title = UnicodeAttribute(null=True)  # beside the actor
    movie_release_date = UnicodeAttribute(null=True)  # beside the actor

    @property
    def movie_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def actor_id(self) -> str:
        return self.id.partition(".")[2]


def keys(
    role_id: str, missing: type[ApiError] = RoleNotFound
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Give the keys of a role's two items, beside the movie and beside the actor.

    Refuses with `missing` what cannot be a role's id.
    """
    movie_id, _, actor_id = role_id.partition(".")
    return (
        (table.key(MOVIE, movie_id, missing), table.key(ROLE, actor_id, missing)),
        (ACTOR + actor_id, ROLE + movie_id),
    )


def cast_key(billing_order: int | None, actor_name: str, actor_id: str) -> str:
    """Give the place in a movie's cast: in billing order, then those without one by name."""
    billing = UNBILLED if billing_order is None else f"{billing_order:04}"
    return table.sort_key(billing, table.fold(actor_name), actor_id)


def found_parent(item: Item | None, missing: type[ApiError]) -> Parent:
    """Give the movie or actor that was read; `missing` where it is not there, or not any more."""
    if not isinstance(item, Parent) or item.deleting:
        raise missing()
    return item


def add(movie_id: str, actor_id: str, request: str | None = None, **fields: Any) -> Role:
    """Cast an actor: one read and one transaction. Of a request made before it gives the role.

    Refuses with MovieNotFound, ActorNotFound, AlreadyCast or KeyReused.
    """
    movie_key = table.key(MOVIE, movie_id, MovieNotFound)
    actor_key = table.key(ACTOR, actor_id, ActorNotFound)
    role_id = f"{movie_id}.{actor_id}"

    def attempt() -> Role:
        movie_item, actor_item = table.get_all([(movie_key, "#"), (actor_key, "#")])
        movie = found_parent(movie_item, MovieNotFound)
        actor = found_parent(actor_item, ActorNotFound)
        time = table.now()
        beside_movie, beside_actor = (
            Role(*key, id=role_id, created_at=time, updated_at=time, version=1, request=request)
            for key in keys(role_id)
        )
        for role in (beside_movie, beside_actor):
            role.set(**fields)
        place(beside_movie, beside_actor, movie, actor)
        try:
            table.transact(
                [
                    table.put_step(beside_movie, ConditionFailed),
                    table.put_step(beside_actor, AlreadyCast),
                    count_step(movie_key, 1, movie.as_read()),
                    count_step(actor_key, 1, actor.as_read()),
                ]
            )
        except ConditionFailed as failed:
            made = _made_by(failed.item, request)
            if made is None:
                raise AlreadyCast() from failed
            return made
        return beside_movie

    try:
        return table.exclusively(attempt)
    except Contended:
        # Perhaps with itself: many replays at once are in each other's way.
        made = _made_by(table.get(*keys(role_id)[0]), request) if request else None
        if made is None:
            raise
        return made


def _made_by(item: Item | None, request: str | None) -> Role | None:
    return item if isinstance(item, Role) and table.made_by(item, request) else None


def place(beside_movie: Role, beside_actor: Role, movie: Parent, actor: Parent) -> None:
    """Set what a role's two items show of its movie and actor, and their places in the lists."""
    beside_movie.set(
        gsi1pk=movie.pk,
        gsi2pk="ROLES",
        gsi2sk=table.sort_key(beside_movie.created_at, beside_movie.id),
        **actor.in_role(beside_movie),
    )
    beside_actor.set(gsi2pk=actor.pk, **movie.in_role(beside_actor))


def get(role_id: str) -> Role:
    """Read a role: one GetItem. Refuses with RoleNotFound."""
    role = table.get(*keys(role_id)[0])
    if not isinstance(role, Role):
        raise RoleNotFound()
    return role


def page(
    *, movie_id: str | None = None, actor_id: str | None = None, after: str | None, limit: int
) -> Page[Role]:
    """List roles: all of them, the newest first, or a movie's, or an actor's, or the one of both.

    One request. Refuses with BadCursor.
    """
    if movie_id is not None and actor_id is not None:
        return _the_one(f"{movie_id}.{actor_id}", after)
    if movie_id is not None:
        return _beside(MOVIE, movie_id, after, limit)
    if actor_id is not None:
        return _beside(ACTOR, actor_id, after, limit)
    newest_first = table.page(
        "gsi2",
        "ROLES",
        after=after,
        limit=limit,
        forward=False,
        key_of=lambda role_id: keys(role_id, BadCursor)[0],
    )
    return _roles(newest_first)


def _the_one(role_id: str, after: str | None) -> Page[Role]:
    if after is not None:
        raise BadCursor()
    try:
        return Page([get(role_id)], None)
    except RoleNotFound:
        return Page([], None)


def _beside(kind: str, parent_id: str, after: str | None, limit: int) -> Page[Role]:
    if not table.is_id(parent_id):
        return Page([], None)
    if after is not None and after != table.key(ROLE, after.removeprefix(ROLE), BadCursor):
        raise BadCursor()
    found = table.children(kind + parent_id, limit + 1, after, only=Role.sk.startswith(ROLE))
    return _roles(table.cut(found, limit, "sk"))


def cast(movie_id: str, *, after: str | None, limit: int) -> Page[Role]:
    """List a movie's cast in billing order: one Query. Refuses with MovieNotFound and BadCursor.

    Where nobody is left to list, one GetItem more tells an empty cast from no movie.
    """
    pk = table.key(MOVIE, movie_id, MovieNotFound)
    found = table.page(
        "gsi1",
        pk,
        after=after,
        limit=limit,
        key_of=lambda actor_id: (pk, table.key(ROLE, actor_id, BadCursor)),
    )
    return _of_parent(found, pk, MovieNotFound)


def filmography(actor_id: str, *, after: str | None, limit: int) -> Page[Role]:
    """List an actor's movies, the newest first; otherwise as `cast`, with ActorNotFound."""
    pk = table.key(ACTOR, actor_id, ActorNotFound)
    found = table.page(
        "gsi2",
        pk,
        after=after,
        limit=limit,
        forward=False,
        key_of=lambda movie_id: (pk, table.key(ROLE, movie_id, BadCursor)),
    )
    return _of_parent(found, pk, ActorNotFound)


def _of_parent(found: Page[Item], pk: str, missing: type[ApiError]) -> Page[Role]:
    roles = _roles(found)
    # A movie or actor that is being deleted stands before its own roles here.
    if not roles.items or len(roles.items) < len(found.items):
        found_parent(table.get(pk, "#"), missing)
    return roles


def _roles(page: Page[Item]) -> Page[Role]:
    return Page([item for item in page.items if isinstance(item, Role)], page.last)


def change(role_id: str, fields: dict[str, Any], versions: frozenset[int] | None) -> Role:
    """Change the given fields: one read and one transaction.

    Refuses with RoleNotFound, and with VersionMoved where it is at none of `versions`.
    """
    beside_movie, beside_actor = keys(role_id)

    def attempt() -> Role:
        role = get(role_id)
        if versions is not None and role.version not in versions:
            raise VersionMoved(role.version)
        as_read = (Role.version == role.version) & (Role.actor_name == role.actor_name)
        changes = {**fields, "updated_at": table.now(), "version": role.version + 1}
        role.set(**changes)
        role.set(gsi1sk=cast_key(role.billing_order, role.actor_name or "", role.actor_id))
        of_movie = table.sets(Role, {**changes, "gsi1sk": role.gsi1sk})
        of_actor = table.sets(Role, changes)
        table.transact(
            [
                table.update_step(*beside_movie, of_movie, as_read, Moved),
                table.update_step(*beside_actor, of_actor, Role.pk.exists(), Moved),
            ]
        )
        return role

    return table.exclusively(attempt)


def remove(role_id: str, versions: frozenset[int] | None) -> None:
    """Take an actor out of a movie: one transaction, after one read where `versions` are given.

    Refuses with RoleNotFound, and with VersionMoved where it is at none of `versions`.
    """
    (movie_key, _), (actor_key, _) = beside_movie, beside_actor = keys(role_id)

    def attempt() -> None:
        condition = Role.pk.exists()
        if versions is not None:
            role = get(role_id)
            if role.version not in versions:
                raise VersionMoved(role.version)
            condition &= Role.version == role.version
        table.transact(
            [
                table.delete_step(
                    *beside_movie, condition, RoleNotFound if versions is None else Moved
                ),
                table.delete_step(*beside_actor, Role.pk.exists(), RoleNotFound),
                count_step(movie_key, -1, Parent.pk.exists()),
                count_step(actor_key, -1, Parent.pk.exists()),
            ]
        )

    table.exclusively(attempt)


def count_step(pk: str, change: int, condition: Condition) -> Step:
    """Count the roles of a movie or actor up or down; Moved where the condition fails."""
    return table.update_step(pk, "#", [Parent.role_count.add(change)], condition, Moved)
