"""An HTTP client for the API, and assertions that hold for every response."""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalice.app import Chalice
from chalice.local import LambdaContext


class ApiResponse:
    """A response: its status, its headers (names in lower case) and its body."""

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
    """A caller of the API, with or without an access token."""

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
        """Send a request. A body that is not bytes is sent as JSON."""
        request_headers = dict(headers or {})
        if self.token is not None:
            request_headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            request_headers.setdefault("Content-Type", "application/json")
        base = urlsplit(self.url)  # the URL of a deployed API has a path
        connection = http.client.HTTPConnection(base.netloc, timeout=30)
        try:
            connection.request(method, base.path + path, body, request_headers)
            return ApiResponse(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> ApiResponse:
        return self.call("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path)

    def post(self, path: str, body: Any, **headers: str) -> ApiResponse:
        return self.call("POST", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> ApiResponse:
        return self.call("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> ApiResponse:
        return self.call("DELETE", path, headers=headers)

    def pages(self, path: str, member: str, **query: Any) -> Iterator[list[Any]]:
        """Yield all pages of a list."""
        while True:
            response = self.get(path, **query)
            assert response.status == 200, response
            yield response[member]
            if response["next_cursor"] is None:
                return
            query["cursor"] = response["next_cursor"]

    def every(self, path: str, member: str, **query: Any) -> list[Any]:
        """Return the items of all pages of a list."""
        return [item for page in self.pages(path, member, **query) for item in page]

    def movie(self, movie_id: str) -> Any:
        return self._resource("movie", movie_id)

    def actor(self, actor_id: str) -> Any:
        return self._resource("actor", actor_id)

    def role(self, role_id: str) -> Any:
        return self._resource("role", role_id)

    def part(self, part_id: str) -> Any:
        return self._resource("part", part_id)

    def candidate(self, candidate_id: str) -> Any:
        return self._resource("candidate", candidate_id)

    def _resource(self, name: str, resource_id: str) -> Any:
        response = self.get(f"/{name}s/{resource_id}")
        assert response.status == 200, response
        return response[name]

    def new_movie(self, title: str = "Heat", release_date: str = "1995-12-15") -> str:
        """Create a movie and return its id."""
        response = self.post("/movies", {"title": title, "release_date": release_date})
        assert response.status == 201, response
        return str(response["created"])

    def new_actor(self, name: str = "Al Pacino", **fields: Any) -> str:
        """Create an actor and return its id."""
        response = self.post("/actors", {"name": name, "gender": "male", "age": 55, **fields})
        assert response.status == 201, response
        return str(response["created"])

    def new_role(self, movie_id: str, actor_id: str, **fields: Any) -> str:
        """Create a role and return its id."""
        response = self.post("/roles", {"movie_id": movie_id, "actor_id": actor_id, **fields})
        assert response.status == 201, response
        return str(response["created"])

    def new_part(self, movie_id: str, name: str = "Rick Blaine", **fields: Any) -> str:
        """Create a part and return its id."""
        response = self.post(f"/movies/{movie_id}/parts", {"name": name, **fields})
        assert response.status == 201, response
        return str(response["created"])

    def new_candidate(self, part_id: str, actor_id: str, *statuses: str) -> str:
        """Add an actor to a part's list, and set these statuses in turn. Return the candidate's id.

        An actor who is on the list already is not added again.
        """
        response = self.post(f"/parts/{part_id}/candidates", {"actor_ids": [actor_id]})
        assert response.status == 201, response
        (candidate,) = response["candidates"]
        self.set_status(candidate["id"], *statuses)
        return str(candidate["id"])

    def set_status(self, candidate_id: str, *statuses: str) -> None:
        """Set these statuses of a candidate in turn."""
        for status in statuses:
            response = self.patch(f"/candidates/{candidate_id}", {"status": status})
            assert response.status == 200, response


def assert_failure(response: ApiResponse, status: int, message: str | None = None) -> None:
    """Assert that a response is a failure with the envelope and headers of every failure."""
    from chalicelib.errors import MESSAGES

    assert response.status == status, response
    body = response.body
    assert body.keys() == {"success", "error", "message", "detail"}, body
    assert body["success"] is False
    assert body["error"] == status
    assert body["message"] == (message or MESSAGES[status]), body
    assert isinstance(body["detail"], str)
    assert body["detail"], body
    assert_headers(response)
    assert (response.headers["x-request-id"] in body["detail"]) == (status >= 500), body
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "Retry-After" in response.headers["access-control-expose-headers"]
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"


def assert_pages(
    client: Client, path: str, member: str, expected_ids: list[str], limit: int, **query: Any
) -> None:
    """Assert that a list has these items in this order, in pages of exactly `limit` items."""
    pages = [
        [item["id"] for item in page] for page in client.pages(path, member, limit=limit, **query)
    ]
    assert [item_id for page in pages for item_id in page] == expected_ids
    # Only the last page may be short, and no page is empty.
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert 1 <= len(pages[-1]) <= limit


def invoke(chalice: Chalice, event: dict[str, Any], milliseconds: int = 10_000) -> dict[str, Any]:
    """Call the app's function as Lambda does, with this much time left."""
    context = LambdaContext("casting", memory_size=1_024, max_runtime_ms=milliseconds)
    response: dict[str, Any] = chalice(event, context)
    return response


def assert_headers(response: ApiResponse, has_request_id: bool = True) -> None:
    """Assert that a response has the headers of every response.

    API Gateway responds to OPTIONS itself, without a request id.
    """
    if has_request_id:
        uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        assert re.fullmatch(uuid, response.headers["x-request-id"])
    is_page = response.headers["content-type"] == "text/html; charset=utf-8"
    assert is_page or response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] in ("no-store", "no-cache" if is_page else "no-store")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    # The tests of each page have the rest of its policy.
    first, *_, last = response.headers["content-security-policy"].split("; ")
    assert (first, last) == ("default-src 'none'", "frame-ancestors 'none'")
