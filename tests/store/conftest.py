"""Fixtures of the tests with many roles."""

import pytest

from chalicelib.store import links

SMALL = 20


def in_turns(numbers: range) -> list[tuple[str, int]]:
    """Return each number with one of the two sides, because a movie and an actor share their code.

    `make model` has both.
    """
    return [("movie" if number % 2 else "actor", number) for number in numbers]


@pytest.fixture
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put 20 actions into a transaction, not 100: it removes 4 roles, or renames 19.

    So few roles already need several transactions. The tests of test_links.py with `REMOVED` or
    `RENAMED`, and those of what fits into one transaction, have the real limit.
    """
    monkeypatch.setattr(links, "MAX_ACTIONS", SMALL)
    monkeypatch.setattr(links, "REMOVED", (SMALL - 1) // 4)
    monkeypatch.setattr(links, "RENAMED", SMALL - 1)
