"""The rounds of `make bench`: every app takes its turn, and a run ends in time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import run
from bench.process import App, Json, Result
from bench.run import Plan

OURS, BARE, PEER = (App(name, Path("/nowhere"), "app.handler") for name in ("ours", "bare", "peer"))
APPS = {"list": [OURS, BARE, PEER], "create": [OURS, BARE]}
EVENTS: dict[str, Json] = {name: {"name": name} for name in ("list", "get", "create")}
PLAN = Plan(generations=2, rounds=3, cold_rounds=7, warm_seconds=60, cold_seconds=60)


class FakeWorkers:
    """Processes that only note their calls. A call of `peer` takes twice the time of `ours`."""

    def __init__(self) -> None:
        self.status = 200
        self.started: list[str] = []
        self.timed: list[tuple[str, str]] = []

    @contextmanager
    def working(self, app: App, _: dict[str, str]) -> Iterator["FakeWorker"]:
        self.started.append(app.name)
        yield FakeWorker(app, self)


class FakeWorker:
    def __init__(self, app: App, workers: FakeWorkers) -> None:
        self.app, self.workers = app, workers

    def call(self, event: Json, calls: int = 1) -> Result:
        seconds = 0.02 if self.app is PEER else 0.01
        if calls not in (8, *run.WARM_UP.values()):
            self.workers.timed.append((event["name"], self.app.name))
        return Result({"statusCode": self.workers.status}, seconds * calls, 70_000_000)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> FakeWorkers:
    fake = FakeWorkers()
    monkeypatch.setattr(run, "working", fake.working)
    return fake


def test_every_app_takes_its_turn_in_every_warm_round(workers: FakeWorkers) -> None:
    samples = run.warm(APPS, EVENTS, {}, PLAN, lambda _: None)
    turns = PLAN.generations * PLAN.rounds * run.TURNS
    assert Counter(workers.timed) == {
        (name, app.name): turns for name, group in APPS.items() for app in group
    }
    assert {key: len(values) for key, values in samples.items()} == {
        ("memory", "ours"): 2,
        ("memory", "bare"): 2,
        ("memory", "peer"): 2,
        ("list", "ours"): 6,
        ("list", "bare"): 6,
        ("list", "peer"): 6,
        ("create", "ours"): 6,
        ("create", "bare"): 6,
    }


def test_a_sample_is_the_time_of_one_call(workers: FakeWorkers) -> None:
    samples = run.warm(APPS, EVENTS, {}, PLAN, lambda _: None)
    assert samples["list", "ours"] == pytest.approx([0.01] * 6)
    assert samples["list", "peer"] == pytest.approx([0.02] * 6)


def test_the_order_of_the_apps_rotates(workers: FakeWorkers) -> None:
    first = dict.fromkeys([OURS, BARE, PEER], EVENTS["get"])
    run.cold(first, {app: {} for app in first}, PLAN, lambda _: None)
    firsts = workers.started[::3]
    assert firsts == ["ours", "bare", "peer", "ours", "bare", "peer", "ours"]


def test_the_progress_ends_at_its_total(workers: FakeWorkers) -> None:
    steps: list[str] = []
    run.warm(APPS, EVENTS, {}, PLAN, steps.append)
    run.cold({OURS: EVENTS["get"]}, {OURS: {}}, PLAN, steps.append)
    assert len(steps) == PLAN.steps([*APPS, "cold", "memory"])


def test_a_slow_machine_measures_one_generation_and_a_few_cold_rounds(
    workers: FakeWorkers,
) -> None:
    hurried = PLAN._replace(warm_seconds=-1, cold_seconds=-1)
    warm = run.warm(APPS, EVENTS, {}, hurried, lambda _: None)
    cold = run.cold({OURS: EVENTS["get"]}, {OURS: {}}, hurried, lambda _: None)
    assert len(warm["list", "ours"]) == PLAN.rounds
    assert len(cold["cold", "ours"]) == run.LEAST
    assert workers.started == ["ours", "bare", "peer"] + ["ours"] * run.LEAST


def test_a_failed_request_stops_the_run(workers: FakeWorkers) -> None:
    workers.status = 503
    with pytest.raises(SystemExit, match="ours answers list with the status 503"):
        run.warm(APPS, EVENTS, {}, PLAN, lambda _: None)
    with pytest.raises(SystemExit, match="ours answers the first event with the status 503"):
        run.cold({OURS: EVENTS["get"]}, {OURS: {}}, PLAN, lambda _: None)
