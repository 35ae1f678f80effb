"""Chalice's local server, behind an emulation of API Gateway.

On AWS, API Gateway itself responds if there is no token, if the authorizer denies, if the path or
its method does not exist or if the request is too large. This server sends the same responses, from
the same place: `chalicelib.http.gateway`. In these cases, Chalice's own local server sends other
bodies, drops the connection or echoes the token.
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
from chalicelib.http.gateway import GATEWAY_RESPONSES, GatewayResponse, method_not_allowed
from chalicelib.tokens import MAX_TOKEN

MAX_HEADERS = 10_240  # bytes of request line and headers (API Gateway's quota)
MAX_BODY = 10 * 1024 * 1024  # bytes (API Gateway's quota)
MAX_DRAINED = 16 * 1024 * 1024
"""Bytes of a rejected request that are read, so that its sender gets the response."""
DRAIN_SECONDS = 3
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
"""The methods that API Gateway knows."""

log = logging.getLogger(__name__)

ProxyResponse = dict[str, Any]
"""A response in the form of Lambda's proxy integration: statusCode, headers, body."""


def new_id() -> str:
    """Return a new request id in the format of API Gateway."""
    return str(uuid.uuid4())


def own_response(response_type: str, request_id: str, **authorizer_context: str) -> ProxyResponse:
    """Return the gateway's own response of this type. Replace its `$context` variables."""
    return _filled(GATEWAY_RESPONSES[response_type], request_id, **authorizer_context)


def _filled(
    gateway_response: GatewayResponse, request_id: str, **authorizer_context: str
) -> ProxyResponse:
    response: ProxyResponse = gateway_response.response().to_dict()
    variables = {f"authorizer.{name}": value for name, value in authorizer_context.items()}
    for name, value in {"requestId": request_id, **variables}.items():
        response["body"] = response["body"].replace(f"$context.{name}", value)
    response["headers"][REQUEST_ID] = request_id
    return response


