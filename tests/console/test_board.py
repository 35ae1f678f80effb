"""The board of a part and its triage: by mouse, by keyboard, together, with 1,500 candidates."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.support.client import Client
from tests.support.desk import Person

pytestmark = pytest.mark.slow


@pytest.fixture
def part(api: Client) -> str:
    """A part with six submitted candidates, Ann to Fay."""
    part_id = api.new_part(api.new_movie("The Board"), "Rick Blaine", work_start="2027-05-01")
    for name in ("Ann", "Bea", "Cat", "Dot", "Eve", "Fay"):
        api.new_candidate(part_id, api.new_actor(f"{name} Board"))
    return part_id


def column(person: Person, status: str) -> Locator:
    return person.page.locator(f'section[data-status="{status}"]')


def card(person: Person, name: str) -> Locator:
    return person.page.get_by_role("button", name=re.compile(f"^{name} Board"))


def statuses(api: Client, part: str) -> dict[str, str]:
    """The first names of a part's candidates, and their statuses in the API."""
    listed = api.every(f"/parts/{part}/candidates", "candidates", limit=100)
    return {each["actor_name"].partition(" ")[0]: each["status"] for each in listed}


def eventually(read: Callable[[], object], expected: object, person: Person) -> None:
    """Wait until a write has arrived at the API."""
    for _ in range(50):
        if read() == expected:
            return
        person.page.wait_for_timeout(100)
    assert read() == expected, person.requests[-12:]


