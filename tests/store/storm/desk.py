"""A user of the casting desk: the requests for parts and candidates."""

from functools import partial
from typing import Any

from chalicelib.errors import (
    ActorNotFound,
    PartClosed,
)
from chalicelib.store import table
from chalicelib.store.candidates import REMOVED
from chalicelib.store.statuses import PartStatus, Status
from tests.store.storm import fields as storm_fields
from tests.store.storm.fields import Fields
from tests.store.storm.history import (
    DELETED,
    EXISTS,
    Write,
    created,
    parents_of,
    role_of,
)
from tests.store.storm.lists import (
    BY_ACTOR,
    BY_PART,
    CANDIDACIES,
    EARLIEST_WORK,
    IN_BILLING,
    IN_COLUMN,
    ON_BOARD,
)
from tests.store.storm.plan import ADDED as MOST_ADDED
from tests.store.storm.plan import Operation
from tests.store.storm.sending import Outcome
from tests.store.storm.state import State
from tests.store.storm.user import CAST, OK_OR_NOT_FOUND, SHOWN_OF_MOVIE, User, check_part
from tests.store.storm.worker import RuleBroken, Worker

ADDED_OR_NOT_FOUND = frozenset({201, 404})

NOBODY = "A" * 16
"""An id that no actor has."""


