"""Every way a request can fail: one name, one status, one sentence; and the envelope that tells it.

What the API answers itself is below as classes, what API Gateway answers for us as GATEWAY_ANSWERS.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, NamedTuple

from chalice.app import ChaliceUnhandledError, Request, Response

from chalicelib import logs
from chalicelib.settings import WEB_ORIGIN

MESSAGES = {
    400: "bad request",
    403: "unauthorized",
    404: "resource not found",
    405: "method not allowed",
    409: "conflict",
    412: "precondition failed",
    413: "payload too large",
    415: "unsupported media type",
    422: "unprocessable",
    429: "too many requests",
    500: "internal server error",
    503: "temporarily unavailable",
}
"""What clients may match. A 401 has three: TokenExpired, InvalidClaims, InvalidHeader."""

DENIED = "This token is not accepted: the message tells why."
"""What API Gateway says for the authorizer."""

ANSWER_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer that has none of its own; the CORS headers on success are from Chalice."""

REQUEST_ID = "X-Request-Id"
"""The header that names the request, by which it is found in the log."""

EXPOSED_HEADERS = ["Allow", "ETag", "Location", "Retry-After", "WWW-Authenticate", REQUEST_ID]
"""What a script in a browser may read besides the body."""

CORS_HEADERS = {
    "Access-Control-Allow-Origin": WEB_ORIGIN,
    "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS),
}


log = logging.getLogger(__name__)


class ApiError(ChaliceUnhandledError):
    """A request failed in a way that we know; `detail` tells the person who sent it."""

    status: ClassVar[int] = 500
    message: ClassVar[str] = ""
    detail: ClassVar[str] = "Something went wrong on our side."
    example: ClassVar[str] = ""
    """What an answer's `detail` says where that is never the class's own: one of them."""
    headers: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls.message = cls.__dict__.get("message") or MESSAGES[cls.status]

    def __init__(self, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail or self.detail)
        self.own_headers = headers or {}

    def response(self) -> Response:
        """Give the answer that tells this failure."""
        headers = {**self.headers, **self.own_headers}
        return failure(self.status, self.message, str(self), headers, logs.request_id())


class BadBody(ApiError):
    status = 400
    detail = "The body is not JSON."


class BadCursor(ApiError):
    status = 400
    detail = "The cursor is not one that this list gave out."


class BadIdempotencyKey(ApiError):
    status = 400
    detail = "The Idempotency-Key must be 1 to 255 printable ASCII characters."


class BadLimit(ApiError):
    status = 400
    detail = "The limit must be a whole number from 1 to 100."


class BadSort(ApiError):
    status = 400
    detail = "This list cannot be sorted like that."
    example = "This list can be sorted by title, -title, release_date, -release_date."


class TokenExpired(ApiError):
    status = 401
    message = "token expired"
    detail = "The token has expired: get a new one."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidClaims(ApiError):
    status = 401
    message = "invalid claims"
    detail = "The token was not issued for this API: check issuer, audience and times."
    example = DENIED
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidHeader(ApiError):
    status = 401
    message = "invalid header"
    detail = "Send one valid token as Authorization: Bearer <token>."
    headers = {"WWW-Authenticate": "Bearer"}


class PermissionMissing(ApiError):
    status = 403
    detail = "The token does not carry the permission that this needs."
    example = "This needs the permission post:actors."


class MovieNotFound(ApiError):
    status = 404
    detail = "There is no movie with this id."


class ActorNotFound(ApiError):
    status = 404
    detail = "There is no actor with this id."


class RoleNotFound(ApiError):
    status = 404
    detail = "There is no role with this id."


class MethodNotAllowed(ApiError):
    status = 405
    detail = "This path does not take this method; the Allow header lists those that it takes."

    def __init__(self, methods: Iterable[str]) -> None:
        super().__init__(headers={"Allow": ", ".join(sorted(methods))})


class AlreadyCast(ApiError):
    status = 409
    detail = "This actor is in this movie already."


class TryAgain(ApiError):
    """Nothing is wrong with the request: sent again, it may succeed."""

    status = 503
    headers = {"Retry-After": "1"}


class Contended(TryAgain):
    status = 409
    detail = "Others kept changing this at the same moment: try again."


class VersionMoved(ApiError):
    status = 412
    detail = "If-Match does not hold: this has been changed since you read it."

    def __init__(self, version: int) -> None:
        super().__init__(headers={"ETag": f'"{version}"'})


class BodyTooLarge(ApiError):
    status = 413
    detail = "The body is larger than 64 KiB."


class NotJson(ApiError):
    status = 415
    detail = "Send the body as application/json in UTF-8."


class InvalidBody(ApiError):
    status = 422
    detail = "The body does not have the fields that this needs."
    example = "title is missing."


class KeyReused(ApiError):
    status = 422
    detail = "This Idempotency-Key came with another body before: take a new one."


class InternalError(ApiError):
    """Our fault: logged with its traceback, and not explained."""


