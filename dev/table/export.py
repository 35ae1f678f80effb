"""`make export`: write all items of a table to a file.

The table is chosen as for `make verify`. FILE is new; it appears when it is complete. It has one
JSON object for each line, `{"Item": ...}` in DynamoDB's JSON, compressed with gzip. This is the
format of DynamoDB's own exports to S3, which it can import into a new table.
"""

import gzip
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from dev import machine
from dev.table.verify import choose_table

PRIVATE = 0o600  # the file has personal data


def main() -> None:
    file = requested_file()
    if file.exists():
        machine.fail(f"{file} exists already; move it, or choose another FILE")
    if not file.parent.is_dir():
        machine.fail(f"there is no folder {file.parent}; create it, or choose another FILE")
    table = choose_table()
    from botocore.exceptions import BotoCoreError, ClientError

    machine.say(f"Reading {table} ...")
    try:
        count = export(file)
    except (BotoCoreError, ClientError, OSError) as error:
        machine.fail(f"{table} could not be exported: {error}")
    machine.say(f"{file} has the {count:,} items of {table}.")


def requested_file() -> Path:
    """Return FILE. Stop if it is missing."""
    return Path(os.environ.get("FILE") or _no_file())


def _no_file() -> NoReturn:
    machine.fail("name the file, for example FILE=../casting.jsonl.gz")


def export(file: Path) -> int:
    """Write all items of the table of the settings to a new file. Return their number."""
    from dev.table import integrity

    part, count = Path(f"{file}.part"), 0
    part.unlink(missing_ok=True)
    part.touch(PRIVATE)
    try:
        with gzip.open(part, "wt", encoding="utf-8") as lines:
            for item in integrity.read(_progress):
                lines.write(json.dumps({"Item": item}, separators=(",", ":")) + "\n")
                count += 1
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count


def _progress(items: int) -> None:
    print(f"  {items:,} items", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
