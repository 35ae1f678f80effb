"""History: who changed what and when, of all five kinds."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, assert_failure
from tests.support.crowd import add_crowd
from tests.support.issuer import Issuer


def history(client: Client, path: str) -> list[Any]:
    records = client.every(f"{path}/history", "history", limit=2)
    for record in records:
        assert record.keys() == {"version", "at", "by", "operation", "changes"}
    return [(r["version"], r["operation"], r["by"], r["changes"]) for r in records]


@pytest.fixture
def two(url: str, issuer: Issuer, empty_table: None) -> tuple[Client, Client]:
    """Two Executive Producers, `auth0|ann` and `auth0|bob`."""
    ann, bob = (
        Client(url, issuer.token("producer", sub=f"auth0|{name}")) for name in ("ann", "bob")
    )
    return ann, bob


def test_every_change_of_a_movie_is_recorded_with_its_author(two: tuple[Client, Client]) -> None:
    ann, bob = two
    movie_id = ann.new_movie("Heat", "1995-12-15")
    path = f"/movies/{movie_id}"
    bob.patch(path, {"title": "Heat 2", "release_date": None, "genres": ["crime"]})
    ann.patch(path, {"genres": ["crime", "drama"], "title": "Heat 2"})
    assert bob.delete(path).status == 200
    created = {"title": [None, "Heat"], "release_date": [None, "1995-12-15"]}
    assert history(ann, path) == [
        (
            4,
            "deleted",
            "auth0|bob",
            {"title": ["Heat 2", None], "genres": [["crime", "drama"], None]},
        ),
        (3, "changed", "auth0|ann", {"genres": [["crime"], ["crime", "drama"]]}),
        (
            2,
            "changed",
            "auth0|bob",
            {
                "title": ["Heat", "Heat 2"],
                "genres": [None, ["crime"]],
                "release_date": ["1995-12-15", None],
            },
        ),
        (1, "created", "auth0|ann", created),
    ]
    assert ann.get(f"{path}/history")["history"][0]["at"] > "2026"


def test_of_personal_data_only_the_change_is_recorded(producer: Client) -> None:
    secrets = {"email": "greta@example.com", "phone": "555 0100", "notes": "shy",
               "agent": {"name": "Schenck", "agency": None, "email": None, "phone": None},
               "date_of_birth": "1985-09-18"}  # fmt: skip
    actor_id = producer.post("/actors", {"name": "Greta", "gender": "female", **secrets})["created"]
    producer.patch(f"/actors/{actor_id}", {"notes": "sociable", "age": 30})
    producer.delete(f"/actors/{actor_id}")
    response = producer.get(f"/actors/{actor_id}/history")
    deleted, changed, created = response["history"]
    assert changed["changes"] == {"age": [None, 30], "date_of_birth": None, "notes": None}
    assert {n for n, v in created["changes"].items() if v is None} == secrets.keys()
    assert deleted["changes"]["notes"] is None
    for secret in ("greta@", "555", "shy", "sociable", "Schenck", "1985"):
        assert secret not in response.text


def test_a_role_a_part_and_a_candidate_have_a_history(two: tuple[Client, Client]) -> None:
    ann, bob = two
    movie_id, actor_id = ann.new_movie(), ann.new_actor()
    part_id = ann.new_part(movie_id, "Rick", billing_order=1)
    bob.patch(f"/parts/{part_id}", {"status": "closed", "name": "Rick Blaine"})
    bob.patch(f"/parts/{part_id}", {"status": "open"})
    candidate_id = ann.new_candidate(part_id, actor_id)
    bob.patch(f"/candidates/{candidate_id}", {"rating": 5, "note": "yes"})
    bob.set_status(candidate_id, "cast")
    role_id = f"{movie_id}.{actor_id}"
    ann.patch(f"/roles/{role_id}", {"character_name": "Richard"})
    ann.set_status(candidate_id, "released")
    own_part = part_id.partition(".")[2]
    assert [row[1:] for row in history(ann, f"/roles/{role_id}")] == [
        (
            "deleted",
            "auth0|ann",
            {
                "character_name": ["Richard", None],
                "billing_order": [1, None],
                "part_ids": [[own_part], None],
            },
        ),
        ("changed", "auth0|ann", {"character_name": ["Rick Blaine", "Richard"]}),
        (
            "created",
            "auth0|bob",
            {
                "character_name": [None, "Rick Blaine"],
                "billing_order": [None, 1],
                "part_ids": [None, [own_part]],
            },
        ),
    ]
    assert history(ann, f"/parts/{part_id}") == [
        (3, "changed", "auth0|bob", {"status": ["closed", "open"]}),
        (
            2,
            "changed",
            "auth0|bob",
            {"name": ["Rick", "Rick Blaine"], "status": ["open", "closed"]},
        ),
        (
            1,
            "created",
            "auth0|ann",
            {
                "name": [None, "Rick"],
                "billing_order": [None, 1],
                "needed": [None, 1],
                "status": [None, "open"],
            },
        ),
    ]
    assert history(ann, f"/candidates/{candidate_id}") == [
        (4, "changed", "auth0|ann", {"status": ["cast", "released"]}),
        (3, "changed", "auth0|bob", {"status": ["submitted", "cast"]}),
        (2, "changed", "auth0|bob", {"rating": [None, 5], "note": [None, "yes"]}),
        (1, "created", "auth0|ann", {"status": [None, "submitted"]}),
    ]


def test_releasing_by_deleting_the_role_is_recorded(two: tuple[Client, Client]) -> None:
    ann, bob = two
    movie_id, actor_id = ann.new_movie(), ann.new_actor()
    candidate_id = ann.new_candidate(ann.new_part(movie_id), actor_id, "cast")
    bob.delete(f"/roles/{movie_id}.{actor_id}")
    assert history(ann, f"/candidates/{candidate_id}")[0] == (
        3, "changed", "auth0|bob", {"status": ["cast", "released"]},
    )  # fmt: skip
    assert history(ann, f"/roles/{movie_id}.{actor_id}")[0][1:3] == ("deleted", "auth0|bob")


def test_a_deletion_records_everything_that_it_removes_with_its_author(
    two: tuple[Client, Client],
) -> None:
    ann, bob = two
    movie_id, actor_id = ann.new_movie(), ann.new_actor()
    part_id = ann.new_part(movie_id)
    candidate_ids = add_crowd(part_id, 30)
    ann.new_candidate(part_id, actor_id, "cast")
    ann.new_role(movie_id, ann.new_actor("Other"))
    assert bob.delete(f"/movies/{movie_id}").status == 200
    for path in (f"/movies/{movie_id}", f"/parts/{part_id}", f"/roles/{movie_id}.{actor_id}",
                 *(f"/candidates/{candidate_id}" for candidate_id in candidate_ids)):  # fmt: skip
        assert history(ann, path)[0][1:3] == ("deleted", "auth0|bob"), path


def test_a_deletion_that_a_later_request_finishes_has_its_author(
    two: tuple[Client, Client],
) -> None:
    from chalicelib.errors import TableBusy
    from chalicelib.store import dynamodb, links

    ann, bob = two
    movie_id = ann.new_movie()
    actor_ids = [ann.new_actor(f"Actor {n}") for n in range(3)]
    for actor_id in actor_ids:
        ann.new_role(movie_id, actor_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "REMOVED", 1)
        calls = 0
        transact = dynamodb.transact

        def interrupted(steps: Any) -> None:
            nonlocal calls
            calls += 1
            if calls > 2:
                raise TableBusy()
            transact(steps)

        patch.setattr(dynamodb, "transact", interrupted)
        assert ann.delete(f"/movies/{movie_id}").status == 202
    assert history(ann, f"/movies/{movie_id}")[0][1:3] == ("deleted", "auth0|ann")
    assert bob.delete(f"/movies/{movie_id}").status == 200
    for actor_id in actor_ids:
        assert history(ann, f"/roles/{movie_id}.{actor_id}")[0][1:3] == ("deleted", "auth0|ann")
    assert len([r for r in history(ann, f"/movies/{movie_id}") if r[1] == "deleted"]) == 1


def test_a_resource_that_is_created_again_keeps_its_earlier_history(producer: Client) -> None:
    part_id, actor_id = producer.new_part(producer.new_movie()), producer.new_actor()
    candidate_id = producer.new_candidate(part_id, actor_id)
    producer.delete(f"/candidates/{candidate_id}")
    producer.new_candidate(part_id, actor_id)
    operations = [row[1] for row in history(producer, f"/candidates/{candidate_id}")]
    assert operations == ["created", "deleted", "created"]


def test_a_rejected_change_is_not_recorded(producer: Client) -> None:
    movie_id = producer.new_movie()
    path = f"/movies/{movie_id}"
    assert producer.patch(path, {"title": ""}).status == 422
    assert producer.patch(path, {"title": "X"}, **{"If-Match": '"7"'}).status == 412
    assert len(history(producer, path)) == 1


def test_a_renaming_records_nothing_for_the_roles(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role_id = producer.new_role(movie_id, actor_id)
    producer.patch(f"/movies/{movie_id}", {"title": "Renamed"})
    assert len(history(producer, f"/roles/{role_id}")) == 1


def test_the_history_of_something_deleted_is_for_those_who_may_delete_it(
    as_: Callable[[str], Client],
) -> None:
    producer, director, assistant = as_("producer"), as_("director"), as_("assistant")
    movie_id = producer.new_movie()
    path = f"/movies/{movie_id}/history"
    assert director.get(path).status == 200
    assert_failure(assistant.get(path), 403)
    producer.delete(f"/movies/{movie_id}")
    assert producer.get(path).status == 200
    response = director.get(path)
    assert_failure(response, 404)
    assert "delete:movies" in response["detail"]
    assert_failure(producer.get(f"/movies/{'A' * 16}/history"), 404)
    assert_failure(producer.get("/movies/x/history"), 404)


@pytest.mark.parametrize("cursor", ["x", "AAAA"])
def test_a_made_up_cursor_of_a_history_is_rejected(producer: Client, cursor: str) -> None:
    from chalicelib.http.paging import encode_cursor

    movie_id = producer.new_movie()
    path = f"/movies/{movie_id}/history"
    assert_failure(producer.get(path, cursor=cursor), 400)
    for place in ("", "x", "2026-01-01T00:00:00.000000Z\x1f1", "\x1f00000001"):
        assert_failure(producer.get(path, cursor=encode_cursor(path, place)), 400)
