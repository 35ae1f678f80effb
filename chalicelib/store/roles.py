"""Roles: which actor plays whom in which movie.

A role's two items are written and removed in one transaction, which also counts the role in its
movie and in its actor.
"""

import typing
from typing import Any

from chalicelib.errors import (
    ActorNotFound,
    AlreadyCast,
    ApiError,
    BadCursor,
    Contended,
    MovieNotFound,
    RoleNotFound,
)
from chalicelib.store import casting, dynamodb, history, table
from chalicelib.store.casting import count_step, new_role
from chalicelib.store.dynamodb import ChangedMeanwhile, ConditionFailed
from chalicelib.store.items import (
    ACTOR,
    MOVIE,
    PART,
    ROLE,
    Actor,
    Parent,
    RoleItem,
    candidate_key,
    cast_key,
    found_parent,
    role_keys,
)
from chalicelib.store.resource import SK, check_order, check_version
from chalicelib.store.table import Item, Page, Replay


def add(
    movie_id: str, actor_id: str, by: str, replay: Replay | None = None, **fields: Any
) -> RoleItem:
    """Cast an actor: one read and one transaction. Return the existing role if it is a replay.

    `by` is the caller. Raise MovieNotFound, ActorNotFound, AlreadyCast or KeyReused.
    """
    movie_pk = table.key(MOVIE, movie_id, MovieNotFound)
    actor_pk = table.key(ACTOR, actor_id, ActorNotFound)
    role_id = f"{movie_id}.{actor_id}"

    def attempt() -> RoleItem:
        movie_item, actor_item = dynamodb.get_all([(movie_pk, SK), (actor_pk, SK)])
        movie = found_parent(movie_item, MovieNotFound)
        actor = found_parent(actor_item, ActorNotFound)
        beside_movie, beside_actor = new_role(movie, actor, replay, fields)
        try:
            dynamodb.transact(
                [
                    dynamodb.put_step(beside_movie, ConditionFailed),
                    dynamodb.put_step(beside_actor, AlreadyCast),
                    count_step(movie_pk, 1, movie.unchanged()),
                    count_step(actor_pk, 1, actor.unchanged()),
                    history.created_step(beside_movie, by),
                ]
            )
        except ConditionFailed as failed:
            existing = _created_by(failed.item, replay)
            if existing is None:
                raise AlreadyCast() from failed
            return existing
        return beside_movie

    try:
        return dynamodb.retry(attempt)
    except Contended:
        # Perhaps with itself: simultaneous replays conflict with each other.
        existing = _created_by(dynamodb.get(*role_keys(role_id)[0]), replay) if replay else None
        if existing is None:
            raise
        return existing


def _created_by(item: Item | None, replay: Replay | None) -> RoleItem | None:
    return item if isinstance(item, RoleItem) and dynamodb.created_by(item, replay) else None


def get(role_id: str) -> RoleItem:
    """Read a role: one GetItem. Raise RoleNotFound."""
    role = dynamodb.get(*role_keys(role_id)[0])
    if not isinstance(role, RoleItem):
        raise RoleNotFound()
    return role


def page(
    *, movie_id: str | None = None, actor_id: str | None = None, after: str | None, limit: int
) -> Page[RoleItem]:
    """List all roles, newest first, or the roles of a movie, of an actor, or of both.

    One request. Raise BadCursor.
    """
    if movie_id is not None and actor_id is not None:
        return _single(f"{movie_id}.{actor_id}", after)
    if movie_id is not None:
        return _beside(MOVIE, movie_id, after, limit)
    if actor_id is not None:
        return _beside(ACTOR, actor_id, after, limit)
    newest_first = dynamodb.page(
        "gsi2",
        "ROLES",
        after=after,
        limit=limit,
        forward=False,
        key_of=lambda key: role_keys(table.last_part(key), BadCursor)[0],
    )
    return _roles(newest_first)


def _single(role_id: str, after: str | None) -> Page[RoleItem]:
    if after is not None:
        raise BadCursor()
    try:
        return Page([get(role_id)], None)
    except RoleNotFound:
        return Page([], None)


def _beside(prefix: str, parent_id: str, after: str | None, limit: int) -> Page[RoleItem]:
    if not table.is_id(parent_id):
        return Page([], None)
    return _roles(dynamodb.child_page(prefix + parent_id, ROLE, after=after, limit=limit))


