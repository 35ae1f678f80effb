"""`make import`: write the items of a file of `make export` to an empty table.

The table is chosen as for `make verify`, and exists already. After an interruption, run it again
with CONFIRM: items with the same keys are written again.
"""

import gzip
import itertools
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dev import machine
from dev.table.export import requested_file
from dev.table.verify import choose_table

BATCH = 25  # items of a BatchWriteItem (DynamoDB)
REPORT = 10_000  # items between two reports


def main() -> None:
    file = requested_file()
    total = _count(file)
    choose_table()
    from botocore.exceptions import BotoCoreError, ClientError

    name = os.environ["TABLE_NAME"]
    try:
        if os.environ.get("CONFIRM") != name and not is_empty():
            machine.fail(
                f"{name} has items, and those with the same keys would be replaced; to continue an"
                f" interrupted import, add CONFIRM={name}"
            )
        load(file)
    except (BotoCoreError, ClientError) as error:
        machine.fail(f"the items could not be written; run it again with CONFIRM={name}: {error}")
    machine.say(f"{total:,} items are in {name}. Check them: make verify TABLE_NAME={name}")


def _count(file: Path) -> int:
    """Return the number of items in a file. Stop if it is not complete."""
    try:
        return sum(1 for _ in _items(file))
    except OSError as error:
        machine.fail(f"{file} cannot be read: {error.strerror or error}")
    except (EOFError, KeyError, TypeError, ValueError, zlib.error):
        machine.fail(f"{file} is not a complete file of make export")


def _items(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            item: dict[str, Any] = json.loads(line)["Item"]
            if not (item["pk"]["S"] and item["sk"]["S"]):
                raise ValueError("an item has no key")
            yield item


def is_empty() -> bool:
    """Return whether the table of the settings has no items but the note of `make deploy`."""
    from chalicelib.settings import TABLE_NAME
    from chalicelib.store import entries, table

    client = table.connection.connection.client
    items = client.scan(TableName=TABLE_NAME, Limit=2, ConsistentRead=True)["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]) for item in items} <= {entries.INDEX}


def load(file: Path) -> None:
    """Write the items of a file to the table of the settings."""
    from chalicelib.settings import TABLE_NAME
    from chalicelib.store import dynamodb, table

    client: Any = table.connection.connection.client
    items, done = _items(file), 0
    while batch := list(itertools.islice(items, BATCH)):
        requests: Any = {TABLE_NAME: [{"PutRequest": {"Item": item}} for item in batch]}
        for attempt in itertools.count(1):
            requests = client.batch_write_item(RequestItems=requests).get("UnprocessedItems")
            if not requests:
                break
            dynamodb.pause(min(attempt, 8))
        done += len(batch)
        if done % REPORT < BATCH:
            machine.say(f"  {done:,} items")


if __name__ == "__main__":
    main()
