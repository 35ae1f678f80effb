"""Is this token ours, and current? The only user of jose and requests.

Everything about a token is refused that was not asked for by name. Cheap checks come first, so that
a flood of nonsense costs little, and nothing in the payload is looked at before the signature
holds.
"""

import base64
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import requests
from jose import jwk
from jose.backends.base import Key
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
ID_TOKEN_CLAIMS = {"nonce", "at_hash"}

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
# A scope-token of RFC 6749, as long as Auth0's.
_PERMISSION = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,280}")

log = logging.getLogger(__name__)


class Claims(NamedTuple):
    """What we believe of a token: who, until when (seconds since 1970), and may do what."""

    sub: str
    exp: float
    permissions: frozenset[str]


def verify(authorization: object) -> Claims:
    """Give the claims of the token in this Authorization header.

    Refuses with TokenExpired, with InvalidClaims where a good signature stands under claims that
    are not for us, and with InvalidHeader in every other case, whatever went wrong.
    """
    try:
        return _claims(_signed_payload(_bearer(authorization)), time.time())
    except ApiError:
        raise
    except Exception as error:
        # The name alone: the text of an exception may quote the token.
        log.warning("token refused: %s", type(error).__name__)
        raise InvalidHeader() from None


def _refuse() -> NoReturn:
    raise InvalidHeader()


def _bearer(authorization: object) -> str:
    if not isinstance(authorization, str) or not authorization.isascii():
        _refuse()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or len(token) > MAX_TOKEN:
        _refuse()
    return token


def _signed_payload(token: str) -> Any:
    segments = token.split(".")
    if len(segments) != 3:
        _refuse()
    header, payload, signature = map(_decoded, segments)
    key = _key_named_in(strict_json.parse(header))
    if not key.verify(token.rpartition(".")[0].encode("ascii"), signature):
        _refuse()
    return strict_json.parse(payload)


def _decoded(segment: str) -> bytes:
    """Decode base64url in its one canonical form, so that a token cannot be written in two ways."""
    if not _SEGMENT.fullmatch(segment):
        _refuse()
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if _encoded(decoded) != segment:
        _refuse()
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
        _refuse()
    return KEYS.get(header["kid"]) or _refuse()


def _claims(payload: Any, now: float) -> Claims:
    if (
        not isinstance(payload, dict)
        or payload.get("iss") != AUTH_ISSUER
        or not _is_audience(payload.get("aud"))
        or not _is_number(payload.get("exp"))
        or not _is_number(payload.get("iat"))
    ):
        raise InvalidClaims()
    exp, iat, nbf = payload["exp"], payload["iat"], payload.get("nbf", 0)
    if now >= exp + LEEWAY:
        raise TokenExpired()
    sub, permissions = payload.get("sub"), payload.get("permissions", [])
    if (
        iat > now + LEEWAY
        or not 0 < exp - iat <= MAX_LIFETIME
        or not _is_number(nbf)
        or nbf > now + LEEWAY
        or not isinstance(sub, str)
        or not (1 <= len(sub) <= 255 and sub.isprintable())
        or payload.keys() & ID_TOKEN_CLAIMS
        or "cnf" in payload  # bound to a key of the sender's, which we cannot check
        or not isinstance(permissions, list)
        or len(permissions) > MAX_PERMISSIONS
        or not all(isinstance(p, str) and _PERMISSION.fullmatch(p) for p in permissions)
    ):
        raise InvalidClaims()
    return Claims(sub, exp, PERMISSIONS.intersection(permissions))


def _is_audience(aud: object) -> bool:
    members = [aud] if isinstance(aud, str) else aud
    return (
        isinstance(members, list)
        and all(isinstance(member, str) for member in members)
        and AUTH_AUDIENCE in members
    )


def _is_number(value: object) -> bool:
    # Within what a double holds exactly: times beyond it cannot be compared with each other.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


class KeySet:
    """The issuer's public keys by their ids, fetched when they are needed and not more often."""

    FRESH = 600  # seconds in which keys are used without asking the issuer again
    KEPT = 24 * 3600  # seconds in which keys are used while the issuer does not answer
    INTERVAL = 30  # seconds between two fetches, whatever the cause
    CONNECT, READ = 1, 2  # seconds for requests to wait
    MAX_BODY = 64 * 1024  # bytes
    MAX_KEYS = 64
    MIN_BITS = 2_048

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = issuer.rstrip("/") + "/.well-known/jwks.json"
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._fetched = self._tried = float("-inf")

    def get(self, kid: str) -> Key | None:
        """Give the key of this id; None if the issuer has none, or two, or one too weak."""
        with self._one_at_a_time:
            now = self._clock()
            wanted = kid not in self._keys or now - self._fetched >= self.FRESH
            if wanted and now - self._tried >= self.INTERVAL:
                self._tried = now
                self._refresh(now)
            return self._keys.get(kid) if now - self._fetched < self.KEPT else None

    def _refresh(self, now: float) -> None:
        try:
            self._keys = _usable(strict_json.parse(self._download()))
            self._fetched = now
        except (requests.RequestException, HTTPError, ValueError, TypeError, KeyError) as error:
            log.warning("the issuer's keys cannot be had: %s", type(error).__name__)

    def _download(self) -> bytes:
        # For the body; before it, READ is the longest time between two bytes.
        deadline = time.monotonic() + self.CONNECT + self.READ
        with requests.Session() as session:
            # A proxy from the environment must not come between a laptop and its own issuer.
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
                # What has arrived, not what was asked for: the latter would wait for an issuer
                # that sends a byte now and then.
                while piece := response.raw.read1(4_096):
                    body += piece
                    if len(body) > self.MAX_BODY or time.monotonic() > deadline:
                        raise ValueError("too large or too slow")
                return body


def _usable(document: Any) -> dict[str, Key]:
    """Give the RSA signing keys of a JWK set (RFC 7517) by kid, if they can be trusted."""
    keys = document["keys"]
    if not isinstance(keys, list) or len(keys) > KeySet.MAX_KEYS:
        raise ValueError("not a set of keys")
    named = [key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
    kids = [key["kid"] for key in named]
    usable = {key["kid"]: _signing_key(key) for key in named if kids.count(key["kid"]) == 1}
    found = {kid: key for kid, key in usable.items() if key}
    if not found:
        # An issuer without a key is one that is broken, not one that trusts nobody any more.
        raise ValueError("no usable key")
    return found


def _signing_key(members: dict[str, Any]) -> Key | None:
    """Give the key of a JWK; None where it is not an RSA key, strong enough, for signatures."""
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
        if n.bit_length() < KeySet.MIN_BITS or e < 65_537 or n % 2 == 0:
            return None
        return jwk.construct({"kty": "RSA", "n": members["n"], "e": members["e"]}, "RS256")
    except (ApiError, KeyError, TypeError, ValueError):
        return None


KEYS = KeySet(AUTH_ISSUER)
