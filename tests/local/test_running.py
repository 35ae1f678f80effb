"""`make run` and what a developer does with it: two at once, Ctrl-C, a crash, wrong settings."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dev import machine
from tests.conftest import PROJECT, Product
from tests.support.client import Client, assert_failure
from tests.support.issuer import AUDIENCE, Issuer

pytestmark = pytest.mark.slow


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def python(module: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return run(sys.executable, "-m", module, LOCAL_DIR=str(folder), **environment)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with nothing replaced: own issuer, own engine, demo data."""
    product = Product(tmp_path_factory.mktemp("own") / "local").start()
    yield product
    if product.process.poll() is None:
        product.stop()


def as_role(product: Product, role: str) -> Client:
    minted = python("dev.local.issuer", product.folder, ROLE=role)
    assert minted.returncode == 0, minted.stderr
    return Client(product.url, minted.stdout.strip())


def test_it_prints_a_line_for_each_role_that_can_be_pasted(own: Product) -> None:
    lines = re.findall(r"^curl (\S+) -H 'Authorization: Bearer (\S+)'$", own.said(), re.MULTILINE)
    assert len(lines) == 3
    allowed = []
    for url, token in lines:
        assert url == f"{own.url}/movies"
        movies = Client(own.url, token).get("/movies")
        assert movies.status == 200
        assert len(movies["movies"]) == 20
        allowed.append(Client(own.url, token).post("/actors", {}).status)
    assert allowed == [403, 422, 422]


def test_the_demo_data_are_worth_looking_at(own: Product) -> None:
    assistant = as_role(own, "assistant")
    movies = assistant.every("/movies", "movies", limit=100)
    actors = assistant.every("/actors", "actors", limit=100)
    assert len(movies) >= 20
    assert len(actors) >= 60
    assert sum(actor["role_count"] > 1 for actor in actors) >= 10
    assert all(movie["role_count"] >= 3 for movie in movies)
    assert sum(movie["role_count"] for movie in movies) == sum(a["role_count"] for a in actors)


@pytest.mark.parametrize("role", ["assistant", "director", "producer"])
def test_make_token_gives_a_token_that_works(own: Product, role: str) -> None:
    assert as_role(own, role).get("/roles").status == 200


def test_make_token_takes_a_lifetime_and_says_what_is_wrong(own: Product) -> None:
    import base64

    token = python("dev.local.issuer", own.folder, ROLE="director", TTL="60").stdout.strip()
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 60
    for wrong in (
        {"ROLE": "king"},
        {},
        {"ROLE": "director", "TTL": "soon"},
        {"ROLE": "director", "TTL": "0"},
    ):
        refused = python("dev.local.issuer", own.folder, **wrong)
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert refused.stderr.startswith("casting: ")
        assert len(refused.stderr.splitlines()) == 1


def test_a_second_run_says_where_the_first_one_is(own: Product) -> None:
    second = python("dev.local.serve", own.folder, PORT=str(machine.free_port()))
    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        f"casting: it is running already, on {own.url}; stop that one with Ctrl-C first"
    ]
    assert Client(own.url).get("/health").status == 200


def test_a_taken_port_is_one_sentence(own: Product, tmp_path: Path) -> None:
    refused = python("dev.local.serve", tmp_path / "local", PORT=str(own.port))
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"casting: port {own.port} is taken; choose another one: make run PORT={own.port + 1}"
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"PORT": "http"},
        {"PORT": "70000"},
        {"AUTH_ISSUER": "http://evil.example/"},
        {"DYNAMODB_URL": "http://127.0.0.1:9"},
        {"DYNAMODB_URL": "nonsense"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, wrong: dict[str, str]) -> None:
    settings = {"PORT": str(machine.free_port()), "DYNAMODB_URL": "http://127.0.0.1:9", **wrong}
    refused = python("dev.local.serve", tmp_path / "local", **settings)
    assert refused.returncode == 1
    [sentence] = refused.stderr.splitlines()
    assert sentence.startswith("casting: ")


