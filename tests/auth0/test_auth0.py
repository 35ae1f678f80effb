"""`make auth0`: a tenant becomes what the table of permissions says, whatever it was before."""

import copy
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chalicelib import tokens
from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS
from dev.auth0 import setup
from tests.auth0.fake_tenant import (
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPES,
    Answer,
    Auth0Tenant,
    violations,
)
from tests.conftest import PROJECT
from tests.local.test_running import python
from tests.support.issuer import AUDIENCE, Issuer

API = f"/api/v2/resource-servers/{AUDIENCE}"
OTHER = "https://billing.example/v1"
HTML = Answer(200, b"<html>Log in to the hotel's network</html>", Content_Type="text/html")


class Ended(NamedTuple):
    """How the command ended."""

    status: int
    lines: list[str]
    error: str


Command = Callable[..., Ended]


@pytest.fixture
def tenant() -> Iterator[Auth0Tenant]:
    """A tenant in which there is nothing yet."""
    tenant = Auth0Tenant()
    yield tenant
    tenant.close()
    assert tenant.mistakes == []


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were to be made, and are not."""
    pauses: list[float] = []
    monkeypatch.setattr(setup, "sleep", pauses.append)
    return pauses


@pytest.fixture
def make(
    tenant: Auth0Tenant,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run the command in this process, on the tenant; None takes a setting away."""

    def make(*arguments: str, **changes: str | None) -> Ended:
        settings: dict[str, str | None] = {
            "AUTH0_DOMAIN": tenant.url,
            "AUTH0_CLIENT_ID": CLIENT_ID,
            "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH0_TOKEN": None,
            "STAGE": None,
            "DRY_RUN": None,
            "CONFIRM": None,
            **changes,
        }
        monkeypatch.setattr(sys, "argv", ["auth0", *arguments])
        for name, value in settings.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        tenant.asked.clear()
        tenant.bodies.clear()
        status, error = 0, ""
        try:
            setup.main()
        except SystemExit as stopped:
            status, error = 1, str(stopped)
        said = capsys.readouterr()
        assert said.err == ""
        secrets = [CLIENT_SECRET, *tenant.tokens, settings["AUTH0_TOKEN"], "that-nobody-prints"]
        for secret in filter(None, secrets):
            assert secret not in said.out + error
        if status:
            assert re.fullmatch(r"casting: [^\n]{20,400}", error), error
        assert said.out.isprintable() or "\x1b" not in said.out
        return Ended(status, said.out.splitlines(), error)

    return make


def drift(tenant: Auth0Tenant) -> None:
    """Leave the tenant as people leave one, with everything wrong that can be."""
    scopes = [{"value": p, "description": "As it was"} for p in sorted(PERMISSIONS)[3:]]
    scopes += [{"value": "rule:world", "description": ""}, {"value": sorted(PERMISSIONS)[0]}]
    tenant.add_api(AUDIENCE, name="Casting", scopes=scopes, token_encryption={"format": "x"})
    tenant.add_api(OTHER, scopes=[{"value": "get:bills"}, {"value": "post:movies"}])
    tenant.add_role(
        "Casting Assistant",
        "As it was",
        (AUDIENCE, "rule:world"),
        (AUDIENCE, "post:movies"),
        (OTHER, "post:movies"),
        (OTHER, "get:bills"),
        (AUDIENCE, "get:movies"),
    )
    tenant.add_role("Executive Producer")
    tenant.add_role("Casting Assistants' Boss", "Not ours", (OTHER, "get:bills"))
    tenant.add_role("casting assistant", "Nor this", (AUDIENCE, "post:movies"))


