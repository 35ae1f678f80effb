"""Keys that the issuer publishes: broken ones, broken responses, and a proxy."""

import socket
import time
from collections.abc import Iterator
from threading import Timer
from typing import Any

import pytest

from chalicelib import signing_keys
from chalicelib.errors import IssuerUnreachable
from tests.support.issuer import Issuer, base64url, jwk, rsa_key
from tests.tokens.world import World

# How a broken key differs from a valid one.
BROKEN: dict[str, dict[str, Any]] = {
    "n of 4n+1 characters": {"n": "AAAAA"},
    "n empty": {"n": ""},
    "n a number": {"n": 1},
    "n a list": {"n": []},
    "n not ASCII": {"n": "\u00e9"},
    "n small": {"n": "AQAB"},
    "n even": {"n": base64url((rsa_key("main").public_key().public_numbers().n - 1).to_bytes(256))},
    "e of 4n+1 characters": {"e": "AAAAA"},
    "e even": {"e": base64url((65_538).to_bytes(3))},
    "e as large as n": {"e": jwk("main")["n"]},
    "e null": {"e": None},
    "e an object": {"e": {}},
    "key_ops a number": {"key_ops": 5},
    "key_ops true": {"key_ops": True},
    "use a list": {"use": []},
    "alg an object": {"alg": {}},
    "kty a list": {"kty": []},
    "kid a number": {"kid": 5},
    "kid a list": {"kid": ["main"]},
    "kid an object": {"kid": {}},
}


@pytest.fixture
def careless() -> Iterator[Issuer]:
    """An issuer that publishes broken keys, which the product must not see."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_key_does_not_hide_the_valid_ones(careless: Issuer, name: str) -> None:
    careless.publish({**jwk("main"), "kid": "broken", **BROKEN[name]}, jwk("main"))
    keys = signing_keys.KeySet(careless.url)
    assert keys.get("main")
    assert keys.get("broken") is None


def test_a_jwks_with_only_broken_keys_replaces_nothing(careless: Issuer) -> None:
    now = 0.0
    keys = signing_keys.KeySet(careless.url, lambda: now)
    assert keys.get("main")
    careless.publish(jwk("main", use="enc"), jwk("other", alg="RS512"))
    now += 600
    assert keys.get("main")
    assert careless.fetches == 2


def test_a_jwks_with_a_repeated_member_is_rejected(careless: Issuer) -> None:
    # A parser that uses the last one would find a valid key.
    careless.answer = b'{"keys": [], ' + careless.answer[1:]
    with pytest.raises(IssuerUnreachable):
        signing_keys.KeySet(careless.url).get("main")


def test_a_response_that_breaks_off_is_rejected(careless: Issuer) -> None:
    careless.headers = {"Transfer-Encoding": "chunked"}
    with pytest.raises(IssuerUnreachable):
        signing_keys.KeySet(careless.url).get("main")


def test_an_issuer_that_sends_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_keys.KeySet, "READ", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # A client without a timeout ends here, too late.
        end = Timer(3, silent.shutdown, [socket.SHUT_RDWR])
        end.start()
        start = time.monotonic()
        try:
            keys = signing_keys.KeySet(f"http://127.0.0.1:{silent.getsockname()[1]}/")
            with pytest.raises(IssuerUnreachable):
                keys.get("main")
            assert time.monotonic() - start < 2
        finally:
            end.cancel()


def test_a_proxy_in_the_environment_is_not_used_for_keys(
    careless: Issuer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", world.stranger.url)
    assert signing_keys.KeySet(careless.url).get("main")
    assert careless.fetches == 1
    assert world.stranger.fetches == 0
