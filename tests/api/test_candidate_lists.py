"""The four lists of candidates: their order, their pages and their cursors."""

import base64
from typing import Any, NamedTuple

import pytest

from tests.support import faster_moto
from tests.support.client import Client, assert_failure, assert_pages
from tests.support.crowd import add_crowd

BOARD = [
    "cast",
    "offered",
    "on_hold",
    "on_avail",
    "callback",
    "auditioning",
    "shortlisted",
    "backup",
    "submitted",
    "passed",
    "declined",
    "released",
]
"""The columns of a part's board, from left to right."""


class Desk(NamedTuple):
    """Two movies with parts and candidates."""

    movie_id: str
    part_id: str
    """Seven candidates, of whom five are shortlisted."""

    other_part_id: str
    """Four candidates, in the same movie."""

    actor_id: str
    """In all parts: seven candidacies."""

    shortlisted: list[str]
    """The candidates of that column, in its order."""


@pytest.fixture
def desk(producer: Client) -> Desk:
    return faster_moto.once("fill a desk with candidates", lambda: new_desk(producer))


def new_desk(producer: Client) -> Desk:
    movie_id = producer.new_movie("Casablanca")
    part_id, other_part_id = producer.new_part(movie_id, "Rick"), producer.new_part(movie_id, "Sam")
    actor_ids = [producer.new_actor(f"Actor {n}") for n in range(7)]
    candidate_ids = [producer.new_candidate(part_id, actor_id) for actor_id in actor_ids]
    for actor_id in actor_ids[:4]:
        producer.new_candidate(other_part_id, actor_id)
    for number in range(5):
        part = producer.new_part(producer.new_movie(f"Movie {number}"))
        producer.new_candidate(part, actor_ids[0])
    for number in (4, 1, 3, 0, 2):
        producer.set_status(candidate_ids[number], "shortlisted")
    # Best rated first; then the unrated; each of them by the time of the status.
    for number, rating in ((3, 2), (0, 6), (2, 2)):
        changed = producer.patch(f"/candidates/{candidate_ids[number]}", {"rating": rating})
        assert changed.status == 200
    shortlisted = [candidate_ids[number] for number in (0, 3, 2, 4, 1)]
    return Desk(movie_id, part_id, other_part_id, actor_ids[0], shortlisted)


def lists(desk: Desk) -> list[tuple[str, str, dict[str, str]]]:
    """Return the path, the member and the query of each list of candidates."""
    path = f"/parts/{desk.part_id}/candidates"
    return [
        (path, "candidates", {}),
        (path, "candidates", {"status": "shortlisted"}),
        (path, "candidates", {"status": "submitted"}),
        (f"/parts/{desk.other_part_id}/candidates", "candidates", {}),
        (f"/parts/{desk.other_part_id}/candidates", "candidates", {"status": "submitted"}),
        (f"/movies/{desk.movie_id}/candidates", "candidates", {}),
        (f"/actors/{desk.actor_id}/candidacies", "candidacies", {}),
        (f"/movies/{desk.movie_id}/parts", "parts", {}),
        ("/parts", "parts", {}),
    ]


def test_a_column_is_best_rated_first_and_then_oldest_first(producer: Client, desk: Desk) -> None:
    path = f"/parts/{desk.part_id}/candidates"
    column = producer.get(path, status="shortlisted")["candidates"]
    assert [candidate["id"] for candidate in column] == desk.shortlisted
    assert [candidate["rating"] for candidate in column] == [6, 2, 2, None, None]
    # A removed rating puts the candidate among the unrated. A new status counts from now on.
    best, second, *rest = desk.shortlisted
    producer.patch(f"/candidates/{best}", {"rating": None})
    producer.set_status(second, "callback", "shortlisted")
    column = producer.get(path, status="shortlisted")["candidates"]
    equal, *unrated = rest
    assert [candidate["id"] for candidate in column] == [equal, second, *unrated, best]


@pytest.mark.parametrize("limit", range(1, 8))
def test_the_pages_of_a_part_contain_every_candidate_once(
    producer: Client, desk: Desk, limit: int
) -> None:
    path = f"/parts/{desk.part_id}/candidates"
    whole = [candidate["id"] for candidate in producer.get(path)["candidates"]]
    assert len(set(whole)) == 7
    # On several pages they are in the order of their ids.
    expected = whole if limit >= 7 else sorted(whole)
    assert_pages(producer, path, "candidates", expected, limit)
    assert_pages(producer, path, "candidates", desk.shortlisted, limit, status="shortlisted")


@pytest.mark.parametrize("limit", range(1, 12))
def test_the_pages_of_a_movie_contain_every_candidate_once_by_part_and_board(
    producer: Client, desk: Desk, limit: int
) -> None:
    boards = {
        part_id: [c["id"] for c in producer.get(f"/parts/{part_id}/candidates")["candidates"]]
        for part_id in (desk.part_id, desk.other_part_id)
    }
    expected = [candidate_id for part_id in sorted(boards) for candidate_id in boards[part_id]]
    assert len(set(expected)) == 11
    assert_pages(producer, f"/movies/{desk.movie_id}/candidates", "candidates", expected, limit)


