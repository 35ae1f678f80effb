"""Integrity checks of parts and candidates, and their repairs. `integrity.py` calls them.

The candidates are the truth: the counts, the engagements and the parts of roles follow from them.

* A `CandidateItem` must have its part and its actor, and a `PartItem` its movie.
* A part must count its candidates by status, and must list the actors who are engaged.
* An actor must count their candidacies, and must list the engagements that have dates.
* A movie must count its parts.
* A role must list the parts in which its actor is cast, and each of them must have a role.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

from pynamodb.expressions.condition import Condition

from chalicelib.settings import TABLE_NAME
from chalicelib.store import casting, dynamodb, history, table
from chalicelib.store.dynamodb import ChangedMeanwhile
from chalicelib.store.items import (
    ACTOR,
    CANDIDACIES,
    CANDIDATE,
    MOVIE,
    PART,
    PARTS,
    Actor,
    CandidateItem,
    Engagement,
    Movie,
    PartItem,
    RoleItem,
    role_keys,
)
from chalicelib.store.resource import SK
from chalicelib.store.statuses import ENGAGEMENT, Status
from chalicelib.store.table import Item

Key = tuple[str, str]

BY = "make verify"
"""Who makes the repairs, in the history."""

READINGS = 5  # of an item and what it counts, until its counts are the same before and after


class Problem(NamedTuple):
    kind: str
    key: Key
    description: str


# --- What must be true


def candidate_problems(
    candidate: CandidateItem, part: Item | None, actor: Item | None
) -> Iterator[Problem]:
    key = candidate.pk, candidate.sk
    for name, owner in (("part", part), ("actor", actor)):
        if owner is None:
            yield Problem("dangling", key, f"its {name} does not exist")
            return
    if wrong := _differences(candidate, candidate.listed()):
        yield Problem("stale", key, f"outdated: {', '.join(wrong)}")


def part_problems(
    part: PartItem, candidates: Iterable[CandidateItem], movie: Item | None
) -> Iterator[Problem]:
    key = part.pk, part.sk
    if movie is None:
        yield Problem("dangling", key, f"{MOVIE}{part.movie_id} does not exist")
        return
    if wrong := _differences(part, part_attributes(candidates)):
        yield Problem("uncounted", key, f"it differs from its candidates in {', '.join(wrong)}")


def part_attributes(candidates: Iterable[CandidateItem]) -> dict[str, Any]:
    """Return the attributes of a part that follow from its candidates."""
    everybody = list(candidates)
    counts = Counter(candidate.status for candidate in everybody)
    engaged = sorted(c.actor_id for c in everybody if c.status in ENGAGEMENT)
    return {
        "candidate_count": len(everybody),
        **{status.value: counts[status.value] for status in Status},
        "engaged": engaged or None,
    }


def actor_problems(
    actor: Actor, candidacies: Iterable[tuple[CandidateItem, PartItem | None]]
) -> Iterator[Problem]:
    key, everything = (actor.pk, actor.sk), list(candidacies)
    if actor.candidate_count != len(everything):
        description = f"its candidate_count is {actor.candidate_count}, not {len(everything)}"
        yield Problem("uncounted", key, description)
    if expected_engagements(actor, everything) != (actor.engagements or []):
        yield Problem("uncounted", key, "its engagements differ from its candidacies")


def expected_engagements(
    actor: Actor, candidacies: Iterable[tuple[CandidateItem, PartItem | None]]
) -> list[str]:
    """Return the engagements that an actor must list. Those of the past may be missing."""
    today, listed = table.now()[:10], actor.engagements or []
    engagements = (
        part.engagement
        for candidate, part in candidacies
        if candidate.status in ENGAGEMENT and part is not None
    )
    return sorted(
        entry
        for entry in engagements
        if entry and (Engagement.parse(entry).work_end >= today or entry in listed)
    )


def movie_problems(movie: Movie, part_count: int) -> Iterator[Problem]:
    if movie.part_count != part_count:
        description = f"its part_count is {movie.part_count}, but it has {part_count} parts"
        yield Problem("uncounted", (movie.pk, movie.sk), description)


def role_problems(
    role_id: str, role: RoleItem | None, cast_parts: Iterable[str]
) -> Iterator[Problem]:
    expected = sorted(part.partition(".")[2] for part in cast_parts)
    if (role.part_ids or [] if role else []) != expected:
        description = f"it must list the parts {', '.join(expected) or '(none)'}"
        yield Problem("uncast", role_keys(role_id)[0], description)


def _differences(item: Item, expected: dict[str, Any]) -> list[str]:
    return [name for name, value in expected.items() if getattr(item, name) != value]


# --- The whole table


def problems(items: dict[Key, Item]) -> Iterator[Problem]:
    """Return the problems of these items, which must be a snapshot of the whole table."""
    by_part: dict[str, list[CandidateItem]] = {}
    by_actor: dict[str, list[tuple[CandidateItem, PartItem | None]]] = {}
    cast_parts: dict[str, list[str]] = {}
    part_counts: Counter[str] = Counter()
    for item in items.values():
        if isinstance(item, PartItem):
            part_counts[MOVIE + item.movie_id] += 1
        if not isinstance(item, CandidateItem):
            continue
        part, actor_pk = items.get((item.pk, SK)), ACTOR + item.actor_id
        yield from candidate_problems(item, part, items.get((actor_pk, SK)))
        by_part.setdefault(item.pk, []).append(item)
        by_actor.setdefault(actor_pk, []).append((item, cast(PartItem | None, part)))
        if item.status == Status.CAST:
            cast_parts.setdefault(f"{item.movie_id}.{item.actor_id}", []).append(item.part_id)
    for item in items.values():
        if isinstance(item, PartItem):
            movie = items.get((MOVIE + item.movie_id, SK))
            yield from part_problems(item, by_part.get(item.pk, []), movie)
        elif isinstance(item, Actor):
            yield from actor_problems(item, by_actor.get(item.pk, []))
        elif isinstance(item, Movie):
            yield from movie_problems(item, part_counts[item.pk])
        elif isinstance(item, RoleItem) and item.part_ids:
            cast_parts.setdefault(item.id, [])
    for role_id, parts in sorted(cast_parts.items()):
        movie_id, _, actor_id = role_id.partition(".")
        if (MOVIE + movie_id, SK) in items and (ACTOR + actor_id, SK) in items:
            role = items.get(role_keys(role_id)[0])
            yield from role_problems(role_id, cast(RoleItem | None, role), parts)


# --- One item, read again


def check_again(problem: Problem) -> Iterator[Problem]:
    """Read what a problem concerns again, and return the problems that it has now."""
    subject = _read(problem)
    if subject is not None:
        yield from subject.problems()


def repair(problem: Problem) -> None:
    """Repair a problem, on condition that everything is as it is read now.

    Raise ChangedMeanwhile if another client writes the same items.
    """
    subject = _read(problem)
    if subject is not None and list(subject.problems()):
        dynamodb.transact(subject.repair_steps())


def is_ours(problem: Problem) -> bool:
    """Return whether this module checks and repairs such a problem."""
    if problem.key[0].startswith(PART):
        return problem.kind not in ("stuck", "unknown", "unrecorded")
    return problem.kind in ("uncast", "uncounted")


class _Candidate(NamedTuple):
    candidate: CandidateItem
    part: Item | None
    actor: Item | None

    def problems(self) -> Iterator[Problem]:
        return candidate_problems(*self)

    def repair_steps(self) -> list[dynamodb.Step]:
        candidate = self.candidate
        unchanged = CandidateItem.version == candidate.version
        owners = ((candidate.pk, self.part), (ACTOR + candidate.actor_id, self.actor))
        missing = [
            dynamodb.check_step(pk, SK, Item.pk.does_not_exist(), ChangedMeanwhile)
            for pk, owner in owners
            if owner is None
        ]
        if missing:
            delete = dynamodb.delete_step(candidate.pk, candidate.sk, unchanged, ChangedMeanwhile)
            return [*missing, delete]
        actions = table.set_actions(CandidateItem, candidate.listed())
        return [
            dynamodb.update_step(candidate.pk, candidate.sk, actions, unchanged, ChangedMeanwhile)
        ]


class _Part(NamedTuple):
    part: PartItem
    candidates: list[CandidateItem]
    movie: Item | None

    def problems(self) -> Iterator[Problem]:
        yield from part_problems(*self)
        if not self.part.deleting and (wrong := _differences(self.part, self.part.listed())):
            yield Problem("stale", (self.part.pk, SK), f"outdated: {', '.join(wrong)}")

    def repair_steps(self) -> list[dynamodb.Step]:
        part = self.part
        unchanged = PartItem.version == part.version
        if self.movie is None:
            # Its candidates are dangling then.
            movie_pk = MOVIE + part.movie_id
            return [
                dynamodb.check_step(movie_pk, SK, Item.pk.does_not_exist(), ChangedMeanwhile),
                dynamodb.delete_step(part.pk, SK, unchanged, ChangedMeanwhile),
            ]
        for name in ("candidate_count", *(status.value for status in Status)):
            unchanged &= _counted(PartItem, name, part)
        unchanged &= casting.same_engagements(part)
        changes = part_attributes(self.candidates)
        part.set(**changes)
        changes |= {"engagement_version": (part.engagement_version or 0) + 1}
        if not part.deleting:
            changes |= part.listed()
        actions = table.set_actions(PartItem, changes)
        return [dynamodb.update_step(part.pk, SK, actions, unchanged, ChangedMeanwhile)]


class _Actor(NamedTuple):
    actor: Actor
    candidacies: list[tuple[CandidateItem, PartItem | None]]

    def problems(self) -> Iterator[Problem]:
        return actor_problems(*self)

    def repair_steps(self) -> list[dynamodb.Step]:
        actor = self.actor
        changes = {
            "candidate_count": len(self.candidacies),
            "engagements": expected_engagements(actor, self.candidacies) or None,
            "engagement_version": (actor.engagement_version or 0) + 1,
        }
        unchanged = casting.same_engagements(actor) & _counted(Actor, "candidate_count", actor)
        actions = table.set_actions(Actor, changes)
        return [dynamodb.update_step(actor.pk, SK, actions, unchanged, ChangedMeanwhile)]


class _Movie(NamedTuple):
    movie: Movie
    part_count: int

    def problems(self) -> Iterator[Problem]:
        return movie_problems(*self)

    def repair_steps(self) -> list[dynamodb.Step]:
        unchanged = _counted(Movie, "part_count", self.movie)
        actions = [Movie.part_count.set(self.part_count)]
        return [dynamodb.update_step(self.movie.pk, SK, actions, unchanged, ChangedMeanwhile)]


def _counted(item_type: Any, name: str, item: Item) -> Condition:
    """Return the condition that a count is as it was read. Items of 1.1 do not have it."""
    attribute, count = getattr(item_type, name), getattr(item, name)
    unchanged: Condition = attribute == count
    if count == 0:
        unchanged |= attribute.does_not_exist()
    return cast(Condition, Item.pk.exists() & unchanged)


class _Role(NamedTuple):
    role_id: str
    role: RoleItem | None
    cast_candidates: list[CandidateItem]
    movie: Movie
    actor: Actor

    def problems(self) -> Iterator[Problem]:
        return role_problems(self.role_id, self.role, (c.part_id for c in self.cast_candidates))

    def repair_steps(self) -> list[dynamodb.Step]:
        role = self.role
        part_ids = sorted(c.part_id.partition(".")[2] for c in self.cast_candidates)
        steps = [
            dynamodb.check_step(c.pk, c.sk, CandidateItem.version == c.version, ChangedMeanwhile)
            for c in self.cast_candidates
        ]
        if role is None:
            part = cast(PartItem, self.cast_candidates[0].part)
            fields = casting.role_fields(part, part_ids)
            new = casting.new_role(self.movie, self.actor, None, fields)
            steps += [dynamodb.put_step(item, ChangedMeanwhile) for item in new]
            return [*steps, history.created_step(new[0], BY), *self._count_steps(1)]
        if not part_ids and role.is_cast:
            return steps + casting.role_removal_steps(role, BY) + self._count_steps(-1)
        changes = {"part_ids": part_ids or None, **history.next_version(role)}
        actions, after = table.set_actions(RoleItem, changes), table.copy_of(role)
        after.set(**changes)
        unchanged = RoleItem.version == role.version
        steps += [
            dynamodb.update_step(*key, actions, unchanged, ChangedMeanwhile)
            for key in role_keys(self.role_id)
        ]
        return [*steps, history.changed_step(after, BY, history.fields_of(role))]

    def _count_steps(self, change: int) -> list[dynamodb.Step]:
        return [
            casting.count_step(owner.pk, change, owner.unchanged())
            for owner in (self.movie, self.actor)
        ]


def _read(problem: Problem) -> _Candidate | _Part | _Actor | _Movie | _Role | None:
    """Read what a problem concerns. None if it does not exist any more, or keeps changing."""
    pk, sk = problem.key
    if problem.kind == "uncast":
        return _read_role(pk.removeprefix(MOVIE), sk.partition("#")[2])
    if sk.startswith(CANDIDATE):
        actor_key = ACTOR + sk.removeprefix(CANDIDATE), SK
        candidate, part, actor = dynamodb.get_all([problem.key, (pk, SK), actor_key])
        return _Candidate(candidate, part, actor) if isinstance(candidate, CandidateItem) else None
    for _ in range(READINGS):
        before = dynamodb.get(pk, sk)
        subject: _Part | _Actor | _Movie
        if isinstance(before, PartItem):
            candidates = [c for c in _everything(pk) if isinstance(c, CandidateItem)]
            subject = _Part(before, candidates, dynamodb.get(MOVIE + before.movie_id, SK))
        elif isinstance(before, Actor):
            subject = _Actor(before, list(_candidacies(before.id)))
        elif isinstance(before, Movie):
            keys = [(item.pk, item.sk) for item in _everything(PARTS + before.id, "gsi1")]
            subject = _Movie(before, sum(part is not None for part in _get_all(keys)))
        else:
            return None
        after = dynamodb.get(pk, sk)
        if after is not None and after.attribute_values == before.attribute_values:
            return subject
    return None


def _read_role(movie_id: str, actor_id: str) -> _Role | None:
    role_id = f"{movie_id}.{actor_id}"
    owners = [(MOVIE + movie_id, SK), (ACTOR + actor_id, SK)]
    movie, actor, role = dynamodb.get_all([*owners, role_keys(role_id)[0]])
    if not isinstance(movie, Movie) or not isinstance(actor, Actor):
        return None
    if movie.deleting or actor.deleting:
        return None
    cast_candidates = []
    for candidate, part in _candidacies(actor_id, "0"):
        if candidate.movie_id == movie_id and candidate.status == Status.CAST and part:
            candidate.part = part
            cast_candidates.append(candidate)
    return _Role(role_id, cast(RoleItem | None, role), cast_candidates, movie, actor)


def _candidacies(
    actor_id: str, prefix: str = ""
) -> Iterator[tuple[CandidateItem, PartItem | None]]:
    """Return an actor's candidacies as they are now, with their parts."""
    keys = [(item.pk, item.sk) for item in _everything(CANDIDACIES + actor_id, "gsi2", prefix)]
    candidates = [item for item in _get_all(keys) if isinstance(item, CandidateItem)]
    parts = _get_all([(c.pk, SK) for c in candidates])
    for candidate, part in zip(candidates, parts, strict=True):
        yield candidate, part if isinstance(part, PartItem) else None


def _get_all(keys: list[Key]) -> list[Item | None]:
    """Read any number of items."""
    items: dict[Key, Item | None] = {}
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), 100):
        batch = unique[start : start + 100]
        items |= zip(batch, dynamodb.get_all(batch), strict=True)
    return [items[key] for key in keys]


def _everything(pk: str, index: str = "", prefix: str = "") -> Iterator[Item]:
    """Read a whole partition of the table, or of an index."""
    names: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
    values = {":pk": {"S": pk}}
    condition = f"{index}pk = :pk"
    if prefix:
        condition += f" AND begins_with({index}sk, :prefix)"
        values[":prefix"] = {"S": prefix}
    pages = table.connection.connection.client.get_paginator("query").paginate(
        TableName=TABLE_NAME,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        **names,
    )
    for page in pages:
        yield from map(Item.from_raw_data, page["Items"])
