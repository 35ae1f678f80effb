"""A deployed stage at an address of its own in the browser, as API Gateway has one.

The emulator's address has more path than API Gateway's, and no TLS. In the browser, ORIGIN stands
for it, and a stand-in for Auth0 signs people in.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import BrowserContext, Route

from tests.support.client import Client
from tests.support.cloud import TlsIssuer
from tests.support.deployment import Live
from tests.support.desk import NAMES

ORIGIN = "https://api.casting.test"
CLIENT_ID = "casting-console"
CONNECTION = ("connection", "content-length", "transfer-encoding")
"""The response headers that belong to the connection with the emulator."""


def serve(context: BrowserContext, live: Live, issuer: TlsIssuer) -> str:
    """Let the browser reach a stage and its issuer. Return the stage's URL in the browser."""

    def to_stage(route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(f"{ORIGIN}/{live.stage}")
        sent = {name.title(): value for name, value in request.headers.items()}
        sent.pop("Accept-Encoding", None)  # so that the response is not compressed
        response = Client(live.url).call(request.method, path, request.post_data_buffer, sent)
        headers = {k: v for k, v in response.headers.items() if k not in CONNECTION}
        route.fulfill(status=response.status, headers=headers, body=response.text)

    def to_issuer(route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.path.endswith("/.well-known/openid-configuration"):
            _json(route, _metadata(issuer.url))
        elif url.path.endswith("/authorize"):
            route.fulfill(body=_page(parse_qs(url.query)), content_type="text/html")
        elif url.path.endswith("/oauth/token"):
            _json(route, _tokens(issuer, parse_qs(route.request.post_data or "")["code"][0]))
        else:
            _json(route, {})

    context.route(f"{ORIGIN}/**", to_stage)
    context.route(f"{issuer.url}**", to_issuer)
    return f"{ORIGIN}/{live.stage}"


def _metadata(issuer: str) -> dict[str, str]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}authorize",
        "token_endpoint": f"{issuer}oauth/token",
    }


def _page(asked: dict[str, list[str]]) -> str:
    """Return a page with a button for each role. Its code is the role."""
    assert asked["client_id"] == [CLIENT_ID]
    assert asked["audience"] == ["casting-api"]
    assert asked["code_challenge_method"] == ["S256"]
    (back,), (state,) = asked["redirect_uri"], asked["state"]
    return "".join(
        f"<a role=button href='{back}?{urlencode({'code': role, 'state': state})}'>{name}</a>"
        for role, name in NAMES.items()
    )


def _tokens(issuer: TlsIssuer, role: str) -> dict[str, Any]:
    return {
        "access_token": issuer.token(role),
        "id_token": issuer.token(role, aud=CLIENT_ID, name=NAMES[role]),
        "token_type": "Bearer",
        "expires_in": 3_600,
        "scope": "openid profile",
    }


def _json(route: Route, content: dict[str, Any]) -> None:
    headers = {"Access-Control-Allow-Origin": ORIGIN, "Content-Type": "application/json"}
    route.fulfill(body=json.dumps(content), headers=headers)
