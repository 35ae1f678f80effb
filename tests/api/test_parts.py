"""Parts: a movie's breakdown, and the parts of all movies by status."""

from typing import Any
from unittest.mock import Mock

import pytest

from chalicelib.errors import TableBusy
from chalicelib.store import parts as part_store
from tests.support.client import ApiResponse, Client, assert_failure, assert_pages
from tests.support.crowd import add_crowd

NOWHERE = "AAAAAAAAAAAAAAAA"
STATUSES = ("open", "cast", "closed")
NO_CANDIDATES = dict.fromkeys(
    (
        "submitted",
        "shortlisted",
        "auditioning",
        "callback",
        "on_avail",
        "backup",
        "passed",
        "on_hold",
        "offered",
        "cast",
        "declined",
        "released",
    ),
    0,
)
FIELDS: dict[str, Any] = {
    "name": "Rick Blaine",
    "description": "A cynical owner of a nightclub.",
    "part_type": "lead",
    "billing_order": 1,
    "gender": "male",
    "playing_age_min": 35,
    "playing_age_max": 45,
    "languages": {"en": "native", "fr": "fluent"},
    "skills": ["riding", "chess"],
    "unions": ["SAG-AFTRA"],
    "work_start": "2027-05-01",
    "work_end": "2027-06-30",
    "needed": 2,
    "status": "closed",
}
SET_BY_THE_SERVER = {
    "id",
    "movie_id",
    "candidate_count",
    "counts",
    "created_at",
    "updated_at",
    "version",
}


def names(parts: list[dict[str, Any]]) -> list[str]:
    return [part["name"] for part in parts]


def ids_by_status(client: Client) -> dict[str, list[str]]:
    """Return the ids of the parts that `/parts` lists for each status."""
    return {
        status: [part["id"] for part in client.every("/parts", "parts", status=status)]
        for status in STATUSES
    }


# --- Creating


def test_a_new_part_is_shown_by_every_route(producer: Client) -> None:
    movie_id = producer.new_movie("Casablanca")
    response = producer.post(f"/movies/{movie_id}/parts", FIELDS)
    assert response.status == 201, response
    part = response["part"]
    assert response["created"] == part["id"]
    assert response.headers["location"] == f"/parts/{part['id']}"
    assert response.headers["etag"] == '"1"'
    assert part == {
        **FIELDS,
        "id": part["id"],
        "movie_id": movie_id,
        "candidate_count": 0,
        "counts": NO_CANDIDATES,
        "created_at": part["created_at"],
        "updated_at": part["created_at"],
        "version": 1,
    }
    assert part["id"].startswith(f"{movie_id}.")
    shown = producer.get(f"/parts/{part['id']}")
    assert shown["part"] == part
    assert (shown["candidates"], shown["next_cursor"]) == ([], None)
    assert shown.headers["etag"].startswith('"1.')
    assert producer.get(f"/movies/{movie_id}/parts")["parts"] == [part]
    listed = producer.get("/parts", status="closed")["parts"]
    assert listed == [part | {"movie_title": "Casablanca"}]
    assert producer.movie(movie_id)["part_count"] == 1


def test_a_part_needs_only_a_name_and_is_open_for_one_person(producer: Client) -> None:
    movie_id = producer.new_movie()
    part = producer.post(f"/movies/{movie_id}/parts", {"name": "Ilsa"})["part"]
    assert (part["name"], part["needed"], part["status"]) == ("Ilsa", 1, "open")
    optional = FIELDS.keys() - {"name", "needed", "status"}
    assert {name: part[name] for name in optional} == dict.fromkeys(optional)
    assert_failure(producer.post(f"/movies/{movie_id}/parts", {"needed": 1}), 422)
    assert_failure(producer.post(f"/movies/{movie_id}/parts", {"name": None}), 422)


@pytest.mark.parametrize("name", sorted(SET_BY_THE_SERVER))
def test_a_field_of_the_server_cannot_be_written(producer: Client, name: str) -> None:
    movie_id = producer.new_movie()
    part = producer.part(producer.new_part(movie_id))
    body = {"name": "Ilsa", name: part[name]}
    assert_failure(producer.post(f"/movies/{movie_id}/parts", body), 422)
    assert_failure(producer.patch(f"/parts/{part['id']}", body), 422)
    assert producer.part(part["id"]) == part
    assert producer.movie(movie_id)["part_count"] == 1