@pytest.mark.parametrize("limit", range(1, 8))
def test_the_pages_of_an_actor_contain_every_candidacy_once(
    producer: Client, desk: Desk, limit: int
) -> None:
    path = f"/actors/{desk.actor_id}/candidacies"
    whole = producer.get(path)["candidacies"]
    expected = [candidacy["id"] for candidacy in whole]
    assert len(set(expected)) == 7
    assert_pages(producer, path, "candidacies", expected, limit)


def test_a_board_has_its_columns_from_cast_to_released(producer: Client) -> None:
    part_id = producer.new_part(producer.new_movie())
    for number, status in enumerate(sorted(BOARD)):
        path = ["on_hold", status] if status in ("declined", "released") else [status]
        producer.new_candidate(part_id, producer.new_actor(f"Actor {number}"), *path)
    board = producer.get(f"/parts/{part_id}/candidates")["candidates"]
    assert [candidate["status"] for candidate in board] == BOARD
    for status in BOARD:
        (candidate,) = producer.get(f"/parts/{part_id}/candidates", status=status)["candidates"]
        assert candidate["status"] == status


def test_candidacies_are_engaged_then_in_selection_then_ended_and_oldest_first(
    producer: Client,
) -> None:
    actor_id = producer.new_actor()
    paths: dict[str, list[str]] = {
        "ended first": ["on_hold", "declined"],
        "selected first": ["passed"],
        "engaged first": ["on_hold"],
        "selected again": ["on_hold", "released", "shortlisted"],
        "submitted": [],
        "ended last": ["cast", "released"],
        "engaged last": ["cast"],
    }
    for name, statuses in paths.items():
        producer.new_candidate(producer.new_part(producer.new_movie(), name), actor_id, *statuses)
    candidacies = producer.get(f"/actors/{actor_id}/candidacies")["candidacies"]
    assert [candidacy["part_name"] for candidacy in candidacies] == [
        "engaged first",
        "engaged last",
        "selected first",
        "selected again",
        "submitted",
        "ended first",
        "ended last",
    ]


@pytest.mark.parametrize("number", [99, 100, 101])
def test_pages_of_100_contain_every_candidate_once(producer: Client, number: int) -> None:
    movie_id = producer.new_movie()
    part_id = producer.new_part(movie_id)
    candidate_ids = add_crowd(part_id, number)
    # Another order of the board than of the ids.
    for candidate_id in sorted(candidate_ids)[-3:]:
        producer.set_status(candidate_id, "shortlisted")
    for path, query in (
        (f"/parts/{part_id}/candidates", {}),
        (f"/parts/{part_id}/candidates", {"status": "submitted"}),
        (f"/movies/{movie_id}/candidates", {}),
    ):
        listed = producer.every(path, "candidates", limit=100, **query)
        total = number - 3 if query else number
        assert len(listed) == total, path
        assert len({candidate["id"] for candidate in listed}) == total


