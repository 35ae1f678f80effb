"""Lists: sort order, pages and cursors."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.store import table
from tests.conftest import Sent
from tests.support import faster_moto
from tests.support.client import Client, assert_failure

TITLES = ["Éclair", "alien", "Zodiac", "  Brazil", "amour", "Casablanca", "The  Thing", "8½"]
SORTED = ["8½", "alien", "amour", "Brazil", "Casablanca", "Éclair", "The  Thing", "Zodiac"]


@pytest.fixture
def films(producer: Client) -> Client:
    def add() -> None:
        for year, title in enumerate(TITLES, 1960):
            producer.new_movie(title, f"{year}-01-01")

    faster_moto.once("add movies to sort", add)
    return producer


def titles(movies: list[dict[str, Any]]) -> list[str]:
    return [movie["title"] for movie in movies]


def test_an_empty_list_is_a_success(producer: Client) -> None:
    for member in ("movies", "actors", "roles"):
        response = producer.get(f"/{member}")
        assert response.status == 200
        assert response.body == {"success": True, member: [], "next_cursor": None}


def test_titles_are_sorted_regardless_of_case_and_accents(films: Client) -> None:
    assert titles(films.get("/movies")["movies"]) == SORTED
    assert titles(films.get("/movies", sort="title")["movies"]) == SORTED
    assert titles(films.get("/movies", sort="-title")["movies"]) == SORTED[::-1]


def test_movies_are_sorted_by_release_date(films: Client) -> None:
    by_date = [title.strip() for title in TITLES]
    assert titles(films.get("/movies", sort="release_date")["movies"]) == by_date
    assert titles(films.get("/movies", sort="-release_date")["movies"]) == by_date[::-1]


def test_actors_are_sorted_by_name(producer: Client) -> None:
    for name in ("bob", "Ärni", "alice"):
        producer.new_actor(name)
    names = [actor["name"] for actor in producer.get("/actors")["actors"]]
    assert names == ["alice", "Ärni", "bob"]
    assert [a["name"] for a in producer.get("/actors", sort="-name")["actors"]] == names[::-1]


@pytest.mark.parametrize("sort", ["title", "-title", "release_date", "-release_date"])
@pytest.mark.parametrize("limit", range(1, 10))
def test_pages_of_any_size_contain_every_item_once(films: Client, sort: str, limit: int) -> None:
    whole = films.get("/movies", sort=sort)["movies"]
    pages = list(films.pages("/movies", "movies", sort=sort, limit=limit))
    assert [movie for page in pages for movie in page] == whole
    # Only the last page may be short, and no page is empty.
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert 1 <= len(pages[-1]) <= limit


def test_movies_with_the_same_title_and_date_are_all_listed(producer: Client) -> None:
    ids = {producer.new_movie("Heat", "1995-12-15") for _ in range(7)}
    for sort in ("title", "release_date"):
        movies = producer.every("/movies", "movies", sort=sort, limit=3)
        assert {movie["id"] for movie in movies} == ids
        assert len(movies) == 7


def test_the_default_limit_is_20(producer: Client) -> None:
    for _ in range(21):
        producer.new_movie()
    assert len(producer.get("/movies")["movies"]) == 20
    assert len(producer.get("/movies", limit=100)["movies"]) == 21


@pytest.mark.parametrize(
    "limit",
    ["0", "101", "-1", "1.5", "abc", "", " 5", "5 ", "٣", "1e1", "0x5", "5,6", "+5", "9" * 99],
)
@pytest.mark.parametrize("path", ["/movies", "/actors", "/roles"])
def test_an_invalid_limit_is_rejected(producer: Client, path: str, limit: str) -> None:
    assert_failure(producer.get(path, limit=limit), 400)


@pytest.mark.parametrize("sort", ["", "name", "Title", "title,-title", "--title", "id"])
def test_an_invalid_sort_order_is_rejected(producer: Client, sort: str) -> None:
    response = producer.get("/movies", sort=sort)
    assert_failure(response, 400)
    assert "-release_date" in response["detail"]


def test_an_unknown_query_parameter_is_ignored(films: Client) -> None:
    page = films.get("/movies", limit=2)
    assert films.get("/movies", limit=2, colour="red", q="%00").body == page.body
    # A cursor does not depend on it either.
    next_page = films.get("/movies", limit=2, cursor=page["next_cursor"], page="2")
    assert titles(next_page["movies"]) == SORTED[2:4]


def cursors(producer: Client) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the path and the query of each list, and a cursor of it."""
    movie_id, actor_id = producer.new_movie("A"), producer.new_actor("A")
    producer.new_role(movie_id, actor_id)
    producer.new_role(movie_id, producer.new_actor("B"))
    producer.new_role(producer.new_movie("B"), actor_id)
    for path, query in [
        ("/movies", {}),
        ("/movies", {"sort": "-title"}),
        ("/movies", {"sort": "release_date"}),
        ("/actors", {}),
        ("/roles", {}),
        ("/roles", {"movie_id": movie_id}),
        ("/roles", {"actor_id": actor_id}),
        (f"/movies/{movie_id}/actors", {}),
        (f"/actors/{actor_id}/movies", {}),
    ]:
        response = producer.get(path, limit=1, **query)
        assert response["next_cursor"], (path, query)
        yield path, query, response["next_cursor"]


