"""The requests whose responses are recorded in `recorded.jsonl`, byte for byte."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.support.client import ApiResponse, Client

CLOCK = "2026-11-25T09:30:00.000000Z"
"""The time of every write."""

NAMES = (
    "Łucja Żółć",
    'O\'Hara "Scarlett" \\ Wright',
    "宮崎 駿",
    "Zoë 🎬 Kravitz",
    "Ana de Armas",
    "Al Pacino",
)


class Recorded(NamedTuple):
    """A request. `role` is the caller's agency role, or None without a token."""

    role: str | None
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = {}

    def send(self, callers: dict[str | None, Client]) -> ApiResponse:
        return callers[self.role].call(self.method, self.path, self.body, self.headers)

    @property
    def title(self) -> str:
        return f"{self.role or 'nobody'}: {self.method} {self.path}"


class Recorder:
    """Sends requests, and keeps each with its response."""

    def __init__(self, callers: dict[str | None, Client]) -> None:
        self.callers = callers
        self.exchanges: list[dict[str, Any]] = []

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        role: str | None = "producer",
        **headers: str,
    ) -> Any:
        request = Recorded(
            role, method, path, body, {name.replace("_", "-"): v for name, v in headers.items()}
        )
        response = request.send(self.callers)
        # The id of the request and the date differ each time.
        kept = {k: v for k, v in response.headers.items() if k not in ("x-request-id", "date")}
        self.exchanges.append(
            {
                "number": len(self.exchanges),
                "request": request.title,
                "status": response.status,
                "headers": kept,
                "body": response.text,
            }
        )
        return response

    def add(self, path: str, body: Any, **more: Any) -> Any:
        """POST with an Idempotency-Key, from which the ids follow."""
        key = f"recorded {len(self.exchanges)}"
        return self.send("POST", path, body, Idempotency_Key=key, **more)

    def get(self, path: str, role: str | None = "producer", **query: Any) -> Any:
        return self.send(
            "GET", f"{path}?{urlencode(query, doseq=True)}" if query else path, None, role
        )

    def pages(self, path: str, **query: Any) -> None:
        """Read a list to its end."""
        while (cursor := self.get(path, **query)["next_cursor"]) is not None:
            query["cursor"] = cursor


def actor(number: int) -> dict[str, Any]:
    """Return the body of an actor. The first ones have all fields, the last ones only a few."""
    name = f"{NAMES[number % len(NAMES)]} {number}"
    if number % 3 == 2:
        return {"name": name, "gender": "female", "age": None}
    return {
        "name": name,
        "gender": ("male", "female", "nonbinary")[number % 3],
        **({"date_of_birth": "1980-02-29"} if number % 2 else {"age": 20 + number}),
        "stage_name": f"Stage {number} é",
        "playing_age_min": 20 + number,
        "playing_age_max": 30 + number,
        "height_cm": 150 + number,
        "languages": {"pl": "native", "pt-BR": "basic"} if number % 2 else {"en": "fluent"},
        "skills": ["riding", "Fencing"],
        "unions": ["SAG-AFTRA"] if number % 2 else [],
        "agent": {"agency": "Müller & Söhne", "email": "agent@example.com"},
        "email": f"a{number}@example.com",
        "phone": "+48123456789",
        "headshot_url": "https://example.com/h.jpg",
        "base_city": "Łódź",
        "base_country": "PL" if number % 2 else "US",
        "availability": [{"from": "2027-05-01", "to": "2027-05-31", "kind": "blocked"}],
        "imdb_id": f"nm{number:07}",
        "tmdb_id": 100 + number,
        "active": number % 4 != 0,
        "notes": 'Line one.\nLine "two" <b>&amp;</b> \u2028 🎭',
    }


