"""The storm: many workers, random operations, workers killed at random; then nothing may be wrong.

`python -m tests.store.storm` is the long form, which SEED, WORKERS, OPERATIONS and KILLS change;
test_storm.py holds the short one. A worker is a server of the real API, on one table in a real
engine; for each there is somebody who sends it one request after another, and sends a request
again, with the same Idempotency-Key, until its answer is definite. The seed decides who does what
in which order, with which values, and after how many operations which worker is killed. What of it
happens at the same moment, it cannot decide.
"""

import datetime
import itertools
import math
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from threading import Condition, Event, Lock
from typing import Any
from urllib.parse import urlencode

from tests.conftest import Product  # isort: skip -- it sets what our modules read at import

from chalicelib.errors import ActorNotFound, MovieNotFound
from chalicelib.settings import TABLE_NAME
from chalicelib.store import table
from chalicelib.store.links import REMOVED, RENAMED
from chalicelib.store.table import Item
from dev.local import engine
from dev.table import integrity
from tests.support.client import ApiResponse, Client
from tests.support.issuer import Issuer

SEED, WORKERS, OPERATIONS, KILLS = 20261122, 8, 6_000, 60

REGION = "us-east-1"  # where dev.local.serve looks for the table
MOVIES, ACTORS = 40, 115  # places, each with the movie or actor that is the busiest there
BIG = 2  # the first places: here families are larger than what one transaction takes
HOT = 2  # the places after these: what is here is what most are busy with
FORGOTTEN = 0.05  # of the answers to writes, as if they had been lost on their way
REPEATS = 100  # of one request, until its answer is definite
PATIENCE = 120  # seconds for a worker to come back

WEIGHTS = {
    "read": 20,
    "cast": 16,
    "cast again": 6,
    "change role": 14,
    "remove role": 6,
    "rename movie": 8,
    "date movie": 4,
    "rename actor": 10,
    "change gender": 3,
    "add movie": 3,
    "add actor": 4,
    "delete movie": 2,
    "delete actor": 2,
}
"""How often each kind is drawn."""

GENDERS = ["female", "male", "non-binary", "other", "undisclosed"]

FIELDS = {
    "movies": ("title", "release_date"),
    "actors": ("name", "gender"),
    "roles": ("character_name", "billing_order"),
}
"""What the storm changes, by collection."""

GONE = "(gone)"
"""What every field of a thing is that is not there, also the field `there`."""

Fields = Mapping[str, Any]


class Broken(AssertionError):
    """Something was heard, or not heard, that the contract does not allow."""


# ------------------------------------------------------------------------------------ the history


@dataclass(frozen=True)
class Write:
    """What an operation wrote to a thing: `fields`, or None where it removed it.

    It was sent `done` times with success and `lost` times without a definite answer, between two
    times of time.monotonic().
    """

    by: str
    sent: float
    ended: float
    fields: Fields | None
    done: int = 1
    lost: int = 0
    finished: bool = True
    """False where it was begun, and another operation ended it."""

    def value(self, field: str) -> Any:
        return GONE if self.fields is None else self.fields[field]

    def writes(self, field: str) -> bool:
        return self.fields is None or field in self.fields

    def creates(self) -> bool:
        return self.fields is not None and "there" in self.fields


@dataclass(frozen=True)
class Sight:
    """What an answer told of a thing: some fields, of which `there` is GONE where it is not.

    With `by_others` the answer told as well that it was not the one who asked who wrote them. A
    `copy` was seen in a role, which shows the names of its movie and its actor.
    """

    by: str
    sent: float
    ended: float
    fields: Fields
    by_others: bool = False
    copy: bool = False


BEFORE = Write("nobody", -math.inf, -math.inf, None)
"""At first nothing is there."""


