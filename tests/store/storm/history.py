"""What the storm has written and seen, and whether both can be explained."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from tests.store.storm.plan import FIELDS

"""What the storm changes, by collection."""

GONE = "(gone)"
"""What every field of a thing is that is not there, also the field `there`."""

Fields = Mapping[str, Any]


class Broken(AssertionError):
    """Something was heard, or not heard, that the contract does not allow."""


# ------------------------------------------------------------------------------------ the history


@dataclass(frozen=True)
class Write:
    """What an operation wrote to a thing: `fields`, or None where it removed it.

    It was sent `done` times with success and `lost` times without a definite answer, between two
    times of time.monotonic().
    """

    by: str
    sent: float
    ended: float
    fields: Fields | None
    done: int = 1
    lost: int = 0
    finished: bool = True
    """False where it was begun, and another operation ended it."""

    def value(self, field: str) -> Any:
        return GONE if self.fields is None else self.fields[field]

    def writes(self, field: str) -> bool:
        return self.fields is None or field in self.fields

    def creates(self) -> bool:
        return self.fields is not None and "there" in self.fields


@dataclass(frozen=True)
class Sight:
    """What an answer told of a thing: some fields, of which `there` is GONE where it is not.

    With `by_others` the answer told as well that it was not the one who asked who wrote them. A
    `copy` was seen in a role, which shows the names of its movie and its actor.
    """

    by: str
    sent: float
    ended: float
    fields: Fields
    by_others: bool = False
    copy: bool = False


BEFORE = Write("nobody", -math.inf, -math.inf, None)
"""At first nothing is there."""


class History:
    """What was written and what was seen, by the path of each thing; and what of it cannot be.

    **The rule for values.** A write takes effect at some moment between its first sending and its
    last answer, once or, where an answer was lost, perhaps more often. So a value that is seen must
    be one that somebody writes, who began before the end of the sight, and that was not undone by
    then: no acknowledged write of the same field began after that write had ended, and ended before
    the sight began. What is there at the end is a sight after everything else: so every
    acknowledged write is there, or another one that did not end before it began.

    A write without any acknowledgement (its answers were lost, then it was refused) may be what is
    seen, and undoes nothing. Removing writes GONE to every field, and so does removing a movie or
    an actor to each of its roles; a role's fields after that come from a new casting, or changes
    that did not end before it. A removal that finds nothing (404) wrote nothing, and is a sight of
    GONE; if an answer was lost before, it may have removed the thing itself.

    What a role shows of its movie and actor is held to the same rule while nobody renames these.
    While somebody does, it may be late: a renaming that another one overtakes leaves all to that.

    **The rule for numbers.** A thing is there once more often created than removed. An
    acknowledged operation whose answers all came did it exactly once. A movie or an actor is made
    once, for its id is its key's, and nobody can have removed it before that was heard; a role can
    be made again by a casting sent again, where somebody removed it in between. A version is one
    more than the changes that were acknowledged, and lost ones if they were done.
    """

    def __init__(self) -> None:
        self.writes: defaultdict[str, list[Write]] = defaultdict(list)
        self.sights: defaultdict[str, list[Sight]] = defaultdict(list)
        self._lock = Lock()

    def wrote(self, path: str, write: Write) -> None:
        with self._lock:
            self.writes[path].append(write)

    def saw(self, path: str, sight: Sight) -> None:
        with self._lock:
            self.sights[path].append(sight)

    def problems(self, last: Mapping[str, Fields]) -> list[str]:
        """Tell what cannot be, given what is there at the end: what is shown of it, by path."""
        paths = sorted(self.writes.keys() | self.sights.keys() | last.keys())
        return [
            f"{path}: {problem}"
            for path in paths
            for find in (self._wrong_values, self._wrong_numbers, self._wrong_version)
            for problem in find(path, last.get(path))
        ]

    def _removals_of_ends(self, path: str) -> list[Write]:
        if not path.startswith("/roles/"):
            return []
        ends = _ends(path.removeprefix("/roles/"))
        return [w for end in ends for w in self.writes.get(end, []) if w.fields is None]

    def _wrong_values(self, path: str, last: Fields | None) -> Iterator[str]:
        fields = _shown(path, last) if last else {"there": GONE}
        sights = [*self.sights.get(path, []), Sight("the end", math.inf, math.inf, fields)]
        all_writes = [BEFORE, *self.writes.get(path, []), *self._removals_of_ends(path)]
        for field in ("there", *FIELDS[_collection(path)]):
            writes = [w for w in all_writes if w.writes(field)]
            wrong = (
                sight
                for sight in sights
                if field in sight.fields
                and not (sight.copy and any(_overlap(sight, write) for write in all_writes))
                and not _can_be(sight, field, writes)
            )
            for sight in itertools.islice(wrong, 1):
                seen = f"{sight.by}, {sight.sent:.4f} to {sight.ended:.4f}"
                yield f"{field} was {sight.fields[field]!r} ({seen}){_told(writes)}"

    def _wrong_numbers(self, path: str, last: Fields | None) -> Iterator[str]:
        writes, there = self.writes.get(path, []), 1 if last else 0
        made = [w for w in writes if w.creates()]
        removed = [w for w in writes if w.fields is None]
        most_made = least_made = sum(w.done for w in made)
        if path.startswith("/roles/"):
            most_made += sum(w.lost for w in made)
        least_removed = sum(w.done > 0 and w.finished for w in removed)
        most_removed = sum((w.done > 0) + w.lost for w in removed)
        most_removed += len(self._removals_of_ends(path))
        if least_made - most_removed > there or most_made - least_removed < there:
            yield (
                f"made {least_made} to {most_made} times, removed {least_removed} to"
                f" {most_removed} times, there {there} times{_told(writes)}"
            )

    def _wrong_version(self, path: str, last: Fields | None) -> Iterator[str]:
        if not last or path.startswith("/roles/"):
            return
        changes = [w for w in self.writes.get(path, []) if w.fields and not w.creates()]
        least = 1 + sum(w.done for w in changes)
        most = least + sum(w.lost for w in changes)
        if not least <= last["version"] <= most:
            yield f"version {last['version']}, not {least} to {most}{_told(changes)}"


def _told(writes: list[Write]) -> str:
    """Tell a history, for whoever looks for the fault."""
    return "".join(
        f"\n    {w.sent:.4f} to {w.ended:.4f}, {w.done} acknowledged, {w.lost} lost: {w.by},"
        f" {'removed' if w.fields is None else dict(w.fields)}"
        for w in sorted(writes, key=lambda w: w.sent)
    )


def _overlap(sight: Sight, write: Write) -> bool:
    return write.sent <= sight.ended and sight.sent <= write.ended


def _can_be(sight: Sight, field: str, writes: list[Write]) -> bool:
    value = sight.fields[field]
    before = [w for w in writes if w.done and w.ended < sight.sent]
    return any(
        not any(write.ended < later.sent for later in before)
        for write in writes
        if write.sent <= sight.ended
        and write.value(field) == value
        and not (sight.by_others and write.by == sight.by)
    )


def _collection(path: str) -> str:
    return path.split("/")[1]


def _ends(role_id: str) -> tuple[str, str]:
    movie_id, _, actor_id = role_id.partition(".")
    return f"/movies/{movie_id}", f"/actors/{actor_id}"


def _shown(path: str, shown: Mapping[str, Any]) -> Fields:
    return {"there": True, **{field: shown[field] for field in FIELDS[_collection(path)]}}
