"""The end of a session: sign in again without losing anything."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Product, copy_of
from tests.support import desk
from tests.support.client import Client
from tests.support.desk import NAMES, Person

pytestmark = pytest.mark.slow

TTL = 12
"""Seconds that a token of the console lives here. It is not used in the last five."""


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory, loaded: Product) -> Iterator[Product]:
    """A product whose sessions are short."""
    product = copy_of(loaded, tmp_path_factory.mktemp("brief") / "local", TTL=str(TTL)).start()
    yield product
    product.stop()


@pytest.fixture
def person(brief: Product, chromium: Browser) -> Iterator[Person]:
    person = Person(chromium, brief.url)
    yield person
    person.close()


def sign_in_again(person: Person, role: str) -> None:
    dialog = person.dialog("Your session has ended")
    expect(dialog).to_be_visible(timeout=TTL * 1_000)
    with person.page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign in again").click()
    opened.value.get_by_role("button", name=NAMES[role]).click()


def test_a_form_survives_the_end_of_the_session(brief: Product, person: Person) -> None:
    api = Client(brief.url, desk.token(brief.folder, "producer"))
    movie = api.new_movie("The Long Lunch")
    person.start_signed_in("director", at=f"/movies/{movie}/details")
    person.page.keyboard.press("e")
    form = person.dialog(re.compile("^Change"))
    form.get_by_label("Director").fill("Ann")
    sign_in_again(person, "director")
    expect(person.dialog("Your session has ended")).to_have_count(0)
    expect(form.get_by_label("Director")).to_have_value("Ann")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert api.movie(movie)["director"] == "Ann"
    assert person.problems == []


def test_another_person_sees_nothing_of_the_first_ones_work(brief: Product, person: Person) -> None:
    api = Client(brief.url, desk.token(brief.folder, "producer"))
    actor = api.new_actor("The Confidant", email="confidant@example.com")
    person.start_signed_in("director", at=f"/actors/{actor}")
    person.says("confidant@example.com")
    sign_in_again(person, "assistant")
    expect(person.button("Sign in")).to_be_visible()
    expect(person.page.get_by_text("confidant@example.com")).to_have_count(0)


def test_the_console_says_when_nobody_can_be_signed_in(brief: Product, person: Person) -> None:
    issuer = r"http://127\.0\.0\.1:\d+/\.well-known/.*"
    person.page.route(re.compile(issuer), lambda route: route.abort())
    person.page.goto(f"{person.url}/console")
    person.button("Sign in").click()
    person.says(re.compile("sign-in service cannot be reached"))


def test_an_answer_that_nobody_asked_for_signs_nobody_in(brief: Product, person: Person) -> None:
    person.page.goto(f"{person.url}/console?code=stolen&state=guessed")
    person.says(re.compile("sign-in was not completed"))
    expect(person.page).to_have_url(re.compile(r"/console$"))