def post_with_key(client: Client, movie_id: str, name: str = "Ilsa") -> ApiResponse:
    body = {"name": name, "needed": 2}
    return client.post(f"/movies/{movie_id}/parts", body, **{"Idempotency-Key": "a key"})


def test_a_repeated_post_creates_one_part_and_returns_the_same_response(producer: Client) -> None:
    movie_id = producer.new_movie()
    first, *replays = [post_with_key(producer, movie_id) for _ in range(3)]
    for replay in replays:
        assert replay.status == 201, replay
        assert replay.body == first.body
        assert replay.headers["location"] == first.headers["location"]
    assert [p["id"] for p in producer.get(f"/movies/{movie_id}/parts")["parts"]] == [
        first["created"]
    ]
    assert producer.movie(movie_id)["part_count"] == 1


def test_a_key_that_was_used_with_another_body_is_rejected(producer: Client) -> None:
    movie_id = producer.new_movie()
    first = post_with_key(producer, movie_id)
    response = post_with_key(producer, movie_id, "Sam")
    assert_failure(response, 422)
    assert "Idempotency-Key" in response["detail"]
    assert producer.get(f"/movies/{movie_id}/parts")["parts"] == [first["part"]]
    assert producer.movie(movie_id)["part_count"] == 1


def test_the_same_key_in_another_movie_creates_another_part(producer: Client) -> None:
    first = post_with_key(producer, producer.new_movie())
    second = post_with_key(producer, producer.new_movie())
    assert (first.status, second.status) == (201, 201)
    assert first["created"] != second["created"]


# --- The breakdown

BILLING = {"zed": 1, "Écho": None, "delta": None, "Foxtrot": None, "able": 9999, "baker": 10}
IN_ORDER = ["zed", "baker", "able", "delta", "Écho", "Foxtrot"]


@pytest.fixture
def movie_id(producer: Client) -> str:
    """A movie with the parts BILLING. Another movie has a part, too."""
    movie_id = producer.new_movie("Casablanca")
    producer.new_part(producer.new_movie("Heat"), "Neil")
    for name, billing_order in BILLING.items():
        producer.new_part(movie_id, name, billing_order=billing_order)
    return movie_id


def test_a_breakdown_is_in_billing_order_and_then_by_name(producer: Client, movie_id: str) -> None:
    assert names(producer.get(f"/movies/{movie_id}/parts")["parts"]) == IN_ORDER


@pytest.mark.parametrize("limit", range(1, 8))
def test_the_pages_of_a_breakdown_contain_every_part_once(
    producer: Client, movie_id: str, limit: int
) -> None:
    parts = producer.get(f"/movies/{movie_id}/parts")["parts"]
    expected = [part["id"] for part in parts]
    assert len(set(expected)) == len(BILLING)
    assert_pages(producer, f"/movies/{movie_id}/parts", "parts", expected, limit)


def test_a_changed_billing_order_or_name_moves_the_part_in_the_breakdown(
    producer: Client, movie_id: str
) -> None:
    by_name = {p["name"]: p["id"] for p in producer.get(f"/movies/{movie_id}/parts")["parts"]}
    assert producer.patch(f"/parts/{by_name['zed']}", {"billing_order": None}).status == 200
    assert producer.patch(f"/parts/{by_name['Foxtrot']}", {"name": "Alpha"}).status == 200
    shown = names(producer.get(f"/movies/{movie_id}/parts")["parts"])
    assert shown == ["baker", "able", "Alpha", "delta", "Écho", "zed"]


def test_the_breakdown_of_an_unknown_movie_is_not_found_rather_than_empty(
    producer: Client,
) -> None:
    movie_id, deleted_id = producer.new_movie(), producer.new_movie()
    part_id = producer.new_part(deleted_id)
    assert producer.delete(f"/movies/{deleted_id}").status == 200
    assert producer.get(f"/movies/{movie_id}/parts")["parts"] == []
    for unknown_id in (NOWHERE, "x", deleted_id):
        response = producer.get(f"/movies/{unknown_id}/parts")
        assert_failure(response, 404)
        assert "movie" in response["detail"]
        assert_failure(producer.post(f"/movies/{unknown_id}/parts", {"name": "Sam"}), 404)
    assert_failure(producer.get(f"/parts/{part_id}"), 404)
    assert ids_by_status(producer) == {"open": [], "cast": [], "closed": []}


