"""The files of docs/generated/ follow from the code, and `make check` sees when they do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dev import machine
from tests.conftest import PROJECT
from tests.support.checkout import tracked


def check(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run what `make check` runs, on another folder of generated files."""
    script = (
        "import pathlib, sys; from dev import machine;"
        "machine.GENERATED = pathlib.Path(sys.argv.pop(1));"
        "from dev import generate; generate.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", script, folder, "--check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    return Path(shutil.copytree(machine.GENERATED, tmp_path / "generated"))


def test_the_generated_files_are_up_to_date(generated: Path) -> None:
    done = check(generated)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", [Path(n).name for n in tracked("docs/generated")])
def test_a_file_that_is_not_up_to_date_is_reported(generated: Path, name: str) -> None:
    file = generated / name
    file.write_text(file.read_text() + "\n")
    done = check(generated)
    assert done.returncode == 1
    assert f"{name} is not up to date: run make generate" in done.stderr
    file.unlink()
    assert check(generated).returncode == 1


def test_a_file_that_nothing_generates_is_reported(generated: Path) -> None:
    (generated / "old.md").write_text("")
    done = check(generated)
    assert done.returncode == 1
    assert "old.md" in done.stderr


def test_git_treats_the_generated_files_as_generated() -> None:
    for name in tracked("docs/generated"):
        done = subprocess.run(
            ["git", "check-attr", "linguist-generated", name],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip().endswith(": true"), name
