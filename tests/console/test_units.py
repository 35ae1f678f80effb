"""The console's unit tests, which Vitest runs: rules of statuses, merging, dates, retries."""

import pytest

from dev import console

pytestmark = pytest.mark.slow


def test_the_unit_tests_of_the_console_pass() -> None:
    done = console.test()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
