"""Nothing but a good token opens the API: every check and every known attack, over HTTP.

A case changes one thing. Where it can, its signature is true, so that one check alone refuses it.
"""

import base64
import hashlib
import hmac
import json
import socket
import string
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Timer
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jose import jwe

from chalicelib import tokens
from tests.conftest import Product
from tests.support.client import ApiResponse, Client, assert_failure
from tests.support.issuer import AUDIENCE, Issuer, base64url, jwk, rs256, rsa_key

EXPIRED, CLAIMS, HEADER = "token expired", "invalid claims", "invalid header"
DAY = 24 * 3600
GONE = object()
"""The value of a member that is taken away."""

Sign = Callable[[bytes], bytes]
ec_key = ec.generate_private_key(ec.SECP256R1())
ed_key = ed25519.Ed25519PrivateKey.generate()
three = rsa.generate_private_key(public_exponent=3, key_size=2_048)


class Now(NamedTuple):
    """A time: this many seconds from the moment in which a token is made."""

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
    """Make what a public exponent of 1 takes for a signature of any key."""
    information = bytes.fromhex("3031300d060960864801650304020105000420")
    told = information + hashlib.sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(told)) + b"\x00" + told


def constant(signature: bytes) -> Sign:
    return lambda _: signature


# Tokens


class World(NamedTuple):
    """The running product, the issuer that it trusts, one that it must never ask; what was sent."""

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
        """Give a good token with these members of header and payload changed."""
        return sealed(self.header(header), self.payload(claims), sign)

    def _json(self, members: dict[str, Any]) -> str:
        now = int(time.time())
        told: dict[str, Any] = {}
        for name, value in members.items():
            if isinstance(value, Now):
                told[name] = now + value.seconds
            elif callable(value):
                told[name] = value(self)
            elif value is not GONE:
                told[name] = value
        return json.dumps(told)


def sealed(header: str | bytes, payload: str | bytes, sign: Sign = by_main) -> str:
    """Give a token of exactly these two texts."""
    first, second = (t.encode() if isinstance(t, str) else t for t in (header, payload))
    return joined(base64url(first), base64url(second), sign)


def joined(header: str, payload: str, sign: Sign = by_main) -> str:
    """Give a token of exactly these two segments."""
    unsigned = f"{header}.{payload}"
    return f"{unsigned}.{base64url(sign(unsigned.encode('latin-1')))}"


def of_length(world: World, length: int) -> str:
    """Give a good token of this many characters: JSON may end in spaces."""
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
"""Key ids, and the sets of members in which what is published under them differs from `main`."""


def published() -> list[Any]:
    """Give the issuer's keys: good ones, and every kind that nobody should sign with."""
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


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A product of its own: what it does depends on which keys it has fetched already."""
    issuer, stranger = Issuer(), Issuer()
    issuer.answer = json.dumps({"keys": published()}).encode()
    stranger.publish(jwk("attacker"), jwk("attacker", kid="main"))
    folder = tmp_path_factory.mktemp("hostile") / "local"
    product = Product(folder, AUTH_ISSUER=issuer.url).start()
    yield World(product, issuer, stranger, [])
    product.stop()
    issuer.close()
    stranger.close()


# The cases

Headers = dict[str, str]


class Case(NamedTuple):
    """A request's headers, and the message that refuses them."""

    name: str
    message: str
    headers: Callable[[World], Headers]


def bearing(name: str, message: str, make: Callable[[World], str]) -> Case:
    return Case(name, message, lambda world: {"Authorization": f"Bearer {make(world)}"})


# From a good token to headers.
AUTHORIZATIONS: dict[str, Callable[[str], Headers]] = {
    "absent": lambda _: {},
    "in a cookie": lambda t: {"Cookie": f"access_token={t}; Authorization=Bearer {t}"},
    "in X-Authorization": lambda t: {"X-Authorization": f"Bearer {t}"},
    "in Proxy-Authorization": lambda t: {"Proxy-Authorization": f"Bearer {t}"},
    "two, both good": lambda t: {"Authorization": f"Bearer {t}", "authorization": f"Bearer {t}"},
    "two, the first good": lambda t: {"Authorization": f"Bearer {t}", "authorization": "Bearer x"},
    "two, the last good": lambda t: {"Authorization": "Bearer x", "authorization": f"Bearer {t}"},
    "two, one empty": lambda t: {"Authorization": "", "authorization": f"Bearer {t}"},
}

# From a good token to the value of the header.
VALUES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "a space": lambda _: " ",
    "a comma": lambda _: ",",
    "the scheme alone": lambda _: "Bearer",
    "the scheme and a space": lambda _: "Bearer ",
    "no scheme": lambda t: t,
    "Basic": lambda _: "Basic " + base64.b64encode(b"somebody:password").decode(),
    "Basic before a good token": lambda t: f"Basic {t}",
    "DPoP": lambda t: f"DPoP {t}",
    "JWT as a scheme": lambda t: f"JWT {t}",
    "Token as a scheme": lambda t: f"Token {t}",
    "a scheme that begins with Bearer": lambda t: f"BearerToken {t}",
    "a scheme that ends with Bearer": lambda t: f"XBearer {t}",
    "Bearer twice": lambda t: f"Bearer Bearer {t}",
    "a colon": lambda t: f"Bearer: {t}",
    "no space": lambda t: f"Bearer{t}",
    "a tab": lambda t: f"Bearer\t{t}",
    "a space and a tab": lambda t: f"Bearer \t{t}",
    "folded": lambda t: f"Bearer\r\n {t}",
    "folded inside the token": lambda t: f"Bearer {t[:50]}\r\n {t[50:]}",
    "a name": lambda t: f"Bearer token={t}",
    "quotes": lambda t: f'Bearer "{t}"',
    "angle brackets": lambda t: f"Bearer <{t}>",
    "lower case, bad token": lambda t: f"bearer {t[:-8]}",
    "upper case, bad token": lambda t: f"BEARER {t[:-8]}",
    "two tokens": lambda t: f"Bearer {t} {t}",
    "two credentials": lambda t: f"Bearer {t}, Bearer {t}",
    "a comma after the token": lambda t: f"Bearer {t},",
    "a parameter after the token": lambda t: f"Bearer {t}; realm=x",
    "a NUL after the token": lambda t: f"Bearer {t}\x00",
    "a NUL before the token": lambda t: f"Bearer \x00{t}",
    "a NUL in the scheme": lambda t: f"Bea\x00rer {t}",
    "a NUL for the space": lambda t: f"Bearer\x00{t}",
    "NULs alone": lambda _: "\x00" * 40,
    "a vertical tab": lambda t: f"Bearer\x0b{t}",
    "a form feed after the token": lambda t: f"Bearer {t}\x0c",
    "a file separator after the token": lambda t: f"Bearer {t}\x1c",
    "a delete after the token": lambda t: f"Bearer {t}\x7f",
    "a next line after the token": lambda t: f"Bearer {t}\x85",
    "a no-break space": lambda t: f"Bearer\xa0{t}",
    "a Cyrillic letter in the scheme": lambda t: f"B\u0435arer {t}".encode().decode("latin-1"),
    "every byte that is not ASCII": lambda _: "Bearer " + bytes(range(128, 256)).decode("latin-1"),
}

