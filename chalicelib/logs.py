"""What is told of each request: its id, how it ended, and what it cost.

In Lambda every record is one JSON object on a line of its own; on a laptop logging stays as it is.
Nothing is told of what a caller can put a secret into: of the path its route, of the `sub` a hash.
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
"""What CloudWatch makes of the line of each request: the metrics and their units."""

# API Gateway lets callers choose the id of their request. This holds every id of its own making,
# and no more of a secret than hexadecimal digits can.
_REQUEST_ID = re.compile(r"[0-9A-Fa-f-]{1,64}")

log = logging.getLogger(__name__)


class Tally:
    """A request that is going on, and what it has sent to the table."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.table_calls = 0
        self.table_capacity = 0.0


_current: ContextVar[Tally | None] = ContextVar("current", default=None)
_is_cold = True  # until this environment's first request


def request_id() -> str:
    """Give the id of the current request; nothing outside of one."""
    tally = _current.get()
    return tally.request_id if tally else ""


def count_call() -> None:
    """Count a request that is sent to the table."""
    if tally := _current.get():
        tally.table_calls += 1


def count_capacity(units: float) -> None:
    """Count the capacity units that the table took for an answer."""
    if tally := _current.get():
        tally.table_capacity += units


def watch(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware, the outermost: name the request, and log how it ended."""
    began, cold, status = time.monotonic(), _cold_start(), 500
    tally = Tally(_id_of(request))
    before = _current.set(tally)
    try:
        response = get_response(request)
        status = response.status_code
        return response
    finally:
        _log_request(request, status, tally, cold, began)
        _current.reset(before)


def log_authorization(sub: str | None, reason: str | None, began: float) -> None:
    """Log what the authorizer found: whose token it is, or why it is refused."""
    message = f"authorizer: {reason or 'allowed'}"
    members = {
        "event": "authorizer",
        "stage": STAGE,
        "allowed": reason is None,
        "reason": reason,
        "caller": _hashed(sub),
        "duration_ms": _since(began),
        "cold_start": _cold_start(),
    }
    log.info(message, extra={"members": members})


def _log_request(request: Request, status: int, tally: Tally, cold: int, began: float) -> None:
    try:
        members = {
            "event": "request",
            "stage": STAGE,
            "method": request.method,
            "route": request.path,
            "status": status,
            "caller": _hashed((request.context.get("authorizer") or {}).get("sub")),
            "duration_ms": _since(began),
            "table_calls": tally.table_calls,
            "table_capacity": tally.table_capacity,
            "cold_start": cold,
            "client_errors": int(400 <= status < 500),
            "server_errors": int(status >= 500),
            "_aws": _metrics(),
        }
        log.info("%s %s %d", request.method, request.path, status, extra={"members": members})
    except Exception:
        # Whoever asked has an answer, and must not lose it.
        log.exception("a request cannot be logged")


def _cold_start() -> int:
    global _is_cold  # an environment of Lambda's has one request at a time
    was_cold, _is_cold = _is_cold, False
    return int(was_cold)


def _metrics() -> dict[str, Any]:
    """Give what tells CloudWatch which members of a line are metrics (embedded metric format)."""
    found = [{"Name": name, "Unit": unit} for name, unit in METRICS.items()]
    directive = {"Namespace": "casting", "Dimensions": [["stage"]], "Metrics": found}
    return {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}


def _id_of(request: Request) -> str:
    """Give API Gateway's id of a request; Lambda's where that is none."""
    found = request.context.get("requestId")
    if isinstance(found, str) and _REQUEST_ID.fullmatch(found):
        return found
    context: Any = request.lambda_context
    return str(context.aws_request_id)


def _hashed(sub: str | None) -> str | None:
    return None if sub is None else hashlib.sha256(sub.encode()).hexdigest()[:16]


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


class OneLine(logging.Formatter):
    """Makes a record one line of JSON: a traceback is a member of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line; a record that cannot be logged is named, and nothing of it quoted."""
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
    _handler.setFormatter(OneLine())
    # Lambda's runtime has a handler of its own there by now.
    logging.basicConfig(level=logging.WARNING, handlers=[_handler], force=True)
    logging.getLogger("chalicelib").setLevel(logging.INFO)
