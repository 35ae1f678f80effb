"""The figures of a load run, and the reasons for which it fails."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bench.load import results, scene
from bench.load.results import Run, Sample

TARGETS = ("make run", "deployed")
SIZES = (100, 10_000, 100_000)


def sample(ms: float = 10, error: str | None = None, **changes: Any) -> Sample:
    cell: dict[str, Any] = {
        "target": "make run",
        "movies": 100,
        "clients": 1,
        "round": 0,
        "kind": "list",
        "id": "r",
    }
    return Sample(**{**cell, "ms": ms, "bytes": 1_000, "error": error, **changes})


def complete_run(capacity: dict[int, float], ms: dict[int, float]) -> Run:
    """Return a run with one request of each kind for each target, table and number of clients."""
    samples, logged = [], {}
    for target in TARGETS:
        for movies in SIZES:
            for clients in (1, 8):
                for kind in [*scene.MIX, scene.READ_BEFORE_CHANGE]:
                    request_id = f"{target} {movies} {clients} {kind}"
                    own: dict[str, Any] = {
                        "target": target,
                        "movies": movies,
                        "clients": clients,
                        "kind": kind,
                    }
                    samples.append(sample(ms[movies], id=request_id, **own))
                    logged[request_id] = {
                        "table_capacity": capacity[movies],
                        "table_calls": 2,
                        "duration_ms": ms[movies] / 2,
                        **({"cpu_ms": 3.0} if target == "make run" else {}),
                    }
    return Run(samples, logged)


def flat_run() -> Run:
    return complete_run(dict.fromkeys(SIZES, 2.0), dict.fromkeys(SIZES, 10.0))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1, 100), (0.001, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert results.percentile(range(100, 0, -1), share) == expected


def test_a_percentile_of_nothing_is_not_a_number() -> None:
    assert math.isnan(results.percentile([], 0.5))


def test_the_load_of_a_target_counts_requests_per_second_and_errors() -> None:
    samples = [sample(ms) for ms in range(1, 20)] + [sample(20, error="500")]
    load = results.load(samples, seconds=4)
    assert (load.requests, load.per_second, load.errors) == (20, 5, 1)
    assert (load.p50, load.p95, load.p99) == (10, 19, 20)


def test_growth_is_the_largest_table_divided_by_the_smallest() -> None:
    capacity = {100: 2.0, 10_000: 100.0, 100_000: 3.0}
    ms = {100: 10.0, 10_000: 1.0, 100_000: 15.0}
    report = results.report(complete_run(capacity, ms), seconds=11)
    ratio = {"median": 1.5, "least": 1.5, "most": 1.5}
    for row in report["growth"]:
        assert (row["from"], row["to"]) == (100, 100_000)
        assert row["p50"] == row["p99"] == ratio
        assert row["per_second"] == {"median": 1, "least": 1, "most": 1}
    assert [(row["target"], row["clients"]) for row in report["growth"]] == [
        ("deployed", 1),
        ("deployed", 8),
        ("make run", 1),
        ("make run", 8),
    ]
    for row in report["requests"]:
        assert row["growth"] == {"capacity": 1.5, "p50_alone": 1.5}
        assert row["movies"]["100000"]["duration_alone"] == 7.5
        assert row["movies"]["100000"]["requests"] == 2


def test_growth_compares_tables_within_a_round() -> None:
    run = flat_run()
    # A machine that is ten times slower in the second and third round, and one slow response.
    for number, ms in ((1, 100.0), (2, 100.0)):
        run.samples.extend(s._replace(round=number, ms=ms) for s in flat_run().samples)
    run.samples[:] = [
        s._replace(ms=300.0) if (s.round, s.movies) == (2, 100_000) else s for s in run.samples
    ]
    for row in results.report(run, seconds=1)["growth"]:
        assert row["p50"] == {"median": 1, "least": 1, "most": 3}


def test_a_run_without_errors_and_growth_does_not_fail() -> None:
    run = flat_run()
    assert results.failures(run, results.report(run, seconds=1)) == []


def test_one_error_makes_a_run_fail_and_is_named() -> None:
    run = flat_run()
    run.samples.append(sample(error="500 {}", kind="board"))
    assert results.failures(run, results.report(run, seconds=1)) == [
        "make run, 100 movies, 1 clients: board: 500 {}"
    ]


def test_many_errors_are_counted() -> None:
    run = flat_run()
    run.samples.extend([sample(error="500")] * 10)
    *named, others = results.failures(run, results.report(run, seconds=1))
    assert len(named) == 3
    assert others == "7 more requests failed."


def test_a_request_whose_capacity_grows_makes_a_run_fail() -> None:
    capacity = {100: 2.0, 10_000: 2.0, 100_000: 2.3}
    run = complete_run(capacity, dict.fromkeys(SIZES, 10.0))
    failures = results.failures(run, results.report(run, seconds=1))
    assert len(failures) == 2 * (len(scene.MIX) + 1)
    assert failures[0] == (
        "deployed: list uses 1.15 times the capacity in the largest table (at most 1.1)."
    )


def test_a_kind_of_request_that_was_never_sent_makes_a_run_fail() -> None:
    run = flat_run()
    run.samples[:] = [s for s in run.samples if (s.kind, s.movies) != ("board", 100)]
    failures = results.failures(run, results.report(run, seconds=1))
    assert [failure.partition(" uses")[0] for failure in failures] == [
        "deployed: board",
        "make run: board",
    ]


def test_a_request_that_is_in_no_log_makes_a_run_fail() -> None:
    run = flat_run()
    run.samples.append(sample(id="unknown"))
    assert results.failures(run, results.report(run, seconds=1)) == [
        f"1 of {len(run.samples)} requests are in no log."
    ]


def test_the_documents_have_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "JSON", tmp_path / "load.json")
    monkeypatch.setattr(results, "DOCUMENT", tmp_path / "load.md")
    report = results.report(flat_run(), seconds=11)
    results.write(report)
    assert json.loads((tmp_path / "load.json").read_text()) == report
    text = (tmp_path / "load.md").read_text()
    assert "| make run | 8 | 100,000 | 1 | 10 | 10 | 10 | 11 | 0 |" in text
    one = "1.00 (1.00 – 1.00)"  # noqa: RUF001 -- a dash between numbers
    assert f"| make run | 8 | 100 → 100,000 | {one} | {one} | {one} | {one} |" in text
    assert "| deployed | search | 2.0 | 2.0 | 2.0 | 1.00 | 5 | 5 |  | met |" in text
    assert "| make run | search | 2.0 | 2.0 | 2.0 | 1.00 | 5 | 5 | 3.0 | met |" in text
    assert "{" not in text
    cells: int | None = None
    for line in text.splitlines():
        columns = line.count("|") if line.startswith("|") else None
        assert columns is None or cells is None or columns == cells, line
        cells = columns
