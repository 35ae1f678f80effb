"""The people of the storm: each sends one request after another, and checks the response."""

import datetime
import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib.errors import ActorNotFound, MovieNotFound
from chalicelib.store import table
from chalicelib.store.links import REMOVED, RENAMED
from tests.store.storm.history import GONE, Broken, Fields, Sight, Write, _collection, _ends, _shown
from tests.store.storm.plan import FIELDS, FORGOTTEN, GENDERS, PATIENCE, REPEATS, Operation
from tests.support.client import ApiResponse

if TYPE_CHECKING:
    from tests.store.storm.run import Storm, Worker


# ------------------------------------------------------------------------------------- the people


@dataclass(frozen=True)
class Outcome:
    """What became of a request that was sent until its answer was definite.

    `asked` is when it was sent for the last time; `done` and `lost` are as in `Write`.
    """

    answer: ApiResponse
    sent: float
    asked: float
    ended: float
    done: int
    lost: int

    @property
    def status(self) -> int:
        return self.answer.status


@dataclass(frozen=True)
class Order:
    """By which of the fields that it shows a list is in order."""

    fields: tuple[str, ...]
    descending: bool = False

    def holds(self, shown: list[Fields]) -> bool:
        places = [[_place_by(field, item[field]) for field in self.fields] for item in shown]
        pairs = itertools.pairwise(reversed(places) if self.descending else places)
        return all(one < other for one, other in pairs)


def _place_by(field: str, value: Any) -> str:
    if field == "billing_order":
        return f"{value or 9_999:04}"
    return table.fold(value) if field in ("name", "title") else str(value)


IN_BILLING = Order(("billing_order", "name", "id"))
NEWEST_MOVIE = Order(("release_date", "id"), descending=True)
NEWEST_ROLE = Order(("created_at", "id"), descending=True)

LISTED = frozenset({200})
FOUND = frozenset({200, 404})
BEGUN = frozenset({200, 202, 404})
ADDED = frozenset({201})
CAST = frozenset({201, 404, 409})


