"""The largest items: they fit into the table, and pages of them end early with a cursor."""

import json
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.issuer import Issuer

WIDE = "\U0001f3ac"
"""A character of four bytes."""

LINE, TEXT, TAG = WIDE * 200, WIDE * 2_000, WIDE * 49
URL = "https://example.com/" + "é" * 1_980
LANGUAGES = {f"{a}{b}": "conversational" for a in "abcdef" for b in "abcde"}
DAYS = {"from": "2127-01-01", "to": "2127-12-31", "kind": "blocked"}

LARGEST_ACTOR: dict[str, Any] = {
    "name": LINE,
    "gender": "non-binary",
    "age": 100,
    "stage_name": LINE,
    "playing_age_min": 100,
    "playing_age_max": 150,
    "height_cm": 272,
    "languages": LANGUAGES,
    "skills": [f"{TAG}{letter}" for letter in "abcdefghijklmnopqrstuvwxyzABCD"],
    "unions": [f"{TAG}{letter}" for letter in "abcdefgh"],
    "agent": {"agency": LINE, "name": LINE, "email": f"a@{'é' * 248}.de", "phone": "1" * 39},
    "email": f"a@{'é' * 248}.de",
    "phone": "1" * 39,
    "headshot_url": URL,
    "base_city": LINE,
    "base_country": "DE",
    "availability": [DAYS] * 50,
    "notes": TEXT,
}

LARGEST_MOVIE: dict[str, Any] = {
    "title": WIDE * 300,
    "release_date": None,
    "synopsis": TEXT,
    "shoot_location": LINE,
    "director": LINE,
    "production_company": LINE,
    "poster_url": URL,
    "website": URL,
}


def utf_8(body: dict[str, Any], number: int) -> bytes:
    """Return a body without escapes, which would triple its size, and with an id of its own."""
    own_id = {"tmdb_id": 2_147_483_647 - number}
    return json.dumps({**body, **own_id}, ensure_ascii=False).encode()


@pytest.fixture
def real_client(url: str, issuer: Issuer, real_table: str) -> Client:
    """An Executive Producer. The table is in the real engine, which ends a Query after 1 MB."""
    return Client(url, issuer.token("producer"))


@pytest.mark.parametrize(
    ("path", "member", "body", "number"),
    [("/actors", "actors", LARGEST_ACTOR, 60), ("/movies", "movies", LARGEST_MOVIE, 90)],
)
def test_pages_of_the_largest_items_end_early_and_lose_nothing(
    real_client: Client, path: str, member: str, body: dict[str, Any], number: int
) -> None:
    ids = set()
    for place in range(number):
        created = real_client.post(path, utf_8(body, place))
        assert created.status == 201, created.text[:200]
        ids.add(created["created"])
    shown = real_client.get(f"{path}/{created['created']}")
    singular = member.removesuffix("s")
    assert {name: shown[singular][name] for name in body} == body
    pages = list(real_client.pages(path, member, limit=100))
    assert len(pages) > 1
    assert len(pages[0]) < number
    assert {item["id"] for page in pages for item in page} == ids
    assert sum(map(len, pages)) == number


def test_a_part_with_a_hundred_of_the_largest_candidates_is_shown(real_client: Client) -> None:
    movie_id = real_client.new_movie(WIDE * 300)
    part = {"name": LINE, "description": TEXT, "languages": LANGUAGES, "needed": 80,
            "skills": LARGEST_ACTOR["skills"], "unions": LARGEST_ACTOR["unions"],
            "work_start": "2127-01-01", "work_end": "2127-12-31"}  # fmt: skip
    part_id = real_client.post(f"/movies/{movie_id}/parts", part)["created"]
    actor_ids = []
    for place in range(101):
        created = real_client.post("/actors", utf_8(LARGEST_ACTOR, place))
        actor_ids.append(created["created"])
    for start in range(0, 101, 25):
        batch = {"actor_ids": actor_ids[start : start + 25]}
        assert real_client.post(f"/parts/{part_id}/candidates", batch).status == 201
    for place, actor_id in enumerate(actor_ids):
        changes = {"note": TEXT, "rating": 1, "status": "on_hold" if place < 80 else "passed"}
        assert real_client.patch(f"/candidates/{part_id}.{actor_id}", changes).status == 200
    beyond = real_client.patch(f"/candidates/{part_id}.{actor_ids[80]}", {"status": "on_hold"})
    assert (beyond.status, beyond["detail"]) == (409, "A part has at most 80 engaged candidates.")
    shown = real_client.get(f"/parts/{part_id}")
    assert shown.status == 200
    assert len(shown["candidates"]) == 100
    assert shown["next_cursor"]
    # All who are engaged are written in one transaction.
    dates = {"work_start": "2127-02-01", "work_end": None}
    assert real_client.patch(f"/parts/{part_id}", dates).status == 200
    movie_id = real_client.new_movie("Another")
    other = {"name": "Other", "work_start": "2127-02-01"}
    other_id = real_client.post(f"/movies/{movie_id}/parts", other)["created"]
    added = real_client.post(f"/parts/{other_id}/candidates", {"actor_ids": actor_ids[:1]})
    assert added["candidates"][0]["conflicts"] == [
        {"part_id": part_id, "work_start": "2127-02-01", "work_end": "2127-02-01"}
    ]
    path = f"/parts/{part_id}/candidates"
    for query, number in (({}, 101), ({"status": "on_hold"}, 80), ({"status": "passed"}, 21)):
        candidates = real_client.every(path, "candidates", limit=100, **query)
        assert len({candidate["id"] for candidate in candidates}) == len(candidates) == number
