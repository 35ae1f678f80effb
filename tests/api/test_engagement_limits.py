"""How many engagements a part, an actor and a role have: their writes fit into one transaction."""

import pytest

from chalicelib.store import casting
from tests.support.client import Client, assert_failure
from tests.support.crowd import add_crowd

MAY = {"work_start": "2100-05-01", "work_end": "2100-05-31"}
JUNE = {"work_start": "2100-06-01", "work_end": "2100-06-30"}


@pytest.mark.slow
def test_a_part_has_at_most_80_engaged_candidates_and_can_still_change_its_dates(
    producer: Client,
) -> None:
    part_id = producer.new_part(producer.new_movie(), needed=80, **MAY)
    *engaged_ids, last_id = add_crowd(part_id, 81)
    for candidate_id in engaged_ids:
        producer.set_status(candidate_id, "on_hold")
    for status in ("on_hold", "offered", "cast"):
        response = producer.patch(f"/candidates/{last_id}", {"status": status})
        assert_failure(response, 409)
        assert "80" in response["detail"]
    # One of the engaged can still be cast, and the dates of all of them change together.
    producer.set_status(engaged_ids[0], "cast")
    assert producer.patch(f"/parts/{part_id}", JUNE).status == 200
    watched_part = producer.new_part(producer.new_movie(), **JUNE)
    for candidate_id in (engaged_ids[0], engaged_ids[-1]):
        watched_id = producer.new_candidate(watched_part, candidate_id.rpartition(".")[2])
        expected = [{"part_id": part_id, **JUNE}]
        assert producer.candidate(watched_id)["conflicts"] == expected
    producer.set_status(engaged_ids[1], "released")
    producer.set_status(last_id, "offered")
    counts = producer.part(part_id)["counts"]
    assert (counts["cast"], counts["offered"], counts["on_hold"], counts["released"]) == (
        1,
        1,
        78,
        1,
    )


@pytest.mark.slow
def test_a_role_joins_at_most_30_parts_and_its_removal_releases_all_of_them(
    producer: Client,
) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    candidate_ids = [
        producer.new_candidate(producer.new_part(movie_id, f"Part {n}", **MAY), actor_id)
        for n in range(31)
    ]
    producer.set_status(candidate_ids[30], "on_hold")
    for candidate_id in candidate_ids[:30]:
        producer.set_status(candidate_id, "cast")
    response = producer.patch(f"/candidates/{candidate_ids[30]}", {"status": "cast"})
    assert_failure(response, 409)
    assert "30" in response["detail"]
    assert producer.candidate(candidate_ids[30])["status"] == "on_hold"
    assert len(producer.role(f"{movie_id}.{actor_id}")["part_ids"]) == 30
    assert producer.delete(f"/roles/{movie_id}.{actor_id}").status == 200
    listed = producer.every(f"/actors/{actor_id}/candidacies", "candidacies", limit=30)
    assert [candidacy["status"] for candidacy in listed] == ["on_hold"] + ["released"] * 30
    assert len(producer.every("/parts", "parts", limit=100)) == 31
    assert producer.actor(actor_id)["role_count"] == 0
    assert producer.movie(movie_id)["role_count"] == 0


def test_an_actor_has_a_limited_number_of_engagements_with_dates(
    producer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(casting, "MAX_ENGAGEMENTS", 2)
    actor_id = producer.new_actor()
    dated = [producer.new_part(producer.new_movie(), **MAY) for _ in range(3)]
    undated = producer.new_part(producer.new_movie())
    for part_id in dated[:2]:
        producer.new_candidate(part_id, actor_id, "on_hold")
    last_id = producer.new_candidate(dated[2], actor_id)
    response = producer.patch(f"/candidates/{last_id}", {"status": "cast"})
    assert_failure(response, 409)
    assert "2 engagements" in response["detail"]
    assert producer.candidate(last_id)["status"] == "submitted"
    assert producer.get("/roles")["roles"] == []
    # A part without dates takes no days of the actor, until it gets dates.
    producer.new_candidate(undated, actor_id, "on_hold")
    response = producer.patch(f"/parts/{undated}", MAY)
    assert_failure(response, 409)
    assert "2 engagements" in response["detail"]
    assert producer.part(undated)["work_start"] is None
    producer.set_status(f"{dated[0]}.{actor_id}", "declined")
    assert producer.patch(f"/parts/{undated}", MAY).status == 200
