"""How breaking changes are announced, versioned and released."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.contract import compatibility
from tests.conftest import PROJECT
from tests.contract.edits import CONTRACT, MEMBER, NEW_MOVIE, REMOVED, SCHEMAS, SORT, Edits, edited

SORT_REMOVED: Edits = {SORT: REMOVED}
ANNOUNCED = (
    "* **Breaking:** `GET /movies`: query parameter `sort` was removed."
    " Lists are sorted by title.\n"
)
REMOVED_SORT = [compatibility.Change("GET /movies", "query parameter `sort` was removed")]


@pytest.mark.parametrize(
    "changelog",
    [
        f"# Changelog\n\n## Unreleased\n\n{ANNOUNCED}",
        f"## Unreleased\n\n* Other things.\n{ANNOUNCED}* More.\n\n## 1.0.0 (2026-11-25)\n",
        "## Unreleased\n\n* **Breaking:** `GET /actors`, `GET\n  /movies`: query parameter\n"
        "  `sort` was removed.\n",
    ],
)
def test_an_announcement_names_the_operation_and_the_change(changelog: str) -> None:
    assert compatibility.unannounced(REMOVED_SORT, changelog) == []


@pytest.mark.parametrize(
    "changelog",
    [
        "",
        "# Changelog\n",
        "## Unreleased\n",
        # In the section of a released version.
        f"## Unreleased\n\n## 1.0.0 (2026-11-25)\n\n{ANNOUNCED}",
        f"## 1.0.0 (2026-11-25)\n\n{ANNOUNCED}",
        f"## 1.0.0 (2026-11-25)\n\n## Unreleased\n\n{ANNOUNCED}",
        # Not marked as a breaking change.
        f"## Unreleased\n\n{ANNOUNCED.replace('**', '')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('**Breaking:**', 'Breaking:')}",
        f"## Unreleased\n\n{ANNOUNCED.removeprefix('* ')}",
        # For another operation, a longer path, or another change; or in two bullets.
        f"## Unreleased\n\n{ANNOUNCED.replace('GET', 'POST')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('/movies', '/movies/{movie_id}')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('`sort`', '`limit`')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('`sort`', 'sort')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('was removed', 'was removed early')}",
        f"## Unreleased\n\n{ANNOUNCED.replace('was removed', 'is now required')}",
        "## Unreleased\n\n* **Breaking:** `GET /movies`.\n* **Breaking:** no `sort`.\n",
    ],
)
def test_a_change_that_is_not_announced_is_reported_with_the_line_to_add(changelog: str) -> None:
    missing = compatibility.unannounced(REMOVED_SORT, changelog)
    assert missing == ["* **Breaking:** `GET /movies`: query parameter `sort` was removed."]
    # Adding that line is sufficient.
    completed = "## Unreleased\n\n" + "\n".join(missing) + "\n"
    assert compatibility.unannounced(REMOVED_SORT, completed) == []


def test_an_announcement_of_one_change_does_not_announce_another() -> None:
    sentence = "query parameter `limit`: `default` changed from 20 to 10"
    changelog = f"## Unreleased\n\n* **Breaking:** `GET /movies`: {sentence}.\n"
    assert (
        compatibility.unannounced([compatibility.Change("GET /movies", sentence)], changelog) == []
    )
    for operation, other in (
        ("GET /movies", "query parameter `limit`: `maximum` changed from 100 to 50"),
        ("GET /movies", "query parameter `limit` was removed"),
        ("GET /movies", "was removed"),
        ("GET /movies/{movie_id}", sentence),
    ):
        assert compatibility.unannounced([compatibility.Change(operation, other)], changelog) != []


def test_one_line_announces_a_change_of_several_operations() -> None:
    changes = compatibility.breaking(
        CONTRACT, edited({f"{SCHEMAS}.Failure415.properties.message.enum": ["not json"]})
    )
    [line] = compatibility.unannounced(changes, "")
    assert all(f"`{operation}`" in line for operation, _ in changes)
    assert compatibility.unannounced(changes, f"## Unreleased\n\n{line}\n") == []


class Files:
    """The two contracts and the changelog of a project without changes."""

    def __init__(self, folder: Path) -> None:
        self.released, self.now = folder / "released.json", folder / "openapi.json"
        self.changelog = folder / "CHANGELOG.md"
        for file in (self.released, self.now):
            self.write(file, {})
        self.write_changelog("")

    def write(self, file: Path, edits: Edits, version: str = "1.0.0") -> None:
        """Write a contract with these edits."""
        file.write_text(json.dumps(edited({**edits, "info.version": version})))

    def write_changelog(self, unreleased: str, released: str = "## 1.0.0 (2026-11-25)") -> None:
        self.changelog.write_text(f"# Changelog\n\n## Unreleased\n\n{unreleased}\n{released}\n")

    def compare(self) -> None:
        """Run the comparison."""
        compatibility.main(self.released, self.now, self.changelog)

    def error(self) -> str:
        """Run the comparison. Return the sentence with which it fails."""
        with pytest.raises(SystemExit) as error:
            self.compare()
        return str(error.value.code)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_compatible_changes_print_nothing(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.write(files.now, {f"{MEMBER}.properties.nickname": {"type": "string"}}, "1.1.0")
    files.compare()
    assert capsys.readouterr().out == ""


def test_an_announced_change_with_a_new_major_version_is_printed_and_accepted(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write(files.now, SORT_REMOVED, "2.0.0")
    files.write_changelog(ANNOUNCED)
    files.compare()
    assert capsys.readouterr().out == "GET /movies: query parameter `sort` was removed\n"


def test_a_change_that_is_not_announced_is_rejected_with_the_line_to_add(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write(files.now, SORT_REMOVED, "2.0.0")
    assert "CHANGELOG.md does not announce all breaking changes." in files.error()
    change, hint = capsys.readouterr().out.splitlines()
    assert change == "GET /movies: query parameter `sort` was removed"
    line = "* **Breaking:** `GET /movies`: query parameter `sort` was removed."
    assert hint.endswith(f"CHANGELOG.md, under Unreleased: {line}")


@pytest.mark.parametrize("version", ["1.0.0", "1.9.0"])
def test_a_breaking_change_needs_a_new_major_version(files: Files, version: str) -> None:
    files.write(files.now, SORT_REMOVED, version)
    files.write_changelog(ANNOUNCED)
    assert files.error().endswith(f"is version {version}. The next version must be 2.0.0.")


def test_a_changed_contract_needs_a_new_version(files: Files) -> None:
    files.write(files.now, {"info.description": "Films and their actors."})
    assert (
        "differs from the released contract, but is also version 1.0.0. Raise VERSION"
        in files.error()
    )


@pytest.mark.parametrize(
    "released",
    ["## 1.1.0 (2026-12-01)\n\n## 1.0.0 (2026-11-25)", "## 0.9.0 (2026-11-25)", "", "## 1.0.0"],
)
def test_the_released_contract_must_be_the_newest_version_of_the_changelog(
    files: Files, released: str
) -> None:
    files.write_changelog("", released)
    error = files.error()
    assert "released.json is version 1.0.0" in error
    assert "\n" not in error


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", "{}", '{"info": {"version": "one"}, "paths": {}}', b"\xff"]
)
@pytest.mark.parametrize("name", ["released", "now"])
def test_an_invalid_document_is_reported_in_one_line(
    files: Files, name: str, content: str | bytes | None
) -> None:
    file: Path = getattr(files, name)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    invalid = f"casting: {file} is not an OpenAPI document."
    missing = f"casting: cannot read {file}: No such file or directory."
    assert files.error() == (missing if content is None else invalid)


def test_a_reference_without_a_target_is_reported_in_one_line(files: Files) -> None:
    files.write(files.now, {NEW_MOVIE: REMOVED})
    assert files.error() == f"casting: {files.now} is not an OpenAPI document."


def test_a_missing_changelog_is_reported_in_one_line(files: Files) -> None:
    files.changelog.unlink()
    assert files.error() == f"casting: cannot read {files.changelog}: No such file or directory."


RELEASES = {"1.0.0": "fe35c07e6f9a9a1f1a9ed4a4fd5876b16030a1a44cf1654dd5ee25d5a8e72a7b"}
"""The SHA-256 of the contract of each released version. Released contracts never change."""


def test_a_released_contract_never_changes() -> None:
    released = compatibility.RELEASED.read_bytes()
    version = json.loads(released)["info"]["version"]
    assert hashlib.sha256(released).hexdigest() == RELEASES[version]
    headings = re.findall(r"^## ([0-9.]+) \(", compatibility.CHANGELOG.read_text(), re.MULTILINE)
    assert headings == [*reversed(RELEASES)]


def test_all_breaking_changes_of_this_contract_are_announced() -> None:
    command = (sys.executable, "-W", "error", "-m", "dev.contract.compatibility")
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_fails_with_exit_status_1_and_one_line(tmp_path: Path) -> None:
    command = (
        sys.executable,
        "-c",
        "from pathlib import Path; from dev.contract import compatibility;"
        " compatibility.main(Path('none.json'))",
    )
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "casting: cannot read none.json: No such file or directory.\n"
