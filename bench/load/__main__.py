"""`make load`: see docs/load.md. It exits with 1 if a request failed or uses ever more capacity."""

import os

from dev import machine

if __name__ == "__main__":
    os.environ.update(machine.settings())
    # Imported only now: it imports modules that read the settings.
    from bench.load import run

    run.main()
