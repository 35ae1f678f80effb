"""The picture of a run, docs/pictures/benchmarks.svg: bars, with the quartiles as whiskers."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.figures import Figure
from bench.report import APPS

OURS, GREY, GOAL, MISSED = "#2563eb", "#9ca3af", "#111827", "#dc2626"


class Bar(NamedTuple):
    """A bar, its whiskers to both sides, and the mark of its goal."""

    label: str
    length: float
    whiskers: tuple[float, float]
    goal: float
    color: str


def bars(figures: Sequence[Figure]) -> list[Bar]:
    """Return a bar for each ratio. Sizes have none."""
    return [_bar(figure) for figure in figures if not figure.unit]


def _bar(figure: Figure) -> Bar:
    low, median, high = figure.value
    label = figure.text.replace("`", "") if figure.has_goal else APPS[figure.app]
    color = GREY if figure.app != "ours" else OURS if figure.is_met else MISSED
    return Bar(label, median, (median - low, high - median), figure.goal, color)


def draw(goals: Sequence[Figure], compared: Sequence[Figure], file: Path) -> None:
    """Draw the figures that have a goal, and how the apps compare."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "casting"})
    from matplotlib import pyplot

    panels = {
        "The API ÷ botocore by hand. A mark is the goal, and red is a missed one": goals,
        "List of 50 movies ÷ botocore by hand": [f for f in compared if f.name == "list"],
        "One movie ÷ botocore by hand": [f for f in compared if f.name == "get"],
        "Cold start ÷ botocore by hand": [f for f in compared if f.name == "cold"],
    }
    heights = [len(bars(figures)) + 2 for figures in panels.values()]
    plot, all_axes = pyplot.subplots(
        len(panels), 1, figsize=(10, sum(heights) * 0.3), height_ratios=heights
    )
    for axes, (title, figures) in zip(all_axes, panels.items(), strict=True):
        _draw_panel(axes, title, bars(figures))
    plot.tight_layout()
    plot.savefig(file, metadata={"Date": None})
    pyplot.close(plot)


def _draw_panel(axes: Any, title: str, panel: Sequence[Bar]) -> None:
    places = range(len(panel))
    axes.barh(
        places,
        [bar.length for bar in panel],
        xerr=list(zip(*(bar.whiskers for bar in panel), strict=True)),
        color=[bar.color for bar in panel],
        error_kw={"capsize": 3, "elinewidth": 1},
        height=0.6,
    )
    for place, bar in zip(places, panel, strict=True):
        if math.isfinite(bar.goal):
            axes.vlines(bar.goal, place - 0.4, place + 0.4, color=GOAL, linewidth=3)
        axes.text(bar.length + bar.whiskers[1], place, f"  {bar.length:.2f}", va="center", size=8)
    axes.set_yticks(places, [bar.label for bar in panel], size=8)
    axes.invert_yaxis()
    axes.axvline(1, color=GOAL, linewidth=0.5, linestyle=":")
    axes.set_title(title, size=10, loc="left")
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
