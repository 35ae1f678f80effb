"""Write the regular expressions that the functions compile while they start, to standard output.

`python -P -S -B patterns.py FOLDER INSTALLED MODULE...` imports the modules of a package, as Lambda
does. chalicelib/patterns.py reads what it writes.
"""

import _sre  # type: ignore[import-not-found]  # it has no types
import importlib
import marshal
import re
import sys
from typing import Any

arguments_of: dict[re.Pattern[Any], tuple[Any, ...]] = {}


def noting(original: Any) -> Any:
    """Return a function that compiles as `original` does, and notes its arguments."""

    def compile_code(*arguments: Any) -> Any:
        compiled = original(*arguments)
        arguments_of[compiled] = arguments
        return compiled

    return compile_code


def entry(pattern: str | bytes, flags: int, compiled: re.Pattern[Any]) -> tuple[Any, ...]:
    """Return the key of a pattern in `re`, and what it was compiled from, as plain values."""
    _, all_flags, code, groups, numbers, names = arguments_of[compiled]
    return pattern, flags, int(all_flags), [int(c) for c in code], groups, dict(numbers), names


def main() -> None:
    folder, installed, *modules = sys.argv[1:]
    _sre.compile = noting(_sre.compile)
    # It is the only one that is compiled, and the package may be for another machine than this.
    sys.path.insert(0, installed)
    importlib.import_module("msgspec")
    sys.path[0] = folder
    for module in modules:
        importlib.import_module(module)
    cache = re._cache  # type: ignore[attr-defined]  # it is private
    entries = [entry(pattern, flags, made) for (_, pattern, flags), made in cache.items()]
    # Version 2 of the format depends on nothing but the values.
    sys.stdout.buffer.write(marshal.dumps((_sre.MAGIC, sorted(entries, key=repr)), 2))


if __name__ == "__main__":
    main()
