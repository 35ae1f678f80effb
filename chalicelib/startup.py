"""Patterns, garbage collection and warnings, while Lambda starts a function.

Import this module first: the cache of `re` must be filled before other modules compile patterns.

Nothing that is imported becomes garbage. Looking for it takes 5 % of a cold start, and again some
milliseconds in a request now and then.
"""

import gc
import warnings

from chalicelib import patterns
from chalicelib.settings import IN_LAMBDA

patterns.load()
if IN_LAMBDA:
    gc.disable()
    # The package leaves out what guesses the encoding of texts: we read bytes.
    warnings.filterwarnings("ignore", "Unable to find acceptable character detection dependency")


def finish() -> None:
    """Collect garbage from now on, but only what requests leave behind."""
    if IN_LAMBDA and not gc.isenabled():
        gc.freeze()
        gc.enable()
