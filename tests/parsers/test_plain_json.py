"""The JSON of responses and entity tags, compared with json.dumps."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.http import plain_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.text('ab\x7f\\"/\n'),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(VALUES)
@example("\x7f")
@example("Amélie")
@example({"b": [{}, []], "a": {"é": "𝄞", "Z": None}})
@example({"b": "\x00\x1f</script>", "a": [1, {"c": True}]})
def test_json_is_byte_for_byte_as_json_dumps_writes_it(value: Any) -> None:
    assert plain_json.compact(value) == json.dumps(value, separators=(",", ":"))
    assert plain_json.canonical(value) == json.dumps(value, sort_keys=True).encode()


def test_what_has_no_json_is_a_type_error() -> None:
    for write in (plain_json.compact, plain_json.canonical):
        with pytest.raises(TypeError):
            write(object())
