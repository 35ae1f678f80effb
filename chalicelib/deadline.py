"""The time at which Lambda stops the function."""

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from chalice.app import Request, Response

_deadline = ContextVar("deadline", default=math.inf)  # by time.monotonic()


def set_deadline(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: remember until when this request may run."""
    context: Any = request.lambda_context
    seconds = context.get_remaining_time_in_millis() / 1000
    before = _deadline.set(time.monotonic() + seconds)
    try:
        return get_response(request)
    finally:
        _deadline.reset(before)


def left() -> float:
    """Return the remaining seconds, or infinity outside a request."""
    return _deadline.get() - time.monotonic()
