"""`make auth0` sets up a tenant as the table of permissions says, whatever it had before."""

import copy
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib import tokens
from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS
from dev.auth0 import management
from tests.auth0.conftest import API, CONSOLE, OTHER, Command
from tests.auth0.fake_tenant import (
    CLIENT_ID,
    CLIENT_SECRET,
    Auth0Tenant,
    Response,
)
from tests.local.test_running import python
from tests.support.issuer import AUDIENCE, Issuer


def drift(tenant: Auth0Tenant) -> None:
    """Change the tenant by hand in every possible wrong way."""
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
    tenant.add_role("casting assistant", "Not ours either", (AUDIENCE, "post:movies"))
    tenant.add_application("Casting console", callbacks=["https://old.example/console"])


def assert_right(tenant: Auth0Tenant) -> None:
    """Assert that the API and the roles are as the table says."""
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
        permissions = [name for api_of, name in tenant.granted[role_id] if api_of == AUDIENCE]
        assert sorted(permissions) == sorted(role.permissions)


def test_a_new_tenant_is_set_up_and_the_second_run_changes_nothing(
    tenant: Auth0Tenant, tmp_path: Path
) -> None:
    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        command = python(
            "dev.auth0.setup",
            tmp_path,
            AUTH0_DOMAIN=tenant.url,
            AUTH0_CLIENT_ID=CLIENT_ID,
            AUTH0_CLIENT_SECRET=CLIENT_SECRET,
            **settings,
        )
        assert command.returncode == 0, command.stderr
        assert command.stderr == ""
        return command

    # The identifier of the stage, without any other setting.
    preview = run(STAGE="dev", CONSOLE_URL=CONSOLE, DRY_RUN="1").stdout.splitlines()
    assert tenant.apis == tenant.roles == tenant.applications == {}
    *printed, client_id = run(STAGE="dev", CONSOLE_URL=CONSOLE).stdout.splitlines()
    assert_right(tenant)
    assert printed[:-1] == preview[:-1]
    assert preview[-1].endswith("This is a dry run: nothing was changed.")
    assert printed[-1] == f"Changed: {len(printed) - 1}."
    assert next(iter(tenant.applications)) in client_id
    for permission in PERMISSIONS:
        assert f"+ permission {permission}" in printed
    for role in AGENCY_ROLES.values():
        assert any(line.startswith(f"+ role {role.name}: ") for line in printed)
        for permission in role.permissions:
            assert f"+ role {role.name}: {permission}" in printed
    tenant.requests.clear()
    assert run(AUTH_AUDIENCE=AUDIENCE).stdout == f"Nothing to change.\n{client_id}\n"
    assert tenant.requests.pop(0) == ("POST", "/oauth/token")
    assert {method for method, _ in tenant.requests} == {"GET"}


@pytest.mark.parametrize("options", [{"arguments": ["--dry-run"]}, {"DRY_RUN": "1"}])
def test_a_dry_run_prints_the_differences_and_changes_nothing(
    tenant: Auth0Tenant, make: Command, options: dict[str, Any]
) -> None:
    drift(tenant)
    before = tenant.state()
    options = dict(options)
    preview = make(*options.pop("arguments", []), **options)
    assert preview.status == 0
    assert {method for method, path in tenant.requests if path != "/oauth/token"} == {"GET"}
    assert tenant.state() == before
    result = make(DRY_RUN="0")
    assert result.lines[:-1] == preview.lines[:-1]
    assert_right(tenant)
    assert f"~ API {AUDIENCE}: token_lifetime 86400 -> 7200" in preview.lines
    assert f"~ API {AUDIENCE}: signing_alg HS256 -> RS256" in preview.lines
    assert f"~ API {AUDIENCE}: enforce_policies off -> on" in preview.lines
    assert f"~ API {AUDIENCE}: token_encryption set -> none" in preview.lines
    assert "- permission rule:world" in preview.lines
    assert f"+ permission {sorted(PERMISSIONS)[1]}" in preview.lines
    assert '~ permission post:roles: "As it was" -> "May add roles."' in preview.lines
    assert "- role Casting Assistant: post:movies" in preview.lines
    assert "- role Casting Assistant: rule:world" in preview.lines
    assert "+ role Casting Assistant: get:actors" in preview.lines
    assert "+ role Executive Producer: post:movies" in preview.lines
    assert '+ role Casting Director: "May ' in "".join(preview.lines)
    assert preview.lines[-1] == (
        f"Differences: {len(preview.lines) - 1}. This is a dry run: nothing was changed."
    )


