"""The issuer's signing keys. The only module that uses jose, rsa and requests.

Importing these libraries takes most of the authorizer's cold start. So the verifier imports this
module only for a token whose signature it checks.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import rsa
from jose.backends.rsa_backend import RSAKey
from urllib3.exceptions import HTTPError

from chalicelib import base64url, strict_json
from chalicelib.errors import IssuerUnreachable
from chalicelib.settings import AUTH_ISSUER

log = logging.getLogger(__name__)


class Key(RSAKey):
    """A public key for RS256."""

    def __init__(self, n: str, e: str) -> None:
        super().__init__({"kty": "RSA", "n": n, "e": e}, "RS256")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether this is the message's signature. The signature must be of SHA-256.

        jose accepts every hash that the signature names, also MD5.
        """
        try:
            key = self._prepared_key  # type: ignore[attr-defined]  # not in jose's stubs
            return rsa.verify(message, signature, key) == self.SHA256
        except rsa.VerificationError:
            return False


class KeySet:
    """The issuer's signing keys by their `kid`, fetched only when they are needed."""

    FRESH = 600  # seconds for which keys are used without a new fetch
    KEPT = 24 * 3600  # seconds for which keys are used while the issuer does not respond
    INTERVAL = 30  # seconds between two fetches, whatever their cause
    CONNECT, READ = 1, 2  # timeouts in seconds
    MAX_BODY = 64 * 1024  # bytes
    MAX_KEYS = 64
    MIN_BITS, MAX_BITS = 2_048, 8_192  # of a key: verification takes longer with a larger one

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = issuer.rstrip("/") + "/.well-known/jwks.json"
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._fetched = self._tried = float("-inf")
        self._is_down = True  # the last fetch failed, or there was none

    def get(self, kid: str) -> Key | None:
        """Return the key with this `kid`, or None if there is none, two, or only a weak one.

        Raise IssuerUnreachable if the key is not known and the last fetch failed: the issuer may
        have published it since.
        """
        with self._lock:
            now = self._clock()
            is_stale = kid not in self._keys or now - self._fetched >= self.FRESH
            if is_stale and now - self._tried >= self.INTERVAL:
                self._tried = now
                self._refresh(now)
            key = self._keys.get(kid) if now - self._fetched < self.KEPT else None
            if key is None and self._is_down:
                raise IssuerUnreachable()
            return key

    def _refresh(self, now: float) -> None:
        self._is_down = True
        try:
            self._keys = _usable(strict_json.parse(self._download()))
            self._fetched, self._is_down = now, False
        except (OSError, HTTPError, ValueError, TypeError, KeyError) as error:
            # OSError has all exceptions of requests, and a bundle of certificates that is missing.
            log.warning("the issuer's keys cannot be fetched: %s", type(error).__name__)

    def _download(self) -> bytes:
        # For the whole body. READ only limits the time between two bytes.
        deadline = time.monotonic() + self.CONNECT + self.READ
        with requests.Session() as session:
            # A proxy from the environment must not be used for a local issuer.
            session.trust_env = self._url.startswith("https:")
            with session.get(
                self._url,
                headers={"Accept-Encoding": "identity"},
                timeout=(self.CONNECT, self.READ),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != 200:
                    raise ValueError(f"status {response.status_code}")
                body = b""
                # read1 returns what has arrived. read would wait for an issuer that sends a byte
                # now and then.
                while piece := response.raw.read1(4_096):
                    body += piece
                    if len(body) > self.MAX_BODY or time.monotonic() > deadline:
                        raise ValueError("too large or too slow")
                return body


def _usable(document: Any) -> dict[str, Key]:
    """Return the usable RSA signing keys of a JWKS (RFC 7517) by `kid`."""
    keys = document["keys"]
    if not isinstance(keys, list) or len(keys) > KeySet.MAX_KEYS:
        raise ValueError("not a set of keys")
    named = [key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
    kids = [key["kid"] for key in named]
    unique = {key["kid"]: _signing_key(key) for key in named if kids.count(key["kid"]) == 1}
    usable = {kid: key for kid, key in unique.items() if key}
    if not usable:
        # An issuer without a usable key is broken: keep its last keys.
        raise ValueError("no usable key")
    return usable


def _signing_key(members: dict[str, Any]) -> Key | None:
    """Return the key of a JWK, or None if it is not a strong RSA key for signatures."""
    if (
        members.get("kty") != "RSA"
        or members.get("use", "sig") != "sig"
        or members.get("alg", "RS256") != "RS256"
    ):
        return None
    try:
        operations = members.get("key_ops", ["verify"])
        if not isinstance(operations, list) or "verify" not in operations:
            return None
        n, e = (int.from_bytes(base64url.decode(members[part])) for part in ("n", "e"))
        if not KeySet.MIN_BITS <= n.bit_length() <= KeySet.MAX_BITS or n % 2 == 0:
            return None
        if not 65_537 <= e < 2**32 or e % 2 == 0:
            return None
        return Key(members["n"], members["e"])
    except (KeyError, TypeError, ValueError):
        return None


KEYS = KeySet(AUTH_ISSUER)