def assert_right(tenant: Auth0Tenant) -> None:
    """The API and the roles are as the table says."""
    api = tenant.apis[AUDIENCE]
    assert api["signing_alg"] == "RS256"
    assert api["enforce_policies"] is True
    assert api["token_dialect"] == "access_token_authz"
    assert 3_600 <= api["token_lifetime"] <= min(86_400, tokens.MAX_LIFETIME)
    assert api["token_lifetime_for_web"] <= api["token_lifetime"]
    assert api["allow_offline_access"] is False
    assert api["skip_consent_for_verifiable_first_party_clients"] is True
    assert not api.get("token_encryption")
    assert not api.get("proof_of_possession")
    assert {scope["value"] for scope in api["scopes"]} == PERMISSIONS
    assert all(scope["description"] for scope in api["scopes"])
    for role in AGENCY_ROLES.values():
        role_id = tenant.role_named(role.name)
        assert tenant.roles[role_id]["description"].startswith("May look up ")
        held = [name for of, name in tenant.granted[role_id] if of == AUDIENCE]
        assert sorted(held) == sorted(role.permissions)


def test_a_new_tenant_is_made_from_nothing_and_the_second_run_only_looks(
    tenant: Auth0Tenant, tmp_path: Path
) -> None:
    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        made = python(
            "dev.auth0.setup",
            tmp_path,
            AUTH0_DOMAIN=tenant.url,
            AUTH0_CLIENT_ID=CLIENT_ID,
            AUTH0_CLIENT_SECRET=CLIENT_SECRET,
            **settings,
        )
        assert made.returncode == 0, made.stderr
        assert made.stderr == ""
        return made

    # The identifier of the stage, for which nothing else is said.
    planned = run(STAGE="dev", DRY_RUN="1").stdout.splitlines()
    assert tenant.apis == tenant.roles == {}
    said = run(STAGE="dev").stdout.splitlines()
    assert_right(tenant)
    assert said[:-1] == planned[:-1]
    assert planned[-1].endswith("This is a dry run: nothing was changed.")
    assert said[-1] == f"Changed: {len(said) - 1}."
    for permission in PERMISSIONS:
        assert f"+ permission {permission}" in said
    for role in AGENCY_ROLES.values():
        assert any(line.startswith(f"+ role {role.name}: ") for line in said)
        for permission in role.permissions:
            assert f"+ role {role.name}: {permission}" in said
    tenant.asked.clear()
    assert run(AUTH_AUDIENCE=AUDIENCE).stdout == "Nothing to change.\n"
    assert tenant.asked.pop(0) == ("POST", "/oauth/token")
    assert {method for method, _ in tenant.asked} == {"GET"}


@pytest.mark.parametrize(
    "how", [{"arguments": ["--dry-run"]}, {"DRY_RUN": "1"}, {"DRY_RUN": "yes"}]
)
def test_a_dry_run_prints_the_difference_and_writes_nothing(
    tenant: Auth0Tenant, make: Command, how: dict[str, Any]
) -> None:
    drift(tenant)
    before = tenant.state()
    how = dict(how)
    planned = make(*how.pop("arguments", []), **how)
    assert planned.status == 0
    assert {method for method, path in tenant.asked if path != "/oauth/token"} == {"GET"}
    assert tenant.state() == before
    made = make(DRY_RUN="0")
    assert made.lines[:-1] == planned.lines[:-1]
    assert_right(tenant)
    assert f"~ API {AUDIENCE}: token_lifetime 86400 -> 7200" in planned.lines
    assert f"~ API {AUDIENCE}: signing_alg HS256 -> RS256" in planned.lines
    assert f"~ API {AUDIENCE}: enforce_policies off -> on" in planned.lines
    assert f"~ API {AUDIENCE}: token_encryption set -> none" in planned.lines
    assert "- permission rule:world" in planned.lines
    assert f"+ permission {sorted(PERMISSIONS)[1]}" in planned.lines
    assert '~ permission post:roles: "As it was" -> "May add roles."' in planned.lines
    assert "- role Casting Assistant: post:movies" in planned.lines
    assert "- role Casting Assistant: rule:world" in planned.lines
    assert "+ role Casting Assistant: get:actors" in planned.lines
    assert "+ role Executive Producer: post:movies" in planned.lines
    assert '+ role Casting Director: "May ' in "".join(planned.lines)
    assert planned.lines[-1] == (
        f"Differences: {len(planned.lines) - 1}. This is a dry run: nothing was changed."
    )


