"""`make auth0` creates and maintains the application of the web console."""

import copy
from typing import Any

import pytest

from dev import machine
from dev.auth0 import console, management
from tests.auth0.conftest import CONSOLE, Command
from tests.auth0.fake_tenant import SCOPES, Auth0Tenant, Response
from tests.auth0.test_setup import assert_right
from tests.support.issuer import AUDIENCE

LOCAL = "http://127.0.0.1:8000/console"
OLD = "https://old.example/console"
APPLICATION = "application Casting console"
CLIENTS = "/api/v2/clients"
CLIENT_SCOPES = {"read:clients", "create:clients", "update:clients"}


def assert_right_application(application: dict[str, Any], *addresses: str) -> None:
    """Assert that only the code flow with PKCE works, and only at these addresses."""
    assert application["app_type"] == "spa"
    assert application["is_first_party"] is True
    assert application["oidc_conformant"] is True
    assert application["token_endpoint_auth_method"] == "none"
    assert application["grant_types"] == ["authorization_code"]
    assert application["jwt_configuration"]["alg"] == "RS256"
    assert application["callbacks"] == list(addresses)
    assert application["allowed_logout_urls"] == list(addresses)
    assert not application.get("web_origins")
    assert not application.get("allowed_origins")


def advice(application: dict[str, Any]) -> str:
    """Return the line that says where the client id belongs."""
    return (
        f"The {APPLICATION} has the client id {application['client_id']}: set CONSOLE_CLIENT_ID to"
        " it in the stage's environment_variables in .chalice/config.json."
    )


def test_the_application_is_created_once(tenant: Auth0Tenant, make: Command) -> None:
    make()
    result = make(CONSOLE_URL=CONSOLE)
    assert tenant.writes() == [("POST", CLIENTS)]
    application = tenant.application_named("Casting console")
    assert_right_application(application, CONSOLE)
    assert result.lines == [
        f"+ {APPLICATION}: is_first_party on, app_type spa, token_endpoint_auth_method none,"
        " grant_types authorization_code, oidc_conformant on, jwt_configuration.alg RS256,"
        " allowed_origins none, web_origins none",
        f"+ {APPLICATION}: callbacks {CONSOLE}",
        f"+ {APPLICATION}: allowed_logout_urls {CONSOLE}",
        "Changed: 3.",
    ]
    assert result.summary == [advice(application)]
    for settings in ({"CONSOLE_URL": CONSOLE}, {}):
        result = make(**settings)
        assert result.lines == ["Nothing to change."]
        assert result.summary == [advice(application)]
        assert tenant.writes() == []


def test_a_dry_run_sends_only_gets(tenant: Auth0Tenant, make: Command) -> None:
    make()
    preview = make(CONSOLE_URL=CONSOLE, DRY_RUN="1")
    assert {method for method, path in tenant.requests if path != "/oauth/token"} == {"GET"}
    assert tenant.applications == {}
    assert preview.summary == []
    assert preview.lines[:-1] == make(CONSOLE_URL=CONSOLE).lines[:-1]
    tenant.application_named("Casting console")["app_type"] = "native"
    preview = make(CONSOLE_URL=LOCAL, DRY_RUN="1")
    assert {method for method, path in tenant.requests if path != "/oauth/token"} == {"GET"}
    assert len(preview.lines) == 4
    assert preview.lines[:-1] == make(CONSOLE_URL=LOCAL).lines[:-1]


def test_a_dry_run_needs_only_the_scope_to_read(tenant: Auth0Tenant, make: Command) -> None:
    tenant.add_application("Casting console", callbacks=[CONSOLE])
    tenant.scopes = {"read:roles", "read:resource_servers", "read:clients"}
    for address in (None, CONSOLE):
        preview = make(DRY_RUN="1", CONSOLE_URL=address)
        assert f"~ {APPLICATION}: app_type none -> spa" in preview.lines
        assert "has the client id" in preview.summary[-1]


