"""The strict JSON parser, compared with the rules of RFC 8259."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import strict_json
from tests.parsers.support import seen, tried

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
"""Texts before and after JSON that make it part of other JSON, one level deeper."""

PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'\\"', b"\\u0000", b"\\ud800", b"\\udc00",
    b"\\ud83d\\ude00", b"-", b".", b"e", b"0", b"00", b"-0", b"1e999", b"NaN", b"Infinity",
    b"-Infinity", b"null", b"true", b" ", b"\t", b"\n", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"'", b"/*", b"//", b"[" * 40, b"9" * 4_400,
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn, texts: st.SearchStrategy[bytes]) -> bytes:
    """Texts with up to three changes: something added, removed, exchanged or doubled."""
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
    """Put JSON into these frames, the first one innermost."""
    for before, after in frames:
        text = before + text + after
    return text.encode()


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """A string as JSON, with any of its characters escaped."""
    escaped = ""
    for character in text:
        units = re.findall("....", character.encode("utf-16-be").hex())
        escapes = ["".join(f"\\u{unit}" for unit in units)]
        escapes += ["".join(f"\\u{unit.upper()}" for unit in units), json.dumps(character)[1:-1]]
        escaped += draw(st.sampled_from(escapes))
    return f'"{escaped}"'


class Members(list[tuple[str, Any]]):
    """The members of an object as they are written, with repeated names."""


def is_plain(value: Any, levels: int = 32) -> bool:
    """Return whether RFC 8259 leaves nothing of a value undefined, and it is not too deep."""
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
    """Return what the standard library reads. Raise ValueError for a text to reject."""
    try:
        document = text.decode("utf-8")
        if is_plain(json.loads(document, object_pairs_hook=Members)):
            return json.loads(document)
    except RecursionError:
        pass
    raise ValueError


def read_by(parse: Callable[[bytes], Any], text: bytes) -> str:
    """Return a parser's result. Every exception but a ValueError is a failure."""
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
def test_only_plain_json_is_accepted(text: bytes) -> None:
    assert read_by(strict_json.parse, text) == read_by(expected_of_json, text)


@tried(25)
@given(
    name=st.text(max_size=6),
    data=st.data(),
    others=st.lists(st.text(min_size=7, max_size=9), max_size=3, unique=True),
    frames=st.lists(st.sampled_from(FRAMES), max_size=8),
)
def test_a_repeated_name_is_rejected_in_every_spelling(
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
def test_32_levels_are_accepted_and_33_are_not(
    depth: int, frame: list[tuple[str, str]], closed: bool
) -> None:
    frames = (frame * (depth // len(frame) + 1))[:depth]
    # Brackets in strings do not count as levels.
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
def test_nan_infinity_and_lone_surrogates_are_rejected(
    bad: str, frames: list[tuple[str, str]]
) -> None:
    assert read_by(strict_json.parse, framed(bad, frames)) == "refused"