class History:
    """What was written and what was seen, by the path of each thing; and what of it cannot be.

    **The rule for values.** A write takes effect at some moment between its first sending and its
    last answer, once or, where an answer was lost, perhaps more often. So a value that is seen must
    be one that somebody writes, who began before the end of the sight, and that was not undone by
    then: no acknowledged write of the same field began after that write had ended, and ended before
    the sight began. What is there at the end is a sight after everything else: so every
    acknowledged write is there, or another one that did not end before it began.

    A write without any acknowledgement (its answers were lost, then it was refused) may be what is
    seen, and undoes nothing. Removing writes GONE to every field, and so does removing a movie or
    an actor to each of its roles; a role's fields after that come from a new casting, or changes
    that did not end before it. A removal that finds nothing (404) wrote nothing, and is a sight of
    GONE; if an answer was lost before, it may have removed the thing itself.

    What a role shows of its movie and actor is held to the same rule while nobody renames these.
    While somebody does, it may be late: a renaming that another one overtakes leaves all to that.

    **The rule for numbers.** A thing is there once more often created than removed. An
    acknowledged operation whose answers all came did it exactly once. A movie or an actor is made
    once, for its id is its key's, and nobody can have removed it before that was heard; a role can
    be made again by a casting sent again, where somebody removed it in between. A version is one
    more than the changes that were acknowledged, and lost ones if they were done.
    """

    def __init__(self) -> None:
        self.writes: defaultdict[str, list[Write]] = defaultdict(list)
        self.sights: defaultdict[str, list[Sight]] = defaultdict(list)
        self._lock = Lock()

    def wrote(self, path: str, write: Write) -> None:
        with self._lock:
            self.writes[path].append(write)

    def saw(self, path: str, sight: Sight) -> None:
        with self._lock:
            self.sights[path].append(sight)

    def problems(self, last: Mapping[str, Fields]) -> list[str]:
        """Tell what cannot be, given what is there at the end: what is shown of it, by path."""
        paths = sorted(self.writes.keys() | self.sights.keys() | last.keys())
        return [
            f"{path}: {problem}"
            for path in paths
            for find in (self._wrong_values, self._wrong_numbers, self._wrong_version)
            for problem in find(path, last.get(path))
        ]

    def _removals_of_ends(self, path: str) -> list[Write]:
        if not path.startswith("/roles/"):
            return []
        ends = _ends(path.removeprefix("/roles/"))
        return [w for end in ends for w in self.writes.get(end, []) if w.fields is None]

    def _wrong_values(self, path: str, last: Fields | None) -> Iterator[str]:
        fields = _shown(path, last) if last else {"there": GONE}
        sights = [*self.sights.get(path, []), Sight("the end", math.inf, math.inf, fields)]
        all_writes = [BEFORE, *self.writes.get(path, []), *self._removals_of_ends(path)]
        for field in ("there", *FIELDS[_collection(path)]):
            writes = [w for w in all_writes if w.writes(field)]
            wrong = (
                sight
                for sight in sights
                if field in sight.fields
                and not (sight.copy and any(_overlap(sight, write) for write in all_writes))
                and not _can_be(sight, field, writes)
            )
            for sight in itertools.islice(wrong, 1):
                seen = f"{sight.by}, {sight.sent:.4f} to {sight.ended:.4f}"
                yield f"{field} was {sight.fields[field]!r} ({seen}){_told(writes)}"

    def _wrong_numbers(self, path: str, last: Fields | None) -> Iterator[str]:
        writes, there = self.writes.get(path, []), 1 if last else 0
        made = [w for w in writes if w.creates()]
        removed = [w for w in writes if w.fields is None]
        most_made = least_made = sum(w.done for w in made)
        if path.startswith("/roles/"):
            most_made += sum(w.lost for w in made)
        least_removed = sum(w.done > 0 and w.finished for w in removed)
        most_removed = sum((w.done > 0) + w.lost for w in removed)
        most_removed += len(self._removals_of_ends(path))
        if least_made - most_removed > there or most_made - least_removed < there:
            yield (
                f"made {least_made} to {most_made} times, removed {least_removed} to"
                f" {most_removed} times, there {there} times{_told(writes)}"
            )

    def _wrong_version(self, path: str, last: Fields | None) -> Iterator[str]:
        if not last or path.startswith("/roles/"):
            return
        changes = [w for w in self.writes.get(path, []) if w.fields and not w.creates()]
        least = 1 + sum(w.done for w in changes)
        most = least + sum(w.lost for w in changes)
        if not least <= last["version"] <= most:
            yield f"version {last['version']}, not {least} to {most}{_told(changes)}"


def _told(writes: list[Write]) -> str:
    """Tell a history, for whoever looks for the fault."""
    return "".join(
        f"\n    {w.sent:.4f} to {w.ended:.4f}, {w.done} acknowledged, {w.lost} lost: {w.by},"
        f" {'removed' if w.fields is None else dict(w.fields)}"
        for w in sorted(writes, key=lambda w: w.sent)
    )


def _overlap(sight: Sight, write: Write) -> bool:
    return write.sent <= sight.ended and sight.sent <= write.ended


def _can_be(sight: Sight, field: str, writes: list[Write]) -> bool:
    value = sight.fields[field]
    before = [w for w in writes if w.done and w.ended < sight.sent]
    return any(
        not any(write.ended < later.sent for later in before)
        for write in writes
        if write.sent <= sight.ended
        and write.value(field) == value
        and not (sight.by_others and write.by == sight.by)
    )


def _collection(path: str) -> str:
    return path.split("/")[1]


def _ends(role_id: str) -> tuple[str, str]:
    movie_id, _, actor_id = role_id.partition(".")
    return f"/movies/{movie_id}", f"/actors/{actor_id}"


def _shown(path: str, shown: Mapping[str, Any]) -> Fields:
    return {"there": True, **{field: shown[field] for field in FIELDS[_collection(path)]}}


# --------------------------------------------------------------------------------------- the plan