# From a good token to a bad one.
TOKENS: dict[str, Callable[[str], str]] = {
    "a word": lambda _: "nonsense",
    "null": lambda _: "null",
    "undefined": lambda _: "undefined",
    "an object": lambda _: "{}",
    "two dots": lambda _: "..",
    "three words": lambda _: "a.b.c",
    "8,000 dots": lambda _: "." * 8_000,
    "one segment": lambda t: t.split(".")[0],
    "two segments": lambda t: t.rpartition(".")[0],
    "two segments and a dot": lambda t: t.rpartition(".")[0] + ".",
    "without its header": lambda t: t.partition(".")[2],
    "a dot before": lambda t: f".{t}",
    "a dot after": lambda t: f"{t}.",
    "two dots inside": lambda t: t.replace(".", "..", 1),
    "four segments": lambda t: f"{t}.{t.rpartition('.')[2]}",
    "five segments": lambda t: f"{t}.{t.partition('.')[2]}",
    "six segments": lambda t: f"{t}.{t}",
    "commas for dots": lambda t: t.replace(".", ","),
    "escaped dots": lambda t: t.replace(".", "%2E"),
    "upper case": str.upper,
    "lower case": str.lower,
    "backwards": lambda t: t[::-1],
    "encoded again": lambda t: base64url(t.encode()),
    "payload before header": lambda t: ".".join([t.split(".")[i] for i in (1, 0, 2)]),
    "signature first": lambda t: ".".join([t.split(".")[i] for i in (2, 0, 1)]),
    "header as payload": lambda t: ".".join([t.split(".")[i] for i in (0, 0, 2)]),
    "in JSON serialization": lambda t: json.dumps(
        dict(zip(("protected", "payload", "signature"), t.split("."), strict=True))
    ),
    "a letter that is not ASCII": lambda t: t[:50] + "\xe9" + t[51:],
    "a letter of UTF-8": lambda t: t[:50] + "\u0451".encode().decode("latin-1") + t[51:],
    "10,500 characters": lambda t: t + "a" * (10_500 - len(t)),
    "60,000 characters": lambda t: t + "a" * (60_000 - len(t)),
    "70,000 characters": lambda t: t + "a" * (70_000 - len(t)),
    "3,000,000 characters": lambda t: t + "a" * (3_000_000 - len(t)),
    "3,000,000 dots": lambda _: "." * 3_000_000,
    "3,000,000 brackets": lambda _: "[" * 3_000_000,
}

LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
# From a canonical segment, four bits of whose last character are spare, to another way to write it.
MANGLED: dict[str, Callable[[str], str]] = {
    "padded": lambda s: s + "==",
    "half padded": lambda s: s + "=",
    "padded too much": lambda s: s + "====",
    "with spare bits": lambda s: s[:-1] + LETTERS[LETTERS.index(s[-1]) + 1],
    "of 4n+1 characters": lambda s: s + "AAA",
    "in the standard alphabet": lambda s: s.replace("-", "+").replace("_", "/"),
    "with a space inside": lambda s: f"{s[:8]} {s[8:]}",
    "with a tab inside": lambda s: f"{s[:8]}\t{s[8:]}",
    "with a NUL inside": lambda s: f"{s[:8]}\x00{s[8:]}",
    "with a comma inside": lambda s: f"{s[:8]},{s[8:]}",
    "with a letter inside that is not ASCII": lambda s: f"{s[:8]}\xe9{s[8:]}",
    "with = inside": lambda s: f"{s[:8]}={s[8:]}",
    "with %3D after": lambda s: f"{s}%3D%3D",
    "empty": lambda _: "",
}


def mangled(part: int, change: Callable[[str], str]) -> Callable[[World], str]:
    """Change the writing of one segment; what is signed is what is sent."""

    def make(world: World) -> str:
        # Where a signature happens to have nothing that can be written in another way, another one.
        for number in count():
            header = world.header({"kid": ">>>>????"})
            payload = world.payload({"sub": f">>>>????{number}"})
            # Spaces at the end, so that the last character of each segment has spare bits.
            texts = [text + " " * ((1 - len(text)) % 3) for text in (header, payload)]
            segments = [base64url(text.encode()) for text in texts]
            segments.append(joined(segments[0], segments[1]).rpartition(".")[2])
            written, segments[part] = segments[part], change(segments[part])
            if segments[part] != written:
                break
        return ".".join(segments) if part == 2 else joined(segments[0], segments[1])

    return make


