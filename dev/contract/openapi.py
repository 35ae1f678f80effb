"""The file `docs/generated/openapi.json`. `make contract` writes it, `make check` compares it."""

import json
import os
import sys

from dev import machine

FILE = machine.PROJECT / "docs" / "generated" / "openapi.json"


def text() -> str:
    """Return the text of the file. The settings must be in the environment.

    The document does not depend on them, but importing the app reads them.
    """
    from app import app
    from chalicelib.contract import document

    return json.dumps(document.document(app), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file. With `--check`, stop if the file is not up to date."""
    os.environ.update(machine.settings())
    if sys.argv[1:] == ["--check"]:
        if not FILE.exists() or FILE.read_text(encoding="utf-8") != text():
            machine.stop(
                f"{machine.shown(FILE)} is not up to date: run make contract and review the change"
            )
        return
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
