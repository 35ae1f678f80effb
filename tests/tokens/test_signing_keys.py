"""The JWKS: how often it is fetched, how long its keys are used, and which keys are usable.

The clock is moved here. test_hostile_tokens.py has the rejected tokens, over HTTP.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import signing_keys, tokens
from chalicelib.errors import ApiError, InvalidHeader, IssuerUnreachable, TokenExpired
from chalicelib.signing_keys import KeySet
from tests.support.client import ApiResponse, Client, assert_failure
from tests.support.issuer import Issuer, base64url, jwk

HOUR = 3_600


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def own_issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def keys(own_issuer: Issuer, clock: Clock) -> KeySet:
    return KeySet(own_issuer.url, clock)


def test_nothing_is_fetched_before_the_first_token(keys: KeySet, own_issuer: Issuer) -> None:
    assert own_issuer.fetches == 0
    assert keys.get("main")
    assert own_issuer.paths == ["/.well-known/jwks.json"]


def test_an_issuer_may_be_written_without_its_slash(own_issuer: Issuer) -> None:
    assert KeySet(own_issuer.url.rstrip("/")).get("main")
    assert own_issuer.paths == ["/.well-known/jwks.json"]


def test_keys_are_fresh_for_600_seconds(keys: KeySet, own_issuer: Issuer, clock: Clock) -> None:
    for seconds in (0, 300, 299.9):
        clock.time += seconds
        assert keys.get("main")
        assert own_issuer.fetches == 1
    clock.time += 0.1
    assert keys.get("main")
    assert own_issuer.fetches == 2


def test_a_revoked_key_is_used_for_600_seconds_at_most(
    keys: KeySet, own_issuer: Issuer, clock: Clock
) -> None:
    assert keys.get("main")
    own_issuer.publish(jwk("next"))
    clock.time += 600
    assert keys.get("main") is None
    assert keys.get("next")


def test_a_new_key_is_used_after_30_seconds_at_most(
    keys: KeySet, own_issuer: Issuer, clock: Clock
) -> None:
    assert keys.get("main")
    own_issuer.publish(jwk("main"), jwk("next"))
    clock.time += 29.9
    assert keys.get("next") is None
    clock.time += 0.1
    assert keys.get("next")
    assert own_issuer.fetches == 2


def test_a_flood_of_unknown_keys_causes_one_fetch_in_30_seconds(
    keys: KeySet, own_issuer: Issuer, clock: Clock
) -> None:
    for number in range(1_000):
        assert keys.get(f"unknown {number}") is None
    assert own_issuer.fetches == 1
    clock.time += 30
    for number in range(1_000):
        assert keys.get(f"unknown {number}") is None
    assert own_issuer.fetches == 2
    assert keys.get("main")


def test_one_fetch_serves_all_waiting_requests(keys: KeySet, own_issuer: Issuer) -> None:
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(keys.get("main"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert all(results)
    assert own_issuer.fetches == 1


def broken(issuer: Issuer, how: str) -> None:
    """Make the issuer fail in one of many ways."""
    if how == "gone":
        issuer.close()
    elif how == "a redirect":
        issuer.status, issuer.headers = 302, {"Location": f"{issuer.url}.well-known/jwks.json"}
    elif how.isdigit():
        issuer.status = int(how)
    else:
        issuer.answer = {
            "nothing": b"",
            "a page": b"<html>maintenance</html>",
            "no object": b"[]",
            "no keys": b'{"keys": []}',
            "keys that are none": b'{"keys": [null, 1, "x", {}]}',
            "keys of another kind": b'{"keys": {"kid": "main"}}',
            "the member twice": b'{"keys": [], "keys": []}',
            "65 keys": json.dumps({"keys": [jwk("main", kid=str(n)) for n in range(65)]}).encode(),
            "65 KiB": json.dumps({"keys": [jwk("main")], "x": "y" * 65_536}).encode(),
        }[how]


FAILURES = [
    "gone", "a redirect", "404", "500", "204", "nothing", "a page", "no object", "no keys",
    "keys that are none", "keys of another kind", "the member twice", "65 keys", "65 KiB",
]  # fmt: skip


@pytest.mark.parametrize("how", FAILURES)
def test_keys_are_kept_for_24_hours_while_the_issuer_fails(
    keys: KeySet, own_issuer: Issuer, clock: Clock, how: str
) -> None:
    assert keys.get("main")
    broken(own_issuer, how)
    start = clock.time
    for seconds in (599, 600, 610, 631, HOUR, HOUR + 29, 12 * HOUR, 24 * HOUR - 1):
        clock.time = start + seconds
        assert keys.get("main")
    if how != "gone":
        # Fetched again after 600 seconds, but not within 30 seconds of the last time.
        assert own_issuer.fetches == 1 + 5
    clock.time = start + 24 * HOUR
    with pytest.raises(IssuerUnreachable):
        keys.get("main")


def test_an_unknown_key_is_unknown_only_to_an_issuer_that_responds(
    keys: KeySet, own_issuer: Issuer, clock: Clock
) -> None:
    assert keys.get("next") is None
    own_issuer.status = 503
    clock.time += 30
    for seconds in (0, 29, 1):
        clock.time += seconds
        # The issuer may have published it since.
        with pytest.raises(IssuerUnreachable):
            keys.get("next")
        assert keys.get("main")
    own_issuer.status = 200
    clock.time += 30
    assert keys.get("next") is None


def test_missing_certificates_are_no_reason_to_reject_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    with pytest.raises(IssuerUnreachable):
        KeySet("https://127.0.0.1:9/").get("main")


@pytest.mark.parametrize("how", FAILURES)
def test_an_issuer_that_recovers_is_used_again(clock: Clock, how: str) -> None:
    issuer = Issuer()
    good = issuer.answer
    keys = KeySet(issuer.url, clock)
    if how != "gone":
        broken(issuer, how)
        for _ in range(2):
            with pytest.raises(IssuerUnreachable):
                keys.get("main")
            issuer.status, issuer.headers, issuer.answer = 200, {}, good  # 30 seconds too early
        clock.time += 30
    assert keys.get("main")
    issuer.close()


def test_a_slow_issuer_is_not_waited_for(
    own_issuer: Issuer, monkeypatch: pytest.MonkeyPatch, keys: KeySet
) -> None:
    # Every byte arrives within the timeout of `requests`. All of them would take two seconds.
    monkeypatch.setattr(KeySet, "CONNECT", 0.2)
    monkeypatch.setattr(KeySet, "READ", 0.2)
    own_issuer.drip = 2 / len(own_issuer.answer)
    with pytest.raises(IssuerUnreachable):
        keys.get("main")


UNUSABLE = {
    "another type": {"kty": "EC"},
    "for encryption": {"use": "enc"},
    "another algorithm": {"alg": "RS512"},
    "other operations": {"key_ops": ["encrypt"]},
    "no modulus": {"n": None},
    "no exponent": {"e": None},
    "a modulus that is none": {"n": 5},
    "a modulus in another alphabet": {"n": "+/" * 171},
    "an exponent of 1": {"e": "AQ"},
    "an exponent of 3": {"e": "Aw"},
    "an even exponent": {"e": "AQAC"},
    "an exponent with which verification is slow": {"e": base64url(b"\1" + bytes(199) + b"\1")},
    "a modulus with which verification is slow": {"n": base64url(b"\xff" * 1_025)},
    "a name that is none": {"kid": 5},
}


@pytest.mark.parametrize("members", UNUSABLE.values(), ids=UNUSABLE)
def test_an_untrustworthy_key_is_not_used(
    keys: KeySet, own_issuer: Issuer, members: dict[str, Any]
) -> None:
    own_issuer.publish(jwk("other"), jwk("main", **members))
    assert keys.get("main") is None
    assert keys.get("other")


def test_a_short_key_is_not_used(keys: KeySet, own_issuer: Issuer) -> None:
    own_issuer.publish(jwk("main"), jwk("short", bits=1_024))
    assert keys.get("short") is None
    assert keys.get("main")


def test_two_keys_with_one_kid_are_not_used(keys: KeySet, own_issuer: Issuer) -> None:
    own_issuer.publish(jwk("main"), jwk("other"), jwk("next", kid="main"))
    assert keys.get("main") is None
    assert keys.get("other")


@pytest.mark.parametrize(
    "members",
    [{"use": None}, {"alg": None}, {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}],
)
def test_optional_members_of_a_key_may_be_missing(
    keys: KeySet, own_issuer: Issuer, members: dict[str, Any]
) -> None:
    own_issuer.publish(jwk("main", **members))
    assert keys.get("main")


def test_64_keys_are_read(keys: KeySet, own_issuer: Issuer) -> None:
    own_issuer.publish(*(jwk("main", kid=str(number)) for number in range(64)))
    assert keys.get("63")


def test_a_token_expires_after_its_time_and_the_leeway(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    token = f"Bearer {issuer.token(iat=now, exp=now + 600)}"
    assert tokens.verify(token).exp == now + 600
    monkeypatch.setattr(time, "time", lambda: now + 629.9)
    assert tokens.verify(token)
    monkeypatch.setattr(time, "time", lambda: now + 630.0)
    with pytest.raises(TokenExpired):
        tokens.verify(token)
    monkeypatch.setattr(time, "time", lambda: now - 30.1)
    with pytest.raises(ApiError):
        tokens.verify(token)


def assert_unreachable(response: ApiResponse) -> None:
    assert_failure(response, 503)
    assert response.headers["retry-after"] == "30"
    assert response["detail"].startswith("Tokens cannot be verified at the moment: try again.")


@pytest.mark.parametrize("nonsense", [None, 5, b"Bearer x.y.z", "", "Bearer"])
def test_an_invalid_header_is_rejected(nonsense: object) -> None:
    with pytest.raises(InvalidHeader):
        tokens.verify(nonsense)


def test_valid_tokens_are_accepted_while_the_issuer_is_down(
    url: str, empty_table: None, clock: Clock, monkeypatch: pytest.MonkeyPatch, issuer: Issuer
) -> None:
    monkeypatch.setattr(signing_keys, "KEYS", KeySet(issuer.url, clock))
    good = issuer.answer
    client = Client(url, issuer.token())
    assert client.get("/movies").status == 200
    try:
        issuer.status, issuer.answer = 503, b"down"
        clock.time += 24 * HOUR - 1
        assert client.get("/movies").status == 200
        assert_unreachable(Client(url, issuer.token(key="next")).get("/movies"))
        assert_failure(Client(url, "x.y.z").get("/movies"), 401, "invalid header")
        clock.time += 1
        assert_unreachable(client.get("/movies"))
    finally:
        issuer.status, issuer.answer = 200, good


def test_a_verifier_that_cannot_be_imported_rejects_no_token(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("chalicelib.signing_keys")
    monkeypatch.setitem(sys.modules, "chalicelib.signing_keys", None)
    with pytest.raises(ImportError):
        tokens.verify(f"Bearer {issuer.token()}")


def test_a_rejection_is_logged_without_the_token(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    token = issuer.token()
    for bad in (token.replace(".", "..", 1), token[:-2] + "é", f"{token}x", "eyJ" + token):
        with pytest.raises(InvalidHeader):
            tokens.verify(f"Bearer {bad}")
    assert token[:20] not in caplog.text
