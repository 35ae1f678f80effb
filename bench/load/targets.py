"""What is loaded: the product, and the deployment to an emulated AWS.

Both use one local DynamoDB, with a table for each number of movies.
"""

import functools
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import content, product
from dev import machine
from dev.local import engine
from dev.machine import PROJECT

# The tests have the emulated AWS. Nothing outside of tests/ and bench/ imports them.
from tests.support.checkout import Checkout
from tests.support.client import Client
from tests.support.cloud import Cloud, TlsIssuer
from tests.support.deployment import Site, change_variables, live_stage

START_SECONDS = 120
UNLIMITED = "100000"  # requests a second
MAX_EVENTS = 10_000  # lines of a log that one request returns

Line = dict[str, Any]


class Target(NamedTuple):
    """An API to load."""

    name: str
    url: str
    token: str
    use: Callable[[], None]
    """Prepare it for requests."""

    log: Callable[[], list[Line]]
    """Return what it has logged of its requests."""


class Database(NamedTuple):
    """The local DynamoDB."""

    url: str
    named: Path

    def use(self, size: int) -> None:
        """Let the deployed function, whose table has another name, use the table of this size."""
        self.named.write_text(content.table_name(size))


@contextmanager
def dynamodb(files: Sequence[Path], folder: Path) -> Iterator[Database]:
    """Run the local DynamoDB with the tables of these files."""
    engine.install()
    port, mark = machine.free_port(), secrets.token_hex(8)
    environment = {
        "PATH": os.environ["PATH"],
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_EDITION": mark,
        "PERSIST_STATE": "0",
        "SERVICES": "dynamodb",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(folder),
        "TMPDIR": str(folder),
    }
    program, named = PROJECT / "bench" / "load" / "dynamodb.py", folder / "table"
    with open(folder / "dynamodb.log", "wb") as log:
        process = subprocess.Popen(
            [str(engine.PYTHON), "-I", str(program), str(named), *map(str, files)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C ends what uses it first
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while engine.mark_at(port) != mark:
            if process.poll() is not None or time.monotonic() > deadline:
                machine.fail(f"DynamoDB did not start: {(folder / 'dynamodb.log').read_text()}")
            time.sleep(0.1)
        yield Database(f"http://127.0.0.1:{port}", named)
    finally:
        process.kill()  # it has nothing to save
        process.wait()


@contextmanager
def products(database: Database, sizes: Sequence[int], folder: Path) -> Iterator[dict[int, Target]]:
    """Run one product for each table, as `make run` does."""
    with ExitStack() as running:
        yield {
            size: running.enter_context(_product(database.url, size, folder / f"product-{size}"))
            for size in sizes
        }


@contextmanager
def _product(url: str, size: int, folder: Path) -> Iterator[Target]:
    folder.mkdir()
    settings = {
        "LOCAL_DIR": str(folder),
        "PORT": str(machine.free_port()),
        "DYNAMODB_URL": url,
        "TABLE_NAME": content.table_name(size),
    }
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AUTH_"))
    }
    log = folder / "output.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.load.product"],
            cwd=PROJECT,
            env={**environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "Press Ctrl+C to stop." not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                machine.fail(f"the product did not start: {log.read_text()}")
            time.sleep(0.1)
        token = subprocess.run(
            [sys.executable, "-m", "dev.local.issuer"],
            cwd=PROJECT,
            env={**environment, **settings, "ROLE": "producer"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        yield Target(
            name="make run",
            url=f"http://127.0.0.1:{settings['PORT']}",
            token=token,
            use=lambda: None,
            log=lambda: lines((folder / product.LOG).read_text()),
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def deployments(
    database: Database, sizes: Sequence[int], clients: int, folder: Path
) -> Iterator[dict[int, Target]]:
    """Deploy to an emulated AWS, for this many clients. The targets use one function."""
    with ExitStack() as running:
        (folder / "issuer").mkdir()
        (folder / "cloud").mkdir()
        issuer = TlsIssuer(folder / "issuer")
        running.callback(issuer.close)
        cloud = Cloud(folder / "cloud", issuer.ca)
        running.callback(cloud.stop)
        checkout = Checkout(folder / "casting")
        checkout.set("prod", AUTH_ISSUER=issuer.url)
        live = live_stage("stack", Site(checkout, cloud).make("stack", "stack"), cloud, issuer)
        # Lift the limits of the stage, which the emulator has too.
        cloud.client("apigateway").update_stage(
            restApiId=live.api_id,
            stageName=live.stage,
            patchOperations=[
                {"op": "replace", "path": f"/*/*/throttling/{name}", "value": UNLIMITED}
                for name in ("rateLimit", "burstLimit")
            ],
        )
        change_variables(live, cloud, live.function, AWS_ENDPOINT_URL_DYNAMODB=database.url)
        database.use(sizes[0])
        _start_processes(live.as_("producer"), clients)

        @functools.cache  # all sizes have the same one
        def log() -> list[Line]:
            return _deployed_lines(cloud, live.function)

        yield {
            size: Target(
                name="deployed",
                url=live.url,
                token=issuer.token("producer"),
                use=functools.partial(database.use, size),
                log=log,
            )
            for size in sizes
        }


def _start_processes(client: Client, number: int) -> None:
    """Send more and more requests at once, until there is a process for each of them.

    The emulator cannot start all of them at once before the clients give up.
    """
    doubled = [2**power for power in range(number.bit_length())]
    for at_once in [*doubled, number, number]:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(client.get, ["/movies"] * at_once))


def _deployed_lines(cloud: Cloud, function: str) -> list[Line]:
    """Return the lines that a function has logged of its requests."""
    logs, start = cloud.client("logs"), 0
    found: list[Line] = []
    while True:
        # The emulator has no second page.
        events = logs.filter_log_events(
            logGroupName=f"/aws/lambda/{function}",
            filterPattern='"table_capacity"',
            startTime=start,
            limit=MAX_EVENTS,
        )["events"]
        found += lines("\n".join(event["message"].strip() for event in events))
        if len(events) < MAX_EVENTS:
            return found
        start = events[-1]["timestamp"]


def lines(log: str) -> list[Line]:
    """Return the lines of a log that describe requests."""
    parsed = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    return [line for line in parsed if line.get("event") == "request"]