@dataclass(frozen=True)
class Operation:
    """Something to be done, with the places of its movie and its actor; no two have one number."""

    kind: str
    number: int
    movie: int
    actor: int


Draw = tuple[str, int, int]


def preparation(worker: int, workers: int) -> tuple[list[Operation], list[Operation]]:
    """Give what a worker does first: its part in filling all places, then its part in two casts."""
    places: list[Draw] = [("add movie", n, 0) for n in range(MOVIES)]
    places += [("add actor", 0, n) for n in range(ACTORS)]
    casts = [draw for n in range(BIG) for draw in _big_cast(n) + _big_filmography(n)]
    numbered = [Operation(k, n, m, a) for n, (k, m, a) in enumerate(places + casts)]
    return (
        numbered[: len(places)][worker::workers],
        numbered[len(places) :][worker::workers],
    )


def plan(seed: int, worker: int, workers: int, length: int) -> list[Operation]:
    """Give what a worker does in the storm: the same for the same seed."""
    chance = random.Random(f"{seed}-{worker}")  # noqa: S311 -- no secret
    draws: list[Draw] = []
    while len(draws) < length:
        draws += _drawn(chance)
    # Above the preparation's, and by worker.
    return [
        Operation(kind, 1_000 + index * workers + worker, movie, actor)
        for index, (kind, movie, actor) in enumerate(draws[:length])
    ]


def _drawn(chance: random.Random) -> list[Draw]:
    """Draw an operation, and what comes with it: what is deleted is replaced."""
    kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    movie, actor = _places(chance)
    if kind == "delete movie":
        if chance.random() < 0.6:
            movie = max(movie, BIG)  # the others rarely, for they take long to grow
        whole_cast = _big_cast(movie) if movie < BIG else []
        return [(kind, movie, 0), ("add movie", movie, 0), *whole_cast]
    if kind == "delete actor":
        filmography = _big_filmography(actor) if actor < BIG else []
        return [(kind, 0, actor), ("add actor", 0, actor), *filmography]
    if kind in ("add movie", "add actor"):
        return [(kind, chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS))]
    return [(kind, movie, actor)]


def _places(chance: random.Random) -> tuple[int, int]:
    """Draw where something happens: often where most are busy, or with one of the big ones."""
    where = chance.random()
    movie, actor = chance.randrange(BIG, MOVIES), chance.randrange(BIG, ACTORS)
    if where < 0.4:
        return BIG + movie % HOT, BIG + actor % HOT
    if where < 0.7:
        return movie % BIG, actor
    return (movie, actor % BIG) if where < 0.8 else (movie, actor)


def _big_cast(movie: int) -> list[Draw]:
    return [("cast", movie, actor) for actor in range(ACTORS)]


def _big_filmography(actor: int) -> list[Draw]:
    return [("cast", movie, actor) for movie in range(BIG, MOVIES)]


# ------------------------------------------------------------------------------------ the workers


class Worker:
    """A server of the real API, which can be killed and started again."""

    def __init__(self, folder: Path, token: str, settings: dict[str, str]) -> None:
        self.product = Product(folder, **settings)
        self.client = Client(self.product.url, token)
        self.up = Event()
        self.busy = ""  # with one of the long ones, and which
        self.kills = 0

    def start(self) -> None:
        """Start it; again where its port was taken meanwhile, or the issuer was too slow for it."""
        for _ in range(3):
            with suppress(AssertionError):
                self.product.start()
                if self.client.get("/movies").status == 200:
                    self.up.set()
                    return
            self.product.stop(signal.SIGKILL)
        raise Broken(f"{self.product.url} does not start: {self.product.said()[-2_000:]}")

    def kill(self) -> None:
        # In this order, so that whoever hears nothing from it finds that it was killed.
        self.up.clear()
        self.kills += 1
        self.product.stop(signal.SIGKILL)


