"""Conflicts: other engagements of an actor on the days of a part."""

from typing import Any

import pytest

from tests.support.client import Client

MAY = {"work_start": "2100-05-01", "work_end": "2100-05-31"}


def conflicts(client: Client, candidate_id: str) -> Any:
    """Return the conflicts of a candidate, which every list must show, too."""
    shown = client.candidate(candidate_id)["conflicts"]
    movie_id, part, _ = candidate_id.split(".")
    part_id = f"{movie_id}.{part}"
    for path in (
        f"/parts/{part_id}",
        f"/parts/{part_id}/candidates",
        f"/movies/{movie_id}/candidates",
    ):
        listed = {c["id"]: c["conflicts"] for c in client.get(path)["candidates"]}
        assert listed[candidate_id] == shown
    return shown


def new_part(client: Client, **fields: Any) -> str:
    return client.new_part(client.new_movie(), **fields)


@pytest.mark.parametrize("status", ["on_hold", "offered", "cast"])
def test_an_engagement_on_the_same_days_is_a_conflict(producer: Client, status: str) -> None:
    actor_id, other_id = producer.new_actor("A"), producer.new_actor("B")
    engaged_part, part_id = new_part(producer, **MAY), new_part(producer, **MAY)
    candidate_id = producer.new_candidate(part_id, actor_id)
    of_other = producer.new_candidate(part_id, other_id)
    engaged_id = producer.new_candidate(engaged_part, actor_id)
    assert conflicts(producer, candidate_id) == []
    producer.set_status(engaged_id, status)
    assert conflicts(producer, candidate_id) == [{"part_id": engaged_part, **MAY}]
    # It is a conflict neither of another actor nor with itself.
    assert conflicts(producer, of_other) == []
    assert conflicts(producer, engaged_id) == []


@pytest.mark.parametrize("status", ["submitted", "callback", "on_avail"])
def test_a_candidacy_without_engagement_is_no_conflict(producer: Client, status: str) -> None:
    actor_id = producer.new_actor()
    producer.new_candidate(new_part(producer, **MAY), actor_id, status)
    assert conflicts(producer, producer.new_candidate(new_part(producer, **MAY), actor_id)) == []


OVERLAPPING: list[tuple[str | None, str | None]] = [
    ("2100-04-01", "2100-05-01"),
    ("2100-05-31", "2100-06-30"),
    ("2100-05-10", "2100-05-10"),
    ("2100-01-01", "2100-12-31"),
    ("2100-05-01", None),
    (None, "2100-05-31"),
]
APART: list[tuple[str | None, str | None]] = [
    ("2100-04-01", "2100-04-30"),
    ("2100-06-01", "2100-06-30"),
    ("2101-05-01", "2101-05-31"),
    ("2100-04-30", None),
    (None, "2100-06-01"),
    (None, None),
]


@pytest.mark.parametrize(
    ("start", "end", "overlap"),
    [(*dates, True) for dates in OVERLAPPING] + [(*dates, False) for dates in APART],
)
def test_engagements_conflict_if_they_share_a_day(
    producer: Client, start: str | None, end: str | None, overlap: bool
) -> None:
    actor_id = producer.new_actor()
    engaged_part = new_part(producer, work_start=start, work_end=end)
    producer.new_candidate(engaged_part, actor_id, "on_hold")
    candidate_id = producer.new_candidate(new_part(producer, **MAY), actor_id)
    # A part with one date is worked on that day.
    expected = {"part_id": engaged_part, "work_start": start or end, "work_end": end or start}
    assert conflicts(producer, candidate_id) == ([expected] if overlap else [])


def test_a_part_without_dates_has_no_conflicts(producer: Client) -> None:
    actor_id = producer.new_actor()
    producer.new_candidate(new_part(producer, **MAY), actor_id, "cast")
    assert conflicts(producer, producer.new_candidate(new_part(producer), actor_id)) == []


def test_a_part_in_the_same_movie_conflicts_too(producer: Client) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    first, second = producer.new_part(movie_id, "A", **MAY), producer.new_part(movie_id, "B", **MAY)
    of_first = producer.new_candidate(first, actor_id, "on_hold")
    of_second = producer.new_candidate(second, actor_id, "on_hold")
    assert conflicts(producer, of_first) == [{"part_id": second, **MAY}]
    assert conflicts(producer, of_second) == [{"part_id": first, **MAY}]


