"""The figures of `make bench`: ratios, spread, verdicts, and how they are shown."""

import json
import math
import re

import pytest

from bench import report
from bench.figures import Figure, Spread, ratios, spread
from bench.picture import Bar, bars
from bench.run import Samples
from tests.conftest import PROJECT

SAMPLES: Samples = {
    ("list", "ours"): [4.0, 5.0, 6.0],
    ("list", "bare"): [10.0, 10.0, 10.0],
    ("cold", "ours"): [8.0, 9.0, 10.0],
    ("cold", "bare"): [10.0, 10.0, 10.0],
    ("cold", "authorizer"): [3.0, 3.0, 5.0],
    ("cold", "keys"): [6.0, 6.0, 8.0],
    ("memory", "ours"): [70.0],
    ("memory", "bare"): [80.0],
}
SIZES = {"ours": {"zipped": 3.0, "unzipped": 14.0}, "bare": {"zipped": 18.0, "unzipped": 25.0}}
FACTS = {"Python": "CPython 3.13.1", "commit": "0123456789"}


def figure(low: float, median: float, high: float, goal: float = 0.5) -> Figure:
    return Figure("list", "ours", "warm `GET /movies?limit=50`", Spread(low, median, high), goal)


def every_app() -> tuple[Samples, report.Sizes]:
    """Return samples and sizes in which all apps are like the reference, except ours."""
    names = ("list", "roles", "get", "cold", "memory")
    samples: Samples = {(name, app): [10.0] * 3 for name in names for app in report.APPS}
    samples |= {key: values for key, values in SAMPLES.items() if key[0] != "memory"}
    return samples, {app: SIZES.get(app, SIZES["bare"]) for app in report.APPS}


def by_name() -> dict[str, Figure]:
    return {figure.name: figure for figure in report.goals(SAMPLES, SIZES)}


def test_the_spread_is_the_median_and_the_quartiles() -> None:
    assert spread([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(2.0, 3.0, 4.0)
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0)


def test_a_ratio_is_taken_in_each_round_before_the_median() -> None:
    # The machine is ten times slower in the second round. The ratio of the medians would be 0.6.
    assert ratios([1.0, 20.0, 3.0], [2.0, 40.0, 5.0]) == Spread(0.5, 0.5, 0.55)


def test_ratios_need_both_apps_in_every_round() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("values", "goal", "verdict"),
    [
        ((0.30, 0.40, 0.50), 0.5, "met"),
        ((0.30, 0.504, 0.504), 0.5, "met"),
        ((0.30, 0.40, 0.51), 0.5, "met, but not in every round"),
        ((0.30, 0.51, 0.60), 0.5, "MISSED by 0.01"),
        ((0.30, 1.41, 1.50), 0.5, "MISSED by 0.91"),
    ],
)
def test_the_verdict_says_whether_the_median_meets_the_goal(
    values: tuple[float, float, float], goal: float, verdict: str
) -> None:
    assert figure(*values, goal).verdict == verdict


def test_a_figure_without_a_goal_has_no_verdict() -> None:
    goals = report.goals(SAMPLES, SIZES)
    (keys,) = (figure for figure in goals if figure.name == "keys")
    assert keys.verdict == ""
    (row,) = (line for line in report.terminal(goals).splitlines() if line.startswith("the same"))
    assert re.split(r"\s{2,}", row.strip())[1:] == ["0.60", "0.60 to 0.70"]
    (data,) = (
        described
        for described in report.data(goals, [], SAMPLES, FACTS)["goals"]
        if described["figure"] == "keys"
    )
    assert data["goal"] is None


def test_a_missed_size_names_its_unit() -> None:
    missed = Figure("zipped", "ours", "package", spread([4.0]), 3.5, "MB")
    assert missed.verdict == "MISSED by 0.50 MB"


def test_each_figure_is_compared_with_its_own_reference() -> None:
    medians = {name: figure.value.median for name, figure in by_name().items()}
    assert medians == {
        "list": 0.5,
        "cold": 0.9,
        "authorizer": 0.3,
        "keys": 0.6,
        "memory": 0.875,
        "zipped": 3.0,
        "unzipped": 14.0,
    }


def test_the_terminal_shows_goal_ratio_spread_and_verdict() -> None:
    header, first, *_ = report.terminal(report.goals(SAMPLES, SIZES)).splitlines()
    assert header.split() == ["figure", "goal", "measured", "spread", "verdict"]
    assert re.split(r"\s{2,}", first) == [
        "warm GET /movies?limit=50",
        "≤ 0.50",
        "0.50",
        "0.45 to 0.55",
        "met, but not in every round",
    ]


def test_the_document_says_in_plain_words_which_goals_are_missed() -> None:
    goals, compared = report.goals(SAMPLES, SIZES), report.comparison(*every_app())
    text = report.document(goals, compared, SAMPLES, FACTS)
    assert "Goals that are met: 4 of 6." in text
    assert "| this API | 0.50 (0.45 to 0.55) | 1.00 | 1.00 |" in text
    assert "| package, unzipped | ≤ 12.00 MB | 14.00 MB |  | **MISSED by 2.00 MB** |" in text
    assert "* Python: CPython 3.13.1" in text


def test_the_data_have_every_figure_and_the_milliseconds() -> None:
    goals, compared = report.goals(SAMPLES, SIZES), report.comparison(SAMPLES, SIZES)
    data = report.data(goals, compared, SAMPLES, FACTS)
    assert data["measured"] == FACTS
    assert data["goals"][0] == {
        "figure": "list",
        "app": "ours",
        "text": "warm GET /movies?limit=50",
        "unit": "ratio to the reference",
        "median": 0.5,
        "quartiles": [0.45, 0.55],
        "goal": 0.5,
        "verdict": "met, but not in every round",
    }
    assert data["milliseconds"]["list bare"] == 10_000
    assert ("bare", "zipped", 18.0) in [
        (peer["app"], peer["figure"], peer["median"]) for peer in data["peers"]
    ]


def test_a_bar_has_whiskers_to_the_quartiles_and_the_mark_of_its_goal() -> None:
    [bar] = bars([figure(0.25, 0.5, 1.0, goal=0.5)])
    assert bar == Bar("warm GET /movies?limit=50", 0.5, (0.25, 0.5), 0.5, "#2563eb")


def test_a_bar_of_a_missed_goal_is_red_and_a_size_has_no_bar() -> None:
    size = Figure("zipped", "ours", "package", spread([4.0]), 3.5, "MB")
    [bar] = bars([figure(0.5, 0.6, 0.7), size])
    assert bar.color == "#dc2626"


def test_a_bar_of_a_peer_has_the_name_of_the_app() -> None:
    [bar] = bars([figure(1.0, 1.1, 1.2, goal=math.inf)._replace(app="fastapi")])
    assert (bar.label, bar.color) == ("FastAPI + Mangum", "#9ca3af")


def test_the_written_document_data_and_picture_are_of_one_run() -> None:
    data = json.loads(report.DATA.read_text())
    document = report.DOCUMENT.read_text()
    picture = (PROJECT / "docs" / "pictures" / "benchmarks.svg").read_text()
    assert [goal["figure"] for goal in data["goals"]] == list(report.FIGURES)
    assert {peer["app"] for peer in data["peers"]} == set(report.APPS)
    for goal in data["goals"]:
        assert goal["verdict"] in document
        if goal["goal"] is not None and goal["unit"] != "MB":
            assert f"{goal['median']:.2f}" in picture
    assert all(f"* {name}: {value}" in document for name, value in data["measured"].items())
