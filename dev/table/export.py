"""`make export`: write all items of a table to a file.

The table is chosen as for `make verify`. FILE is new; it appears when it is complete. It has one
JSON object for each line, `{"Item": ...}` in DynamoDB's JSON, compressed with gzip. This is the
format of DynamoDB's own exports to S3, which it can import into a new table.
"""

import contextlib
import fcntl
import glob
import gzip
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from dev import machine
from dev.table.verify import choose_table


def main() -> None:
    file = requested_file()
    with contextlib.ExitStack() as stack:
        try:
            _refuse_existing(file)
            part = stack.enter_context(_part(file))
        except OSError as error:
            machine.fail(f"{file} cannot be written ({error.strerror}); choose another FILE")
        table = choose_table()
        from botocore.exceptions import BotoCoreError, ClientError

        machine.say(f"Reading {table} ...")
        try:
            count = export(part)
            _refuse_existing(file)  # of another export that ended first
            os.rename(part.name, file)
        except (BotoCoreError, ClientError, OSError) as error:
            machine.fail(f"{table} could not be exported: {error}")
    machine.say(f"{file} has the {count:,} items of {table}.")


def requested_file() -> Path:
    """Return FILE. Stop if it is missing."""
    return Path(os.environ.get("FILE") or _no_file())


def _no_file() -> NoReturn:
    machine.fail("name the file, for example FILE=../casting.jsonl.gz")


def _refuse_existing(file: Path) -> None:
    if file.exists():
        machine.fail(f"{file} exists already; move it, or choose another FILE")


@contextlib.contextmanager
def _part(file: Path) -> Iterator[IO[bytes]]:
    """Open a new file beside FILE that only its owner can read. Remove it at the end.

    Its lock shows that it is in use. Remove the files of exports that were killed, but not an empty
    one: it may be of an export that has not locked it yet.
    """
    for leftover in file.parent.glob(f"{glob.escape(file.name)}.*.part"):
        with (
            contextlib.suppress(BlockingIOError, FileNotFoundError),
            leftover.open("rb") as content,
        ):
            fcntl.flock(content, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if leftover.stat().st_size:
                leftover.unlink()
    with tempfile.NamedTemporaryFile(
        dir=file.parent, prefix=f"{file.name}.", suffix=".part", delete=False
    ) as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        try:
            yield part
        finally:
            Path(part.name).unlink(missing_ok=True)


def export(part: IO[bytes]) -> int:
    """Write all items of the table of the settings to a file. Return their number."""
    from dev.table import integrity

    count = 0
    with gzip.open(part, "wt", encoding="utf-8") as lines:
        for item in integrity.read(_progress):
            lines.write(json.dumps({"Item": item}, separators=(",", ":")) + "\n")
            count += 1
    part.flush()
    return count


def _progress(items: int) -> None:
    print(f"  {items:,} items", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
