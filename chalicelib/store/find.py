"""Search and filters: pages of the movies or actors that match every criterion.

A page reads one list of the index, that of the narrowest criterion, and compares the others with
the cards in it. Then it reads the resources and compares them again, so what is shown matches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, NamedTuple, TypeVar

from pynamodb.expressions.condition import Condition

from chalicelib.errors import BadCursor, Unsortable
from chalicelib.store import dynamodb, entries, table, text
from chalicelib.store.entries import SEARCH, Entry
from chalicelib.store.items import Parent, alive
from chalicelib.store.resource import SK
from chalicelib.store.table import Page

PROBE = 25
"""Entries that are read of each criterion's list to find the narrowest."""

LIMITS = (500, 3_000, 3_000)
"""Entries that one Query reads, after a first one of FIRST for each result of the page."""

FIRST = 4

LISTED_WORDS = 2
"""Words of a search whose lists are probed: the longest."""

MAX_WORDS = 24
"""Words of a search that are compared with cards: DynamoDB limits the size of a condition."""

MAX_DRIVERS = 8
"""Criteria whose lists are probed. The others are only compared."""

USUAL_DATES = "1900-01-01", "2040-12-31"
"""Almost all movies are released between these days. Only the choice of a list depends on them."""

MAX_KEYS = 100  # of one BatchGetItem (DynamoDB)
MAX_CHARACTERS = 400_000
"""Of the resources on a page. Lambda returns at most 6 MB, and one character may be 12 bytes."""

END = "\U0010ffff"  # sorts after every other character

P = TypeVar("P", bound=Parent)


class Range(NamedTuple):
    """Sort keys from `low` to `high`, both included. None has no bound."""

    low: str | None = None
    high: str | None = None

    def includes(self, sort_key: str) -> bool:
        return (self.low is None or self.low <= sort_key) and (
            self.high is None or sort_key <= self.high
        )

    def condition(self) -> Condition | None:
        if self.low is not None and self.high is not None:
            return Entry.sk.between(self.low, self.high)
        if self.low is not None:
            return Entry.sk >= self.low
        return None if self.high is None else Entry.sk <= self.high


@dataclass(frozen=True)
class Criterion(Generic[P]):
    """What a resource must match, and the list of the index that has all which do."""

    matches: Callable[[P], bool]
    condition: Condition | None = None
    """The condition that its card matches. None: only the resource itself can be compared."""

    list_name: str | None = None
    """None: no list has just these."""

    bounds: Range = field(default_factory=Range)
    """The part of the list."""

    is_exact: bool = True
    """Whether everything in this part of the list matches."""

    from_end: bool = False
    """Whether this part is read backwards: what matches is at its end."""

    is_sorted: bool = False
    """Whether the list is in the order of `facets_sorted_by`."""

    share: Callable[[str], float] = lambda _: 1.0
    """Estimates which share of the part is before a sort key."""

    def is_repeated(self, item: P, sort_key: str) -> bool:
        """Return whether an earlier entry of an item is in the same part of the list."""
        if self.list_name != SEARCH:
            return False
        own = {table.sort_key(start, item.id) for start in item.starts()}
        # An entry that is outdated stands for the item, which has been changed since.
        return sort_key in own and any(
            self.bounds.includes(other) and other < sort_key for other in own
        )


# --- Criteria


def words(search: str) -> list[Criterion[Any]]:
    """Return the criteria that each word of a search begins a word. The longest is the first."""
    found = sorted(text.search_words(search), key=len, reverse=True)
    return [_word(word, number) for number, word in enumerate(found)]


def _word(word: str, number: int) -> Criterion[Any]:
    return Criterion(
        matches=lambda item: any(start.startswith(word) for start in item.starts()),
        condition=Entry.words.contains(f" {word}") if number < MAX_WORDS else None,
        list_name=SEARCH if number < LISTED_WORDS else None,
        bounds=Range(word, word + END),
        share=lambda sort_key: _share_of_letters(sort_key.removeprefix(word)),
    )


def facet(name: str, value: str) -> Criterion[Any]:
    """Return the criterion that a filter has this value."""
    wanted = f"{name}={value}"
    return Criterion(
        matches=lambda item: wanted in item.facets(),
        condition=Entry.facets.contains(wanted),
        list_name=wanted,
        is_sorted=True,
        share=_share_of_names,
    )


def everything() -> Criterion[Any]:
    """Return the criterion that every resource matches."""
    return Criterion(matches=lambda _: True, list_name="", is_sorted=True, share=_share_of_names)