class Figures:
    """What there is to tell of a storm."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.long: Counter[str] = Counter()
        self.kills = self.unanswered = self.forgotten = 0
        self.seconds = 0.0

    def __str__(self) -> str:
        requests = self.answers.total() + self.unanswered
        return "\n".join(
            [
                f"operations: {self.operations.total()}: {_listed(self.operations)}",
                f"answers, with those of the preparation: {_listed(self.answers)}",
                f"kills: {self.kills}; sent again: {self.unanswered} requests that had no answer,"
                f" {self.forgotten} whose answer was forgotten",
                f"long ones: {_listed(self.long)}",
                f"{self.seconds:.0f} s, {requests / max(self.seconds, 1):.0f} requests a second",
            ]
        )


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items())) or "none"


class Storm:
    """Workers, the people who use them, and what these know of each other's doings."""

    def __init__(
        self,
        folder: Path,
        engine_url: str,
        issuer: Issuer,
        *,
        seed: int = SEED,
        workers: int = WORKERS,
        operations: int = OPERATIONS,
        kills: int = KILLS,
    ) -> None:
        self.seed, self.operations, self.kills = seed, operations, kills
        token = issuer.token(exp=int(time.time()) + 86_400)
        settings = {
            "AUTH_ISSUER": issuer.url,
            "DYNAMODB_URL": engine_url,
            "TABLE_NAME": TABLE_NAME,
        }
        self.workers = [Worker(folder / f"worker-{n}", token, settings) for n in range(workers)]
        self.history = History()
        self.figures = Figures()
        self.movies, self.actors = [""] * MOVIES, [""] * ACTORS  # ids, by place
        self.recent: deque[str] = deque(maxlen=40)  # roles that many are busy with
        self.roles: defaultdict[str, set[str]] = defaultdict(set)  # by the path of either end
        # The versions that changes have made, each with the path and the birth of what it is of.
        self.versions: set[tuple[str, str, int]] = set()
        self.changed = Condition()  # of all that is above
        self.over = Event()

    def run(self) -> list[str]:
        """Let it rage; gives what is wrong then."""
        began = time.monotonic()
        people = [Person(self, number, worker) for number, worker in enumerate(self.workers)]
        try:
            _at_once([worker.start for worker in self.workers])
            self._prepare(people)
            self._rage(people)
            return self._judge()
        except Broken as broken:
            return [str(broken)]
        finally:
            self.figures.seconds = time.monotonic() - began
            for worker in self.workers:
                if worker.up.is_set():
                    worker.kill()

    def stop(self) -> None:
        """Let everybody stop: it has failed."""
        with self.changed:
            self.over.set()
            self.changed.notify_all()

    def wake(self) -> None:
        """Let the killer see who is busy."""
        with self.changed:
            self.changed.notify_all()

    def count(self, kind: str) -> None:
        """Count an operation that is done."""
        with self.changed:
            self.figures.operations[kind] += 1
            done = self.figures.operations.total()
            self.changed.notify_all()
        if done % max(self.operations // 10, 1) == 0:
            print(f"{done} of {self.operations} operations, {self.figures.kills} kills")

    def _prepare(self, people: list["Person"]) -> None:
        parts = [preparation(person.number, len(people)) for person in people]
        for phase in (0, 1):
            _at_once([partial(p.do, part[phase]) for p, part in zip(people, parts, strict=True)])

    def _rage(self, people: list["Person"]) -> None:
        each, rest = divmod(self.operations, len(people))
        plans = [plan(self.seed, p.number, len(people), each + (p.number < rest)) for p in people]
        work = [partial(p.do, plan, True) for p, plan in zip(people, plans, strict=True)]
        _at_once([*work, self._kill_now_and_then])

    def _kill_now_and_then(self) -> None:
        """Kill workers, each after a number of operations that the seed decides."""
        chance = random.Random(f"{self.seed}-kills")  # noqa: S311 -- no secret
        moments = [*sorted(chance.sample(range(1, self.operations), self.kills)), self.operations]
        restarts = []
        with ThreadPoolExecutor(len(self.workers)) as starters:
            for moment, next_moment in itertools.pairwise(moments):
                self._wait_until(partial(self._has_done, moment))
                victim = self._victim(chance, next_moment)
                if self.over.is_set():
                    break
                victim.kill()
                self.figures.kills += 1
                restarts.append(starters.submit(victim.start))
        for restart in restarts:
            restart.result()

    def _victim(self, chance: random.Random, before: int) -> Worker:
        """Give a worker: any, or one that is in the middle of something long, if one soon is."""
        victim, what = chance.choice(self.workers), chance.choice(["", "renaming", "deletion"])
        within = chance.uniform(0, 0.3)  # seconds
        if what:
            self._wait_until(lambda: self._has_done(before) or bool(self._busy(what)))
            if busy := self._busy(what):
                victim = busy[0]
                time.sleep(within)
        self._wait_until(victim.up.is_set)
        return victim

    def _busy(self, what: str) -> list[Worker]:
        return [w for w in self.workers if w.busy == what and w.up.is_set()]

    def _has_done(self, operations: int) -> bool:
        return self.figures.operations.total() >= operations

    def _wait_until(self, has_come: Callable[[], bool]) -> None:
        with self.changed:
            while not self.over.is_set() and not has_come():
                self.changed.wait(0.1)

    def _judge(self) -> list[str]:
        """Tell what is wrong at the end: with the workers, the history, the table."""
        silent = [w.product.url for w in self.workers if w.client.get("/health").status != 200]
        last = {
            f"/{collection}/{shown['id']}": shown
            for collection in FIELDS
            for shown in self.workers[0].client.every(f"/{collection}", collection, limit=100)
        }
        return [
            *(f"{url} does not answer" for url in silent),
            *self.history.problems(last),
            *_wrong_with_table(last),
        ]


def _at_once(calls: list[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(call) for call in calls]
    for call in running:
        call.result()


def _wrong_with_table(last: Mapping[str, Fields]) -> list[str]:
    """Tell what is wrong with the whole table, and where it holds more than the lists show."""
    items = list(integrity.read())
    problems = [str(problem) for problem in integrity.problems(items)]
    listed = sum(2 if _collection(path) == "roles" else 1 for path in last)
    if len(items) != listed:
        problems.append(f"the table holds {len(items)} items, and the lists show {listed}")
    return problems


@contextmanager
def empty_table(engine_url: str) -> Iterator[None]:
    """Create an empty table for `make run`, which would load demo data into a new one."""
    connection = table.connection.connection
    before = connection.host, connection.region, connection._client
    connection.host, connection.region, connection._client = engine_url, REGION, None
    try:
        Item.create_table(wait=True)
        yield
        Item.delete_table()
    finally:
        connection.host, connection.region, connection._client = before


# ------------------------------------------------------------------------------------- the people


@dataclass(frozen=True)
class Outcome:
    """What became of a request that was sent until its answer was definite.

    `asked` is when it was sent for the last time; `done` and `lost` are as in `Write`.
    """

    answer: ApiResponse
    sent: float
    asked: float
    ended: float
    done: int
    lost: int

    @property
    def status(self) -> int:
        return self.answer.status


@dataclass(frozen=True)
class Order:
    """By which of the fields that it shows a list is in order."""

    fields: tuple[str, ...]
    descending: bool = False

    def holds(self, shown: list[Fields]) -> bool:
        places = [[_place_by(field, item[field]) for field in self.fields] for item in shown]
        pairs = itertools.pairwise(reversed(places) if self.descending else places)
        return all(one < other for one, other in pairs)


def _place_by(field: str, value: Any) -> str:
    if field == "billing_order":
        return f"{value or 9_999:04}"
    return table.fold(value) if field in ("name", "title") else str(value)


IN_BILLING = Order(("billing_order", "name", "id"))
NEWEST_MOVIE = Order(("release_date", "id"), descending=True)
NEWEST_ROLE = Order(("created_at", "id"), descending=True)

LISTED = frozenset({200})
FOUND = frozenset({200, 404})
BEGUN = frozenset({200, 202, 404})
ADDED = frozenset({201})
CAST = frozenset({201, 404, 409})


class Person:
    """Somebody who does one operation after another, all on one worker."""

    def __init__(self, storm: Storm, number: int, worker: Worker) -> None:
        self.storm, self.worker, self.number = storm, worker, number
        self.chance = random.Random()  # noqa: S311 -- no secret
        self.by = ""
        self.etags: dict[str, str] = {}  # by path, as this person saw them last
        self.long = ""
        self.kinds: dict[str, Callable[[Operation], None]] = {
            "read": self.read,
            "cast": self.cast,
            "cast again": self.cast_again,
            "change role": self.change_role,
            "remove role": self.remove_role,
            "rename movie": self.rename_movie,
            "date movie": self.date_movie,
            "rename actor": self.rename_actor,
            "change gender": self.change_gender,
            "add movie": self.add_movie,
            "add actor": self.add_actor,
            "delete movie": self.delete_movie,
            "delete actor": self.delete_actor,
        }

    def do(self, operations: list[Operation], counted: bool = False) -> None:
        try:
            for operation in operations:
                if self.storm.over.is_set():
                    return
                name = f"{self.storm.seed}-{operation.number}"
                self.chance = random.Random(name)  # noqa: S311 -- no secret
                self.by = f"worker {self.number}: {operation.kind} {operation.number}"
                self.kinds[operation.kind](operation)
                if counted:
                    self.storm.count(operation.kind)
        except BaseException:
            self.storm.stop()
            raise

    # Operations

    def add_movie(self, operation: Operation) -> None:
        n = operation.number
        fields = {"title": f"Title {n}", "release_date": _date(n)}
        self.storm.movies[operation.movie] = self._add("/movies", fields, n)

    def add_actor(self, operation: Operation) -> None:
        n = operation.number
        fields = {"name": f"Name {n}", "gender": self.chance.choice(GENDERS), "age": 30}
        self.storm.actors[operation.actor] = self._add("/actors", fields, n)

    def cast(self, operation: Operation) -> None:
        self._cast(self._role_at(operation), operation.number)

    def cast_again(self, operation: Operation) -> None:
        self._cast(self._recent_role(), operation.number)

    def change_role(self, operation: Operation) -> None:
        self._change(f"/roles/{self._some_role(operation)}", self._role_fields(operation.number))

    def remove_role(self, operation: Operation) -> None:
        role_id = self._some_role(operation)
        movie_id, _, actor_id = role_id.partition(".")
        path = self.chance.choice([f"/roles/{role_id}", f"/movies/{movie_id}/actors/{actor_id}"])
        if self._remove(f"/roles/{role_id}", path).status != 412:
            self._forget(role_id)

    def rename_movie(self, operation: Operation) -> None:
        self._rename(self._movie(operation), {"title": f"Title {operation.number}"})

    def date_movie(self, operation: Operation) -> None:
        self._rename(self._movie(operation), {"release_date": _date(operation.number)})

    def rename_actor(self, operation: Operation) -> None:
        self._rename(self._actor(operation), {"name": f"Name {operation.number}"})

    def change_gender(self, operation: Operation) -> None:
        self._change(self._actor(operation), {"gender": self.chance.choice(GENDERS)})

    def delete_movie(self, operation: Operation) -> None:
        self._remove_with_roles(self._movie(operation))

    def delete_actor(self, operation: Operation) -> None:
        self._remove_with_roles(self._actor(operation))

    def read(self, operation: Operation) -> None:
        movie, actor = self._movie(operation), self._actor(operation)
        movie_id, actor_id = movie.split("/")[2], actor.split("/")[2]
        self.chance.choice(
            [
                partial(self._read_parent, movie),
                partial(self._read_parent, actor),
                partial(self._read_role, self._some_role(operation)),
                partial(self._read_list, "movies", ("title", "-title", "release_date")),
                partial(self._read_list, "actors", ("name", "-name")),
                partial(self._read_links, movie, "actors", IN_BILLING),
                partial(self._read_links, actor, "movies", NEWEST_MOVIE),
                partial(self._read_roles, NEWEST_ROLE),
                partial(self._read_roles, Order(("actor_id",)), movie_id=movie_id),
                partial(self._read_roles, Order(("movie_id",)), actor_id=actor_id),
                partial(self._read_roles, NEWEST_ROLE, movie_id=movie_id, actor_id=actor_id),
            ]
        )()

    # What they are done to

    def _movie(self, operation: Operation) -> str:
        return f"/movies/{self.storm.movies[operation.movie]}"

    def _actor(self, operation: Operation) -> str:
        return f"/actors/{self.storm.actors[operation.actor]}"

    def _role_at(self, operation: Operation) -> str:
        return f"{self.storm.movies[operation.movie]}.{self.storm.actors[operation.actor]}"

    def _recent_role(self) -> str:
        with self.storm.changed:
            return self.chance.choice(self.storm.recent)

    def _some_role(self, operation: Operation) -> str:
        return self._recent_role() if self.chance.random() < 0.3 else self._role_at(operation)

    def _role_fields(self, n: int) -> dict[str, Any]:
        """Give one field, or both; and now and then nothing for the name."""
        name = None if self.chance.random() < 0.1 else f"Character {n}"
        fields = {"character_name": name, "billing_order": n % 9_999 + 1}
        return {f: fields[f] for f in self.chance.sample(list(fields), self.chance.choice([1, 2]))}

    def _forget(self, role_id: str) -> None:
        with self.storm.changed:
            for end in _ends(role_id):
                self.storm.roles[end].discard(role_id)

    # Writes

    def _add(self, collection: str, fields: Fields, n: int) -> str:
        outcome = self.send("POST", collection, fields, expected=ADDED, headers=self._key(n))
        added_id = str(outcome.answer["created"])
        path = f"{collection}/{added_id}"
        self._wrote(path, _shown(path, fields), outcome)
        self._saw_shown(path, outcome)
        return added_id  # from here on the others know it

    def _cast(self, role_id: str, n: int) -> None:
        movie_id, _, actor_id = role_id.partition(".")
        body = {"actor_id": actor_id, **self._role_fields(n)}
        if self.chance.random() < 0.5:
            path = f"/movies/{movie_id}/actors"
        else:
            path, body = "/roles", {"movie_id": movie_id, **body}
        outcome = self.send("POST", path, body, expected=CAST, headers=self._key(n))
        role = f"/roles/{role_id}"
        self._wrote(role, {"there": True, **{f: body.get(f) for f in FIELDS["roles"]}}, outcome)
        if outcome.status == 201:
            self._saw_shown(role, outcome)
            for end in _ends(role_id):
                self._saw(end, {"there": True}, outcome)
            with self.storm.changed:
                self.storm.recent.append(role_id)
                for end in _ends(role_id):
                    self.storm.roles[end].add(role_id)
        elif outcome.status == 409:
            # Not this request itself, with an answer that was lost: it would know the key.
            self._saw(role, {"there": True}, outcome, by_others=True)
        else:
            missing = [MovieNotFound.detail, ActorNotFound.detail].index(outcome.answer["detail"])
            self._saw(_ends(role_id)[missing], {"there": GONE}, outcome)

    def _rename(self, path: str, body: Fields) -> None:
        self.long = "renaming" if len(self.storm.roles[path]) > RENAMED else ""
        self._change(path, body, BEGUN)

    def _change(self, path: str, body: Fields, expected: frozenset[int] = FOUND) -> None:
        guard = self._guard(path)
        outcome = self.send("PATCH", path, body, expected=expected, headers=guard)
        self._wrote(path, body, outcome)
        if outcome.status != 200:
            self._saw(path, {"there": True if outcome.status == 412 else GONE}, outcome)
            return
        shown = self._saw_shown(path, outcome)
        if body.items() - shown.items():
            raise Broken(f"{self.by}: {path} shows {shown} after {body}")
        made = path, shown["created_at"], shown["version"]
        with self.storm.changed:
            if made in self.storm.versions:
                raise Broken(f"{self.by}: two changes made {made}")
            self.storm.versions.add(made)
        if guard and not outcome.lost and outcome.done == 1:
            version = int(guard["If-Match"].strip('"'))
            if shown["version"] != version + 1:
                raise Broken(f"{self.by}: {path} went from {version} to {shown['version']}")

    def _remove_with_roles(self, path: str) -> None:
        with self.storm.changed:
            roles = list(self.storm.roles[path])
        self.long = "deletion" if len(roles) > REMOVED else ""
        if self._remove(path, path).status != 412:
            for role_id in roles:
                self._forget(role_id)

    def _remove(self, path: str, sent_to: str) -> Outcome:
        expected = FOUND if path.startswith("/roles/") else BEGUN
        outcome = self.send("DELETE", sent_to, expected=expected, headers=self._guard(path))
        self._wrote(path, None, outcome)
        if outcome.status != 200:
            self._saw(path, {"there": True if outcome.status == 412 else GONE}, outcome)
        return outcome

    def _key(self, n: int) -> dict[str, str]:
        return {"Idempotency-Key": f"{self.storm.seed}-{n}"}

    def _guard(self, path: str) -> dict[str, str]:
        """Give an If-Match now and then, with the version that was seen last."""
        version = self.etags.get(path)
        return {"If-Match": version} if version and self.chance.random() < 0.25 else {}

    # Reads

    def _read_parent(self, path: str) -> None:
        outcome = self.send("GET", path, expected=FOUND)
        if outcome.status == 404:
            self._saw(path, {"there": GONE}, outcome)
            return
        self._saw_shown(path, outcome)
        self._saw_roles(outcome)

    def _read_role(self, role_id: str) -> None:
        path = f"/roles/{role_id}"
        outcome = self.send("GET", path, expected=FOUND)
        if outcome.status == 404:
            self._saw(path, {"there": GONE}, outcome)
        else:
            self._saw_shown(path, outcome)

    def _read_list(self, collection: str, sorts: tuple[str, ...]) -> None:
        sort = self.chance.choice(sorts)
        order = Order((sort.removeprefix("-"), "id"), descending=sort.startswith("-"))
        self._read_pages(f"/{collection}", collection, order, {"sort": sort})

    def _read_links(self, path: str, member: str, order: Order) -> None:
        for outcome in self._read_pages(f"{path}/{member}", member, order, expected=FOUND):
            if outcome.status == 404:
                self._saw(path, {"there": GONE}, outcome)

    def _read_roles(self, order: Order, **filters: str) -> None:
        for outcome in self._read_pages("/roles", "roles", order, filters):
            if filters:  # else they come from an index, which may be behind
                self._saw_roles(outcome)

    def _read_pages(
        self, path: str, member: str, order: Order,
        filters: Mapping[str, str] | None = None, expected: frozenset[int] = LISTED,
    ) -> list[Outcome]:  # fmt: skip
        """Read up to three pages of a list."""
        limit = self.chance.choice([1, 7, 20, 100])
        query = {**(filters or {}), "limit": str(limit)}
        outcomes: list[Outcome] = []
        for _ in range(3):
            outcome = self.send("GET", f"{path}?{urlencode(query)}", expected=expected)
            outcomes.append(outcome)
            if outcome.status == 404:
                break
            shown = outcome.answer[member]
            if len(shown) > limit or not order.holds(shown):
                raise Broken(f"{self.by}: {path} {query} gave {shown}")
            if outcome.answer["next_cursor"] is None:
                break
            query["cursor"] = outcome.answer["next_cursor"]
        return outcomes

    # What is known from it

    def _wrote(self, path: str, fields: Fields | None, outcome: Outcome) -> None:
        if outcome.done or outcome.lost:
            finished = outcome.status < 300
            write = Write(
                self.by, outcome.sent, outcome.ended, fields, outcome.done, outcome.lost, finished
            )
            self.storm.history.wrote(path, write)

    def _saw(
        self, path: str, fields: Fields, outcome: Outcome,
        *, by_others: bool = False, copy: bool = False,
    ) -> None:  # fmt: skip
        sight = Sight(self.by, outcome.asked, outcome.ended, fields, by_others, copy)
        self.storm.history.saw(path, sight)

    def _saw_shown(self, path: str, outcome: Outcome) -> Fields:
        """Take in the resource that an answer shows."""
        shown: Fields = outcome.answer[_collection(path).removesuffix("s")]
        self._saw(path, _shown(path, shown), outcome)
        self.etags[path] = outcome.answer.headers["etag"]
        return shown

    def _saw_roles(self, outcome: Outcome) -> None:
        for shown in outcome.answer["roles"]:
            path = f"/roles/{shown['id']}"
            self._saw(path, _shown(path, shown), outcome)
            for end, fields in _copies(shown):
                self._saw(end, fields, outcome, copy=True)

    # Requests

    def send(
        self,
        method: str,
        path: str,
        body: Fields | None = None,
        *,
        expected: frozenset[int],
        headers: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Send a request until its answer is definite. Raises Broken where it is not expected."""
        headers = dict(headers or {})
        long, self.long = self.long, ""
        self.worker.busy = long
        if long:
            self.storm.wake()
        sent, done, lost, late = time.monotonic(), 0, 0, False
        for _ in range(REPEATS):
            kills = self.worker.kills
            self._wait_for_worker()
            asked = time.monotonic()
            try:
                answer = self.worker.client.call(method, path, body, headers)
            except (OSError, HTTPException) as error:
                self._note_silence(error, kills, long)
                lost, late = lost + 1, late or isinstance(error, TimeoutError)
                continue
            ended = time.monotonic()
            self._note(answer)
            is_guarded = "If-Match" in headers
            if _says_try_again(answer):
                lost += 1
            elif answer.status not in (expected | {412} if is_guarded else expected):
                raise Broken(self._told(method, path, body, headers, answer))
            elif method != "GET" and self.chance.random() < FORGOTTEN:
                lost += 1
                self._note_forgotten()
            elif answer.status == 202:
                done += 1
                headers.pop("If-Match", None)  # it held, and what has begun is to be ended
            elif answer.status == 412 and lost and method == "PATCH":
                headers.pop("If-Match")  # it may have begun before, and is to be ended too
            else:
                done += answer.status in (200, 201)
                if long and done:
                    self._note_long(long)
                # What was not heard of in time may still come.
                return Outcome(answer, sent, asked, math.inf if late else ended, done, lost)
            time.sleep(random.uniform(0, 0.1))  # noqa: S311 -- no secret
        raise Broken(f"{self.by}: no definite answer to {method} {path} in {REPEATS} attempts")

    def _wait_for_worker(self) -> None:
        if not self.worker.up.wait(PATIENCE):
            raise Broken(f"{self.by}: {self.worker.product.url} does not come back")

    def _note(self, answer: ApiResponse) -> None:
        name = f"{answer.status} (try again)" if _says_try_again(answer) else str(answer.status)
        with self.storm.changed:
            self.storm.figures.answers[name] += 1

    def _note_silence(self, error: Exception, kills: int, long: str) -> None:
        with self.storm.changed:
            self.storm.figures.unanswered += 1
        if long:
            self._note_long(f"{long} that was cut off")
        if kills == self.worker.kills and not isinstance(error, TimeoutError):
            raise Broken(f"{self.by}: {error!r} from a worker that was not killed") from error

    def _note_forgotten(self) -> None:
        with self.storm.changed:
            self.storm.figures.forgotten += 1

    def _note_long(self, what: str) -> None:
        with self.storm.changed:
            self.storm.figures.long[what] += 1

    def _told(self, method: str, path: str, body: Any, headers: Any, answer: ApiResponse) -> str:
        logged = self.worker.product.said().rpartition("Traceback")[2][-4_000:]
        why = f"\n{logged}" if answer.status >= 500 else ""
        return f"{self.by}: {method} {path} {body} {headers} was answered {answer}{why}"


def _says_try_again(answer: ApiResponse) -> bool:
    return answer.status in (409, 503) and "retry-after" in answer.headers


def _copies(role: Fields) -> Iterator[tuple[str, Fields]]:
    """Give what a role shows of its movie or its actor, if it does, with the path of these."""
    movie, actor = _ends(role["id"])
    if "movie_title" in role:
        yield movie, {"title": role["movie_title"], "release_date": role["movie_release_date"]}
    if "actor_name" in role:
        yield actor, {"name": role["actor_name"]}


def _date(n: int) -> str:
    return (datetime.date(1900, 1, 1) + datetime.timedelta(days=n)).isoformat()


def main() -> None:
    numbers = {
        name.lower(): int(os.environ.get(name) or usual)
        for name, usual in [
            ("SEED", SEED), ("WORKERS", WORKERS), ("OPERATIONS", OPERATIONS), ("KILLS", KILLS)
        ]
    }  # fmt: skip
    print(f"A storm: {', '.join(f'{name} {value}' for name, value in numbers.items())}")
    with (
        engine.running() as engine_url,
        closing(Issuer()) as issuer,
        empty_table(engine_url),
        tempfile.TemporaryDirectory(prefix="storm-") as folder,
    ):
        storm = Storm(Path(folder), engine_url, issuer, **numbers)
        problems = storm.run()
    for problem in problems[:20]:
        print(problem)
    print(f"{storm.figures}\nproblems found: {len(problems)}, with SEED={storm.seed}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
