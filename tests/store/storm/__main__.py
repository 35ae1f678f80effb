"""`python -m tests.store.storm`: the long storm. SEED, WORKERS, OPERATIONS and KILLS change it."""

import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from dev.local import engine
from tests.store.storm.plan import KILLS, OPERATIONS, SEED, WORKERS
from tests.store.storm.run import Storm, empty_table
from tests.support.issuer import Issuer


def main() -> None:
    numbers = {
        name.lower(): int(os.environ.get(name) or usual)
        for name, usual in [
            ("SEED", SEED), ("WORKERS", WORKERS), ("OPERATIONS", OPERATIONS), ("KILLS", KILLS)
        ]
    }  # fmt: skip
    print(f"A storm: {', '.join(f'{name} {value}' for name, value in numbers.items())}")
    with (
        engine.running() as engine_url,
        closing(Issuer()) as issuer,
        empty_table(engine_url),
        tempfile.TemporaryDirectory(prefix="storm-") as folder,
    ):
        storm = Storm(Path(folder), engine_url, issuer, **numbers)
        problems = storm.run()
    for problem in problems[:20]:
        print(problem)
    print(f"{storm.figures}\nproblems found: {len(problems)}, with SEED={storm.seed}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
