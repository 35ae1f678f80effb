"""External ids: only one movie and one actor has each."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, assert_failure
from tests.support.issuer import Issuer

CASES = [
    ("/movies", {"title": "Heat", "release_date": None}, "imdb_id", "tt0113277", "tt0113278"),
    ("/movies", {"title": "Heat", "release_date": None}, "tmdb_id", 949, 950),
    ("/actors", {"name": "Al", "gender": "male", "age": 1}, "imdb_id", "nm0000199", "nm0000198"),
    ("/actors", {"name": "Al", "gender": "male", "age": 1}, "tmdb_id", 1158, 1159),
]


@pytest.mark.parametrize(("path", "body", "field", "taken", "free"), CASES)
def test_an_external_id_that_another_resource_has_is_a_conflict(
    producer: Client, path: str, body: dict[str, Any], field: str, taken: Any, free: Any
) -> None:
    owner = producer.post(path, {**body, field: taken})["created"]
    other = producer.post(path, body)["created"]
    for response in (
        producer.post(path, {**body, field: taken}),
        producer.patch(f"{path}/{other}", {field: taken}),
    ):
        assert_failure(response, 409)
        assert response["detail"] == f"{field} is already that of {owner}."
    assert producer.patch(f"{path}/{owner}", {field: taken}).status == 200
    assert producer.patch(f"{path}/{other}", {field: free}).status == 200
    assert producer.patch(f"{path}/{owner}", {field: None}).status == 200
    assert producer.patch(f"{path}/{other}", {field: taken}).status == 200
    assert producer.delete(f"{path}/{other}").status == 200
    assert producer.patch(f"{path}/{owner}", {field: taken}).status == 200


def test_who_may_not_read_the_owner_does_not_learn_its_id(
    producer: Client, url: str, issuer: Issuer
) -> None:
    body = {"title": "Heat", "release_date": None, "imdb_id": "tt0113277"}
    producer.post("/movies", body)
    writer = Client(url, issuer.token(permissions=["post:movies"]))
    response = writer.post("/movies", body)
    assert_failure(response, 409)
    assert response["detail"] == "imdb_id is already that of another resource."


def test_a_movie_and_an_actor_may_have_the_same_tmdb_id(as_: Callable[[str], Client]) -> None:
    producer = as_("producer")
    assert (
        producer.post("/movies", {"title": "A", "release_date": None, "tmdb_id": 7}).status == 201
    )
    producer.new_actor("B", tmdb_id=7)
