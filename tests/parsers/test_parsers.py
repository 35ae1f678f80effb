"""What strangers send to our own parsers: they take what the rules allow, and nothing breaks them.

Each rule stands here a second time, as plainly as it can be said, and hypothesis looks for what the
two of them disagree about. FUZZ_EXAMPLES says with how many examples each property is tried; where
it is not set they are few, and the same ones every time. HTTP would take the most time of all and
lose nothing on the way, so these tests call the parsers, or the function as Lambda does.
"""

import base64
import contextlib
import datetime
import hashlib
import json
import math
import os
import re
import string
import time
import unicodedata
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from chalice.app import Request, Response
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from app import app
from chalicelib import strict_json, tokens
from chalicelib.errors import (
    MESSAGES,
    BadCursor,
    BadIdempotencyKey,
    BadLimit,
    BadSort,
    InvalidClaims,
    InvalidHeader,
    TokenExpired,
)
from chalicelib.http import body as http_body
from chalicelib.http import conditions, paging, views
from chalicelib.http.body import Body
from chalicelib.http.envelope import envelope
from chalicelib.permissions import PERMISSIONS
from chalicelib.routes.actors import ActorChanges, NewActor
from chalicelib.routes.movies import MovieChanges, NewMovie
from chalicelib.routes.roles import NewRole, NewRoleInMovie, RoleChanges
from chalicelib.settings import AUTH_ISSUER
from chalicelib.store.table import Item
from chalicelib.tokens import Claims, KeySet
from tests.support.client import invoke
from tests.support.issuer import AUDIENCE, Issuer, base64url, jwk, rs256
from tests.support.routes import OPERATIONS

FUZZ_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

SECRET, SECRET_NUMBER = "s3kr1t", 86_753_098_675_309


def tried(examples: int) -> settings:
    """Try a property with FUZZ_EXAMPLES examples, or else with this many, always the same ones."""
    return settings(
        max_examples=FUZZ_EXAMPLES or examples,
        derandomize=not FUZZ_EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,  # how to repeat one that chance has found
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no finding
    )


def seen(value: object) -> str:
    """Tell values apart that are equal in Python: 1, 1.0 and True, or 0.0 and -0.0."""
    return repr(value)


# JSON

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**53, 2**63, 2**64, 10**400, 1e308, 5e-324, -0.0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)

FRAMES = [
    ("[", "]"),
    ("[1, ", "]"),
    ("[", ',"\\""]'),
    ('{"a":', "}"),
    ('{"[":"{","a":', ',"c":1}'),
    ("[", r',"[\"[\\"]'),
]
"""What stands before and behind JSON in other JSON, one level up."""

PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'\\"', b"\\u0000", b"\\ud800", b"\\udc00",
    b"\\ud83d\\ude00", b"-", b".", b"e", b"0", b"00", b"-0", b"1e999", b"NaN", b"Infinity",
    b"-Infinity", b"null", b"true", b" ", b"\t", b"\n", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"'", b"/*", b"//", b"[" * 40, b"9" * 4_400,
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn, texts: st.SearchStrategy[bytes]) -> bytes:
    """Texts with up to three places changed: something added, lost, exchanged or doubled."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        pieces = st.sampled_from([*PIECES, text[start:end] * 2]) | st.binary(max_size=3)
        text = text[:start] + draw(pieces) + text[end:]
    return text


@st.composite
def written(draw: st.DrawFn, values: st.SearchStrategy[Any] = json_values) -> bytes:
    """JSON in one of its spellings."""
    style: dict[str, Any] = draw(
        st.fixed_dictionaries({"ensure_ascii": st.booleans(), "indent": st.none() | st.just(1)})
    )
    return json.dumps(draw(values), **style).encode()


def framed(text: str, frames: list[tuple[str, str]]) -> bytes:
    """Put JSON into these, the first one innermost."""
    for before, after in frames:
        text = before + text + after
    return text.encode()


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """A string as JSON, any of its characters escaped."""
    told = ""
    for character in text:
        units = re.findall("....", character.encode("utf-16-be").hex())
        escapes = ["".join(f"\\u{unit}" for unit in units)]
        escapes += ["".join(f"\\u{unit.upper()}" for unit in units), json.dumps(character)[1:-1]]
        told += draw(st.sampled_from(escapes))
    return f'"{told}"'


class Members(list[tuple[str, Any]]):
    """An object as it is written, names that stand twice and all."""


def is_plain(value: Any, levels: int = 32) -> bool:
    """Tell whether nothing in a value is left to chance by RFC 8259, and it is not too deep."""
    if isinstance(value, str):
        return not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, Members):
        names = [name for name, _ in value]
        if len(set(names)) < len(names) or not all(is_plain(name) for name in names):
            return False
        value = [member for _, member in value]
    if isinstance(value, list):
        return levels > 0 and all(is_plain(member, levels - 1) for member in value)
    return not isinstance(value, float) or math.isfinite(value)


def expected_of_json(text: bytes) -> Any:
    """Give what the standard library reads; ValueError where the text should be refused."""
    try:
        document = text.decode("utf-8")
        if is_plain(json.loads(document, object_pairs_hook=Members)):
            return json.loads(document)
    except RecursionError:
        pass
    raise ValueError


def read_by(parse: Callable[[bytes], Any], text: bytes) -> str:
    """Give what a parser makes of a text; every exception but a ValueError is a finding."""
    try:
        return seen(parse(text))
    except ValueError:
        return "refused"


@tried(50)
@given(value=json_values, ascii_only=st.booleans(), indent=st.none() | st.integers(0, 2))
def test_json_is_read_as_it_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert seen(strict_json.parse(text)) == seen(value)


@tried(100)
@given(text=st.binary(max_size=40) | written() | edited(written()))
@example(text=b"")
@example(text=b'{"a":1,"a":1}')
@example(text=b"\xef\xbb\xbf1")
@example(text=b"9" * 5_000)
def test_what_is_not_plain_json_is_refused_and_the_rest_is_read(text: bytes) -> None:
    assert read_by(strict_json.parse, text) == read_by(expected_of_json, text)


@tried(25)
@given(
    name=st.text(max_size=6),
    data=st.data(),
    others=st.lists(st.text(min_size=7, max_size=9), max_size=3, unique=True),
    frames=st.lists(st.sampled_from(FRAMES), max_size=8),
)
def test_a_name_that_stands_twice_is_refused_however_it_is_spelled(
    name: str, data: st.DataObject, others: list[str], frames: list[tuple[str, str]]
) -> None:
    names = data.draw(st.permutations([name, name, *others]))
    members = [f"{data.draw(spelled(n))}: {number}" for number, n in enumerate(names)]
    first = names.index(name)
    with pytest.raises(ValueError, match="two members of the same name"):
        strict_json.parse(framed("{" + ",".join(members) + "}", frames))
    del members[first]
    strict_json.parse(framed("{" + ",".join(members) + "}", frames))


@tried(50)
@given(
    depth=st.integers(0, 40) | st.integers(0, 12_000),
    frame=st.lists(st.sampled_from(FRAMES), min_size=1, max_size=4),
    closed=st.booleans(),
)
@example(depth=32, frame=FRAMES, closed=True)
@example(depth=33, frame=FRAMES, closed=True)
def test_32_levels_are_read_and_no_more(
    depth: int, frame: list[tuple[str, str]], closed: bool
) -> None:
    frames = (frame * (depth // len(frame) + 1))[:depth]
    # The brackets in strings are no levels.
    text = b"".join(b.encode() for b, _ in reversed(frames)) + b'"]}[{"'
    text += b"".join(a.encode() for _, a in frames) if closed else b""
    assert (read_by(strict_json.parse, text) != "refused") == (
        depth <= 32 and (closed or not depth)
    )


@tried(50)
@given(
    bad=st.sampled_from(["NaN", "Infinity", "-Infinity", "1e309", "-1E+400", "9" * 5_000])
    | st.integers(0xD800, 0xDFFF).map(lambda half: f'"a\\u{half:04x} b"')
    | st.integers(0xD800, 0xDFFF).map(lambda half: f'{{"\\u{half:04X}": 1}}'),
    frames=st.lists(st.sampled_from(FRAMES), max_size=20),
)
def test_no_number_that_is_none_and_no_half_character_is_read(
    bad: str, frames: list[tuple[str, str]]
) -> None:
    assert read_by(strict_json.parse, framed(bad, frames)) == "refused"


# Tokens

NOW = 1_800_000_000
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
DAY = 24 * 3_600
GONE = object()
"""The value of a member that is taken away."""

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
    """Good members, up to three of them taken away or changed a little, or much."""
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
    """Tell whether this is a scope-token (RFC 6749, 3.3), as long as Auth0's."""
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
    """Give what may be said of a payload under a true signature: section 3 of the design."""
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
        # Where more is wrong, either may be said.
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
    """Give the claims, or the refusal: one of three; every other exception is a finding."""
    try:
        return tokens.verify(authorization)
    except (TokenExpired, InvalidClaims, InvalidHeader) as refused:
        return type(refused)