def test_what_was_written_is_there_after_ctrl_c_and_after_a_crash(tmp_path: Path) -> None:
    product = Product(tmp_path / "local").start()
    written = [as_role(product, "producer").new_movie("Written before Ctrl-C")]
    product.stop(signal.SIGINT)
    assert product.process.returncode == 0
    assert "Loading the demo data" in product.said()

    product.start()
    producer = as_role(product, "producer")
    assert producer.get(f"/movies/{written[0]}").status == 200
    written.append(producer.new_movie("Written before a crash"))
    product.stop(signal.SIGKILL)

    product.start()
    producer = as_role(product, "producer")
    for movie_id in written:
        assert producer.get(f"/movies/{movie_id}").status == 200
    # Loaded once: what somebody has removed does not come back.
    assert product.said().count("Loading the demo data") == 1
    product.stop(signal.SIGHUP)


def test_demo_data_that_were_cut_off_are_loaded_to_the_end(tmp_path: Path, engine_url: str) -> None:
    settings = {"DYNAMODB_URL": engine_url, "TABLE_NAME": "casting-cut-off"}
    product = Product(tmp_path / "local", **settings)
    try:
        product.start_until("  25 of")
        product.stop(signal.SIGKILL)
        product.start()
        producer = as_role(product, "producer")
        movies = producer.every("/movies", "movies", limit=100)
        assert len({movie["title"] for movie in movies}) == len(movies) >= 20
        demo = json.loads((PROJECT / "dev" / "local" / "demo.json").read_text())
        assert sum(m["role_count"] for m in movies) == sum(len(m["cast"]) for m in demo["movies"])
    finally:
        product.stop()


def test_a_stale_local_folder_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    folder.mkdir()
    (folder / "engine.json").write_text(json.dumps({"pid": 1, "port": 9, "mark": "x"}))
    (folder / "running.json").write_text("{")
    (folder / "issuer.pem").write_text("no key")
    product = Product(folder).start()
    assert as_role(product, "assistant").get("/movies").status == 200
    assert (folder / "issuer.pem").stat().st_mode & 0o777 == 0o600
    product.stop()


def test_a_process_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    folder.mkdir()
    stranger = subprocess.Popen(["sleep", "60"])
    for claim in ({}, {"mark": None}, {"mark": "x"}):
        content = json.dumps({"pid": stranger.pid, "port": 9, **claim})
        (folder / "engine.json").write_text(content)
        Product(folder).start().stop()
    assert stranger.poll() is None
    stranger.terminate()
    stranger.wait(10)


@pytest.mark.parametrize("content", ["", "{", '{"a": '])
def test_damaged_data_are_not_saved_over(tmp_path: Path, content: str) -> None:
    data = tmp_path / "local" / "data"
    data.mkdir(parents=True)
    (data / "dynamodb.json").write_text(content)
    refused = python("dev.local.serve", tmp_path / "local", PORT=str(machine.free_port()))
    assert refused.returncode == 1
    [sentence] = refused.stderr.splitlines()
    assert "dynamodb.json is damaged" in sentence
    assert (data / "dynamodb.json").read_text() == content


def test_a_local_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file")
    refused = python("dev.local.serve", tmp_path / "local", PORT=str(machine.free_port()))
    assert refused.returncode == 1
    [sentence] = refused.stderr.splitlines()
    assert "cannot be written" in sentence


def test_ctrl_c_twice_still_saves(tmp_path: Path) -> None:
    product = Product(tmp_path / "local").start()
    movie_id = as_role(product, "producer").new_movie()
    product.process.send_signal(signal.SIGINT)
    product.stop(signal.SIGINT)
    assert product.process.returncode == 0
    assert "Traceback" not in product.said()
    product.start()
    assert as_role(product, "producer").get(f"/movies/{movie_id}").status == 200
    product.stop()


def test_several_that_start_at_once_do_not_take_each_others_ports(tmp_path: Path) -> None:
    products = [Product(tmp_path / name) for name in ("one", "two", "three")]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Product.start, products))
    for product in products:
        assert as_role(product, "assistant").get("/movies").status == 200
        product.stop()


