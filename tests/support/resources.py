"""The items of a table without its index and without history."""

from typing import Any

from chalicelib.store import entries
from chalicelib.store.items import Parent
from chalicelib.store.table import Item
from dev.table.integrity import read

OTHERS = ("claim", "entry", "history", "index")
"""The kinds of items that are no resources."""


def with_entries(item: Parent) -> list[Item]:
    """Return a movie or actor and its entries, to be written without a transaction."""
    item.set(indexed=item.claims())
    card = entries.card_of(item).attributes()
    return [item, *(entries.Entry(*k, id=item.id, **card) for k in entries.keys_of(item))]


def resources() -> list[dict[str, Any]]:
    """Return the items of movies, actors, roles, parts and candidates."""
    return [item for item in read() if item["kind"]["S"] not in OTHERS]
