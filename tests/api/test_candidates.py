"""Candidates: the board of a part, and casting."""

from tests.support.client import Client


def test_smoke(producer: Client) -> None:
    movie_id = producer.new_movie()
    answer = producer.post(
        f"/movies/{movie_id}/parts", {"name": "Neil", "work_start": "2027-01-01"}
    )
    assert answer.status == 201, answer
    part_id = answer["created"]
    actors = [producer.new_actor(f"Actor {n}") for n in range(4)]
    answer = producer.post(f"/parts/{part_id}/candidates", {"actor_ids": [*actors, "A" * 16]})
    assert answer.status == 201, answer
    assert len(answer["candidates"]) == 4
    assert len(answer["refused"]) == 1
    a = answer["candidates"][0]["id"]
    b = answer["candidates"][1]["id"]
    for path, member in (
        (f"/parts/{part_id}/candidates", "candidates"),
        (f"/movies/{movie_id}/candidates", "candidates"),
        (f"/actors/{actors[0]}/candidacies", "candidacies"),
        ("/parts", "parts"),
        (f"/movies/{movie_id}/parts", "parts"),
    ):
        answer = producer.get(path)
        assert answer.status == 200, answer
        assert answer[member], answer
    answer = producer.patch(
        f"/candidates/{a}",
        {"status": "cast", "rating": 6, "audition_at": "2027-01-01T10:00:00+02:00"},
    )
    assert answer.status == 200, answer
    assert producer.patch(f"/candidates/{b}", {"status": "cast"}).status == 409
    answer = producer.get(f"/parts/{part_id}")
    assert answer["part"]["status"] == "cast"
    assert answer["part"]["counts"]["cast"] == 1
    movie = producer.get(f"/movies/{movie_id}")
    assert movie["roles"][0]["character_name"] == "Neil", movie
    assert movie["roles"][0]["part_ids"] == [part_id]
    assert producer.get(f"/parts/{part_id}/candidates", status="cast")["candidates"][0]["id"] == a
    role = movie["roles"][0]["id"]
    assert producer.delete(f"/roles/{role}").status == 200
    assert producer.get(f"/candidates/{a}")["candidate"]["status"] == "released"
    assert producer.get(f"/parts/{part_id}")["part"]["status"] == "open"
    assert producer.patch(f"/candidates/{a}", {"status": "cast"}).status == 422
    assert producer.patch(f"/candidates/{b}", {"status": "on_hold"}).status == 200
    assert producer.delete(f"/candidates/{b}").status == 409
    assert producer.patch(f"/parts/{part_id}", {"work_end": "2027-05-01"}).status == 200
    assert producer.delete(f"/actors/{actors[1]}").status == 200
    assert producer.get(f"/parts/{part_id}")["part"]["candidate_count"] == 3
    assert producer.delete(f"/movies/{movie_id}").status == 200
    assert producer.get(f"/parts/{part_id}").status == 404
    assert producer.get(f"/actors/{actors[0]}")["actor"]["candidate_count"] == 0
