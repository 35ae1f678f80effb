"""/movies: what clients hold us to."""

import re

import pytest

from tests.support.client import Client, assert_failure, assert_headers

NOWHERE = "AAAAAAAAAAAAAAAA"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_new_movie_is_shown_whole_and_found_where_location_says(producer: Client) -> None:
    answer = producer.post("/movies", {"title": "Heat", "release_date": "1995-12-15"})
    assert answer.status == 201
    assert_headers(answer)
    movie = answer["movie"]
    assert answer.body == {"success": True, "movie": movie, "created": movie["id"]}
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", movie["id"])
    assert TIME.fullmatch(movie["created_at"])
    assert movie == {
        "id": movie["id"],
        "title": "Heat",
        "release_date": "1995-12-15",
        "role_count": 0,
        "created_at": movie["created_at"],
        "updated_at": movie["created_at"],
        "version": 1,
    }
    assert answer.headers["etag"] == '"1"'
    found = producer.get(answer.headers["location"])
    assert found.body == {"success": True, "movie": movie, "roles": [], "next_cursor": None}
    assert found.headers["etag"] == '"1"'


def test_ids_are_not_given_twice(producer: Client) -> None:
    assert len({producer.new_movie() for _ in range(50)}) == 50


def test_a_change_leaves_the_other_fields_alone(producer: Client) -> None:
    movie_id = producer.new_movie("Heat", "1995-12-15")
    before = producer.get(f"/movies/{movie_id}")["movie"]
    answer = producer.patch(f"/movies/{movie_id}", {"title": "Heat 2"})
    assert answer.status == 200
    after = answer["movie"]
    assert answer.headers["etag"] == '"2"'
    changed = {k for k in after if after[k] != before[k]}
    assert changed == {"title", "version", "updated_at"}
    assert after["title"] == "Heat 2"
    assert after["updated_at"] > before["updated_at"]
    assert producer.get(f"/movies/{movie_id}")["movie"] == after


def test_a_removed_movie_is_gone(producer: Client) -> None:
    movie_id = producer.new_movie()
    answer = producer.delete(f"/movies/{movie_id}")
    assert answer.status == 200
    assert answer.body == {"success": True, "deleted": movie_id}
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
        "x" * 200,
        "[" * 40,
        "‏עברית",
        '"><script>',
    ],
)
def test_a_title_comes_back_as_it_was_sent(producer: Client, title: str) -> None:
    movie_id = producer.new_movie(title)
    assert producer.get(f"/movies/{movie_id}")["movie"]["title"] == title
    assert [m["title"] for m in producer.get("/movies")["movies"]] == [title]


def test_strings_are_trimmed(producer: Client) -> None:
    movie_id = producer.new_movie(" \t\ufeff Heat\u200b\n ")
    assert producer.get(f"/movies/{movie_id}")["movie"]["title"] == "Heat"
    trimmed = "x" * 200
    assert (
        producer.get(f"/movies/{producer.new_movie(f' {trimmed} ')}")["movie"]["title"] == trimmed
    )


@pytest.mark.parametrize("date", ["1895-12-28", "2024-02-29", "9999-12-31", "0001-01-01"])
def test_a_date_that_exists_is_taken(producer: Client, date: str) -> None:
    movie_id = producer.new_movie(release_date=date)
    assert producer.get(f"/movies/{movie_id}")["movie"]["release_date"] == date


BAD_FIELDS = [
    {"title": ""},
    {"title": "   "},
    {"title": "\u200b\u2060"},
    {"title": "\u3164\u2800"},
    {"title": "\u0301"},
    {"title": "a\x85b"},
    {"title": "a\u2028b"},
    {"title": "x" * 201},
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
    {"release_date": None},
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


@pytest.mark.parametrize("bad", BAD_FIELDS)
def test_a_bad_field_is_refused_and_changes_nothing(
    producer: Client, bad: dict[str, object]
) -> None:
    good = {"title": "Heat", "release_date": "1995-12-15"}
    movie_id = producer.new_movie()
    before = producer.get("/movies").body
    refused = producer.post("/movies", good | bad)
    assert_failure(refused, 422)
    name = next(iter(bad))
    assert name in refused["detail"]
    assert_failure(producer.patch(f"/movies/{movie_id}", bad), 422)
    # A good field beside a bad one is not changed either.
    assert_failure(producer.patch(f"/movies/{movie_id}", {"title": "Heat 2"} | bad), 422)
    assert producer.get("/movies").body == before


@pytest.mark.parametrize("field", ["title", "release_date"])
def test_a_missing_field_is_named(producer: Client, field: str) -> None:
    good = {"title": "Heat", "release_date": "1995-12-15"}
    del good[field]
    refused = producer.post("/movies", good)
    assert_failure(refused, 422)
    assert field in refused["detail"]


def test_a_change_of_nothing_is_refused(producer: Client) -> None:
    assert_failure(producer.patch(f"/movies/{producer.new_movie()}", {}), 422)


def test_if_match_holds_a_writer_to_what_was_read(producer: Client) -> None:
    movie_id = producer.new_movie()
    path = f"/movies/{movie_id}"
    assert producer.patch(path, {"title": "Heat 2"}, **{"If-Match": '"1"'}).status == 200
    late = producer.patch(path, {"title": "Heat 3"}, **{"If-Match": '"1"'})
    assert_failure(late, 412)
    assert late.headers["etag"] == '"2"'
    for never in ("nonsense", 'W/"2"', '"02"', '"two"', "2", ""):
        assert_failure(producer.patch(path, {"title": "Heat 3"}, **{"If-Match": never}), 412)
        assert_failure(producer.delete(path, **{"If-Match": never}), 412)
    assert producer.get(path)["movie"]["title"] == "Heat 2"
    many = ", ".join(f'"{n}"' for n in range(1, 500))
    assert_failure(producer.delete(path, **{"If-Match": '"1"'}), 412)
    assert_failure(producer.patch(path, {"title": "Heat 3"}, **{"If-Match": many}), 412)
    assert producer.patch(path, {"title": "Heat 3"}, **{"If-Match": '"7", "2"'}).status == 200
    assert producer.delete(path, **{"If-Match": "*"}).status == 200
    assert_failure(producer.delete(path, **{"If-Match": '"3"'}), 404)
