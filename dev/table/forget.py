"""`make forget`: remove the record of a person, and the values in the history of that record.

ACTOR is the id of an actor, STAGE their stage, and CONFIRM the id again. It can be interrupted and
run again. docs/privacy.md says what remains, and until when.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from dev import machine
from dev.deploy import foundations, stages

BY = "make forget"
"""Who removes the actor, in the history."""

BACKUP_DAYS = 35
"""How long the table's continuous backup keeps what was removed."""

_ID = re.compile("[A-Za-z0-9_-]{16}")


def main() -> None:
    actor_id, confirmation = os.environ.get("ACTOR", ""), os.environ.get("CONFIRM", "")
    if not _ID.fullmatch(actor_id):
        machine.fail("name the actor: ACTOR is the id, 16 letters, digits, - or _")
    stage = stages.chosen()
    if confirmation != actor_id:
        machine.fail(
            f"this removes the actor {actor_id} from {stage.settings['TABLE_NAME']} for ever, with"
            f" all roles and candidacies; to confirm, add CONFIRM={actor_id}"
        )
    with foundations.aws_account(stage):
        from chalicelib.errors import ApiError  # it reads the settings when it is imported

        try:
            cleared = forget(actor_id, lambda left: machine.say(f"  {left} items are left"))
        except ApiError as error:
            machine.fail(f"the removal has not finished; run it again ({error.detail})")
    if cleared is None:
        machine.fail(f"there is no actor {actor_id} in {stage.settings['TABLE_NAME']}, nor was one")
    machine.say(
        f"The actor {actor_id} is removed. {cleared} records of the history remain, without values."
        f" Backups keep the values for {BACKUP_DAYS} days or longer: see docs/privacy.md, and note"
        " the id, because a restore brings the actor back."
    )


def forget(actor_id: str, progress: Callable[[int], None] = lambda _: None) -> int | None:
    """Remove an actor, and the values in their history. Return the number of records that remain.

    Return None if there was never such an actor. It is idempotent. Report the number of roles and
    candidacies that are left to `progress`.
    """
    from chalicelib.errors import ActorNotFound
    from chalicelib.store import actors

    try:
        while remaining := actors.remove(actor_id, None, BY):
            progress(remaining)
    except ActorNotFound:
        pass  # removed before, perhaps by this command
    count = 0
    for key, changes in _records(actor_id):
        count += 1
        if any(change is not None for change in changes.values()):
            _clear(key, changes)
    return count or None


def _records(actor_id: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Return the keys and the changes of all records of an actor, their roles and candidacies.

    This reads the whole table: nothing lists the roles and candidacies that were removed before.
    """
    from chalicelib.settings import TABLE_NAME
    from chalicelib.store import history, table

    pages: Any = table.connection.connection.client.get_paginator("scan").paginate(
        TableName=TABLE_NAME,
        ConsistentRead=True,
        FilterExpression="begins_with(pk, :history) AND contains(pk, :actor)",
        ExpressionAttributeValues={":history": {"S": history.HISTORY}, ":actor": {"S": actor_id}},
        ProjectionExpression="pk, sk, changed",
    )
    for page in pages:
        for raw in page["Items"]:
            pk = raw["pk"]["S"]
            # The ids of roles and candidacies end with the id of their actor.
            if re.split("[#.]", pk)[-1] == actor_id:
                yield (pk, raw["sk"]["S"]), json.loads(raw["changed"]["S"])


def _clear(key: tuple[str, str], changes: dict[str, Any]) -> None:
    """Replace the values in a record with null, as those of personal fields."""
    from chalicelib.store import dynamodb
    from chalicelib.store.history import Record

    changed = json.dumps(dict.fromkeys(changes), separators=(",", ":"))
    dynamodb.update(Record, *key, [Record.changed.set(changed)], Record.pk.exists())


if __name__ == "__main__":
    main()
