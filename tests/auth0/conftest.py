"""A fake Auth0 tenant, and `make auth0` run on it."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from dev.auth0 import setup
from tests.auth0.fake_tenant import (
    CLIENT_ID,
    CLIENT_SECRET,
    Answer,
    Auth0Tenant,
)
from tests.support.issuer import AUDIENCE

API = f"/api/v2/resource-servers/{AUDIENCE}"
OTHER = "https://billing.example/v1"
HTML = Answer(200, b"<html>Log in to the hotel's network</html>", Content_Type="text/html")


class Ended(NamedTuple):
    """The result of the command."""

    status: int
    lines: list[str]
    error: str


Command = Callable[..., Ended]


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
    monkeypatch.setattr(setup, "sleep", pauses.append)
    return pauses


@pytest.fixture
def make(
    tenant: Auth0Tenant,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Return a function that runs the command in this process. None removes a setting."""

    def make(*arguments: str, **changes: str | None) -> Ended:
        settings: dict[str, str | None] = {
            "AUTH0_DOMAIN": tenant.url,
            "AUTH0_CLIENT_ID": CLIENT_ID,
            "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH0_TOKEN": None,
            "STAGE": None,
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
        tenant.asked.clear()
        tenant.bodies.clear()
        status, error = 0, ""
        try:
            setup.main()
        except SystemExit as stopped:
            status, error = 1, str(stopped)
        said = capsys.readouterr()
        assert said.err == ""
        secrets = [CLIENT_SECRET, *tenant.tokens, settings["AUTH0_TOKEN"], "that-nobody-prints"]
        for secret in filter(None, secrets):
            assert secret not in said.out + error
        if status:
            assert re.fullmatch(r"casting: [^\n]{20,400}", error), error
        assert said.out.isprintable() or "\x1b" not in said.out
        return Ended(status, said.out.splitlines(), error)

    return make
