"""The token verifier, compared with its rules, on generated tokens and keys."""

import json
import re
import string
import time
import unicodedata
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib import tokens
from chalicelib.errors import InvalidClaims, InvalidHeader, IssuerUnreachable, TokenExpired
from chalicelib.permissions import PERMISSIONS
from chalicelib.settings import AUTH_ISSUER
from chalicelib.signing_keys import KeySet
from chalicelib.tokens import Claims
from tests.parsers.support import tried
from tests.parsers.test_json import edited, expected_of_json, json_values, written
from tests.support.issuer import AUDIENCE, Issuer, base64url, jwk, rs256

# Tokens

NOW = 1_800_000_000
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
DAY = 24 * 3_600
GONE = object()
"""Marks a member that is removed."""

TOKEN_HEADER = {"alg": "RS256", "kid": "main", "typ": "JWT"}
PAYLOAD: dict[str, Any] = {
    "iss": AUTH_ISSUER,
    "sub": "auth0|me",
    "aud": [AUDIENCE, "https://tenant.example/userinfo"],
    "iat": NOW - 60,
    "exp": NOW + 3_600,
    "permissions": ["get:movies", "write:planes"],
}

times = (
    st.integers(-40, 40).map(lambda seconds: NOW + seconds)
    | st.floats(-40, 40).map(lambda seconds: NOW + seconds)
    | st.integers(-3_700, 40).map(lambda seconds: NOW + 30 * DAY + seconds)
    | st.sampled_from([NOW - 30, NOW + 30, NOW + 30 * DAY - 60, NOW - 60])
    | st.sampled_from([0, -1, True, None, str(NOW), 2**53, 2**53 - 1, 10**400, 1e308, [NOW]])
)  # fmt: skip
permissions = st.sampled_from(sorted(PERMISSIONS)) | st.text(
    st.characters(max_codepoint=0x80), max_size=5
)
CLAIMS: dict[str, st.SearchStrategy[Any]] = {
    "iss": st.sampled_from([AUTH_ISSUER.rstrip("/"), AUTH_ISSUER + "/", [AUTH_ISSUER]]),
    "aud": st.sampled_from([AUDIENCE, AUDIENCE + "/", {AUDIENCE: 1}, [[AUDIENCE]]])
    | st.lists(st.sampled_from([AUDIENCE, "x", 5, None]), max_size=3),
    "exp": times,
    "iat": times,
    "nbf": times,
    "sub": st.text(max_size=3) | st.integers(250, 260).map(lambda n: "x" * n),
    "permissions": st.lists(permissions | json_values, max_size=3)
    | st.lists(permissions, max_size=5)
    | st.integers(198, 202).map(lambda n: ["get:roles"] * n)
    | st.integers(278, 282).map(lambda n: ["x" * n, "get:roles"]),
    "nonce": st.just("n"),
    "at_hash": st.just("h"),
    "cnf": st.just({"jkt": "k"}),
    "scope": st.just("get:movies"),
}
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "alg": st.sampled_from(["none", "rs256", "RS256 ", "RS512", "HS256", ["RS256"]]),
    "kid": st.sampled_from(["Main", "main ", "", ["main"], 0]),
    "typ": st.sampled_from(["JWT", "at+jwt", "jwt", "AT+JWT", "", None, ["JWT"], {}]),
    "crit": st.just([]),
    "b64": st.just(True),
    "jku": st.just(AUTH_ISSUER),
    "cty": st.just("JWT"),
}


@st.composite
def changed(
    draw: st.DrawFn, good: dict[str, Any], near: dict[str, st.SearchStrategy[Any]]
) -> dict[str, Any]:
    """Valid members, with up to three of them removed or changed."""
    members = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(near)), max_size=3)):
        kind = draw(st.integers(0, 5))
        members[name] = GONE if kind == 0 else draw(json_values if kind == 1 else near[name])
    return {name: value for name, value in members.items() if value is not GONE}


