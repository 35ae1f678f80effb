"""`make auth0`: set up an Auth0 tenant as chalicelib/permissions.py says, and for the console.

Read the tenant through the Management API, print a line for each difference, and change it. With
`--dry-run` or DRY_RUN=1, only print. Nothing is remembered, so the next run finds what an
interrupted one has left undone. Other APIs, other roles, other applications, and our roles'
permissions of other APIs do not change. See docs/auth0.md.
"""

import os
import re
import sys
from functools import partial
from typing import Any

from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS, AgencyRole
from dev import machine
from dev.auth0 import console
from dev.auth0.changes import Change, display
from dev.auth0.management import (
    APPLICATION_SCOPES,
    READ_SCOPES,
    WRITE_SCOPES,
    Api,
    Tenant,
    TenantRole,
    one_line,
)

SETTINGS: dict[str, Any] = {
    "name": "Casting",
    "signing_alg": "RS256",  # the only algorithm that the verifier accepts
    "enforce_policies": True,  # RBAC: people have the permissions of their roles ...
    "token_dialect": "access_token_authz",  # ... and tokens have them in the claim `permissions`
    # Seconds. A token cannot be revoked, so this is less than Auth0's default of a day. It is not
    # less than token_lifetime_for_web, which must not be longer and which no documented request
    # changes.
    "token_lifetime": 7_200,
    "allow_offline_access": False,  # no refresh tokens: logging in again is a redirect
    "skip_consent_for_verifiable_first_party_clients": True,
}
# The verifier rejects encrypted tokens, and tokens that are bound to a key of the sender.
UNSET: dict[str, Any] = {"token_encryption": None, "proof_of_possession": None}

_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}")
# Only this machine: for the tenant that the tests start.
_THIS_MACHINE = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")
_IDENTIFIER = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,600}")
_VERBS = {"get": "look up", "post": "add", "patch": "change", "delete": "remove"}


def description_of(permissions: frozenset[str]) -> str:
    """Return a sentence that says what these permissions allow."""
    nouns: dict[str, list[str]] = {verb: [] for verb in _VERBS}
    for verb, _, noun in sorted(permission.partition(":") for permission in permissions):
        nouns.setdefault(verb, []).append(noun)
    allowed = [
        f"{_VERBS.get(verb, verb)} {', '.join(names)}" for verb, names in nouns.items() if names
    ]
    return f"May {'; '.join(allowed)}."


SCOPES = {permission: description_of(frozenset({permission})) for permission in sorted(PERMISSIONS)}
"""All permissions with their descriptions."""


def plan(tenant: Tenant, identifier: str, confirmed: bool) -> list[Change]:
    """Return the changes that the tenant needs, in the order to make them. Send only GETs.

    Exit, unless `confirmed`, if an API with another name would lose permissions.
    """
    api = tenant.api(identifier)
    lost = sorted({scope.value for scope in api.scopes} - PERMISSIONS) if api else []
    if api and lost and api.name != SETTINGS["name"] and not confirmed:
        machine.fail(
            f"{identifier} is the API {one_line(api.name or '')}, which would lose"
            f" {one_line(', '.join(lost))}: use DRY_RUN=1 to preview it, and CONFIRM={identifier}"
            " to do it"
        )
    roles = {role: tenant.role(role.name) for role in AGENCY_ROLES.values()}
    permissions_of = {
        role: tenant.permissions(role_of_tenant, identifier) if role_of_tenant else set()
        for role, role_of_tenant in roles.items()
    }
    # Removals first. A permission must exist in the API before a role can have it.
    changes = [
        *_removals(tenant, identifier, roles, permissions_of),
        *_api_changes(tenant, identifier, api),
    ]
    for role, role_of_tenant in roles.items():
        changes += _role_changes(tenant, identifier, role, role_of_tenant, permissions_of[role])
    return changes


def _removals(
    tenant: Tenant,
    identifier: str,
    roles: dict[AgencyRole, TenantRole | None],
    permissions_of: dict[AgencyRole, set[str]],
) -> list[Change]:
    return [
        Change(
            [f"- role {role.name}: {one_line(permission)}" for permission in surplus],
            partial(tenant.remove_permissions, role_of_tenant, identifier, surplus),
        )
        for role, role_of_tenant in roles.items()
        if role_of_tenant and (surplus := sorted(permissions_of[role] - role.permissions))
    ]


def _api_changes(tenant: Tenant, identifier: str, api: Api | None) -> list[Change]:
    scopes = [{"value": value, "description": description} for value, description in SCOPES.items()]
    label = f"API {identifier}"
    if api is None:
        settings = ", ".join(f"{name} {display(value)}" for name, value in SETTINGS.items())
        lines = [f"+ {label}: {settings}", *(f"+ permission {value}" for value in SCOPES)]
        content = {**SETTINGS, "scopes": scopes}
        return [Change(lines, partial(tenant.create_api, identifier, content))]
    target = {**SETTINGS, **UNSET}
    changes = {name: value for name, value in target.items() if getattr(api, name) != value}
    lines = [
        f"~ {label}: {name} {display(getattr(api, name))} -> {display(value)}"
        for name, value in changes.items()
    ]
    scopes_of_tenant = {scope.value: scope.description or "" for scope in api.scopes}
    if scopes_of_tenant != SCOPES:
        # The list is replaced as a whole: what is not in it is removed.
        changes["scopes"] = scopes
        lines += [
            f"- permission {one_line(value)}" for value in sorted(scopes_of_tenant.keys() - SCOPES)
        ]
        lines += [f"+ permission {value}" for value in SCOPES if value not in scopes_of_tenant]
        lines += [
            f"~ permission {value}: {display(scopes_of_tenant[value])} -> {display(description)}"
            for value, description in SCOPES.items()
            if scopes_of_tenant.get(value, description) != description
        ]
    requests = [Change(lines, partial(tenant.change_api, identifier, changes))] if changes else []
    if (api.token_lifetime_for_web or 0) > SETTINGS["token_lifetime"]:
        note = f"token_lifetime_for_web {api.token_lifetime_for_web} is for you to lower"
        requests.append(Change([f"! {label}: {note}, in the dashboard"], None))
    return requests