class Gateway(LocalGateway):
    """Routes a request to the app as API Gateway does, or sends the gateway's own response."""

    def route_of(self, path: str) -> str:
        """Return the route of a path. It contains nothing that the caller sent."""
        try:
            matcher = self.event_converter._route_matcher
            return str(matcher.match_route(_origin_form(path)).route)
        except ValueError:
            return "(no such path)"

    def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> ProxyResponse:
        """Return the response to a request. It is a 500 if the gateway fails."""
        request_id = new_id()
        try:
            return self._handle(request_id, method, path, headers, body)
        except Exception:
            log.exception("the local gateway failed")
            return own_response("DEFAULT_5XX", request_id)

    def _handle(
        self, request_id: str, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> ProxyResponse:
        path = _origin_form(path)
        try:
            event = self._generate_lambda_event(method, path, headers, body)
        except ValueError:
            return own_response("MISSING_AUTHENTICATION_TOKEN", request_id)
        event["requestContext"]["requestId"] = request_id
        if method == "OPTIONS":
            cors: dict[str, Any] = self._autogen_options_headers(event)
            return {"statusCode": 200, "headers": {**DEFAULT_HEADERS, **cors}, "body": None}
        event["pathParameters"] = {k: unquote(v) for k, v in event["pathParameters"].items()}
        methods = self._app_object.routes[event["requestContext"]["resourcePath"]]
        if method not in methods:
            return _filled(method_not_allowed(methods), request_id)
        context = self._generate_lambda_context()
        authorizer = cast(ChaliceAuthorizer | None, methods[method].authorizer)
        if authorizer:
            token = event["headers"].get("authorization")
            if not token:
                return own_response("UNAUTHORIZED", request_id)
            arn = self._authorizer._arn_builder.build_arn(method, path)
            try:
                policy = authorizer(
                    {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}, {}
                )
            except Exception:
                log.exception("the authorizer failed")
                return own_response("AUTHORIZER_FAILURE", request_id)
            authorizer_context = policy["context"]
            if not all(isinstance(v, str | int | bool) for v in authorizer_context.values()):
                return own_response("AUTHORIZER_CONFIGURATION_ERROR", request_id)
            authorizer_context = {name: str(value) for name, value in authorizer_context.items()}
            if not self._authorizer._check_can_invoke_view_function(arn, policy):
                return own_response("ACCESS_DENIED", request_id, **authorizer_context)
            event["requestContext"]["authorizer"] = {
                **authorizer_context,
                "principalId": policy["principalId"],
            }
        response: ProxyResponse = self._app_object(event, context)
        return response


def _origin_form(path: str) -> str:
    """Return only path and query. Quote semicolons, because urllib would cut the path there."""
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    path, question_mark, query = path.partition("?")
    return path.replace(";", "%3B") + question_mark + query


class Handler(ChaliceRequestHandler):
    """Reads the requests of a connection. Every request gets a response."""

    command = path = requestline = ""  # until a request line has been read
    raw_requestline: bytes
    timeout = 60  # seconds without a byte
    disable_nagle_algorithm = True
    rfile: io.BufferedIOBase
    wbufsize = -1  # buffered: head and body of a response are sent together

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
            return self._generic_handle  # an unknown method: the gateway responds
        raise AttributeError(name)

    def version_string(self) -> str:
        return "casting"

    def parse_request(self) -> bool:
        # Some clients send an empty line after a body (RFC 9112, 2.2).
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
        # http.server accepts a request without a version. It drops all headers after a bad one.
        if parsed and (self.request_version == "HTTP/0.9" or self.headers.get_payload()):
            self.send_gateway_error("BAD_REQUEST_PARAMETERS")
            return False
        return parsed

    def _read_head(self) -> tuple[bytes, str]:
        """Read up to the empty line. Return the head and no response type.

        If the head is too large, return b"" and the type of the gateway's response.
        """
        head, total, header, sizes = b"", len(self.raw_requestline), b"", {b"": 0}
        at_line_start = True
        while total < MAX_DRAINED:
            piece = self.rfile.readline(MAX_HEADERS)
            if at_line_start:
                header = piece.partition(b":")[0].strip().lower()
            sizes[header] = sizes.get(header, 0) + len(piece)
            total += len(piece)
            if total <= MAX_HEADERS:
                head += piece
            if not piece or (at_line_start and piece in (b"\r\n", b"\n")):
                break
            at_line_start = piece.endswith(b"\n")
        if total <= MAX_HEADERS:
            return head, ""
        # Only if the token itself is too long, the response is a 401.
        token_too_long = sizes.get(b"authorization", 0) > MAX_TOKEN
        return b"", "UNAUTHORIZED" if token_too_long else "BAD_REQUEST_PARAMETERS"

    def _generic_handle(self) -> None:
        try:
            body = self._read_body()
        except ValueError as error:
            self._reject(str(error))
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name, value = name.lower(), value.strip(" \t")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._send(self._gateway.handle_request(self.command, self.path, headers, body))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle

    def _read_body(self) -> bytes | None:
        """Read the body, or raise ValueError with the type of the gateway's response."""
        encoding = self.headers.get("transfer-encoding")
        lengths = self.headers.get_all("content-length")
        if encoding is not None:
            if encoding.strip().lower() != "chunked" or lengths:
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

    def _read_exactly(self, length: int, max_length: int) -> bytes:
        if length > max_length:
            raise ValueError("REQUEST_TOO_LARGE")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ValueError("BAD_REQUEST_PARAMETERS")
        return body

    def _send(self, response: ProxyResponse, **more_headers: str) -> None:
        body = (response["body"] or "").encode()
        self.send_response(response["statusCode"])
        multiple = response.get("multiValueHeaders") or {}
        for name, value in {
            "Content-Type": "application/json",
            **response["headers"],
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
        """Reject a request that cannot be parsed, with the envelope of every failure."""
        self.request_version = "HTTP/1.1"
        self._reject(response_type)

    def _reject(self, response_type: str) -> None:
        """Send the gateway's response and close the connection.

        Read the rest of the request first: otherwise the sender might not get the response.
        """
        self.close_connection = True
        self._send(own_response(response_type, new_id()), Connection="close")
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(DRAIN_SECONDS)
            bytes_left, deadline = MAX_DRAINED, time.monotonic() + DRAIN_SECONDS
            while bytes_left > 0 and time.monotonic() < deadline:
                piece = self.rfile.read1(65_536)
                if not piece:
                    break
                bytes_left -= len(piece)
        except OSError:
            pass  # the sender has closed the connection

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Reject a request that http.server cannot parse, with the envelope of every failure."""
        self.send_gateway_error("BAD_REQUEST_PARAMETERS")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # Log the route, not the path: callers put secrets into paths and queries.
        method = self.command if self.command in METHODS else "(another method)"
        log.info("%s %s %s", method, self._gateway.route_of(self.path), int(code))


class Server(ThreadedHTTPServer):
    request_queue_size = 128
    allow_reuse_address = True


def create_server(app: Chalice, config: Config, port: int) -> HTTPServer:
    """Return a server that is bound to 127.0.0.1 and does not serve yet.

    Raise OSError if the port is in use.
    """
    from chalice import local

    local.CustomLocalChalice.__bases__ = (local.LocalChalice, app.__class__)
    if not isinstance(app, local.LocalChalice):
        app.__class__ = local.CustomLocalChalice
    server: HTTPServer = LocalDevServer(app, config, "127.0.0.1", port, Handler, Server).server
    return server
