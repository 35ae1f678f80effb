"""SnapStart: Lambda initializes a version of a function once, and takes a snapshot of its memory.

It starts every environment of the version from this snapshot. So nothing in the snapshot may be
random, or be a connection. `secrets` and `uuid` always read from the operating system, whose
random numbers Lambda renews. The generator of `random` is a part of the snapshot.
"""

import random
from collections.abc import Callable

try:
    import snapshot_restore_py as hooks
except ImportError:  # only Lambda's Python has it
    hooks = None


def before_snapshot(prepare: Callable[[], object]) -> None:
    """Call `prepare` before Lambda takes a snapshot of this function, if it takes one."""
    if hooks:
        hooks.register_before_snapshot(prepare)


if hooks:
    hooks.register_after_restore(random.seed)
