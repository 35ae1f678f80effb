"""`make run`, which also writes what it logs of each request to a file in LOCAL.

The deployed function logs the same members (`chalicelib/logs.py`), except `cpu_ms`.
"""

import json
import logging
import threading
import time
from typing import Any

from dev.local import serve
from dev.machine import LOCAL

LOG = "requests.jsonl"


class RequestLog(logging.FileHandler):
    """Writes a line of JSON for each request.

    `cpu_ms` is the CPU time of the request. It includes what API Gateway and the authorizer do on
    AWS: everything since the last request on the same connection, which has a thread of its own.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._thread = threading.local()

    def format(self, record: logging.LogRecord) -> str:
        cpu, before = time.thread_time(), getattr(self._thread, "cpu", 0.0)
        self._thread.cpu = cpu
        # Only now: this module reads settings, which `serve` chooses.
        from chalicelib.logs import request_id

        members: dict[str, Any] = getattr(record, "members", {})
        return json.dumps({"request_id": request_id(), "cpu_ms": (cpu - before) * 1_000, **members})


def main() -> None:
    LOCAL.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("chalicelib.logs")
    log.addHandler(RequestLog(LOCAL / LOG, mode="w"))
    log.setLevel(logging.INFO)
    log.propagate = False
    serve.main()


if __name__ == "__main__":
    main()