def is_time(value: object) -> bool:
    return type(value) in (int, float) and -(2**53) < value < 2**53  # type: ignore[operator]


def is_for_us(aud: object) -> bool:
    if isinstance(aud, str):
        return aud == AUDIENCE
    return isinstance(aud, list) and {type(a) for a in aud} == {str} and AUDIENCE in aud


def is_permission(value: object) -> bool:
    """Return whether this is a scope-token (RFC 6749, 3.3) of Auth0's maximum length."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 280
        and all("!" <= c <= "~" and c not in '"\\' for c in value)
    )


def is_subject(value: object) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 255
        and all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in value)
    )


def expected_of_payload(payload: Any) -> set[object]:
    """Return the possible results for a payload under a valid signature."""
    if not isinstance(payload, dict):
        return {InvalidClaims}
    iat: Any
    exp: Any
    iat, exp, nbf = payload.get("iat"), payload.get("exp"), payload.get("nbf", 0)
    allowed = payload.get("permissions", [])
    is_good = (
        payload.get("iss") == AUTH_ISSUER
        and is_for_us(payload.get("aud"))
        and is_time(iat)
        and is_time(exp)
        and is_time(nbf)
        and iat <= NOW + 30
        and nbf <= NOW + 30
        and iat < exp <= iat + 30 * DAY
        and is_subject(payload.get("sub"))
        and not {"nonce", "at_hash", "cnf"} & set(payload)
        and isinstance(allowed, list)
        and len(allowed) <= 200
        and all(is_permission(permission) for permission in allowed)
    )
    if is_time(exp) and exp + 30 <= NOW:
        # With several problems, each of them may be reported.
        return {TokenExpired} if is_good else {TokenExpired, InvalidClaims}
    if not is_good:
        return {InvalidClaims}
    return {Claims(payload["sub"], exp, frozenset(p for p in allowed if p in PERMISSIONS))}


def is_header(header: Any) -> bool:
    return (
        isinstance(header, dict)
        and set(header) <= {"alg", "kid", "typ"}
        and header.get("alg") == "RS256"
        and header.get("kid") == "main"
        and header.get("typ", "JWT") in ("JWT", "at+jwt")
    )


def expected_of_token(header: bytes, payload: bytes) -> set[object]:
    try:
        if is_header(expected_of_json(header)):
            return expected_of_payload(expected_of_json(payload))
    except ValueError:
        pass
    return {InvalidHeader}


def verified(authorization: object) -> object:
    """Return the claims, or one of three rejections. Every other exception is a failure."""
    try:
        return tokens.verify(authorization)
    except (TokenExpired, InvalidClaims, InvalidHeader) as refused:
        return type(refused)


def token(header: bytes | None = None, payload: bytes | None = None) -> str:
    """Return a token of exactly these two texts, with a valid signature."""
    head, body = (
        header or json.dumps(TOKEN_HEADER).encode(),
        payload or json.dumps(PAYLOAD).encode(),
    )
    unsigned = f"{base64url(head)}.{base64url(body)}"
    return f"{unsigned}.{base64url(rs256(unsigned.encode(), 'main'))}"


@pytest.fixture(scope="module")
def good(issuer: Issuer) -> Iterator[str]:
    """A valid token. The verifier's clock stands still at NOW."""
    with pytest.MonkeyPatch.context() as patched:
        clock = SimpleNamespace(time=lambda: float(NOW), monotonic=time.monotonic)
        patched.setattr(tokens, "time", clock)
        yield token()


@tried(50)
@given(
    authorization=st.text(max_size=60)
    | st.text(max_size=60).map(lambda text: f"Bearer {text}")
    | st.lists(st.text(string.ascii_letters + string.digits + "-_=", max_size=20), max_size=6).map(
        lambda segments: "Bearer " + ".".join(segments)
    )
    | st.lists(written().map(base64url), max_size=4).map(lambda s: "Bearer " + ".".join(s))
    | st.binary()
    | st.none()
    | json_values
)
def test_any_invalid_header_is_rejected(good: str, authorization: object) -> None:
    assert verified(authorization) is InvalidHeader


