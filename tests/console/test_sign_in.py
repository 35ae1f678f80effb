"""Sign-in to the console at the local issuer, and the end of a session."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Product
from tests.support.client import Client
from tests.support.desk import NAMES, Person

pytestmark = pytest.mark.slow


@pytest.fixture
def person(agency: Product, chromium: Browser) -> Iterator[Person]:
    """Somebody who is not signed in yet."""
    person = Person(chromium, agency.url)
    yield person
    assert person.problems == []
    person.close()


@pytest.mark.parametrize("role", NAMES)
def test_each_role_signs_in_and_out(person: Person, role: str) -> None:
    person.sign_in(role)
    person.button(NAMES[role]).click()
    person.page.get_by_role("menuitem", name="Sign out").click()
    expect(person.button("Sign in")).to_be_visible()


def test_a_link_to_a_screen_still_leads_there_after_the_sign_in(person: Person) -> None:
    person.sign_in("assistant", at="/actors?gender=female")
    expect(person.page).to_have_url(f"{person.url}/console#/actors?gender=female")
    expect(person.page.get_by_role("heading", name="Actors")).to_be_visible()


def test_no_token_is_stored_in_the_browser(person: Person) -> None:
    person.sign_in("director")
    stored = person.page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert "eyJ" not in stored  # how every token begins
    assert person.context.cookies() == []


def test_the_api_accepts_no_cookie(agency: Product, api: Client) -> None:
    cookies = {"Cookie": f"token={api.token}; Authorization=Bearer {api.token}"}
    assert Client(agency.url).call("GET", "/movies", headers=cookies).status == 401
    assert "set-cookie" not in Client(agency.url).get("/console").headers
