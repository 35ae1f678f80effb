"""`make backup`: keep a daily backup of a stage's tables in a locked vault.

DAYS is how long each is kept, and COPY_TO the ARN of a vault in another account, which receives a
copy. Three days after the first run, nobody can shorten that, or delete a backup before its time.
"""

import os
import re

from dev import machine
from dev.deploy import cloudformation, foundations, stages

VAULT = re.compile(r"arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[A-Za-z0-9_-]{2,50}")
DAYS = range(1, 366)


def main() -> None:
    days, copy_to = os.environ.get("DAYS"), os.environ.get("COPY_TO")
    if days is not None and not (days.isdecimal() and int(days) in DAYS):
        machine.fail(f"DAYS must be {DAYS[0]} to {DAYS[-1]}, the days that a backup is kept")
    if copy_to and not VAULT.fullmatch(copy_to):
        machine.fail(
            "COPY_TO must be the ARN of a backup vault, arn:aws:backup:...:backup-vault:..."
        )
    stage = stages.chosen()
    # Who may deploy has permissions for names that begin with the stage's.
    name = f"{stages.APP}-backup-{stage.name}"
    with foundations.aws_account(stage):
        cloudformation.act_as(None)  # who may deploy must not remove backups
        existing = cloudformation.parameters_of(name) if cloudformation.is_made(name) else {}
        if not existing and os.environ.get("CONFIRM") != stage.name:
            machine.fail(
                f"backups in the vault {stage.function} cannot be deleted before their time, not"
                " even to forget a person, and after three days the vault cannot be unlocked; to"
                f" confirm, add CONFIRM={stage.name}"
            )
        if existing and days not in (None, existing["Days"]):
            machine.fail(f"the vault is locked: its backups are kept for {existing['Days']} days")
        requested = {"Days": days, "CopyTo": copy_to}
        changed = cloudformation.apply(
            name,
            stage.template("backup.yaml"),
            tags=stage.tags,
            parameters={key: value for key, value in requested.items() if value is not None},
        )
    machine.say(f"{stage.name} is backed up every night." if changed else "Nothing has changed.")


if __name__ == "__main__":
    main()