@tried(75)
@given(
    header=st.just(TOKEN_HEADER) | changed(TOKEN_HEADER, MEMBERS),
    payload=changed(PAYLOAD, CLAIMS),
    style=st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}]),
)
def test_a_signed_token_is_accepted_if_the_rules_say_so(
    good: str, header: Any, payload: Any, style: dict[str, Any]
) -> None:
    segments = json.dumps(header).encode(), json.dumps(payload, **style).encode()
    expected = expected_of_token(*segments)
    result = verified(f"Bearer {token(*segments)}")
    assert result in expected
    if isinstance(result, Claims):
        assert result.permissions <= PERMISSIONS.intersection(payload.get("permissions", []))


EDGES: list[dict[str, Any]] = [
    *({"exp": NOW - 30 + seconds} for seconds in (-1, 0, 0.5, 1)),
    *({"iat": NOW + 30 + seconds} for seconds in (-1, 0, 0.5, 1)),
    *({"nbf": NOW + 30 + seconds} for seconds in (-1, 0, 0.5, 1)),
    *({"exp": PAYLOAD["iat"] + 30 * DAY + seconds} for seconds in (-1, 0, 0.5, 1)),
    *({"exp": NOW + seconds, "iat": NOW} for seconds in (-1, 0, 0.5, 1)),
    *({name: value} for name in ("exp", "iat", "nbf") for value in (True, None, "0", 2**53, 1e400)),
    *({"nbf": -(2**53) + least} for least in (0, 1)),
    *({"sub": "x" * length} for length in (0, 1, 255, 256)),
    *({"sub": f"a{c}b"} for c in (" ", "\n", "\x7f", "\xa0", "\xad", "\u0301", "\u2028")),
    *({"permissions": ["get:roles"] * length} for length in (0, 200, 201)),
    *({"permissions": ["x" * length, "get:roles"]} for length in (0, 1, 280, 281)),
    *({"permissions": [f"a{c}b", "get:roles"]} for c in (" ", '"', "\\", "!", "~", "\x7f", "\n")),
    *({"permissions": value} for value in (GONE, None, "get:roles", {}, [["get:roles"]], [None])),
    *({"aud": value} for value in (AUDIENCE, [], [AUDIENCE, 5], [[AUDIENCE]], {AUDIENCE: 1}, "x")),
    *({"iss": value} for value in (AUTH_ISSUER.rstrip("/"), AUTH_ISSUER + "/", [AUTH_ISSUER])),
    *({name: value} for name in ("nonce", "at_hash", "cnf", "x") for value in (None, "x")),
    *({name: GONE} for name in PAYLOAD),
]  # fmt: skip


@pytest.mark.parametrize("changes", EDGES)
def test_a_claim_is_accepted_up_to_its_limit(good: str, changes: dict[str, Any]) -> None:
    claims = {k: v for k, v in {**PAYLOAD, **changes}.items() if v is not GONE}
    payload = json.dumps(claims).encode()
    header = json.dumps(TOKEN_HEADER).encode()
    assert verified(f"Bearer {token(payload=payload)}") in expected_of_token(header, payload)


@tried(30)
@given(
    header=st.just(json.dumps(TOKEN_HEADER).encode()) | edited(written(st.just(TOKEN_HEADER))),
    payload=edited(written(st.just(PAYLOAD))) | written() | st.binary(min_size=1, max_size=20),
)
def test_a_signature_does_not_make_invalid_json_valid(
    good: str, header: bytes, payload: bytes
) -> None:
    assume(header and payload)
    assume(len(header) + len(payload) < 5_000)
    assert verified(f"Bearer {token(header, payload)}") in expected_of_token(header, payload)


