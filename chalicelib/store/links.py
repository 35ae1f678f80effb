"""What movies and actors have in common: they stand at one end of roles, which must never dangle.

Changing or removing one touches the other end of each of its roles. While that fits into one
transaction it is one; beyond, it is done in steps each of which leaves the table right, and which
the same request, sent again, takes up where they stopped. `Parent` itself is in roles.py.
"""

import contextlib
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from pynamodb.expressions.condition import Condition

from chalicelib.errors import ApiError, TryAgain, VersionMoved
from chalicelib.store import table
from chalicelib.store.roles import ALIVE, Parent, Role, count_step, found_parent, keys
from chalicelib.store.table import ATTEMPTS, MAX_ACTIONS, ConditionFailed, Item, Moved, Page, Step

SHOWN = 100
"""Roles that are shown with their movie or actor."""

REMOVED = (MAX_ACTIONS - 1) // 3
"""Roles that one transaction removes: for each two items and a count, for all the parent."""

RENAMED = MAX_ACTIONS - 1
"""Roles that one transaction renames: for each the item at the other end, for all the parent."""

P = TypeVar("P", bound=Parent)


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
) -> tuple[P, int]:
    """Set these attributes; None removes one. Gives the item as it is then, and how many roles do
    not show it yet: 0 unless they were too many for one transaction and time or table did not
    suffice; the next change goes on with them.

    One UpdateItem where no role shows what is changed. Refuses with `missing`, and with
    VersionMoved where it is at none of `versions`.
    """
    changes = {**changes, "updated_at": table.now()}
    actions = [*table.sets(item_type, changes), item_type.version.add(1)]
    renamed = not changes.keys().isdisjoint(item_type.copied)
    condition = ALIVE & _at(versions)
    try:
        alone = condition & (Parent.role_count == 0) if renamed else condition
        return _named(table.update(item_type, pk, "#", actions, alone))
    except ConditionFailed as failed:
        _check(failed.item, versions, missing)
        if not renamed:
            raise

    def attempt() -> tuple[P, bool]:
        parent, roles = _family(pk, RENAMED + 1)
        _check(parent, versions, missing)
        parent = cast(P, parent)
        if len(roles) <= RENAMED:
            as_read = ALIVE & (Parent.role_count == len(roles)) & (Parent.version == parent.version)
            parent.set(**changes, version=parent.version + 1, renaming=None, renamed=None)
            parent.set(role_count=len(roles))
            done = [*actions, Parent.renaming.remove(), Parent.renamed.remove()]
            renamed_parent = table.update_step(pk, "#", done, as_read, Moved)
            table.transact([renamed_parent, *(_rename_step(parent, role) for role in roles)])
            return parent, True
        # The parent first: whoever is cast from now on copies the new name.
        begun, held = [*actions, Parent.renaming.set(changes["updated_at"])], condition
        if parent.renaming and _is_named(parent, changes):
            held &= parent.as_read()  # sent again: it goes on from where it is
        else:
            begun.append(Parent.renamed.remove())
        try:
            return table.update(item_type, pk, "#", begun, held), False
        except ConditionFailed as failed:
            raise Moved() from failed

    parent, done = table.exclusively(attempt)
    return (parent, 0) if done else _named(parent)


def _named(parent: P) -> tuple[P, int]:
    return parent, rename_roles(parent) if parent.renaming else 0


def rename_roles(parent: Parent) -> int:
    """Let all roles of a movie or actor show its name; gives how many could not be reached.

    What has begun is not refused: where the table or the time does not suffice, the rest is left.
    """
    walk = _walk_of(parent)
    try:
        for _ in range(ATTEMPTS):
            while not walk.ended:
                walk = _rename_batch(parent, walk)
            # A role whose casting is under way may be counted and not be seen yet: the renaming is
            # done when as many were seen as there were, from before the first to after the last.
            if walk.seen == walk.of:
                whole = _unfinished(parent) & (Parent.role_count == walk.of)
                done = [Parent.renaming.remove(), Parent.renamed.remove()]
                with contextlib.suppress(ConditionFailed):
                    table.update(type(parent), parent.pk, "#", done, whole)
                    return 0
            parent = _reread(parent)
            walk = Walk(of=parent.role_count)
    except Gone:
        return 0  # whoever renamed it meanwhile goes on with all of the roles
    except TryAgain:
        return max(parent.role_count - walk.seen, 1)
    return 1  # at least: others keep changing its roles


