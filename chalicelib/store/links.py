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

from chalicelib.errors import ApiError, Contended, TryAgain
from chalicelib.limits import SHOWN_ROLES
from chalicelib.store import dynamodb, entries, history, table
from chalicelib.store.casting import count_step
from chalicelib.store.dynamodb import (
    ATTEMPTS,
    MAX_ACTIONS,
    ChangedMeanwhile,
    ConditionFailed,
    Step,
)
from chalicelib.store.items import Parent, RoleItem, found_parent, role_keys
from chalicelib.store.resource import SK, check_order, check_version
from chalicelib.store.table import Item, Page, Replay

REMOVED = (MAX_ACTIONS - 1) // 4
"""Roles that one transaction removes: two items, a count and a record each, and the parent once."""

RENAMED = MAX_ACTIONS - 1
"""Roles that one transaction renames at most: the item at the other end of each, and the parent."""

P = TypeVar("P", bound=Parent)


def get(item_type: type[P], resource_id: str) -> tuple[P, Page[RoleItem]]:
    """Read a movie or actor and its first SHOWN_ROLES roles: one Query. Raise its `missing`."""
    parent, roles = _family(item_type.partition(resource_id), SHOWN_ROLES + 1)
    return cast(P, found_parent(parent, item_type.missing)), table.cut(roles, SHOWN_ROLES, "sk")


def add(item_type: type[P], by: str, replay: Replay | None, fields: dict[str, Any]) -> P:
    """Add a movie or actor: one transaction. Return the existing one if this POST is a replay.

    `by` is the caller. Raise KeyReused, TooManyTerms and ExternalIdTaken.
    """
    resource_id = table.new_id(replay)
    key = item_type.partition(resource_id), SK
    item = table.new_item(item_type, key, resource_id, replay)
    item.set(**fields)
    item.set(**item.listed(), indexed=item.claims(), recorded_from=1)
    entries.check_number(item)
    try:
        entries.transact(
            [
                dynamodb.put_step(item, ConditionFailed),
                history.created_step(item, by),
                *entries.steps(None, item),
            ]
        )
    except ConditionFailed as failed:
        return cast(P, _created_by(failed.item, replay, failed))
    except Contended as contended:
        # Perhaps with itself: simultaneous replays conflict with each other.
        return cast(P, _created_by(dynamodb.get(*key) if replay else None, replay, contended))
    return item


def _created_by(item: Item | None, replay: Replay | None, error: Exception) -> Item | None:
    """Return the item that the same POST has added before. Raise `error` if it did not."""
    if not dynamodb.created_by(item, replay):
        raise error
    if getattr(item, "deleting", None):
        raise Contended() from error
    return item


def change(
    item_type: type[P],
    resource_id: str,
    fields: dict[str, Any],
    versions: frozenset[int] | None,
    by: str,
) -> tuple[P, int]:
    """Change these fields; None removes a value. One read and one transaction if all fits into it.

    `by` is the caller. Return the changed item, and the number of roles that do not show the change
    yet. That is 0 unless there were too many for one transaction and time or capacity ran out. The
    next change continues with them.

    Raise the type's `missing`, VersionMismatch if its version is not in `versions`, Unordered,
    TooManyTerms and ExternalIdTaken.
    """
    pk = item_type.partition(resource_id)
    is_renaming = not fields.keys().isdisjoint(item_type.copied)

    def attempt() -> P:
        item: Item | None
        roles: list[RoleItem] | None
        if is_renaming:
            item, roles = _family(pk, RENAMED + 1)
        else:
            item, roles = dynamodb.get(pk, SK), None
        _check(item, versions, item_type.missing)
        parent = cast(P, item)
        check_order(parent, fields)
        return _change(parent, roles, fields, by)

    return _finish_change(dynamodb.retry(attempt))


def _change(parent: P, roles: list[RoleItem] | None, fields: dict[str, Any], by: str) -> P:
    """Change a parent, and the roles that show the change if they fit into the transaction.

    `roles` are RENAMED + 1 of them, or None if they do not show it. Return the changed parent.
    """
    changes = {**fields, **parent.places(parent.id, fields), **history.next_version(parent)}
    after = table.copy_of(parent)
    after.set(**changes)
    changes["indexed"] = entries.held_claims(parent, after)
    entries.check_number(after)
    index_steps, claim_steps = entries.steps(parent, after), entries.claim_steps(parent, after)
    in_steps = parent.indexing is not None or len(index_steps) > MAX_ACTIONS - 2
    room = MAX_ACTIONS - 2 - len(claim_steps if in_steps else index_steps)
    rename_steps = [_rename_step(after, role) for role in roles or ()]
    roles_fit = roles is not None and len(roles) <= min(room, RENAMED)
    if roles_fit:
        changes |= {"renaming": None, "renamed": None, "role_count": len(rename_steps)}
    elif roles is not None:
        # The parent first: roles that are added from now on copy the new name.
        changes["renaming"] = changes["updated_at"]
        if not (parent.renaming and _has_name(parent, fields)):
            changes["renamed"] = None  # else it was sent again: continue after the last step
    after.set(**changes)

    def steps(condition: Condition) -> list[Step]:
        if roles_fit:
            condition &= Parent.role_count == len(rename_steps)
        actions = table.set_actions(type(parent), changes)
        return [
            dynamodb.update_step(parent.pk, SK, actions, condition, ChangedMeanwhile),
            history.changed_step(after, by, history.fields_of(parent)),
            *(rename_steps if roles_fit else []),
        ]

    if in_steps:
        entries.change_in_steps(parent, after, lambda is_held: [*steps(is_held), *claim_steps])
    else:
        entries.transact([*steps(entries.is_as_read(parent)), *index_steps])
    return after


