"""Fixtures of the tests with many roles."""

import pytest

from chalicelib.store import links

SMALL = 20


@pytest.fixture
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put 20 actions into a transaction, not 100: it removes 4 roles, or renames 19.

    So few roles already need several transactions. The tests of test_links.py with `COUNTS`, and
    those of what fits into one transaction, have the real limit.
    """
    monkeypatch.setattr(links, "MAX_ACTIONS", SMALL)
    monkeypatch.setattr(links, "REMOVED", (SMALL - 1) // 4)
    monkeypatch.setattr(links, "RENAMED", SMALL - 1)
