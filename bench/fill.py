"""Fill the table, with the functions of the API: so the items have the shapes of the real table."""

from bench import data
from chalicelib.store import actors, candidates, movies, parts, roles

BATCH = 25
"""Actors that one `candidates.add` accepts."""


def fill() -> dict[str, str]:
    """Write the data of a run. Return the ids that the events name."""
    movie_ids = [movies.add(data.BY, **data.movie(number)).id for number in range(data.MOVIES)]
    actor_ids = [actors.add(data.BY, **data.actor(number)).id for number in range(data.ACTORS)]
    alone, with_roles, in_casting, *_ = movie_ids
    for number, actor_id in enumerate(actor_ids[: data.CAST]):
        roles.add(
            with_roles,
            actor_id,
            data.BY,
            character_name=f"Ilsa Lund {number}",
            billing_order=number + 1,
            role_type="supporting",
            work_start="1942-05-25",
            work_end="1942-08-03",
        )
    part = parts.add(
        in_casting,
        data.BY,
        name="Ilsa Lund",
        description="Torn between two men.",
        part_type="lead",
        billing_order=1,
        gender="female",
        playing_age_min=25,
        playing_age_max=45,
        work_start="2027-05-01",
        work_end="2027-06-30",
        needed=1,
    )
    for start in range(0, data.CANDIDATES, BATCH):
        added = candidates.add(part.id, actor_ids[start : start + BATCH], data.BY)
        for number, candidate in enumerate(added.candidates):
            fields = {
                "status": data.STATUS,
                "rating": 1 + number % 6,
                "note": "Warm, quick, funny. To be seen again with the director.",
                "audition_at": "2027-02-01T10:30:00.000000Z",
            }
            candidates.change(candidate.id, fields, None, data.BY)
    return {"movie": alone, "movie_with_roles": with_roles, "part": part.id}
