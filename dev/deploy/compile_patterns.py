"""Write the regular expressions that the functions compile while they start, to standard output.

`python -P -S -B compile_patterns.py FOLDER INSTALLED MODULE...` imports modules from FOLDER, an
unzipped package, as Lambda does. INSTALLED is the site-packages of this Python. The output is in
the format of `marshal`, for chalicelib/patterns.py: the version of Python's patterns, and a list
of (pattern, flags, arguments of `_sre.compile` after the pattern...).
"""

import _sre  # type: ignore[import-not-found]  # it has no types
import importlib
import marshal
import re
import sys
from typing import Any

arguments_of: dict[re.Pattern[Any], tuple[Any, ...]] = {}


def recording(original: Any) -> Any:
    """Return a function that compiles as `original` does, and records its arguments."""

    def compile_code(*arguments: Any) -> Any:
        compiled = original(*arguments)
        arguments_of[compiled] = arguments
        return compiled

    return compile_code


def to_entry(pattern: str | bytes, flags: int, compiled: re.Pattern[Any]) -> tuple[Any, ...]:
    """Return the key of a pattern in `re`, and what it was compiled from, as plain values."""
    _, all_flags, code, groups, numbers, names = arguments_of[compiled]
    # Python's own functions have subclasses of int for some flags and codes.
    return pattern, int(flags), int(all_flags), [int(c) for c in code], groups, dict(numbers), names


def main() -> None:
    folder, installed, *modules = sys.argv[1:]
    _sre.compile = recording(_sre.compile)
    # msgspec is the only package with a C extension. In FOLDER, it may be for another processor.
    sys.path.insert(0, installed)
    importlib.import_module("msgspec")
    sys.path[0] = folder
    for module in modules:
        importlib.import_module(module)
    cache = re._cache  # type: ignore[attr-defined]  # it is private
    entries = [to_entry(pattern, flags, made) for (_, pattern, flags), made in cache.items()]
    # Version 2 of the format depends on nothing but the values.
    sys.stdout.buffer.write(marshal.dumps((_sre.MAGIC, sorted(entries, key=repr)), 2))


if __name__ == "__main__":
    main()
