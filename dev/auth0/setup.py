"""`make auth0`: set up an Auth0 tenant as chalicelib/permissions.py says.

Read the tenant through the Management API, print a line for each difference, and change it. With
`--dry-run` or DRY_RUN=1, only print. Nothing is remembered, so the next run finds what an
interrupted one has left undone. Other APIs, other roles, and our roles' permissions of other APIs
do not change. See docs/auth0.md.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from time import sleep
from typing import Any, NamedTuple, NoReturn, TypeVar
from urllib.parse import quote

import msgspec
import requests

from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS, AgencyRole
from dev import machine

Answered = TypeVar("Answered")

SETTINGS: dict[str, Any] = {
    "name": "Casting",
    "signing_alg": "RS256",  # the only algorithm that the verifier accepts
    "enforce_policies": True,  # RBAC: people have the permissions of their roles ...
    "token_dialect": "access_token_authz",  # ... and tokens have them in the claim `permissions`
    # Seconds. A token cannot be revoked, so it is less than Auth0's day. It is not less than
    # Auth0's
    # token_lifetime_for_web, which may not be longer, and which no documented request changes.
    "token_lifetime": 7_200,
    "allow_offline_access": False,  # no refresh tokens: logging in again is a redirect
    "skip_consent_for_verifiable_first_party_clients": True,
}
# The verifier rejects encrypted tokens, and tokens that are bound to a key of the sender.
UNSET: dict[str, Any] = {"token_encryption": None, "proof_of_possession": None}

READ_SCOPES = {"read:resource_servers", "read:roles"}
WRITE_SCOPES = {
    "create:resource_servers",
    "update:resource_servers",
    "create:roles",
    "update:roles",
}

CONNECT, READ = 5, 30  # timeouts in seconds
TRIES = 5  # of one request, if Auth0 answers 429
LONGEST_PAUSE = 60  # seconds between two of them
PER_PAGE = 100  # Auth0's maximum
MAX_PAGES = 50

_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}")
# Only this machine: for the tenant that the tests start.
_THIS_MACHINE = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")
_IDENTIFIER = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,600}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_SECONDS = re.compile(r"[0-9]{1,12}")
_VERBS = {"get": "look up", "post": "add", "patch": "change", "delete": "remove"}


class Scope(msgspec.Struct):
    """A permission, as its API has it."""

    value: str
    description: str | None = None


class Api(msgspec.Struct):
    """What is read of a resource server, Auth0's name for an API."""

    identifier: str
    is_system: bool = False
    scopes: list[Scope] = []
    name: str | None = None
    signing_alg: str | None = None
    enforce_policies: bool | None = None
    token_dialect: str | None = None
    token_lifetime: int | None = None
    token_lifetime_for_web: int | None = None
    allow_offline_access: bool | None = None
    skip_consent_for_verifiable_first_party_clients: bool | None = None
    token_encryption: Any = None
    proof_of_possession: Any = None


class Role(msgspec.Struct):
    """What is read of a role."""

    id: str
    name: str
    description: str | None = None


class Held(msgspec.Struct):
    """A permission of a role, with its API."""

    resource_server_identifier: str
    permission_name: str


class Roles(msgspec.Struct):
    """A page of roles."""

    total: int
    roles: list[Role]


class Permissions(msgspec.Struct):
    """A page of a role's permissions."""

    total: int
    permissions: list[Held]


class Granted(msgspec.Struct):
    """The response of the token endpoint."""

    access_token: str
    scope: str | None = None


class Refusal(msgspec.Struct, rename={"status": "statusCode", "code": "errorCode"}):
    """A failure of the Management API or of the token endpoint."""

    status: int | str = ""
    code: str = ""
    message: str = ""
    error_description: str = ""