@pytest.mark.parametrize(
    "part_id", [f"{NOWHERE}.{NOWHERE}", NOWHERE, ".", f"{NOWHERE}.", "a.b", "%2e", "x" * 500]
)
def test_an_unknown_part_is_not_found(producer: Client, part_id: str) -> None:
    assert_failure(producer.get(f"/parts/{part_id}"), 404)
    assert_failure(producer.patch(f"/parts/{part_id}", {"name": "Sam"}), 404)
    assert_failure(producer.delete(f"/parts/{part_id}"), 404)


def test_a_part_shows_its_candidates_in_the_order_of_the_board(producer: Client) -> None:
    part_id = producer.new_part(producer.new_movie())
    statuses = {"A": ("passed",), "B": ("shortlisted",), "C": (), "D": ("on_hold",)}
    for name, path in statuses.items():
        producer.new_candidate(part_id, producer.new_actor(name), *path)
    response = producer.get(f"/parts/{part_id}")
    assert [c["actor_name"] for c in response["candidates"]] == ["D", "B", "C", "A"]
    assert response["next_cursor"] is None
    assert response["part"]["candidate_count"] == 4
    counted = {"passed": 1, "shortlisted": 1, "submitted": 1, "on_hold": 1}
    assert response["part"]["counts"] == NO_CANDIDATES | counted
    assert response["candidates"] == producer.get(f"/parts/{part_id}/candidates")["candidates"]


def test_a_part_shows_its_first_100_candidates_and_a_cursor_for_the_rest(producer: Client) -> None:
    part_id = producer.new_part(producer.new_movie())
    candidate_ids = add_crowd(part_id, 100)
    response = producer.get(f"/parts/{part_id}")
    assert response["next_cursor"] is None
    assert {c["id"] for c in response["candidates"]} == set(candidate_ids)
    candidate_ids += [producer.new_candidate(part_id, producer.new_actor()) for _ in range(2)]
    response = producer.get(f"/parts/{part_id}")
    assert len(response["candidates"]) == 100
    rest = producer.get(f"/parts/{part_id}/candidates", cursor=response["next_cursor"])
    shown = [c["id"] for c in response["candidates"] + rest["candidates"]]
    assert sorted(shown) == sorted(candidate_ids)


# --- Changing


def test_a_change_keeps_the_other_fields_and_null_removes_a_value(producer: Client) -> None:
    part_id = producer.post(f"/movies/{producer.new_movie()}/parts", FIELDS)["created"]
    before = producer.part(part_id)
    changed = producer.patch(f"/parts/{part_id}", {"name": "Sam", "skills": ["piano"]})
    assert changed.status == 200, changed
    assert changed.headers["etag"] == '"2"'
    part = changed["part"]
    assert part["updated_at"] > before["updated_at"]
    expected = {"name": "Sam", "skills": ["piano"], "version": 2}
    assert part == before | expected | {"updated_at": part["updated_at"]}
    assert producer.part(part_id) == part
    optional = dict.fromkeys(FIELDS.keys() - {"name", "needed", "status"})
    cleared = producer.patch(f"/parts/{part_id}", optional)["part"]
    assert {name: cleared[name] for name in optional} == optional
    assert (cleared["name"], cleared["needed"], cleared["status"]) == ("Sam", 2, "closed")
    assert producer.part(part_id) == cleared


@pytest.mark.parametrize("name", ["name", "needed", "status"])
def test_a_required_value_cannot_be_removed(producer: Client, name: str) -> None:
    part_id = producer.new_part(producer.new_movie())
    before = producer.part(part_id)
    response = producer.patch(f"/parts/{part_id}", {name: None})
    assert_failure(response, 422)
    assert response["detail"].startswith(f"{name}:")
    assert producer.part(part_id) == before


