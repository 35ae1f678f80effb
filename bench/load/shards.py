"""Simulate what would relieve the partition that has all movies: `python -m bench.load.shards`.

Nothing of this is built. docs/cost.md shows the figures and says when they matter.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from bench.load import demo
from bench.load.markdown import table
from bench.load.scene import PAGE
from dev.machine import say

READ_LIMIT, WRITE_LIMIT = 3_000, 1_000
"""Units a second of one partition (DynamoDB)."""

READ_UNIT = 4_096  # bytes
ENTRY = 580
"""Bytes of a movie in the index: 21 of them are the 1.5 units of a list (docs/load.md)."""

NEXT_PAGE = 0.4
"""The share of readers of a page who also read the next one."""

CACHE_SECONDS = 5
DURATION = 0.05
"""Seconds of a request: with the rate, how many environments Lambda has (Little's law)."""

READERS = 10_000
"""Simulated requests."""

MOVIES = 100_000
OTHERS = "#"
"""The shard of titles that begin with no letter."""


class Outcome(NamedTuple):
    """What a page costs, and how many pages a second the busiest partition allows."""

    queries: float
    units: float
    most: float


def units(items: float) -> float:
    """Return the read units of an eventually consistent Query of this many movies."""
    return max(1, math.ceil(items * ENTRY / READ_UNIT)) / 2


def titles(number: int, chance: random.Random) -> list[str]:
    """Return titles of the demo data: only their first letters matter."""
    return chance.choices(demo.titles(), k=number)


def shard_of(title: str) -> str:
    """Return the shard of a title: its first letter."""
    first = title[0].lower()
    return first if "a" <= first <= "z" else OTHERS


def depth(chance: random.Random) -> int:
    """Return the number of a page that somebody reads: 0 for the first."""
    page = 0
    while chance.random() < NEXT_PAGE:
        page += 1
    return page


def busiest(partitions: Sequence[str], units_of_page: float) -> float:
    """Return how many of these pages a second the busiest partition allows."""
    ((_, number),) = Counter(partitions).most_common(1)
    return READ_LIMIT / units_of_page * len(partitions) / number


# --- Lists by title


def by_title(choose_page: Callable[[random.Random, int], int], is_sharded: bool) -> Outcome:
    """Read pages in the order of titles. Shards follow each other: a page is in one, or at a seam.

    `choose_page` returns the number of a page, of this many.
    """
    chance = random.Random(1)  # noqa: S311 -- no secret
    sizes = Counter(map(shard_of, titles(MOVIES, chance)))
    letters = sorted(sizes)
    ends = list(accumulate(sizes[letter] for letter in letters))
    pages = MOVIES // PAGE
    reads: list[str] = []
    for _ in range(READERS):
        start = choose_page(chance, pages) * PAGE
        touched = [
            letter
            for letter, end in zip(letters, ends, strict=True)
            if start < end and start + PAGE + 1 > end - sizes[letter]
        ]
        reads += touched if is_sharded else ["all"]
    queries = len(reads) / READERS
    return Outcome(queries, queries * units(PAGE + 1), busiest(reads, units(PAGE + 1)) / queries)


def like_people(chance: random.Random, pages: int) -> int:
    return min(depth(chance), pages - 1)


def like_a_crawler(chance: random.Random, pages: int) -> int:
    return chance.randrange(pages)


# --- Lists by date


def by_date(shards: int) -> Outcome:
    """Read the newest movies of all shards, and merge them.

    A Query reads as many movies as its units allow. A shard whose movies are all on the page is
    read again: it may have more.
    """
    chance = random.Random(2)  # noqa: S311 -- no secret
    first = int(2 * units(math.ceil((PAGE + 1) / shards)) * READ_UNIT / ENTRY)
    queries = total = 0.0
    for _ in range(READERS // 10):
        wanted = Counter(chance.randrange(shards) for _ in range(PAGE + 1))
        for shard in range(shards):
            rounds = 1
            while shards > 1 and wanted[shard] >= rounds * first:
                rounds += 1
            queries += rounds
            total += rounds * units(first)
    pages = READERS // 10
    # The shards are equal: each serves its part of every page.
    return Outcome(queries / pages, total / pages, READ_LIMIT / (total / pages / shards))


# --- Searches


def by_search(is_sharded: bool) -> Outcome:
    """Search for the beginning of a word. A few words are common. One unit reads 21 entries."""
    chance = random.Random(3)  # noqa: S311 -- no secret
    words = Counter(word.lower() for title in demo.titles() for word in title.split())
    ranked = [word for word, _ in words.most_common()]
    chosen = chance.choices(ranked, [1 / rank for rank in range(1, len(ranked) + 1)], k=READERS)
    reads = [shard_of(word) if is_sharded else "all" for word in chosen]
    return Outcome(1, 1, busiest(reads, 1))


# --- Cached pages


def cached_share(pages: int) -> float:
    """Return the share of readers who read one of the first pages."""
    return 1 - NEXT_PAGE**pages


def with_cache(rate: float, pages: int) -> float:
    """Return how many pages a second still reach DynamoDB at this rate.

    Each environment keeps the first pages for CACHE_SECONDS.
    """
    chance = random.Random(4)  # noqa: S311 -- no secret
    environments = max(1, round(rate * DURATION))
    kept: dict[tuple[int, int], float] = {}
    seconds = 3 * CACHE_SECONDS
    reads, now = 0, 0.0
    while now < seconds:
        now += chance.expovariate(rate)
        page = depth(chance)
        key = chance.randrange(environments), page
        if page < pages and now < kept.get(key, 0.0):
            continue
        if now >= CACHE_SECONDS:  # before that, the caches are empty
            reads += 1
        kept[key] = now + CACHE_SECONDS
    return reads / (seconds - CACHE_SECONDS)


def cache_limit(pages: int) -> float:
    """Return how many pages a second are possible with a cache, without counting its misses."""
    return READ_LIMIT / units(PAGE + 1) / (1 - cached_share(pages))


# --- Tables


def lists() -> str:
    """Return the table of what each option allows."""
    options = {
        "title, one partition (as built)": by_title(like_people, is_sharded=False),
        "title, a shard for each letter, read by people": by_title(like_people, is_sharded=True),
        "title, a shard for each letter, read by crawlers": by_title(
            like_a_crawler, is_sharded=True
        ),
        "date, one partition (as built)": by_date(1),
        **{f"date, {number} merged shards": by_date(number) for number in (2, 4, 8, 27)},
        "search, one partition (as built)": by_search(is_sharded=False),
        "search, a shard for each letter": by_search(is_sharded=True),
    }
    return table(
        ("list", "queries a page", "units a page", "most pages a second"),
        (
            (name, f"{o.queries:.1f}", f"{o.units:.1f}", f"{o.most:,.0f}")
            for name, o in options.items()
        ),
    )


def caches() -> str:
    """Return the table of what a cache saves."""
    rates = (10, 100, 1_000, 5_000)
    return table(
        ("cached", *(f"{rate:,} pages/s" for rate in rates), "most pages a second"),
        (
            (
                f"the first {number} pages" if number > 1 else "the first page",
                *(f"{with_cache(rate, number):,.0f}" for rate in rates),
                f"{cache_limit(number):,.0f}",
            )
            for number in (1, 2, 3)
        ),
    )


def main() -> None:
    say(f"{lists()}\n\n{caches()}")


if __name__ == "__main__":
    main()
