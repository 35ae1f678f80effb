"""HTTPS between the apps and the stub DynamoDB."""

import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bench.process import App

AUTHORITY = "authority of make bench"
SIGNS_CERTIFICATES = x509.KeyUsage(
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
DEFAULT_BUNDLES = (
    "chalicelib/store/amazon-roots.pem",  # our client names it
    "certifi/cacert.pem",  # botocore prefers it to its own
    "botocore/cacert.pem",
)
"""The certificates that an app reads in Lambda: the first of these files in its folder."""


def bundle(
    app: App, authority: str, folder: Path, defaults: Sequence[str] = DEFAULT_BUNDLES
) -> Path | None:
    """Write the certificates that an app reads in Lambda, and that of the authority.

    They are in the first of the files `defaults`. Return the file, or None if the app has none.
    """
    for name in defaults:
        default = app.folder / name
        if default.exists():
            file = folder / f"{app.name}.pem"
            file.write_text(f"{default.read_text()}\n{authority}")
            return file
    return None


def server_context() -> tuple[ssl.SSLContext, str]:
    """Return the TLS context of a server on 127.0.0.1, and the certificate of its new authority."""
    # RSA with 2,048 bits, as in the certificates of DynamoDB.
    authority_key, key = (generate_private_key(65_537, 2_048) for _ in range(2))
    is_authority = x509.BasicConstraints(ca=True, path_length=0)
    authority = _certificate(
        AUTHORITY, authority_key, authority_key, is_authority, SIGNS_CERTIFICATES
    )
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = _certificate(
        "stub DynamoDB", key, authority_key, x509.SubjectAlternativeName([address])
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate + private)
        file.flush()
        context.load_cert_chain(file.name)
    return context, authority.decode()


def _certificate(
    name: str, key: RSAPrivateKey, authority_key: RSAPrivateKey, *extensions: x509.ExtensionType
) -> bytes:
    """Return the certificate of a key, signed with the authority's key, as PEM."""
    own, authority = key.public_key(), authority_key.public_key()
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_common_name(name))
        .issuer_name(_common_name(AUTHORITY))
        .public_key(own)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        # Python 3.13 rejects certificates without these two extensions.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False
        )
    )
    for extension in extensions:
        critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
        builder = builder.add_extension(extension, critical)
    return builder.sign(authority_key, SHA256()).public_bytes(Encoding.PEM)


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