def test_an_empty_list_is_a_success(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    part_id = producer.new_part(movie_id)
    for path, member in (
        (f"/parts/{part_id}/candidates", "candidates"),
        (f"/parts/{part_id}/candidates?status=cast", "candidates"),
        (f"/movies/{movie_id}/candidates", "candidates"),
        (f"/actors/{actor_id}/candidacies", "candidacies"),
    ):
        response = producer.get(path)
        assert response.body == {"success": True, member: [], "next_cursor": None}


def test_the_list_of_an_unknown_owner_is_not_found_rather_than_empty(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    part_id = producer.new_part(movie_id)
    assert producer.delete(f"/movies/{movie_id}").status == 200
    assert producer.delete(f"/actors/{actor_id}").status == 200
    for unknown_id in (movie_id, "A" * 16, "x"):
        assert_failure(producer.get(f"/movies/{unknown_id}/candidates"), 404)
    for unknown_id in (actor_id, "A" * 16, "x"):
        assert_failure(producer.get(f"/actors/{unknown_id}/candidacies"), 404)
    for unknown_id in (part_id, f"{'A' * 16}.{'A' * 16}", "x"):
        assert_failure(producer.get(f"/parts/{unknown_id}/candidates"), 404)


@pytest.mark.parametrize("status", ["", "Cast", "open", "cast,offered"])
def test_an_invalid_status_is_rejected_with_the_valid_ones(producer: Client, status: str) -> None:
    part_id = producer.new_part(producer.new_movie())
    response = producer.get(f"/parts/{part_id}/candidates", status=status)
    assert_failure(response, 422)
    assert response["detail"] == f"status: expected one of {', '.join(BOARD)}."


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_an_invalid_limit_is_rejected(producer: Client, desk: Desk, limit: str) -> None:
    for path, _, query in lists(desk):
        assert_failure(producer.get(path, limit=limit, **query), 400)


def test_a_cursor_is_valid_only_for_its_list(producer: Client, desk: Desk) -> None:
    cursors = [
        producer.get(path, limit=1, **query)["next_cursor"] for path, _, query in lists(desk)
    ]
    assert all(cursors)
    assert len(set(cursors)) == len(cursors)
    for (path, member, query), own in zip(lists(desk), cursors, strict=True):
        rest = producer.get(path, cursor=own, limit=100, **query)
        whole = producer.get(path, limit=100, **query)
        assert rest.status == 200
        assert len(rest[member]) == len(whole[member]) - 1
        for foreign in cursors:
            if foreign != own:
                assert_failure(producer.get(path, cursor=foreign, **query), 400)


def test_a_malformed_cursor_is_rejected(producer: Client, desk: Desk) -> None:
    separator, actor_id = b"\x1f", b"A" * 16
    for path, _, query in lists(desk):
        cursor = producer.get(path, limit=1, **query)["next_cursor"]
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        fingerprint, key = raw[:6], raw[6:]
        forged = [
            fingerprint,
            fingerprint + b"\xff\xfe",
            fingerprint + b"nonsense",
            fingerprint + b"x" * 1_100 + key,
            fingerprint + key[:-1],
            fingerprint + key + b"!",
            fingerprint + b"#",
            fingerprint + b"ROLE#" + actor_id,
            fingerprint + b"CANDIDATE#",
            fingerprint + b"CANDIDATE#" + actor_id + b"\x1f",
            fingerprint + separator * 5,
            fingerprint + b"x" + separator + b"x",
        ]
        malformed = ["", "x", "*", "=", cursor + "=", cursor + "A", cursor[:-1], cursor * 50, "é"]
        for invalid in malformed + [
            base64.urlsafe_b64encode(text).rstrip(b"=").decode() for text in forged
        ]:
            assert_failure(producer.get(path, cursor=invalid, **query), 400)


def test_a_forged_cursor_is_never_a_failure_of_ours(producer: Client, desk: Desk) -> None:
    part = desk.part_id.partition(".")[2]
    ids = {1: "A" * 16, 2: ".".join(["A" * 16] * 2), 3: ".".join(["A" * 16] * 3)}
    keys = [
        "\x1f".join(front + (item_id,))
        for item_id in ids.values()
        for front in (
            (),
            ("",),
            (part,),
            (part, "06"),
            (part, "06", "9", ""),
            (part, "06", "9", "~"),
            (part, "99", "9", "2026"),
            ("0", "x"),
            ("9999", "rick"),
            ("~",),
            ("\U0010ffff" * 10,),
        )
    ] + [f"CANDIDATE#{item_id}" for item_id in ids.values()]
    for path, member, query in lists(desk):
        cursor = producer.get(path, limit=1, **query)["next_cursor"]
        fingerprint = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[:6]
        whole = {item["id"] for item in producer.get(path, limit=100, **query)[member]}
        for key in keys:
            forged = base64.urlsafe_b64encode(fingerprint + key.encode()).rstrip(b"=").decode()
            response = producer.get(path, cursor=forged, limit=100, **query)
            if response.status == 200:
                # It is only another place in the same list.
                assert {item["id"] for item in response[member]} <= whole
            else:
                assert_failure(response, 400)


def test_a_cursor_stays_valid_after_its_candidate_is_moved_or_deleted(
    producer: Client, desk: Desk
) -> None:
    path, query = f"/parts/{desk.part_id}/candidates", {"status": "shortlisted"}
    cursor: Any = producer.get(path, limit=2, **query)["next_cursor"]
    producer.set_status(desk.shortlisted[0], "callback")
    assert producer.delete(f"/candidates/{desk.shortlisted[1]}").status == 200
    rest = producer.every(path, "candidates", cursor=cursor, limit=2, **query)
    assert [candidate["id"] for candidate in rest] == desk.shortlisted[2:]


@pytest.mark.parametrize("stage", ["00", "07", "99", "6", ""])
def test_a_forged_cursor_outside_the_column_is_rejected(
    producer: Client, desk: Desk, stage: str
) -> None:
    # DynamoDB rejects a start of a Query that its condition excludes.
    path, query = f"/parts/{desk.part_id}/candidates", {"status": "shortlisted"}
    cursor = producer.get(path, limit=1, **query)["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    part, _, *rest = raw[6:].decode().split("\x1f")
    key = "\x1f".join([part, stage, *rest])
    forged = base64.urlsafe_b64encode(raw[:6] + key.encode()).rstrip(b"=").decode()
    assert_failure(producer.get(path, cursor=forged, **query), 400)
