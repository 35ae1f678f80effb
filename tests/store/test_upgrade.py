"""An old table is served without a migration, and a rollback to old code loses nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import TABLE_NAME
from chalicelib.store import entries, table
from dev.table import integrity
from tests.conftest import PROJECT
from tests.store.test_verify_desk import repaired
from tests.support.client import Client
from tests.support.issuer import Issuer
from tests.support.settings import SETTINGS

OLD = {
    "1.1": ("class ListAttribute", "chalicelib/store/table.py"),
    "without index": ("class Entry", "chalicelib/store/entries.py"),
}
"""What the old code did not have yet, and the file that has it now."""

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


@pytest.fixture(scope="module", params=OLD)
def old_checkout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last commit without what is new."""
    new, file = OLD[request.param]
    log = ["git", "log", "--format=%H", f"-S{new}", "--", file]
    commits = subprocess.run(log, cwd=PROJECT, capture_output=True, text=True).stdout.split()
    if not commits:
        pytest.skip("this clone does not have the old code: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("old")
    archive = ["git", "archive", f"{commits[-1]}^", "chalicelib"]
    files = subprocess.run(archive, cwd=PROJECT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=files, check=True)
    return folder


def run_old(folder: Path, engine_url: str, script: str, *arguments: str) -> Any:
    """Run a script with the old store on the same table. Return the JSON that it prints."""
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


def forget_note() -> None:
    """Make the table one that old code has created."""
    pk, sk = entries.INDEX
    table.connection.delete_item(pk, sk)


def ids_of(client: Client, path: str, **query: str) -> list[str]:
    """Return the ids in a list."""
    return [item["id"] for item in client.get(path, **query)[path.strip("/")]]


def test_an_old_table_is_served_without_a_migration(
    old_checkout: Path, real_table: str, client: Client
) -> None:
    forget_note()
    movie_id, actor_id, role_id = run_old(old_checkout, real_table, WRITE)
    assert {p.kind for p in integrity.problems(integrity.read())} == {"unindexed"}
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
    (unindexed,) = integrity.problems(integrity.read())  # the actor, who has not been changed
    assert (unindexed.kind, unindexed.key) == ("unindexed", (f"ACTOR#{actor_id}", "#"))
    assert client.patch(candidate, {"status": "released"}).status == 200
    assert client.get(f"/roles/{role_id}")["role"]["part_ids"] == []
    for path in (f"/movies/{movie_id}", f"/actors/{actor_id}"):
        assert client.delete(path).status == 200
    assert {item["kind"]["S"] for item in integrity.read()} == {"history"}


def test_what_is_in_an_old_table_is_found_after_the_repair(
    old_checkout: Path, real_table: str, client: Client
) -> None:
    forget_note()
    movie_id, actor_id, _ = run_old(old_checkout, real_table, WRITE)
    new_id = client.new_actor("Alan Alda")
    assert client.get("/health")["index"] == "incomplete"
    assert ids_of(client, "/actors", search="al") == [new_id]
    assert set(ids_of(client, "/actors")) == {new_id, actor_id}
    environment = {**os.environ, "TABLE_NAME": TABLE_NAME, "DYNAMODB_URL": real_table}
    for repair, status in (("", 1), ("1", 0), ("", 0)):
        verify = [sys.executable, "-m", "dev.table.verify"]
        done = subprocess.run(
            verify,
            cwd=PROJECT,
            env={**environment, "REPAIR": repair},
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
    assert client.get("/health")["index"] == "complete"
    assert set(ids_of(client, "/actors", search="al")) == {new_id, actor_id}
    assert ids_of(client, "/movies", released_from="1995-12-15") == [movie_id]


def test_a_change_of_an_old_resource_makes_it_found(
    old_checkout: Path, real_table: str, client: Client
) -> None:
    _, actor_id, _ = run_old(old_checkout, real_table, WRITE)
    assert ids_of(client, "/actors", search="pacino") == []
    assert client.patch(f"/actors/{actor_id}", {"skills": ["shouting"]}).status == 200
    for query in ({"search": "pacino"}, {"gender": "male"}, {"skill": "shouting"}):
        assert ids_of(client, "/actors", **query) == [actor_id]


def test_a_rollback_to_old_code_loses_nothing(
    old_checkout: Path, real_table: str, client: Client
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
    run_old(old_checkout, real_table, CHANGE, ids)
    after = [client.get(path)[member] for path, member in paths.items()]
    changed = ("version", "updated_at", "title", "name", "billing_order", "actor_name")
    for old, new in zip(before, after, strict=True):
        assert {k: v for k, v in new.items() if k not in changed} == {
            k: v for k, v in old.items() if k not in changed
        }
    assert after[0]["title"] == "Heat 2"
    assert after[2]["billing_order"] == 2
    assert after[4]["actor_name"] == "Alfredo Pacino"
    # The old code keeps neither the index nor history.
    assert repaired() == {"misindexed", "orphaned", "unrecorded"}
    for search, expected in (("alfredo", [actor_id]), ("al", [actor_id]), ("heat 2", [])):
        assert ids_of(client, "/actors", search=search) == expected
    records = client.get(f"/movies/{movie_id}/history")["history"]
    assert [record["operation"] for record in records] == ["unrecorded", "created"]