def test_a_cursor_is_valid_only_for_its_list(producer: Client) -> None:
    lists = list(cursors(producer))
    assert len({cursor for *_, cursor in lists}) == len(lists)
    for path, query, own in lists:
        assert producer.get(path, cursor=own, **query).status == 200
        # It is valid with any limit.
        assert producer.get(path, cursor=own, limit=7, **query).status == 200
        for *_, foreign in lists:
            if foreign != own:
                assert_failure(producer.get(path, cursor=foreign, **query), 400)


def test_a_malformed_cursor_is_rejected(producer: Client) -> None:
    for path, query, cursor in cursors(producer):
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        fingerprint, key = raw[:6], raw[6:]
        forged = [
            fingerprint,
            fingerprint + b"\xff\xfe",
            fingerprint + b"nonsense",
            fingerprint + b"x\x1f" + b"A" * 16 + b"." + b"A" * 15,
            fingerprint + (b"ROLE#" + b"A" * 15),
            fingerprint + key[:-1],
            fingerprint + key + b"!",
            fingerprint + b"x" * 1_100 + key,
            fingerprint + key.replace(b"\x1f", b"|") if b"\x1f" in key else fingerprint + b"#",
            fingerprint + b"ROLE#",
        ]
        malformed = [
            "",
            "x",
            "*",
            "=",
            cursor + "=",
            cursor + "A",
            cursor[:-1],
            cursor * 50,
            "é",
            " ",
        ]
        for invalid in malformed + [
            base64.urlsafe_b64encode(m).rstrip(b"=").decode() for m in forged
        ]:
            assert_failure(producer.get(path, cursor=invalid, **query), 400)


def test_a_forged_cursor_is_only_another_place_in_the_same_list(films: Client) -> None:
    cursor = films.get("/movies", limit=1)["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    place = raw[:6] + b"casablanca\x1f----------------"
    forged = base64.urlsafe_b64encode(place).rstrip(b"=").decode()
    assert titles(films.get("/movies", cursor=forged)["movies"]) == SORTED[4:]


def test_a_cursor_stays_valid_after_its_item_is_deleted(films: Client) -> None:
    first = films.get("/movies", limit=3)
    for movie in first["movies"]:
        assert films.delete(f"/movies/{movie['id']}").status == 200
    rest = films.every("/movies", "movies", limit=3, cursor=first["next_cursor"])
    assert titles(rest) == SORTED[3:]


def test_a_cursor_past_the_end_returns_an_empty_page(films: Client) -> None:
    first = films.get("/movies", limit=7)
    films.delete(f"/movies/{films.get('/movies', sort='-title', limit=1)['movies'][0]['id']}")
    response = films.get("/movies", cursor=first["next_cursor"])
    assert response.body == {"success": True, "movies": [], "next_cursor": None}


def test_an_item_that_is_added_between_pages_moves_no_other_item(films: Client) -> None:
    first = films.get("/movies", limit=4)
    films.new_movie("AAA")
    films.new_movie("Dune")
    rest = films.every("/movies", "movies", cursor=first["next_cursor"])
    assert titles(rest) == ["Casablanca", "Dune", "Éclair", "The  Thing", "Zodiac"]


def test_the_cost_of_a_page_does_not_depend_on_the_length_of_the_list(
    producer: Client, sent: Sent
) -> None:
    def cost(**query: Any) -> tuple[list[str], int]:
        sent.clear()
        sent.answers.clear()
        assert len(producer.get("/movies", limit=10, **query)["movies"]) == 10
        return list(sent), sum(response["ScannedCount"] for response in sent.answers)

    for _ in range(11):
        producer.new_movie("m")
    cost_of_few = cost()
    with table.Item.batch_write() as batch:
        from chalicelib.store.items import Movie

        for number in range(2_000):
            movie_id = f"{number:016}"
            batch.save(
                Movie(
                    f"MOVIE#{movie_id}",
                    "#",
                    id=movie_id,
                    title=f"n{number}",
                    release_date="2000-01-01",
                    created_at="x",
                    updated_at="x",
                    version=1,
                    gsi1pk="MOVIES",
                    gsi1sk=f"n\x1f{movie_id}",
                    gsi2pk="MOVIES",
                    gsi2sk=f"2000-01-01\x1f{movie_id}",
                )
            )
    middle = producer.get("/movies", limit=100)["next_cursor"]
    assert cost_of_few == cost() == cost(sort="-title") == cost(cursor=middle) == (["Query"], 11)


@pytest.mark.slow
def test_a_movie_shows_its_first_100_roles_and_a_cursor_for_the_rest(producer: Client) -> None:
    movie_id = producer.new_movie()
    actor_ids = [producer.new_actor(f"Actor {n:03}") for n in range(102)]
    for number, actor_id in enumerate(actor_ids[:100]):
        producer.new_role(movie_id, actor_id, billing_order=100 - number)
    response = producer.get(f"/movies/{movie_id}")
    assert response["next_cursor"] is None
    assert [role["billing_order"] for role in response["roles"]] == list(range(1, 101))
    for actor_id in actor_ids[100:]:
        producer.new_role(movie_id, actor_id)
    response = producer.get(f"/movies/{movie_id}")
    assert response["movie"]["role_count"] == 102
    assert len(response["roles"]) == 100
    rest = producer.get("/roles", movie_id=movie_id, cursor=response["next_cursor"])
    assert len(rest["roles"]) == 2
    shown = {role["actor_id"] for role in response["roles"] + rest["roles"]}
    assert shown == set(actor_ids)
