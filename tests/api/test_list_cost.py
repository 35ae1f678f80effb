"""What one item more costs on a page: counted in calls of functions, not in time."""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from app import app
from tests.support.client import Client, invoke
from tests.support.lambda_function import event

FEW, MANY = 5, 25


class Agency:
    """A movie with MANY roles, and a part with as many candidates; MANY movies and actors."""

    def __init__(self, client: Client) -> None:
        self.movies = [client.new_movie(f"Movie {n:02}") for n in range(MANY)]
        self.actors = [client.new_actor(f"Actor {n:02}") for n in range(MANY)]
        for number, actor in enumerate(self.actors, 1):
            client.new_role(self.movies[0], actor, billing_order=number)
        self.part = client.new_part(self.movies[0])
        response = client.post(f"/parts/{self.part}/candidates", {"actor_ids": self.actors})
        assert response.status == 201, response


Page = tuple[str, dict[str, str], dict[str, list[str]]]

PAGES: dict[str, tuple[Callable[[Agency], Page], int]] = {
    "movies": (lambda _: ("/movies", {}, {}), 11),
    "actors": (lambda _: ("/actors", {}, {}), 17),
    "roles": (lambda _: ("/roles", {}, {}), 16),
    "a cast": (lambda a: ("/movies/{movie_id}/actors", {"movie_id": a.movies[0]}, {}), 12),
    "a search": (lambda _: ("/movies", {}, {"search": ["movie"]}), 160),
    "a filter": (lambda _: ("/actors", {}, {"gender": ["male"]}), 61),
    "a column of a board": (
        lambda a: (
            "/parts/{part_id}/candidates",
            {"part_id": a.part},
            {"status": ["submitted"]},
        ),
        65,
    ),
}
"""Pages, and the most calls that one item more may cost: measured, and a third more."""


SLOW = {"_handle_structure", "_container_deserialize", "deserialize"}
"""Functions of botocore and PynamoDB that look at each value of a response."""


def calls(page: Page, limit: int) -> Counter[str]:
    """Return how often a page calls the functions of Python, by their names."""
    route, path, query = page
    request = event(
        "GET",
        route,
        pathParameters=path,
        multiValueQueryStringParameters={**query, "limit": [str(limit)]},
    )
    counted: Counter[str] = Counter()

    def count(frame: FrameType, kind: str, _: Any) -> None:
        if kind == "call" and not _is_moto(frame):
            counted[frame.f_code.co_name] += 1

    invoke(app, request)  # what is done only once
    sys.setprofile(count)
    try:
        response = invoke(app, request)
    finally:
        sys.setprofile(None)
    assert response["statusCode"] == 200, response
    return counted


def _is_moto(frame: FrameType) -> bool:
    """Return whether moto, the DynamoDB of this test, is responsible for a call."""
    above: FrameType | None = frame
    while above is not None:
        if "/moto/" in above.f_code.co_filename:
            return True
        above = above.f_back
    return False


@pytest.fixture
def agency(producer: Client) -> Agency:
    return Agency(producer)


def test_one_item_more_on_a_page_costs_few_calls(agency: Agency) -> None:
    for name, (page_of, most) in PAGES.items():
        few, many = (calls(page_of(agency), limit) for limit in (FEW, MANY - 1))
        more = (many.total() - few.total()) / (MANY - 1 - FEW)
        assert 0 < more <= most, f"{name}: {more} calls for each item"
        assert SLOW.isdisjoint(many), f"{name}: a library decodes each item"
