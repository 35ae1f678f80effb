"""JSON, byte for byte as Python's json.dumps writes it, and several times as fast.

Both functions raise TypeError for what has no JSON, as json.dumps does.
"""

import json
import re
from typing import Any

import msgspec

_ESCAPED = re.compile(rb"[\x7f-\xff]")
"""What json.dumps escapes and msgspec does not. Most of our documents have none of it."""


def compact(value: Any) -> str:
    """Return a value as JSON without spaces."""
    encoded = msgspec.json.encode(value)
    if _ESCAPED.search(encoded):
        return json.dumps(value, separators=(",", ":"))
    return encoded.decode()


def canonical(value: Any) -> bytes:
    """Return a value as JSON in which names are sorted, to compute a digest."""
    encoded = msgspec.json.encode(value, order="sorted")
    if _ESCAPED.search(encoded):
        return json.dumps(value, sort_keys=True).encode()
    return msgspec.json.format(encoded, indent=0)
