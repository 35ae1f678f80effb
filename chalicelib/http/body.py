"""Request bodies: JSON in, a validated value out.

A rejection names the field and what was expected. It quotes nothing that the caller sent, except
the short name of an unknown field.
"""

import datetime
import enum
import re
import unicodedata
from typing import Any, ClassVar, cast, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import fields as struct_fields

from chalicelib import strict_json
from chalicelib.errors import BadBody, BodyTooLarge, InvalidBody, NotJson
from chalicelib.http import request
from chalicelib.http.fields import EXPECTED
from chalicelib.limits import MAX_BODY

# White space and zero-width characters. They are stripped, not matched by a pattern: a pattern that
# ends in \Z takes quadratic time on a long run of spaces inside a text.
_EDGES = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u2060\ufeff"
_INVISIBLE = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that show nothing


_A_MOMENT = "expected a time with an offset, such as 2026-11-25T09:30:00Z"

MAX_CHOICES = 25
"""Choices that a rejection lists. Of a longer list it names only the source."""


class Body(Struct, kw_only=True, forbid_unknown_fields=True):
    """A request body. In a body of changes, a field that was not sent is UNSET."""

    example: ClassVar[dict[str, Any]]
    """A valid body, for the contract."""

    constraint: ClassVar[dict[str, Any]] = {}
    """The rule between fields, as JSON Schema."""


def fields_of(body: Body) -> dict[str, Any]:
    """Return the fields that were sent or have a default, with dates as YYYY-MM-DD.

    A moment is RFC 3339 in UTC.
    """
    fields: dict[str, Any] = msgspec.to_builtins(body)
    for name in fields:
        value = getattr(body, name)
        if isinstance(value, datetime.datetime):
            fields[name] = value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    return fields


def read(body_type: type[Body]) -> Body:
    """Return the current request's body as this type.

    Raise NotJson, BodyTooLarge, BadBody or InvalidBody.
    """
    current = request.current()
    # API Gateway also treats a body without a media type as JSON.
    if not _is_json(current.headers.get("content-type", "application/json")):
        raise NotJson()
    raw = cast(bytes, current.raw_body)
    if len(raw) > MAX_BODY:
        raise BodyTooLarge()
    try:
        document = strict_json.parse(raw)
    except ValueError as error:
        raise BadBody() from error
    if not isinstance(document, dict):
        raise InvalidBody("The request body must be a JSON object.")
    names = body_type.__struct_fields__
    if not document:
        raise InvalidBody(f"The request body is empty: send some of {', '.join(names)}.")
    if unknown := document.keys() - set(names):
        name = _printable(min(unknown))
        raise InvalidBody(f"{name} is not a field here: send {', '.join(names)}.")
    values = _trimmed(document)
    try:
        body = msgspec.convert(values, body_type)
    except msgspec.ValidationError as error:
        raise InvalidBody(sentence(str(error), body_type)) from error
    for name, value in values.items():
        # msgspec also reads a space instead of the T, and an offset without its colon.
        is_moment = isinstance(getattr(body, name), datetime.datetime)
        if is_moment and not re.fullmatch(r".{10}[Tt].+([Zz]|[+-]..:..)", value):
            raise InvalidBody(f"{name}: {_A_MOMENT}.")
    return body


def trim(text: str) -> str:
    """Strip white space and zero-width characters. A text that shows nothing becomes empty."""
    text = text.strip(_EDGES)
    visible = (c not in _INVISIBLE and unicodedata.category(c)[0] not in "CMZ" for c in text)
    return text if any(visible) else ""


def _trimmed(value: Any) -> Any:
    """Return a JSON value with every text in it trimmed, except the names of members."""
    if isinstance(value, str):
        return trim(value)
    if isinstance(value, list):
        return [_trimmed(part) for part in value]
    if isinstance(value, dict):
        return {name: _trimmed(part) for name, part in value.items()}
    return value


def _is_json(content_type: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    return media_type == "application/json" and all(c in ("utf-8", "utf8") for c in charsets)


def sentence(reason: str, struct: type[Struct]) -> str:
    """Turn msgspec's reason into a sentence for a person, without the values that it quotes."""
    problem, _, place = reason.partition(" - at `")
    field = place.removeprefix("key` in `").strip("$.`").replace("[...]", "")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", problem):
        return f"{'.'.join(filter(None, (field, missing[1])))} is missing."
    if problem.startswith("Expected `str` matching regex"):
        known = (words for regex, words in EXPECTED.items() if problem.endswith(repr(regex)))
        problem = f"expected {next(known)}"
    elif problem == "Invalid RFC3339 encoded date":
        problem = "expected a date that exists, as YYYY-MM-DD"
    elif problem.startswith("Invalid RFC3339") or "timezone" in problem:
        problem = _A_MOMENT
    elif problem.startswith("Invalid enum value"):
        problem = f"expected one of {_choices(_annotation(struct, field))}"
    elif problem.startswith("Object contains unknown field"):
        names = [f.encode_name for f in struct_fields(_annotation(struct, field))]
        problem = f"expected only the members {', '.join(names)}"
    elif items := re.fullmatch(r"Expected `(array|object)` of length ([<>]=) (\d+)", problem):
        things = ("item" if items[1] == "array" else "member") + ("" if items[3] == "1" else "s")
        problem = f"expected at {'most' if items[2] == '<=' else 'least'} {items[3]} {things}"
    elif limit := re.fullmatch(r"Expected `str` of length ([<>]=) (\d+)", problem):
        most = f"expected at most {limit[2]} characters"
        problem = most if limit[1] == "<=" else "expected some text, not an empty string"
    elif bound := re.fullmatch(r"Expected `int` ([<>]=) (\d+)", problem):
        problem = f"expected a number of {bound[2]} or {'less' if bound[1] == '<=' else 'more'}"
    elif wrong := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", problem):
        expected = [_WORDS.get(name, name) for name in wrong[1].split(" | ")]
        problem = f"expected {' or '.join(expected)}, got {_WORDS.get(wrong[2], wrong[2])}"
    return f"{field}: {problem}." if field else f"{problem}."


def _annotation(struct: type[Struct], place: str) -> Any:
    """Return the class at a place such as `availability[0].kind`: a struct, an enum, ..."""
    annotation: Any = struct
    for name in re.sub(r"\[\d+\]", "", place).split("."):
        annotation = next(f.type for f in struct_fields(annotation) if f.encode_name == name)
        while args := [part for part in get_args(annotation) if part is not type(None)]:
            # The first alternative of a union, the value of a dict, the item of a list.
            is_dict = get_origin(annotation) is dict
            annotation = args[1] if is_dict else args[0]
    return annotation


def _choices(choices: type[enum.Enum]) -> str:
    values = [str(member.value) for member in choices]
    return ", ".join(values) if len(values) <= MAX_CHOICES else f"the {choices.__doc__}"


_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "date": "a date as YYYY-MM-DD",
    "datetime": "a time with an offset",
    "float": "a number with a fraction",
    "int": "a whole number",
    "object": "an object",
    "str": "text",
}
"""msgspec's names of types, in words for people."""


def _printable(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", name) else "One of the names"