def test_a_drifted_tenant_is_put_right_and_what_is_not_ours_stays(
    tenant: Auth0Tenant, make: Command
) -> None:
    drift(tenant)
    before = copy.deepcopy(tenant.state())
    assert make().status == 0
    assert_right(tenant)
    after = tenant.state()
    assert after["apis"][1] == before["apis"][1]
    for other in ("Casting Assistants' Boss", "casting assistant"):
        [kept] = [role for role in before["roles"] if role[0] == other]
        assert after["roles"][kept] == before["roles"][kept]
    elsewhere = tenant.granted[tenant.role_named("Casting Assistant")]
    assert (OTHER, "post:movies") in elsewhere
    assert (OTHER, "get:bills") in elsewhere
    assert make().lines == ["Nothing to change."]
    assert tenant.writes() == []


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("name", "Else"),
        ("signing_alg", "PS256"),
        ("enforce_policies", False),
        ("token_dialect", "access_token"),
        ("token_lifetime", 2_592_000),
        ("allow_offline_access", True),
        ("skip_consent_for_verifiable_first_party_clients", False),
        ("token_encryption", {"format": "compact-nested-jwe"}),
        ("proof_of_possession", {"mechanism": "dpop", "required": True}),
    ],
)
def test_only_what_differs_is_sent(
    tenant: Auth0Tenant, make: Command, setting: str, wrong: object
) -> None:
    make()
    right = tenant.apis[AUDIENCE].get(setting)
    tenant.apis[AUDIENCE][setting] = wrong
    changed = make()
    assert tenant.writes() == [("PATCH", API)]
    assert tenant.bodies == [{setting: right}]
    assert len(changed.lines) == 2
    assert changed.lines[0].startswith(f"~ API {AUDIENCE}: {setting} ")
    assert tenant.apis[AUDIENCE][setting] == right


def test_a_changed_permission_sends_the_whole_list_and_nothing_else(
    tenant: Auth0Tenant, make: Command
) -> None:
    make()
    changes: list[Callable[[list[dict[str, Any]]], object]] = [
        lambda scopes: scopes.append({"value": "rule:world"}),
        lambda scopes: scopes.pop(),
        lambda scopes: scopes[0].pop("description"),
        lambda scopes: scopes[0].update(description=None),
        lambda scopes: scopes[0].update(description="Other"),
    ]
    for change in changes:
        change(tenant.apis[AUDIENCE]["scopes"])
        assert len(make().lines) == 2
        assert tenant.writes() == [("PATCH", API)]
        assert [body.keys() for body in tenant.bodies] == [{"scopes"}]
        assert_right(tenant)
    # Their order is nobody's business.
    tenant.apis[AUDIENCE]["scopes"].reverse()
    assert make().lines == ["Nothing to change."]


def test_the_lifetime_that_no_request_changes_is_left_to_a_person(
    tenant: Auth0Tenant, make: Command
) -> None:
    make()
    tenant.apis[AUDIENCE]["token_lifetime_for_web"] = 80_000
    told = make()
    assert told.lines == [
        f"! API {AUDIENCE}: token_lifetime_for_web 80000 is for you to lower, in the dashboard",
        "Nothing to change.",
    ]
    assert tenant.writes() == []


