"""Every way a request can fail: a name, a status and a sentence.

`chalicelib.http.envelope` turns an error into a response.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from chalice.app import ChaliceUnhandledError

from chalicelib.limits import MAX_BODY, MAX_IDEMPOTENCY_KEY, MAX_LIMIT, MAX_TERMS

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
"""The `message` of each status, which clients may match.

401 has three: those of TokenExpired, InvalidClaims and InvalidHeader.
"""

TOKEN_REJECTED = "This token is not accepted: the message says why."  # noqa: S105 -- a sentence
"""The `detail` that API Gateway sends when the authorizer denies a token."""


class ApiError(ChaliceUnhandledError):
    """A request failed for a known reason. `detail` explains it to the caller."""

    status: ClassVar[int] = 500
    message: ClassVar[str] = ""
    detail: ClassVar[str] = "Something went wrong on our side."
    example: ClassVar[str] = ""
    """An example of `detail`, for errors that always have a more specific one."""
    headers: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls.message = cls.__dict__.get("message") or MESSAGES[cls.status]

    def __init__(self, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail or self.detail)
        self.all_headers = {**self.headers, **(headers or {})}


class BadBody(ApiError):
    status = 400
    detail = "The request body must be JSON."


class BadCursor(ApiError):
    status = 400
    detail = "cursor must be a next_cursor that this list returned."


class BadIdempotencyKey(ApiError):
    status = 400
    detail = f"Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters."


class BadLimit(ApiError):
    status = 400
    detail = f"limit must be a whole number from 1 to {MAX_LIMIT}."


class BadSort(ApiError):
    status = 400
    detail = "sort must be one of the orders of this list."
    example = "sort must be one of title, -title, release_date, -release_date."


class TokenExpired(ApiError):
    status = 401
    message = "token expired"
    detail = "The token has expired: get a new one."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidClaims(ApiError):
    status = 401
    message = "invalid claims"
    detail = "The token was not issued for this API: check issuer, audience and times."
    example = TOKEN_REJECTED
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidHeader(ApiError):
    status = 401
    message = "invalid header"
    detail = "Send one valid token as Authorization: Bearer <token>."
    headers = {"WWW-Authenticate": "Bearer"}


class PermissionMissing(ApiError):
    status = 403
    detail = "The token does not have the permission that this operation requires."
    example = "This operation requires the permission post:actors."


class MovieNotFound(ApiError):
    status = 404
    detail = "There is no movie with this id."


class ActorNotFound(ApiError):
    status = 404
    detail = "There is no actor with this id."


class RoleNotFound(ApiError):
    status = 404
    detail = "There is no role with this id."


class PartNotFound(ApiError):
    status = 404
    detail = "There is no part with this id."


class CandidateNotFound(ApiError):
    status = 404
    detail = "There is no candidate with this id."


class ConsoleFileNotFound(ApiError):
    status = 404
    detail = "The console has no file with this name: reload the page."


class MethodNotAllowed(ApiError):
    status = 405
    detail = "This path does not support this method: the Allow header lists the supported methods."

    def __init__(self, methods: Iterable[str]) -> None:
        super().__init__(headers={"Allow": ", ".join(sorted(methods))})


class AlreadyCast(ApiError):
    status = 409
    detail = "This actor is in this movie already."


class ExternalIdTaken(ApiError):
    status = 409
    detail = "Another resource has this external id."
    example = "imdb_id is already that of Xq3vT0yLr8-kZb1N."

    def __init__(self, field: str, owner_id: str, reader: str, is_named: bool = False) -> None:
        """`reader` is the permission to read the owner. Its id is for those who have it."""
        owner = owner_id if is_named else "another resource"
        super().__init__(f"{field} is already that of {owner}.")
        self.field, self.owner_id, self.reader = field, owner_id, reader

    def named(self) -> "ExternalIdTaken":
        """Return this error for somebody who may read the owner."""
        return ExternalIdTaken(self.field, self.owner_id, self.reader, is_named=True)


class PartFull(ApiError):
    status = 409
    detail = "Everybody whom this part needs is cast: release somebody first, or raise `needed`."


class PartClosed(ApiError):
    status = 409
    detail = "This part is closed: open it first."


class NeededTooFew(ApiError):
    status = 409
    detail = "More people than that are cast in this part: release somebody first."


class StillEngaged(ApiError):
    status = 409
    detail = "This candidate is engaged: decline or release them first."


class TooManyEngagements(ApiError):
    status = 409
    detail = "There are too many engagements at once."
    example = "A part has at most 80 engaged candidates."


class TryAgain(ApiError):
    """The request is valid, and a retry may succeed."""

    status = 503
    headers = {"Retry-After": "1"}


class Contended(TryAgain):
    status = 409
    detail = "Other requests kept changing this resource at the same time: try again."


class VersionMismatch(ApiError):
    status = 412
    detail = "If-Match does not match: this resource has changed since you read it."

    def __init__(self, version: int) -> None:
        super().__init__(headers={"ETag": f'"{version}"'})


class BodyTooLarge(ApiError):
    status = 413
    detail = f"The request body is larger than {MAX_BODY // 1024} KiB."


class NotJson(ApiError):
    status = 415
    detail = "Send the request body as application/json in UTF-8."


class InvalidBody(ApiError):
    status = 422
    detail = "The request body does not have the required fields."
    example = "title is missing."


class Unordered(InvalidBody):
    detail = "The end of a range must not be before its beginning."
    example = "shoot_end: expected nothing less than shoot_start."

    def __init__(self, low: str, high: str) -> None:
        super().__init__(f"{high}: expected nothing less than {low}.")


class TooManyTerms(InvalidBody):
    detail = (
        f"Names, skills, languages and unions have more than {MAX_TERMS} words and values to search"
        " by: send fewer."
    )
    example = detail


class WrongTransition(InvalidBody):
    example = "status: expected one of cast, offered, declined, released after on_hold."

    def __init__(self, status: str, allowed: Iterable[str]) -> None:
        super().__init__(f"status: expected one of {', '.join(allowed)} after {status}.")


class InvalidFilter(ApiError):
    status = 422
    detail = "A query parameter does not have one of its values."
    example = "status: expected one of open, cast, closed."


class Unsortable(InvalidFilter):
    detail = "These filters cannot be combined with this order: leave out sort."
    example = "sort=title cannot be combined with filters: sort by release_date."


class KeyReused(ApiError):
    status = 422
    detail = "This Idempotency-Key was already used with another request body: use a new one."


class InternalError(ApiError):
    """A fault of ours. It is logged with its traceback, and not explained to the caller."""


class IssuerUnreachable(TryAgain):
    """The issuer's keys cannot be fetched. API Gateway sends this if the authorizer fails."""

    detail = "Tokens cannot be verified at the moment: try again."
    headers = {"Retry-After": "30"}


class TableBusy(TryAgain):
    detail = "The database is throttled at the moment: try again."


class TableUnreachable(TryAgain):
    detail = "The database does not respond at the moment: try again."
    headers = {"Retry-After": "2"}