@tried(30)
@given(length=st.integers(8_180, 8_200) | st.integers(600, 12_000))
@example(length=8_192)
@example(length=8_193)
def test_a_token_of_8192_characters_is_accepted_and_a_longer_one_is_not(
    good: str, length: int
) -> None:
    head = json.dumps(TOKEN_HEADER)
    # No segment has 4n + 1 characters. If the payload had, a space makes the header longer.
    heads = [(head + " " * spaces).encode() for spaces in range(2)]
    rooms = [length - len(base64url(h)) - len("..") - len(base64url(bytes(256))) for h in heads]
    which = int(rooms[0] % 4 == 1)
    payload = json.dumps(PAYLOAD).encode().ljust(rooms[which] * 3 // 4)
    long = token(heads[which], payload)
    assert len(long) == max(length, len(token(heads[which])))
    assert isinstance(verified(f"Bearer {long}"), Claims) == (len(long) <= 8_192)


@tried(50)
@given(
    spaces=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    segment=st.integers(0, 2),
    spare=st.integers(0, 15),
    end=st.sampled_from(["", "", "=", "==", "\n", " "]),
)
def test_a_token_has_only_one_spelling(
    good: str, spaces: tuple[int, int], segment: int, spare: int, end: str
) -> None:
    texts = [json.dumps(TOKEN_HEADER) + " " * spaces[0], json.dumps(PAYLOAD) + " " * spaces[1]]
    segments = [base64url(text.encode()) for text in texts]

    def written_otherwise(text: str) -> str:
        bits = {0: 0, 2: 4, 3: 2}[len(text) % 4]  # that have no meaning
        last = ALPHABET.index(text[-1]) | spare % 2**bits
        return text[:-1] + ALPHABET[last] + end

    if segment < 2:
        segments[segment] = written_otherwise(segments[segment])
    signature = base64url(rs256(".".join(segments).encode(), "main"))
    segments.append(written_otherwise(signature) if segment == 2 else signature)
    right = [*(base64url(text.encode()) for text in texts), signature]
    # The signature is valid in any case.
    assert (verified(f"Bearer {'.'.join(segments)}") is InvalidHeader) == (segments != right)


@tried(75)
@given(data=st.data())
def test_a_token_with_one_changed_character_is_rejected(good: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(good) - 1), "place")
    other = data.draw(
        st.sampled_from(string.ascii_letters + string.digits + "-_.=+/ ")
        | st.characters(codec="utf-8"),
        "other",
    )
    for changed in (
        good[:place] + other + good[place + 1 :],
        good[:place] + other + good[place:],
        good + other,
        good[:place] + good[place + 1 :],
        good[:place] + good[place] + good[place:],
        good[:place],
    ):
        if changed != good:
            assert verified(f"Bearer {changed}") is InvalidHeader


@tried(50)
@given(
    segments=st.lists(st.integers(0, 2), max_size=5),
    points=st.sampled_from([".", "..", ",", " ", ""]),
)
def test_the_segments_of_a_token_have_only_one_valid_order(
    good: str, segments: list[int], points: str
) -> None:
    changed = points.join(good.split(".")[number] for number in segments)
    assert (verified(f"Bearer {changed}") is InvalidHeader) == (changed != good)


@tried(50)
@given(
    scheme=st.tuples(*(st.sampled_from([c.lower(), c.upper()]) for c in "bearer")).map("".join)
    | st.sampled_from(["", "Token", "Bearer:", "Bearer\t", " Bearer", "\ufb01", "Be\u00e4rer"])
    | st.text(max_size=8),
    space=st.sampled_from([" ", "  ", "\t", "", "\xa0", ","]),
    after=st.sampled_from(["", " ", "\n", ", Bearer x"]),
)
def test_a_token_follows_the_word_bearer_in_any_case(
    good: str, scheme: str, space: str, after: str
) -> None:
    is_good = bool(re.fullmatch("[Bb][Ee][Aa][Rr][Ee][Rr]", scheme)) and (space, after) == (" ", "")
    assert isinstance(verified(f"{scheme}{space}{good}{after}"), Claims) == is_good