# From the JSON of a good header to another text.
HEADER_TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "not JSON": lambda _: "nonsense",
    "an empty object": lambda _: "{}",
    "a list": lambda h: f"[{h}]",
    "an empty list": lambda _: "[]",
    "a string": json.dumps,
    "a number": lambda _: "256",
    "null": lambda _: "null",
    "true": lambda _: "true",
    "a space": lambda _: " ",
    "a NUL": lambda _: "\x00",
    "alg twice": lambda h: '{"alg": "none", ' + h[1:],
    "alg twice, the same": lambda h: '{"alg": "RS256", ' + h[1:],
    "alg twice, once with an escape": lambda h: '{"\\u0061lg": "none", ' + h[1:],
    "kid twice": lambda h: '{"kid": "attacker", ' + h[1:],
    "typ twice": lambda h: '{"typ": "JOSE", ' + h[1:],
    "NaN": lambda h: h.replace('"JWT"', "NaN"),
    "Infinity": lambda h: h.replace('"JWT"', "Infinity"),
    "1e999": lambda h: h.replace('"JWT"', "1e999"),
    "5,000 digits": lambda h: h.replace('"JWT"', "9" * 5_000),
    "100 levels": lambda h: h.replace('"JWT"', "[" * 100 + "]" * 100),
    "100 levels around it": lambda h: "[" * 100 + h + "]" * 100,
    "100 levels of objects": lambda h: '{"alg":' * 100 + h + "}" * 100,
    "5,000 levels": lambda _: "[" * 5_000,
    "2,400 levels, closed": lambda _: "[" * 2_400 + "]" * 2_400,
    "UTF-16": lambda h: h.encode("utf-16"),
    "UTF-16 without a BOM": lambda h: h.encode("utf-16-le"),
    "UTF-32": lambda h: h.encode("utf-32"),
    "a BOM": lambda h: h.encode("utf-8-sig"),
    "bytes that are not UTF-8": lambda h: h.encode().replace(b"JWT", b"JW\xff"),
    "an overlong byte": lambda h: h.encode().replace(b"JWT", b"JW\xc1\x94"),
    "half of a surrogate pair": lambda h: h.replace("JWT", "\\ud800"),
    "garbage after it": lambda h: h + "x",
    "a NUL after it": lambda h: h + "\x00",
    "itself after it": lambda h: h + h,
    "a comma after it": lambda h: h + ",",
    "cut off": lambda h: h[:-1],
    "single quotes": lambda h: h.replace('"', "'"),
    "a comment": lambda h: h + "/**/",
    "a comma at the end": lambda h: h[:-1] + ",}",
    "a line break in a string": lambda h: h.replace("JWT", "J\nWT"),
}

# Members of the header that are changed, under a true signature of `main` as RS256.
HEADERS: dict[str, dict[str, Any]] = {
    **{
        f"alg {alg!r}": {"alg": alg}
        for alg in (
            *("none", "None", "NONE", "nOnE", "", "rs256", "Rs256", "RS256 ", " RS256", "RS256\0"),
            *("RS384", "RS512", "PS256", "HS256", "HS512", "ES256", "EdDSA", "RSA-OAEP", "dir"),
            *(None, 256, True, ["RS256"], {"RS256": 1}, "RS256,none", "RS"),
        )
    },
    "alg missing": {"alg": GONE},
    "alg in capitals": {"alg": GONE, "ALG": "RS256"},
    **{
        f"typ {typ!r}": {"typ": typ}
        for typ in (
            *("JOSE", "JWE", "JOSE+JSON", "dpop+jwt", "id_token+jwt", "logout+jwt", "secevent+jwt"),
            *("at+jwt;", "JWT ", "", None, 1, False, ["JWT"], {"JWT": 1}),
        )
    },
    "crit of b64": {"crit": ["b64"], "b64": True},
    "crit of b64, false": {"crit": ["b64"], "b64": False},
    "crit of something": {"crit": ["something"], "something": 1},
    "crit of exp": {"crit": ["exp"], "exp": Now(3_600)},
    "crit empty": {"crit": []},
    "crit null": {"crit": None},
    "b64 true": {"b64": True},
    "b64 false": {"b64": False},
    "zip": {"zip": "DEF"},
    "enc": {"enc": "A256GCM"},
    "cty JWT": {"cty": "JWT"},
    "cty empty": {"cty": ""},
    "jku of the issuer": {"jku": lambda world: f"{world.issuer.url}.well-known/jwks.json"},
    "jku empty": {"jku": ""},
    "jku null": {"jku": None},
    "jwk of the issuer": {"jwk": jwk("main")},
    "x5u": {"x5u": lambda world: world.stranger.url},
    "x5c empty": {"x5c": []},
    "x5t": {"x5t": base64url(bytes(20))},
    "x5t#S256": {"x5t#S256": base64url(bytes(32))},
    "epk": {"epk": {}},
    "p2c": {"p2c": 2**31},
    "iss": {"iss": lambda world: world.issuer.url},
    "nonce": {"nonce": "n"},
    "an unknown parameter": {"unknown": 1},
    "an unknown parameter, null": {"unknown": None},
    "a parameter without a name": {"": ""},
    "__proto__": {"__proto__": {"alg": "RS256"}},
}

KIDS: dict[str, Any] = {
    "missing": GONE,
    "null": None,
    "a number": 7,
    "true": True,
    "empty": "",
    "a list": ["main"],
    "a list that is published": ["listed"],
    "an object": {"main": 1},
    "unknown": "attacker",
    "in capitals": "MAIN",
    "with a space after": "main ",
    "with a NUL after": "main\0",
    "cut off": "mai",
    "a path": "../../../../dev/null",
    "an absolute path": "/proc/self/environ",
    "SQL": "x' UNION SELECT 'secret' -- ",
    "a command": "main|/bin/true",
    "a template": "{{7*7}}${7*7}",
    "a log line": "main\nGET /movies 200",
    "a URL": lambda world: f"{world.stranger.url}.well-known/jwks.json",
    "a pattern": ".*",
    "not ASCII": "ma\u0131n",
    "half of a surrogate pair": "\ud800",
    "of 5,000 characters": "k" * 5_000,
    "None as a word": "None",
    "an attribute of dict": "__class__",
}


def certificate() -> str:
    """Give a certificate of the attacker for itself."""
    key, name = rsa_key("attacker"), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


# Members of the header that bring or name the attacker's key, under the attacker's true signature.
FOREIGN_KEYS: dict[str, dict[str, Any]] = {
    "nothing but the signature": {},
    "jku": {"jku": lambda world: f"{world.stranger.url}.well-known/jwks.json"},
    "jku like the issuer's": {
        "jku": lambda world: (
            world.issuer.url.rstrip("/") + "@" + world.stranger.url.removeprefix("http://")
        )
    },
    "x5u": {"x5u": lambda world: f"{world.stranger.url}certificate.pem"},
    "jwk": {"jwk": lambda _: jwk("attacker")},
    "jwk as text": {"jwk": lambda _: json.dumps(jwk("attacker"))},
    "x5c": {"x5c": lambda _: [certificate()]},
    "x5t": {
        "x5t": lambda _: base64url(hashlib.sha256(base64.b64decode(certificate())).digest()[:20])
    },
    "all of them": {
        "jku": lambda world: f"{world.stranger.url}.well-known/jwks.json",
        "x5u": lambda world: f"{world.stranger.url}certificate.pem",
        "jwk": lambda _: jwk("attacker"),
        "x5c": lambda _: [certificate()],
    },
}


