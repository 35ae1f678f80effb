"""A server on 127.0.0.1 that forwards each request to another server."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Forwarding(BaseHTTPRequestHandler):
    """Handles a request by forwarding it. A subclass says where to, and may look at it."""

    host: str
    """The host and port of the other server."""

    def target(self) -> str:
        """Return the path of the request at the other server."""
        return self.path

    def has_responded(self, body: bytes) -> None:
        """Do something between the response of the other server and ours."""

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(self.command, self.target(), body, dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        self.has_responded(body)
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = forward  # noqa: N815 -- http.server says so

    def log_message(self, *_: Any) -> None:
        pass


def serve(server: ThreadingHTTPServer) -> None:
    """Serve in a thread until the server is shut down."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
