"""The figures of a load run, and the documents that show them."""

import json
import math
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, NamedTuple

from bench.load import scene
from bench.load.markdown import table
from dev.machine import PROJECT

JSON = PROJECT / "docs" / "load.json"
DOCUMENT = PROJECT / "docs" / "load.md"

MAX_GROWTH = 1.1
"""Times the capacity that a request may use in the largest table.

10 %, because some lists of the smallest table end before a search has read as much as it may.
"""

SHOWN_ERRORS = 3

Report = dict[str, Any]
Row = dict[str, Any]


class Sample(NamedTuple):
    """A response."""

    target: str
    movies: int
    clients: int
    round: int
    kind: str
    ms: float
    bytes: int
    id: str | None
    error: str | None


class Run(NamedTuple):
    """The responses of a run, and what the targets logged of the requests, by their ids."""

    samples: list[Sample]
    logged: dict[str, dict[str, Any]]


class Load(NamedTuple):
    """How a target served some clients."""

    requests: int
    per_second: float
    p50: float
    p95: float
    p99: float
    errors: int

    def __str__(self) -> str:
        return (
            f"{self.per_second:.0f} requests/s, p50 {self.p50:.0f} ms, p95 {self.p95:.0f} ms,"
            f" p99 {self.p99:.0f} ms, {self.errors} errors"
        )


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else math.nan


def load(samples: Sequence[Sample], seconds: float) -> Load:
    """Return the figures of responses that came within this time."""
    times = [sample.ms for sample in samples]
    return Load(
        requests=len(samples),
        per_second=len(samples) / seconds,
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        errors=sum(sample.error is not None for sample in samples),
    )


