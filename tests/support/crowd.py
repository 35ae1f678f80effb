"""Many candidates for one part, added through the store."""

from chalicelib.store import actors, candidates


def add_crowd(part_id: str, number: int) -> list[str]:
    """Create this many actors, add them to a part's list, and return the candidates' ids."""
    actor_ids = [
        actors.add("auth0|crowd", name=f"Extra {n:04}", gender="female", age=30).id
        for n in range(number)
    ]
    for start in range(0, number, 25):
        candidates.add(part_id, actor_ids[start : start + 25], "auth0|crowd")
    return [f"{part_id}.{actor_id}" for actor_id in actor_ids]