def public_pem(form: serialization.PublicFormat, end: bytes = b"\n") -> Callable[[], bytes]:
    encoding = serialization.Encoding.PEM
    return lambda: rsa_key("main").public_key().public_bytes(encoding, form).rstrip() + end


def public_der() -> bytes:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return rsa_key("main").public_key().public_bytes(serialization.Encoding.DER, spki)


SPKI, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
# What everybody can know of the issuer's key, taken for a secret.
SECRETS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "the PEM": public_pem(SPKI),
    "the PEM without its last line break": public_pem(SPKI, b""),
    "the PEM of PKCS1": public_pem(PKCS1),
    "the PEM of PKCS1 without its last line break": public_pem(PKCS1, b""),
    "the DER": public_der,
    "the JWK": lambda: json.dumps(jwk("main")).encode(),
    "the JWK without spaces": lambda: json.dumps(jwk("main"), separators=(",", ":")).encode(),
    "the modulus": lambda: rsa_key("main").public_key().public_numbers().n.to_bytes(256),
    "the modulus as text": lambda: str(jwk("main")["n"]).encode(),
    "the key id": lambda: b"main",
    "the word secret": lambda: b"secret",
}

# Another algorithm than RS256, done properly, or a signature that never was one.
ALGORITHMS: dict[str, tuple[dict[str, Any], Sign]] = {
    **{
        f"HS256 with {name}": ({"alg": "HS256"}, by_mac(secret)) for name, secret in SECRETS.items()
    },
    "HS384 with the PEM": ({"alg": "HS384"}, by_mac(SECRETS["the PEM"], "sha384")),
    "HS512 with the PEM": ({"alg": "HS512"}, by_mac(SECRETS["the PEM"], "sha512")),
    "HS256 with the published secret": (
        {"alg": "HS256", "kid": "secret"},
        by_mac(lambda: b"secret"),
    ),
    "HS256 in fact, RS256 in name": ({}, by_mac(SECRETS["the PEM"])),
    "RS384": ({"alg": "RS384"}, by_main_with(hashes.SHA384())),
    "RS512": ({"alg": "RS512"}, by_main_with(hashes.SHA512())),
    "RS384 in fact, RS256 in name": ({}, by_main_with(hashes.SHA384())),
    "RS512 in fact, RS256 in name": ({}, by_main_with(hashes.SHA512())),
    "PS256": ({"alg": "PS256"}, by_pss(hashes.SHA256())),
    "PS384": ({"alg": "PS384"}, by_pss(hashes.SHA384())),
    "PS512": ({"alg": "PS512"}, by_pss(hashes.SHA512())),
    "PS256 in fact, RS256 in name": ({}, by_pss(hashes.SHA256())),
    "ES256": ({"alg": "ES256", "kid": "ec"}, by_ec),
    "ES256 in fact, RS256 in name": ({"kid": "ec"}, by_ec),
    "ES256 of zeros": ({"alg": "ES256", "kid": "ec"}, constant(bytes(64))),
    "EdDSA": ({"alg": "EdDSA", "kid": "ed"}, ed_key.sign),
    "EdDSA in fact, RS256 in name": ({"kid": "ed"}, ed_key.sign),
    "none, without a signature": ({"alg": "none"}, constant(b"")),
    "none, without a signature or a kid": ({"alg": "none", "kid": GONE}, constant(b"")),
    "NONE, without a signature": ({"alg": "NONE"}, constant(b"")),
    "none, with a signature": ({"alg": "none"}, constant(b"signature")),
    "no alg, without a signature": ({"alg": GONE}, constant(b"")),
}

# A signature of the token that is changed.
SIGNATURES: dict[str, Callable[[bytes], bytes]] = {
    "cut off by one byte": lambda s: s[:-1],
    "without its first byte": lambda s: s[1:],
    "half": lambda s: s[:128],
    "of one byte": lambda s: s[:1],
    "with its first bit flipped": lambda s: bytes([s[0] ^ 128]) + s[1:],
    "with a bit flipped": lambda s: s[:128] + bytes([s[128] ^ 1]) + s[129:],
    "with its last bit flipped": lambda s: s[:-1] + bytes([s[-1] ^ 1]),
    "of zeros": lambda _: bytes(256),
    "of ones": lambda _: b"\xff" * 256,
    "the number 1": lambda _: bytes(255) + b"\x01",
    "the modulus": lambda _: SECRETS["the modulus"](),
    "the modulus less itself": lambda s: (
        int.from_bytes(SECRETS["the modulus"]()) - int.from_bytes(s)
    ).to_bytes(256),
    "twice": lambda s: s + s,
    "with a zero byte before": lambda s: b"\x00" + s,
    "with a zero byte after": lambda s: s + b"\x00",
    "plus the modulus": lambda s: (
        int.from_bytes(s) + int.from_bytes(SECRETS["the modulus"]())
    ).to_bytes(257),
    "backwards": lambda s: s[::-1],
    "in base64 again": lambda s: base64url(s).encode(),
    "in hexadecimal": lambda s: s.hex().encode(),
}

# Signatures that are true of something else.
BORROWED: dict[str, Sign] = {
    "of another key": by_attacker,
    "of another of the issuer's keys": lambda message: rs256(message, "plain"),
    "of the header alone": lambda message: by_main(message.partition(b".")[0]),
    "of the payload alone": lambda message: by_main(message.partition(b".")[2]),
    "of the two without their dot": lambda message: by_main(message.replace(b".", b"")),
    "of the two with a dot after": lambda message: by_main(message + b"."),
    "of the two decoded": lambda message: by_main(
        b".".join(base64.urlsafe_b64decode(part + b"==") for part in message.split(b"."))
    ),
    "of another payload": lambda message: by_main(
        message.partition(b".")[0] + b"." + base64url(b'{"sub": "another"}').encode()
    ),
    "of nothing": lambda _: by_main(b""),
    "of the padding alone": by_nobody,
}