@dataclass(frozen=True)
class Walk:
    """How far a renaming is: of how many roles how many have been seen, and the last of these."""

    of: int
    seen: int = 0
    last: str = "#"
    ended: bool = False


def _walk_of(parent: Parent) -> Walk:
    if parent.renamed is None:
        return Walk(of=parent.role_count)
    of, seen, last = parent.renamed.split(" ")
    return Walk(int(of), int(seen), last)


class Gone(Exception):
    """A movie or actor whose roles were being renamed has since been renamed again, or deleted."""


def _rename_batch(parent: Parent, walk: Walk) -> Walk:
    """Rename the next roles, and write down how far it is then."""

    def attempt() -> Walk:
        roles = [r for r in table.children(parent.pk, RENAMED, walk.last) if isinstance(r, Role)]
        if not roles:
            return replace(walk, ended=True)
        seen, last = walk.seen + len(roles), roles[-1].sk
        progress = [Parent.renamed.set(f"{walk.of} {seen} {last}")]
        going_on = table.update_step(parent.pk, "#", progress, _unfinished(parent), Gone)
        table.transact([going_on, *(_rename_step(parent, role) for role in roles)])
        return Walk(walk.of, seen, last, ended=len(roles) < RENAMED)

    return table.exclusively(attempt)


def _unfinished(parent: Parent) -> Condition:
    """Hold while the renaming that was read is the one that goes on."""
    condition: Condition = parent.as_read() & (Parent.renaming == parent.renaming)
    return condition


def _is_named(parent: Parent, changes: dict[str, Any]) -> bool:
    """Tell whether its roles would show nothing else after these changes."""
    shown = {name: getattr(parent, name) for name in parent.copied}
    return all(changes.get(name, value) == value for name, value in shown.items())


def _reread(parent: P) -> P:
    found = table.get(parent.pk, "#")
    if not isinstance(found, type(parent)) or found.deleting or found.renaming != parent.renaming:
        raise Gone()
    return found


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
) -> int:
    """Remove a movie or actor with all its roles. Gives how many of these could not be reached.

    One transaction while they are few, which where there are none is one request. Beyond, it is
    first marked as `deleting` and given the attributes `hidden`, which take it out of the lists;
    from then on it is gone for everyone, and the next removal goes on with what remains. Refuses
    with `missing`, and with VersionMoved where it is at none of `versions`.
    """
    condition = Parent.pk.exists() & (Parent.deleting.exists() | _at(versions))
    try:
        alone = condition & (Parent.role_count == 0)
        table.transact([table.delete_step(pk, "#", alone, ConditionFailed)])
        return 0
    except ConditionFailed as failed:
        if not (isinstance(failed.item, Parent) and failed.item.deleting):
            _check(failed.item, versions, missing)

    left, begun = 0, False

    def attempt() -> int:
        nonlocal left, begun
        parent, roles = _family(pk, REMOVED + 1)
        if parent is None:
            raise missing()
        begun = bool(parent.deleting)
        left = max(parent.role_count, 1)
        if not begun:
            _check(parent, versions, missing)
        batch = roles[:REMOVED]
        removals = [step for role in batch for step in _remove_steps(role)]
        if len(roles) <= REMOVED:
            whole = condition & (Parent.role_count == len(batch))
            table.transact([table.delete_step(pk, "#", whole, Moved), *removals])
            return 0
        if not begun:
            mark = table.sets(Parent, {**hidden, "deleting": table.now()})
            try:
                table.update(type(parent), pk, "#", mark, ALIVE & condition)
            except ConditionFailed as failed:
                raise Moved() from failed
            begun = True
        table.transact([count_step(pk, -len(batch), Parent.pk.exists()), *removals])
        left = max(left - len(batch), 1)
        return left

    try:
        while table.exclusively(attempt):
            pass
    except TryAgain:
        # What has begun is not refused: where the table or the time does not suffice, it is left.
        if not begun:
            raise
        return left
    return 0


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
    """Hold where the version is one of these; None allows every version, the empty set none."""
    return Parent.version.is_in(*(versions or {0})) if versions is not None else Parent.pk.exists()


def _check(item: Item | None, versions: frozenset[int] | None, missing: type[ApiError]) -> None:
    parent = found_parent(item, missing)
    if versions is not None and parent.version not in versions:
        raise VersionMoved(parent.version)
