"""Tokens of this machine, signed with a key in .local/: `make token` prints them.

`dev/local/sign_in.py` issues them to the console, and serves the public key.
"""

import base64
import functools
import json
import os
import sys
import time
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt
from jose.backends.base import Key

from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.machine import LOCAL

KEY_FILE = LOCAL / "issuer.pem"
DAY = 24 * 3600


def private_key() -> rsa.RSAPrivateKey:
    """Return this machine's key. Create it at the first call, and again if it is damaged."""
    try:
        key = serialization.load_pem_private_key(KEY_FILE.read_bytes(), password=None)
        if isinstance(key, rsa.RSAPrivateKey):
            return key
    except (OSError, ValueError):
        pass
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    LOCAL.mkdir(mode=0o700, parents=True, exist_ok=True)
    KEY_FILE.unlink(missing_ok=True)
    with open(os.open(KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_pem(key))
    return key


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@functools.cache
def _signing_key() -> tuple[Key, str]:
    """Return the key that signs, and its id.

    It is read once, because reading a key checks its primes, which takes a tenth of a second.
    """
    key = private_key()
    return jwk.construct(_pem(key).decode(), "RS256"), public_jwk(key)["kid"]


def public_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    """Return the public key as a JWK (RFC 7517), named by its thumbprint (RFC 7638)."""
    numbers = key.public_key().public_numbers()
    parts = {"e": _base64url(numbers.e), "kty": "RSA", "n": _base64url(numbers.n)}
    thumbprint = sha256(json.dumps(parts, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return {**parts, "kid": kid, "use": "sig", "alg": "RS256"}


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mint(role: str, issuer: str, audience: str, ttl: int = DAY) -> str:
    """Return a token for one of AGENCY_ROLES, like Auth0's, that expires after `ttl` seconds."""
    permissions = sorted(AGENCY_ROLES[role].permissions)
    return _signed(role, issuer, [audience], ttl, permissions=permissions)


def mint_id_token(role: str, issuer: str, client_id: str, ttl: int, **claims: str) -> str:
    """Return an id token (OpenID Connect): who has signed in."""
    return _signed(role, issuer, client_id, ttl, name=AGENCY_ROLES[role].name, **claims)


def _signed(role: str, issuer: str, audience: str | list[str], ttl: int, **more: Any) -> str:
    (key, key_id), now = _signing_key(), int(time.time())
    claims = {
        "iss": issuer,
        "sub": f"local|{role}",
        "aud": audience,
        "iat": now,
        "exp": now + ttl,
        **more,
    }
    token: str = jwt.encode(claims, key, "RS256", headers={"kid": key_id})
    return token


def main() -> None:
    """Print one token: `make token ROLE=director TTL=3600`."""
    role, ttl = os.environ.get("ROLE", ""), os.environ.get("TTL") or str(DAY)
    if role not in AGENCY_ROLES:
        machine.fail(f"name the role: make token ROLE={'|'.join(AGENCY_ROLES)}")
    if not ttl.isascii() or not ttl.isdigit() or not 1 <= int(ttl) <= 30 * DAY:
        machine.fail("TTL must be a number of seconds, from 1 to 2592000 (30 days)")
    running = machine.read_json("running.json")
    settings = machine.settings()
    if os.environ.get("AUTH_ISSUER") or running.get("foreign_issuer"):
        machine.fail("tokens come from the issuer in AUTH_ISSUER, not from this machine")
    issuer = running.get("issuer") or settings["AUTH_ISSUER"]
    audience = running.get("audience") or settings["AUTH_AUDIENCE"]
    sys.stdout.write(mint(role, issuer, audience, int(ttl)) + "\n")


if __name__ == "__main__":
    main()