# From the JSON of a good payload to a text that is none, under a true signature.
PAYLOAD_TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "not JSON": lambda _: "nonsense",
    "empty": lambda _: " ",
    "a NUL": lambda _: "\x00",
    "iss twice": lambda p: '{"iss": "https://attacker.example/", ' + p[1:],
    "aud twice": lambda p: '{"aud": "another", ' + p[1:],
    "exp twice": lambda p: '{"exp": 1, ' + p[1:],
    "sub twice": lambda p: '{"sub": "another", ' + p[1:],
    "permissions twice": lambda p: '{"permissions": [], ' + p[1:],
    "permissions twice, once with an escape": lambda p: '{"permission\\u0073": [], ' + p[1:],
    "an unknown claim twice": lambda p: '{"a": 1, "a": 1, ' + p[1:],
    "a name twice, deep inside": lambda p: '{"a": [{"b": 1, "b": 1}], ' + p[1:],
    "NaN": lambda p: '{"a": NaN, ' + p[1:],
    "Infinity": lambda p: '{"a": Infinity, ' + p[1:],
    "-Infinity": lambda p: '{"a": -Infinity, ' + p[1:],
    "1e999": lambda p: '{"a": 1e999, ' + p[1:],
    "exp NaN": lambda p: p.replace('"exp": ', '"exp": NaN, "a": '),
    "exp Infinity": lambda p: p.replace('"exp": ', '"exp": Infinity, "a": '),
    "exp 1e999": lambda p: p.replace('"exp": ', '"exp": 1e999, "a": '),
    "iat -Infinity": lambda p: p.replace('"iat": ', '"iat": -Infinity, "a": '),
    "nbf NaN": lambda p: '{"nbf": NaN, ' + p[1:],
    "5,000 digits": lambda p: '{"a": ' + "9" * 5_000 + ", " + p[1:],
    "exp of 5,000 digits": lambda p: p.replace('"exp": ', '"exp": ' + "9" * 5_000 + ', "a": '),
    "100 levels": lambda p: '{"a": ' + "[" * 100 + "]" * 100 + ", " + p[1:],
    "100 levels of objects": lambda p: '{"a": ' + '{"b":' * 100 + "1" + "}" * 100 + ", " + p[1:],
    "5,000 levels": lambda _: "[" * 5_000,
    "2,400 levels, closed": lambda p: '{"a": ' + "[" * 2_400 + "]" * 2_400 + ", " + p[1:],
    "UTF-16": lambda p: p.encode("utf-16"),
    "UTF-16 without a BOM": lambda p: p.encode("utf-16-be"),
    "a BOM": lambda p: p.encode("utf-8-sig"),
    "bytes that are not UTF-8": lambda p: p.encode().replace(b"auth0", b"auth\xff"),
    "half of a surrogate pair": lambda p: p.replace("auth0", "\\udfff"),
    "garbage after it": lambda p: p + "x",
    "itself after it": lambda p: p + p,
    "a NUL after it": lambda p: p + "\x00",
    "cut off": lambda p: p[:-1],
    "single quotes": lambda p: p.replace('"', "'"),
    "a line break in a string": lambda p: p.replace("auth0", "auth\n"),
    "compressed": lambda p: zlib.compress(p.encode()),
    "a token": lambda p: sealed('{"alg": "RS256", "kid": "main"}', p),
}

# JSON that is no set of claims, under a true signature.
NO_CLAIMS: dict[str, Callable[[str], str]] = {
    "a list": lambda p: f"[{p}]",
    "an empty list": lambda _: "[]",
    "a string": json.dumps,
    "an empty string": lambda _: '""',
    "a number": lambda _: "1",
    "null": lambda _: "null",
    "false": lambda _: "false",
    "an empty object": lambda _: "{}",
}

