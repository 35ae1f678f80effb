"""Candidates: adding actors to a part's list, and changing and removing them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import ApiResponse, Client, assert_failure

NOWHERE = "AAAAAAAAAAAAAAAA"
NO_ACTOR = "There is no actor with this id."
SELECTION_STATUSES = [
    "submitted",
    "shortlisted",
    "auditioning",
    "callback",
    "on_avail",
    "backup",
    "passed",
]
WAYS_TO = {
    "on_hold": ["on_hold"],
    "offered": ["offered"],
    "cast": ["cast"],
    "declined": ["on_hold", "declined"],
    "released": ["on_hold", "released"],
}
"""The statuses that the agency's assistants must not set, and how a new candidate gets there."""


@pytest.fixture
def director(as_: Callable[[str], Client]) -> Client:
    return as_("director")


@pytest.fixture
def part_id(producer: Client) -> str:
    return producer.new_part(producer.new_movie())


def add(client: Client, part_id: str, *actor_ids: Any, **headers: str) -> ApiResponse:
    return client.post(f"/parts/{part_id}/candidates", {"actor_ids": [*actor_ids]}, **headers)


def candidate_ids(response: ApiResponse) -> list[str]:
    return [candidate["id"] for candidate in response["candidates"]]


# --- Adding


def test_a_new_candidate_is_shown_by_every_route(producer: Client) -> None:
    movie_id = producer.new_movie("Casablanca")
    part_id = producer.new_part(
        movie_id, "Rick", work_start="2100-05-01", work_end="2100-06-30", status="open"
    )
    shown_of_actor = {
        "playing_age_min": 30,
        "playing_age_max": 45,
        "headshot_url": "https://example.com/bogart.jpg",
    }
    actor_id = producer.new_actor("Humphrey Bogart", **shown_of_actor)
    response = add(producer, part_id, actor_id)
    assert response.status == 201, response
    (candidate,) = response["candidates"]
    assert response["refused"] == []
    considered = {
        "id": f"{part_id}.{actor_id}",
        "movie_id": movie_id,
        "part_id": part_id,
        "actor_id": actor_id,
        "status": "submitted",
        "status_since": candidate["created_at"],
        "status_by": "auth0|producer",
        "rating": None,
        "note": None,
        "audition_at": None,
        "created_at": candidate["created_at"],
        "updated_at": candidate["created_at"],
        "version": 1,
    }
    named = {"actor_name": "Humphrey Bogart", **shown_of_actor, "conflicts": []}
    assert candidate == considered | named
    alone = producer.get(f"/candidates/{candidate['id']}")
    assert alone["candidate"] == candidate
    assert alone.headers["etag"].startswith('"1.')
    assert producer.get(f"/parts/{part_id}")["candidates"] == [candidate]
    for path in (f"/parts/{part_id}/candidates", f"/movies/{movie_id}/candidates"):
        listed = producer.get(path)
        assert listed.body == {"success": True, "candidates": [candidate], "next_cursor": None}
    column = producer.get(f"/parts/{part_id}/candidates", status="submitted")
    assert column["candidates"] == [candidate]
    candidacies = producer.get(f"/actors/{actor_id}/candidacies")["candidacies"]
    of_part = {
        "part_name": "Rick",
        "movie_title": "Casablanca",
        "work_start": "2100-05-01",
        "work_end": "2100-06-30",
    }
    assert candidacies == [considered | of_part]
    assert producer.actor(actor_id)["candidate_count"] == 1
    part = producer.part(part_id)
    assert (part["candidate_count"], part["counts"]["submitted"]) == (1, 1)
    # A new candidate does not change the version of the part or of the actor.
    assert (part["version"], producer.actor(actor_id)["version"]) == (1, 1)


