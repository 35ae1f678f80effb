"""`make run`, which also writes what it logs of each request to a file in LOCAL.

The deployed function logs the same members (`chalicelib/logs.py`).
"""

import json
import logging
from typing import Any

from dev.local import serve
from dev.machine import LOCAL

LOG = "requests.jsonl"


class RequestLog(logging.FileHandler):
    """Writes the id, the duration and the capacity of each request as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        # Only now: this module reads settings, which `serve` chooses.
        from chalicelib.logs import request_id

        members: dict[str, Any] = getattr(record, "members", {})
        return json.dumps({"request_id": request_id(), **members})


def main() -> None:
    LOCAL.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("chalicelib.logs")
    log.addHandler(RequestLog(LOCAL / LOG, mode="w"))
    log.setLevel(logging.INFO)
    log.propagate = False
    serve.main()


if __name__ == "__main__":
    main()