def test_without_an_address_no_application_is_created(tenant: Auth0Tenant, make: Command) -> None:
    for address in (None, ""):
        result = make(CONSOLE_URL=address)
        assert result.status == 0
        assert result.summary == [
            f"There is no {APPLICATION}: CONSOLE_URL=https://<API URL>/console creates it."
        ]
    assert tenant.applications == {}


@pytest.mark.parametrize(
    ("setting", "wrong", "line"),
    [
        ("app_type", "native", "app_type native -> spa"),
        ("app_type", None, "app_type none -> spa"),
        (
            "token_endpoint_auth_method",
            "client_secret_basic",
            "token_endpoint_auth_method client_secret_basic -> none",
        ),
        (
            "grant_types",
            ["authorization_code", "refresh_token"],
            'grant_types "authorization_code, refresh_token" -> authorization_code',
        ),
        ("grant_types", [], "grant_types none -> authorization_code"),
        ("oidc_conformant", False, "oidc_conformant off -> on"),
        ("web_origins", ["https://x.example"], "web_origins https://x.example -> none"),
        ("allowed_origins", ["https://x.example"], "allowed_origins https://x.example -> none"),
    ],
)
@pytest.mark.parametrize("address", [None, CONSOLE])
def test_only_a_different_setting_is_sent(
    tenant: Auth0Tenant, make: Command, setting: str, wrong: Any, line: str, address: str | None
) -> None:
    make(CONSOLE_URL=CONSOLE)
    application = tenant.application_named("Casting console")
    right = copy.deepcopy(application)
    application[setting] = wrong
    result = make(CONSOLE_URL=address)
    assert result.lines == [f"~ {APPLICATION}: {line}", "Changed: 1."]
    assert tenant.writes() == [("PATCH", f"{CLIENTS}/{application['client_id']}")]
    assert tenant.bodies == [{setting: right[setting]}]
    assert application == right


def test_the_signing_algorithm_is_changed_and_the_lifetime_is_kept(
    tenant: Auth0Tenant, make: Command
) -> None:
    make(CONSOLE_URL=CONSOLE)
    application = tenant.application_named("Casting console")
    application["jwt_configuration"] = {"alg": "HS256", "lifetime_in_seconds": 600}
    result = make()
    assert result.lines[0] == f"~ {APPLICATION}: jwt_configuration.alg HS256 -> RS256"
    assert application["jwt_configuration"] == {"alg": "RS256", "lifetime_in_seconds": 600}
    del application["jwt_configuration"]
    assert len(make().lines) == 2
    assert application["jwt_configuration"] == {"alg": "RS256"}


def test_an_application_with_every_setting_wrong_is_corrected_in_one_request(
    tenant: Auth0Tenant, make: Command
) -> None:
    make()
    application = tenant.add_application("Casting console", description="By hand")
    result = make(CONSOLE_URL=CONSOLE)
    assert_right_application(application, CONSOLE)
    assert application["description"] == "By hand"
    assert len(tenant.writes()) == 1
    assert [line[0] for line in result.lines] == [*"~~~~~++C"]


def test_given_addresses_are_added_and_others_are_kept(tenant: Auth0Tenant, make: Command) -> None:
    make(CONSOLE_URL=f"{CONSOLE}, {LOCAL},{CONSOLE}")
    application = tenant.application_named("Casting console")
    assert_right_application(application, CONSOLE, LOCAL)
    application["callbacks"] = [OLD, CONSOLE]
    application["allowed_logout_urls"] = [LOCAL]
    result = make(CONSOLE_URL=f"{LOCAL},{CONSOLE}")
    assert result.lines == [
        f"+ {APPLICATION}: callbacks {LOCAL}",
        f"+ {APPLICATION}: allowed_logout_urls {CONSOLE}",
        "Changed: 2.",
    ]
    assert application["callbacks"] == [OLD, CONSOLE, LOCAL]
    assert application["allowed_logout_urls"] == [LOCAL, CONSOLE]
    assert result.summary == [f"The {APPLICATION} also keeps {OLD}.", advice(application)]
    result = make(CONSOLE_URL=LOCAL)
    assert result.lines == ["Nothing to change."]
    assert result.summary[0] == f"The {APPLICATION} also keeps {CONSOLE}, {OLD}."
    # Without addresses, no address is missing or additional.
    result = make()
    assert result.lines == ["Nothing to change."]
    assert result.summary == [advice(application)]