def test_each_actor_is_added_or_is_there_already_or_is_refused(
    producer: Client, part_id: str
) -> None:
    known_id, first_id, second_id, deleted_id = (producer.new_actor(name) for name in "ABCD")
    producer.new_candidate(part_id, known_id, "shortlisted")
    assert producer.delete(f"/actors/{deleted_id}").status == 200
    response = add(
        producer, part_id, second_id, NOWHERE, known_id, "x", first_id, deleted_id, part_id
    )
    assert response.status == 201, response
    # Both lists are in the order of the request.
    assert [c["actor_name"] for c in response["candidates"]] == ["C", "A", "B"]
    assert [c["status"] for c in response["candidates"]] == [
        "submitted",
        "shortlisted",
        "submitted",
    ]
    assert response["refused"] == [
        {"actor_id": refused_id, "detail": NO_ACTOR}
        for refused_id in (NOWHERE, "x", deleted_id, part_id)
    ]
    assert candidate_ids(response) == [
        f"{part_id}.{actor_id}" for actor_id in (second_id, known_id, first_id)
    ]
    part = producer.part(part_id)
    assert part["candidate_count"] == 3
    assert {s: n for s, n in part["counts"].items() if n} == {"submitted": 2, "shortlisted": 1}
    for actor_id in (known_id, first_id, second_id):
        assert producer.actor(actor_id)["candidate_count"] == 1


def test_actors_who_are_all_refused_change_nothing(producer: Client, part_id: str) -> None:
    response = add(producer, part_id, NOWHERE)
    assert response.status == 201
    assert response["candidates"] == []
    assert response["refused"] == [{"actor_id": NOWHERE, "detail": NO_ACTOR}]
    assert producer.part(part_id)["candidate_count"] == 0


def test_25_actors_can_be_added_at_once(producer: Client, part_id: str) -> None:
    actor_ids = [producer.new_actor(f"Actor {n}") for n in range(25)]
    response = add(producer, part_id, *actor_ids)
    assert response.status == 201
    assert candidate_ids(response) == [f"{part_id}.{actor_id}" for actor_id in actor_ids]
    assert producer.part(part_id)["counts"]["submitted"] == 25


def test_an_invalid_list_of_actors_is_rejected_and_adds_nobody(
    producer: Client, part_id: str
) -> None:
    actor_ids = [producer.new_actor(f"Actor {n}") for n in range(26)]
    invalid: list[list[Any]] = [
        [],
        actor_ids,
        [actor_ids[0], actor_ids[1], actor_ids[0]],
        [actor_ids[0], f" {actor_ids[0]} "],
        [actor_ids[0], ""],
        [actor_ids[0], 5],
        [actor_ids[0], None],
        [actor_ids[0], "x" * 65],
    ]
    for sent_ids in invalid:
        response = add(producer, part_id, *sent_ids)
        assert_failure(response, 422)
        assert response["detail"].startswith("actor_ids"), response
    assert add(producer, part_id)["detail"] == "actor_ids: expected at least 1 item."
    for body in ({}, {"actor_ids": None}, {"actor_ids": actor_ids[0]}, {"actor_id": actor_ids[0]}):
        assert_failure(producer.post(f"/parts/{part_id}/candidates", body), 422)
    assert producer.part(part_id)["candidate_count"] == 0
    assert producer.actor(actor_ids[0])["candidate_count"] == 0


def test_a_closed_part_takes_no_candidates(producer: Client, part_id: str) -> None:
    actor_id, late_id = producer.new_actor(), producer.new_actor()
    producer.new_candidate(part_id, actor_id)
    producer.patch(f"/parts/{part_id}", {"status": "closed"})
    response = add(producer, part_id, late_id)
    assert_failure(response, 409)
    assert "closed" in response["detail"]
    closed = producer.patch(f"/candidates/{part_id}.{actor_id}", {"status": "cast"})
    assert_failure(closed, 409)
    assert "closed" in closed["detail"]
    part = producer.part(part_id)
    assert (part["candidate_count"], part["counts"]["cast"]) == (1, 0)
    producer.patch(f"/parts/{part_id}", {"status": "open"})
    assert add(producer, part_id, late_id).status == 201


def test_an_unknown_part_takes_no_candidates(producer: Client, part_id: str) -> None:
    actor_id = producer.new_actor()
    assert producer.delete(f"/parts/{part_id}").status == 200
    for unknown_id in (part_id, f"{NOWHERE}.{NOWHERE}", NOWHERE, "x"):
        assert_failure(add(producer, unknown_id, actor_id), 404)
        assert_failure(producer.get(f"/parts/{unknown_id}/candidates"), 404)
        assert_failure(producer.get(f"/parts/{unknown_id}/candidates", status="cast"), 404)
    assert producer.actor(actor_id)["candidate_count"] == 0


