"""A model check: the real store on an engine that does whatever DynamoDB may do.

The engine promises only what DynamoDB promises. A transaction is atomic for transactional reads and
writes. Queries and single reads see it item by item, and a write that meets it in progress gets a
conflict. Another operation may run between any two steps, and an operation may end before any of
its requests. The final state, and the result of each operation, must be those of a serial
execution.
"""

import contextlib
import itertools
import multiprocessing
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple

import greenlet
import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import CancellationReason, VerboseClientError

import tests.conftest  # noqa: F401 -- sets the environment variables of the settings

# isort: split
from chalicelib.errors import ApiError, TryAgain
from chalicelib.store import actors, dynamodb, links, movies, roles, table
from chalicelib.store.table import Replay
from dev.table.integrity import problems

Key = tuple[str, str]
Raw = dict[str, dict[str, str]]
State = dict[Key, Raw]
Test = Callable[[Raw, dict[str, Any]], bool]
Dispatch = Callable[[str, dict[str, Any]], dict[str, Any]]


class Mutant(NamedTuple):
    """A condition that is removed: on this attribute, in an operation's writes of these items."""

    operation: str
    action: str
    sk: str
    attribute: str


# --- The engine


@dataclass
class Commit:
    """A transaction that is committed, and becomes visible item by item."""

    invisible: list[tuple[Key, Raw | None]]
    speed: float = 1

    @property
    def done(self) -> bool:
        return not self.invisible


