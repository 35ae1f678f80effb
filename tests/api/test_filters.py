"""Filters of movies and actors, in all combinations."""

import itertools
from typing import Any

import pytest

from chalicelib.http.fields import Country
from chalicelib.routes.movies import MovieStatus
from tests.conftest import Sent
from tests.support import faster_moto
from tests.support.client import Client, assert_failure

RIDER: dict[str, Any] = {
    "name": "Agnieszka Nowak",
    "gender": "female",
    "age": None,
    "playing_age_min": 28,
    "playing_age_max": 36,
    "languages": {"pl": "native", "pt-BR": "basic"},
    "skills": ["Riding", "Fencing"],
    "unions": ["SAG-AFTRA"],
    "base_country": "PL",
    "availability": [{"from": "2027-06-01", "to": "2027-06-30", "kind": "blocked"}],
}

MATCHING: dict[str, Any] = {
    "search": "now agn",
    "gender": "female",
    "playing_age": "30-40",
    "language": "pl",
    "skill": "riding",
    "union": "sag-aftra",
    "country": "PL",
    "available": {"available_from": "2027-05-01", "available_to": "2027-05-31"},
    "active": "true",
}

DIFFERENT: dict[str, Any] = {
    "search": {"name": "Zofia Kowalska"},
    "gender": {"gender": "male"},
    "playing_age": {"playing_age_min": 41, "playing_age_max": 50},
    "language": {"languages": {"de": "native"}},
    "skill": {"skills": ["Juggling"]},
    "union": {"unions": ["Equity"]},
    "country": {"base_country": "DE"},
    "available": {"availability": [{"from": "2027-05-31", "to": "2027-06-01", "kind": "blocked"}]},
    "active": {"active": False},
}
"""What an actor differs in who matches all filters but one."""


def query_of(names: Any) -> dict[str, Any]:
    query: dict[str, Any] = {}
    for name in names:
        value = MATCHING[name]
        query |= value if isinstance(value, dict) else {name: value}
    return query


def test_combined_filters_find_exactly_those_who_match(producer: Client) -> None:
    rider = producer.post("/actors", RIDER)["created"]
    others = {
        name: producer.post("/actors", {**RIDER, **fields})["created"]
        for name, fields in DIFFERENT.items()
    }
    # One and two of them, all but one, and all: the others differ in nothing that could matter.
    for number in (1, 2, len(MATCHING) - 1, len(MATCHING)):
        for names in itertools.combinations(MATCHING, number):
            pages = producer.pages("/actors", "actors", limit=5, **query_of(names))
            listed = [actor["id"] for page in pages for actor in page]
            expected = [rider, *(i for name, i in others.items() if name not in names)]
            assert sorted(listed) == sorted(expected), names


MOVIES: list[dict[str, Any]] = [
    {
        "title": "Heat",
        "release_date": "1995-12-15",
        "status": "released",
        "genres": ["crime", "drama"],
    },
    {"title": "Heat Wave", "release_date": None, "status": "casting", "genres": ["drama"]},
    {"title": "Ronin", "release_date": "1998-09-25", "status": "released", "genres": ["crime"]},
    {"title": "Early", "release_date": "1888-10-14"},
    {"title": "Late", "release_date": "9999-12-31", "status": "rumored"},
]


@pytest.fixture
def films(producer: Client) -> Client:
    def add() -> None:
        for body in MOVIES:
            assert producer.post("/movies", body).status == 201

    faster_moto.once("add movies to filter", add)
    return producer


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"status": "released"}, ["Heat", "Ronin"]),
        ({"genre": "drama"}, ["Heat", "Heat Wave"]),
        ({"genre": ["drama", "crime"]}, ["Heat"]),
        ({"genre": "drama", "sort": "-release_date"}, ["Heat", "Heat Wave"]),
        ({"undated": "true"}, ["Heat Wave"]),
        ({"undated": "false"}, ["Early", "Heat", "Ronin", "Late"]),
        ({"undated": "false", "sort": "-release_date"}, ["Late", "Ronin", "Heat", "Early"]),
        ({"released_from": "1995-12-15"}, ["Heat", "Ronin", "Late"]),
        ({"released_to": "1995-12-15"}, ["Early", "Heat"]),
        ({"released_from": "1995-12-15", "released_to": "1995-12-15"}, ["Heat"]),
        ({"released_from": "1995-12-16", "released_to": "1998-01-01"}, []),
        ({"search": "heat", "status": "casting"}, ["Heat Wave"]),
        ({"status": "released", "genre": "crime", "released_from": "1996-01-01"}, ["Ronin"]),
        ({"undated": "true", "released_from": "1900-01-01"}, []),
    ],
)
@pytest.mark.parametrize("limit", [1, 100])
def test_movies_are_filtered(
    films: Client, query: dict[str, Any], titles: list[str], limit: int
) -> None:
    pages = films.pages("/movies", "movies", limit=limit, **query)
    assert [movie["title"] for page in pages for movie in page] == titles


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_newest_first_lists_movies_without_a_date_last(films: Client, limit: int) -> None:
    films.post("/movies", {"title": "Undated", "release_date": None, "genres": ["crime"]})
    films.post("/movies", {"title": "Undated 2", "release_date": None, "genres": ["crime"]})
    query: dict[str, Any] = {"genre": "crime", "sort": "-release_date", "limit": limit}
    titles = [m["title"] for page in films.pages("/movies", "movies", **query) for m in page]
    assert titles[:2] == ["Ronin", "Heat"]
    assert sorted(titles[2:]) == ["Undated", "Undated 2"]


