"""The responses that API Gateway sends for us when a request never reaches a function.

The local server reads them here. A deployment turns them into API Gateway's templates.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chalice.app import Response

from chalicelib.errors import (
    MESSAGES,
    TOKEN_REJECTED,
    ApiError,
    BodyTooLarge,
    InternalError,
    InvalidHeader,
    IssuerUnreachable,
    MethodNotAllowed,
    NotJson,
)
from chalicelib.http.envelope import failure


class GatewayResponse(NamedTuple):
    """One response type of API Gateway, in our envelope."""

    status: int
    message: str
    detail: str
    headers: Mapping[str, str] = {}

    def response(self) -> Response:
        """Return the response. API Gateway replaces the `$context` variables in it."""
        return failure(self.status, self.message, self.detail, self.headers, "$context.requestId")

    def template(self) -> str:
        """Return the body as an API Gateway response template: JSON with `$context` variables."""
        body: str = self.response().to_dict()["body"]
        return body

    def parameters(self, place: str = "gatewayresponse") -> dict[str, str]:
        """Return the headers as API Gateway `responseParameters`, with constants quoted."""
        headers = {name: str(value) for name, value in self.response().headers.items()}
        return {
            f"{place}.header.{name}": value[1:] if value.startswith("$") else f"'{value}'"
            for name, value in headers.items()
        }

    def method(self) -> dict[str, Any]:
        """Return a method that always sends this response, for the API's definition."""
        status = str(self.status)
        headers = {name: {"type": "string"} for name in self.response().headers}
        return {
            "produces": ["application/json"],
            "responses": {status: {"description": self.message, "headers": headers}},
            "x-amazon-apigateway-integration": {
                "type": "mock",
                # A request without a template would be a 500, because it names no status.
                "requestTemplates": dict.fromkeys(MEDIA_TYPES, f'{{"statusCode": {status}}}'),
                "passthroughBehavior": "never",
                # Without it, a body of a binary type would be a 500.
                "contentHandling": "CONVERT_TO_TEXT",
                "responses": {
                    "default": {
                        "statusCode": status,
                        "responseParameters": self.parameters("method.response"),
                        "responseTemplates": {"application/json": self.template()},
                    }
                },
            },
        }


MEDIA_TYPES = (
    "application/json",  # also of requests without a Content-Type
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
)
"""The media types of requests that a mock answers. API Gateway responds to others with 415."""


def _like(error: type[ApiError]) -> GatewayResponse:
    return GatewayResponse(error.status, error.message, error.detail, error.headers)


def method_not_allowed(methods: Iterable[str]) -> GatewayResponse:
    """Return the response to all methods but these, which a path supports."""
    error = MethodNotAllowed(methods)
    return _like(MethodNotAllowed)._replace(headers=error.all_headers)


_NO_SUCH_PATH = GatewayResponse(404, MESSAGES[404], "There is no resource at this path.")
_BAD_REQUEST = GatewayResponse(400, MESSAGES[400], "The request cannot be read.")
_OUR_FAULT = _like(InternalError)
_TOO_MANY = GatewayResponse(
    429,
    MESSAGES[429],
    "Too many requests at the moment: wait a second and try again.",
    {"Retry-After": "1"},
)

GATEWAY_RESPONSES = {
    # The authorizer denies only for authentication. Its context holds one of the three messages.
    "ACCESS_DENIED": _like(InvalidHeader)._replace(
        message="$context.authorizer.message",
        detail=TOKEN_REJECTED,
    ),
    "API_CONFIGURATION_ERROR": _OUR_FAULT,
    # API Gateway does not say which of these two follows from an authorizer that raises.
    "AUTHORIZER_CONFIGURATION_ERROR": _like(IssuerUnreachable),
    "AUTHORIZER_FAILURE": _like(IssuerUnreachable),
    "BAD_REQUEST_BODY": _BAD_REQUEST,
    "BAD_REQUEST_PARAMETERS": _BAD_REQUEST,
    # These two are the defaults for response types that are not listed here. On an unknown path,
    # API Gateway reads any Authorization header as an AWS signature and fails with a 4xx.
    # Amazon's own message would echo that header, so ours is a constant.
    "DEFAULT_4XX": _NO_SUCH_PATH,
    "DEFAULT_5XX": _OUR_FAULT,
    "EXPIRED_TOKEN": _NO_SUCH_PATH,
    "INTEGRATION_FAILURE": _OUR_FAULT,
    "INTEGRATION_TIMEOUT": GatewayResponse(
        503, MESSAGES[503], "The response took too long: try again.", {"Retry-After": "2"}
    ),
    "INVALID_SIGNATURE": _NO_SUCH_PATH,
    # API Gateway's name for an unknown path or method without an AWS signature.
    "MISSING_AUTHENTICATION_TOKEN": _NO_SUCH_PATH,
    "QUOTA_EXCEEDED": _TOO_MANY,
    "REQUEST_TOO_LARGE": _like(BodyTooLarge),
    "RESOURCE_NOT_FOUND": _NO_SUCH_PATH,
    "THROTTLED": _TOO_MANY,
    "UNAUTHORIZED": _like(InvalidHeader),
    "UNSUPPORTED_MEDIA_TYPE": _like(NotJson),
    "WAF_FILTERED": GatewayResponse(403, MESSAGES[403], "The firewall blocked this request."),
}
"""API Gateway's response types, and the response that each one sends."""
