"""`If-None-Match`: a caller that already has the current version gets a 304 without a body."""

from typing import Any

import pytest

from app import app
from tests.store.test_requests import Resources
from tests.support.client import Client, assert_failure, assert_headers

PATHS = ["/movies/{0.cast_movie}", "/actors/{0.cast_actor}", "/roles/{0.role}"]
CHANGES: dict[str, dict[str, Any]] = {
    "movies": {"title": "Ronin"},
    "actors": {"age": 52},
    "roles": {"billing_order": 2},
}
NOWHERE = "AAAAAAAAAAAAAAAA"


def if_none_match(etags: str) -> dict[str, str]:
    return {"If-None-Match": etags}


MATCHING = [
    '"1"', 'W/"1"', '"7", "1"', '"7","1","9"', 'W/"7" , W/"1"', '"not ours", "1"', "*", " * ",
]  # fmt: skip
NOT_MATCHING = [
    "", "1", "garbage", '""', '"0"', '"01"', '"-1"', '"1', "'1'", 'w/"1"', 'W "1"', '"1" "2"',
    '"11"', '"1.0"', '" 1"', '"*"', "**", '"' + "1" * 5_000 + '"',
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_matching_version_returns_304_without_a_body(producer: Client, path: str) -> None:
    path = path.format(Resources(producer))
    for etags in MATCHING:
        response = producer.call("GET", path, headers=if_none_match(etags))
        assert (response.status, response.text) == (304, ""), etags
        assert response.headers["content-length"] == "0"
        assert response.headers["etag"] == producer.get(path).headers["etag"] == '"1"'
        assert_headers(response)
        assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "ETag" in response.headers["access-control-expose-headers"].split(",")


@pytest.mark.parametrize("path", PATHS)
def test_an_outdated_version_returns_the_current_one(producer: Client, path: str) -> None:
    path = path.format(Resources(producer))
    assert producer.patch(path, CHANGES[path.split("/")[1]]).headers["etag"] == '"2"'
    for etags in ('"1"', 'W/"1"', '"1", "3", "22"'):
        response = producer.call("GET", path, headers=if_none_match(etags))
        assert response.status == 200
        assert response.body == producer.get(path).body
        assert response.headers["etag"] == '"2"'
    assert producer.call("GET", path, headers=if_none_match('"2"')).status == 304


@pytest.mark.parametrize("path", PATHS)
def test_an_invalid_etag_matches_nothing(producer: Client, path: str) -> None:
    path = path.format(Resources(producer))
    body = producer.get(path).body
    for etags in NOT_MATCHING:
        response = producer.call("GET", path, headers=if_none_match(etags))
        assert response.status == 200, etags
        assert response.body == body


@pytest.mark.parametrize("path", ["/movies/{0}", "/actors/{0}", "/roles/{0}.{0}"])
def test_an_unknown_id_is_not_found_with_any_etag(producer: Client, path: str) -> None:
    for etags in ("*", '"1"'):
        response = producer.call("GET", path.format(NOWHERE), headers=if_none_match(etags))
        assert_failure(response, 404)


@pytest.mark.parametrize("etags", ["*", '"1"'])
def test_lists_and_writes_ignore_if_none_match(producer: Client, etags: str) -> None:
    resources, headers = Resources(producer), if_none_match(etags)
    for path in (
        *("/movies", "/actors", "/roles"),
        f"/movies/{resources.cast_movie}/actors",
        f"/actors/{resources.cast_actor}/movies",
        f"/roles?movie_id={resources.cast_movie}&actor_id={resources.cast_actor}",
    ):
        response = producer.call("GET", path, headers=headers)
        assert response.status == 200
        assert response.body == producer.get(path).body
    role = {"movie_id": resources.movie, "actor_id": resources.actor}
    assert producer.call("POST", "/roles", role, headers).status == 201
    for path in (path.format(resources) for path in PATHS):
        assert producer.call("PATCH", path, CHANGES[path.split("/")[1]], headers).status == 200
    for path in (path.format(resources) for path in reversed(PATHS)):
        assert producer.call("DELETE", path, headers=headers).status == 200


@pytest.mark.parametrize("path", list(app.routes))
def test_a_browser_may_send_conditional_headers_and_idempotency_keys(
    nobody: Client, path: str
) -> None:
    preflight = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    response = nobody.call("OPTIONS", path.replace("{", "").replace("}", ""), headers=preflight)
    assert response.status == 200
    allowed = set(response.headers["access-control-allow-headers"].split(","))
    assert {"Idempotency-Key", "If-Match", "If-None-Match"} <= allowed
