"""`make run` as developers use it: twice at once, Ctrl+C, a crash, wrong settings."""

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

from chalicelib.permissions import AGENCY_ROLES
from chalicelib.store import table
from chalicelib.store.table import Item
from dev import machine
from tests.conftest import PROJECT, Product, copy_of
from tests.support.client import Client, assert_failure
from tests.support.issuer import AUDIENCE, Issuer

pytestmark = pytest.mark.slow


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end. Only PATH is inherited from the environment."""
    return subprocess.run(
        command,
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def python(module: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a Python module with this local folder."""
    return run(sys.executable, "-m", module, LOCAL_DIR=str(folder), **environment)


@pytest.fixture(scope="module")
def default_product(tmp_path_factory: pytest.TempPathFactory, loaded: Product) -> Iterator[Product]:
    """Start the product with its default settings: local issuer, local engine, demo data."""
    product = copy_of(loaded, tmp_path_factory.mktemp("default") / "local").start()
    yield product
    if product.process.poll() is None:
        product.stop()


def as_role(product: Product, role: str) -> Client:
    """Return a client with a token of `make token` for this role."""
    done = python("dev.local.issuer", product.folder, ROLE=role)
    assert done.returncode == 0, done.stderr
    return Client(product.url, done.stdout.strip())


def test_it_prints_a_working_curl_command_for_each_role(default_product: Product) -> None:
    lines = re.findall(
        r"^curl (\S+) -H 'Authorization: Bearer (\S+)'$", default_product.log_text(), re.MULTILINE
    )
    assert len(lines) == len(AGENCY_ROLES)
    statuses = []
    for url, token in lines:
        assert url == f"{default_product.url}/movies"
        movies = Client(default_product.url, token).get("/movies")
        assert movies.status == 200
        assert len(movies["movies"]) == 20
        statuses.append(Client(default_product.url, token).post("/actors", {}).status)
    assert statuses == [
        422 if "post:actors" in role.permissions else 403 for role in AGENCY_ROLES.values()
    ]


def test_it_prints_the_address_of_the_console_first(default_product: Product) -> None:
    before, found, _ = default_product.log_text().partition(
        f"The console: {default_product.url}/console\n"
    )
    assert found
    assert "http" not in before


def test_the_demo_data_has_enough_movies_actors_and_roles(default_product: Product) -> None:
    assistant = as_role(default_product, "assistant")
    movies = assistant.every("/movies", "movies", limit=100)
    actors = assistant.every("/actors", "actors", limit=100)
    assert len(movies) >= 20
    assert len(actors) >= 60
    assert sum(actor["role_count"] > 1 for actor in actors) >= 10
    assert all(movie["role_count"] >= 3 for movie in movies)
    assert sum(movie["role_count"] for movie in movies) == sum(a["role_count"] for a in actors)


@pytest.mark.parametrize("role", AGENCY_ROLES)
def test_make_token_prints_a_valid_token(default_product: Product, role: str) -> None:
    assert as_role(default_product, role).get("/roles").status == 200


def test_make_token_accepts_a_lifetime_and_reports_wrong_settings(default_product: Product) -> None:
    import base64

    token = python(
        "dev.local.issuer", default_product.folder, ROLE="director", TTL="60"
    ).stdout.strip()
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 60
    for settings in (
        {"ROLE": "king"},
        {},
        {"ROLE": "director", "TTL": "soon"},
        {"ROLE": "director", "TTL": "0"},
    ):
        done = python("dev.local.issuer", default_product.folder, **settings)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith("casting: ")
        assert len(done.stderr.splitlines()) == 1


def test_a_second_run_names_the_url_of_the_first(default_product: Product) -> None:
    second = python("dev.local.serve", default_product.folder, PORT=str(machine.free_port()))
    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        f"casting: the API is already running at {default_product.url}."
        " Press Ctrl+C there to stop it first."
    ]
    assert Client(default_product.url).get("/health").status == 200


