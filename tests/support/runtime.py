"""An emulation of Lambda's Python runtime with its logging.

Run it as `python -m tests.support.runtime MODULE.NAME FD [LEVEL]`. It reads one event per line from
standard input and writes one response per line to the file descriptor FD. Standard output and
standard error belong to the function, as in Lambda.
"""

import importlib
import json
import logging
import os
import sys
import uuid


class Context:
    """The context object of an invocation."""

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def main(handler: str, descriptor: str, level: str | None = None) -> None:
    """Invoke the handler with each event. LEVEL sets the log level of our own loggers."""
    # Lambda installs its own log handler before it imports the function.
    logging.basicConfig(format="[%(levelname)s]\t%(asctime)s\t%(message)s", stream=sys.stdout)
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    if level:
        for logger in ("casting", "chalicelib"):
            logging.getLogger(logger).setLevel(level)
    with os.fdopen(int(descriptor), "w") as responses:
        for line in sys.stdin:
            responses.write(json.dumps(function(json.loads(line), Context())) + "\n")
            responses.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
