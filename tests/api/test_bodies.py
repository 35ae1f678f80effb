"""What is sent as a body, and what is said of it: never a 5xx, and nothing is lost."""

import json

import pytest

from tests.support.client import Client, assert_failure

GOOD = b'{"title": "Heat", "release_date": "1995-12-15"}'

NOT_JSON = {
    "nothing": b"",
    "white space": b"  \n",
    "half an object": b'{"title": "Heat"',
    "single quotes": b"{'title': 'Heat'}",
    "a comment": b'{"title": "Heat" /* or */}',
    "a trailing comma": b'{"title": "Heat",}',
    "two objects": GOOD + GOOD,
    "a form": b"title=Heat&release_date=1995-12-15",
    "NaN": b'{"title": NaN, "release_date": "1995-12-15"}',
    "Infinity": b'{"title": -Infinity}',
    "a number beyond every float": b'{"title": 1e999}',
    "a number of 5,000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "a name twice": b'{"title": "Heat", "title": "Ronin", "release_date": "1995-12-15"}',
    "a name twice, escaped": b'{"title": "Heat", "titl\\u0065": "R", "release_date": "1995-12-15"}',
    "a name twice, further down": b'{"title": {"a": 1, "a": 2}}',
    "33 levels": b'{"title": ' + b"[" * 32 + b"]" * 32 + b"}",
    "1,500 levels": b'{"title": ' + b"[" * 1_500 + b"]" * 1_500 + b"}",
    "30,000 levels of objects": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "30,000 levels, never closed": b"[" * 30_000,
    "a lone surrogate": b'{"title": "\\ud800", "release_date": "1995-12-15"}',
    "a lone surrogate in a name": b'{"\\udfff": 1}',
    "broken UTF-8": b'{"title": "\xff", "release_date": "1995-12-15"}',
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32": GOOD.decode().encode("utf-32-le"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "NUL": b"\x00",
    "a raw line break in a string": b'{"title": "He\nat", "release_date": "1995-12-15"}',
}

NO_OBJECT = {
    "null": b"null",
    "true": b"true",
    "a number": b"5",
    "a string": b'"Heat"',
    "an array": b"[]",
    "an array of objects": b"[" + GOOD + b"]",
    "31 levels of arrays": b"[" * 31 + b"]" * 31,
}


@pytest.fixture
def paths(producer: Client) -> list[tuple[str, str]]:
    """Every route that takes a body, with something that exists."""
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role_id = producer.new_role(movie_id, actor_id)
    return [
        ("POST", "/movies"),
        ("PATCH", f"/movies/{movie_id}"),
        ("POST", "/actors"),
        ("PATCH", f"/actors/{actor_id}"),
        ("POST", f"/movies/{movie_id}/actors"),
        ("POST", "/roles"),
        ("PATCH", f"/roles/{role_id}"),
    ]


def everything(producer: Client) -> list[str]:
    return [producer.get(path).text for path in ("/movies", "/actors", "/roles")]


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_refused(
    producer: Client, paths: list[tuple[str, str]], body: bytes
) -> None:
    before = everything(producer)
    for method, path in paths:
        assert_failure(producer.call(method, path, body), 400)
    assert everything(producer) == before


@pytest.mark.parametrize("body", NO_OBJECT.values(), ids=NO_OBJECT)
def test_json_that_is_no_object_is_refused(
    producer: Client, paths: list[tuple[str, str]], body: bytes
) -> None:
    before = everything(producer)
    for method, path in paths:
        assert_failure(producer.call(method, path, body), 422)
    assert everything(producer) == before


def test_an_empty_object_is_refused(producer: Client, paths: list[tuple[str, str]]) -> None:
    for method, path in paths:
        assert_failure(producer.call(method, path, b"{}"), 422)


def test_a_body_of_64_kib_is_read_and_a_longer_one_is_not(
    producer: Client, paths: list[tuple[str, str]]
) -> None:
    for method, path in paths:
        assert_failure(producer.call(method, path, GOOD + b" " * 65_536), 413)
        assert_failure(producer.call(method, path, b"{" + b" " * (65_536 - 1)), 400)
        assert_failure(producer.call(method, path, b"[" * 100_000), 413)
    padded = GOOD + b" " * (65_536 - len(GOOD))
    assert producer.call("POST", "/movies", padded).status == 201


def test_a_body_beyond_the_gateways_limit_is_refused_too(producer: Client) -> None:
    assert_failure(producer.call("POST", "/movies", b"x" * (10 * 1024 * 1024 + 1)), 413)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/vnd.api+json",
        "application/json, text/plain",
        "text/plain; application/json",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json;charset=",
        "json",
        "*/*",
        "",
    ],
)
def test_what_is_not_declared_as_json_in_utf_8_is_refused(
    producer: Client, paths: list[tuple[str, str]], content_type: str
) -> None:
    for method, path in paths:
        refused = producer.call(method, path, GOOD, {"Content-Type": content_type})
        assert_failure(refused, 415)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json ; charset="utf-8"',
        "application/json; profile=x; charset=utf-8",
    ],
)
def test_json_is_known_however_it_is_written(producer: Client, content_type: str) -> None:
    taken = producer.call("POST", "/movies", GOOD, {"Content-Type": content_type})
    assert taken.status == 201


def test_a_read_does_not_mind_the_media_type(producer: Client) -> None:
    for method in ("GET", "DELETE"):
        path = f"/movies/{producer.new_movie()}"
        answer = producer.call(method, path, headers={"Content-Type": "text/plain"})
        assert answer.status == 200


def test_escapes_are_read_as_what_they_stand_for(producer: Client) -> None:
    body = json.dumps({"title": "Amélie 🎬", "release_date": "2001-04-25"}).encode()
    assert b"\\ud83c" in body
    movie_id = producer.call("POST", "/movies", body)["created"]
    assert producer.get(f"/movies/{movie_id}")["movie"]["title"] == "Amélie 🎬"