def _finish_change(parent: P) -> tuple[P, int]:
    """Finish what did not fit into the transaction that has changed a parent."""
    if parent.indexing:
        # It is changed. What is left over in the index is harmless, and the next change removes it.
        with contextlib.suppress(ChangedMeanwhile, TryAgain):
            entries.finish(parent)
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
    by: str,
    remove_next: Callable[[Any], None],
) -> int:
    """Remove a movie or actor with everything linked to it. Return the number still to be removed.

    One read and one transaction if its roles and index entries fit into that. Otherwise, and if it
    has parts or candidacies, the parent is first marked as `deleting` and leaves its lists: from
    then on it is not found. The next removal continues with the rest, in the name of the first
    caller. `remove_next` removes some of the parts or candidacies. `by` is the caller.

    Raise the type's `missing`, and VersionMismatch if its version is not in `versions`.
    """
    removal = Removal(item_type, item_type.partition(resource_id), versions, by, remove_next)
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
    by: str
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
            if self._remove_at_once(parent, roles):
                return 0
            self._mark(parent)
            return self.remaining
        by = parent.deleted_by or self.by
        if parent.linked_count:
            self.remove_next(parent)
            return self.remaining
        if parent.indexing:
            dynamodb.transact(_unindex_steps(parent))
            return self.remaining
        batch = roles[:REMOVED]
        role_steps = [step for role in batch for step in _remove_steps(role, by)]
        if len(roles) <= REMOVED:
            complete = self._complete(len(batch)) & Parent.indexing.does_not_exist()
            parent_step = dynamodb.delete_step(self.pk, SK, complete, ChangedMeanwhile)
            dynamodb.transact([parent_step, *role_steps])
            return 0
        parent_step = count_step(self.pk, -len(batch), Parent.pk.exists())
        dynamodb.transact([parent_step, *role_steps])
        self.remaining = max(self.remaining - len(batch), 1)
        return self.remaining

    def _complete(self, role_count: int) -> Condition:
        """Return the condition that a parent has just these roles, and no other links."""
        condition: Condition = Parent.role_count == role_count
        condition &= self.item_type.has_no_links()
        return condition

    def _remove_at_once(self, parent: Parent, roles: list[RoleItem]) -> bool:
        """Remove a parent in one transaction. Return whether it fits into one."""
        if parent.linked_count or parent.indexing or len(roles) > REMOVED:
            return False
        complete = entries.is_as_read(parent) & self._complete(len(roles))
        steps = [
            dynamodb.delete_step(self.pk, SK, complete, ChangedMeanwhile),
            history.deleted_step(parent, self.by),
            *entries.steps(parent, None),
            *(step for role in roles for step in _remove_steps(role, self.by)),
        ]
        if len(steps) > MAX_ACTIONS:
            return False
        dynamodb.transact(steps)
        return True

    def _mark(self, parent: Parent) -> None:
        """Mark a parent as being deleted. It leaves its lists, also those of the index."""
        keys = sorted(entries.keys_of(parent) | entries.unfinished_keys(parent))
        claim_steps = entries.claim_steps(parent, None)
        room = MAX_ACTIONS - 2 - len(claim_steps)
        changes = {
            **parent.hidden(),
            "deleting": table.now(),
            "deleted_by": self.by,
            "indexed": None,
            **entries.unfinished(keys[room:]),
        }
        actions = table.set_actions(self.item_type, changes)
        dynamodb.transact(
            [
                dynamodb.update_step(
                    self.pk, SK, actions, entries.is_as_read(parent), ChangedMeanwhile
                ),
                history.deleted_step(parent, self.by),
                *(dynamodb.erase_step(*key) for key in keys[:room]),
                *claim_steps,
            ]
        )
        self.begun = True


def _unindex_steps(parent: Parent) -> list[Step]:
    """Return the steps that remove what is left in the index of a parent that is being deleted."""
    keys = sorted(entries.unfinished_keys(parent))
    room = MAX_ACTIONS - 1
    actions = table.set_actions(Parent, entries.unfinished(keys[room:]))
    is_held = Parent.indexing == parent.indexing
    return [
        dynamodb.update_step(parent.pk, SK, actions, is_held, ChangedMeanwhile),
        *(dynamodb.erase_step(*key) for key in keys[:room]),
    ]


def _remove_steps(role: RoleItem, by: str) -> list[Step]:
    other_pk, other_sk = _other_end(role)
    # A role with parts is left to the removal of its candidates.
    has_no_parts = RoleItem.pk.exists() & RoleItem.part_ids.does_not_exist()
    unchanged = has_no_parts & (RoleItem.version == role.version)
    return [
        dynamodb.delete_step(role.pk, role.sk, unchanged, ChangedMeanwhile),
        dynamodb.delete_step(other_pk, other_sk, has_no_parts, ChangedMeanwhile),
        count_step(other_pk, -1, Parent.pk.exists()),
        history.deleted_step(role, by),
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
