"""A client of Auth0's Management API: its requests, its retries and its errors.

Every failure ends the process with one sentence, which contains no secret. See docs/auth0.md.
"""

import re
import time
from collections.abc import Mapping
from time import sleep
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import msgspec
import requests

from dev import machine

Content = TypeVar("Content")

READ_SCOPES = {"read:resource_servers", "read:roles", "read:clients"}
WRITE_SCOPES = {
    "create:resource_servers",
    "update:resource_servers",
    "create:roles",
    "update:roles",
    "create:clients",
    "update:clients",
}
APPLICATION_SCOPES = {scope for scope in READ_SCOPES | WRITE_SCOPES if scope.endswith(":clients")}
"""The scopes that only the console's application needs."""

CONNECT, READ = 5, 30  # timeouts in seconds
ATTEMPTS = 5  # of one request, if Auth0 returns 429
LONGEST_PAUSE = 60  # seconds between two attempts
PER_PAGE = 100  # Auth0's maximum
MAX_PAGES = 50

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_SECONDS = re.compile(r"[0-9]{1,12}")


class Scope(msgspec.Struct):
    """A permission, as its API has it."""

    value: str
    description: str | None = None


class Api(msgspec.Struct):
    """An API, which Auth0 calls a resource server. Other members are ignored."""

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


class TenantRole(msgspec.Struct):
    """A role of the tenant. Other members are ignored."""

    id: str
    name: str
    description: str | None = None


class RolePermission(msgspec.Struct):
    """A permission of a role, with its API."""

    resource_server_identifier: str
    permission_name: str


class RolePage(msgspec.Struct):
    """A page of roles."""

    total: int
    roles: list[TenantRole]


class PermissionPage(msgspec.Struct):
    """A page of a role's permissions."""

    total: int
    permissions: list[RolePermission]


class Application(msgspec.Struct):
    """An application, which Auth0 calls a client. Other members are ignored."""

    client_id: str
    name: str | None = None
    is_first_party: bool | None = None
    app_type: str | None = None
    token_endpoint_auth_method: str | None = None
    oidc_conformant: bool | None = None
    grant_types: list[str] | None = None
    allowed_origins: list[str] | None = None
    web_origins: list[str] | None = None
    callbacks: list[str] | None = None
    allowed_logout_urls: list[str] | None = None
    jwt_configuration: dict[str, Any] | None = None


class ApplicationPage(msgspec.Struct):
    """A page of applications."""

    total: int
    clients: list[Application]


class TokenResponse(msgspec.Struct):
    """A success of the token endpoint."""

    access_token: str
    scope: str | None = None


class ErrorResponse(msgspec.Struct, rename={"status": "statusCode", "code": "errorCode"}):
    """A failure of the Management API or of the token endpoint."""

    status: int | str = ""
    code: str = ""
    message: str = ""
    error_description: str = ""


class ApplicationsUnreadable(Exception):
    """The token lacks the scope `read:clients`."""


