"""The local issuer's server: sign-in to the console of this run, and the public key.

A person chooses one of the agency's roles on its page. The page's answer is a code, which the
console exchanges for tokens (OAuth 2.0 authorization code with PKCE, OpenID Connect). The server
listens on 127.0.0.1 only and serves exactly one client: a code goes to the console's address only,
works once, within a minute, and only with the verifier of the browser that started the sign-in.
"""

import base64
import html
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from string import Template
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from chalicelib.permissions import AGENCY_ROLES
from dev.local import issuer

CODE_SECONDS = 60
PAGE_SECONDS = 600
"""How long a person may take to choose a role."""
TOKEN_SECONDS = 8 * 3600
MAX_BODY = 8_192  # bytes
MAX_OPEN = 1_000
"""Sign-ins that have been started. The oldest are forgotten."""

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in to Casting</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 12vh auto; padding: 0 1rem; }
button { display: block; width: 100%; margin: .5rem 0; padding: .7rem 1rem; font: inherit;
  text-align: left; cursor: pointer; }
</style>
<h1>Who are you today?</h1>
<p>This machine has no accounts. Choose a role of the agency.</p>
<form method="post" action="/authorize">
<input type="hidden" name="transaction" value="$transaction">
$buttons
</form>
""")

PROBLEM = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The sign-in cannot begin</title>
<h1>The sign-in cannot begin</h1>
<p>$reason
""")


class Client(NamedTuple):
    """The one application that people sign in to."""

    client_id: str
    audience: str
    address: str
    """Where the console is, and where a code is sent: exactly this URL."""

    @property
    def origin(self) -> str:
        return "/".join(self.address.split("/")[:3])


class Request(NamedTuple):
    """What the console has asked for."""

    state: str
    challenge: str
    nonce: str | None
    until: float


class Code(NamedTuple):
    """A person's choice, until it is exchanged."""

    role: str
    request: Request
    until: float


class Refused(Exception):
    """A request is refused. The text is the reason, for a person."""


