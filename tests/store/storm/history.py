"""What was written and what was seen, by the path of each resource, and the rules for both."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from chalicelib.store.statuses import ENDED, PartStatus, Status
from tests.store.storm.fields import DEFAULTS, FIELDS, Fields, collection_of

EXISTS = "exists"
"""A field of every resource in the history: True, or DELETED."""

DELETED = "(deleted)"
"""The value of every field of a resource that does not exist, EXISTS included."""


ORIGIN = "(origin)"
"""A field of every role in the history: how it was created, POSTED or by CASTING, or DELETED."""

POSTED, CASTING = "posted", "casting"

FROM_PART = {
    "character_name": "name",
    "billing_order": "billing_order",
    "role_type": "part_type",
    "work_start": "work_start",
    "work_end": "work_end",
}
"""The field of the part that each field of a role comes from, if casting creates the role."""

RECREATED = {"roles", "candidates"}
"""Collections whose resources can be created again after their deletion, at the same path."""


@dataclass(frozen=True)
class ValueOf:
    """The value that a field of another resource had during a write."""

    path: str
    field: str


@dataclass(frozen=True)
class Write:
    """A write of an operation to a resource: some fields, or None for its deletion.

    It was sent between two times of time.monotonic().
    """

    by: str
    sent: float
    ended: float
    fields: Fields | None
    done: int = 1
    """The number of successful responses."""
    lost: int = 0
    """The number of requests without a definite response. Each of them may have been done."""
    finished: bool = True
    """False if another operation finished it."""
    confirms: bool = False
    """Whether it only made sure that the resource exists. Another write created it, perhaps."""

    def value(self, field: str) -> Any:
        return DELETED if self.fields is None else self.fields[field]

    def writes(self, field: str) -> bool:
        return self.fields is None or field in self.fields

    def creates(self) -> bool:
        return self.fields is not None and EXISTS in self.fields and not self.confirms


@dataclass(frozen=True)
class Observation:
    """Some fields of a resource, as a response showed them."""

    by: str
    sent: float
    ended: float
    fields: Fields
    by_others: bool = False
    """Whether the response also said that another operation wrote them."""
    copy: bool = False
    """Whether a role showed them, which copies the names of its movie and its actor."""


NEVER_EXISTED = Write("nobody", -math.inf, -math.inf, None)
"""The first write of every path."""


class History:
    """All writes and observations, by path.

    **The rule for values.** A write takes effect at some moment between its first request and its
    last response: once, or more often if a response was lost. So an observed value must come from
    a write that began before the observation ended, and that was not overwritten. It was
    overwritten if an acknowledged write of the same field began after it had ended, and ended
    before the observation began. The final state is an observation after everything else. So it has
    every acknowledged write, or another one that did not end before that one began.

    A write without an acknowledgement (its responses were lost, then it was rejected) may be
    observed, and overwrites nothing. A deletion writes DELETED to every field. The deletion of a
    movie or an actor also does so for each of its roles. The fields of a role after that come from
    a new casting, or from changes that did not end before the deletion. A deletion that is answered
    with 404 is an observation of DELETED. If an earlier response to it was lost, it may have
    deleted the resource itself. Without a lost response another operation has deleted it. But a
    deletion in several transactions may have begun before another one finished it, so it is also
    added as a write that was neither acknowledged nor lost.

    Copies in roles follow the same rule while nobody renames the movie or actor. During a renaming
    they may be late: a renaming leaves the rest to one that overtakes it.

    **Casting.** A candidate who is cast may create a role, and one who declines or is released may
    delete it. Nobody acknowledges these writes of a role, so they are added without an
    acknowledgement. They are added only where they were possible: casting creates a role only if it
    may have been missing, and its fields are those that the part had. A candidate who leaves a
    part, or whose part is deleted, deletes a role only if they may have been cast in it and the
    role may have been created by casting. In the same way the deletion of a role may release the
    candidates who may have been cast. The deletion of a movie, an actor or a part writes DELETED to
    every field of its candidates, and that of a movie to its parts.

    **The rule for numbers.** An existing resource was created once more often than it was deleted.
    An acknowledged operation without lost responses was done exactly once. A movie or an actor is
    created once, because its id follows from the Idempotency-Key, and nobody can delete it before
    its creation was acknowledged; so is a part. A casting that is sent again can create a role
    again, if somebody deleted it in between, and so can a request that adds candidates. A version
    is 1 plus the number of acknowledged changes, plus those lost changes that were done.
    """

    def __init__(self, fields: Mapping[str, tuple[str, ...]] = FIELDS) -> None:
        self.fields = fields
        self.writes: defaultdict[str, list[Write]] = defaultdict(list)
        self.observations: defaultdict[str, list[Observation]] = defaultdict(list)
        self._lock = Lock()
        self._all_writes: dict[str, list[Write]] = {}
        self._children: dict[str, list[str]] = {}

    def add_write(self, path: str, write: Write) -> None:
        with self._lock:
            self.writes[path].append(write)

    def add_observation(self, path: str, observation: Observation) -> None:
        with self._lock:
            self.observations[path].append(observation)

    def problems(self, final: Mapping[str, Fields]) -> list[str]:
        """Return what breaks a rule. `final` has the resources that exist at the end, by path."""
        paths = sorted(self.writes.keys() | self.observations.keys() | final.keys())
        self._all_writes, self._children = {}, _children(self.writes)
        return [
            f"{path}: {problem}"
            for path in paths
            for rule in (self._wrong_values, self._wrong_numbers, self._wrong_version)
            for problem in rule(path, final.get(path))
        ]

    def _deletions_of_parents(self, path: str) -> list[Write]:
        return [
            write
            for parent in parents_of(path)
            for write in self.writes.get(parent, [])
            if write.fields is None
        ]

    def _writes_of(self, path: str) -> list[Write]:
        """Return all writes of a resource, those that may have happened with others included."""
        if path not in self._all_writes:
            writes = [
                NEVER_EXISTED,
                *self.writes.get(path, []),
                *self._deletions_of_parents(path),
            ]
            if path.startswith("/roles/"):
                self._add_castings(path, writes)
            elif path.startswith("/candidates/"):
                self._add_releases(path, writes)
            self._all_writes[path] = writes
        return self._all_writes[path]

    def _add_releases(self, path: str, writes: list[Write]) -> None:
        """Add the releases of a candidate by deletions of the role."""
        cast = [w for w in writes if w.writes("status")]
        for deletion in self.writes.get(role_of(path), []):
            if deletion.fields is None and self._may_have(deletion, "status", Status.CAST, cast):
                released = {"status": Status.RELEASED.value}
                writes.append(_possible(deletion, released))

    def _add_castings(self, path: str, writes: list[Write]) -> None:
        """Add the creations and deletions of a role by candidates who are cast or released."""
        pending = [w for child in self._children.get(path, []) for w in self._castings(child)]
        while True:
            possible = [
                w for w in pending if self._may_have(w, *_requirement(w), writes)
            ]  # each of them may make others possible
            if not possible:
                return
            writes += possible
            pending = [w for w in pending if w not in possible]

    def _castings(self, candidate: str) -> Iterator[Write]:
        """Return what a candidate may have written to the role."""
        part = candidate.removeprefix("/candidates/").rpartition(".")[0]
        writes = self._writes_of(candidate)
        for write in writes:
            status = write.fields and write.fields.get("status")
            if status == Status.CAST:
                fields = {name: ValueOf(f"/parts/{part}", f) for name, f in FROM_PART.items()}
                yield _possible(write, {EXISTS: True, ORIGIN: CASTING, **fields})
            elif status in ENDED and self._may_have(write, "status", Status.CAST, writes):
                yield _possible(write, None)
        for deletion in self.writes.get(f"/parts/{part}", []):
            if deletion.fields is None and self._may_have(deletion, "status", Status.CAST, writes):
                yield _possible(deletion, None)

    def _may_have(self, during: Write, field: str, value: Any, writes: list[Write]) -> bool:
        """Return whether a field may have had this value during a write of another resource."""
        seen = Observation(during.by, during.sent, during.ended, {field: value})
        return self._is_possible(seen, field, [w for w in writes if w.writes(field)])

    def _is_possible(self, seen: Observation, field: str, writes: list[Write]) -> bool:
        value = seen.fields[field]
        acknowledged = [write for write in writes if write.done and write.ended < seen.sent]
        return any(
            not any(write.ended < later.sent for later in acknowledged)
            for write in writes
            if write.sent <= seen.ended
            and self._wrote(write, field, value)
            and not (seen.by_others and write.by == seen.by)
        )

    def _wrote(self, write: Write, field: str, value: Any) -> bool:
        written = write.value(field)
        if isinstance(written, ValueOf):
            return self._may_have(write, written.field, value, self._writes_of(written.path))
        return bool(written == value)

    def _wrong_values(self, path: str, final: Fields | None) -> Iterator[str]:
        fields = compared(path, final, self.fields) if final else {EXISTS: DELETED}
        at_end = Observation("final state", math.inf, math.inf, fields)
        observations = [*self.observations.get(path, []), at_end]
        all_writes = self._writes_of(path)
        for field in (EXISTS, *self.fields[collection_of(path)]):
            writes = [write for write in all_writes if write.writes(field)]
            wrong = (
                seen
                for seen in observations
                if field in seen.fields
                and not (seen.copy and any(_overlap(seen, write) for write in all_writes))
                and not self._is_possible(seen, field, writes)
            )
            for seen in itertools.islice(wrong, 1):
                times = f"{seen.by}, {seen.sent:.4f} to {seen.ended:.4f}"
                yield f"{field} was {seen.fields[field]!r} ({times}){_listed(writes)}"

    def _wrong_numbers(self, path: str, final: Fields | None) -> Iterator[str]:
        writes, existing = self._writes_of(path)[1:], 1 if final else 0
        from_parents = self._deletions_of_parents(path)
        creations = [w for w in writes if w.creates()]
        deletions = [w for w in writes if w.fields is None and w not in from_parents]
        most_created = least_created = sum(w.done for w in creations)
        if collection_of(path) in RECREATED:
            most_created += sum(w.lost for w in creations)
        least_deleted = sum(w.done > 0 and w.finished for w in deletions)
        most_deleted = sum((w.done > 0) + w.lost for w in deletions)
        most_deleted += sum(w.done + w.lost > 0 for w in from_parents)
        if least_created - most_deleted > existing or most_created - least_deleted < existing:
            yield (
                f"created {least_created} to {most_created} times, deleted {least_deleted} to"
                f" {most_deleted} times, exists {existing} times{_listed(writes)}"
            )

    def _wrong_version(self, path: str, final: Fields | None) -> Iterator[str]:
        writes = self._writes_of(path)[1:]
        # The versions of a resource that was created again begin again.
        is_single = sum(w.creates() for w in writes) == 1 and all(w.fields for w in writes)
        if not final or path.startswith("/roles/"):
            return
        if collection_of(path) in RECREATED and not is_single:
            return
        changes = [w for w in writes if w.fields and not w.creates() and not w.confirms]
        least = 1 + sum(w.done for w in changes)
        most = least + sum(w.lost for w in changes)
        if not least <= final["version"] <= most:
            yield f"version {final['version']}, not {least} to {most}{_listed(changes)}"


def _listed(writes: list[Write]) -> str:
    """Return the writes as lines of text, in the order in which they began."""
    return "".join(
        f"\n    {w.sent:.4f} to {w.ended:.4f}, {w.done} acknowledged, {w.lost} lost: {w.by},"
        f" {'deletion' if w.fields is None else dict(w.fields)}"
        for w in sorted(writes, key=lambda w: w.sent)
    )


def _overlap(seen: Observation, write: Write) -> bool:
    return write.sent <= seen.ended and seen.sent <= write.ended


def _possible(write: Write, fields: Fields | None) -> Write:
    """Return what a write may also have written to another resource, in each of its attempts."""
    attempts = max(write.done + write.lost, 1)
    return Write(write.by, write.sent, write.ended, fields, 0, attempts)


def _requirement(write: Write) -> tuple[str, Any]:
    """Return the value that a field of a role must have for a write by casting or releasing."""
    return (ORIGIN, CASTING) if write.fields is None else (EXISTS, DELETED)


def _children(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the candidates among these paths, by the role that casting them writes."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        if path.startswith("/candidates/"):
            children[role_of(path)].append(path)
    return dict(children)


def role_of(candidate: str) -> str:
    """Return the path of the role that casting a candidate writes."""
    movie_id, _, actor_id = candidate.removeprefix("/candidates/").split(".")
    return f"/roles/{movie_id}.{actor_id}"


def parents_of(path: str) -> tuple[str, ...]:
    """Return the paths of the movie, the actor and the part whose deletion deletes a resource."""
    _, collection, resource_id = path.split("/")
    match collection, resource_id.split("."):
        case "roles", [movie_id, actor_id]:
            return f"/movies/{movie_id}", f"/actors/{actor_id}"
        case "parts", [movie_id, _]:
            return (f"/movies/{movie_id}",)
        case "candidates", [movie_id, part_id, actor_id]:
            return f"/movies/{movie_id}", f"/actors/{actor_id}", f"/parts/{movie_id}.{part_id}"
    return ()


def compared(
    path: str, shown: Mapping[str, Any], fields: Mapping[str, tuple[str, ...]] = FIELDS
) -> Fields:
    """Return the fields of an existing resource that the history compares."""
    values = {field: shown[field] for field in fields[collection_of(path)]}
    if path.startswith("/parts/") and values.get("status") == PartStatus.CAST:
        values["status"] = PartStatus.OPEN.value  # it follows from the candidates
    return {EXISTS: True, **values}


def created(path: str, body: Mapping[str, Any]) -> Fields:
    """Return the fields of a new resource. A field that is not in the body has its default."""
    collection = collection_of(path)
    origin = {ORIGIN: POSTED} if collection == "roles" else {}
    return {**compared(path, {**DEFAULTS[collection], **body}), **origin}