class Tenant:
    """An Auth0 tenant. Every method stops with one sentence if the tenant fails."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token: str | None = None
        self.secrets: list[str] = []
        """What is never printed, wherever it comes from."""
        self._session = requests.Session()
        # A proxy from the environment must not be used for the tests' tenant.
        self._session.trust_env = url.startswith("https:")

    def use(self, token: str) -> None:
        """Send this token from now on."""
        self.secrets.append(token)
        if not _TOKEN.fullmatch(token):
            machine.fail("the token for the Management API has invalid characters")
        self.token = token

    def log_in(self, client_id: str, client_secret: str, needed: set[str]) -> None:
        """Get a token for the Management API. Stop if it lacks one of these scopes."""
        self.secrets.append(client_secret)
        answer = self._send(
            "POST",
            "/oauth/token",
            body={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
                "audience": f"{self.url}/api/v2/",
            },
        )
        if answer.status_code in (401, 403):
            why = self._said(answer)
            known = answer.status_code == 403
            machine.fail(
                f"the application is not authorised for the Management API of this tenant{why}"
                if known
                else f"Auth0 rejects AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET{why}"
            )
        granted = self._read(answer, Granted)
        self.use(granted.access_token)
        # Checked before anything is changed. A response need not name its scopes.
        if granted.scope is not None and (lacking := needed - set(granted.scope.split())):
            _stop_for_scopes(lacking)

    def api(self, identifier: str) -> Api | None:
        """Return the API with this identifier, or None if there is none."""
        response = self._send("GET", f"/api/v2/resource-servers/{quote(identifier, safe='')}")
        # At a wrong domain, somebody else's page is a 404 too.
        if response.status_code == 404 and str(_refusal(response).status) == "404":
            return None
        api = self._read(response, Api)
        if api.is_system or api.identifier != identifier:
            # The path also accepts an API's id.
            machine.fail(f"{identifier} is an API of Auth0's own; check AUTH_AUDIENCE")
        return api

    def role(self, name: str) -> Role | None:
        """Return the role with exactly this name, or None if there is none."""
        # The filter matches any part of a name, in any case.
        roles: list[Role] = []
        for page in range(MAX_PAGES):
            response = self._send("GET", "/api/v2/roles", {**_page(page), "name_filter": name})
            batch = self._read(response, Roles)
            roles += [role for role in batch.roles if role.name == name]
            if not batch.roles or (page + 1) * PER_PAGE >= batch.total:
                break
        if len(roles) > 1:
            machine.fail(f"this tenant has {len(roles)} roles {name}; remove all but one")
        return roles[0] if roles else None

    def permissions(self, role: Role, identifier: str) -> set[str]:
        """Return the permissions of this API that a role has."""
        found: set[str] = set()
        for page in range(MAX_PAGES):
            answer = self._send("GET", _permissions_of(role.id), _page(page))
            listed = self._read(answer, Permissions)
            found |= {
                held.permission_name
                for held in listed.permissions
                if held.resource_server_identifier == identifier
            }
            if not listed.permissions or (page + 1) * PER_PAGE >= listed.total:
                break
        return found

    def create_api(self, identifier: str, content: dict[str, Any]) -> None:
        body = {"identifier": identifier, **content}
        self._read(self._send("POST", "/api/v2/resource-servers", body=body), Api)

    def change_api(self, identifier: str, changes: dict[str, Any]) -> None:
        path = f"/api/v2/resource-servers/{quote(identifier, safe='')}"
        self._read(self._send("PATCH", path, body=changes), Api)

    def create_role(self, name: str, description: str) -> Role:
        body = {"name": name, "description": description}
        return self._read(self._send("POST", "/api/v2/roles", body=body), Role)

    def describe_role(self, role: Role, description: str) -> None:
        path = f"/api/v2/roles/{quote(role.id, safe='')}"
        self._read(self._send("PATCH", path, body={"description": description}), Role)

    def give(self, role: Role, identifier: str, permissions: list[str]) -> None:
        self._check(
            self._send("POST", _permissions_of(role.id), body=_pairs(identifier, permissions))
        )

    def take(self, role: Role, identifier: str, permissions: list[str]) -> None:
        self._check(
            self._send("DELETE", _permissions_of(role.id), body=_pairs(identifier, permissions))
        )

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> requests.Response:
        """Send a request. Repeat it while Auth0 answers 429. Return the response."""
        attempt = 1
        while True:
            try:
                answer = self._session.request(
                    method,
                    self.url + path,
                    params=query,
                    json=body,
                    auth=self._sign,
                    timeout=(CONNECT, READ),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                # Only the name: the text of an exception may quote the request.
                machine.fail(
                    f"{self.url} does not answer {method} {path} ({type(error).__name__}); if"
                    " AUTH0_DOMAIN is right, run it again: finished changes are not repeated"
                )
            if answer.status_code != 429:
                return answer
            if attempt == TRIES:
                machine.fail(
                    f"Auth0 says {TRIES} times that there are too many requests; run it again later"
                )
            sleep(_pause(answer, attempt))
            attempt += 1

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth`, also for the token request: otherwise, requests would read a .netrc.
        if self.token is not None:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def _read(self, answer: requests.Response, kind: type[Answered]) -> Answered:
        """Return the content of a success. Stop at any other response."""
        self._check(answer)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            machine.fail(f"{_asked(answer)} has a response that Auth0 does not document")

    def _check(self, answer: requests.Response) -> None:
        status, asked = answer.status_code, _asked(answer)
        if status in (200, 201, 204):
            return
        why = self._said(answer)
        if 300 <= status < 400:
            machine.fail(
                f"{asked} was redirected ({status}); AUTH0_DOMAIN must be the tenant's own domain"
            )
        if status == 401:
            machine.fail(f"Auth0 rejects the token for the Management API{why}")
        if status == 403 and _refusal(answer).code == "insufficient_scope":
            _stop_for_scopes({_scope_for(answer)})
        if status == 409:
            machine.fail(f"{asked} failed because it exists already{why}; run it again")
        if status >= 500:
            machine.fail(f"{asked} failed with status {status}; run it again later")
        machine.fail(f"{asked} was rejected with status {status}{why}")

    def _said(self, answer: requests.Response) -> str:
        """Return Auth0's reason for a failure as the end of a sentence, or an empty string."""
        refusal = _refusal(answer)
        text = refusal.message or refusal.error_description
        for secret in self.secrets:
            text = text.replace(secret, "...")
        return f": {_plain(text)}" if text else ""


