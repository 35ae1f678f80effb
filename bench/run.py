"""The measurements: rounds in which every app takes its turn, in an order that rotates."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple, TypeVar

from bench.process import App, Json, Result, Worker, working
from dev import machine

T = TypeVar("T")

EVENTS = ("list", "roles", "get", "create", "change", "find", "board")
"""The events that are measured in warm processes."""

TURNS = 3
"""How often each app takes its turn in one warm round."""

TURN_SECONDS = 0.02
"""CPU time of the calls of one turn."""

WARM_UP = {"get": 30, "list": 15}
"""The calls before anything is timed. The memory is measured after them."""

Samples = dict[tuple[str, str], list[float]]
"""CPU seconds of one call, or bytes of memory, in each round. By figure and app."""


class Plan(NamedTuple):
    """How much is measured."""

    generations: int
    """How often the processes of the warm rounds are started again."""
    rounds: int
    """Warm rounds in each generation."""
    cold_rounds: int
    warm_seconds: float
    """No warm round begins later than this, after the first generation."""
    cold_seconds: float
    """No cold round begins later than this, after LEAST of them."""

    def steps(self, figures: Collection[str]) -> int:
        """Return how often `warm` and `cold` report a step while they measure these figures."""
        warm = len(set(figures) & set(EVENTS))
        return self.generations * (1 + self.rounds * warm) + self.cold_rounds


FULL = Plan(generations=4, rounds=8, cold_rounds=20, warm_seconds=180, cold_seconds=150)
QUICK = FULL._replace(generations=2, rounds=5, cold_rounds=6)
LEAST = 5
"""Cold rounds that are measured even on a slow machine."""


def rotated(values: Sequence[T], number: int) -> list[T]:
    """Return the values in another order in each round."""
    start = number % len(values)
    return [*values[start:], *values[:start]]


def warm(
    apps: Mapping[str, Sequence[App]],
    events: Mapping[str, Json],
    environment: dict[str, str],
    plan: Plan,
    step: Callable[[str], None],
) -> Samples:
    """Measure the CPU time of a call in processes that have answered requests before.

    `apps` names the apps that answer each of the events.
    """
    samples: Samples = defaultdict(list)
    until = time.monotonic() + plan.warm_seconds
    every_app = list(dict.fromkeys(app for group in apps.values() for app in group))
    for generation in range(plan.generations):
        if generation and time.monotonic() > until:
            break
        with ExitStack() as stack:
            step("start")
            workers: dict[App, Worker] = {}
            for app in rotated(every_app, generation):
                workers[app] = stack.enter_context(working(app, environment))
                for name, number in WARM_UP.items():
                    memory = workers[app].call(events[name], number).memory
                samples["memory", app.name].append(memory)
            calls = {
                (name, app): _calls(workers[app], events[name])
                for name, group in apps.items()
                for app in group
            }
            for number in range(plan.rounds):
                if generation and time.monotonic() > until:
                    break
                for name, group in apps.items():
                    step(name)
                    seconds = dict.fromkeys(group, 0.0)
                    for turn in range(TURNS):
                        for app in rotated(group, number + turn):
                            result = workers[app].call(events[name], calls[name, app])
                            _check_status(app, name, result)
                            seconds[app] += result.seconds
                    for app in group:
                        one_call = seconds[app] / calls[name, app] / TURNS
                        samples[name, app.name].append(one_call)
    return samples


def _check_status(app: App, name: str, result: Result) -> None:
    status = result.response.get("statusCode", 200)  # the authorizer's response has none
    if status >= 400:
        machine.fail(f"{app.name} answers {name} with the status {status}")


def _calls(worker: Worker, event: Json) -> int:
    """Return how many calls take TURN_SECONDS, after some that warm the process up."""
    seconds = worker.call(event, 8).seconds / 8
    return max(1, round(TURN_SECONDS / seconds))


def cold(
    events: Mapping[App, Json],
    environments: Mapping[App, dict[str, str]],
    plan: Plan,
    step: Callable[[str], None],
) -> Samples:
    """Measure the CPU time from the start of a process to its first response."""
    samples: Samples = defaultdict(list)
    until = time.monotonic() + plan.cold_seconds
    for number in range(plan.cold_rounds):
        if number >= LEAST and time.monotonic() > until:
            break
        step("cold")
        for app in rotated(list(events), number):
            with working(app, environments[app]) as worker:
                result = worker.call(events[app])
            _check_status(app, "the first event", result)
            samples["cold", app.name].append(result.seconds)
    return samples
