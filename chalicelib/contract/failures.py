"""The ways in which an operation can fail. They follow from what its view declares."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib.errors import (
    ApiError,
    BadBody,
    BadSort,
    BodyTooLarge,
    InternalError,
    InvalidBody,
    InvalidClaims,
    InvalidFilter,
    InvalidHeader,
    IssuerUnreachable,
    NotJson,
    PermissionMissing,
    TableBusy,
    TableUnreachable,
    TokenExpired,
)
from chalicelib.http.answers import KINDS
from chalicelib.http.envelope import failure
from chalicelib.http.gateway import GATEWAY_RESPONSES
from chalicelib.http.views import Declared

AUTHENTICATED = (TokenExpired, InvalidClaims, InvalidHeader, IssuerUnreachable, PermissionMissing)
USES_TABLE = (TableBusy, TableUnreachable)  # every operation with a permission does
WITH_BODY = (BadBody, BodyTooLarge, NotJson, InvalidBody)
GATEWAY = ("BAD_REQUEST_PARAMETERS", "REQUEST_TOO_LARGE", "THROTTLED", "INTEGRATION_TIMEOUT")
"""The responses of API Gateway that any request may get."""

REQUEST_ID = "3f1c2a9e-5b7d-4c80-9a61-d20e8b4f7c35"  # in the examples


class Failure(NamedTuple):
    """One of the ways in which an operation fails."""

    name: str
    status: int
    message: str
    detail: str
    headers: Mapping[str, str]
    example: str
    """An example of `detail`."""

    def body(self) -> Any:
        """Return an example of the response's body."""
        return failure(self.status, self.message, self.example, {}, REQUEST_ID).body


def failures_of(declared: Declared) -> Iterator[Failure]:
    """Return every way in which an operation fails."""
    for error in sorted(_errors(declared), key=lambda error: error.__name__):
        example = error.example or error.detail
        yield Failure(
            error.__name__, error.status, error.message, error.detail, error.headers, example
        )
    for name in GATEWAY:
        response = GATEWAY_RESPONSES[name]
        yield Failure(name.title().replace("_", ""), *response, response.detail)


def _errors(declared: Declared) -> set[type[ApiError]]:
    assert declared.answers is not None  # noqa: S101 -- `views.seal` has checked it
    errors = {*declared.answers.errors, *KINDS[declared.answers.by].errors, InternalError}
    if not declared.is_public:
        errors.update(AUTHENTICATED, USES_TABLE)
    if declared.body:
        errors.update(WITH_BODY)
    if declared.sorts:
        errors.add(BadSort)
    if declared.filters:
        errors.add(InvalidFilter)
    return errors
