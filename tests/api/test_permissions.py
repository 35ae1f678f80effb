"""Permissions: every agency role on every route."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import Chalice

from app import app
from chalicelib.auth import auth0
from chalicelib.http.views import declared
from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS
from tests.support.client import ApiResponse, Client, assert_failure, assert_headers, invoke
from tests.support.issuer import Issuer
from tests.support.routes import NOWHERE, OPERATIONS, body_to_nothing, path_to_nothing

ROUTES = {key: operation.declared.permission for key, operation in OPERATIONS.items()}

PUBLIC = {"/", "/health", "/openapi.json", "/docs", "/console"}

OF_OTHERS = {
    ("POST", "/movies/{movie_id}/actors"): "post:roles",
    ("DELETE", "/movies/{movie_id}/actors/{actor_id}"): "delete:roles",
    ("GET", "/movies/{movie_id}/parts"): "get:parts",
    ("POST", "/movies/{movie_id}/parts"): "post:parts",
    ("GET", "/parts/{part_id}/candidates"): "get:candidates",
    ("POST", "/parts/{part_id}/candidates"): "post:candidates",
    ("GET", "/movies/{movie_id}/candidates"): "get:candidates",
    ("GET", "/actors/{actor_id}/candidacies"): "get:candidates",
    ("GET", "/movies/{movie_id}/history"): "patch:movies",
    ("GET", "/actors/{actor_id}/history"): "patch:actors",
    ("GET", "/roles/{role_id}/history"): "patch:roles",
    ("GET", "/parts/{part_id}/history"): "patch:parts",
    ("GET", "/candidates/{candidate_id}/history"): "patch:candidates",
}
"""Routes that do not follow the rule below: they show or write another collection, or history."""


def expected_permission(method: str, path: str) -> str | None:
    """Return the permission that a route must require, by the rule `<method>:<collection>`."""
    if path in PUBLIC:
        return None
    collection = path.split("/")[1]
    return OF_OTHERS.get((method, path), f"{method.lower()}:{collection}")


CONTRACT = {(method, path): expected_permission(method, path) for method, path in ROUTES}

ASSISTANT = (
    "get:movies get:actors get:roles get:parts get:candidates post:candidates patch:candidates"
)
DIRECTOR = (
    f"{ASSISTANT} post:actors patch:actors delete:actors patch:movies post:roles patch:roles"
    " delete:roles post:parts patch:parts delete:parts delete:candidates"
)
MAY = {
    "assistant": ASSISTANT,
    "director": DIRECTOR,
    "producer": f"{DIRECTOR} post:movies delete:movies",
}


def test_the_routes_and_the_roles_are_those_of_the_contract() -> None:
    assert ROUTES == CONTRACT
    assert {role: set(may.split()) for role, may in MAY.items()} == {
        role: set(permissions) for role, (_, permissions) in AGENCY_ROLES.items()
    }
    assert [role.name for role in AGENCY_ROLES.values()] == [
        "Casting Assistant",
        "Casting Director",
        "Executive Producer",
    ]


def send(client: Client, method: str, path: str) -> ApiResponse:
    """Send a valid request, in which every id is one that nothing has."""
    return client.call(method, path_to_nothing(method, path), body_to_nothing(method, path))


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize(("method", "path"), CONTRACT)
def test_each_role_may_do_what_the_agency_allows_it_and_nothing_else(
    as_: Callable[[str], Client], role: str, method: str, path: str
) -> None:
    assert_allowed(send(as_(role), method, path), role, method, path)


def assert_allowed(answer: ApiResponse, role: str, method: str, path: str) -> None:
    """What `send` is answered, where the agency has this role."""
    permission = CONTRACT[method, path]
    if permission and permission not in MAY[role].split():
        assert_failure(answer, 403)
        assert permission in answer["detail"]
    elif 404 in {error.status for error in OPERATIONS[method, path].answers.errors}:
        assert_failure(answer, 404)  # allowed, but it does not exist
    else:
        assert answer.status in (200, 201), answer
        assert_headers(answer)


@pytest.mark.parametrize(("method", "path"), CONTRACT)
def test_without_a_token_nothing_but_the_public_routes_answers(
    nobody: Client, method: str, path: str
) -> None:
    assert_public(send(nobody, method, path), method, path)


def assert_public(answer: ApiResponse, method: str, path: str) -> None:
    """What `send` is answered without a token."""
    if CONTRACT[method, path]:
        assert_failure(answer, 401, "invalid header")
    else:
        assert answer.status == 200
        assert_headers(answer)


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_one_permission_opens_its_own_routes_and_no_other(
    url: str, issuer: Issuer, empty_table: None, permission: str
) -> None:
    client = Client(url, issuer.token(permissions=[permission]))
    for (method, path), needed in CONTRACT.items():
        if needed:
            assert (send(client, method, path).status != 403) == (needed == permission)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", {}),
        (b"x" * 70_000, {}),
        (b"x", {"Content-Type": "text/plain"}),
        (b"null", {}),
        (b"", {"Content-Type": "application/xml"}),
    ],
)
def test_permission_is_decided_before_the_body_is_looked_at(
    assistant: Client, body: bytes, headers: dict[str, str]
) -> None:
    assert_failure(assistant.call("POST", "/movies", body, headers), 403)
    assert_failure(assistant.call("PATCH", f"/movies/{NOWHERE}", body, headers), 403)


def ask(chalice: Chalice, path: str, authorizer: dict[str, str] | None) -> tuple[int, Any]:
    """Call the function as API Gateway does, with what its authorizer's cache holds."""
    event = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": path,
            "path": path,
            "authorizer": authorizer,
        },
        "headers": {},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    answer = invoke(chalice, event)
    return answer["statusCode"], json.loads(answer["body"])