def token(header: bytes | None = None, payload: bytes | None = None) -> str:
    """Give a token of exactly these two texts, under a true signature."""
    head, body = (
        header or json.dumps(TOKEN_HEADER).encode(),
        payload or json.dumps(PAYLOAD).encode(),
    )
    unsigned = f"{base64url(head)}.{base64url(body)}"
    return f"{unsigned}.{base64url(rs256(unsigned.encode(), 'main'))}"


@pytest.fixture(scope="module")
def good(issuer: Issuer) -> Iterator[str]:
    """A good token; the verifier's clock stands still at NOW."""
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
def test_whatever_stands_in_the_header_is_refused_as_no_token(
    good: str, authorization: object
) -> None:
    assert verified(authorization) is InvalidHeader


@tried(75)
@given(
    header=st.just(TOKEN_HEADER) | changed(TOKEN_HEADER, MEMBERS),
    payload=changed(PAYLOAD, CLAIMS),
    style=st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}]),
)
def test_a_signed_token_is_taken_if_the_rules_say_so(
    good: str, header: Any, payload: Any, style: dict[str, Any]
) -> None:
    told = json.dumps(header).encode(), json.dumps(payload, **style).encode()
    expected = expected_of_token(*told)
    found = verified(f"Bearer {token(*told)}")
    assert found in expected
    if isinstance(found, Claims):
        assert found.permissions <= PERMISSIONS.intersection(payload.get("permissions", []))


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
def test_a_claim_is_taken_up_to_its_edge(good: str, changes: dict[str, Any]) -> None:
    claims = {k: v for k, v in {**PAYLOAD, **changes}.items() if v is not GONE}
    payload = json.dumps(claims).encode()
    told = json.dumps(TOKEN_HEADER).encode()
    assert verified(f"Bearer {token(payload=payload)}") in expected_of_token(told, payload)


@tried(30)
@given(
    header=st.just(json.dumps(TOKEN_HEADER).encode()) | edited(written(st.just(TOKEN_HEADER))),
    payload=edited(written(st.just(PAYLOAD))) | written() | st.binary(min_size=1, max_size=20),
)
def test_a_signature_makes_no_json_of_what_is_none(
    good: str, header: bytes, payload: bytes
) -> None:
    assume(header and payload)
    assume(len(header) + len(payload) < 5_000)
    assert verified(f"Bearer {token(header, payload)}") in expected_of_token(header, payload)


@tried(30)
@given(length=st.integers(8_180, 8_200) | st.integers(600, 12_000))
@example(length=8_192)
@example(length=8_193)
def test_a_token_of_8192_characters_is_taken_and_no_longer_one(good: str, length: int) -> None:
    head = json.dumps(TOKEN_HEADER)
    # No segment has 4n + 1 characters: where the payload would, a space makes the header longer.
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
def test_a_token_can_be_written_in_one_way_only(
    good: str, spaces: tuple[int, int], segment: int, spare: int, end: str
) -> None:
    texts = [json.dumps(TOKEN_HEADER) + " " * spaces[0], json.dumps(PAYLOAD) + " " * spaces[1]]
    segments = [base64url(text.encode()) for text in texts]

    def written_otherwise(text: str) -> str:
        bits = {0: 0, 2: 4, 3: 2}[len(text) % 4]  # that stand for nothing
        last = ALPHABET.index(text[-1]) | spare % 2**bits
        return text[:-1] + ALPHABET[last] + end

    if segment < 2:
        segments[segment] = written_otherwise(segments[segment])
    signature = base64url(rs256(".".join(segments).encode(), "main"))
    segments.append(written_otherwise(signature) if segment == 2 else signature)
    right = [*(base64url(text.encode()) for text in texts), signature]
    # The signature is true in any case.
    assert (verified(f"Bearer {'.'.join(segments)}") is InvalidHeader) == (segments != right)


