"""The request headers If-Match, If-None-Match and Idempotency-Key."""

import base64
import hashlib
import json
import re
from typing import Any

from chalicelib.errors import BadIdempotencyKey
from chalicelib.http import plain_json, request
from chalicelib.http.body import Body, fields_of
from chalicelib.limits import MAX_IDEMPOTENCY_KEY
from chalicelib.store.table import Replay

MAX_VERSIONS = 100
"""Versions in one condition: DynamoDB compares with no more."""

DIGEST = 12
"""Bytes: 16 characters in base64, the form of an id."""

_ETAG = r'"([1-9][0-9]{0,9})(?:\.[A-Za-z0-9_-]{16})?"'


def if_match() -> frozenset[int] | None:
    """Return the versions that If-Match allows, or None if it allows every version.

    Of the entity tag of a read, only the version counts. An entity tag that is not one of ours
    matches nothing, and a weak one neither. Of more than MAX_VERSIONS versions, only the newest
    count.
    """
    header = request.current().headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    return frozenset(sorted(_versions(header))[-MAX_VERSIONS:])


def etag(version: int, body: Any = None) -> str:
    """Return the entity tag of a version. That of a read also has a hash of the body.

    A resource is shown with what belongs to others, such as the name of a candidate's actor. This
    can change while the version stays the same.
    """
    if body is None:
        return f'"{version}"'
    return f'"{version}.{_digest(plain_json.canonical([body]))}"'


def client_has(tag: str) -> bool:
    """Return whether If-None-Match names this entity tag, or is `*`."""
    header = request.current().headers.get("if-none-match", "")
    # The comparison is weak (RFC 9110, 13.1.2): a proxy may have made the tag weak on its way.
    tags = (named.strip().removeprefix("W/") for named in header.split(","))
    return header.strip() == "*" or tag in tags


def _versions(header: str) -> list[int]:
    tags = (re.fullmatch(_ETAG, tag.strip()) for tag in header.split(","))
    return [int(tag[1]) for tag in tags if tag]


def replay(body: Body) -> Replay | None:
    """Return the mark by which a retry of this POST is recognised, or None without a key.

    Raise BadIdempotencyKey.
    """
    current = request.current()
    key = current.headers.get("idempotency-key")
    if key is None:
        return None
    if not re.fullmatch(rf"[ -~]{{1,{MAX_IDEMPOTENCY_KEY}}}", key) or not key.strip():
        raise BadIdempotencyKey()
    parts = (
        [key, request.caller_sub(), current.path],
        [current.uri_params, fields_of(body)],
    )
    # A path can have a lone surrogate, which plain_json refuses.
    return Replay(*(_digest(json.dumps(part, sort_keys=True).encode()) for part in parts))


def _digest(text: bytes) -> str:
    digest = hashlib.sha256(text).digest()
    return base64.urlsafe_b64encode(digest[:DIGEST]).decode()
