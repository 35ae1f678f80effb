"""A token issuer for the tests: keys of several kinds, and a server that can fail in many ways."""

import base64
import contextlib
import functools
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk as jwk_of
from jose import jws
from jose.backends.base import Key

from chalicelib.permissions import AGENCY_ROLES
from dev.local.issuer import public_jwk

AUDIENCE = "casting-api"


_keys: dict[str, rsa.RSAPrivateKey] = {}


def rsa_key(name: str, bits: int = 2_048) -> rsa.RSAPrivateKey:
    """Return the private key of this name. It is created at its first use."""
    if name not in _keys:
        _keys[name] = rsa.generate_private_key(public_exponent=65_537, key_size=bits)
    return _keys[name]


def pem(key: Any) -> str:
    """Return a private key as PEM, for jose."""
    return str(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
    )


@functools.cache
def _signing_key(name: str) -> Key:
    # jose checks the key's primes whenever it reads the key, so it is read once.
    return jwk_of.construct(pem(rsa_key(name)), "RS256")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(name: str, bits: int = 2_048, **members: Any) -> dict[str, Any]:
    """Return the public half of a key as a JWK, under its name."""
    published: dict[str, Any] = {**public_jwk(rsa_key(name, bits)), "kid": name}
    return {k: v for k, v in {**published, **members}.items() if v is not None}


def rs256(message: bytes, key: str) -> bytes:
    """Return a key's valid RS256 signature of a message."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return rsa_key(key).sign(message, padding.PKCS1v15(), hashes.SHA256())


class Issuer:
    """An issuer on 127.0.0.1. Set `answer` to change its response; `fetches` counts requests.

    It serves https with `tls`, and http without.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.fetches = 0
        self.paths: list[str] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.answer: bytes = b""
        self.drip = 0.0  # seconds between two bytes of the response
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                issuer.paths.append(self.path)
                self.send_response(issuer.status)
                for name, value in issuer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(issuer.answer)))
                self.end_headers()
                if not issuer.drip:
                    self.wfile.write(issuer.answer)
                    return
                with contextlib.suppress(OSError):
                    for byte in issuer.answer:
                        self.wfile.write(bytes([byte]))
                        time.sleep(issuer.drip)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' * bool(tls)}://127.0.0.1:{self._server.server_port}/"
        if tls:
            # Not in accept: there, a caller who sends nothing would block all others.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.publish(jwk("main"))

    def publish(self, *keys: dict[str, Any]) -> None:
        self.answer = json.dumps({"keys": keys}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def claims(self, role: str = "producer", **changes: Any) -> dict[str, Any]:
        """Return the claims of a valid token with changes. None removes a claim."""
        now = int(time.time())
        good = {
            "iss": self.url,
            "sub": f"auth0|{role}",
            "aud": [AUDIENCE, "https://tenant.example/userinfo"],
            "iat": now,
            "exp": now + 3_600,
            "permissions": sorted(AGENCY_ROLES[role].permissions),
        }
        return {k: v for k, v in {**good, **changes}.items() if v is not None}

    def token(self, role: str = "producer", *, key: str = "main", **changes: Any) -> str:
        """Return a valid token of a role, with changed claims."""
        claims = self.claims(role, **changes)
        token: str = jws.sign(claims, _signing_key(key), {"kid": key}, algorithm="RS256")
        return token