KEY_MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "kty": st.sampled_from(["RSA", "EC", "rsa"]),
    "kid": st.sampled_from(["other", "", 5]),
    "use": st.sampled_from(["sig", "enc"]),
    "alg": st.sampled_from(["RS256", "RS512"]),
    "key_ops": st.lists(st.sampled_from(["verify", "sign", 5]), max_size=2),
    "n": st.binary(max_size=9).map(base64url)
    | st.binary(min_size=255, max_size=600).map(base64url),
    "e": st.sampled_from(["AQAB", "Aw", "AQ", "AQAA", "AQAB=="]) | st.binary().map(base64url),
    "d": st.just("AQAB"),
    "x5c": st.just(["x"]),
}


def is_key(members: dict[str, Any]) -> bool:
    """Return whether this is an RSA key for signatures, of 2,048 bits or more."""
    operations = members.get("key_ops", ["verify"])
    raw = [read_base64url(members.get(name)) for name in ("n", "e")]
    if members.get("kty") != "RSA" or None in raw:
        return False
    n, e = (int.from_bytes(part or b"") for part in raw)
    return (
        members.get("use", "sig") == "sig"
        and members.get("alg", "RS256") == "RS256"
        and isinstance(operations, list)
        and "verify" in operations
        and n >= 2**2_047
        and 65_537 <= e < n
        and n % 2 == e % 2 == 1
    )


def read_base64url(text: object) -> bytes | None:
    """Decode base64url bit by bit. Return None for invalid text or remaining bits."""
    if not isinstance(text, str) or set(text) - set(ALPHABET):
        return None
    bits = "".join(f"{ALPHABET.index(c):06b}" for c in text)
    whole, rest = bits[: len(bits) // 8 * 8], bits[len(bits) // 8 * 8 :]
    if len(rest) == 6 or "1" in rest:
        return None
    return bytes(int(whole[i : i + 8], 2) for i in range(0, len(whole), 8))


def expected_of_keys(answer: bytes) -> set[str]:
    """Return the ids under which exactly one usable key is published."""
    try:
        document = expected_of_json(answer)
    except ValueError:
        return set()
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > 64:
        return set()
    named = [key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
    kids = [key["kid"] for key in named]
    return {key["kid"] for key in named if kids.count(key["kid"]) == 1 and is_key(key)}


@pytest.fixture(scope="module")
def stranger() -> Iterator[Issuer]:
    """An issuer that publishes anything."""
    issuer = Issuer()
    yield issuer
    issuer.close()


def published(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


@tried(40)
@given(
    answer=st.lists(changed(jwk("main"), KEY_MEMBERS), max_size=3).map(lambda k: published(*k))
    | st.lists(changed(jwk("main"), KEY_MEMBERS) | json_values).map(lambda k: published(*k))
    | edited(st.just(published(jwk("main"))))
    | written()
    | st.binary()
)
@example(answer=published(jwk("main"), jwk("other")))
@example(answer=published(jwk("main"), jwk("other", kid="main")))
@example(answer=published(jwk("main"), jwk("main", use="enc")))
@example(answer=published(jwk("main"), jwk("main", kid=["main"])))
@example(answer=published(jwk("main"), jwk("main", kid=5), 5, None))
@example(answer=published(jwk("main"), jwk("other", n=5), jwk("main", kid="small", e=[])))
@example(answer=published(jwk("small", 1_024), jwk("main")))
@example(answer=published(*[jwk("main")] + [5] * 63))
@example(answer=published(*[jwk("main")] + [5] * 64))
def test_only_usable_keys_are_read_from_any_published_text(stranger: Issuer, answer: bytes) -> None:
    stranger.answer = answer
    keys, expected = KeySet(stranger.url), expected_of_keys(answer)
    if not expected:
        with pytest.raises(IssuerUnreachable):
            keys.get("main")
        return
    usable = {kid: key for kid in ("main", "other", "small", "") if (key := keys.get(kid))}
    assert usable.keys() == expected & {"main", "other", "small", ""}
    for key in usable.values():
        assert key.verify(b"message", b"x" * 256) is False