def overlap(list_name: str, low: str, high: str, from_low: bool) -> Criterion[Any]:
    """Return the criterion that the `span` of an item overlaps `low` to `high`.

    `from_low` says that its lowest and highest value are the same, so that the list can be read
    from `low` on.
    """

    def matches(item: Any) -> bool:
        span = item.span()
        return span is not None and span[0] <= high and span[1] >= low

    return Criterion(
        matches=matches,
        condition=(Entry.low <= high) & (Entry.high >= low),
        list_name=list_name,
        bounds=Range(low if from_low else None, high + END),
        is_exact=from_low,
        from_end=not from_low,
        share=lambda sort_key: _share_of_digits(sort_key, low if from_low else "0", high),
    )


def only_read(matches: Callable[[Any], bool]) -> Criterion[Any]:
    """Return a criterion that cards do not have: only the resource itself can be compared."""
    return Criterion(matches=matches)


def _share_of_letters(sort_key: str) -> float:
    """Estimate the share of names before this one: by its first letters, spaces left out."""
    letters = sort_key.partition(table.SEPARATOR)[0].replace(" ", "")[:4]
    places = (min(max(ord(letter) - ord("a"), 0), 25) for letter in letters)
    return sum(place * 26.0 ** -(number + 1) for number, place in enumerate(places))


def _share_of_names(sort_key: str) -> float:
    """Estimate the share of a facet's list before this place: a name, or a date."""
    if sort_key.startswith(table.LAST):
        return 1.0
    if sort_key[:1].isdigit():
        return _share_of_digits(sort_key, *USUAL_DATES)
    return _share_of_letters(sort_key)


def _share_of_digits(sort_key: str, low: str, high: str) -> float:
    """Estimate the share of ages or dates between these bounds that are before this one."""
    if "-" in high:
        low, high = max(low, USUAL_DATES[0]), min(high, USUAL_DATES[1])
    at, first, last = (
        int("".join(filter(str.isdigit, value.partition(table.SEPARATOR)[0])) or 0)
        for value in (sort_key, low, high)
    )
    return min(max((at - first) / max(last - first, 1), 0.0), 1.0)


# --- A page


def page(
    item_type: type[P],
    criteria: Sequence[Criterion[P]],
    sort: str | None,
    *,
    after: str | None,
    limit: int,
) -> Page[P]:
    """Return a page of what matches all criteria: at most 4 Queries and a BatchGetItem.

    On the first page, one more Query probes the list of each criterion if there are several. `sort`
    is an order, or None for that of the list that is read. A page may be short, and even empty,
    although more follow. Raise BadCursor and Unsortable.
    """
    drivers = _drivers(item_type, criteria, sort)
    search = _Search(item_type, criteria, forward=sort is None or not sort.startswith("-"))
    if after is not None:
        number, separator, start = after.partition(table.SEPARATOR)
        if number not in map(str, range(len(drivers))) or not separator:
            raise BadCursor()
        search.driver = drivers[int(number)]
        search.go_to(start)
    elif len(drivers) == 1:
        search.driver = drivers[0]
    else:
        search.probe(drivers)
    search.read(limit)
    found = search.matching(limit)
    if found.last is None:
        return found
    return Page(found.items, f"{drivers.index(search.driver)}{table.SEPARATOR}{found.last}")


def _drivers(
    item_type: type[P], criteria: Sequence[Criterion[P]], sort: str | None
) -> list[Criterion[P]]:
    """Return the criteria by whose lists a search can be read in this order."""
    listed = [criterion for criterion in criteria if criterion.list_name is not None]
    if sort is None:
        return (listed or [everything()])[:MAX_DRIVERS]
    by = item_type.facets_sorted_by
    if sort.removeprefix("-") != by:
        raise Unsortable(f"sort={sort} cannot be combined with filters: sort by {by}.")
    in_order = [criterion for criterion in listed if criterion.is_sorted]
    if not in_order and any(criterion.list_name == SEARCH for criterion in listed):
        raise Unsortable("search lists in the order of the words: leave out sort.")
    return (in_order or [everything()])[:MAX_DRIVERS]


