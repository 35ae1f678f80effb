"""The certificates that an app reads in a cold start of `make bench`."""

import ssl
import sysconfig
from collections.abc import Collection
from pathlib import Path

import pytest

from bench import tls
from bench.process import App, working
from tests.conftest import PROJECT

LIBRARIES = Path(sysconfig.get_path("purelib"))
OURS = "from chalicelib.store.client import create; client = create()"
USUAL = "from botocore.session import Session; client = Session().create_client('dynamodb')"
HANDLER = """
from botocore.httpsession import get_cert_path
{client}

def handler(event, context):
    return {{"bundle": get_cert_path(client._endpoint.http_session._verify)}}
"""


def app(folder: Path, client: str, without: Collection[str] = ()) -> App:
    """Return an app with this client of DynamoDB, and without some packages."""
    folder.mkdir()
    for path in (*LIBRARIES.iterdir(), PROJECT / "chalicelib"):
        if path.name not in without:
            (folder / path.name).symlink_to(path)
    (folder / "probe.py").write_text(HANDLER.format(client=client))
    return App("sample", folder, "probe.handler")


def certificates(app: App, environment: dict[str, str]) -> set[bytes]:
    """Return the certificates that the client of an app reads for its first request."""
    with working(app, environment) as worker:
        bundle = worker.call({}).response["bundle"]
    return set(ssl.create_default_context(cafile=bundle).get_ca_certs(binary_form=True))


@pytest.mark.parametrize(
    ("client", "without"),
    [(OURS, []), (USUAL, ["chalicelib"]), (USUAL, ["chalicelib", "certifi"])],
    ids=["ours", "certifi", "botocore"],
)
def test_an_app_reads_its_own_certificates_and_that_of_the_authority(
    client: str, without: list[str], tmp_path: Path
) -> None:
    measured = app(tmp_path / "app", client, without)
    _, authority = tls.server_context()
    bundle = tls.bundle(measured, authority, tmp_path)
    own = certificates(measured, {})
    assert own
    assert certificates(measured, {"AWS_CA_BUNDLE": str(bundle)}) == {
        *own,
        ssl.PEM_cert_to_DER_cert(authority),
    }


def test_an_app_without_a_client_of_dynamodb_has_no_certificates(tmp_path: Path) -> None:
    assert tls.bundle(App("flask", tmp_path, "app.handler"), "", tmp_path) is None
