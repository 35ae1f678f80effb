"""Text that somebody has typed is shown as text, whatever it is. No address runs a script."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.support.client import Client
from tests.support.desk import Person

pytestmark = pytest.mark.slow

ATTACKS = (
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "javascript:window.hacked=1",
    '"><svg onload=window.hacked=1>',
)
TEXT = " ".join(ATTACKS)


@pytest.fixture(scope="module")
def victim(api: Client) -> Iterator[dict[str, str]]:
    """A movie, a part, an actor and a candidate whose every text is an attack."""
    movie = api.post(
        "/movies",
        {
            "title": TEXT,
            "release_date": None,
            "synopsis": TEXT,
            "director": TEXT[:200],
            "production_company": TEXT[:200],
            "shoot_location": TEXT[:200],
            "poster_url": "https://127.0.0.1:9/%22%3E%3Cscript%3E.png",
            "website": "https://example.com/?q=javascript:window.hacked=1",
        },
    )["created"]
    actor = api.post(
        "/actors",
        {
            "name": TEXT[:200],
            "gender": "other",
            "age": None,
            "stage_name": TEXT[:200],
            "skills": ["<img src=x onerror=window.hacked=1>"],
            "unions": ["<b>union</b>"],
            "base_city": TEXT[:200],
            "notes": TEXT,
            "agent": {"agency": TEXT[:200], "name": TEXT[:200]},
            "headshot_url": "https://127.0.0.1:9/%22onerror=window.hacked=1.png",
        },
    )["created"]
    part = api.new_part(movie, TEXT[:200], description=TEXT)
    candidate = api.new_candidate(part, actor, "shortlisted")
    assert api.patch(f"/candidates/{candidate}", {"note": TEXT}).status == 200
    role = api.new_role(movie, actor, character_name=TEXT)
    yield {"movie": movie, "actor": actor, "part": part, "candidate": candidate, "role": role}
    # Their pictures cannot be loaded, which other tests would report.
    for path in (f"/movies/{movie}", f"/actors/{actor}"):
        assert api.delete(path).status == 200


PATHS = (
    "/",
    "/movies",
    "/movies/{movie}",
    "/movies/{movie}/cast",
    "/movies/{movie}/considered",
    "/movies/{movie}/details",
    "/movies/{movie}/history",
    "/movies/{movie}/cast-list",
    "/actors?search=img",
    "/actors/{actor}",
    "/actors/{actor}/availability",
    "/actors/{actor}/candidacies",
    "/actors/{actor}/movies",
    "/actors/{actor}/history",
    "/parts/{part}",
    "/parts/{part}/triage?status=shortlisted",
    "/parts/{part}/contact-sheet",
    "/parts/{part}/avail",
    "/compare?ids={actor}",
    # The address is somebody's text too.
    "/actors?search=%3Cimg+src%3Dx+onerror%3Dwindow.hacked%3D1%3E",
    "/movies/%22%3E%3Cimg%20src=x%20onerror=window.hacked=1%3E",
)


def test_no_text_of_anybody_runs(sit_down: Callable[..., Person], victim: dict[str, str]) -> None:
    person = sit_down("director")
    for path in PATHS:
        person.go(path.format(**victim))
        assert person.page.evaluate("window.hacked") is None, path
        dangerous = person.page.locator("a[href^='javascript:' i], [onerror], [onload], iframe")
        assert dangerous.count() == 0, path
    # Pictures that cannot be loaded leave the initials.
    person.go("/actors/{actor}".format(**victim))
    expect(person.page.locator("span.headshot").first).to_be_visible()
    person.go(PATHS[1])
    expect(person.page.get_by_text(ATTACKS[0]).first).to_be_visible()
    person.go("/parts/{part}".format(**victim))
    person.page.locator("[data-shortcuts]").first.dblclick()
    expect(person.page.get_by_role("dialog")).to_be_visible()
    assert person.page.evaluate("window.hacked") is None
    person.page.keyboard.press("Escape")
    person.page.keyboard.press("/")
    person.page.get_by_role("combobox").fill("img")
    expect(person.page.get_by_role("option").first).to_be_visible()
    assert person.page.evaluate("window.hacked") is None
    person.problems[:] = [each for each in person.problems if "ERR_" not in each]


def test_a_script_in_the_page_would_not_run(director: Person) -> None:
    """The page's policy is the second line: even markup that got in could run nothing."""
    director.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            const frame = document.createElement("img");
            frame.setAttribute("onerror", "window.hacked = 2");
            frame.src = "data:,";
            document.body.append(frame);
        }"""
    )
    director.page.wait_for_timeout(300)
    assert director.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in problem for problem in director.problems)
    director.problems.clear()
