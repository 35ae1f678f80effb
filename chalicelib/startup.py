"""Garbage collection and warnings, while Lambda starts a function.

Nothing that is imported becomes garbage. Looking for it takes 5 % of a cold start, and again some
milliseconds in a request now and then.
"""

import gc
import warnings

from chalicelib.settings import IN_LAMBDA

if IN_LAMBDA:
    gc.disable()
    # The package leaves out what guesses the encoding of texts: we read bytes.
    warnings.filterwarnings("ignore", "Unable to find acceptable character detection dependency")


def finish() -> None:
    """Collect garbage from now on, but only what requests leave behind."""
    if IN_LAMBDA and not gc.isenabled():
        gc.freeze()
        gc.enable()
