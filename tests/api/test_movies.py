"""`/movies`: create, read, change and delete movies."""

import re

import pytest

from tests.support.client import Client, assert_failure, assert_headers

NOWHERE = "AAAAAAAAAAAAAAAA"
OPTIONAL = [
    "status",
    "synopsis",
    "genres",
    "runtime_minutes",
    "original_language",
    "shoot_start",
    "shoot_end",
    "shoot_location",
    "director",
    "production_company",
    "poster_url",
    "website",
    "imdb_id",
    "tmdb_id",
]
"""The fields that are null unless they are sent."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_create_returns_the_whole_movie_and_its_location(producer: Client) -> None:
    response = producer.post("/movies", {"title": "Heat", "release_date": "1995-12-15"})
    assert response.status == 201
    assert_headers(response)
    movie = response["movie"]
    assert response.body == {"success": True, "movie": movie, "created": movie["id"]}
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", movie["id"])
    assert TIME.fullmatch(movie["created_at"])
    assert movie == {
        "id": movie["id"],
        "title": "Heat",
        "release_date": "1995-12-15",
        "part_count": 0,
        **dict.fromkeys(OPTIONAL),
        "role_count": 0,
        "created_at": movie["created_at"],
        "updated_at": movie["created_at"],
        "version": 1,
    }
    assert response.headers["etag"] == '"1"'
    shown = producer.get(response.headers["location"])
    assert shown.body == {"success": True, "movie": movie, "roles": [], "next_cursor": None}
    assert shown.headers["etag"].startswith('"1.')


def test_ids_are_unique(producer: Client) -> None:
    assert len({producer.new_movie() for _ in range(50)}) == 50


def test_a_change_keeps_the_other_fields(producer: Client) -> None:
    movie_id = producer.new_movie("Heat", "1995-12-15")
    before = producer.get(f"/movies/{movie_id}")["movie"]
    response = producer.patch(f"/movies/{movie_id}", {"title": "Heat 2"})
    assert response.status == 200
    movie = response["movie"]
    assert response.headers["etag"] == '"2"'
    changed = {k for k in movie if movie[k] != before[k]}
    assert changed == {"title", "version", "updated_at"}
    assert movie["title"] == "Heat 2"
    assert movie["updated_at"] > before["updated_at"]
    assert producer.get(f"/movies/{movie_id}")["movie"] == movie


def test_a_deleted_movie_is_not_found(producer: Client) -> None:
    movie_id = producer.new_movie()
    response = producer.delete(f"/movies/{movie_id}")
    assert response.status == 200
    assert response.body == {"success": True, "deleted": movie_id}
    for method in ("GET", "DELETE"):
        assert_failure(producer.call(method, f"/movies/{movie_id}"), 404)
    assert_failure(producer.patch(f"/movies/{movie_id}", {"title": "Heat"}), 404)
    assert producer.get("/movies")["movies"] == []


@pytest.mark.parametrize("movie_id", [NOWHERE, "1", "..", "%00", "MOVIE%23", "%C3%A9", "x" * 3_000])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_id_is_not_found(producer: Client, method: str, movie_id: str) -> None:
    body = {"title": "Heat"} if method == "PATCH" else None
    assert_failure(producer.call(method, f"/movies/{movie_id}", body), 404)
    assert producer.get("/movies")["movies"] == []


def test_a_movie_is_not_an_actor(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    assert_failure(producer.get(f"/actors/{movie_id}"), 404)
    assert_failure(producer.delete(f"/movies/{actor_id}"), 404)
    assert producer.get(f"/actors/{actor_id}").status == 200


@pytest.mark.parametrize(
    "title",
    [
        "Zoë O'Hara-Díaz",
        "七人の侍",
        "Крылья",
        "🎬",
        "a\u0301",
        "x" * 300,
        "[" * 40,
        "‏עברית",
        '"><script>',
    ],
)
def test_a_title_is_returned_as_it_was_sent(producer: Client, title: str) -> None:
    movie_id = producer.new_movie(title)
    assert producer.get(f"/movies/{movie_id}")["movie"]["title"] == title
    assert [m["title"] for m in producer.get("/movies")["movies"]] == [title]


def test_strings_are_trimmed(producer: Client) -> None:
    movie_id = producer.new_movie(" \t\ufeff Heat\u200b\n ")
    assert producer.get(f"/movies/{movie_id}")["movie"]["title"] == "Heat"
    trimmed = "x" * 300
    assert (
        producer.get(f"/movies/{producer.new_movie(f' {trimmed} ')}")["movie"]["title"] == trimmed
    )


@pytest.mark.parametrize("date", ["1895-12-28", "2024-02-29", "9999-12-31", "0001-01-01"])
def test_any_existing_date_is_accepted(producer: Client, date: str) -> None:
    movie_id = producer.new_movie(release_date=date)
    assert producer.get(f"/movies/{movie_id}")["movie"]["release_date"] == date


INVALID_FIELDS = [
    {"title": ""},
    {"title": "   "},
    {"title": "\u200b\u2060"},
    {"title": "\u3164\u2800"},
    {"title": "\u0301"},
    {"title": "a\x85b"},
    {"title": "a\u2028b"},
    {"title": "x" * 301},
    {"title": None},
    {"title": 5},
    {"title": ["Heat"]},
    {"title": "a\x00b"},
    {"title": "a\nb"},
    {"release_date": "2023-02-29"},
    {"release_date": "2024-13-01"},
    {"release_date": "20240101"},
    {"release_date": "2024-1-1"},
    {"release_date": "2024-01-01T00:00:00Z"},
    {"release_date": "٢٠٢٤-01-01"},
    {"release_date": "0000-01-01"},
    {"release_date": ""},
    {"release_date": 20240101},
    {"id": "x"},
    {"version": 7},
    {"role_count": 7},
    {"created_at": "2024-01-01T00:00:00Z"},
    {"updated_at": "2024-01-01T00:00:00Z"},
    {"deleting": "now"},
    {"pk": "MOVIE#x"},
    {"": "x"},
    {"Title": "Heat"},
]


@pytest.mark.parametrize("invalid", INVALID_FIELDS)
def test_an_invalid_field_is_rejected_and_changes_nothing(
    producer: Client, invalid: dict[str, object]
) -> None:
    valid = {"title": "Heat", "release_date": "1995-12-15"}
    movie_id = producer.new_movie()
    before = producer.get("/movies").body
    response = producer.post("/movies", valid | invalid)
    assert_failure(response, 422)
    name = next(iter(invalid))
    assert name in response["detail"]
    assert_failure(producer.patch(f"/movies/{movie_id}", invalid), 422)
    # A valid field next to an invalid one is not changed either.
    assert_failure(producer.patch(f"/movies/{movie_id}", {"title": "Heat 2"} | invalid), 422)
    assert producer.get("/movies").body == before


@pytest.mark.parametrize("field", ["title", "release_date"])
def test_a_missing_field_is_named(producer: Client, field: str) -> None:
    valid = {"title": "Heat", "release_date": "1995-12-15"}
    del valid[field]
    response = producer.post("/movies", valid)
    assert_failure(response, 422)
    assert field in response["detail"]


def test_an_empty_change_is_rejected(producer: Client) -> None:
    assert_failure(producer.patch(f"/movies/{producer.new_movie()}", {}), 422)


def test_if_match_rejects_a_write_to_another_version(producer: Client) -> None:
    movie_id = producer.new_movie()
    path = f"/movies/{movie_id}"
    assert producer.patch(path, {"title": "Heat 2"}, **{"If-Match": '"1"'}).status == 200
    outdated = producer.patch(path, {"title": "Heat 3"}, **{"If-Match": '"1"'})
    assert_failure(outdated, 412)
    assert outdated.headers["etag"] == '"2"'
    for etag in ("nonsense", 'W/"2"', '"02"', '"two"', "2", ""):
        assert_failure(producer.patch(path, {"title": "Heat 3"}, **{"If-Match": etag}), 412)
        assert_failure(producer.delete(path, **{"If-Match": etag}), 412)
    assert producer.get(path)["movie"]["title"] == "Heat 2"
    many_etags = ", ".join(f'"{n}"' for n in range(1, 500))
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    assert_failure(producer.patch(path, {"title": "Heat 3"}, **{"If-Match": many_etags}), 412)
    assert producer.patch(path, {"title": "Heat 3"}, **{"If-Match": '"7", "2"'}).status == 200
    assert producer.delete(path, **{"If-Match": "*"}).status == 200
    assert_failure(producer.delete(path, **{"If-Match": '"3"'}), 404)
