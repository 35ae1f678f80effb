"""`make export` writes a whole table to a file, and `make import` loads it into an empty one."""

import fcntl
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store import entries
from chalicelib.store.table import Item
from dev.table import export, integrity, load
from tests.store.test_verify import run_python, verify
from tests.support.client import Client


@pytest.fixture
def empty_table(real_table: str) -> str:
    return real_table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "casting.jsonl.gz"


def contents() -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in integrity.read())


def fill(producer: Client) -> None:
    """Add more items than fit into one batch."""
    movie_id = producer.new_movie("Zażółć gęślą jaźń, którą się śpiewa")
    actor_id = producer.new_actor("Kim", languages={"pl": "native"}, playing_age_min=20)
    producer.new_candidate(producer.new_part(movie_id), actor_id)
    producer.new_role(movie_id, actor_id)
    assert len(contents()) > load.BATCH


def test_an_export_can_be_loaded_into_an_empty_table(
    producer: Client, real_table: str, file: Path
) -> None:
    fill(producer)
    before = contents()
    settings = {"TABLE_NAME": TABLE_NAME, "DYNAMODB_URL": real_table, "FILE": str(file)}
    exported = run_python(["-m", "dev.table.export"], **settings)
    assert exported.returncode == 0, exported.stderr
    assert f"has the {len(before)} items" in exported.stdout
    assert file.stat().st_mode & 0o777 == 0o600  # it has personal data
    Item.delete_table()
    Item.create_table(wait=True)
    entries.note_complete()
    imported = run_python(["-m", "dev.table.load"], **settings)
    assert imported.returncode == 0, imported.stderr
    assert contents() == before
    assert verify(**settings).stdout == "0 problems.\n"
    # A second time, the table is not empty.
    again = run_python(["-m", "dev.table.load"], **settings)
    assert again.returncode == 1
    assert f"add CONFIRM={TABLE_NAME}" in again.stderr
    assert run_python(["-m", "dev.table.load"], CONFIRM=TABLE_NAME, **settings).returncode == 0
    assert contents() == before


@pytest.fixture
def named(file: Path, real_table: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, as FILE of an export of the table."""
    monkeypatch.setenv("FILE", str(file))
    monkeypatch.setattr(export, "choose_table", lambda: "the table")
    return file


def test_an_interrupted_export_leaves_no_file(
    producer: Client, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(producer)
    monkeypatch.setattr(export, "_progress", lambda _: pytest.fail("interrupted"))
    with pytest.raises(pytest.fail.Exception):
        export.main()
    assert list(named.parent.iterdir()) == []


def test_what_a_killed_export_has_left_is_removed(named: Path) -> None:
    leftovers = [named.with_name(f"{named.name}.{name}.part") for name in ("killed", "in_use")]
    for leftover in leftovers:
        leftover.write_text("personal data")
    (begun := named.with_name(f"{named.name}.begun.part")).touch()  # before its export locks it
    with open(leftovers[1]) as in_use:
        fcntl.flock(in_use, fcntl.LOCK_EX)
        export.main()
    assert sorted(named.parent.iterdir()) == [named, begun, leftovers[1]]


def test_of_two_exports_at_once_one_file_is_complete(
    named: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = []

    def read_while_another_exports(_: object) -> Iterator[dict[str, Any]]:
        yield {"pk": {"S": "first"}}
        monkeypatch.setattr(integrity, "read", lambda _: [{"pk": {"S": "second"}}] * 2)
        export.main()
        finished.append(named.read_bytes())

    monkeypatch.setattr(integrity, "read", read_while_another_exports)
    with pytest.raises(SystemExit, match="exists already"):
        export.main()
    assert finished == [named.read_bytes()]
    assert len(gzip.decompress(finished[0]).splitlines()) == 2
    assert list(named.parent.iterdir()) == [named]
    assert f"{named} has the 2 items" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing/casting.jsonl.gz", "No such file or directory"),
        ("text/casting.jsonl.gz", "Not a directory"),
        ("x" * 250, "File name too long"),
        ("x" * 300, "File name too long"),
        ("", "exists already"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    tmp_path.joinpath("text").touch()
    monkeypatch.setenv("FILE", str(tmp_path / name))
    monkeypatch.setattr(export, "choose_table", lambda: pytest.fail("it goes on"))
    with pytest.raises(SystemExit, match=sentence):
        export.main()
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


def test_a_file_that_exists_is_not_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("mine")
    monkeypatch.setenv("FILE", str(file))
    with pytest.raises(SystemExit, match="exists already"):
        export.main()
    assert file.read_text() == "mine"


@pytest.mark.parametrize("main", [export.main, load.main])
def test_the_file_must_be_named(main: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FILE", raising=False)
    with pytest.raises(SystemExit, match="name the file"):
        main()


def test_nothing_is_loaded_from_a_damaged_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = json.dumps({"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}) + "\n"
    good = gzip.compress((item * 3).encode())
    monkeypatch.setattr(load, "choose_table", lambda: pytest.fail("it goes on"))
    monkeypatch.setenv("FILE", str(file))
    for damaged in (good[:-9], good[:20], b"text", gzip.compress(b'{"Item": {}}\n'),
                    gzip.compress(b"[1]\n"), gzip.compress(item.encode()[:-4])):  # fmt: skip
        file.write_bytes(damaged)
        with pytest.raises(SystemExit, match=r"is not a complete file|cannot be read"):
            load.main()
