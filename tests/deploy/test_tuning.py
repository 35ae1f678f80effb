"""`make tune` measures a copy of the function with several sizes of memory, and deletes it."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib.permissions import PERMISSIONS
from dev.deploy import stages, tune
from tests.support.lambda_function import event
from tests.support.runtime import Context


class Lambda:
    """Lambda with our function in this process. Twice the memory makes it twice as fast."""

    class exceptions:  # noqa: N801 -- boto3's name
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.functions: dict[str, dict[str, Any]] = {}
        self.is_cold = True

    def create_function(self, **function: Any) -> None:
        self.functions[function["FunctionName"]] = function

    def delete_function(self, FunctionName: str) -> None:  # noqa: N803
        if self.functions.pop(FunctionName, None) is None:
            raise self.exceptions.ResourceNotFoundException()

    def update_function_configuration(self, FunctionName: str, **changes: Any) -> None:  # noqa: N803
        self.functions[FunctionName].update(changes)
        self.is_cold = True

    def get_waiter(self, _: str) -> Any:
        return self

    def wait(self, FunctionName: str) -> None:  # noqa: N803
        assert FunctionName in self.functions

    def invoke(self, FunctionName: str, Payload: str, **_: Any) -> Any:  # noqa: N803
        milliseconds = 10_240 / self.functions[FunctionName]["MemorySize"]
        report = f"REPORT Duration: {milliseconds} ms\tBilled Duration: {milliseconds} ms"
        report += "\tInit Duration: 400 ms" if self.is_cold else ""
        self.is_cold = False
        response = app(json.loads(Payload), Context())
        return {
            "Payload": io.BytesIO(json.dumps(response).encode()),
            "LogResult": base64.b64encode(report.encode()),
        }


@pytest.fixture
def client(tmp_path: Path) -> Any:
    (tmp_path / "code.zip").write_bytes(b"code")
    return Lambda()


def source(tmp_path: Path) -> dict[str, Any]:
    configuration = dict.fromkeys(tune.COPIED, "same")
    return {
        "Configuration": {
            **configuration, "FunctionName": "casting-prod", "Environment": {"Variables": {}}
        },
        "Code": {"Location": (tmp_path / "code.zip").as_uri()},
    }  # fmt: skip


def test_each_size_is_measured_with_cold_starts_and_warm_requests(
    client: Any, tmp_path: Path, empty_table: None
) -> None:
    with tune.copied(client, source(tmp_path)) as name:
        assert client.functions[name]["Code"] == {"ZipFile": b"code"}
        calls = list(tune.measure(client, name, 1024, rounds=2))
    assert client.functions == {}
    assert len(calls) == 2 * (tune.WARM + 1)
    assert [call.start for call in calls].count(400) == 2
    # 10 ms of 1 GB, a million times
    assert tune.line(1024, calls, "x86_64").split() == [
        *("1024", "410", "ms", "10.0", "ms", "10.0", "ms", "0.17")
    ]


def test_a_copy_is_deleted_after_a_failure_and_after_a_killed_run(
    client: Any, tmp_path: Path
) -> None:
    client.create_function(FunctionName="casting-prod-tune", Code="left by a killed run")

    def fail() -> None:
        with tune.copied(client, source(tmp_path)) as name:
            assert client.functions[name]["Code"] == {"ZipFile": b"code"}
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert client.functions == {}


def test_the_events_are_those_of_api_gateway() -> None:
    ours, gateway = tune.event_of("/movies"), event("GET", "/movies")
    assert ours.keys() == gateway.keys()
    assert ours["requestContext"].keys() == gateway["requestContext"].keys()
    assert set(json.loads(ours["requestContext"]["authorizer"]["permissions"])) <= {*PERMISSIONS}


def test_a_wrong_number_of_rounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "chosen", lambda: pytest.fail("it goes on"))
    for rounds in ("", "0", "100", "many"):
        monkeypatch.setenv("ROUNDS", rounds)
        with pytest.raises(SystemExit, match="ROUNDS must be 1 to 99"):
            tune.main()
