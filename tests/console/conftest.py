"""Fixtures: the product with its own issuer and the demo data, a browser, and people in it."""

import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import PROJECT, Product, copy_of
from tests.console.crowd import add_crowd
from tests.support import desk
from tests.support.client import Client
from tests.support.desk import Person

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS") or PROJECT / ".local" / "screenshots")
"""Where the tests leave pictures of the console."""


@pytest.fixture(scope="session")
def agency(tmp_path_factory: pytest.TempPathFactory, loaded: Product) -> Iterator[Product]:
    """The whole product as `make run` starts it, with its own issuer and the demo data."""
    product = copy_of(loaded, tmp_path_factory.mktemp("agency") / "local").start()
    yield product
    product.stop()


@pytest.fixture(scope="session")
def api(agency: Product) -> Client:
    """An Executive Producer who uses the API without the console."""
    return Client(agency.url, desk.token(agency.folder, "producer"))


@pytest.fixture(scope="session")
def crowd(agency: Product, api: Client) -> str:
    """A part with 1,500 candidates who are all submitted, and not rated. Return its id."""
    part_id = api.new_part(api.new_movie("The Crowd"), "Somebody")
    add_crowd(agency.folder, part_id, 1_500)
    return part_id


@pytest.fixture(scope="session")
def windows() -> Iterator[list[Person]]:
    """Browser windows that nobody uses. A new one would compile all of the console again."""
    windows: list[Person] = []
    yield windows
    for window in windows:
        window.close()


@pytest.fixture
def sit_down(
    chromium: Browser, agency: Product, windows: list[Person], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """Return a function that signs somebody in. Everything the browser complains of is a failure.

    After a failed test, a picture of each page is among the screenshots.
    """
    people: list[Person] = []

    def sit(role: str, at: str = "/", **options: Any) -> Person:
        is_free = windows and not options
        person = windows.pop() if is_free else Person(chromium, agency.url, **options)
        people.append(person)
        return person.start_signed_in(role, at)

    yield sit
    failed = getattr(request.node, "failed", False)
    problems = [problem for person in people for problem in person.problems]
    for number, person in enumerate(people):
        if failed:
            name = re.sub(r"\W+", "-", request.node.name)
            for page in person.context.pages:
                page.screenshot(path=SCREENSHOTS / "failures" / f"{name}-{number}.png")
        if failed or not person.is_reusable:
            person.close()
        else:
            person.leave()
            windows.append(person)
    if not failed:
        assert problems == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture
def director(sit_down: Callable[..., Person]) -> Person:
    return sit_down("director")
