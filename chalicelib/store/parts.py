"""Parts: the characters of a movie that have to be cast."""

import contextlib
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.errors import (
    BadCursor,
    Contended,
    MovieNotFound,
    NeededTooFew,
    PartNotFound,
    TryAgain,
)
from chalicelib.limits import SHOWN_CANDIDATES
from chalicelib.store import candidates, casting, dynamodb, history, table
from chalicelib.store.candidates import BATCH
from chalicelib.store.dynamodb import ChangedMeanwhile, ConditionFailed, Step
from chalicelib.store.items import (
    ACTOR,
    ALIVE,
    MOVIE,
    PART,
    PARTS,
    Actor,
    CandidateItem,
    Movie,
    Parent,
    PartItem,
)
from chalicelib.store.related import actor_of, movie_of, nothing, with_related
from chalicelib.store.resource import SK, check_order, check_version
from chalicelib.store.statuses import PartStatus
from chalicelib.store.table import Page, Replay


def add(movie_id: str, by: str, replay: Replay | None = None, **fields: Any) -> PartItem:
    """Add a part: one transaction. Return the existing part if it is a replay.

    `by` is the caller. Raise MovieNotFound and KeyReused.
    """
    movie_pk = table.key(MOVIE, movie_id, MovieNotFound)
    part_id = f"{movie_id}.{table.new_id(replay)}"
    part = table.new_item(PartItem, (PART + part_id, SK), part_id, replay)
    part.set(**_stored(fields))
    part.set(**part.listed(), recorded_from=1)
    try:
        dynamodb.transact(
            [
                dynamodb.put_step(part, ConditionFailed),
                _count_step(movie_pk, 1, ALIVE),
                history.created_step(part, by),
            ]
        )
    except ConditionFailed as failed:
        if not isinstance(failed.item, PartItem) or not dynamodb.created_by(failed.item, replay):
            raise
        if failed.item.deleting:
            raise Contended() from failed
        return failed.item
    except ChangedMeanwhile as changed:
        raise MovieNotFound() from changed
    return part


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that store these fields: a status is stored as `closed` or not."""
    stored = {name: value for name, value in fields.items() if name != "status"}
    if "status" in fields:
        stored["closed"] = True if fields["status"] == PartStatus.CLOSED else None
    return stored


def _count_step(movie_pk: str, change: int, condition: Condition) -> Step:
    actions = [Movie.part_count.add(change)]
    return dynamodb.update_step(movie_pk, SK, actions, condition, ChangedMeanwhile)


def get(part_id: str) -> tuple[PartItem, Page[CandidateItem]]:
    """Read a part and its first candidates: a Query and a BatchGetItem. Raise PartNotFound.

    The candidates are in the order of the board if these are all.
    """
    part, rest = _family(part_id, SHOWN_CANDIDATES + 1)
    if part is None or part.deleting:
        raise PartNotFound()
    page = table.cut(rest, SHOWN_CANDIDATES, "sk")
    if page.last is None:
        page.items.sort(key=lambda item: item.gsi1sk or "")
    shown = with_related(page, "sk", None, PartNotFound, actor_of)
    for candidate in shown.items:
        candidate.part = part
    return part, shown


def of_movie(movie_id: str, *, after: str | None, limit: int) -> Page[PartItem]:
    """List a movie's parts in billing order: a Query and a BatchGetItem.

    Raise MovieNotFound and BadCursor.
    """
    pk = table.key(MOVIE, movie_id, MovieNotFound)
    page = dynamodb.page(
        "gsi1",
        PARTS + movie_id,
        after=after,
        limit=limit,
        key_of=lambda key: _key(f"{movie_id}.{table.last_part(key)}"),
    )
    shown = with_related(page, "gsi1sk", (pk, SK), MovieNotFound, nothing)
    return Page([part for part in shown.items if not part.deleting], shown.last)


def of_status(status: str, *, after: str | None, limit: int) -> Page[PartItem]:
    """List the parts of all movies with this status, the earliest work first, undated last.

    A Query and a BatchGetItem of the movies. Raise BadCursor.
    """
    page = dynamodb.page(
        "gsi2",
        PARTS + status,
        after=after,
        limit=limit,
        key_of=lambda key: _key(table.last_part(key)),
    )
    return with_related(page, "gsi2sk", None, PartNotFound, movie_of)


def _key(part_id: str) -> tuple[str, str]:
    return PartItem.partition(part_id, BadCursor), SK


def change(
    part_id: str, fields: dict[str, Any], versions: frozenset[int] | None, by: str
) -> PartItem:
    """Change these fields: one read and one transaction. None removes a value.

    `by` is the caller. If the dates change, the actors who are engaged are read and written, too.
    Raise PartNotFound, VersionMismatch, Unordered and NeededTooFew.
    """
    pk = PartItem.partition(part_id)

    def attempt() -> PartItem:
        part = dynamodb.get(pk, SK)
        if not isinstance(part, PartItem) or part.deleting:
            raise PartNotFound()
        check_version(part, versions)
        check_order(part, fields)
        unchanged = (
            (PartItem.version == part.version)
            & PartItem.deleting.does_not_exist()
            & casting.same_engagements(part)
        )
        before, engagement = history.fields_of(part), part.engagement
        changes = {**_stored(fields), **history.next_version(part)}
        part.set(**changes)
        if part.cast > part.needed:
            raise NeededTooFew()
        keys = part.listed()
        part.set(**keys)
        actions = table.set_actions(PartItem, {**changes, **keys})
        steps = [
            dynamodb.update_step(pk, SK, actions, unchanged, ChangedMeanwhile),
            history.changed_step(part, by, before),
        ]
        if part.engagement != engagement and part.engaged:
            steps += _date_steps(part)
        dynamodb.transact(steps)
        return part

    return dynamodb.retry(attempt)


def _date_steps(part: PartItem) -> list[Step]:
    """Return the steps that note a part's new dates at the actors who are engaged for it."""
    steps = []
    for actor in dynamodb.get_all([(ACTOR + actor_id, SK) for actor_id in part.engaged or ()]):
        if not isinstance(actor, Actor):
            raise ChangedMeanwhile()
        changes = casting.engagements_with(actor, {part.id}, part.engagement)
        unchanged = casting.same_engagements(actor) & Parent.pk.exists()
        if changes:
            actions = table.set_actions(Actor, changes)
            steps.append(dynamodb.update_step(actor.pk, SK, actions, unchanged, ChangedMeanwhile))
        else:
            steps.append(dynamodb.check_step(actor.pk, SK, unchanged, ChangedMeanwhile))
    return steps


