"""The simulation of what would relieve a hot partition: what must hold whatever the numbers are."""

import pytest

from bench.load import shards
from bench.load.scene import PAGE


def test_a_query_costs_at_least_half_a_unit_and_half_a_unit_for_each_4_kb() -> None:
    assert shards.units(1) == shards.units(4_096 // shards.ENTRY) == 0.5
    assert shards.units(4_096 // shards.ENTRY + 1) == 1


def test_one_partition_allows_its_units_divided_by_those_of_a_page() -> None:
    page = shards.units(PAGE + 1)
    limit = shards.READ_LIMIT / page
    assert shards.by_title(shards.like_people, is_sharded=False) == (1, page, limit)
    assert shards.by_date(1) == (1, page, limit)
    assert shards.by_search(is_sharded=False) == (1, 1, shards.READ_LIMIT)


def test_the_busiest_partition_is_the_limit() -> None:
    assert shards.busiest(["a", "a", "b", "c"], 2) == shards.READ_LIMIT / 2 / 0.5
    assert shards.busiest(["a"], 1) == shards.READ_LIMIT


def test_shards_never_allow_less_and_at_most_as_many_times_more_as_there_are_shards() -> None:
    for sharded, whole in (
        (shards.by_title(shards.like_people, True), shards.by_title(shards.like_people, False)),
        (
            shards.by_title(shards.like_a_crawler, True),
            shards.by_title(shards.like_a_crawler, False),
        ),
        (shards.by_search(True), shards.by_search(False)),
        (shards.by_date(8), shards.by_date(1)),
    ):
        assert 0.99 * whole.most <= sharded.most <= 27 * whole.most


def test_letters_do_not_help_who_reads_the_first_pages() -> None:
    people = shards.by_title(shards.like_people, True)
    assert people.most == pytest.approx(shards.by_title(shards.like_people, False).most, rel=0.01)
    assert shards.by_title(shards.like_a_crawler, True).most > 2 * people.most


def test_a_page_at_a_seam_reads_two_shards() -> None:
    crawler = shards.by_title(shards.like_a_crawler, True)
    # There are fewer than 27 seams among 5,000 pages.
    assert 1 < crawler.queries < 1 + 27 / 5_000 * 1.5
    assert crawler.units == pytest.approx(crawler.queries * shards.units(PAGE + 1))


def test_a_merged_page_reads_every_shard_and_costs_more_than_one_partition() -> None:
    outcomes = {number: shards.by_date(number) for number in (1, 2, 4, 8, 27)}
    for number, outcome in outcomes.items():
        assert outcome.queries >= number
        assert outcome.units >= outcome.queries * 0.5
        assert outcome.units >= outcomes[1].units
    # Half a unit is the least that a Query costs: more shards do not raise the limit above this.
    assert all(outcome.most <= shards.READ_LIMIT / 0.5 for outcome in outcomes.values())


def test_a_shard_that_has_more_of_a_page_than_was_read_is_read_again() -> None:
    # Of 21 movies, a quarter are 5. A Query reads 7, and now and then a shard has more.
    assert shards.by_date(4).queries > 4.3


def test_a_cache_saves_no_more_than_the_pages_that_it_keeps() -> None:
    assert shards.cached_share(1) == pytest.approx(0.6)
    for rate in (10, 1_000):
        reads = [shards.with_cache(rate, pages) for pages in (0, 1, 2, 3)]
        assert reads == sorted(reads, reverse=True)
        assert reads[0] == pytest.approx(rate, rel=0.2)
        for pages, left in enumerate(reads):
            assert left >= rate * (1 - shards.cached_share(pages)) * 0.7


def test_a_cache_reads_each_kept_page_once_in_its_time_and_environment() -> None:
    # At 1,000 pages a second there are 50 environments.
    environments = 1_000 * shards.DURATION
    most = environments * 3 / shards.CACHE_SECONDS + 1_000 * (1 - shards.cached_share(3))
    assert shards.with_cache(1_000, 3) <= most * 1.2


def test_the_simulation_is_repeatable() -> None:
    assert shards.lists() == shards.lists()
    assert shards.caches() == shards.caches()