class _Search(Generic[P]):
    """The reading of one page."""

    driver: Criterion[P]

    def __init__(self, item_type: type[P], criteria: Sequence[Criterion[P]], forward: bool) -> None:
        self.item_type, self.criteria, self.forward = item_type, criteria, forward
        self.places: dict[str, str] = {}
        """The sort keys of the entries that match, by the ids of the resources."""
        self.start: str | None = None
        """The sort key after which to go on."""
        self.is_at_end = False

    @property
    def is_forward(self) -> bool:
        return self.forward and not self.driver.from_end

    def go_to(self, sort_key: str) -> None:
        """Go on after a sort key. Raise BadCursor if it cannot be one of the driver's list."""
        is_short = 0 < len(sort_key.encode()) <= dynamodb.MAX_KEY
        if not is_short or not self.driver.bounds.includes(sort_key):
            raise BadCursor()
        self.start = sort_key

    def probe(self, drivers: Sequence[Criterion[P]]) -> None:
        """Choose the driver: the criterion with the shortest list, as its first entries suggest."""
        probes: list[tuple[float, int, _Search[P]]] = []
        for driver in drivers:
            probed = _Search(self.item_type, self.criteria, self.forward)
            probed.driver = driver
            probed.read_next(PROBE)
            share = 1.0 if probed.start is None else driver.share(probed.start)
            if not probed.is_forward:
                share = 1.0 - share
            size = 0 if probed.is_at_end else PROBE / max(share, 1e-9)
            probes.append((size, len(probes), probed))
        _, _, best = min(probes)
        self.driver, self.places = best.driver, best.places
        self.start, self.is_at_end = best.start, best.is_at_end

    def read(self, limit: int) -> None:
        """Read entries until there are more than the page shows, or LIMITS are used up."""
        is_known = self.driver.is_exact and self.wanted(limit) == limit
        is_alone = len(self.criteria) == 1 and is_known
        for size in (limit + 1,) if is_alone else (FIRST * (limit + 1), *LIMITS):
            if self.is_at_end or len(self.places) > self.wanted(limit):
                return
            self.read_next(size)

    def wanted(self, limit: int) -> int:
        """Return how many resources to read: more than `limit` if cards do not tell enough."""
        is_known = all(c.condition is not None or c.list_name is not None for c in self.criteria)
        return limit if is_known else min(2 * limit, MAX_KEYS)

    def read_next(self, size: int) -> None:
        """Read the next entries of the driver's list: one Query."""
        segments = [*self._segments()]
        segment = next(s for s in segments if self.start is None or s.includes(self.start))
        others = [c.condition for c in self.criteria if c is not self.driver or not c.is_exact]
        conditions = [condition for condition in others if condition is not None]
        raw_entries, last = dynamodb.filtered(
            entries.list_name(self.item_type, self.driver.list_name or ""),
            segment.condition(),
            reduce(Condition.__and__, conditions) if conditions else None,
            after=self.start,
            limit=size,
            forward=self.is_forward,
        )
        for raw in raw_entries:
            self.places.setdefault(raw["id"]["S"], raw["sk"]["S"])
        if last is None and segment is not segments[-1]:
            last = END  # before the first one of the next segment, which is read backwards
        self.start, self.is_at_end = last, last is None

    def _segments(self) -> Iterator[Range]:
        """Return the parts of the driver's list in the order in which they are read.

        Backwards, what has no value to sort by is still last.
        """
        sorted_by = getattr(self.item_type, self.item_type.facets_sorted_by)
        if self.forward or not sorted_by.null:
            yield self.driver.bounds
        else:
            yield Range(None, table.LAST)
            yield Range(table.LAST, None)

    def matching(self, limit: int) -> Page[P]:
        """Read the resources, and return those that match: one BatchGetItem."""
        places = list(self.places.items())[: self.wanted(limit)]
        keys = [(self.item_type.partition(resource_id), SK) for resource_id, _ in places]
        found: list[P] = []
        size = 0
        items = dynamodb.get_all(keys) if keys else []
        for number, (item, (_, place)) in enumerate(zip(items, places, strict=True)):
            if len(found) == limit or size > MAX_CHARACTERS:
                return Page(found, places[number - 1][1])
            if isinstance(item, self.item_type) and alive(item) and self._matches(item, place):
                found.append(item)
                size += sum(map(len, map(str, item.attribute_values.values())))
        if len(self.places) > len(places):
            return Page(found, places[-1][1])
        return Page(found, None if self.is_at_end else self.start)

    def _matches(self, item: P, place: str) -> bool:
        is_repeated = self.driver.is_repeated(item, place)
        return not is_repeated and all(c.matches(item) for c in self.criteria)