def test_more_than_a_page_of_roles_and_of_permissions_is_read(
    tenant: Auth0Tenant, make: Command
) -> None:
    scopes = [{"value": f"get:bill{n}"} for n in range(230)]
    tenant.add_api(OTHER, scopes=scopes)
    many = [(OTHER, scope["value"]) for scope in scopes]
    for n in range(120):
        tenant.add_role(f"Casting Assistant {n}", f"{n}")
        tenant.add_role(f"Somebody Else {n}", f"{n}")
    # On the second page of roles, with ours on the third page of its permissions.
    role_id = tenant.add_role("Casting Assistant", "", *many, (AUDIENCE, "post:movies"))
    tenant.add_api(AUDIENCE, scopes=[{"value": "post:movies"}])
    assert make().status == 0
    assert_right(tenant)
    assert len(tenant.roles) == 243
    # Nobody else's are read.
    assert tenant.asked.count(("GET", "/api/v2/roles")) == 2 + 1 + 1
    assert set(many) < set(tenant.granted[role_id])
    assert make().lines == ["Nothing to change."]


@pytest.mark.parametrize("lost", [False, True], ids=["dies", "its answer is lost"])
@pytest.mark.parametrize("before", [lambda _: None, drift], ids=["new", "drifted"])
def test_after_every_interruption_the_next_run_ends_the_same(
    make: Command, tenant: Auth0Tenant, before: Callable[[Auth0Tenant], None], lost: bool
) -> None:
    def restart() -> None:
        tenant.apis.clear()
        tenant.roles.clear()
        tenant.granted.clear()
        before(tenant)

    restart()
    make()
    wanted, writes = tenant.state(), len(tenant.writes())
    assert writes >= 7
    for count in range(writes):
        restart()
        tenant.writes_left, tenant.lose_last_answer = count + lost, lost
        ended = make()
        assert ended.status == 1
        assert "does not answer" in ended.error
        assert "Changed" not in "".join(ended.lines)
        assert len(tenant.writes()) == count + 1
        tenant.writes_left = None
        assert make().status == 0
        assert tenant.state() == wanted
        assert make().lines == ["Nothing to change."]


def test_what_is_taken_away_goes_first(tenant: Auth0Tenant, make: Command) -> None:
    drift(tenant)
    make()
    assert tenant.writes()[0][0] == "DELETE"
    assert tenant.writes()[1] == ("PATCH", API)


def test_a_ready_token_does_as_well(tenant: Auth0Tenant, make: Command) -> None:
    token = tenant.token()
    made = make(AUTH0_TOKEN=f" {token}\n", AUTH0_CLIENT_ID=None, AUTH0_CLIENT_SECRET=None)
    assert made.status == 0
    assert_right(tenant)
    assert ("POST", "/oauth/token") not in tenant.asked


def test_an_identifier_that_is_a_url_is_one_part_of_the_path(
    tenant: Auth0Tenant, make: Command
) -> None:
    identifier = "https://casting.example/v1/?a=%20&b#c"
    assert make(AUTH_AUDIENCE=identifier).status == 0
    assert list(tenant.apis) == [identifier]
    tenant.apis[identifier]["enforce_policies"] = False
    assert len(make(AUTH_AUDIENCE=identifier).lines) == 2
    assert make(AUTH_AUDIENCE=identifier).lines == ["Nothing to change."]


def test_two_apis_share_the_roles_of_one_tenant(tenant: Auth0Tenant, make: Command) -> None:
    make()
    assert make(AUTH_AUDIENCE="casting-dev").status == 0
    assert_right(tenant)
    assert make(AUTH_AUDIENCE="casting-dev").lines == ["Nothing to change."]
    assert make().lines == ["Nothing to change."]


def test_anothers_api_keeps_its_permissions_unless_it_is_named_twice(
    tenant: Auth0Tenant, make: Command
) -> None:
    tenant.add_api(OTHER, name="Billing", scopes=[{"value": "get:movies"}, {"value": "pay:bills"}])
    tenant.add_role("Clerk", "Pays", (OTHER, "pay:bills"))
    before = tenant.state()
    for confirm in (None, "", "yes", AUDIENCE):
        refused = make(AUTH_AUDIENCE=OTHER, CONFIRM=confirm)
        assert refused.status == 1
        assert "is the API Billing, which would lose pay:bills: DRY_RUN=1 shows" in refused.error
        assert tenant.state() == before
    assert "- permission pay:bills" in make(AUTH_AUDIENCE=OTHER, DRY_RUN="1").lines
    assert tenant.state() == before
    assert make(AUTH_AUDIENCE=OTHER, CONFIRM=OTHER).status == 0
    assert tenant.apis[OTHER]["name"] == "Casting"


