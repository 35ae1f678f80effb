"""The files of docs/generated/ follow from the code, and `make check` sees when they do not."""

import subprocess
import sys
from pathlib import Path

import pytest

from dev import generate, machine
from tests.conftest import PROJECT
from tests.support.checkout import tracked


def test_the_generated_files_are_up_to_date() -> None:
    files = generate.files()
    others = {"chalicelib/store/amazon-roots.pem", "console/src/api/rules.ts"}
    assert {str(machine.shown(file)) for file in files} == {*tracked("docs/generated"), *others}
    for file, text in files.items():
        assert file.read_text() == text, f"{file}: run make generate"


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one generated file, which is up to date."""
    file = tmp_path / "api.md"
    file.write_text("new")
    monkeypatch.setattr(machine, "GENERATED", tmp_path)
    monkeypatch.setattr(machine, "settings", dict)
    monkeypatch.setattr(generate, "files", lambda: {file: "new"})
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    return file


def test_a_file_that_is_stale_or_missing_or_not_generated_is_reported(generated: Path) -> None:
    generate.main()
    generated.write_text("old")
    with pytest.raises(SystemExit, match=r"api\.md is not up to date: run make generate"):
        generate.main()
    generated.unlink()
    with pytest.raises(SystemExit, match=r"api\.md is not up to date: run make generate"):
        generate.main()
    generated.write_text("new")
    generated.with_name("old.md").touch()
    with pytest.raises(SystemExit, match=r"nothing generates .*old\.md"):
        generate.main()


def test_it_writes_what_is_missing(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generated.unlink()
    monkeypatch.setattr(sys, "argv", ["generate"])
    generate.main()
    assert generated.read_text() == "new"


def test_git_treats_the_generated_files_as_generated() -> None:
    names = tracked("docs/generated")
    done = subprocess.run(
        ["git", "check-attr", "linguist-generated", *names],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(names)
    assert all(line.endswith(": true") for line in lines)
