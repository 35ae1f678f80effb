"""Candidates: the actors who are considered for a part.

A candidate copies nothing of the actor. A page of candidates is one Query and one BatchGetItem of
the actors and parts that it shows.
"""

from typing import Any, NamedTuple, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.errors import (
    ActorNotFound,
    BadCursor,
    CandidateNotFound,
    KeyReused,
    MovieNotFound,
    PartClosed,
    PartFull,
    PartNotFound,
    StillEngaged,
    TooManyEngagements,
    WrongTransition,
)
from chalicelib.limits import MAX_ENGAGED
from chalicelib.store import casting, dynamodb, history, table
from chalicelib.store.dynamodb import MAX_ACTIONS, ChangedMeanwhile
from chalicelib.store.items import (
    ACTOR,
    ALIVE,
    CANDIDACIES,
    CANDIDATE,
    CANDIDATES,
    MOVIE,
    Actor,
    CandidateItem,
    PartItem,
    alive,
    candidate_key,
)
from chalicelib.store.related import part_and_actor_of, part_and_movie_of, with_related
from chalicelib.store.resource import SK, check_version
from chalicelib.store.statuses import ENGAGEMENT, Status
from chalicelib.store.table import Page, Replay

KEPT_REPLAYS = 10
"""POSTs with an Idempotency-Key that a part remembers, the last ones that added candidates."""

BATCH = (MAX_ACTIONS - 3) // 4
"""Candidates that one transaction removes: each has a record, and may need its actor's and part's
count.
"""

REMOVED = "This actor was removed from the list after this request had added them."
"""Why a replay does not add an actor."""

Key = tuple[str, str]


class Refusal(NamedTuple):
    """An actor who was not added, and why."""

    actor_id: str
    detail: str


class Added(NamedTuple):
    """The outcome of adding actors to a part's list."""

    candidates: list[CandidateItem]
    """Those who were added, and those who were there already, as asked for."""

    refused: list[Refusal]


def add(part_id: str, actor_ids: list[str], by: str, replay: Replay | None = None) -> Added:
    """Consider up to 25 actors for a part: one BatchGetItem and one transaction.

    If it is a replay, nobody is added: one BatchGetItem. `by` is the caller. Raise PartNotFound,
    PartClosed and KeyReused.
    """
    part_pk = PartItem.partition(part_id)
    movie_pk = MOVIE + part_id.partition(".")[0]
    known = [actor_id for actor_id in dict.fromkeys(actor_ids) if table.is_id(actor_id)]

    def attempt() -> Added:
        keys = [(part_pk, SK), (movie_pk, SK)]
        keys += [(ACTOR + actor_id, SK) for actor_id in known]
        keys += [candidate_key(f"{part_id}.{actor_id}") for actor_id in known]
        items = dict(zip(keys, dynamodb.get_all(keys), strict=True))
        part = items[part_pk, SK]
        if not isinstance(part, PartItem) or not alive(part):
            raise PartNotFound()
        if not alive(items[movie_pk, SK]):
            raise PartNotFound()
        is_replay = _is_replay(part, replay)
        if part.closed and not is_replay:
            raise PartClosed()
        candidates, refused, new = [], [], []
        for actor_id in dict.fromkeys(actor_ids):
            actor = items.get((ACTOR + actor_id, SK))
            if not isinstance(actor, Actor) or not alive(actor):
                refused.append(Refusal(actor_id, ActorNotFound.detail))
                continue
            candidate = items[candidate_key(f"{part_id}.{actor_id}")]
            if candidate is None and is_replay:
                refused.append(Refusal(actor_id, REMOVED))
                continue
            if candidate is None:
                candidate = _new_candidate(part_id, actor_id, by)
                new.append(candidate)
            candidates.append(_shown(cast(CandidateItem, candidate), part, actor))
        if new:
            dynamodb.transact(_add_steps(part, new, by, replay))
        return Added(candidates, refused)

    return dynamodb.retry(attempt)


def _is_replay(part: PartItem, replay: Replay | None) -> bool:
    """Return whether this POST has added candidates before. Raise KeyReused if its body differs."""
    if replay is None:
        return False
    bodies = dict(known.split(".") for known in part.replays or ())
    if bodies.get(replay.resource_id, replay.body) != replay.body:
        raise KeyReused()
    return replay.resource_id in bodies


