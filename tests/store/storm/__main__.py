"""`make storm`: the long form."""

import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from dev.local import engine
from tests.store.storm.run import KILLS, OPERATIONS, SEED, WORKERS, Storm, empty_table
from tests.support.issuer import Issuer


def main() -> None:
    defaults = {"SEED": SEED, "WORKERS": WORKERS, "OPERATIONS": OPERATIONS, "KILLS": KILLS}
    numbers = {name.lower(): int(os.environ.get(name) or n) for name, n in defaults.items()}
    print(f"Storm: {', '.join(f'{name} {number}' for name, number in numbers.items())}")
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
    print(f"{storm.statistics}\n{len(problems)} problems (SEED={numbers['seed']})")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
