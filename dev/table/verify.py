"""`make verify`: check the integrity of a whole table. `REPAIR=1` also repairs it.

The table is TABLE_NAME in the engine at DYNAMODB_URL, or on AWS without DYNAMODB_URL. Without both,
it is the table of the running `make run`. The exit status is 0 if there is no problem (left), 1 if
there is one, and 2 if the table could not be read.
"""

import os
import sys
import traceback
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

from dev import machine

if TYPE_CHECKING:
    from dev.table.integrity import Problem


def main() -> None:
    table = _choose_table()
    repair = os.environ.get("REPAIR", "") not in ("", "0")
    # Imported here, because the import reads the settings.
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.errors import ApiError

    try:
        left = _verify(table, repair)
    except (ApiError, BotoCoreError, ClientError, RuntimeError) as error:
        _stop(f"{table} could not be verified: {error}")
    except Exception:
        traceback.print_exc()
        _stop(f"{table} could not be verified")
    sys.exit(1 if left else 0)


def _choose_table() -> str:
    """Put the table into the environment, for the settings. Return its name for people."""
    named = {name: os.environ.get(name) for name in ("TABLE_NAME", "DYNAMODB_URL")}
    os.environ.update(machine.settings())
    if named["DYNAMODB_URL"]:
        return f"{os.environ['TABLE_NAME']} at {named['DYNAMODB_URL']}"
    if named["TABLE_NAME"]:
        del os.environ["DYNAMODB_URL"]
        return f"{named['TABLE_NAME']} on AWS"
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
        if all(problem.kind == "unknown" for problem in problems):
            break
        _progress("Repairing, and reading again ...")
        integrity.repair(problems)
        problems = integrity.check(_count)
        _report(problems)
    return problems


def _report(problems: "list[Problem]") -> None:
    if problems:
        rows = [("KIND", "ITEM", "WHAT IS WRONG")]
        rows += [(problem.kind, " ".join(problem.key), problem.what) for problem in problems]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        for kind, item, what in rows:
            machine.say(f"{kind:{widths[0]}}  {item:{widths[1]}}  {what}")
    kinds = Counter(problem.kind for problem in problems)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    summary = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    machine.say(f"{summary}{f': {counts}' if counts else ''}.")


def _count(items: int) -> None:
    _progress(f"  {items:,} items")


def _progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _stop(sentence: str) -> NoReturn:
    _progress(f"casting: {sentence}")
    sys.exit(2)


if __name__ == "__main__":
    main()
