"""Every change from one status of a candidate to another."""

import re

import pytest

from tests.support import faster_moto
from tests.support.client import Client, assert_failure

SELECTION = {
    "submitted",
    "shortlisted",
    "auditioning",
    "callback",
    "on_avail",
    "backup",
    "passed",
}
ENGAGEMENT = {"on_hold", "offered", "cast"}
ENDED = {"declined", "released"}
STATUSES = sorted(SELECTION | ENGAGEMENT | ENDED)

ALLOWED = {
    **dict.fromkeys(SELECTION, SELECTION | ENGAGEMENT),
    **dict.fromkeys(ENGAGEMENT, ENGAGEMENT | ENDED),
    "declined": {"declined", "shortlisted"},
    "released": {"released", "shortlisted"},
}
"""The statuses that may follow each status, as the agency works. Each may be set again."""

EXPECTED = re.compile(r"status: expected one of ([a-z_, ]+) after ([a-z_]+)\.")


def new_candidate(client: Client, status: str) -> tuple[str, str, str]:
    """Add a movie with a part and a candidate. Return the ids of movie, actor and part."""
    movie_id, actor_id = client.new_movie(), client.new_actor()
    part_id = client.new_part(movie_id)
    ways = ["on_hold", status] if status in ENDED else [status]
    client.new_candidate(part_id, actor_id, *ways)
    return movie_id, actor_id, part_id


@pytest.mark.parametrize("to", STATUSES)
@pytest.mark.parametrize("was", STATUSES)
def test_a_status_follows_only_those_that_the_rule_allows(
    producer: Client, was: str, to: str
) -> None:
    movie_id, actor_id, part_id = faster_moto.once(
        f"add a candidate who is {was}", lambda: new_candidate(producer, was)
    )
    candidate_id = f"{part_id}.{actor_id}"

    def everything() -> list[object]:
        paths = (f"/parts/{part_id}", f"/actors/{actor_id}", f"/movies/{movie_id}", "/roles")
        return [producer.candidate(candidate_id), *(producer.get(path).body for path in paths)]

    before = [] if to in ALLOWED[was] else everything()
    response = producer.patch(f"/candidates/{candidate_id}", {"status": to, "rating": 4})
    if to in ALLOWED[was]:
        assert response.status == 200, response
        assert response["candidate"] == producer.candidate(candidate_id)
        shown, expected_rating = to, 4
    else:
        assert_failure(response, 422)
        sentence = EXPECTED.fullmatch(response["detail"])
        assert sentence, response
        assert set(sentence[1].split(", ")) == ALLOWED[was] - {was}
        assert sentence[2] == was
        assert everything() == before
        shown, expected_rating = was, None
    candidate = producer.candidate(candidate_id)
    assert (candidate["status"], candidate["rating"]) == (shown, expected_rating)
    part = producer.part(part_id)
    assert {status: n for status, n in part["counts"].items() if n} == {shown: 1}
    assert part["candidate_count"] == 1
    assert part["status"] == ("cast" if shown == "cast" else "open")
    assert len(producer.get("/roles")["roles"]) == (shown == "cast")
    for status in {was, to}:
        column = producer.get(f"/parts/{part_id}/candidates", status=status)["candidates"]
        assert len(column) == (status == shown)
