"""What `make watch` and `make backup` add to a stage."""

import json
import sys
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest

from dev.deploy import backup, stages, watch
from tests.deploy.test_templates import resources_of
from tests.support.client import Client


def probe(monkeypatch: pytest.MonkeyPatch, url: str, parameter: str = "") -> dict[str, Any]:
    """Return the names of the probe's code, as Lambda runs it for this API."""
    monkeypatch.setenv("URL", url)
    monkeypatch.setenv("PARAMETER", parameter)
    names: dict[str, Any] = {}
    exec(resources_of("watch.yaml", [])["Probe"]["Properties"]["Code"]["ZipFile"], names)  # noqa: S102 -- ours
    return names


def test_the_probe_reads_health(
    url: str, empty_table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe(monkeypatch, url)["probe"]({}, None)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        probe(monkeypatch, f"{url}/other")["probe"]({}, None)


def test_the_probe_reads_a_list_with_a_token(
    url: str, assistant: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = probe(monkeypatch, url, "/casting/prod/probe")
    names["_token"].update(value=assistant.token, expires=float("inf"))
    names["probe"]({}, None)
    names["_token"]["value"] = "other"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        names["probe"]({}, None)


def test_the_probe_requests_a_token_only_when_it_has_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = {"token_url": "https://issuer.example/token", "client_id": "id", "audience": "api"}
    answers, bodies = iter(["first", "second"]), []

    class Boto3:
        def client(self, _: str) -> Any:
            return self

        def get_parameter(self, **_: Any) -> Any:
            return {"Parameter": {"Value": json.dumps(secret)}}

    def read(url: str, data: bytes, headers: dict[str, str]) -> Any:
        bodies.append((url, json.loads(data)))
        return {"access_token": next(answers), "expires_in": 3600}

    names = probe(monkeypatch, "", "name")
    names["read"] = read
    monkeypatch.setitem(sys.modules, "boto3", Boto3())
    assert [names["token"](), names["token"]()] == ["first", "first"]
    names["_token"]["expires"] = 0.0
    assert names["token"]() == "second"
    body = {"grant_type": "client_credentials", "client_id": "id", "audience": "api"}
    assert bodies == [("https://issuer.example/token", body)] * 2


def test_the_filter_of_429_reads_the_access_log() -> None:
    pattern = resources_of("operations.yaml", [])["RateLimitedFilter"]["Properties"]
    assert pattern["FilterPattern"] == '{ $.status = "429" }'
    line = json.loads(stages.access_log_format().replace("$context.status", "429"))
    assert line["status"] == "429"


@pytest.mark.parametrize(
    ("main", "variables", "sentence"),
    [
        (watch.main, {}, "say what to watch"),
        (watch.main, {"URL": "http://api.example"}, "URL must be https"),
        (watch.main, {"URL": "https://api.example/prod/"}, "URL must be https"),
        (watch.main, {"SILENT_HOURS": "169"}, "SILENT_HOURS must be 0 to 168"),
        (watch.main, {"AMOUNT": "many"}, "AMOUNT must be a number"),
        (watch.main, {"ALARM_EMAIL": "night"}, "ALARM_EMAIL must be an address"),
        (backup.main, {"DAYS": "0"}, "DAYS must be 1 to 365"),
        (backup.main, {"DAYS": "many"}, "DAYS must be 1 to 365"),
        (backup.main, {"COPY_TO": "arn:aws:s3:::other"}, "COPY_TO must be the ARN"),
    ],
)
def test_wrong_input_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    main: Callable[[], None],
    variables: dict[str, str],
    sentence: str,
) -> None:
    monkeypatch.setattr(stages, "chosen", lambda: pytest.fail("it goes on"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=sentence):
        main()