def test_a_card_that_is_dragged_to_a_column_has_its_status(
    director: Person, api: Client, part: str
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").drag_to(column(director, "on_hold"))
    expect(column(director, "on_hold").get_by_role("button")).to_have_count(1)
    expect(column(director, "on_hold").get_by_role("heading")).to_contain_text("1")
    expect(column(director, "submitted").get_by_role("button")).to_have_count(5)
    eventually(lambda: statuses(api, part)["Ann"], "on_hold", director)


def test_an_assistant_cannot_engage_anybody(
    sit_down: Callable[..., Person], api: Client, part: str
) -> None:
    assistant = sit_down("assistant", at=f"/parts/{part}")
    card(assistant, "Ann").drag_to(column(assistant, "on_hold"))
    card(assistant, "Bea").click()
    assistant.page.keyboard.press("m")
    menu = assistant.dialog("Move Bea Board to")
    expect(menu.get_by_role("button", name="Shortlisted")).to_be_visible()
    expect(menu.get_by_role("button", name="On hold")).to_have_count(0)
    assistant.says("A Casting Director can also hold, offer and cast.")
    menu.get_by_role("button", name="Shortlisted").click()
    eventually(
        lambda: (statuses(api, part)["Ann"], statuses(api, part)["Bea"]),
        ("submitted", "shortlisted"),
        assistant,
    )


def test_everything_works_with_the_keyboard(director: Person, api: Client, part: str) -> None:
    director.go(f"/parts/{part}")
    expect(card(director, "Ann")).to_be_visible()
    keys = director.page.keyboard
    keys.press("ArrowDown")
    first = column(director, "submitted").get_by_role("button").first
    expect(first).to_be_focused()
    name = next(each for each in ("Ann", "Bea") if f"{each} Board" in first.inner_text())
    keys.press("s")
    expect(column(director, "shortlisted").get_by_role("button")).to_have_count(1)
    keys.press("6")  # rates the next one, who has the focus now
    expect(column(director, "submitted").get_by_role("button").first).to_contain_text("rated 6")
    eventually(lambda: statuses(api, part)[name], "shortlisted", director)
    keys.press("u")
    keys.press("u")
    eventually(lambda: set(statuses(api, part).values()), {"submitted"}, director)
    expect(column(director, "submitted").get_by_role("button")).to_have_count(6)
    keys.press("?")
    sheet = director.dialog("Keyboard shortcuts")
    expect(sheet.get_by_text("Shortlist")).to_be_visible()
    keys.press("Escape")
    expect(sheet).to_have_count(0)


def test_many_candidates_move_together_and_come_back(
    director: Person, api: Client, part: str
) -> None:
    director.go(f"/parts/{part}")
    for name in ("Ann", "Bea", "Cat"):
        card(director, name).click(modifiers=["Control"])
    director.says("3 selected")
    director.page.get_by_role("combobox", name="Move the selection to").click()
    director.page.get_by_role("option", name="Passed").click()
    expect(column(director, "passed").get_by_role("button")).to_have_count(3)
    eventually(lambda: list(statuses(api, part).values()).count("passed"), 3, director)
    director.button("Undo").click()
    eventually(lambda: set(statuses(api, part).values()), {"submitted"}, director)


def test_two_people_who_judge_the_same_candidate_are_asked(
    sit_down: Callable[..., Person], api: Client, part: str
) -> None:
    director, assistant = (
        sit_down(role, at=f"/parts/{part}") for role in ("director", "assistant")
    )
    candidate = next(
        each
        for each in api.every(f"/parts/{part}/candidates", "candidates", limit=100)
        if each["actor_name"].startswith("Ann")
    )
    card(assistant, "Ann").drag_to(column(assistant, "callback"))
    eventually(lambda: statuses(api, part)["Ann"], "callback", assistant)
    card(director, "Ann").click()
    director.page.keyboard.press("x")
    dialog = director.dialog("Ann Board was changed meanwhile")
    expect(dialog.get_by_role("row", name="Status")).to_contain_text("Callback")
    expect(dialog).to_contain_text("local|assistant")
    # Nothing was written, and the board shows what is there.
    assert api.candidate(candidate["id"])["status"] == "callback"
    dialog.get_by_role("button", name="Save mine").click()
    eventually(lambda: api.candidate(candidate["id"])["status"], "passed", director)
    expect(column(director, "passed").get_by_role("button")).to_have_count(1)


def test_a_change_that_the_api_refuses_is_taken_back(
    director: Person, api: Client, part: str
) -> None:
    director.go(f"/parts/{part}")
    card(director, "Ann").drag_to(column(director, "cast"))
    eventually(lambda: statuses(api, part)["Ann"], "cast", director)
    card(director, "Bea").drag_to(column(director, "cast"))
    director.says(re.compile("Everybody whom this part needs is cast"))
    expect(column(director, "submitted").get_by_role("button")).to_have_count(5)
    assert statuses(api, part)["Bea"] == "submitted"


def test_keys_that_are_pressed_quickly_are_all_saved(
    director: Person, api: Client, part: str
) -> None:
    """Each change of a candidate waits for the one before, so that nobody overtakes themselves."""
    director.go(f"/parts/{part}")
    card(director, "Dot").click()
    for key in "123456":
        director.page.keyboard.press(key)
    candidates = f"/parts/{part}/candidates"
    eventually(
        lambda: [
            each["rating"]
            for each in api.every(candidates, "candidates", limit=100)
            if each["actor_name"].startswith("Dot")
        ],
        [6],
        director,
    )
    expect(director.page.get_by_role("dialog")).to_have_count(0)


def test_a_candidate_shows_engagements_and_other_parts(
    director: Person, api: Client, part: str
) -> None:
    other = api.new_part(
        api.new_movie("Another Film"), "Captain", work_start="2027-05-01", work_end="2027-06-01"
    )
    listed = api.every(f"/parts/{part}/candidates", "candidates", limit=100)
    actor = next(each["actor_id"] for each in listed if each["actor_name"].startswith("Fay"))
    api.new_candidate(other, actor, "on_hold")
    director.go(f"/parts/{part}")
    expect(card(director, "Fay")).to_contain_text("Engaged elsewhere")
    card(director, "Fay").dblclick()
    details = director.dialog("Fay Board")
    expect(details.get_by_role("table", name="Other parts")).to_contain_text("Captain")
    expect(details.get_by_role("table", name="Other parts")).to_contain_text("Another Film")
    details.get_by_label("Note").fill("Warm, quick, funny.")
    details.get_by_role("button", name="Close").click()
    eventually(lambda: api.candidate(f"{part}.{actor}")["note"], "Warm, quick, funny.", director)


def test_a_triage_goes_on_with_each_key(director: Person, api: Client, part: str) -> None:
    director.go(f"/parts/{part}/triage")
    position = director.page.get_by_test_id("position")
    expect(position).to_have_text("1 of 6")
    for number, key in enumerate("4sx6", 2):
        director.page.keyboard.press(key)
        expect(position).to_have_text(f"{number} of 6")
    director.page.keyboard.press("ArrowLeft")
    expect(director.page.locator("main")).to_contain_text("4 of 6")
    director.page.keyboard.press("0")
    director.page.keyboard.press("x")
    director.page.keyboard.press("s")
    director.says("You have seen all 6")
    eventually(
        lambda: sorted(statuses(api, part).values()),
        ["passed", "passed", "shortlisted", "shortlisted", "submitted", "submitted"],
        director,
    )


def test_1500_candidates_are_shown_in_pages_and_judged(
    director: Person, api: Client, crowd: str
) -> None:
    director.go(f"/parts/{crowd}")
    shown = column(director, "submitted")
    expect(shown.get_by_role("heading")).to_contain_text("1500")
    # Only the cards in view are in the page.
    assert 5 <= shown.get_by_role("button").count() <= 60
    director.page.keyboard.press("ArrowDown")
    director.page.keyboard.press("s")
    expect(column(director, "shortlisted").get_by_role("heading")).to_contain_text("1")
    director.go(f"/parts/{crowd}/triage")
    expect(director.page.get_by_test_id("position")).to_contain_text("1 of 1499")
    for number in range(120):  # beyond the first page of the API
        director.page.keyboard.press("x")
        expect(director.page.get_by_test_id("position")).to_contain_text(f"{number + 2} of 1499")
    eventually(lambda: api.part(crowd)["counts"]["passed"], 120, director)
