"""The regular expressions of all modules, compiled when the package was built.

Bytecode contains regular expressions as texts, so Python compiles all of them in each cold start.
`make package` compiles them once, and adds them to the package as a file of their own. What it
saves is in docs/decisions-deployment.md.
"""

import _sre  # type: ignore[import-not-found]  # it has no types
import marshal
import re
from pathlib import Path

FILE = Path(__file__).with_suffix(".marshal")


def load() -> None:
    """Put the compiled patterns into the cache of `re`. Outside a package, there are none."""
    try:
        content = FILE.read_bytes()
    except FileNotFoundError:
        return
    magic, patterns = marshal.loads(content)  # noqa: S302 -- it is a part of the package
    if magic != _sre.MAGIC:  # they are for another Python
        return
    cache = re._cache  # type: ignore[attr-defined]  # it is private
    for pattern, flags, *compiled in patterns:
        cache[type(pattern), pattern, flags] = _sre.compile(pattern, *compiled)