class TableBusy(TryAgain):
    detail = "The table is throttled at the moment."


class TableUnreachable(TryAgain):
    detail = "The table does not answer at the moment."
    headers = {"Retry-After": "2"}


def failure(
    status: int, message: str, detail: str, headers: Mapping[str, str], request_id: str
) -> Response:
    """Give an answer in the envelope of a failure, with the headers that every failure has.

    Where the fault is ours, `detail` names the request too: a person can quote it.
    """
    if status >= 500:
        detail = f"{detail} Quote request {request_id} when you ask about it."
    body = {"success": False, "error": status, "message": message, "detail": detail}
    named = {**ANSWER_HEADERS, **CORS_HEADERS, REQUEST_ID: request_id}
    return Response(body, {**named, **headers}, status)


def envelope(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: every failure in the envelope, whoever found it; the headers of every answer."""
    try:
        response = get_response(request)
    except ApiError as error:
        return error.response()
    except Exception:
        # Outside of a view: Chalice would answer it in a form of its own.
        log.exception("a request failed")
        return InternalError().response()
    if response.status_code >= 400:
        # Chalice's own: an exception that nobody expected, which it has logged with its traceback.
        return InternalError().response()
    # Its own headers win: the page for people has a Content-Security-Policy of its own.
    response.headers = {**ANSWER_HEADERS, **response.headers, REQUEST_ID: logs.request_id()}
    return response


class GatewayAnswer(NamedTuple):
    """What API Gateway says, in our envelope, where a request never reaches a function."""

    status: int
    message: str
    detail: str
    headers: Mapping[str, str] = {}

    def response(self) -> Response:
        """Give the answer, into whose body and headers the gateway fills `$context` variables."""
        return failure(self.status, self.message, self.detail, self.headers, "$context.requestId")

    def template(self) -> str:
        """Give the body as API Gateway wants it: JSON, with the variables in it."""
        body: str = self.response().to_dict()["body"]
        return body

    def parameters(self) -> dict[str, str]:
        """Give the headers as API Gateway wants them: `responseParameters`, constants quoted."""
        headers = {name: str(value) for name, value in self.response().headers.items()}
        return {
            f"gatewayresponse.header.{name}": value[1:] if value.startswith("$") else f"'{value}'"
            for name, value in headers.items()
        }


def _as(error: type[ApiError]) -> GatewayAnswer:
    return GatewayAnswer(error.status, error.message, error.detail, error.headers)


_NO_SUCH_PATH = GatewayAnswer(404, MESSAGES[404], "There is nothing at this path.")
_BAD_REQUEST = GatewayAnswer(400, MESSAGES[400], "The request cannot be read.")
_OUR_FAULT = _as(InternalError)
_TOO_MANY = GatewayAnswer(429, MESSAGES[429], "Slow down a little.", {"Retry-After": "1"})

GATEWAY_ANSWERS = {
    # The authorizer denies for authentication only; its context says which of the three it is.
    "ACCESS_DENIED": _as(InvalidHeader)._replace(
        message="$context.authorizer.message",
        detail=DENIED,
    ),
    "API_CONFIGURATION_ERROR": _OUR_FAULT,
    "AUTHORIZER_CONFIGURATION_ERROR": _OUR_FAULT,
    "AUTHORIZER_FAILURE": _OUR_FAULT,
    "BAD_REQUEST_BODY": _BAD_REQUEST,
    "BAD_REQUEST_PARAMETERS": _BAD_REQUEST,
    # These two stand for everything that is not listed: of 4xx, what API Gateway finds wrong with
    # the AWS signature for which it takes any Authorization header on a path that is not there.
    # The message is a constant because Amazon's own echoes that header.
    "DEFAULT_4XX": _NO_SUCH_PATH,
    "DEFAULT_5XX": _OUR_FAULT,
    "EXPIRED_TOKEN": _NO_SUCH_PATH,
    "INTEGRATION_FAILURE": _OUR_FAULT,
    "INTEGRATION_TIMEOUT": GatewayAnswer(
        503, MESSAGES[503], "The answer took too long.", {"Retry-After": "2"}
    ),
    "INVALID_SIGNATURE": _NO_SUCH_PATH,
    # API Gateway's name for "no such path or method, and no AWS signature either".
    "MISSING_AUTHENTICATION_TOKEN": _NO_SUCH_PATH,
    "QUOTA_EXCEEDED": _TOO_MANY,
    "REQUEST_TOO_LARGE": _as(BodyTooLarge),
    "RESOURCE_NOT_FOUND": _NO_SUCH_PATH,
    "THROTTLED": _TOO_MANY,
    "UNAUTHORIZED": _as(InvalidHeader),
    "UNSUPPORTED_MEDIA_TYPE": _as(NotJson),
    "WAF_FILTERED": GatewayAnswer(403, MESSAGES[403], "The firewall does not let this through."),
}
"""API Gateway's response types, and what each of them says.

Read by the local server and, as templates and parameters, by what sets up API Gateway.
"""
