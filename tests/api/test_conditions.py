"""If-None-Match: who has a version already is told so, and sent nothing again."""

from typing import Any

import pytest

from app import app
from tests.store.test_requests import Things
from tests.support.client import Client, assert_failure, assert_headers

PATHS = ["/movies/{0.cast_movie}", "/actors/{0.cast_actor}", "/roles/{0.role}"]
CHANGES: dict[str, dict[str, Any]] = {
    "movies": {"title": "Ronin"},
    "actors": {"age": 52},
    "roles": {"billing_order": 2},
}
NOWHERE = "AAAAAAAAAAAAAAAA"


def none_match(tags: str) -> dict[str, str]:
    return {"If-None-Match": tags}


KNOWN = [
    '"1"', 'W/"1"', '"7", "1"', '"7","1","9"', 'W/"7" , W/"1"', '"not ours", "1"', "*", " * ",
]  # fmt: skip
NOT_OURS = [
    "", "1", "garbage", '""', '"0"', '"01"', '"-1"', '"1', "'1'", 'w/"1"', 'W "1"', '"1" "2"',
    '"11"', '"1.0"', '" 1"', '"*"', "**", '"' + "1" * 5_000 + '"',
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_version_that_the_caller_has_is_not_sent_again(producer: Client, path: str) -> None:
    path = path.format(Things(producer))
    for tags in KNOWN:
        answer = producer.call("GET", path, headers=none_match(tags))
        assert (answer.status, answer.text) == (304, ""), tags
        assert answer.headers["content-length"] == "0"
        assert answer.headers["etag"] == producer.get(path).headers["etag"] == '"1"'
        assert_headers(answer)
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "ETag" in answer.headers["access-control-expose-headers"].split(",")


@pytest.mark.parametrize("path", PATHS)
def test_a_version_that_has_moved_is_sent(producer: Client, path: str) -> None:
    path = path.format(Things(producer))
    assert producer.patch(path, CHANGES[path.split("/")[1]]).headers["etag"] == '"2"'
    for tags in ('"1"', 'W/"1"', '"1", "3", "22"'):
        answer = producer.call("GET", path, headers=none_match(tags))
        assert answer.status == 200
        assert answer.body == producer.get(path).body
        assert answer.headers["etag"] == '"2"'
    assert producer.call("GET", path, headers=none_match('"2"')).status == 304


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_version_of_ours_matches_nothing(producer: Client, path: str) -> None:
    path = path.format(Things(producer))
    whole = producer.get(path).body
    for tags in NOT_OURS:
        answer = producer.call("GET", path, headers=none_match(tags))
        assert answer.status == 200, tags
        assert answer.body == whole


@pytest.mark.parametrize("path", ["/movies/{0}", "/actors/{0}", "/roles/{0}.{0}"])
def test_what_is_not_there_is_not_found_whatever_the_caller_has(
    producer: Client, path: str
) -> None:
    for tags in ("*", '"1"'):
        answer = producer.call("GET", path.format(NOWHERE), headers=none_match(tags))
        assert_failure(answer, 404)


@pytest.mark.parametrize("tags", ["*", '"1"'])
def test_lists_and_writes_do_not_ask_what_the_caller_has(producer: Client, tags: str) -> None:
    things, known = Things(producer), none_match(tags)
    for path in (
        *("/movies", "/actors", "/roles"),
        f"/movies/{things.cast_movie}/actors",
        f"/actors/{things.cast_actor}/movies",
        f"/roles?movie_id={things.cast_movie}&actor_id={things.cast_actor}",
    ):
        answer = producer.call("GET", path, headers=known)
        assert answer.status == 200
        assert answer.body == producer.get(path).body
    new = {"movie_id": things.movie, "actor_id": things.actor}
    assert producer.call("POST", "/roles", new, known).status == 201
    for path in (path.format(things) for path in PATHS):
        assert producer.call("PATCH", path, CHANGES[path.split("/")[1]], known).status == 200
    for path in (path.format(things) for path in reversed(PATHS)):
        assert producer.call("DELETE", path, headers=known).status == 200


@pytest.mark.parametrize("path", list(app.routes))
def test_a_browser_may_send_conditions_and_keys(nobody: Client, path: str) -> None:
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    answer = nobody.call("OPTIONS", path.replace("{", "").replace("}", ""), headers=asked)
    assert answer.status == 200
    allowed = set(answer.headers["access-control-allow-headers"].split(","))
    assert {"Idempotency-Key", "If-Match", "If-None-Match"} <= allowed