def test_if_match_rejects_a_write_to_another_version(producer: Client) -> None:
    part_id = producer.new_part(producer.new_movie())
    path = f"/parts/{part_id}"
    assert producer.patch(path, {"name": "B"}, **{"If-Match": '"1"'}).status == 200
    outdated = producer.patch(path, {"name": "C"}, **{"If-Match": '"1"'})
    assert_failure(outdated, 412)
    assert outdated.headers["etag"] == '"2"'
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    producer.new_candidate(part_id, producer.new_actor())
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    part = producer.part(part_id)
    assert (part["name"], part["candidate_count"]) == ("B", 1)
    assert producer.delete(path, **{"If-Match": '"2"'}).status == 200
    assert_failure(producer.get(path), 404)


@pytest.mark.parametrize(
    ("low", "high", "first", "last"),
    [
        ("playing_age_min", "playing_age_max", 30, 40),
        ("work_start", "work_end", "2027-05-01", "2027-05-02"),
    ],
)
def test_the_end_of_a_range_is_not_before_its_beginning(
    producer: Client, low: str, high: str, first: Any, last: Any
) -> None:
    movie_id = producer.new_movie()
    detail = f"{high}: expected nothing less than {low}."
    both = producer.post(f"/movies/{movie_id}/parts", {"name": "Sam", low: last, high: first})
    assert_failure(both, 422)
    assert both["detail"] == detail
    only_high = f"/parts/{producer.new_part(movie_id, **{high: first})}"
    only_low = f"/parts/{producer.new_part(movie_id, **{low: last})}"
    for path, name, value in ((only_high, low, last), (only_low, high, first)):
        response = producer.patch(path, {name: value})
        assert_failure(response, 422)
        assert response["detail"] == detail
        assert producer.get(path)["part"][name] is None
    assert producer.patch(only_high, {low: first}).status == 200  # a range of one day or year
    assert producer.patch(only_high, {high: last}).status == 200
    assert producer.patch(only_low, {low: None, high: first}).status == 200
    assert_failure(producer.patch(only_high, {low: last, high: first}), 422)


@pytest.mark.parametrize("status", ["cast", "full", "", "Open", 1])
def test_a_status_is_set_only_to_open_or_closed(producer: Client, status: Any) -> None:
    movie_id = producer.new_movie()
    part_id = producer.new_part(movie_id)
    for response in (
        producer.post(f"/movies/{movie_id}/parts", {"name": "Sam", "status": status}),
        producer.patch(f"/parts/{part_id}", {"status": status}),
    ):
        assert_failure(response, 422)
        assert response["detail"].startswith("status:")
        if isinstance(status, str):
            assert response["detail"] == "status: expected one of open, closed."
    assert producer.part(part_id)["status"] == "open"
    assert producer.movie(movie_id)["part_count"] == 1


def test_needed_is_not_less_than_the_number_of_people_cast(producer: Client) -> None:
    part_id = producer.new_part(producer.new_movie(), needed=3)
    for _ in range(2):
        producer.new_candidate(part_id, producer.new_actor(), "cast")
    before = producer.part(part_id)
    response = producer.patch(f"/parts/{part_id}", {"needed": 1, "name": "Sam"})
    assert_failure(response, 409)
    assert "release" in response["detail"]
    assert producer.part(part_id) == before
    assert before["status"] == "open"
    assert producer.patch(f"/parts/{part_id}", {"needed": 2})["part"]["status"] == "cast"


def test_raising_needed_opens_a_part_that_is_cast(producer: Client) -> None:
    part_id = producer.new_part(producer.new_movie())
    producer.new_candidate(part_id, producer.new_actor(), "cast")
    assert producer.part(part_id)["status"] == "cast"
    assert ids_by_status(producer) == {"open": [], "cast": [part_id], "closed": []}
    assert producer.patch(f"/parts/{part_id}", {"needed": 2})["part"]["status"] == "open"
    assert ids_by_status(producer) == {"open": [part_id], "cast": [], "closed": []}
    other_id = producer.new_candidate(part_id, producer.new_actor(), "cast")
    assert ids_by_status(producer) == {"open": [], "cast": [part_id], "closed": []}
    producer.set_status(other_id, "released")
    assert ids_by_status(producer) == {"open": [part_id], "cast": [], "closed": []}


