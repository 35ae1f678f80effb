"""A botocore that reads each of its data files once in a process, and not once for each client.

A new client otherwise parses 2 MB of JSON and lists the folders of all services.
"""

import functools

from botocore import session


def install() -> None:
    """Share one loader between all sessions with the same folders."""
    session.create_loader = functools.cache(session.create_loader)