@pytest.mark.parametrize("role", AGENCY_ROLES)
def test_a_token_of_the_tenant_opens_what_the_role_may_and_nothing_else(
    tenant: Auth0Tenant, make: Command, issuer: Issuer, role: str
) -> None:
    drift(tenant)
    make()
    claims = tenant.claims(AUDIENCE, AGENCY_ROLES[role].name)
    token = issuer.token(role, **{"permissions": None, **claims})
    assert tokens.verify(f"Bearer {token}").permissions == AGENCY_ROLES[role].permissions


def test_a_busy_tenant_is_given_time(
    tenant: Auth0Tenant, make: Command, pauses: list[float]
) -> None:
    busy = {"statusCode": 429, "error": "Too Many Requests", "message": "Global limit"}
    soon = str(int(time.time()) + 7)
    tenant.instead = [
        ("POST", "/oauth/token", Answer(429, busy, Retry_After="3", X_RateLimit_Reset=soon)),
        ("GET", API, Answer(429, busy, X_RateLimit_Reset=soon)),
        ("GET", "/api/v2/roles", Answer(429, b"no", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")),
        ("GET", "/api/v2/roles", Answer(429, b"no", X_RateLimit_Reset="1")),
        ("POST", "/api/v2/roles", Answer(429, busy, Retry_After="999999999")),
    ]
    assert make().status == 0
    assert_right(tenant)
    assert pauses[0] == 3
    assert 4 < pauses[1] <= 7
    assert pauses[2] == 2
    assert pauses[3] == 1
    assert pauses[4] == setup.LONGEST_PAUSE
    assert tenant.instead == []
    # Each was asked again, and done once.
    assert make().lines == ["Nothing to change."]


def test_a_tenant_that_stays_busy_is_one_sentence(
    tenant: Auth0Tenant, make: Command, pauses: list[float]
) -> None:
    tenant.instead = [("GET", API, Answer(429, b"")) for _ in range(50)]
    ended = make()
    assert "too many requests" in ended.error
    assert len(pauses) == 4
    assert len(tenant.asked) == 1 + 5


def told(status: int, message: str = "Because", code: str = "some_code") -> Answer:
    return Answer(
        status, {"statusCode": status, "error": "Error", "message": message, "errorCode": code}
    )


@pytest.mark.parametrize(
    ("method", "path", "answer", "sentence"),
    [
        ("POST", "/oauth/token", HTML, "that Auth0 does not document"),
        ("POST", "/oauth/token", Answer(200, {"token": "x"}), "that Auth0 does not document"),
        ("POST", "/oauth/token", Answer(200, {"access_token": "a b\nc"}), "no token has"),
        ("POST", "/oauth/token", Answer(404, b"<html>"), "is refused with 404"),
        ("POST", "/oauth/token", Answer(302, b"", Location="https://x.example"), "leads elsewhere"),
        ("GET", API, HTML, "that Auth0 does not document"),
        ("GET", API, Answer(200, [1]), "that Auth0 does not document"),
        ("GET", API, Answer(200, {"identifier": AUDIENCE, "scopes": {}}), "does not document"),
        ("GET", API, Answer(200, b"\xff"), "that Auth0 does not document"),
        ("GET", API, Answer(404, b"<html>Not Found"), "is refused with 404"),
        ("GET", API, Answer(301, b"", Location="/elsewhere"), "leads elsewhere (301)"),
        ("GET", API, told(401, "Expired token"), "does not take the token"),
        ("GET", API, told(500), "answered with 500; run it again"),
        ("GET", API, Answer(503, b"<html>"), "answered with 503; run it again"),
        ("GET", "/api/v2/roles", Answer(200, []), "that Auth0 does not document"),
        ("GET", "/api/v2/roles", told(404), "is refused with 404: Because"),
        ("POST", "/api/v2/resource-servers", told(409), "is there already: Because"),
        ("POST", "/api/v2/resource-servers", told(400), "is refused with 400: Because"),
        ("POST", "/api/v2/resource-servers", told(403, "You reached the limit"), "the limit"),
        ("POST", "/api/v2/resource-servers", HTML, "that Auth0 does not document"),
        ("POST", "/api/v2/roles", told(502), "answered with 502"),
        ("POST", "/api/v2/roles/rol", told(404), "is refused with 404: Because"),
        ("POST", "/api/v2/roles/rol", Answer(201, b""), ""),
    ],
)
def test_an_answer_that_helps_nobody_is_one_sentence_and_the_next_run_goes_on(
    tenant: Auth0Tenant, make: Command, method: str, path: str, answer: Answer, sentence: str
) -> None:
    tenant.instead = [(method, path, answer)]
    ended = make()
    assert tenant.instead == []
    assert sentence in ended.error
    assert ended.status == (1 if sentence else 0)
    assert make().status == 0
    assert_right(tenant)


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_missing_scope_is_named(tenant: Auth0Tenant, make: Command, scope: str) -> None:
    drift(tenant)
    before = tenant.state()
    tenant.scopes.remove(scope)
    ended = make()
    # Known before anything is changed, where the token endpoint says it ...
    assert ended.error.startswith(f"casting: the application lacks {scope}; authorise it ")
    assert tenant.asked == [("POST", "/oauth/token")]
    assert tenant.state() == before
    # ... and found when it is needed, with a token that was made elsewhere.
    made = make(AUTH0_TOKEN=tenant.token(*tenant.scopes))
    if scope == "create:resource_servers":
        assert made.status == 0
        tenant.apis.clear()
        made = make(AUTH0_TOKEN=tenant.token(*tenant.scopes))
    assert made.error.startswith(f"casting: the application lacks {scope}; authorise it ")


def test_what_a_new_role_may_do_needs_a_scope_of_its_own(
    tenant: Auth0Tenant, make: Command
) -> None:
    made = make(AUTH0_TOKEN=tenant.token(*(SCOPES - {"update:roles"})))
    assert tenant.writes()[-1][0] == "POST"
    assert made.error.startswith("casting: the application lacks update:roles; authorise it ")
    tenant.instead = [("GET", "/api/v2/roles/rol", told(403, code="insufficient_scope"))]
    assert make().error.startswith("casting: the application lacks read:roles; authorise it ")


def test_a_dry_run_needs_no_more_than_to_read(tenant: Auth0Tenant, make: Command) -> None:
    tenant.scopes = {"read:roles", "read:resource_servers"}
    assert make("--dry-run").status == 0
    assert "create:roles" in make().error
    tenant.scopes = set()
    assert "not authorised for the Management API" in make("--dry-run").error


def test_wrong_credentials_are_one_sentence(tenant: Auth0Tenant, make: Command) -> None:
    wrong = make(AUTH0_CLIENT_SECRET="another-secret-that-nobody-prints")
    assert "does not take AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET: Unauthorized" in wrong.error
    assert "does not take the token" in make(AUTH0_TOKEN="a.b.c-that-nobody-prints").error
    assert "no token has" in make(AUTH0_TOKEN="a b\nthat-nobody-prints").error


def test_what_auth0_says_cannot_give_a_secret_away_or_move_the_cursor(
    tenant: Auth0Tenant, make: Command
) -> None:
    token = tenant.token()
    tenant.instead = [("GET", API, told(400, f"Bearer {token}\x1b[2J\n{'x' * 5_000}"))]
    ended = make(AUTH0_TOKEN=token)
    assert "Bearer ...?[2J?xxx" in ended.error
    said = {"error": "access_denied", "error_description": f"wrong: {CLIENT_SECRET}"}
    tenant.instead = [("POST", "/oauth/token", Answer(401, said))]
    assert make().error.endswith("wrong: ...")
    tenant.add_api(AUDIENCE, name="\x1b[2J", scopes=[{"value": "a\nb\x1b"}])
    changed = make(CONFIRM=AUDIENCE)
    assert "- permission a?b?" in changed.lines
    assert "\x1b" not in "".join(changed.lines)


def test_a_tenant_that_says_nothing_is_one_sentence(
    tenant: Auth0Tenant, make: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object) -> tuple[int, Any]:
        time.sleep(0.3)
        return 200, {}

    monkeypatch.setattr(setup, "READ", 0.1)
    monkeypatch.setattr(tenant, "_log_in", late)
    ended = make()
    assert "does not answer POST /oauth/token (ReadTimeout)" in ended.error
    tenant.close()
    assert "(ConnectionError)" in make().error


def test_a_role_that_is_there_twice_is_for_a_person_to_remove(
    tenant: Auth0Tenant, make: Command
) -> None:
    tenant.add_role("Casting Director")
    tenant.add_role("Casting Director")
    ended = make()
    assert ended.error == "casting: this tenant has 2 roles Casting Director; remove all but one"
    assert tenant.writes() == []


def test_auth0s_own_api_is_left_alone(tenant: Auth0Tenant, make: Command) -> None:
    system = tenant.add_api(f"{tenant.url}/api/v2/", is_system=True)
    other = tenant.add_api(OTHER)
    # An API can be asked for by its id; that is not its identifier.
    for named in (system["identifier"], other["id"]):
        assert "is not ours to change" in make(AUTH_AUDIENCE=named).error
        assert tenant.writes() == []


def test_a_netrc_and_a_proxy_change_nothing(
    tenant: Auth0Tenant, make: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert make("--dry-run").status == 0
    monkeypatch.delenv("HTTP_PROXY")
    # As it is over https, where what the environment says of proxies is to be heeded.
    asking = setup.Tenant(tenant.url)
    asking._session.trust_env = True
    asking.log_in(CLIENT_ID, CLIENT_SECRET, set())
    assert asking.api(AUDIENCE) is None


@pytest.mark.parametrize(
    "domain",
    [
        None,
        "",
        "tenant",
        "https://tenant.eu.auth0.com",
        "tenant.eu.auth0.com/",
        "tenant.eu.auth0.com:443",
        "me@tenant.eu.auth0.com",
        "tenant.eu.auth0.com\n",
        "tenant..auth0.com",
        "10.0.0.1",
        "http://tenant.eu.auth0.com",
        "http://127.0.0.1",
        "http://127.0.0.1:80/",
        "http://127.0.0.1:80@x.example",
        "http://127.0.0.2:80",
        "http://localhost:80",
    ],
)
def test_a_domain_is_a_host_and_nothing_more(
    tenant: Auth0Tenant, make: Command, domain: str | None
) -> None:
    ended = make(AUTH0_DOMAIN=domain)
    assert ended.error.startswith("casting: AUTH0_DOMAIN must be the tenant's domain")
    assert tenant.asked == []


def test_a_host_is_asked_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "Tenant.eu.auth0.com")
    assert setup._url() == "https://tenant.eu.auth0.com"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"AUTH_AUDIENCE": None}, "say which API: AUTH_AUDIENCE=..., its identifier, or STAGE="),
        ({"STAGE": "dev"}, "AUTH_AUDIENCE and STAGE both say which API"),
        ({"AUTH_AUDIENCE": None, "STAGE": "king"}, "there is no stage king; say STAGE=local|dev|"),
        ({"AUTH_AUDIENCE": "a b"}, "AUTH_AUDIENCE must be 1 to 600 ASCII characters"),
        ({"AUTH_AUDIENCE": "x" * 601}, "AUTH_AUDIENCE must be 1 to 600 ASCII characters"),
        ({"AUTH_AUDIENCE": ".."}, "AUTH_AUDIENCE must be 1 to 600 ASCII characters"),
        ({"AUTH0_CLIENT_ID": None}, "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET must be set"),
        ({"AUTH0_CLIENT_SECRET": ""}, "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET must be set"),
    ],
)
def test_wrong_settings_are_one_sentence_each(
    tenant: Auth0Tenant, make: Command, wrong: dict[str, str | None], sentence: str
) -> None:
    assert sentence in make(**wrong).error
    assert tenant.asked == []