def test_a_port_in_use_is_reported_in_one_line(default_product: Product, tmp_path: Path) -> None:
    done = python("dev.local.serve", tmp_path / "local", PORT=str(default_product.port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"casting: port {default_product.port} is in use."
        f" Choose another port: make run PORT={default_product.port + 1}"
    ]


@pytest.mark.parametrize(
    "wrong_setting",
    [
        {"PORT": "http"},
        {"PORT": "70000"},
        {"AUTH_ISSUER": "http://evil.example/"},
        {"DYNAMODB_URL": "http://127.0.0.1:9"},
        {"DYNAMODB_URL": "nonsense"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_reported_in_one_line(
    tmp_path: Path, wrong_setting: dict[str, str]
) -> None:
    settings = {
        "PORT": str(machine.free_port()),
        "DYNAMODB_URL": "http://127.0.0.1:9",
        **wrong_setting,
    }
    done = python("dev.local.serve", tmp_path / "local", **settings)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("casting: ")


def test_a_saved_table_without_a_new_index_is_reported_in_one_line(
    tmp_path: Path, real_table: str
) -> None:
    name = Item.Meta.table_name
    table.connection.connection.client.update_table(
        TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi2"}}]
    )
    done = python(
        "dev.local.serve",
        tmp_path / "local",
        PORT=str(machine.free_port()),
        DYNAMODB_URL=real_table,
        TABLE_NAME=name,
    )
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "gsi2" in sentence
    assert "make clean" in sentence


def test_data_survives_ctrl_c_and_a_crash(tmp_path: Path, loaded: Product) -> None:
    assert loaded.log_text().count("Loading the demo data") == 1
    product = copy_of(loaded, tmp_path / "local").start()
    movie_ids = [as_role(product, "producer").new_movie("Written before Ctrl+C")]
    product.stop(signal.SIGINT)
    assert product.process.returncode == 0

    product.start()
    producer = as_role(product, "producer")
    assert producer.get(f"/movies/{movie_ids[0]}").status == 200
    movie_ids.append(producer.new_movie("Written before a crash"))
    product.stop(signal.SIGKILL)

    product.start()
    producer = as_role(product, "producer")
    for movie_id in movie_ids:
        assert producer.get(f"/movies/{movie_id}").status == 200
    # The demo data is loaded only once, so deleted movies do not return.
    assert "Loading the demo data" not in product.log_text()
    product.stop(signal.SIGHUP)


def test_an_interrupted_load_of_the_demo_data_is_completed(tmp_path: Path, engine_url: str) -> None:
    settings = {"DYNAMODB_URL": engine_url, "TABLE_NAME": "casting-interrupted"}
    product = Product(tmp_path / "local", **settings)
    try:
        product.start_until("  25 of")
        product.stop(signal.SIGKILL)
        product.start()
        producer = as_role(product, "producer")
        movies = producer.every("/movies", "movies", limit=100)
        assert len({movie["title"] for movie in movies}) == len(movies) >= 20
        demo = json.loads((PROJECT / "dev" / "local" / "demo.json").read_text())
        parts = [part for movie in demo["movies"] for part in movie.get("parts", [])]
        candidates = [candidate for part in parts for candidate in part["candidates"]]
        cast = sum(candidate["status"] == "cast" for candidate in candidates)
        roles = cast + sum(len(movie["cast"]) for movie in demo["movies"])
        assert sum(movie["role_count"] for movie in movies) == roles
        shown = [
            candidate["status"]
            for movie in movies
            for candidate in producer.every(f"/movies/{movie['id']}/candidates", "candidates")
        ]
        assert sorted(shown) == sorted(candidate["status"] for candidate in candidates)
    finally:
        product.stop()


def test_a_stale_local_folder_is_repaired(tmp_path: Path, loaded: Product) -> None:
    folder = tmp_path / "local"
    product = copy_of(loaded, folder)
    (folder / "engine.json").write_text(json.dumps({"pid": 1, "port": 9, "mark": "x"}))
    (folder / "running.json").write_text("{")
    (folder / "issuer.pem").write_text("no key")
    product.start()
    assert as_role(product, "assistant").get("/movies").status == 200
    assert (folder / "issuer.pem").stat().st_mode & 0o777 == 0o600
    product.stop()


def test_a_process_that_is_not_the_engine_is_not_stopped(tmp_path: Path, loaded: Product) -> None:
    product = copy_of(loaded, tmp_path / "local")
    process = subprocess.Popen(["sleep", "60"])
    for mark in ({}, {"mark": None}, {"mark": "x"}):
        content = json.dumps({"pid": process.pid, "port": 9, **mark})
        (product.folder / "engine.json").write_text(content)
        product.start().stop()
    assert process.poll() is None
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("content", ["", "{", '{"a": '])
def test_damaged_data_is_not_overwritten(tmp_path: Path, content: str) -> None:
    data = tmp_path / "local" / "data"
    data.mkdir(parents=True)
    (data / "dynamodb.json").write_text(content)
    done = python("dev.local.serve", tmp_path / "local", PORT=str(machine.free_port()))
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "dynamodb.json is damaged" in sentence
    assert (data / "dynamodb.json").read_text() == content


def test_a_file_instead_of_the_local_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file")
    done = python("dev.local.serve", tmp_path / "local", PORT=str(machine.free_port()))
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("casting: cannot write ")


def test_pressing_ctrl_c_twice_still_saves_the_data(tmp_path: Path, loaded: Product) -> None:
    product = copy_of(loaded, tmp_path / "local").start()
    movie_id = as_role(product, "producer").new_movie()
    product.process.send_signal(signal.SIGINT)
    product.stop(signal.SIGINT)
    assert product.process.returncode == 0
    assert "Traceback" not in product.log_text()
    product.start()
    assert as_role(product, "producer").get(f"/movies/{movie_id}").status == 200
    product.stop()


def test_products_that_start_at_the_same_time_use_different_ports(
    tmp_path: Path, loaded: Product
) -> None:
    products = [copy_of(loaded, tmp_path / name) for name in ("one", "two", "three")]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Product.start, products))
    for product in products:
        assert as_role(product, "assistant").get("/movies").status == 200
        product.stop()


def test_auth_issuer_replaces_the_local_issuer(
    product: Product, product_issuer: Issuer, real: Client
) -> None:
    assert real.get("/movies").status == 200
    assert product_issuer.fetches >= 1
    done = python("dev.local.issuer", product.folder, ROLE="producer")
    assert done.stderr.startswith("casting: tokens come from the issuer in AUTH_ISSUER")
    local_token = python(
        "dev.local.issuer", product.folder.parent / "elsewhere", ROLE="producer"
    ).stdout.strip()
    assert_failure(Client(product.url, local_token).get("/movies"), 401, "invalid header")


def test_auth_audience_and_dynamodb_url_replace_the_defaults(
    tmp_path: Path, real_table: str
) -> None:
    issuer = Issuer()
    settings = {
        "AUTH_ISSUER": issuer.url,
        "AUTH_AUDIENCE": "other",
        "DYNAMODB_URL": real_table,
        "TABLE_NAME": Item.Meta.table_name,  # an empty table
    }
    product = Product(tmp_path / "local", **settings).start()
    try:
        configured = Client(product.url, issuer.token(aud="other"))
        assert configured.get("/movies").status == 200
        default = Client(product.url, issuer.token(aud=AUDIENCE))
        assert_failure(default.get("/movies"), 401, "invalid claims")
        assert not (tmp_path / "local" / "data").exists()
    finally:
        product.stop()
        issuer.close()


def test_chalice_local_serves_the_same_api_at_the_same_time(
    default_product: Product, tmp_path: Path
) -> None:
    running = json.loads((default_product.folder / "running.json").read_text())
    engine = json.loads((default_product.folder / "engine.json").read_text())
    # A copy with a config for the ports of this run. The default ports may be in use.
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
        producer = as_role(default_product, "producer")
        chalice_local = Client(f"http://127.0.0.1:{port}", producer.token)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        movie_id = chalice_local.new_movie("Created in chalice local")
        assert (
            producer.get(f"/movies/{movie_id}").body
            == chalice_local.get(f"/movies/{movie_id}").body
        )
        assert producer.get("/movies").body == chalice_local.get("/movies").body
        assert_failure(chalice_local.post("/movies", {}), 422)
    finally:
        process.terminate()
        process.wait(10)


def test_the_local_issuer_issues_no_token_that_nobody_has_clicked(default_product: Product) -> None:
    issuer = Client(
        json.loads((default_product.folder / "running.json").read_text())["issuer"].rstrip("/")
    )
    keys = json.loads(issuer.get("/.well-known/jwks.json").text)["keys"]
    assert [set(key) for key in keys] == [{"kty", "n", "e", "kid", "use", "alg"}]
    for path in ("/", "/token", "/oauth/token", "/issuer.pem", "/.well-known/../issuer.pem"):
        assert issuer.get(path).status == 404
        assert issuer.post(path, {}).status == 403


def refusal_of_make(folder: Path, target: str, python: str) -> "subprocess.CompletedProcess[str]":
    """Run a target with our Makefile in a folder. It must fail, and say so in one line."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text((PROJECT / name).read_text())
    done = subprocess.run(
        ["make", "-s", target, f"PYTHON={python}"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode
    errors = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(errors) == 1
    done.stderr = errors[0]
    return done


@pytest.mark.parametrize(
    ("python_name", "sentence"),
    [
        ("no-such-python", "no-such-python was not found"),
        ("./old-python", "is older than Python 3.11"),
    ],
)
def test_a_missing_or_old_python_is_reported_in_one_line(
    tmp_path: Path, python_name: str, sentence: str
) -> None:
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert sentence in refusal_of_make(tmp_path, "run", python_name).stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("target", "stamps"), [("run", ()), ("quick", ("installed",)), ("bench", ("installed",))]
)
def test_the_target_of_a_linked_virtual_environment_is_not_changed(
    tmp_path: Path, target: str, stamps: tuple[str, ...]
) -> None:
    for folder in ("tests", "bench"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "requirements.txt").touch()
    shared = tmp_path / "shared"
    shared.mkdir()
    for stamp in stamps:
        (shared / stamp).touch()
    (tmp_path / ".venv").symlink_to(shared)
    done = refusal_of_make(tmp_path, target, sys.executable)
    assert done.stderr.startswith("casting: .venv is a symbolic link")
    assert done.stdout == ""
    assert {path.name for path in shared.iterdir()} == {*stamps}


def test_a_rollback_installs_nothing_although_the_requirements_have_changed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((PROJECT / "Makefile").read_text())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    for name in (".venv/installed", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    os.utime(tmp_path / ".venv" / "installed", (0, 0))
    done = subprocess.run(["make", "-s", "rollback"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "-m dev.deploy.rollback\n"