def report(run: Run, seconds: float) -> Report:
    """Return all figures. `seconds` is how long each target had each number of clients."""
    cells = {(s.target, s.movies, s.clients): [] for s in run.samples}  # type: ignore[var-annotated]
    for sample in run.samples:
        cells[sample.target, sample.movies, sample.clients].append(sample)
    loads = {cell: load(cells[cell], seconds) for cell in sorted(cells, key=_order)}
    return {
        "run": {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{_processor()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "packages": {name: version(name) for name in ("chalice", "pynamodb", "botocore")},
            "seconds": seconds,
        },
        "load": [
            {"target": target, "movies": movies, "clients": clients, **figures._asdict()}
            for (target, movies, clients), figures in loads.items()
        ],
        "growth": _growth(run.samples),
        "requests": _requests(run),
    }


def _order(cell: tuple[str, int, int]) -> tuple[str, int, int]:
    target, movies, clients = cell
    return target, clients, movies


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(": ")[2].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()


def _growth(samples: Sequence[Sample]) -> list[Row]:
    """Return the figures of the largest table divided by those of the smallest.

    They are compared within each round, because the machine may be slower in another one. The
    result is the median, with the least and the most.
    """
    sizes = sorted({sample.movies for sample in samples})
    rows = []
    for target, clients in sorted({(sample.target, sample.clients) for sample in samples}):
        by_round: dict[int, tuple[list[Sample], list[Sample]]] = {}
        for sample in samples:
            if (sample.target, sample.clients) == (target, clients):
                few, many = by_round.setdefault(sample.round, ([], []))
                few.extend([sample] if sample.movies == sizes[0] else [])
                many.extend([sample] if sample.movies == sizes[-1] else [])
        pairs = [(load(few, 1), load(many, 1)) for few, many in by_round.values()]
        ratios = {
            name: _ratios([(getattr(few, name), getattr(many, name)) for few, many in pairs])
            for name in ("per_second", "p50", "p95", "p99")
        }
        rows.append(
            {"target": target, "clients": clients, "from": sizes[0], "to": sizes[-1], **ratios}
        )
    return rows


def _ratios(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    ratios = [many / few for few, many in pairs]
    return {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}


def _requests(run: Run) -> list[Row]:
    """Return what one request of each kind costs, and how that grows."""
    sizes = sorted({sample.movies for sample in run.samples})
    rows = []
    for target in sorted({sample.target for sample in run.samples}):
        for kind in [*scene.MIX, scene.READ_BEFORE_CHANGE]:
            of_kind = [s for s in run.samples if (s.target, s.kind) == (target, kind)]
            by_size = {
                size: _costs(run, [s for s in of_kind if s.movies == size]) for size in sizes
            }
            few, many = by_size[sizes[0]], by_size[sizes[-1]]
            growth = {name: many[name] / few[name] for name in ("capacity", "p50_alone")}
            costs = {str(size): costs for size, costs in by_size.items()}
            rows.append({"target": target, "kind": kind, "movies": costs, "growth": growth})
    return rows


def _costs(run: Run, samples: Sequence[Sample]) -> dict[str, float]:
    """Return what these requests cost on average, and how long one takes for a single client."""
    answered = [sample for sample in samples if sample.error is None]
    lines = [run.logged[sample.id] for sample in answered if sample.id in run.logged]
    alone = [sample for sample in answered if sample.clients == 1]
    lines_alone = [run.logged[sample.id] for sample in alone if sample.id in run.logged]
    costs = {
        "requests": len(answered),
        "capacity": _mean(line["table_capacity"] for line in lines),
        "calls": _mean(line["table_calls"] for line in lines),
        "bytes": _mean(sample.bytes for sample in answered),
        "p50_alone": percentile((sample.ms for sample in alone), 0.5),
        "duration_alone": percentile((line["duration_ms"] for line in lines_alone), 0.5),
    }
    if cpu := [line["cpu_ms"] for line in lines_alone if "cpu_ms" in line]:
        costs["cpu_alone"] = statistics.median(cpu)
    return costs


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return statistics.fmean(known) if known else math.nan


def failures(run: Run, report: Report) -> list[str]:
    """Return why a run has failed: errors, requests that nothing logged, and growing capacity."""
    errors = [sample for sample in run.samples if sample.error is not None]
    found = [
        f"{s.target}, {s.movies:,} movies, {s.clients} clients: {s.kind}: {s.error}"
        for s in errors[:SHOWN_ERRORS]
    ]
    if len(errors) > SHOWN_ERRORS:
        found.append(f"{len(errors) - SHOWN_ERRORS:,} more requests failed.")
    answered = [sample for sample in run.samples if sample.error is None]
    if unlogged := sum(sample.id not in run.logged for sample in answered):
        found.append(f"{unlogged:,} of {len(answered):,} requests are in no log.")
    for row in report["requests"]:
        # Not `>`: a figure that is missing is not a number.
        if not row["growth"]["capacity"] <= MAX_GROWTH:
            found.append(
                f"{row['target']}: {row['kind']} uses {row['growth']['capacity']:.2f} times the"
                f" capacity in the largest table (at most {MAX_GROWTH})."
            )
    return found


# --- Documents

INTRODUCTION = """
# The product under load

This file is written by `make load`. Do not edit it. [load.json](load.json) has all figures.

Only the ratios say something about the product. The times are those of one machine, which ran the
clients, the API and DynamoDB at once.

* [How it is measured](#how-it-is-measured)
* [Load](#load)
* [Growth](#growth)
* [One request](#one-request)

## How it is measured

{machine}. Python {python}, {packages}. {date}.

* **Targets.** `make run` is the product on this machine. `deployed` is `make stack` on the emulated
  AWS of the tests, with API Gateway, the authorizer and one process for each concurrent request.
  Its limits are lifted. Those of a real stage are in
  [dev/deploy/stages.py](../dev/deploy/stages.py).
* **Tables.** They differ only in the number of their movies. {cast_movies} movies have {roles}
  roles each, {parts} have a part with {candidates} candidates, and there are {actors} actors.
  [bench/load/content.py](../bench/load/content.py) writes them with all entries of the index.
* **Requests.** {mix}. Pages have {page} movies or {board} candidates, and are full in the smallest
  table, too. PATCH of a movie sends `If-Match` with the ETag that was read just before.
* **Clients** send the next request as soon as they have the response (locust).
* **Order.** The targets and tables take turns. Each is measured for {seconds:g} s with each number
  of clients, once all of these are served.
* **Errors.** Every status but 200 and every page that is not full is an error. One error makes the
  command fail.
* **Capacity** is what the API logs of each request (`table_capacity`). The local engine counts
  writes as AWS does. [bench/load/dynamodb.py](../bench/load/dynamodb.py) makes it count reads by
  their bytes, and read only a page of a partition, not all of it.
* `make load DURATION=2 ROUNDS=1 MOVIES=100,1000 CLIENTS=1,8` is a shorter run.
""".strip()


def tables(report: Report) -> str:
    """Return the tables of a report."""
    return "\n\n".join(
        [
            "## Load",
            table(
                ("target", "clients", "movies", "requests/s", "p50 ms", "p95 ms", "p99 ms")
                + ("requests", "errors"),
                (
                    (row["target"], row["clients"], f"{row['movies']:,}")
                    + tuple(f"{row[name]:.0f}" for name in ("per_second", "p50", "p95", "p99"))
                    + (f"{row['requests']:,}", row["errors"])
                    for row in report["load"]
                ),
            ),
            "## Growth",
            _GROWTH,
            table(
                ("target", "clients", "movies", "requests/s", "p50", "p95", "p99"),
                (
                    (row["target"], row["clients"], f"{row['from']:,} → {row['to']:,}")
                    + tuple(_spread(row[name]) for name in ("per_second", "p50", "p95", "p99"))
                    for row in report["growth"]
                ),
            ),
            "## One request",
            _ONE_REQUEST,
            table(_REQUEST_COLUMNS, map(_request_row, report["requests"])),
        ]
    )


_GROWTH = """
The figures of the largest table ÷ those of the smallest in the same round: the median of the
rounds, the least and the most. 1 is best. The spread shows what else the machine did.
""".strip()


def _spread(ratios: dict[str, float]) -> str:
    return f"{ratios['median']:.2f} ({ratios['least']:.2f} – {ratios['most']:.2f})"


_ONE_REQUEST = f"""
Requests to DynamoDB and capacity units are means. The milliseconds are those that the API logs for
a single client, and the CPU time of the product with the largest table (medians). The goal: no
request uses more than {MAX_GROWTH} times the capacity in the largest table. 10 % are allowed,
because some lists of the smallest table end before a search has read as much as it may.
""".strip()

_REQUEST_COLUMNS = (
    "target",
    "request",
    "calls",
    "capacity, smallest",
    "capacity, largest",
    "÷",
    "ms, smallest",
) + ("ms, largest", "CPU ms", "verdict")


def _request_row(row: Row) -> tuple[Any, ...]:
    sizes = sorted(row["movies"], key=int)
    few, many = row["movies"][sizes[0]], row["movies"][sizes[-1]]
    growth = row["growth"]["capacity"]
    return (
        row["target"],
        row["kind"],
        f"{many['calls']:.1f}",
        f"{few['capacity']:.1f}",
        f"{many['capacity']:.1f}",
        f"{growth:.2f}",
        f"{few['duration_alone']:.0f}",
        f"{many['duration_alone']:.0f}",
        f"{many['cpu_alone']:.1f}" if "cpu_alone" in many else "",
        "met" if growth <= MAX_GROWTH else "missed",
    )


def document(report: Report) -> str:
    """Return the text of docs/load.md."""
    run = report["run"]
    introduction = INTRODUCTION.format(
        machine=run["machine"],
        python=run["python"],
        packages=", ".join(f"{name} {number}" for name, number in run["packages"].items()),
        date=run["date"],
        cast_movies=scene.CAST_MOVIES,
        roles=scene.ROLES,
        parts=scene.PARTS,
        candidates=scene.CANDIDATES,
        actors=scene.ACTORS,
        page=scene.PAGE,
        board=scene.BOARD,
        mix=", ".join(f"{name} {share} %" for name, share in scene.MIX.items()),
        seconds=run["seconds"],
    )
    return f"{introduction}\n\n{tables(report)}\n"


def write(report: Report) -> None:
    """Write docs/load.md and docs/load.json."""
    JSON.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    DOCUMENT.write_text(document(report), encoding="utf-8")
