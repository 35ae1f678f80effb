"""The rules for counts: those that the API shows, compared with the resources that it shows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.store.statuses import PartStatus, Status
from tests.store.storm.fields import Fields, collection_of
from tests.store.storm.history import parents_of, role_of

COUNTS = {
    "movies": {"role_count": "roles", "part_count": "parts"},
    "actors": {"role_count": "roles", "candidate_count": "candidates"},
    "parts": {"candidate_count": "candidates"},
}
"""The counts that a resource shows, and what they count, by collection."""


def contradictions(part: Fields) -> Iterator[str]:
    """Return in what a part contradicts itself."""
    counts, needed, status = part["counts"], part["needed"], part["status"]
    if counts["cast"] > needed:
        yield f"{counts['cast']} people are cast, but {needed} are needed"
    if sum(counts.values()) != part["candidate_count"]:
        yield f"candidate_count is {part['candidate_count']}, not {sum(counts.values())}"
    is_full = counts["cast"] >= needed
    if status != PartStatus.CLOSED and is_full != (status == PartStatus.CAST):
        yield f"it is {status}, but {counts['cast']} people of {needed} are cast"


def problems(final: Mapping[str, Fields]) -> Iterator[str]:
    """Return the wrong counts of these resources, which are all that exist."""
    numbers: Counter[tuple[str, str]] = Counter()
    statuses: defaultdict[str, Counter[str]] = defaultdict(Counter)
    cast_parts: defaultdict[str, list[str]] = defaultdict(list)
    for path, shown in final.items():
        for parent in parents_of(path):
            numbers[parent, collection_of(path)] += 1
        if path.startswith("/candidates/"):
            statuses[f"/parts/{shown['part_id']}"][shown["status"]] += 1
            if shown["status"] == Status.CAST:
                cast_parts[role_of(path)].append(shown["part_id"])
    for path, shown in final.items():
        for name, counted in COUNTS.get(collection_of(path), {}).items():
            if shown[name] != numbers[path, counted]:
                yield f"{path}: {name} is {shown[name]}, not {numbers[path, counted]}"
        if path.startswith("/parts/"):
            yield from (f"{path}: {problem}" for problem in contradictions(shown))
            for status in Status:
                if shown["counts"][status] != statuses[path][status]:
                    number = statuses[path][status]
                    yield f"{path}: {shown['counts'][status]} are {status}, not {number}"
        if path.startswith("/roles/") and shown["part_ids"] != sorted(cast_parts[path]):
            yield f"{path}: its parts are {shown['part_ids']}, not {sorted(cast_parts[path])}"
    for path in sorted(cast_parts.keys() - final.keys()):
        yield f"{path}: it does not exist, but its actor is cast in {cast_parts[path]}"


def abandoned_roles(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Return the roles that casting created, and that have no part any more.

    `items` are the whole table, as DynamoDB returns them.
    """
    for item in items:
        if "is_cast" in item and "part_ids" not in item:
            yield f"{item['pk']['S']} {item['sk']['S']}: casting created it, and it has no part"
