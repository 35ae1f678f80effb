"""Changes and removals of movies and actors, which stand at one end of roles.

Each of them also writes the other end of every role. It is one transaction while that fits into
one. Beyond, it is done in steps. Each step leaves the table consistent, and the same request, sent
again, continues after the last step.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from pynamodb.expressions.condition import Condition

from chalicelib.errors import ApiError, TryAgain
from chalicelib.limits import SHOWN_ROLES
from chalicelib.store import dynamodb, table
from chalicelib.store.casting import count_step
from chalicelib.store.dynamodb import (
    ATTEMPTS,
    MAX_ACTIONS,
    ChangedMeanwhile,
    ConditionFailed,
    Step,
)
from chalicelib.store.items import ALIVE, Parent, RoleItem, found_parent, role_keys
from chalicelib.store.resource import SK, all_of, at, check_order, check_version
from chalicelib.store.table import Item, Page

REMOVED = (MAX_ACTIONS - 1) // 3
"""Roles that one transaction removes: two items and a count for each, and the parent once."""

RENAMED = MAX_ACTIONS - 1
"""Roles that one transaction renames: the item at the other end of each, and the parent once."""

P = TypeVar("P", bound=Parent)


def get(item_type: type[P], resource_id: str) -> tuple[P, Page[RoleItem]]:
    """Read a movie or actor and its first SHOWN_ROLES roles: one Query. Raise its `missing`."""
    parent, roles = _family(item_type.partition(resource_id), SHOWN_ROLES + 1)
    return cast(P, found_parent(parent, item_type.missing)), table.cut(roles, SHOWN_ROLES, "sk")


def change(
    item_type: type[P],
    resource_id: str,
    fields: dict[str, Any],
    versions: frozenset[int] | None,
) -> tuple[P, int]:
    """Change these fields; None removes a value. One UpdateItem if no role shows them.

    Return the changed item, and the number of roles that do not show the change yet. That is 0
    unless there were too many for one transaction and time or capacity ran out. The next change
    continues with them.

    Raise the type's `missing`, VersionMismatch if its version is not in `versions`, and Unordered.
    """
    pk = item_type.partition(resource_id)
    places = item_type.places(resource_id, fields)
    changes = {**fields, **places, "updated_at": table.now()}
    actions = [*table.set_actions(item_type, changes), item_type.version.add(1)]
    is_renaming = not changes.keys().isdisjoint(item_type.copied)
    condition = all_of(ALIVE & at(versions), *item_type.keeps_order(fields))
    try:
        without_roles = condition & (Parent.role_count == 0) if is_renaming else condition
        return _finish_renaming(dynamodb.update(item_type, pk, SK, actions, without_roles))
    except ConditionFailed as failed:
        _check(failed.item, versions, item_type.missing)
        check_order(cast(P, failed.item), fields)
        if not is_renaming:
            raise

    def attempt() -> tuple[P, bool]:
        item, roles = _family(pk, RENAMED + 1)
        _check(item, versions, item_type.missing)
        parent = cast(P, item)
        check_order(parent, fields)
        if len(roles) <= RENAMED:
            unchanged = (
                ALIVE & (Parent.role_count == len(roles)) & (Parent.version == parent.version)
            )
            parent.set(**changes, version=parent.version + 1, renaming=None, renamed=None)
            parent.set(role_count=len(roles))
            all_actions = [*actions, Parent.renaming.remove(), Parent.renamed.remove()]
            parent_step = dynamodb.update_step(pk, SK, all_actions, unchanged, ChangedMeanwhile)
            dynamodb.transact([parent_step, *(_rename_step(parent, role) for role in roles)])
            return parent, True
        # The parent first: roles that are added from now on copy the new name.
        first_actions = [*actions, Parent.renaming.set(changes["updated_at"])]
        first_condition = condition
        if parent.renaming and _has_name(parent, changes):
            first_condition &= parent.unchanged()  # sent again: continue after the last step
        else:
            first_actions.append(Parent.renamed.remove())
        try:
            return dynamodb.update(item_type, pk, SK, first_actions, first_condition), False
        except ConditionFailed as failed:
            raise ChangedMeanwhile() from failed

    parent, is_finished = dynamodb.retry(attempt)
    return (parent, 0) if is_finished else _finish_renaming(parent)


def _finish_renaming(parent: P) -> tuple[P, int]:
    return parent, rename_roles(parent) if parent.renaming else 0


def rename_roles(parent: Parent) -> int:
    """Copy the parent's name into all of its roles. Return the number of roles not updated yet.

    Nothing is raised when time or capacity runs out: the renaming has begun, and can be continued.
    """
    walk = _walk_of(parent)
    try:
        for _ in range(ATTEMPTS):
            while not walk.ended:
                walk = _rename_batch(parent, walk)
            # A role that is being added may be counted and not visible yet. So the renaming ends
            # only when the walk has seen as many roles as the parent has counted all the time.
            if walk.seen == walk.total:
                complete = _same_renaming(parent) & (Parent.role_count == walk.total)
                actions = [Parent.renaming.remove(), Parent.renamed.remove()]
                with contextlib.suppress(ConditionFailed):
                    dynamodb.update(type(parent), parent.pk, SK, actions, complete)
                    return 0
            parent = _reread(parent)
            walk = Walk(total=parent.role_count)
    except RenamingSuperseded:
        return 0  # the later renaming, or the removal, continues with all of the roles
    except TryAgain:
        return max(parent.role_count - walk.seen, 1)
    return 1  # at least one: other requests keep changing its roles


@dataclass(frozen=True)
class Walk:
    """The progress of a renaming: roles in total, roles seen, and the sk of the last of these."""

    total: int
    seen: int = 0
    last: str = SK
    ended: bool = False


def _walk_of(parent: Parent) -> Walk:
    if parent.renamed is None:
        return Walk(total=parent.role_count)
    total, seen, last = parent.renamed.split(" ")
    return Walk(int(total), int(seen), last)


class RenamingSuperseded(Exception):
    """While its roles were being renamed, the parent was renamed again, or deleted."""


def _rename_batch(parent: Parent, walk: Walk) -> Walk:
    """Rename the next roles, and store the progress. Return it."""

    def attempt() -> Walk:
        items = dynamodb.children(parent.pk, RENAMED, walk.last)
        roles = [item for item in items if isinstance(item, RoleItem)]
        if not roles:
            return replace(walk, ended=True)
        seen, last = walk.seen + len(roles), roles[-1].sk
        progress = [Parent.renamed.set(f"{walk.total} {seen} {last}")]
        progress_step = dynamodb.update_step(
            parent.pk, SK, progress, _same_renaming(parent), RenamingSuperseded
        )
        dynamodb.transact([progress_step, *(_rename_step(parent, role) for role in roles)])
        return Walk(walk.total, seen, last, ended=len(roles) < RENAMED)

    return dynamodb.retry(attempt)


def _same_renaming(parent: Parent) -> Condition:
    """Return the condition that the renaming that was read is still in progress."""
    condition: Condition = parent.unchanged() & (Parent.renaming == parent.renaming)
    return condition


def _has_name(parent: Parent, changes: dict[str, Any]) -> bool:
    """Return whether these changes leave all copied fields as they are."""
    copied = {name: getattr(parent, name) for name in parent.copied}
    return all(changes.get(name, value) == value for name, value in copied.items())


def _reread(parent: P) -> P:
    item = dynamodb.get(parent.pk, SK)
    if not isinstance(item, type(parent)) or item.deleting or item.renaming != parent.renaming:
        raise RenamingSuperseded()
    return item


def _rename_step(parent: Parent, role: RoleItem) -> Step:
    # If the role has changed since it was read, its place in the cast may differ by now.
    unchanged = RoleItem.version == role.version
    actions = table.set_actions(RoleItem, parent.in_role(role))
    return dynamodb.update_step(*_other_end(role), actions, unchanged, ChangedMeanwhile)


def remove(
    item_type: type[Parent],
    resource_id: str,
    versions: frozenset[int] | None,
    remove_next: Callable[[Any], None],
) -> int:
    """Remove a movie or actor with everything linked to it. Return the number still to be removed.

    One transaction if its roles fit into it, and one request if there are none. Otherwise, and if
    it has parts or candidacies, the parent is first marked as `deleting` and leaves its lists: from
    then on it is not found. The next removal continues with the rest. `remove_next` removes some of
    the parts or candidacies.

    Raise the type's `missing`, and VersionMismatch if its version is not in `versions`.
    """
    pk = item_type.partition(resource_id)
    condition = Parent.pk.exists() & (Parent.deleting.exists() | at(versions))
    try:
        without_roles = condition & (Parent.role_count == 0) & item_type.has_no_links()
        dynamodb.transact([dynamodb.delete_step(pk, SK, without_roles, ConditionFailed)])
        return 0
    except ConditionFailed as failed:
        if not (isinstance(failed.item, Parent) and failed.item.deleting):
            _check(failed.item, versions, item_type.missing)

    removal = Removal(item_type, pk, versions, condition, remove_next)
    try:
        while dynamodb.retry(removal.step):
            pass
    except TryAgain:
        # A removal that has begun cannot be refused any more: the rest is left for the next one.
        if not removal.begun:
            raise
        return removal.remaining
    return 0


@dataclass
class Removal:
    """A removal in steps, and its progress."""

    item_type: type[Parent]
    pk: str
    versions: frozenset[int] | None
    condition: Condition
    remove_next: Callable[[Any], None]
    begun: bool = False
    remaining: int = 0

    def step(self) -> int:
        """Remove the next parts or candidacies, then roles, and the parent with the last of them.

        Return what remains.
        """
        parent, roles = _family(self.pk, REMOVED + 1)
        if parent is None:
            raise self.item_type.missing()
        self.begun = bool(parent.deleting)
        self.remaining = max(parent.role_count + parent.linked_count, 1)
        if not self.begun:
            _check(parent, self.versions, self.item_type.missing)
        if parent.linked_count:
            if not self.begun:
                self._mark(parent)
            self.remove_next(parent)
            return self.remaining
        batch = roles[:REMOVED]
        role_steps = [step for role in batch for step in _remove_steps(role)]
        if len(roles) <= REMOVED:
            complete = self.condition & (Parent.role_count == len(batch))
            complete &= self.item_type.has_no_links()
            parent_step = dynamodb.delete_step(self.pk, SK, complete, ChangedMeanwhile)
            dynamodb.transact([parent_step, *role_steps])
            return 0
        if not self.begun:
            self._mark(parent)
        parent_step = count_step(self.pk, -len(batch), Parent.pk.exists())
        dynamodb.transact([parent_step, *role_steps])
        self.remaining = max(self.remaining - len(batch), 1)
        return self.remaining

    def _mark(self, parent: Parent) -> None:
        mark = table.set_actions(Parent, {**parent.hidden(), "deleting": table.now()})
        try:
            dynamodb.update(self.item_type, self.pk, SK, mark, ALIVE & self.condition)
        except ConditionFailed as failed:
            raise ChangedMeanwhile() from failed
        self.begun = True


def _remove_steps(role: RoleItem) -> list[Step]:
    other_pk, other_sk = _other_end(role)
    # A role with parts is left to the removal of its candidates.
    has_no_parts = RoleItem.pk.exists() & RoleItem.part_ids.does_not_exist()
    return [
        dynamodb.delete_step(role.pk, role.sk, has_no_parts, ChangedMeanwhile),
        dynamodb.delete_step(other_pk, other_sk, has_no_parts, ChangedMeanwhile),
        count_step(other_pk, -1, Parent.pk.exists()),
    ]


def _other_end(role: RoleItem) -> tuple[str, str]:
    beside_movie, beside_actor = role_keys(role.id)
    return beside_actor if role.pk == beside_movie[0] else beside_movie


def _family(pk: str, roles: int) -> tuple[Parent | None, list[RoleItem]]:
    """Read a movie or actor and up to this many of its roles: one Query."""
    items = dynamodb.children(pk, roles + 1)
    parent = items[0] if items and isinstance(items[0], Parent) else None
    return parent, [item for item in items if isinstance(item, RoleItem)]


def _check(item: Item | None, versions: frozenset[int] | None, missing: type[ApiError]) -> None:
    check_version(found_parent(item, missing), versions)
