"""A fake Auth0 tenant, and `make auth0` run on it."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from dev.auth0 import management, setup
from tests.auth0.fake_tenant import (
    CLIENT_ID,
    CLIENT_SECRET,
    Auth0Tenant,
    Response,
)
from tests.support.issuer import AUDIENCE

API = f"/api/v2/resource-servers/{AUDIENCE}"
OTHER = "https://billing.example/v1"
CONSOLE = "https://api.casting.example/dev/console"
TOTAL = re.compile(r"(Nothing to change\.|(Differences|Changed): \d+\.)")
HTML = Response(200, b"<html>Log in to the hotel's network</html>", Content_Type="text/html")


class Result(NamedTuple):
    """The result of the command. `summary` is what it prints after the number of changes."""

    status: int
    lines: list[str]
    error: str
    summary: list[str]


Command = Callable[..., Result]


@pytest.fixture
def tenant() -> Iterator[Auth0Tenant]:
    """An empty tenant."""
    tenant = Auth0Tenant()
    yield tenant
    tenant.close()
    assert tenant.mistakes == []


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the command would make. They are skipped."""
    pauses: list[float] = []
    monkeypatch.setattr(management, "sleep", pauses.append)
    return pauses


@pytest.fixture
def make(
    tenant: Auth0Tenant,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Return a function that runs the command in this process. None removes a setting."""

    def make(*arguments: str, **changes: str | None) -> Result:
        settings: dict[str, str | None] = {
            "AUTH0_DOMAIN": tenant.url,
            "AUTH0_CLIENT_ID": CLIENT_ID,
            "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH0_TOKEN": None,
            "STAGE": None,
            "CONSOLE_URL": None,
            "DRY_RUN": None,
            "CONFIRM": None,
            **changes,
        }
        monkeypatch.setattr(sys, "argv", ["auth0", *arguments])
        for name, value in settings.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        tenant.requests.clear()
        tenant.bodies.clear()
        status, error = 0, ""
        try:
            setup.main()
        except SystemExit as exited:
            status, error = 1, str(exited)
        output = capsys.readouterr()
        assert output.err == ""
        secrets = [CLIENT_SECRET, *tenant.tokens, settings["AUTH0_TOKEN"], "that-nobody-prints"]
        for secret in filter(None, secrets):
            assert secret not in output.out + error
        if status:
            assert re.fullmatch(r"casting: [^\n]{20,400}", error), error
        assert output.out.isprintable() or "\x1b" not in output.out
        lines = output.out.splitlines()
        totals = [n for n, line in enumerate(lines, 1) if TOTAL.match(line)] or [len(lines)]
        return Result(status, lines[: totals[0]], error, lines[totals[0] :])

    return make
