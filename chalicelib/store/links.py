"""What movies and actors have in common: they stand at one end of roles, which must never dangle.

Changing or removing one touches the other end of each of its roles. While that fits into one
transaction it is one; beyond, it is done in steps each of which leaves the table right, and which
the same request, sent again, takes up where they stopped. `Parent` itself is in roles.py.
"""

import functools
from typing import Any, TypeVar, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.errors import ApiError, VersionMoved
from chalicelib.store import table
from chalicelib.store.roles import ALIVE, Parent, Role, count_step, found_parent, keys
from chalicelib.store.table import MAX_ACTIONS, ConditionFailed, Item, Moved, Page, Step

SHOWN = 100
"""Roles that are shown with their movie or actor."""

REMOVED = (MAX_ACTIONS - 1) // 3
"""Roles that one transaction removes: for each two items and a count, for all the parent."""

RENAMED = MAX_ACTIONS - 1
"""Roles that one transaction renames: for each the item at the other end, for all the parent."""

P = TypeVar("P", bound=Parent)


class Gone(Exception):
    """A movie or actor whose roles were being renamed has since been renamed again, or deleted."""


def get(pk: str, missing: type[ApiError]) -> tuple[Parent, Page[Role]]:
    """Read a movie or actor and its first roles: one Query. Refuses with `missing`."""
    parent, roles = _family(pk, SHOWN + 1)
    return found_parent(parent, missing), table.cut(roles, SHOWN, "sk")


def change(
    item_type: type[P],
    pk: str,
    changes: dict[str, Any],
    versions: frozenset[int] | None,
    missing: type[ApiError],
) -> P:
    """Set these attributes; None removes one. Gives the item as it is then.

    One UpdateItem where no role shows what is changed. Refuses with `missing`, and with
    VersionMoved where it is at none of `versions`.
    """
    changes = {**changes, "updated_at": table.now()}
    actions = [*table.sets(item_type, changes), item_type.version.add(1)]
    renamed = not changes.keys().isdisjoint(item_type.copied)
    condition = ALIVE & _at(versions)
    try:
        alone = condition & (Parent.role_count == 0) if renamed else condition
        return table.update(item_type, pk, "#", actions, alone)
    except ConditionFailed as failed:
        _check(failed.item, versions, missing)
        if not renamed:
            raise

    def attempt() -> P:
        parent, roles = _family(pk, RENAMED + 1)
        _check(parent, versions, missing)
        parent = cast(P, parent)
        if len(roles) > RENAMED:
            return _rename_in_steps(item_type, pk, actions, condition)
        as_read = ALIVE & (Parent.role_count == len(roles)) & (Parent.version == parent.version)
        parent.set(**changes, version=parent.version + 1)
        renamed_parent = table.update_step(pk, "#", actions, as_read, Moved)
        table.transact([renamed_parent, *(_rename_step(parent, role) for role in roles)])
        return parent

    return table.exclusively(attempt)


def _rename_in_steps(item_type: type[P], pk: str, actions: list[Action], condition: Condition) -> P:
    # The parent first: whoever is cast from now on copies the new name. Then the roles that were
    # there, each batch on condition that the name is still this one.
    try:
        parent = table.update(item_type, pk, "#", actions, condition)
    except ConditionFailed as failed:
        raise Moved() from failed

    def batch_after(last: str) -> str | None:
        roles = [r for r in table.children(pk, RENAMED, last) if isinstance(r, Role)]
        if not roles:
            return None
        unchanged = table.check_step(pk, "#", parent.as_read(), Gone)
        table.transact([unchanged, *(_rename_step(parent, role) for role in roles)])
        return roles[-1].sk

    last: str | None = "#"
    try:
        while last:
            last = table.exclusively(functools.partial(batch_after, last))
    except Gone:
        pass  # whoever renamed it meanwhile goes on with all of the roles
    return parent


def _rename_step(parent: Parent, role: Role) -> Step:
    # A role that was changed since it was read may have another place in the cast by now.
    as_read = Role.version == role.version
    actions = table.sets(Role, parent.in_role(role))
    return table.update_step(*_other_end(role), actions, as_read, Moved)


def remove(
    pk: str,
    hidden: dict[str, Any],
    versions: frozenset[int] | None,
    missing: type[ApiError],
) -> None:
    """Remove a movie or actor with all its roles.

    One DeleteItem where it has none, else one transaction while they are few. Beyond, it is first
    marked as `deleting` and given the attributes `hidden`, which take it out of the lists. Refuses
    with `missing`, and with VersionMoved where it is at none of `versions`.
    """
    condition = Parent.pk.exists() & (Parent.deleting.exists() | _at(versions))
    try:
        table.delete(pk, "#", condition & (Parent.role_count == 0))
        return
    except ConditionFailed as failed:
        if not (isinstance(failed.item, Parent) and failed.item.deleting):
            _check(failed.item, versions, missing)

    def finished() -> bool:
        parent, roles = _family(pk, REMOVED + 1)
        if parent is None:
            raise missing()
        if not parent.deleting:
            _check(parent, versions, missing)
        batch = roles[:REMOVED]
        removals = [step for role in batch for step in _remove_steps(role)]
        if len(roles) <= REMOVED:
            whole = condition & (Parent.role_count == len(batch))
            table.transact([table.delete_step(pk, "#", whole, Moved), *removals])
            return True
        if not parent.deleting:
            mark = table.sets(Parent, {**hidden, "deleting": table.now()})
            try:
                table.update(type(parent), pk, "#", mark, ALIVE & condition)
            except ConditionFailed as failed:
                raise Moved() from failed
        table.transact([count_step(pk, -len(batch), Parent.pk.exists()), *removals])
        return False

    while not table.exclusively(finished):
        pass


def _remove_steps(role: Role) -> list[Step]:
    other_pk, other_sk = _other_end(role)
    there = Role.pk.exists()
    return [
        table.delete_step(role.pk, role.sk, there, Moved),
        table.delete_step(other_pk, other_sk, there, Moved),
        count_step(other_pk, -1, Parent.pk.exists()),
    ]


def _other_end(role: Role) -> tuple[str, str]:
    beside_movie, beside_actor = keys(role.id)
    return beside_actor if role.pk == beside_movie[0] else beside_movie


def _family(pk: str, roles: int) -> tuple[Parent | None, list[Role]]:
    """Read a movie or actor and up to this many of its roles: one Query."""
    items = table.children(pk, roles + 1)
    parent = items[0] if items and isinstance(items[0], Parent) else None
    return parent, [item for item in items if isinstance(item, Role)]


def _at(versions: frozenset[int] | None) -> Condition:
    """Hold at any of these versions; None is every version, and no version is none of them."""
    return Parent.version.is_in(*(versions or {0})) if versions is not None else Parent.pk.exists()


def _check(item: Item | None, versions: frozenset[int] | None, missing: type[ApiError]) -> None:
    parent = found_parent(item, missing)
    if versions is not None and parent.version not in versions:
        raise VersionMoved(parent.version)
