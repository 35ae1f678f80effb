"""The processes of a run: the stub, and the measured apps."""

import json
import marshal
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from dev import machine
from dev.machine import PROJECT

Json = dict[str, Any]

WORKER = Path(__file__).with_name("worker.py")
SETTINGS = {
    "STAGE": "prod",
    "TABLE_NAME": "casting-prod",
    # Only the authorizer with an issuer of its own fetches keys.
    "AUTH_ISSUER": "https://127.0.0.1:9/",
    "AUTH_AUDIENCE": "casting-api",
    "WEB_ORIGIN": "https://app.casting.example",
}
AWS = {
    "AWS_LAMBDA_FUNCTION_NAME": "casting-prod",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_SESSION_TOKEN": "none",
    "HOME": "/nonexistent",
}

ENDPOINT = "AWS_ENDPOINT_URL_DYNAMODB"


class App(NamedTuple):
    """An app that is measured: its name, its folder with all of its packages, and its handler."""

    name: str
    folder: Path
    handler: str


class Result(NamedTuple):
    """What a process has done: the last response, and the CPU seconds and memory that it took."""

    response: Json
    seconds: float
    memory: int


class Worker:
    """A process with an app."""

    def __init__(self, app: App, environment: dict[str, str]) -> None:
        self._app = app
        read_end, write_end = os.pipe()
        arguments = [str(app.folder), app.handler, str(write_end)]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(WORKER), *arguments],
            cwd=app.folder,
            env={**SETTINGS, **AWS, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[write_end],
        )
        os.close(write_end)
        self._requests = cast(IO[bytes], self._process.stdin)
        self._errors = cast(IO[bytes], self._process.stderr)
        self._results = os.fdopen(read_end)

    def call(self, event: Json, calls: int = 1) -> Result:
        """Call the handler this many times. Exit if it fails."""
        try:
            marshal.dump((event, calls), self._requests)
            self._requests.flush()
            return Result(*json.loads(self._results.readline()))
        except (ValueError, BrokenPipeError):  # there is no line
            reason = machine.last_line(self._errors.read().decode())
            machine.fail(f"{self._app.name} failed: {reason}")

    def close(self) -> None:
        """End the process."""
        for pipe in (self._requests, self._errors, self._results):
            pipe.close()
        self._process.wait(10)


@contextmanager
def working(app: App, environment: dict[str, str]) -> Iterator[Worker]:
    """Run an app in a new process."""
    worker = Worker(app, environment)
    try:
        yield worker
    finally:
        worker.close()


class Stub:
    """The stub DynamoDB: see `bench.stub`."""

    def __init__(self) -> None:
        known = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.stub"],
            cwd=PROJECT,
            env={**known, **AWS, **SETTINGS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        line = cast(IO[bytes], self._process.stdout).readline()
        if not line:
            machine.fail("the stub DynamoDB did not start. See the lines above.")
        started: Json = json.loads(line)
        self.ids: dict[str, str] = started["ids"]
        self.url: str = started["url"]
        self.https_url: str = started["https_url"]
        self.authority: str = started["authority"]
        self.environment = {ENDPOINT: self.url}

    def take_requests(self) -> list[tuple[str, Json]]:
        """Return the requests since the last call, in their order."""
        with urllib.request.urlopen(self.url) as response:  # noqa: S310 -- our own URL
            requests: list[tuple[str, Json]] = json.load(response)["requests"]
        return requests

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
