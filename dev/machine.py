"""A developer's machine: console, paths, settings, ports and locks."""

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO

PROJECT = Path(__file__).resolve().parent.parent
GENERATED = PROJECT / "docs" / "generated"
LOCAL = Path(os.environ.get("LOCAL_DIR") or PROJECT / ".local")
"""Files of this machine: the engine's data, the issuer's key. It is safe to delete."""


def fail(sentence: str) -> NoReturn:
    """Exit with status 1 and one sentence: what is wrong and what to do."""
    sys.exit(f"casting: {sentence}")


def say(sentence: str) -> None:
    """Print a sentence at once, even if the output is a pipe."""
    print(sentence, flush=True)


def last_line(output: str) -> str:
    """Return the last line of an output: of a failed Python, the error."""
    return output.strip().rpartition("\n")[2]


def is_on(switch: str, *, default: bool = False) -> bool:
    """Return whether a variable of the environment is 1, and not 0 or empty. Exit if it is else."""
    value = os.environ.get(switch) or str(int(default))
    if value not in ("0", "1"):
        fail(f"{switch} must be 0 or 1")
    return value == "1"


def config() -> dict[str, Any]:
    """Return the content of `.chalice/config.json`. Exit if it is not JSON."""
    try:
        config: dict[str, Any] = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    except ValueError as error:
        fail(f".chalice/config.json is not JSON: {error}")
    return config


def settings() -> dict[str, str]:
    """Return the settings of the stage `local`. Environment variables override them."""
    settings: dict[str, str] = config()["stages"]["local"]["environment_variables"]
    # What runs here is always the stage `local`: the environment must not override STAGE.
    return {
        name: value if name == "STAGE" else os.environ.get(name) or value
        for name, value in settings.items()
    }


def shown(path: Path) -> Path:
    """Return a path relative to the project's folder if it is inside it."""
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path


def port_of(url: str) -> int:
    """Return the port of a URL without a path."""
    return int(url.rstrip("/").rpartition(":")[2])


def is_free(port: int) -> bool:
    """Return whether a server can listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if it is free, otherwise any free port."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def read_json(name: str) -> dict[str, Any]:
    """Read a JSON object from a file in LOCAL. Return {} if it is missing or damaged."""
    try:
        content = json.loads((LOCAL / name).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(name: str, content: dict[str, Any]) -> None:
    """Write a JSON object to a file in LOCAL."""
    (LOCAL / name).write_text(json.dumps(content))


@contextmanager
def lock(path: Path, in_use: str | None = None) -> Iterator[TextIO]:
    """Hold a lock file. The lock ends with the process.

    If another process holds it, exit with the sentence `in_use`, or wait if there is none.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = open(path, "a+")  # noqa: SIM115 -- closed below
    except OSError as error:
        fail(f"cannot write {path} ({error.strerror}). Move it or delete it.")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if in_use else 0))
        except BlockingIOError:
            fail(str(in_use))
        yield file
