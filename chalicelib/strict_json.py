"""A strict JSON parser for untrusted input: request bodies, tokens and the issuer's keys."""

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
"""Levels of nesting. Our deepest document, a JWKS, has three."""

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def parse(text: bytes) -> Any:
    """Parse UTF-8 JSON. Return dict, list, str, int, float, bool or None.

    Raise ValueError for invalid JSON, and for what RFC 8259 leaves undefined: duplicate names, NaN
    and infinities, lone surrogates, nesting beyond MAX_DEPTH.
    """
    document = text.decode("utf-8")
    _limit_depth(document)
    value = json.loads(
        document,
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
        parse_float=_finite,
    )
    if "\\u" in document:
        # A lone surrogate, written as an escape, cannot be encoded as UTF-8.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _limit_depth(document: str) -> None:
    # Counted before parsing, because the parser's own limit differs between Python versions.
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(document):
        if token[0] in ("{", "["):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        elif token[0] in ("}", "]"):
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has two members of the same name")
    return members


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value