def context(**changes: str) -> dict[str, str]:
    good = {
        "sub": "auth0|x",
        "permissions": '["get:movies"]',
        "exp": str(int(time.time()) + 60),
    }
    return {k: v for k, v in {**good, **changes}.items() if v}


@pytest.mark.usefixtures("empty_table")
def test_a_cached_allow_does_not_outlive_its_token() -> None:
    assert ask(app, "/movies", context())[0] == 200
    # As much leeway as the verifier gives.
    assert ask(app, "/movies", context(exp=str(time.time() - 29)))[0] == 200
    status, body = ask(app, "/movies", context(exp=str(time.time() - 31)))
    assert (status, body["message"]) == (401, "token expired")


@pytest.mark.parametrize(
    "broken",
    [None, {}, context(exp=""), context(permissions=""), context(exp="x"),
     context(permissions="get:movies")],
)  # fmt: skip
def test_a_request_that_no_authorizer_has_seen_is_refused(broken: dict[str, str] | None) -> None:
    status, body = ask(app, "/movies", broken)
    assert (status, body["message"]) == (401, "invalid header")


def test_every_route_declares_a_permission_or_that_it_is_public() -> None:
    for path, methods in app.routes.items():
        for method, route in methods.items():
            permission = declared(route.view_function).permission
            assert permission is None or permission in PERMISSIONS
            assert (route.authorizer is not None) == (permission is not None), (method, path)


def test_the_authorizers_answer_holds_for_the_whole_api(issuer: Issuer) -> None:
    arn = "arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/GET/movies/x"
    for token, effect in ((issuer.token("assistant", sub="auth0|me"), "Allow"), ("x.y.z", "Deny")):
        event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}
        policy = auth0(event, {})
        assert policy["policyDocument"]["Statement"] == [
            {
                "Action": "execute-api:Invoke",
                "Effect": effect,
                # It is cached for the token, whatever is asked for next.
                "Resource": ["arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/*"],
            }
        ]
        assert all(isinstance(value, str) for value in policy["context"].values())
        if effect == "Allow":
            assert policy["context"].keys() == {"sub", "permissions", "exp"}
            assert policy["context"]["sub"] == policy["principalId"] == "auth0|me"
            assert set(json.loads(policy["context"]["permissions"])) == set(
                MAY["assistant"].split()
            )
        else:
            assert policy["context"] == {"message": "invalid header"}
