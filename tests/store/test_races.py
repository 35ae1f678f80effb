"""Many simultaneous requests on the real engine. Afterwards the table is consistent."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import boto3
import pytest

from dev.table.desk import Problem
from dev.table.integrity import problems
from tests.conftest import Product
from tests.support.client import ApiResponse, Client


@pytest.fixture
def table_problems(product: Product) -> Callable[[], list[Problem]]:
    """Return the problems of the whole table of the running product."""
    port = json.loads((product.folder / "engine.json").read_text())["port"]
    client = boto3.client(
        "dynamodb", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1"
    )

    def read() -> list[Problem]:
        pages = client.get_paginator("scan").paginate(TableName="casting-local")
        return problems(item for page in pages for item in page["Items"])

    return read


def call_together(*calls: Callable[[], ApiResponse]) -> list[ApiResponse]:
    """Make these calls at the same moment."""
    start = Barrier(len(calls))

    def go(call: Callable[[], ApiResponse]) -> ApiResponse:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def statuses(answers: Sequence[ApiResponse]) -> Counter[int]:
    counts = Counter(answer.status for answer in answers)
    assert not any(status >= 500 for status in counts), answers
    return counts


def test_an_actor_is_cast_once_however_many_requests_try(
    real: Client, table_problems: Callable[[], list[Problem]]
) -> None:
    movie_id, actor_id = real.new_movie(), real.new_actor()
    body = {"movie_id": movie_id, "actor_id": actor_id}
    assert statuses(call_together(*[lambda: real.post("/roles", body)] * 12)) == {201: 1, 409: 11}
    assert real.get(f"/movies/{movie_id}")["movie"]["role_count"] == 1
    removed = call_together(*[lambda: real.delete(f"/roles/{movie_id}.{actor_id}")] * 12)
    assert statuses(removed) == {200: 1, 404: 11}
    assert real.get(f"/movies/{movie_id}")["movie"]["role_count"] == 0
    assert table_problems() == []


def test_every_acknowledged_role_is_counted(
    real: Client, table_problems: Callable[[], list[Problem]]
) -> None:
    movie_id = real.new_movie()
    bodies = [{"movie_id": movie_id, "actor_id": real.new_actor(f"Extra {n}")} for n in range(16)]
    answers = call_together(*[partial(real.post, "/roles", body) for body in bodies])
    cast = statuses(answers)[201]
    assert cast >= 1
    assert real.get(f"/movies/{movie_id}")["movie"]["role_count"] == cast
    assert len(real.get(f"/movies/{movie_id}/actors")["actors"]) == cast
    assert table_problems() == []


def test_two_changes_of_different_fields_are_both_kept(real: Client) -> None:
    for _ in range(5):
        path = f"/actors/{real.new_actor()}"
        changes = {"name": "Robert De Niro"}, {"age": 52}, {"gender": "undisclosed"}
        answers = call_together(*[partial(real.patch, path, change) for change in changes])
        assert statuses(answers) == {200: 3}
        actor = real.get(path)["actor"]
        assert (actor["name"], actor["age"], actor["gender"]) == (
            "Robert De Niro",
            52,
            "undisclosed",
        )
        assert actor["version"] == 4


def test_with_if_match_only_one_of_many_changes_succeeds(real: Client) -> None:
    path = f"/movies/{real.new_movie()}"
    answers = call_together(
        *[partial(real.patch, path, {"title": f"T{n}"}, **{"If-Match": '"1"'}) for n in range(8)]
    )
    assert statuses(answers) == {200: 1, 412: 7}
    assert real.get(path)["movie"]["version"] == 2


@pytest.mark.parametrize("seed", range(4))
def test_deleting_renaming_and_casting_at_once_leave_no_problem(
    real: Client, table_problems: Callable[[], list[Problem]], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- a shuffle
    movies, actors = [real.new_movie() for _ in range(3)], [real.new_actor() for _ in range(6)]
    for actor_id in actors[:4]:
        real.new_role(movies[0], actor_id)

    def cast(movie_id: str, actor_id: str) -> Callable[[], ApiResponse]:
        return lambda: real.post("/roles", {"movie_id": movie_id, "actor_id": actor_id})

    def change(path: str, body: dict[str, Any]) -> Callable[[], ApiResponse]:
        return lambda: real.patch(path, body)

    def remove(path: str) -> Callable[[], ApiResponse]:
        return lambda: real.delete(path)

    calls = [
        *(cast(chance.choice(movies), chance.choice(actors)) for _ in range(8)),
        *(change(f"/movies/{movies[0]}", {"title": f"Title {n}"}) for n in range(2)),
        *(change(f"/actors/{actors[n]}", {"name": f"Name {n}"}) for n in range(3)),
        *(change(f"/roles/{movies[0]}.{actors[0]}", {"billing_order": n}) for n in (1, 2)),
        remove(f"/movies/{movies[chance.randrange(3)]}"),
        remove(f"/actors/{actors[chance.randrange(6)]}"),
        remove(f"/roles/{movies[0]}.{actors[1]}"),
    ]
    chance.shuffle(calls)
    statuses(call_together(*calls))
    assert table_problems() == []


def test_pages_end_exactly_at_the_limit_on_the_real_engine(real: Client) -> None:
    actor_id = real.new_actor()
    for number in range(6):
        real.new_role(real.new_movie(f"Film {number}", f"200{number}-01-01"), actor_id)
    for path, member, query in (
        (f"/actors/{actor_id}/movies", "movies", {}),
        ("/roles", "roles", {"actor_id": actor_id}),
    ):
        whole = real.get(path, limit=100, **query)
        assert len(whole[member]) == 6
        for limit in range(1, 8):
            pages = list(real.pages(path, member, limit=limit, **query))
            assert [item for page in pages for item in page] == whole[member]
            assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
            assert len(pages) == -(-6 // limit)


def test_a_cursor_stays_valid_without_its_item_on_the_real_engine(real: Client) -> None:
    actor_id = real.new_actor()
    movies = [real.new_movie(f"Film {number}", f"200{number}-01-01") for number in range(4)]
    for movie_id in movies:
        real.new_role(movie_id, actor_id)
    first = real.get(f"/actors/{actor_id}/movies", limit=2)
    assert [movie["id"] for movie in first["movies"]] == movies[:1:-1]
    real.delete(f"/movies/{movies[2]}")
    rest = real.get(f"/actors/{actor_id}/movies", cursor=first["next_cursor"])
    assert [movie["id"] for movie in rest["movies"]] == movies[1::-1]


def test_readers_find_an_actor_only_by_the_name_that_is_shown(
    real: Client, table_problems: Callable[[], list[Problem]]
) -> None:
    names = ["Quartz Onyx", "Zircon Opal"]
    actor_id = real.new_actor(names[0])

    def rename(number: int) -> ApiResponse:
        return real.patch(f"/actors/{actor_id}", {"name": names[number % 2]})

    def search(number: int) -> ApiResponse:
        return real.get("/actors", search=names[number % 2][:4])

    # 30 of each, 20 at a time: the local engine answers one after the other, within 3 seconds.
    calls = [partial(call, number) for number in range(30) for call in (rename, search)]
    answers = [a for start in range(0, 60, 20) for a in call_together(*calls[start : start + 20])]
    assert statuses(answers[::2]).keys() <= {200, 409}
    assert statuses(answers[::2])[200] >= 1
    assert statuses(answers[1::2]) == {200: 30}
    for number, answer in enumerate(answers[1::2]):
        for actor in answer["actors"]:
            assert (actor["id"], actor["name"]) == (actor_id, names[number % 2])
    current = real.actor(actor_id)["name"]
    for name in names:
        found = [actor["id"] for actor in real.get("/actors", search=name)["actors"]]
        assert found == ([actor_id] if name == current else [])
    assert table_problems() == []


def test_an_external_id_is_given_once_however_many_requests_try(real: Client) -> None:
    body = {"title": "Race", "release_date": None, "imdb_id": "tt7654321"}
    answers = call_together(*[lambda: real.post("/movies", body)] * 12)
    assert statuses(answers) == {201: 1, 409: 11}
    (owner,) = [answer["created"] for answer in answers if answer.status == 201]
    assert {a["detail"] for a in answers if a.status == 409} <= {
        f"imdb_id is already that of {owner}.",
        "Other requests kept changing this resource at the same time: try again.",
    }
    assert real.delete(f"/movies/{owner}").status == 200