@tried(75)
@given(data=st.data())
def test_a_token_with_one_character_changed_is_refused(good: str, data: st.DataObject) -> None:
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
def test_a_tokens_segments_are_good_in_one_order_only(
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
def test_a_token_comes_after_the_word_bearer_in_any_case(
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
    """Tell whether this is an RSA key to verify signatures with, of 2,048 bits or more."""
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
    """Read base64url bit by bit; None where bits are left over, or it is none."""
    if not isinstance(text, str) or set(text) - set(ALPHABET):
        return None
    bits = "".join(f"{ALPHABET.index(c):06b}" for c in text)
    whole, rest = bits[: len(bits) // 8 * 8], bits[len(bits) // 8 * 8 :]
    if len(rest) == 6 or "1" in rest:
        return None
    return bytes(int(whole[i : i + 8], 2) for i in range(0, len(whole), 8))


def expected_of_keys(answer: bytes) -> set[str]:
    """Give the ids under which this publishes one key, and a good one."""
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
def test_whatever_an_issuer_publishes_is_a_good_key_or_none(
    stranger: Issuer, answer: bytes
) -> None:
    stranger.answer = answer
    keys = KeySet(stranger.url)
    found = {kid: key for kid in ("main", "other", "small", "") if (key := keys.get(kid))}
    assert found.keys() == expected_of_keys(answer) & {"main", "other", "small", ""}
    for key in found.values():
        assert key.verify(b"message", b"x" * 256) is False


# The request that the parsers read


def event(
    method: str = "GET",
    resource: str = "/movies",
    ids: dict[str, str] | None = None,
    query: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    encoded: bool = False,
    sub: str = "auth0|me",
) -> dict[str, Any]:
    """Give what API Gateway passes on; an `encoded` body is one that it takes for binary."""
    told: str | bytes | None = body
    if body is not None and encoded:
        told = base64.b64encode(body).decode()
    elif body is not None:
        with contextlib.suppress(UnicodeDecodeError):  # bytes, as the local server passes them on
            told = body.decode()
    return {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": resource.format(**(ids or {})),
            "authorizer": {
                "sub": sub,
                "permissions": json.dumps(sorted(PERMISSIONS)),
                "exp": str(time.time() + 600),
            },
        },
        "headers": headers or {},
        "pathParameters": ids or {},
        "multiValueQueryStringParameters": query,
        "stageVariables": None,
        "body": told,
        "isBase64Encoded": encoded,
    }


def ask_for(**parts: Any) -> Request:
    """Let this be the request that is being answered."""
    request = Request(event(**parts))
    app.current_request = request
    return request


# Bodies


Rule = Callable[[Any], bool]


class Shape(NamedTuple):
    """What a body's fields must be, once texts are trimmed."""

    required: dict[str, Rule]
    optional: dict[str, Rule]


def trimmed(text: str) -> str:
    def is_blank(character: str) -> bool:
        return character.isspace() or character in "\u200b\u2060\ufeff"

    while text and is_blank(text[0]):
        text = text[1:]
    while text and is_blank(text[-1]):
        text = text[:-1]
    nothing = "\u115f\u1160\u2800\u3164\uffa0"
    shows = [c for c in text if unicodedata.category(c)[0] in "LNPS" and c not in nothing]
    return text if shows else ""


def is_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 200
        and not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in value)
    )


def is_date(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        return bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def is_birth(value: Any) -> bool:
    """Tell whether somebody who was born then is at most 150 years old today."""
    if not is_date(value):
        return False
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return bool(value <= today < f"{int(value[:4]) + 151:04}{value[4:]}")


def is_whole(least: int, most: int) -> Rule:
    return lambda value: type(value) is int and least <= value <= most


def is_id(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 64


def or_null(is_good: Rule) -> Rule:
    return lambda value: value is None or is_good(value)


def is_gender(value: Any) -> bool:
    return value in ("female", "male", "non-binary", "other", "undisclosed")


_actor: dict[str, Rule] = {"name": is_name, "gender": is_gender}
_birth = {"age": or_null(is_whole(0, 150)), "date_of_birth": or_null(is_birth)}
_part = {"character_name": or_null(is_name), "billing_order": or_null(is_whole(1, 9_999))}

SHAPES: dict[type[Body], Shape] = {
    NewMovie: Shape({"title": is_name, "release_date": is_date}, {}),
    MovieChanges: Shape({}, {"title": is_name, "release_date": is_date}),
    NewActor: Shape(_actor, _birth),
    ActorChanges: Shape({}, _actor | _birth),
    NewRoleInMovie: Shape({"actor_id": is_id}, _part),
    NewRole: Shape({"movie_id": is_id, "actor_id": is_id}, _part),
    RoleChanges: Shape({}, _part),
}
bodies = st.sampled_from(list(SHAPES))

blanks = st.text(" \t\n\r\x1f\x85\xa0\u2003\u3000\u200b\u2060\ufeff", max_size=4)
awkward = st.text(
    st.sampled_from(
        "a\u00e9e\u0301 \x00\x1f\x7f\x9f\u2028\u2029\u200d\u3164\u2800\u202e\U0001f3ac\ufdfa"
    )
    | st.characters(codec="utf-8"),
    max_size=8,
)
words = (
    st.tuples(blanks, awkward, blanks).map("".join)
    | st.tuples(
        st.sampled_from("a\u00e9\u3164\U0001f3ac\ufdfa "),
        st.sampled_from([63, 64, 65, 199, 200, 201]),
    ).map(lambda run: run[0] * run[1])
    | st.just(f"{SECRET}\x07")
    | st.just(SECRET * 40)
)
days = st.dates().map(str)
near_days = (
    st.sampled_from(["2023-02-29", "1900-02-29", "0000-01-01", "2001-4-25", "20010425"])
    | st.sampled_from(["2001-04-25T00:00:00Z", "2001-W17-3", "+2001-04-25", f"2001-04-{SECRET}"])
    | st.sampled_from(["\uff12\uff10\uff10\uff11-04-25", "2001-00-10", "2001-10-00", "10000-01-01"])
    | st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]", fullmatch=True)
    | st.tuples(blanks, days, blanks).map("".join)
)  # fmt: skip
today = datetime.datetime.now(datetime.UTC).date()
births = st.dates(today.replace(year=today.year - 149, day=1), today - datetime.timedelta(2)).map(
    str
)
near_births = st.integers(-400, 400).map(
    lambda number: str(today.replace(year=today.year - 151, day=1) + datetime.timedelta(number))
) | st.integers(1, 400).map(lambda number: str(today + datetime.timedelta(number)))
numbers = (
    st.integers(-2, 155)
    | st.integers(9_990, 10_010)
    | st.sampled_from([True, False, 5.0, 5.5, -0.0, 1e300, 2**63, -(2**64), 10**400, SECRET_NUMBER])
)
genders = st.sampled_from(["female", "male", "non-binary", "other", "undisclosed"])
ids = st.text(string.ascii_letters, min_size=1, max_size=64)
names = st.text(string.ascii_letters + " '\u00eb\u4e2d", min_size=1, max_size=12).filter(trimmed)

GOOD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": names,
    "release_date": days,
    "name": names,
    "gender": genders,
    "age": st.integers(0, 150),
    "date_of_birth": births,
    "movie_id": ids,
    "actor_id": ids,
    "character_name": names | st.none(),
    "billing_order": st.integers(1, 9_999) | st.none(),
}
bad_genders = st.sampled_from(["Female", "", "unknown", SECRET, "male\x00", ["male"], "\uff2dale"])
values = words | near_days | near_births | numbers | bad_genders | json_values
strange_names = (
    st.text(max_size=50)
    | st.sampled_from(["id", "version", "role_count", "created_at", "Title", "title ", "__proto__"])
    | st.sampled_from([SECRET * 7, f"{SECRET}!", f"{SECRET} ", f"{SECRET}\n", f"\u00e9{SECRET}"])
)


