"""Fixtures: the API in this process on moto, and the whole product as `make run` starts it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROJECT = Path(__file__).resolve().parent.parent

_folder = tempfile.TemporaryDirectory(prefix="casting-")
# Set before anything of dev/ is imported, so that a developer's data is not used.
os.environ["LOCAL_DIR"] = _folder.name

from tests.support.issuer import Issuer
from tests.support.settings import SETTINGS

_issuer = Issuer()
for name in [name for name in os.environ if name.startswith("AWS_")] + ["DYNAMODB_URL"]:
    os.environ.pop(name, None)
# Otherwise, each process that a test starts would compile our modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Set before anything of ours is imported, because the settings are read then, once.
os.environ.update(
    SETTINGS,
    STAGE="local",
    TABLE_NAME="casting-test",
    AUTH_ISSUER=_issuer.url,
    WEB_ORIGIN="http://localhost:3000",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
)

from moto import mock_aws

from app import app
from chalicelib.store import client, entries, table
from chalicelib.store.table import Item
from dev import machine
from dev.local import engine, gateway, serve
from tests.support import browser, faster_botocore, faster_moto
from tests.support.checkout import Checkout
from tests.support.client import Client
from tests.support.cloud import Cloud, TlsIssuer
from tests.support.deployment import STAGES, Live, Site, live_stage

faster_botocore.install()
faster_moto.install()
app.log.propagate = True  # so that caplog receives its records

LONGEST_FIRST = (
    "test_deploying.py",
    "test_links.py",  # meanwhile, the first process builds the console, which the others need
    "test_deployed.py",
    "test_screens.py",
    "test_contract.py",
    "test_package.py",
    "test_load_run.py",
    "test_running.py",
    "test_rehearsal.py",
    "test_postman.py",
    "test_board.py",
    "test_storm.py",
    "test_verify.py",
)
"""So that no process works alone on such a file at the end."""

SLOW_FIXTURES = {"checkout", "chromium", "cloud", "engine_url", "loaded", "product", "world"}
"""The fixtures that start a server, an engine or an emulator, or build a package."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="run only the tests that need no server, engine, emulator, browser or Node.js",
    )


