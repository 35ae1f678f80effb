"""Every screen, for every role, in light and dark: it loads, and axe finds nothing.

With SCREENSHOTS, a folder, it is also pictured there.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Product
from tests.console.conftest import SCREENSHOTS
from tests.support.client import Client
from tests.support.desk import NAMES, Person

pytestmark = pytest.mark.slow

SCREENS = {
    "desk": "/",
    "movies": "/movies",
    "movies-found": "/movies?search=pot+fie",
    "breakdown": "/movies/{movie}",
    "cast": "/movies/{classic}/cast",
    "considered": "/movies/{movie}/considered",
    "movie-details": "/movies/{movie}/details",
    "cast-list": "/movies/{classic}/cast-list",
    "board": "/parts/{part}",
    "triage": "/parts/{part}/triage?status=submitted",
    "contact-sheet": "/parts/{part}/contact-sheet?status=callback&status=on_avail",
    "avail": "/parts/{part}/avail",
    "actors": "/actors",
    "actors-found": "/actors?gender=female&playing_age=30-40&language=pl&skill=riding",
    "actor": "/actors/{actor}",
    "availability": "/actors/{actor}/availability",
    "candidacies": "/actors/{actor}/candidacies",
    "actor-movies": "/actors/{star}/movies",
    "compare": "/compare?ids={actor},{other}",
    "nothing": "/no-such-screen",
    "missing-movie": "/movies/AAAAAAAAAAAAAAAA",
}

OF_DIRECTORS = {
    **SCREENS,
    "movie-history": "/movies/{movie}/history",
    "actor-history": "/actors/{actor}/history",
}
"""Also those that an assistant may not see."""


@pytest.fixture(scope="module")
def places(api: Client) -> dict[str, str]:
    """The ids of demo data that the screens show."""

    def movie(title: str) -> str:
        (found,) = api.get("/movies", search=title)["movies"]
        return str(found["id"])

    def part_of(movie_id: str) -> Any:
        parts = api.get(f"/movies/{movie_id}/parts")["parts"]
        return max(parts, key=lambda part: part["candidate_count"])

    riders, classic = movie("The Amber Riders"), movie("Casablanca")
    part = part_of(riders)["id"]
    candidates = api.get(f"/parts/{part}/candidates", status="callback")["candidates"]
    star = api.get(f"/movies/{classic}/actors")["actors"][0]["id"]
    return {
        "movie": riders,
        "classic": classic,
        "part": part,
        "actor": candidates[0]["actor_id"],
        "other": candidates[1]["actor_id"],
        "star": star,
    }


@pytest.fixture(scope="module", params=NAMES)
def somebody(
    request: pytest.FixtureRequest, chromium: Browser, agency: Product
) -> Iterator[Person]:
    """Somebody of each role, who stays for all screens."""
    person = Person(chromium, agency.url).sign_in(request.param)
    yield person
    person.close()


@pytest.fixture(scope="module", params=["light", "dark"])
def reader(request: pytest.FixtureRequest, chromium: Browser, agency: Product) -> Iterator[Person]:
    """A director who prefers light or dark colours."""
    person = Person(chromium, agency.url, color_scheme=request.param).start_signed_in("director")
    person.scheme = request.param
    yield person
    person.close()


def picture(person: Person, name: str) -> None:
    if os.environ.get("SCREENSHOTS"):
        person.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def open_screen(person: Person, path: str, places: dict[str, str]) -> None:
    person.problems.clear()
    person.go(path.format(**places))


@pytest.fixture(scope="module")
def ours(agency: Product) -> tuple[str, ...]:
    """How the requests to the API and its issuer begin."""
    running = json.loads((agency.folder / "running.json").read_text())
    return (f"GET {agency.url}/", f"GET {running['issuer']}", f"POST {running['issuer']}")


@pytest.mark.parametrize("name", SCREENS)
def test_each_screen_loads_for_each_role_and_only_from_us(
    somebody: Person, name: str, places: dict[str, str], ours: tuple[str, ...]
) -> None:
    open_screen(somebody, SCREENS[name], places)
    main = somebody.page.get_by_role("main")
    expect(main.get_by_text("This screen failed")).to_have_count(0)
    expect(main.get_by_text("This could not be loaded")).to_have_count(0)
    assert somebody.problems == []
    assert [r for r in somebody.requests if not r.startswith((*ours, "GET data:"))] == []


@pytest.mark.parametrize("name", OF_DIRECTORS)
def test_axe_finds_nothing_on_any_screen(reader: Person, name: str, places: dict[str, str]) -> None:
    open_screen(reader, OF_DIRECTORS[name], places)
    picture(reader, f"{name}-{reader.scheme}")
    assert reader.axe() == []
    assert reader.problems == []


DIALOGS: dict[str, tuple[str, Callable[[Person], object]]] = {
    "new-actor": ("/actors", lambda person: person.page.keyboard.press("n")),
    "edit-actor": ("/actors/{actor}", lambda person: person.page.keyboard.press("e")),
    "edit-movie": ("/movies/{movie}/details", lambda person: person.page.keyboard.press("e")),
    "new-part": ("/movies/{movie}", lambda person: person.page.keyboard.press("n")),
    "add-to-part": ("/actors/{actor}", lambda person: person.page.keyboard.press("p")),
    "search": ("/", lambda person: person.page.keyboard.press("/")),
    "shortcuts": ("/parts/{part}", lambda person: person.page.keyboard.press("?")),
    "candidate": (
        "/parts/{part}",
        lambda person: person.page.locator("[data-shortcuts]").first.dblclick(),
    ),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_axe_finds_nothing_in_any_dialog(reader: Person, name: str, places: dict[str, str]) -> None:
    path, press = DIALOGS[name]
    open_screen(reader, path, places)
    press(reader)
    dialog = reader.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(reader.page.get_by_role("status", name="Loading")).to_have_count(0)
    picture(reader, f"{name}-{reader.scheme}")
    assert reader.axe() == []
    # The focus is in the dialog, and goes back to where it was.
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    has_menu = reader.page.get_by_role("listbox").first.is_visible()
    reader.page.keyboard.press("Escape")  # closes an open menu first
    if has_menu:
        expect(reader.page.get_by_role("listbox").first).to_be_hidden()
        reader.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert reader.problems == []


PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def test_every_screen_fits_a_phone(sit_down: Callable[..., Person], places: dict[str, str]) -> None:
    """Nothing but tables, boards and grids scrolls sideways, each in its own frame."""
    person = sit_down("director", **PHONE)
    for name, path in SCREENS.items():
        person.go(path.format(**places))
        picture(person, f"{name}-phone")
        width = person.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, name


def test_the_focus_follows_the_order_of_the_screen(director: Person) -> None:
    order = []
    for _ in range(7):
        director.page.keyboard.press("Tab")
        order.append(
            director.page.evaluate(
                "document.activeElement.getAttribute('aria-label')"
                " ?? document.activeElement.textContent"
            )
        )
    expected = ["Skip to the content", "Desk", "Movies", "Actors", "Search", "Shortcuts"]
    assert order == [*expected, "Casting Director"]
    for _ in range(6):
        director.page.keyboard.press("Shift+Tab")
    director.page.keyboard.press("Enter")
    expect(director.page.get_by_role("main")).to_be_focused()


def test_an_assistant_is_offered_nothing_that_is_refused(
    sit_down: Callable[..., Person], places: dict[str, str]
) -> None:
    person = sit_down("assistant")
    writes = re.compile("^(Add|New|Edit|Change|Remove|Delete)( |$)")
    for name in ("movies", "breakdown", "cast", "movie-details", "board", "actor", "availability"):
        person.go(SCREENS[name].format(**places))
        offered = person.page.get_by_role("main").get_by_role("button", name=writes)
        allowed = {"Add to part"}  # candidate lists are an assistant's work
        assert {each.inner_text().splitlines()[0] for each in offered.all()} <= allowed, name
    person.go(SCREENS["actor"].format(**places))
    person.says(re.compile("personal data", re.IGNORECASE))