@pytest.mark.parametrize(
    ("path", "query", "detail"),
    [
        (
            "/actors",
            {"gender": "f"},
            "gender: expected one of female, male, non-binary, other, undisclosed.",
        ),
        (
            "/actors",
            {"playing_age": "old"},
            "playing_age: expected an age or a range of ages up to 150, such as 30-40.",
        ),
        ("/actors", {"playing_age": "40-30"}, "playing_age: expected the lower age first."),
        (
            "/actors",
            {"playing_age": "0-151"},
            "playing_age: expected an age or a range of ages up to 150, such as 30-40.",
        ),
        (
            "/actors",
            {"language": "Polish"},
            "language: expected a BCP 47 language code such as en, pt-BR or zh-Hant.",
        ),
        ("/actors", {"skill": ""}, "skill: expected some text, not an empty string."),
        ("/actors", {"skill": ["x"] * 9}, "skill: expected at most 8 items."),
        ("/actors", {"country": "POL"}, f"country: expected one of the {Country.__doc__}."),
        (
            "/actors",
            {"available_from": "2027-05-01"},
            "available_from and available_to must be sent together.",
        ),
        (
            "/actors",
            {"available_from": "2027-05-02", "available_to": "2027-05-01"},
            "available_to: expected nothing less than available_from.",
        ),
        (
            "/actors",
            {"available_from": "2027-02-30", "available_to": "2027-05-01"},
            "available_from: expected a date that exists, as YYYY-MM-DD.",
        ),
        ("/actors", {"active": "yes"}, "active: expected true or false, got text."),
        ("/movies", {"status": "lost"}, f"status: expected one of {', '.join(MovieStatus)}."),
        (
            "/movies",
            {"released_from": "1999", "released_to": "2000-01-01"},
            "released_from: expected a date that exists, as YYYY-MM-DD.",
        ),
        (
            "/movies",
            {"released_from": "2000-01-02", "released_to": "2000-01-01"},
            "released_to: expected nothing less than released_from.",
        ),
        ("/movies", {"undated": "1"}, "undated: expected true or false, got text."),
        (
            "/movies",
            {"genre": "drama", "sort": "title"},
            "sort=title cannot be combined with filters: sort by release_date.",
        ),
        (
            "/movies",
            {"search": "heat", "sort": "release_date"},
            "search lists in the order of the words: leave out sort.",
        ),
        (
            "/actors",
            {"search": "al", "sort": "name"},
            "search lists in the order of the words: leave out sort.",
        ),
    ],
)
def test_an_invalid_filter_is_rejected_and_says_what_is_expected(
    producer: Client, path: str, query: dict[str, Any], detail: str
) -> None:
    response = producer.get(path, **query)
    assert_failure(response, 422)
    assert response["detail"] == detail


def test_a_cursor_belongs_to_its_filters(producer: Client) -> None:
    for name in ("Ann", "Bea", "Cid"):
        producer.new_actor(name, gender="female", skills=["riding", "fencing"])
    cursor = producer.get("/actors", limit=1, skill="riding")["next_cursor"]
    assert producer.get("/actors", limit=1, skill="riding", cursor=cursor).status == 200
    for query in (
        {"skill": "fencing"},
        {},
        {"skill": ["riding", "fencing"]},
        {"skill": "riding", "sort": "name"},
    ):
        assert_failure(producer.get("/actors", limit=1, cursor=cursor, **query), 400)


