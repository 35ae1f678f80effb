"""`make export` writes a whole table to a file, and `make import` loads it into an empty one."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

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
    assert file.stat().st_mode & 0o777 == export.PRIVATE
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


def test_an_interrupted_export_leaves_no_file(
    producer: Client, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(producer)
    monkeypatch.setattr(export, "_progress", lambda _: pytest.fail("interrupted"))
    with pytest.raises(pytest.fail.Exception):
        export.export(file)
    assert list(file.parent.iterdir()) == []


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
