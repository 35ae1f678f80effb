"""All hostile tokens as cases, and the tokens that are accepted."""

from collections.abc import Callable, Iterator
from typing import Any

from jose import jwe

from tests.support.issuer import AUDIENCE, jwk, rsa_key
from tests.tokens.claim_attacks import BAD_CLAIMS, BAD_TIMES, NO_CLAIMS, PAST, PAYLOAD_TEXTS
from tests.tokens.header_attacks import (
    ALGORITHMS,
    AUTHORIZATIONS,
    BORROWED,
    FOREIGN_KEYS,
    HEADER_TEXTS,
    HEADERS,
    KIDS,
    MANGLED,
    SIGNATURES,
    TOKENS,
    VALUES,
    Case,
    Headers,
    bearing,
    mangled,
)
from tests.tokens.world import (
    CLAIMS,
    DAY,
    EXPIRED,
    GONE,
    HEADER,
    UNUSABLE,
    Now,
    Sign,
    World,
    by_attacker,
    by_main,
    by_nobody,
    by_rsa,
    joined,
    of_length,
    sealed,
    three,
)


def retold(part: str, change: Callable[[str], str | bytes]) -> Callable[[World], str]:
    """Change the text of one part. The signature covers what is sent."""
    if part == "header":
        return lambda world: sealed(change(world.header()), world.payload())
    return lambda world: sealed(world.header(), change(world.payload()))


def swapped(part: int) -> Callable[[World], str]:
    """Return a valid token with one segment of another token."""

    def make(world: World) -> str:
        mine = world.token().split(".")
        other = world.token({"typ": "at+jwt"}, {"sub": "auth0|another"}).split(".")
        assert mine[part] != other[part]
        mine[part] = other[part]
        return ".".join(mine)

    return make


def longer(more: int) -> Callable[[World], str]:
    """Return a token of more than three segments whose last one signs all the others."""

    def make(world: World) -> str:
        header, payload, _ = world.token().split(".")
        return joined(".".join([header] + [payload] * more), payload)

    return make


def encrypted(world: World) -> str:
    """Return a compressed JWE of the claims, for the issuer's public key."""
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
    """Return all cases."""
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
    # Nothing in a payload is used, or reported, before the signature is verified.
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

# What is accepted: header, claims.
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