class SignIns:
    """The sign-ins that are under way."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._requests: dict[str, Request] = {}
        self._codes: dict[str, Code] = {}
        self._lock = threading.Lock()

    def begin(self, query: dict[str, str]) -> str:
        """Return the mark of a new sign-in, or raise Refused."""
        if query.get("redirect_uri") != self.client.address:
            raise Refused(f"Open the console at {self.client.address}, exactly there.")
        expected = {
            "client_id": self.client.client_id,
            "audience": self.client.audience,
            "response_type": "code",
            "code_challenge_method": "S256",
        }
        for name, value in expected.items():
            if query.get(name) != value:
                raise Refused(f"{name} must be {value}.")
        challenge, state = query.get("code_challenge", ""), query.get("state", "")
        if not re.fullmatch("[A-Za-z0-9_-]{43}", challenge) or not state:
            raise Refused("code_challenge and state must be sent.")
        request = Request(state, challenge, query.get("nonce"), time.monotonic() + PAGE_SECONDS)
        return self._add(self._requests, request)

    def choose(self, form: dict[str, str]) -> str:
        """Return the address to which the browser goes after the choice, or raise Refused."""
        request = self._take(self._requests, form.get("transaction", ""))
        role = form.get("role", "")
        if request is None or role not in AGENCY_ROLES:
            raise Refused("This page is too old. Go back to the console and sign in again.")
        code = self._add(self._codes, Code(role, request, time.monotonic() + CODE_SECONDS))
        return f"{self.client.address}?{urlencode({'code': code, 'state': request.state})}"

    def exchange(self, form: dict[str, str]) -> Code:
        """Return the choice that a code stands for, once, or raise Refused."""
        code: Code | None = self._take(self._codes, form.get("code", ""))
        verifier = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            code is None
            or form.get("grant_type") != "authorization_code"
            or form.get("client_id") != self.client.client_id
            or form.get("redirect_uri") != self.client.address
            or not secrets.compare_digest(challenge, code.request.challenge)
        ):
            raise Refused("invalid_grant")
        return code

    def _add(self, kept: dict[str, Any], value: Any) -> str:
        mark = secrets.token_urlsafe(32)
        with self._lock:
            while len(kept) >= MAX_OPEN:
                kept.pop(next(iter(kept)))
            kept[mark] = value
        return mark

    def _take(self, kept: dict[str, Any], mark: str) -> Any:
        with self._lock:
            value = kept.pop(mark, None)
        return None if value is None or value.until < time.monotonic() else value


@contextmanager
def running(port: int, client: Client) -> Iterator[None]:
    """Serve the public key and the sign-in on this port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(port, SignIns(client)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _handler(port: int, sign_ins: SignIns) -> type[BaseHTTPRequestHandler]:
    client = sign_ins.client
    address = f"http://127.0.0.1:{port}/"
    keys = {"keys": [issuer.public_jwk(issuer.private_key())]}
    metadata = {
        "issuer": address,
        "authorization_endpoint": f"{address}authorize",
        "token_endpoint": f"{address}oauth/token",
        "jwks_uri": f"{address}.well-known/jwks.json",
        "end_session_endpoint": f"{address}logout",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
    }
    seconds = int(os.environ.get("TTL") or TOKEN_SECONDS)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = self._path()
            if path == "/.well-known/jwks.json":
                self._json(200, keys)
            elif path == "/.well-known/openid-configuration":
                self._json(200, metadata)
            elif not self._is_ours():
                self._json(404, {})
            elif path == "/authorize":
                self._page(lambda: _page(sign_ins.begin(query)))
            elif path == "/logout" and query.get("post_logout_redirect_uri") == client.address:
                self._redirect(client.address)
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            path, _ = self._path()
            origin = self.headers.get("Origin")
            form = self._form()
            if not self._is_ours():
                self._json(404, {})
            elif path == "/authorize" and origin == address.rstrip("/"):
                try:
                    self._redirect(sign_ins.choose(form))
                except Refused as reason:
                    self._html(400, PROBLEM.substitute(reason=html.escape(str(reason))))
            elif path == "/oauth/token" and origin == client.origin:
                try:
                    self._json(200, self._tokens(sign_ins.exchange(form)))
                except Refused as reason:
                    self._json(400, {"error": str(reason)})
            else:
                self._json(403, {"error": "access_denied"})

        def _tokens(self, code: Code) -> dict[str, Any]:
            nonce = {} if code.request.nonce is None else {"nonce": code.request.nonce}
            return {
                "access_token": issuer.mint(code.role, address, client.audience, seconds),
                "id_token": issuer.mint_id_token(
                    code.role, address, client.client_id, seconds, **nonce
                ),
                "token_type": "Bearer",
                "expires_in": seconds,
                "scope": "openid profile",
            }

        def _path(self) -> tuple[str, dict[str, str]]:
            parts = urlsplit(self.path)
            return parts.path, _last_of_each(parts.query)

        def _is_ours(self) -> bool:
            # Another Host is a page of another site whose name resolves to 127.0.0.1.
            return self.headers.get("Host") == f"127.0.0.1:{port}"

        def _form(self) -> dict[str, str]:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MAX_BODY:
                self.close_connection = True
                return {}
            return _last_of_each(self.rfile.read(int(length)).decode("utf-8", "replace"))

        def _page(self, make: Any) -> None:
            try:
                self._html(200, make())
            except Refused as reason:
                self._html(400, PROBLEM.substitute(reason=html.escape(str(reason))))

        def _html(self, status: int, text: str) -> None:
            policy = (
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
                # A browser also asks it for the address to which a form's answer leads.
                f" form-action 'self' {client.origin}; frame-ancestors 'none'"
            )
            headers = {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": policy,
            }
            self._send(status, text, headers)

        def _json(self, status: int, content: dict[str, Any]) -> None:
            headers = {
                "Content-Type": "application/json",
                "Access-Control-Allow-Origin": client.origin,
            }
            self._send(status, json.dumps(content), headers)

        def _redirect(self, to: str) -> None:
            self._send(303, "", {"Location": to})

        def _send(self, status: int, text: str, headers: dict[str, str]) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass  # addresses and forms contain codes

    return Handler


def _page(transaction: str) -> str:
    buttons = "\n".join(
        f'<button name="role" value="{role}">{html.escape(name)}</button>'
        for role, (name, _) in AGENCY_ROLES.items()
    )
    return PAGE.substitute(transaction=transaction, buttons=buttons)


def _last_of_each(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text).items()}