def test_a_repeated_post_adds_nobody_twice(producer: Client, part_id: str) -> None:
    actor_ids = [producer.new_actor("A"), producer.new_actor("B")]
    key = {"Idempotency-Key": "a key"}
    first, *replays = [add(producer, part_id, *actor_ids, NOWHERE, **key) for _ in range(3)]
    for replay in replays:
        assert replay.status == 201
        assert replay.body == first.body
    other = add(producer, part_id, *actor_ids, **key)
    assert_failure(other, 422)
    assert "Idempotency-Key" in other["detail"]
    assert producer.part(part_id)["counts"]["submitted"] == 2
    assert producer.actor(actor_ids[0])["candidate_count"] == 1


KEY = {"Idempotency-Key": "a key"}


def test_the_same_key_with_other_actors_is_rejected(producer: Client, part_id: str) -> None:
    first_id, other_id = producer.new_actor("A"), producer.new_actor("B")
    assert add(producer, part_id, first_id, **KEY).status == 201
    response = add(producer, part_id, other_id, **KEY)
    assert_failure(response, 422)
    assert "Idempotency-Key" in response["detail"]
    assert producer.part(part_id)["candidate_count"] == 1
    # In another part it is another request, as for roles in another movie.
    other_part = producer.new_part(part_id.partition(".")[0], "Sam")
    assert add(producer, other_part, other_id, **KEY).status == 201


def test_a_repeated_post_returns_the_candidates_after_the_part_was_closed(
    producer: Client, part_id: str
) -> None:
    actor_id = producer.new_actor()
    first = add(producer, part_id, actor_id, **KEY)
    producer.patch(f"/parts/{part_id}", {"status": "closed"})
    replay = add(producer, part_id, actor_id, **KEY)
    assert (replay.status, replay.body) == (201, first.body)
    assert_failure(add(producer, part_id, actor_id), 409)


def test_a_repeated_post_does_not_add_who_was_removed_meanwhile(
    producer: Client, part_id: str
) -> None:
    kept_id, removed_id = producer.new_actor("A"), producer.new_actor("B")
    first = add(producer, part_id, kept_id, removed_id, **KEY)
    assert producer.delete(f"/candidates/{part_id}.{removed_id}").status == 200
    replay = add(producer, part_id, kept_id, removed_id, **KEY)
    assert replay["candidates"] == first["candidates"][:1]
    assert [refusal["actor_id"] for refusal in replay["refused"]] == [removed_id]
    assert "removed" in replay["refused"][0]["detail"]
    # A new request adds them again.
    assert len(add(producer, part_id, removed_id)["candidates"]) == 1


def test_a_part_remembers_the_last_ten_keys(producer: Client, part_id: str) -> None:
    actor_ids = [producer.new_actor() for _ in range(11)]
    for number, actor_id in enumerate(actor_ids):
        key = {"Idempotency-Key": f"key {number}"}
        assert add(producer, part_id, actor_id, **key).status == 201
    for number, status in ((10, 422), (1, 422), (0, 201)):
        key = {"Idempotency-Key": f"key {number}"}
        assert add(producer, part_id, producer.new_actor(), **key).status == status


# --- Reading


@pytest.mark.parametrize(
    "candidate_id",
    [".".join([NOWHERE] * 3), f"{NOWHERE}.{NOWHERE}", NOWHERE, "..", "a.b.c", "%2e", "x" * 500],
)
def test_an_unknown_candidate_is_not_found(producer: Client, candidate_id: str) -> None:
    assert_failure(producer.get(f"/candidates/{candidate_id}"), 404)
    assert_failure(producer.patch(f"/candidates/{candidate_id}", {"rating": 1}), 404)
    assert_failure(producer.delete(f"/candidates/{candidate_id}"), 404)


def test_a_candidate_shows_the_current_name_and_portrait_of_the_actor(
    producer: Client, part_id: str
) -> None:
    actor_id = producer.new_actor("Norma Jeane")
    candidate_id = producer.new_candidate(part_id, actor_id)
    changes = {"name": "Marilyn Monroe", "headshot_url": "https://example.com/m.jpg",
               "playing_age_min": 20, "playing_age_max": 30}  # fmt: skip
    assert producer.patch(f"/actors/{actor_id}", changes).status == 200
    candidate = producer.candidate(candidate_id)
    assert candidate["actor_name"] == "Marilyn Monroe"
    assert candidate["headshot_url"] == "https://example.com/m.jpg"
    assert (candidate["playing_age_min"], candidate["playing_age_max"]) == (20, 30)
    for path in (
        f"/parts/{part_id}",
        f"/parts/{part_id}/candidates",
        f"/parts/{part_id}/candidates?status=submitted",
        f"/movies/{part_id.partition('.')[0]}/candidates",
    ):
        assert producer.get(path)["candidates"] == [candidate]
    # The candidate itself has not changed.
    assert candidate["version"] == 1