# Values of one claim, under a true signature. A function takes the world.
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "iss": {
        "missing": GONE,
        "null": None,
        "empty": "",
        "wrong": "https://attacker.example/",
        "the stranger": lambda world: world.stranger.url,
        "without its slash": lambda world: world.issuer.url.rstrip("/"),
        "with two slashes": lambda world: world.issuer.url + "/",
        "in capitals": lambda world: world.issuer.url.upper(),
        "a prefix": lambda world: world.issuer.url[:-3],
        "longer": lambda world: world.issuer.url + "attacker",
        "with a space after": lambda world: world.issuer.url + " ",
        "with a NUL after": lambda world: world.issuer.url + "\0",
        "https": lambda world: world.issuer.url.replace("http:", "https:"),
        "localhost": lambda world: world.issuer.url.replace("127.0.0.1", "localhost"),
        "a list": lambda world: [world.issuer.url],
        "an object": lambda world: {world.issuer.url: 1},
        "a number": 1,
    },
    "aud": {
        "missing": GONE,
        "null": None,
        "wrong": "another-api",
        "a wrong list": ["another-api", "https://tenant.example/userinfo"],
        "an empty list": [],
        "empty": "",
        "a list of an empty string": [""],
        "ours and a number": [AUDIENCE, 1],
        "ours and null": [AUDIENCE, None],
        "ours and a list": [AUDIENCE, [AUDIENCE]],
        "a nested list": [[AUDIENCE]],
        "an object": {AUDIENCE: AUDIENCE},
        "a list of an object": [{AUDIENCE: 1}],
        "true": True,
        "a number": 1,
        "a prefix": AUDIENCE[:-1],
        "a prefix in a list": [AUDIENCE[:-1]],
        "longer": AUDIENCE + "2",
        "within another": f"not-{AUDIENCE}-this",
        "in capitals": AUDIENCE.upper(),
        "in capitals in a list": [AUDIENCE.upper()],
        "with a space after": AUDIENCE + " ",
        "two in a string": f"{AUDIENCE} another-api",
        "two with a comma": f"{AUDIENCE},another-api",
        "the issuer": lambda world: world.issuer.url,
    },
    "exp": {
        "missing": GONE,
        "null": None,
        "true": True,
        "false": False,
        "a string": "9999999999",
        "an empty string": "",
        "a date": "2099-01-01T00:00:00Z",
        "a list": [9_999_999_999],
        "an object": {},
        "in milliseconds": Now(1e12),
        "30 days and a second from iat": Now(30 * DAY + 1),
        "1e300": 1e300,
        "of 400 digits": 10**400,
    },
    "iat": {
        "missing": GONE,
        "null": None,
        "true": True,
        "false": False,
        "a string": "1700000000",
        "a list": [1_700_000_000],
        "0": 0,
        "negative": -1,
        "30 days and more before exp": Now(-30 * DAY),
        "a minute in the future": Now(60),
        "a year in the future": Now(365 * DAY),
        "minus 400 digits": -(10**400),
    },
    "nbf": {
        "a minute in the future": Now(60),
        "a minute and a fraction in the future": Now(60.5),
        "1e300": 1e300,
        "of 400 digits": 10**400,
        "true": True,
        "false": False,
        "null": None,
        "a string": "0",
        "an empty string": "",
        "null as a word": "null",
        "a list": [],
        "an object": {},
    },
    "sub": {
        "missing": GONE,
        "null": None,
        "empty": "",
        "a number": 1,
        "true": True,
        "a list": ["auth0|assistant"],
        "an object": {"auth0": "assistant"},
        "of 256 characters": "x" * 256,
        "with a line break": "auth0|a\nb",
        "with a line break after": "auth0|assistant\n",
        "with a tab": "auth0|a\tb",
        "with an escape": "auth0|\x1b[2J",
        "with NUL": "auth0|assistant\0",
        "with a delete": "auth0|\x7f",
        "with a line separator": "auth0|\u2028",
        "written from right to left": "auth0|\u202etnatsissa",
        "with a space of no width": "auth0|\u200bassistant",
    },
    "nonce": {"present": "n-0S6_WzA2Mj", "null": None, "empty": ""},
    "at_hash": {"present": "MTIzNDU2Nzg5MDEyMzQ1Ng", "null": None, "empty": ""},
    "cnf": {"present": {"jkt": base64url(bytes(32))}, "null": None, "empty": {}},
    "permissions": {
        "null": None,
        "a string": "get:movies",
        "an empty string": "",
        "an object": {"get:movies": True},
        "an empty object": {},
        "a number": 0,
        "true": True,
        "false": False,
        "201": ["get:movies"] + [f"permission:{number}" for number in range(200)],
        "201, all the same": ["get:movies"] * 201,
        "with a number": ["get:movies", 1],
        "with null": ["get:movies", None],
        "with true": ["get:movies", True],
        "nested": [["get:movies"]],
        "with a list": ["get:movies", ["post:movies"]],
        "with an object": ["get:movies", {"post": "movies"}],
        "with a space": ["get:movies", "post movies"],
        "with a space after": ["get:movies "],
        "all in one": ["get:movies get:actors"],
        "with an empty one": ["get:movies", ""],
        "with one of 281 characters": ["get:movies", "x" * 281],
        "with a line break": ["get:movies", "post:\nmovies"],
        "with a line break after": ["get:movies", "post:movies\n"],
        "with a NUL": ["get:movies", "post:movies\0"],
        "with a quote": ["get:movies", 'post:"movies"'],
        "with a backslash": ["get:movies", "post:\\movies"],
        "not ASCII": ["get:movies", "post:mov\u00efes"],
        "with a delete": ["get:movies", "post:movies\x7f"],
    },
}

# Several claims at once: where one of them alone would be refused for another reason too.
BAD_TIMES: dict[str, dict[str, Any]] = {
    "iat after exp": {"iat": Now(20), "exp": Now(10)},
    "iat after exp, both past": {"iat": Now(-5), "exp": Now(-15)},
    "iat older than 30 days before exp": {"iat": Now(-31 * DAY), "exp": Now(60)},
    "a fraction over 30 days": {"iat": Now(0), "exp": Now(30 * DAY + 0.5)},
    "all of them a minute in the future": {"iat": Now(60), "nbf": Now(60), "exp": Now(3_600)},
    "exp of 400 digits and iat with a fraction": {"exp": 10**400, "iat": Now(-0.5)},
    "iat of minus 400 digits and exp with a fraction": {"iat": -(10**400), "exp": Now(60.5)},
}

PAST: dict[str, dict[str, Any]] = {
    "31 seconds ago": {"iat": Now(-3_600), "exp": Now(-31)},
    "a fraction more than 30 seconds ago": {"iat": Now(-3_600), "exp": Now(-30.01)},
    "an hour ago": {"iat": Now(-7_200), "exp": Now(-3_600)},
    "an hour ago, with a fraction": {"iat": Now(-7_200), "exp": Now(-3_600.25)},
    "years ago": {"iat": 1_500_000_000, "exp": 1_500_003_600},
    "at 0": {"iat": -60, "exp": 0},
    "at 0.0": {"iat": -60, "exp": 0.0},
    "before 0": {"iat": -120, "exp": -60},
    "long before 0, and before iat": {"iat": Now(-60), "exp": -1e12},
}


def retold(part: str, change: Callable[[str], str | bytes]) -> Callable[[World], str]:
    """Change the text of one part; what is signed is what is sent."""
    if part == "header":
        return lambda world: sealed(change(world.header()), world.payload())
    return lambda world: sealed(world.header(), change(world.payload()))


def swapped(part: int) -> Callable[[World], str]:
    """Give a good token with one segment of another one."""

    def make(world: World) -> str:
        mine = world.token().split(".")
        other = world.token({"typ": "at+jwt"}, {"sub": "auth0|another"}).split(".")
        assert mine[part] != other[part]
        mine[part] = other[part]
        return ".".join(mine)

    return make


def longer(more: int) -> Callable[[World], str]:
    """Give a token of more than three segments whose last one signs all the others."""

    def make(world: World) -> str:
        header, payload, _ = world.token().split(".")
        return joined(".".join([header] + [payload] * more), payload)

    return make


def encrypted(world: World) -> str:
    """Give a JWE of the claims for the issuer's public key, compressed."""
    key = {**jwk("main"), "alg": "RSA-OAEP-256"}
    token: bytes = jwe.encrypt(world.payload(), key, "A256GCM", "RSA-OAEP-256", zip="DEF")
    return token.decode()


