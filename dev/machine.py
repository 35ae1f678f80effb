"""Where things are on a developer's machine: files, ports, settings."""

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
"""What belongs to this machine: the engine's data, the issuer's key. It can be deleted."""


def stop(sentence: str) -> NoReturn:
    """End with one sentence that says what is wrong and what to do."""
    sys.exit(f"casting: {sentence}")


def say(sentence: str) -> None:
    print(sentence, flush=True)


def config() -> dict[str, Any]:
    """Give `.chalice/config.json`; stop where it is not JSON."""
    try:
        config: dict[str, Any] = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    except ValueError as error:
        stop(f".chalice/config.json is not JSON: {error}")
    return config


def settings() -> dict[str, str]:
    """Give the settings of the stage local, as the environment changes them."""
    settings: dict[str, str] = config()["stages"]["local"]["environment_variables"]
    # The stage is not for the environment to change: what is run here is the stage local.
    return {
        name: value if name == "STAGE" else os.environ.get(name) or value
        for name, value in settings.items()
    }


def shown(path: Path) -> Path:
    """Give a path as a person in the project's folder would write it."""
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path


def port_of(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """Give this port where it is free, else any that is."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def read_json(name: str) -> dict[str, Any]:
    """Read a file of LOCAL; empty where it is missing or damaged."""
    try:
        found = json.loads((LOCAL / name).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(name: str, content: dict[str, Any]) -> None:
    (LOCAL / name).write_text(json.dumps(content))


@contextmanager
def lock(path: Path, taken: str | None = None) -> Iterator[TextIO]:
    """Hold a lock that ends with the process; stop with `taken` if another holds it, or wait."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = open(path, "a+")  # noqa: SIM115 -- closed below
    except OSError as error:
        stop(f"{path} cannot be written ({error.strerror}); move it away")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if taken else 0))
        except BlockingIOError:
            stop(str(taken))
        yield file
