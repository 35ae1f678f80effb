"""What the check of `make bench` compares."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import check
from bench.process import App, Json

APP = App("fastapi", Path("/nowhere"), "app.handler")
ENTRY = {"Put": {"Item": {"pk": {"S": "MOVIES?"}, "sk": {"S": "1942"}}}}
BATCH = {"RequestItems": {"casting": {"Keys": [{"pk": {"S": "ACTOR#1"}}]}}}


def response(status: int = 200, **members: Any) -> Json:
    return {"statusCode": status, "body": json.dumps(members)}


MOVIE = {"id": "A" * 16, "title": "Casablanca", "updated_at": "2026-11-28T00:00:00Z", "version": 1}


def test_cursors_may_differ_but_not_their_presence() -> None:
    page = response(movies=[MOVIE], next_cursor="ours")
    check.check_response("list", APP, response(movies=[MOVIE], next_cursor="theirs"), page)
    with pytest.raises(SystemExit, match=r"next_cursor is None, not '\.\.\.'"):
        check.check_response("list", APP, response(movies=[MOVIE], next_cursor=None), page)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"movies": []}, r"movies is \[\], not "),
        ({"movies": [{**MOVIE, "version": 2}]}, r"movies\[0\]\.version is 2, not 1"),
        ({"movies": [{**MOVIE, "extra": 2}]}, r"movies\[0\] is "),
        ({"success": True, "movies": [MOVIE]}, " is "),
    ],
)
def test_every_member_is_compared(members: Json, sentence: str) -> None:
    with pytest.raises(SystemExit, match=f"fastapi answers list differently.*{sentence}"):
        check.check_response("list", APP, response(**members), response(movies=[MOVIE]))


def test_another_status_stops_the_run() -> None:
    with pytest.raises(SystemExit, match="fastapi answers get with the status 500"):
        check.check_response("get", APP, response(500), response(movie=MOVIE))


def test_ids_and_times_of_a_write_may_differ_and_its_fields_not() -> None:
    expected = response(movie=MOVIE)
    other = {**MOVIE, "id": "B" * 16, "updated_at": "2026-11-28T00:00:01Z"}
    check.check_response("create", APP, response(movie=other), expected)
    with pytest.raises(SystemExit, match=r"movie\.title is 'Notorious'"):
        check.check_response(
            "create", APP, response(movie={**other, "title": "Notorious"}), expected
        )


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [("Scan", {"Limit": 51})],
        [("Query", {"Limit": 50})],
        [("Query", {"Limit": 51, "IndexName": "gsi1"})],
        [("Query", {"Limit": 51, "ProjectionExpression": "id"})],
        [("Query", {"Limit": 51}), ("BatchGetItem", BATCH)],
    ],
)
def test_reads_differ_by_operation_index_limit_and_attributes(requests: check.Requests) -> None:
    expected: check.Requests = [("Query", {"Limit": 51})]
    check.check_requests("list", APP, expected, expected)
    with pytest.raises(SystemExit, match="fastapi answers list with "):
        check.check_requests("list", APP, requests, expected)


def test_writes_differ_by_the_number_and_size_of_their_actions() -> None:
    def writes(*actions: Json) -> check.Requests:
        return [("TransactWriteItems", {"TransactItems": list(actions)})]

    larger = {"Put": {"Item": {**ENTRY["Put"]["Item"], "id": {"S": "1"}}}}
    check.check_requests("create", APP, writes(larger, ENTRY), writes(ENTRY, larger))
    for other in (writes(ENTRY), writes(ENTRY, ENTRY)):
        with pytest.raises(SystemExit, match="fastapi answers create with "):
            check.check_requests("create", APP, other, writes(ENTRY, larger))


def test_projections_have_only_the_names_that_they_use() -> None:
    query = {
        "ProjectionExpression": "#1, title",
        "ExpressionAttributeNames": {"#0": "pk", "#1": "id"},
    }
    assert check.projections([("Query", query), ("BatchGetItem", BATCH), ("Query", {})]) == [
        {"ProjectionExpression": "#1, title", "ExpressionAttributeNames": {"#1": "id"}},
        {},
        {},
    ]
