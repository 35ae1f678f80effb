"""A user: the requests of each operation, and what their responses show."""

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from chalicelib.errors import (
    ActorNotFound,
    MovieNotFound,
    NeededTooFew,
    PartClosed,
    PartFull,
    StillEngaged,
)
from chalicelib.store import actors, movies, text
from chalicelib.store.candidates import BATCH
from chalicelib.store.links import REMOVED, RENAMED
from chalicelib.store.statuses import ENGAGEMENT
from tests.store.storm import fields as storm_fields
from tests.store.storm.counts import contradictions
from tests.store.storm.fields import CHANGED, COPIED, Fields, collection_of
from tests.store.storm.history import (
    DELETED,
    EXISTS,
    Observation,
    Write,
    compared,
    created,
    parents_of,
)
from tests.store.storm.lists import (
    IN_BILLING,
    NEWEST_MOVIE,
    NEWEST_ROLE,
    ListOrder,
)
from tests.store.storm.plan import PARTS, Operation
from tests.store.storm.sending import Outcome, Sender
from tests.store.storm.state import State
from tests.store.storm.worker import RuleBroken, Worker

LISTED = frozenset({200})
OK_OR_NOT_FOUND = frozenset({200, 404})
ACCEPTED_OR_NOT_FOUND = frozenset({200, 202, 404})
ADDED = frozenset({201})
CAST = frozenset({201, 404, 409})

CONFLICTS = {
    "parts": {NeededTooFew.detail},
    "candidates": {PartFull.detail, PartClosed.detail, StillEngaged.detail},
}
"""The reasons for which a change or deletion may be in conflict with others, by collection."""

SHOWN_OF_ACTOR = {
    "actor_name": "name",
    "playing_age_min": "playing_age_min",
    "playing_age_max": "playing_age_max",
    "headshot_url": "headshot_url",
}
SHOWN_OF_PART = {"part_name": "name", "work_start": "work_start", "work_end": "work_end"}
SHOWN_OF_MOVIE = {"movie_title": "title"}
"""The fields of the actor, the part and the movie that candidates show, by the name there."""


