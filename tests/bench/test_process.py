"""The process of a measured app: as in Lambda, with nothing of this project."""

from pathlib import Path

import pytest

from bench.process import App, working


def app(folder: Path, body: str) -> App:
    """Return an app whose handler has this body."""
    (folder / "app.py").write_text(f"import os, sys\n\ndef handler(event, context):\n    {body}\n")
    return App("sample", folder, "app.handler")


def test_an_app_sees_only_its_own_folder_and_python_itself(tmp_path: Path) -> None:
    sample = app(tmp_path, "return {'path': sys.path, 'settings': dict(os.environ)}")
    with working(sample, {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}) as worker:
        response = worker.call({}).response
    assert response["path"][0] == str(tmp_path)
    assert not any("site-packages" in path for path in response["path"])
    assert response["settings"]["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:1"
    assert "PATH" not in response["settings"]


def test_each_call_has_an_event_of_its_own(tmp_path: Path) -> None:
    sample = app(tmp_path, "event['calls'] += 1; return {'calls': event['calls']}")
    with working(sample, {}) as worker:
        assert worker.call({"calls": 0}, 5).response == {"calls": 1}


def test_the_first_result_contains_the_import_and_the_later_ones_do_not(tmp_path: Path) -> None:
    busy = "[n * n for n in range(300_000)]"
    (tmp_path / "app.py").write_text(f"{busy}\ndef handler(event, context):\n    return {{}}\n")
    with working(App("sample", tmp_path, "app.handler"), {}) as worker:
        first, second = worker.call({}), worker.call({})
    assert first.seconds > 10 * second.seconds
    assert first.memory > 1_000_000


def test_a_failure_of_an_app_stops_the_run_with_one_sentence(tmp_path: Path) -> None:
    sample = app(tmp_path, "raise ValueError('no such route')")
    with (
        pytest.raises(SystemExit, match="sample failed: ValueError: no such route"),
        working(sample, {}) as worker,
    ):
        worker.call({})