class Tenant:
    """An Auth0 tenant. Every method exits with one sentence if a request fails."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token: str | None = None
        self.scopes: set[str] | None = None
        """The scopes of the token, if the token endpoint names them."""
        self.secrets: list[str] = []
        """Texts that are never printed, even if Auth0 returns them."""
        self._session = requests.Session()
        # A proxy from the environment must not be used for the tests' tenant.
        self._session.trust_env = url.startswith("https:")

    def use_token(self, token: str) -> None:
        """Send this token from now on."""
        self.secrets.append(token)
        if not _TOKEN.fullmatch(token):
            machine.fail("the token for the Management API has invalid characters")
        self.token = token

    def log_in(self, client_id: str, client_secret: str, required_scopes: set[str]) -> None:
        """Get a token for the Management API. Exit if it lacks a required scope."""
        self.secrets.append(client_secret)
        response = self._send(
            "POST",
            "/oauth/token",
            body={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
                "audience": f"{self.url}/api/v2/",
            },
        )
        reason = self._reason(response)
        if response.status_code == 401:
            machine.fail(f"Auth0 rejects AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET{reason}")
        if response.status_code == 403:
            machine.fail(
                f"the application is not authorized for the Management API of this tenant{reason}"
            )
        content = self._read(response, TokenResponse)
        self.use_token(content.access_token)
        # Checked before anything is changed. The response may omit the scopes.
        if content.scope is not None:
            self.scopes = set(content.scope.split())
        if missing := self.missing(required_scopes):
            fail_for_scopes(missing)

    def missing(self, scopes: set[str]) -> set[str]:
        """Return those of these scopes that the token is known to lack."""
        return set() if self.scopes is None else scopes - self.scopes

    def api(self, identifier: str) -> Api | None:
        """Return the API with this identifier, or None if there is none."""
        response = self._send("GET", _api_path(identifier))
        # A wrong domain may also return 404, but not in Auth0's format.
        if response.status_code == 404 and str(_error_of(response).status) == "404":
            return None
        api = self._read(response, Api)
        if api.is_system:
            machine.fail(f"{identifier} is an API of Auth0's own; check AUTH_AUDIENCE")
        # The path also accepts an API's id.
        if api.identifier != identifier:
            machine.fail(
                f"{identifier} is the id of an API, not its identifier; check AUTH_AUDIENCE"
            )
        return api

    def role(self, name: str) -> TenantRole | None:
        """Return the role with exactly this name, or None if there is none."""
        # The filter matches any part of a name, in any case.
        roles: list[TenantRole] = []
        for number in range(MAX_PAGES):
            query = {**_page_query(number), "name_filter": name}
            page = self._read(self._send("GET", "/api/v2/roles", query), RolePage)
            roles += [role for role in page.roles if role.name == name]
            if not page.roles or (number + 1) * PER_PAGE >= page.total:
                break
        if len(roles) > 1:
            machine.fail(f"this tenant has {len(roles)} roles {name}; remove all but one")
        return roles[0] if roles else None

    def permissions(self, role: TenantRole, identifier: str) -> set[str]:
        """Return the permissions of this API that a role has."""
        names: set[str] = set()
        for number in range(MAX_PAGES):
            response = self._send("GET", _permissions_path(role), _page_query(number))
            page = self._read(response, PermissionPage)
            names |= {
                permission.permission_name
                for permission in page.permissions
                if permission.resource_server_identifier == identifier
            }
            if not page.permissions or (number + 1) * PER_PAGE >= page.total:
                break
        return names

    def application(self, name: str) -> Application | None:
        """Return our own application with exactly this name, or None if there is none.

        Raise ApplicationsUnreadable if the token may not read applications.
        """
        applications: list[Application] = []
        # There is no filter by name. Without `fields`, the response may contain secrets.
        fields = {"fields": ",".join(Application.__struct_fields__), "include_fields": "true"}
        for number in range(MAX_PAGES):
            response = self._send("GET", "/api/v2/clients", {**_page_query(number), **fields})
            if _lacks_scope(response):
                raise ApplicationsUnreadable()
            page = self._read(response, ApplicationPage)
            applications += [
                application
                for application in page.clients
                # Third parties may be able to register applications, with any name.
                if application.name == name and application.is_first_party is not False
            ]
            if not page.clients or (number + 1) * PER_PAGE >= page.total:
                break
        else:
            # Otherwise, the next step could create the application a second time.
            machine.fail(
                f"this tenant has more than {MAX_PAGES * PER_PAGE} applications, too many to find"
                f" {name}; remove applications that nobody uses"
            )
        if len(applications) > 1:
            machine.fail(
                f"this tenant has {len(applications)} applications {name}; remove or rename all"
                " but one"
            )
        # Some scopes show the name of an application and nothing else.
        if applications and applications[0].is_first_party is None:
            raise ApplicationsUnreadable()
        return applications[0] if applications else None

    def create_api(self, identifier: str, content: dict[str, Any]) -> None:
        """Create an API with these settings and scopes."""
        body = {"identifier": identifier, **content}
        self._read(self._send("POST", "/api/v2/resource-servers", body=body), Api)

    def change_api(self, identifier: str, changes: dict[str, Any]) -> None:
        """Change these settings of an API. `scopes` replaces the whole list."""
        self._read(self._send("PATCH", _api_path(identifier), body=changes), Api)

    def create_role(self, name: str, description: str) -> TenantRole:
        """Create a role without permissions. Return it with its id."""
        body = {"name": name, "description": description}
        return self._read(self._send("POST", "/api/v2/roles", body=body), TenantRole)

    def describe_role(self, role: TenantRole, description: str) -> None:
        """Change the description of a role."""
        body = {"description": description}
        self._read(self._send("PATCH", _role_path(role), body=body), TenantRole)

    def add_permissions(self, role: TenantRole, identifier: str, permissions: list[str]) -> None:
        """Add permissions of this API to a role."""
        body = _permissions_body(identifier, permissions)
        self._check(self._send("POST", _permissions_path(role), body=body))

    def remove_permissions(self, role: TenantRole, identifier: str, permissions: list[str]) -> None:
        """Remove permissions of this API from a role."""
        body = _permissions_body(identifier, permissions)
        self._check(self._send("DELETE", _permissions_path(role), body=body))

    def create_application(self, name: str, content: dict[str, Any]) -> Application:
        """Create an application with these settings. Return it with its client id."""
        body = {"name": name, **content}
        return self._read(self._send("POST", "/api/v2/clients", body=body), Application)

    def change_application(self, application: Application, changes: dict[str, Any]) -> None:
        """Change these settings of an application. Each replaces the whole setting."""
        path = f"/api/v2/clients/{quote(application.client_id, safe='')}"
        self._read(self._send("PATCH", path, body=changes), Application)

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> requests.Response:
        """Send a request. Repeat it while Auth0 returns 429. Return the response."""
        attempt = 1
        while True:
            try:
                response = self._session.request(
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
            if response.status_code != 429:
                return response
            if attempt == ATTEMPTS:
                machine.fail(
                    f"Auth0 rejected a request {ATTEMPTS} times because of too many requests;"
                    " run it again later"
                )
            sleep(_pause(response, attempt))
            attempt += 1

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth`, also for the token request: otherwise, requests would read a .netrc.
        if self.token is not None:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def _read(self, response: requests.Response, content_type: type[Content]) -> Content:
        """Return the content of a success. Exit at any other response."""
        self._check(response)
        try:
            return msgspec.json.decode(response.content, type=content_type)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            machine.fail(f"{_request_of(response)} has a response that Auth0 does not document")

    def _check(self, response: requests.Response) -> None:
        """Exit unless a response is a success."""
        status, request = response.status_code, _request_of(response)
        if status in (200, 201, 204):
            return
        reason = self._reason(response)
        if 300 <= status < 400:
            machine.fail(
                f"{request} was redirected ({status}); AUTH0_DOMAIN must be the tenant's own domain"
            )
        if status == 401:
            machine.fail(f"Auth0 rejects the token for the Management API{reason}")
        if _lacks_scope(response):
            fail_for_scopes({_scope_for(response)})
        if status == 409:
            machine.fail(f"{request} failed because it exists already{reason}; run it again")
        if status >= 500:
            machine.fail(f"{request} failed with status {status}; run it again later")
        machine.fail(f"{request} was rejected with status {status}{reason}")

    def _reason(self, response: requests.Response) -> str:
        """Return Auth0's reason for a failure as the end of a sentence, or an empty string."""
        error = _error_of(response)
        text = error.message or error.error_description
        for secret in self.secrets:
            text = text.replace(secret, "...")
        return f": {one_line(text)}" if text else ""