class DeskUser(User):
    """Sends the operations of parts and candidates, too."""

    def __init__(self, state: State, number: int, worker: Worker) -> None:
        super().__init__(state, number, worker)
        self.kinds |= {
            "add part": self.add_part,
            "change part": self.change_part,
            "delete part": self.delete_part,
            "fill part": self.fill_part,
            "add candidates": self.add_candidates,
            "rate candidate": self.rate_candidate,
            "move candidate": self.move_candidate,
            "remove candidate": self.remove_candidate,
            "read board": self.read_board,
        }

    # Operations

    def add_part(self, operation: Operation) -> None:
        self._add_part(operation)

    def change_part(self, operation: Operation) -> None:
        body = storm_fields.some_changes("parts", operation.number, self.chance)
        self._close_seldom(body)
        self._change(f"/parts/{self._part(operation)}", body)

    def delete_part(self, operation: Operation) -> None:
        path = f"/parts/{self._part(operation)}"
        candidates = self.state.candidates_of(path)
        if self._delete(path, path, self._long(candidates)).status != 412:
            self._forget(candidates)

    def fill_part(self, operation: Operation) -> None:
        actor_ids = self.state.actors[operation.actor : operation.actor + MOST_ADDED]
        self._add_candidates(self._part(operation), actor_ids, operation.number)

    def add_candidates(self, operation: Operation) -> None:
        number = self.chance.choice([1, 2, 5, MOST_ADDED])
        others = self.chance.sample(self.state.actors, number - 1)
        actor_ids = list(dict.fromkeys([self.state.actors[operation.actor], *others]))
        if self.chance.random() < 0.1:
            actor_ids[-1] = NOBODY
        self._add_candidates(self._part(operation), actor_ids, operation.number)

    def rate_candidate(self, operation: Operation) -> None:
        body = storm_fields.some_changes("candidates", operation.number, self.chance)
        body.pop("status", None)
        if candidate_id := self._candidate(operation):
            self._change_candidate(candidate_id, body or {"rating": None})

    def move_candidate(self, operation: Operation) -> None:
        candidate_id = self._candidate(operation)
        if candidate_id is None:
            return
        was = self.statuses.get(f"/candidates/{candidate_id}", Status.SUBMITTED)
        statuses = Status(was).next()
        draw = self.chance.random()
        if draw < 0.4 and Status.CAST in statuses:
            statuses = [Status.CAST]
        elif draw > 0.85:
            statuses = list(Status)  # perhaps one that must not follow
        body: dict[str, Any] = {"status": self.chance.choice(statuses).value}
        if self.chance.random() < 0.2:
            body["rating"] = self.chance.choice([None, 1, 6])
        self._change_candidate(candidate_id, body)

    def remove_candidate(self, operation: Operation) -> None:
        if candidate_id := self._candidate(operation):
            path = f"/candidates/{candidate_id}"
            if self._delete(path, path).status in (200, 404):
                self.state.forget_candidate(candidate_id)

    def read_board(self, operation: Operation) -> None:
        movie, actor = self._movie(operation), self._actor(operation)
        part = f"/parts/{self._part(operation)}"
        self.chance.choice(
            [
                partial(self._read_part, part),
                partial(self._read_candidate, self._candidate(operation)),
                partial(self._read_candidates, part),
                partial(self._read_column, part),
                partial(self._read_links, f"{movie}/parts", "parts", IN_BILLING),
                partial(self._read_links, f"{movie}/candidates", "candidates", BY_PART),
                partial(self._read_links, f"{actor}/candidacies", "candidacies", CANDIDACIES),
                partial(self._read_open_parts),
            ]
        )()

    # The resources of an operation

    def _part(self, operation: Operation) -> str:
        """Return the id of the part at this place. Add one if the place is empty."""
        part_id = self.state.parts[operation.movie][operation.part]
        return part_id or self._add_part(operation) or f"{self._role_at(operation)}"

    def _candidate(self, operation: Operation) -> str | None:
        """Return the id of a recent candidate, or of any for the operation's part."""
        own = sorted(self.state.candidates_of(f"/parts/{self._part(operation)}"))
        with self.state.changed:
            recent = list(self.state.recent_candidates)
        ids = recent if recent and self.chance.random() < 0.6 else own or recent
        return self.chance.choice(ids) if ids else None

    # Writes

    def _add_part(self, operation: Operation) -> str:
        """Add a part at this place. Return its id, or nothing if the movie is missing."""
        movie = self._movie(operation)
        body = storm_fields.some_new_fields("parts", operation.number, self.chance)
        self._close_seldom(body)
        outcome = self.send(
            "POST",
            f"{movie}/parts",
            body,
            expected=ADDED_OR_NOT_FOUND,
            headers=self._idempotency_key(operation.number),
        )
        if outcome.status == 404:
            self._record(movie, {EXISTS: DELETED}, outcome)
            return ""
        part_id = self._record_added("/parts", body, outcome)
        self._record(movie, {EXISTS: True}, outcome)
        self.state.parts[operation.movie][operation.part] = part_id
        return part_id

    def _close_seldom(self, body: dict[str, Any]) -> None:
        if "status" in body and self.chance.random() < 0.7:
            body["status"] = PartStatus.OPEN.value

    def _add_candidates(self, part_id: str, actor_ids: list[str], number: int) -> None:
        path, body = f"/parts/{part_id}", {"actor_ids": actor_ids}
        began = table.now()
        outcome = self.send(
            "POST",
            f"{path}/candidates",
            body,
            expected=CAST,
            headers=self._idempotency_key(number),
        )
        paths = {actor_id: f"/candidates/{part_id}.{actor_id}" for actor_id in actor_ids}
        if outcome.status != 201:
            for candidate in paths.values():
                self._record_write(candidate, created(candidate, {}), outcome)
            self._record_closed_or_missing(path, outcome)
            return
        self._record(path, {EXISTS: True}, outcome)
        for shown in outcome.response["candidates"]:
            candidate = paths.pop(shown["actor_id"])
            self._record_candidate(shown, outcome, is_recent=len(actor_ids) < MOST_ADDED)
            self._record_creation(candidate, shown["created_at"], began, outcome)
        for refusal in outcome.response["refused"]:
            candidate = paths.pop(refusal["actor_id"])
            if refusal["detail"] == REMOVED and outcome.lost:
                # The request that was lost added them, and another user removed them.
                self._record(candidate, {EXISTS: DELETED}, outcome)
            elif refusal["detail"] != ActorNotFound.detail:
                raise RuleBroken(f"{self.by}: {path} refused {refusal}")
            elif refusal["actor_id"] != NOBODY:
                self._record(f"/actors/{refusal['actor_id']}", {EXISTS: DELETED}, outcome)
            if outcome.lost:
                lost = Write(
                    self.by, outcome.sent, outcome.ended, created(candidate, {}), 0, outcome.lost
                )
                self.state.history.add_write(candidate, lost)
        if paths:
            raise RuleBroken(f"{self.by}: {path} does not mention {sorted(paths)}")

    def _record_creation(self, path: str, created_at: str, began: str, outcome: Outcome) -> None:
        """Record that a request created a candidate, or that it was there already.

        It was created during the request if its time is not before `began`. If two requests at the
        same time show the same candidate, the first one that is recorded counts.
        """
        with self.state.changed:
            is_new = created_at >= began and (path, created_at) not in self.state.creations
            self.state.creations.add((path, created_at))
        times = (self.by, outcome.sent, outcome.ended)
        if is_new:
            self.state.history.add_write(path, Write(*times, created(path, {}), 1, outcome.lost))
            return
        self.state.history.add_write(path, Write(*times, {EXISTS: True}, confirms=True))
        if outcome.lost:
            self.state.history.add_write(path, Write(*times, created(path, {}), 0, outcome.lost))

    def _change_candidate(self, candidate_id: str, body: Fields) -> None:
        path = f"/candidates/{candidate_id}"
        outcome = self._change(path, body)
        if outcome.status == 404:
            self.state.forget_candidate(candidate_id)
        elif outcome.status == 200 and body.get("status") == Status.CAST:
            # The role is written in the same transaction, or existed already.
            role = role_of(path)
            self._record(role, {EXISTS: True}, outcome)
            self.state.remember_role(role.removeprefix("/roles/"), parents_of(role))
        elif outcome.status == 409:
            part = f"/parts/{candidate_id.rpartition('.')[0]}"
            is_closed = outcome.response["detail"] == PartClosed.detail
            status = PartStatus.CLOSED if is_closed else PartStatus.OPEN
            self._record(part, {EXISTS: True, "status": status.value}, outcome)
        elif outcome.status == 422:
            was = outcome.response["detail"].rpartition(" after ")[2].rstrip(".")
            to = body["status"]
            if was == to or to in Status(was).next():
                raise RuleBroken(f"{self.by}: {path} rejected {to} after {was}")
            self._record(path, {"status": was}, outcome)
            self.statuses[path] = was

    # Reads

    def _read_part(self, path: str) -> None:
        outcome = self.send("GET", path, expected=OK_OR_NOT_FOUND)
        if outcome.status == 404:
            self._record_failure(path, outcome)
            return
        self._record_shown(path, outcome)
        shown = outcome.response["candidates"]
        order = ON_BOARD if outcome.response["next_cursor"] is None else BY_ACTOR
        if not order.holds(shown):
            raise RuleBroken(f"{self.by}: {path} returned {shown}")
        for candidate in shown:
            self._record_candidate(candidate, outcome)

    def _read_candidate(self, candidate_id: str | None) -> None:
        if candidate_id is None:
            return
        path = f"/candidates/{candidate_id}"
        outcome = self.send("GET", path, expected=OK_OR_NOT_FOUND)
        if outcome.status == 404:
            self._record_failure(path, outcome)
        else:
            self._record_candidate(outcome.response["candidate"], outcome)

    def _read_candidates(self, part: str) -> None:
        """Read a part's candidates. They are in the order of the board if one page shows all."""
        outcomes = self._read_pages(
            f"{part}/candidates", "candidates", None, expected=OK_OR_NOT_FOUND
        )
        for outcome in outcomes:
            if outcome.status == 404:
                self._record_failure(part, outcome)
                return
            is_all = len(outcomes) == 1 and outcome.response["next_cursor"] is None
            shown = outcome.response["candidates"]
            if not (ON_BOARD if is_all else BY_ACTOR).holds(shown):
                raise RuleBroken(f"{self.by}: {part}/candidates returned {shown}")
            for candidate in shown:
                self._record_candidate(candidate, outcome)

    def _read_column(self, part: str) -> None:
        status = self.chance.choice(list(Status)).value
        for outcome in self._read_pages(
            f"{part}/candidates", "candidates", IN_COLUMN, {"status": status}, OK_OR_NOT_FOUND
        ):
            if outcome.status == 404:
                self._record_failure(part, outcome)
                return
            for candidate in outcome.response["candidates"]:
                if candidate["status"] != status:
                    raise RuleBroken(f"{self.by}: the column {status} of {part} has {candidate}")
                self._record_related(candidate, outcome)

    def _read_open_parts(self) -> None:
        status = self.chance.choice(list(PartStatus)).value
        for outcome in self._read_pages("/parts", "parts", EARLIEST_WORK, {"status": status}):
            for part in outcome.response["parts"]:
                if part["status"] != status:
                    raise RuleBroken(f"{self.by}: the parts with {status} have {part}")
                check_part(self.by, part)
                self._record_fields(f"/movies/{part['movie_id']}", part, SHOWN_OF_MOVIE, outcome)

    def _record_closed_or_missing(self, part: str, outcome: Outcome) -> None:
        if outcome.status == 404:
            self._record(part, {EXISTS: DELETED}, outcome)
            return
        if outcome.response["detail"] != PartClosed.detail:
            raise RuleBroken(f"{self.by}: {part} is in conflict: {outcome.response}")
        self._record(part, {EXISTS: True, "status": PartStatus.CLOSED.value}, outcome)