def with_headers(make: Callable[[str], Headers]) -> Callable[[World], Headers]:
    return lambda world: make(world.token())


def with_value(make: Callable[[str], str]) -> Callable[[World], Headers]:
    return lambda world: {"Authorization": make(world.token())}


def changed(make: Callable[[str], str]) -> Callable[[World], str]:
    return lambda world: make(world.token())


def resigned(change: Callable[[bytes], bytes]) -> Sign:
    return lambda message: change(by_main(message))


def good(
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    sign: Sign = by_main,
) -> Callable[[World], str]:
    return lambda world: world.token(header, claims, sign)


def hostile() -> Iterator[Case]:
    """Give every case."""
    for name, headers in AUTHORIZATIONS.items():
        yield Case(f"authorization {name}", HEADER, with_headers(headers))
    for name, value in VALUES.items():
        yield Case(f"authorization {name}", HEADER, with_value(value))
    for name, token in TOKENS.items():
        yield bearing(f"token: {name}", HEADER, changed(token))
    yield bearing("token: 8,193 characters", HEADER, lambda world: of_length(world, 8_193))
    yield bearing("token: a JWE", HEADER, encrypted)
    for more in (1, 2):
        yield bearing(f"token: {3 + more} segments, signed", HEADER, longer(more))
    for part, of_part in enumerate(("header", "payload", "signature")):
        for name, mangling in MANGLED.items():
            yield bearing(f"{of_part} {name}", HEADER, mangled(part, mangling))
        yield bearing(f"{of_part} of another good token", HEADER, swapped(part))
    for name, text in HEADER_TEXTS.items():
        yield bearing(f"header text: {name}", HEADER, retold("header", text))
    for name, members in HEADERS.items():
        yield bearing(f"header: {name}", HEADER, good(members))
    for name, kid in KIDS.items():
        yield bearing(f"kid {name}", HEADER, good({"kid": kid}))
    for name, members in FOREIGN_KEYS.items():
        for kid in ("main", "attacker", GONE):
            shown = "no kid" if kid is GONE else f"kid {kid}"
            make = good({"kid": kid, **members}, sign=by_attacker)
            yield bearing(f"foreign key: {name}, {shown}", HEADER, make)
    yield bearing(
        "foreign key: of the foreign issuer",
        HEADER,
        good({"kid": "attacker"}, {"iss": lambda world: world.stranger.url}, by_attacker),
    )
    for name in UNUSABLE:
        yield bearing(f"published key {name}", HEADER, good({"kid": name}))
    for name, sign in {
        "first of two": by_main,
        "last of two": by_main,
        "1024 bits": by_rsa(rsa_key("1024 bits", 1_024)),
        "2047 bits": by_rsa(rsa_key("2047 bits", 2_047)),
        "e 1": by_nobody,
        "e 3": by_rsa(three),
        "n even": by_main,
        "ec": by_main,
        "secret": by_main,
    }.items():
        yield bearing(f"published key {name}", HEADER, good({"kid": name}, sign=sign))
    for name, (members, sign) in ALGORITHMS.items():
        yield bearing(f"algorithm {name}", HEADER, good(members, sign=sign))
    for name, change in SIGNATURES.items():
        yield bearing(f"signature {name}", HEADER, good(sign=resigned(change)))
    for name, sign in BORROWED.items():
        yield bearing(f"signature {name}", HEADER, good(sign=sign))
    # Nothing in a payload is believed, or told about, before the signature holds.
    for name, claims in {"expired": PAST["an hour ago"], "foreign": {"iss": "x"}}.items():
        yield bearing(f"signature of another key, {name}", HEADER, good({}, claims, by_attacker))
    for name, text in PAYLOAD_TEXTS.items():
        yield bearing(f"payload text: {name}", HEADER, retold("payload", text))
    for name, text in NO_CLAIMS.items():
        yield bearing(f"payload: {name}", CLAIMS, retold("payload", text))
    for claim, values in BAD_CLAIMS.items():
        for name, value in values.items():
            yield bearing(f"{claim} {name}", CLAIMS, good({}, {claim: value}))
    for name, claims in BAD_TIMES.items():
        yield bearing(f"times: {name}", CLAIMS, good({}, claims))
    for name, claims in PAST.items():
        yield bearing(f"expired {name}", EXPIRED, good({}, claims))


HOSTILE = list(hostile())

# What is taken: header, claims.
GOOD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "typ at+jwt": ({"typ": "at+jwt"}, {}),
    "no typ": ({"typ": GONE}, {}),
    "a kid of odd characters": ({"kid": ">>>>????"}, {}),
    "aud a string": ({}, {"aud": AUDIENCE}),
    "aud a list of one": ({}, {"aud": [AUDIENCE]}),
    "aud last of many": ({}, {"aud": ["a", "b", AUDIENCE]}),
    "times with fractions": ({}, {"iat": Now(-0.5), "nbf": Now(-0.25), "exp": Now(60.5)}),
    "nbf now": ({}, {"nbf": Now(0)}),
    "nbf 20 seconds in the future": ({}, {"nbf": Now(20)}),
    "iat 20 seconds in the future": ({}, {"iat": Now(20)}),
    "expired 10 seconds ago": ({}, {"iat": Now(-60), "exp": Now(-10)}),
    "expired 27 seconds ago": ({}, {"iat": Now(-60), "exp": Now(-27)}),
    "30 days": ({}, {"iat": Now(-1), "exp": Now(30 * DAY - 1)}),
    "sub of one character": ({}, {"sub": "x"}),
    "sub of 255 characters": ({}, {"sub": "x" * 255}),
    "sub in any script": ({}, {"sub": "auth0|Zo\u00eb \u5f20"}),
    "200 permissions": (
        {},
        {"permissions": ["get:movies"] + [f"permission:{number}" for number in range(199)]},
    ),
    "a permission of 280 characters": ({}, {"permissions": ["get:movies", "x" * 280]}),
    "foreign permissions beside ours": ({}, {"permissions": ["write:all", "get:movies"]}),
    "other claims": ({}, {"azp": "client", "scope": "openid", "gty": "password", "a": [{}]}),
}


