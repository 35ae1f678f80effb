"""AWS for the tests that deploy: an emulator of its own, and an issuer that it can reach."""

import datetime
import ipaddress
import os
import secrets
import signal
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from dev import engine, local
from dev.local import PROJECT
from tests.issuer import Issuer, rsa_key

REGION = "eu-central-1"
SERVICES = "apigateway,cloudformation,dynamodb,iam,lambda,logs,s3,sts"
START_SECONDS = 60


class Cloud:
    """An AWS account on 127.0.0.1, empty at first; whoever calls it is checked as on AWS.

    `environment` makes a subprocess (the chalice command, say) its administrator. Its functions
    trust the certificates of `ca`, a file, alone.
    """

    def __init__(self, folder: Path, ca: Path) -> None:
        engine.install()
        self.folder = folder
        self.ca = ca
        self.url = ""
        for _ in range(engine.PORTS_TRIED):
            if self._starts(local.free_port()):
                return
        raise AssertionError(f"the emulator did not start: {self.said()}")

    def _starts(self, port: int) -> bool:
        """Start the emulator; False where it has ended before it answered."""
        scratch, mark = self.folder / "tmp", secrets.token_hex(8)
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MINISTACK_"))},
            "AWS_ACCESS_KEY_ID": "administrator",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
        }
        # The functions inherit it, so there is nothing in it that they would not have on AWS but
        # what the emulator needs. The certificates are here and not among a stage's own variables
        # because chalice sets those for pip too.
        environment = {
            "PATH": os.environ["PATH"],
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": "administrator",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "WARNING",
            "MINISTACK_EDITION": mark,
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "0",
            "REQUESTS_CA_BUNDLE": str(self.ca),
            "SERVICES": SERVICES,
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(self.folder / "state"),
            "TMPDIR": str(scratch),
        }
        with open(self.folder / "emulator.log", "ab") as log:
            self.process = subprocess.Popen(
                [str(engine.PYTHON), "-I", str(PROJECT / "tests" / "emulator.py")],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the functions' processes too: see stop
            )
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if engine._mark_at(port) == mark:
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def said(self) -> str:
        return (self.folder / "emulator.log").read_text()

    def client(self, service: str) -> Any:
        """Give an administrator's boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def api_url(self, api_id: str, stage: str) -> str:
        """Give the URL of a deployed API: it has a path, as API Gateway's own URLs have."""
        return f"{self.url}/_aws/execute-api/{api_id}/{stage}"

    def logs(self, function_name: str) -> str:
        """Give every line that a function has logged, oldest first; empty where it has no log."""
        logs = self.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{function_name}"
            )
            return "\n".join(event["message"] for page in pages for event in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            return ""

    def stop(self) -> None:
        """End the emulator and every process of its functions."""
        # Nothing is to be saved. Not once it has ended: its number may be somebody else's by now.
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class TlsIssuer(Issuer):
    """The tests' issuer over https; `ca` is the file of the authority that vouches for it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.ca = folder / "ca.pem"
        own = folder / "issuer.pem"
        _write_certificates(self.ca, own)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own)
        # The handshake is made in the request's own thread, or one slow caller would stop all.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://127.0.0.1:{self._server.server_port}/"


def _write_certificates(ca: Path, own: Path) -> None:
    """Write a throw-away authority's certificate, and one that it gave 127.0.0.1 with its key."""
    now = datetime.datetime.now(datetime.UTC)
    names = {
        who: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in ("ca", "own")
    }
    written = {}
    for who in ("ca", "own"):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[who])
            .issuer_name(names["ca"])
            .public_key(rsa_key(f"tls-{who}").public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=who == "ca", path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                critical=False,
            )
        )
        written[who] = builder.sign(rsa_key("tls-ca"), hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM
        )
    ca.write_bytes(written["ca"])
    key = rsa_key("tls-own").private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    own.write_bytes(written["own"] + key)
