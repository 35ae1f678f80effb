"""Lambda's runtime, as far as logging is concerned.

Run as `python -m tests.support.runtime MODULE.NAME FD`.

It takes events from standard input, a line each, and gives its answers on the descriptor FD:
standard output and standard error are the function's own, as in Lambda.
"""

import importlib
import json
import logging
import os
import sys
import uuid


class Context:
    """What Lambda tells a function of one invocation."""

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def main(handler: str, descriptor: str, level: str | None = None) -> None:
    # The runtime has a handler of its own before it imports the function.
    logging.basicConfig(format="[%(levelname)s]\t%(asctime)s\t%(message)s", stream=sys.stdout)
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    if level:
        for ours in ("casting", "chalicelib"):
            logging.getLogger(ours).setLevel(level)
    with os.fdopen(int(descriptor), "w") as answers:
        for line in sys.stdin:
            answers.write(json.dumps(function(json.loads(line), Context())) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
