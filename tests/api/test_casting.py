"""Casting: the status `cast` of a candidate writes the role, and leaving it takes it back."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from chalicelib.errors import TableBusy
from chalicelib.store import parts
from dev.table.integrity import problems, read
from tests.support.client import Client, assert_failure

PART: dict[str, Any] = {
    "part_type": "lead",
    "billing_order": 3,
    "work_start": "2100-05-01",
    "work_end": "2100-06-30",
}


@pytest.fixture
def movie_id(producer: Client) -> str:
    return producer.new_movie("Dr. Strangelove", "1964-01-29")


@pytest.fixture
def actor_id(producer: Client) -> str:
    return producer.new_actor("Peter Sellers")


@pytest.fixture
def director(as_: Callable[[str], Client]) -> Client:
    return as_("director")


def assert_counts(
    client: Client, *, movie: tuple[str, int, int] | None, actor: tuple[str, int, int] | None
) -> None:
    """Assert what a movie and an actor count, and that it is what their lists show.

    `movie` is its id, the number of its roles and of its parts; `actor` is the id, the number of
    their roles and of their candidacies.
    """
    if movie is not None:
        movie_id, roles, parts = movie
        shown = client.movie(movie_id)
        assert (shown["role_count"], shown["part_count"]) == (roles, parts)
        assert len(client.get("/roles", movie_id=movie_id)["roles"]) == roles
        assert len(client.get(f"/movies/{movie_id}/actors")["actors"]) == roles
        assert len(client.get(f"/movies/{movie_id}/parts")["parts"]) == parts
    if actor is not None:
        actor_id, roles, candidacies = actor
        shown = client.actor(actor_id)
        assert (shown["role_count"], shown["candidate_count"]) == (roles, candidacies)
        assert len(client.get("/roles", actor_id=actor_id)["roles"]) == roles
        assert len(client.get(f"/actors/{actor_id}/movies")["movies"]) == roles
        listed = client.get(f"/actors/{actor_id}/candidacies")["candidacies"]
        assert len(listed) == candidacies


def assert_engagement(client: Client, part_id: str, **counts: int) -> None:
    """Assert the candidates of a part by status, also by the columns of its board."""
    part = client.part(part_id)
    assert {status: n for status, n in part["counts"].items() if n} == counts
    assert part["candidate_count"] == sum(counts.values())
    for status, number in counts.items():
        column = client.get(f"/parts/{part_id}/candidates", status=status)["candidates"]
        assert len(column) == number


# --- The role


def test_casting_writes_the_role_from_the_part(
    producer: Client, assistant: Client, movie_id: str, actor_id: str
) -> None:
    part_id = producer.new_part(movie_id, "Lionel Mandrake", **PART)
    candidate_id = producer.new_candidate(part_id, actor_id)
    assert_counts(producer, movie=(movie_id, 0, 1), actor=(actor_id, 0, 1))
    producer.set_status(candidate_id, "cast")
    role = producer.role(f"{movie_id}.{actor_id}")
    assert role == {
        "id": f"{movie_id}.{actor_id}",
        "movie_id": movie_id,
        "actor_id": actor_id,
        "character_name": "Lionel Mandrake",
        "billing_order": 3,
        "role_type": "lead",
        "work_start": "2100-05-01",
        "work_end": "2100-06-30",
        "part_ids": [part_id],
        "created_at": role["created_at"],
        "updated_at": role["created_at"],
        "version": 1,
    }
    assert_counts(producer, movie=(movie_id, 1, 1), actor=(actor_id, 1, 1))
    assert producer.get(f"/movies/{movie_id}")["roles"] == [role | {"actor_name": "Peter Sellers"}]
    of_movie = {"movie_title": "Dr. Strangelove", "movie_release_date": "1964-01-29"}
    assert producer.get(f"/actors/{actor_id}")["roles"] == [role | of_movie]
    (member,) = producer.get(f"/movies/{movie_id}/actors")["actors"]
    assert (member["name"], member["character_name"]) == ("Peter Sellers", "Lionel Mandrake")
    (film,) = producer.get(f"/actors/{actor_id}/movies")["movies"]
    assert (film["title"], film["character_name"]) == ("Dr. Strangelove", "Lionel Mandrake")
    assert producer.part(part_id)["status"] == "cast"
    assert_engagement(producer, part_id, cast=1)
    # An assistant reads all of it.
    assert assistant.role(role["id"]) == role
    assert assistant.candidate(candidate_id)["status"] == "cast"
    assert_counts(assistant, movie=(movie_id, 1, 1), actor=(actor_id, 1, 1))


def test_a_role_whose_part_is_being_deleted_is_removed_with_the_candidate(
    producer: Client, movie_id: str, actor_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted, other = (producer.new_part(movie_id, name) for name in ("Mandrake", "Muffley"))
    for part_id in (deleted, other):
        producer.new_candidate(part_id, actor_id, "cast")
    with monkeypatch.context() as patch:
        patch.setattr(parts, "remove_next", Mock(side_effect=TableBusy))
        assert producer.delete(f"/parts/{deleted}").status == 202
    assert producer.delete(f"/roles/{movie_id}.{actor_id}").status == 200
    assert producer.candidate(f"{other}.{actor_id}")["status"] == "released"
    assert_counts(producer, movie=None, actor=(actor_id, 0, 1))
    assert producer.delete(f"/parts/{deleted}").status == 200
    assert_counts(producer, movie=(movie_id, 0, 1), actor=(actor_id, 0, 1))
    assert problems(read()) == []


def test_a_rename_after_casting_shows_in_the_role(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    producer.new_candidate(producer.new_part(movie_id), actor_id, "cast")
    assert producer.patch(f"/actors/{actor_id}", {"name": "Sir Peter"}).status == 200
    assert producer.patch(f"/movies/{movie_id}", {"title": "Strangelove"}).status == 200
    assert producer.get(f"/movies/{movie_id}")["roles"][0]["actor_name"] == "Sir Peter"
    assert producer.get(f"/actors/{actor_id}")["roles"][0]["movie_title"] == "Strangelove"


def test_a_part_without_details_is_a_role_without_details(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    producer.new_candidate(producer.new_part(movie_id, "Muffley"), actor_id, "cast")
    role = producer.role(f"{movie_id}.{actor_id}")
    assert role["character_name"] == "Muffley"
    for name in ("billing_order", "role_type", "work_start", "work_end"):
        assert role[name] is None


@pytest.mark.parametrize("end", ["declined", "released", "offered", "on_hold"])
def test_leaving_the_status_cast_removes_the_role_that_casting_made(
    producer: Client, assistant: Client, movie_id: str, actor_id: str, end: str
) -> None:
    part_id = producer.new_part(movie_id)
    candidate_id = producer.new_candidate(part_id, actor_id, "cast", end)
    assert_failure(producer.get(f"/roles/{movie_id}.{actor_id}"), 404)
    assert_counts(producer, movie=(movie_id, 0, 1), actor=(actor_id, 0, 1))
    assert producer.part(part_id)["status"] == "open"
    assert_engagement(producer, part_id, **{end: 1})
    assert assistant.candidate(candidate_id)["status"] == end
    if end in ("declined", "released"):
        producer.set_status(candidate_id, "shortlisted")
    producer.set_status(candidate_id, "cast")
    assert producer.role(f"{movie_id}.{actor_id}")["part_ids"] == [part_id]
    assert_counts(producer, movie=(movie_id, 1, 1), actor=(actor_id, 1, 1))


def test_a_second_part_joins_the_one_role_and_the_last_release_removes_it(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    first, second = producer.new_part(movie_id, "Mandrake"), producer.new_part(movie_id, "Muffley")
    of_first = producer.new_candidate(first, actor_id, "cast")
    of_second = producer.new_candidate(second, actor_id, "cast")
    role_id = f"{movie_id}.{actor_id}"
    role = producer.role(role_id)
    assert role["part_ids"] == sorted([first, second])
    assert (role["character_name"], role["version"]) == ("Mandrake", 2)
    assert_counts(producer, movie=(movie_id, 1, 2), actor=(actor_id, 1, 2))
    for query in ({"movie_id": movie_id}, {"actor_id": actor_id}):
        assert producer.get("/roles", **query)["roles"] == [role]
    producer.set_status(of_first, "released")
    role = producer.role(role_id)
    assert (role["part_ids"], role["version"]) == ([second], 3)
    assert_counts(producer, movie=(movie_id, 1, 2), actor=(actor_id, 1, 2))
    producer.set_status(of_second, "declined")
    assert_failure(producer.get(f"/roles/{role_id}"), 404)
    assert_counts(producer, movie=(movie_id, 0, 2), actor=(actor_id, 0, 2))
    for part_id, status in ((first, "released"), (second, "declined")):
        assert_engagement(producer, part_id, **{status: 1})


def test_one_actor_plays_six_characters(producer: Client, movie_id: str, actor_id: str) -> None:
    part_ids = [producer.new_part(movie_id, f"Character {n}") for n in range(6)]
    for part_id in part_ids:
        producer.new_candidate(part_id, actor_id, "cast")
    role_id = f"{movie_id}.{actor_id}"
    assert producer.role(role_id)["part_ids"] == sorted(part_ids)
    assert_counts(producer, movie=(movie_id, 1, 6), actor=(actor_id, 1, 6))
    assert len(producer.get("/parts", status="cast")["parts"]) == 6
    producer.set_status(f"{part_ids[2]}.{actor_id}", "released")
    remaining = sorted(set(part_ids) - {part_ids[2]})
    assert producer.role(role_id)["part_ids"] == remaining
    assert producer.delete(f"/roles/{role_id}").status == 200
    for part_id in part_ids:
        assert producer.candidate(f"{part_id}.{actor_id}")["status"] == "released"
        assert producer.part(part_id)["status"] == "open"
    assert_counts(producer, movie=(movie_id, 0, 6), actor=(actor_id, 0, 6))


def test_a_role_that_existed_before_is_joined_and_survives_the_release(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    fields = {"character_name": "Three characters", "billing_order": 1}
    role_id = producer.new_role(movie_id, actor_id, **fields)
    assert producer.role(role_id)["part_ids"] == []
    part_id = producer.new_part(movie_id, "Mandrake", **PART)
    candidate_id = producer.new_candidate(part_id, actor_id, "cast")
    role = producer.role(role_id)
    assert role["part_ids"] == [part_id]
    # The part changes no field of a role that exists.
    assert {name: role[name] for name in fields} == fields
    assert (role["role_type"], role["work_start"]) == (None, None)
    assert_counts(producer, movie=(movie_id, 1, 1), actor=(actor_id, 1, 1))
    producer.set_status(candidate_id, "released")
    role = producer.role(role_id)
    assert role["part_ids"] == []
    assert {name: role[name] for name in fields} == fields
    assert_counts(producer, movie=(movie_id, 1, 1), actor=(actor_id, 1, 1))
    for query in ({"movie_id": movie_id}, {"actor_id": actor_id}):
        assert producer.get("/roles", **query)["roles"] == [role]


def test_changes_of_a_role_are_kept_while_parts_join_and_leave(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    first, second = producer.new_part(movie_id, "Mandrake"), producer.new_part(movie_id, "Muffley")
    producer.new_candidate(first, actor_id, "cast")
    role_id = f"{movie_id}.{actor_id}"
    fields = {"character_name": "Mandrake / Muffley", "billing_order": 7, "role_type": "lead"}
    changed = producer.patch(f"/roles/{role_id}", fields)
    assert (changed.status, changed["role"]["part_ids"]) == (200, [first])
    assert_failure(producer.patch(f"/roles/{role_id}", {"part_ids": []}), 422)
    producer.new_candidate(second, actor_id, "cast", "released")
    role = producer.role(role_id)
    assert {name: role[name] for name in fields} == fields
    assert role["part_ids"] == [first]
    # A changed part changes no role.
    producer.patch(f"/parts/{first}", {"name": "Somebody", "billing_order": 1})
    assert producer.role(role_id) == role


def test_an_actor_who_is_cast_gets_no_second_role(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    part_id = producer.new_part(movie_id)
    producer.new_candidate(part_id, actor_id, "cast")
    before = producer.role(f"{movie_id}.{actor_id}")
    for response in (
        producer.post("/roles", {"movie_id": movie_id, "actor_id": actor_id}),
        producer.post(f"/movies/{movie_id}/actors", {"actor_id": actor_id}),
    ):
        assert_failure(response, 409)
        assert "already" in response["detail"]
    assert producer.role(f"{movie_id}.{actor_id}") == before
    assert_counts(producer, movie=(movie_id, 1, 1), actor=(actor_id, 1, 1))


# --- How many


def test_a_part_casts_as_many_people_as_it_needs(producer: Client, movie_id: str) -> None:
    part_id = producer.new_part(movie_id, "Witch", needed=2)
    first, second, third = (
        producer.new_candidate(part_id, producer.new_actor(name)) for name in "ABC"
    )
    producer.set_status(first, "cast")
    assert producer.part(part_id)["status"] == "open"
    producer.set_status(second, "cast")
    assert producer.part(part_id)["status"] == "cast"
    before = [producer.candidate(third), producer.part(part_id), producer.movie(movie_id)]
    response = producer.patch(f"/candidates/{third}", {"status": "cast"})
    assert_failure(response, 409)
    assert "is cast" in response["detail"]
    assert "needed" in response["detail"]
    after = [producer.candidate(third), producer.part(part_id), producer.movie(movie_id)]
    assert after == before
    assert_engagement(producer, part_id, cast=2, submitted=1)
    producer.set_status(third, "offered")  # a part that is cast can still engage
    producer.set_status(first, "released")
    producer.set_status(third, "cast")
    assert_engagement(producer, part_id, cast=2, released=1)
    assert producer.movie(movie_id)["role_count"] == 2


# --- Removing the role


@pytest.mark.parametrize("way", ["role", "cast"])
def test_removing_a_role_releases_the_candidates_whom_it_cast(
    producer: Client,
    assistant: Client,
    director: Client,
    movie_id: str,
    actor_id: str,
    way: str,
) -> None:
    first = producer.new_part(movie_id, "Mandrake", **PART)
    second = producer.new_part(movie_id, "Muffley", **PART)
    third = producer.new_part(movie_id, "Kong", **PART)
    elsewhere = producer.new_part(producer.new_movie(), **PART)
    for part_id in (first, second):
        producer.new_candidate(part_id, actor_id, "cast")
    held_id = producer.new_candidate(third, actor_id, "on_hold")
    watched_id = producer.new_candidate(elsewhere, actor_id)
    assert len(producer.candidate(watched_id)["conflicts"]) == 3
    before = {part_id: producer.candidate(f"{part_id}.{actor_id}") for part_id in (first, second)}
    path = {
        "role": f"/roles/{movie_id}.{actor_id}",
        "cast": f"/movies/{movie_id}/actors/{actor_id}",
    }
    assert_failure(assistant.delete(path[way]), 403)
    response = director.delete(path[way])
    assert response.status == 200, response
    assert response["deleted"] == f"{movie_id}.{actor_id}"
    for part_id, shown in before.items():
        candidate = assistant.candidate(f"{part_id}.{actor_id}")
        assert candidate["status"] == "released"
        assert candidate["status_by"] == "auth0|director"
        assert candidate["status_since"] == candidate["updated_at"] > shown["updated_at"]
        assert candidate["version"] == shown["version"] + 1
        assert_engagement(producer, part_id, released=1)
        assert producer.part(part_id)["status"] == "open"
    # An engaged candidate who is not cast stays engaged.
    assert producer.candidate(held_id)["status"] == "on_hold"
    shown = producer.candidate(watched_id)["conflicts"]
    assert [conflict["part_id"] for conflict in shown] == [third]
    assert_counts(producer, movie=(movie_id, 0, 3), actor=(actor_id, 0, 4))
    candidacies = producer.get(f"/actors/{actor_id}/candidacies")["candidacies"]
    assert [candidacy["status"] for candidacy in candidacies] == [
        "on_hold",
        "submitted",
        "released",
        "released",
    ]
    open_parts = [part["id"] for part in producer.get("/parts", status="open")["parts"]]
    assert {first, second} <= set(open_parts)
    assert_failure(director.delete(path[way]), 404)


def test_if_match_protects_a_role_with_parts(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    first, second = producer.new_part(movie_id), producer.new_part(movie_id)
    producer.new_candidate(first, actor_id, "cast")
    producer.new_candidate(second, actor_id, "cast")
    path = f"/roles/{movie_id}.{actor_id}"
    outdated = producer.delete(path, **{"If-Match": '"1"'})
    assert_failure(outdated, 412)
    assert outdated.headers["etag"] == '"2"'
    assert producer.candidate(f"{first}.{actor_id}")["status"] == "cast"
    assert producer.delete(path, **{"If-Match": '"2"'}).status == 200
    assert producer.candidate(f"{first}.{actor_id}")["status"] == "released"


def test_removing_a_role_that_existed_before_releases_its_candidates(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    role_id = producer.new_role(movie_id, actor_id)
    part_id = producer.new_part(movie_id)
    candidate_id = producer.new_candidate(part_id, actor_id, "cast")
    assert producer.delete(f"/roles/{role_id}").status == 200
    assert producer.candidate(candidate_id)["status"] == "released"
    assert_counts(producer, movie=(movie_id, 0, 1), actor=(actor_id, 0, 1))
    assert_engagement(producer, part_id, released=1)


# --- Removing the actor or the movie


def test_deleting_an_actor_removes_their_candidacies_and_roles(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    other_id = producer.new_actor("Sterling Hayden")
    paths: dict[str, list[str]] = {
        "A": ["cast"],
        "B": ["cast"],
        "C": ["on_hold"],
        "D": ["offered", "declined"],
        "E": [],
    }
    part_ids = {name: producer.new_part(movie_id, name, needed=2, **PART) for name in paths}
    for name, statuses in paths.items():
        producer.new_candidate(part_ids[name], actor_id, *statuses)
        producer.new_candidate(part_ids[name], other_id)
    elsewhere = producer.new_movie()
    producer.new_role(elsewhere, actor_id)
    producer.set_status(f"{part_ids['A']}.{other_id}", "cast")

    response = producer.delete(f"/actors/{actor_id}")
    assert response.status == 200, response
    assert response.body == {"success": True, "deleted": actor_id}
    assert_failure(producer.get(f"/actors/{actor_id}"), 404)
    assert_failure(producer.get(f"/actors/{actor_id}/candidacies"), 404)
    for name, part_id in part_ids.items():
        assert_failure(producer.get(f"/candidates/{part_id}.{actor_id}"), 404)
        assert_engagement(producer, part_id, **{"cast" if name == "A" else "submitted": 1})
        (candidate,) = producer.get(f"/parts/{part_id}/candidates")["candidates"]
        assert candidate["actor_id"] == other_id
        assert producer.part(part_id)["status"] == "open"
    assert_counts(producer, movie=(movie_id, 1, 5), actor=(other_id, 1, 5))
    assert producer.movie(elsewhere)["role_count"] == 0
    (role,) = producer.get("/roles")["roles"]
    assert role["actor_id"] == other_id
    # Nobody is engaged any more for a part that only they were engaged for.
    assert producer.patch(f"/parts/{part_ids['C']}", {"work_end": None}).status == 200


def test_deleting_a_movie_removes_its_parts_candidates_and_roles(
    producer: Client, movie_id: str, actor_id: str
) -> None:
    engaged_id, listed_id = producer.new_actor("B"), producer.new_actor("C")
    part_ids = [producer.new_part(movie_id, name, **PART) for name in "ABC"]
    for part_id in part_ids[:2]:
        producer.new_candidate(part_id, actor_id, "cast")
        producer.new_candidate(part_id, engaged_id, "on_hold")
        producer.new_candidate(part_id, listed_id)
    producer.new_role(movie_id, listed_id)
    elsewhere = producer.new_part(producer.new_movie(), **PART)
    watched_ids = [producer.new_candidate(elsewhere, a) for a in (actor_id, engaged_id)]
    for watched_id in watched_ids:
        assert len(producer.candidate(watched_id)["conflicts"]) == 2

    response = producer.delete(f"/movies/{movie_id}")
    assert response.status == 200, response
    assert response.body == {"success": True, "deleted": movie_id}
    for path in ("", "/parts", "/candidates", "/actors"):
        assert_failure(producer.get(f"/movies/{movie_id}{path}"), 404)
    for part_id in part_ids:
        assert_failure(producer.get(f"/parts/{part_id}"), 404)
        assert_failure(producer.get(f"/candidates/{part_id}.{actor_id}"), 404)
    assert producer.get("/roles")["roles"] == []
    for status in ("open", "cast", "closed"):
        listed = [part["id"] for part in producer.get("/parts", status=status)["parts"]]
        assert listed == ([elsewhere] if status == "open" else [])
    for counted_id, candidacies in ((actor_id, 1), (engaged_id, 1), (listed_id, 0)):
        assert_counts(producer, movie=None, actor=(counted_id, 0, candidacies))
    for watched_id in watched_ids:
        assert producer.candidate(watched_id)["conflicts"] == []


def test_a_movie_with_an_empty_part_can_be_deleted(producer: Client, movie_id: str) -> None:
    part_id = producer.new_part(movie_id)
    assert producer.delete(f"/movies/{movie_id}", **{"If-Match": '"2"'}).status == 412
    assert producer.part(part_id)["movie_id"] == movie_id
    assert producer.delete(f"/movies/{movie_id}", **{"If-Match": '"1"'}).status == 200
    assert_failure(producer.get(f"/parts/{part_id}"), 404)
