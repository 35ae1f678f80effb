"""Many candidates: a page costs the same, and a deletion can be continued."""

import os
from collections.abc import Iterator

import pytest

from chalicelib import deadline
from chalicelib.store import actors, candidates, movies, parts, table
from chalicelib.store.items import Actor, CandidateItem, PartItem, candidate_key
from chalicelib.store.statuses import Status
from chalicelib.store.table import Item
from dev.table import integrity
from tests.conftest import Sent
from tests.support.client import Client
from tests.support.resources import with_entries

CROWD = int(os.environ.get("CROWD") or 300)
"""Candidates in the tests of deletions."""

TIME = "2026-01-01T00:00:00.000000Z"
NOTE = "x" * 1_500


def add_candidates(part_id: str, actor_ids: list[str], start: int = 0) -> None:
    """Write candidates as the store does, but in batches, with all statuses of selection."""
    statuses = [Status.SUBMITTED, Status.SHORTLISTED, Status.PASSED]
    with Item.batch_write() as batch:
        for number, actor_id in enumerate(actor_ids, start):
            candidate_id = f"{part_id}.{actor_id}"
            candidate = CandidateItem(
                *candidate_key(candidate_id),
                id=candidate_id,
                created_at=TIME,
                updated_at=TIME,
                version=1,
                status=statuses[number % 3].value,
                status_since=TIME,
                status_by="test",
                rating=number % 6 + 1,
                note=NOTE,
            )
            candidate.set(**candidate.listed())
            batch.save(candidate)


def count(item_type: type[Item], pk: str, **counts: int) -> None:
    actions = table.set_actions(item_type, counts)
    item_type(pk, "#").update(actions=actions, condition=Item.pk.exists())


def new_part(movie_id: str, actor_ids: list[str]) -> str:
    """Add a part with these candidates."""
    part = parts.add(movie_id, "test", name="Crowd")
    add_candidates(part.id, actor_ids)
    thirds = [len(actor_ids[first::3]) for first in range(3)]
    count(
        PartItem,
        part.pk,
        candidate_count=len(actor_ids),
        submitted=thirds[0],
        shortlisted=thirds[1],
        passed=thirds[2],
    )
    return part.id


def new_actors(number: int, is_indexed: bool, candidacies: int = 1) -> list[str]:
    """Add actors who are considered for this many parts."""
    ids = [f"{place:016}" for place in range(number)]
    with Item.batch_write() as batch:
        for actor_id in ids:
            actor = Actor(
                f"ACTOR#{actor_id}",
                "#",
                id=actor_id,
                created_at=TIME,
                updated_at=TIME,
                version=1,
                name=f"Actor {actor_id}",
                gender="female",
                candidate_count=candidacies,
            )
            actor.set(**actor.listed())
            for item in with_entries(actor) if is_indexed else [actor]:
                batch.save(item)
    return ids


def test_each_screen_is_two_requests_for_few_and_for_many_candidates(
    producer: Client, sent: Sent
) -> None:
    costs: dict[str, list[int]] = {}
    # The notes alone are more than 1 MB, the most that a Query reads.
    actor_ids = new_actors(750, is_indexed=False)
    assert len(NOTE) * 750 > 2**20
    for number in (150, 750):
        movie_id = movies.add("test", title="Crowded", release_date=None).id
        part_id = new_part(movie_id, actor_ids[:number])
        for path in (
            f"/movies/{movie_id}/parts",
            f"/parts/{part_id}",
            f"/parts/{part_id}/candidates?limit=50",
            f"/parts/{part_id}/candidates?limit=50&status=shortlisted",
            f"/parts/{part_id}/candidates?limit=1&status=submitted",
            f"/movies/{movie_id}/candidates?limit=50",
            f"/actors/{actor_ids[0]}/candidacies?limit=1",
            "/parts?status=open&limit=1",
        ):
            sent.clear()
            sent.answers.clear()
            assert producer.get(path).status == 200, path
            assert sent == ["Query", "BatchGetItem"], path
            screen = path.replace(movie_id, "M").replace(part_id, "P")
            costs.setdefault(screen, []).append(sent.answers[0]["ScannedCount"])
    # An actor's candidacies and the open parts are one more the second time, up to limit + 1.
    assert costs.pop(f"/actors/{actor_ids[0]}/candidacies?limit=1") == [1, 2]
    assert costs.pop("/parts?status=open&limit=1") == [1, 2]
    assert {screen: len(set(scanned)) for screen, scanned in costs.items()} == dict.fromkeys(
        costs, 1
    )


@pytest.fixture
def crowd(real_table: str) -> list[str]:
    return new_actors(CROWD, is_indexed=True)


class Budget:
    """The time of each request: enough for this many requests to the table."""

    def __init__(self, requests: int) -> None:
        self.requests = self.remaining = requests

    def left(self) -> float:
        self.remaining -= 1
        return 60 if self.remaining >= 0 else 0


def deletions(client: Client, path: str, budget: Budget) -> Iterator[int]:
    """Delete in requests with little time each, until it is done. Return what remains."""
    while True:
        budget.remaining = budget.requests
        answer = client.delete(path)
        assert answer.status in (200, 202), answer
        yield answer.body.get("remaining", 0)
        if answer.status == 200:
            return


@pytest.mark.parametrize("kind", ["part", "movie", "actor"])
def test_a_long_deletion_is_continued_by_the_next_request(
    kind: str, crowd: list[str], url: str, issuer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(url, issuer.token("producer"))  # type: ignore[attr-defined]
    movie_id = movies.add("test", title="Crowded", release_date=None).id
    part_ids = [new_part(movie_id, crowd[start::3]) for start in range(3)]
    actor_id = actors.add("test", name="Busy", gender="other", age=1).id
    for part_id in part_ids:
        candidates.add(part_id, [actor_id], "test")
    candidates.change(f"{part_ids[0]}.{actor_id}", {"status": "cast"}, None, "test")
    assert integrity.problems(integrity.read()) == []
    path = {"part": f"/parts/{part_ids[0]}", "movie": f"/movies/{movie_id}",
            "actor": f"/actors/{actor_id}"}[kind]  # fmt: skip
    budget = Budget(9)
    monkeypatch.setattr(deadline, "left", budget.left)
    steps = list(deletions(client, path, budget))
    budget.remaining = 1_000_000
    assert steps[-1] == 0
    assert len(steps) > (1 if kind != "actor" else 0)
    assert client.get(path).status == 404
    assert integrity.problems(integrity.read()) == []
    shown = client.get(f"/actors/{actor_id}")
    assert shown.status == (404 if kind == "actor" else 200)
    assert kind == "actor" or shown["actor"]["role_count"] == 0


def test_a_page_by_one_criterion_reads_as_much_of_many_actors_as_of_few(
    producer: Client, sent: Sent
) -> None:
    for number in (50, 300):
        new_actors(number, is_indexed=True)
        for query in ({"gender": "female"}, {"search": "act"}, {"active": "true", "sort": "-name"}):
            after: dict[str, str] = {}
            for _ in range(3):
                sent.clear()
                sent.answers.clear()
                page = producer.get("/actors", limit=10, **query, **after)
                assert len(page["actors"]) == 10
                assert sent == ["Query", "BatchGetItem"]
                assert sent.answers[0]["ScannedCount"] == 11
                after = {"cursor": page["next_cursor"]}
