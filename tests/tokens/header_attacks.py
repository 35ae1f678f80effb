"""Attacks on the Authorization header, the token's header, its algorithm and its signature."""

import base64
import hashlib
import json
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.support.issuer import base64url, jwk, rs256, rsa_key
from tests.tokens.world import (
    GONE,
    Now,
    Sign,
    World,
    by_attacker,
    by_ec,
    by_mac,
    by_main,
    by_main_with,
    by_nobody,
    by_pss,
    constant,
    ed_key,
    joined,
)

# The cases

Headers = dict[str, str]


class Case(NamedTuple):
    """A request's headers, and the message with which they are rejected."""

    name: str
    message: str
    headers: Callable[[World], Headers]


def bearing(name: str, message: str, make: Callable[[World], str]) -> Case:
    return Case(name, message, lambda world: {"Authorization": f"Bearer {make(world)}"})


# From a valid token to headers.
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

# From a valid token to the value of the header.
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

# From a valid token to an invalid one.
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
# From a canonical segment, whose last character has four spare bits, to another spelling.
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
    """Change the spelling of one segment. The signature covers what is sent."""

    def make(world: World) -> str:
        # Another signature, if this one has no other spelling.
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


# From the JSON of a valid header to another text.
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

# Changed members of the header, under a valid RS256 signature of `main`.
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
    """Return a self-signed certificate of the attacker."""
    key, name = rsa_key("attacker"), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


# Header members that contain or name the attacker's key, under the attacker's valid signature.
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
# Public information about the issuer's key, used as a secret.
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

# Another algorithm than RS256, applied correctly, or something that is not a signature.
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

# Changes of the token's signature.
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

# Valid signatures of something else.
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
