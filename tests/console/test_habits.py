"""What people do all day: type dates, hold keys, close dialogs, go back, lose the connection."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.conftest import Product
from tests.support.client import Client
from tests.support.desk import NAMES, Person

pytestmark = pytest.mark.slow


@pytest.fixture
def part(api: Client) -> str:
    """A part with eight submitted candidates."""
    part_id = api.new_part(api.new_movie("The Habit"), "Somebody")
    for number in range(8):
        api.new_candidate(part_id, api.new_actor(f"Habit {number}"))
    return part_id


def cards(person: Person) -> Locator:
    return person.page.locator('section[data-status="submitted"]').get_by_role("button")


def changes(person: Person) -> list[str]:
    return [request for request in person.requests if request.startswith("PATCH")]


def focused(person: Person) -> str:
    """Return how the element with the focus is called."""
    return str(
        person.page.evaluate(
            "(e => e.ariaLabel || e.textContent.slice(0, 60))(document.activeElement)"
        )
    )


def test_an_audition_that_is_typed_is_sent_once(
    sit_down: Callable[..., Person], api: Client, part: str
) -> None:
    person = sit_down("director", at=f"/parts/{part}", timezone_id="Europe/Berlin")
    cards(person).first.dblclick()
    details = person.page.get_by_role("dialog")
    audition = details.get_by_label("Audition")
    audition.fill("2027-03-01T10:00")
    details.get_by_label("Note").focus()
    audition.click(position={"x": 20, "y": 10})  # the first part of the date
    person.page.keyboard.type("05062028", delay=20)
    expect(audition).to_have_value(re.compile("^2028-0[56]-0[56]T10:00"))
    details.get_by_role("button", name="Close").click()
    person.page.wait_for_timeout(500)
    listed = api.every(f"/parts/{part}/candidates", "candidates", limit=100)
    assert [each["audition_at"][:4] for each in listed if each["audition_at"]] == ["2028"]
    assert len(changes(person)) == 2


def test_a_key_that_is_held_judges_one(director: Person, api: Client, part: str) -> None:
    director.go(f"/parts/{part}/triage")
    expect(director.page.get_by_test_id("position")).to_have_text("1 of 8")
    for _ in range(5):
        director.page.keyboard.down("x")  # the same as an automatic repetition
    director.page.keyboard.up("x")
    expect(director.page.get_by_test_id("position")).to_have_text("2 of 8")
    director.page.wait_for_timeout(500)
    assert api.part(part)["counts"]["passed"] == 1


def test_keys_in_a_row_reach_the_cards_that_they_were_meant_for(
    director: Person, api: Client, part: str
) -> None:
    director.go(f"/parts/{part}")
    cards(director).first.focus()
    for _ in range(6):
        for key in (" ", "ArrowDown"):
            director.page.keyboard.press(key)
    director.says("6 selected")


def test_undo_in_a_triage_goes_to_whom_it_changes(director: Person, api: Client, part: str) -> None:
    director.go(f"/parts/{part}/triage")
    position = director.page.get_by_test_id("position")
    expect(position).to_have_text("1 of 8")
    director.page.keyboard.press("u")  # nothing to undo
    director.page.keyboard.press("x")
    for number in (3, 4):
        director.page.keyboard.press("ArrowRight")
        expect(position).to_have_text(f"{number} of 8")
    director.page.keyboard.press("u")
    expect(position).to_have_text("1 of 8")
    expect(director.page.locator("[data-candidate]")).to_contain_text("Submitted")


def test_the_focus_comes_back_when_a_dialog_closes(
    director: Person, api: Client, part: str
) -> None:
    director.go(f"/parts/{part}")
    cards(director).first.focus()
    name = focused(director)
    for key, dialog in (("m", "^Move"), ("/", "^Search"), ("?", "^Keyboard"), ("Enter", "^Habit")):
        director.page.keyboard.press(key)
        expect(director.page.get_by_role("dialog")).to_have_count(1)
        director.page.wait_for_timeout(200)
        director.page.keyboard.press("Escape")
        expect(director.page.get_by_role("dialog")).to_have_count(0)
        director.page.wait_for_timeout(100)
        assert focused(director) == name, dialog
    director.button("Edit the part").click()
    expect(director.page.get_by_role("dialog")).to_have_count(1)
    director.page.wait_for_timeout(200)
    director.page.keyboard.press("Escape")
    expect(director.button("Edit the part")).to_be_focused()


def test_a_menu_has_the_focus_when_its_dialog_closes(
    director: Person, api: Client, part: str
) -> None:
    director.go(f"/movies/{part.partition('.')[0]}/breakdown")
    actions = director.button("Actions for Somebody")
    actions.click()
    director.page.get_by_role("menuitem", name="Change").click()
    expect(director.page.get_by_role("dialog")).to_have_count(1)
    director.page.wait_for_timeout(300)
    director.page.keyboard.press("Escape")
    expect(actions).to_be_focused()


def test_counts_are_right_at_once_on_other_screens(
    director: Person, api: Client, part: str
) -> None:
    movie = part.partition(".")[0]
    director.go("/?movie=The+Habit")
    director.go(f"/movies/{movie}/breakdown")
    row = director.page.get_by_role("row", name=re.compile("Somebody"))
    expect(row).to_contain_text("Submitted 8")
    director.go(f"/parts/{part}")
    cards(director).first.click()
    director.page.keyboard.press("s")
    expect(cards(director)).to_have_count(7)
    director.page.wait_for_timeout(500)
    director.go(f"/movies/{movie}/breakdown")
    expect(row).to_contain_text("Submitted 7")
    expect(row).to_contain_text("Shortlisted 1")


def test_many_failures_are_said_once(director: Person, api: Client, part: str) -> None:
    director.go(f"/parts/{part}")
    for number in range(8):
        cards(director).nth(number).click(modifiers=["Control"])
    director.says("8 selected")
    director.context.set_offline(True)
    director.page.keyboard.press("x")
    director.says(re.compile("cannot be reached"))
    director.page.wait_for_timeout(500)
    expect(director.page.get_by_text(re.compile("cannot be reached"))).to_have_count(1)
    expect(cards(director)).to_have_count(8)
    director.context.set_offline(False)
    director.problems.clear()  # Chromium reports each request without a connection


def test_a_year_that_is_being_typed_does_not_stop_the_browser(
    director: Person, api: Client, part: str
) -> None:
    api.set_status(api.get(f"/parts/{part}/candidates")["candidates"][0]["id"], "shortlisted")
    director.go(f"/parts/{part}/avail")
    director.page.get_by_label("Last day").fill("2027-05-01")
    director.page.get_by_label("First day").fill("0002-05-01")
    director.says("More than two years")
    director.page.get_by_label("First day").fill("2027-04-01")
    expect(director.page.get_by_role("columnheader", name="May 2027")).to_be_visible()


def test_a_text_that_looks_like_a_date_is_shown(director: Person, api: Client) -> None:
    movie = api.new_movie("2012-99-99")
    director.go(f"/movies/{movie}/details")
    expect(director.page.get_by_role("definition").first).to_have_text("2012-99-99")


def test_an_address_with_a_wrong_status_shows_the_usual_one(director: Person, part: str) -> None:
    director.go(f"/parts/{part}/triage?status=constructor")
    expect(director.page.get_by_test_id("position")).to_have_text("1 of 8")


def test_a_language_that_was_only_typed_is_saved(director: Person, api: Client) -> None:
    actor = api.new_actor("The Linguist")
    director.go(f"/actors/{actor}")
    director.page.keyboard.press("e")
    form = director.page.get_by_role("dialog")
    # An opening dialog moves the focus to its first input. What is typed would go there.
    expect(form.get_by_role("textbox").first).to_be_focused()
    form.get_by_label("Add a language").fill("Polish")
    form.get_by_label("Base city").focus()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert api.actor(actor)["languages"] == {"pl": "fluent"}


def test_a_page_that_is_not_the_apis_is_no_answer(director: Person, api: Client) -> None:
    movie = api.new_movie("The Hotel Network")
    director.page.route(
        f"**/movies/{movie}",
        lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Log in</h1>"),
    )
    director.page.evaluate("path => { location.hash = path }", f"/movies/{movie}")
    director.says(re.compile("cannot be reached"))


def test_a_console_that_another_page_has_opened_signs_in(
    agency: Product, chromium: Browser
) -> None:
    person = Person(chromium, agency.url)
    person.page.goto(f"{agency.url}/docs")
    with person.page.expect_popup() as opened:
        person.page.evaluate("url => { window.open(url) }", f"{agency.url}/console")
    console = opened.value
    console.get_by_role("button", name="Sign in").click()
    console.get_by_role("button", name=NAMES["director"]).click()
    expect(console.get_by_role("navigation", name="Main")).to_be_visible()
    person.close()


def test_a_clock_that_is_wrong_ends_no_session(agency: Product, chromium: Browser) -> None:
    person = Person(chromium, agency.url)
    person.set_time(datetime.now(UTC) + timedelta(days=1))
    person.sign_in("director")
    person.page.wait_for_timeout(500)
    expect(person.dialog("Your session has ended")).to_have_count(0)
    person.close()


def test_an_error_in_a_member_is_shown_at_its_input(director: Person, api: Client) -> None:
    director.go(f"/actors/{api.new_actor('The Represented')}")
    director.page.keyboard.press("e")
    form = director.page.get_by_role("dialog")
    form.get_by_label("Agent's email").fill("nonsense")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Agent's email")).to_be_focused()
    expect(form.get_by_label("Agent's email")).to_have_attribute("aria-invalid", "true")


def test_long_words_do_not_widen_the_page(director: Person, api: Client) -> None:
    movie, actor = api.new_movie("W" * 300), api.new_actor("W" * 200)
    part = api.new_part(movie, "W" * 200)
    api.new_candidate(part, actor, "shortlisted")
    assert api.patch(f"/movies/{movie}", {"synopsis": "W" * 2_000}).status == 200
    for path in (
        f"/movies/{movie}/considered",
        f"/movies/{movie}/history",
        f"/movies/{movie}/cast-list",
        f"/actors/{actor}",
        f"/parts/{part}",
        f"/parts/{part}/triage",
    ):
        director.go(path)
        wider = director.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, path


def test_a_window_that_was_closed_can_be_opened_again(director: Person, api: Client) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=401, body="{}")

    director.page.route("**/movies?*", refuse)
    director.page.evaluate("location.hash = '/movies'")
    dialog = director.dialog("Your session has ended")
    again = dialog.get_by_role("button", name="Sign in again")
    with director.page.expect_popup() as first:
        again.click()
    expect(first.value.get_by_role("button", name=NAMES["director"])).to_be_visible()
    first.value.close()
    with director.page.expect_popup() as second:
        again.click()
    director.page.unroute("**/movies?*", refuse)
    second.value.get_by_role("button", name=NAMES["director"]).click()
    expect(dialog).to_have_count(0)
    expect(director.page.get_by_role("heading", name="Movies")).to_be_visible()
