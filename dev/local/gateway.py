"""Chalice's local server, with a faithful API Gateway in front of it.

What API Gateway answers for us on AWS (no token, Deny, no such path, too large) is answered here
too, out of the same table (`chalicelib.errors.GATEWAY_RESPONSES`), where Chalice's own local server
says things of its own, drops the connection, or echoes the token.
"""

import io
import logging
import re
import socket
import time
import uuid
from http.server import HTTPServer
from typing import Any, cast
from urllib.parse import unquote

from chalice.app import Chalice, ChaliceAuthorizer
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer, LocalGateway, ThreadedHTTPServer

from chalicelib.http.envelope import DEFAULT_HEADERS, REQUEST_ID
from chalicelib.http.gateway import GATEWAY_RESPONSES
from chalicelib.http.views import METHODS
from chalicelib.tokens import MAX_TOKEN

MAX_HEADERS = 10_240  # bytes of request line and headers (API Gateway's quota)
MAX_BODY = 10 * 1024 * 1024  # bytes (API Gateway's quota)
MAX_DRAINED = 16 * 1024 * 1024  # bytes of a refused request that are read, to be heard at all
DRAIN_SECONDS = 3

log = logging.getLogger(__name__)

Answer = dict[str, Any]


def new_id() -> str:
    """Make the id of a request, in the form that API Gateway's have."""
    return str(uuid.uuid4())


def says(response_type: str, request_id: str, **authorizer_context: str) -> Answer:
    """Give the gateway's own answer of this type, the `$context` variables filled in."""
    answer: Answer = GATEWAY_RESPONSES[response_type].response().to_dict()
    variables = {f"authorizer.{name}": value for name, value in authorizer_context.items()}
    for name, value in {"requestId": request_id, **variables}.items():
        answer["body"] = answer["body"].replace(f"$context.{name}", value)
    answer["headers"][REQUEST_ID] = request_id
    return answer