@st.composite
def documents(draw: st.DrawFn, body_type: type[Body]) -> dict[str, Any]:
    """Bodies of this type, good ones and such as have up to two mistakes."""
    shape = SHAPES[body_type]
    fields = [*shape.required, *shape.optional]
    left_out = draw(st.sets(st.sampled_from([*shape.optional, "nothing"])))
    if _birth.keys() <= shape.optional.keys() and draw(st.booleans()):
        left_out.add(draw(st.sampled_from(sorted(_birth))))
    document = {n: draw(GOOD_VALUES[n]) for n in fields if n not in left_out}
    for name in draw(st.lists(st.sampled_from(fields), max_size=2)):
        document[name] = draw(values)
    if draw(st.integers(0, 9)) == 0:
        document[draw(strange_names)] = draw(values)
    if document and draw(st.integers(0, 9)) == 0:
        del document[draw(st.sampled_from(sorted(document)))]
    return document


sent_documents = bodies.flatmap(lambda body: st.tuples(st.just(body), documents(body)))


def expected_of_body(body_type: type[Body], document: Any) -> dict[str, Any] | set[str]:
    """Give the fields of a good body, or the words with which its refusal may begin."""
    shape = SHAPES[body_type]
    fields = shape.required | shape.optional
    if not isinstance(document, dict) or not document:
        return {"The"}
    if unknown := document.keys() - fields.keys():
        return {*unknown, "One"}
    told = {k: trimmed(v) if isinstance(v, str) else v for k, v in document.items()}
    wrong = {n for n, is_good in fields.items() if n in told and not is_good(told[n])}
    wrong |= shape.required.keys() - told.keys()
    if shape.required:
        told = {**dict.fromkeys(shape.optional), **told}
    if told.keys() & _birth.keys() and sum(told.get(name) is not None for name in _birth) != 1:
        wrong.add("Send")
    return wrong or told


def sent(
    body_type: type[Body], body: bytes | None, media_type: str | None = None, encoded: bool = False
) -> tuple[int, Any]:
    """Give how a view that takes this is answered: 200 and the fields, or the whole refusal."""
    headers = {} if media_type is None else {"content-type": media_type}
    request = ask_for(method="POST", headers=headers, body=body, encoded=encoded)
    answer = envelope(
        request, lambda _: Response(http_body.fields_of(http_body.read(body_type)))
    ).to_dict()
    told = json.loads(answer["body"])
    if answer["statusCode"] != 200:
        assert told.keys() == {"success", "error", "message", "detail"}
        assert told["error"] == answer["statusCode"] in (400, 413, 415, 422), told
        assert told["message"] == MESSAGES[told["error"]]
        assert not told["success"]
        # The name of what is no field is quoted, where it is short and plain.
        quoted = re.sub(r"[A-Za-z0-9_.-]{1,40} is not a field here", "", json.dumps(answer))
        assert SECRET not in quoted
        assert str(SECRET_NUMBER) not in quoted
        assert "`" not in told["detail"], "msgspec's own words are for programmers"
    return answer["statusCode"], told


def test_every_body_of_the_api_is_tried() -> None:
    bodies = {operation.declared.body for operation in OPERATIONS.values()} - {None}
    assert bodies == set(SHAPES)


def assert_judged(body_type: type[Body], document: Any, encoded: bool = False) -> None:
    """Send a body and compare with what the contract says of it."""
    status, told = sent(body_type, json.dumps(document).encode(), encoded=encoded)
    expected = expected_of_body(body_type, document)
    if isinstance(expected, dict):
        assert (status, seen(sorted(told.items()))) == (200, seen(sorted(expected.items())))
        # What is shown can be sent: nothing is left to trim.
        assert sent(body_type, json.dumps(told).encode()) == (200, told)
    else:
        # The refusal names what is wrong, and what would be right.
        assert status == 422, told
        assert re.search("expected|is missing|[Ss]end |must be", told["detail"]), told
        assert [word for word in expected if told["detail"].startswith(word)], told


@tried(125)
@given(sent_document=sent_documents, encoded=st.booleans())
def test_a_body_is_taken_if_the_contract_says_so(
    sent_document: tuple[type[Body], dict[str, Any]], encoded: bool
) -> None:
    assert_judged(*sent_document, encoded)


EXAMPLES: dict[str, Any] = {
    "title": "Heat",
    "release_date": "1995-12-15",
    "name": "Al Pacino",
    "gender": "male",
    "movie_id": "M",
    "actor_id": "A",
}
FIELD_EDGES: list[Any] = [
    *("", " ", "\u200b", "\u3164", "\u2800", "\u0301", "\u200d", "\x00", "\u3164\u0301", "\ue000"),
    *("a", " a\u2060", "\x1fa\x85", "a\u200bb", "a\x00b", "a\x9fb", "a\u2028b", "a\u202eb"),
    *(text * length for text in ("a", "\U0001f3ac") for length in (64, 65, 200, 201)),
    *("2024-02-29", "2023-02-29", "0001-01-01", "0000-01-01", "9999-12-31", " 1995-12-15\n"),
    *("1995-12-15T00:00:00Z", "19951215", "1995-1-2", "199\uff15-12-15", "male", " male ", "MALE"),
    *(str(today + datetime.timedelta(days)) for days in (-1, 0, 1)),
    *(str(today.replace(year=today.year - 151, day=1) + datetime.timedelta(n)) for n in range(32)),
    *(-1, 0, 1, 150, 151, 9_999, 10_000, 2**63, 2**64, 10**400, True, False, 0.0, 5.0, 1e300),
    *(None, [], {}, [1], {"a": 1}, SECRET, SECRET * 40, SECRET_NUMBER, "5", "null"),
]  # fmt: skip


@pytest.mark.parametrize("body_type", SHAPES)
def test_a_field_is_taken_up_to_its_edge(body_type: type[Body]) -> None:
    shape = SHAPES[body_type]
    for name in [*shape.required, *shape.optional]:
        for value in FIELD_EDGES:
            whole = {n: v for n, v in EXAMPLES.items() if n in shape.required}
            if body_type is NewActor and name not in _birth:
                whole["age"] = 55
            assert_judged(body_type, {**whole, name: value})


@pytest.mark.parametrize("length", [34, 40, 41, 50, 1_000])
@pytest.mark.parametrize("end", ["", "\n", "\u00e9", "`", " "])
def test_a_name_that_is_no_field_is_quoted_where_it_is_short_and_plain(
    length: int, end: str
) -> None:
    name = ("colour" * length)[: length - len(end)] + end
    _, told = sent(MovieChanges, json.dumps({name: 1, "title": "x"}).encode())
    assert (name in told["detail"]) == (length <= 40 and not end)
    assert told["detail"].endswith(" is not a field here: send title, release_date.")


def test_a_name_that_is_no_field_is_no_secret() -> None:
    status, told = sent(MovieChanges, json.dumps({SECRET: SECRET}).encode())
    assert status == 422
    assert told["detail"].startswith(f"{SECRET} is not a field here")


