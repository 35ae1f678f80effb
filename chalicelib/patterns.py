"""The regular expressions of all modules, compiled when the package was built.

Python keeps the bytecode of modules, but not of the regular expressions in them. The functions and
what they import have about 170. To compile them takes a tenth of a cold start. So `make package`
adds a file with the codes, from which `re` gets them before anything else is imported.
"""

import _sre  # type: ignore[import-not-found]  # it has no types
import marshal
import re
from pathlib import Path

FILE = Path(__file__).with_suffix(".marshal")


def load() -> None:
    """Put the compiled patterns where `re` looks first. Outside a package, there are none."""
    try:
        content = FILE.read_bytes()
    except FileNotFoundError:
        return
    magic, patterns = marshal.loads(content)  # noqa: S302 -- it is a part of the package
    if magic != _sre.MAGIC:  # another Python writes other codes
        return
    cache = re._cache  # type: ignore[attr-defined]  # it is private
    for pattern, flags, *compiled in patterns:
        cache[type(pattern), pattern, flags] = _sre.compile(pattern, *compiled)
