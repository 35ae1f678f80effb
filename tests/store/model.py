"""A model check: the real store on an engine that does whatever DynamoDB may do.

The engine promises only what DynamoDB promises. A transaction is atomic for transactional reads and
writes. Queries and single reads see it item by item, and a write that meets it in progress gets a
conflict. A Query of an index may show any earlier version of an item. Another operation may run
between any two steps, and an operation may end before any of its requests.

The final state, and the result of each operation, must be those of a serial execution. Operations
that wrote, except deletions, must be in the order of their first writes. Counts and links must be
right in every state.
"""

import contextlib
import itertools
import multiprocessing
import os
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple

import greenlet
import pytest

import tests.conftest  # noqa: F401 -- sets the environment variables of the settings

# isort: split
from chalicelib.errors import ApiError, TryAgain
from chalicelib.store import (
    actors,
    candidates,
    dynamodb,
    entries,
    links,
    movies,
    parts,
    roles,
    table,
)
from chalicelib.store.history import HISTORY, Record
from chalicelib.store.items import (
    ACTOR,
    MOVIE,
    PART,
    Actor,
    CandidateItem,
    Movie,
    Parent,
    PartItem,
    RoleItem,
    role_keys,
)
from chalicelib.store.resource import SK
from chalicelib.store.statuses import ENGAGEMENT, Status
from chalicelib.store.table import Item, Replay
from dev.table import integrity
from dev.table.index import UNFINISHED
from dev.table.integrity import problems
from tests.store.model_engine import Commit, Dispatch, Engine, Key, Mutant, Raw, State

# --- The operations


M1, M2, M3, A1, A2, A3, A4 = (name * 8 for name in ("M1", "M2", "M3", "A1", "A2", "A3", "A4"))
P1, P2, P3 = f"{M1}.{'P1' * 8}", f"{M1}.{'P2' * 8}", f"{M3}.{'P3' * 8}"
NEW = "N" * 16
NOW = "2026-01-01T00:00:00.000000Z"

Operation = Callable[[], object]


def move(part_id: str, actor_id: str, **fields: Any) -> CandidateItem:
    return candidates.change(f"{part_id}.{actor_id}", fields, None, "me")