def movie(number: int) -> dict[str, Any]:
    title = f"{('Casablanca', 'Łódź', '2001: A Space Odyssey', 'The Thing', 'Ça ira')[number % 5]}"
    if number % 3 == 2:
        return {"title": f"{title} {number}", "release_date": None}
    return {
        "title": f"{title} {number}",
        "release_date": f"19{40 + number}-11-26" if number % 4 else None,
        "status": "casting" if number % 2 else "released",
        "synopsis": 'A cynical expatriate…\nmust "choose". 🎬',
        "genres": ["drama", "romance"],
        "runtime_minutes": 102 + number,
        "original_language": "en",
        "shoot_start": "1942-05-25",
        "shoot_end": "1942-08-03",
        "shoot_location": "Łódź",
        "director": "Michael Curtiz",
        "production_company": "Warner Bros.",
        "poster_url": "https://example.com/p.jpg",
        "website": "https://example.com/",
        "imdb_id": f"tt{number:07}",
        "tmdb_id": 100 + number,
    }


def play(to: Recorder) -> None:
    """Send every request: a small agency is filled, read, changed, refused and emptied."""
    actors = [to.add("/actors", actor(n))["created"] for n in range(12)]
    movies = [to.add("/movies", movie(n))["created"] for n in range(12)]
    roles = []
    for n, actor_id in enumerate(actors[:7]):
        body = {
            "actor_id": actor_id,
            "character_name": f"Rick «{n}»" if n % 2 else None,
            "billing_order": 7 - n if n % 3 else None,
            **({"role_type": "lead", "work_start": "2027-05-01"} if n % 2 else {}),
        }
        roles.append(to.add(f"/movies/{movies[0]}/actors", body)["created"])
    roles.append(to.add("/roles", {"movie_id": movies[1], "actor_id": actors[0]})["created"])
    roles.append(to.add("/roles", {"movie_id": movies[2], "actor_id": actors[0]})["created"])
    part_bodies: list[dict[str, Any]] = [
        {
            "name": "Ilsa Lund — «guide»",
            "description": 'Torn.\n"Quoted" 🎬',
            "part_type": "lead",
            "billing_order": 2,
            "gender": "female",
            "playing_age_min": 25,
            "playing_age_max": 40,
            "languages": {"pl": "fluent"},
            "skills": ["riding"],
            "unions": ["SAG-AFTRA"],
            "work_start": "2027-05-01",
            "work_end": "2027-06-30",
            "needed": 2,
        },
        {"name": "Bartender"},
        {"name": "Sam", "billing_order": 1, "work_start": "2027-05-15"},
    ]
    parts = [to.add(f"/movies/{movies[1]}/parts", body)["created"] for body in part_bodies]
    parts.append(to.add(f"/movies/{movies[4]}/parts", part_bodies[0])["created"])
    to.add(f"/parts/{parts[0]}/candidates", {"actor_ids": [*actors[:9], "A" * 16]})
    for part in parts[1:]:
        to.add(f"/parts/{part}/candidates", {"actor_ids": actors[3:6]})
    board = [f"{parts[0]}.{actor_id}" for actor_id in actors[:9]]
    for n, status in enumerate(
        (
            "shortlisted",
            "auditioning",
            "callback",
            "on_avail",
            "on_hold",
            "offered",
            "cast",
            "passed",
        )
    ):
        fields = {"rating": n % 6 + 1, "note": f"Notiz «{n}» 🎬"} if n % 3 else {}
        to.send("PATCH", f"/candidates/{board[n]}", {"status": status, **fields})
    to.send("PATCH", f"/candidates/{board[0]}", {"audition_at": "2026-12-14T09:00:00+01:00"})
    to.send("PATCH", f"/candidates/{parts[2]}.{actors[4]}", {"status": "on_hold"})
    _read(to, movies, actors, roles, parts, board)
    _refuse(to, movies, actors, roles, parts, board)
    _change(to, movies, actors, roles, parts, board)


