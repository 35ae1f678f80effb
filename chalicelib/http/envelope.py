"""The JSON envelope of a failure, and the headers of every response."""

import logging
from collections.abc import Callable, Mapping

from chalice.app import Request, Response

from chalicelib import logs
from chalicelib.errors import ApiError, InternalError
from chalicelib.http import plain_json
from chalicelib.settings import WEB_ORIGIN

DEFAULT_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""On every response that does not set its own. Chalice adds the CORS headers to successes."""

REQUEST_ID = "X-Request-Id"
"""The header with the request's id, by which the request is found in the log."""

EXPOSED_HEADERS = ["Allow", "ETag", "Location", "Retry-After", "WWW-Authenticate", REQUEST_ID]
"""Response headers that a script in a browser may read."""

CORS_HEADERS = {
    "Access-Control-Allow-Origin": WEB_ORIGIN,
    "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS),
}

log = logging.getLogger(__name__)


def failure(
    status: int, message: str, detail: str, headers: Mapping[str, str], request_id: str
) -> Response:
    """Return a failure in its envelope, with the headers that every failure has.

    For a 5xx, `detail` also names the request, so that a person can quote its id.
    """
    if status >= 500:
        detail = f"{detail} Quote request {request_id} when you report it."
    body = {"success": False, "error": status, "message": message, "detail": detail}
    defaults = {**DEFAULT_HEADERS, **CORS_HEADERS, REQUEST_ID: request_id}
    return Response(body, {**defaults, **headers}, status)


def failure_of(error: ApiError) -> Response:
    """Return the response for an error."""
    headers = error.all_headers
    return failure(error.status, error.message, str(error), headers, logs.request_id())


def envelope(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: put every failure into the envelope, and add the headers of every response."""
    try:
        response = get_response(request)
    except ApiError as error:
        return failure_of(error)
    except Exception:
        # Raised outside a view. Chalice's own response would not be in the envelope.
        log.exception("a request failed")
        return failure_of(InternalError())
    if response.status_code >= 400:
        # An unexpected exception in a view. Chalice has logged it with its traceback.
        return failure_of(InternalError())
    if not isinstance(response.body, str):
        response.body = plain_json.compact(response.body)
    # The view's own headers win: the docs page has its own Content-Security-Policy.
    response.headers = {**DEFAULT_HEADERS, **response.headers, REQUEST_ID: logs.request_id()}
    return response
