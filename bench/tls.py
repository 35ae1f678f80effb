"""The cost of the TLS context of our client: `python -I -S tls.py FOLDER ROUNDS`.

It calls our API in FOLDER with the event from standard input, and notes from which bundle of
certificates botocore would trust DynamoDB. It writes the CPU seconds of creating a TLS context from
that bundle, and from that of certifi, once for each round. Both are in marshal.
"""

import marshal
import ssl
import sys
import time
from typing import Any

folder, rounds = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, folder)
output, sys.stdout = sys.stdout, sys.stderr  # the API logs to standard output

from botocore import httpsession  # noqa: E402

bundles: list[str] = []
create_session = httpsession.URLLib3Session.__init__


def noting_the_bundle(session: Any, verify: Any = True, *args: Any, **kwargs: Any) -> None:
    bundles.append(httpsession.get_cert_path(verify))
    create_session(session, verify, *args, **kwargs)


class Context:
    """The context object of an invocation."""

    aws_request_id = "8c5c1f4e-3b1b-4f0e-9d1d-0b8f7a6c5d4e"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def seconds(bundle: str) -> float:
    before = time.process_time()
    ssl.create_default_context(cafile=bundle)
    return time.process_time() - before


httpsession.URLLib3Session.__init__ = noting_the_bundle
app = __import__("app").app
app(marshal.load(sys.stdin.buffer), Context())
certifi = httpsession.where()
timed = [(seconds(bundles[-1]), seconds(certifi)) for _ in range(rounds)]
marshal.dump(timed, output.buffer)
