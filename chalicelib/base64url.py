"""Canonical base64url (RFC 4648) without padding, as in tokens and keys."""

import base64
import re

_TEXT = re.compile(r"[A-Za-z0-9_-]+")


def decode(text: str) -> bytes:
    """Decode canonical base64url only, so that a token cannot be written in two ways.

    Raise ValueError for everything else.
    """
    if not _TEXT.fullmatch(text):
        raise ValueError("not base64url")
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != text.encode("ascii"):
        raise ValueError("not canonical base64url")
    return decoded
