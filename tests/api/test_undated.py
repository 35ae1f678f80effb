"""Movies without a release date, and other values that real movies and actors have."""

from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import Sent
from tests.support.client import Client, assert_failure

DATES: list[str | None] = [None, "1995-12-15", None, "1888-10-14", "9999-12-31", None, "1995-12-15"]
UNDATED = sum(date is None for date in DATES)
SIZES = range(1, len(DATES) + 2)


@pytest.fixture
def films(producer: Client) -> Client:
    """A caller whose agency has movies with these release dates."""
    for number, date in enumerate(DATES):
        new_movie(producer, f"Movie {number}", date)
    return producer


def new_movie(client: Client, title: str, release_date: str | None = None) -> str:
    response = client.post("/movies", {"title": title, "release_date": release_date})
    assert response.status == 201, response
    assert (response["movie"]["title"], response["movie"]["release_date"]) == (title, release_date)
    return str(response["created"])


def dates(movies: list[dict[str, Any]]) -> list[str | None]:
    return [movie["release_date"] for movie in movies]


def ids(resources: list[dict[str, Any]]) -> list[str]:
    return [resource["id"] for resource in resources]


def test_a_new_movie_must_say_that_it_has_no_release_date(producer: Client) -> None:
    response = producer.post("/movies", {"title": "Heat"})
    assert_failure(response, 422)
    assert response["detail"] == "release_date is missing."
    new_movie(producer, "Heat", None)


def test_undated_movies_are_last_in_both_directions(films: Client) -> None:
    dated = sorted(date for date in DATES if date)
    rising = films.get("/movies", sort="release_date")["movies"]
    falling = films.get("/movies", sort="-release_date")["movies"]
    assert dates(rising) == [*dated, *[None] * UNDATED]
    assert dates(falling) == [*dated[::-1], *[None] * UNDATED]
    # Both orders are complete and exact: within the dated and within the undated, one is the
    # reverse of the other.
    count = len(dated)
    assert ids(falling) == ids(rising)[:count][::-1] + ids(rising)[count:][::-1]
    assert len(set(ids(rising))) == len(DATES)


@pytest.mark.parametrize("sort", ["release_date", "-release_date", "title", "-title"])
@pytest.mark.parametrize("limit", SIZES)
def test_pages_of_any_size_have_every_movie_once(films: Client, sort: str, limit: int) -> None:
    whole = films.get("/movies", sort=sort)["movies"]
    pages = list(films.pages("/movies", "movies", sort=sort, limit=limit))
    assert [movie for page in pages for movie in page] == whole
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert 1 <= len(pages[-1]) <= limit


@pytest.mark.parametrize("sort", ["release_date", "-release_date"])
@pytest.mark.parametrize("date", [None, "2001-01-01"])
@pytest.mark.parametrize("limit", range(1, 5))
def test_a_list_of_only_dated_or_only_undated_movies_is_exact(
    producer: Client, sort: str, date: str | None, limit: int
) -> None:
    expected = sorted(new_movie(producer, "Heat", date) for _ in range(3))
    pages = list(producer.pages("/movies", "movies", sort=sort, limit=limit))
    listed = [movie["id"] for page in pages for movie in page]
    assert listed == (expected if sort == "release_date" else expected[::-1])
    assert all(pages)


def test_a_page_is_two_queries_only_where_the_dated_movies_end(films: Client, sent: Sent) -> None:
    def requests(sort: str, limit: int) -> list[int]:
        """Return the number of Queries of each page."""
        counts = []
        query: dict[str, Any] = {"sort": sort, "limit": limit}
        while True:
            sent.clear()
            response = films.get("/movies", **query)
            assert set(sent) == {"Query"}
            counts.append(len(sent))
            if response["next_cursor"] is None:
                return counts
            query["cursor"] = response["next_cursor"]

    # There are four dated and three undated movies. The second page ends with the last dated one,
    # and the third begins after it: neither knows this before its first Query.
    assert requests("-release_date", 2) == [1, 2, 2, 1]
    assert requests("-release_date", 3) == [1, 2, 1]
    assert requests("-release_date", 7) == [2]
    assert requests("release_date", 2) == [1, 1, 1, 1]
    assert requests("release_date", 7) == [1]


