"""Several people at the same candidates and movies: nobody overwrites what they have not seen."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.client import Client
from tests.support.desk import Person

pytestmark = pytest.mark.slow

NAMES = ("Ann", "Bea", "Cat")


@pytest.fixture
def part(api: Client) -> str:
    """A part with three submitted candidates, Ann to Cat."""
    return api.new_part(api.new_movie("The Crossing"), "Somebody")


@pytest.fixture
def ids(api: Client, part: str) -> dict[str, str]:
    """The ids of the candidates by their first names."""
    return {name: api.new_candidate(part, api.new_actor(f"{name} Cross")) for name in NAMES}


def card(person: Person, name: str) -> Locator:
    return person.page.get_by_role("button", name=re.compile(f"^{name} Cross"))


def column(person: Person, status: str) -> Locator:
    return person.page.locator(f'section[data-status="{status}"]')


def saved(person: Person, api: Client, candidate: str, **expected: object) -> None:
    """Wait until the candidate is like this in the API."""
    for _ in range(50):
        found = api.candidate(candidate)
        if {name: found[name] for name in expected} == expected:
            return
        person.page.wait_for_timeout(100)
    assert {name: found[name] for name in expected} == expected, person.requests[-9:]


def come_back(person: Person) -> None:
    """Show the window again a while later: the browser says so, and old lists are read again."""
    person.set_time(datetime.now(UTC) + timedelta(seconds=30))
    person.page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")


class Held:
    """Requests that have been sent, and do not arrive until `release`."""

    def __init__(self, page: Page, url: str, method: str = "PATCH") -> None:
        self.page, self.url, self.method = page, url, method
        self.routes: list[Route] = []
        page.route(url, self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.method == self.method:
            self.routes.append(route)
        else:
            route.continue_()

    def release(self) -> None:
        for route in self.routes:
            route.continue_()
        self.page.unroute(self.url, self._hold)


def test_keeping_their_note_keeps_it(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").dblclick()
    details = director.dialog("Ann Cross")
    details.get_by_label("Note").fill("mine")
    api.patch(f"/candidates/{ids['Ann']}", {"note": "theirs"})
    details.get_by_label("Audition").focus()
    question = director.dialog("Ann Cross was changed meanwhile")
    question.get_by_role("button", name="Keep theirs").click()
    expect(details.get_by_label("Note")).to_have_value("theirs")
    details.get_by_role("button", name="Close").click()
    expect(details).to_have_count(0)
    director.page.wait_for_timeout(500)
    assert api.candidate(ids["Ann"])["note"] == "theirs"


def test_a_note_that_was_not_saved_is_still_there(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").dblclick()
    details = director.dialog("Ann Cross")
    director.context.set_offline(True)
    details.get_by_label("Note").fill("Warm.")
    details.get_by_label("Audition").focus()
    director.says(re.compile("cannot be reached"))
    expect(details.get_by_label("Note")).to_have_value("Warm.")
    director.context.set_offline(False)
    details.get_by_role("button", name="Close").click()
    saved(director, api, ids["Ann"], note="Warm.")
    director.problems.clear()  # Chromium reports each request without a connection


def test_a_second_key_after_a_conflict_overwrites_nothing(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").click()
    api.patch(f"/candidates/{ids['Ann']}", {"status": "callback", "rating": 2})
    director.page.keyboard.press("4")
    director.page.keyboard.press("x")
    question = director.dialog("Ann Cross was changed meanwhile")
    expect(question.get_by_role("row", name="Rating")).to_contain_text("4")
    question.get_by_role("button", name="Keep theirs").click()
    expect(question.get_by_role("row", name=re.compile("^Status"))).to_contain_text("Callback")
    question.get_by_role("button", name="Keep theirs").click()
    expect(question).to_have_count(0)
    saved(director, api, ids["Ann"], status="callback", rating=2)
    expect(column(director, "callback").get_by_role("button")).to_have_count(1)


def test_what_was_read_again_can_be_changed_at_once(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").click()
    director.page.keyboard.press("3")
    saved(director, api, ids["Ann"], rating=3)
    api.patch(f"/candidates/{ids['Ann']}", {"status": "callback"})
    come_back(director)
    expect(column(director, "callback").get_by_role("button")).to_have_count(1)
    expect(column(director, "submitted").get_by_role("button")).to_have_count(2)
    card(director, "Ann").click()
    director.page.keyboard.press("5")
    saved(director, api, ids["Ann"], rating=5, status="callback")
    expect(director.page.get_by_role("dialog")).to_have_count(0)


def test_undo_does_not_overwrite_somebody_elses_change(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").click()
    director.page.keyboard.press("x")
    saved(director, api, ids["Ann"], status="passed")
    api.patch(f"/candidates/{ids['Ann']}", {"status": "callback"})
    come_back(director)
    expect(column(director, "callback").get_by_role("button")).to_have_count(1)
    director.page.keyboard.press("u")
    question = director.dialog("Ann Cross was changed meanwhile")
    question.get_by_role("button", name="Keep theirs").click()
    saved(director, api, ids["Ann"], status="callback")


def test_who_was_taken_from_the_list_does_not_come_back(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").click()
    director.page.keyboard.press("5")
    saved(director, api, ids["Ann"], rating=5)
    card(director, "Ann").dblclick()
    director.dialog("Ann Cross").get_by_role("button", name="Take from the list").click()
    question = director.dialog(re.compile("^Take Ann"))
    question.get_by_role("button", name="Take from the list").click()
    director.says("Ann Cross is no longer on the list.")
    expect(column(director, "submitted").get_by_role("heading")).to_contain_text("2")
    come_back(director)
    expect(card(director, "Ann")).to_have_count(0)
    # Somebody else takes the next one away.
    api.delete(f"/candidates/{ids['Bea']}")
    card(director, "Bea").click()
    director.page.keyboard.press("4")
    director.says(re.compile("Somebody may have removed it"))
    expect(card(director, "Bea")).to_have_count(0)
    expect(column(director, "submitted").get_by_role("heading")).to_contain_text("1")


def test_a_change_that_is_under_way_can_be_undone(
    director: Person, api: Client, part: str, ids: dict[str, str]
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Bea").click()
    director.page.keyboard.press("s")
    saved(director, api, ids["Bea"], status="shortlisted")
    held = Held(director.page, "**/candidates/*")
    card(director, "Ann").click()
    director.page.keyboard.press("x")
    expect(column(director, "passed").get_by_role("button")).to_have_count(1)
    director.page.keyboard.press("u")
    held.release()
    expect(column(director, "passed").get_by_role("button")).to_have_count(0)
    saved(director, api, ids["Ann"], status="submitted")
    saved(director, api, ids["Bea"], status="shortlisted")


def test_a_failure_after_a_conflict_does_not_bring_old_values_back(
    sit_down: Callable[..., Person], api: Client
) -> None:
    movie = api.new_movie("The Second Conflict")
    person = sit_down("director", at=f"/movies/{movie}/details")
    person.page.keyboard.press("e")
    form = person.dialog(re.compile("^Change"))
    form.get_by_label("Director").fill("Mine")
    form.get_by_label("IMDb id").fill("nonsense")
    theirs = {"director": "Theirs", "production_company": "Theirs"}
    assert api.patch(f"/movies/{movie}", theirs).status == 200
    form.get_by_role("button", name="Save").click()
    form.get_by_label("IMDb id").fill("tt1234567")  # a 422 comes before a 412
    form.get_by_role("button", name="Save").click()
    table = form.get_by_role("table", name="Both versions")
    table.get_by_role("row", name="Director").get_by_label("Theirs").check()
    person.context.set_offline(True)
    form.get_by_role("button", name="Save these").click()
    expect(form).to_contain_text("cannot be reached")
    person.context.set_offline(False)
    expect(form.get_by_label("Production company")).to_have_value("Theirs")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    found = api.movie(movie)
    assert {name: found[name] for name in theirs} == theirs
    assert found["imdb_id"] == "tt1234567"
    person.problems.clear()  # Chromium reports the request without a connection