def test_closing_and_opening_a_part_moves_it_between_the_lists(producer: Client) -> None:
    movie_id = producer.new_movie()
    open_id, cast_id = producer.new_part(movie_id, "A"), producer.new_part(movie_id, "B")
    producer.new_candidate(cast_id, producer.new_actor(), "cast")
    for part_id in (open_id, cast_id):
        closed = producer.patch(f"/parts/{part_id}", {"status": "closed"})
        assert closed["part"]["status"] == "closed"
    listed = ids_by_status(producer)
    assert (listed["open"], listed["cast"], set(listed["closed"])) == ([], [], {open_id, cast_id})
    assert producer.patch(f"/parts/{open_id}", {"status": "open"})["part"]["status"] == "open"
    # `cast` follows from the candidates again.
    assert producer.patch(f"/parts/{cast_id}", {"status": "open"})["part"]["status"] == "cast"
    assert ids_by_status(producer) == {"open": [open_id], "cast": [cast_id], "closed": []}
    assert len(producer.get(f"/movies/{movie_id}/parts")["parts"]) == 2


# --- The parts of all movies


def test_the_parts_of_all_movies_are_the_open_ones_unless_a_status_is_sent(
    producer: Client,
) -> None:
    open_id = producer.new_part(producer.new_movie())
    closed_id = producer.new_part(producer.new_movie(), status="closed")
    assert [part["id"] for part in producer.get("/parts")["parts"]] == [open_id]
    assert [p["id"] for p in producer.get("/parts", status="closed")["parts"]] == [closed_id]


WORK = {"A": "2027-05-01", "B": None, "C": "2026-12-31", "D": "2100-01-01", "E": None}


@pytest.mark.parametrize("limit", range(1, 7))
def test_the_earliest_work_is_first_and_undated_parts_are_last(
    producer: Client, limit: int
) -> None:
    part_ids = {
        name: producer.new_part(producer.new_movie(), name, work_start=work_start)
        for name, work_start in WORK.items()
    }
    undated = sorted([part_ids["B"], part_ids["E"]])
    expected = [*(part_ids[name] for name in "CAD"), *undated]
    assert_pages(producer, "/parts", "parts", expected, limit)
    assert_pages(producer, "/parts", "parts", expected, limit, status="open")
    producer.patch(f"/parts/{part_ids['C']}", {"work_start": None})
    producer.patch(f"/parts/{part_ids['D']}", {"work_start": "2020-01-01"})
    undated = sorted([*undated, part_ids["C"]])
    expected = [part_ids["D"], part_ids["A"], *undated]
    assert_pages(producer, "/parts", "parts", expected, limit)


def test_a_listed_part_shows_the_current_title_of_its_movie(producer: Client) -> None:
    movie_id = producer.new_movie("Everybody Comes to Rick's")
    producer.new_part(movie_id)
    (part,) = producer.get("/parts")["parts"]
    assert part["movie_title"] == "Everybody Comes to Rick's"
    assert producer.patch(f"/movies/{movie_id}", {"title": "Casablanca"}).status == 200
    (part,) = producer.get("/parts")["parts"]
    assert part["movie_title"] == "Casablanca"


@pytest.mark.parametrize("status", ["", "Open", "submitted", "open,closed"])
def test_an_invalid_status_is_rejected_with_the_valid_ones(producer: Client, status: str) -> None:
    response = producer.get("/parts", status=status)
    assert_failure(response, 422)
    assert response["detail"] == "status: expected one of open, cast, closed."


# --- Deleting


def test_deleting_a_part_uncounts_it_and_leaves_the_others(producer: Client) -> None:
    movie_id = producer.new_movie()
    part_id, other_id = producer.new_part(movie_id, "A"), producer.new_part(movie_id, "B")
    response = producer.delete(f"/parts/{part_id}")
    assert response.status == 200
    assert response.body == {"success": True, "deleted": part_id}
    assert_failure(producer.get(f"/parts/{part_id}"), 404)
    assert_failure(producer.delete(f"/parts/{part_id}"), 404)
    assert [p["id"] for p in producer.get(f"/movies/{movie_id}/parts")["parts"]] == [other_id]
    assert ids_by_status(producer)["open"] == [other_id]
    assert producer.movie(movie_id)["part_count"] == 1


