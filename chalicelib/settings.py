"""The settings, read once from the environment.

A missing or invalid setting stops the function with an error that names it.
"""

import os
import re

LEEWAY = 30
"""Seconds by which the issuer's clock and ours may differ."""

_LAMBDA_MARKS = ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT")
_HTTPS_URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")
_LOCAL_URL = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}/?")
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_COMMIT = re.compile(r"[0-9a-f]{40}(-dirty)?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class SettingError(RuntimeError):
    """A setting is missing or invalid."""


def _read(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SettingError(f"the setting {name} is missing")
    return value


STAGE = _read("STAGE")
TABLE_NAME = _read("TABLE_NAME")
AUTH_ISSUER = _read("AUTH_ISSUER")
AUTH_AUDIENCE = _read("AUTH_AUDIENCE")
WEB_ORIGIN = _read("WEB_ORIGIN")
DYNAMODB_URL = os.environ.get("DYNAMODB_URL") or None
CONSOLE_CLIENT_ID = os.environ.get("CONSOLE_CLIENT_ID") or None
"""The console's client id at the issuer. Without it, nobody can sign in to the console."""

COMMIT = os.environ.get("COMMIT") or None
"""The commit of the sources. Without it, `GET /` shows none."""

# AWS_EXECUTION_ENV does not identify Lambda: Chalice also sets it on a developer's machine.
IN_LAMBDA = any(mark in os.environ for mark in _LAMBDA_MARKS)
ON_A_LAPTOP = STAGE == "local" and not IN_LAMBDA

if not _HTTPS_URL.fullmatch(AUTH_ISSUER) and not (
    ON_A_LAPTOP and _LOCAL_URL.fullmatch(AUTH_ISSUER)
):
    raise SettingError(
        "the setting AUTH_ISSUER must be an https URL"
        " (http://127.0.0.1:<port>/ is for the stage local on a developer's machine only)"
    )
if not _ORIGIN.fullmatch(WEB_ORIGIN):
    raise SettingError("the setting WEB_ORIGIN must be one origin, like https://app.example.com")
if CONSOLE_CLIENT_ID and not _CLIENT_ID.fullmatch(CONSOLE_CLIENT_ID):
    raise SettingError("the setting CONSOLE_CLIENT_ID must be letters, digits, - and _")
if COMMIT and not _COMMIT.fullmatch(COMMIT):
    raise SettingError("the setting COMMIT must be the 40 hexadecimal digits of a commit")
if DYNAMODB_URL and not ON_A_LAPTOP:
    raise SettingError(
        "the setting DYNAMODB_URL is for the stage local on a developer's machine only"
    )
