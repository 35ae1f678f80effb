"""`If-None-Match`: a caller that already has the same response gets a 304 without a body."""

from collections.abc import Callable
from typing import Any

import pytest

from app import app
from tests.store.test_requests import Board, Resources
from tests.support.client import ApiResponse, Client, assert_failure, assert_headers

PATHS = ["/movies/{0.cast_movie}", "/actors/{0.cast_actor}", "/roles/{0.role}"]
CHANGES: dict[str, dict[str, Any]] = {
    "movies": {"title": "Ronin"},
    "actors": {"age": 52},
    "roles": {"billing_order": 2},
}
NOWHERE = "AAAAAAAAAAAAAAAA"


def if_none_match(etags: str) -> dict[str, str]:
    return {"If-None-Match": etags}


def etag_of(client: Client, path: str) -> str:
    return client.get(path).headers["etag"]


MATCHING = [
    "{0}", "W/{0}", '"7", {0}', '"7",{0},"9"', 'W/"7" , W/{0}', '"not ours", {0}', "*", " * ",
]  # fmt: skip
NOT_MATCHING = [
    "", "1", "garbage", '""', '"0"', '"1"', '"01"', '"-1"', '"1', "'1'", 'w/{0}', 'W {0}',
    '{0} "1"', '"1.0"', '" 1"', '"*"', "**", '"' + "1" * 5_000 + '"', '"1.AAAAAAAAAAAAAAAA"',
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_matching_etag_returns_304_without_a_body(producer: Client, path: str) -> None:
    path = path.format(Resources(producer))
    etag = etag_of(producer, path)
    for etags in MATCHING:
        response = producer.call("GET", path, headers=if_none_match(etags.format(etag)))
        assert (response.status, response.text) == (304, ""), etags
        assert response.headers["content-length"] == "0"
        assert response.headers["etag"] == etag
        assert_headers(response)
        assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "ETag" in response.headers["access-control-expose-headers"].split(",")


@pytest.mark.parametrize("path", PATHS)
def test_an_outdated_etag_returns_the_current_resource(producer: Client, path: str) -> None:
    path = path.format(Resources(producer))
    outdated = etag_of(producer, path)
    assert producer.patch(path, CHANGES[path.split("/")[1]]).headers["etag"] == '"2"'
    for etags in (outdated, f"W/{outdated}", f'{outdated}, "3", "22"'):
        response = producer.call("GET", path, headers=if_none_match(etags))
        assert response.status == 200
        assert response.body == producer.get(path).body
        assert response.headers["etag"].startswith('"2.')
    current = if_none_match(etag_of(producer, path))
    assert producer.call("GET", path, headers=current).status == 304


@pytest.mark.parametrize("path", PATHS)
def test_an_invalid_etag_matches_nothing(producer: Client, path: str) -> None:
    path = path.format(Resources(producer))
    shown = producer.get(path)
    for etags in NOT_MATCHING:
        headers = if_none_match(etags.format(shown.headers["etag"]))
        response = producer.call("GET", path, headers=headers)
        assert response.status == 200, etags
        assert response.body == shown.body


Change = Callable[[Client, Board], ApiResponse]
RELATED: dict[str, tuple[str, Change]] = {
    "a part whose candidate is shortlisted": (
        "/parts/{0.part}",
        lambda c, b: c.patch(f"/candidates/{b.candidate}", {"status": "shortlisted"}),
    ),
    "a part whose candidate is cast": (
        "/parts/{0.part}",
        lambda c, b: c.patch(f"/candidates/{b.held}", {"status": "cast"}),
    ),
    "a part whose candidate is renamed": (
        "/parts/{0.part}",
        lambda c, b: c.patch(f"/actors/{b.actor}", {"name": "Zoë"}),
    ),
    "a candidate who is renamed": (
        "/candidates/{0.candidate}",
        lambda c, b: c.patch(f"/actors/{b.actor}", {"name": "Zoë"}),
    ),
    "a movie with one part more": (
        "/movies/{0.movie}",
        lambda c, b: c.post(f"/movies/{b.movie}/parts", {"name": "Sam"}),
    ),
    "a movie with one role more": (
        "/movies/{0.movie}",
        lambda c, b: c.post("/roles", {"movie_id": b.movie, "actor_id": b.new_actor}),
    ),
    "an actor whose movie is renamed": (
        "/actors/{0.cast_actor}",
        lambda c, b: c.patch(f"/movies/{b.movie}", {"title": "Ronin"}),
    ),
}


@pytest.mark.parametrize(("path", "change"), RELATED.values(), ids=RELATED)
def test_a_change_of_what_is_shown_with_a_resource_is_not_304(
    producer: Client, path: str, change: Change
) -> None:
    board = Board(producer)
    path = path.format(board)
    before = producer.get(path)
    headers = if_none_match(before.headers["etag"])
    assert producer.call("GET", path, headers=headers).status == 304
    assert change(producer, board).status in (200, 201)
    response = producer.call("GET", path, headers=headers)
    assert response.status == 200
    assert response.body == producer.get(path).body != before.body
    # The version is the same, and this is what If-Match compares.
    member = path.split("/")[1].removesuffix("s")
    assert response[member]["version"] == before[member]["version"]
    assert producer.delete(path, **{"If-Match": before.headers["etag"]}).status == 200


def test_a_caller_who_sees_less_does_not_get_a_304_for_what_others_see(
    producer: Client, assistant: Client
) -> None:
    path = f"/actors/{producer.new_actor(notes='Rides.')}"
    headers = if_none_match(etag_of(producer, path))
    assert assistant.call("GET", path, headers=headers)["actor"]["notes"] is None
    assert producer.call("GET", path, headers=headers).status == 304


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
