"""Before anything is timed, all apps answer alike: here the API and the reference, on the stub."""

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import apps, events, run
from bench.apps import PEERS, Package
from bench.measure import Run
from bench.process import ENDPOINT, App, Stub, working
from tests.conftest import PROJECT

LIBRARIES = Path(sysconfig.get_path("purelib"))
BARE = PEERS / "bare" / "app.py"


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.close()


def folder_of(folder: Path, *sources: Path) -> Path:
    """Return a folder with these sources and all packages of the tests."""
    folder.mkdir()
    for path in (*LIBRARIES.iterdir(), *sources):
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def ours(tmp_path: Path) -> Package:
    sources = PROJECT / "app.py", PROJECT / "chalicelib"
    return Package(tmp_path / "none.zip", folder_of(tmp_path / "ours", *sources))


def reference(folder: Path, old: str = "", new: str = "") -> App:
    """Return the reference, in which `new` stands instead of `old`."""
    source = BARE.read_text()
    assert old in source
    folder = folder_of(folder)
    (folder / "app.py").write_text(source.replace(old, new))
    return App("bare", folder, "app.handler")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "BENCH", tmp_path)


@pytest.mark.slow
def test_the_reference_answers_every_event_as_the_api_by_the_same_requests(
    ours: Package, stub: Stub, tmp_path: Path
) -> None:
    alike = Run(ours, reference(tmp_path / "bare"), [], stub)
    assert alike.events.keys() == set(run.EVENTS)
    projections = json.loads(alike.environment["PROJECTIONS"])
    assert {name: len(reads) for name, reads in projections.items()} == {
        "list": 1,
        "get": 1,
        "roles": 1,
        "find": 2,
        "board": 2,
        "create": 1,
        "change": 2,
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '*("role_count", "part_count", *TIMES),',
            '*("role_count", *TIMES),',
            r"bare answers list differently from our API: movies\[0\] is ",
        ),
        ("Limit=limit + 1", "Limit=limit + 2", "bare answers list with .*, and our API with .*"),
    ],
)
def test_a_run_stops_if_the_reference_differs(
    old: str, new: str, sentence: str, ours: Package, stub: Stub, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        Run(ours, reference(tmp_path / "bare", old, new), [], stub)


@pytest.mark.slow
def test_the_stub_forgets_a_write(ours: Package, stub: Stub) -> None:
    samples = events.events(stub.ids)
    with working(ours.api, stub.environment) as worker:
        before = [worker.call(samples[name]).response["body"] for name in ("list", "get")]
        for name in ("create", "change"):
            assert worker.call(samples[name]).response["statusCode"] in (200, 201)
        after = [worker.call(samples[name]).response["body"] for name in ("list", "get")]
    assert before == after


@pytest.mark.slow
def test_a_cold_start_sends_https_and_trusts_the_stub_by_its_authority(
    ours: Package, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = reference(tmp_path / "bare")
    alike = Run(ours, bare, [], stub)
    environments: dict[App, dict[str, str]] = {}
    monkeypatch.setattr(run, "cold", lambda _, given, *__: environments.update(given) or {})
    alike.measure(["cold"], run.QUICK, lambda _: None)
    assert {app.name: given[ENDPOINT] for app, given in environments.items()} == {
        "ours": stub.https_url,
        "bare": stub.https_url,
        "authorizer": stub.url,
        "keys": stub.url,
    }
    for authorizer in ours.authorizers:
        with working(authorizer, environments[authorizer]) as worker:
            policy = worker.call(events.authorizer_event(authorizer.name)).response
            assert policy["context"] == {"message": "invalid header"}
    # The next token has the same unknown key, and the keys have just been fetched.
    environments[authorizer]["REQUESTS_CA_BUNDLE"] = "/nonexistent"
    with (
        working(authorizer, environments[authorizer]) as worker,
        pytest.raises(SystemExit, match=r"keys failed: .*IssuerUnreachable"),
    ):
        worker.call(events.authorizer_event(authorizer.name))
    for app in (ours.api, bare):
        with working(app, environments[app]) as worker:
            assert worker.call(alike.events["get"]).response["statusCode"] == 200
    del environments[bare]["AWS_CA_BUNDLE"]
    with (
        working(bare, environments[bare]) as worker,
        pytest.raises(SystemExit, match=r"bare failed: .*CERTIFICATE_VERIFY_FAILED"),
    ):
        worker.call(alike.events["get"])
