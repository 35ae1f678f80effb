"""`make bench-console`: how fast the console answers with 60 and with 1,500 candidates.

A real Chromium opens both parts in one running product, and the two take turns. Each figure is the
time from a key press to the frame that shows its effect, in milliseconds. The goal is 100 ms.
"""

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from dev.machine import say
from tests.conftest import Product
from tests.console.crowd import add_crowd
from tests.support import browser, desk
from tests.support.client import Client
from tests.support.desk import Person

FEW, MANY = 60, 1_500
ROUNDS = 12
GOAL = 100  # milliseconds: console.md's, and what people take for "at once"

PRESS = """async ([key, shown]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const effect = new Function("return " + shown);
    const before = effect();
    const target = document.activeElement ?? document.body;
    const start = performance.now();
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    while (effect() === before) {
        await frame();
        if (performance.now() - start > 10_000) throw new Error("nothing happened after " + key);
    }
    await frame();
    return performance.now() - start;
}"""

POSITION = "document.querySelector('[data-testid=position]')?.textContent"
ACTIVE = "document.querySelector('[data-active]')?.id"
ACTIVE_TEXT = "document.querySelector('[data-active]')?.textContent"
SELECTED = "document.querySelectorAll('[aria-pressed=true]').length"


class Interaction(NamedTuple):
    """A key, the screen on which it is pressed, and a script whose value it changes."""

    name: str
    screen: str
    keys: str
    shown: str


INTERACTIONS = (
    Interaction("board: next card", "", "ArrowDown", ACTIVE),
    Interaction("board: select", "", " ", SELECTED),
    Interaction("board: rate", "", "12345612345612345", ACTIVE_TEXT),
    Interaction("board: shortlist", "", "s", ACTIVE),
    Interaction("triage: rate and go on", "/triage", "4", POSITION),
    Interaction("triage: pass and go on", "/triage", "x", POSITION),
)


def press(page: Page, interaction: Interaction, number: int) -> float:
    """Press the key of a round. Return the milliseconds until its effect is on the screen."""
    keys = interaction.keys
    key = keys if keys.startswith("Arrow") else keys[number % len(keys)]
    return float(page.evaluate(PRESS, [key, interaction.shown]))


def measure(
    open_part: dict[int, Callable[[str], Page]],
) -> list[tuple[str, dict[int, list[float]]]]:
    """Return the times of each interaction by the number of candidates."""
    table = []
    for interaction in INTERACTIONS:
        pages = {size: open_one(interaction.screen) for size, open_one in open_part.items()}
        if interaction.screen == "":
            for page in pages.values():
                page.keyboard.press("ArrowDown")
        times: dict[int, list[float]] = {size: [] for size in pages}
        for number in range(ROUNDS):
            for size, page in pages.items():
                times[size].append(press(page, interaction, number))
        table.append((interaction.name, times))
        say(f"  {interaction.name}: measured")
    return table


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, browser.started() as chromium:
        product = Product(Path(folder) / "local").start()
        try:
            api = Client(product.url, desk.token(product.folder, "producer"))
            parts = {}
            for size in (FEW, MANY):
                parts[size] = api.new_part(api.new_movie(f"The {size}"), "Somebody")
            say(f"Adding {FEW} and {MANY} candidates ...")
            for number in range(FEW):
                api.new_candidate(parts[FEW], api.new_actor(f"Few {number:02}"))
            add_crowd(product.folder, parts[MANY], MANY)
            people = {size: Person(chromium, product.url).sign_in("director") for size in parts}

            def opener(size: int) -> Callable[[str], Page]:
                def open_one(screen: str) -> Page:
                    person = people[size]
                    person.go("/movies")  # so that each measurement begins afresh
                    person.go(f"/parts/{parts[size]}{screen}")
                    person.page.wait_for_selector("[data-shortcuts], [data-testid=position]")
                    return person.page

                return open_one

            table = measure({size: opener(size) for size in parts})
        finally:
            product.stop()
    report(table)


def report(table: list[tuple[str, dict[int, list[float]]]]) -> None:
    """Print the table: medians and the slowest of each, their ratio, and the verdict."""
    say(f"\nmilliseconds, median (slowest) of {len(table[0][1][FEW])} presses")
    say(f"{'':26}{FEW:>14}{MANY:>14}{'ratio':>8}  goal {GOAL}")
    for name, times in table:
        few, many = (statistics.median(times[size]) for size in (FEW, MANY))
        cells = "".join(
            f"{f'{statistics.median(times[size]):.0f} ({max(times[size]):.0f})':>14}"
            for size in (FEW, MANY)
        )
        verdict = "met" if many <= GOAL else "missed"
        say(f"{name:26}{cells}{many / few:>8.2f}  {verdict}")


if __name__ == "__main__":
    main()
