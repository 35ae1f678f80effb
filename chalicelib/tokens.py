"""Token verification. The only module that uses jose, rsa and requests.

A token is rejected for everything in it that is not expected by name. Cheap checks come first, so
that a flood of invalid tokens costs little. The payload is not read before the signature is
verified.
"""

import base64
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import requests
import rsa
from jose.backends.rsa_backend import RSAKey
from urllib3.exceptions import HTTPError

from chalicelib import strict_json
from chalicelib.errors import ApiError, InvalidClaims, InvalidHeader, TokenExpired
from chalicelib.permissions import PERMISSIONS
from chalicelib.settings import AUTH_AUDIENCE, AUTH_ISSUER, LEEWAY

MAX_TOKEN = 8_192  # characters
MAX_LIFETIME = 30 * 24 * 3600  # seconds from iat to exp; Auth0's longest is 30 days
MAX_PERMISSIONS = 200  # in a token, ours and others

HEADER_PARAMETERS = {"alg", "kid", "typ"}
TYPES = {"JWT", "at+jwt"}
UNEXPECTED_CLAIMS = {
    "at_hash": "is a claim of ID tokens",
    "cnf": "binds the token to a key of the sender, which we cannot check",
    "nonce": "is a claim of ID tokens",
}
"""Claims of tokens that are not plain access tokens, and why each is rejected."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
# A scope-token of RFC 6749, as long as Auth0's.
_PERMISSION = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,280}")

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


class Claims(NamedTuple):
    """The verified claims: the caller, the expiry (seconds since 1970) and our permissions."""

    sub: str
    exp: float
    permissions: frozenset[str]


def verify(authorization: object) -> Claims:
    """Return the verified claims of the token in this Authorization header.

    Raise TokenExpired, InvalidClaims if the signature is valid and the claims are not for us, and
    InvalidHeader in every other case, whatever went wrong.
    """
    try:
        return _claims(_signed_payload(_bearer(authorization)), time.time())
    except ApiError:
        raise
    except Exception as error:
        # Only the name of the exception: its text may quote the token.
        log.warning("token rejected: %s", type(error).__name__)
        raise InvalidHeader() from None


def _reject() -> NoReturn:
    raise InvalidHeader()


def _bearer(authorization: object) -> str:
    if not isinstance(authorization, str) or not authorization.isascii():
        _reject()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or len(token) > MAX_TOKEN:
        _reject()
    return token


def _signed_payload(token: str) -> Any:
    segments = token.split(".")
    if len(segments) != 3:
        _reject()
    header, payload, signature = map(_decoded, segments)
    key = _key_named_in(strict_json.parse(header))
    if not key.verify(token.rpartition(".")[0].encode("ascii"), signature):
        _reject()
    return strict_json.parse(payload)


def _decoded(segment: str) -> bytes:
    """Decode canonical base64url only, so that a token cannot be written in two ways."""
    if not _SEGMENT.fullmatch(segment):
        _reject()
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if _encoded(decoded) != segment:
        _reject()
    return decoded


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _key_named_in(header: Any) -> Key:
    if (
        not isinstance(header, dict)
        or not header.keys() <= HEADER_PARAMETERS
        or header.get("alg") != "RS256"
        or ("typ" in header and header["typ"] not in TYPES)
        or not isinstance(header.get("kid"), str)
    ):
        _reject()
    return KEYS.get(header["kid"]) or _reject()


def _claims(payload: Any, now: float) -> Claims:
    """Return the claims of a signed payload. Raise TokenExpired, or InvalidClaims.

    The log names the claim that was rejected, and the rule that it breaks.
    """
    if not isinstance(payload, dict):
        raise _invalid("payload", "is not a JSON object")
    for claim, is_valid, problem in _IDENTITY:
        if not is_valid(payload.get(claim)):
            raise _invalid(claim, problem)
    exp, iat, nbf = payload["exp"], payload["iat"], payload.get("nbf", 0)
    if now >= exp + LEEWAY:
        raise TokenExpired()
    if iat > now + LEEWAY:
        raise _invalid("iat", "is in the future")
    if not 0 < exp - iat <= MAX_LIFETIME:
        raise _invalid("exp", "is before iat, or too long after it")
    if not _is_number(nbf):
        raise _invalid("nbf", "is not a time")
    if nbf > now + LEEWAY:
        raise _invalid("nbf", "is in the future")
    for claim, problem in UNEXPECTED_CLAIMS.items():
        if claim in payload:
            raise _invalid(claim, problem)
    sub, permissions = payload.get("sub"), payload.get("permissions", [])
    if not isinstance(sub, str) or not (1 <= len(sub) <= 255 and sub.isprintable()):
        raise _invalid("sub", "is not 1 to 255 printable characters")
    if not isinstance(permissions, list) or len(permissions) > MAX_PERMISSIONS:
        raise _invalid("permissions", f"is not a list of at most {MAX_PERMISSIONS}")
    if not all(isinstance(p, str) and _PERMISSION.fullmatch(p) for p in permissions):
        raise _invalid("permissions", "has a member that is not a permission")
    return Claims(sub, exp, PERMISSIONS.intersection(permissions))


def _invalid(claim: str, problem: str) -> InvalidClaims:
    # Never the claim's value: a log is not the place for what is in a token.
    log.warning("token rejected: the claim %s %s", claim, problem)
    return InvalidClaims()


def _is_issuer(iss: object) -> bool:
    return iss == AUTH_ISSUER


def _is_audience(aud: object) -> bool:
    members = [aud] if isinstance(aud, str) else aud
    return (
        isinstance(members, list)
        and all(isinstance(member, str) for member in members)
        and AUTH_AUDIENCE in members
    )


def _is_number(value: object) -> bool:
    # Beyond this limit a double is not exact, and times cannot be compared.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


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

    def get(self, kid: str) -> Key | None:
        """Return the key with this `kid`, or None if there is none, two, or only a weak one."""
        with self._lock:
            now = self._clock()
            is_stale = kid not in self._keys or now - self._fetched >= self.FRESH
            if is_stale and now - self._tried >= self.INTERVAL:
                self._tried = now
                self._refresh(now)
            return self._keys.get(kid) if now - self._fetched < self.KEPT else None

    def _refresh(self, now: float) -> None:
        try:
            self._keys = _usable(strict_json.parse(self._download()))
            self._fetched = now
        except (requests.RequestException, HTTPError, ValueError, TypeError, KeyError) as error:
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
        n, e = (int.from_bytes(_decoded(members[part])) for part in ("n", "e"))
        if not KeySet.MIN_BITS <= n.bit_length() <= KeySet.MAX_BITS or n % 2 == 0:
            return None
        if not 65_537 <= e < 2**32 or e % 2 == 0:
            return None
        return Key(members["n"], members["e"])
    except (ApiError, KeyError, TypeError, ValueError):
        return None


_IDENTITY: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("iss", _is_issuer, "is not our issuer"),
    ("aud", _is_audience, "does not name this API"),
    ("exp", _is_number, "is missing, or not a time"),
    ("iat", _is_number, "is missing, or not a time"),
)
"""The claims that every token has: whose it is, for whom, and when."""

KEYS = KeySet(AUTH_ISSUER)
