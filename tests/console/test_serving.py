"""How the API serves the console: headers, files, size."""

import gzip
import re

import pytest

from chalicelib.routes import console
from tests.conftest import Product
from tests.support.client import Client, assert_failure

pytestmark = pytest.mark.slow

MAX_FIRST_LOAD = 250 * 1_024
"""Bytes of JavaScript and CSS, compressed, that the first screen loads."""


@pytest.fixture
def anybody(agency: Product) -> Client:
    return Client(agency.url)


def files_of_the_page(anybody: Client) -> list[str]:
    return re.findall(r'(?:src|href)="(/console/[^"]+)"', anybody.get("/console").text)


def test_the_page_has_a_strict_policy_and_is_always_read_again(anybody: Client) -> None:
    page = anybody.get("/console")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["img-src"] == "'self' data: https:"
    assert re.fullmatch(r"'self' http://127\.0\.0\.1:\d+", policy["connect-src"])
    assert "<script>" not in page.text


def test_its_files_never_change_under_their_names(anybody: Client) -> None:
    files = files_of_the_page(anybody)
    assert {name.rpartition(".")[2] for name in files} == {"js", "css"}
    for name in files:
        file = anybody.get(name)
        assert file.status == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert re.search(r"-[\w-]{8}\.", name)
        kind = "text/javascript" if name.endswith(".js") else "text/css"
        assert file.headers["content-type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "index.html", "sources.sha256", "..%2F__init__.py", "..", "%2e%2e%2fapp.js"]
    + ["x" * 300 + ".js", "a%00.js", "index.js%0d%0aX: y"],
)
def test_no_other_file_is_served(anybody: Client, name: str) -> None:
    assert_failure(anybody.get(f"/console/{name.replace(' ', '%20')}"), 404)


def test_the_first_load_is_small(anybody: Client) -> None:
    """The page's own files, and what the first screen loads."""
    first_screen = [path.name for path in console.FILES.glob("Desk-*")]
    assert first_screen
    names = [*files_of_the_page(anybody), *(f"/console/{name}" for name in first_screen)]
    sizes = {name: len(gzip.compress(anybody.get(name).text.encode())) for name in names}
    assert sum(sizes.values()) <= MAX_FIRST_LOAD, sizes


def test_the_other_screens_are_separate_files() -> None:
    screens = {path.name.partition("-")[0] for path in console.FILES.glob("*.js")}
    assert {"Board", "Triage", "Actors", "Movies", "Avail", "Compare"} <= screens


def test_nothing_of_this_machine_is_in_the_console(agency: Product) -> None:
    page = Client(agency.url).get("/console").text
    found = re.search(r'casting-issuer" content="([^"]+)"', page)
    assert found
    for path in console.FILES.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert found[1] not in text
        assert "Who are you today" not in text


def test_without_a_build_the_page_says_why(
    nobody: Client, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(console, "FILES", tmp_path_factory.mktemp("empty"))
    page = nobody.get("/console")
    assert page.status == 200
    assert "npm" in page.text
    assert page.headers["content-security-policy"] == console.POLICY
    assert_failure(nobody.get("/console/index.js"), 404)


def test_settings_are_escaped_in_the_page(nobody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "AUTH_AUDIENCE", '"><script>alert(1)</script>')
    assert "<script>alert" not in nobody.get("/console").text