def test_another_issuer_takes_the_place_of_the_local_one(
    product: Product, product_issuer: Issuer, real: Client
) -> None:
    assert real.get("/movies").status == 200
    assert product_issuer.fetches >= 1
    refused = python("dev.local.issuer", product.folder, ROLE="producer")
    assert refused.stderr.startswith("casting: tokens come from the issuer in AUTH_ISSUER")
    minted = python(
        "dev.local.issuer", product.folder.parent / "elsewhere", ROLE="producer"
    ).stdout.strip()
    assert_failure(Client(product.url, minted).get("/movies"), 401, "invalid header")


def test_another_audience_and_another_engine_take_their_places(
    tmp_path: Path, engine_url: str
) -> None:
    issuer = Issuer()
    settings = {"AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": "other", "DYNAMODB_URL": engine_url}
    product = Product(tmp_path / "local", **settings).start()
    try:
        other = Client(product.url, issuer.token(aud="other"))
        assert other.get("/movies").status == 200
        ours = Client(product.url, issuer.token(aud=AUDIENCE))
        assert_failure(ours.get("/movies"), 401, "invalid claims")
        assert not (tmp_path / "local" / "data").exists()
    finally:
        product.stop()
        issuer.close()


def test_plain_chalice_local_serves_the_same_api_beside_it(own: Product, tmp_path: Path) -> None:
    running = json.loads((own.folder / "running.json").read_text())
    engine = json.loads((own.folder / "engine.json").read_text())
    # A copy, whose config names the ports of this run: another one may have the usual ports.
    for name in ("app.py", "chalicelib"):
        (tmp_path / name).symlink_to(PROJECT / name)
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    assert config["stages"]["local"]["environment_variables"]["STAGE"] == "local"
    config["stages"]["local"]["environment_variables"] |= {
        "AUTH_ISSUER": running["issuer"],
        "DYNAMODB_URL": f"http://127.0.0.1:{engine['port']}",
    }
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("chalice")),
            "local",
            "--stage",
            "local",
            "--no-autoreload",
        ]
        + ["--port", str(port)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    try:
        producer = as_role(own, "producer")
        beside = Client(f"http://127.0.0.1:{port}", producer.token)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        movie_id = beside.new_movie("Beside")
        assert producer.get(f"/movies/{movie_id}").body == beside.get(f"/movies/{movie_id}").body
        assert producer.get("/movies").body == beside.get("/movies").body
        assert_failure(beside.post("/movies", {}), 422)
        assert_failure(beside.call("PUT", "/movies"), 405)
    finally:
        process.terminate()
        process.wait(10)


def test_the_local_issuer_gives_keys_and_nothing_that_mints(own: Product) -> None:
    issuer = Client(json.loads((own.folder / "running.json").read_text())["issuer"].rstrip("/"))
    keys = json.loads(issuer.get("/.well-known/jwks.json").text)["keys"]
    assert [set(key) for key in keys] == [{"kty", "n", "e", "kid", "use", "alg"}]
    for path in ("/", "/token", "/oauth/token", "/issuer.pem", "/.well-known/../issuer.pem"):
        assert issuer.get(path).status == 404
        assert issuer.post(path, {}).status == 501


@pytest.mark.parametrize(
    ("python_name", "sentence"),
    [
        ("no-such-python", "no-such-python was not found"),
        ("./old-python", "is older than Python 3.11"),
    ],
)
def test_a_missing_or_old_python_is_one_sentence(
    tmp_path: Path, python_name: str, sentence: str
) -> None:
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text((PROJECT / name).read_text())
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    made = subprocess.run(
        ["make", "-s", "run", f"PYTHON={python_name}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert made.returncode
    told = [line for line in made.stderr.splitlines() if not line.startswith("make")]
    assert len(told) == 1
    assert sentence in told[0]
    assert not (tmp_path / ".venv").exists()