def _read(
    to: Recorder,
    movies: list[str],
    actors: list[str],
    roles: list[str],
    parts: list[str],
    board: list[str],
) -> None:
    for sort in ("title", "-title", "release_date", "-release_date"):
        to.pages("/movies", sort=sort, limit=5)
    to.get("/movies")
    to.get("/movies", limit=100)
    for sort in ("name", "-name"):
        to.pages("/actors", sort=sort, limit=5)
    for role in ("assistant", "director", "producer"):
        to.get("/actors", role, limit=3)
        to.get(f"/actors/{actors[0]}", role)
        to.get("/actors", role, gender="male")
    for movie_id in (*movies[:4], "A" * 16, "x"):
        to.get(f"/movies/{movie_id}")
        to.get(f"/movies/{movie_id}/actors")
        to.get(f"/movies/{movie_id}/parts")
        to.get(f"/movies/{movie_id}/candidates")
        to.get(f"/movies/{movie_id}/history")
        to.get("/roles", movie_id=movie_id)
    for actor_id in (*actors[:6], "A" * 16):
        to.get(f"/actors/{actor_id}")
        to.get(f"/actors/{actor_id}/movies")
        to.get(f"/actors/{actor_id}/candidacies")
        to.get("/roles", actor_id=actor_id)
    to.get(f"/actors/{actors[0]}/history")
    to.pages("/roles", limit=4)
    to.pages(f"/movies/{movies[0]}/actors", limit=3)
    for role_id in (roles[0], roles[1], f"{'A' * 16}.{'A' * 16}", "x"):
        to.get(f"/roles/{role_id}")
        to.get(f"/roles/{role_id}/history")
    to.get("/roles", movie_id=movies[0], actor_id=actors[0])
    for status in ("open", "cast", "closed"):
        to.get("/parts", status=status, limit=2)
    for part_id in (*parts, "x"):
        to.get(f"/parts/{part_id}")
        to.get(f"/parts/{part_id}/candidates")
        to.get(f"/parts/{part_id}/history")
    to.pages(f"/parts/{parts[0]}/candidates", limit=4)
    for status in ("submitted", "shortlisted", "on_hold", "cast", "released"):
        to.get(f"/parts/{parts[0]}/candidates", status=status, limit=1)
    for candidate_id in (*board[:8], "x"):
        to.get(f"/candidates/{candidate_id}")
    to.get(f"/candidates/{board[6]}/history")
    to.get(f"/candidates/{board[0]}", "assistant")
    to.get(f"/movies/{movies[1]}/candidates", limit=5)
    for filters in (
        {"search": "casab"},
        {"search": "space odys", "limit": 1},
        {"status": "casting"},
        {"genre": ["drama", "romance"], "sort": "-release_date"},
        {"released_from": "1943-01-01", "released_to": "1948-12-31"},
        {"undated": "true"},
        {"undated": "false", "limit": 2},
        {"search": "zzz"},
    ):
        to.pages("/movies", **filters)
    for filters in (
        {"search": "lucja"},
        {"search": "zo kravi"},
        {"gender": "female", "limit": 3},
        {"playing_age": "25-30"},
        {"language": "pt"},
        {"skill": ["riding", "fencing"], "limit": 4},
        {"union": "sag-aftra", "gender": "female"},
        {"country": "PL", "sort": "-name"},
        {"available_from": "2027-05-10", "available_to": "2027-05-12"},
        {"active": "false"},
    ):
        to.pages("/actors", **filters)
    tag = to.get(f"/movies/{movies[0]}").headers["etag"]
    to.send("GET", f"/movies/{movies[0]}", If_None_Match=tag)
    to.send("GET", f"/candidates/{board[0]}", If_None_Match="*")
    for path in ("/health", "/none"):
        to.get(path, None)


