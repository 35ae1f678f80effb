"""Who may do what: every role on every route, and what happens to a route that forgot to say."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import Chalice, Response

from app import app
from chalicelib.auth import auth0
from chalicelib.errors import envelope
from chalicelib.permissions import AGENCY_ROLES, PERMISSIONS
from chalicelib.routes.meta import seal
from tests.support.client import Answer, Client, assert_failure, assert_headers, invoke, real_routes
from tests.support.issuer import Issuer

NOWHERE = "AAAAAAAAAAAAAAAA"

ROUTES = {
    (method, path): vars(route.view_function)["permission"]
    for path, methods in real_routes().items()
    for method, route in methods.items()
}

CONTRACT = {
    ("GET", "/"): None,
    ("GET", "/health"): None,
    ("GET", "/openapi.json"): None,
    ("GET", "/docs"): None,
    ("GET", "/movies"): "get:movies",
    ("POST", "/movies"): "post:movies",
    ("GET", "/movies/{movie_id}"): "get:movies",
    ("PATCH", "/movies/{movie_id}"): "patch:movies",
    ("DELETE", "/movies/{movie_id}"): "delete:movies",
    ("GET", "/actors"): "get:actors",
    ("POST", "/actors"): "post:actors",
    ("GET", "/actors/{actor_id}"): "get:actors",
    ("PATCH", "/actors/{actor_id}"): "patch:actors",
    ("DELETE", "/actors/{actor_id}"): "delete:actors",
    ("GET", "/movies/{movie_id}/actors"): "get:movies",
    ("GET", "/actors/{actor_id}/movies"): "get:actors",
    ("POST", "/movies/{movie_id}/actors"): "post:roles",
    ("DELETE", "/movies/{movie_id}/actors/{actor_id}"): "delete:roles",
    ("GET", "/roles"): "get:roles",
    ("POST", "/roles"): "post:roles",
    ("GET", "/roles/{role_id}"): "get:roles",
    ("PATCH", "/roles/{role_id}"): "patch:roles",
    ("DELETE", "/roles/{role_id}"): "delete:roles",
}

MAY = {
    "assistant": "get:movies get:actors get:roles",
    "director": "get:movies get:actors get:roles post:actors patch:actors delete:actors"
    " patch:movies post:roles patch:roles delete:roles",
    "producer": "get:movies get:actors get:roles post:actors patch:actors delete:actors"
    " patch:movies post:roles patch:roles delete:roles post:movies delete:movies",
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


def send(client: Client, method: str, path: str) -> Answer:
    """Send a request that is complete but for the things it names, which do not exist."""
    bodies: dict[str, dict[str, Any]] = {
        "/movies": {"title": "Heat", "release_date": "1995-12-15"},
        "/actors": {"name": "Al Pacino", "gender": "male", "age": 55},
        "/roles": {"movie_id": NOWHERE, "actor_id": NOWHERE},
        "/movies/{movie_id}/actors": {"actor_id": NOWHERE},
        "/movies/{movie_id}": {"title": "Heat 2"},
        "/actors/{actor_id}": {"age": 56},
        "/roles/{role_id}": {"billing_order": 1},
    }
    body = bodies[path] if method in ("POST", "PATCH") else None
    return client.call(
        method,
        path.format(movie_id=NOWHERE, actor_id=NOWHERE, role_id=f"{NOWHERE}.{NOWHERE}"),
        body,
    )


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize(("method", "path"), CONTRACT)
def test_each_role_may_do_what_the_agency_allows_it_and_nothing_else(
    as_: Callable[[str], Client], role: str, method: str, path: str
) -> None:
    assert_allowed(send(as_(role), method, path), role, method, path)


def assert_allowed(answer: Answer, role: str, method: str, path: str) -> None:
    """What `send` is answered, where the agency has this role."""
    permission = CONTRACT[method, path]
    if permission and permission not in MAY[role].split():
        assert_failure(answer, 403)
        assert permission in answer["detail"]
    elif "{" in path or (method, path) == ("POST", "/roles"):
        assert_failure(answer, 404)  # allowed, and not there
    else:
        assert answer.status in (200, 201), answer
        assert_headers(answer)


@pytest.mark.parametrize(("method", "path"), CONTRACT)
def test_without_a_token_nothing_but_the_public_routes_answers(
    nobody: Client, method: str, path: str
) -> None:
    assert_public(send(nobody, method, path), method, path)


def assert_public(answer: Answer, method: str, path: str) -> None:
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


def test_a_route_that_declares_nothing_answers_401_to_everyone() -> None:
    forgetful = Chalice("forgetful", configure_logs=False)
    forgetful.register_middleware(envelope, "http")

    @forgetful.route("/secrets")
    def secrets() -> Response:
        raise AssertionError("it was called")

    seal(forgetful)
    for authorizer in (None, context()):
        status, body = ask(forgetful, "/secrets", authorizer)
        assert (status, body["message"]) == (401, "invalid header")


def test_every_route_declares_a_permission_or_that_it_is_public() -> None:
    for path, methods in app.routes.items():
        for method, route in methods.items():
            permission = vars(route.view_function)["permission"]
            assert permission is None or permission in PERMISSIONS
            assert (route.authorizer is not None) == (permission is not None), (method, path)


def test_a_permission_that_nobody_can_have_is_a_mistake() -> None:
    from chalicelib.auth import requires

    with pytest.raises(ValueError, match="get:secrets"):
        requires("get:secrets")


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