def test_a_made_up_cursor_is_rejected(producer: Client) -> None:
    from chalicelib.http.paging import encode_cursor
    from chalicelib.routes.actors import ActorFilters

    producer.new_actor("Ann", skills=["riding"])
    name = f"/actors?sort=None{ActorFilters(search='ann')}"
    for place in (
        "0",
        "0\x1f",
        "7\x1fann",
        "x\x1fann",
        "0\x1fb",
        "0\x1fann" + "x" * 1_100,
        "\x1f",
        "0\x1fam",
    ):
        cursor = encode_cursor(name, place)
        assert_failure(producer.get("/actors", search="ann", cursor=cursor), 400)
    assert (
        producer.get("/actors", search="ann", cursor=encode_cursor(name, "0\x1fann")).status == 200
    )


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_a_filtered_list_is_sorted_by_name(producer: Client, sort: str) -> None:
    names = ["Łucja", "Ann", "Zoe", "Mia", "Lucy"]
    for name in names:
        producer.new_actor(name, skills=["riding"], playing_age_min=20)
    for query in (
        {"skill": "riding"},
        {"playing_age": "25"},
        {"gender": "male", "skill": "riding"},
    ):
        pages = producer.pages("/actors", "actors", limit=2, sort=sort, **query)
        listed = [actor["name"] for page in pages for actor in page]
        expected = ["Ann", "Łucja", "Lucy", "Mia", "Zoe"]
        assert listed == (expected if sort == "name" else expected[::-1])


def test_two_common_values_that_almost_exclude_each_other_are_found_at_bounded_cost(
    producer: Client, sent: Sent
) -> None:
    from chalicelib.store import find

    for number in range(60):
        skill = "driving" if number % 2 else "child"
        producer.new_actor(f"Extra {number:03}", skills=[skill])
    both = producer.new_actor("Rare", skills=["driving", "child"])
    listed, cursor, number_of_pages = [], None, 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(find, "FIRST", 1)
        patch.setattr(find, "LIMITS", (5, 5, 5))
        patch.setattr(find, "PROBE", 5)
        while number_of_pages == 0 or cursor:
            sent.clear()
            query: dict[str, Any] = {"cursor": cursor} if cursor else {}
            page = producer.get("/actors", limit=2, skill=["child", "driving"], **query)
            probes = 0 if cursor else 2
            assert len(sent) <= probes + 4 + 1
            listed += [actor["id"] for actor in page["actors"]]
            cursor, number_of_pages = page["next_cursor"], number_of_pages + 1
    assert listed == [both]
    assert number_of_pages > 1  # the first one is empty, and says that more may follow


def test_an_actor_without_playing_ages_is_not_found_by_age(producer: Client) -> None:
    producer.new_actor("Unknown")
    young = producer.new_actor("Young", playing_age_max=20)
    old = producer.new_actor("Old", playing_age_min=60)
    for ages, expected in (
        ("10-20", [young]),
        ("60", [old]),
        ("150", [old]),
        ("0", [young]),
        ("20-60", [young, old]),
    ):
        found = producer.get("/actors", playing_age=ages)["actors"]
        assert sorted(a["id"] for a in found) == sorted(expected), ages


def test_more_words_and_values_than_one_transaction_writes_are_rejected(producer: Client) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    body = {
        "name": " ".join(letters[:24]),
        "stage_name": " ".join(2 * letter for letter in letters[:24]),
        "gender": "female",
        "age": 1,
        "skills": [f"skill {number}" for number in range(30)],
        "languages": {f"{a}{b}": "basic" for a in "abc" for b in "abcdefghij"},
    }
    response = producer.post("/actors", body)
    assert_failure(response, 422)
    assert "95" in response["detail"]
    body["languages"] = {}
    actor_id = producer.post("/actors", body)["created"]
    languages = {f"{a}{b}": "basic" for a in "abc" for b in "abcdefghij"}
    assert_failure(producer.patch(f"/actors/{actor_id}", {"languages": languages}), 422)
    assert producer.actor(actor_id)["languages"] == {}


def test_a_change_of_more_entries_than_one_transaction_writes_is_found_at_once(
    producer: Client, sent: Sent
) -> None:
    words = [f"{letter}{letter}" for letter in "abcdefghijklmnopqrstuvwx"]
    actor_id = producer.new_actor(
        " ".join(words), skills=[f"skill {n}" for n in range(30)], imdb_id="nm0000001"
    )
    sent.clear()
    changes = {
        "name": " ".join(f"z{word}" for word in words),
        "skills": [f"other {n}" for n in range(30)],
        "imdb_id": "nm0000002",
    }
    assert producer.patch(f"/actors/{actor_id}", changes).status == 200
    assert sent.count("TransactWriteItems") > 1
    for query, expected in (
        ({"search": "aa"}, []), ({"search": "zaa zxx"}, [actor_id]),
        ({"skill": "skill 7"}, []), ({"skill": "other 7"}, [actor_id]),
    ):  # fmt: skip
        assert [a["id"] for a in producer.get("/actors", **query)["actors"]] == expected
    assert producer.actor(actor_id)["version"] == 2
    producer.new_actor("Free id", imdb_id="nm0000001")
    assert producer.delete(f"/actors/{actor_id}").status == 200
    assert producer.get("/actors", skill="other 7")["actors"] == []
