"""`make bench` measures every figure and writes docs/benchmarks.md, its data and its picture.

With the names of figures, such as `python -m bench list get`, it measures only these of our API, in
fewer rounds, and writes nothing.
"""

import argparse
import json
import sys
import time

from tqdm import tqdm

from bench import apps, picture, report, run, sizes
from bench.measure import Run
from bench.process import Stub
from dev import machine
from dev.machine import PROJECT

PICTURE = PROJECT / "docs" / "pictures" / "benchmarks.svg"


def main() -> None:
    started = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(report.FIGURES))
    wanted: list[str] = parser.parse_args().figures
    for name in wanted:
        if name not in report.FIGURES:
            parser.error(f"{name} is not one of {', '.join(report.FIGURES)}")
    if sys.platform != "linux":
        machine.fail("make bench runs on Linux only, as Lambda does")
    with machine.lock(apps.BENCH.with_suffix(".lock"), "make bench is running already"):
        _run(wanted, started)


def _run(wanted: list[str], started: float) -> None:
    package, bare = apps.ours(), apps.peer("bare")
    peers = [] if wanted else [apps.peer(n) for n in report.APPS if n not in ("ours", "bare")]
    figures, plan = (wanted, run.QUICK) if wanted else (list(report.FIGURES), run.FULL)
    stub = Stub()
    try:
        checked = Run(package, bare, peers, stub)
        with tqdm(total=plan.steps(figures), bar_format="{l_bar}{bar}| {elapsed}") as progress:

            def step(name: str) -> None:
                progress.set_description(f"{name:<8}")
                progress.update()

            samples = checked.measure(figures, plan, step)
            progress.update(progress.total - progress.n)
    finally:
        stub.close()
    packages = {"ours": sizes.of_package(package)}
    packages |= {app.name: sizes.of_peer(app) for app in (bare, *peers)}
    goals = [figure for figure in report.goals(samples, packages) if figure.name in figures]
    print(report.terminal(goals))
    if wanted:
        return
    compared = report.comparison(samples, packages)
    rounds, cold_rounds = (len(samples[name, "ours"]) for name in ("list", "cold"))
    facts = report.facts(rounds, cold_rounds, (time.monotonic() - started) / 60)
    report.DOCUMENT.write_text(report.document(goals, compared, samples, facts))
    content = report.data(goals, compared, samples, facts)
    report.DATA.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    picture.draw([f for f in goals if f.has_goal], compared, PICTURE)
    for file in (report.DOCUMENT, report.DATA, PICTURE):
        machine.say(f"{machine.shown(file)}: written")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        machine.fail("interrupted; nothing was written")
