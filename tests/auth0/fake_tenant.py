"""A strict fake of an Auth0 tenant: the part of the Management API that `make auth0` needs.

It checks requests against Auth0's documentation of API v2: the token and its scope, the query
parameters, the content type, every member of a body. `apis`, `roles`, `granted` and `applications`
are its contents. It can be busy, fail, or stop responding after some number of writes.
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CLIENT_ID = "m2mClientOfTheTests"
CLIENT_SECRET = "s3cret-of-the-application_that-nobody-prints"
SCOPES = frozenset(
    f"{verb}:{kind}"
    for verb in ("read", "create", "update")
    for kind in ("roles", "resource_servers", "clients")
)

_BOOLEAN = {"type": bool}
_SCOPE_LIST = {
    "type": list,
    "items": {
        "type": dict,
        "required": {"value"},
        "members": {
            "value": {"type": str, "length": (1, 280)},
            "description": {"type": str, "length": (0, 500)},
        },
    },
}
_OBJECT_OR_NULL = {"type": dict, "null": True, "members": None}
_API = {
    "name": {"type": str, "length": (1, 200), "pattern": "[^<>]+"},
    "scopes": _SCOPE_LIST,
    "signing_alg": {"type": str, "of": {"HS256", "RS256", "RS512", "PS256"}},
    "signing_secret": {"type": str, "length": (16, 10**6)},
    "allow_offline_access": _BOOLEAN,
    "allow_online_access": _BOOLEAN,
    "token_lifetime": {"type": int, "range": (0, 2_592_000)},
    "token_dialect": {
        "type": str,
        "of": {"access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"},
    },
    "skip_consent_for_verifiable_first_party_clients": _BOOLEAN,
    "enforce_policies": _BOOLEAN,
    "token_encryption": _OBJECT_OR_NULL,
    "consent_policy": {"type": str, "null": True, "of": {"transactional-authorization-with-mfa"}},
    "authorization_details": {"type": list, "null": True, "items": {"type": dict, "members": None}},
    "proof_of_possession": _OBJECT_OR_NULL,
    "subject_type_authorization": {"type": dict, "members": None},
}
_IDENTIFIER = {"type": str, "length": (1, 600)}
_ROLE = {"name": {"type": str, "length": (1, 10**6)}, "description": {"type": str}}
_ADDRESS_LIST = {
    "type": list,
    "length": (0, 100),
    "unique": True,
    "items": {"type": str, "pattern": r"[a-z][a-z0-9+.-]*://[^\s,<>]+"},
}
_ORIGIN_LIST = {**_ADDRESS_LIST, "items": {"type": str, "pattern": r"https?://[^\s,<>/]+"}}
# Without grants for the extensions that this project has nothing to do with.
LEGACY_GRANTS = {"password", "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token"}
SECRET_GRANTS = {"client_credentials"}
_APPLICATION = {
    "name": {"type": str, "length": (1, 10**6), "pattern": "[^<>]+"},
    "description": {"type": str, "length": (0, 140)},
    "app_type": {"type": str, "of": {"native", "spa", "regular_web", "non_interactive"}},
    "is_first_party": _BOOLEAN,
    "oidc_conformant": _BOOLEAN,
    "token_endpoint_auth_method": {
        "type": str,
        "of": {"none", "client_secret_post", "client_secret_basic"},
    },
    "grant_types": {
        "type": list,
        "unique": True,
        "items": {
            "type": str,
            "of": {"authorization_code", "implicit", "refresh_token"}
            | LEGACY_GRANTS
            | SECRET_GRANTS,
        },
    },
    "callbacks": _ADDRESS_LIST,
    "allowed_logout_urls": _ADDRESS_LIST,
    "allowed_origins": _ORIGIN_LIST,
    "web_origins": _ORIGIN_LIST,
    "jwt_configuration": {
        "type": dict,
        "members": {
            "lifetime_in_seconds": {"type": int, "range": (1, 10**9)},
            "secret_encoded": _BOOLEAN,
            "scopes": {"type": dict, "members": None},
            "alg": {"type": str, "of": {"HS256", "RS256", "RS512", "PS256"}},
        },
    },
    "cross_origin_authentication": _BOOLEAN,
}
_PAIRS = {
    "type": list,
    "least": 1,
    "items": {
        "type": dict,
        "required": {"resource_server_identifier", "permission_name"},
        "members": {
            "resource_server_identifier": {"type": str},
            "permission_name": {"type": str},
        },
    },
}


def _body(members: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": dict, "members": members, "required": set(required)}


CREATE_API = _body({**_API, "identifier": _IDENTIFIER}, "identifier")
UPDATE_API = _body(_API)  # an identifier cannot be changed
CREATE_ROLE = _body(_ROLE, "name")
UPDATE_ROLE = _body(_ROLE)
CREATE_APPLICATION = _body(_APPLICATION, "name")
UPDATE_APPLICATION = _body(_APPLICATION)
PERMISSIONS = _body({"permissions": _PAIRS}, "permissions")


def violations(value: Any, shape: dict[str, Any], at: str = "body") -> Iterator[str]:
    """Return the problems of a value, compared with this documented shape."""
    if value is None and shape.get("null"):
        return
    if type(value) is not shape["type"]:  # True is not a number
        yield f"{at} is not of the type {shape['type'].__name__}"
        return
    if isinstance(value, str | list):
        low, high = shape.get("length", (shape.get("least", 0), 10**6))
        if not low <= len(value) <= high:
            yield f"{at} is too short or too long"
    if "of" in shape and value not in shape["of"]:
        yield f"{at} is none of {sorted(shape['of'])}"
    if "pattern" in shape and not re.fullmatch(shape["pattern"], value):
        yield f"{at} does not match {shape['pattern']}"
    if "range" in shape and not shape["range"][0] <= value <= shape["range"][1]:
        yield f"{at} is out of range"
    if shape.get("unique") and len(set(map(str, value))) < len(value):
        yield f"{at} has an item twice"
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from violations(item, shape["items"], f"{at}[{number}]")
    if isinstance(value, dict) and shape["members"] is not None:
        for name in shape.get("required", set()) - value.keys():
            yield f"{at} has no {name}"
        for name, member in value.items():
            if name in shape["members"]:
                yield from violations(member, shape["members"][name], f"{at}.{name}")
            else:
                yield f"Additional properties not allowed: {name}"


class Rejected(Exception):
    """A failure in Auth0's format."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
        self.status = status
        self.body = {
            "statusCode": status,
            "error": names.get(status, "Conflict"),
            "message": message,
        }
        if code:
            self.body["errorCode"] = code


