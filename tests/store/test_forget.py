"""`make forget` leaves no value of a person in the table."""

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store.client import client
from dev.deploy import foundations, stages
from dev.table import forget, integrity
from tests.support.client import Client

PERSON: dict[str, Any] = {
    "name": "Zephyrine Quillfeather",
    "stage_name": "Zephi Quill",
    "gender": "non-binary",
    "date_of_birth": "1987-03-19",
    "playing_age_min": 23,
    "playing_age_max": 37,
    "height_cm": 173,
    "languages": {"cy": "native"},
    "skills": ["Zither playing"],
    "unions": ["Zunion"],
    "agent": {"name": "Xaviera Agentson", "email": "xaviera@agency.example"},
    "email": "zephyrine@home.example",
    "phone": "+44 20 7946 0958",
    "headshot_url": "https://pictures.example/quillfeather.jpg",
    "base_city": "Llandudno",
    "base_country": "GB",
    "availability": [{"kind": "blocked", "from": "2027-05-03", "to": "2027-05-29"}],
    "imdb_id": "nm7654321",
    "tmdb_id": 7654321,
    "notes": "Allergic to quinces",
}
NEW_NAME = "Ottoline Quillfeather"
ABOUT = ("Sings like a kettle", "Duchess Vortigern")
"""A note at a candidacy, and the name of a character."""


@pytest.fixture
def empty_table(real_table: str) -> str:
    return real_table


def contents() -> list[str]:
    """Return the items of the table and of its indexes, as text."""
    places: list[dict[str, str]] = [{}, {"IndexName": "gsi1"}, {"IndexName": "gsi2"}]
    return [
        json.dumps(item, ensure_ascii=False).lower()
        for place in places
        for page in client().get_paginator("scan").paginate(TableName=TABLE_NAME, **place)
        for item in page["Items"]
    ]


def words(value: Any) -> list[str]:
    """Return the texts and numbers in a value of a field that nobody else has."""
    if isinstance(value, dict):
        return [word for part in value.values() for word in words(part)]
    if isinstance(value, list):
        return [word for part in value for word in words(part)]
    return [text] if len(text := str(value).lower()) > 3 else []


def found(values: list[str]) -> set[str]:
    everything = "\n".join(contents())
    return {value for value in values if value in everything}


PERSONAL = [
    word
    for value in [*PERSON.values(), NEW_NAME, *ABOUT]
    for word in words(value)
    if word not in ("native", "blocked")
]


@pytest.fixture
def person(producer: Client) -> str:
    """The id of an actor with a history, a role and three candidacies, of which one is removed."""
    response = producer.post("/actors", PERSON)
    assert response.status == 201, response
    actor_id = str(response["created"])
    movie_id, other_id = producer.new_movie(), producer.new_actor("Val Kilmer")
    for number in range(3):
        part_id = producer.new_part(movie_id, f"Part {number}")
        candidate_id = producer.new_candidate(part_id, actor_id)
        producer.new_candidate(part_id, other_id)
        assert producer.patch(f"/candidates/{candidate_id}", {"note": ABOUT[0]}).status == 200
    assert producer.delete(f"/candidates/{candidate_id}").status == 200
    producer.new_role(movie_id, actor_id, character_name=ABOUT[1])
    producer.new_role(movie_id, other_id)
    assert producer.patch(f"/actors/{actor_id}", {"name": NEW_NAME}).status == 200
    return actor_id


def test_nothing_of_a_forgotten_person_is_in_the_table(person: str) -> None:
    assert found(PERSONAL) == set(PERSONAL)
    before = len([item for item in contents() if person.lower() in item and "history#" in item])
    remaining = forget.forget(person)
    assert found(PERSONAL) == set()
    assert integrity.problems(integrity.read()) == []
    assert remaining == before + 4  # the removals of the actor, the role and two candidacies
    assert forget.forget(person) == remaining


def test_the_history_says_who_changed_which_fields_and_when(person: str, producer: Client) -> None:
    before = producer.get(f"/actors/{person}/history")["history"]
    forget.forget(person)
    removed, *history = producer.get(f"/actors/{person}/history")["history"]
    assert (removed["operation"], removed["by"]) == ("deleted", forget.BY)
    assert "name" in removed["changes"]
    assert history == [{**record, "changes": dict.fromkeys(record["changes"])} for record in before]


def test_others_are_not_touched(person: str, producer: Client) -> None:
    def others() -> list[Any]:
        histories = [item for item in contents() if "history#" in item]
        of_others = [item for item in histories if person.lower() not in item]
        return [producer.get("/actors?search=kilmer").text, sorted(of_others)]

    before = others()
    forget.forget(person)
    assert others() == before
    (movie,) = producer.get("/movies")["movies"]
    assert movie["role_count"] == 1
    assert len(producer.get(f"/movies/{movie['id']}/candidates")["candidates"]) == 3


def test_an_actor_who_was_removed_before_is_forgotten_too(person: str, producer: Client) -> None:
    assert producer.delete(f"/actors/{person}").status == 200
    assert found([NEW_NAME.lower()])
    assert forget.forget(person)
    assert found(PERSONAL) == set()


@pytest.mark.parametrize(
    ("actor_id", "confirmation", "sentence"),
    [
        ("", "", "name the actor"),
        ("Zephyrine", "Zephyrine", "name the actor"),
        ("A" * 16, "", "add CONFIRM=AAAAAAAAAAAAAAAA"),
        ("A" * 16, "prod", "add CONFIRM=AAAAAAAAAAAAAAAA"),
    ],
)
def test_wrong_input_is_refused(
    monkeypatch: pytest.MonkeyPatch, actor_id: str, confirmation: str, sentence: str
) -> None:
    monkeypatch.setattr(foundations, "aws_account", lambda _: pytest.fail("it goes on"))
    refuses(monkeypatch, actor_id, confirmation, sentence)


def test_an_unknown_actor_is_reported(empty_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foundations, "aws_account", nullcontext)
    refuses(monkeypatch, "A" * 16, "A" * 16, "there is no actor AAAAAAAAAAAAAAAA in casting-prod")


def refuses(
    monkeypatch: pytest.MonkeyPatch, actor_id: str, confirmation: str, sentence: str
) -> None:
    stage = SimpleNamespace(settings={"TABLE_NAME": "casting-prod"})
    monkeypatch.setattr(stages, "chosen", lambda: stage)
    monkeypatch.setenv("ACTOR", actor_id)
    monkeypatch.setenv("CONFIRM", confirmation)
    with pytest.raises(SystemExit, match=sentence):
        forget.main()
