"""What the tests speak to the API with: HTTP, and nothing else."""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalice.app import Chalice
from chalice.local import LambdaContext

from chalicelib.contract import page


class ApiResponse:
    """An answer: its status, its headers (names in lower case), its body."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    def __getitem__(self, member: str) -> Any:
        return self.body[member]

    def __repr__(self) -> str:
        return f"{self.status} {self.text}"


class Client:
    """Somebody who calls the API, with this token or without any."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> ApiResponse:
        """Send a request; a body that is not bytes is sent as JSON."""
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        at = urlsplit(self.url)  # a deployed API has a path
        connection = http.client.HTTPConnection(at.netloc, timeout=30)
        try:
            connection.request(method, at.path + path, body, sent)
            return ApiResponse(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> ApiResponse:
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Any, **headers: str) -> ApiResponse:
        return self.call("POST", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> ApiResponse:
        return self.call("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> ApiResponse:
        return self.call("DELETE", path, headers=headers)

    def pages(self, path: str, member: str, **query: Any) -> Iterator[list[Any]]:
        """Read a list page by page, to its end."""
        while True:
            answer = self.get(path, **query)
            assert answer.status == 200, answer
            yield answer[member]
            if answer["next_cursor"] is None:
                return
            query["cursor"] = answer["next_cursor"]

    def every(self, path: str, member: str, **query: Any) -> list[Any]:
        return [item for page in self.pages(path, member, **query) for item in page]

    def new_movie(self, title: str = "Heat", release_date: str = "1995-12-15") -> str:
        answer = self.post("/movies", {"title": title, "release_date": release_date})
        assert answer.status == 201, answer
        return str(answer["created"])

    def new_actor(self, name: str = "Al Pacino", **fields: Any) -> str:
        answer = self.post("/actors", {"name": name, "gender": "male", "age": 55, **fields})
        assert answer.status == 201, answer
        return str(answer["created"])

    def new_role(self, movie_id: str, actor_id: str, **fields: Any) -> str:
        answer = self.post("/roles", {"movie_id": movie_id, "actor_id": actor_id, **fields})
        assert answer.status == 201, answer
        return str(answer["created"])


def assert_failure(answer: ApiResponse, status: int, message: str | None = None) -> None:
    """The one form of a failure, with the headers that every failure has."""
    from chalicelib.errors import MESSAGES

    assert answer.status == status, answer
    told = answer.body
    assert told.keys() == {"success", "error", "message", "detail"}, told
    assert told["success"] is False
    assert told["error"] == status
    assert told["message"] == (message or MESSAGES[status]), told
    assert isinstance(told["detail"], str)
    assert told["detail"], told
    assert_headers(answer)
    assert (answer.headers["x-request-id"] in told["detail"]) == (status >= 500), told
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


def invoke(chalice: Chalice, event: dict[str, Any], milliseconds: int = 10_000) -> dict[str, Any]:
    """Call the function itself, as Lambda does, which leaves it this time."""
    context = LambdaContext("casting", memory_size=1_024, max_runtime_ms=milliseconds)
    answer: dict[str, Any] = chalice(event, context)
    return answer


def real_routes() -> dict[str, dict[str, Any]]:
    """Give the routes of the contract, by path and method: without what is there to answer 405."""
    from app import app

    return {
        path: {m: r for m, r in methods.items() if r.view_name != "method_not_allowed"}
        for path, methods in app.routes.items()
    }


def assert_headers(answer: ApiResponse, named: bool = True) -> None:
    """What every answer has; those to OPTIONS are API Gateway's, and do not name the request."""
    if named:
        form = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        assert re.fullmatch(form, answer.headers["x-request-id"])
    is_page = answer.headers["content-type"] == "text/html; charset=utf-8"
    assert is_page or answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    policy = page.POLICY if is_page else "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["content-security-policy"] == policy