def test_no_other_argument_is_known(tenant: Auth0Tenant, make: Command) -> None:
    for argument in ("--dryrun", "-n", "dev"):
        assert "the only argument is --dry-run" in make(argument).error
    assert tenant.asked == []


def test_wrong_settings_end_the_command_with_1(tmp_path: Path) -> None:
    refused = python("dev.auth0.setup", tmp_path, AUTH0_DOMAIN="https://x.eu.auth0.com")
    assert refused.returncode == 1
    assert refused.stdout == ""
    [sentence] = refused.stderr.splitlines()
    assert sentence.startswith("casting: AUTH0_DOMAIN must be")


def test_descriptions_come_from_the_table() -> None:
    director = AGENCY_ROLES["director"].permissions
    assert setup.described(director) == (
        "May look up actors, movies, roles; add actors, roles;"
        " change actors, movies, roles; remove actors, roles."
    )
    assert setup.described(frozenset({"approve:budgets"})) == "May approve budgets."


def test_the_tests_tenant_refuses_what_auth0_refuses() -> None:
    """The promises above are worth no more than this."""
    from tests.auth0.fake_tenant import CREATE_API, PERMISSIONS, UPDATE_API, UPDATE_ROLE

    good = {"resource_server_identifier": "a", "permission_name": "b"}
    assert list(violations({"identifier": "a", **setup.SETTINGS}, CREATE_API)) == []
    assert list(violations({"permissions": [good]}, PERMISSIONS)) == []
    for body, shape in [
        ({}, CREATE_API),
        ({"identifier": "a"}, UPDATE_API),
        ({"token_lifetime_for_web": 7_200}, UPDATE_API),
        ({"token_lifetime": 2_592_001}, UPDATE_API),
        ({"token_lifetime": "7200"}, UPDATE_API),
        ({"enforce_policies": 1}, UPDATE_API),
        ({"token_lifetime": True}, UPDATE_API),
        ({"name": "<b>"}, UPDATE_API),
        ({"signing_alg": "none"}, UPDATE_API),
        ({"scopes": ["get:movies"]}, UPDATE_API),
        ({"scopes": [{"value": "a", "more": 1}]}, UPDATE_API),
        ({"scopes": [{"value": "a", "description": "x" * 501}]}, UPDATE_API),
        ({"scopes": [{"description": "a"}]}, UPDATE_API),
        ({"id": "rol_1"}, UPDATE_ROLE),
        ({"permissions": []}, PERMISSIONS),
        ({"permissions": ["get:movies"]}, PERMISSIONS),
        ({"permissions": [{"permission_name": "a"}]}, PERMISSIONS),
        ([good], PERMISSIONS),
    ]:
        assert list(violations(body, shape)), body


def test_the_document_has_ten_steps_and_names_every_setting() -> None:
    document = (PROJECT / "docs" / "auth0.md").read_text()
    assert len(document.splitlines()) <= 110
    steps = re.findall(r"^(\d+)\. ", document, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]
    for scope in SCOPES:
        assert scope in document
    for name, value in setup.SETTINGS.items():
        assert f"| `{name}` | {json.dumps(value).strip(chr(34))} |" in document
    for name in setup.UNSET:
        assert f"`{name}`" in document
    for message in ("token expired", "invalid claims", "invalid header", "unauthorized"):
        assert message in document
