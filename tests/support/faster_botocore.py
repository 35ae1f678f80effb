"""A botocore whose new clients do not repeat what an earlier one in the process has done.

A new client otherwise parses 2 MB of JSON, lists the folders of all services, and looks up the
parameters of 200 handlers.
"""

import functools
from collections.abc import Callable
from typing import Any

from botocore import hooks, session


def install() -> None:
    """Share one loader between sessions with the same folders. Look up each handler once."""
    session.create_loader = functools.cache(session.create_loader)
    accepts_kwargs = functools.cache(hooks.accepts_kwargs)

    def accepts(handler: Callable[..., Any]) -> bool:
        # The function of a method, because the cache must not keep its object.
        return bool(accepts_kwargs(getattr(handler, "__func__", handler)))

    hooks.accepts_kwargs = accepts
