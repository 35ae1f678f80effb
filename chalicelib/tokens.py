"""Token verification.

A token is rejected for everything in it that is not expected by name. Cheap checks come first, so
that a flood of invalid tokens costs little. The payload is not read before the signature is
verified.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from chalicelib import base64url, strict_json
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

# A scope-token of RFC 6749, as long as Auth0's.
_PERMISSION = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,280}")

log = logging.getLogger(__name__)


class Claims(NamedTuple):
    """The verified claims: the caller, the expiry (seconds since 1970) and our permissions."""

    sub: str
    exp: float
    permissions: frozenset[str]


def verify(authorization: object) -> Claims:
    """Return the verified claims of the token in this Authorization header.

    Raise TokenExpired, InvalidClaims if the signature is valid and the claims are not for us, and
    InvalidHeader in every other case, whatever went wrong. Raise IssuerUnreachable if the key is
    not known because the issuer does not respond.
    """
    try:
        return _claims(_signed_payload(_bearer(authorization)), time.time())
    except (ApiError, ImportError):
        raise  # an ImportError is a fault of the package, not of the token
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
    header, payload, signature = map(base64url.decode, segments)
    kid = _kid_in(strict_json.parse(header))
    from chalicelib import signing_keys

    key = signing_keys.KEYS.get(kid)
    if key is None or not key.verify(token.rpartition(".")[0].encode("ascii"), signature):
        _reject()
    return strict_json.parse(payload)


def _kid_in(header: Any) -> str:
    if (
        not isinstance(header, dict)
        or not header.keys() <= HEADER_PARAMETERS
        or header.get("alg") != "RS256"
        or ("typ" in header and header["typ"] not in TYPES)
        or not isinstance(header.get("kid"), str)
    ):
        _reject()
    return str(header["kid"])


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


_IDENTITY: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("iss", _is_issuer, "is not our issuer"),
    ("aud", _is_audience, "does not name this API"),
    ("exp", _is_number, "is missing, or not a time"),
    ("iat", _is_number, "is missing, or not a time"),
)
"""The claims that every token has: whose it is, for whom, and when."""
