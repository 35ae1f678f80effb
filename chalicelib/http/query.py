"""Query parameters that filter a list: text in, validated values out.

The filters of a list are the fields of a subclass of Filters. One whose type is a list may be
repeated: what is listed then matches all of its values.
"""

import json
import re
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import fields as struct_fields

from chalicelib.errors import InvalidFilter
from chalicelib.http.body import sentence, trim
from chalicelib.http.request import query_parameters
from chalicelib.store.text import search_words


class Filters(Struct, kw_only=True):
    """The filters of a list. None is a filter that was not sent."""

    def sent(self) -> dict[str, Any]:
        """Return the filters that were sent, with dates as YYYY-MM-DD."""
        values = msgspec.to_builtins(self)
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        """Return what a filtered list is called after the name of the whole list."""
        sent = self.sent()
        return f"&filters={json.dumps(sent, sort_keys=True)}" if sent else ""


FiltersT = TypeVar("FiltersT", bound=Filters)

_BOOLEANS = {"true": True, "false": False}


def read(filters_type: type[FiltersT]) -> FiltersT:
    """Return the current request's filters as this type. Raise InvalidFilter."""
    values = {
        field.name: _value(field.type, texts)
        for field in struct_fields(filters_type)
        if (texts := query_parameters(field.name))
    }
    try:
        return msgspec.convert(values, filters_type)
    except msgspec.ValidationError as error:
        # A parameter is sent or is not: it cannot be null.
        reason = str(error).replace(" | null`", "`")
        # Of a parameter that is repeated, the first wrong value is meant.
        detail = re.sub(r"\A(\w+)\[\d+\]", r"\1", sentence(reason, filters_type))
        raise InvalidFilter(detail) from error


def _value(annotation: Any, texts: list[str]) -> Any:
    """Return the text or texts of a parameter. Of one that is no list, the last counts."""
    alternatives = {_bare(part) for part in get_args(annotation)}
    if list in alternatives:
        return [trim(text) for text in texts]
    text = trim(texts[-1])
    return _BOOLEANS.get(text, text) if bool in alternatives else text


def _bare(annotation: Any) -> Any:
    """Return the class of an annotation, without what `Annotated` adds to it."""
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    return get_origin(annotation) or annotation


def check_search(search: str | None) -> None:
    """Raise ValueError if a search has nothing to search for."""
    if search is not None and not search_words(search):
        raise ValueError("expected at least one letter, digit or symbol - at `$.search`")


def check_range(low_name: str, low: Any, high_name: str, high: Any) -> None:
    """Raise ValueError if a range ends before it begins. Either end may be None."""
    if low is not None and high is not None and low > high:
        raise ValueError(f"expected nothing less than {low_name} - at `$.{high_name}`")