def test_a_changed_tenant_is_corrected_and_the_rest_is_kept(
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
def test_only_differences_are_sent(
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


def test_a_changed_permission_sends_only_the_whole_list(tenant: Auth0Tenant, make: Command) -> None:
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
    # Their order does not matter.
    tenant.apis[AUDIENCE]["scopes"].reverse()
    assert make().lines == ["Nothing to change."]


def test_a_lifetime_that_no_request_can_change_is_left_to_a_person(
    tenant: Auth0Tenant, make: Command
) -> None:
    make()
    tenant.apis[AUDIENCE]["token_lifetime_for_web"] = 80_000
    result = make()
    assert result.lines == [
        f"! API {AUDIENCE}: token_lifetime_for_web 80000 is for you to lower, in the dashboard",
        "Nothing to change.",
    ]
    assert tenant.writes() == []


def test_more_than_one_page_of_roles_and_of_permissions_is_read(
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
    assert len(tenant.roles) == 240 + len(AGENCY_ROLES)
    # Only ours are read: one request for each role, and a second page for the Casting Assistant.
    assert tenant.requests.count(("GET", "/api/v2/roles")) == len(AGENCY_ROLES) + 1
    assert set(many) < set(tenant.granted[role_id])
    assert make().lines == ["Nothing to change."]


@pytest.mark.parametrize("lost", [False, True], ids=["dies", "its response is lost"])
@pytest.mark.parametrize("before", [lambda _: None, drift], ids=["new", "drifted"])
def test_after_any_interruption_the_next_run_has_the_same_result(
    make: Command, tenant: Auth0Tenant, before: Callable[[Auth0Tenant], None], lost: bool
) -> None:
    def restart() -> None:
        tenant.apis.clear()
        tenant.roles.clear()
        tenant.granted.clear()
        tenant.applications.clear()
        before(tenant)

    restart()
    make(CONSOLE_URL=CONSOLE)
    complete, writes = tenant.state(), len(tenant.writes())
    assert writes >= 8
    assert tenant.writes()[-1][1].startswith("/api/v2/clients")
    for count in range(writes):
        restart()
        tenant.writes_left, tenant.lose_last_response = count + lost, lost
        result = make(CONSOLE_URL=CONSOLE)
        assert result.status == 1
        assert "does not answer" in result.error
        assert "Changed" not in "".join(result.lines)
        assert len(tenant.writes()) == count + 1
        tenant.writes_left = None
        assert make(CONSOLE_URL=CONSOLE).status == 0
        assert tenant.state() == complete
        assert make(CONSOLE_URL=CONSOLE).lines == ["Nothing to change."]


def test_removals_come_first(tenant: Auth0Tenant, make: Command) -> None:
    drift(tenant)
    make()
    assert tenant.writes()[0][0] == "DELETE"
    assert tenant.writes()[1] == ("PATCH", API)


def test_a_token_can_replace_the_credentials(tenant: Auth0Tenant, make: Command) -> None:
    token = tenant.token()
    result = make(AUTH0_TOKEN=f" {token}\n", AUTH0_CLIENT_ID=None, AUTH0_CLIENT_SECRET=None)
    assert result.status == 0
    assert_right(tenant)
    assert ("POST", "/oauth/token") not in tenant.requests


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


def test_another_api_keeps_its_permissions_unless_it_is_confirmed(
    tenant: Auth0Tenant, make: Command
) -> None:
    tenant.add_api(OTHER, name="Billing", scopes=[{"value": "get:movies"}, {"value": "pay:bills"}])
    tenant.add_role("Clerk", "Pays", (OTHER, "pay:bills"))
    before = tenant.state()
    for confirm in (None, "", "yes", AUDIENCE):
        result = make(AUTH_AUDIENCE=OTHER, CONFIRM=confirm)
        assert result.status == 1
        assert "is the API Billing, which would lose pay:bills: use DRY_RUN=1" in result.error
        assert tenant.state() == before
    assert "- permission pay:bills" in make(AUTH_AUDIENCE=OTHER, DRY_RUN="1").lines
    assert tenant.state() == before
    assert make(AUTH_AUDIENCE=OTHER, CONFIRM=OTHER).status == 0
    assert tenant.apis[OTHER]["name"] == "Casting"


@pytest.mark.parametrize("role", AGENCY_ROLES)
def test_a_token_of_the_tenant_has_exactly_the_permissions_of_the_role(
    tenant: Auth0Tenant, make: Command, issuer: Issuer, role: str
) -> None:
    drift(tenant)
    make()
    claims = tenant.claims(AUDIENCE, AGENCY_ROLES[role].name)
    token = issuer.token(role, **{"permissions": None, **claims})
    assert tokens.verify(f"Bearer {token}").permissions == AGENCY_ROLES[role].permissions


def test_a_request_to_a_busy_tenant_is_repeated(
    tenant: Auth0Tenant, make: Command, pauses: list[float]
) -> None:
    busy = {"statusCode": 429, "error": "Too Many Requests", "message": "Global limit"}
    soon = str(int(time.time()) + 7)
    tenant.prepared = [
        ("POST", "/oauth/token", Response(429, busy, Retry_After="3", X_RateLimit_Reset=soon)),
        ("GET", API, Response(429, busy, X_RateLimit_Reset=soon)),
        ("GET", "/api/v2/roles", Response(429, b"no", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")),
        ("GET", "/api/v2/roles", Response(429, b"no", X_RateLimit_Reset="1")),
        ("POST", "/api/v2/roles", Response(429, busy, Retry_After="999999999")),
    ]
    assert make().status == 0
    assert_right(tenant)
    assert pauses[0] == 3
    assert 4 < pauses[1] <= 7
    assert pauses[2] == 2
    assert pauses[3] == 1
    assert pauses[4] == management.LONGEST_PAUSE
    assert tenant.prepared == []
    # Each request was repeated, and done once.
    assert make().lines == ["Nothing to change."]


def test_a_tenant_that_stays_busy_is_reported_in_one_sentence(
    tenant: Auth0Tenant, make: Command, pauses: list[float]
) -> None:
    tenant.prepared = [("GET", API, Response(429, b"")) for _ in range(50)]
    result = make()
    assert "too many requests" in result.error
    assert len(pauses) == 4
    assert len(tenant.requests) == 1 + 5
