"""The storm: workers that are killed, the people who use them, and the final checks."""

import itertools
import random
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Condition, Event

from tests.store.storm.history import Broken, Fields, History, _collection
from tests.store.storm.people import Person
from tests.store.storm.plan import (
    ACTORS,
    FIELDS,
    KILLS,
    MOVIES,
    OPERATIONS,
    REGION,
    SEED,
    WORKERS,
    plan,
    preparation,
)

from tests.conftest import Product  # isort: skip -- it sets what our modules read at import
from chalicelib.settings import TABLE_NAME
from chalicelib.store import table
from chalicelib.store.table import Item
from dev.table import integrity
from tests.support.client import Client
from tests.support.issuer import Issuer

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
