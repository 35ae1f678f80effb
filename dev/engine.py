"""A real DynamoDB engine on this machine: ministack, in an environment and a process group of its
own.

It keeps its data in memory and saves them when it is asked to stop (SIGTERM), so nothing here
kills it.
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

from dev import local
from dev.local import LOCAL, PROJECT

ENVIRONMENT = PROJECT / ".local" / "engine"
REQUIREMENTS = PROJECT / "dev" / "engine-requirements.txt"
START_SECONDS, STOP_SECONDS = 30, 30


def install() -> None:
    """Make the engine's environment, unless it is there and for these requirements."""
    stamp = ENVIRONMENT / "installed"
    made_for = f"{sys.version}\n{ENVIRONMENT}\n{REQUIREMENTS.read_text()}"
    with local.lock(ENVIRONMENT.with_suffix(".lock")):
        if stamp.exists() and stamp.read_text() == made_for:
            return
        local.say("Installing the local DynamoDB (once) ...")
        python = ENVIRONMENT / "bin" / "python"
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
            [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            + ["--requirement", str(REQUIREMENTS)],
        ):
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
                local.stop("the local DynamoDB could not be installed; is there a network?")
        stamp.write_text(made_for)


@contextmanager
def running(preferred_port: int = 0) -> Iterator[str]:
    """Run the engine on the data in LOCAL; gives its URL. Stops it gently."""
    install()
    stop_orphan()
    port, mark = local.free_port(preferred_port), secrets.token_hex(8)
    data, scratch = LOCAL / "data", LOCAL / "tmp"
    for folder in (data, scratch):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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
        "STATE_DIR": str(data),
        "TMPDIR": str(scratch),
        # It shows this word in its health, by which we know that the port is ours.
        "MINISTACK_EDITION": mark,
    }
    with open(LOCAL / "engine.log", "w") as log:
        process = subprocess.Popen(
            [str(ENVIRONMENT / "bin" / "python"), "-m", "ministack"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C must not reach it: it would end without saving.
            start_new_session=True,
        )
    local.write_json("engine.json", {"pid": process.pid, "port": port, "mark": mark})
    try:
        _wait_until_ready(process, port, mark)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            local.say(f"The local DynamoDB does not stop; see {LOCAL / 'engine.log'}.")
        else:
            (LOCAL / "engine.json").unlink(missing_ok=True)


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, mark: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _mark_at(port) == mark:
            return
        time.sleep(0.02)
    local.stop(f"the local DynamoDB did not start; see {_shown(LOCAL / 'engine.log')}")


def _shown(path: Path) -> Path:
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path


def _mark_at(port: int) -> str | None:
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
    orphan = local.read_json("engine.json")
    port, pid = orphan.get("port", 0), orphan.get("pid", 0)
    if not port or _mark_at(port) != orphan.get("mark"):
        return
    local.say("Saving what the last run left behind ...")
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
