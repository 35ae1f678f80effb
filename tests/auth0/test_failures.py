"""`make auth0` on tenants that fail, are busy, or have wrong settings."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from dev.auth0 import console, management, setup
from tests.auth0.conftest import API, CONSOLE, HTML, OTHER, Command
from tests.auth0.fake_tenant import (
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPES,
    Auth0Tenant,
    Response,
    violations,
)
from tests.auth0.test_setup import assert_right, drift
from tests.conftest import PROJECT
from tests.local.test_running import python
from tests.support.issuer import AUDIENCE


def failure(status: int, message: str = "Because", code: str = "some_code") -> Response:
    """Return a failure in the format of the Management API."""
    return Response(
        status, {"statusCode": status, "error": "Error", "message": message, "errorCode": code}
    )


@pytest.mark.parametrize(
    ("method", "path", "response", "sentence"),
    [
        ("POST", "/oauth/token", HTML, "that Auth0 does not document"),
        ("POST", "/oauth/token", Response(200, {"token": "x"}), "that Auth0 does not document"),
        ("POST", "/oauth/token", Response(200, {"access_token": "a b\nc"}), "invalid characters"),
        ("POST", "/oauth/token", Response(404, b"<html>"), "was rejected with status 404"),
        (
            "POST",
            "/oauth/token",
            Response(302, b"", Location="https://x.example"),
            "was redirected",
        ),
        ("GET", API, HTML, "that Auth0 does not document"),
        ("GET", API, Response(200, [1]), "that Auth0 does not document"),
        ("GET", API, Response(200, {"identifier": AUDIENCE, "scopes": {}}), "does not document"),
        ("GET", API, Response(200, b"\xff"), "that Auth0 does not document"),
        ("GET", API, Response(404, b"<html>Not Found"), "was rejected with status 404"),
        ("GET", API, Response(301, b"", Location="/elsewhere"), "was redirected (301)"),
        ("GET", API, failure(401, "Expired token"), "rejects the token"),
        ("GET", API, failure(500), "failed with status 500; run it again"),
        ("GET", API, Response(503, b"<html>"), "failed with status 503; run it again"),
        ("GET", "/api/v2/roles", Response(200, []), "that Auth0 does not document"),
        ("GET", "/api/v2/roles", failure(404), "was rejected with status 404: Because"),
        ("POST", "/api/v2/resource-servers", failure(409), "it exists already: Because"),
        ("POST", "/api/v2/resource-servers", failure(400), "was rejected with status 400: Because"),
        ("POST", "/api/v2/resource-servers", failure(403, "You reached the limit"), "the limit"),
        ("POST", "/api/v2/resource-servers", HTML, "that Auth0 does not document"),
        ("POST", "/api/v2/roles", failure(502), "failed with status 502"),
        ("POST", "/api/v2/roles/rol", failure(404), "was rejected with status 404: Because"),
        ("POST", "/api/v2/roles/rol", Response(201, b""), ""),
        ("GET", "/api/v2/clients", HTML, "that Auth0 does not document"),
        ("GET", "/api/v2/clients", Response(200, []), "that Auth0 does not document"),
        ("GET", "/api/v2/clients", failure(500), "failed with status 500; run it again"),
        ("POST", "/api/v2/clients", failure(400), "was rejected with status 400: Because"),
        ("POST", "/api/v2/clients", failure(403, "You reached the limit"), "the limit"),
        ("POST", "/api/v2/clients", Response(201, {"name": "x"}), "that Auth0 does not document"),
    ],
)
def test_an_unusable_response_is_reported_in_one_sentence_and_the_next_run_continues(
    tenant: Auth0Tenant, make: Command, method: str, path: str, response: Response, sentence: str
) -> None:
    tenant.prepared = [(method, path, response)]
    result = make(CONSOLE_URL=CONSOLE)
    assert tenant.prepared == []
    assert sentence in result.error
    assert result.status == (1 if sentence else 0)
    assert make(CONSOLE_URL=CONSOLE).status == 0
    assert_right(tenant)


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_missing_scope_is_named(tenant: Auth0Tenant, make: Command, scope: str) -> None:
    drift(tenant)
    before = tenant.state()
    tenant.scopes.remove(scope)
    result = make(CONSOLE_URL=CONSOLE)
    # Known before anything is changed, if the token endpoint names the scopes ...
    assert result.error.startswith(f"casting: the application lacks {scope}; authorize it ")
    assert tenant.requests == [("POST", "/oauth/token")]
    assert tenant.state() == before
    # ... and found when it is needed, with a token from elsewhere.
    result = make(AUTH0_TOKEN=tenant.token(*tenant.scopes), CONSOLE_URL=CONSOLE)
    if scope in ("create:resource_servers", "create:clients"):
        assert result.status == 0
        tenant.apis.clear()
        tenant.applications.clear()
        result = make(AUTH0_TOKEN=tenant.token(*tenant.scopes), CONSOLE_URL=CONSOLE)
    assert result.error.startswith(f"casting: the application lacks {scope}; authorize it ")


def test_the_permissions_of_a_new_role_need_a_scope_of_their_own(
    tenant: Auth0Tenant, make: Command
) -> None:
    result = make(AUTH0_TOKEN=tenant.token(*(SCOPES - {"update:roles"})))
    assert tenant.writes()[-1][0] == "POST"
    assert result.error.startswith("casting: the application lacks update:roles; authorize it ")
    tenant.prepared = [("GET", "/api/v2/roles/rol", failure(403, code="insufficient_scope"))]
    assert make().error.startswith("casting: the application lacks read:roles; authorize it ")


def test_a_dry_run_needs_only_read_scopes(tenant: Auth0Tenant, make: Command) -> None:
    tenant.scopes = {"read:roles", "read:resource_servers"}
    assert make("--dry-run").status == 0
    assert "create:roles" in make().error
    tenant.scopes = set()
    assert "not authorized for the Management API" in make("--dry-run").error


def test_wrong_credentials_are_reported_in_one_sentence(tenant: Auth0Tenant, make: Command) -> None:
    result = make(AUTH0_CLIENT_SECRET="another-secret-that-nobody-prints")
    assert "rejects AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET: Unauthorized" in result.error
    assert "rejects the token" in make(AUTH0_TOKEN="a.b.c-that-nobody-prints").error
    assert "invalid characters" in make(AUTH0_TOKEN="a b\nthat-nobody-prints").error


def test_messages_of_auth0_cannot_reveal_a_secret_or_move_the_cursor(
    tenant: Auth0Tenant, make: Command
) -> None:
    token = tenant.token()
    tenant.prepared = [("GET", API, failure(400, f"Bearer {token}\x1b[2J\n{'x' * 5_000}"))]
    result = make(AUTH0_TOKEN=token)
    assert "Bearer ...?[2J?xxx" in result.error
    failure_of_login = {"error": "access_denied", "error_description": f"wrong: {CLIENT_SECRET}"}
    tenant.prepared = [("POST", "/oauth/token", Response(401, failure_of_login))]
    assert make().error.endswith("wrong: ...")
    tenant.add_api(AUDIENCE, name="\x1b[2J", scopes=[{"value": "a\nb\x1b"}])
    changed = make(CONFIRM=AUDIENCE)
    assert "- permission a?b?" in changed.lines
    assert "\x1b" not in "".join(changed.lines)


def test_a_tenant_that_does_not_respond_is_reported_in_one_sentence(
    tenant: Auth0Tenant, make: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond_late(*_: object) -> tuple[int, Any]:
        time.sleep(0.3)
        return 200, {}

    monkeypatch.setattr(management, "READ", 0.1)
    monkeypatch.setattr(tenant, "_log_in", respond_late)
    result = make()
    assert "does not answer POST /oauth/token (ReadTimeout)" in result.error
    tenant.close()
    assert "(ConnectionError)" in make().error


def test_a_role_that_exists_twice_is_left_to_a_person(tenant: Auth0Tenant, make: Command) -> None:
    tenant.add_role("Casting Director")
    tenant.add_role("Casting Director")
    result = make()
    assert result.error == "casting: this tenant has 2 roles Casting Director; remove all but one"
    assert tenant.writes() == []


def test_an_api_of_auth0_itself_or_named_by_its_id_is_not_changed(
    tenant: Auth0Tenant, make: Command
) -> None:
    system = tenant.add_api(f"{tenant.url}/api/v2/", is_system=True)
    other = tenant.add_api(OTHER)
    # An API can be requested by its id, which is not its identifier.
    for name, reason in (
        (system["identifier"], "is an API of Auth0's own; check AUTH_AUDIENCE"),
        (other["id"], "is the id of an API, not its identifier; check AUTH_AUDIENCE"),
    ):
        assert reason in make(AUTH_AUDIENCE=name).error
        assert tenant.writes() == []


def test_a_netrc_and_a_proxy_have_no_effect(
    tenant: Auth0Tenant, make: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert make("--dry-run").status == 0
    monkeypatch.delenv("HTTP_PROXY")
    # As over https, where the environment's proxies are used.
    client = management.Tenant(tenant.url)
    client._session.trust_env = True
    client.log_in(CLIENT_ID, CLIENT_SECRET, set())
    assert client.api(AUDIENCE) is None


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
def test_a_domain_is_only_a_host(tenant: Auth0Tenant, make: Command, domain: str | None) -> None:
    result = make(AUTH0_DOMAIN=domain)
    assert result.error.startswith("casting: AUTH0_DOMAIN must be the tenant's domain")
    assert tenant.requests == []


def test_a_host_is_called_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "Tenant.eu.auth0.com")
    assert setup._url() == "https://tenant.eu.auth0.com"


WRONG_ADDRESSES = [
    "http://api.casting.example/dev/console",
    "http://localhost:8000/console",
    "http://127.0.0.1/console",
    "http://127.0.0.1:08000/console",
    "http://127.0.0.1:8000/dev/console",
    "https://api.casting.example",
    "https://api.casting.example/dev",
    "https://api.casting.example/dev/console/",
    "https://api.casting.example/dev/my-console",
    "https://api.casting.example/../console",
    "https://api.casting.example//console",
    "https://api.casting.example/dev/console?a=b",
    "https://api.casting.example/dev/console#a",
    "https://*.casting.example/dev/console",
    "https://API.casting.example/dev/console",
    "https://me@api.casting.example/dev/console",
    "https://api.casting.example:443/dev/console",
    f"https://{'a.' * 130}example/console",
    f"{CONSOLE},",
    f"{CONSOLE} {CONSOLE}",
    f"{CONSOLE},http://api.casting.example/console",
    " ",
]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"AUTH_AUDIENCE": None}, "name the API: AUTH_AUDIENCE=<its identifier>, or STAGE="),
        ({"STAGE": "dev"}, "AUTH_AUDIENCE and STAGE both name the API"),
        ({"AUTH_AUDIENCE": None, "STAGE": "king"}, "there is no stage king; use STAGE=local|dev|"),
        ({"AUTH_AUDIENCE": "a b"}, "AUTH_AUDIENCE must be 1 to 600 ASCII characters"),
        ({"AUTH_AUDIENCE": "x" * 601}, "AUTH_AUDIENCE must be 1 to 600 ASCII characters"),
        ({"AUTH_AUDIENCE": ".."}, "AUTH_AUDIENCE must be 1 to 600 ASCII characters"),
        ({"AUTH0_CLIENT_ID": None}, "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET must be set"),
        ({"AUTH0_CLIENT_SECRET": ""}, "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET must be set"),
        *(
            ({"CONSOLE_URL": address}, "CONSOLE_URL must be the exact address of the console")
            for address in WRONG_ADDRESSES
        ),
    ],
)
def test_wrong_settings_are_reported_in_one_sentence(
    tenant: Auth0Tenant, make: Command, wrong: dict[str, str | None], sentence: str
) -> None:
    assert sentence in make(**wrong).error
    assert tenant.requests == []


def test_other_arguments_are_rejected(tenant: Auth0Tenant, make: Command) -> None:
    for argument in ("--dryrun", "-n", "dev"):
        assert "the only argument is --dry-run" in make(argument).error
    assert tenant.requests == []


def test_wrong_settings_exit_with_1(tmp_path: Path) -> None:
    command = python("dev.auth0.setup", tmp_path, AUTH0_DOMAIN="https://x.eu.auth0.com")
    assert command.returncode == 1
    assert command.stdout == ""
    [sentence] = command.stderr.splitlines()
    assert sentence.startswith("casting: AUTH0_DOMAIN must be")


def test_descriptions_follow_from_the_table() -> None:
    permissions = frozenset({"get:roles", "get:actors", "post:roles", "patch:movies"})
    assert setup.description_of(permissions | {"delete:roles"}) == (
        "May look up actors, roles; add roles; change movies; remove roles."
    )
    assert setup.description_of(frozenset({"approve:budgets"})) == "May approve budgets."


def test_the_fake_tenant_rejects_what_auth0_rejects() -> None:
    """The other tests depend on this."""
    from tests.auth0.fake_tenant import (
        CREATE_API,
        CREATE_APPLICATION,
        PERMISSIONS,
        UPDATE_API,
        UPDATE_APPLICATION,
        UPDATE_ROLE,
    )

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
        ({"app_type": "spa"}, CREATE_APPLICATION),
        ({"name": ""}, UPDATE_APPLICATION),
        ({"client_id": "a"}, UPDATE_APPLICATION),
        ({"app_type": "web"}, UPDATE_APPLICATION),
        ({"oidc_conformant": "true"}, UPDATE_APPLICATION),
        ({"token_endpoint_auth_method": None}, UPDATE_APPLICATION),
        ({"grant_types": ["code"]}, UPDATE_APPLICATION),
        ({"grant_types": "authorization_code"}, UPDATE_APPLICATION),
        ({"callbacks": CONSOLE}, UPDATE_APPLICATION),
        ({"callbacks": ["casting.example/console"]}, UPDATE_APPLICATION),
        ({"callbacks": [CONSOLE, CONSOLE]}, UPDATE_APPLICATION),
        ({"callbacks": [f"{CONSOLE}{n}" for n in range(101)]}, UPDATE_APPLICATION),
        ({"allowed_logout_urls": [1]}, UPDATE_APPLICATION),
        ({"web_origins": [CONSOLE]}, UPDATE_APPLICATION),
        ({"jwt_configuration": {"alg": "none"}}, UPDATE_APPLICATION),
        ({"jwt_configuration": {"algorithm": "RS256"}}, UPDATE_APPLICATION),
        ({"jwt_configuration.alg": "RS256"}, UPDATE_APPLICATION),
    ]:
        assert list(violations(body, shape)), body


def test_the_document_has_ten_steps_and_names_every_setting() -> None:
    document = (PROJECT / "docs" / "auth0.md").read_text()
    assert len(document.splitlines()) <= 145
    steps = re.findall(r"^(\d+)\. ", document, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]
    for scope in SCOPES:
        assert scope in document
    for name, value in setup.SETTINGS.items():
        assert f"| `{name}` | {json.dumps(value).strip(chr(34))} |" in document
    for name in setup.UNSET:
        assert f"`{name}`" in document
    for name, value in console.SETTINGS.items():
        text = "none" if value == [] else ", ".join(value) if isinstance(value, list) else value
        assert f"| `{name}` | {json.dumps(text).strip(chr(34))} |" in document
    for message in ("token expired", "invalid claims", "invalid header", "unauthorized"):
        assert message in document
