"""The tests' browser uses nothing outside the clone, and is never skipped where it can run."""

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.support import browser


@pytest.mark.parametrize(
    ("system", "processor", "environment", "skipped"),
    [
        ("Linux", "x86_64", {}, False),
        ("Linux", "x86_64", {"CI": "true"}, False),
        ("Linux", "aarch64", {}, True),
        ("Linux", "aarch64", {"CI": "true"}, True),
        ("Linux", "aarch64", {"CHROMIUM": "/usr/bin/chromium"}, False),
        ("Darwin", "arm64", {}, True),
        ("Darwin", "x86_64", {}, True),
        ("Darwin", "arm64", {"CHROMIUM": "/Applications/Chromium"}, False),
    ],
)
def test_it_is_skipped_only_where_no_browser_can_run(
    system: str, processor: str, environment: dict[str, str], skipped: bool
) -> None:
    reason = browser.why_unavailable(system, processor, environment)
    assert (reason is not None) == skipped
    if reason:
        assert "CHROMIUM" in reason


def test_its_files_are_all_in_the_clone() -> None:
    environment = browser.environment()
    local = PROJECT / ".local"
    paths = [Path(environment[name]) for name in ("FONTCONFIG_FILE", "HOME", "TMPDIR", "MODULES")]
    configuration = Path(environment["FONTCONFIG_FILE"]).read_text()
    paths += map(Path, re.findall(r"<(?:dir|cachedir)>(.*?)</", configuration))
    assert len(paths) == 6
    assert [path for path in paths if not path.is_relative_to(local)] == []
    assert "include" not in configuration