def test_an_address_that_auth0_returns_cannot_move_the_cursor(
    tenant: Auth0Tenant, make: Command
) -> None:
    make(CONSOLE_URL=CONSOLE)
    application = tenant.application_named("Casting console")
    application.update(callbacks=[CONSOLE, "https://x.example/\x1b[2J\n"], app_type="\x1b[2J")
    result = make(CONSOLE_URL=CONSOLE)
    assert result.lines[0] == f"~ {APPLICATION}: app_type ?[2J -> spa"
    assert result.summary[0] == f"The {APPLICATION} also keeps https://x.example/?[2J?."


def test_other_applications_do_not_change(tenant: Auth0Tenant, make: Command) -> None:
    for name in ("Casting", "casting console", "Casting console 2", " Casting console"):
        tenant.add_application(name, callbacks=[OLD])
    # Where everybody may register applications, this one would choose its own callbacks.
    tenant.add_application("Casting console", is_first_party=False, callbacks=[OLD])
    before = copy.deepcopy(tenant.applications)
    assert "There is no" in make().summary[0]
    assert tenant.applications == before
    result = make(CONSOLE_URL=CONSOLE)
    assert result.status == 0
    [client_id] = tenant.applications.keys() - before.keys()
    assert_right_application(tenant.applications[client_id], CONSOLE)
    assert result.summary == [advice(tenant.applications[client_id])]
    assert before.items() <= tenant.applications.items()
    assert make(CONSOLE_URL=CONSOLE).lines == ["Nothing to change."]


def test_an_application_that_exists_twice_is_left_to_a_person(
    tenant: Auth0Tenant, make: Command
) -> None:
    tenant.add_application("Casting console")
    tenant.add_application("Casting console")
    for address in (None, CONSOLE):
        assert make(CONSOLE_URL=address).error == (
            "casting: this tenant has 2 applications Casting console; remove or rename all but one"
        )
        assert tenant.writes() == []


