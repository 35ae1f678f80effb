"""The JavaScript linter: which files it checks, and that it fails."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.contract import lint

pytestmark = pytest.mark.slow


def test_every_javascript_file_is_linted_without_a_finding() -> None:
    files = lint.files()
    tracked = ("git", "ls-files", "*.js", "*.mjs", "*.cjs")
    listed = subprocess.run(tracked, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert set(files) >= set(listed.stdout.split())
    assert {"chalicelib/contract/page.js", "dev/contract/js/login.js"} <= set(files)
    linted = lint.lint(files)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("broken.js", "pm.test(;", "Parsing error"),
        ("unknown.js", "pm.test();", "no-undef"),
        ("unused.mjs", "const answer = 42;", "no-unused-vars"),
        ("warning.js", "/* eslint no-empty: warn */ if (1 < 2) {}", "no-empty"),
    ],
)
def test_a_finding_or_a_warning_fails(tmp_path: Path, name: str, text: str, finding: str) -> None:
    (tmp_path / name).write_text(text)
    linted = lint.lint([name], tmp_path)
    assert linted.returncode == 1
    assert finding in linted.stdout
