"""What a request says: its body as a typed value, its place in a list, its conditions.

Every refusal names the field and what was expected of it, and quotes nothing that the caller sent
but the short name of a field.
"""

import base64
import binascii
import enum
import functools
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypedDict, cast, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from chalicelib import strict_json
from chalicelib.auth import View, auth, caller
from chalicelib.errors import (
    BadBody,
    BadCursor,
    BadIdempotencyKey,
    BadLimit,
    BadSort,
    BodyTooLarge,
    InvalidBody,
    NotJson,
)

MAX_BODY = 64 * 1024  # bytes
MAX_CURSOR = 2_048  # characters; a sort key has 1,024 bytes at most (DynamoDB)
DEFAULT_LIMIT, MAX_LIMIT = 20, 100
DIGEST = 12  # bytes: 16 characters, the form of an id
FINGERPRINT = 6  # bytes: enough to catch a cursor that was put into another list by mistake

# White space and what has no width. Stripped, not searched for: a pattern that ends in \Z takes the
# square of a long run of spaces within a text.
_EDGES = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u2060\ufeff"
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that show nothing

Name = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")
]
"""A title or a name: 1 to 200 characters of any script, without control characters."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]
"""What may be somebody's id; whether it is one, the store knows."""


class Body(Struct, kw_only=True, forbid_unknown_fields=True):
    """A request's body; in changes, a field that was not sent is UNSET."""

    example: ClassVar[dict[str, Any]]
    """One that is taken, for the contract."""

    constraint: ClassVar[dict[str, Any]] = {}
    """What must hold between its fields, as JSON Schema."""


def takes(body_type: type[Body]) -> Callable[[View], View]:
    """Give a view the request's body as its first argument; the type is kept as `view.takes`.

    Refuses with NotJson, BodyTooLarge, BadBody or InvalidBody.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def parsed(**path: str) -> Any:
            return view(_body(body_type), **path)

        parsed.__dict__["takes"] = body_type
        return parsed

    return declare


def given(body: Body) -> dict[str, Any]:
    """Give the fields but for those that are UNSET, dates as YYYY-MM-DD."""
    fields: dict[str, Any] = msgspec.to_builtins(body)
    return fields


def _body(body_type: type[Body]) -> Body:
    request = auth.current_request
    # API Gateway takes a body without a media type for JSON too.
    if not _is_json(request.headers.get("content-type", "application/json")):
        raise NotJson()
    raw = cast(bytes, request.raw_body)
    if len(raw) > MAX_BODY:
        raise BodyTooLarge()
    try:
        document = strict_json.parse(raw)
    except ValueError as error:
        raise BadBody() from error
    if not isinstance(document, dict):
        raise InvalidBody("The body must be a JSON object.")
    fields = body_type.__struct_fields__
    if not document:
        raise InvalidBody(f"The body is empty: send some of {', '.join(fields)}.")
    if unknown := document.keys() - set(fields):
        raise InvalidBody(f"{_named(min(unknown))} is not a field here: send {', '.join(fields)}.")
    trimmed = {k: _trimmed(v) if isinstance(v, str) else v for k, v in document.items()}
    try:
        return msgspec.convert(trimmed, body_type)
    except msgspec.ValidationError as error:
        raise InvalidBody(_sentence(str(error), body_type)) from error


def _is_json(content_type: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    return media_type == "application/json" and all(c in ("utf-8", "utf8") for c in charsets)


def _sentence(refusal: str, body_type: type[Body]) -> str:
    """Make a sentence for a person of msgspec's refusal, without the values that it quotes."""
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", refusal):
        return f"{missing[1]} is missing."
    what, _, place = refusal.partition(" - at `$.")
    field = place.rstrip("`")
    if "matching regex" in what:
        what = "expected text without control characters"
    elif what.startswith("Invalid RFC3339"):
        what = "expected a date that exists, as YYYY-MM-DD"
    elif what.startswith("Invalid enum value"):
        what = f"expected one of {', '.join(_choices(get_type_hints(body_type)[field]))}"
    elif limit := re.fullmatch(r"Expected `str` of length ([<>]=) (\d+)", what):
        most = f"expected at most {limit[2]} characters"
        what = most if limit[1] == "<=" else "expected some text, not an empty string"
    elif bound := re.fullmatch(r"Expected `int` ([<>]=) (\d+)", what):
        what = f"expected a number of {bound[2]} or {'less' if bound[1] == '<=' else 'more'}"
    elif wrong := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", what):
        expected = [_WORDS.get(name, name) for name in wrong[1].split(" | ")]
        what = f"expected {' or '.join(expected)}, got {_WORDS.get(wrong[2], wrong[2])}"
    return f"{field}: {what}." if field else f"{what}."


