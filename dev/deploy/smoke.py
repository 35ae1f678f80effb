"""`make smoke`: check a deployed API. It covers what only the real AWS can show.

Sends requests to the API at URL, prints the result of each check, and exits with 1 if one failed.
The environment has an access token for each role, as ASSISTANT, DIRECTOR and PRODUCER. A check
whose role has no token is skipped. With PRODUCER, a movie and an actor are created and deleted.
STAGE names the stage whose settings apply, if the URL does not end in the stage's name.
"""

import functools
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from chalicelib.limits import MAX_BODY
from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.contract.operations import Operations

SECONDS = 30  # timeout of a request; API Gateway's own is 29
_JSON = {"Content-Type": "application/json"}
TOO_LARGE = (7 * 1024 * 1024, 10 * 1024 * 1024 + 1)  # bytes: above Lambda's limit, API Gateway's


class Failed(Exception):
    """A check failed."""


class Skipped(Exception):
    """A check could not be made."""


class Api:
    """A deployed API, and the access tokens for it by role."""

    def __init__(self, url: str, tokens: dict[str, str], origin: str | None) -> None:
        self.url = url.rstrip("/")
        self.tokens = tokens
        self.origin = origin
        self.session = requests.Session()

    def send(
        self, method: str, path: str, role: str | None = None, **request: Any
    ) -> requests.Response:
        """Send a request with the token of an agency role, or without a token."""
        headers = dict(request.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return self.session.request(
            method,
            self.url + path,
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
            **request,
        )

    def ask(
        self, method: str, path: str, role: str | None = None, **request: Any
    ) -> requests.Response:
        """Send a request. The response must name it, except that to a preflight."""
        response = self.send(method, path, role, **request)
        if method != "OPTIONS" and not response.headers.get("X-Request-Id"):
            raise Failed(f"{method} {path} has no X-Request-Id")
        return response

    def expect(
        self, status: int, method: str, path: str, role: str | None = None, **request: Any
    ) -> requests.Response:
        """Send a request. Check the status, the headers and the envelope of the response."""
        response = self.ask(method, path, role, **request)
        if response.status_code != status:
            raise Failed(f"{method} {path} returns {response.status_code}, not {status}")
        for name, value in (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")):
            if response.headers.get(name) != value:
                raise Failed(f"{method} {path} has no {name}: {value}")
        if status == 304:
            return response
        body = _json(response)
        if body.get("success") is not (status < 400):
            raise Failed(f"{method} {path} does not return the envelope")
        if status >= 400:
            if body.keys() != {"success", "error", "message", "detail"} or body["error"] != status:
                raise Failed(f"{method} {path} does not return the envelope")
            allowed = response.headers.get("Access-Control-Allow-Origin")
            if not allowed or self.origin not in (None, allowed):
                raise Failed(f"{method} {path} allows the origin {allowed}")
        return response


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Failed("the response is not a JSON object")
    return body


class Check(NamedTuple):
    """What is checked, the role whose token it needs, and the function that checks it."""

    sentence: str
    role: str | None
    run: Callable[[Api], None]


@functools.cache
def _operations() -> Operations:
    """Return the operations of this checkout's contract."""
    return Operations()


def _is_up(api: Api) -> None:
    api.expect(200, "GET", "/")
    api.expect(200, "GET", "/health")


def _uses_tls(api: Api) -> None:
    if urlsplit(api.url).scheme != "https":
        raise Failed("the URL is not https")
    api.expect(200, "GET", "/")  # requests checks the certificate


def _serves_its_contract(api: Api) -> None:
    served = _json(api.ask("GET", "/openapi.json"))
    operations = {(m.upper(), path) for path, methods in served["paths"].items() for m in methods}
    if operations != {(o.method, o.path) for o in _operations()}:
        raise Failed("/openapi.json has other operations than this checkout")
    page = api.ask("GET", "/docs")
    if page.status_code != 200 or not page.headers["Content-Type"].startswith("text/html"):
        raise Failed(f"/docs returns {page.status_code}, {page.headers['Content-Type']}")
    if "script-src" not in page.headers.get("Content-Security-Policy", ""):
        raise Failed("/docs has no Content-Security-Policy of its own")
    if served["servers"] != [{"url": urlsplit(api.url).path or "/"}]:
        raise Failed(f"the server in /openapi.json is {served['servers'][0]['url']}")


def _has_our_headers(response: requests.Response) -> None:
    """Compare the security headers of API Gateway's own response with those of the functions."""
    # Imported here, because the import reads the settings.
    from chalicelib.http.envelope import DEFAULT_HEADERS

    for name, value in DEFAULT_HEADERS.items():
        if response.headers.get(name) != value:
            raise Failed(f"{response.status_code} has not the header {name}: {value}")


def _rejects_bad_tokens(api: Api) -> None:
    rejected = {"Authorization": "Bearer a.b.c"}
    # The second time, the authorizer's response comes from API Gateway's cache.
    for headers in ({}, {"Authorization": "Bearer"}, rejected, rejected):
        response = api.expect(401, "GET", "/movies", headers=headers)
        if response.json()["message"] != "invalid header":
            raise Failed(f"the message of 401 is {response.json()['message']!r}")
        if response.headers.get("WWW-Authenticate") != "Bearer":
            raise Failed("401 has no WWW-Authenticate: Bearer")
        _has_our_headers(response)


def _rejects_unknown_paths(api: Api) -> None:
    for path in ("/nowhere", "/movies/x/y/z"):
        api.expect(404, "GET", path)
        # API Gateway takes this header for a broken AWS signature. Its default response echoes it.
        response = api.expect(404, "GET", path, headers={"Authorization": "Bearer echo"})
        if "echo" in response.text:
            raise Failed("the response echoes the Authorization header")
        _has_our_headers(response)


def _rejects_other_methods(api: Api) -> None:
    for path in ("/", _operations()["get_movie"].unused_path(), "/roles"):
        response = api.expect(405, "PUT", path)
        if "GET" not in response.headers.get("Allow", ""):
            raise Failed(f"405 of {path} has no Allow")
        _has_our_headers(response)
        for media_type in ("text/plain", "application/octet-stream"):
            api.expect(405, "PUT", path, data=b"x", headers={"Content-Type": media_type})


def _answers_preflights(api: Api) -> None:
    origin = api.origin or "https://x"
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    path = _operations()["change_movie"].unused_path()
    response = api.ask("OPTIONS", path, headers=asked)
    allowed = response.headers.get("Access-Control-Allow-Headers", "")
    if response.status_code != 200 or "PATCH" not in response.headers.get(
        "Access-Control-Allow-Methods", ""
    ):
        raise Failed(f"the preflight returns {response.status_code} and does not allow PATCH")
    for name in ("Authorization", "Content-Type", "If-Match", "Idempotency-Key"):
        if name not in allowed:
            raise Failed(f"the preflight does not allow the header {name}")
    allowed_origin = response.headers.get("Access-Control-Allow-Origin")
    if not allowed_origin or api.origin not in (None, allowed_origin):
        raise Failed(f"the preflight allows the origin {allowed_origin}")
    if api.origin is None:
        raise Skipped(f"it allows {allowed_origin}; set STAGE to compare that with its settings")


def _rejects_very_large_bodies(api: Api) -> None:
    """Expect 413 in any form, because API Gateway does not send our envelope for every size."""
    for size in TOO_LARGE:
        try:
            response = api.send("POST", "/movies", "producer", data=b" " * size, headers=_JSON)
        except requests.ConnectionError:
            # API Gateway may close the connection instead. The API must still respond then.
            api.expect(200, "GET", "/")
            continue
        if response.status_code != 413:
            raise Failed(f"a body of {size} bytes returns {response.status_code}, not 413")


def _reads(role: str) -> Callable[[Api], None]:
    def run(api: Api) -> None:
        lists = [
            operation.path
            for operation in _operations()
            if operation.method == "GET" and operation.permission and not operation.path_parameters
        ]
        # The second time, the authorizer's response comes from API Gateway's cache.
        for _ in range(2):
            for path in lists:
                api.expect(200, "GET", path, role)

    return run


def _writes(role: str) -> Callable[[Api], None]:
    def run(api: Api) -> None:
        for operation in _operations():
            if operation.method == "GET" or operation.permission is None:
                continue
            if operation.permission not in AGENCY_ROLES[role].permissions:
                status = 403
            elif operation.has_body:
                status = 422
            else:
                status = 404
            # No request has an effect: ids are unused, and bodies are empty objects.
            body: dict[str, Any] | None = {} if operation.has_body else None
            api.expect(status, operation.method, operation.unused_path(), role, json=body)

    return run


def _example(operation_id: str, **members: Any) -> dict[str, Any]:
    """Return an operation's example body with these members.

    It has no external ids: the stage may know who has them.
    """
    body = {**_operations()[operation_id].body, **members}
    return {name: value for name, value in body.items() if name not in ("imdb_id", "tmdb_id")}


def _works(api: Api) -> None:
    role, created = "producer", []
    try:
        new_movie = _example("create_movie", title="Smoke")
        movie = api.expect(201, "POST", "/movies", role, json=new_movie)
        movie_path = f"/movies/{movie.json()['created']}"
        created.append(movie_path)
        new_actor = _example("create_actor", name="Smoke Test")
        actor_id = api.expect(201, "POST", "/actors", role, json=new_actor).json()["created"]
        created.append(f"/actors/{actor_id}")
        location = urlsplit(movie.headers["Location"]).path
        if location != urlsplit(api.url).path + movie_path:
            raise Failed(f"Location is {location}")
        new_role = _example("cast_movie_actor", actor_id=actor_id)
        key = {"Idempotency-Key": f"smoke-{actor_id}"}
        for _ in range(2):
            api.expect(201, "POST", f"{movie_path}/actors", role, json=new_role, headers=key)
        shown = api.expect(200, "GET", movie_path, role)
        if len(shown.json()["roles"]) != 1:
            raise Failed("the movie does not show its only role")
        tag = shown.headers["ETag"]
        api.expect(304, "GET", movie_path, role, headers={"If-None-Match": tag})
        api.expect(200, "PATCH", movie_path, role, json={"title": "S."}, headers={"If-Match": tag})
        api.expect(412, "PATCH", movie_path, role, json={"title": "T."}, headers={"If-Match": tag})
        api.expect(409, "POST", f"{movie_path}/actors", role, json=new_role)
    finally:
        for path in created:
            deleted = api.ask("DELETE", path, role)
            if deleted.status_code != 200:
                raise Failed(f"{path} was not deleted: DELETE returns {deleted.status_code}")
    for path in created:
        api.expect(404, "GET", path, role)


def _limits() -> dict[str, int]:
    """Return the schema of the query parameter `limit`."""
    schema: dict[str, int] = _operations()["list_movies"].parameters["limit"]["schema"]
    return schema


def _rejects_bad_requests(api: Api) -> None:
    api.expect(400, "POST", "/movies", "producer", data=b"{", headers=_JSON)
    api.expect(400, "GET", f"/movies?limit={_limits()['minimum'] - 1}", "producer")
    too_large = b" " * (MAX_BODY + 1)
    api.expect(413, "POST", "/movies", "producer", data=too_large, headers=_JSON)
    api.expect(415, "POST", "/movies", "producer", data=b"{}", headers={"Content-Type": "text/csv"})
    api.expect(422, "POST", "/movies", "producer", json=[])


def _compresses(api: Api) -> None:
    size = machine.config()["minimum_compression_size"]
    response = api.expect(200, "GET", f"/movies?limit={_limits()['maximum']}", "producer")
    if len(response.content) <= size:
        raise Skipped(f"the list of movies has no more than {size} bytes yet")
    if response.headers.get("Content-Encoding") != "gzip":
        raise Failed(f"{len(response.content)} bytes were not compressed")


CHECKS = [
    Check("the API and its table respond", None, _is_up),
    Check("the connection uses TLS", None, _uses_tls),
    Check("/openapi.json and /docs are served", None, _serves_its_contract),
    Check("a missing or malformed token returns 401, twice", None, _rejects_bad_tokens),
    Check("an unknown path returns 404 and echoes nothing", None, _rejects_unknown_paths),
    Check("an unsupported method returns 405 with Allow", None, _rejects_other_methods),
    Check("a CORS preflight is answered", None, _answers_preflights),
    Check("bodies of 7 MiB and 10 MiB return 413", "producer", _rejects_very_large_bodies),
    *(Check(f"{role}: every list returns 200, twice", role, _reads(role)) for role in AGENCY_ROLES),
    *(
        Check(f"{role}: a write returns 403 without its permission", role, _writes(role))
        for role in AGENCY_ROLES
    ),
    Check("bad requests return 400, 413, 415 or 422", "producer", _rejects_bad_requests),
    Check("a movie is created, cast, read, changed and deleted", "producer", _works),
    Check("a large response is compressed", "producer", _compresses),
]


def run_checks(api: Api) -> tuple[int, int, int]:
    """Run and print every check. Return how many passed, failed and were skipped."""
    passed = failed = skipped = 0
    for sentence, role, run in CHECKS:
        if role is not None and role not in api.tokens:
            skipped += 1
            machine.say(f"  SKIP  {sentence}: {role.upper()} has no token")
            continue
        try:
            run(api)
        except Skipped as reason:
            skipped += 1
            machine.say(f"  SKIP  {sentence}: {reason}")
        except (Failed, requests.RequestException, KeyError) as error:
            failed += 1
            # Only the name of an error of requests: its text may quote the request.
            reason_text = error if isinstance(error, Failed) else type(error).__name__
            machine.say(f"  FAIL  {sentence}: {reason_text}")
        else:
            passed += 1
            machine.say(f"  OK    {sentence}")
    machine.say(f"{passed} passed, {failed} failed, {skipped} skipped.")
    return passed, failed, skipped


def main() -> None:
    url = os.environ.get("URL", "")
    address = urlsplit(url)
    is_local = address.scheme == "http" and address.hostname == "127.0.0.1"
    if address.scheme != "https" and not is_local:  # http would expose the tokens
        machine.fail("set the API's URL: make smoke URL=https://...")
    stage = os.environ.get("STAGE") or address.path.strip("/").rpartition("/")[2]
    stages = {name: s["environment_variables"] for name, s in machine.config()["stages"].items()}
    tokens = {r: t for r in AGENCY_ROLES if (t := os.environ.get(r.upper(), "").strip())}
    api = Api(url, tokens, stages[stage]["WEB_ORIGIN"] if stage in stages else None)
    try:
        api.session.get(api.url, timeout=SECONDS)
    except requests.RequestException as error:
        machine.fail(f"no response from {url} ({type(error).__name__})")
    # Importing the app for its operations needs some settings.
    os.environ.update(stages["local"])
    sys.exit(1 if run_checks(api)[1] else 0)


if __name__ == "__main__":
    main()
