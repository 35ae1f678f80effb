"""What was written and what was seen, by the path of each resource, and the rules for both."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from tests.store.storm.fields import FIELDS, Fields, collection_of

EXISTS = "exists"
"""A field of every resource in the history: True, or DELETED."""

DELETED = "(deleted)"
"""The value of every field of a resource that does not exist, EXISTS included."""


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

    def value(self, field: str) -> Any:
        return DELETED if self.fields is None else self.fields[field]

    def writes(self, field: str) -> bool:
        return self.fields is None or field in self.fields

    def creates(self) -> bool:
        return self.fields is not None and EXISTS in self.fields


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
    with 404 wrote nothing, and is an observation of DELETED. If an earlier response to it was lost,
    it may have deleted the resource itself.

    Copies in roles follow the same rule while nobody renames the movie or actor. During a renaming
    they may be late: a renaming leaves the rest to one that overtakes it.

    **The rule for numbers.** An existing resource was created once more often than it was deleted.
    An acknowledged operation without lost responses was done exactly once. A movie or an actor is
    created once, because its id follows from the Idempotency-Key, and nobody can delete it before
    its creation was acknowledged. A casting that is sent again can create a role again, if somebody
    deleted it in between. A version is 1 plus the number of acknowledged changes, plus those lost
    changes that were done.
    """

    def __init__(self, fields: Mapping[str, tuple[str, ...]] = FIELDS) -> None:
        self.fields = fields
        self.writes: defaultdict[str, list[Write]] = defaultdict(list)
        self.observations: defaultdict[str, list[Observation]] = defaultdict(list)
        self._lock = Lock()

    def add_write(self, path: str, write: Write) -> None:
        with self._lock:
            self.writes[path].append(write)

    def add_observation(self, path: str, observation: Observation) -> None:
        with self._lock:
            self.observations[path].append(observation)

    def problems(self, final: Mapping[str, Fields]) -> list[str]:
        """Return what breaks a rule. `final` has the resources that exist at the end, by path."""
        paths = sorted(self.writes.keys() | self.observations.keys() | final.keys())
        return [
            f"{path}: {problem}"
            for path in paths
            for rule in (self._wrong_values, self._wrong_numbers, self._wrong_version)
            for problem in rule(path, final.get(path))
        ]

    def _deletions_of_parents(self, path: str) -> list[Write]:
        if not path.startswith("/roles/"):
            return []
        parents = parents_of(path.removeprefix("/roles/"))
        return [w for parent in parents for w in self.writes.get(parent, []) if w.fields is None]

    def _wrong_values(self, path: str, final: Fields | None) -> Iterator[str]:
        fields = compared(path, final, self.fields) if final else {EXISTS: DELETED}
        at_end = Observation("final state", math.inf, math.inf, fields)
        observations = [*self.observations.get(path, []), at_end]
        all_writes = [
            NEVER_EXISTED,
            *self.writes.get(path, []),
            *self._deletions_of_parents(path),
        ]
        for field in (EXISTS, *self.fields[collection_of(path)]):
            writes = [write for write in all_writes if write.writes(field)]
            wrong = (
                seen
                for seen in observations
                if field in seen.fields
                and not (seen.copy and any(_overlap(seen, write) for write in all_writes))
                and not _is_possible(seen, field, writes)
            )
            for seen in itertools.islice(wrong, 1):
                times = f"{seen.by}, {seen.sent:.4f} to {seen.ended:.4f}"
                yield f"{field} was {seen.fields[field]!r} ({times}){_listed(writes)}"

    def _wrong_numbers(self, path: str, final: Fields | None) -> Iterator[str]:
        writes, existing = self.writes.get(path, []), 1 if final else 0
        creations = [w for w in writes if w.creates()]
        deletions = [w for w in writes if w.fields is None]
        most_created = least_created = sum(w.done for w in creations)
        if path.startswith("/roles/"):
            most_created += sum(w.lost for w in creations)
        least_deleted = sum(w.done > 0 and w.finished for w in deletions)
        most_deleted = sum((w.done > 0) + w.lost for w in deletions)
        most_deleted += len(self._deletions_of_parents(path))
        if least_created - most_deleted > existing or most_created - least_deleted < existing:
            yield (
                f"created {least_created} to {most_created} times, deleted {least_deleted} to"
                f" {most_deleted} times, exists {existing} times{_listed(writes)}"
            )

    def _wrong_version(self, path: str, final: Fields | None) -> Iterator[str]:
        if not final or path.startswith("/roles/"):
            return
        changes = [w for w in self.writes.get(path, []) if w.fields and not w.creates()]
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


def _is_possible(seen: Observation, field: str, writes: list[Write]) -> bool:
    value = seen.fields[field]
    acknowledged = [write for write in writes if write.done and write.ended < seen.sent]
    return any(
        not any(write.ended < later.sent for later in acknowledged)
        for write in writes
        if write.sent <= seen.ended
        and write.value(field) == value
        and not (seen.by_others and write.by == seen.by)
    )


def parents_of(role_id: str) -> tuple[str, str]:
    """Return the paths of a role's movie and actor."""
    movie_id, _, actor_id = role_id.partition(".")
    return f"/movies/{movie_id}", f"/actors/{actor_id}"


def compared(
    path: str, shown: Mapping[str, Any], fields: Mapping[str, tuple[str, ...]] = FIELDS
) -> Fields:
    """Return the fields of an existing resource that the history compares."""
    return {EXISTS: True, **{field: shown[field] for field in fields[collection_of(path)]}}


def created(path: str, body: Mapping[str, Any]) -> Fields:
    """Return the fields of a new resource. A field that is not in the body is null."""
    return compared(path, {**dict.fromkeys(FIELDS[collection_of(path)]), **body})
