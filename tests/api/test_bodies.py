"""Request bodies: malformed JSON, wrong media types and bodies that are too large."""

import json

import pytest

from tests.support.client import Client, assert_failure

VALID = b'{"title": "Heat", "release_date": "1995-12-15"}'

NOT_JSON = {
    "an empty body": b"",
    "white space": b"  \n",
    "half an object": b'{"title": "Heat"',
    "single quotes": b"{'title': 'Heat'}",
    "a comment": b'{"title": "Heat" /* or */}',
    "a trailing comma": b'{"title": "Heat",}',
    "two objects": VALID + VALID,
    "a form": b"title=Heat&release_date=1995-12-15",
    "NaN": b'{"title": NaN, "release_date": "1995-12-15"}',
    "Infinity": b'{"title": -Infinity}',
    "a number larger than any float": b'{"title": 1e999}',
    "a number of 5,000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "a duplicate name": b'{"title": "Heat", "title": "Ronin", "release_date": "1995-12-15"}',
    "an escaped duplicate": b'{"title": "Heat", "titl\\u0065": "R", "release_date": "1995-12-15"}',
    "a duplicate name in a nested object": b'{"title": {"a": 1, "a": 2}}',
    "33 nested arrays": b'{"title": ' + b"[" * 32 + b"]" * 32 + b"}",
    "1,500 nested arrays": b'{"title": ' + b"[" * 1_500 + b"]" * 1_500 + b"}",
    "9,000 nested objects": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "30,000 nested arrays without an end": b"[" * 30_000,
    "a lone surrogate": b'{"title": "\\ud800", "release_date": "1995-12-15"}',
    "a lone surrogate in a name": b'{"\\udfff": 1}',
    "invalid UTF-8": b'{"title": "\xff", "release_date": "1995-12-15"}',
    "UTF-16": VALID.decode().encode("utf-16"),
    "UTF-32": VALID.decode().encode("utf-32-le"),
    "a byte order mark": b"\xef\xbb\xbf" + VALID,
    "NUL": b"\x00",
    "a raw line break in a string": b'{"title": "He\nat", "release_date": "1995-12-15"}',
}

NOT_AN_OBJECT = {
    "null": b"null",
    "true": b"true",
    "a number": b"5",
    "a string": b'"Heat"',
    "an array": b"[]",
    "an array of objects": b"[" + VALID + b"]",
    "31 nested arrays": b"[" * 31 + b"]" * 31,
}


@pytest.fixture
def paths(producer: Client) -> list[tuple[str, str]]:
    """Return method and path of every route with a body, with ids that exist."""
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
    """Return the text of all lists."""
    return [producer.get(path).text for path in ("/movies", "/actors", "/roles")]


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_malformed_json_is_rejected(
    producer: Client, paths: list[tuple[str, str]], body: bytes
) -> None:
    before = everything(producer)
    for method, path in paths:
        assert_failure(producer.call(method, path, body), 400)
    assert everything(producer) == before


@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
def test_json_that_is_not_an_object_is_rejected(
    producer: Client, paths: list[tuple[str, str]], body: bytes
) -> None:
    before = everything(producer)
    for method, path in paths:
        assert_failure(producer.call(method, path, body), 422)
    assert everything(producer) == before


def test_an_empty_object_is_rejected(producer: Client, paths: list[tuple[str, str]]) -> None:
    for method, path in paths:
        assert_failure(producer.call(method, path, b"{}"), 422)


def test_the_limit_of_a_body_is_64_kib(producer: Client, paths: list[tuple[str, str]]) -> None:
    for method, path in paths:
        assert_failure(producer.call(method, path, VALID + b" " * 65_536), 413)
        assert_failure(producer.call(method, path, b"{" + b" " * (65_536 - 1)), 400)
        assert_failure(producer.call(method, path, b"[" * 100_000), 413)
    padded = VALID + b" " * (65_536 - len(VALID))
    assert producer.call("POST", "/movies", padded).status == 201


def test_a_body_beyond_the_limit_of_api_gateway_is_rejected(producer: Client) -> None:
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
def test_a_media_type_other_than_json_in_utf_8_is_rejected(
    producer: Client, paths: list[tuple[str, str]], content_type: str
) -> None:
    for method, path in paths:
        response = producer.call(method, path, VALID, {"Content-Type": content_type})
        assert_failure(response, 415)


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
def test_the_media_type_json_may_be_written_in_any_form(
    producer: Client, content_type: str
) -> None:
    response = producer.call("POST", "/movies", VALID, {"Content-Type": content_type})
    assert response.status == 201


def test_a_request_without_a_body_may_have_any_media_type(producer: Client) -> None:
    for method in ("GET", "DELETE"):
        path = f"/movies/{producer.new_movie()}"
        response = producer.call(method, path, headers={"Content-Type": "text/plain"})
        assert response.status == 200


def test_json_escapes_are_decoded(producer: Client) -> None:
    body = json.dumps({"title": "Amélie 🎬", "release_date": "2001-04-25"}).encode()
    assert b"\\ud83c" in body
    movie_id = producer.call("POST", "/movies", body)["created"]
    assert producer.get(f"/movies/{movie_id}")["movie"]["title"] == "Amélie 🎬"
