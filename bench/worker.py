"""The process of one measured app: `python -I -S worker.py FOLDER MODULE.HANDLER FD`.

It runs the app as Lambda does: in a new process, with only the app's folder on the path. It reads
(event, number of calls) from standard input, in marshal, which costs no import. It writes lines of
JSON to the file descriptor FD: the response, the CPU seconds of the calls, and the bytes of memory.
The CPU seconds of the first line include the import of the app.
"""

import marshal
import sys
import time

started = time.process_time()


class Context:
    """The context object of an invocation."""

    function_name = "casting"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:casting"
    memory_limit_in_mb = "1024"
    aws_request_id = "8c5c1f4e-3b1b-4f0e-9d1d-0b8f7a6c5d4e"
    log_group_name = "/aws/lambda/casting"
    log_stream_name = "2026/11/28/[$LATEST]0123456789abcdef0123456789abcdef"
    identity = client_context = None

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def memory() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


folder, handler, descriptor = sys.argv[1:]
sys.path.insert(0, folder)
module_name, _, name = handler.rpartition(".")
__import__(module_name)
function = getattr(sys.modules[module_name], name)
has_answered = False

with open(int(descriptor), "w") as results:
    while True:
        try:
            event, calls = marshal.load(sys.stdin.buffer)
        except EOFError:
            break
        # Each call has an event of its own: an app may change it.
        packed = marshal.dumps(event)
        events = [marshal.loads(packed) for _ in range(calls)]
        since = time.process_time() if has_answered else started
        for event in events:
            response = function(event, Context())
        used = time.process_time() - since
        has_answered = True
        used_memory = memory()
        import json  # only now: it would be part of the cold start

        results.write(json.dumps([response, used, used_memory]) + "\n")
        results.flush()