def test_a_cursor_stays_valid_when_its_movie_is_dated_or_deleted(films: Client) -> None:
    for sort in ("release_date", "-release_date"):
        whole = films.get("/movies", sort=sort)["movies"]
        first = films.get("/movies", sort=sort, limit=5)
        last = f"/movies/{first['movies'][-1]['id']}"
        assert first["movies"][-1]["release_date"] is None
        assert films.patch(last, {"release_date": "2000-01-01"}).status == 200
        rest = films.get("/movies", sort=sort, cursor=first["next_cursor"])
        assert rest["movies"] == whole[5:]
        assert films.delete(last).status == 200
        rest = films.get("/movies", sort=sort, cursor=first["next_cursor"])
        assert rest["movies"] == whole[5:]
        new_movie(films, "Another one")


def test_casting_in_an_undated_movie_is_shown_everywhere(producer: Client) -> None:
    movie_id, actor_id = new_movie(producer, "Untitled"), producer.new_actor("Al Pacino")
    role_id = producer.new_role(movie_id, actor_id, character_name="Self")
    (shown,) = producer.get(f"/actors/{actor_id}")["roles"]
    assert (shown["movie_title"], shown["movie_release_date"]) == ("Untitled", None)
    (credit,) = producer.get(f"/actors/{actor_id}/movies")["movies"]
    assert credit == {
        "id": movie_id,
        "title": "Untitled",
        "release_date": None,
        "role_id": role_id,
        "character_name": "Self",
        "billing_order": None,
    }
    (member,) = producer.get(f"/movies/{movie_id}/actors")["actors"]
    assert (member["id"], member["role_id"], member["version"]) == (actor_id, role_id, 1)
    assert producer.get(f"/movies/{movie_id}")["movie"]["role_count"] == 1
    assert producer.delete(f"/roles/{role_id}").status == 200
    assert producer.get(f"/actors/{actor_id}/movies")["movies"] == []


@pytest.mark.parametrize("limit", SIZES)
def test_a_filmography_has_undated_movies_last_on_pages_of_any_size(
    films: Client, limit: int
) -> None:
    actor_id = films.new_actor()
    for movie in films.get("/movies")["movies"]:
        films.new_role(movie["id"], actor_id)
    path = f"/actors/{actor_id}/movies"
    whole = films.get(path)["movies"]
    dated = sorted((date for date in DATES if date), reverse=True)
    assert dates(whole) == [*dated, *[None] * UNDATED]
    pages = list(films.pages(path, "movies", limit=limit))
    assert [credit for page in pages for credit in page] == whole
    assert all(pages)
    # The actor shows their roles in the same order.
    roles = films.get(f"/actors/{actor_id}")["roles"]
    assert [role["movie_id"] for role in roles] == ids(whole)


