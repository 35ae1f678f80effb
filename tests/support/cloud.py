"""AWS for the tests that deploy: an emulator, and an issuer that it can reach."""

import datetime
import ipaddress
import json
import os
import secrets
import shutil
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

from dev import machine
from dev.local import engine
from dev.machine import PROJECT
from tests.support.issuer import Issuer, pem, rsa_key

REGION = "eu-central-1"
SERVICES = "acm,apigateway,cloudformation,dynamodb,iam,lambda,logs,monitoring,s3,sns,sts"
START_SECONDS = 60


class Cloud:
    """An empty AWS account on 127.0.0.1, which checks its callers as AWS does.

    `environment` makes a subprocess, such as the chalice command, its administrator. Its functions
    trust only the certificates in the file `ca`.
    """

    def __init__(self, folder: Path, ca: Path) -> None:
        engine.install()
        self.folder = folder
        self.ca = ca
        self.url = ""
        for _ in range(engine.PORTS_TRIED):
            if self._starts(machine.free_port()):
                return
        raise AssertionError(f"the emulator did not start: {self.output()}")

    def _starts(self, port: int) -> bool:
        """Start the emulator. Return False if it ended before it responded."""
        scratch, mark = self.folder / "tmp", secrets.token_hex(8)
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "AWS_ACCESS_KEY_ID": "administrator",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
        }
        # The functions inherit the environment, so it has only what they would have on AWS, and
        # what the emulator needs. The certificates are here and not in a stage's variables,
        # because chalice sets those for pip too.
        environment = {
            "PATH": os.environ["PATH"],
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": "administrator",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # as on AWS, and not what fits into the memory
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
                [str(engine.PYTHON), "-I", str(PROJECT / "tests" / "support" / "emulator.py")],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # with the processes of its functions: see `stop`
            )
        deadline = time.monotonic() + START_SECONDS
        try:
            while self.process.poll() is None:
                if engine.mark_at(port) == mark:
                    return True
                if time.monotonic() > deadline:
                    raise AssertionError(f"the emulator does not answer: {self.output()}")
                time.sleep(0.05)
        except BaseException:  # also Ctrl+C
            self.stop()
            raise
        return False

    def output(self) -> str:
        """Return what the emulator has printed."""
        return (self.folder / "emulator.log").read_text()

    def client(self, service: str) -> Any:
        """Return an administrator's boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def calls(self, access_key: str) -> set[tuple[str, str]]:
        """Return every action that the owner of this key has asked for, with its resource."""
        lines = (self.folder / "state.calls").read_text().splitlines()
        calls = [json.loads(line) for line in lines]
        return {(action, resource) for key, action, resource in calls if key == access_key}

    def api_url(self, api_id: str, stage: str) -> str:
        """Return the URL of a deployed API. It has a path, like API Gateway's own URLs."""
        return f"{self.url}/_aws/execute-api/{api_id}/{stage}"

    def logs(self, function_name: str) -> str:
        """Return all lines that a function has logged, oldest first, or none without a log."""
        logs = self.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{function_name}"
            )
            return "\n".join(event["message"] for page in pages for event in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            return ""

    def stop(self) -> None:
        """Stop the emulator and every process of its functions."""
        # Killed, because there is nothing to save. If it has ended, its pid may already belong to
        # another process.
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        # The functions' code: 40 MB for each of their processes.
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)


class TlsIssuer(Issuer):
    """The tests' issuer over https.

    `certificate` is the file of its certificate and key, and `ca` that of its authority.
    """

    def __init__(self, folder: Path) -> None:
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(
            _certificate(
                "tls-ca", x509.BasicConstraints(ca=True, path_length=0), _SIGNS_CERTIFICATES
            )
        )
        self.certificate = own = folder / "issuer.pem"
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        certificate = _certificate("tls-issuer", x509.SubjectAlternativeName([address]))
        own.write_bytes(certificate + pem(rsa_key("tls-issuer")).encode())
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(own)
        super().__init__(tls)


_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=False,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _certificate(name: str, *extensions: x509.ExtensionType) -> bytes:
    """Return a certificate for the key of this name, signed with the key `tls-ca`, as PEM."""
    own, authority = rsa_key(name).public_key(), rsa_key("tls-ca")
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named("tls-ca"))
        .public_key(own)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        # Python 3.13 rejects certificates without these two extensions.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
    )
    for extension in extensions:
        critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
        builder = builder.add_extension(extension, critical)
    return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _named(name: str) -> x509.Name:
    """Return the subject or issuer with this common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
