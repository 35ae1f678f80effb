"""The figures of a run: ratios of paired measurements, their spread, and the verdicts."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The median of some values, and the quartiles around it."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return the quartiles of one or more values."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    return Spread(*statistics.quantiles(values, n=4, method="inclusive"))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Return the spread of the ratios of two apps, each taken in one round.

    The machine may be slower in one round than in another, but then it is for both apps.
    """
    return spread([a / b for a, b in zip(numerators, denominators, strict=True)])


class Figure(NamedTuple):
    """A line of the table. A figure without a unit is a ratio to the reference."""

    name: str
    app: str
    text: str
    value: Spread
    goal: float = math.inf
    """What it must not exceed. Only the figures of our API have a goal."""
    unit: str = ""

    @property
    def has_goal(self) -> bool:
        return math.isfinite(self.goal)

    @property
    def is_met(self) -> bool:
        """Return whether the median does not exceed the goal. The last digit shown decides."""
        return round(self.value.median, 2) <= self.goal

    @property
    def verdict(self) -> str:
        """Return in plain words whether the goal is met. It is empty without a goal."""
        if not self.has_goal:
            return ""
        if not self.is_met:
            return f"MISSED by {shown(self.value.median - self.goal, self.unit)}"
        if round(self.value.high, 2) > self.goal:
            return "met, but not in every round"
        return "met"


def shown(value: float, unit: str = "") -> str:
    """Return a value as the table shows it."""
    return f"{value:.2f} {unit}".strip()


def shown_spread(value: Spread) -> str:
    """Return the quartiles as the table shows them, or nothing if there was one value only."""
    return "" if value.low == value.high else f"{shown(value.low)} to {shown(value.high)}"
