"""Cursors, limits, sort orders and conditions, compared with their rules."""

import base64
import hashlib
import re
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.errors import (
    BadCursor,
    BadIdempotencyKey,
    BadLimit,
    BadSort,
)
from chalicelib.http import conditions, paging, views
from chalicelib.routes.roles import NewRoleInMovie
from tests.parsers.support import ask_for, tried
from tests.parsers.test_tokens import ALPHABET, read_base64url
from tests.support.issuer import base64url

# Cursors

list_names = st.sampled_from(["/movies?sort=title", "/actors?sort=name", "/roles?movie_id=None"])
list_names |= st.text(max_size=10)


def place_in(list_name: str, *cursors: str) -> str | None:
    """Return the sort key of a request with these cursors, or None if they are rejected."""
    ask_for(query={"cursor": list(cursors)})
    try:
        return paging.requested_page(list_name)["after"]
    except BadCursor:
        return None


def expected_place(list_name: str, text: str) -> str | None:
    """Split a cursor into fingerprint and sort key."""
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
    # Every sort key that the table can have has a cursor.
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
def test_any_other_text_is_rejected_as_a_cursor(list_name: str, data: st.DataObject) -> None:
    text = data.draw(texts_like_cursors(list_name))
    place = place_in(list_name, text)
    assert place == expected_place(list_name, text)
    # Each place has only one spelling.
    assert place is None or paging.encode_cursor(list_name, place) == text


@tried(50)
@given(list_name=list_names, key=st.text(max_size=12), data=st.data())
def test_a_cursor_with_one_changed_character_is_rejected_or_another_place(
    list_name: str, key: str, data: st.DataObject
) -> None:
    cursor = paging.encode_cursor(list_name, key)
    index = data.draw(st.integers(0, len(cursor)))
    other = data.draw(st.sampled_from([*ALPHABET, "", "+", "/", "=", "\n", " "]) | st.characters())
    for text in (
        cursor[:index] + other + cursor[index + 1 :],
        cursor[:index] + other + cursor[index:],
        cursor + other,
    ):
        place = place_in(list_name, text)
        assert place == expected_place(list_name, text)
        assert (place == key) == (text == cursor)


@tried(50)
@given(own_list=list_names, other_list=list_names, key=st.text(max_size=12))
def test_a_cursor_is_valid_only_in_its_own_list(own_list: str, other_list: str, key: str) -> None:
    assert place_in(other_list, paging.encode_cursor(own_list, key)) == (
        key if own_list == other_list else None
    )


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
        assert views._order(tuple(orders), is_filtered=False) == (asked[-1] if asked else orders[0])
    else:
        with pytest.raises(BadSort) as refused:
            views._order(tuple(orders), is_filtered=False)
        assert str(refused.value) == f"sort must be one of {', '.join(orders)}."


version_numbers = st.integers(1, 20) | st.sampled_from([10**9, 10**10 - 1, 10**10, 10**30])
entity_tags = st.tuples(
    st.sampled_from(["", "", "", "W/", "w/"]),
    version_numbers.map(str)
    # etagc (RFC 9110, 8.8.3): with commas, but without quotes.
    | st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'))
    | st.sampled_from(["0", "01", "1,2", ",1,", "*", "\u0663", " 1", "+1", "1_0", "1.0", ""]),
).map(lambda tag: f'{tag[0]}"{tag[1]}"')
spaces = st.sampled_from(["", " ", "\t", "  "])
tag_lists = st.lists(st.tuples(spaces, entity_tags, spaces).map("".join), max_size=5)


def tags_of(condition: str) -> list[str]:
    """Split a list of entity tags as RFC 9110 says: a comma in quotes does not separate."""
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
def test_if_match_uses_the_newest_hundred_versions(newest: int, step: int, mixed: Any) -> None:
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
def test_a_condition_allows_everything_or_the_versions_in_it(condition: str, version: int) -> None:
    ask_for(headers={"if-match": condition, "if-none-match": condition})
    versions = conditions.if_match()
    assert (versions is None) == (condition.strip() == "*")
    assert versions is None or type(versions) is frozenset
    for number in versions or ():
        assert type(number) is int
        assert f'"{number}"' in condition
    is_known = conditions.client_has(conditions.etag(version))
    assert is_known or versions is None or version not in versions
    assert not is_known or versions is None or f'"{version}"' in condition
    ask_for()
    assert conditions.if_match() is None
    assert not conditions.client_has(conditions.etag(version))


@tried(50)
@given(tags=tag_lists, version=version_numbers)
def test_if_none_match_compares_weakly(tags: list[str], version: int) -> None:
    ask_for(headers={"if-none-match": ",".join(tags)})
    strong = [tag.removeprefix("W/") for tag in tags_of(",".join(tags))]
    tag = conditions.etag(version)
    assert conditions.client_has(tag) == (tag in strong)


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
        replay = conditions.replay(body)
        assert re.fullmatch(r"[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{16}", str(replay))
    else:
        with pytest.raises(BadIdempotencyKey):
            conditions.replay(body)
    ask_for(method="POST")
    assert conditions.replay(body) is None


class Posted(NamedTuple):
    """A POST: the caller, the path, the body and the key."""

    key: str
    sub: str
    resource: str
    movie_id: str
    name: str | None
    order: int | None

    def known_by(self) -> tuple[str, str]:
        """Return the two parts of its replay mark."""
        ask_for(
            method="POST",
            resource=self.resource,
            ids={"movie_id": self.movie_id},
            headers={"Idempotency-Key": self.key},
            sub=self.sub,
        )
        body = NewRoleInMovie(actor_id="A", character_name=self.name, billing_order=self.order)
        caller, _, request = str(conditions.replay(body)).partition(".")
        return caller, request


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
def test_a_post_is_recognised_by_key_caller_and_route_and_by_its_content(
    one: Posted, another: Posted
) -> None:
    (whose, what), (whose_else, what_else) = one.known_by(), another.known_by()
    assert (whose == whose_else) == (one[:3] == another[:3])
    assert (what == what_else) == (one[3:] == another[3:])
