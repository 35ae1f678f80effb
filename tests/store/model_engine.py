"""The engine of the model check: it does whatever DynamoDB may do."""

import itertools
import operator
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

import tests.conftest  # noqa: F401 -- sets the environment variables of the settings

# isort: split
from chalicelib.store import dynamodb

Key = tuple[str, str]
Raw = dict[str, dict[str, Any]]
State = dict[Key, Raw]
Test = Callable[[Raw, dict[str, Any]], bool]
Dispatch = Callable[[str, dict[str, Any]], dict[str, Any]]

HOLDS = {"Code": "None"}
"""The reason of an action that did not cancel its transaction."""


class Mutant(NamedTuple):
    """A condition that is removed: on this attribute, in an operation's writes of these items."""

    operation: str
    action: str
    sk: str
    attribute: str
    pk: str = ""


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
        self.steps = 0
        self.lag: random.Random | None = None  # by which the indexes show older versions
        self.older: dict[Key, list[Raw | None]] = {}

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
        if self.lag:
            self.older.setdefault(key, []).append(self.items.get(key))
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item

    def send(self, name: str, request: dict[str, Any]) -> dict[str, Any] | Commit:
        self.steps += 2 if name == "TransactWriteItems" else 1
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
        index = request.get("IndexName", "")
        keys = [f"{index}sk", f"{index}pk", "sk", "pk"] if index else ["sk", "pk"]
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        test = _condition(request["KeyConditionExpression"], tuple(names.values()), "")
        # An index has only the items that have both of its keys.
        found = {
            tuple(item[key]["S"] for key in keys): item
            for item in (self.shown_by_an_index() if index else self.items.values())
            if keys[0] in item and test(item, values)
        }
        is_beyond = operator.gt if request.get("ScanIndexForward", True) else operator.lt
        places = sorted(found, reverse=is_beyond is operator.lt)
        if start := request.get("ExclusiveStartKey"):
            after = tuple(start[key]["S"] for key in keys)
            places = [place for place in places if is_beyond(place, after)]
        scanned = [found[place] for place in places[: request["Limit"]]]
        matches = _condition(request.get("FilterExpression", ""), tuple(names.values()), "")
        items = [item for item in scanned if matches(item, values)]
        answer = {"Items": items, "Count": len(items), "ScannedCount": len(scanned)}
        if len(scanned) == request["Limit"]:
            answer["LastEvaluatedKey"] = {key: scanned[-1][key] for key in keys}
        return answer

    def shown_by_an_index(self) -> Iterable[Raw]:
        """Return what an index may show: some items as they were before."""
        if self.lag is None or self.lag.random() < 0.5:
            return self.items.values()
        keys = dict.fromkeys([*self.items, *self.older])
        versions = ([self.items.get(key), *self.older.get(key, ())] for key in keys)
        return [item for of_key in versions if (item := self.lag.choice(of_key))]

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
            HOLDS
            if self.holds(action, key, request)
            else {"Code": "ConditionalCheckFailed", "Item": self.items.get(key)}
            for (action, request), key in zip(steps, keys, strict=True)
        ]
        if any(reason != HOLDS for reason in reasons):
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
            conflict = {"Code": "TransactionConflict"}
            reasons = [conflict if key in self.locked else HOLDS for key in keys]
            raise _refusal("TransactionCanceledException", reasons)

    def holds(self, action: str, key: Key, request: dict[str, Any]) -> bool:
        without = ""
        if (
            self.mutant
            and self.mutant.operation == self.operation
            and self.mutant.action in ("", action)
            and key[0].startswith(self.mutant.pk)
            and key[1].startswith(self.mutant.sk)
        ):
            without = self.mutant.attribute
        names = request.get("ExpressionAttributeNames", {})
        test = _condition(request.get("ConditionExpression", ""), tuple(names.values()), without)
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
    code: str, reasons: Sequence[Mapping[str, Any]] = (), item: Raw | None = None
) -> ClientError:
    error = {"Error": {"Code": code, "Message": ""}, "Item": item}
    return ClientError({**error, "CancellationReasons": list(reasons)}, "")


def _updated(item: Raw, request: dict[str, Any]) -> Raw:
    names = request["ExpressionAttributeNames"]
    values = request["ExpressionAttributeValues"]
    clauses = _clauses(request["UpdateExpression"])
    assert len({names[first] for _, first, _ in clauses}) == len(clauses)  # no path twice
    for clause, first, second in clauses:
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
    if not expression:
        return lambda *_: True
    tokens = re.findall(r"[A-Za-z_]+|[#:]\d+|<>|[<>]=?|[=(),]", expression)
    place = iter(tokens)
    test = _parse(place, next(place), names, without)
    assert next(place, None) is None, expression
    return test


def _parse(tokens: Iterator[str], token: str, names: tuple[str, ...], without: str) -> Test:
    if token == "(":
        left = _parse(tokens, next(tokens), names, without)
        junction = next(tokens)
        right = _parse(tokens, next(tokens), names, without)
        assert next(tokens) == ")"
        if junction == "AND":
            return lambda item, values: left(item, values) and right(item, values)
        assert junction == "OR"
        return lambda item, values: left(item, values) or right(item, values)
    if token in ("attribute_exists", "attribute_not_exists"):
        _, name, _ = next(tokens), names[int(next(tokens)[1:])], next(tokens)
        if name == without:
            return lambda *_: True
        must_exist = token == "attribute_exists"
        return lambda item, _: (name in item) == must_exist
    if token == "begins_with":
        _, path, _, prefix, _ = (next(tokens) for _ in range(5))
        name = names[int(path[1:])]
        return lambda item, values: (
            name in item and (item[name]["S"].startswith(values[prefix]["S"]))
        )
    if token == "contains":
        _, path, _, part, _ = (next(tokens) for _ in range(5))
        contained = names[int(path[1:])]
        # A text contains a part of it, and a set one of its members.
        return lambda item, values: any(
            values[part]["S"] in value for value in item.get(contained, {}).values()
        )
    name, comparison = names[int(token[1:])], next(tokens)
    if comparison == "BETWEEN":
        low, _, high = (next(tokens) for _ in range(3))
        return lambda item, values: (
            name in item and values[low]["S"] <= item[name]["S"] <= values[high]["S"]
        )
    if comparison == "IN":
        assert next(tokens) == "("
        operands = [t for t in itertools.takewhile(lambda t: t != ")", tokens) if t != ","]
    else:
        operands = [next(tokens)]
    if name == without:
        return lambda *_: True
    if comparison in _INEQUALITIES:
        holds, (operand,) = _INEQUALITIES[comparison], operands
        return lambda item, values: (
            name in item
            and item[name].keys() == values[operand].keys()
            and holds(_comparable(item[name]), _comparable(values[operand]))
        )
    assert comparison in ("IN", "=", "<>")
    must_match = comparison != "<>"
    return lambda item, values: (
        (item.get(name) in [values[value] for value in operands]) == must_match
    )


_INEQUALITIES: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _comparable(value: dict[str, Any]) -> int | str:
    return int(value["N"]) if "N" in value else str(value["S"])