def test_a_new_date_moves_a_movie_in_lists_and_filmographies(producer: Client) -> None:
    actor_id = producer.new_actor()
    movie_ids = {
        "old": new_movie(producer, "Old", "1990-01-01"),
        "new": new_movie(producer, "New", "2020-01-01"),
        "next": new_movie(producer, "Next"),
    }
    names = {movie_id: name for name, movie_id in movie_ids.items()}
    for movie_id in movie_ids.values():
        producer.new_role(movie_id, actor_id)

    def order(path: str, **query: str) -> list[str]:
        return [names[movie["id"]] for movie in producer.get(path, **query)["movies"]]

    def orders() -> tuple[list[str], list[str], list[str]]:
        return (
            order("/movies", sort="release_date"),
            order("/movies", sort="-release_date"),
            order(f"/actors/{actor_id}/movies"),
        )

    assert orders() == (
        ["old", "new", "next"],
        ["new", "old", "next"],
        ["new", "old", "next"],
    )
    path = f"/movies/{movie_ids['next']}"
    dated = producer.patch(path, {"release_date": "2000-01-01"})
    assert dated.status == 200
    assert dated["movie"]["release_date"] == "2000-01-01"
    assert orders() == (
        ["old", "next", "new"],
        ["new", "next", "old"],
        ["new", "next", "old"],
    )
    shown = producer.get(f"/actors/{actor_id}")["roles"]
    assert [role["movie_release_date"] for role in shown] == [
        "2020-01-01",
        "2000-01-01",
        "1990-01-01",
    ]
    # The release is postponed, with no new date.
    assert producer.patch(path, {"release_date": None})["movie"]["release_date"] is None
    assert orders() == (
        ["old", "new", "next"],
        ["new", "old", "next"],
        ["new", "old", "next"],
    )
    shown = producer.get(f"/actors/{actor_id}")["roles"]
    assert [role["movie_release_date"] for role in shown] == ["2020-01-01", "1990-01-01", None]


def test_a_filmography_of_undated_movies_is_not_found_once_its_actor_is_being_deleted(
    producer: Client,
) -> None:
    from chalicelib.store.items import Actor

    actor_id = producer.new_actor()
    for _ in range(3):
        producer.new_role(new_movie(producer, "Untitled"), actor_id)
    actor = Actor.get(f"ACTOR#{actor_id}", "#")
    actor.set(deleting="2026-01-01T00:00:00.000000Z", **actor.hidden())
    actor.save()
    for limit in (1, 2, 3, 4):
        assert_failure(producer.get(f"/actors/{actor_id}/movies", limit=limit), 404)


TITLES = [
    "…",
    "?",
    "$",
    "9",
    "↑",
    "#Alive",
    "(500) Days of Summer",
    "~",
    "~~",
    "M",
    "千と千尋の神隠し",
]


def test_titles_of_symbols_are_stored_listed_and_cast_as_they_are(producer: Client) -> None:
    actor_id = producer.new_actor()
    for title in TITLES:
        for date in (None, "2020-01-01"):
            producer.new_role(new_movie(producer, title, date), actor_id)
    for sort in ("title", "-title", "release_date", "-release_date"):
        movies = producer.every("/movies", "movies", sort=sort, limit=3)
        assert sorted(movie["title"] for movie in movies) == sorted(TITLES * 2)
        assert len(set(ids(movies))) == 2 * len(TITLES)
    for path in ("/movies", f"/actors/{actor_id}/movies"):
        movies = producer.every(path, "movies", limit=4)
        assert sorted(movie["title"] for movie in movies) == sorted(TITLES * 2)
    falling = producer.every("/movies", "movies", sort="-release_date", limit=5)
    assert [date is None for date in dates(falling)] == [False] * len(TITLES) + [True] * len(TITLES)


def test_the_first_film_and_the_last_day_are_dates_like_others(producer: Client) -> None:
    for date in ("9999-12-31", "1888-10-14", None, "2020-01-01"):
        new_movie(producer, "Heat", date)
    rising = producer.every("/movies", "movies", sort="release_date", limit=1)
    assert dates(rising) == ["1888-10-14", "2020-01-01", "9999-12-31", None]
    falling = producer.every("/movies", "movies", sort="-release_date", limit=1)
    assert dates(falling) == ["9999-12-31", "2020-01-01", "1888-10-14", None]


