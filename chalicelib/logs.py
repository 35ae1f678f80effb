"""Structured request logging: one JSON line for each request, with its id, result and cost.

In Lambda, every record is one line of JSON. On a developer's machine, logging is unchanged. Nothing
is logged into which a caller can put a secret: the route instead of the path, a hash of the `sub`.
"""

import hashlib
import json
import logging
import re
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from chalice.app import Request, Response

from chalicelib.settings import ON_A_LAPTOP, STAGE

METRICS = {
    "duration_ms": "Milliseconds",
    "table_calls": "Count",
    "table_capacity": "Count",
    "cold_start": "Count",
    "client_errors": "Count",
    "server_errors": "Count",
}
"""The metrics that CloudWatch reads from the line of each request, and their units."""

AUTHORIZER_METRICS = {"rejected_tokens": "Count"}
"""Those of the authorizer's lines."""

# API Gateway lets callers choose the id of their request. This matches every id that it generates
# itself, and few secrets.
_REQUEST_ID = re.compile(r"[0-9A-Fa-f-]{1,64}")

log = logging.getLogger(__name__)


class Tally:
    """The current request, and the requests that it has sent to the table."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.table_calls = 0
        self.table_capacity = 0.0


_current: ContextVar[Tally | None] = ContextVar("current", default=None)
_is_cold = True  # until this environment's first request


def request_id() -> str:
    """Return the id of the current request, or an empty string outside a request."""
    tally = _current.get()
    return tally.request_id if tally else ""


def count_call() -> None:
    """Count a request that is sent to the table."""
    if tally := _current.get():
        tally.table_calls += 1


def count_capacity(units: float) -> None:
    """Add the capacity units that a response of the table consumed."""
    if tally := _current.get():
        tally.table_capacity += units


def log_requests(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware, the outermost one: give the request its id, and log its result."""
    started, cold, status = time.monotonic(), _cold_start(), 500
    tally = Tally(_id_of(request))
    before = _current.set(tally)
    try:
        response = get_response(request)
        status = response.status_code
        return response
    finally:
        _log_request(request, status, tally, cold, started)
        _current.reset(before)


def log_authorization(sub: str | None, status: int, reason: str | None, started: float) -> None:
    """Log the authorizer's decision: the caller, or why the request will have another status."""
    message = f"authorizer: {reason or 'allowed'}"
    members = {
        "event": "authorizer",
        "stage": STAGE,
        "allowed": status == 200,
        "reason": reason,
        "caller": _hashed(sub),
        "duration_ms": _milliseconds_since(started),
        "cold_start": _cold_start(),
        "rejected_tokens": int(status == 401),
        "_aws": _metrics(AUTHORIZER_METRICS),
    }
    log.log(logging.ERROR if status >= 500 else logging.INFO, message, extra={"members": members})


def _log_request(request: Request, status: int, tally: Tally, cold: int, started: float) -> None:
    try:
        members = {
            "event": "request",
            "stage": STAGE,
            "method": request.method,
            "route": request.path,
            "status": status,
            "caller": _hashed((request.context.get("authorizer") or {}).get("sub")),
            "duration_ms": _milliseconds_since(started),
            "table_calls": tally.table_calls,
            "table_capacity": tally.table_capacity,
            "cold_start": cold,
            "client_errors": int(400 <= status < 500),
            "server_errors": int(status >= 500),
            "_aws": _metrics(METRICS),
        }
        log.info("%s %s %d", request.method, request.path, status, extra={"members": members})
    except Exception:
        # The response exists already, and must not be lost.
        log.exception("a request cannot be logged")


def _cold_start() -> int:
    global _is_cold  # a Lambda environment handles one request at a time
    was_cold, _is_cold = _is_cold, False
    return int(was_cold)


def _metrics(units: dict[str, str]) -> dict[str, Any]:
    """Return the directive that makes members of a line metrics (embedded metric format)."""
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    directive = {"Namespace": "casting", "Dimensions": [["stage"]], "Metrics": metrics}
    return {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}


def _id_of(request: Request) -> str:
    """Return API Gateway's id of a request, or Lambda's if that is not an id."""
    gateway_id = request.context.get("requestId")
    if isinstance(gateway_id, str) and _REQUEST_ID.fullmatch(gateway_id):
        return gateway_id
    context: Any = request.lambda_context
    return str(context.aws_request_id)


def _hashed(sub: str | None) -> str | None:
    return None if sub is None else hashlib.sha256(sub.encode()).hexdigest()[:16]


def _milliseconds_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)


class JsonLine(logging.Formatter):
    """Format a record as one line of JSON, with a traceback as one of its members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. For a record that cannot be formatted, name the logger only."""
        try:
            return json.dumps(self._members(record), default=str)
        except Exception as error:
            reason = f"a record cannot be logged: {type(error).__name__}"
            return json.dumps({"level": "ERROR", "logger": record.name, "message": reason})

    def _members(self, record: logging.LogRecord) -> dict[str, Any]:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        members: dict[str, Any] = {
            "timestamp": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id():
            members["request_id"] = current
        if record.exc_info:
            members["traceback"] = self.formatException(record.exc_info)
        return members | getattr(record, "members", {})


if not ON_A_LAPTOP:
    _handler = logging.StreamHandler(sys.stdout)
    _handler.setFormatter(JsonLine())
    # `force` replaces the handler of Lambda's runtime.
    logging.basicConfig(level=logging.WARNING, handlers=[_handler], force=True)
    logging.getLogger("chalicelib").setLevel(logging.INFO)
