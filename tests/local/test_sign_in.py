"""The local issuer signs people in to the console of its run, and to nothing else."""

import base64
import http.client
import json
import re
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from jose import jwt

from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.local import issuer, sign_in
from dev.local.sign_in import Client

pytestmark = pytest.mark.slow

CONSOLE = "http://127.0.0.1:8000/console"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": "casting-console",
    "redirect_uri": CONSOLE,
    "response_type": "code",
    "scope": "openid profile",
    "audience": "casting-api",
    "state": "a state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str


class Site:
    """The local issuer, and a browser that keeps to its rules."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"

    def send(self, method: str, path: str, form: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        body = None if form is None else urlencode(form)
        headers.setdefault("Host", f"127.0.0.1:{self.port}")
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, names, response.read().decode())
        connection.close()
        return answer

    def begin(self, **changes: str | None) -> Answer:
        asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
        return self.send("GET", f"/authorize?{urlencode(asked)}")

    def choose(self, role: str = "director", **headers: str) -> Answer:
        page = self.begin()
        found = re.search(r'name="transaction" value="([\w-]+)"', page.text)
        assert found, page
        headers.setdefault("Origin", self.address)
        return self.send("POST", "/authorize", {"transaction": found[1], "role": role}, **headers)

    def code(self, role: str = "director") -> str:
        location = self.choose(role).headers["location"]
        return parse_qs(urlsplit(location).query)["code"][0]

    def exchange(self, code: str, origin: str = "http://127.0.0.1:8000", **changes: str) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "client_id": "casting-console",
            "redirect_uri": CONSOLE,
            "code": code,
            "code_verifier": VERIFIER,
        }
        form.update(changes)
        return self.send("POST", "/oauth/token", form, Origin=origin)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    port = machine.free_port()
    with sign_in.running(port, Client("casting-console", "casting-api", CONSOLE)):
        yield Site(port)


@pytest.mark.parametrize("role", AGENCY_ROLES)
def test_a_person_who_chooses_a_role_gets_its_token(site: Site, role: str) -> None:
    chosen = site.choose(role)
    assert chosen.status == 303
    location = urlsplit(chosen.headers["location"])
    assert location._replace(query="").geturl() == CONSOLE
    assert parse_qs(location.query)["state"] == ["a state"]
    exchanged = site.exchange(parse_qs(location.query)["code"][0])
    assert exchanged.status == 200
    assert exchanged.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
    assert exchanged.headers["cache-control"] == "no-store"
    tokens = json.loads(exchanged.text)
    claims = jwt.get_unverified_claims(tokens["access_token"])
    assert claims["permissions"] == sorted(AGENCY_ROLES[role].permissions)
    assert claims["iss"] == f"{site.address}/"
    key = issuer.public_jwk(issuer.private_key())
    identity = jwt.decode(tokens["id_token"], key, "RS256", audience="casting-console")
    assert identity["name"] == AGENCY_ROLES[role].name


def test_what_it_publishes_is_what_it_does(site: Site) -> None:
    published = json.loads(site.send("GET", "/.well-known/openid-configuration").text)
    assert published["issuer"] == f"{site.address}/"
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        assert published[name].startswith(f"{site.address}/")
    keys = json.loads(site.send("GET", urlsplit(published["jwks_uri"]).path).text)["keys"]
    assert [key["kid"] for key in keys] == [issuer.public_jwk(issuer.private_key())["kid"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:8000/console/"},
        {"redirect_uri": "http://127.0.0.1:8000/console?next=x"},
        {"redirect_uri": "http://localhost:8000/console"},
        {"redirect_uri": "http://127.0.0.1:8001/console"},
        {"redirect_uri": "https://evil.example/console"},
        {"redirect_uri": None},
        {"client_id": "another"},
        {"audience": "another-api"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"code_challenge": None},
        {"state": None},
    ],
)
def test_another_request_is_refused_on_its_own_page(
    site: Site, changes: dict[str, str | None]
) -> None:
    answer = site.begin(**changes)
    assert answer.status == 400
    assert "location" not in answer.headers
    assert "transaction" not in answer.text


def test_a_refusal_shows_nothing_of_the_request(site: Site) -> None:
    answer = site.begin(state="<script>alert(1)</script>", client_id="<script>alert(1)</script>")
    assert "<script>" not in answer.text


def test_its_page_can_neither_be_framed_nor_run_scripts(site: Site) -> None:
    policy = site.begin().headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


def test_a_code_works_once(site: Site) -> None:
    code = site.code()
    assert site.exchange(code).status == 200
    assert site.exchange(code).status == 400


def test_a_code_ends_after_a_minute(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    code = site.code()
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + sign_in.CODE_SECONDS + 1)
    assert site.exchange(code).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"client_id": "another"},
        {"redirect_uri": "http://127.0.0.1:8000/"},
        {"grant_type": "password"},
    ],
)
def test_a_wrong_exchange_is_refused_and_spends_the_code(
    site: Site, changes: dict[str, str]
) -> None:
    code = site.code()
    refused = site.exchange(code, **changes)
    assert (refused.status, json.loads(refused.text)) == (400, {"error": "invalid_grant"})
    assert site.exchange(code).status == 400


def test_a_guessed_code_is_refused(site: Site) -> None:
    assert site.exchange("guessed").status == 400


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9999", "https://evil.example", "null", ""])
def test_only_the_console_exchanges_codes(site: Site, origin: str) -> None:
    code = site.code()
    assert site.exchange(code, origin).status == 403
    assert site.exchange(code).status == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://evil.example", "null", ""])
def test_only_its_own_page_chooses_a_role(site: Site, origin: str) -> None:
    assert site.choose(Origin=origin).status == 403


def test_a_choice_needs_a_page_that_was_shown_and_works_once(site: Site) -> None:
    form = {"transaction": "guessed", "role": "producer"}
    assert site.send("POST", "/authorize", form, Origin=site.address).status == 400
    page = site.begin()
    found = re.search(r'name="transaction" value="([\w-]+)"', page.text)
    assert found
    form["transaction"] = found[1]
    assert site.send("POST", "/authorize", form, Origin=site.address).status == 303
    assert site.send("POST", "/authorize", form, Origin=site.address).status == 400


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1"])
def test_another_host_name_gets_nothing(site: Site, host: str) -> None:
    answer = site.send("GET", f"/authorize?{urlencode(ASKED)}", Host=host)
    assert (answer.status, answer.text) == (404, "{}")


def test_signing_out_leads_to_the_console_only(site: Site) -> None:
    back = urlencode({"post_logout_redirect_uri": CONSOLE})
    assert site.send("GET", f"/logout?{back}").headers["location"] == CONSOLE
    other = urlencode({"post_logout_redirect_uri": "https://evil.example/"})
    assert site.send("GET", f"/logout?{other}").status == 404


def test_a_large_form_is_not_read(site: Site) -> None:
    form = {"transaction": "x" * 20_000, "role": "director"}
    assert site.send("POST", "/authorize", form, Origin=site.address).status == 400
