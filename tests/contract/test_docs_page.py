"""/docs in a headless Chromium, and the hashes of the files it fetches."""

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from chalicelib.contract import page as docs_page
from tests.conftest import PROJECT, Product
from tests.support import browser, node
from tests.support.client import Client, assert_headers
from tests.support.issuer import Issuer

pytestmark = pytest.mark.slow

DOCUMENT = json.loads((PROJECT / "docs" / "generated" / "openapi.json").read_text())
CREATE_ACTOR = DOCUMENT["paths"]["/actors"]["post"]


def open_page(product: Product, token: str = "", **options: str) -> Any:
    """Open the page in a browser. Return what tests/contract/docs_page.mjs reports."""
    script = PROJECT / "tests" / "contract" / "docs_page.mjs"
    return browser.run(script, URL=f"{product.url}/docs", TOKEN=token, **options)


def test_a_director_pastes_a_token_and_tries_calls(
    product: Product, product_issuer: Issuer, real: Client
) -> None:
    film = real.new_movie("A film on the page")
    # Another test may have sent the example too. Only one actor can have its external ids.
    example = CREATE_ACTOR["requestBody"]["content"]["application/json"]["example"]
    for actor in real.every("/actors", "actors", search=example["name"], limit=100):
        if any(actor[name] == example[name] for name in ("imdb_id", "tmdb_id")):
            assert real.delete(f"/actors/{actor['id']}").status == 200
    token = product_issuer.token("director")
    seen = open_page(product, token)
    # The 401 of the call without a token.
    assert seen["problems"] == [
        "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
    ]
    contract = real.get("/openapi.json")
    assert seen["operations"] == sum(len(path) for path in contract["paths"].values())
    assert seen["missing"] == 0
    assert seen["before"]["status"] == 401
    assert json.loads(seen["before"]["body"])["message"] == "invalid header"
    assert seen["listed"]["status"] == 200
    assert film in seen["listed"]["body"]
    # The body is the example that the page proposes.
    assert seen["created"]["status"] == 201
    actor_id = json.loads(seen["created"]["body"])["created"]
    assert real.get(f"/actors/{actor_id}")["actor"]["name"] == "Humphrey Bogart"
    for path in (f"/actors/{actor_id}", f"/movies/{film}"):
        assert real.delete(path).status == 200
    assert seen["stored"] == {"local": [], "session": [], "cookie": ""}
    assert seen["fetched"] == [
        docs_page.SOURCE + docs_page.STYLE,
        docs_page.SOURCE + docs_page.SCRIPT,
    ]


def test_without_network_the_page_says_what_it_needs(product: Product) -> None:
    seen = open_page(product, OFFLINE="1")
    assert f"Swagger UI {docs_page.VERSION}" in seen["text"]
    assert docs_page.SOURCE in seen["text"]
    assert "openapi.json" in seen["text"]


@pytest.mark.parametrize("name", docs_page.INTEGRITY)
def test_what_has_another_hash_does_not_run(product: Product, name: str) -> None:
    seen = open_page(product, TAMPER=name)
    assert "integrity" in seen["problems"][0]
    assert "could not be loaded" in seen["text"]
    assert "GET /openapi.json 200" not in seen["calls"]


@pytest.mark.parametrize("name", docs_page.INTEGRITY)
def test_the_hashes_are_those_of_the_version_that_is_named(name: str) -> None:
    package = node.install() / "node_modules" / "swagger-ui-dist"
    assert json.loads((package / "package.json").read_text())["version"] == docs_page.VERSION
    digest = hashlib.sha384((package / name).read_bytes()).digest()
    assert docs_page.INTEGRITY[name] == f"sha384-{base64.b64encode(digest).decode()}"


def test_the_page_has_a_policy_of_its_own(nobody: Client) -> None:
    page = nobody.get("/docs")
    assert page.status == 200
    assert_headers(page)
    assert page.text == docs_page.HTML
    policy = dict(part.split(" ", 1) for part in docs_page.POLICY.split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    for directive, file, inline in (
        ("script-src", docs_page.SCRIPT, "script"),
        ("style-src", docs_page.STYLE, "style"),
    ):
        (text,) = re.findall(f"<{inline}>(.*?)</{inline}>", docs_page.HTML, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[directive] == f"{docs_page.SOURCE}{file} 'sha256-{digest}'"
    assert policy["img-src"] == "data:"
    # The page can send a token only to its own origin.
    assert policy["connect-src"] == "'self'"
    assert policy["form-action"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in docs_page.POLICY
