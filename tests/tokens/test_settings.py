"""A function with a missing or dangerous setting does not start."""

import os
import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.support.settings import SETTINGS

LOCAL = {**SETTINGS, "STAGE": "local", "AUTH_ISSUER": "http://127.0.0.1:8701/"}


def start(settings: dict[str, str | None]) -> str:
    """Import the settings in a process of its own. Return the last line of its errors."""
    environment = {k: v for k, v in settings.items() if v is not None}
    process = subprocess.run(
        [sys.executable, "-c", "import chalicelib.settings"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )
    return process.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize("settings", [SETTINGS, LOCAL, {**LOCAL, "DYNAMODB_URL": "http://x:1"}])
def test_valid_settings_start(settings: dict[str, str | None]) -> None:
    assert start(settings) == ""


def test_a_commit_has_40_hexadecimal_digits() -> None:
    for commit in ("", "0a" * 20, "0a" * 20 + "-dirty"):
        assert start({**SETTINGS, "COMMIT": commit}) == ""
    for commit in ("main", "0A" * 20, "0a" * 20 + "\n"):
        assert "SettingError: the setting COMMIT must be" in start({**SETTINGS, "COMMIT": commit})


@pytest.mark.parametrize("missing", SETTINGS)
def test_a_missing_setting_is_named(missing: str) -> None:
    for value in (None, ""):
        assert f"SettingError: the setting {missing} is missing" in start(
            {**SETTINGS, missing: value}
        )


@pytest.mark.parametrize(
    "issuer",
    [
        "http://agency.eu.auth0.com/",
        "http://127.0.0.1:8701/",
        "http://localhost:8701/",
        "ftp://agency.eu.auth0.com/",
        "https://",
        "https://user:password@agency.example/",
        "https://agency.example/?x",
        "https://agency.example/#x",
        "https://agency.example/\n",
        "agency.eu.auth0.com",
    ],
)
def test_an_issuer_is_an_https_url(issuer: str) -> None:
    assert "AUTH_ISSUER" in start({**SETTINGS, "AUTH_ISSUER": issuer})


@pytest.mark.parametrize(
    "issuer",
    [
        "http://localhost:8701/",
        "http://127.0.0.1/",
        "http://127.0.0.1:8701/x",
        "http://127.0.0.1:8701@evil.example/",
        "http://127.0.0.1.evil.example:80/",
        "http://127.0.0.2:8701/",
        "http://0.0.0.0:8701/",
        "http://[::1]:8701/",
        "HTTP://127.0.0.1:8701/",
        "http://127.0.0.1:8701/\n",
    ],
)
def test_a_local_issuer_is_127_0_0_1_and_a_port(issuer: str) -> None:
    assert "AUTH_ISSUER" in start({**LOCAL, "AUTH_ISSUER": issuer})


@pytest.mark.parametrize(
    "mark", ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT"]
)
def test_a_local_issuer_is_not_trusted_in_lambda(mark: str) -> None:
    for value in ("x", ""):
        assert "AUTH_ISSUER" in start({**LOCAL, mark: value})
    assert start({**LOCAL, "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11"}) == ""
    assert "DYNAMODB_URL" in start(
        {**SETTINGS, "STAGE": "local", mark: "x", "DYNAMODB_URL": "http://x:1"}
    )


@pytest.mark.parametrize("stage", ["dev", "prod", "Local", "local "])
def test_only_the_stage_local_is_local(stage: str) -> None:
    assert "AUTH_ISSUER" in start({**LOCAL, "STAGE": stage})
    assert "DYNAMODB_URL" in start({**SETTINGS, "STAGE": stage, "DYNAMODB_URL": "http://x:1"})


@pytest.mark.parametrize(
    "origin", ["*", "app.example.com", "https://a/", "https://a, https://b", "null"]
)
def test_the_web_origin_is_one_origin(origin: str) -> None:
    assert "WEB_ORIGIN" in start({**SETTINGS, "WEB_ORIGIN": origin})
