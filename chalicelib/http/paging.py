"""Pages of a list: the query parameters `limit` and `cursor`, and the cursor of the next page.

A cursor holds a sort key and a fingerprint of its list, and no secret. The partition comes from the
request, so a made-up cursor can only be another place in the same list.
"""

import base64
import binascii
import hashlib
import re
from typing import TypedDict

from chalicelib.errors import BadCursor, BadLimit
from chalicelib.http.request import query_parameter
from chalicelib.limits import DEFAULT_LIMIT, MAX_CURSOR, MAX_LIMIT

FINGERPRINT = 6
"""Bytes. Enough to detect a cursor that was sent to another list by mistake."""


class PageRequest(TypedDict):
    """The page that the caller asks for: the sort key before it, and the number of items."""

    after: str | None
    limit: int


def requested_page(list_name: str) -> PageRequest:
    """Return the page of the list `list_name` that the current request asks for.

    Raise BadLimit, or BadCursor for a cursor that is malformed or belongs to another list.
    """
    limit = query_parameter("limit")
    if limit is None:
        limit = str(DEFAULT_LIMIT)
    if not re.fullmatch(r"[1-9][0-9]{0,2}", limit) or int(limit) > MAX_LIMIT:
        raise BadLimit()
    cursor = query_parameter("cursor")
    after = None if cursor is None else decode_cursor(list_name, cursor)
    return {"limit": int(limit), "after": after}


def encode_cursor(list_name: str, sort_key: str) -> str:
    """Return the cursor of the place after this sort key in the list `list_name`."""
    raw = _fingerprint(list_name) + sort_key.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(list_name: str, cursor: str) -> str:
    """Return the sort key that a cursor of the list `list_name` holds. Raise BadCursor."""
    try:
        if len(cursor) > MAX_CURSOR:
            raise BadCursor()
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        sort_key = raw[FINGERPRINT:].decode()
    except (binascii.Error, ValueError) as error:
        raise BadCursor() from error
    if encode_cursor(list_name, sort_key) != cursor:
        raise BadCursor()
    return sort_key


def _fingerprint(list_name: str) -> bytes:
    return hashlib.sha256(list_name.encode()).digest()[:FINGERPRINT]