def _role_changes(
    tenant: Tenant,
    identifier: str,
    role: AgencyRole,
    role_of_tenant: TenantRole | None,
    permissions: set[str],
) -> list[Change]:
    description = description_of(role.permissions)
    # The role to add permissions to. The id of a new role is known only after its creation.
    created = [role_of_tenant] if role_of_tenant else []
    changes = []
    if role_of_tenant is None:
        changes.append(
            Change(
                [f"+ role {role.name}: {display(description)}"],
                lambda: created.append(tenant.create_role(role.name, description)),
            )
        )
    elif ((previous := role_of_tenant.description) or "") != description:
        changes.append(
            Change(
                [f"~ role {role.name}: {display(previous)} -> {display(description)}"],
                partial(tenant.describe_role, role_of_tenant, description),
            )
        )
    if missing := sorted(role.permissions - permissions):
        changes.append(
            Change(
                [f"+ role {role.name}: {permission}" for permission in missing],
                lambda: tenant.add_permissions(created[0], identifier, missing),
            )
        )
    return changes


def configure(
    tenant: Tenant, identifier: str, addresses: list[str], dry_run: bool, confirmed: bool
) -> None:
    """Print the changes and, unless it is a dry run, make them."""
    changes = plan(tenant, identifier, dry_run or confirmed)
    application = console.Console(tenant, addresses, dry_run)
    changes += application.changes()
    for change in changes:
        if change.apply and not dry_run:
            change.apply()
        for line in change.lines:
            machine.say(line)
    count = sum(len(change.lines) for change in changes if change.apply)
    if not count:
        machine.say("Nothing to change.")
    elif dry_run:
        machine.say(f"Differences: {count}. This is a dry run: nothing was changed.")
    else:
        machine.say(f"Changed: {count}.")
    for line in application.summary(_client_id_of_stage()):
        machine.say(line)


def _url() -> str:
    domain = os.environ.get("AUTH0_DOMAIN", "")
    if _THIS_MACHINE.fullmatch(domain):
        return domain
    if not _HOST.fullmatch(domain):
        machine.fail("AUTH0_DOMAIN must be the tenant's domain only, like tenant.eu.auth0.com")
    return f"https://{domain.lower()}"


def _identifier() -> str:
    identifier, stage = os.environ.get("AUTH_AUDIENCE", ""), os.environ.get("STAGE", "")
    stages = machine.config()["stages"]
    if not identifier and not stage:
        machine.fail("name the API: AUTH_AUDIENCE=<its identifier>, or STAGE=<its stage>")
    if not identifier:
        if stage not in stages:
            machine.fail(f"there is no stage {one_line(stage)}; use STAGE={'|'.join(stages)}")
        identifier = stages[stage]["environment_variables"]["AUTH_AUDIENCE"]
    elif stage:
        machine.fail("AUTH_AUDIENCE and STAGE both name the API: unset one of them")
    if not _IDENTIFIER.fullmatch(identifier):
        machine.fail("AUTH_AUDIENCE must be 1 to 600 ASCII characters without a space")
    return identifier


def _client_id_of_stage() -> str | None:
    stage: dict[str, Any] = machine.config()["stages"].get(os.environ.get("STAGE", ""), {})
    client_id: str | None = stage.get("environment_variables", {}).get("CONSOLE_CLIENT_ID")
    return client_id


def main() -> None:
    arguments = set(sys.argv[1:])
    if not arguments <= {"--dry-run"}:
        machine.fail("the only argument is --dry-run; everything else is in the environment")
    # Any other value more likely means yes than no.
    dry_run = bool(arguments) or machine.is_on("DRY_RUN")
    tenant, identifier = Tenant(_url()), _identifier()
    addresses = console.addresses(os.environ.get("CONSOLE_URL", ""))
    token, client_id, client_secret = (
        os.environ.get(name, "").strip()
        for name in ("AUTH0_TOKEN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET")
    )
    if token:
        tenant.use_token(token)
    elif client_id and client_secret:
        scopes = READ_SCOPES if dry_run else READ_SCOPES | WRITE_SCOPES
        if not addresses:
            scopes = scopes - APPLICATION_SCOPES
        tenant.log_in(client_id, client_secret, scopes)
    else:
        machine.fail("AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET must be set, or else AUTH0_TOKEN")
    confirmed = os.environ.get("CONFIRM") == identifier
    configure(tenant, identifier, addresses, dry_run, confirmed)


if __name__ == "__main__":
    main()