def ask(world: World, headers: Headers) -> ApiResponse:
    world.sent.extend(headers.values())
    return Client(world.product.url).call("GET", "/movies", headers=headers)


def bear(world: World, token: str, scheme: str = "Bearer") -> ApiResponse:
    return ask(world, {"Authorization": f"{scheme} {token}"})


LONGEST_SEARCHED = 100_000
"""Characters: what is longer repeats itself, and takes seconds to search."""


def pieces(text: str) -> set[str]:
    return {text[start : start + 20] for start in range(len(text) - 19)}


def assert_untold(told: str, secret: str) -> None:
    """No 20 characters of the secret are in what is told."""
    searched = secret[:LONGEST_SEARCHED]
    assert not [piece for piece in pieces(told) if piece in searched]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_token_is_refused(world: World, case: Case) -> None:
    headers = case.headers(world)
    answer = ask(world, headers)
    assert_failure(answer, 401, case.message)
    for value in headers.values():
        assert_untold(answer.text + str(answer.headers), value)
    assert world.stranger.fetches == 0


def test_a_token_in_the_query_is_none(world: World) -> None:
    token = world.token()
    answer = Client(world.product.url).get("/movies", access_token=token)
    assert_failure(answer, 401, HEADER)
    assert_untold(answer.text + world.product.said(), token)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_is_taken(world: World, name: str) -> None:
    answer = bear(world, world.token(*GOOD[name]))
    assert answer.status == 200, answer
    assert answer["movies"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEARER"])
def test_the_case_of_the_scheme_does_not_matter(world: World, scheme: str) -> None:
    assert bear(world, world.token(), scheme).status == 200


@pytest.mark.parametrize("kid", ["plain", "verifying"])
def test_a_key_may_say_less_or_more_of_its_use(world: World, kid: str) -> None:
    token = world.token({"kid": kid}, sign=lambda message: rs256(message, kid))
    assert bear(world, token).status == 200


def test_the_longest_token_is_taken(world: World) -> None:
    token = of_length(world, 8_192)
    assert len(token) == 8_192
    assert bear(world, token).status == 200


@pytest.mark.parametrize(
    "permissions",
    [GONE, [], ["write:movies", "GET:movies", "get:movie", "get:movies:all", "*"], ["get:actors"]],
    ids=["absent", "none", "foreign", "another"],
)
def test_a_good_token_without_the_permission_is_unauthorized(
    world: World, permissions: object
) -> None:
    assert_failure(bear(world, world.token({}, {"permissions": permissions})), 403)


def test_only_our_permissions_are_believed(issuer: Issuer) -> None:
    token = issuer.token(permissions=["get:movies", "write:movies", "GET:movies"])
    assert tokens.verify(f"Bearer {token}").permissions == {"get:movies"}


def test_after_all_of_that_a_good_token_is_taken(world: World) -> None:
    assert bear(world, world.token()).status == 200
    assert world.issuer.fetches <= 2
    assert set(world.issuer.paths) == {"/.well-known/jwks.json"}
    assert world.stranger.fetches == 0


def test_a_flood_of_unknown_keys_is_refused_and_asks_the_issuer_once_at_most(world: World) -> None:
    before = world.issuer.fetches
    signature = world.token().rpartition(".")[2]
    payload = base64url(world.payload().encode())

    def flood(number: int) -> ApiResponse:
        header = base64url(world.header({"kid": f"unknown {number}"}).encode())
        return bear(world, f"{header}.{payload}.{signature}")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(flood, range(1_000)))
    for answer in answers:
        assert_failure(answer, 401, HEADER)
    assert world.issuer.fetches <= before + 1
    assert bear(world, world.token()).status == 200


def test_the_log_tells_nothing_of_a_token(world: World) -> None:
    assert bear(world, sealed(world.header(), "nonsense")).status == 401
    # The same line over and over has the same pieces.
    said = set().union(*map(pieces, set(world.product.said().splitlines())))
    assert any("token refused" in piece for piece in said)
    for value in world.sent:
        assert not [piece for piece in said if piece in value[:LONGEST_SEARCHED]]


# The keys that tokens are measured by, without the product: an issuer can make mistakes too.

# What a broken key has in other ways than a good one.
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
def test_a_broken_key_does_not_hide_the_good_ones(careless: Issuer, name: str) -> None:
    careless.publish({**jwk("main"), "kid": "broken", **BROKEN[name]}, jwk("main"))
    keys = tokens.KeySet(careless.url)
    assert keys.get("main")
    assert keys.get("broken") is None


def test_a_set_of_broken_keys_replaces_nothing(careless: Issuer) -> None:
    now = 0.0
    keys = tokens.KeySet(careless.url, lambda: now)
    assert keys.get("main")
    careless.publish(jwk("main", use="enc"), jwk("other", alg="RS512"))
    now += 600
    assert keys.get("main")
    assert careless.fetches == 2


def test_a_set_of_keys_with_a_member_twice_is_none(careless: Issuer) -> None:
    # A parser that takes the last one would find a good key.
    careless.answer = b'{"keys": [], ' + careless.answer[1:]
    assert tokens.KeySet(careless.url).get("main") is None


def test_an_answer_that_breaks_off_is_no_set_of_keys(careless: Issuer) -> None:
    careless.headers = {"Transfer-Encoding": "chunked"}
    assert tokens.KeySet(careless.url).get("main") is None


def test_an_issuer_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens.KeySet, "READ", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # Whoever waits without an end of its own is let go here, and is late.
        end = Timer(3, silent.shutdown, [socket.SHUT_RDWR])
        end.start()
        start = time.monotonic()
        try:
            keys = tokens.KeySet(f"http://127.0.0.1:{silent.getsockname()[1]}/")
            assert keys.get("main") is None
            assert time.monotonic() - start < 2
        finally:
            end.cancel()


def test_a_proxy_in_the_environment_is_not_asked_for_keys(
    careless: Issuer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", world.stranger.url)
    assert tokens.KeySet(careless.url).get("main")
    assert careless.fetches == 1
    assert world.stranger.fetches == 0


def test_no_case_is_lost() -> None:
    assert len(HOSTILE) >= 190
    assert len({case.name for case in HOSTILE}) == len(HOSTILE)
