"""Contract 2.0 serves a table that 1.1 has written, and a rollback to 1.1 loses nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from dev.table import integrity
from tests.conftest import PROJECT
from tests.support.client import Client
from tests.support.issuer import Issuer
from tests.support.settings import SETTINGS

NEW, FILE = "class ListAttribute", "chalicelib/store/table.py"
"""What the code of 1.1 did not have yet."""

WRITE = """
movie = movies.add(title="Heat", release_date="1995-12-15")
actor = actors.add(name="Al Pacino", gender="male", date_of_birth="1940-04-25")
role = roles.add(movie.id, actor.id, character_name="Vincent Hanna", billing_order=1)
print(json.dumps([movie.id, actor.id, role.id]))
"""

CHANGE = """
movie_id, actor_id, role_id = json.loads(sys.argv[1])
movies.change(movie_id, {"title": "Heat 2"}, None)
actors.change(actor_id, {"name": "Alfredo Pacino"}, None)
roles.change(role_id, {"billing_order": 2}, None)
print(json.dumps(None))
"""


@pytest.fixture(scope="module")
def checkout_of_1_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last commit with contract 1.1."""
    log = ["git", "log", "--format=%H", f"-S{NEW}", "--", FILE]
    commits = subprocess.run(log, cwd=PROJECT, capture_output=True, text=True).stdout.split()
    if not commits:
        pytest.skip("this clone does not have the history of 1.1: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("1.1")
    archive = ["git", "archive", f"{commits[-1]}^", "chalicelib"]
    files = subprocess.run(archive, cwd=PROJECT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=files, check=True)
    return folder


def run_1_1(folder: Path, engine_url: str, script: str, *arguments: str) -> Any:
    """Run a script with the store of 1.1 on the same table. Return the JSON that it prints."""
    imports = "import json, sys\nfrom chalicelib.store import actors, movies, roles\n"
    account = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    process = subprocess.run(
        [sys.executable, "-c", imports + script, *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            **SETTINGS,
            **account,
            "TABLE_NAME": TABLE_NAME,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": engine_url,
        },
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.fixture
def client(url: str, issuer: Issuer, real_table: str) -> Client:
    return Client(url, issuer.token("producer"))


def test_a_table_of_1_1_is_served_without_a_migration(
    checkout_of_1_1: Path, real_table: str, client: Client
) -> None:
    movie_id, actor_id, role_id = run_1_1(checkout_of_1_1, real_table, WRITE)
    assert integrity.problems(integrity.read()) == []
    movie, actor = client.get(f"/movies/{movie_id}"), client.get(f"/actors/{actor_id}")
    assert (movie["movie"]["part_count"], movie["movie"]["genres"]) == (0, None)
    assert (actor["actor"]["candidate_count"], actor["actor"]["active"]) == (0, True)
    assert client.get(f"/roles/{role_id}")["role"]["part_ids"] == []
    for path in ("/movies?sort=-release_date", "/actors", "/roles", f"/movies/{movie_id}/actors",
                 f"/actors/{actor_id}/movies", f"/movies/{movie_id}/parts",
                 f"/movies/{movie_id}/candidates", f"/actors/{actor_id}/candidacies"):  # fmt: skip
        assert client.get(path).status == 200, path
    # The old items take part in everything that is new.
    assert client.patch(f"/movies/{movie_id}", {"release_date": None}).status == 200
    part = {"name": "Neil McCauley", "work_start": "2127-01-01"}
    part_id = client.post(f"/movies/{movie_id}/parts", part)["created"]
    assert client.post(f"/parts/{part_id}/candidates", {"actor_ids": [actor_id]}).status == 201
    candidate = f"/candidates/{part_id}.{actor_id}"
    assert client.patch(candidate, {"status": "cast"}).status == 200
    assert client.get(f"/roles/{role_id}")["role"]["part_ids"] == [part_id]
    assert integrity.problems(integrity.read()) == []
    assert client.patch(candidate, {"status": "released"}).status == 200
    assert client.get(f"/roles/{role_id}")["role"]["part_ids"] == []
    for path in (f"/movies/{movie_id}", f"/actors/{actor_id}"):
        assert client.delete(path).status == 200
    assert list(integrity.read()) == []


def test_a_rollback_to_1_1_loses_nothing(
    checkout_of_1_1: Path, real_table: str, client: Client
) -> None:
    movie = {"title": "Heat", "release_date": "1995-12-15", "genres": ["crime"]}
    actor = {"name": "Al Pacino", "gender": "male", "age": 55, "languages": {"it": "native"},
             "availability": [{"from": "2127-02-01", "to": "2127-03-01", "kind": "free"}],
             "active": False, "agent": {"agency": "Example"}}  # fmt: skip
    movie_id = client.post("/movies", movie)["created"]
    actor_id = client.post("/actors", actor)["created"]
    part = {"name": "Vincent Hanna", "work_start": "2127-01-01", "skills": ["shouting"]}
    part_id = client.post(f"/movies/{movie_id}/parts", part)["created"]
    client.post(f"/parts/{part_id}/candidates", {"actor_ids": [actor_id]})
    candidate = f"/candidates/{part_id}.{actor_id}"
    assert client.patch(candidate, {"status": "cast", "rating": 6}).status == 200
    role_id = f"{movie_id}.{actor_id}"
    paths = {f"/movies/{movie_id}": "movie", f"/actors/{actor_id}": "actor",
             f"/roles/{role_id}": "role", f"/parts/{part_id}": "part",
             candidate: "candidate"}  # fmt: skip
    before = [client.get(path)[member] for path, member in paths.items()]
    ids = json.dumps([movie_id, actor_id, role_id])
    run_1_1(checkout_of_1_1, real_table, CHANGE, ids)
    after = [client.get(path)[member] for path, member in paths.items()]
    changed = ("version", "updated_at", "title", "name", "billing_order", "actor_name")
    for old, new in zip(before, after, strict=True):
        assert {k: v for k, v in new.items() if k not in changed} == {
            k: v for k, v in old.items() if k not in changed
        }
    assert after[0]["title"] == "Heat 2"
    assert after[2]["billing_order"] == 2
    assert after[4]["actor_name"] == "Alfredo Pacino"
    assert integrity.problems(integrity.read()) == []
