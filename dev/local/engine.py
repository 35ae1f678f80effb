"""The local DynamoDB engine: ministack, in its own virtual environment.

The engine keeps its data in memory and saves it when it receives SIGTERM. So nothing here kills it,
and Ctrl+C does not reach it.
"""

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev import machine
from dev.machine import LOCAL, PROJECT

# Not in LOCAL: the tests change LOCAL, but share one installation for each version of Python.
ENVIRONMENT = PROJECT / ".local" / "engine-{}.{}".format(*sys.version_info)
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = PROJECT / "dev" / "local" / "engine-requirements.txt"
DATA, SCRATCH, LOG = LOCAL / "data", LOCAL / "tmp", LOCAL / "engine.log"
START_SECONDS, STOP_SECONDS, PORTS_TRIED = 30, 30, 5


def install() -> None:
    """Install the engine, unless this version of it is already installed."""
    stamp = ENVIRONMENT / "installed"
    version = f"{sys.version}\n{ENVIRONMENT}\n{REQUIREMENTS.read_text()}"
    with machine.lock(ENVIRONMENT.with_name(f"{ENVIRONMENT.name}.lock")):
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == version:
            return
        machine.say("Installing the local DynamoDB (only once) ...")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
            [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            + ["--requirement", str(REQUIREMENTS)],
        ):
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
                machine.fail("could not install the local DynamoDB. Check the network connection.")
        stamp.write_text(version)


@contextmanager
def running(preferred_port: int = 0) -> Iterator[str]:
    """Run the engine on the data in LOCAL and yield its URL. Save the data at the end."""
    install()
    stop_orphan()
    for folder in (DATA, SCRATCH):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_damaged_data()
    port = machine.free_port(preferred_port)
    process = _start(port)
    for _ in range(PORTS_TRIED):
        if process.poll() is None:
            break
        # Another process took the port after `free_port` had checked it.
        port = machine.free_port()
        process = _start(port)
    if process.poll() is not None:
        machine.fail(f"the local DynamoDB did not start. See {machine.shown(LOG)}.")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            machine.say(
                f"The local DynamoDB did not stop within {STOP_SECONDS} s."
                f" See {machine.shown(LOG)}."
            )
        else:
            (LOCAL / "engine.json").unlink(missing_ok=True)


def _refuse_damaged_data() -> None:
    # The engine would silently start with empty data, and overwrite these files.
    for file in DATA.glob("*.json"):
        try:
            json.loads(file.read_text())
        except ValueError:
            machine.fail(
                f"{machine.shown(file)} is damaged. Move it, or delete it to start with empty data."
            )


def _start(port: int) -> "subprocess.Popen[bytes]":
    """Start the engine and wait until it responds or exits."""
    mark = secrets.token_hex(8)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MINISTACK_"))},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "dynamodb",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(DATA),
        "TMPDIR": str(SCRATCH),
        # The engine shows this value in its health check. It proves that the port is ours.
        "MINISTACK_EDITION": mark,
    }
    with open(LOG, "w") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "ministack"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl+C must not reach the engine: it would exit without saving.
            start_new_session=True,
        )
    machine.write_json("engine.json", {"pid": process.pid, "port": port, "mark": mark})
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and mark_at(port) != mark:
        if time.monotonic() > deadline:
            process.terminate()
            machine.fail(
                f"the local DynamoDB did not respond within {START_SECONDS} s."
                f" See {machine.shown(LOG)}."
            )
        time.sleep(0.02)
    return process


def mark_at(port: int) -> str | None:
    """Return the mark of the engine that listens on this port, or None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/_ministack/health")
        mark: str | None = json.loads(connection.getresponse().read()).get("edition")
    except (OSError, ValueError, http.client.HTTPException, AttributeError):
        return None
    finally:
        connection.close()
    return mark


def stop_orphan() -> None:
    """Stop the engine of a run that was killed, and let it save the data in its memory."""
    orphan = machine.read_json("engine.json")
    pid, port, mark = (orphan.get(name) for name in ("pid", "port", "mark"))
    if not (isinstance(pid, int) and isinstance(port, int) and isinstance(mark, str)):
        return
    if mark_at(port) != mark:
        return  # it has exited, and another process may have its process id
    machine.say("Saving the data of the last run ...")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Return whether a process is running. A zombie process is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")  # Linux only: elsewhere, no zombie remains here
    return not (status.exists() and status.read_text().rpartition(") ")[2].startswith("Z"))


if __name__ == "__main__":
    install()
