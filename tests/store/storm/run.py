"""The storm: it starts the workers, runs the users, kills workers, and checks everything."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store import client, entries
from chalicelib.store.statuses import PartStatus
from chalicelib.store.table import Item
from dev.table import integrity
from tests.store.storm import counts
from tests.store.storm.desk import DeskUser
from tests.store.storm.fields import FIELDS, Fields, collection_of
from tests.store.storm.plan import plan, preparation
from tests.store.storm.state import State
from tests.store.storm.worker import RuleBroken, Worker
from tests.support.issuer import Issuer
from tests.support.resources import OTHERS

SEED, WORKERS, OPERATIONS, KILLS = 20261122, 8, 6_000, 60


class Storm:
    """Workers, and a user of each."""

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
        self.kills = kills
        self.state = State(seed, operations)
        self.statistics = self.state.statistics
        token = issuer.token(exp=int(time.time()) + 86_400)
        settings = {
            "AUTH_ISSUER": issuer.url,
            "DYNAMODB_URL": engine_url,
            "TABLE_NAME": TABLE_NAME,
        }
        self.workers = [Worker(folder / f"worker-{n}", token, settings) for n in range(workers)]

    def run(self) -> list[str]:
        """Run all operations. Return the problems."""
        began = time.monotonic()
        users = [DeskUser(self.state, number, worker) for number, worker in enumerate(self.workers)]
        try:
            _run_at_once([worker.start for worker in self.workers])
            self._prepare(users)
            self._run_operations(users)
            return self._problems()
        except RuleBroken as broken:
            return [str(broken)]
        finally:
            self.statistics.seconds = time.monotonic() - began
            for worker in self.workers:
                if worker.up.is_set():
                    worker.kill()

    def _prepare(self, users: list[DeskUser]) -> None:
        shares = [preparation(user.number, len(users)) for user in users]
        for phase in zip(*shares, strict=True):
            _run_at_once([partial(user.run, part) for user, part in zip(users, phase, strict=True)])

    def _run_operations(self, users: list[DeskUser]) -> None:
        each, rest = divmod(self.state.operations, len(users))
        plans = [
            plan(self.state.seed, user.number, len(users), each + (user.number < rest))
            for user in users
        ]
        runs = [partial(user.run, part, True) for user, part in zip(users, plans, strict=True)]
        _run_at_once([*runs, self._kill_workers])

    def _kill_workers(self) -> None:
        """Kill workers, each after a number of operations that follows from the seed."""
        chance = random.Random(f"{self.state.seed}-kills")  # noqa: S311 -- no secret
        operations = self.state.operations
        moments = [*sorted(chance.sample(range(1, operations), self.kills)), operations]
        restarts = []
        with ThreadPoolExecutor(len(self.workers)) as starters:
            for moment, next_moment in itertools.pairwise(moments):
                self.state.wait_until(partial(self.state.has_finished, moment))
                victim = self._choose_victim(chance, next_moment)
                if self.state.stopped.is_set():
                    break
                victim.kill()
                self.statistics.kills += 1
                restarts.append(starters.submit(victim.start))
        for restart in restarts:
            restart.result()

    def _choose_victim(self, chance: random.Random, deadline: int) -> Worker:
        """Return a worker to kill: any, or one that is busy with a long operation.

        The latter only if there is one before this number of operations is finished.
        """
        victim, long = chance.choice(self.workers), chance.choice(["", "renaming", "deletion"])
        seconds = chance.uniform(0, 0.3)
        if long:
            self.state.wait_until(
                lambda: self.state.has_finished(deadline) or bool(self._busy_with(long))
            )
            if busy := self._busy_with(long):
                victim = busy[0]
                time.sleep(seconds)
        self.state.wait_until(victim.up.is_set)
        return victim

    def _busy_with(self, long: str) -> list[Worker]:
        return [w for w in self.workers if w.long_operation == long and w.up.is_set()]

    def _problems(self) -> list[str]:
        """Return the problems of the workers, the history and the table."""
        silent = [w.product.url for w in self.workers if w.client.get("/health").status != 200]
        final = self._everything()
        return [
            *(f"{url} does not respond" for url in silent),
            *self.state.history.problems(final),
            *counts.problems(final),
            *_table_problems(final),
        ]

    def _everything(self) -> dict[str, Fields]:
        """Return all resources that the lists show, by path."""
        every = partial(self.workers[0].client.every, limit=100)
        parts = [p for status in PartStatus for p in every("/parts", "parts", status=status)]
        shown = {name: every(f"/{name}", name) for name in ("movies", "actors", "roles")}
        shown["parts"] = parts
        shown["candidates"] = [
            candidate
            for part in parts
            for candidate in every(f"/parts/{part['id']}/candidates", "candidates")
        ]
        return {f"/{name}/{item['id']}": item for name in FIELDS for item in shown[name]}


def _run_at_once(calls: list[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(call) for call in calls]
    for call in running:
        call.result()


def _table_problems(final: Mapping[str, Fields]) -> list[str]:
    """Return the problems of the whole table. It must have no more items than the lists show.

    The index and history are not listed.
    """
    items = list(integrity.read())
    problems = [str(problem) for problem in integrity.problems(items)]
    problems += counts.abandoned_roles(items)
    expected = sum(2 if collection_of(path) == "roles" else 1 for path in final)
    shown = sum(item["kind"]["S"] not in OTHERS for item in items)
    if shown != expected:
        problems.append(f"the table has {shown} items, but the lists show {expected}")
    return problems


@contextmanager
def empty_table(engine_url: str) -> Iterator[None]:
    """Create an empty table for the servers, which would load demo data into a new one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "_client", client.create(engine_url))
        Item.create_table(wait=True)
        entries.note_complete()
        yield
        Item.delete_table()