def test_all_pages_of_applications_are_read(
    tenant: Auth0Tenant, make: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        tenant.add_application(f"App {number}")
    application = tenant.add_application("Casting console")
    make(CONSOLE_URL=CONSOLE)
    assert_right_application(application, CONSOLE)
    assert tenant.requests.count(("GET", CLIENTS)) == 3
    assert len(tenant.applications) == 201
    # An application that is not found must not be created a second time.
    monkeypatch.setattr(management, "MAX_PAGES", 2)
    result = make(CONSOLE_URL=CONSOLE)
    assert "more than 200 applications, too many to find Casting console" in result.error
    assert tenant.writes() == []


def test_an_interrupted_creation_is_not_repeated(tenant: Auth0Tenant, make: Command) -> None:
    make()
    tenant.writes_left, tenant.lose_last_response = 1, True
    result = make(CONSOLE_URL=CONSOLE)
    assert "does not answer POST /api/v2/clients" in result.error
    assert result.summary == []
    tenant.writes_left = None
    result = make(CONSOLE_URL=CONSOLE)
    assert result.lines == ["Nothing to change."]
    assert result.summary == [advice(tenant.application_named("Casting console"))]


def test_a_stage_that_has_the_client_id_needs_no_change(
    tenant: Auth0Tenant, make: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(CONSOLE_URL=CONSOLE)
    application = tenant.application_named("Casting console")
    config = machine.config()
    config["stages"]["dev"]["environment_variables"]["CONSOLE_CLIENT_ID"] = application["client_id"]
    monkeypatch.setattr(machine, "config", lambda: config)
    assert make(STAGE="dev", AUTH_AUDIENCE=None).summary == [
        f"The {APPLICATION} has the client id {application['client_id']}, as the stage has it."
    ]
    for settings in ({"STAGE": "prod", "AUTH_AUDIENCE": None}, {"AUTH_AUDIENCE": AUDIENCE}):
        assert make(**settings).summary == [advice(application)]


@pytest.mark.parametrize("scope", ["read:clients", "update:clients"])
def test_without_the_scopes_only_the_application_is_left_alone(
    tenant: Auth0Tenant, make: Command, scope: str
) -> None:
    application = tenant.add_application("Casting console")
    before = dict(application)
    tenant.scopes = set(SCOPES - {scope})
    result = make()
    assert result.status == 0
    assert_right(tenant)
    assert result.summary == [f"The {APPLICATION} was left alone: the token lacks {scope}."]
    assert make().lines == ["Nothing to change."]
    assert application == before
    # With an address, the missing scope is an error, before anything is changed.
    tenant.apis.clear()
    assert f"the application lacks {scope}; authorize it" in make(CONSOLE_URL=CONSOLE).error
    assert tenant.apis == {}


def test_a_token_without_the_new_scopes_still_sets_up_the_rest(
    tenant: Auth0Tenant, make: Command
) -> None:
    tenant.scopes = set(SCOPES - CLIENT_SCOPES)
    for settings in ({}, {"AUTH0_TOKEN": tenant.token(*tenant.scopes)}):
        result = make(**settings)
        assert result.status == 0
        assert_right(tenant)
        assert result.summary[0].startswith(f"The {APPLICATION} was left alone: the token lacks")
        assert "read:clients" in result.summary[0]
    assert make("--dry-run").status == 0
    # The scope for creating is only needed to create.
    tenant.scopes = set(SCOPES - {"create:clients"})
    assert "There is no" in make().summary[0]


def test_a_token_that_shows_only_names_is_not_enough(tenant: Auth0Tenant, make: Command) -> None:
    application = tenant.add_application("Casting console")
    names = {name: application[name] for name in ("client_id", "name")}
    tenant.prepared = [("GET", CLIENTS, Response(200, {"total": 1, "clients": [names]}))]
    result = make(AUTH0_TOKEN=tenant.token())
    assert result.status == 0
    assert result.summary == [f"The {APPLICATION} was left alone: the token lacks read:clients."]
    assert not [path for _, path in tenant.writes() if path.startswith(CLIENTS)]


def test_the_client_secret_is_not_requested(
    tenant: Auth0Tenant, make: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.add_application("Somebody's")
    queries = []
    read = tenant._read_applications

    def record(rest: list[str], query: dict[str, str]) -> Any:
        queries.append(query)
        return read(rest, query)

    monkeypatch.setattr(tenant, "_read_applications", record)
    make()
    [query] = queries
    assert query["include_fields"] == "true"
    fields = set(query["fields"].split(","))
    assert {"client_id", *console.ADDRESSES} <= fields
    assert not fields & {"client_secret", "signing_keys", "encryption_key", "client_metadata"}


@pytest.mark.parametrize(
    "body",
    [
        {"grant_types": ["authorization_code", "client_credentials"]},
        {"grant_types": ["password"], "oidc_conformant": True},
        {"app_type": "spa", "token_endpoint_auth_method": "client_secret_post"},
    ],
)
def test_the_fake_tenant_rejects_settings_that_do_not_fit(
    tenant: Auth0Tenant, make: Command, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tests depend on this."""
    complete = console._body
    monkeypatch.setattr(console, "_body", lambda *settings: {**complete(*settings), **body})
    assert "was rejected with status 400" in make(CONSOLE_URL=CONSOLE).error
    assert len(tenant.mistakes) == 1
    tenant.mistakes.clear()


@pytest.mark.parametrize(
    "address",
    [
        CONSOLE,
        LOCAL,
        "https://casting.example/console",
        "https://abc123.execute-api.eu-central-1.amazonaws.com/prod/console",
        "https://a-b.example/v1/my_stage/console",
    ],
)
def test_an_address_of_the_console_is_accepted(address: str) -> None:
    assert console.addresses(address) == [address]
