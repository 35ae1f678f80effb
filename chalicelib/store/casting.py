"""What one move of a candidate writes, in one transaction.

A move changes a candidate's status or removes the candidate. It also counts in the part, and notes
in the part and the actor who is engaged for what. Being cast writes the role; leaving that status
takes the part from the role, and removes a role that casting made and that has no part left.
"""

from collections.abc import Container, Sequence
from typing import Any, NamedTuple, cast

from pynamodb.expressions.condition import Condition

from chalicelib.errors import CandidateNotFound, TooManyEngagements
from chalicelib.limits import MAX_ENGAGEMENTS, MAX_ROLE_PARTS
from chalicelib.store import dynamodb, history, table
from chalicelib.store.dynamodb import ChangedMeanwhile, Step
from chalicelib.store.items import (
    ACTOR,
    ALIVE,
    MOVIE,
    PART,
    Actor,
    CandidateItem,
    Engagement,
    Movie,
    Parent,
    PartItem,
    RoleItem,
    candidate_key,
    role_keys,
)
from chalicelib.store.resource import SK
from chalicelib.store.statuses import ENGAGEMENT, Status
from chalicelib.store.table import Replay


class Desk(NamedTuple):
    """A candidate as it was read, with everything that a move concerns."""

    candidate: CandidateItem
    part: PartItem
    actor: Actor
    movie: Movie
    role: RoleItem | None
    """The actor's role in the movie."""


def read(candidate_id: str, *, deleting: bool = False) -> Desk:
    """Read a candidate and what belongs to it: one BatchGetItem.

    Raise CandidateNotFound if one of them is missing, or is being deleted and not `deleting`.
    """
    key = candidate_key(candidate_id)
    part_id, _, actor_id = candidate_id.rpartition(".")
    movie_id = part_id.partition(".")[0]
    beside_movie, _ = role_keys(f"{movie_id}.{actor_id}")
    owners = [(PART + part_id, SK), (ACTOR + actor_id, SK), (MOVIE + movie_id, SK)]
    candidate, *items, role = dynamodb.get_all([key, *owners, beside_movie])
    if candidate is None or None in items:
        raise CandidateNotFound()
    desk = Desk(*cast(Any, (candidate, *items, role)))
    if not deleting and any(owner.deleting for owner in (desk.part, desk.actor, desk.movie)):
        raise CandidateNotFound()
    return desk


def move_steps(desk: Desk, to: Status | None, changes: dict[str, Any], by: str) -> list[Step]:
    """Return the steps that move a candidate to a status, or remove it (None).

    `changes` are the attributes of the candidate to set. `by` is the caller. Each step has the
    condition that what it follows from is as it was read, and raises ChangedMeanwhile. Raise
    TooManyEngagements.
    """
    candidate, was = desk.candidate, Status(desk.candidate.status)
    key, unchanged = (candidate.pk, candidate.sk), CandidateItem.version == candidate.version
    if to is None:
        step = dynamodb.delete_step(*key, unchanged, ChangedMeanwhile)
        record = history.deleted_step(candidate, by)
    else:
        actions, after = table.set_actions(CandidateItem, changes), table.copy_of(candidate)
        after.set(**changes)
        step = dynamodb.update_step(*key, actions, unchanged, ChangedMeanwhile)
        record = history.changed_step(after, by, history.fields_of(candidate))
    if to is was:
        return [step, record]
    role_steps, role_change = _role_steps(desk, was, to, by)
    return [
        step,
        record,
        _part_step(desk.part, candidate.actor_id, was, to),
        *role_steps,
        *_actor_steps(desk, was, to, role_change),
        *_movie_steps(desk, to, role_change),
    ]


def _part_step(part: PartItem, actor_id: str, was: Status, to: Status | None) -> Step:
    condition: Condition = PartItem.pk.exists()
    actions = [getattr(PartItem, was).add(-1)]
    if to is None:
        actions.append(PartItem.candidate_count.add(-1))
    else:
        actions.append(getattr(PartItem, to).add(1))
    if to is not None or not part.deleting:
        condition &= PartItem.deleting.does_not_exist()
    if was in ENGAGEMENT or to in ENGAGEMENT:
        engaged = {*(part.engaged or ())} - {actor_id} | ({actor_id} if to in ENGAGEMENT else set())
        condition &= same_engagements(part) & (PartItem.version == part.version)
        part.cast += (to is Status.CAST) - (was is Status.CAST)
        actions += table.set_actions(
            PartItem,
            {
                "engaged": sorted(engaged) or None,
                "engagement_version": (part.engagement_version or 0) + 1,
                **({} if part.deleting else {"gsi2pk": part.listed()["gsi2pk"]}),
            },
        )
    return dynamodb.update_step(part.pk, SK, actions, condition, ChangedMeanwhile)


def same_engagements(item: PartItem | Actor) -> Condition:
    """Return the condition that the engagements of a part or an actor are as they were read."""
    attribute = type(item).engagement_version
    if item.engagement_version is None:
        return cast(Condition, attribute.does_not_exist())
    return cast(Condition, attribute == item.engagement_version)


