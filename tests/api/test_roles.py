"""`/roles`, `/movies/{movie_id}/actors` and `/actors/{actor_id}/movies` show the same roles."""

from typing import Any

import pytest

from tests.support.client import Client, assert_failure

NOWHERE = "AAAAAAAAAAAAAAAA"


def test_a_new_role_is_shown_by_every_route(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie("Heat", "1995-12-15"), producer.new_actor("Al Pacino")
    fields = {"character_name": "Vincent Hanna", "billing_order": 1}
    created = producer.post("/roles", {"movie_id": movie_id, "actor_id": actor_id, **fields})
    assert created.status == 201
    role = created["role"]
    assert created.headers["etag"] == '"1"'
    assert created.headers["location"] == f"/roles/{role['id']}"
    assert role == {
        "id": f"{movie_id}.{actor_id}",
        "movie_id": movie_id,
        "actor_id": actor_id,
        **fields,
        **dict.fromkeys(("role_type", "work_start", "work_end")),
        "part_ids": [],
        "created_at": role["created_at"],
        "updated_at": role["created_at"],
        "version": 1,
    }
    assert producer.get(f"/roles/{role['id']}")["role"] == role
    for query in ({}, {"movie_id": movie_id}, {"actor_id": actor_id}):
        assert producer.get("/roles", **query)["roles"] == [role]
    both = producer.get("/roles", movie_id=movie_id, actor_id=actor_id)
    assert both["roles"] == [role]

    movie, actor = producer.get(f"/movies/{movie_id}"), producer.get(f"/actors/{actor_id}")
    assert movie["roles"] == [role | {"actor_name": "Al Pacino"}]
    named = {"movie_title": "Heat", "movie_release_date": "1995-12-15"}
    assert actor["roles"] == [role | named]
    # A new role does not change the version of the movie or of the actor.
    assert (movie["movie"]["role_count"], movie["movie"]["version"]) == (1, 1)
    assert (actor["actor"]["role_count"], actor["actor"]["version"]) == (1, 1)

    shared = {"role_id": role["id"], **fields}
    cast = producer.get(f"/movies/{movie_id}/actors")
    assert cast["actors"] == [{"id": actor_id, "name": "Al Pacino", **shared, "version": 1}]
    films = producer.get(f"/actors/{actor_id}/movies")
    heat = {"id": movie_id, "title": "Heat", "release_date": "1995-12-15"}
    assert films["movies"] == [{**heat, **shared}]


def test_creating_a_role_at_its_movie_has_the_same_result(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    created = producer.post(f"/movies/{movie_id}/actors", {"actor_id": actor_id})
    assert created.status == 201
    assert created.headers["location"] == f"/roles/{movie_id}.{actor_id}"
    role = created["role"]
    assert (role["character_name"], role["billing_order"]) == (None, None)
    assert_failure(producer.post("/roles", {"movie_id": movie_id, "actor_id": actor_id}), 409)
    removed = producer.delete(f"/movies/{movie_id}/actors/{actor_id}")
    assert removed.body == {"success": True, "deleted": role["id"]}
    assert_failure(producer.get(f"/roles/{role['id']}"), 404)
    assert_failure(producer.delete(f"/movies/{movie_id}/actors/{actor_id}"), 404)
    assert producer.get(f"/movies/{movie_id}")["movie"]["role_count"] == 0


def test_an_actor_has_only_one_role_in_a_movie(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role_id = producer.new_role(movie_id, actor_id, character_name="A")
    response = producer.post(
        "/roles", {"movie_id": movie_id, "actor_id": actor_id, "character_name": "B"}
    )
    assert_failure(response, 409)
    assert producer.get(f"/roles/{role_id}")["role"]["character_name"] == "A"
    assert producer.get(f"/movies/{movie_id}")["movie"]["role_count"] == 1


def test_the_movie_and_the_actor_must_exist(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    for unknown_id in (
        {"movie_id": NOWHERE},
        {"actor_id": NOWHERE},
        {"movie_id": "x"},
        {"actor_id": "x"},
    ):
        response = producer.post(
            "/roles", {"movie_id": movie_id, "actor_id": actor_id, **unknown_id}
        )
        assert_failure(response, 404)
        assert next(iter(unknown_id)).removesuffix("_id") in response["detail"]
    assert_failure(producer.post(f"/movies/{NOWHERE}/actors", {"actor_id": actor_id}), 404)
    assert_failure(producer.post(f"/movies/{movie_id}/actors", {"actor_id": movie_id}), 404)
    assert producer.get("/roles")["roles"] == []
    assert producer.get(f"/movies/{movie_id}")["movie"]["role_count"] == 0


def test_a_change_keeps_the_other_fields(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role_id = producer.new_role(movie_id, actor_id, character_name="A", billing_order=3)
    path = f"/roles/{role_id}"
    changed = producer.patch(path, {"character_name": "B"})
    assert changed.status == 200
    assert changed.headers["etag"] == '"2"'
    role = changed["role"]
    assert (role["character_name"], role["billing_order"], role["version"]) == ("B", 3, 2)
    for side in ({"movie_id": movie_id}, {"actor_id": actor_id}):
        assert producer.get("/roles", **side)["roles"] == [role]
    cleared = producer.patch(path, {"character_name": None, "billing_order": None})["role"]
    assert (cleared["character_name"], cleared["billing_order"]) == (None, None)
    assert producer.get(path)["role"] == cleared


def test_a_changed_billing_order_moves_the_actor_in_the_cast(producer: Client) -> None:
    movie_id = producer.new_movie()
    first, second = producer.new_actor("First"), producer.new_actor("Second")
    role_id = producer.new_role(movie_id, first, billing_order=1)
    producer.new_role(movie_id, second, billing_order=2)
    producer.patch(f"/roles/{role_id}", {"billing_order": 3})
    names = [a["name"] for a in producer.get(f"/movies/{movie_id}/actors")["actors"]]
    assert names == ["Second", "First"]


def test_the_cast_is_in_billing_order_and_then_by_name(producer: Client) -> None:
    movie_id = producer.new_movie()
    billing = {"zed": 1, "Écho": None, "delta": None, "Foxtrot": None, "able": 9999, "baker": 10}
    for name, billing_order in billing.items():
        producer.new_role(movie_id, producer.new_actor(name), billing_order=billing_order)
    expected = ["zed", "baker", "able", "delta", "Écho", "Foxtrot"]
    cast = producer.every(f"/movies/{movie_id}/actors", "actors", limit=2)
    assert [actor["name"] for actor in cast] == expected
    shown = producer.get(f"/movies/{movie_id}")["roles"]
    assert [role["actor_name"] for role in shown] == expected


def test_the_filmography_is_newest_first(producer: Client) -> None:
    actor_id = producer.new_actor()
    for title, date in (("B", "2001-01-01"), ("C", "2020-05-05"), ("A", "1999-12-31")):
        producer.new_role(producer.new_movie(title, date), actor_id)
    films = producer.every(f"/actors/{actor_id}/movies", "movies", limit=1)
    assert [film["title"] for film in films] == ["C", "B", "A"]
    shown = producer.get(f"/actors/{actor_id}")["roles"]
    assert [role["movie_title"] for role in shown] == ["C", "B", "A"]


def test_roles_are_listed_newest_first(producer: Client) -> None:
    movie_id = producer.new_movie()
    role_ids = [producer.new_role(movie_id, producer.new_actor()) for _ in range(5)]
    listed = producer.every("/roles", "roles", limit=2)
    assert [role["id"] for role in listed] == role_ids[::-1]


@pytest.mark.parametrize("side", ["movie_id", "actor_id"])
def test_a_filter_without_matches_returns_an_empty_list(producer: Client, side: str) -> None:
    producer.new_role(producer.new_movie(), producer.new_actor())
    for nothing in (NOWHERE, "x"):
        response = producer.get("/roles", **{side: nothing})
        assert response.body == {"success": True, "roles": [], "next_cursor": None}
    neither = producer.get("/roles", movie_id=NOWHERE, actor_id=NOWHERE)
    assert neither["roles"] == []


def test_the_cast_of_an_unknown_movie_is_not_found_rather_than_empty(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    assert producer.get(f"/movies/{movie_id}/actors")["actors"] == []
    assert producer.get(f"/actors/{actor_id}/movies")["movies"] == []
    for nowhere in (NOWHERE, "x"):
        assert_failure(producer.get(f"/movies/{nowhere}/actors"), 404)
        assert_failure(producer.get(f"/actors/{nowhere}/movies"), 404)


INVALID_FIELDS: list[dict[str, Any]] = [
    {"character_name": ""},
    {"character_name": "x" * 501},
    {"character_name": 5},
    {"billing_order": 0},
    {"billing_order": 10_000},
    {"billing_order": True},
    {"billing_order": "1"},
    {"billing_order": 1.5},
    {"id": "x"},
    {"version": 1},
    {"actor_name": "x"},
]


@pytest.mark.parametrize("invalid", INVALID_FIELDS)
def test_an_invalid_field_is_rejected_and_changes_nothing(
    producer: Client, invalid: dict[str, Any]
) -> None:
    movie_id, actor_id, other_id = (
        producer.new_movie(),
        producer.new_actor(),
        producer.new_actor(),
    )
    role_id = producer.new_role(movie_id, actor_id)
    before = producer.get("/roles").body
    assert_failure(
        producer.post("/roles", {"movie_id": movie_id, "actor_id": other_id, **invalid}), 422
    )
    assert_failure(
        producer.post(f"/movies/{movie_id}/actors", {"actor_id": other_id, **invalid}), 422
    )
    assert_failure(producer.patch(f"/roles/{role_id}", invalid), 422)
    assert producer.get("/roles").body == before


def test_the_movie_and_the_actor_of_a_role_cannot_be_changed(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role_id = producer.new_role(movie_id, actor_id)
    other = {"movie_id": producer.new_movie(), "actor_id": producer.new_actor()}
    for field, value in other.items():
        assert_failure(producer.patch(f"/roles/{role_id}", {field: value}), 422)
    assert_failure(
        producer.post(f"/movies/{movie_id}/actors", {"actor_id": actor_id, "movie_id": movie_id}),
        422,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"movie_id": NOWHERE},
        {"actor_id": NOWHERE},
        {"movie_id": 1, "actor_id": NOWHERE},
        {"movie_id": "", "actor_id": NOWHERE},
        {"movie_id": NOWHERE, "actor_id": "  "},
        {"movie_id": NOWHERE, "actor_id": "x" * 65},
    ],
)
def test_a_role_needs_both_ids(producer: Client, body: dict[str, Any]) -> None:
    assert_failure(producer.post("/roles", body), 422)


@pytest.mark.parametrize(
    "role_id", [f"{NOWHERE}.{NOWHERE}", NOWHERE, ".", f"{NOWHERE}.", "a.b.c", "%2e", "x" * 500]
)
def test_an_unknown_role_is_not_found(producer: Client, role_id: str) -> None:
    assert_failure(producer.get(f"/roles/{role_id}"), 404)
    assert_failure(producer.patch(f"/roles/{role_id}", {"billing_order": 1}), 404)
    assert_failure(producer.delete(f"/roles/{role_id}"), 404)


def test_if_match_rejects_a_write_to_another_version(producer: Client) -> None:
    path = f"/roles/{producer.new_role(producer.new_movie(), producer.new_actor())}"
    assert producer.patch(path, {"billing_order": 1}, **{"If-Match": '"1"'}).status == 200
    outdated = producer.patch(path, {"billing_order": 2}, **{"If-Match": '"1"'})
    assert_failure(outdated, 412)
    assert outdated.headers["etag"] == '"2"'
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    assert_failure(producer.delete(path, **{"If-Match": "x"}), 412)
    assert producer.get(path)["role"]["billing_order"] == 1
    assert producer.delete(path, **{"If-Match": '"2"'}).status == 200
