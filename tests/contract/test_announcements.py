"""Breaking changes are announced, and released documents stay as they are."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.contract import compatibility
from tests.conftest import PROJECT
from tests.contract.contract_changes import (
    BREAKING,
    CONTRACT,
    GONE,
    HARMLESS,
    NEW_MOVIE,
    Edits,
    changed,
)

ANNOUNCED = (
    "* **Breaking:** `GET /movies`: query parameter `sort` is gone. By title it is sorted.\n"
)
LOST = [compatibility.Change("GET /movies", "query parameter `sort` is gone")]


@pytest.mark.parametrize(
    "changelog",
    [
        f"# Changelog\n\n## Unreleased\n\n{ANNOUNCED}",
        f"## Unreleased\n\n* Other things.\n{ANNOUNCED}* More.\n\n## 1.0.0 (2026-11-25)\n",
        "## Unreleased\n\n* **Breaking:** `GET /actors`, `GET\n  /movies`: query parameter\n"
        "  `sort` is gone.\n",
    ],
)
def test_an_announcement_names_the_operation_and_the_thing(changelog: str) -> None:
    assert compatibility.unannounced(LOST, changelog) == []


@pytest.mark.parametrize(
    "changelog",
    [
        "",
        "# Changelog\n",
        "## Unreleased\n",
        # In the section of what clients have had.
        f"## Unreleased\n\n## 1.0.0 (2026-11-25)\n\n{ANNOUNCED}",
        f"## 1.0.0 (2026-11-25)\n\n{ANNOUNCED}",
        f"## 1.0.0 (2026-11-25)\n\n## Unreleased\n\n{ANNOUNCED}",
        # Not as what it is.
        f"## Unreleased\n\n{ANNOUNCED.replace('**', '')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('**Breaking:**', 'Breaking:')}",
        f"## Unreleased\n\n{ANNOUNCED.removeprefix('* ')}",
        # Another operation; one in whose path it is; another thing; each in a bullet of its own.
        f"## Unreleased\n\n{ANNOUNCED.replace('GET', 'POST')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('/movies', '/movies/{movie_id}')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('`sort`', '`limit`')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('`sort`', 'sort')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('is gone', 'is goner')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('is gone', 'is required')}",
        "## Unreleased\n\n* **Breaking:** `GET /movies`.\n* **Breaking:** no `sort`.\n",
    ],
)
def test_what_is_no_announcement_is_asked_for(changelog: str) -> None:
    missing = compatibility.unannounced(LOST, changelog)
    assert missing == ["* **Breaking:** `GET /movies`: query parameter `sort` is gone."]
    # And it is enough to write that line.
    told = "## Unreleased\n\n" + "\n".join(missing) + "\n"
    assert compatibility.unannounced(LOST, told) == []


def test_an_announcement_of_one_change_is_none_of_another_in_the_same_place() -> None:
    what = "query parameter `limit`: `default` is 10, was 20"
    told = f"## Unreleased\n\n* **Breaking:** `GET /movies`: {what}.\n"
    assert compatibility.unannounced([compatibility.Change("GET /movies", what)], told) == []
    for operation, other in (
        ("GET /movies", "query parameter `limit`: `maximum` is 50, was 100"),
        ("GET /movies", "query parameter `limit` is gone"),
        ("GET /movies", "is gone"),
        ("GET /movies/{movie_id}", what),
    ):
        assert compatibility.unannounced([compatibility.Change(operation, other)], told) != []


def test_one_line_tells_of_all_operations_that_a_change_is_in() -> None:
    found = compatibility.breaking(CONTRACT, changed(BREAKING["a failure has another message"][0]))
    [line] = compatibility.unannounced(found, "")
    assert all(f"`{operation}`" in line for operation, _ in found)
    assert compatibility.unannounced(found, f"## Unreleased\n\n{line}\n") == []


class Files:
    """The three files, with what they say in a project where nothing has changed."""

    def __init__(self, folder: Path) -> None:
        self.released, self.now = folder / "released.json", folder / "openapi.json"
        self.changelog = folder / "CHANGELOG.md"
        for file in (self.released, self.now):
            self.write(file, {})
        self.tell("")

    def write(self, file: Path, edits: Edits, version: str = "1.0.0") -> None:
        file.write_text(json.dumps(changed({**edits, "info.version": version})))

    def tell(self, unreleased: str, released: str = "## 1.0.0 (2026-11-25)") -> None:
        self.changelog.write_text(f"# Changelog\n\n## Unreleased\n\n{unreleased}\n{released}\n")

    def compared(self) -> None:
        compatibility.main(self.released, self.now, self.changelog)

    def refused(self) -> str:
        with pytest.raises(SystemExit) as ended:
            self.compared()
        return str(ended.value.code)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_what_breaks_nobody_is_not_mentioned(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write(files.now, HARMLESS["a further member"], "1.1.0")
    files.compared()
    assert capsys.readouterr().out == ""


def test_what_is_announced_with_a_new_major_version_is_told_and_taken(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write(files.now, BREAKING["a parameter goes away"][0], "2.0.0")
    files.tell(ANNOUNCED)
    files.compared()
    assert capsys.readouterr().out == "GET /movies: query parameter `sort` is gone\n"


def test_what_is_not_announced_is_refused_with_the_line_to_write(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write(files.now, BREAKING["a parameter goes away"][0], "2.0.0")
    assert "announce it" in files.refused()
    told, asked = capsys.readouterr().out.splitlines()
    assert told == "GET /movies: query parameter `sort` is gone"
    line = "* **Breaking:** `GET /movies`: query parameter `sort` is gone."
    assert asked.endswith(f"CHANGELOG.md, under Unreleased: {line}")


@pytest.mark.parametrize("version", ["1.0.0", "1.9.0"])
def test_what_breaks_clients_is_a_new_major_version(files: Files, version: str) -> None:
    files.write(files.now, BREAKING["a parameter goes away"][0], version)
    files.tell(ANNOUNCED)
    assert files.refused().endswith(f"is still {version}: the next version is 2.0.0")


def test_a_version_is_one_contract(files: Files) -> None:
    files.write(files.now, {"info.description": "Films, and who plays in them."})
    assert "is another contract, and still 1.0.0: raise VERSION" in files.refused()


@pytest.mark.parametrize(
    "released",
    ["## 1.1.0 (2026-12-01)\n\n## 1.0.0 (2026-11-25)", "## 0.9.0 (2026-11-25)", "", "## 1.0.0"],
)
def test_the_released_contract_is_the_newest_that_the_changelog_has(
    files: Files, released: str
) -> None:
    files.tell("", released)
    said = files.refused()
    assert "released.json is version 1.0.0" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", "{}", '{"info": {"version": "one"}, "paths": {}}', b"\xff"]
)
@pytest.mark.parametrize("name", ["released", "now"])
def test_what_is_no_document_is_refused_in_a_sentence(
    files: Files, name: str, content: str | bytes | None
) -> None:
    file: Path = getattr(files, name)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = files.refused()
    assert said.startswith(f"casting: {file} ")
    assert said.endswith(("is no OpenAPI document", "cannot be read: No such file or directory"))


def test_what_leads_nowhere_is_refused_in_a_sentence(files: Files) -> None:
    files.write(files.now, {NEW_MOVIE: GONE})
    assert files.refused() == f"casting: {files.now} is no OpenAPI document"


def test_without_a_changelog_it_is_refused_in_a_sentence(files: Files) -> None:
    files.changelog.unlink()
    assert "CHANGELOG.md cannot be read" in files.refused()


RELEASES = {"1.0.0": "fe35c07e6f9a9a1f1a9ed4a4fd5876b16030a1a44cf1654dd5ee25d5a8e72a7b"}
"""The SHA-256 of each version's contract: what clients hold is not rewritten with a break."""


def test_what_was_released_stays_as_it_was() -> None:
    released = compatibility.RELEASED.read_bytes()
    version = json.loads(released)["info"]["version"]
    assert hashlib.sha256(released).hexdigest() == RELEASES[version]
    headings = re.findall(r"^## ([0-9.]+) \(", compatibility.CHANGELOG.read_text(), re.MULTILINE)
    assert headings == [*reversed(RELEASES)]


def test_this_contract_breaks_nobody_who_has_not_been_told() -> None:
    command = (sys.executable, "-W", "error", "-m", "dev.contract.compatibility")
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_program_that_starts_it_hears_that_it_failed(tmp_path: Path) -> None:
    command = (
        sys.executable,
        "-c",
        "from pathlib import Path; from dev.contract import compatibility;"
        " compatibility.main(Path('none.json'))",
    )
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "casting: none.json cannot be read: No such file or directory\n"