@tried(30)
@given(body_type=bodies, value=json_values)
def test_a_body_of_any_other_shape_is_refused(body_type: type[Body], value: Any) -> None:
    fields = {*SHAPES[body_type].required, *SHAPES[body_type].optional}
    assume(not isinstance(value, dict) or not value.keys() & fields)
    assert sent(body_type, json.dumps(value).encode())[0] == 422


@tried(50)
@given(
    body_type=bodies,
    data=st.data(),
    room=st.sampled_from([0] * 9 + [65_536, 65_537]),
    encoded=st.booleans(),
)
def test_a_body_is_refused_as_too_large_or_no_json_before_its_fields_are_looked_at(
    body_type: type[Body], data: st.DataObject, room: int, encoded: bool
) -> None:
    whole = written(documents(body_type))
    body = data.draw(whole | edited(whole) | st.binary(max_size=30)).ljust(room)
    status, told = sent(body_type, body, encoded=encoded)
    if len(body) > 65_536:
        assert status == 413
        return
    try:
        expected = expected_of_body(body_type, expected_of_json(body))
    except ValueError:
        assert (status, told["detail"]) == (400, "The request body must be JSON.")
    else:
        assert status == (200 if isinstance(expected, dict) else 422), told


@tried(50)
@given(
    sent_document=sent_documents,
    begun=st.sampled_from(['"title": NaN', r'"\ud800": 1', '"a": {"b": 1, "b": 1}', '"a": 1e999']),
)
def test_a_body_with_what_is_no_json_in_it_is_refused_whatever_else_it_holds(
    sent_document: tuple[type[Body], dict[str, Any]], begun: str
) -> None:
    body_type, document = sent_document
    assume(document)
    body = f"{{{begun}, {json.dumps(document)[1:]}"
    assert sent(body_type, body.encode())[0] == 400


@tried(100)
@given(
    media_type=st.none()
    | st.text(max_size=30)
    | st.tuples(
        st.sampled_from(["application/json", "Application/JSON", " application/json ", "text/json"])
        | st.sampled_from(["application/jsonp", "application/vnd.api+json", "*/*", ""]),
        st.lists(
            st.sampled_from(["charset=utf-8", " CharSet=UTF8 ", 'charset="utf-8"', "charset="])
            | st.sampled_from(["charset=latin-1", "charset=utf-16", "x=charset=utf-8", "", "v=1"]),
            max_size=3,
        ),
    ).map(lambda parts: ";".join([parts[0], *parts[1]]))
)
def test_a_body_is_read_as_json_in_utf_8_or_not_at_all(media_type: str | None) -> None:
    kind, *parameters = (media_type or "").lower().split(";")
    charsets = {p.strip().replace('"', "") for p in parameters if p.strip().startswith("charset=")}
    is_json = media_type is None or (
        kind.strip() == "application/json" and charsets <= {"charset=utf-8", "charset=utf8"}
    )
    assert sent(MovieChanges, b'{"title": "Heat"}', media_type)[0] == (200 if is_json else 415)


