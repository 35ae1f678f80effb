"""`/actors`: the rules for actors. `test_movies.py` tests what movies and actors share."""

import datetime
from typing import Any

import pytest

from tests.support.client import Client, assert_failure

VALID = {"name": "Zoë Kravitz", "gender": "female", "date_of_birth": "1988-12-01"}

OPTIONAL = [
    "stage_name",
    "playing_age_min",
    "playing_age_max",
    "height_cm",
    "languages",
    "skills",
    "unions",
    "agent",
    "email",
    "phone",
    "headshot_url",
    "base_city",
    "base_country",
    "availability",
    "imdb_id",
    "tmdb_id",
    "notes",
]
"""The fields that are null unless they are sent."""


def test_an_actor_with_a_date_of_birth_has_an_age(
    producer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = producer.post("/actors", VALID)
    assert created.status == 201
    actor = created["actor"]
    assert created.headers["location"] == f"/actors/{actor['id']}"
    assert actor == {
        "id": created["created"],
        **VALID,
        "age": actor["age"],
        **dict.fromkeys(OPTIONAL),
        "candidate_count": 0,
        "active": True,
        "role_count": 0,
        "created_at": actor["created_at"],
        "updated_at": actor["created_at"],
        "version": 1,
    }
    for today, age in (
        ("2026-11-30", 37),
        ("2026-12-01", 38),
        ("2026-12-02", 38),
        ("2140-01-01", 150),
    ):
        noon = datetime.datetime.fromisoformat(f"{today}T12:00:00+00:00")
        monkeypatch.setattr("chalicelib.routes.actors.now", lambda noon=noon: noon)
        assert producer.get(f"/actors/{actor['id']}")["actor"]["age"] == age
        assert producer.get("/actors")["actors"][0]["age"] == age


def test_an_actor_can_have_an_age_without_a_date_of_birth(producer: Client) -> None:
    actor = producer.post("/actors", {"name": "A", "gender": "other", "age": 0})["actor"]
    assert (actor["age"], actor["date_of_birth"]) == (0, None)


def test_age_and_date_of_birth_replace_each_other(producer: Client) -> None:
    path = f"/actors/{producer.new_actor(age=40)}"
    with_date_of_birth = producer.patch(path, {"date_of_birth": "2000-02-29"})["actor"]
    assert with_date_of_birth["date_of_birth"] == "2000-02-29"
    assert with_date_of_birth["age"] != 40
    with_age = producer.patch(path, {"age": 41})["actor"]
    assert (with_age["age"], with_age["date_of_birth"]) == (41, None)
    assert producer.get(path)["actor"] == with_age
    renamed = producer.patch(path, {"name": "Somebody Else"})["actor"]
    assert (renamed["age"], renamed["version"]) == (41, 4)


@pytest.mark.parametrize("gender", ["female", "male", "non-binary", "other", "undisclosed"])
@pytest.mark.parametrize("age", [0, 1, 150])
def test_valid_fields_are_accepted(producer: Client, gender: str, age: int) -> None:
    actor_id = producer.new_actor(gender=gender, age=age)
    actor = producer.get(f"/actors/{actor_id}")["actor"]
    assert (actor["gender"], actor["age"]) == (gender, age)


INVALID_FIELDS: list[dict[str, Any]] = [
    {"name": ""},
    {"name": "x" * 201},
    {"name": None},
    {"gender": "Female"},
    {"gender": ""},
    {"gender": None},
    {"gender": 1},
    {"age": -1},
    {"age": 151},
    {"age": True},
    {"age": 40.5},
    {"age": 40.0},
    {"age": "40"},
    {"age": 10**30},
    {"date_of_birth": "1988-02-30"},
    {"date_of_birth": "1800-01-01"},
    {"date_of_birth": "2999-01-01"},
    {"date_of_birth": 19880101},
    {"age": 38, "date_of_birth": "1988-12-01"},
    {"role_count": 1},
]


@pytest.mark.parametrize("invalid", INVALID_FIELDS)
def test_an_invalid_field_is_rejected_and_changes_nothing(
    producer: Client, invalid: dict[str, Any]
) -> None:
    actor_id = producer.new_actor()
    before = producer.get("/actors").body
    valid = {k: v for k, v in VALID.items() if not (k == "date_of_birth" and "age" in invalid)}
    response = producer.post("/actors", valid | invalid)
    assert_failure(response, 422)
    assert next(iter(invalid)) in response["detail"]
    assert_failure(producer.patch(f"/actors/{actor_id}", invalid), 422)
    assert producer.get("/actors").body == before


def test_an_age_that_is_null_says_that_neither_is_known(producer: Client) -> None:
    created = producer.post("/actors", {"name": "Nobody", "gender": "undisclosed", "age": None})
    assert created.status == 201
    assert (created["actor"]["age"], created["actor"]["date_of_birth"]) == (None, None)
    for known in ({"age": 40}, {"date_of_birth": "2000-02-29"}):
        actor = producer.post("/actors", {"name": "A", "gender": "other", **known})["actor"]
        path = f"/actors/{actor['id']}"
        assert producer.get(path)["actor"]["age"] is not None
        unknown = producer.patch(path, {"age": None})["actor"]
        assert (unknown["age"], unknown["date_of_birth"]) == (None, None)
        assert producer.get(path)["actor"] == unknown


def test_null_for_the_field_without_a_value_is_accepted_as_shown(producer: Client) -> None:
    path = f"/actors/{producer.new_actor(age=40)}"
    with_date_of_birth = producer.patch(path, {"age": None, "date_of_birth": "2000-02-29"})["actor"]
    assert with_date_of_birth["date_of_birth"] == "2000-02-29"
    with_age = producer.patch(path, {"age": 5, "date_of_birth": None})["actor"]
    assert (with_age["age"], with_age["date_of_birth"]) == (5, None)
    neither = producer.patch(path, {"age": None, "date_of_birth": None})["actor"]
    assert (neither["age"], neither["date_of_birth"]) == (None, None)


EITHER = "Send either age or date_of_birth; age may be null if neither is known."


@pytest.mark.parametrize(
    ("invalid", "detail"),
    [
        ({"name": ""}, "name: expected some text, not an empty string."),
        ({"name": "x" * 201}, "name: expected at most 200 characters."),
        ({"name": "a\x07b"}, "name: expected text without control characters."),
        ({"name": 5}, "name: expected text, got a whole number."),
        ({"age": True}, "age: expected a whole number or null, got true or false."),
        ({"age": 151}, "age: expected a number of 150 or less."),
        ({"age": -1}, "age: expected a number of 0 or more."),
        ({"gender": "x"}, "gender: expected one of female, male, non-binary, other, undisclosed."),
        (
            {"date_of_birth": "2000-02-30"},
            "date_of_birth: expected a date that exists, as YYYY-MM-DD.",
        ),
        ({"date_of_birth": "2999-01-01"}, "date_of_birth: expected a date of the last 150 years."),
        ({"age": 1, "date_of_birth": "2000-01-01"}, EITHER),
        ({"date_of_birth": None}, EITHER),
        (
            {"colour": "red"},
            "colour is not a field here: send name, gender, age, date_of_birth,"
            f" {', '.join(OPTIONAL[:-1])}, active, notes.",
        ),
    ],
)
def test_the_detail_names_the_field_and_what_is_expected(
    producer: Client, invalid: dict[str, Any], detail: str
) -> None:
    assert producer.patch(f"/actors/{producer.new_actor()}", invalid)["detail"] == detail


@pytest.mark.parametrize("known", [{"age": 40}, {"date_of_birth": "2000-02-29"}])
def test_a_date_of_birth_cannot_be_removed_alone(producer: Client, known: dict[str, Any]) -> None:
    path = (
        f"/actors/{producer.post('/actors', {**VALID, 'date_of_birth': None, **known})['created']}"
    )
    before = producer.get(path)["actor"]
    assert_failure(producer.patch(path, {"date_of_birth": None}), 422)
    assert producer.get(path)["actor"] == before


def test_an_actor_needs_an_age_or_a_date_of_birth(producer: Client) -> None:
    for missing in ({}, {"date_of_birth": None}):
        response = producer.post("/actors", {"name": "A", "gender": "other", **missing})
        assert_failure(response, 422)
        assert response["detail"] == EITHER
    assert_failure(producer.post("/actors", {"gender": "other", "age": 1}), 422)
    assert_failure(producer.post("/actors", {"name": "A", "age": 1}), 422)


def test_the_detail_quotes_nothing_that_was_sent(producer: Client) -> None:
    secret = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im1haW4ifQ.eyJpc3MiOiJodHRwczovL3QvIn0.c2lnbmF0dXJl"
    bodies: list[dict[str, Any]] = [
        {**VALID, "gender": secret},
        {**VALID, "date_of_birth": secret},
        {**VALID, secret: 1},
        {**VALID, "name": [secret]},
    ]
    for body in bodies:
        response = producer.post("/actors", body)
        assert_failure(response, 422)
        assert secret[:20] not in response.text


def test_if_match_rejects_a_write_to_another_version(producer: Client) -> None:
    path = f"/actors/{producer.new_actor()}"
    assert producer.patch(path, {"age": 56}, **{"If-Match": '"1"'}).status == 200
    assert_failure(producer.patch(path, {"age": 57}, **{"If-Match": '"1"'}), 412)
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    assert producer.delete(path, **{"If-Match": '"2"'}).status == 200


def test_a_deleted_actor_is_not_found(producer: Client) -> None:
    path = f"/actors/{producer.new_actor()}"
    assert producer.delete(path).body["success"] is True
    assert_failure(producer.get(path), 404)
    assert_failure(producer.get(f"{path}/movies"), 404)
    assert producer.get("/actors")["actors"] == []
