"""Every change from one status of a candidate to another."""

import re

import pytest

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


def ways_to(status: str) -> list[str]:
    """Return the statuses by which a new candidate gets to a status."""
    return ["on_hold", status] if status in ENDED else [status]


@pytest.mark.parametrize("to", STATUSES)
@pytest.mark.parametrize("was", STATUSES)
def test_a_status_follows_only_those_that_the_rule_allows(
    producer: Client, was: str, to: str
) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    part_id = producer.new_part(movie_id)
    candidate_id = producer.new_candidate(part_id, actor_id, *ways_to(was))

    def everything() -> list[object]:
        paths = (f"/parts/{part_id}", f"/actors/{actor_id}", f"/movies/{movie_id}", "/roles")
        return [producer.candidate(candidate_id), *(producer.get(path).body for path in paths)]

    before = everything()
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
