"""`make verify`: check the integrity of a whole table. `REPAIR=1` also repairs it.

The table is TABLE_NAME at DYNAMODB_URL, or on AWS if DYNAMODB_URL is not set. If neither is set, it
is the table of the running `make run`. The exit status is 0 if the table has no problems, or none
after the repair, 1 if it has problems, and 2 if it could not be read.
"""

import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from dev import machine

if TYPE_CHECKING:
    from dev.table.desk import Problem


SHOWN = 100
"""Problems of one kind that are listed. After an upgrade there may be one for each resource."""


def main() -> None:
    table = choose_table()
    repair = machine.is_on("REPAIR")
    # Not at the top of the file: these read the settings when they are imported.
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.errors import ApiError

    try:
        remaining = _verify(table, repair)
    except (ApiError, BotoCoreError, ClientError, RuntimeError) as error:
        _stop(f"{table} could not be verified: {error}")
    except Exception:
        traceback.print_exc()
        _stop(f"{table} could not be verified")
    sys.exit(1 if remaining else 0)


def choose_table() -> str:
    """Set the environment variables of the settings. Return the name of the table for messages."""
    requested = {name: os.environ.get(name) for name in ("TABLE_NAME", "DYNAMODB_URL")}
    os.environ.update(machine.settings())
    if requested["DYNAMODB_URL"]:
        return f"{os.environ['TABLE_NAME']} at {requested['DYNAMODB_URL']}"
    if requested["TABLE_NAME"]:
        del os.environ["DYNAMODB_URL"]
        return f"{requested['TABLE_NAME']} on AWS"
    running = machine.read_json("running.json")
    if not running:
        _stop("make run is not running here: start it, or set TABLE_NAME or DYNAMODB_URL")
    os.environ.update(TABLE_NAME=running["table"], DYNAMODB_URL=running["dynamodb"])
    return f"{running['table']} at {running['dynamodb']}"


def _verify(table: str, repair: bool) -> "list[Problem]":
    from dev.table import integrity

    _progress(f"Reading {table} ...")
    problems = integrity.check(_count)
    _report(problems)
    for _ in range(integrity.ROUNDS if repair else 0):
        if all(problem.kind in ("unknown", "duplicate") for problem in problems):
            break
        _progress("Repairing, and reading again ...")
        integrity.repair(problems, progress=_count_repairs)
        problems = integrity.check(_count)
        _report(problems)
    if repair and not any(problem.kind in ("unindexed", "misindexed") for problem in problems):
        from chalicelib.store import entries

        entries.note_complete()
    return problems


def _report(problems: "list[Problem]") -> None:
    if problems:
        rows = [("KIND", "ITEM", "WHAT IS WRONG")]
        rows += list(_shown(problems))
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        for kind, item, description in rows:
            machine.say(f"{kind:{widths[0]}}  {item:{widths[1]}}  {description}")
    kinds = Counter(problem.kind for problem in problems)
    by_kind = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    total = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    machine.say(f"{total}{f': {by_kind}' if by_kind else ''}.")


def _shown(problems: "list[Problem]") -> "Iterator[tuple[str, str, str]]":
    """Return the rows of at most SHOWN problems of each kind, and the number of the others."""
    for kind, number in sorted(Counter(problem.kind for problem in problems).items()):
        of_kind = [problem for problem in problems if problem.kind == kind]
        yield from ((kind, " ".join(p.key), p.description) for p in of_kind[:SHOWN])
        if number > SHOWN:
            yield kind, "...", f"and {number - SHOWN:,} more"


def _count_repairs(number: int) -> None:
    _progress(f"  {number:,} repairs")


def _count(items: int) -> None:
    _progress(f"  {items:,} items")


def _progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _stop(sentence: str) -> NoReturn:
    _progress(f"casting: {sentence}")
    sys.exit(2)


if __name__ == "__main__":
    main()