def test_a_candidacy_shows_the_current_names_and_dates(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie("Untitled"), producer.new_actor()
    part_id = producer.new_part(movie_id, "Somebody")
    producer.new_candidate(part_id, actor_id)
    assert producer.patch(f"/movies/{movie_id}", {"title": "Casablanca"}).status == 200
    dates = {"work_start": "2100-01-01", "work_end": "2100-01-02"}
    assert producer.patch(f"/parts/{part_id}", {"name": "Rick", **dates}).status == 200
    (candidacy,) = producer.get(f"/actors/{actor_id}/candidacies")["candidacies"]
    expected = {"movie_title": "Casablanca", "part_name": "Rick", **dates}
    assert {name: candidacy[name] for name in expected} == expected


def test_personal_data_is_in_no_response_about_candidates(
    producer: Client, assistant: Client, part_id: str
) -> None:
    personal = {
        "email": "private@example.com",
        "phone": "+49 30 5550199",
        "notes": "private note",
        "agent": {"agency": "private agency", "name": "private agent"},
        "age": None,
        "date_of_birth": "1925-12-25",
    }
    actor = producer.post("/actors", {"name": "A", "gender": "male", **personal})
    assert actor.status == 201, actor
    actor_id = actor["created"]
    for client in (assistant, producer):
        candidate_id = f"{part_id}.{actor_id}"
        responses = [
            add(client, part_id, actor_id),
            client.patch(f"/candidates/{candidate_id}", {"rating": 3}),
            client.get(f"/candidates/{candidate_id}"),
            client.get(f"/parts/{part_id}"),
            client.get(f"/parts/{part_id}/candidates"),
            client.get(f"/movies/{part_id.partition('.')[0]}/candidates"),
            client.get(f"/actors/{actor_id}/candidacies"),
        ]
        for response in responses:
            assert response.status in (200, 201), response
            assert actor_id in response.text
            for value in ("private", "5550199", "1925"):
                assert value not in response.text


# --- Changing


def test_rating_note_and_audition_keep_the_status_and_who_set_it(
    producer: Client, assistant: Client, part_id: str
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor(), "shortlisted")
    before = producer.candidate(candidate_id)
    assert before["status_by"] == "auth0|producer"
    assert before["status_since"] == before["updated_at"] > before["created_at"]
    fields = {"rating": 5, "note": "Warm.\nQuick.", "audition_at": "2100-02-01T10:30:00Z"}
    changed = assistant.patch(f"/candidates/{candidate_id}", fields)
    assert changed.status == 200, changed
    assert changed.headers["etag"] == '"3"'
    candidate = changed["candidate"]
    assert candidate["updated_at"] > before["updated_at"]
    assert candidate == before | fields | {"version": 3, "updated_at": candidate["updated_at"]}
    assert producer.candidate(candidate_id) == candidate
    # The status that the candidate has already is no new status.
    same = assistant.patch(f"/candidates/{candidate_id}", {"status": "shortlisted"})["candidate"]
    for name in ("status", "status_since", "status_by"):
        assert same[name] == before[name]
    moved = assistant.patch(f"/candidates/{candidate_id}", {"status": "callback"})["candidate"]
    assert moved["status_by"] == "auth0|assistant"
    assert moved["status_since"] == moved["updated_at"] > candidate["updated_at"]
    assert {name: moved[name] for name in fields} == fields


def test_null_removes_a_rating_a_note_and_an_audition_but_no_status(
    producer: Client, part_id: str
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor())
    path = f"/candidates/{candidate_id}"
    fields = {"rating": 5, "note": "Warm.", "audition_at": "2100-02-01T10:30:00Z"}
    producer.patch(path, fields)
    cleared = producer.patch(path, dict.fromkeys(fields))["candidate"]
    assert {name: cleared[name] for name in fields} == dict.fromkeys(fields)
    assert producer.candidate(candidate_id) == cleared
    assert_failure(producer.patch(path, {"status": None}), 422)


@pytest.mark.parametrize(
    "invalid",
    [
        {"rating": 0},
        {"rating": 7},
        {"rating": "5"},
        {"rating": 2.5},
        {"rating": True},
        {"note": ""},
        {"note": "x" * 2_001},
        {"note": "\x00"},
        {"status": "hired"},
        {"status": "Cast"},
        {"actor_id": NOWHERE},
        {"status_by": "me"},
        {"actor_name": "X"},
        {"version": 5},
        {},
    ],
)
def test_an_invalid_field_is_rejected_and_changes_nothing(
    producer: Client, part_id: str, invalid: dict[str, Any]
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor())
    before = producer.candidate(candidate_id)
    assert_failure(producer.patch(f"/candidates/{candidate_id}", invalid), 422)
    with_valid_field = {"rating": 3, **invalid} if "rating" not in invalid else invalid
    if invalid:
        assert_failure(producer.patch(f"/candidates/{candidate_id}", with_valid_field), 422)
    assert producer.candidate(candidate_id) == before


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2100-02-01T10:30:00Z", "2100-02-01T10:30:00Z"),
        ("2100-02-01T10:30:00+02:00", "2100-02-01T08:30:00Z"),
        ("2100-01-01T00:30:00+05:45", "2099-12-31T18:45:00Z"),
        ("2100-02-01T23:30:00-01:00", "2100-02-02T00:30:00Z"),
        ("2100-02-01t10:30:00z", "2100-02-01T10:30:00Z"),
        ("2100-02-01T10:30:00.250Z", "2100-02-01T10:30:00.250000Z"),
        ("0002-01-01T00:00:00-02:00", "0002-01-01T02:00:00Z"),
        ("9998-12-31T23:59:59Z", "9998-12-31T23:59:59Z"),
    ],
)
def test_an_audition_is_stored_and_shown_in_utc(
    producer: Client, part_id: str, sent: str, shown: str
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor())
    changed = producer.patch(f"/candidates/{candidate_id}", {"audition_at": sent})
    assert changed.status == 200, changed
    assert changed["candidate"]["audition_at"] == shown
    assert producer.candidate(candidate_id)["audition_at"] == shown
    # What is shown can be sent.
    assert producer.patch(f"/candidates/{candidate_id}", {"audition_at": shown}).status == 200


