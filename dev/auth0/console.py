"""The single page application as which the web console signs people in.

An application is identified by its name, as the roles are. Addresses are only added: a person may
have added others. See docs/auth0.md.
"""

import re
from functools import partial
from typing import Any

from dev import machine
from dev.auth0.changes import Change, display
from dev.auth0.management import (
    Application,
    ApplicationsUnreadable,
    Tenant,
    fail_for_scopes,
    one_line,
)

NAME = "Casting console"
SETTINGS: dict[str, Any] = {
    "is_first_party": True,
    "app_type": "spa",
    "token_endpoint_auth_method": "none",  # a web page cannot keep a secret
    "grant_types": ["authorization_code"],  # with PKCE; no refresh tokens
    "oidc_conformant": True,
    "jwt_configuration.alg": "RS256",  # of the ID token
    "allowed_origins": [],  # Auth0 allows the origins of the callbacks
    "web_origins": [],  # for web messages, which the console does not use
}
ADDRESSES = ("callbacks", "allowed_logout_urls")
LABEL = f"application {NAME}"

_ADDRESS = re.compile(
    r"https://(?=[^/]{1,253}/)([a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{0,62}"
    r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/console"
    # Only this machine: for `make run`.
    r"|http://127\.0\.0\.1:[1-9][0-9]{0,4}/console"
)


def addresses(text: str) -> list[str]:
    """Return the addresses in CONSOLE_URL, which are separated by commas."""
    if not text:
        return []
    addresses = list(dict.fromkeys(address.strip() for address in text.split(",")))
    if not all(_ADDRESS.fullmatch(address) for address in addresses):
        machine.fail(
            "CONSOLE_URL must be the exact address of the console, like"
            " https://api.example.com/dev/console, or several with commas between them; http is"
            " only for http://127.0.0.1:<port>/console"
        )
    return addresses


class Console:
    """The console's application in a tenant. The constructor reads it."""

    def __init__(self, tenant: Tenant, addresses: list[str], dry_run: bool) -> None:
        """Exit if there are addresses, but the token lacks a scope to add them."""
        self._tenant = tenant
        self._addresses = addresses
        self._application: Application | None = None
        self._missing_scopes = set() if dry_run else tenant.missing({"update:clients"})
        try:
            self._application = tenant.application(NAME)
        except ApplicationsUnreadable:
            self._missing_scopes = {"read:clients", *self._missing_scopes}
        if addresses and self._missing_scopes:
            fail_for_scopes(self._missing_scopes)

    def changes(self) -> list[Change]:
        """Return the changes that the application needs."""
        if self._missing_scopes:
            return []
        application = self._application
        if application is None:
            return [self._creation()] if self._addresses else []
        previous = _settings_of(application)
        changes = {name: value for name, value in SETTINGS.items() if previous[name] != value}
        lines = [
            f"~ {LABEL}: {name} {display(previous[name])} -> {display(value)}"
            for name, value in changes.items()
        ]
        for name in ADDRESSES:
            present = getattr(application, name) or []
            if missing := [address for address in self._addresses if address not in present]:
                changes[name] = present + missing
                lines += [f"+ {LABEL}: {name} {address}" for address in missing]
        if not changes:
            return []
        body = _body(changes, application.jwt_configuration or {})
        return [Change(lines, partial(self._tenant.change_application, application, body))]

    def _creation(self) -> Change:
        settings = ", ".join(f"{name} {display(value)}" for name, value in SETTINGS.items())
        lines = [f"+ {LABEL}: {settings}"]
        lines += [
            f"+ {LABEL}: {name} {address}" for name in ADDRESSES for address in self._addresses
        ]
        body = _body({**SETTINGS, **dict.fromkeys(ADDRESSES, self._addresses)}, {})

        def create() -> None:
            self._application = self._tenant.create_application(NAME, body)

        return Change(lines, create)

    def summary(self, client_id_of_stage: str | None) -> list[str]:
        """Return the lines to print at the end: the client id and what to do with it."""
        if self._missing_scopes:
            scopes = " ".join(sorted(self._missing_scopes))
            return [f"The {LABEL} was left alone: the token lacks {scopes}."]
        application = self._application
        if application is None:
            # With addresses, this is a dry run, and the creation is one of its differences.
            hint = f"There is no {LABEL}: CONSOLE_URL=https://<API URL>/console creates it."
            return [] if self._addresses else [hint]
        present = {address for name in ADDRESSES for address in getattr(application, name) or []}
        kept = sorted(present - set(self._addresses)) if self._addresses else []
        lines = [f"The {LABEL} also keeps {one_line(', '.join(kept))}."] if kept else []
        client_id = one_line(application.client_id)
        if client_id == client_id_of_stage:
            return [*lines, f"The {LABEL} has the client id {client_id}, as the stage has it."]
        return [
            *lines,
            f"The {LABEL} has the client id {client_id}: set CONSOLE_CLIENT_ID to it in the"
            " stage's environment_variables in .chalice/config.json.",
        ]


def _settings_of(application: Application) -> dict[str, Any]:
    """Return the application's settings, named as in SETTINGS."""
    settings = {name: getattr(application, name, None) for name in SETTINGS}
    settings["jwt_configuration.alg"] = (application.jwt_configuration or {}).get("alg")
    # An empty list may be absent.
    return {
        name: [] if value is None and isinstance(SETTINGS[name], list) else value
        for name, value in settings.items()
    }


def _body(settings: dict[str, Any], jwt_configuration: dict[str, Any]) -> dict[str, Any]:
    """Return a request body with these settings. Keep the rest of `jwt_configuration`."""
    body = dict(settings)
    if "jwt_configuration.alg" in body:
        body["jwt_configuration"] = {**jwt_configuration, "alg": body.pop("jwt_configuration.alg")}
    return body
