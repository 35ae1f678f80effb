"""The changes that a tenant needs, and how they are printed."""

from collections.abc import Callable
from typing import NamedTuple

from dev.auth0.management import one_line


class Change(NamedTuple):
    """A request to send, and the lines that describe its changes.

    There is no request if only a person can make the change.
    """

    lines: list[str]
    apply: Callable[[], object] | None


def display(value: object) -> str:
    """Return a setting as one line for people. Objects are shown as `set`."""
    if isinstance(value, dict):
        return "set"
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value) or None
    if value is None or isinstance(value, bool):
        return {None: "none", True: "on", False: "off"}[value]
    text = one_line(str(value))
    return f'"{text}"' if not text or " " in text else text
