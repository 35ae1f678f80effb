"""Load the product and its deployment to an emulated AWS, with each table in turn."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple, cast

from bench.load import content, results, scene, targets
from bench.load.results import Run, Sample
from dev import machine
from dev.machine import PROJECT, say

ENVIRONMENT = PROJECT / ".local" / "load-{}.{}".format(*sys.version_info)
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = PROJECT / "bench" / "load" / "requirements.txt"
FEWEST_MOVIES = 100


class Options(NamedTuple):
    """What the variables of `make load` choose."""

    movies: tuple[int, ...]
    clients: tuple[int, ...]
    seconds: float
    rounds: int

    @classmethod
    def read(cls) -> "Options":
        """Return the options. Exit if a variable is not a positive number, or a list of them."""
        options = cls(
            movies=_numbers("MOVIES", "100,10000,100000"),
            clients=_numbers("CLIENTS", "1,8,32"),
            seconds=_numbers("DURATION", "5")[0],
            rounds=_numbers("ROUNDS", "3")[0],
        )
        # Each client changes a movie without a cast, and candidates, that no other one changes.
        if min(options.movies) < FEWEST_MOVIES or max(options.clients) > scene.PARTS:
            machine.fail(
                f"MOVIES must be at least {FEWEST_MOVIES}, and CLIENTS at most {scene.PARTS}."
            )
        return options


def _numbers(name: str, default: str) -> tuple[int, ...]:
    texts = (os.environ.get(name) or default).split(",")
    if not all(text.isascii() and text.isdigit() and int(text) for text in texts):
        machine.fail(f"{name} must be a positive number, or several with commas between them.")
    return tuple(sorted(map(int, texts)))


def install() -> None:
    """Install locust, unless this version of it is already installed."""
    stamp = ENVIRONMENT / "installed"
    version = f"{sys.version}\n{ENVIRONMENT}\n{REQUIREMENTS.read_text()}"
    with machine.lock(ENVIRONMENT.with_name(f"{ENVIRONMENT.name}.lock")):
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == version:
            return
        say("Installing the load generator (only once) ...")
        pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
            [*pip, "--requirement", str(REQUIREMENTS)],
        ):
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
                machine.fail("could not install the load generator. Check the network connection.")
        stamp.write_text(version)


def measure(
    target: targets.Target, movies: int, number: int, terms: Sequence[str], options: Options
) -> Iterator[Sample]:
    """Load a target with each number of clients, in the round of this number.

    Yield the responses, and print the progress.
    """
    plan = {
        "url": target.url,
        "token": target.token,
        "movies": movies,
        "terms": list(terms),
        "clients": options.clients,
        "most_clients": max(options.clients),
        "seconds": options.seconds,
    }
    with subprocess.Popen(
        [str(PYTHON), "-m", "bench.load.users"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        stdin, stdout = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
        with stdin:
            json.dump(plan, stdin)
        samples: list[Sample] = []
        for line in map(json.loads, stdout):
            if "done" not in line:
                samples.append(Sample(target=target.name, movies=movies, round=number, **line))
                continue
            if not samples:
                machine.fail(f"{target.name} has not answered within {options.seconds} s.")
            figures = results.load(samples, options.seconds)
            say(f"  {target.name}, {movies:,} movies, {line['clients']} clients: {figures}")
            yield from samples
            samples = []
    if process.returncode:
        machine.fail("the load generator failed: its error is above.")


def run(options: Options, folder: Path) -> Run:
    """Load both targets with all tables, in turns."""
    started = time.monotonic()
    say(f"Writing tables with {', '.join(f'{size:,}' for size in options.movies)} movies ...")
    files = content.write(folder / "content", options.movies)
    terms = content.search_terms(min(options.movies))
    with ExitStack() as running:
        say("Starting DynamoDB with these tables ...")
        database = running.enter_context(targets.dynamodb(list(files.values()), folder))
        say("Starting the product for each table ...")
        loaded = [running.enter_context(targets.products(database, options.movies, folder))]
        say("Building the package, and deploying it to an emulated AWS ...")
        deployments = targets.deployments(database, options.movies, max(options.clients), folder)
        loaded.append(running.enter_context(deployments))
        samples: list[Sample] = []
        for number in range(options.rounds):
            say(f"Round {number + 1} of {options.rounds}, after {time.monotonic() - started:.0f} s")
            # There and back, so that a slower machine does not change one size more than others.
            sizes = options.movies if number % 2 == 0 else options.movies[::-1]
            for of_size in loaded:
                for size in sizes:
                    of_size[size].use()
                    samples += measure(of_size[size], size, number, terms, options)
        logs = [target.log() for of_size in loaded for target in of_size.values()]
    return Run(samples, {line["request_id"]: line for log in logs for line in log})


def main() -> None:
    """Write docs/load.md and docs/load.json. Exit with 1 if `results.failures` has a reason."""
    options = Options.read()
    # So that everything is stopped, as with Ctrl+C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    install()
    with tempfile.TemporaryDirectory(prefix="casting-load-") as folder:
        measured = run(options, Path(folder))
    report = results.report(measured, options.seconds * options.rounds)
    results.write(report)
    say(results.tables(report))
    if failures := results.failures(measured, report):
        machine.fail("\n".join(failures))