def test_a_conflict_follows_the_dates_of_the_part(producer: Client) -> None:
    actor_ids = [producer.new_actor(name) for name in "ABC"]
    engaged_part, part_id = new_part(producer, needed=3), new_part(producer, **MAY)
    candidate_ids = [producer.new_candidate(part_id, actor_id) for actor_id in actor_ids]
    for actor_id, status in zip(actor_ids, ("on_hold", "offered", "cast"), strict=True):
        producer.new_candidate(engaged_part, actor_id, status)
    june = {"work_start": "2100-05-31", "work_end": "2100-06-30"}
    july = {"work_start": "2100-07-01", "work_end": "2100-07-31"}
    steps: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, []),
        (june, [{"part_id": engaged_part, **june}]),
        (july, []),
        (MAY, [{"part_id": engaged_part, **MAY}]),
        ({"work_start": None, "work_end": None}, []),
    ]
    for dates, expected in steps:
        changed = producer.patch(f"/parts/{engaged_part}", {"name": "Rick", **dates})
        assert changed.status == 200, changed
        for candidate_id in candidate_ids:
            assert conflicts(producer, candidate_id) == expected
    # The dates of the candidate's own part decide, too.
    producer.patch(f"/parts/{engaged_part}", MAY)
    assert len(conflicts(producer, candidate_ids[0])) == 1
    producer.patch(f"/parts/{part_id}", july)
    assert conflicts(producer, candidate_ids[0]) == []


@pytest.mark.parametrize("end", ["declined", "released"])
def test_a_conflict_ends_with_the_engagement(producer: Client, end: str) -> None:
    actor_id = producer.new_actor()
    candidate_id = producer.new_candidate(new_part(producer, **MAY), actor_id)
    engaged_id = producer.new_candidate(new_part(producer, **MAY), actor_id, "on_hold", "cast")
    assert len(conflicts(producer, candidate_id)) == 1
    producer.set_status(engaged_id, end)
    assert conflicts(producer, candidate_id) == []
    producer.set_status(engaged_id, "shortlisted")
    assert conflicts(producer, candidate_id) == []
    producer.set_status(engaged_id, "offered")
    assert len(conflicts(producer, candidate_id)) == 1


def test_a_conflict_ends_when_the_other_part_or_movie_is_deleted(producer: Client) -> None:
    actor_id = producer.new_actor()
    candidate_id = producer.new_candidate(new_part(producer, **MAY), actor_id)
    first, second = new_part(producer, **MAY), new_part(producer, **MAY)
    for engaged_part in (first, second):
        producer.new_candidate(engaged_part, actor_id, "cast")
    shown = [conflict["part_id"] for conflict in conflicts(producer, candidate_id)]
    assert sorted(shown) == sorted([first, second])
    assert producer.delete(f"/parts/{first}").status == 200
    assert conflicts(producer, candidate_id) == [{"part_id": second, **MAY}]
    assert producer.delete(f"/movies/{second.partition('.')[0]}").status == 200
    assert conflicts(producer, candidate_id) == []


def test_a_candidate_shows_the_first_10_conflicts(producer: Client) -> None:
    actor_id = producer.new_actor()
    expected: list[dict[str, str]] = []
    for day in range(12, 0, -1):
        dates = {"work_start": f"2100-05-{day:02}", "work_end": "2100-05-31"}
        engaged_part = new_part(producer, **dates)
        producer.new_candidate(engaged_part, actor_id, "on_hold")
        expected.insert(0, {"part_id": engaged_part, **dates})
    candidate_id = producer.new_candidate(new_part(producer, **MAY), actor_id)
    assert conflicts(producer, candidate_id) == expected[:10]


def test_a_change_of_a_candidate_shows_the_conflicts(producer: Client) -> None:
    actor_id = producer.new_actor()
    engaged_part = new_part(producer, **MAY)
    producer.new_candidate(engaged_part, actor_id, "on_hold")
    part_id = new_part(producer, **MAY)
    added = producer.post(f"/parts/{part_id}/candidates", {"actor_ids": [actor_id]})
    (candidate,) = added["candidates"]
    expected = [{"part_id": engaged_part, **MAY}]
    assert candidate["conflicts"] == expected
    for changes in ({"rating": 2}, {"status": "cast"}, {"status": "released"}):
        changed = producer.patch(f"/candidates/{candidate['id']}", changes)
        assert changed["candidate"]["conflicts"] == expected
