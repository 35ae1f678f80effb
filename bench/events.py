"""The requests that are measured, as API Gateway sends them."""

import base64
import json
from typing import Any

from bench import data
from chalicelib.permissions import PERMISSIONS

Event = dict[str, Any]

CHANGES = {"synopsis": "A new synopsis, after the director's cut.", "runtime_minutes": 117}
"""Fields that no list is sorted or filtered by."""


def events(ids: dict[str, str]) -> dict[str, Event]:
    """Return the events by name. `ids` are those that `fill.fill` returned."""
    movie, part = ids["movie"], ids["part"]
    return {
        "list": _event("GET", "/movies", query={"limit": "50"}),
        "get": _event("GET", "/movies/{movie_id}", {"movie_id": movie}),
        "roles": _event("GET", "/movies/{movie_id}", {"movie_id": ids["movie_with_roles"]}),
        "find": _event("GET", "/actors", query={"gender": "female", "limit": "50"}),
        "board": _event(
            "GET",
            "/parts/{part_id}/candidates",
            {"part_id": part},
            query={"status": data.STATUS, "limit": "50"},
        ),
        "create": _event("POST", "/movies", body=data.movie(data.MOVIES)),
        "change": _event("PATCH", "/movies/{movie_id}", {"movie_id": movie}, body=CHANGES),
    }


def everything(ids: dict[str, str]) -> list[Event]:
    """Return the requests that show all movies, and the roles of one."""
    every_movie = _event("GET", "/movies", query={"limit": "100"})
    return [every_movie, events(ids)["roles"]]


def authorizer_event(name: str) -> Event:
    """Return an event for which the authorizer rejects a token.

    For `authorizer`, the token has no signature. For `keys`, it has a key that the issuer does not
    publish, so the verifier fetches the keys.
    """
    parts = (
        json.dumps({"alg": "RS256", "typ": "JWT", "kid": "unknown"}).encode(),
        json.dumps({"iss": "https://issuer.example/", "aud": "casting-api"}).encode(),
        bytes(256),
    )
    segments = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    if name == "authorizer":
        segments.pop()
    arn = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod/GET/movies"
    return {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {'.'.join(segments)}",
        "methodArn": arn,
    }


def _event(
    method: str,
    route: str,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
) -> Event:
    url = route.format(**(path or {}))
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate, br",
        "Content-Type": "application/json",
        "Host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": route,
        "path": url,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {k: [v] for k, v in query.items()},
        "pathParameters": path,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authorizer": {
                "principalId": data.BY,
                "sub": data.BY,
                "permissions": json.dumps(sorted(PERMISSIONS)),
                "exp": "9999999999.0",
            },
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": headers["User-Agent"]},
            "path": f"/prod{url}",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1795824000000,
            "resourceId": "abc123",
            "resourcePath": route,
            "stage": "prod",
        },
    }
