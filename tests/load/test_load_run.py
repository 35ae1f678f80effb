"""`make load`: real clients, against a stub of the API and against the product."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench.load import content, cost, results, run, scene, targets
from bench.load.results import Run, Sample
from bench.load.run import Options
from tests.support.client import Client

pytestmark = pytest.mark.slow

QUICK = Options(movies=(100,), clients=(1, 3), seconds=2, rounds=1)
ALONE = QUICK._replace(clients=(1,))
MOVIES = {"movies": [{}] * scene.PAGE, "next_cursor": "next"}


class Stub:
    """A server that has a page of movies for every request."""

    def __init__(self, status_of: Callable[[str], int]) -> None:
        self.page: Any = MOVIES
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # it would delay the body by 40 ms

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.dumps(stub.page).encode()
                self.send_response(status_of(self.path))
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", '"1"')
                self.send_header("X-Request-Id", "an-id")
                self.end_headers()
                self.wfile.write(body)

            def do_PATCH(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def load(self, options: Options = ALONE) -> list[Sample]:
        """Load the server. Return the responses."""
        target = targets.Target("stub", self.url, "a token", lambda: None, list)
        return list(run.measure(target, 100, 0, ["the"], options))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module", autouse=True)
def locust() -> None:
    run.install()


@pytest.fixture
def stub() -> Iterator[Callable[[Callable[[str], int]], Stub]]:
    started: list[Stub] = []

    def start(status_of: Callable[[str], int]) -> Stub:
        started.append(Stub(status_of))
        return started[-1]

    yield start
    for server in started:
        server.close()


StubOf = Callable[[Callable[[str], int]], Stub]


def test_all_kinds_of_requests_are_sent_by_each_number_of_clients(stub: StubOf) -> None:
    samples = stub(lambda _: 200).load(QUICK)
    assert {(s.clients, s.kind) for s in samples} == {
        (clients, kind) for clients in (1, 3) for kind in [*scene.MIX, scene.READ_BEFORE_CHANGE]
    }
    assert {(s.error, s.id, s.movies) for s in samples} == {(None, "an-id", 100)}
    assert all(s.ms > 0 and s.bytes > 0 for s in samples)


def test_a_server_error_makes_the_command_fail(
    stub: StubOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    samples = stub(lambda path: 500 if path.startswith("/actors") else 200).load()
    failed = [s for s in samples if s.error]
    assert failed
    assert {s.kind for s in failed} == {"actor"}
    assert all("500" in str(s.error) for s in failed)
    logged = {"an-id": {"table_capacity": 1, "table_calls": 1, "duration_ms": 1}}
    monkeypatch.setattr(run, "run", lambda *_: Run(samples, logged))
    monkeypatch.setattr(results, "JSON", tmp_path / "load.json")
    monkeypatch.setattr(results, "DOCUMENT", tmp_path / "load.md")
    with pytest.raises(SystemExit, match=r"stub, 100 movies, . clients: actor: 500"):
        run.main()


def test_a_page_that_is_not_full_is_an_error(stub: StubOf) -> None:
    server = stub(lambda _: 200)
    server.page = {**MOVIES, "movies": [{}]}
    failed = [s for s in server.load() if s.error]
    assert {s.kind for s in failed} == {"list", "search", "filter", "two filters"}
    assert {s.error for s in failed} == {"a page of 1 movies"}


def test_a_server_that_does_not_answer_makes_the_command_fail(stub: StubOf) -> None:
    server = stub(lambda _: 200)
    server.close()
    assert all(sample.error for sample in server.load())


def test_the_product_serves_the_load_without_errors_and_logs_its_capacity(tmp_path: Path) -> None:
    files = content.write(tmp_path / "content", QUICK.movies)
    terms = content.search_terms(100)
    with (
        targets.dynamodb(list(files.values()), tmp_path) as database,
        targets.products(database, QUICK.movies, tmp_path) as products,
    ):
        product = products[100]
        samples = list(run.measure(product, 100, 0, terms, QUICK))
        assert [sample.error for sample in samples if sample.error] == []
        logged = {line["request_id"]: line for line in product.log()}
        assert {sample.id for sample in samples} <= logged.keys()
        assert all(0 < line["cpu_ms"] < 1_000 for line in logged.values())
        report = results.report(Run(samples, logged), QUICK.seconds)
        assert results.failures(Run(samples, logged), report) == []

        # The read with which a write begins, as docs/cost.md charges it.
        client = Client(product.url, product.token)
        for kind, path, body in (
            ("rate a candidate", f"/candidates/{scene.candidate_id(0, 0)}", {"rating": 1}),
            ("change a movie", f"/movies/{scene.movie_id(99)}", {"synopsis": "Changed"}),
        ):
            outdated = client.patch(path, body, **{"If-Match": '"999"'})
            assert outdated.status == 412
            (line,) = (
                line
                for line in product.log()
                if line["request_id"] == outdated.headers["x-request-id"]
            )
            assert line["table_capacity"] == cost.READ_UNITS_OF_WRITES[kind]


@pytest.mark.parametrize("value", ["0", "-1", "x", "1,,2", "1.5"])
def test_a_variable_that_is_no_number_is_rejected(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MOVIES", value)
    with pytest.raises(SystemExit, match="MOVIES must be a positive number"):
        Options.read()


@pytest.mark.parametrize(("name", "value"), [("MOVIES", "1000,99"), ("CLIENTS", "1,33")])
def test_a_run_in_which_clients_would_share_what_they_change_is_rejected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="MOVIES must be at least 100, and CLIENTS at most 32"):
        Options.read()


def test_the_variables_choose_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOVIES", "CLIENTS", "DURATION", "ROUNDS"):
        monkeypatch.delenv(name, raising=False)
    assert Options.read() == ((100, 10_000, 100_000), (1, 8, 32), 5, 3)
    monkeypatch.setenv("MOVIES", "1000,100")
    monkeypatch.setenv("DURATION", "2")
    assert Options.read() == ((100, 1_000), (1, 8, 32), 2, 3)