def _new_candidate(part_id: str, actor_id: str, by: str) -> CandidateItem:
    candidate_id = f"{part_id}.{actor_id}"
    key = candidate_key(candidate_id)
    candidate = table.new_item(CandidateItem, key, candidate_id, None)
    candidate.set(status=Status.SUBMITTED.value, status_since=candidate.created_at, status_by=by)
    candidate.set(**candidate.listed(), recorded_from=1)
    return candidate


def _add_steps(
    part: PartItem, new: list[CandidateItem], by: str, replay: Replay | None
) -> list[dynamodb.Step]:
    condition: Condition = (
        PartItem.pk.exists() & PartItem.deleting.does_not_exist() & PartItem.closed.does_not_exist()
    )
    count = len(new)
    actions: list[Action] = [PartItem.submitted.add(count), PartItem.candidate_count.add(count)]
    if replay is not None:
        known = part.replays
        condition &= PartItem.replays == known if known else PartItem.replays.does_not_exist()
        actions.append(PartItem.replays.set([*(known or ()), str(replay)][-KEPT_REPLAYS:]))
    steps = [dynamodb.update_step(part.pk, SK, actions, condition, ChangedMeanwhile)]
    for candidate in new:
        counted = [Actor.candidate_count.add(1)]
        actor_pk = ACTOR + candidate.actor_id
        steps.append(dynamodb.put_step(candidate, ChangedMeanwhile))
        steps.append(dynamodb.update_step(actor_pk, SK, counted, ALIVE, ChangedMeanwhile))
        steps.append(history.created_step(candidate, by))
    return steps


def _shown(candidate: CandidateItem, part: PartItem, actor: Actor) -> CandidateItem:
    candidate.part, candidate.actor = part, actor
    return candidate


def get(candidate_id: str) -> CandidateItem:
    """Read a candidate with its part and actor: one BatchGetItem. Raise CandidateNotFound."""
    desk = casting.read(candidate_id)
    return _shown(desk.candidate, desk.part, desk.actor)


def change(
    candidate_id: str, fields: dict[str, Any], versions: frozenset[int] | None, by: str
) -> CandidateItem:
    """Change these fields: one BatchGetItem and one transaction. None removes a value.

    Being cast writes the role, and leaving that status takes the part from the role.

    Raise CandidateNotFound, VersionMismatch, WrongTransition, PartFull, PartClosed and
    TooManyEngagements.
    """

    def attempt() -> CandidateItem:
        desk = casting.read(candidate_id)
        candidate = desk.candidate
        check_version(candidate, versions)
        was = Status(candidate.status)
        to = Status(fields.get("status", was))
        changes = {**fields, **history.next_version(candidate)}
        if to is not was:
            _check_current_move(desk, was, to)
            changes |= {"status_since": changes["updated_at"], "status_by": by}
        after = table.copy_of(candidate)
        after.set(**changes)
        changes |= after.listed()
        dynamodb.transact(casting.move_steps(desk, to, changes, by))
        return _shown(after, desk.part, desk.actor)

    return dynamodb.retry(attempt)


def _check_current_move(desk: casting.Desk, was: Status, to: Status) -> None:
    """Raise an error if this move is not possible.

    The candidate may have been read before a write, and the part after it. Before a move is
    refused because of the part, both are read again, as of one moment.
    """
    try:
        _check_move(desk.part, was, to)
    except (PartClosed, PartFull, TooManyEngagements):
        read = desk.candidate
        candidate, part = dynamodb.snapshot([(read.pk, read.sk), (desk.part.pk, SK)])
        if isinstance(part, PartItem) and candidate and candidate.version == read.version:
            _check_move(part, was, to)
        raise ChangedMeanwhile() from None


def _check_move(part: PartItem, was: Status, to: Status) -> None:
    if to not in was.next():
        raise WrongTransition(was, was.next())
    if to is Status.CAST:
        if part.closed:
            raise PartClosed()
        if part.cast >= part.needed:
            raise PartFull()
    if to in ENGAGEMENT and was not in ENGAGEMENT and len(part.engaged or ()) >= MAX_ENGAGED:
        raise TooManyEngagements(f"A part has at most {MAX_ENGAGED} engaged candidates.")


