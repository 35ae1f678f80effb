"""`make bench`, and `python -m bench ROW...` for some rows only, in fewer rounds.

The rows are `list`, `get`, `roles`, `find`, `board`, `create`, `change`, `cold`, `memory` and
`package`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import apps, check, run
from bench.figures import Row, ratios, shown, spread
from bench.process import SETTINGS, App, Json, Stub, working
from bench.run import Plan, Samples
from dev import machine

MB = 1_000_000


class Goal(NamedTuple):
    """A row of ours that has a goal."""

    text: str
    goal: float


GOALS = {
    "list": Goal("warm GET /movies?limit=50", 0.50),
    "roles": Goal("warm GET /movies/{id} with 50 roles", 0.55),
    "get": Goal("warm GET /movies/{id}", 1.10),
    "create": Goal("warm POST /movies", 1.15),
    "change": Goal("warm PATCH /movies/{id}", 1.20),
    "find": Goal("warm GET /actors?gender=female&limit=50", 0.60),
    "board": Goal("warm GET /parts/{id}/candidates?status=shortlisted&limit=50", 0.60),
    "cold": Goal("cold start of the API, to its first response", 0.85),
    "authorizer": Goal("cold start of the authorizer, to its first refusal", 0.40),
    "memory": Goal("memory of the warm API", 0.90),
}
WARM = ("list", "get", "roles", "find", "board", "create", "change")
SIZES = {"zipped": 3.5, "unzipped": 12.0}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*GOALS, "package"], metavar="ROW")
    wanted = parser.parse_args().rows
    plan = run.QUICK if wanted else run.FULL
    names = wanted or [*GOALS, "package"]
    started = time.monotonic()
    package = apps.ours()
    bare = apps.peer("bare")
    stub = Stub()
    try:
        samples = measure(package, bare, stub, names, plan)
    finally:
        stub.close()
    for row in rows(samples, package, names):
        value = row.value
        goal = f"<= {row.goal}" if row.goal else ""
        spread_text = f"{shown(value.low)} to {shown(value.high)}"
        line = f"{row.text:<62}{goal:>8}{shown(value.median, row.unit):>10}  {spread_text:<14}"
        print(line, row.verdict, sep="  ")
    print(f"{time.monotonic() - started:.0f} s")


def measure(
    package: apps.Package, bare: App, stub: Stub, names: Sequence[str], plan: Plan
) -> Samples:
    os.environ.update(SETTINGS)
    from bench.events import authorizer_event, events

    ours = package.api
    all_events = events(stub.ids)
    environment = dict(stub.environment)
    expected: dict[str, Json] = {}
    requests = {}
    with working(ours, environment) as worker:
        for name, event in all_events.items():
            expected[name] = worker.call(event).response
            requests[name] = stub.take_requests()
    projections = {name: check.projections(sent) for name, sent in requests.items()}
    environment["PROJECTIONS"] = json.dumps(projections)
    with working(bare, environment) as worker:
        for name, event in all_events.items():
            check.check_response(name, bare, worker.call(event).response, expected[name])
            check.check_requests(name, bare, stub.take_requests(), requests[name])
    samples: Samples = {}
    warm = {name: [ours, bare] for name in WARM if name in names}
    if warm or "memory" in names:
        samples |= run.warm(all_events, warm or {"get": [ours, bare]}, environment, plan, say)
    cold: dict[App, Json] = {}
    if {"cold", "authorizer"} & set(names):
        cold = {ours: all_events["get"], bare: all_events["get"]}
        cold[package.authorizer] = authorizer_event(unknown_token())
        samples |= run.cold(cold, environment, plan, say)
    return samples


def say(step: str) -> None:
    print(f"\r{step:<20}", end="", file=sys.stderr, flush=True)


def unknown_token() -> str:
    """Return a token of RS256 with a key that the issuer does not publish."""
    import base64

    def encoded(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    header = json.dumps({"alg": "RS256", "typ": "JWT", "kid": "unknown"}).encode()
    claims = json.dumps({"iss": SETTINGS["AUTH_ISSUER"], "aud": "casting-api"}).encode()
    return ".".join([encoded(header), encoded(claims), encoded(b"x" * 256)])


def rows(samples: Samples, package: apps.Package, names: Sequence[str]) -> list[Row]:
    print("\r" + " " * 20, end="\r", file=sys.stderr)
    table = []
    for name in names:
        if name == "package":
            sizes = {
                "zipped": package.zip.stat().st_size,
                "unzipped": sum(p.stat().st_size for p in package.folder.rglob("*") if p.is_file()),
            }
            for kind, size in sizes.items():
                text = f"package, {kind}"
                table.append(Row(kind, text, spread([size / MB]), SIZES[kind], "MB"))
            continue
        goal = GOALS[name]
        figure, app = ("cold", "authorizer") if name == "authorizer" else (name, "ours")
        value = ratios(samples[figure, app], samples[figure, "bare"])
        table.append(Row(name, goal.text, value, goal.goal))
    return table


if __name__ == "__main__":
    main()