def _refusal(answer: requests.Response) -> Refusal:
    try:
        return msgspec.json.decode(answer.content, type=Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refusal()


def _asked(answer: requests.Response) -> str:
    return f"{answer.request.method} {answer.request.path_url.partition('?')[0]}"


def _scope_for(answer: requests.Response) -> str:
    """Return the scope that a request to the Management API needs."""
    method, _, path = _asked(answer).partition(" ")
    kind = "roles" if path.startswith("/api/v2/roles") else "resource_servers"
    # A change of a role's permissions is a change of the role.
    if method != "GET" and path.endswith("/permissions"):
        return f"update:{kind}"
    verb = {"GET": "read", "POST": "create"}.get(method, "update")
    return f"{verb}:{kind}"


def _stop_for_scopes(lacking: set[str]) -> NoReturn:
    machine.fail(
        f"the application lacks {' '.join(sorted(lacking))}; authorize it for the Auth0 Management"
        f" API with {' '.join(sorted(READ_SCOPES | WRITE_SCOPES))}"
    )


def _pause(answer: requests.Response, attempt: int) -> float:
    """Return the seconds to wait after a 429."""
    after = answer.headers.get("Retry-After", "")
    reset = answer.headers.get("X-RateLimit-Reset", "")  # seconds since 1970
    if _SECONDS.fullmatch(after):
        seconds = float(after)
    elif _SECONDS.fullmatch(reset):
        seconds = float(reset) - time.time()
    else:
        seconds = 2.0**attempt
    return min(max(seconds, 1.0), LONGEST_PAUSE)


def _page(number: int) -> dict[str, str]:
    return {"page": str(number), "per_page": str(PER_PAGE), "include_totals": "true"}


def _permissions_of(role_id: str) -> str:
    return f"/api/v2/roles/{quote(role_id, safe='')}/permissions"


def _pairs(identifier: str, permissions: list[str]) -> dict[str, Any]:
    return {
        "permissions": [
            {"resource_server_identifier": identifier, "permission_name": permission}
            for permission in permissions
        ]
    }


def described(permissions: frozenset[str]) -> str:
    """Describe in words what these permissions allow."""
    nouns: dict[str, list[str]] = {verb: [] for verb in _VERBS}
    for verb, _, noun in sorted(permission.partition(":") for permission in permissions):
        nouns.setdefault(verb, []).append(noun)
    allowed = [
        f"{_VERBS.get(verb, verb)} {', '.join(names)}" for verb, names in nouns.items() if names
    ]
    return f"May {'; '.join(allowed)}."


SCOPES = {permission: described(frozenset({permission})) for permission in sorted(PERMISSIONS)}
"""All permissions with their descriptions."""


class Change(NamedTuple):
    """A request to send, and the lines that describe its changes.

    There is no request if only a person can make the change.
    """

    lines: list[str]
    make: Callable[[], object] | None


def difference(tenant: Tenant, identifier: str, sure: bool) -> list[Change]:
    """Return the changes in a possible order. Send only GETs.

    Stop, unless `sure`, if permissions would be removed from an API that does not seem to be ours.
    """
    api = tenant.api(identifier)
    lost = sorted({scope.value for scope in api.scopes} - PERMISSIONS) if api else []
    if api and lost and api.name != SETTINGS["name"] and not sure:
        machine.fail(
            f"{identifier} is the API {_plain(api.name or '')}, which would lose"
            f" {_plain(', '.join(lost))}: use DRY_RUN=1 to preview it, and CONFIRM={identifier}"
            " to do it"
        )
    roles = {role: tenant.role(role.name) for role in AGENCY_ROLES.values()}
    permissions_of = {
        role: tenant.permissions(role_of_tenant, identifier) if role_of_tenant else set()
        for role, role_of_tenant in roles.items()
    }
    # Removals first. A permission must exist in the API before a role can have it.
    changes = [
        *_taken(tenant, identifier, roles, permissions_of),
        *_of_api(tenant, identifier, api),
    ]
    for role, role_of_tenant in roles.items():
        changes += _of_role(tenant, identifier, role, role_of_tenant, permissions_of[role])
    return changes


def _taken(
    tenant: Tenant,
    identifier: str,
    roles: dict[AgencyRole, Role | None],
    permissions_of: dict[AgencyRole, set[str]],
) -> list[Change]:
    return [
        Change(
            [f"- role {role.name}: {_plain(permission)}" for permission in surplus],
            partial(tenant.take, role_of_tenant, identifier, surplus),
        )
        for role, role_of_tenant in roles.items()
        if role_of_tenant and (surplus := sorted(permissions_of[role] - role.permissions))
    ]


def _of_api(tenant: Tenant, identifier: str, api: Api | None) -> list[Change]:
    scopes = [{"value": value, "description": description} for value, description in SCOPES.items()]
    label = f"API {identifier}"
    if api is None:
        settings = ", ".join(f"{name} {_shown(value)}" for name, value in SETTINGS.items())
        lines = [f"+ {label}: {settings}", *(f"+ permission {value}" for value in SCOPES)]
        content = {**SETTINGS, "scopes": scopes}
        return [Change(lines, partial(tenant.create_api, identifier, content))]
    target = {**SETTINGS, **UNSET}
    changes = {name: value for name, value in target.items() if getattr(api, name) != value}
    lines = [
        f"~ {label}: {name} {_shown(getattr(api, name))} -> {_shown(value)}"
        for name, value in changes.items()
    ]
    scopes_of_tenant = {scope.value: scope.description or "" for scope in api.scopes}
    if scopes_of_tenant != SCOPES:
        # The list is replaced as a whole: what is not in it is removed.
        changes["scopes"] = scopes
        lines += [
            f"- permission {_plain(value)}" for value in sorted(scopes_of_tenant.keys() - SCOPES)
        ]
        lines += [f"+ permission {value}" for value in SCOPES if value not in scopes_of_tenant]
        lines += [
            f"~ permission {value}: {_shown(scopes_of_tenant[value])} -> {_shown(description)}"
            for value, description in SCOPES.items()
            if scopes_of_tenant.get(value, description) != description
        ]
    all_changes = (
        [Change(lines, partial(tenant.change_api, identifier, changes))] if changes else []
    )
    if (api.token_lifetime_for_web or 0) > SETTINGS["token_lifetime"]:
        note = f"token_lifetime_for_web {api.token_lifetime_for_web} is for you to lower"
        all_changes.append(Change([f"! {label}: {note}, in the dashboard"], None))
    return all_changes


def _of_role(
    tenant: Tenant,
    identifier: str,
    role: AgencyRole,
    role_of_tenant: Role | None,
    permissions: set[str],
) -> list[Change]:
    description, existing = described(role.permissions), [role_of_tenant] if role_of_tenant else []
    changes = []
    if role_of_tenant is None:
        changes.append(
            Change(
                [f"+ role {role.name}: {_shown(description)}"],
                lambda: existing.append(tenant.create_role(role.name, description)),
            )
        )
    elif ((previous := role_of_tenant.description) or "") != description:
        changes.append(
            Change(
                [f"~ role {role.name}: {_shown(previous)} -> {_shown(description)}"],
                partial(tenant.describe_role, role_of_tenant, description),
            )
        )
    if missing := sorted(role.permissions - permissions):
        changes.append(
            Change(
                [f"+ role {role.name}: {permission}" for permission in missing],
                # The id of a new role is not known before.
                lambda: tenant.give(existing[0], identifier, missing),
            )
        )
    return changes


def _shown(value: object) -> str:
    """Return a setting for people, in one line. Of an object, only say that there is one."""
    if isinstance(value, dict | list):
        return "set"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "on", False: "off"}[value]
    text = _plain(str(value))
    return f'"{text}"' if not text or " " in text else text


