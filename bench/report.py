"""What a run shows: the table on the terminal, docs/benchmarks.md and docs/benchmarks.json."""

import datetime
import math
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.apps import AUTHORIZERS, PEERS
from bench.figures import Figure, Spread, ratios, shown, shown_spread, spread
from bench.run import EVENTS, WARM_UP, Samples
from dev.machine import PROJECT

DOCUMENT = PROJECT / "docs" / "benchmarks.md"
DATA = DOCUMENT.with_suffix(".json")


class Goal(NamedTuple):
    """What is measured of our API, and what it must not exceed, if anything."""

    text: str
    goal: float = math.inf
    unit: str = ""


FIGURES = {
    "list": Goal("warm `GET /movies?limit=50`", 0.50),
    "roles": Goal("warm `GET /movies/{id}` with 50 roles", 0.55),
    "get": Goal("warm `GET /movies/{id}`", 1.10),
    "create": Goal("warm `POST /movies`", 1.15),
    "change": Goal("warm `PATCH /movies/{id}`", 1.20),
    "find": Goal("warm `GET /actors?gender=female&limit=50`", 0.60),
    "board": Goal("warm `GET /parts/{id}/candidates?status=shortlisted&limit=50`", 0.60),
    "cold": Goal("cold start of the API, with TLS and the first `GET /movies/{id}`", 0.85),
    "authorizer": Goal("cold start of the authorizer, with the first rejected token", 0.40),
    "keys": Goal("the same, for a token that needs the issuer's keys, with TLS"),
    "memory": Goal("memory of the warm API", 0.90),
    "zipped": Goal("package, zipped", 3.5, "MB"),
    "unzipped": Goal("package, unzipped", 12.0, "MB"),
}
SIZES = ("zipped", "unzipped")

APPS = {
    "ours": "this API",
    "bare": "botocore by hand, the reference",
    "boto3": "boto3",
    "chalice": "Chalice + PynamoDB",
    "powertools": "Powertools for AWS Lambda",
    "fastapi": "FastAPI + Mangum",
    "flask": "Flask + SQLAlchemy on SQLite",
}
NAMED = {
    *("Flask", "SQLAlchemy", "apig-wsgi", "aws-lambda-powertools", "boto3", "botocore", "chalice"),
    *("fastapi", "mangum", "msgspec", "pydantic", "pynamodb"),
}
"""The packages whose versions are shown."""

COMPARED = ("list", "roles", "get", "cold", "memory", *SIZES)
"""The figures of every app."""

Facts = dict[str, str]
Sizes = Mapping[str, Mapping[str, float]]
"""The megabytes of each app's package."""

INTRODUCTION = """
# Benchmarks

This file is written by `make bench`. It compares the API with a reference: a handler written by
hand with botocore only. A ratio below 1 means that the API uses less than the reference.

![The figures as bars](pictures/benchmarks.svg)
""".strip()

METHOD = """
## Method

* **Reference.** [The handler](../bench/peers/bare/app.py) sends the same requests as the API and
  returns the same members. It has no framework, permissions, validation, logging or errors. It
  does not ask for the consumed capacity, which the API logs.
* **CPU time.** The CPU time of the process is measured, because other programs may use the machine
  at the same time. Network and waiting do not count. [A stub](../bench/stub.py) in another
  process stands for DynamoDB. It returns the same bytes for the same request.
* **Rounds.** In each round, every app takes its turn, in an order that rotates. A ratio is taken in
  each round. The tables show the median of all rounds, and the lower and upper quartile.
* **Processes.** Each app runs as in Lambda: in a new process, with only its own folder on the path,
  with bytecode and with events of API Gateway. Ours is the package of `make package`.
* **Cold start.** The CPU time from Python's first line to the first response. The start of
  Python itself does not count.
* **TLS.** In a cold start the stub serves HTTPS, so the first request reads certificates and makes
  a TLS handshake. Each app reads the certificates that it reads in Lambda, and one of the stub's
  own authority. Those of the peers are botocore's. Ours are
  [Amazon's roots](../chalicelib/store/amazon-roots.pem). Flask sends no request. The warm calls and
  the memory are measured with plain HTTP.
* **Authorizer.** It has two figures, both compared with the cold start of the same reference. The
  first rejected token has no signature: the authorizer rejects it without the issuer's keys, and
  imports neither requests nor python-jose. The goal is from a prototype that reached 0.35. That
  prototype fetched no keys: importing urllib3 alone, which a fetch needs, takes more than that.
  For the second figure, the token has an unknown key. The authorizer imports everything, reads all
  certificates of certifi and fetches the keys from the stub by TLS. Each environment does so once,
  for its first valid token. This figure has no goal.
* **Memory.** The resident memory after {calls} requests. A megabyte is 1,000,000 bytes.
* **Peers.** Before anything is timed, each app must return the same members as the API. Flask uses
  SQLite, which works in the measured process. DynamoDB does not, so the work of the database
  counts for Flask only. The packages of the peers include their bytecode.

To measure some figures only, in fewer rounds: `.venv/bin/python -m bench list get`.
""".strip()


def goals(samples: Samples, sizes: Sizes) -> list[Figure]:
    """Return the figures of our API that were measured."""
    return [
        Figure(name, "ours", goal.text, value, goal.goal, goal.unit)
        for name, goal in FIGURES.items()
        if (value := _value(name, "ours", samples, sizes))
    ]