def one_line(text: str) -> str:
    """Return a text from elsewhere as one printable line of limited length."""
    line = "".join(c if c.isprintable() else "?" for c in text)
    return line if len(line) <= 300 else f"{line[:297]}..."


def _error_of(response: requests.Response) -> ErrorResponse:
    try:
        return msgspec.json.decode(response.content, type=ErrorResponse)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ErrorResponse()


def _request_of(response: requests.Response) -> str:
    return f"{response.request.method} {response.request.path_url.partition('?')[0]}"


def _lacks_scope(response: requests.Response) -> bool:
    return response.status_code == 403 and _error_of(response).code == "insufficient_scope"


def _scope_for(response: requests.Response) -> str:
    """Return the scope that the request of this response needs."""
    method, _, path = _request_of(response).partition(" ")
    kind = path.removeprefix("/api/v2/").partition("/")[0].replace("-", "_")
    # A change of a role's permissions is a change of the role.
    if method != "GET" and path.endswith("/permissions"):
        return f"update:{kind}"
    verb = {"GET": "read", "POST": "create"}.get(method, "update")
    return f"{verb}:{kind}"


def fail_for_scopes(missing: set[str]) -> NoReturn:
    """Exit with a sentence that names the missing scopes."""
    machine.fail(
        f"the application lacks {' '.join(sorted(missing))}; authorize it for the Auth0 Management"
        f" API with {' '.join(sorted(READ_SCOPES | WRITE_SCOPES))}"
    )


def _pause(response: requests.Response, attempt: int) -> float:
    """Return the seconds to wait after a 429."""
    after = response.headers.get("Retry-After", "")
    reset = response.headers.get("X-RateLimit-Reset", "")  # seconds since 1970
    if _SECONDS.fullmatch(after):
        seconds = float(after)
    elif _SECONDS.fullmatch(reset):
        seconds = float(reset) - time.time()
    else:
        seconds = 2.0**attempt
    return min(max(seconds, 1.0), LONGEST_PAUSE)


def _page_query(number: int) -> dict[str, str]:
    return {"page": str(number), "per_page": str(PER_PAGE), "include_totals": "true"}


def _api_path(identifier: str) -> str:
    return f"/api/v2/resource-servers/{quote(identifier, safe='')}"


def _role_path(role: TenantRole) -> str:
    return f"/api/v2/roles/{quote(role.id, safe='')}"


def _permissions_path(role: TenantRole) -> str:
    return f"{_role_path(role)}/permissions"


def _permissions_body(identifier: str, permissions: list[str]) -> dict[str, Any]:
    return {
        "permissions": [
            {"resource_server_identifier": identifier, "permission_name": permission}
            for permission in permissions
        ]
    }
