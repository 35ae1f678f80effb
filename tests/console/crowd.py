"""Write many candidates of one part into a running table: `python -m tests.console.crowd`.

The part is named in PART, and their number in CROWD. They are all submitted and not rated.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from dev import machine
from dev.machine import PROJECT


def add_crowd(local_folder: Path, part_id: str, number: int) -> None:
    """Add candidates to a part of the product that runs in this folder."""
    running = json.loads((local_folder / "running.json").read_text())
    environment = {
        **os.environ,
        "STAGE": "local",
        "DYNAMODB_URL": running["dynamodb"],
        "TABLE_NAME": running["table"],
        "PART": part_id,
        "CROWD": str(number),
    }
    subprocess.run(
        [sys.executable, "-m", "tests.console.crowd"], check=True, cwd=PROJECT, env=environment
    )


def main() -> None:
    os.environ.update(machine.settings())
    # Imported only now: these modules read the settings.
    from chalicelib.store.items import PART, CandidateItem, PartItem, candidate_key
    from chalicelib.store.statuses import Status
    from chalicelib.store.table import Item
    from tests.store.test_scale import TIME, count, new_actors

    part_id, number = os.environ["PART"], int(os.environ["CROWD"])
    actor_ids = new_actors(number, is_indexed=True)
    with Item.batch_write() as batch:
        for actor_id in actor_ids:
            candidate_id = f"{part_id}.{actor_id}"
            candidate = CandidateItem(
                *candidate_key(candidate_id),
                id=candidate_id,
                created_at=TIME,
                updated_at=TIME,
                version=1,
                status=Status.SUBMITTED.value,
                status_since=TIME,
                status_by="test",
            )
            candidate.set(**candidate.listed())
            batch.save(candidate)
    count(PartItem, PART + part_id, candidate_count=number, submitted=number)


if __name__ == "__main__":
    main()
