"""What `make restore` accepts and writes. tests/deploy/test_deploying.py restores stages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.deploy import restore, stages
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("time", "sentence"),
    [
        (None, "TIME must be a date and a time with its zone"),
        ("yesterday", "TIME must be a date and a time with its zone"),
        ("2026-11-22T10:00:00", "TIME needs its zone"),
        ("2999-01-01T00:00:00Z", "TIME is in the future"),
        ("2020-01-01T00:00:00+02:00", "TIME is more than 35 days ago"),
    ],
)
def test_a_time_that_cannot_be_restored_is_refused(
    monkeypatch: pytest.MonkeyPatch, time: str | None, sentence: str
) -> None:
    if time is not None:
        monkeypatch.setenv("TIME", time)
    monkeypatch.setattr(stages, "chosen", lambda: pytest.fail("it goes on"))
    with pytest.raises(SystemExit, match=sentence):
        restore.main()


def test_the_name_of_a_restored_table_follows_from_the_time() -> None:
    moment = datetime.fromisoformat("2026-11-22T11:00:00+01:00").astimezone(UTC)
    first = restore.target_name("casting-prod", moment)
    assert first == "casting-prod-20261122T100000Z"
    again = restore.target_name(first, moment + timedelta(seconds=1))
    assert again == "casting-prod-20261122T100001Z"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of our `.chalice/config.json`, which `make restore` takes for ours."""
    copy = tmp_path / ".chalice" / "config.json"
    copy.parent.mkdir()
    copy.write_text((PROJECT / ".chalice" / "config.json").read_text())
    monkeypatch.setattr(restore, "PROJECT", tmp_path)
    return copy


def test_the_configuration_changes_in_one_word(config: Path) -> None:
    before = config.read_text()
    assert before.count('"casting-prod"') == 1
    restore.configure("prod", "casting-new")
    assert config.read_text() == before.replace('"casting-prod"', '"casting-new"')


def test_an_unusual_configuration_is_not_changed(config: Path) -> None:
    unusual = config.read_text().replace('"stages"', '"prod": {"TABLE_NAME": "no"}, "stages"')
    config.write_text(unusual)
    with pytest.raises(SystemExit, match="set TABLE_NAME of the stage to casting-new"):
        restore.configure("prod", "casting-new")
    assert config.read_text() == unusual
