"""A local DynamoDB for large tables: ministack, with two patches.

Run by the engine's interpreter, the only one that has ministack. The first argument is a file that
names the table which is used by any other name: a deployed function would have to start again for
another table. The other arguments are files of `bench/load/content.py`: a table and its items.

* A Query of ministack reads, sorts and compares the whole partition. Here it gets only the items
  from the start key on, as many as the Query may read. The cost of a Query in DynamoDB does not
  depend on the size of the partition either.
* The capacity that ministack reports for a read is the same for all sizes, and BatchGetItem reports
  none. Here it follows from the bytes that are read, as the documentation of DynamoDB says.

All callers share one account and one region.
"""

import bisect
import functools
import gc
import json
import re
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

# By name, because mypy runs without ministack.
app: Any = import_module("ministack.app")
dynamodb: Any = import_module("ministack.services.dynamodb")

Object = dict[str, Any]
Place = tuple[str, ...]
"""The sort key of an item in a partition. In an index, its primary key follows."""

READ_UNIT = 4_096  # bytes
LAST = "\U0010ffff" * 3  # sorts after every key

COMPARISON = re.compile(r"(#\w+|\w+) (=|<=|>=|<|>) (:\w+)")
BETWEEN = re.compile(r"(#\w+|\w+) BETWEEN (:\w+) AND (:\w+)")
PREFIX = re.compile(r"begins_with ?\((#\w+|\w+), ?(:\w+)\)")

NAMED = Path(sys.argv[1])
names: set[str] = set()
"""The names of the tables."""

places: dict[tuple[str, str | None, str], list[Place]] = {}
"""The places of each partition in order, by table, index and partition key."""

bytes_read = 0
"""What the last Query or Scan has read."""