class Person:
    """Somebody who does one operation after another, all on one worker."""

    def __init__(self, storm: "Storm", number: int, worker: "Worker") -> None:
        self.storm, self.worker, self.number = storm, worker, number
        self.chance = random.Random()  # noqa: S311 -- no secret
        self.by = ""
        self.etags: dict[str, str] = {}  # by path, as this person saw them last
        self.long = ""
        self.kinds: dict[str, Callable[[Operation], None]] = {
            "read": self.read,
            "cast": self.cast,
            "cast again": self.cast_again,
            "change role": self.change_role,
            "remove role": self.remove_role,
            "rename movie": self.rename_movie,
            "date movie": self.date_movie,
            "rename actor": self.rename_actor,
            "change gender": self.change_gender,
            "add movie": self.add_movie,
            "add actor": self.add_actor,
            "delete movie": self.delete_movie,
            "delete actor": self.delete_actor,
        }

    def do(self, operations: list[Operation], counted: bool = False) -> None:
        try:
            for operation in operations:
                if self.storm.over.is_set():
                    return
                name = f"{self.storm.seed}-{operation.number}"
                self.chance = random.Random(name)  # noqa: S311 -- no secret
                self.by = f"worker {self.number}: {operation.kind} {operation.number}"
                self.kinds[operation.kind](operation)
                if counted:
                    self.storm.count(operation.kind)
        except BaseException:
            self.storm.stop()
            raise

    # Operations

    def add_movie(self, operation: Operation) -> None:
        n = operation.number
        fields = {"title": f"Title {n}", "release_date": _date(n)}
        self.storm.movies[operation.movie] = self._add("/movies", fields, n)

    def add_actor(self, operation: Operation) -> None:
        n = operation.number
        fields = {"name": f"Name {n}", "gender": self.chance.choice(GENDERS), "age": 30}
        self.storm.actors[operation.actor] = self._add("/actors", fields, n)

    def cast(self, operation: Operation) -> None:
        self._cast(self._role_at(operation), operation.number)

    def cast_again(self, operation: Operation) -> None:
        self._cast(self._recent_role(), operation.number)

    def change_role(self, operation: Operation) -> None:
        self._change(f"/roles/{self._some_role(operation)}", self._role_fields(operation.number))

    def remove_role(self, operation: Operation) -> None:
        role_id = self._some_role(operation)
        movie_id, _, actor_id = role_id.partition(".")
        path = self.chance.choice([f"/roles/{role_id}", f"/movies/{movie_id}/actors/{actor_id}"])
        if self._remove(f"/roles/{role_id}", path).status != 412:
            self._forget(role_id)

    def rename_movie(self, operation: Operation) -> None:
        self._rename(self._movie(operation), {"title": f"Title {operation.number}"})

    def date_movie(self, operation: Operation) -> None:
        self._rename(self._movie(operation), {"release_date": _date(operation.number)})

    def rename_actor(self, operation: Operation) -> None:
        self._rename(self._actor(operation), {"name": f"Name {operation.number}"})

    def change_gender(self, operation: Operation) -> None:
        self._change(self._actor(operation), {"gender": self.chance.choice(GENDERS)})

    def delete_movie(self, operation: Operation) -> None:
        self._remove_with_roles(self._movie(operation))

    def delete_actor(self, operation: Operation) -> None:
        self._remove_with_roles(self._actor(operation))

    def read(self, operation: Operation) -> None:
        movie, actor = self._movie(operation), self._actor(operation)
        movie_id, actor_id = movie.split("/")[2], actor.split("/")[2]
        self.chance.choice(
            [
                partial(self._read_parent, movie),
                partial(self._read_parent, actor),
                partial(self._read_role, self._some_role(operation)),
                partial(self._read_list, "movies", ("title", "-title", "release_date")),
                partial(self._read_list, "actors", ("name", "-name")),
                partial(self._read_links, movie, "actors", IN_BILLING),
                partial(self._read_links, actor, "movies", NEWEST_MOVIE),
                partial(self._read_roles, NEWEST_ROLE),
                partial(self._read_roles, Order(("actor_id",)), movie_id=movie_id),
                partial(self._read_roles, Order(("movie_id",)), actor_id=actor_id),
                partial(self._read_roles, NEWEST_ROLE, movie_id=movie_id, actor_id=actor_id),
            ]
        )()

    # What they are done to

    def _movie(self, operation: Operation) -> str:
        return f"/movies/{self.storm.movies[operation.movie]}"

    def _actor(self, operation: Operation) -> str:
        return f"/actors/{self.storm.actors[operation.actor]}"

    def _role_at(self, operation: Operation) -> str:
        return f"{self.storm.movies[operation.movie]}.{self.storm.actors[operation.actor]}"

    def _recent_role(self) -> str:
        with self.storm.changed:
            return self.chance.choice(self.storm.recent)

    def _some_role(self, operation: Operation) -> str:
        return self._recent_role() if self.chance.random() < 0.3 else self._role_at(operation)

    def _role_fields(self, n: int) -> dict[str, Any]:
        """Give one field, or both; and now and then nothing for the name."""
        name = None if self.chance.random() < 0.1 else f"Character {n}"
        fields = {"character_name": name, "billing_order": n % 9_999 + 1}
        return {f: fields[f] for f in self.chance.sample(list(fields), self.chance.choice([1, 2]))}

    def _forget(self, role_id: str) -> None:
        with self.storm.changed:
            for end in _ends(role_id):
                self.storm.roles[end].discard(role_id)

    # Writes

    def _add(self, collection: str, fields: Fields, n: int) -> str:
        outcome = self.send("POST", collection, fields, expected=ADDED, headers=self._key(n))
        added_id = str(outcome.answer["created"])
        path = f"{collection}/{added_id}"
        self._wrote(path, _shown(path, fields), outcome)
        self._saw_shown(path, outcome)
        return added_id  # from here on the others know it

    def _cast(self, role_id: str, n: int) -> None:
        movie_id, _, actor_id = role_id.partition(".")
        body = {"actor_id": actor_id, **self._role_fields(n)}
        if self.chance.random() < 0.5:
            path = f"/movies/{movie_id}/actors"
        else:
            path, body = "/roles", {"movie_id": movie_id, **body}
        outcome = self.send("POST", path, body, expected=CAST, headers=self._key(n))
        role = f"/roles/{role_id}"
        self._wrote(role, {"there": True, **{f: body.get(f) for f in FIELDS["roles"]}}, outcome)
        if outcome.status == 201:
            self._saw_shown(role, outcome)
            for end in _ends(role_id):
                self._saw(end, {"there": True}, outcome)
            with self.storm.changed:
                self.storm.recent.append(role_id)
                for end in _ends(role_id):
                    self.storm.roles[end].add(role_id)
        elif outcome.status == 409:
            # Not this request itself, with an answer that was lost: it would know the key.
            self._saw(role, {"there": True}, outcome, by_others=True)
        else:
            missing = [MovieNotFound.detail, ActorNotFound.detail].index(outcome.answer["detail"])
            self._saw(_ends(role_id)[missing], {"there": GONE}, outcome)

    def _rename(self, path: str, body: Fields) -> None:
        self.long = "renaming" if len(self.storm.roles[path]) > RENAMED else ""
        self._change(path, body, BEGUN)

    def _change(self, path: str, body: Fields, expected: frozenset[int] = FOUND) -> None:
        guard = self._guard(path)
        outcome = self.send("PATCH", path, body, expected=expected, headers=guard)
        self._wrote(path, body, outcome)
        if outcome.status != 200:
            self._saw(path, {"there": True if outcome.status == 412 else GONE}, outcome)
            return
        shown = self._saw_shown(path, outcome)
        if body.items() - shown.items():
            raise Broken(f"{self.by}: {path} shows {shown} after {body}")
        made = path, shown["created_at"], shown["version"]
        with self.storm.changed:
            if made in self.storm.versions:
                raise Broken(f"{self.by}: two changes made {made}")
            self.storm.versions.add(made)
        if guard and not outcome.lost and outcome.done == 1:
            version = int(guard["If-Match"].strip('"'))
            if shown["version"] != version + 1:
                raise Broken(f"{self.by}: {path} went from {version} to {shown['version']}")

    def _remove_with_roles(self, path: str) -> None:
        with self.storm.changed:
            roles = list(self.storm.roles[path])
        self.long = "deletion" if len(roles) > REMOVED else ""
        if self._remove(path, path).status != 412:
            for role_id in roles:
                self._forget(role_id)

    def _remove(self, path: str, sent_to: str) -> Outcome:
        expected = FOUND if path.startswith("/roles/") else BEGUN
        outcome = self.send("DELETE", sent_to, expected=expected, headers=self._guard(path))
        self._wrote(path, None, outcome)
        if outcome.status != 200:
            self._saw(path, {"there": True if outcome.status == 412 else GONE}, outcome)
        return outcome

    def _key(self, n: int) -> dict[str, str]:
        return {"Idempotency-Key": f"{self.storm.seed}-{n}"}

    def _guard(self, path: str) -> dict[str, str]:
        """Give an If-Match now and then, with the version that was seen last."""
        version = self.etags.get(path)
        return {"If-Match": version} if version and self.chance.random() < 0.25 else {}

    # Reads

    def _read_parent(self, path: str) -> None:
        outcome = self.send("GET", path, expected=FOUND)
        if outcome.status == 404:
            self._saw(path, {"there": GONE}, outcome)
            return
        self._saw_shown(path, outcome)
        self._saw_roles(outcome)

    def _read_role(self, role_id: str) -> None:
        path = f"/roles/{role_id}"
        outcome = self.send("GET", path, expected=FOUND)
        if outcome.status == 404:
            self._saw(path, {"there": GONE}, outcome)
        else:
            self._saw_shown(path, outcome)

    def _read_list(self, collection: str, sorts: tuple[str, ...]) -> None:
        sort = self.chance.choice(sorts)
        order = Order((sort.removeprefix("-"), "id"), descending=sort.startswith("-"))
        self._read_pages(f"/{collection}", collection, order, {"sort": sort})

    def _read_links(self, path: str, member: str, order: Order) -> None:
        for outcome in self._read_pages(f"{path}/{member}", member, order, expected=FOUND):
            if outcome.status == 404:
                self._saw(path, {"there": GONE}, outcome)

    def _read_roles(self, order: Order, **filters: str) -> None:
        for outcome in self._read_pages("/roles", "roles", order, filters):
            if filters:  # else they come from an index, which may be behind
                self._saw_roles(outcome)

    def _read_pages(
        self, path: str, member: str, order: Order,
        filters: Mapping[str, str] | None = None, expected: frozenset[int] = LISTED,
    ) -> list[Outcome]:  # fmt: skip
        """Read up to three pages of a list."""
        limit = self.chance.choice([1, 7, 20, 100])
        query = {**(filters or {}), "limit": str(limit)}
        outcomes: list[Outcome] = []
        for _ in range(3):
            outcome = self.send("GET", f"{path}?{urlencode(query)}", expected=expected)
            outcomes.append(outcome)
            if outcome.status == 404:
                break
            shown = outcome.answer[member]
            if len(shown) > limit or not order.holds(shown):
                raise Broken(f"{self.by}: {path} {query} gave {shown}")
            if outcome.answer["next_cursor"] is None:
                break
            query["cursor"] = outcome.answer["next_cursor"]
        return outcomes

    # What is known from it

    def _wrote(self, path: str, fields: Fields | None, outcome: Outcome) -> None:
        if outcome.done or outcome.lost:
            finished = outcome.status < 300
            write = Write(
                self.by, outcome.sent, outcome.ended, fields, outcome.done, outcome.lost, finished
            )
            self.storm.history.wrote(path, write)

    def _saw(
        self, path: str, fields: Fields, outcome: Outcome,
        *, by_others: bool = False, copy: bool = False,
    ) -> None:  # fmt: skip
        sight = Sight(self.by, outcome.asked, outcome.ended, fields, by_others, copy)
        self.storm.history.saw(path, sight)

    def _saw_shown(self, path: str, outcome: Outcome) -> Fields:
        """Take in the resource that an answer shows."""
        shown: Fields = outcome.answer[_collection(path).removesuffix("s")]
        self._saw(path, _shown(path, shown), outcome)
        self.etags[path] = outcome.answer.headers["etag"]
        return shown

    def _saw_roles(self, outcome: Outcome) -> None:
        for shown in outcome.answer["roles"]:
            path = f"/roles/{shown['id']}"
            self._saw(path, _shown(path, shown), outcome)
            for end, fields in _copies(shown):
                self._saw(end, fields, outcome, copy=True)

    # Requests

    def send(
        self,
        method: str,
        path: str,
        body: Fields | None = None,
        *,
        expected: frozenset[int],
        headers: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Send a request until its answer is definite. Raises Broken where it is not expected."""
        headers = dict(headers or {})
        long, self.long = self.long, ""
        self.worker.busy = long
        if long:
            self.storm.wake()
        sent, done, lost, late = time.monotonic(), 0, 0, False
        for _ in range(REPEATS):
            kills = self.worker.kills
            self._wait_for_worker()
            asked = time.monotonic()
            try:
                answer = self.worker.client.call(method, path, body, headers)
            except (OSError, HTTPException) as error:
                self._note_silence(error, kills, long)
                lost, late = lost + 1, late or isinstance(error, TimeoutError)
                continue
            ended = time.monotonic()
            self._note(answer)
            is_guarded = "If-Match" in headers
            if _says_try_again(answer):
                lost += 1
            elif answer.status not in (expected | {412} if is_guarded else expected):
                raise Broken(self._told(method, path, body, headers, answer))
            elif method != "GET" and self.chance.random() < FORGOTTEN:
                lost += 1
                self._note_forgotten()
            elif answer.status == 202:
                done += 1
                headers.pop("If-Match", None)  # it held, and what has begun is to be ended
            elif answer.status == 412 and lost and method == "PATCH":
                headers.pop("If-Match")  # it may have begun before, and is to be ended too
            else:
                done += answer.status in (200, 201)
                if long and done:
                    self._note_long(long)
                # What was not heard of in time may still come.
                return Outcome(answer, sent, asked, math.inf if late else ended, done, lost)
            time.sleep(random.uniform(0, 0.1))  # noqa: S311 -- no secret
        raise Broken(f"{self.by}: no definite answer to {method} {path} in {REPEATS} attempts")

    def _wait_for_worker(self) -> None:
        if not self.worker.up.wait(PATIENCE):
            raise Broken(f"{self.by}: {self.worker.product.url} does not come back")

    def _note(self, answer: ApiResponse) -> None:
        name = f"{answer.status} (try again)" if _says_try_again(answer) else str(answer.status)
        with self.storm.changed:
            self.storm.figures.answers[name] += 1

    def _note_silence(self, error: Exception, kills: int, long: str) -> None:
        with self.storm.changed:
            self.storm.figures.unanswered += 1
        if long:
            self._note_long(f"{long} that was cut off")
        if kills == self.worker.kills and not isinstance(error, TimeoutError):
            raise Broken(f"{self.by}: {error!r} from a worker that was not killed") from error

    def _note_forgotten(self) -> None:
        with self.storm.changed:
            self.storm.figures.forgotten += 1

    def _note_long(self, what: str) -> None:
        with self.storm.changed:
            self.storm.figures.long[what] += 1

    def _told(self, method: str, path: str, body: Any, headers: Any, answer: ApiResponse) -> str:
        logged = self.worker.product.said().rpartition("Traceback")[2][-4_000:]
        why = f"\n{logged}" if answer.status >= 500 else ""
        return f"{self.by}: {method} {path} {body} {headers} was answered {answer}{why}"


def _says_try_again(answer: ApiResponse) -> bool:
    return answer.status in (409, 503) and "retry-after" in answer.headers


def _copies(role: Fields) -> Iterator[tuple[str, Fields]]:
    """Give what a role shows of its movie or its actor, if it does, with the path of these."""
    movie, actor = _ends(role["id"])
    if "movie_title" in role:
        yield movie, {"title": role["movie_title"], "release_date": role["movie_release_date"]}
    if "actor_name" in role:
        yield actor, {"name": role["actor_name"]}


def _date(n: int) -> str:
    return (datetime.date(1900, 1, 1) + datetime.timedelta(days=n)).isoformat()
