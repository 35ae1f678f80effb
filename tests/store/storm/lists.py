"""The orders of lists."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.store.items import BEST_RATING, UNRATED
from chalicelib.store.statuses import Status
from chalicelib.store.table import LAST
from tests.store.storm.fields import PARENTS, Fields

TEXTS: dict[str, Callable[[Any], str]] = {
    "billing_order": lambda place: f"{place or 9_999:04}",
    "rating": lambda rating: UNRATED if rating is None else str(BEST_RATING - rating),
    **{
        name: order.text
        for item_type in PARENTS.values()
        for name, order in item_type.orders.items()
    },
}
"""How a list is sorted by a field, if not by the value itself."""

GROUP, STAGE, WORK = "group", "stage", "work"
DERIVED: dict[str, Callable[[Fields], str]] = {
    GROUP: lambda candidate: Status(candidate["status"]).group,
    STAGE: lambda candidate: Status(candidate["status"]).stage,
    WORK: lambda part: part["work_start"] or LAST,
}
"""What lists of parts and candidates are sorted by that is not a field."""


@dataclass(frozen=True)
class ListOrder:
    """The fields by which a list is sorted."""

    fields: tuple[str, ...]
    descending: bool = False
    nulls_last: bool = False
    """Whether resources without the first field come after all others, also backwards."""

    def holds(self, resources: list[Fields]) -> bool:
        """Return whether these resources are in this order."""
        if not self.nulls_last:
            return self._is_sorted(resources)
        first = self.fields[0]
        valued = [shown for shown in resources if shown[first] is not None]
        others = [shown for shown in resources if shown[first] is None]
        is_split = [*valued, *others] == resources
        return is_split and self._is_sorted(valued) and self._is_sorted(others)

    def _is_sorted(self, resources: list[Fields]) -> bool:
        keys = [[_text(field, shown) for field in self.fields] for shown in resources]
        pairs = itertools.pairwise(reversed(keys) if self.descending else keys)
        return all(earlier < later for earlier, later in pairs)


def _text(field: str, shown: Fields) -> str:
    return DERIVED[field](shown) if field in DERIVED else TEXTS.get(field, str)(shown[field])


IN_BILLING = ListOrder(("billing_order", "name", "id"))
NEWEST_MOVIE = ListOrder(("release_date", "id"), descending=True, nulls_last=True)
NEWEST_ROLE = ListOrder(("created_at", "id"), descending=True)
EARLIEST_WORK = ListOrder((WORK, "id"))
IN_COLUMN = ListOrder(("rating", "status_since", "actor_id"))
ON_BOARD = ListOrder((STAGE, *IN_COLUMN.fields))
BY_PART = ListOrder(("part_id", *ON_BOARD.fields))
BY_ACTOR = ListOrder(("actor_id",))
CANDIDACIES = ListOrder((GROUP, "status_since", "part_id"))