def instead_of(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace a function of ministack. The new one receives the old one as its first argument."""

    def put(patch: Callable[..., Any]) -> Callable[..., Any]:
        setattr(dynamodb, name, functools.partial(patch, getattr(dynamodb, name)))
        return patch

    return put


@instead_of("_normalize_table_name")
def normalize_table_name(original: Any, name: Any) -> Any:
    name = original(name)
    return name if name in names else NAMED.read_text()


# --- Queries


def places_of(table: Object, item: Object) -> Iterable[tuple[tuple[str, str | None, str], Place]]:
    """Yield the partitions of an item, in the table and its indexes, with its places in them."""
    name, pk, sk = table["TableName"], item["pk"]["S"], item["sk"]["S"]
    yield (name, None, pk), (sk,)
    for index in table["GlobalSecondaryIndexes"]:
        ((index_pk,), (index_sk,)) = dynamodb._index_key_lists(index)
        if index_pk in item and index_sk in item:
            place = item[index_sk]["S"], pk, sk
            yield (name, index["IndexName"], item[index_pk]["S"]), place


@instead_of("_set_item")
def set_item(original: Any, table: Object, pk: str, sk: str, item: Object) -> Any:
    old = original(table, pk, sk, item)
    forget(table, old)
    for partition, place in places_of(table, item):
        bisect.insort(places.setdefault(partition, []), place)
    return old


@instead_of("_remove_item")
def remove_item(original: Any, table: Object, pk: str, sk: str) -> Any:
    old = original(table, pk, sk)
    forget(table, old)
    return old


def forget(table: Object, old: Object | None) -> None:
    """Remove an item that has been replaced or deleted from its partitions."""
    for partition, place in places_of(table, old) if old else ():
        known = places[partition]
        del known[bisect.bisect_left(known, place)]


@instead_of("_query")
def query(original: Any, request: Object) -> Any:
    tables, name = dynamodb._tables, dynamodb._normalize_table_name(request["TableName"])
    # Requests are answered one after another, in one thread.
    dynamodb._tables = {name: narrowed(tables[name], request)}
    try:
        return original(request)
    finally:
        dynamodb._tables = tables


def narrowed(table: Object, request: Object) -> Object:
    """Return the table with only the items that a Query reads."""
    index_name = request.get("IndexName")
    partition, low, high = bounds(request, f"{index_name or ''}pk")
    known = places.get((table["TableName"], index_name, partition), [])
    start, end = bisect.bisect_left(known, low), bisect.bisect_left(known, high)
    limit = request.get("Limit") or len(known)
    cursor = request.get("ExclusiveStartKey")
    if request.get("ScanIndexForward", True):
        if cursor:
            start = max(start, bisect.bisect_right(known, place_at(cursor, index_name)))
        end = min(end, start + limit)
    else:
        if cursor:
            end = min(end, bisect.bisect_left(known, place_at(cursor, index_name)))
        start = max(start, end - limit)
    keys = [place[1:] if index_name else (partition, place[0]) for place in known[start:end]]
    items: dict[str, dict[str, Object]] = {}
    for pk, sk in keys:
        items.setdefault(pk, {})[sk] = table["items"][pk][sk]
    members = {index_name: {partition: dict.fromkeys(keys)}} if index_name else {}
    return {**table, "items": items, dynamodb._INDEX_MEMBERS: members}


def place_at(cursor: Object, index_name: str | None) -> Place:
    """Return the place of a start key."""
    names = ("sk",) if index_name is None else (f"{index_name}sk", "pk", "sk")
    return tuple(cursor[name]["S"] for name in names)


def bounds(request: Object, pk_name: str) -> tuple[str, Place, Place]:
    """Return the partition of a Query, and the places from which and before which it reads."""
    condition = request["KeyConditionExpression"]
    names = request.get("ExpressionAttributeNames", {})
    values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
    partition, low, high = "", "", LAST
    for name, operator, value in COMPARISON.findall(condition):
        text = values[value]
        if names.get(name, name) == pk_name:
            partition = text
            continue
        if operator in (">", ">=", "="):
            low = after(text) if operator == ">" else text
        if operator in ("<", "<=", "="):
            high = text if operator == "<" else after(text)
    for _, first, last in BETWEEN.findall(condition):
        low, high = values[first], after(values[last])
    for _, prefix in PREFIX.findall(condition):
        low, high = values[prefix], values[prefix] + LAST
    return partition, (low,), (high,)


def after(text: str) -> str:
    """Return the first text that sorts after another one."""
    return text + "\0"


# --- Capacity


@instead_of("_paginate_evaluated_items")
def paginate(original: Any, items: list[Object], *options: Any) -> Any:
    global bytes_read  # requests are answered one after another
    page, has_more = original(items, *options)
    bytes_read = sum(map(dynamodb._item_size_bytes, page))
    return page, has_more


@instead_of("_add_consumed_capacity")
def add_consumed_capacity(
    original: Any, result: Object, request: Object, *names: Any, **options: Any
) -> None:
    original(result, request, *names, **options)
    if "ConsumedCapacity" in result and not options.get("write"):
        is_query = "ScannedCount" in result
        size = bytes_read if is_query else dynamodb._item_size_bytes(result.get("Item", {}))
        units = read_units(size, request.get("ConsistentRead", False))
        result["ConsumedCapacity"]["CapacityUnits"] = units


@instead_of("_batch_get_item")
def batch_get_item(original: Any, request: Object) -> Any:
    status, headers, body = original(request)
    if status != 200 or request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return status, headers, body
    result = json.loads(body)
    result["ConsumedCapacity"] = []
    for name, wanted in request["RequestItems"].items():
        items = result["Responses"][name]
        sizes = [dynamodb._item_size_bytes(item) for item in items]
        sizes += [0] * (len(wanted["Keys"]) - len(items))  # missing items cost a unit, too
        units = sum(read_units(size, wanted.get("ConsistentRead", False)) for size in sizes)
        result["ConsumedCapacity"].append({"TableName": name, "CapacityUnits": units})
    return dynamodb.json_response(result)


def read_units(size: int, is_consistent: bool) -> float:
    """Return the read units of this many bytes."""
    return max(1, -(-size // READ_UNIT)) * (1.0 if is_consistent else 0.5)


# --- Start


def fill(file: str) -> None:
    """Create the table of a file, and add its items."""
    with open(file, encoding="utf-8") as lines:
        request = json.loads(next(lines))
        names.add(request["TableName"])
        dynamodb._create_table(request)
        table = dynamodb._tables[request["TableName"]]
        for line in lines:
            for item in items_of(json.loads(line)):
                pk, sk = item["pk"]["S"], item["sk"]["S"]
                table["items"].setdefault(pk, {})[sk] = item
                for partition, place in places_of(table, item):
                    places.setdefault(partition, []).append(place)
        dynamodb._update_counts(table)
    for known in places.values():
        known.sort()


def items_of(line: Object) -> Iterable[Object]:
    """Yield an item and its entries in the index, which differ only in their keys."""
    yield line["item"]
    for pk, sk in line.get("keys", ()):
        yield {**line["card"], "pk": {"S": pk}, "sk": {"S": sk}}


if __name__ == "__main__":
    app.set_request_region = lambda _: None
    gc.disable()
    for file in sys.argv[2:]:
        fill(file)
    # The items stay. Without this, the garbage collector would visit them again and again.
    gc.freeze()
    gc.enable()
    sys.argv[1:] = []
    app.main()
