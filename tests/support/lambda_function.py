"""The deployed functions, each in its own process as in Lambda, and the DynamoDB that they call."""

import json
import os
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.permissions import PERMISSIONS
from chalicelib.store import table
from dev.machine import PROJECT
from tests.support.settings import SETTINGS

SUB = "auth0|producer"
"""The caller of `event`."""

Json = dict[str, Any]


def event(method: str, route: str, body: Any = None, **changes: Any) -> Json:
    """Return the event that API Gateway sends for a producer's request.

    `changes` replaces members of the event, for example `pathParameters`.
    """
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    context = {
        "httpMethod": method,
        "resourcePath": route,
        "path": f"/prod{route}",
        "requestId": str(uuid.uuid4()),
        "stage": "prod",
        "authorizer": {
            "sub": SUB,
            "permissions": json.dumps(sorted(PERMISSIONS)),
            "exp": "9999999999.0",
        },
    }
    members = {
        "headers": {"Content-Type": "application/json"},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": text,
        **changes,
    }
    return {**members, "requestContext": {**context, **changes.get("requestContext", {})}}


class Function:
    """A Lambda function in its own process."""

    def __init__(self, folder: Path, handler: str, level: str = "", **settings: str) -> None:
        self.log = folder / f"{handler}.log"
        self.errors = folder / f"{handler}.errors"
        self.bytes_read = 0  # of the log, by `lines`
        read_end, write_end = os.pipe()
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_FUNCTION_NAME": "casting",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **SETTINGS,
            "TABLE_NAME": "casting-test",
        }
        command = [
            sys.executable,
            "-W",
            "error",
            "-m",
            "tests.support.runtime",
            handler,
            str(write_end),
        ]
        with open(self.log, "wb") as log, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                command + ([level] if level else []),
                cwd=PROJECT,
                env={name: v for name, v in {**environment, **settings}.items() if v},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=errors,
                pass_fds=[write_end],
            )
        os.close(write_end)
        self.responses = os.fdopen(read_end)

    def __call__(self, event: Json) -> Json:
        """Invoke the function and return its response."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(event).encode() + b"\n")
        self.process.stdin.flush()
        line = self.responses.readline()
        assert line, self.errors.read_text()
        response: Json = json.loads(line)
        return response

    def lines(self) -> list[Json]:
        """Return the lines logged since the last call. Assert that they are JSON objects."""
        logged = self.log.read_bytes()[self.bytes_read :]
        self.bytes_read += len(logged)
        assert self.errors.read_bytes() == b""
        lines = [json.loads(line) for line in logged.splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        return lines

    def line(self) -> Json:
        """Return the only line logged since the last call."""
        [line] = self.lines()
        return line

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)
        self.responses.close()


class Engine:
    """moto's DynamoDB over HTTP. It reports consumed capacity as AWS does, and can fail."""

    UNITS = {"GetItem": 1.0, "PutItem": 3.0, "Query": 0.5, "BatchGetItem": 2.0}
    TRANSACTION = 8.5
    WITH_SEVERAL_TABLES = {"BatchGetItem", "TransactWriteItems", "TransactGetItems"}

    def __init__(self) -> None:
        self.requests: list[tuple[str, Json]] = []
        self.failures: list[tuple[int, Json]] = []  # the next responses
        self.reports_capacity = True
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, response = engine.respond(
                    self.headers["X-Amz-Target"].partition(".")[2],
                    json.loads(self.rfile.read(int(self.headers["Content-Length"]))),
                )
                content = json.dumps(response).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def respond(self, operation: str, request: Json) -> tuple[int, Json]:
        """Return status and body of the response to a DynamoDB request."""
        self.requests.append((operation, dict(request)))
        if self.failures:
            return self.failures.pop(0)
        request.pop("ReturnConsumedCapacity", None)
        try:
            result = table.connection.connection.client._make_api_call(operation, request)
        except ClientError as error:
            return 400, {"__type": f"x#{error.response['Error']['Code']}"}
        response = {name: value for name, value in result.items() if name != "ResponseMetadata"}
        if self.reports_capacity:
            units = {
                "TableName": "casting-test",
                "CapacityUnits": self.UNITS.get(operation, self.TRANSACTION),
            }
            response["ConsumedCapacity"] = (
                [units] if operation in self.WITH_SEVERAL_TABLES else units
            )
        return 200, response

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