@pytest.mark.parametrize("date", [None, "1995-12-15"])
def test_two_movies_with_the_same_title_and_date_are_two_movies(
    producer: Client, date: str | None
) -> None:
    movie_ids = [new_movie(producer, "Heat", date) for _ in range(2)]
    actor_id = producer.new_actor()
    for movie_id in movie_ids:
        producer.new_role(movie_id, actor_id)
    for sort in ("title", "-title", "release_date", "-release_date"):
        movies = producer.every("/movies", "movies", sort=sort, limit=1)
        assert sorted(ids(movies)) == sorted(movie_ids)
    films = producer.every(f"/actors/{actor_id}/movies", "movies", limit=1)
    assert sorted(ids(films)) == sorted(movie_ids)
    assert producer.delete(f"/movies/{movie_ids[0]}").status == 200
    assert ids(producer.get("/movies")["movies"]) == [movie_ids[1]]
    assert ids(producer.get(f"/actors/{actor_id}/movies")["movies"]) == [movie_ids[1]]


def test_two_actors_with_the_same_name_are_two_actors(producer: Client) -> None:
    movie_id = new_movie(producer, "Heat")
    actor_ids = [producer.new_actor("Michael Fox", age=age) for age in (30, 60)]
    for actor_id in actor_ids:
        producer.new_role(movie_id, actor_id)
    for path in ("/actors", f"/movies/{movie_id}/actors"):
        assert sorted(ids(producer.every(path, "actors", limit=1))) == sorted(actor_ids)
    assert producer.delete(f"/actors/{actor_ids[0]}").status == 200
    assert ids(producer.get(f"/movies/{movie_id}/actors")["actors"]) == [actor_ids[1]]


def test_several_actors_can_play_themselves(producer: Client) -> None:
    movie_id = new_movie(producer, "This Is the End")
    actor_ids = [producer.new_actor(f"Actor {number}") for number in range(5)]
    for actor_id in actor_ids:
        producer.new_role(movie_id, actor_id, character_name="Self")
    cast = producer.every(f"/movies/{movie_id}/actors", "actors", limit=2)
    assert ids(cast) == actor_ids
    assert {member["character_name"] for member in cast} == {"Self"}


NAMES = ["Cher", "Ø", "X", "عمر الشريف", "גל גדות", "\u200fגל\u200f", "周", "bell hooks", "50 Cent"]


def test_names_of_every_kind_are_shown_and_sorted_as_they_are(producer: Client) -> None:
    movie_id = new_movie(producer, "~")
    expected = {producer.new_actor(name): name for name in NAMES}
    for actor_id in expected:
        producer.new_role(movie_id, actor_id)
    for path in ("/actors", f"/movies/{movie_id}/actors"):
        whole = producer.get(path)["actors"]
        assert {actor["id"]: actor["name"] for actor in whole} == expected
        assert producer.every(path, "actors", limit=2) == whole
    rising, falling = (
        ids(producer.get("/actors", sort=sort)["actors"]) for sort in ("name", "-name")
    )
    assert falling == rising[::-1]
    latin = [expected[actor_id] for actor_id in rising if expected[actor_id].isascii()]
    assert latin == ["50 Cent", "bell hooks", "Cher", "X"]


def test_an_age_is_zero_or_unknown(producer: Client) -> None:
    newborn, unknown = producer.new_actor(age=0), producer.new_actor(age=None)
    assert producer.get(f"/actors/{newborn}")["actor"]["age"] == 0
    assert producer.get(f"/actors/{unknown}")["actor"]["age"] is None
    listed = {actor["id"]: actor["age"] for actor in producer.get("/actors")["actors"]}
    assert listed == {newborn: 0, unknown: None}
    assert producer.patch(f"/actors/{newborn}", {"age": None})["actor"]["age"] is None
    assert producer.patch(f"/actors/{unknown}", {"age": 0})["actor"]["age"] == 0


def test_the_versions_of_a_movie_that_is_dated_twice_rise_by_one(producer: Client) -> None:
    path = f"/movies/{new_movie(producer, 'Heat')}"
    versions = [
        producer.patch(path, {"release_date": date})["movie"]["version"]
        for date in ("2020-01-01", None, "2021-01-01")
    ]
    assert all(after == before + 1 for before, after in pairwise([1, *versions]))
