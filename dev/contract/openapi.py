"""`docs/openapi.json`, the contract as a file: written by `make contract`, held by `make check`."""

import json
import os
import sys

from dev import machine

FILE = machine.PROJECT / "docs" / "openapi.json"


def text() -> str:
    """Give the contract as the file has it; the settings, of which none is in it, must be there."""
    # Only now, because the settings are read when these are imported.
    from app import app
    from chalicelib.contract import document

    return json.dumps(document.document(app), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file, or with `--check` stop where it is not what would be written."""
    os.environ.update(machine.settings())
    if sys.argv[1:] == ["--check"]:
        if not FILE.exists() or FILE.read_text(encoding="utf-8") != text():
            machine.stop(
                f"{machine.shown(FILE)} is not what the code says: make contract, and look"
            )
        return
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