def comparison(samples: Samples, sizes: Sizes) -> list[Figure]:
    """Return the figures of every app."""
    return [
        Figure(name, app, FIGURES[name].text, value, unit=FIGURES[name].unit)
        for app in APPS
        for name in COMPARED
        if (value := _value(name, app, samples, sizes))
    ]


def _value(name: str, app: str, samples: Samples, sizes: Sizes) -> Spread | None:
    if name in SIZES:
        return spread([sizes[app][name]]) if app in sizes else None
    measured = ("cold", name) if name in AUTHORIZERS else (name, app)
    if measured not in samples:
        return None
    return ratios(samples[measured], samples[measured[0], "bare"])


def terminal(figures: Sequence[Figure]) -> str:
    """Return the table of the goals as text."""
    return _aligned(_goal_rows(figures, plain=True))


def document(
    figures: Sequence[Figure], compared: Sequence[Figure], samples: Samples, facts: Facts
) -> str:
    """Return docs/benchmarks.md."""
    with_goal = [figure for figure in figures if figure.has_goal]
    met = sum(figure.is_met for figure in with_goal)
    summary = f"Goals that are met: {met} of {len(with_goal)}."
    sections = [
        INTRODUCTION,
        "## Goals",
        summary,
        _markdown(_goal_rows(figures)),
        "## Peers",
        "The ratio to the reference, and its spread. Lower is better.",
        _markdown(_app_rows(compared)),
        "## CPU time of one call",
        "Medians in milliseconds. They depend on the machine, and the ratios hardly do.",
        _markdown(_time_rows(samples)),
        "## Measured",
        "\n".join(f"* {name}: {value}" for name, value in facts.items()),
        METHOD.format(calls=sum(WARM_UP.values())),
    ]
    return "\n\n".join(sections) + "\n"


def data(
    figures: Sequence[Figure], compared: Sequence[Figure], samples: Samples, facts: Facts
) -> dict[str, Any]:
    """Return docs/benchmarks.json."""
    return {
        "measured": facts,
        "goals": [
            _described(f) | {"goal": f.goal if f.has_goal else None, "verdict": f.verdict}
            for f in figures
        ],
        "peers": [_described(f) for f in compared],
        "milliseconds": {
            f"{name} {app}": round(spread(values).median * 1_000, 3)
            for (name, app), values in samples.items()
            if name != "memory"
        },
    }


def _described(figure: Figure) -> dict[str, Any]:
    low, median, high = (round(value, 3) for value in figure.value)
    return {
        "figure": figure.name,
        "app": figure.app,
        "text": figure.text.replace("`", ""),
        "unit": figure.unit or "ratio to the reference",
        "median": median,
        "quartiles": [low, high],
    }


def _goal_rows(figures: Sequence[Figure], plain: bool = False) -> list[list[str]]:
    header = ["figure", "goal", "measured", "spread", "verdict"]
    rows = [
        [
            figure.text,
            f"≤ {shown(figure.goal, figure.unit)}" if figure.has_goal else "",
            shown(figure.value.median, figure.unit),
            shown_spread(figure.value),
            figure.verdict if plain or figure.is_met else f"**{figure.verdict}**",
        ]
        for figure in figures
    ]
    return [header, *([cell.replace("`", "") for cell in row] if plain else row for row in rows)]


def _app_rows(compared: Sequence[Figure]) -> list[list[str]]:
    cells = {(figure.app, figure.name): _cell(figure) for figure in compared}
    headers = ["list of 50", "50 roles", "one movie", "cold start", "memory", *SIZES]
    return [
        ["app", *headers],
        *([text, *(cells[app, name] for name in COMPARED)] for app, text in APPS.items()),
    ]


def _cell(figure: Figure) -> str:
    median, quartiles = shown(figure.value.median, figure.unit), shown_spread(figure.value)
    return f"{median} ({quartiles})" if quartiles else median


def _time_rows(samples: Samples) -> list[list[str]]:
    names = [name for name in (*EVENTS, "cold") if (name, "bare") in samples]
    rows = [
        [text, *(_milliseconds(samples.get((name, app))) for name in names)]
        for app, text in APPS.items()
    ]
    return [["app", *names], *rows]


def _milliseconds(values: Sequence[float] | None) -> str:
    return "" if values is None else f"{spread(values).median * 1_000:.2f}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    header, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([header, "|---" * len(rows[0]) + "|", *others])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def facts(rounds: int, cold_rounds: int, minutes: float) -> Facts:
    """Return the versions, the machine and the extent of a run."""
    requirements = [
        PROJECT / "requirements.txt",
        PROJECT / "requirements-dev.txt",
        *sorted(PEERS.glob("*/requirements.txt")),
    ]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": _commit(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(_versions(requirements)),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "extent": f"{rounds} warm and {cold_rounds} cold rounds, {minutes:.1f} minutes",
    }


def _versions(files: Iterable[Path]) -> list[str]:
    """Return the versions of the packages that the apps name, without their dependencies."""
    found = re.findall(r"^([\w-]+)==(\S+)", "\n".join(f.read_text() for f in files), re.MULTILINE)
    return sorted({f"{name} {version}" for name, version in found if name in NAMED})


def _commit() -> str:
    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "app.py", "chalicelib", "dev", "bench", ".chalice")
    return git("rev-parse", "--short=10", "HEAD") + (" with changes" if changed else "")