def test_deleting_a_part_removes_its_candidates_and_the_roles_that_casting_made(
    producer: Client,
) -> None:
    movie_id = producer.new_movie()
    dates = {"work_start": "2100-01-01", "work_end": "2100-01-31"}
    part_id = producer.new_part(movie_id, "A", needed=2, **dates)
    other_id = producer.new_part(movie_id, "B", **dates)
    paths: list[tuple[str, ...]] = [
        ("cast",),
        ("offered",),
        ("on_hold",),
        (),
        ("on_hold", "declined"),
        ("cast",),
    ]
    actor_ids = [producer.new_actor(f"Actor {n}") for n in range(len(paths))]
    for actor_id, statuses in zip(actor_ids, paths, strict=True):
        producer.new_candidate(part_id, actor_id, *statuses)
        producer.new_candidate(other_id, actor_id)
    # The last actor also plays the other part: that role stays.
    producer.set_status(f"{other_id}.{actor_ids[-1]}", "cast")
    assert producer.movie(movie_id)["role_count"] == 2

    response = producer.delete(f"/parts/{part_id}")
    assert response.status == 200, response
    assert_failure(producer.get(f"/parts/{part_id}"), 404)
    assert_failure(producer.get(f"/parts/{part_id}/candidates"), 404)
    for actor_id in actor_ids:
        assert_failure(producer.get(f"/candidates/{part_id}.{actor_id}"), 404)
        actor = producer.actor(actor_id)
        assert actor["candidate_count"] == 1
        assert actor["role_count"] == (actor_id == actor_ids[-1])
        (candidacy,) = producer.get(f"/actors/{actor_id}/candidacies")["candidacies"]
        assert candidacy["part_id"] == other_id
    (role,) = producer.get(f"/movies/{movie_id}")["roles"]
    assert (role["actor_id"], role["part_ids"]) == (actor_ids[-1], [other_id])
    movie = producer.movie(movie_id)
    assert (movie["role_count"], movie["part_count"]) == (1, 1)
    # Nobody is engaged for the deleted part any more.
    for candidate in producer.get(f"/parts/{other_id}/candidates")["candidates"]:
        assert candidate["conflicts"] == []


def test_deleting_a_part_keeps_a_role_that_casting_did_not_make(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role_id = producer.new_role(movie_id, actor_id, character_name="Rick")
    part_id = producer.new_part(movie_id)
    producer.new_candidate(part_id, actor_id, "cast")
    assert producer.get(f"/roles/{role_id}")["role"]["part_ids"] == [part_id]
    assert producer.delete(f"/parts/{part_id}").status == 200
    role = producer.get(f"/roles/{role_id}")["role"]
    assert (role["character_name"], role["part_ids"]) == ("Rick", [])
    assert producer.actor(actor_id)["role_count"] == 1


def test_a_deletion_that_another_client_has_finished_is_404(
    producer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_id = producer.new_part(producer.new_movie())
    producer.new_candidate(part_id, producer.new_actor())
    with monkeypatch.context() as patch:
        patch.setattr(part_store, "remove_next", Mock(side_effect=TableBusy))
        begun = producer.delete(f"/parts/{part_id}")
    assert (begun.status, begun["remaining"]) == (202, 1)
    assert producer.delete(f"/parts/{part_id}").status == 200
    assert_failure(producer.delete(f"/parts/{part_id}"), 404)
    # The contract says what it means.
    path = producer.get("/openapi.json")["paths"]["/parts/{part_id}"]
    assert "404" in path["delete"]["responses"]["202"]["description"]


def test_deleting_a_part_removes_more_candidates_than_one_transaction_does(
    producer: Client,
) -> None:
    movie_id = producer.new_movie()
    part_id = producer.new_part(movie_id, needed=2)
    candidate_ids = add_crowd(part_id, 70)
    producer.set_status(candidate_ids[3], "cast")
    producer.set_status(candidate_ids[60], "cast")
    assert producer.delete(f"/parts/{part_id}").status == 200
    assert_failure(producer.get(f"/parts/{part_id}"), 404)
    for candidate_id in candidate_ids:
        actor = producer.actor(candidate_id.rpartition(".")[2])
        assert (actor["candidate_count"], actor["role_count"]) == (0, 0)
    movie = producer.movie(movie_id)
    assert (movie["role_count"], movie["part_count"]) == (0, 0)
    assert producer.get(f"/movies/{movie_id}/candidates")["candidates"] == []
