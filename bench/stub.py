"""A stub DynamoDB on 127.0.0.1, in a process of its own: `python -m bench.stub`.

It answers a read with the bytes that moto answered the same read with before. It accepts a write
and forgets it, so that every request meets the same data. It serves HTTP, and HTTPS with a
certificate of a new authority. It prints its two URLs, the authority and the ids of `fill.fill` as
one line of JSON, and ends when its standard input does.

GET /requests returns, and forgets, the requests that it has answered. The issuer's keys are at
/.well-known/jwks.json.
"""

import json
import signal
import ssl
import sys
import threading
import zlib
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

from moto import mock_aws
from moto.dynamodb import models

from bench import fill, tls
from chalicelib.settings import TABLE_NAME
from chalicelib.store import entries, table
from chalicelib.store.table import Item

Json = dict[str, Any]

READS = {"GetItem", "BatchGetItem", "Query", "TransactGetItems"}
NOTED = 100
KEYS = [
    {"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB", "n": "v" * 341 + "Q"}
    for kid in ("current", "next")
]
"""The keys of the issuer, as many as Auth0 publishes. Nobody signs with them."""
SEVERAL_TABLES = {"BatchGetItem", "TransactGetItems", "TransactWriteItems", "BatchWriteItem"}


class Stub:
    """The answers, and the last requests."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()  # moto is not safe for threads
        self._reads: dict[tuple[str, bytes], bytes] = {}
        self._requests: deque[tuple[str, bytes]] = deque(maxlen=NOTED)

    def answer(self, operation: str, body: bytes) -> bytes:
        """Return the body of the response to a request."""
        with self._lock:
            self._requests.append((operation, body))
            known = self._reads.get((operation, body))
            if known is not None:
                return known
            request = json.loads(body)
            if operation not in READS:
                return _encoded(self._write(operation, request))
            response = _encoded(self._read(operation, request))
            self._reads[operation, body] = response
            return response

    def take_requests(self) -> list[tuple[str, Json]]:
        """Return the requests since the last call, at most NOTED."""
        with self._lock:
            taken = [(operation, json.loads(body)) for operation, body in self._requests]
            self._requests.clear()
            return taken

    def _read(self, operation: str, request: Json) -> Json:
        wanted = {k: v for k, v in request.items() if k != "ReturnConsumedCapacity"}
        response: Json = dict(self._client._make_api_call(operation, wanted))
        response.pop("ResponseMetadata")
        return response | _capacity(operation, request)

    def _write(self, operation: str, request: Json) -> Json:
        response = _capacity(operation, request)
        if operation == "UpdateItem":
            key = {"TableName": TABLE_NAME, "Key": request["Key"]}
            response["Attributes"] = self._read("GetItem", key)["Item"]
        return response


def _capacity(operation: str, request: Json) -> Json:
    if request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return {}
    units = {"TableName": TABLE_NAME, "CapacityUnits": 2.5}
    return {"ConsumedCapacity": [units] if operation in SEVERAL_TABLES else units}


def _encoded(response: Json) -> bytes:
    return json.dumps(response, ensure_ascii=False, separators=(",", ":")).encode()


def _serve(stub: Stub, context: ssl.SSLContext | None = None) -> str:
    """Serve in the background until this process ends, by HTTPS with a context. Return the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for each response

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._respond(stub.answer(operation, body))

        def do_GET(self) -> None:
            if self.path == "/.well-known/jwks.json":
                self._respond(_encoded({"keys": KEYS}))
            else:
                self._respond(_encoded({"requests": stub.take_requests()}))

        def _respond(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.send_header(
                "x-amzn-RequestId", "A1B2C3D4E5F6G7H8I9J0A1B2C3D4E5F6G7H8I9J0A1B2C3D4E5F6"
            )
            # DynamoDB always sends it, and botocore compares it with the body.
            self.send_header("x-amz-crc32", str(zlib.crc32(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    # moto copies the table for each transaction, to undo it. No transaction fails here.
    vars(models)["copy"] = SimpleNamespace(deepcopy=lambda value: value)
    with mock_aws():
        Item.create_table(wait=True)
        entries.note_complete()
        ids = fill.fill()
        stub = Stub(table.connection.connection.client)
        context, authority = tls.server_context()
        started = {"url": _serve(stub), "https_url": _serve(stub, context), "authority": authority}
        print(json.dumps({**started, "ids": ids}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
