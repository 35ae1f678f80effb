"""The measurements: rounds in which every app takes its turn, in an order that rotates."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple, TypeVar

from bench.process import App, Json, Worker, working

T = TypeVar("T")

BLOCK_SECONDS = 0.06
"""CPU time of the calls that are timed together."""

WARM_UP = {"get": 60, "list": 30}
"""The calls after which the memory is measured, and before anything is timed."""

Samples = dict[tuple[str, str], list[float]]
"""CPU seconds of one call, or bytes of memory, in each round. By figure and app."""


class Plan(NamedTuple):
    """How much is measured."""

    generations: int
    """How often the processes of the warm rounds are started again."""
    rounds: int
    """Warm rounds in each generation."""
    cold_rounds: int


FULL = Plan(generations=5, rounds=6, cold_rounds=20)
QUICK = Plan(generations=2, rounds=4, cold_rounds=6)


def rotated(values: Sequence[T], number: int) -> list[T]:
    """Return the values in another order in each round."""
    start = number % len(values)
    return [*values[start:], *values[:start]]


def warm(
    events: Mapping[str, Json],
    apps: Mapping[str, Sequence[App]],
    environment: dict[str, str],
    plan: Plan,
    step: Callable[[str], None],
) -> Samples:
    """Measure the CPU time of a call in processes that have answered requests before.

    `apps` are those that answer each event.
    """
    samples: Samples = defaultdict(list)
    measured = list(dict.fromkeys(app for group in apps.values() for app in group))
    for generation in range(plan.generations):
        with ExitStack() as stack:
            workers: dict[App, Worker] = {}
            for app in rotated(measured, generation):
                step("start")
                workers[app] = stack.enter_context(working(app, environment))
                for name, number in WARM_UP.items():
                    memory = workers[app].call(events[name], number).memory
                samples["memory", app.name].append(memory)
            calls = {
                (name, app): _calibrated(workers[app], events[name])
                for name, group in apps.items()
                for app in group
            }
            for number in range(plan.rounds):
                for name, group in apps.items():
                    step(name)
                    for app in rotated(group, number):
                        count = calls[name, app]
                        result = workers[app].call(events[name], count)
                        samples[name, app.name].append(result.seconds / count)
    return samples


def _calibrated(worker: Worker, event: Json) -> int:
    """Return how many calls take BLOCK_SECONDS. They also warm the process up for this event."""
    seconds = worker.call(event, 8).seconds / 8
    return max(2, round(BLOCK_SECONDS / seconds))


def cold(
    events: Mapping[App, Json],
    environment: dict[str, str],
    plan: Plan,
    step: Callable[[str], None],
) -> Samples:
    """Measure the CPU time from the start of a process to its first response."""
    samples: Samples = defaultdict(list)
    for number in range(plan.cold_rounds):
        step("cold")
        for app in rotated(list(events), number):
            with working(app, environment) as worker:
                samples["cold", app.name].append(worker.call(events[app]).seconds)
    return samples