OPERATIONS: dict[str, Operation] = {
    "cast": lambda: roles.add(M1, A4, "me"),
    "cast with a key": lambda: roles.add(M1, A4, "me", Replay(NEW, "x"), billing_order=1),
    "cast the actor": lambda: roles.add(M3, A1, "me", billing_order=2),
    "cast in the other movie": lambda: roles.add(M2, A4, "me"),
    "add with a key": lambda: movies.add(
        "me", Replay(NEW, "x"), title="New", release_date="2001-01-01"
    ),
    "add another with the key": lambda: movies.add(
        "me", Replay(NEW, "y"), title="X", release_date="2002-01-01"
    ),
    "change the role": lambda: roles.change(f"{M1}.{A1}", {"billing_order": 7}, None, "me"),
    "remove the role": lambda: roles.remove(f"{M1}.{A1}", None, "me"),
    "edit the actor": lambda: actors.change(A1, {"gender": "male"}, None, "me")[1],
    "edit the actor's version": lambda: actors.change(A1, {"age": 9}, frozenset({1}), "me")[1],
    "rename the actor": lambda: actors.change(A1, {"name": "Zoe"}, None, "me")[1],
    "rename the movie": lambda: movies.change(M1, {"title": "Zulu"}, None, "me")[1],
    "date the movie": lambda: movies.change(M1, {"release_date": "1964-01-22"}, None, "me")[1],
    "rename the movie back": lambda: movies.change(M1, {"title": "Movie"}, None, "me")[1],
    "delete the movie": lambda: movies.remove(M1, None, "me"),
    "delete the actor": lambda: actors.remove(A1, None, "me"),
    # Search and external ids
    "learn a skill": lambda: actors.change(A1, {"skills": ["riding"]}, None, "me")[1],
    "learn other skills": lambda: actors.change(A1, {"skills": ["a", "b", "c"]}, None, "me")[1],
    "rename to many words": lambda: actors.change(A1, {"name": "A b c d e"}, None, "me")[1],
    "take an id": lambda: actors.change(A1, {"imdb_id": "nm1"}, None, "me")[1],
    "take the id, too": lambda: actors.change(A2, {"imdb_id": "nm1"}, None, "me")[1],
    "add with the id": lambda: actors.add(
        "me", Replay(NEW, "x"), name="New", gender="other", age=1, imdb_id="nm1"
    ),
    "give the id up": lambda: actors.change(A4, {"imdb_id": None}, None, "me")[1],
    "take the id of A4": lambda: actors.change(A1, {"imdb_id": "nm4"}, None, "me")[1],
    # Parts and candidates
    "add a part": lambda: parts.add(M1, "me", Replay(NEW, "x"), name="New"),
    "add another part with its key": lambda: parts.add(M1, "me", Replay(NEW, "y"), name="X"),
    "move the dates": lambda: parts.change(
        P1, {"work_start": "2027-05-01", "work_end": "2027-05-09"}, None, "me"
    ),
    "move the dates back": lambda: parts.change(
        P1, {"work_start": "2027-01-01", "work_end": "2027-02-01"}, None, "me"
    ),
    "remove the dates": lambda: parts.change(
        P3, {"work_start": None, "work_end": None}, None, "me"
    ),
    "need more": lambda: parts.change(P1, {"needed": 2}, None, "me"),
    "need fewer": lambda: parts.change(P2, {"needed": 1}, None, "me"),
    "close the part": lambda: parts.change(P1, {"status": "closed"}, None, "me"),
    "delete the part": lambda: parts.remove(P1, None, "me"),
    "add candidates": lambda: candidates.add(P1, [A3, A4], "me"),
    "add actors": lambda: candidates.add(P2, [A1], "me", Replay(NEW, "x")),
    "add others with their key": lambda: candidates.add(P2, [A2], "me", Replay(NEW, "y")),
    "rate": lambda: move(P1, A1, rating=5),
    "call back": lambda: move(P1, A1, status="callback"),
    "hold": lambda: move(P1, A1, status="on_hold"),
    "hold A3": lambda: move(P1, A3, status="on_hold"),
    "decline A1": lambda: move(P1, A1, status="declined"),
    "cast A1 in P1": lambda: move(P1, A1, status="cast"),
    "cast A2 in P1": lambda: move(P1, A2, status="cast"),
    "cast A3 in P1": lambda: move(P1, A3, status="cast"),
    "cast A1 in P3": lambda: move(P3, A1, status="cast"),
    "cast A4 in P2": lambda: move(P2, A4, status="cast"),
    "release A3": lambda: move(P2, A3, status="released"),
    "release A4": lambda: move(P2, A4, status="released"),
    "decline P1": lambda: move(P1, A2, status="declined"),
    "decline P3": lambda: move(P3, A1, status="declined"),
    "remove the candidate": lambda: candidates.remove(f"{P1}.{A1}", None, "me"),
    "remove the cast role": lambda: roles.remove(f"{M1}.{A3}", None, "me"),
    "add a part to the other movie": lambda: parts.add(M2, "me", Replay(NEW, "x"), name="New"),
    "delete the other movie": lambda: movies.remove(M2, None, "me"),
    "delete the cast actor": lambda: actors.remove(A3, None, "me"),
}
"""Operations on three movies and four actors. A1 plays in M1 and M2, A2 in M1.

M1 has the parts P1, which needs one actor, and P2, which needs two. M3 has P3. All have dates. A1
and A3 are shortlisted for P1, A2 is on hold for it, and A1 for P3. A3 is cast in P2, which has made
the role of A3 in M1. A4 is submitted for P2.
"""

ON_FAMILIES = [name for name in OPERATIONS if re.match("rename|date|delete|learn", name)]
"""Operations whose steps depend on how much fits into one transaction."""

PAIRS = [
    (few, pair)
    for few in (True, False)
    for pair in itertools.combinations_with_replacement(OPERATIONS, 2)
    if not few or not set(pair).isdisjoint(ON_FAMILIES)
]
"""Whether a transaction holds only one role or candidate, and the two operations."""


