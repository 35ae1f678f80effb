"""The request headers If-Match, If-None-Match and Idempotency-Key."""

import base64
import hashlib
import json
import re
from typing import Any

from chalicelib.errors import BadIdempotencyKey
from chalicelib.http import request
from chalicelib.http.body import Body, fields_of
from chalicelib.limits import MAX_IDEMPOTENCY_KEY
from chalicelib.store.table import Replay

MAX_VERSIONS = 100
"""Versions in one condition: DynamoDB compares with no more."""

DIGEST = 12
"""Bytes: 16 characters in base64, the form of an id."""


def if_match() -> frozenset[int] | None:
    """Return the versions that If-Match allows, or None if it allows every version.

    An entity tag that is not one of ours (weak, or not a number) matches nothing. Of more than
    MAX_VERSIONS versions, only the newest count.
    """
    header = request.current().headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    return frozenset(sorted(_versions(header))[-MAX_VERSIONS:])


def client_has(version: int) -> bool:
    """Return whether If-None-Match names this version, or is `*`."""
    header = request.current().headers.get("if-none-match", "")
    # The comparison is weak (RFC 9110, 13.1.2): a proxy may have made the tag weak on its way.
    return header.strip() == "*" or version in _versions(header, weak="(?:W/)?")


def _versions(header: str, weak: str = "") -> list[int]:
    tags = (re.fullmatch(weak + r'"([1-9][0-9]{0,9})"', t.strip()) for t in header.split(","))
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
    return Replay(
        _digest(key, request.caller_sub(), current.path),
        _digest(current.uri_params, fields_of(body)),
    )


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest[:DIGEST]).decode()