class ConnectionLost(Exception):
    """The connection ends without a response."""


class Response:
    """A response that a test uses instead of the tenant's own."""

    def __init__(self, status: int, body: Any = b"", **headers: str) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Auth0Tenant:
    """A tenant on 127.0.0.1. The application that manages it is not in `applications`."""

    def __init__(self) -> None:
        self.apis: dict[str, dict[str, Any]] = {}
        self.roles: dict[str, dict[str, Any]] = {}
        self.granted: dict[str, list[tuple[str, str]]] = {}
        """The permissions of each role, as pairs of an API's identifier and a permission."""
        self.applications: dict[str, dict[str, Any]] = {}
        """The applications by their client ids."""
        self.scopes = set(SCOPES)
        self.tokens: dict[str, set[str]] = {}
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.mistakes: list[str] = []
        """Every request that Auth0 would have rejected."""
        self.prepared: list[tuple[str, str, Response]] = []
        """Responses that are sent once each, by method and beginning of the path."""
        self.writes_left: int | None = None
        self.lose_last_response = False
        self._numbers = iter(range(1, 10**6))
        tenant = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                response = tenant._respond(self, self.rfile.read(length))
                if response is None:
                    return  # the connection ends without a response
                # The client does not wait for a late response.
                with contextlib.suppress(ConnectionError):
                    self.send_response(response.status)
                    for name, value in response.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(response.body)

            do_GET = do_POST = do_PATCH = do_DELETE = respond  # noqa: N815 -- http.server's names

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # The contents of the tenant.

    def token(self, *scopes: str) -> str:
        """Return a token for the Management API with these scopes, or with all."""
        token = f"eyJhbGciOiJSUzI1NiJ9.bWFuYWdlbWVudA.c2ln-{next(self._numbers)}"
        self.tokens[token] = set(scopes) or set(SCOPES)
        return token

    def add_api(self, identifier: str, **settings: Any) -> dict[str, Any]:
        """Create an API with Auth0's defaults."""
        self.apis[identifier] = {
            "id": f"{next(self._numbers):024x}",
            "name": identifier,
            "identifier": identifier,
            "is_system": False,
            "scopes": [],
            "signing_alg": "HS256",
            "signing_secret": "the-signing-secret-that-nobody-prints",
            "allow_offline_access": False,
            "skip_consent_for_verifiable_first_party_clients": False,
            "token_lifetime": 86_400,
            "token_lifetime_for_web": 7_200,
            "enforce_policies": False,
            "token_dialect": "access_token",
            "subject_type_authorization": {
                "user": {"policy": "allow_all"},
                "client": {"policy": "require_client_grant"},
            },
            **settings,
        }
        return self.apis[identifier]

    def add_role(self, name: str, description: str = "", *pairs: tuple[str, str]) -> str:
        """Create a role with these permissions. Return its id."""
        role_id = f"rol_{next(self._numbers):016d}"
        self.roles[role_id] = {"id": role_id, "name": name, "description": description}
        self.granted[role_id] = list(pairs)
        return role_id

    def add_application(self, name: str, **settings: Any) -> dict[str, Any]:
        """Create an application with Auth0's defaults."""
        client_id = f"client{next(self._numbers):026d}"
        is_public = settings.get("token_endpoint_auth_method") == "none"
        self.applications[client_id] = {
            "client_id": client_id,
            "client_secret": "the-client-secret-that-nobody-prints",
            "tenant": "agency",
            "global": False,
            "name": name,
            "is_first_party": True,
            "oidc_conformant": False,
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": [
                "authorization_code",
                "implicit",
                "refresh_token",
                *([] if is_public else SECRET_GRANTS),
            ],
            "cross_origin_authentication": False,
            **settings,
            "jwt_configuration": {
                "alg": "HS256",
                "lifetime_in_seconds": 36_000,
                "secret_encoded": False,
                **settings.get("jwt_configuration", {}),
            },
        }
        return self.applications[client_id]

    def application_named(self, name: str) -> dict[str, Any]:
        """Return the only application with this name."""
        [application] = [found for found in self.applications.values() if found["name"] == name]
        return application

    def role_named(self, name: str) -> str:
        """Return the id of the only role with this name."""
        [role_id] = [role_id for role_id, role in self.roles.items() if role["name"] == name]
        return role_id

    def state(self) -> dict[str, Any]:
        """Return all contents, without the ids that a tenant chooses."""
        apis = [{k: v for k, v in api.items() if k != "id"} for api in self.apis.values()]
        roles = {
            (role["name"], role["description"]): sorted(self.granted[role_id])
            for role_id, role in self.roles.items()
        }
        assert len(roles) == len(self.roles)
        applications = [
            {name: value for name, value in application.items() if name != "client_id"}
            for application in self.applications.values()
        ]
        return {
            "apis": json.loads(json.dumps(apis)),
            "roles": roles,
            "applications": json.loads(json.dumps(applications)),
        }

    def writes(self) -> list[tuple[str, str]]:
        """Return the requests that change something."""
        return [(m, path) for m, path in self.requests if m != "GET" and path != "/oauth/token"]

    def claims(self, identifier: str, role: str) -> dict[str, Any]:
        """Return the claims of the access token that a person with this role gets for an API."""
        api, now = self.apis[identifier], int(time.time())
        claims = {
            "sub": "auth0|65a1",
            "aud": [identifier, f"{self.url}/userinfo"],
            "iat": now,
            "exp": now + api["token_lifetime"],
            "scope": "openid profile email",
            "azp": "clientOfTheWebApp",
        }
        if api["enforce_policies"] and api["token_dialect"].endswith("_authz"):
            pairs = self.granted[self.role_named(role)]
            claims["permissions"] = [name for api_of, name in pairs if api_of == identifier]
        return claims

    # The responses of the tenant.

    def _respond(self, request: BaseHTTPRequestHandler, sent: bytes) -> Response | None:
        method, at = request.command, urlsplit(request.path)
        self.requests.append((method, at.path))
        for number, (method_of, path, response) in enumerate(self.prepared):
            if method == method_of and at.path.startswith(path):
                del self.prepared[number]
                return response
        try:
            if at.path == "/oauth/token":
                status, body = self._log_in(method, sent, request.headers.get("Authorization"))
                return Response(status, body, Content_Type="application/json")
            status, body = self._manage(request, method, at.path, at.query, sent)
        except Rejected as failure:
            if failure.status == 400:
                self.mistakes.append(f"{method} {at.path}: {failure.body['message']}")
            status, body = failure.status, failure.body
        except ConnectionLost:
            return None
        return Response(
            status,
            body,
            Content_Type="application/json; charset=utf-8",
            X_RateLimit_Limit="10",
            X_RateLimit_Remaining="9",
            X_RateLimit_Reset=str(int(time.time()) + 1),
        )

    def _log_in(self, method: str, sent: bytes, authorization: str | None) -> tuple[int, Any]:
        body = json.loads(sent)
        members = {"grant_type", "client_id", "client_secret", "audience"}
        if method != "POST" or body.keys() != members or authorization:
            self.mistakes.append("/oauth/token: not as documented")
            return 400, {"error": "invalid_request", "error_description": "Missing parameter"}
        if body["audience"] != f"{self.url}/api/v2/":
            reason = f"Service not enabled within domain: {body['audience']}"
            return 403, {"error": "access_denied", "error_description": reason}
        if (body["client_id"], body["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "access_denied", "error_description": "Unauthorized"}
        if not self.scopes:
            reason = f'Client is not authorized to access "{body["audience"]}".'
            return 403, {"error": "access_denied", "error_description": reason}
        return 200, {
            "access_token": self.token(*self.scopes),
            "scope": " ".join(sorted(self.scopes)),
            "expires_in": 86_400,
            "token_type": "Bearer",
        }

    def _manage(
        self, request: BaseHTTPRequestHandler, method: str, path: str, query: str, sent: bytes
    ) -> tuple[int, Any]:
        kind, rest = self._route(path)
        self._authorize(request, method, kind, rest)
        body = self._checked_body(request, method, kind, rest, sent)
        if method == "GET":
            return 200, self._read(kind, rest, self._checked_query(kind, rest, query))
        if query:
            raise Rejected(400, "Query validation error", "invalid_query_string")
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise ConnectionLost()
            self.writes_left -= 1
        response = self._write(method, kind, rest, body)
        if self.writes_left == 0 and self.lose_last_response:
            raise ConnectionLost()
        return response

    def _route(self, path: str) -> tuple[str, list[str]]:
        if not path.startswith("/api/v2/"):
            raise Rejected(404, "Not Found")
        kind, *rest = [unquote(part) for part in path.removeprefix("/api/v2/").split("/")]
        deep = rest[1:] not in ([], ["permissions"]) or (kind != "roles" and len(rest) > 1)
        if kind not in ("roles", "resource-servers", "clients") or deep or "" in rest:
            raise Rejected(404, "Not Found")
        return kind, rest

    def _authorize(
        self, request: BaseHTTPRequestHandler, method: str, kind: str, rest: list[str]
    ) -> None:
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise Rejected(401, "Invalid token")
        verb = {"GET": "read", "POST": "create"}.get(method, "update")
        if verb == "create" and rest:
            verb = "update"
        scope = f"{verb}:{kind.replace('-', '_')}"
        if scope not in self.tokens[token]:
            raise Rejected(
                403, f"Insufficient scope, expected any of: {scope}", "insufficient_scope"
            )

    def _checked_body(
        self, request: BaseHTTPRequestHandler, method: str, kind: str, rest: list[str], sent: bytes
    ) -> Any:
        shape = {
            ("POST", "resource-servers", 0): CREATE_API,
            ("PATCH", "resource-servers", 1): UPDATE_API,
            ("POST", "roles", 0): CREATE_ROLE,
            ("PATCH", "roles", 1): UPDATE_ROLE,
            ("POST", "clients", 0): CREATE_APPLICATION,
            ("PATCH", "clients", 1): UPDATE_APPLICATION,
            ("POST", "roles", 2): PERMISSIONS,
            ("DELETE", "roles", 2): PERMISSIONS,
        }.get((method, kind, len(rest)))
        if method == "GET":
            if sent or request.headers.get("Content-Type"):
                raise Rejected(400, "GET takes no body", "invalid_body")
            return None
        if shape is None:
            raise Rejected(404, "Not Found")
        if request.headers.get_content_type() != "application/json":
            raise Rejected(400, "The content type is not application/json", "invalid_body")
        body = json.loads(sent)
        self.bodies.append(body)
        for violation in violations(body, shape):
            raise Rejected(400, f"Payload validation error: '{violation}'.", "invalid_body")
        return body

    def _checked_query(self, kind: str, rest: list[str], query: str) -> dict[str, str]:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        parameters = dict(pairs)
        allowed: set[str] = set()
        if kind == "roles" and len(rest) != 1:
            allowed = {"page", "per_page", "include_totals", *([] if rest else ["name_filter"])}
        if kind == "clients":
            filters = {"is_global", "is_first_party", "app_type"}
            paging = {"page", "per_page", "include_totals"}
            allowed = {"fields", "include_fields", *([] if rest else filters | paging)}
        per_page, page = parameters.get("per_page", "50"), parameters.get("page", "0")
        if (
            len(parameters) < len(pairs)
            or not parameters.keys() <= allowed
            or not (per_page.isdecimal() and 1 <= int(per_page) <= 100)
            or not page.isdecimal()
            or parameters.get("include_totals", "true") not in ("true", "false")
            or parameters.get("include_fields", "true") not in ("true", "false")
            or not re.fullmatch("[a-z_]+(,[a-z_]+)*", parameters.get("fields", "name"))
        ):
            raise Rejected(400, "Query validation error", "invalid_query_string")
        return parameters

    def _read(self, kind: str, rest: list[str], query: dict[str, str]) -> Any:
        if kind == "resource-servers":
            if not rest:
                raise Rejected(404, "Not Found")
            return self._api(rest[0])
        if kind == "clients":
            return self._read_applications(rest, query)
        if not rest:
            part = query.get("name_filter", "").casefold()
            roles = [role for role in self.roles.values() if part in role["name"].casefold()]
            return self._paged("roles", roles, query)
        self._check_role(rest[0])
        if len(rest) == 1:
            return self.roles[rest[0]]
        permissions = [
            {
                "resource_server_identifier": identifier,
                "permission_name": name,
                "resource_server_name": identifier,
                "description": "",
            }
            for identifier, name in self.granted[rest[0]]
        ]
        return self._paged("permissions", permissions, query)

    def _read_applications(self, rest: list[str], query: dict[str, str]) -> Any:
        filters = {"is_global", "is_first_party", "app_type"} & query.keys()
        assert not filters, "the fake does not filter applications"
        names, included = query.get("fields"), query.get("include_fields", "true") == "true"
        applications = [
            {
                name: value
                for name, value in application.items()
                if names is None or (name in names.split(",")) is included
            }
            for application in (
                [self._application(rest[0])] if rest else self.applications.values()
            )
        ]
        return applications[0] if rest else self._paged("clients", applications, query)

    @staticmethod
    def _paged(name: str, items: list[Any], query: dict[str, str]) -> Any:
        size = int(query.get("per_page", "50"))
        start = int(query.get("page", "0")) * size
        page = items[start : start + size]
        if query.get("include_totals") != "true":
            return page
        return {name: page, "start": start, "limit": size, "total": len(items)}

    def _write(self, method: str, kind: str, rest: list[str], body: Any) -> tuple[int, Any]:
        if kind == "resource-servers":
            return self._write_api(rest, body)
        if kind == "clients":
            return self._write_application(rest, body)
        if not rest:
            if body["name"] in [role["name"] for role in self.roles.values()]:
                raise Rejected(409, "The role already exists.")
            return 200, self.roles[self.add_role(body["name"], body.get("description", ""))]
        self._check_role(rest[0])
        if len(rest) == 1:
            self.roles[rest[0]].update(body)
            return 200, self.roles[rest[0]]
        pairs = [
            (p["resource_server_identifier"], p["permission_name"]) for p in body["permissions"]
        ]
        if method == "DELETE":
            granted = self.granted[rest[0]]
            if not set(pairs) <= set(granted):
                raise Rejected(400, "The role does not have this permission", "invalid_body")
            self.granted[rest[0]] = [pair for pair in granted if pair not in pairs]
            return 200, {}
        for identifier, name in pairs:
            scopes = self.apis.get(identifier, {"scopes": []})["scopes"]
            if name not in [scope["value"] for scope in scopes]:
                raise Rejected(400, f"The permission {name} does not exist", "invalid_body")
        self.granted[rest[0]] += [pair for pair in pairs if pair not in self.granted[rest[0]]]
        return 201, {}

    def _write_api(self, rest: list[str], body: Any) -> tuple[int, Any]:
        values = [scope["value"] for scope in body.get("scopes", [])]
        if len(set(values)) < len(values):
            raise Rejected(400, "Duplicated scopes", "invalid_body")
        if not rest:
            if body["identifier"] in self.apis:
                raise Rejected(409, "A resource server with the same identifier already exists.")
            return 201, self.add_api(**body)
        api = self._api(rest[0])
        if api["is_system"]:
            raise Rejected(400, "System resource servers cannot be patched.", "invalid_body")
        api.update(body)
        if "scopes" in body:
            # A permission that its API no longer has is removed from every role.
            for role_id, granted in self.granted.items():
                self.granted[role_id] = [
                    (api_of, name)
                    for api_of, name in granted
                    if api_of != api["identifier"] or name in values
                ]
        return 200, api

    def _write_application(self, rest: list[str], body: Any) -> tuple[int, Any]:
        previous = self._application(rest[0]) if rest else {}
        # What the application is after this request.
        method, conformant, grants = (
            body.get(name, previous.get(name))
            for name in ("token_endpoint_auth_method", "oidc_conformant", "grant_types")
        )
        if method == "none" and set(grants or []) & SECRET_GRANTS:
            raise Rejected(400, "A grant type needs a client secret", "invalid_body")
        if conformant and set(grants or []) & LEGACY_GRANTS:
            raise Rejected(400, "A grant type is not OIDC-conformant", "invalid_body")
        if body.get("app_type") == "spa" and method != "none":
            raise Rejected(400, "A spa has no client secret", "invalid_body")
        if rest:
            # An object replaces the whole previous one.
            previous.update(body)
            return 200, previous
        # Names are not unique.
        return 201, self.add_application(**body)

    def _application(self, client_id: str) -> dict[str, Any]:
        if client_id not in self.applications:
            raise Rejected(404, "The client does not exist", "inexistent_client")
        return self.applications[client_id]

    def _api(self, key: str) -> dict[str, Any]:
        """Return an API by its identifier or by its id."""
        for api in self.apis.values():
            if key in (api["identifier"], api["id"]):
                return api
        raise Rejected(404, "The resource server does not exist", "inexistent_resource_server")

    def _check_role(self, role_id: str) -> None:
        if role_id not in self.roles:
            raise Rejected(404, "The role does not exist", "inexistent_role")