def engagements_with(
    actor: Actor, part_ids: Container[str], engagement: str | None
) -> dict[str, Any]:
    """Return the attributes of an actor whose engagements for these parts end, or become this one.

    Engagements of the past are forgotten. Raise TooManyEngagements.
    """
    today = table.now()[:10]
    kept = [
        entry
        for entry in actor.engagements or ()
        for known in [Engagement.parse(entry)]
        if known.part_id not in part_ids and known.work_end >= today
    ]
    if engagement is not None:
        kept.append(engagement)
        if len(kept) > MAX_ENGAGEMENTS:
            raise TooManyEngagements(f"An actor has at most {MAX_ENGAGEMENTS} engagements ahead.")
    engagements = sorted(kept) or None
    if engagements == actor.engagements:
        return {}
    version = (actor.engagement_version or 0) + 1
    return {"engagements": engagements, "engagement_version": version}


def _actor_steps(desk: Desk, was: Status, to: Status | None, role_change: int) -> list[Step]:
    actor, part = desk.actor, desk.part
    condition: Condition = Parent.pk.exists()
    changes: dict[str, Any] = {}
    if to in ENGAGEMENT:
        condition = actor.unchanged() if role_change else ALIVE
        changes = engagements_with(actor, {part.id}, part.engagement)
    elif was in ENGAGEMENT:
        changes = engagements_with(actor, {part.id}, None)
    actions = table.set_actions(Actor, changes)
    is_engaged = was in ENGAGEMENT or to in ENGAGEMENT
    if is_engaged:
        # Also without changes: the actor may have been read before a write of the same candidate.
        condition &= same_engagements(actor)
    if role_change:
        actions.append(Actor.role_count.add(role_change))
    if to is None:
        actions.append(Actor.candidate_count.add(-1))
    if actions:
        return [dynamodb.update_step(actor.pk, SK, actions, condition, ChangedMeanwhile)]
    if is_engaged:
        return [dynamodb.check_step(actor.pk, SK, condition, ChangedMeanwhile)]
    return []


def _movie_steps(desk: Desk, to: Status | None, role_change: int) -> list[Step]:
    if role_change:
        condition = desk.movie.unchanged() if role_change > 0 else Parent.pk.exists()
        return [count_step(desk.movie.pk, role_change, condition)]
    if to in ENGAGEMENT:
        return [dynamodb.check_step(desk.movie.pk, SK, ALIVE, ChangedMeanwhile)]
    return []


def _role_steps(desk: Desk, was: Status, to: Status | None, by: str) -> tuple[list[Step], int]:
    """Return the steps for the role, and by how much they change the number of roles."""
    if Status.CAST not in (was, to):
        return [], 0
    part, role = desk.part, desk.role
    own_id = part.id.partition(".")[2]
    if role is None and to is Status.CAST:
        return _new_role_steps(desk, own_id, by), 1
    if role is None:
        # The role may have been read before the write that has cast the candidate.
        key, _ = role_keys(f"{part.movie_id}.{desk.candidate.actor_id}")
        is_missing = RoleItem.pk.does_not_exist()
        return [dynamodb.check_step(*key, is_missing, ChangedMeanwhile)], 0
    parts = {*(role.part_ids or ())} - {own_id} | ({own_id} if to is Status.CAST else set())
    if len(parts) > MAX_ROLE_PARTS:
        raise TooManyEngagements(f"An actor plays at most {MAX_ROLE_PARTS} parts of a movie.")
    if not parts and role.is_cast:
        return role_removal_steps(role, by), -1
    changes = {"part_ids": sorted(parts) or None, **history.next_version(role)}
    unchanged, after = RoleItem.version == role.version, table.copy_of(role)
    after.set(**changes)
    steps = [
        dynamodb.update_step(
            *key, table.set_actions(RoleItem, changes), unchanged, ChangedMeanwhile
        )
        for key in role_keys(role.id)
    ]
    return [*steps, history.changed_step(after, by, history.fields_of(role))], 0


def _new_role_steps(desk: Desk, own_id: str, by: str) -> list[Step]:
    new = new_role(desk.movie, desk.actor, None, role_fields(desk.part, [own_id]))
    steps = [dynamodb.put_step(item, ChangedMeanwhile) for item in new]
    return [*steps, history.created_step(new[0], by)]


def role_fields(part: PartItem, part_ids: list[str]) -> dict[str, Any]:
    """Return the fields of a role that casting makes for a part."""
    return {
        "character_name": part.name,
        "billing_order": part.billing_order,
        "role_type": part.part_type,
        "work_start": part.work_start,
        "work_end": part.work_end,
        "part_ids": part_ids,
        "is_cast": True,
    }


def role_removal_steps(role: RoleItem, by: str) -> list[Step]:
    """Return the steps that delete a role's two items, if it is as it was read."""
    beside_movie, beside_actor = role_keys(role.id)
    unchanged = RoleItem.version == role.version
    return [
        dynamodb.delete_step(*beside_movie, unchanged, ChangedMeanwhile),
        dynamodb.delete_step(*beside_actor, RoleItem.pk.exists(), ChangedMeanwhile),
        history.deleted_step(role, by),
    ]


