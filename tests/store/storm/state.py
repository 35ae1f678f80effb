"""What all users of a storm share."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from threading import Condition, Event

from tests.store.storm.history import History
from tests.store.storm.plan import ACTORS, MOVIES, PARTS


class Statistics:
    """The numbers that a storm prints at its end."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.responses: Counter[str] = Counter()
        self.long: Counter[str] = Counter()
        self.kills = self.unanswered = self.discarded = 0
        self.seconds = 0.0

    def __str__(self) -> str:
        requests = self.responses.total() + self.unanswered
        return "\n".join(
            [
                f"operations: {self.operations.total()}: {_listed(self.operations)}",
                f"responses, including the preparation: {_listed(self.responses)}",
                f"kills: {self.kills}",
                f"requests sent again: {self.unanswered} without a response, {self.discarded} whose"
                " response was discarded",
                f"long operations: {_listed(self.long)}",
                f"{self.seconds:.0f} s, {requests / max(self.seconds, 1):.0f} requests per second",
            ]
        )


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items())) or "none"


class State:
    """The resources of a storm, its history and its statistics."""

    def __init__(self, seed: int, operations: int) -> None:
        self.seed, self.operations = seed, operations
        self.history = History()
        self.statistics = Statistics()
        self.movies, self.actors = [""] * MOVIES, [""] * ACTORS  # ids, by place
        self.parts = [[""] * PARTS for _ in range(MOVIES)]  # ids, by place
        self.recent_candidates: deque[str] = deque(maxlen=30)  # ids, as `recent` below
        self.candidates: defaultdict[str, dict[str, str]] = defaultdict(dict)
        """The last known status of each candidate by id, by the path of the part."""
        self.recent: deque[str] = deque(maxlen=40)  # ids of roles that many operations work with
        self.roles: defaultdict[str, set[str]] = defaultdict(set)  # ids, by the path of each parent
        # Of each acknowledged change: path and created_at of the resource, and its new version.
        self.versions: set[tuple[str, str, int]] = set()
        # Of each candidate that a request created: path and created_at.
        self.creations: set[tuple[str, str]] = set()
        self.changed = Condition()  # guards everything above except the history
        self.stopped = Event()

    def stop(self) -> None:
        """Stop all users, because one of them has failed."""
        with self.changed:
            self.stopped.set()
            self.changed.notify_all()

    def notify(self) -> None:
        """Let the thread that kills workers look at their operations."""
        with self.changed:
            self.changed.notify_all()

    def count(self, kind: str) -> None:
        """Count a finished operation, and print the progress."""
        with self.changed:
            self.statistics.operations[kind] += 1
            finished = self.statistics.operations.total()
            self.changed.notify_all()
        if finished % max(self.operations // 10, 1) == 0:
            print(f"{finished} of {self.operations} operations, {self.statistics.kills} kills")

    def has_finished(self, operations: int) -> bool:
        return self.statistics.operations.total() >= operations

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until this holds, or until the storm is stopped."""
        with self.changed:
            while not self.stopped.is_set() and not condition():
                self.changed.wait(0.1)

    def remember_candidate(self, candidate_id: str, status: str, is_recent: bool) -> None:
        with self.changed:
            self.candidates[_part_of(candidate_id)][candidate_id] = status
            if is_recent:
                self.recent_candidates.append(candidate_id)

    def forget_candidate(self, candidate_id: str) -> None:
        with self.changed:
            self.candidates[_part_of(candidate_id)].pop(candidate_id, None)

    def candidates_of(self, path: str) -> dict[str, str]:
        """Return the known candidates for a part, or for all parts of a movie."""
        prefix = path.replace("/movies/", "/parts/")
        with self.changed:
            return {
                candidate_id: status
                for part, candidates in self.candidates.items()
                if part.startswith(prefix)
                for candidate_id, status in candidates.items()
            }

    def remember_role(self, role_id: str, parents: tuple[str, ...]) -> None:
        with self.changed:
            self.recent.append(role_id)
            for parent in parents:
                self.roles[parent].add(role_id)

    def forget_role(self, role_id: str, parents: tuple[str, ...]) -> None:
        with self.changed:
            for parent in parents:
                self.roles[parent].discard(role_id)


def _part_of(candidate_id: str) -> str:
    """Return the path of a candidate's part."""
    return f"/parts/{candidate_id.rpartition('.')[0]}"
