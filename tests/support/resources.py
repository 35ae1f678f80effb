"""The items of a table without its index and without history."""

from typing import Any

from dev.table.integrity import read

OTHERS = ("claim", "entry", "history", "index")
"""The kinds of items that are no resources."""


def resources() -> list[dict[str, Any]]:
    """Return the items of movies, actors, roles, parts and candidates."""
    return [item for item in read() if item["kind"]["S"] not in OTHERS]