def _plain(text: str) -> str:
    """Return foreign text as one printable line of limited length."""
    line = "".join(c if c.isprintable() else "?" for c in text)
    return line if len(line) <= 300 else f"{line[:297]}..."


def configure(tenant: Tenant, identifier: str, dry_run: bool, sure: bool) -> None:
    """Print the changes and, unless it is a dry run, make them."""
    changes = difference(tenant, identifier, dry_run or sure)
    for change in changes:
        if change.make and not dry_run:
            change.make()
        for line in change.lines:
            machine.say(line)
    count = sum(len(change.lines) for change in changes if change.make)
    if not count:
        machine.say("Nothing to change.")
    elif dry_run:
        machine.say(f"Differences: {count}. This is a dry run: nothing was changed.")
    else:
        machine.say(f"Changed: {count}.")


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
            machine.fail(f"there is no stage {_plain(stage)}; use STAGE={'|'.join(stages)}")
        identifier = stages[stage]["environment_variables"]["AUTH_AUDIENCE"]
    elif stage:
        machine.fail("AUTH_AUDIENCE and STAGE both name the API: unset one of them")
    if not _IDENTIFIER.fullmatch(identifier):
        machine.fail("AUTH_AUDIENCE must be 1 to 600 ASCII characters without a space")
    return identifier


def main() -> None:
    arguments = set(sys.argv[1:])
    if not arguments <= {"--dry-run"}:
        machine.fail("the only argument is --dry-run; everything else is in the environment")
    # Any other value more likely means yes than no.
    dry_run = bool(arguments) or os.environ.get("DRY_RUN", "") not in ("", "0")
    tenant, identifier = Tenant(_url()), _identifier()
    token, client_id, client_secret = (
        os.environ.get(name, "").strip()
        for name in ("AUTH0_TOKEN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET")
    )
    if token:
        tenant.use(token)
    elif client_id and client_secret:
        tenant.log_in(client_id, client_secret, READ_SCOPES | (set() if dry_run else WRITE_SCOPES))
    else:
        machine.fail("AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET must be set, or else AUTH0_TOKEN")
    configure(tenant, identifier, dry_run, sure=os.environ.get("CONFIRM") == identifier)


if __name__ == "__main__":
    main()
