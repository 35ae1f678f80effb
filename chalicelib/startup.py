"""Garbage collection, while Lambda starts a function.

Nothing that is imported becomes garbage. Looking for it takes 5 % of a cold start, and again some
milliseconds in a request now and then.
"""

import gc

from chalicelib.settings import IN_LAMBDA

if IN_LAMBDA:
    gc.disable()


def finish() -> None:
    """Collect garbage from now on, but only what requests leave behind."""
    if IN_LAMBDA:
        gc.freeze()
        gc.enable()
