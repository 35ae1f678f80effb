"""The generated file `docs/generated/openapi.json`: the contract as the API serves it."""

import json
from pathlib import Path

from dev import machine

FILE = machine.GENERATED / "openapi.json"


def text() -> str:
    """Return the text of the file. The settings must be in the environment.

    The document does not depend on them, but importing the app reads them.
    """
    from app import app
    from chalicelib.contract import document

    return json.dumps(document.document(app), indent=1, ensure_ascii=False) + "\n"


def files() -> dict[Path, str]:
    """Return the file and its text."""
    return {FILE: text()}