def cast(movie_id: str, *, after: str | None, limit: int) -> Page[RoleItem]:
    """List a movie's cast in billing order: one Query. Raise MovieNotFound and BadCursor.

    On an empty page, one more GetItem distinguishes an empty cast from a missing movie.
    """
    pk = table.key(MOVIE, movie_id, MovieNotFound)
    page = dynamodb.page(
        "gsi1",
        pk,
        after=after,
        limit=limit,
        key_of=lambda key: (pk, table.key(ROLE, table.last_part(key), BadCursor)),
    )
    return _of_parent(page, pk, MovieNotFound)


def filmography(actor_id: str, *, after: str | None, limit: int) -> Page[RoleItem]:
    """List an actor's movies, newest first, those without a date last: one Query.

    Raise ActorNotFound and BadCursor.

    On an empty page, one more GetItem distinguishes an actor without movies from a missing one.
    """
    pk = table.key(ACTOR, actor_id, ActorNotFound)
    page = dynamodb.page(
        "gsi2",
        pk,
        after=after,
        limit=limit,
        forward=False,
        key_of=lambda key: (pk, table.key(ROLE, table.last_part(key), BadCursor)),
    )
    return _of_parent(page, pk, ActorNotFound)


def _of_parent(page: Page[Item], pk: str, missing: type[ApiError]) -> Page[RoleItem]:
    roles = _roles(page)
    # A movie or actor that is being deleted stands before its own roles in this index.
    if not roles.items or len(roles.items) < len(page.items):
        found_parent(dynamodb.get(pk, SK), missing)
    return roles


def _roles(page: Page[Item]) -> Page[RoleItem]:
    return Page([item for item in page.items if isinstance(item, RoleItem)], page.last)


def change(
    role_id: str, fields: dict[str, Any], versions: frozenset[int] | None, by: str
) -> RoleItem:
    """Change these fields: one read and one transaction. None removes a value.

    `by` is the caller. Raise RoleNotFound, VersionMismatch if its version is not in `versions`, and
    Unordered.
    """
    beside_movie, beside_actor = role_keys(role_id)

    def attempt() -> RoleItem:
        role = get(role_id)
        check_version(role, versions)
        check_order(role, fields)
        unchanged = (RoleItem.version == role.version) & (RoleItem.actor_name == role.actor_name)
        before = history.fields_of(role)
        changes = {**fields, **history.next_version(role)}
        role.set(**changes)
        role.set(gsi1sk=cast_key(role.billing_order, role.actor_name or "", role.actor_id))
        of_movie = table.set_actions(RoleItem, {**changes, "gsi1sk": role.gsi1sk})
        of_actor = table.set_actions(RoleItem, changes)
        dynamodb.transact(
            [
                dynamodb.update_step(*beside_movie, of_movie, unchanged, ChangedMeanwhile),
                dynamodb.update_step(
                    *beside_actor, of_actor, RoleItem.pk.exists(), ChangedMeanwhile
                ),
                history.changed_step(role, by, before),
            ]
        )
        return role

    return dynamodb.retry(attempt)


def remove(role_id: str, versions: frozenset[int] | None, by: str) -> None:
    """Take an actor out of a movie, and release the candidacies that had cast them.

    One read, or two if it has parts, and one transaction. `by` is the caller. Raise RoleNotFound,
    and VersionMismatch if its version is not in `versions`.
    """
    (movie_pk, _), (actor_pk, _) = role_keys(role_id)

    def attempt() -> None:
        role = get(role_id)
        check_version(role, versions)
        if role.part_ids:
            _remove_with_parts(role, by)
            return
        dynamodb.transact(
            [
                *casting.role_removal_steps(role, by),
                count_step(movie_pk, -1, Parent.pk.exists()),
                count_step(actor_pk, -1, Parent.pk.exists()),
            ]
        )

    dynamodb.retry(attempt)


def _remove_with_parts(role: RoleItem, by: str) -> None:
    """Remove a role, and release the candidates whom it has cast: one read and one transaction."""
    movie_pk, actor_pk = MOVIE + role.movie_id, ACTOR + role.actor_id
    part_ids = [f"{role.movie_id}.{part}" for part in role.part_ids or ()]
    candidate_keys = [candidate_key(f"{part_id}.{role.actor_id}") for part_id in part_ids]
    part_keys = [(PART + part_id, SK) for part_id in part_ids]
    items = dynamodb.get_all([(movie_pk, SK), (actor_pk, SK), *candidate_keys, *part_keys])
    if None in items:
        raise ChangedMeanwhile()
    _, actor, *others = items
    candidacies: Any = list(zip(others[: len(part_ids)], others[len(part_ids) :], strict=True))
    dynamodb.transact(
        [
            *casting.role_removal_steps(role, by),
            count_step(movie_pk, -1, Parent.pk.exists()),
            *casting.release_all_steps(typing.cast(Actor, actor), candidacies, by),
        ]
    )