def remove(part_id: str, versions: frozenset[int] | None, by: str) -> int:
    """Remove a part with all its candidates. Return the number of candidates still to be removed.

    One read and one transaction if it has none. Otherwise the part is first marked as `deleting`:
    from then on it is not found. The next removal continues with the rest, in the name of the first
    caller. `by` is the caller. Raise PartNotFound, and VersionMismatch if its version is not in
    `versions`.
    """
    pk = PartItem.partition(part_id)

    def begin() -> int:
        part = dynamodb.get(pk, SK)
        if not isinstance(part, PartItem):
            raise PartNotFound()
        if not part.deleting:
            check_version(part, versions)
        if not part.deleting and part.candidate_count:
            _mark(part, by)
        if part.deleting or part.candidate_count:
            return max(int(part.candidate_count), 1)
        unchanged = (PartItem.version == part.version) & PartItem.deleting.does_not_exist()
        complete = unchanged & (PartItem.candidate_count == 0)
        dynamodb.transact([*_last_steps(part_id, complete), history.deleted_step(part, by)])
        return 0

    remaining = dynamodb.retry(begin)
    try:
        while remaining:
            remaining = dynamodb.retry(lambda: remove_next(part_id))
    except TryAgain:
        return remaining
    return 0


def _mark(part: PartItem, by: str) -> None:
    """Mark a part as being deleted, and take it from the lists of all movies' parts."""
    changes = {"deleting": table.now(), "deleted_by": by, "gsi2pk": None, "gsi2sk": None}
    actions = table.set_actions(PartItem, changes)
    unchanged = (PartItem.version == part.version) & PartItem.deleting.does_not_exist()
    dynamodb.transact(
        [
            dynamodb.update_step(part.pk, SK, actions, unchanged, ChangedMeanwhile),
            history.deleted_step(part, by),
        ]
    )


def remove_next(part_id: str) -> int:
    """Remove some candidates of a part that is being deleted, and the part with the last of them.

    One Query and one transaction. Return the number of candidates that remain. Raise PartNotFound
    if another request has removed the part, and ChangedMeanwhile if others change them.
    """
    part, of_part = _family(part_id, BATCH + 1)
    if part is None:
        raise PartNotFound()
    by = part.deleted_by or ""
    if part.engaged:
        candidates.remove_engaged(f"{part_id}.{part.engaged[0]}", by)
        return max(part.candidate_count - 1, 1)
    batch = of_part[:BATCH]
    steps = casting.removal_steps(part, batch, by)
    if len(of_part) <= BATCH:
        complete = PartItem.candidate_count == len(batch)
        dynamodb.transact([*_last_steps(part_id, complete), *steps])
        return 0
    dynamodb.transact([casting.uncount_step(part.pk, batch), *steps])
    return max(part.candidate_count - len(batch), 1)


def _last_steps(part_id: str, condition: Condition) -> list[Step]:
    """Return the steps that delete a part and its movie's count."""
    movie_pk = MOVIE + part_id.partition(".")[0]
    return [
        dynamodb.delete_step(PART + part_id, SK, condition, ChangedMeanwhile),
        _count_step(movie_pk, -1, Parent.pk.exists()),
    ]


def remove_next_of(movie: Any) -> None:
    """Remove something of the next part of a movie that is being deleted.

    Raise ChangedMeanwhile if the index does not show the part yet.
    """
    for listed in dynamodb.first("gsi1", PARTS + movie.id, BATCH):
        part = dynamodb.get(listed.pk, SK)
        if isinstance(part, PartItem):
            if not part.deleting:
                _mark(part, movie.deleted_by)
            with contextlib.suppress(PartNotFound):
                remove_next(part.id)
                return
    raise ChangedMeanwhile()


def _family(part_id: str, number: int) -> tuple[PartItem | None, list[CandidateItem]]:
    """Read a part and up to this many of its candidates: one Query. Raise PartNotFound."""
    items = dynamodb.children(PartItem.partition(part_id), number + 1)
    part = items[0] if items and isinstance(items[0], PartItem) else None
    return part, [item for item in items if isinstance(item, CandidateItem)]
