"""The smoke test's requests for a new resource. test_deployed.py runs it on a stage."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import requests

from chalicelib.http.envelope import DEFAULT_HEADERS
from dev.contract import openapi
from dev.deploy import smoke
from tests.contract.test_contract import DOCUMENT
from tests.support import agents

UNUSED = "AAAAAAAAAAAAAAAA"


class FakeApi(smoke.Api):
    """An API that records the expected responses."""

    def __init__(self) -> None:
        super().__init__("https://api.example/dev", {}, None)
        self.expected: list[tuple[int, str, str]] = []

    def expect(self, status: int, method: str, path: str, *_: object, **__: object) -> None:  # type: ignore[override]
        self.expected.append((status, method, path))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """A fake API whose contract has an additional resource."""
    agents.allow(monkeypatch)
    monkeypatch.setattr(openapi, "text", lambda: json.dumps(agents.with_agents(DOCUMENT)))
    smoke._operations.cache_clear()
    yield FakeApi()
    smoke._operations.cache_clear()


def test_every_list_is_read(api: FakeApi) -> None:
    smoke._reads("assistant")(api)
    paths = [path for _, _, path in api.expected]
    assert {"/movies", "/actors", "/roles", "/agents"} <= set(paths)
    assert api.expected == [(200, "GET", path) for path in paths]
    assert paths[: len(paths) // 2] * 2 == paths


@pytest.mark.parametrize(
    ("role", "statuses"), [("assistant", (403,) * 3), ("director", (422, 422, 404))]
)
def test_a_write_has_ids_that_no_resource_has(
    api: FakeApi, role: str, statuses: tuple[int, int, int]
) -> None:
    smoke._writes(role)(api)
    create, change, delete = statuses
    assert [call for call in api.expected if call[2].startswith("/agents")] == [
        (create, "POST", "/agents"),
        (change, "PATCH", f"/agents/{UNUSED}"),
        (delete, "DELETE", f"/agents/{UNUSED}"),
    ]
    assert not [path for _, _, path in api.expected if "{" in path]
    assert f"/roles/{UNUSED}.{UNUSED}" in [path for _, _, path in api.expected]


class Sent(NamedTuple):
    """A response to a body that is too large."""

    status_code: int


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (Sent(413), None),
        (requests.ConnectionError(), None),
        (Sent(500), "a body of 7340032 bytes returns 500, not 413"),
    ],
)
def test_every_form_of_413_is_accepted(
    api: FakeApi, outcome: Sent | Exception, problem: str | None
) -> None:
    def send(*_: object, **__: object) -> Sent:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    vars(api)["send"] = send
    if problem is None:
        smoke._rejects_very_large_bodies(api)
    else:
        with pytest.raises(smoke.Failed, match=problem):
            smoke._rejects_very_large_bodies(api)
    # After a closed connection, the API must still respond.
    closed = isinstance(outcome, requests.ConnectionError)
    assert api.expected == ([(200, "GET", "/")] * len(smoke.TOO_LARGE) if closed else [])


def test_a_response_of_api_gateway_without_our_headers_fails() -> None:
    response = requests.Response()
    response.status_code = 401
    response.headers.update(DEFAULT_HEADERS)
    smoke._has_our_headers(response)
    for name in ("Content-Security-Policy", "Strict-Transport-Security"):
        other = requests.Response()
        other.status_code = 401
        other.headers.update({**DEFAULT_HEADERS, name: "other"})
        with pytest.raises(smoke.Failed, match=f"401 has not the header {name}"):
            smoke._has_our_headers(other)
