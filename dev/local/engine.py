"""A real DynamoDB engine on this machine: ministack, in an environment of its own.

It keeps its data in memory and saves them when it is asked to stop (SIGTERM), so nothing here kills
it, and Ctrl-C does not reach it.
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

# Not in LOCAL, which the tests move: they share one installation for each version of Python.
ENVIRONMENT = PROJECT / ".local" / "engine-{}.{}".format(*sys.version_info)
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = PROJECT / "dev" / "local" / "engine-requirements.txt"
DATA, SCRATCH, LOG = LOCAL / "data", LOCAL / "tmp", LOCAL / "engine.log"
START_SECONDS, STOP_SECONDS, PORTS_TRIED = 30, 30, 5


def install() -> None:
    """Make the engine's environment, unless it is there and for these requirements."""
    stamp = ENVIRONMENT / "installed"
    made_for = f"{sys.version}\n{ENVIRONMENT}\n{REQUIREMENTS.read_text()}"
    with machine.lock(ENVIRONMENT.with_name(f"{ENVIRONMENT.name}.lock")):
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == made_for:
            return
        machine.say("Installing the local DynamoDB (once) ...")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
            [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            + ["--requirement", str(REQUIREMENTS)],
        ):
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
                machine.stop("the local DynamoDB could not be installed; is there a network?")
        stamp.write_text(made_for)


@contextmanager
def running(preferred_port: int = 0) -> Iterator[str]:
    """Run the engine on the data in LOCAL; gives its URL. Stops it gently."""
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
        # Somebody else took the port between our look at it and the engine's.
        port = machine.free_port()
        process = _start(port)
    if process.poll() is not None:
        machine.stop(f"the local DynamoDB did not start; see {machine.shown(LOG)}")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            machine.say(f"The local DynamoDB does not stop; see {machine.shown(LOG)}.")
        else:
            (LOCAL / "engine.json").unlink(missing_ok=True)


def _refuse_damaged_data() -> None:
    # The engine would begin anew without a word, and save over them.
    for file in DATA.glob("*.json"):
        try:
            json.loads(file.read_text())
        except ValueError:
            machine.stop(
                f"{machine.shown(file)} is damaged; move it away, or delete it to begin anew"
            )


def _start(port: int) -> "subprocess.Popen[bytes]":
    """Start the engine and wait until it answers, or has ended."""
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
        # It shows this word in its health, by which we know that the port is ours.
        "MINISTACK_EDITION": mark,
    }
    with open(LOG, "w") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "ministack"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C must not reach it: it would end without saving.
            start_new_session=True,
        )
    machine.write_json("engine.json", {"pid": process.pid, "port": port, "mark": mark})
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and mark_at(port) != mark:
        if time.monotonic() > deadline:
            process.terminate()
            machine.stop(f"the local DynamoDB does not answer; see {machine.shown(LOG)}")
        time.sleep(0.02)
    return process


def mark_at(port: int) -> str | None:
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
    """Stop the engine of a run that was killed, gently: what was written is still in its memory."""
    orphan = machine.read_json("engine.json")
    pid, port, mark = (orphan.get(name) for name in ("pid", "port", "mark"))
    if not (isinstance(pid, int) and isinstance(port, int) and isinstance(mark, str)):
        return
    if mark_at(port) != mark:
        return  # it has ended, and its number may be somebody else's by now
    machine.say("Saving what the last run left behind ...")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody asks for (Z) does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")  # on Linux; elsewhere such a process does not stay
    return not (status.exists() and status.read_text().rpartition(") ")[2].startswith("Z"))


if __name__ == "__main__":
    install()
