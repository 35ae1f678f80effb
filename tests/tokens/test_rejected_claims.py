"""The log names the claim that was rejected, and never its value. The client sees a constant."""

import logging
import time
from typing import Any

import pytest

from chalicelib.tokens import MAX_LIFETIME, MAX_PERMISSIONS
from tests.support.client import Client, assert_failure
from tests.support.issuer import Issuer
from tests.tokens.world import Now, sealed

SECRET = "a-value-that-no-log-may-hold"

REJECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "another issuer": ("iss", {"iss": SECRET}),
    "another audience": ("aud", {"aud": SECRET}),
    "exp that is not a time": ("exp", {"exp": SECRET}),
    "iat that is not a time": ("iat", {"iat": SECRET}),
    "iat in the future": ("iat", {"iat": Now(5_000), "exp": Now(9_000)}),
    "exp before iat": ("exp", {"iat": Now(20), "exp": Now(10)}),
    "a lifetime that is too long": ("exp", {"iat": Now(0), "exp": Now(MAX_LIFETIME + 60)}),
    "nbf that is not a time": ("nbf", {"nbf": SECRET}),
    "nbf in the future": ("nbf", {"nbf": Now(5_000)}),
    "a nonce": ("nonce", {"nonce": SECRET}),
    "an at_hash": ("at_hash", {"at_hash": SECRET}),
    "a confirmation key": ("cnf", {"cnf": {"jkt": SECRET}}),
    "sub that is not a text": ("sub", {"sub": [SECRET]}),
    "sub that is too long": ("sub", {"sub": SECRET * 20}),
    "sub that is not printable": ("sub", {"sub": f"{SECRET}\n"}),
    "permissions that are not a list": ("permissions", {"permissions": SECRET}),
    "too many permissions": ("permissions", {"permissions": ["x"] * (MAX_PERMISSIONS + 1)}),
    "a permission with a quote": ("permissions", {"permissions": [f'"{SECRET}']}),
}


def token_with(issuer: Issuer, changes: dict[str, Any]) -> str:
    now = time.time()
    claims: dict[str, Any] = {
        k: now + v.seconds if isinstance(v, Now) else v for k, v in changes.items()
    }
    return issuer.token(**claims)


def log_of(client: Client, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Send a request that must be rejected for its claims. Return what the verifier logs."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="chalicelib.tokens"):
        response = client.get("/movies")
    assert_failure(response, 401, "invalid claims")
    assert SECRET not in response.text
    return [r.getMessage() for r in caplog.records if r.name == "chalicelib.tokens"]


@pytest.mark.parametrize("case", REJECTED)
def test_the_log_names_the_claim_and_not_its_value(
    url: str, issuer: Issuer, empty_table: None, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    claim, changes = REJECTED[case]
    token = token_with(issuer, changes)
    [line] = log_of(Client(url, token), caplog)
    assert line.startswith(f"token rejected: the claim {claim} ")
    assert SECRET not in line
    assert not any(token[i : i + 20] in line for i in range(len(token) - 19))


def test_each_rule_has_its_own_words(
    url: str, issuer: Issuer, empty_table: None, caplog: pytest.LogCaptureFixture
) -> None:
    lines = {
        case: log_of(Client(url, token_with(issuer, changes)), caplog)[0]
        for case, (_, changes) in REJECTED.items()
    }
    # The same rule: a missing and a wrong value, or one of several limits.
    assert lines["exp before iat"] == lines["a lifetime that is too long"]
    assert lines["sub that is not a text"] == lines["sub that is too long"]
    assert lines["sub that is not printable"] == lines["sub that is too long"]
    assert lines["permissions that are not a list"] == lines["too many permissions"]
    assert len(set(lines.values())) == len(lines) - 4


def test_a_payload_that_is_not_an_object_is_named(
    url: str, issuer: Issuer, empty_table: None, caplog: pytest.LogCaptureFixture
) -> None:
    token = sealed('{"alg": "RS256", "kid": "main"}', f'["{SECRET}"]')
    [line] = log_of(Client(url, token), caplog)
    assert line == "token rejected: the claim payload is not a JSON object"
