"""SnapStart: environments that Lambda starts from one snapshot do not share what must differ.

A snapshot is simulated by a process, and each environment that starts from it by a fork of it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.support.settings import SETTINGS

pytestmark = pytest.mark.slow

FUNCTION = """
import ctypes, importlib, json, os, random, sys
importlib.import_module({module!r})

def start_from_snapshot():
    reader, writer = os.pipe()
    # os.fork() would renew random numbers by itself.
    if ctypes.PyDLL(None).fork():
        os.close(writer)
        with open(reader) as answer:
            return json.loads(answer.read())
    for function, arguments, named in get_after_restore():
        function(*arguments, **named)
    with open(writer, "w") as answer:
        json.dump({in_environment}, answer)
    os._exit(0)

from snapshot_restore_py import get_after_restore, get_before_snapshot
{before_snapshot}
for function, arguments, named in reversed(get_before_snapshot()):
    function(*arguments, **named)
print(json.dumps([start_from_snapshot() for _ in range(2)]))
"""
"""A function as Lambda runs it with SnapStart: two environments from one snapshot."""


class Table(BaseHTTPRequestHandler):
    """A DynamoDB that has no items. It notes the connection of each request."""

    protocol_version = "HTTP/1.1"
    connections: list[int] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.connections.append(self.client_address[1])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def table() -> Iterator[str]:
    Table.connections.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Table)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(code: str, handler: str, **environment: str) -> Any:
    """Run a function's code in a process of its own. Return what it prints."""
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={
            **SETTINGS,
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_FUNCTION_NAME": "casting",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "_HANDLER": handler,
            **environment,
        },
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def environments(
    handler: str, in_environment: str, before_snapshot: str = "", **environment: str
) -> Any:
    """Return the value of an expression in two environments from one snapshot of a function."""
    code = FUNCTION.format(
        module=handler.rpartition(".")[0],
        before_snapshot=before_snapshot,
        in_environment=in_environment,
    )
    return run(code, handler, **environment)


@pytest.mark.parametrize("handler", ["app.app", "chalicelib.auth.auth0"])
def test_each_environment_makes_its_own_random_choices(handler: str) -> None:
    first, second = environments(handler, "[random.random() for _ in range(3)]")
    assert first != second


def test_each_environment_has_its_own_connection_to_the_table(table: str) -> None:
    request = "sys.modules['chalicelib.store.dynamodb'].get('pk', 'sk')"
    assert environments("app.app", request, request, AWS_ENDPOINT_URL_DYNAMODB=table) == [None] * 2
    assert len(Table.connections) == len(set(Table.connections)) == 3


def test_the_snapshot_contains_the_client_of_the_table_and_nothing_was_sent(table: str) -> None:
    has_client = "sys.modules['chalicelib.store.client']._client is not None"
    made = environments("app.app", has_client, AWS_ENDPOINT_URL_DYNAMODB=table)
    assert made == [True, True]
    assert Table.connections == []


@pytest.mark.parametrize(("handler", "has"), [("chalicelib.auth.auth0", True), ("app.app", False)])
def test_only_the_snapshot_of_the_authorizer_contains_the_verifier(handler: str, has: bool) -> None:
    assert environments(handler, "'chalicelib.tokens' in sys.modules") == [has, has]


@pytest.mark.parametrize("handler", ["app.app", "chalicelib.auth.auth0"])
def test_a_function_starts_where_there_is_no_snapshot(handler: str) -> None:
    code = "import importlib, sys; sys.modules['snapshot_restore_py'] = None; "
    code += f"importlib.import_module({handler.rpartition('.')[0]!r}); print('true')"
    assert run(code, handler) is True
