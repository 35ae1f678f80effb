"""`make smoke`: does a deployed stage keep its promises? What only the real AWS can show.

Asks the API at URL, prints what held and what did not, and ends with 1 where something did not.
Tokens come from the environment, as ASSISTANT, DIRECTOR and PRODUCER; without one, what it would
show is not looked at. With PRODUCER a film and an actor are added, and removed again. STAGE says
whose settings hold, where the URL does not end in the stage's name.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from chalicelib.http.views import declared
from chalicelib.permissions import AGENCY_ROLES
from dev import machine

NOWHERE = "AAAAAAAAAAAAAAAA"  # an id that nothing has
SECONDS = 30  # to wait for one answer: the gateway itself gives up at 29
_JSON = {"Content-Type": "application/json"}
TOO_LARGE = (7 * 1024 * 1024, 10 * 1024 * 1024 + 1)  # bytes: Lambda takes 6 MiB, API Gateway 10


class Broken(Exception):
    """A promise does not hold."""


class NotSeen(Exception):
    """What a promise is about did not come up."""


class Api:
    """A deployed API, and the tokens that there are for it."""

    def __init__(self, url: str, tokens: dict[str, str], origin: str | None) -> None:
        self.url = url.rstrip("/")
        self.tokens = tokens
        self.origin = origin
        self.session = requests.Session()

    def ask(
        self, method: str, path: str, role: str | None = None, **request: Any
    ) -> requests.Response:
        """Send a request, in this role of the agency or without a token."""
        headers = dict(request.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        answer = self.session.request(
            method,
            self.url + path,
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
            **request,
        )
        if method != "OPTIONS" and not answer.headers.get("X-Request-Id"):
            raise Broken(f"{method} {path} has no X-Request-Id")
        return answer

    def expect(
        self, status: int, method: str, path: str, role: str | None = None, **request: Any
    ) -> requests.Response:
        """Send a request whose answer must have this status, its headers and its envelope."""
        answer = self.ask(method, path, role, **request)
        if answer.status_code != status:
            raise Broken(f"{method} {path} answers {answer.status_code}, not {status}")
        for name, value in (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")):
            if answer.headers.get(name) != value:
                raise Broken(f"{method} {path} has no {name}: {value}")
        if status == 304:
            return answer
        told = _json(answer)
        if told.get("success") is not (status < 400):
            raise Broken(f"{method} {path} is not in our envelope")
        if status >= 400:
            if told.keys() != {"success", "error", "message", "detail"} or told["error"] != status:
                raise Broken(f"{method} {path} is not in our envelope")
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            if not allowed or self.origin not in (None, allowed):
                raise Broken(f"{method} {path} allows the origin {allowed}")
        return answer


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Broken("the answer is no JSON object")
    return told


class Promise(NamedTuple):
    """What is looked at, whose token it needs, and how."""

    sentence: str
    role: str | None
    holds: Callable[[Api], None]


def _is_up(api: Api) -> None:
    api.expect(200, "GET", "/")
    api.expect(200, "GET", "/health")


def _is_tls(api: Api) -> None:
    if urlsplit(api.url).scheme != "https":
        raise Broken("the URL is not https")
    api.expect(200, "GET", "/")  # requests checks the certificate


def _shows_its_contract(api: Api) -> None:
    served = _json(api.ask("GET", "/openapi.json"))
    told = {(m.upper(), _filled(path)) for path, ms in served["paths"].items() for m in ms}
    if told != {(method, path) for method, path, _ in _routes()}:
        raise Broken("the contract has other operations than this checkout")
    page = api.ask("GET", "/docs")
    if page.status_code != 200 or not page.headers["Content-Type"].startswith("text/html"):
        raise Broken(f"/docs answers {page.status_code}, {page.headers['Content-Type']}")
    if "script-src" not in page.headers.get("Content-Security-Policy", ""):
        raise Broken("/docs has no Content-Security-Policy of its own")
    if served["servers"] != [{"url": urlsplit(api.url).path or "/"}]:
        raise Broken(f"the contract's server is {served['servers'][0]['url']}")


def _refuses_strangers(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer a.b.c"}):
        answer = api.expect(401, "GET", "/movies", headers=headers)
        if answer.json()["message"] != "invalid header":
            raise Broken(f"401 says {answer.json()['message']!r}, not 'invalid header'")
        if answer.headers.get("WWW-Authenticate") != "Bearer":
            raise Broken("401 has no WWW-Authenticate: Bearer")


def _knows_its_paths(api: Api) -> None:
    for path in ("/nowhere", "/movies/x/y/z"):
        api.expect(404, "GET", path)
        # Here API Gateway takes any token for a broken AWS signature; its own answer echoes it.
        answer = api.expect(404, "GET", path, headers={"Authorization": "Bearer echo"})
        if "echo" in answer.text:
            raise Broken("the answer echoes the Authorization header")


def _knows_its_methods(api: Api) -> None:
    for path in ("/", f"/movies/{NOWHERE}", "/roles"):
        answer = api.expect(405, "PUT", path)
        if "GET" not in answer.headers.get("Allow", ""):
            raise Broken(f"405 of {path} has no Allow")


def _lets_browsers_ask(api: Api) -> None:
    asked = {"Origin": api.origin or "https://x", "Access-Control-Request-Method": "PATCH"}
    answer = api.ask("OPTIONS", f"/movies/{NOWHERE}", headers=asked)
    allowed = answer.headers.get("Access-Control-Allow-Headers", "")
    if answer.status_code != 200 or "PATCH" not in answer.headers.get(
        "Access-Control-Allow-Methods", ""
    ):
        raise Broken(f"the preflight answers {answer.status_code} and does not allow PATCH")
    for name in ("Authorization", "Content-Type", "If-Match", "Idempotency-Key"):
        if name not in allowed:
            raise Broken(f"the preflight does not allow the header {name}")
    origin = answer.headers.get("Access-Control-Allow-Origin")
    if not origin or api.origin not in (None, origin):
        raise Broken(f"the preflight allows the origin {origin}")
    if api.origin is None:
        raise NotSeen(f"it allows {origin}; say STAGE, to see whether that is right")


def _refuses_large_bodies(api: Api) -> None:
    for size in TOO_LARGE:
        api.expect(413, "POST", "/movies", "producer", data=b" " * size, headers=_JSON)


def _reads(role: str) -> Callable[[Api], None]:
    def holds(api: Api) -> None:
        # The second time the authorizer's answer is the cached one.
        for _ in range(2):
            for path in ("/movies", "/actors", "/roles"):
                api.expect(200, "GET", path, role)

    return holds


def _is_held_to_its_permissions(role: str) -> Callable[[Api], None]:
    def holds(api: Api) -> None:
        for method, path, permission in _routes():
            if method == "GET" or permission is None:
                continue
            # What is sent cannot be done: there is no such id, or no field at all.
            may = permission in AGENCY_ROLES[role].permissions
            status = 403 if not may else 404 if method == "DELETE" else 422
            body: dict[str, Any] | None = None if method == "DELETE" else {}
            api.expect(status, method, path, role, json=body)

    return holds


def _works(api: Api) -> None:
    role, made = "producer", []
    try:
        film = api.expect(
            201, "POST", "/movies", role, json={"title": "Smoke", "release_date": "1995-06-09"}
        )
        movie_path = f"/movies/{film.json()['created']}"
        made.append(movie_path)
        actor = {"name": "Smoke Test", "gender": "undisclosed", "age": 30}
        actor_id = api.expect(201, "POST", "/actors", role, json=actor).json()["created"]
        made.append(f"/actors/{actor_id}")
        at = urlsplit(film.headers["Location"]).path
        if at != urlsplit(api.url).path + movie_path:
            raise Broken(f"Location leads to {at}")
        cast = {"actor_id": actor_id, "character_name": "Auggie"}
        key = {"Idempotency-Key": f"smoke-{actor_id}"}
        for _ in range(2):
            api.expect(201, "POST", f"{movie_path}/actors", role, json=cast, headers=key)
        shown = api.expect(200, "GET", movie_path, role)
        if len(shown.json()["roles"]) != 1:
            raise Broken("the film does not show its one role")
        tag = shown.headers["ETag"]
        api.expect(304, "GET", movie_path, role, headers={"If-None-Match": tag})
        api.expect(200, "PATCH", movie_path, role, json={"title": "S."}, headers={"If-Match": tag})
        api.expect(412, "PATCH", movie_path, role, json={"title": "T."}, headers={"If-Match": tag})
        api.expect(409, "POST", f"{movie_path}/actors", role, json=cast)
    finally:
        for path in made:
            removed = api.ask("DELETE", path, role)
            if removed.status_code != 200:
                raise Broken(f"{path} is still there: DELETE answers {removed.status_code}")
    for path in made:
        api.expect(404, "GET", path, role)


def _refuses_bad_bodies(api: Api) -> None:
    api.expect(400, "POST", "/movies", "producer", data=b"{", headers=_JSON)
    api.expect(400, "GET", "/movies?limit=0", "producer")
    api.expect(413, "POST", "/movies", "producer", data=b" " * 65_537, headers=_JSON)
    api.expect(415, "POST", "/movies", "producer", data=b"{}", headers={"Content-Type": "text/csv"})
    api.expect(422, "POST", "/movies", "producer", json=[])


def _compresses(api: Api) -> None:
    size = machine.config()["minimum_compression_size"]
    answer = api.expect(200, "GET", "/movies?limit=100", "producer")
    if len(answer.content) <= size:
        raise NotSeen(f"the list of films has no more than {size} bytes yet")
    if answer.headers.get("Content-Encoding") != "gzip":
        raise Broken(f"{len(answer.content)} bytes were not compressed")


PROMISES = [
    Promise("it is up, and its table answers", None, _is_up),
    Promise("it is served over TLS", None, _is_tls),
    Promise("its contract is served, and the page for people", None, _shows_its_contract),
    Promise("no token and bad tokens are 401, in our envelope", None, _refuses_strangers),
    Promise("a path that is not there is 404, and echoes nothing", None, _knows_its_paths),
    Promise("a wrong method is 405 with Allow", None, _knows_its_methods),
    Promise("a browser's preflight is answered", None, _lets_browsers_ask),
    Promise("bodies of 7 and 10 MiB are 413, in our envelope", "producer", _refuses_large_bodies),
    *(Promise(f"{r}: lists, twice", r, _reads(r)) for r in AGENCY_ROLES),
    *(
        Promise(f"{r}: every write is 403 or let through", r, _is_held_to_its_permissions(r))
        for r in AGENCY_ROLES
    ),
    Promise("bad bodies are 400, 413, 415, 422", "producer", _refuses_bad_bodies),
    Promise("a film is added, cast, read, changed and removed", "producer", _works),
    Promise("a long answer is compressed", "producer", _compresses),
]


def _filled(path: str) -> str:
    """Give a path with ids in it that nothing has."""
    role_id = f"{NOWHERE}.{NOWHERE}"
    return path.format(movie_id=NOWHERE, actor_id=NOWHERE, role_id=role_id)


def _routes() -> list[tuple[str, str, str | None]]:
    """Give the routes of the contract with their permissions, ids filled in that nothing has."""
    from app import app

    return [
        (method, _filled(path), declared(route.view_function).permission)
        for path, methods in app.routes.items()
        for method, route in methods.items()
        if route.view_name != "method_not_allowed"
    ]


def look(api: Api) -> tuple[int, int, int]:
    """Look at every promise and print what held; gives how many did, did not, were left out."""
    held = broken = left_out = 0
    for sentence, role, holds in PROMISES:
        if role is not None and role not in api.tokens:
            left_out += 1
            machine.say(f"  --   {sentence}: no token in {role.upper()}")
            continue
        try:
            holds(api)
        except NotSeen as reason:
            left_out += 1
            machine.say(f"  --   {sentence}: {reason}")
        except (Broken, requests.RequestException, KeyError) as error:
            broken += 1
            # The name alone of what requests raises: its text may quote what was sent.
            said = error if isinstance(error, Broken) else type(error).__name__
            machine.say(f"  NO   {sentence}: {said}")
        else:
            held += 1
            machine.say(f"  yes  {sentence}")
    machine.say(f"{held} held, {broken} did not, {left_out} were not looked at.")
    return held, broken, left_out


def main() -> None:
    url = os.environ.get("URL", "")
    at = urlsplit(url)
    if at.scheme != "https" and not (at.scheme == "http" and at.hostname == "127.0.0.1"):
        machine.stop("say which API: make smoke URL=https://...")  # tokens are not for http
    named = os.environ.get("STAGE") or urlsplit(url).path.strip("/").rpartition("/")[2]
    known = {name: s["environment_variables"] for name, s in machine.config()["stages"].items()}
    tokens = {r: t for r in AGENCY_ROLES if (t := os.environ.get(r.upper(), "").strip())}
    api = Api(url, tokens, known[named]["WEB_ORIGIN"] if named in known else None)
    try:
        api.session.get(api.url, timeout=SECONDS)
    except requests.RequestException as error:
        machine.stop(f"nothing answers at {url} ({type(error).__name__})")
    # Only the route table is wanted of the app, which needs some settings to be imported.
    os.environ.update(known["local"])
    sys.exit(1 if look(api)[1] else 0)


if __name__ == "__main__":
    main()