@tried(10)
@given(
    piece=st.sampled_from([" ", "\u200b", "a ", "\u3164", "\\", "\u0301", "[", '"', "\n", "1"]),
    ends=st.sampled_from(["", "a"]),
)
@example(piece=" ", ends="a")
def test_the_longest_text_is_judged_at_once(piece: str, ends: str) -> None:
    text = ends + piece * (60_000 // len(piece.encode())) + ends
    body = json.dumps({"title": text, "release_date": "x"}, ensure_ascii=False).encode()
    began = time.process_time()
    assert sent(NewMovie, body)[0] in (413, 422)
    # A thousandth of it is enough; what takes the square of the length has taken half a minute.
    assert time.process_time() - began < 2


# Cursors

list_names = st.sampled_from(["/movies?sort=title", "/actors?sort=name", "/roles?movie_id=None"])
list_names |= st.text(max_size=10)


def place_in(list_name: str, *cursors: str) -> str | None:
    """Give the sort key of a request with these cursors; None where they are refused."""
    ask_for(query={"cursor": list(cursors)})
    try:
        return paging.requested_page(list_name)["after"]
    except BadCursor:
        return None


def expected_place(list_name: str, text: str) -> str | None:
    """Take a cursor apart: a fingerprint and a sort key."""
    raw = read_base64url(text)
    mark = hashlib.sha256(list_name.encode()).digest()[:6]
    if raw is None or raw[:6] != mark or len(text) > 2_048:
        return None
    try:
        return raw[6:].decode()
    except UnicodeDecodeError:
        return None


@tried(50)
@given(
    list_name=list_names,
    sort_key=st.text() | st.integers(1_020, 1_540).map(lambda length: "k" * length),
)
def test_a_cursor_is_read_as_it_was_written(list_name: str, sort_key: str) -> None:
    cursor = paging.encode_cursor(list_name, sort_key)
    assert place_in(list_name, cursor) == (sort_key if len(cursor) <= 2_048 else None)
    # Every sort key that a table can have has one.
    assert len(sort_key.encode()) > 1_024 or len(cursor) <= 2_048
    assert place_in(list_name, "nonsense", cursor) == place_in(list_name, cursor)


@st.composite
def texts_like_cursors(draw: st.DrawFn, list_name: str) -> str:
    mark = hashlib.sha256(list_name.encode()).digest()[:6]
    return draw(
        st.text(max_size=20)
        | st.text(ALPHABET + "+/=", max_size=20)
        | st.binary(max_size=12).map(lambda raw: base64url(mark + raw))
        | st.integers(0, 8).map(lambda length: base64url(mark[:length]))
        | st.text(max_size=9).map(lambda key: paging.encode_cursor(list_name, key) + "=")
        | st.text(max_size=9).map(lambda key: base64.b64encode(mark + key.encode()).decode())
    )


@tried(75)
@given(list_name=list_names, data=st.data())
def test_any_other_text_is_no_cursor(list_name: str, data: st.DataObject) -> None:
    text = data.draw(texts_like_cursors(list_name))
    found = place_in(list_name, text)
    assert found == expected_place(list_name, text)
    # A place can be written in one way only.
    assert found is None or paging.encode_cursor(list_name, found) == text


@tried(50)
@given(list_name=list_names, key=st.text(max_size=12), data=st.data())
def test_a_cursor_with_one_character_changed_is_another_one_or_none(
    list_name: str, key: str, data: st.DataObject
) -> None:
    cursor = paging.encode_cursor(list_name, key)
    place = data.draw(st.integers(0, len(cursor)))
    other = data.draw(st.sampled_from([*ALPHABET, "", "+", "/", "=", "\n", " "]) | st.characters())
    for text in (
        cursor[:place] + other + cursor[place + 1 :],
        cursor[:place] + other + cursor[place:],
        cursor + other,
    ):
        found = place_in(list_name, text)
        assert found == expected_place(list_name, text)
        assert (found == key) == (text == cursor)


@tried(50)
@given(one=list_names, another=list_names, key=st.text(max_size=12))
def test_a_cursor_is_good_in_its_own_list_only(one: str, another: str, key: str) -> None:
    assert place_in(another, paging.encode_cursor(one, key)) == (key if one == another else None)


# Filters and conditions


@tried(75)
@given(
    limits=st.lists(
        st.integers(-5, 1_005).map(str)
        | st.sampled_from(
            ["", "0", "00", "05", "1.0", "1e1", "+5", " 5", "5\n", "\u0663", "\uff15", "\xb2"]
        )
        | st.text(max_size=5),
        max_size=3,
    )
    | st.none()
)
@example(limits=[])
@example(limits=["1"])
@example(limits=["100"])
@example(limits=["101"])
@example(limits=["1\u0663"])
def test_a_limit_is_a_whole_number_from_1_to_100(limits: list[str] | None) -> None:
    ask_for(query=None if limits is None else {"limit": limits})
    given_limit = limits[-1] if limits else "20"
    if given_limit in [str(number) for number in range(1, 101)]:
        assert paging.requested_page("/movies") == {"limit": int(given_limit), "after": None}
    else:
        with pytest.raises(BadLimit):
            paging.requested_page("/movies")


@tried(50)
@given(
    orders=st.lists(st.sampled_from(["title", "-title", "name", ""]), min_size=1, unique=True),
    asked=st.lists(
        st.sampled_from(["title", "-title", "name", "", "Title", "title ", "--title"]) | st.text(),
        max_size=2,
    ),
)
def test_a_sort_is_one_of_the_orders_or_the_first(orders: list[str], asked: list[str]) -> None:
    ask_for(query={"sort": asked})
    if not asked or asked[-1] in orders:
        assert views._order(tuple(orders)) == (asked[-1] if asked else orders[0])
    else:
        with pytest.raises(BadSort) as refused:
            views._order(tuple(orders))
        assert str(refused.value) == f"sort must be one of {', '.join(orders)}."


version_numbers = st.integers(1, 20) | st.sampled_from([10**9, 10**10 - 1, 10**10, 10**30])
entity_tags = st.tuples(
    st.sampled_from(["", "", "", "W/", "w/"]),
    version_numbers.map(str)
    # etagc (RFC 9110, 8.8.3): commas and all, but no quotes.
    | st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'))
    | st.sampled_from(["0", "01", "1,2", ",1,", "*", "\u0663", " 1", "+1", "1_0", "1.0", ""]),
).map(lambda tag: f'{tag[0]}"{tag[1]}"')
spaces = st.sampled_from(["", " ", "\t", "  "])
tag_lists = st.lists(st.tuples(spaces, entity_tags, spaces).map("".join), max_size=5)


def tags_of(condition: str) -> list[str]:
    """Take a list of entity tags apart as RFC 9110 has it: a comma in quotes is none."""
    return re.findall(r'(?:[Ww]/)?"[^"]*"', condition)


def versions_of(tags: list[str]) -> frozenset[int]:
    numbers = [tag[1:-1] for tag in tags if tag.startswith('"')]
    ours = [n for n in numbers if re.fullmatch("[0-9]{1,10}", n) and not n.startswith("0")]
    return frozenset(map(int, ours))


@tried(75)
@given(tags=tag_lists)
def test_if_match_allows_the_versions_that_it_names(tags: list[str]) -> None:
    ask_for(headers={"if-match": ",".join(tags)})
    assert conditions.if_match() == versions_of(tags_of(",".join(tags)))


@tried(20)
@given(newest=st.integers(90, 130), step=st.integers(1, 3), mixed=st.randoms())
def test_if_match_counts_the_newest_hundred(newest: int, step: int, mixed: Any) -> None:
    versions = list(range(newest * step, 0, -step))
    mixed.shuffle(versions)
    ask_for(headers={"if-match": ", ".join(f'"{version}"' for version in versions)})
    assert conditions.if_match() == frozenset(sorted(versions, reverse=True)[:100])


condition_texts = (
    st.text(max_size=20)
    | st.text('"*W/, 0123\t', max_size=12)
    | st.sampled_from(["*", " * ", '"*"', "**", "*, *", '*, "1"', '"1" "2"', '"1', '""1""'])
)


@tried(150)
@given(condition=condition_texts, version=version_numbers)
def test_a_condition_is_everything_or_versions_that_stand_in_it(
    condition: str, version: int
) -> None:
    ask_for(headers={"if-match": condition, "if-none-match": condition})
    found = conditions.if_match()
    assert (found is None) == (condition.strip() == "*")
    assert found is None or type(found) is frozenset
    for number in found or ():
        assert type(number) is int
        assert f'"{number}"' in condition
    is_known = conditions.client_has(version)
    assert is_known or found is None or version not in found
    assert not is_known or found is None or f'"{version}"' in condition
    ask_for()
    assert conditions.if_match() is None
    assert not conditions.client_has(version)


@tried(50)
@given(tags=tag_lists, version=version_numbers)
def test_if_none_match_compares_weakly(tags: list[str], version: int) -> None:
    ask_for(headers={"if-none-match": ",".join(tags)})
    strong = [tag.removeprefix("W/") for tag in tags_of(",".join(tags))]
    assert conditions.client_has(version) == (version in versions_of(strong))


@tried(100)
@given(
    key=st.text(max_size=5)
    | st.text(st.characters(min_codepoint=0x1F, max_codepoint=0x7F), max_size=5)
    | st.sampled_from([" ", " " * 255, "\t", "a\n", "é"])
    | st.integers(253, 258).map(lambda length: "k" * length)
)
def test_an_idempotency_key_is_printable_ascii(key: str) -> None:
    ask_for(method="POST", headers={"idempotency-key": key})
    body = NewRoleInMovie(actor_id="A")
    if 1 <= len(key) <= 255 and all(32 <= ord(c) <= 126 for c in key) and set(key) != {" "}:
        found = conditions.replay(body)
        assert re.fullmatch(r"[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{16}", str(found))
    else:
        with pytest.raises(BadIdempotencyKey):
            conditions.replay(body)
    ask_for(method="POST")
    assert conditions.replay(body) is None


class Posted(NamedTuple):
    """A POST: who sends what where, and under which key."""

    key: str
    sub: str
    resource: str
    movie_id: str
    name: str | None
    order: int | None

    def known_by(self) -> tuple[str, str]:
        """Give the two halves of what it is known by."""
        ask_for(
            method="POST",
            resource=self.resource,
            ids={"movie_id": self.movie_id},
            headers={"Idempotency-Key": self.key},
            sub=self.sub,
        )
        body = NewRoleInMovie(actor_id="A", character_name=self.name, billing_order=self.order)
        whose, _, what = str(conditions.replay(body)).partition(".")
        return whose, what


posts = st.builds(
    Posted,
    key=st.sampled_from(["a", "b", "a,b", 'a","b']),
    sub=st.sampled_from(["a", "b", "b,a", 'b", "a']),
    resource=st.sampled_from(["/movies/{movie_id}/actors", "/movies", "/actors"]),
    movie_id=st.sampled_from(["M", "N"]),
    name=st.sampled_from([None, "null", "5", "é", "e\u0301"]),
    order=st.sampled_from([None, 5, 50]),
)


@tried(100)
@given(one=posts, another=posts)
@example(
    one=Posted("a", "b,a", "/movies", "M", None, None),
    another=Posted("a,b", "a", "/movies", "M", None, None),
)
@example(
    one=Posted("a", 'b", "a', "/movies", "M", None, None),
    another=Posted('a", "b', "a", "/movies", "M", None, None),
)
def test_a_post_is_known_by_its_key_caller_and_route_and_by_what_was_sent(
    one: Posted, another: Posted
) -> None:
    (whose, what), (whose_else, what_else) = one.known_by(), another.known_by()
    assert (whose == whose_else) == (one[:3] == another[:3])
    assert (what == what_else) == (one[3:] == another[3:])


# The whole function, on a table


class Found(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


def call(**parts: Any) -> Found:
    """Call the function as API Gateway does; nothing may be our fault."""
    answer = invoke(app, event(**parts))
    told: Any = json.loads(answer["body"]) if answer["body"] else None
    assert answer["statusCode"] < 500, (parts, told)
    if answer["statusCode"] >= 400:
        assert told.keys() == {"success", "error", "message", "detail"}
    return Found(answer["statusCode"], answer["headers"], told)


class Listed(NamedTuple):
    """A list of the API: how it is asked for, and where its items stand, in its order."""

    resource: str
    ids: dict[str, str]
    query: dict[str, list[str]]
    member: str
    name: str
    places: list[str]
    whole: list[Any]
    pages: bool  # or it is one item at most
    falls: bool

    def page(self, **query: list[str]) -> Found:
        return call(resource=self.resource, ids=self.ids, query={**self.query, **query})


def items_under(index: str) -> dict[str, list[str]]:
    """Give the sort keys of the table, or of an index, in order, by their partition."""
    found: dict[str, list[str]] = {}
    for item in Item.scan():
        pk, sk = (getattr(item, index + half) for half in ("pk", "sk"))
        if pk is not None and not (index == "" and sk == "#"):
            found.setdefault(pk, []).append(sk)
    return {pk: sorted(keys) for pk, keys in found.items()}


def post(resource: str, body: dict[str, Any]) -> str:
    made = call(method="POST", resource=resource, body=json.dumps(body).encode())
    assert made.status == 201, made
    return str(made.body["created"])


@pytest.fixture(scope="module")
def lists() -> Iterator[list[Listed]]:
    """The lists of an agency with a few movies, actors and roles, in a table of this module's."""
    with mock_aws():
        Item.create_table(wait=True)
        titles = ["alien", "Éclair", "", "\U0001f3ac", "zodiac", "alien"]
        movies = [
            post("/movies", {"title": title or "m" * 200, "release_date": f"19{60 + n}-01-01"})
            for n, title in enumerate(titles)
        ]
        actors = [
            post("/actors", {"name": name, "gender": "other", "age": 40})
            for name in ("bob", "\u00c4rni", "\ufdfa" * 200, "al", "bob")
        ]
        roles = [(movie, actors[0]) for movie in movies[:5]]
        roles += [(movies[0], actor) for actor in actors[1:]]
        for number, (movie, actor) in enumerate(roles):
            billed = {"billing_order": number} if number % 2 else {}
            post("/roles", {"movie_id": movie, "actor_id": actor, **billed})
        yield list(_lists(movies[0], actors[0]))


def _lists(movie: str, actor: str) -> Iterator[Listed]:
    beside, by_name, by_date = items_under(""), items_under("gsi1"), items_under("gsi2")
    both = [f"{movie}.{actor}"]
    for resource, ids, query, member, name, places in [
        ("/movies", {}, {}, "movies", "/movies?sort=title", by_name["MOVIES"]),
        ("/movies", {}, {"sort": "-title"}, "movies", "/movies?sort=-title", by_name["MOVIES"]),
        ("/movies", {}, {"sort": "release_date"}, "movies", "/movies?sort=release_date",
         by_date["MOVIES"]),
        ("/movies", {}, {"sort": "-release_date"}, "movies", "/movies?sort=-release_date",
         by_date["MOVIES"]),
        ("/actors", {}, {}, "actors", "/actors?sort=name", by_name["ACTORS"]),
        ("/roles", {}, {}, "roles", "/roles?movie_id=None&actor_id=None", by_date["ROLES"]),
        ("/roles", {}, {"movie_id": movie}, "roles", f"/roles?movie_id={movie}&actor_id=None",
         beside[f"MOVIE#{movie}"]),
        ("/roles", {}, {"actor_id": actor}, "roles", f"/roles?movie_id=None&actor_id={actor}",
         beside[f"ACTOR#{actor}"]),
        ("/roles", {}, {"movie_id": movie, "actor_id": actor}, "roles",
         f"/roles?movie_id={movie}&actor_id={actor}", both),
        ("/movies/{movie_id}/actors", {"movie_id": movie}, {}, "actors", f"/movies/{movie}/actors",
         by_name[f"MOVIE#{movie}"]),
        ("/actors/{actor_id}/movies", {"actor_id": actor}, {}, "movies", f"/actors/{actor}/movies",
         by_date[f"ACTOR#{actor}"]),
    ]:  # fmt: skip
        falling = "sort=-" in name or places in (by_date["ROLES"], by_date[f"ACTOR#{actor}"])
        asked = {name: [value] for name, value in query.items()}
        shown = call(resource=resource, ids=ids, query=asked).body
        assert shown["next_cursor"] is None
        assert len(shown[member]) == len(places) > 0
        if falling:
            places = places[::-1]
        pages = places is not both
        yield Listed(
            resource, ids, asked, member, name, places, shown[member], pages, falling
        )  # fmt: skip


def is_place(listed: Listed, key: str) -> bool:
    """Tell whether a sort key could be one of this list's, be there such an item or not."""
    an_id = "[A-Za-z0-9_-]{16}"
    if not listed.pages:
        return False
    if listed.name.startswith("/roles?") and "None&actor_id=None" not in listed.name:
        return bool(re.fullmatch(f"ROLE#{an_id}", key))
    if listed.resource == "/roles":
        an_id = rf"{an_id}\.{an_id}"
    last = key.split("\x1f")[-1]
    return bool(re.fullmatch(an_id, last)) and len(key.encode()) <= 1_024


made_up_ids = st.text(ALPHABET, min_size=16, max_size=16) | st.sampled_from(
    ["A" * 16, "z" * 16, "-" * 16, "A" * 15, "A" * 17, "é" * 16, ""]
)


@st.composite
def made_up_keys(draw: st.DrawFn, listed: Listed) -> str:
    one_id = st.tuples(made_up_ids, made_up_ids).map(".".join) | made_up_ids
    parts = st.lists(
        st.text(max_size=5) | st.sampled_from(["alien", "1961-01-01", "9999"]), max_size=2
    )
    keys = (
        st.sampled_from(listed.places)
        | st.sampled_from([key for place in listed.places for key in (place[:-1], place + "A")])
        | st.tuples(parts, one_id).map(lambda key: "\x1f".join([*key[0], key[1]]))
        | one_id.map(lambda last: f"ROLE#{last}")
        | st.integers(1_000, 1_010).map(lambda length: "k" * length + "\x1f" + "A" * 16)
        | st.text(max_size=20)
    )
    return draw(keys)


def assert_place(listed: Listed, key: str | None, limit: int) -> None:
    """Go on from a sort key, there or not, or begin: the rest of the same list, or a refusal."""
    query: dict[str, list[str]] = {"limit": [str(limit)]}
    past = 0
    if key is not None:
        query["cursor"] = [paging.encode_cursor(listed.name, key)]
        if not is_place(listed, key):
            assert listed.page(**query).status == 400
            return
        past = sum(p >= key if listed.falls else p <= key for p in listed.places)
    # To the end, page by page: everything that comes after this place, once and in order.
    found: list[Any] = []
    while True:
        answer = listed.page(**query)
        assert answer.status == 200, answer
        page, cursor = answer.body[listed.member], answer.body["next_cursor"]
        found += page
        if cursor is None:
            break
        assert len(page) == limit
        query["cursor"] = [cursor]
    assert len(page) <= limit
    assert found == listed.whole[past:]


@tried(30)
@given(data=st.data(), limit=st.integers(1, 12))
def test_a_made_up_cursor_is_a_place_in_the_same_list_or_refused(
    lists: list[Listed], data: st.DataObject, limit: int
) -> None:
    listed = data.draw(st.sampled_from(lists))
    assert_place(listed, data.draw(st.none() | made_up_keys(listed)), limit)


@pytest.mark.parametrize(
    "one_id", ["A" * 16, "A" * 15, "A" * 17, "A" * 16 + "." + "A" * 16, "", "."]
)
def test_a_place_is_taken_up_to_its_edge(lists: list[Listed], one_id: str) -> None:
    longest = 1_024 - len("\x1f") - len(one_id)
    before = ["", "\x1f", "a\x1f", "ROLE#", "ROLE#ROLE#", "~\x1f", "\x00\x1f", "a\x1e"]
    before += [text + "\x1f" for text in ("k" * longest, "k" * (longest + 1), "\u00e9" * 1_000)]
    for listed in lists:
        for text in before:
            assert_place(listed, text + one_id, 100)


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_the_pages_of_every_list_hold_everything_once(lists: list[Listed], limit: int) -> None:
    for listed in lists:
        assert_place(listed, None, limit)


@tried(30)
@given(data=st.data())
def test_any_query_is_answered_or_refused(lists: list[Listed], data: st.DataObject) -> None:
    listed = data.draw(st.sampled_from(lists))
    near_cursors = st.sampled_from(lists).map(
        lambda li: paging.encode_cursor(li.name, li.places[0])
    )
    texts = {
        "limit": st.integers(-1, 102).map(str) | st.text(max_size=4),
        "sort": st.sampled_from(["title", "-name", "id", ""]) | st.text(max_size=4),
        "cursor": near_cursors | texts_like_cursors(listed.name),
        "colour": st.text(max_size=4),
    }
    query = data.draw(
        st.dictionaries(st.sampled_from(sorted(texts)), st.none(), max_size=3).flatmap(
            lambda chosen: st.fixed_dictionaries(
                {name: st.lists(texts[name], min_size=1, max_size=2) for name in chosen}
            )
        )
    )
    answer = listed.page(**query)
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert all(item in listed.whole for item in answer.body[listed.member])
        assert len(answer.body[listed.member]) <= int(query.get("limit", ["20"])[-1])


@tried(30)
@given(data=st.data())
def test_a_filter_lets_through_the_roles_of_one_movie_or_actor(
    lists: list[Listed], data: st.DataObject
) -> None:
    [every] = [li for li in lists if li.resource == "/roles" and not li.query]
    query = {}
    for name in ("movie_id", "actor_id"):
        known = [role[name] for role in every.whole]
        texts = st.sampled_from(known) | made_up_ids | st.text(max_size=20)
        query[name] = data.draw(st.none() | st.lists(texts, min_size=1, max_size=2))
    asked = {name: texts for name, texts in query.items() if texts is not None}
    answer = call(resource="/roles", query=asked)
    wanted = [
        role["id"]
        for role in every.whole
        if all(role[name] == texts[-1] for name, texts in asked.items())
    ]
    assert answer.status == 200
    assert sorted(role["id"] for role in answer.body["roles"]) == sorted(wanted)


@tried(20)
@given(
    condition=condition_texts
    | tag_lists.map(",".join)
    | st.integers(0, 120).map(
        lambda most: ", ".join(f'"{version}"' for version in range(1, most + 1))
    )
)
def test_a_condition_on_a_write_is_what_the_parser_says(
    lists: list[Listed], condition: str
) -> None:
    ids = {"actor_id": post("/actors", {"name": "al", "gender": "other", "age": 40})}
    ask_for(headers={"if-match": condition})
    allowed = conditions.if_match()
    answer = call(
        method="PATCH", resource="/actors/{actor_id}", ids=ids, body=b'{"age": 41}',
        headers={"if-match": condition},
    )  # fmt: skip
    holds = allowed is None or 1 in allowed
    assert answer.status == (200 if holds else 412)
    assert answer.headers["ETag"] == ('"2"' if holds else '"1"')
    # The lists stay as they are, for the other tests.
    assert call(method="DELETE", resource="/actors/{actor_id}", ids=ids).status == 200


POSTED: dict[str, tuple[str, type[Body]]] = {
    "/movies": ("movie", NewMovie),
    "/actors": ("actor", NewActor),
}


@tried(30)
@given(resource=st.sampled_from(sorted(POSTED)), data=st.data())
def test_what_the_parser_takes_the_table_takes_and_gives_back(
    lists: list[Listed], resource: str, data: st.DataObject
) -> None:
    member, body_type = POSTED[resource]
    document = data.draw(documents(body_type))
    made = call(method="POST", resource=resource, body=json.dumps(document).encode())
    expected = expected_of_body(body_type, document)
    if not isinstance(expected, dict):
        assert made.status == 422
        return
    assert made.status == 201
    resource_id = {f"{member}_id": made.body["created"]}
    one = f"{resource}/{{{member}_id}}"
    shown = call(resource=one, ids=resource_id).body[member]
    assert {name: shown[name] for name in expected if expected[name] is not None} == {
        name: value for name, value in expected.items() if value is not None
    }
    # The lists stay as they are, for the other tests.
    assert call(method="DELETE", resource=one, ids=resource_id).status == 200
