"""When Lambda will end the function, whatever it is doing by then."""

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from chalice.app import Request, Response

_end = ContextVar("end", default=math.inf)  # by time.monotonic()


def watch(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: know how long this request may take."""
    context: Any = request.lambda_context
    before = _end.set(time.monotonic() + context.get_remaining_time_in_millis() / 1000)
    try:
        return get_response(request)
    finally:
        _end.reset(before)


def left() -> float:
    """Give the seconds that are left; infinity outside a request."""
    return _end.get() - time.monotonic()