class Engine:
    def __init__(self, items: State) -> None:
        self.items = dict(items)
        self.locked: dict[Key, Commit] = {}
        self.commits: list[Commit] = []
        self.mutant: Mutant | None = None
        self.operation = ""
        self.dispatch: Dispatch = self.alone

    def alone(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request while nothing else is in progress."""
        answer = self.send(name, request)
        if not isinstance(answer, Commit):
            return answer
        while not answer.done:
            self.show_one(answer, 0)
        return {}

    def show_one(self, commit: Commit, number: int) -> None:
        """Make one more item of a transaction visible."""
        key, item = commit.invisible.pop(number)
        self.write(key, item)
        del self.locked[key]
        if commit.done:
            self.commits.remove(commit)

    def write(self, key: Key, item: Raw | None) -> None:
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item

    def send(self, name: str, request: dict[str, Any]) -> dict[str, Any] | Commit:
        if name == "TransactWriteItems":
            return self.transact(request["TransactItems"])
        answer: dict[str, Any] = getattr(self, f"on_{name}")(request)
        return answer

    def on_GetItem(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 -- DynamoDB's
        item = self.items.get(key(request["Key"]))
        return {"Item": item} if item else {}

    def on_BatchGetItem(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        ((name, requested),) = request["RequestItems"].items()
        keys = [key(raw_key) for raw_key in requested["Keys"]]
        return {"Responses": {name: [self.items[key] for key in keys if key in self.items]}}

    def on_TransactGetItems(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        keys = [key(get["Get"]["Key"]) for get in request["TransactItems"]]
        self.refuse_locked(keys)
        items = [self.items.get(key) for key in keys]
        return {"Responses": [{"Item": item} if item else {} for item in items]}

    def on_Query(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 -- DynamoDB's
        pk = request["ExpressionAttributeValues"][":0"]["S"]
        assert request["KeyConditionExpression"] == "#0 = :0"
        after = request.get("ExclusiveStartKey", {}).get("sk", {}).get("S", "")
        keys = sorted(key for key in self.items if key[0] == pk and key[1] > after)
        items = [self.items[key] for key in keys[: request["Limit"]]]
        return {"Items": items, "Count": len(items), "ScannedCount": len(items)}

    def on_PutItem(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self.write_one("Put", request)

    def on_UpdateItem(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self.write_one("Update", request)

    def write_one(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        written = key(request.get("Key") or request["Item"])
        if written in self.locked:
            raise _refusal("TransactionConflictException")
        if not self.holds(action, written, request):
            raise _refusal("ConditionalCheckFailedException", item=self.items.get(written))
        self.write(written, self.written(action, written, request))
        return {"Attributes": self.items[written]}

    def transact(self, actions: list[dict[str, Any]]) -> Commit:
        steps = [(*action.popitem(),) for action in map(dict, actions)]
        keys = [key(request.get("Key") or request["Item"]) for _, request in steps]
        assert len(set(keys)) == len(keys) <= dynamodb.MAX_ACTIONS
        self.refuse_locked(keys)
        reasons = [
            None
            if self.holds(action, key, request)
            else CancellationReason("ConditionalCheckFailed", None, self.items.get(key))
            for (action, request), key in zip(steps, keys, strict=True)
        ]
        if any(reasons):
            raise _refusal("TransactionCanceledException", reasons)
        commit = Commit(
            [
                (key, self.written(action, key, request))
                for (action, request), key in zip(steps, keys, strict=True)
                if action != "ConditionCheck"
            ]
        )
        self.locked |= {key: commit for key, _ in commit.invisible}
        self.commits.append(commit)
        return commit

    def refuse_locked(self, keys: list[Key]) -> None:
        if any(key in self.locked for key in keys):
            conflict = CancellationReason("TransactionConflict")
            reasons = [conflict if key in self.locked else None for key in keys]
            raise _refusal("TransactionCanceledException", reasons)

    def holds(self, action: str, key: Key, request: dict[str, Any]) -> bool:
        without = ""
        if (
            self.mutant
            and (self.mutant.operation, self.mutant.action) == (self.operation, action)
            and key[1].startswith(self.mutant.sk)
        ):
            without = self.mutant.attribute
        names = request["ExpressionAttributeNames"]
        test = _condition(request["ConditionExpression"], tuple(names.values()), without)
        return test(self.items.get(key, {}), request.get("ExpressionAttributeValues", {}))

    def written(self, action: str, key: Key, request: dict[str, Any]) -> Raw | None:
        if action == "Delete":
            return None
        if action == "Put":
            return dict(request["Item"])
        return _updated({**self.items.get(key, {}), **request["Key"]}, request)


def key(key: Raw) -> Key:
    return key["pk"]["S"], key["sk"]["S"]


def _refusal(
    code: str, reasons: Sequence[CancellationReason | None] = (), item: Raw | None = None
) -> Exception:
    error = {"Error": {"Code": code, "Message": ""}, "Item": item}
    refusal = VerboseClientError(error, "", {}, cancellation_reasons=reasons)
    refusal.__cause__ = ClientError(error, "")
    return refusal


def _updated(item: Raw, request: dict[str, Any]) -> Raw:
    names = request["ExpressionAttributeNames"]
    values = request["ExpressionAttributeValues"]
    for clause, first, second in _clauses(request["UpdateExpression"]):
        name = names[first]
        if clause == "SET":
            item[name] = values[second]
        elif clause == "REMOVE":
            item.pop(name, None)
        else:
            number = int(item.get(name, {}).get("N", "0")) + int(values[second]["N"])
            item[name] = {"N": str(number)}
    return item


@cache
def _clauses(expression: str) -> list[tuple[str, str, str]]:
    """Return the clauses of an UpdateExpression as PynamoDB writes it: SET, REMOVE, ADD."""
    clauses = []
    for clause, text in re.findall(r"(SET|REMOVE|ADD) ([^A-Z]+)", expression):
        for action in text.strip().split(", "):
            first, _, second = action.replace(" = ", " ").partition(" ")
            clauses.append((clause, first, second))
    return clauses


@cache
def _condition(expression: str, names: tuple[str, ...], without: str) -> Test:
    """Compile a ConditionExpression as PynamoDB writes it, without the checks of one attribute."""
    tokens = re.findall(r"[A-Za-z_]+|[#:]\d+|<>|[<>]=?|[=(),]", expression)
    place = iter(tokens)
    test = _parse(place, next(place), names, without)
    assert next(place, None) is None, expression
    return test


def _parse(tokens: Iterator[str], token: str, names: tuple[str, ...], without: str) -> Test:
    if token == "(":
        left = _parse(tokens, next(tokens), names, without)
        operator = next(tokens)
        right = _parse(tokens, next(tokens), names, without)
        assert next(tokens) == ")"
        if operator == "AND":
            return lambda item, values: left(item, values) and right(item, values)
        assert operator == "OR"
        return lambda item, values: left(item, values) or right(item, values)
    if token in ("attribute_exists", "attribute_not_exists"):
        _, name, _ = next(tokens), names[int(next(tokens)[1:])], next(tokens)
        if name == without:
            return lambda *_: True
        must_exist = token == "attribute_exists"
        return lambda item, _: (name in item) == must_exist
    name, operator = names[int(token[1:])], next(tokens)
    if operator == "IN":
        assert next(tokens) == "("
        operands = [t for t in itertools.takewhile(lambda t: t != ")", tokens) if t != ","]
    else:
        operands = [next(tokens)]
        assert operator in ("=", "<>")
    if name == without:
        return lambda *_: True
    must_match = operator != "<>"
    return lambda item, values: (
        (item.get(name) in [values[value] for value in operands]) == must_match
    )


# --- The operations


M1, M2, M3, A1, A2, A3 = (name * 8 for name in ("M1", "M2", "M3", "A1", "A2", "A3"))
NEW = "N" * 16
NOW = "2026-01-01T00:00:00.000000Z"

Operation = Callable[[], object]

OPERATIONS: dict[str, Operation] = {
    "cast": lambda: roles.add(M1, A3),
    "cast with a key": lambda: roles.add(M1, A3, Replay(NEW, "x"), billing_order=1),
    "cast the actor": lambda: roles.add(M3, A1, billing_order=2),
    "add with a key": lambda: movies.add(Replay(NEW, "x"), title="New", release_date="2001-01-01"),
    "add another with the key": lambda: movies.add(
        Replay(NEW, "y"), title="X", release_date="2002-01-01"
    ),
    "change the role": lambda: roles.change(f"{M1}.{A1}", {"billing_order": 7}, None),
    "remove the role": lambda: roles.remove(f"{M1}.{A1}", None),
    "edit the actor": lambda: actors.change(A1, {"gender": "male"}, None)[1],
    "edit the actor's version": lambda: actors.change(A1, {"age": 9}, frozenset({1}))[1],
    "rename the actor": lambda: actors.change(A1, {"name": "Zoe"}, None)[1],
    "rename the movie": lambda: movies.change(M1, {"title": "Zulu"}, None)[1],
    "date the movie": lambda: movies.change(M1, {"release_date": "1964-01-22"}, None)[1],
    "rename the movie back": lambda: movies.change(M1, {"title": "Movie"}, None)[1],
    "delete the movie": lambda: movies.remove(M1, None),
    "delete the actor": lambda: actors.remove(A1, None),
}
"""Operations on three movies and three actors. A1 plays in M1 and M2, A2 in M1, nobody in M3."""

ON_FAMILIES = [name for name in OPERATIONS if re.match("rename|date|delete", name)]
"""Operations whose steps depend on how many roles fit into one transaction."""

PAIRS = [
    (few, pair)
    for few in (True, False)
    for pair in itertools.combinations_with_replacement(OPERATIONS, 2)
    if not few or not set(pair).isdisjoint(ON_FAMILIES)
]
"""Whether a transaction holds only one role, and the two operations."""


@contextmanager
def world(few: bool = False) -> Iterator[Engine]:
    """Run the store on an engine with the movies, actors and roles of the operations."""
    engine = Engine({})
    with store_on(lambda name, request: engine.dispatch(name, request), few):
        yield engine


@contextmanager
def store_on(dispatch: Dispatch, few: bool) -> Iterator[None]:
    """Send the store's requests to this function, and add the movies, actors and roles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "now", lambda: NOW)
        patch.setattr(dynamodb, "pause", lambda _: None)
        patch.setattr(dynamodb, "_watch_client", lambda: None)
        patch.setattr(table.connection.connection, "dispatch", dispatch)
        for movie_id in (M1, M2, M3):
            movies.add(Replay(movie_id, ""), title="Movie", release_date="2000-01-01")
        for actor_id in (A1, A2, A3):
            actors.add(Replay(actor_id, ""), name="Actor", gender="other", age=1)
        for movie_id, actor_id in ((M1, A1), (M1, A2), (M2, A1)):
            roles.add(movie_id, actor_id)
        if few:
            patch.setattr(links, "REMOVED", 1)
            patch.setattr(links, "RENAMED", 1)
        yield


def result_of(operation: Operation) -> str:
    """Run an operation. Return its result: done, unfinished, or the name of an error."""
    try:
        remaining = operation()
    except TryAgain:
        return "unfinished"
    except ApiError as error:
        return type(error).__name__
    return "unfinished" if isinstance(remaining, int) and remaining else "done"


# --- The schedules


MOST_STEPS = 16  # of an operation that nothing conflicts with
SPEEDS = (1, 1, 0.05)  # some are so slow that all others overtake them


class Killed(BaseException):
    """The function ends here."""


@dataclass
class Task:
    """An operation in progress, one request after the other."""

    name: str
    speed: float
    dies_at: int | None = None
    steps: int = 0
    waits_for: Commit | None = None
    result: str = "killed"
    process: greenlet.greenlet = field(init=False)

    def start(self) -> None:
        self.process = greenlet.greenlet(self._run)

    def _run(self) -> None:
        with contextlib.suppress(Killed):
            self.result = result_of(OPERATIONS[self.name])

    @property
    def ready(self) -> bool:
        return not self.process.dead and (self.waits_for is None or self.waits_for.done)

    def step(self) -> None:
        if self.steps == self.dies_at:
            self.process.throw(Killed)
        else:
            self.steps += 1
            self.process.switch()


def schedule(engine: Engine, names: Sequence[str], chance: random.Random) -> list[Task]:
    """Run operations at once, in some order of their steps. One or none of them dies."""
    tasks = [Task(name, chance.choice(SPEEDS)) for name in names]
    if chance.random() < 0.5:
        chance.choice(tasks).dies_at = chance.randrange(1, MOST_STEPS)
    scheduler = greenlet.getcurrent()
    by_process: dict[greenlet.greenlet, Task] = {}

    def dispatch(name: str, request: dict[str, Any]) -> dict[str, Any]:
        task = by_process[greenlet.getcurrent()]
        scheduler.switch()
        engine.operation = task.name
        answer = engine.send(name, request)
        if not isinstance(answer, Commit):
            return answer
        task.waits_for = answer
        answer.speed = chance.choice(SPEEDS)
        scheduler.switch()
        return {}

    engine.dispatch = dispatch
    for task in tasks:
        task.start()
        by_process[task.process] = task
        task.step()
    while True:
        ready: list[Commit | Task] = [*engine.commits, *(task for task in tasks if task.ready)]
        if not ready:
            return tasks
        (chosen,) = chance.choices(ready, [candidate.speed for candidate in ready])
        if isinstance(chosen, Commit):
            engine.show_one(chosen, chance.randrange(len(chosen.invisible)))
        else:
            chosen.step()


# --- What must hold


def seen(engine: Engine) -> State:
    """Return what is visible of the items at the end."""
    return {key: unmarked(item) for key, item in engine.items.items()}


def unmarked(item: Raw) -> Raw:
    """Remove the mark of the last UpdateItem, which is random."""
    return {name: value for name, value in item.items() if name != "last_write"}


@dataclass
class Check:
    """Two operations at once, compared with their serial execution."""

    few: bool
    names: tuple[str, str]
    mutant: Mutant | None = None
    orders: dict[tuple[str, ...], tuple[list[str], State]] = field(default_factory=dict)

    def run(self, schedules: int, seed: int) -> Iterator[str]:
        """Try random schedules. Return the failures."""
        with world(self.few) as engine:
            self.start, self.engine = dict(engine.items), engine
            for number in range(schedules):
                if failure := self.run_one(random.Random(f"{seed} {self.names} {number}")):  # noqa: S311
                    yield f"{' | '.join(self.names)}, few={self.few}, {seed=}, {number=}: {failure}"

    def run_one(self, chance: random.Random) -> str | None:
        """Run one random schedule. Return its failure, or None."""
        engine = self.engine
        engine.items, engine.mutant = dict(self.start), self.mutant
        try:
            tasks = schedule(engine, self.names, chance)
            engine.operation = ""
            if failure := self.failure_while_unfinished(tasks):
                return failure
            # Unfinished operations are repeated, as their callers would do.
            engine.dispatch = engine.alone
            again = [t.name for t in tasks if t.result in ("killed", "unfinished")]
            for name in again:
                if result_of(OPERATIONS[name]) == "unfinished":
                    return f"{name} cannot be finished"
        except Exception as error:
            return repr(error)
        return self.unlike_any_order(tasks, again)

    def failure_while_unfinished(self, tasks: list[Task]) -> str | None:
        """Return the problems of an unfinished state, if unfinished work does not explain them."""
        if all(task.result not in ("killed", "unfinished") for task in tasks):
            return None
        unexplained = _problems(
            frozenset((k, repr(i)) for k, i in seen(self.engine).items()), self.engine
        )
        return f"before it is finished: {unexplained}" if unexplained else None

    def unlike_any_order(self, tasks: list[Task], again: list[str]) -> str | None:
        """Return a failure if no serial execution has the same results and the same state."""
        state = seen(self.engine)
        results = [(task.name, task.result) for task in tasks if task.name not in again]
        ended = [task.name for task in tasks]
        orders = set(itertools.permutations(ended))
        for name in again:
            rest = list(ended)
            rest.remove(name)
            orders |= {tuple(rest)}
        for order in orders:
            serial_results, serial_state = self.in_order((*order, *again))
            pairs = list(zip(order, serial_results, strict=False))
            if serial_state == state and all(pair in pairs for pair in results):
                return None
        return f"{results}, {[(t.name, t.result, t.steps, t.dies_at) for t in tasks]} leave {state}"

    def in_order(self, order: tuple[str, ...]) -> tuple[list[str], State]:
        """Run operations one after the other. Return their results and the final state."""
        if order not in self.orders:
            engine, items = self.engine, self.engine.items
            engine.items, engine.operation = dict(self.start), ""
            results = [result_of(OPERATIONS[name]) for name in order]
            assert problems(engine.items.values()) == [], order
            self.orders[order] = results, seen(engine)
            engine.items = items
        return self.orders[order]


_checked: dict[frozenset[tuple[Key, str]], str] = {}


def _problems(state: frozenset[tuple[Key, str]], engine: Engine) -> str:
    """Return the problems of a state that unfinished work does not explain."""
    if state not in _checked:
        worse = [p for p in problems(engine.items.values()) if p.kind not in ("stale", "stuck")]
        _checked[state] = str(worse) if worse else ""
    return _checked[state]


def _failures(pair: tuple[bool, tuple[str, str]], schedules: int, seed: int) -> list[str]:
    return list(Check(*pair).run(schedules, seed))


def main() -> None:
    schedules = int(os.environ.get("SCHEDULES") or 20_000)
    seed = int(os.environ.get("SEED") or 1)
    began, total = time.monotonic(), 0
    with multiprocessing.Pool() as pool:
        for number, failures in enumerate(
            pool.imap(partial(_failures, schedules=schedules, seed=seed), PAIRS), 1
        ):
            total += len(failures)
            few, names = PAIRS[number - 1]
            pair = f"{' | '.join(names)}{', few roles per transaction' if few else ''}"
            line = f"{number} of {len(PAIRS)}: {pair}: {len(failures)} failures"
            print(line, *failures[:3], sep="\n  ")
    print(
        f"{len(PAIRS)} pairs of operations, {schedules:,} schedules of each (seed {seed}):"
        f" {total} failures, in {time.monotonic() - began:.0f} s"
    )
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