def _refuse(
    to: Recorder,
    movies: list[str],
    actors: list[str],
    roles: list[str],
    parts: list[str],
    board: list[str],
) -> None:
    to.get("/movies", None)
    to.send("POST", "/movies", {"title": "x", "release_date": None}, "assistant")
    to.send("DELETE", f"/movies/{movies[0]}", None, "director")
    to.send("PUT", "/movies", {})
    for query in ("limit=0", "limit=101", "cursor=x", "sort=x", "status=x", "search=%20"):
        to.send("GET", f"/movies?{query}")
    cursor = to.get("/movies", limit=1)["next_cursor"]
    to.get("/actors", cursor=cursor)
    to.get("/movies", search="casab", sort="title")
    bodies: tuple[Any, ...] = ([], {}, {"title": ""}, {"title": "x", "release_date": "1942-13-01"})
    for body in (*bodies, {"title": "x", "release_date": None, "genres": ["drama", "drama"]}, b"{"):
        to.send("POST", "/movies", body)
    to.send("POST", "/movies", b"{}", Content_Type="text/plain")
    to.send("POST", "/movies", {**movie(0), "title": "Twice"})
    to.send("POST", "/movies", movie(0), Idempotency_Key="")
    to.send("PATCH", f"/movies/{movies[0]}", {"title": "New"}, If_Match='"7"')
    to.send("PATCH", f"/movies/{movies[0]}", {"shoot_start": "2000-01-01"})
    to.send("PATCH", f"/actors/{actors[0]}", {"playing_age_max": 1})
    to.send("POST", "/roles", {"movie_id": movies[0], "actor_id": actors[0]})
    to.send("POST", "/roles", {"movie_id": movies[0], "actor_id": "A" * 16})
    to.send("PATCH", f"/candidates/{board[6]}", {"status": "submitted"})
    to.send("PATCH", f"/candidates/{board[0]}", {"rating": 7})
    to.send("DELETE", f"/candidates/{board[6]}")
    to.send("PATCH", f"/parts/{parts[0]}", {"needed": 0})


def _change(
    to: Recorder,
    movies: list[str],
    actors: list[str],
    roles: list[str],
    parts: list[str],
    board: list[str],
) -> None:
    to.send("PATCH", f"/movies/{movies[0]}", {"title": "Ronin ł", "runtime_minutes": None})
    to.send("PATCH", f"/movies/{movies[0]}", {"synopsis": "é"}, If_Match='"2"')
    to.send("PATCH", f"/actors/{actors[0]}", {"name": "Ænew", "date_of_birth": "1980-01-01"})
    to.send("PATCH", f"/actors/{actors[0]}", {"notes": None, "agent": None}, "director")
    to.send("PATCH", f"/roles/{roles[0]}", {"billing_order": 1, "character_name": "X"})
    to.send("PATCH", f"/parts/{parts[0]}", {"name": "Renamed", "work_end": None})
    to.send("PATCH", f"/parts/{parts[1]}", {"status": "closed"})
    for path in (
        f"/movies/{movies[0]}",
        f"/actors/{actors[0]}",
        f"/actors/{actors[0]}/movies",
        f"/parts/{parts[0]}",
        f"/movies/{movies[0]}/history",
        f"/actors/{actors[0]}/history",
        "/movies?limit=2",
        "/actors?search=aenew",
    ):
        to.send("GET", path)
    to.send("DELETE", f"/candidates/{board[0]}")
    to.send("DELETE", f"/parts/{parts[1]}")
    to.send("DELETE", f"/movies/{movies[0]}/actors/{actors[1]}")
    to.send("DELETE", f"/roles/{roles[8]}")
    to.send("DELETE", f"/actors/{actors[6]}")
    to.send("DELETE", f"/movies/{movies[1]}", If_Match='"1"')
    to.send("DELETE", f"/movies/{movies[0]}")
    for path in (
        "/movies",
        "/actors",
        "/roles",
        f"/parts/{parts[0]}",
        f"/candidates/{board[0]}/history",
    ):
        to.send("GET", path)


def lines(exchanges: list[dict[str, Any]]) -> Iterator[str]:
    """Return each exchange as one line of JSON."""
    for exchange in exchanges:
        yield json.dumps(exchange, ensure_ascii=True, sort_keys=True)