@pytest.mark.parametrize(
    "audition_at",
    [
        "",
        "tomorrow",
        "2100-02-01",
        "10:30",
        "2100-02-01T10:30:00",
        "2100-02-01T10:30",
        "2100-13-01T10:30:00Z",
        "2100-02-30T10:30:00Z",
        "2100-02-01T25:00:00Z",
        "2100-02-01T10:30:00+25:00",
        "2100-02-01 10:30:00Z",
        "2100-02-01T10:30:00+0200",
        "0001-01-01T00:00:00+02:00",
        "0001-12-31T23:00:00-02:00",
        "0002-01-01T00:00:00+02:00",
        "9998-12-31T23:59:59-02:00",
        "9999-12-31T23:59:59-02:00",
        4_105_103_400,
        4_105_103_400.5,
        True,
        ["2100-02-01T10:30:00Z"],
    ],
)
def test_an_audition_at_no_moment_is_rejected(
    producer: Client, part_id: str, audition_at: Any
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor())
    response = producer.patch(f"/candidates/{candidate_id}", {"audition_at": audition_at})
    assert_failure(response, 422)
    assert response["detail"].startswith("audition_at: expected ")
    assert producer.candidate(candidate_id)["audition_at"] is None


def test_if_match_rejects_a_write_to_another_version(producer: Client, part_id: str) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor())
    path = f"/candidates/{candidate_id}"
    assert producer.patch(path, {"rating": 1}, **{"If-Match": '"1"'}).status == 200
    for changes in ({"rating": 2}, {"status": "cast"}):
        outdated = producer.patch(path, changes, **{"If-Match": '"1"'})
        assert_failure(outdated, 412)
        assert outdated.headers["etag"] == '"2"'
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    candidate = producer.candidate(candidate_id)
    assert (candidate["rating"], candidate["status"]) == (1, "submitted")
    assert producer.delete(path, **{"If-Match": '"2"'}).status == 200


