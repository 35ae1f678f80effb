"""The clients of a load run, which send requests without a pause (locust).

Run by locust's interpreter. It reads a plan from standard input, and writes one line of JSON for
each response and one at the end of each number of clients.
"""

import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from bench.load import scene

# By name, because mypy runs without locust. It is first: it replaces parts of Python.
locust: Any = import_module("locust")
Environment: Any = import_module("locust.env").Environment
gevent: Any = import_module("gevent")

Json = dict[str, Any]

START_SECONDS = 120
WARM_UP_SECONDS = 2

plan: Json = {}
numbers: Iterator[int] = itertools.count()
"""The next client's number."""

samples: list[Json] = []
served: set[int] = set()
"""The numbers of the clients that have had a response."""


class Client(locust.FastHttpUser):  # type: ignore[misc]  # it has no type
    """Somebody who uses the API without a pause."""

    network_timeout = connection_timeout = 30.0

    def on_start(self) -> None:
        self.number = next(numbers)
        self.chance = random.Random(self.number)  # noqa: S311 -- no secret
        parts = scene.own(range(scene.PARTS), self.number, plan["most_clients"])
        self.candidates = [
            scene.candidate_id(part, place) for part in parts for place in range(scene.CANDIDATES)
        ]
        movies = range(scene.CAST_MOVIES, plan["movies"])
        self.movies = scene.own(movies, self.number, plan["most_clients"])

    def send(
        self,
        kind: str,
        method: str,
        path: str,
        body: Json | None = None,
        movies: int | None = None,
        **headers: str,
    ) -> Any:
        """Send a request. Return the response, or None if it is an error.

        `movies` is how many its page must have.
        """
        headers["Authorization"] = f"Bearer {plan['token']}"
        with self.client.request(
            method, path, name=kind, json=body, headers=headers, catch_response=True
        ) as response:
            served.add(self.number)
            if response.status_code != 200:
                text = (response.text or "")[:200]
                response.failure(f"{response.status_code} {text or response.error}")
                return None
            if movies is not None and len(response.json()["movies"]) != movies:
                response.failure(f"a page of {len(response.json()['movies'])} movies")
                return None
            return response

    def page(self, kind: str, **query: str) -> str | None:
        """Read a page of movies, and return its cursor. A page that is not full is an error."""
        response = self.send(kind, "GET", f"/movies?{urlencode(query)}", movies=scene.PAGE)
        cursor: str | None = response and response.json()["next_cursor"]
        return cursor


def list_movies(client: Client) -> None:
    client.page("list", sort=client.chance.choice(("title", "-release_date")))


def list_next_page(client: Client) -> None:
    """Read the first page as another request, and measure the one after it."""
    cursor = client.page("list", sort="title")
    if cursor:
        client.page("next page", sort="title", cursor=cursor)


def search(client: Client) -> None:
    client.page("search", search=client.chance.choice(plan["terms"]))


def find(client: Client) -> None:
    client.page("filter", **client.chance.choice(scene.FILTERS))


def find_by_two(client: Client) -> None:
    client.page("two filters", **scene.COMBINED)


def show_movie(client: Client) -> None:
    movie_id = scene.movie_id(client.chance.randrange(scene.CAST_MOVIES))
    client.send("movie with roles", "GET", f"/movies/{movie_id}")


def show_actor(client: Client) -> None:
    client.send("actor", "GET", f"/actors/{scene.actor_id(client.chance.randrange(scene.ACTORS))}")


def show_board(client: Client) -> None:
    part_id = scene.part_id(client.chance.randrange(scene.PARTS))
    client.send("board", "GET", f"/parts/{part_id}/candidates?limit={scene.BOARD}")


def rate_candidate(client: Client) -> None:
    candidate_id = client.chance.choice(client.candidates)
    rating = client.chance.randint(1, 5)
    client.send("rate a candidate", "PATCH", f"/candidates/{candidate_id}", {"rating": rating})


def change_movie(client: Client) -> None:
    """Change a movie if it is as it was read."""
    path = f"/movies/{scene.movie_id(client.chance.choice(client.movies))}"
    movie = client.send(scene.READ_BEFORE_CHANGE, "GET", path)
    if movie is not None:
        change = {"synopsis": f"Changed {client.chance.random()}"}
        tag = movie.headers["ETag"]
        client.send("change a movie", "PATCH", path, change, **{"If-Match": tag})


TASKS: dict[str, Callable[[Client], None]] = {
    "list": list_movies,
    "next page": list_next_page,
    "search": search,
    "filter": find,
    "two filters": find_by_two,
    "movie with roles": show_movie,
    "actor": show_actor,
    "board": show_board,
    "rate a candidate": rate_candidate,
    "change a movie": change_movie,
}
Client.tasks = {TASKS[kind]: weight for kind, weight in scene.MIX.items()}


def on_request(
    name: str,
    response_time: float,
    response_length: int,
    response: Any,
    exception: Any,
    **_: Any,
) -> None:
    """Record a response, or that there is none."""
    headers = getattr(response, "headers", None) or {}
    samples.append(
        {
            "kind": name,
            "ms": response_time,
            "bytes": response_length,
            "id": headers.get("X-Request-Id"),
            "error": str(exception) if exception else None,
        }
    )


def run(clients: int) -> None:
    """Send requests with this many clients, and write what came back while it was measured."""
    global numbers
    numbers = itertools.count()
    served.clear()
    environment = Environment(user_classes=[Client], host=plan["url"], stop_timeout=60)
    environment.events.request.add_listener(on_request)
    runner = environment.create_local_runner()
    runner.start(clients, spawn_rate=clients)
    # A deployed function starts one process for each of them.
    deadline = time.monotonic() + START_SECONDS
    while len(served) < clients and time.monotonic() < deadline:
        gevent.sleep(0.1)
    gevent.sleep(WARM_UP_SECONDS)
    warm_up = len(samples)
    gevent.sleep(plan["seconds"])
    end = len(samples)
    runner.quit()  # it lets each client end its task
    # Requests at the beginning and the end are not measured, but must not fail either.
    others = samples[:warm_up] + samples[end:]
    measured = samples[warm_up:end] + [sample for sample in others if sample["error"]]
    samples.clear()
    for sample in measured:
        write({"clients": clients, **sample})
    write({"clients": clients, "done": True})


def write(line: Json) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def main() -> None:
    plan.update(json.load(sys.stdin))
    # The most clients are first: what they start also serves the others.
    for clients in sorted(plan["clients"], reverse=True):
        run(clients)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