class User:
    """Sends one operation after another, all of them to one worker."""

    def __init__(self, state: State, number: int, worker: Worker) -> None:
        self.state, self.number = state, number
        self.sender = Sender(state, worker)
        self.send = self.sender.send
        self.chance = random.Random()  # noqa: S311 -- no secret
        self.by = ""  # the current operation, for messages
        self.etags: dict[str, str] = {}  # by path, as this user saw them last
        self.statuses: dict[str, str] = {}  # of candidates by path, as this user saw them last
        self.kinds: dict[str, Callable[[Operation], None]] = {
            "read": self.read,
            "search": self.search,
            "cast": self.cast,
            "cast again": self.cast_again,
            "change role": self.change_role,
            "remove role": self.remove_role,
            "rename movie": self.rename_movie,
            "change movie": self.change_movie,
            "rename actor": self.rename_actor,
            "change actor": self.change_actor,
            "add movie": self.add_movie,
            "add actor": self.add_actor,
            "delete movie": self.delete_movie,
            "delete actor": self.delete_actor,
        }

    def run(self, operations: list[Operation], counted: bool = False) -> None:
        """Send these operations, until one of any user fails."""
        try:
            for operation in operations:
                if self.state.stopped.is_set():
                    return
                name = f"{self.state.seed}-{operation.number}"
                self.chance = random.Random(name)  # noqa: S311 -- no secret
                self.by = f"worker {self.number}: {operation.kind} {operation.number}"
                self.sender.begin(self.by, self.chance)
                self.kinds[operation.kind](operation)
                if counted:
                    self.state.count(operation.kind)
        except BaseException:
            self.state.stop()
            raise

    # Operations

    def add_movie(self, operation: Operation) -> None:
        body = storm_fields.new_fields("movies", operation.number, self.chance)
        self.state.movies[operation.movie] = self._add("/movies", body, operation.number)
        self.state.parts[operation.movie] = [""] * PARTS

    def add_actor(self, operation: Operation) -> None:
        body = storm_fields.new_fields("actors", operation.number, self.chance)
        body["age"] = self.chance.choice([30, None])  # an actor needs one, or a date of birth
        self.state.actors[operation.actor] = self._add("/actors", body, operation.number)

    def cast(self, operation: Operation) -> None:
        self._cast(self._role_at(operation), operation.number)

    def cast_again(self, operation: Operation) -> None:
        self._cast(self._recent_role(), operation.number)

    def change_role(self, operation: Operation) -> None:
        body = storm_fields.some_changes("roles", operation.number, self.chance)
        self._change(f"/roles/{self._some_role(operation)}", body)

    def remove_role(self, operation: Operation) -> None:
        role_id = self._some_role(operation)
        movie_id, _, actor_id = role_id.partition(".")
        path = self.chance.choice([f"/roles/{role_id}", f"/movies/{movie_id}/actors/{actor_id}"])
        if self._delete(f"/roles/{role_id}", path).status != 412:
            self.state.forget_role(role_id, parents_of(f"/roles/{role_id}"))

    def rename_movie(self, operation: Operation) -> None:
        self._change_one(self._movie(operation), COPIED["movies"], operation.number)

    def change_movie(self, operation: Operation) -> None:
        self._change_one(self._movie(operation), tuple(CHANGED["movies"]), operation.number)

    def rename_actor(self, operation: Operation) -> None:
        self._change_one(self._actor(operation), COPIED["actors"], operation.number)

    def change_actor(self, operation: Operation) -> None:
        self._change_one(self._actor(operation), tuple(CHANGED["actors"]), operation.number)

    def delete_movie(self, operation: Operation) -> None:
        self._delete_with_roles(self._movie(operation))

    def delete_actor(self, operation: Operation) -> None:
        self._delete_with_roles(self._actor(operation))

    def read(self, operation: Operation) -> None:
        movie, actor = self._movie(operation), self._actor(operation)
        movie_id, actor_id = movie.split("/")[2], actor.split("/")[2]
        self.chance.choice(
            [
                partial(self._read_parent, movie),
                partial(self._read_parent, actor),
                partial(self._read_role, self._some_role(operation)),
                partial(self._read_list, "movies", movies.SORTS),
                partial(self._read_list, "actors", actors.SORTS),
                partial(self._read_links, f"{movie}/actors", "actors", IN_BILLING),
                partial(self._read_links, f"{actor}/movies", "movies", NEWEST_MOVIE),
                partial(self._read_roles, NEWEST_ROLE),
                partial(self._read_roles, ListOrder(("actor_id",)), movie_id=movie_id),
                partial(self._read_roles, ListOrder(("movie_id",)), actor_id=actor_id),
                partial(self._read_roles, NEWEST_ROLE, movie_id=movie_id, actor_id=actor_id),
            ]
        )()

    def search(self, operation: Operation) -> None:
        """Search for a movie or actor by the name that it shows: it is found, unless it changes."""
        path = self.chance.choice([self._movie(operation), self._actor(operation)])
        collection = collection_of(path)
        name = {"movies": "title", "actors": "name"}[collection]
        shown = self._read_resource(path)
        if shown is None:
            return
        query = {"search": shown[name][:200], "limit": "100"}
        if collection == "actors":
            query["gender"] = shown["gender"]
        outcome = self.send("GET", f"/{collection}?{urlencode(query)}", expected=LISTED)
        found = outcome.response[collection]
        for item in found:
            self._record(f"/{collection}/{item['id']}", compared(path, item), outcome)
            starts = text.starts([item[name], item.get("stage_name") or ""])
            if not all(
                any(start.startswith(word) for start in starts)
                for word in text.search_words(query["search"])
            ):
                raise RuleBroken(f"{self.by}: {query} found {item}")
        is_found = shown["id"] in [item["id"] for item in found]
        if not is_found and outcome.response["next_cursor"] is None:
            again = self._read_resource(path)
            if again is not None and again["version"] == shown["version"]:
                raise RuleBroken(f"{self.by}: {query} did not find {shown}")

    def _read_resource(self, path: str) -> Fields | None:
        """Read a movie or an actor, or None if it does not exist any more."""
        outcome = self.send("GET", path, expected=OK_OR_NOT_FOUND)
        if outcome.status == 404:
            self._record_failure(path, outcome)
            return None
        return self._record_shown(path, outcome)

    # The resources of an operation

    def _movie(self, operation: Operation) -> str:
        return f"/movies/{self.state.movies[operation.movie]}"

    def _actor(self, operation: Operation) -> str:
        return f"/actors/{self.state.actors[operation.actor]}"

    def _role_at(self, operation: Operation) -> str:
        return f"{self.state.movies[operation.movie]}.{self.state.actors[operation.actor]}"

    def _recent_role(self) -> str:
        with self.state.changed:
            return self.chance.choice(self.state.recent)

    def _some_role(self, operation: Operation) -> str:
        return self._recent_role() if self.chance.random() < 0.3 else self._role_at(operation)

    # Writes

    def _add(self, collection: str, body: Fields, number: int) -> str:
        headers = self._idempotency_key(number)
        outcome = self.send("POST", collection, body, expected=ADDED, headers=headers)
        return self._record_added(collection, body, outcome)

    def _long(self, candidates: Mapping[str, str]) -> str:
        """Return what the deletion of all these candidates is."""
        engaged = sum(status in ENGAGEMENT for status in candidates.values())
        return "deletion" if engaged or len(candidates) > BATCH else ""

    def _forget(self, candidates: Mapping[str, str]) -> None:
        for candidate_id in candidates:
            self.state.forget_candidate(candidate_id)

    def _record_added(self, collection: str, body: Fields, outcome: Outcome) -> str:
        added_id = str(outcome.response["created"])
        path = f"{collection}/{added_id}"
        self._record_write(path, created(path, body), outcome)
        self._record_shown(path, outcome)
        return added_id  # other users can use it from here on

    def _cast(self, role_id: str, number: int) -> None:
        movie_id, _, actor_id = role_id.partition(".")
        body = storm_fields.some_new_fields("roles", number, self.chance) | {"actor_id": actor_id}
        if self.chance.random() < 0.5:
            sent_to = f"/movies/{movie_id}/actors"
        else:
            sent_to, body = "/roles", {"movie_id": movie_id, **body}
        headers = self._idempotency_key(number)
        outcome = self.send("POST", sent_to, body, expected=CAST, headers=headers)
        path = f"/roles/{role_id}"
        self._record_write(path, created(path, body), outcome)
        if outcome.status == 201:
            self._record_shown(path, outcome)
            for parent in parents_of(path):
                self._record(parent, {EXISTS: True}, outcome)
            self.state.remember_role(role_id, parents_of(path))
        elif outcome.status == 409:
            # Another request created it: a retry of this one would be recognised by its key.
            self._record(path, {EXISTS: True}, outcome, by_others=True)
        else:
            details = [MovieNotFound.detail, ActorNotFound.detail]
            missing = parents_of(path)[details.index(outcome.response["detail"])]
            self._record(missing, {EXISTS: DELETED}, outcome)

    def _change_one(self, path: str, names: tuple[str, ...], number: int) -> None:
        """Change one of these fields of a movie or actor."""
        collection, name = collection_of(path), self.chance.choice(names)
        value = storm_fields.new_value(collection, name, number, self.chance)
        if name not in COPIED[collection]:
            self._change(path, {name: value})
            return
        long = "renaming" if len(self.state.roles[path]) > RENAMED else ""
        self._change(path, {name: value}, ACCEPTED_OR_NOT_FOUND, long)

    def _change(
        self,
        path: str,
        body: Fields,
        expected: frozenset[int] = OK_OR_NOT_FOUND,
        long: str = "",
    ) -> Outcome:
        """Change these fields. A change may also be in conflict, or come too late."""
        conflicts = CONFLICTS.get(collection_of(path), set())
        expected |= {409} if conflicts else set()
        expected |= {422} if path.startswith("/candidates/") and "status" in body else set()
        headers = self._if_match(path)
        outcome = self.send("PATCH", path, body, expected=expected, headers=headers, long=long)
        self._record_write(path, body, outcome)
        if outcome.status != 200:
            self._record_failure(path, outcome)
            return outcome
        shown = self._record_shown(path, outcome)
        seen = compared(path, shown)
        if any(seen[name] != value for name, value in body.items()):
            raise RuleBroken(f"{self.by}: {path} shows {shown} after {body}")
        version = path, shown["created_at"], shown["version"]
        with self.state.changed:
            if version in self.state.versions:
                raise RuleBroken(f"{self.by}: two changes returned {version}")
            self.state.versions.add(version)
        if headers and not outcome.lost and outcome.done == 1:
            before = int(headers["If-Match"].strip('"').partition(".")[0])
            if shown["version"] != before + 1:
                raise RuleBroken(f"{self.by}: {path} went from {before} to {shown['version']}")
        return outcome

    def _delete_with_roles(self, path: str) -> None:
        with self.state.changed:
            role_ids = list(self.state.roles[path])
        candidates = self.state.candidates_of(path) if path.startswith("/movies/") else {}
        long = "deletion" if len(role_ids) > REMOVED else self._long(candidates)
        if self._delete(path, path, long).status != 412:
            self._forget(candidates)
            for role_id in role_ids:
                self.state.forget_role(role_id, parents_of(f"/roles/{role_id}"))

    def _delete(self, path: str, sent_to: str, long: str = "") -> Outcome:
        expected = {
            "roles": OK_OR_NOT_FOUND,
            "candidates": OK_OR_NOT_FOUND | {409},
        }.get(collection_of(path), ACCEPTED_OR_NOT_FOUND)
        headers = self._if_match(path)
        outcome = self.send("DELETE", sent_to, expected=expected, headers=headers, long=long)
        self._record_write(path, None, outcome)
        in_steps = expected is ACCEPTED_OR_NOT_FOUND
        if outcome.status == 404 and in_steps and not outcome.done and not outcome.lost:
            # Perhaps it began, and another deletion finished it before this one.
            begun = Write(self.by, outcome.sent, outcome.ended, None, 0, finished=False)
            self.state.history.add_write(path, begun)
            self._record(path, {EXISTS: DELETED}, outcome, by_others=True)
        elif outcome.status != 200:
            self._record_failure(path, outcome)
        return outcome

    def _idempotency_key(self, number: int) -> dict[str, str]:
        return {"Idempotency-Key": f"{self.state.seed}-{number}"}

    def _if_match(self, path: str) -> dict[str, str]:
        """Return an If-Match now and then, with the version that this user saw last."""
        etag = self.etags.get(path)
        return {"If-Match": etag} if etag and self.chance.random() < 0.25 else {}

    # Reads

    def _read_parent(self, path: str) -> None:
        outcome = self.send("GET", path, expected=OK_OR_NOT_FOUND)
        if outcome.status == 404:
            self._record_failure(path, outcome)
            return
        self._record_shown(path, outcome)
        self._record_roles(outcome)

    def _read_role(self, role_id: str) -> None:
        path = f"/roles/{role_id}"
        outcome = self.send("GET", path, expected=OK_OR_NOT_FOUND)
        if outcome.status == 404:
            self._record_failure(path, outcome)
        else:
            self._record_shown(path, outcome)

    def _read_list(self, collection: str, sorts: list[str]) -> None:
        sort = self.chance.choice(sorts)
        field = sort.removeprefix("-")
        order = ListOrder((field, "id"), descending=sort.startswith("-"), nulls_last=True)
        self._read_pages(f"/{collection}", collection, order, {"sort": sort})

    def _read_links(self, path: str, member: str, order: ListOrder) -> None:
        """Read a list of a movie or an actor. It comes from an index, which may be outdated."""
        for outcome in self._read_pages(path, member, order, expected=OK_OR_NOT_FOUND):
            if outcome.status == 404:
                self._record_failure("/".join(path.split("/")[:3]), outcome)
            elif member in ("candidates", "candidacies"):
                for candidate in outcome.response[member]:
                    self._record_related(candidate, outcome)

    def _read_roles(self, order: ListOrder, **filters: str) -> None:
        for outcome in self._read_pages("/roles", "roles", order, filters):
            if filters:  # without a filter they come from an index, which may be outdated
                self._record_roles(outcome)

    def _read_pages(
        self,
        path: str,
        member: str,
        order: ListOrder | None,
        parameters: Mapping[str, str] | None = None,
        expected: frozenset[int] = LISTED,
    ) -> list[Outcome]:
        """Read up to three pages of a list."""
        limit = self.chance.choice([1, 7, 20, 100])
        query = {**(parameters or {}), "limit": str(limit)}
        outcomes: list[Outcome] = []
        for _ in range(3):
            outcome = self.send("GET", f"{path}?{urlencode(query)}", expected=expected)
            outcomes.append(outcome)
            if outcome.status == 404:
                break
            shown = outcome.response[member]
            if len(shown) > limit or not (order is None or order.holds(shown)):
                raise RuleBroken(f"{self.by}: {path} {query} returned {shown}")
            if outcome.response["next_cursor"] is None:
                break
            query["cursor"] = outcome.response["next_cursor"]
        return outcomes

    # The history

    def _record_write(self, path: str, fields: Fields | None, outcome: Outcome) -> None:
        if outcome.done or outcome.lost:
            finished = outcome.status < 300
            write = Write(
                self.by, outcome.sent, outcome.ended, fields, outcome.done, outcome.lost, finished
            )
            self.state.history.add_write(path, write)

    def _record(
        self,
        path: str,
        fields: Fields,
        outcome: Outcome,
        *,
        by_others: bool = False,
        copy: bool = False,
    ) -> None:
        observation = Observation(
            self.by, outcome.last_sent, outcome.ended, fields, by_others, copy
        )
        self.state.history.add_observation(path, observation)

    def _record_failure(self, path: str, outcome: Outcome) -> None:
        """Record whether a resource exists: it does if the request failed for another reason."""
        if outcome.status == 409:
            detail = outcome.response["detail"]
            if detail not in CONFLICTS.get(collection_of(path), set()):
                raise RuleBroken(f"{self.by}: {path} is in conflict: {detail}")
        self._record(path, {EXISTS: DELETED if outcome.status == 404 else True}, outcome)

    def _record_shown(self, path: str, outcome: Outcome) -> Fields:
        """Record and return the resource that a response shows."""
        shown: Fields = outcome.response[collection_of(path).removesuffix("s")]
        # The ETag of a read also has a hash of the body.
        if outcome.response.headers["etag"].strip('"').partition(".")[0] != str(shown["version"]):
            raise RuleBroken(f"{self.by}: {path} has the ETag of another version than {shown}")
        if path.startswith("/candidates/"):
            self._record_candidate(shown, outcome)
            return shown
        if path.startswith("/parts/"):
            check_part(self.by, shown)
        self._record(path, compared(path, shown), outcome)
        self.etags[path] = outcome.response.headers["etag"]
        return shown

    def _record_candidate(
        self, shown: Fields, outcome: Outcome, *, is_recent: bool = False
    ) -> None:
        """Record a candidate that was read from the table, not from an index."""
        path = f"/candidates/{shown['id']}"
        self._record(path, compared(path, shown), outcome)
        self._record_related(shown, outcome)
        self.etags[path] = f'"{shown["version"]}"'
        self.statuses[path] = shown["status"]
        self.state.remember_candidate(shown["id"], shown["status"], is_recent)

    def _record_related(self, shown: Fields, outcome: Outcome) -> None:
        """Record what a candidate shows of others, which were read from the table."""
        self._record_fields(f"/actors/{shown['actor_id']}", shown, SHOWN_OF_ACTOR, outcome)
        self._record_fields(f"/parts/{shown['part_id']}", shown, SHOWN_OF_PART, outcome)
        self._record_fields(f"/movies/{shown['movie_id']}", shown, SHOWN_OF_MOVIE, outcome)

    def _record_fields(
        self, path: str, shown: Fields, names: Mapping[str, str], outcome: Outcome
    ) -> None:
        fields = {field: shown[name] for name, field in names.items() if name in shown}
        if fields:
            self._record(path, fields, outcome)

    def _record_roles(self, outcome: Outcome) -> None:
        for shown in outcome.response["roles"]:
            path = f"/roles/{shown['id']}"
            self._record(path, compared(path, shown), outcome)
            for parent, fields in _copies(shown):
                self._record(parent, fields, outcome, copy=True)


def _copies(role: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    """Return the fields of its movie or actor that a role shows, by the path of these."""
    for parent in parents_of(f"/roles/{role['id']}"):
        collection = collection_of(parent)
        prefix = f"{collection.removesuffix('s')}_"
        copies = {name: role[prefix + name] for name in COPIED[collection] if prefix + name in role}
        if copies:
            yield parent, copies


def check_part(by: str, part: Fields) -> None:
    """Raise RuleBroken if a part's status or counts contradict each other."""
    if part_problems := list(contradictions(part)):
        raise RuleBroken(f"{by}: {', '.join(part_problems)}: {part}")