# --- Permissions


@pytest.mark.parametrize("status", SELECTION_STATUSES)
def test_an_assistant_sets_the_statuses_of_the_selection(
    producer: Client, assistant: Client, part_id: str, status: str
) -> None:
    actor_id = producer.new_actor()
    assert add(assistant, part_id, actor_id).status == 201
    candidate_id = f"{part_id}.{actor_id}"
    assistant.set_status(candidate_id, "shortlisted", "backup", status)
    candidate = assistant.candidate(candidate_id)
    assert (candidate["status"], candidate["status_by"]) == (status, "auth0|assistant")


@pytest.mark.parametrize("status", WAYS_TO)
def test_only_who_may_add_roles_engages_and_ends_an_engagement(
    producer: Client, assistant: Client, director: Client, part_id: str, status: str
) -> None:
    *before, last = WAYS_TO[status]
    candidate_id = producer.new_candidate(part_id, producer.new_actor(), *before)
    shown = producer.candidate(candidate_id)
    response = assistant.patch(f"/candidates/{candidate_id}", {"status": status, "rating": 6})
    assert_failure(response, 403)
    assert "post:roles" in response["detail"]
    assert producer.candidate(candidate_id) == shown
    director.set_status(candidate_id, last)
    candidate = director.candidate(candidate_id)
    assert (candidate["status"], candidate["status_by"]) == (status, "auth0|director")
    # The assistant still writes everything else.
    changed = assistant.patch(f"/candidates/{candidate_id}", {"rating": 6})
    assert (changed.status, changed["candidate"]["status"]) == (200, status)


def test_an_assistant_cannot_delete_a_candidate(
    producer: Client, assistant: Client, director: Client, part_id: str
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor())
    response = assistant.delete(f"/candidates/{candidate_id}")
    assert_failure(response, 403)
    assert "delete:candidates" in response["detail"]
    assert producer.candidate(candidate_id)["version"] == 1
    assert director.delete(f"/candidates/{candidate_id}").status == 200


# --- Deleting


def test_a_deleted_candidate_leaves_every_list_and_is_uncounted(
    producer: Client, part_id: str
) -> None:
    actor_id, other_id = producer.new_actor(), producer.new_actor()
    candidate_id = producer.new_candidate(part_id, actor_id, "callback")
    kept_id = producer.new_candidate(part_id, other_id)
    response = producer.delete(f"/candidates/{candidate_id}")
    assert response.status == 200
    assert response.body == {"success": True, "deleted": candidate_id}
    assert_failure(producer.get(f"/candidates/{candidate_id}"), 404)
    assert_failure(producer.delete(f"/candidates/{candidate_id}"), 404)
    for path in (
        f"/parts/{part_id}",
        f"/parts/{part_id}/candidates",
        f"/movies/{part_id.partition('.')[0]}/candidates",
    ):
        assert candidate_ids(producer.get(path)) == [kept_id]
    assert producer.get(f"/parts/{part_id}/candidates", status="callback")["candidates"] == []
    assert producer.get(f"/actors/{actor_id}/candidacies")["candidacies"] == []
    assert producer.actor(actor_id)["candidate_count"] == 0
    part = producer.part(part_id)
    assert part["candidate_count"] == 1
    assert {s: n for s, n in part["counts"].items() if n} == {"submitted": 1}
    assert producer.new_candidate(part_id, actor_id) == candidate_id
    assert producer.candidate(candidate_id)["status"] == "submitted"


@pytest.mark.parametrize("status", ["on_hold", "offered", "cast"])
@pytest.mark.parametrize("end", ["declined", "released"])
def test_an_engaged_candidate_is_not_deleted(
    producer: Client, part_id: str, status: str, end: str
) -> None:
    candidate_id = producer.new_candidate(part_id, producer.new_actor(), status)
    before = producer.candidate(candidate_id)
    response = producer.delete(f"/candidates/{candidate_id}")
    assert_failure(response, 409)
    assert "release" in response["detail"]
    assert producer.candidate(candidate_id) == before
    assert producer.part(part_id)["candidate_count"] == 1
    producer.set_status(candidate_id, end)
    assert producer.delete(f"/candidates/{candidate_id}").status == 200
    assert sum(producer.part(part_id)["counts"].values()) == 0
