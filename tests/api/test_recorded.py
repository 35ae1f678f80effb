"""The contract byte for byte: requests answer as they were recorded in `recorded.jsonl`."""

import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.routes import actors as actor_routes
from chalicelib.store import table
from tests.api import recorded
from tests.support.client import Client

RECORDED = Path(__file__).with_name("recorded.jsonl")


def test_recorded_requests_answer_byte_for_byte_as_before(
    as_: Callable[[str], Client], nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a wanted change of the contract, RECORD=1 writes the file again: read its diff."""
    monkeypatch.setattr(table, "now", lambda: recorded.CLOCK)
    monkeypatch.setattr(
        actor_routes, "now", lambda: datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
    )
    callers: dict[str | None, Client] = {
        role: as_(role) for role in ("assistant", "director", "producer")
    }
    recorder = recorded.Recorder({**callers, None: nobody})
    recorded.play(recorder)
    if os.environ.get("RECORD"):
        RECORDED.write_text("".join(f"{line}\n" for line in recorded.lines(recorder.exchanges)))
    before = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    for exchange, expected in zip(recorder.exchanges, before, strict=True):
        assert exchange == expected