def _choices(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return [str(member) for member in annotation]
    return [choice for part in get_args(annotation) for choice in _choices(part)]


_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "date": "a date as YYYY-MM-DD",
    "float": "a number with a fraction",
    "int": "a whole number",
    "object": "an object",
    "str": "text",
}
"""msgspec's names of types, for people."""


def _named(field: str) -> str:
    return field if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", field) else "One of the names"


def _trimmed(text: str) -> str:
    """Strip white space and zero-width characters; what shows nothing at all is empty."""
    text = text.strip(_EDGES)
    shows = (c not in _FILLERS and unicodedata.category(c)[0] not in "CMZ" for c in text)
    return text if any(shows) else ""


class Paging(TypedDict):
    """Where in a list to go on: after this sort key, and how many items to give at most."""

    after: str | None
    limit: int


def paging(list_name: str) -> Paging:
    """Read `limit` and `cursor` of a request for the list that `list_name` names.

    Refuses with BadLimit, and with BadCursor where the cursor is malformed or another list's.
    """
    limit = query("limit")
    if limit is None:
        limit = str(DEFAULT_LIMIT)
    if not re.fullmatch(r"[1-9][0-9]{0,2}", limit) or int(limit) > MAX_LIMIT:
        raise BadLimit()
    given_cursor = query("cursor")
    return {
        "limit": int(limit),
        "after": None if given_cursor is None else _after(list_name, given_cursor),
    }


def cursor(list_name: str, sort_key: str) -> str:
    """Write down a place in the list that `list_name` names, for `paging` to read.

    It holds a sort key and a fingerprint of the list, and no secret: the list's partition comes
    from the request, so a made-up cursor can only be another place in the same list.
    """
    return (
        base64.urlsafe_b64encode(_fingerprint(list_name) + sort_key.encode()).rstrip(b"=").decode()
    )


def _after(list_name: str, text: str) -> str:
    try:
        if len(text) > MAX_CURSOR:
            raise BadCursor()
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        sort_key = raw[FINGERPRINT:].decode()
    except (binascii.Error, ValueError) as error:
        raise BadCursor() from error
    if cursor(list_name, sort_key) != text:
        raise BadCursor()
    return sort_key


def _fingerprint(list_name: str) -> bytes:
    return hashlib.sha256(list_name.encode()).digest()[:FINGERPRINT]


def query(name: str) -> str | None:
    """Give a query parameter, the last one where it stands twice, or None."""
    parameters = auth.current_request.query_params
    return None if parameters is None else parameters.get(name)


def sorts(*orders: str) -> Callable[[View], View]:
    """Give a view the `sort` that is asked for as its first argument; kept as `view.sorts`.

    It is one of these orders, and the first of them where none is asked for; else BadSort.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def parsed(**path: str) -> Any:
            order = query("sort")
            if order is None:
                order = orders[0]
            elif order not in orders:
                raise BadSort(f"This list can be sorted by {', '.join(orders)}.")
            return view(order, **path)

        parsed.__dict__["sorts"] = orders
        return parsed

    return declare


def filters(*names: str) -> Callable[[View], View]:
    """Give a view these query parameters by their names, None for each that is not there.

    The names are kept as `view.filters`.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def parsed(**path: str) -> Any:
            return view(**{name: query(name) for name in names}, **path)

        parsed.__dict__["filters"] = names
        return parsed

    return declare


def if_match() -> frozenset[int] | None:
    """Give the versions of which If-Match allows any; None where it allows all.

    An entity tag that is not one of ours (weak, or no number) matches nothing; of more than 100 the
    newest count, for DynamoDB compares with no more.
    """
    condition = auth.current_request.headers.get("if-match")
    if condition is None or condition.strip() == "*":
        return None
    return frozenset(sorted(_versions(condition))[-100:])


def is_known(version: int) -> bool:
    """Tell whether the caller has this version already: If-None-Match names it, or is `*`."""
    condition = auth.current_request.headers.get("if-none-match", "")
    # It compares weakly (RFC 9110, 13.1.2): a proxy may have made a tag weak on its way.
    return condition.strip() == "*" or version in _versions(condition, weak="(?:W/)?")


def _versions(condition: str, weak: str = "") -> list[int]:
    tags = (re.fullmatch(weak + r'"([1-9][0-9]{0,9})"', t.strip()) for t in condition.split(","))
    return [int(tag[1]) for tag in tags if tag]


def idempotency(body: Body) -> str | None:
    """Give what this request is known by when it is sent again; None without Idempotency-Key.

    `<hash of key, caller and route>.<hash of what was sent>`; refuses with BadIdempotencyKey.
    """
    request = auth.current_request
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not re.fullmatch(r"[ -~]{1,255}", key) or not key.strip():
        raise BadIdempotencyKey()
    return f"{_digest(key, caller(), request.path)}.{_digest(request.uri_params, given(body))}"


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest[:DIGEST]).decode()
