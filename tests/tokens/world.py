"""What attackers have: keys, ways to sign, and tokens that are built member by member."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.conftest import Product
from tests.support.issuer import Issuer, base64url, jwk, rs256, rsa_key

EXPIRED, CLAIMS, HEADER = "token expired", "invalid claims", "invalid header"
DAY = 24 * 3600
GONE = object()
"""Marks a member that is removed."""

Sign = Callable[[bytes], bytes]
ec_key = ec.generate_private_key(ec.SECP256R1())
ed_key = ed25519.Ed25519PrivateKey.generate()
three = rsa.generate_private_key(public_exponent=3, key_size=2_048)


class Now(NamedTuple):
    """A time, in seconds from the creation of the token."""

    seconds: float


# Signatures


def by_main(message: bytes) -> bytes:
    """Sign as the issuer does."""
    return rs256(message, "main")


def by_attacker(message: bytes) -> bytes:
    return rs256(message, "attacker")


def by_rsa(key: rsa.RSAPrivateKey, algorithm: hashes.HashAlgorithm | None = None) -> Sign:
    return lambda message: key.sign(message, padding.PKCS1v15(), algorithm or hashes.SHA256())


def by_main_with(algorithm: hashes.HashAlgorithm) -> Sign:
    return lambda message: by_rsa(rsa_key("main"), algorithm)(message)


def by_pss(algorithm: hashes.HashAlgorithm) -> Sign:
    pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    return lambda message: rsa_key("main").sign(message, pss, algorithm)


def by_mac(secret: Callable[[], bytes], name: str = "sha256") -> Sign:
    return lambda message: hmac.digest(secret(), message, name)


def by_ec(message: bytes) -> bytes:
    r, s = decode_dss_signature(ec_key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def by_nobody(message: bytes) -> bytes:
    """Return a value that a public exponent of 1 accepts as a signature of any key."""
    information = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = information + hashlib.sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(digest)) + b"\x00" + digest


def constant(signature: bytes) -> Sign:
    return lambda _: signature


# Tokens


class World(NamedTuple):
    """The running product, its issuer, an issuer that it must not call, and the sent headers."""

    product: Product
    issuer: Issuer
    stranger: Issuer
    sent: list[str]

    def header(self, changes: dict[str, Any] | None = None) -> str:
        return self._json({"alg": "RS256", "kid": "main", "typ": "JWT", **(changes or {})})

    def payload(self, changes: dict[str, Any] | None = None) -> str:
        return self._json({**self.issuer.claims("assistant"), **(changes or {})})

    def token(
        self,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        sign: Sign = by_main,
    ) -> str:
        """Return a valid token with these members of header and payload changed."""
        return sealed(self.header(header), self.payload(claims), sign)

    def _json(self, members: dict[str, Any]) -> str:
        now = int(time.time())
        known: dict[str, Any] = {}
        for name, value in members.items():
            if isinstance(value, Now):
                known[name] = now + value.seconds
            elif callable(value):
                known[name] = value(self)
            elif value is not GONE:
                known[name] = value
        return json.dumps(known)


def sealed(header: str | bytes, payload: str | bytes, sign: Sign = by_main) -> str:
    """Return a token of exactly these two texts."""
    first, second = (t.encode() if isinstance(t, str) else t for t in (header, payload))
    return joined(base64url(first), base64url(second), sign)


def joined(header: str, payload: str, sign: Sign = by_main) -> str:
    """Return a token of exactly these two segments."""
    unsigned = f"{header}.{payload}"
    return f"{unsigned}.{base64url(sign(unsigned.encode('latin-1')))}"


def of_length(world: World, length: int) -> str:
    """Return a valid token of this many characters. JSON may end with spaces."""
    for spaces in range(3):
        header = base64url((world.header() + " " * spaces).encode())
        room = length - len(header) - 2 - len(base64url(bytes(256)))
        if room % 4 != 1:
            return joined(header, base64url(world.payload().ljust(room * 3 // 4).encode()))
    raise AssertionError(length)


# What the issuer publishes

UNUSABLE: dict[str, list[dict[str, Any]]] = {
    "twice": [{}, {}],
    "twice with another kind": [{}, {"kty": "oct", "k": "c2VjcmV0"}],
    "for encryption": [{"use": "enc"}],
    "for RS512": [{"alg": "RS512"}],
    "for RSA-OAEP": [{"alg": "RSA-OAEP"}],
    "with key_ops encrypt": [{"key_ops": ["encrypt"]}],
    "with no key_ops": [{"key_ops": []}],
    "of kty EC": [{"kty": "EC", "crv": "P-256"}],
    "of kty oct": [{"kty": "oct", "k": "c2VjcmV0"}],
    "of kty rsa": [{"kty": "rsa"}],
    "without kty": [{"kty": None}],
    "without n": [{"n": None}],
    "without e": [{"e": None}],
    "with n a number": [{"n": 65_537}],
    "with n padded": [{"n": jwk("main")["n"] + "=="}],
    "with spare bits in n": [{"n": jwk("main")["n"][:-1] + chr(ord(jwk("main")["n"][-1]) + 1)}],
    "with e padded": [{"e": "AQAB===="}],
    "with e empty": [{"e": ""}],
    "with e even": [{"e": base64url((65_538).to_bytes(3))}],
}
"""Key ids, and how the keys that are published under them differ from `main`."""


def published() -> list[Any]:
    """Return the issuer's keys: valid ones, and every kind that must not be used."""
    point = ec_key.public_key().public_numbers()
    numbers = three.public_key().public_numbers()
    curve = {
        "kid": "ec",
        "kty": "EC",
        "crv": "P-256",
        "x": base64url(point.x.to_bytes(32)),
        "y": base64url(point.y.to_bytes(32)),
    }
    edwards = {
        "kid": "ed",
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64url(ed_key.public_key().public_bytes_raw()),
    }
    even = (rsa_key("main").public_key().public_numbers().n - 1).to_bytes(256)
    return [
        jwk("main"),
        jwk("plain", use=None, alg=None),
        jwk("verifying", key_ops=["verify"]),
        jwk("main", kid=">>>>????"),
        *(jwk("main", kid=kid, **m) for kid, members in UNUSABLE.items() for m in members),
        jwk("main", kid="first of two"),
        jwk("other", kid="first of two"),
        jwk("other", kid="last of two"),
        jwk("main", kid="last of two"),
        jwk("1024 bits", 1_024),
        jwk("2047 bits", 2_047),
        jwk("main", kid="e 1", e=base64url(b"\x01")),
        jwk("main", kid="e 3", n=base64url(numbers.n.to_bytes(256)), e=base64url(b"\x03")),
        jwk("main", kid="n even", n=base64url(even)),
        curve,
        edwards,
        {"kid": "secret", "kty": "oct", "alg": "HS256", "k": base64url(b"secret")},
        jwk("main", kid=7),
        jwk("main", kid=["listed"]),
        jwk("main", kid=None),
        "main",
        None,
    ]