def remove(candidate_id: str, versions: frozenset[int] | None, by: str) -> None:
    """Take a candidate from a part's list: one BatchGetItem and one transaction.

    `by` is the caller. Raise CandidateNotFound, VersionMismatch and StillEngaged.
    """

    def attempt() -> None:
        desk = casting.read(candidate_id)
        check_version(desk.candidate, versions)
        if desk.candidate.status in ENGAGEMENT:
            raise StillEngaged()
        dynamodb.transact(casting.move_steps(desk, None, {}, by))

    dynamodb.retry(attempt)


# --- Lists


def of_part(
    part_id: str, status: Status | None, *, after: str | None, limit: int
) -> Page[CandidateItem]:
    """List a part's candidates, or one column of its board: a Query and a BatchGetItem.

    A column is best rated first. All candidates are in the order of the board if they fit on the
    page. Raise PartNotFound and BadCursor.
    """
    pk = PartItem.partition(part_id)
    movie_id, _, own_id = part_id.partition(".")
    if status is None:
        place = "sk"
        page = dynamodb.child_page(pk, CANDIDATE, after=after, limit=limit)
    else:
        place = "gsi1sk"
        page = dynamodb.page(
            "gsi1",
            CANDIDATES + movie_id,
            after=after,
            limit=limit,
            key_of=lambda key: (pk, table.key(CANDIDATE, table.last_part(key), BadCursor)),
            prefix=table.sort_key(own_id, status.stage, ""),
        )
    shown = with_related(page, place, (pk, SK), PartNotFound, part_and_actor_of)
    # Only now: `with_related` may end the page early, and its place follows from the order of sk.
    if status is None and after is None and shown.last is None:
        shown.items.sort(key=lambda item: item.gsi1sk or "")
    return shown


def of_movie(movie_id: str, *, after: str | None, limit: int) -> Page[CandidateItem]:
    """List everybody who is considered for a movie, by part, in the order of its board.

    A Query and a BatchGetItem. Raise MovieNotFound and BadCursor.
    """
    pk = table.key(MOVIE, movie_id, MovieNotFound)

    def key_of(key: str) -> Key:
        part_id = f"{movie_id}.{key.partition(table.SEPARATOR)[0]}"
        return candidate_key(f"{part_id}.{table.last_part(key)}", BadCursor)

    page = dynamodb.page("gsi1", CANDIDATES + movie_id, after=after, limit=limit, key_of=key_of)
    return with_related(page, "gsi1sk", (pk, SK), MovieNotFound, part_and_actor_of)


def of_actor(actor_id: str, *, after: str | None, limit: int) -> Page[CandidateItem]:
    """List an actor's candidacies: engaged first, then in selection, then ended, oldest first.

    A Query and a BatchGetItem. Raise ActorNotFound and BadCursor.
    """
    pk = table.key(ACTOR, actor_id, ActorNotFound)
    page = dynamodb.page(
        "gsi2",
        CANDIDACIES + actor_id,
        after=after,
        limit=limit,
        key_of=lambda key: candidate_key(f"{table.last_part(key)}.{actor_id}", BadCursor),
    )
    return with_related(page, "gsi2sk", (pk, SK), ActorNotFound, part_and_movie_of)


# --- Removal of an actor's candidacies


def remove_next(actor: Any) -> None:
    """Remove some candidacies of an actor who is being deleted: one transaction.

    Raise ChangedMeanwhile if the index does not show them yet, or others change them.
    """
    keys = [(item.pk, item.sk) for item in dynamodb.first("gsi2", CANDIDACIES + actor.id, BATCH)]
    items = dynamodb.get_all(keys) if keys else []
    candidates = [item for item in items if isinstance(item, CandidateItem)]
    if not candidates:
        raise ChangedMeanwhile()
    engaged = [c for c in candidates if c.status in ENGAGEMENT]
    if engaged:
        remove_engaged(engaged[0].id, actor.deleted_by)
    else:
        dynamodb.transact(casting.removal_steps(None, candidates, actor.deleted_by))


def remove_engaged(candidate_id: str, by: str) -> None:
    """Remove an engaged candidate of a part or an actor that `by` deletes."""
    try:
        desk = casting.read(candidate_id, deleting=True)
    except CandidateNotFound as error:
        raise ChangedMeanwhile() from error
    dynamodb.transact(casting.move_steps(desk, None, {}, by))