@contextmanager
def world(few: bool = False) -> Iterator[Engine]:
    """Run the store on an engine with the items of the operations."""
    engine = Engine(_start())
    with store_on(lambda name, request: engine.dispatch(name, request), few):
        yield engine


@cache
def _start() -> State:
    engine = Engine({})
    with store_on(lambda name, request: engine.dispatch(name, request), few=False):
        build()
    return engine.items


@contextmanager
def store_on(dispatch: Dispatch, few: bool) -> Iterator[None]:
    """Send the store's requests to this function."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "now", lambda: NOW)
        patch.setattr(dynamodb, "pause", lambda _: None)
        patch.setattr(dynamodb, "call", dispatch)
        patch.setattr(integrity, "_parse", _parse)
        if few:
            patch.setattr(links, "MAX_ACTIONS", 8)
            patch.setattr(entries, "MAX_ACTIONS", 3)
            patch.setattr(links, "REMOVED", 1)
            patch.setattr(links, "RENAMED", 1)
            patch.setattr(candidates, "BATCH", 1)
            patch.setattr(parts, "BATCH", 1)
        yield


def build() -> None:
    """Add the movies, actors, roles, parts and candidates of the operations."""
    for movie_id in (M1, M2, M3):
        movies.add("me", Replay(movie_id, ""), title="Movie", release_date="2000-01-01")
    for actor_id in (A1, A2, A3, A4):
        ids = {"imdb_id": "nm4"} if actor_id == A4 else {}
        actors.add("me", Replay(actor_id, ""), name="Actor", gender="other", age=1, **ids)
    for movie_id, actor_id in ((M1, A1), (M1, A2), (M2, A1)):
        roles.add(movie_id, actor_id, "me")
    for part_id, needed in ((P1, 1), (P2, 2), (P3, 1)):
        movie_id, _, own_id = part_id.partition(".")
        dates = {"work_start": "2027-01-01", "work_end": "2027-02-01"}
        parts.add(movie_id, "me", Replay(own_id, ""), name="Part", needed=needed, **dates)
    for part_id, statuses in (
        (P1, {A1: "shortlisted", A2: "on_hold", A3: "shortlisted"}),
        (P2, {A3: "cast", A4: None}),
        (P3, {A1: "on_hold"}),
    ):
        candidates.add(part_id, list(statuses), "me")
        for actor_id, status in statuses.items():
            if status is not None:
                move(part_id, actor_id, status=status)


def result_of(operation: Operation) -> str:
    """Run an operation. Return its result: done, unfinished, or the name of an error."""
    try:
        remaining = operation()
    except TryAgain:
        return "unfinished"
    except ApiError as error:
        return type(error).__name__
    return "unfinished" if isinstance(remaining, int) and remaining else "done"


# --- The schedules


WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
SPEEDS = (1, 1, 0.05)  # some are so slow that all others overtake them


def is_visible(name: str, request: dict[str, Any]) -> bool:
    """Return whether others can see what a request writes.

    Only the index shows that a change of it has begun or ended, and nobody sees the index.
    """
    if name != "TransactWriteItems":
        return name in WRITES
    actions = [part for action in request["TransactItems"] for part in action.values()]
    keys = [(action.get("Key") or action["Item"])["pk"]["S"] for action in actions]
    names = {n for a in actions for n in a.get("ExpressionAttributeNames", {}).values()}
    return any(pk.startswith(HISTORY) for pk in keys) or not (
        "indexing" in names or any("?" in pk for pk in keys)
    )


class Killed(BaseException):
    """The function ends here."""


@dataclass(eq=False)
class Task:
    """An operation in progress, one request after the other."""

    name: str
    speed: float
    dies_at: int | None = None
    steps: int = 0
    waits_for: Commit | None = None
    place: int | None = None
    """The place of its first write among the first writes of all operations."""
    result: str = "killed"
    process: greenlet.greenlet = field(init=False)

    def start(self) -> None:
        self.process = greenlet.greenlet(self._run)

    def _run(self) -> None:
        with contextlib.suppress(Killed):
            self.result = result_of(OPERATIONS[self.name])

    @property
    def is_unfinished(self) -> bool:
        return self.result in ("killed", "unfinished")

    @property
    def ready(self) -> bool:
        return not self.process.dead and (self.waits_for is None or self.waits_for.done)

    def step(self) -> None:
        if self.steps == self.dies_at:
            self.process.throw(Killed)
        else:
            self.steps += 1
            self.process.switch()


def schedule(
    engine: Engine, most_steps: dict[str, int], names: Sequence[str], chance: random.Random
) -> list[Task]:
    """Run operations at once, in some order of their steps. One or none of them dies."""
    tasks = [Task(name, chance.choice(SPEEDS)) for name in names]
    if chance.random() < 0.5:
        task = chance.choice(tasks)
        task.dies_at = chance.randrange(1, most_steps[task.name])
    engine.lag, engine.older = chance if chance.random() < 0.5 else None, {}
    scheduler, places = greenlet.getcurrent(), itertools.count()
    by_process: dict[greenlet.greenlet, Task] = {}

    def dispatch(name: str, request: dict[str, Any]) -> dict[str, Any]:
        task = by_process[greenlet.getcurrent()]
        scheduler.switch()
        engine.operation = task.name
        answer = engine.send(name, request)
        if task.place is None and is_visible(name, request):
            task.place = next(places)
        if not isinstance(answer, Commit):
            return answer
        task.waits_for = answer
        answer.speed = chance.choice(SPEEDS)
        scheduler.switch()
        return {}

    engine.dispatch = dispatch
    for task in tasks:
        task.start()
        by_process[task.process] = task
        task.step()
    while True:
        ready: list[Commit | Task] = [*engine.commits, *(task for task in tasks if task.ready)]
        if not ready:
            engine.lag = None
            return tasks
        (chosen,) = chance.choices(ready, [candidate.speed for candidate in ready])
        if isinstance(chosen, Commit):
            engine.show_one(chosen, chance.randrange(len(chosen.invisible)))
        else:
            chosen.step()


# --- What must hold


class Memo:
    """Calls a function once for each raw item. The engine replaces items, and never changes one."""

    MOST = 10_000

    def __init__(self, function: Callable[[Raw], Any]) -> None:
        self.function = function
        self.known: dict[int, tuple[Raw, Any]] = {}

    def __call__(self, raw_item: Raw) -> Any:
        known = self.known.get(id(raw_item))  # of this item: the ids of stored items stay in use
        if known is None:
            if len(self.known) == self.MOST:
                self.known.clear()
            known = self.known[id(raw_item)] = raw_item, self.function(raw_item)
        return known[1]


_parse, _item = Memo(integrity._parse), Memo(Item.from_raw_data)


def seen(engine: Engine) -> State:
    """Return what is visible of the items at the end."""
    return {key: unmarked(item) for key, item in engine.items.items()}


def unmarked(item: Raw) -> Raw:
    """Remove the mark of the last UpdateItem, which is random, and sort the sets."""
    return {
        name: {"SS": sorted(value["SS"])} if "SS" in value else value
        for name, value in item.items()
        if name != "last_write"
    }


def _without_ends(state: State) -> State:
    """Return a state in which it does not matter how the candidacies that are deleted ended.

    A deletion in steps may have removed a candidate whose role another operation then removes. The
    role is gone as in a serial execution, but nobody is there to be released.
    """
    ended = {
        pk
        for (pk, _), item in state.items()
        if pk.startswith(f"{HISTORY}candidate#") and item["operation"] == {"S": "deleted"}
    }
    kept = {key: item for key, item in state.items() if key[0] not in ended or not _is_end(item)}
    return {**kept, **{(pk, "ended"): {} for pk in ended}}


def _is_end(record: Raw) -> bool:
    released = '"released"]' in record["changed"].get("S", "")
    return released or record["operation"] == {"S": "deleted"}


RECORDED_ONCE = tuple(f"{HISTORY}{kind}#" for kind in ("movie", "actor", "part"))


def index_problems(raw_items: Iterable[Raw]) -> list[str]:
    """Return what is wrong with the index and with history.

    The entries and cards of a resource must include all that is true of it, its external ids must
    be its own, and each version must have a record that goes on from the one before it. This must
    hold in every state, also while operations are unfinished.
    """
    items = {(item.pk, item.sk): item for item in map(_item, raw_items)}
    wrong = []
    for parent in items.values():
        if not isinstance(parent, Parent) or parent.deleting:
            continue
        card = entries.card_of(parent)
        for key in entries.keys_of(parent):
            entry: Any = items.get(key)
            if entry is None:
                wrong.append(f"{key}: there is no entry of {parent.pk}")
            elif not (
                card.words <= {*entry.words.split()}
                and card.facets <= entry.facets
                and (card.low is None or entry.low <= card.low <= str(card.high) <= entry.high)
            ):
                wrong.append(f"{key}: the card of {parent.pk} hides what is true of it")
        for claim in parent.claims():
            claimed = items.get(entries.claim_key(type(parent), claim))
            if claimed is None or claimed.id != parent.id:
                wrong.append(f"{parent.pk}: its {claim} is not its own")
    for key, item in items.items():
        # A role or candidate is created again with its id, and here at the same time.
        if not isinstance(item, Record) or not key[0].startswith(RECORDED_ONCE):
            continue
        before = items.get((key[0], f"{key[1][:-8]}{item.version - 1:08}"))
        if isinstance(before, Record):
            for name, change in item.changes.items():
                last = before.changes.get(name)
                if change and last and change[0] != last[1]:
                    wrong.append(f"{key}: {name} does not go on from the version before")
    return wrong


def casting_problems(raw_items: Iterable[Raw]) -> list[str]:
    """Return what is wrong with parts, candidates, and what is stored of them elsewhere.

    This must hold in every state, also while operations are unfinished.
    """
    items = {(item.pk, item.sk): item for item in map(_item, raw_items)}
    owned: dict[str, list[CandidateItem]] = defaultdict(list)  # by the pk of each owner
    cast_in: dict[Key, list[str]] = defaultdict(list)  # the parts, by the key of the role
    engagements: dict[str, list[str]] = defaultdict(list)  # by the pk of the actor
    part_counts = Counter(i.movie_id for i in items.values() if isinstance(i, PartItem))
    wrong = [
        f"{part.pk}: {MOVIE}{part.movie_id} does not exist"
        for part in items.values()
        if isinstance(part, PartItem) and (MOVIE + part.movie_id, SK) not in items
    ]
    expected: list[tuple[Key, dict[str, Any]]] = []
    for candidate in items.values():
        if not isinstance(candidate, CandidateItem):
            continue
        part, actor_pk = items.get((PART + candidate.part_id, SK)), ACTOR + candidate.actor_id
        if not isinstance(part, PartItem) or (actor_pk, SK) not in items:
            wrong.append(f"{candidate.id}: its part or actor does not exist")
            continue
        expected.append(((candidate.pk, candidate.sk), dict(candidate.listed())))
        owned[part.pk].append(candidate)
        owned[actor_pk].append(candidate)
        if candidate.status in ENGAGEMENT and part.engagement:
            engagements[actor_pk].append(part.engagement)
        if candidate.status == Status.CAST:
            for key in role_keys(f"{candidate.movie_id}.{candidate.actor_id}"):
                cast_in[key].append(part.id.partition(".")[2])
    for key in cast_in.keys() - items.keys():
        wrong.append(f"{key} is no role, but has {cast_in[key]}")
    for key, item in items.items():
        if isinstance(item, Movie):
            expected.append((key, {"part_count": part_counts[item.id]}))
        elif isinstance(item, Actor):
            of_actor = {
                "candidate_count": len(owned[item.pk]),
                "engagements": sorted(engagements[item.pk]) or None,
            }
            expected.append((key, of_actor))
        elif isinstance(item, RoleItem):
            expected.append((key, {"part_ids": sorted(cast_in[key]) or None}))
            if item.is_cast and not item.part_ids:
                wrong.append(f"{key} is left without parts")
        elif isinstance(item, PartItem):
            statuses = Counter(candidate.status for candidate in owned[item.pk])
            engaged = sorted(c.actor_id for c in owned[item.pk] if c.status in ENGAGEMENT)
            of_part: dict[str, Any] = {"gsi2pk": None, "gsi2sk": None, **item.listed()}
            of_part |= {status.value: statuses[status] for status in Status}
            of_part |= {"candidate_count": len(owned[item.pk]), "engaged": engaged or None}
            expected.append((key, of_part))
            if item.cast > item.needed:
                wrong.append(f"{key}: {item.cast} are cast, {item.needed} are needed")
    for key, attributes in expected:
        for name, value in attributes.items():
            if (stored := getattr(items[key], name)) != value:
                wrong.append(f"{key}: its {name} is {stored}, not {value}")
    return wrong


def finish_index() -> None:
    """Finish the changes of entries that conflicts have ended, as the next change would do."""
    for actor_id in (A1, A2, A3, A4):
        actor = dynamodb.get(ACTOR + actor_id, SK)
        if isinstance(actor, Actor) and actor.indexing:
            entries.finish(actor)


class Serial(NamedTuple):
    """The outcome of operations that run one after the other."""

    results: list[str]
    items: State
    state: State
    steps: int
    """Of the last of them."""


_serial: dict[tuple[bool, tuple[str, ...]], Serial] = {}


@dataclass
class Check:
    """Operations at once, compared with their serial execution."""

    few: bool
    names: tuple[str, ...]
    mutant: Mutant | None = None

    def run(self, schedules: int, seed: int, first: int = 0) -> Iterator[str]:
        """Try random schedules, from the one with this number on. Return the failures."""
        with world(self.few) as engine:
            self.start, self.engine = dict(engine.items), engine
            # Conflicts add steps.
            self.most_steps = {name: self.in_order((name,)).steps + 3 for name in self.names}
            for number in range(first, first + schedules):
                if failure := self.run_one(random.Random(f"{seed} {self.names} {number}")):  # noqa: S311
                    yield f"{' | '.join(self.names)}, few={self.few}, {seed=}, {number=}: {failure}"

    def run_one(self, chance: random.Random) -> str | None:
        """Run one random schedule. Return its failure, or None."""
        engine = self.engine
        engine.items, engine.mutant = dict(self.start), self.mutant
        engine.locked, engine.commits = {}, []
        try:
            tasks = schedule(engine, self.most_steps, self.names, chance)
            engine.operation = ""
            if failure := self.failure_while_unfinished(tasks):
                return failure
            # Unfinished operations are repeated, as their callers would do.
            engine.dispatch = engine.alone
            again = [task.name for task in tasks if task.is_unfinished]
            for name in again:
                if result_of(OPERATIONS[name]) == "unfinished":
                    return f"{name} cannot be finished"
            finish_index()
        except Exception as error:
            return repr(error)
        return self.unlike_any_order(tasks, again)

    def failure_while_unfinished(self, tasks: list[Task]) -> str | None:
        """Return the problems of an unfinished state, if unfinished work does not explain them."""
        if not any(task.is_unfinished for task in tasks):
            return None
        unexplained = _problems(
            frozenset((k, repr(i)) for k, i in seen(self.engine).items()), self.engine
        )
        return f"before it is finished: {unexplained}" if unexplained else None

    def unlike_any_order(self, tasks: list[Task], again: list[str]) -> str | None:
        """Return a failure if no serial execution has the same results and the same state."""
        state = seen(self.engine)
        in_steps = any(task.name.startswith("delete") for task in tasks)
        differences = set()
        for order in _orders(tasks):
            names = (*(task.name for task in order), *again)
            serial = self.in_order(names)
            same_results = all(
                task.is_unfinished or task.result == result
                for task, result in zip(order, serial.results, strict=False)
            )
            if same_results and (
                serial.state == state
                or (in_steps and _without_ends(serial.state) == _without_ends(state))
            ):
                return None
            results = list(zip(names, serial.results, strict=True))
            differences.add(f"{results}: {_difference(serial.state, state)}")
        tasks_ended = [(t.name, t.result, t.steps, t.dies_at) for t in tasks]
        return "\n    ".join([f"{tasks_ended} is unlike", *sorted(differences)])

    def in_order(self, order: tuple[str, ...]) -> Serial:
        """Run operations one after the other."""
        if (self.few, order) not in _serial:
            before = self.in_order(order[:-1]) if order[1:] else Serial([], self.start, {}, 0)
            engine, items, dispatch = self.engine, self.engine.items, self.engine.dispatch
            engine.items, engine.operation, engine.dispatch = dict(before.items), "", engine.alone
            steps = engine.steps
            results = [*before.results, result_of(OPERATIONS[order[-1]])]
            assert _all_problems(engine.items.values()) == [], order
            steps = engine.steps - steps
            _serial[self.few, order] = Serial(results, engine.items, seen(engine), steps)
            engine.items, engine.dispatch = items, dispatch
        return _serial[self.few, order]


def _orders(tasks: list[Task]) -> Iterator[tuple[Task, ...]]:
    """Return the possible orders. An unfinished operation may be left out: it is repeated.

    Operations that have written are in the order of their first writes, because others could have
    seen this order. Not so with a deletion in steps: what it has not yet reached can be changed.
    """
    is_ordered = not any(task.name.startswith("delete") for task in tasks)
    for number in range(len(tasks) + 1):
        for order in itertools.permutations(tasks, number):
            places = [task.place for task in order if task.place is not None]
            if is_ordered and places != sorted(places):
                continue
            left_out = [task for task in tasks if task not in order]
            if all(
                task.is_unfinished and not (is_ordered and task.place is not None)
                for task in left_out
            ):
                yield order


def _difference(expected: State, state: State) -> dict[Key, Any]:
    """Return the attributes that differ, for each key: as expected, and as they are."""
    different: dict[Key, Any] = {}
    for key in dict.fromkeys([*expected, *state]):
        one, other = expected.get(key), state.get(key)
        if one is None or other is None:
            if one != other:
                different[key] = "is missing" if other is None else "is left over"
        elif names := [n for n in {**one, **other} if one.get(n) != other.get(n)]:
            different[key] = {name: (one.get(name), other.get(name)) for name in names}
    return different


def _all_problems(raw_items: Iterable[Raw]) -> list[object]:
    items = list(raw_items)
    return [*problems(items), *casting_problems(items), *index_problems(items)]


_checked: dict[frozenset[tuple[Key, str]], str] = {}


def _problems(state: frozenset[tuple[Key, str]], engine: Engine) -> str:
    """Return the problems of a state that unfinished work does not explain."""
    if state not in _checked:
        items = list(engine.items.values())
        worse: list[object] = [
            p
            for p in problems(items)
            if p.kind not in ("stale", "stuck") and p.description != UNFINISHED
        ]
        worse += casting_problems(items)
        worse += index_problems(items)
        _checked[state] = str(worse) if worse else ""
    return _checked[state]


def _failures(pair: tuple[bool, tuple[str, str]], schedules: int, seed: int) -> list[str]:
    return list(Check(*pair).run(schedules, seed))


def main() -> None:
    schedules = int(os.environ.get("SCHEDULES") or 20_000)
    seed = int(os.environ.get("SEED") or 1)
    began, total = time.monotonic(), 0
    with multiprocessing.Pool() as pool:
        for number, failures in enumerate(
            pool.imap(partial(_failures, schedules=schedules, seed=seed), PAIRS), 1
        ):
            total += len(failures)
            few, names = PAIRS[number - 1]
            pair = f"{' | '.join(names)}{', few roles per transaction' if few else ''}"
            line = f"{number} of {len(PAIRS)}: {pair}: {len(failures)} failures"
            print(line, *failures[:3], sep="\n  ")
    print(
        f"{len(PAIRS)} pairs of operations, {schedules:,} schedules of each (seed {seed}):"
        f" {total} failures, in {time.monotonic() - began:.0f} s"
    )
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
