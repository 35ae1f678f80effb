"""A day at the desk, from a new movie without a date to the history of who did what."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.support.client import Client
from tests.support.desk import Person

pytestmark = pytest.mark.slow


def card(person: Person, name: str) -> Locator:
    return person.page.get_by_role("button", name=re.compile(f"^{name}"))


def column(person: Person, status: str) -> Locator:
    return person.page.locator(f'section[data-status="{status}"]')


def test_a_day_at_the_desk(sit_down: Callable[..., Person], api: Client) -> None:
    for number in range(40):
        api.new_actor(
            f"Daybreak {number:02}", languages={"pl": "native"}, skills=["riding"], age=30
        )
    producer = sit_down("producer", at="/movies")

    # A movie without a release date.
    producer.page.keyboard.press("n")
    form = producer.dialog(re.compile("^Add"))
    form.get_by_label("Title").fill("A Day at the Desk")
    form.get_by_label("First day of shooting").fill("2027-05-01")
    form.get_by_label("Last day of shooting").fill("2027-05-20")
    form.get_by_role("button", name="Add").click()
    expect(producer.page.get_by_role("heading", name="A Day at the Desk")).to_be_visible()
    (movie,) = api.get("/movies", search="A Day at the Desk")["movies"]
    assert movie["release_date"] is None

    # Its breakdown.
    director = sit_down("director", at=f"/movies/{movie['id']}")
    for name in ("The Rider", "The Innkeeper"):
        director.page.keyboard.press("n")
        form = director.dialog("Add a part")
        form.get_by_label("Character").fill(name)
        form.get_by_label("First day of work").fill("2027-05-01")
        form.get_by_label("Last day of work").fill("2027-05-10")
        form.get_by_role("button", name="Add the part").click()
        expect(form).to_have_count(0)
    expect(director.page.get_by_role("link", name="The Innkeeper", exact=True)).to_be_visible()

    # An assistant finds forty riders who speak Polish, and adds them.
    assistant = sit_down("assistant", at="/actors?language=pl&skill=riding&search=daybreak")
    expect(assistant.page.get_by_role("row")).to_have_count(41)
    assistant.page.get_by_label("Select all that are shown").check()
    assistant.page.keyboard.press("p")
    add = assistant.dialog(re.compile("Add 40 actors to a part"))
    add.get_by_role("combobox").fill("The Rider")
    assistant.page.get_by_role("option", name=re.compile("The Rider.*A Day at the Desk")).click()
    add.get_by_role("button", name=re.compile("^Add")).click()
    expect(add).to_contain_text("40")
    add.get_by_role("button", name="Open the board").click()
    expect(column(assistant, "submitted").get_by_role("heading")).to_contain_text("40")

    # A triage by keys: two are shortlisted, one of them is the best.
    (part,) = [
        each
        for each in api.get(f"/movies/{movie['id']}/parts")["parts"]
        if each["name"] == "The Rider"
    ]
    assert part["candidate_count"] == 40
    director.go(f"/parts/{part['id']}/triage")
    for number, key in enumerate("61sxs", 2):
        director.page.keyboard.press(key)
        expect(director.page.get_by_test_id("position")).to_have_text(f"{number} of 40")

    # Hold one, offer, cast.
    director.go(f"/parts/{part['id']}")
    expect(column(director, "shortlisted").get_by_role("button")).to_have_count(2)
    best = column(director, "submitted").get_by_role("button").first
    expect(best).to_contain_text("rated 6")
    name = best.inner_text().splitlines()[1]
    best.drag_to(column(director, "on_hold"))
    held = column(director, "on_hold").get_by_role("button")
    expect(held).to_have_count(1)
    for status in ("Offered", "Cast"):
        card(director, name).click()
        director.page.keyboard.press("m")
        menu = director.dialog(re.compile("^Move"))
        menu.get_by_role("button", name=status).click()
        expect(column(director, status.lower()).get_by_role("button")).to_have_count(1)
    director.says("1 of 1 cast")

    # The cast list shows who plays the part, and is downloaded.
    producer.go(f"/movies/{movie['id']}/cast-list")
    expect(producer.page.get_by_role("row", name=re.compile(name))).to_contain_text("The Rider")
    with producer.page.expect_download() as download:
        producer.button("Download as CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert name in text
    assert "The Rider" in text

    # A release, and the history of it all.
    card(director, name).click()
    director.page.keyboard.press("m")
    director.dialog(re.compile("^Move")).get_by_role("button", name="Released").click()
    expect(column(director, "released").get_by_role("button")).to_have_count(1)
    director.says("0 of 1 cast")
    assert api.get(f"/movies/{movie['id']}/actors")["actors"] == []
    card(director, name).dblclick()
    details = director.dialog(name)
    details.get_by_role("button", name="Show the history").click()
    history = details.get_by_role("table", name="History")
    expect(history).to_contain_text("from Cast to Released")
    expect(history).to_contain_text("from On hold to Offered")
    expect(history).to_contain_text("local|director")
    expect(history).to_contain_text("Added")