def pytest_configure(config: pytest.Config) -> None:
    Product.is_allowed = not config.getoption("quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
    if config.getoption("quick"):
        slow = [item for item in items if _is_slow(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def _is_slow(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return not fixtures.isdisjoint(SLOW_FIXTURES) or item.get_closest_marker("slow") is not None


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """The issuer that the API in this process trusts."""
    yield _issuer
    _issuer.close()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The URL of the API in this process."""
    server = gateway.create_server(app, serve.chalice_config(app), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def empty_table() -> Iterator[None]:
    """An empty table in moto."""

    def create() -> None:
        Item.create_table()
        entries.note_complete()

    with mock_aws():
        faster_moto.once("create the table", create)
        yield


@pytest.fixture(scope="session")
def engine_url() -> Iterator[str]:
    """A real engine, one for each test process."""
    with engine.running() as url:
        yield url


@pytest.fixture
def real_table(engine_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty table in the real engine, for the API in this process. Return the engine's URL."""
    monkeypatch.setattr(client, "_client", client.create(engine_url))
    Item.create_table(wait=True)
    entries.note_complete()
    yield engine_url
    Item.delete_table()


@pytest.fixture
def as_(url: str, issuer: Issuer, empty_table: None) -> Callable[[str], Client]:
    """Return a function that logs in as one of the agency's roles."""
    return lambda role: Client(url, issuer.token(role))


@pytest.fixture
def producer(as_: Callable[[str], Client]) -> Client:
    return as_("producer")


@pytest.fixture
def assistant(as_: Callable[[str], Client]) -> Client:
    return as_("assistant")


@pytest.fixture
def nobody(url: str, empty_table: None) -> Client:
    return Client(url)


class Sent(list[str]):
    """The names of the DynamoDB requests that were sent, and their responses."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[dict[str, Any]] = []


@pytest.fixture
def sent(empty_table: None) -> Iterator[Sent]:
    """The requests to DynamoDB during a test. `sent.clear()` forgets those of its set-up."""
    requests = Sent()
    events = table.connection.connection.client.meta.events

    def before(model: Any, **_: Any) -> None:
        requests.append(model.name)

    def after(parsed: dict[str, Any], **_: Any) -> None:
        requests.answers.append(parsed)

    events.register("before-call.dynamodb", before)
    events.register("after-call.dynamodb", after)
    yield requests
    events.unregister("before-call.dynamodb", before)
    events.unregister("after-call.dynamodb", after)


class Product:
    """The product as a user starts it: `python -m dev.local.serve`, which is `make run`."""

    is_allowed = True

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> "Product":
        """Start it, and wait until it serves requests."""
        return self.start_until("Press Ctrl+C to stop.")

    def start_until(self, text: str) -> "Product":
        """Start it, and wait until it has printed this text."""
        assert Product.is_allowed, "this test starts a server: mark it as slow"
        before = self.log_text().count(text) if self.folder.with_suffix(".log").exists() else 0
        environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("AWS_", "AUTH_"))
            and k not in ("DYNAMODB_URL", "STAGE", "TABLE_NAME", "WEB_ORIGIN")
        }
        environment |= {"LOCAL_DIR": str(self.folder), "PORT": str(self.port), **self.settings}
        self.output = open(self.folder.with_suffix(".log"), "ab+")  # noqa: SIM115 -- until stop
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "dev.local.serve"],
            cwd=PROJECT,
            env=environment,
            stdout=self.output,
            stderr=self.output,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.log_text().count(text) > before:
                return self
            time.sleep(0.02)
        raise AssertionError(f"it did not start: {self.log_text()}")

    def log_text(self) -> str:
        return self.folder.with_suffix(".log").read_text()

    def stop(self, number: int = 15) -> None:
        self.process.send_signal(number)
        self.process.wait(30)
        self.output.close()


@pytest.fixture(scope="session")
def product_issuer() -> Iterator[Issuer]:
    """The issuer that the product trusts."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The stopped product after its first start, for all processes: `copy_of` continues from it.

    Loading the demo data takes longer than anything else in a start.
    """
    of_all = _folder_of_all(tmp_path_factory)
    product, done = Product(of_all / "loaded"), of_all / "loaded.done"
    with machine.lock(of_all / "loaded.lock"):
        if not done.exists():
            product.start().stop()
            done.touch()
    return product


def copy_of(loaded: Product, folder: Path, **settings: str) -> Product:
    """Return a product that is not started, with the data of one that has been stopped."""
    shutil.copytree(loaded.folder, folder)
    return Product(folder, **settings)


def _folder_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all test processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def product(
    tmp_path_factory: pytest.TempPathFactory, loaded: Product, product_issuer: Issuer
) -> Iterator[Product]:
    """The whole running product, with the tests' issuer."""
    folder = tmp_path_factory.mktemp("product") / "local"
    product = copy_of(loaded, folder, AUTH_ISSUER=product_issuer.url).start()
    yield product
    product.stop()


@pytest.fixture(scope="session")
def real(product: Product, product_issuer: Issuer) -> Client:
    """An Executive Producer who uses the running product."""
    return Client(product.url, product_issuer.token("producer"))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the project with a built package, for all processes. Tests must not change it."""
    of_all = _folder_of_all(tmp_path_factory)
    folder, built = of_all / "checkout", of_all / "checkout.built"
    with machine.lock(of_all / "checkout.lock"):
        if not built.exists():
            shutil.rmtree(folder, ignore_errors=True)
            status, output = Checkout(folder).run("dev.deploy.package", STAGE="dev")
            assert status == 0, output
            built.touch()
    return Checkout(folder)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A real browser, one for each test process."""
    with browser.started() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def cloud_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsIssuer]:
    """The issuer that the deployed stages trust."""
    issuer = TlsIssuer(tmp_path_factory.mktemp("issuer"))
    yield issuer
    issuer.close()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, cloud_issuer: TlsIssuer) -> Iterator[Cloud]:
    """An AWS account."""
    cloud = Cloud(tmp_path_factory.mktemp("cloud"), cloud_issuer.ca)
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    checkout: Checkout,
    cloud: Cloud,
    cloud_issuer: TlsIssuer,
) -> Site:
    """A checkout whose stages trust that issuer, to deploy from."""
    copy = Checkout(tmp_path_factory.mktemp("site") / "casting", like=checkout)
    for stage in STAGES.values():
        copy.set(stage, AUTH_ISSUER=cloud_issuer.url, CONSOLE_CLIENT_ID="casting-console")
    return Site(copy, cloud)


@pytest.fixture(scope="session", params=STAGES)
def live(request: pytest.FixtureRequest, site: Site, cloud: Cloud, cloud_issuer: TlsIssuer) -> Live:
    """A deployed stage, for each of the two ways to deploy."""
    return live_stage(request.param, site.make(request.param, request.param), cloud, cloud_issuer)