def new_role(
    movie: Parent, actor: Parent, replay: Replay | None, fields: dict[str, Any]
) -> tuple[RoleItem, RoleItem]:
    """Return the two items of a new role, beside the movie and beside the actor."""
    time, role_id = table.now(), f"{movie.id}.{actor.id}"
    beside_movie, beside_actor = (
        table.new_item(RoleItem, key, role_id, replay, time) for key in role_keys(role_id)
    )
    for role in (beside_movie, beside_actor):
        role.set(**fields, recorded_from=1)
    place(beside_movie, beside_actor, movie, actor)
    return beside_movie, beside_actor


def place(beside_movie: RoleItem, beside_actor: RoleItem, movie: Parent, actor: Parent) -> None:
    """Set what a role's two items copy from its movie and actor, and their places in the lists."""
    beside_movie.set(
        gsi1pk=movie.pk,
        gsi2pk="ROLES",
        gsi2sk=table.sort_key(beside_movie.created_at, beside_movie.id),
        **actor.in_role(beside_movie),
    )
    beside_actor.set(gsi2pk=actor.pk, **movie.in_role(beside_actor))


def count_step(pk: str, change: int, condition: Condition) -> Step:
    """Return the step that adds to a parent's role count. It raises ChangedMeanwhile."""
    actions = [Parent.role_count.add(change)]
    return dynamodb.update_step(pk, SK, actions, condition, ChangedMeanwhile)


def removal_steps(part: PartItem | None, candidates: list[CandidateItem], by: str) -> list[Step]:
    """Return the steps that remove candidates who are not engaged, and their counts.

    `by` is the caller. Those of `part`, if it is given, are not counted: it is removed or counted
    elsewhere.
    """
    by_part: dict[str, list[CandidateItem]] = {}
    by_actor: dict[str, list[CandidateItem]] = {}
    for candidate in candidates:
        if candidate.status in ENGAGEMENT:
            raise ChangedMeanwhile()
        by_part.setdefault(candidate.pk, []).append(candidate)
        by_actor.setdefault(ACTOR + candidate.actor_id, []).append(candidate)
    steps = [
        dynamodb.delete_step(c.pk, c.sk, CandidateItem.version == c.version, ChangedMeanwhile)
        for c in candidates
    ]
    steps += [history.deleted_step(candidate, by) for candidate in candidates]
    for pk, of_part in by_part.items():
        if part is None or pk != part.pk:
            steps.append(uncount_step(pk, of_part))
    for pk, of_actor in by_actor.items():
        actions = [Actor.candidate_count.add(-len(of_actor))]
        steps.append(dynamodb.update_step(pk, SK, actions, Parent.pk.exists(), ChangedMeanwhile))
    return steps


def uncount_step(pk: str, candidates: list[CandidateItem]) -> Step:
    """Return the step that takes these candidates from a part's counts."""
    statuses = [candidate.status for candidate in candidates]
    actions = [PartItem.candidate_count.add(-len(candidates))]
    actions += [getattr(PartItem, s).add(-statuses.count(s)) for s in sorted(set(statuses))]
    return dynamodb.update_step(pk, SK, actions, PartItem.pk.exists(), ChangedMeanwhile)


def release_all_steps(
    actor: Actor, candidacies: Sequence[tuple[CandidateItem, PartItem]], by: str
) -> list[Step]:
    """Return the steps that release an actor's candidacies whose role is removed.

    A candidate of a part that is being deleted is not found any more, and is removed instead.
    """
    steps = [step for pair in candidacies for step in _release_steps(*pair, by)]
    ended = engagements_with(actor, {part.id for _, part in candidacies}, None)
    actions = [Actor.role_count.add(-1), *table.set_actions(Actor, ended)]
    if removed := sum(bool(part.deleting) for _, part in candidacies):
        actions.append(Actor.candidate_count.add(-removed))
    unchanged_actor = Parent.pk.exists() & same_engagements(actor)
    return [*steps, dynamodb.update_step(actor.pk, SK, actions, unchanged_actor, ChangedMeanwhile)]


def _release_steps(candidate: CandidateItem, part: PartItem, by: str) -> list[Step]:
    key, unchanged = (candidate.pk, candidate.sk), CandidateItem.version == candidate.version
    was = Status(candidate.status)
    if part.deleting:
        return [
            dynamodb.delete_step(*key, unchanged, ChangedMeanwhile),
            history.deleted_step(candidate, by),
            _part_step(part, candidate.actor_id, was, None),
        ]
    before, version = history.fields_of(candidate), history.next_version(candidate)
    changes: dict[str, Any] = {
        "status": Status.RELEASED.value,
        "status_since": version["updated_at"],
        "status_by": by,
        **version,
    }
    candidate.set(**changes)
    actions = table.set_actions(CandidateItem, {**changes, **candidate.listed()})
    return [
        dynamodb.update_step(*key, actions, unchanged, ChangedMeanwhile),
        history.changed_step(candidate, by, before),
        _part_step(part, candidate.actor_id, was, Status.RELEASED),
    ]