class Gateway(LocalGateway):
    """Routes a request to the app as API Gateway would, or answers it itself."""

    def route_of(self, path: str) -> str:
        """Give the route that a path leads to, which holds nothing of what the caller sent."""
        try:
            matcher = self.event_converter._route_matcher
            return str(matcher.match_route(_origin_form(path)).route)
        except ValueError:
            return "(no such path)"

    def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        request_id = new_id()
        try:
            return self._handle(request_id, method, path, headers, body)
        except Exception:
            log.exception("the local gateway failed")
            return says("DEFAULT_5XX", request_id)

    def _handle(
        self, request_id: str, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        path = _origin_form(path)
        try:
            event = self._generate_lambda_event(method, path, headers, body)
        except ValueError:
            return says("MISSING_AUTHENTICATION_TOKEN", request_id)
        event["requestContext"]["requestId"] = request_id
        if method == "OPTIONS":
            cors: dict[str, Any] = self._autogen_options_headers(event)
            return {"statusCode": 200, "headers": {**DEFAULT_HEADERS, **cors}, "body": None}
        event["pathParameters"] = {k: unquote(v) for k, v in event["pathParameters"].items()}
        methods = self._app_object.routes[event["requestContext"]["resourcePath"]]
        if method not in methods:
            # API Gateway knows six verbs; a stranger one hears what this path says to one it lacks.
            method = event["requestContext"]["httpMethod"] = "HEAD"
        context = self._generate_lambda_context()
        authorizer = cast(ChaliceAuthorizer | None, methods[method].authorizer)
        if authorizer:
            token = event["headers"].get("authorization")
            if not token:
                return says("UNAUTHORIZED", request_id)
            arn = self._authorizer._arn_builder.build_arn(method, path)
            try:
                policy = authorizer(
                    {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}, {}
                )
            except Exception:
                log.exception("the authorizer failed")
                return says("AUTHORIZER_FAILURE", request_id)
            found = policy["context"]
            if not all(isinstance(value, str | int | bool) for value in found.values()):
                return says("AUTHORIZER_CONFIGURATION_ERROR", request_id)
            found = {name: str(value) for name, value in found.items()}
            if not self._authorizer._check_can_invoke_view_function(arn, policy):
                return says("ACCESS_DENIED", request_id, **found)
            event["requestContext"]["authorizer"] = {**found, "principalId": policy["principalId"]}
        answer: Answer = self._app_object(event, context)
        return answer


def _origin_form(path: str) -> str:
    """Give path and query alone; a semicolon, which urllib would cut off, is part of the path."""
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    path, question_mark, query = path.partition("?")
    return path.replace(";", "%3B") + question_mark + query


class Handler(ChaliceRequestHandler):
    """Reads one request after another, and never leaves its sender without an answer."""

    command = path = requestline = ""  # until a request line has been read
    raw_requestline: bytes
    timeout = 60  # seconds without a byte
    disable_nagle_algorithm = True
    rfile: io.BufferedIOBase
    wbufsize = -1  # buffered: head and body of an answer leave together

    def __init__(
        self,
        request: Any,
        client_address: Any,
        server: HTTPServer,
        app_object: Chalice,
        config: Config,
    ) -> None:
        self._gateway = Gateway(app_object, config)
        super().__init__(request, client_address, server, app_object, config)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._generic_handle  # a verb that nobody knows: the gateway's matter
        raise AttributeError(name)

    def version_string(self) -> str:
        return "casting"

    def parse_request(self) -> bool:
        # Some clients end a body with a line of their own (RFC 9112, 2.2).
        for _ in range(8):
            if self.raw_requestline.strip():
                break
            self.raw_requestline = self.rfile.readline(MAX_HEADERS)
        head, oversized = self._read_head()
        if oversized:
            self.send_gateway_error(oversized)
            return False
        body, self.rfile = self.rfile, io.BytesIO(head)
        try:
            parsed = bool(super().parse_request())
        finally:
            self.rfile = body
        # http.server takes a request without a version, and drops all headers after a bad one.
        if parsed and (self.request_version == "HTTP/0.9" or self.headers.get_payload()):
            self.send_gateway_error("BAD_REQUEST_PARAMETERS")
            return False
        return parsed

    def _read_head(self) -> tuple[bytes, str]:
        """Read up to the empty line; gives what was read, and the answer where that is too much."""
        head, total, header, longest = b"", len(self.raw_requestline), b"", {b"": 0}
        at_line_start = True
        while total < MAX_DRAINED:
            piece = self.rfile.readline(MAX_HEADERS)
            if at_line_start:
                header = piece.partition(b":")[0].strip().lower()
            longest[header] = longest.get(header, 0) + len(piece)
            total += len(piece)
            if total <= MAX_HEADERS:
                head += piece
            if not piece or (at_line_start and piece in (b"\r\n", b"\n")):
                break
            at_line_start = piece.endswith(b"\n")
        if total <= MAX_HEADERS:
            return head, ""
        # A token that is too long is no token; nothing else about a head is the token's fault.
        no_token = longest.get(b"authorization", 0) > MAX_TOKEN
        return b"", "UNAUTHORIZED" if no_token else "BAD_REQUEST_PARAMETERS"

    def _generic_handle(self) -> None:
        try:
            body = self._read_body()
        except ValueError as refused:
            self._refuse(str(refused))
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name, value = name.lower(), value.strip(" \t")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._answer(self._gateway.handle_request(self.command, self.path, headers, body))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle

    def _read_body(self) -> bytes | None:
        """Read the body; a ValueError names the gateway's answer where that cannot be done."""
        coding, lengths = (
            self.headers.get("transfer-encoding"),
            self.headers.get_all("content-length"),
        )
        if coding is not None:
            if coding.strip().lower() != "chunked" or lengths:
                raise ValueError("BAD_REQUEST_PARAMETERS")
            return self._read_chunks()
        if lengths is None:
            return None
        if len(set(lengths)) > 1 or not re.fullmatch("[0-9]{1,18}", lengths[0]):
            raise ValueError("BAD_REQUEST_PARAMETERS")
        return self._read_exactly(int(lengths[0]), MAX_BODY)

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            size = self.rfile.readline(MAX_HEADERS).partition(b";")[0].strip()
            if not re.fullmatch(b"[0-9A-Fa-f]{1,8}", size):
                raise ValueError("BAD_REQUEST_PARAMETERS")
            if int(size, 16) == 0:
                while self.rfile.readline(MAX_HEADERS).strip():
                    pass  # trailers
                return body
            body += self._read_exactly(int(size, 16), MAX_BODY - len(body))
            if self.rfile.readline(MAX_HEADERS) not in (b"\r\n", b"\n"):
                raise ValueError("BAD_REQUEST_PARAMETERS")

    def _read_exactly(self, length: int, most: int) -> bytes:
        if length > most:
            raise ValueError("REQUEST_TOO_LARGE")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ValueError("BAD_REQUEST_PARAMETERS")
        return body

    def _answer(self, answer: Answer, **more_headers: str) -> None:
        body = (answer["body"] or "").encode()
        self.send_response(answer["statusCode"])
        multiple = answer.get("multiValueHeaders") or {}
        for name, value in {
            "Content-Type": "application/json",
            **answer["headers"],
            **multiple,
            **more_headers,
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def send_gateway_error(self, response_type: str) -> None:
        """Refuse a request that cannot be read, in the envelope too."""
        self.request_version = "HTTP/1.1"
        self._refuse(response_type)

    def _refuse(self, response_type: str) -> None:
        """Answer, and take in what is still being sent: closing at once would lose the answer."""
        self.close_connection = True
        self._answer(says(response_type, new_id()), Connection="close")
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(DRAIN_SECONDS)
            left, deadline = MAX_DRAINED, time.monotonic() + DRAIN_SECONDS
            while left > 0 and time.monotonic() < deadline:
                piece = self.rfile.read1(65_536)
                if not piece:
                    break
                left -= len(piece)
        except OSError:
            pass  # the sender is gone

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself cannot read is refused in the envelope too."""
        self.send_gateway_error("BAD_REQUEST_PARAMETERS")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # The route and not the path: people put secrets, and worse, into both path and query.
        method = self.command if self.command in METHODS | {"OPTIONS"} else "(another method)"
        log.info("%s %s %s", method, self._gateway.route_of(self.path), int(code))


class Server(ThreadedHTTPServer):
    request_queue_size = 128
    allow_reuse_address = True


def create_server(app: Chalice, config: Config, port: int) -> HTTPServer:
    """Give the server, bound to 127.0.0.1 and not yet serving. Raises OSError for a taken port."""
    from chalice import local

    local.CustomLocalChalice.__bases__ = (local.LocalChalice, app.__class__)
    if not isinstance(app, local.LocalChalice):
        app.__class__ = local.CustomLocalChalice
    server: HTTPServer = LocalDevServer(app, config, "127.0.0.1", port, Handler, Server).server
    return server
