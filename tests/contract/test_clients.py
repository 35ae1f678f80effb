"""Clients that others' tools generate from the contract: they compile, and they work.

A scenario ends with lines that are wrong, each with a mark for the compiler that has the reason. It
is also compiled without its marks, as refused.*: then these lines are refused, and nothing else.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from chalicelib.errors import VersionMismatch
from dev.contract import openapi
from tests.conftest import PROJECT, Product
from tests.support import node
from tests.support.issuer import Issuer

pytestmark = pytest.mark.slow

SCENARIOS = PROJECT / "tests" / "contract" / "clients"

SEEN = {
    "once": True,
    "pages": [
        [["Al Pacino", "VINCENT HANNA"], ["Robert De Niro", "NEIL MCCAULEY"]],
        [["Amy Brenneman", "nobody"]],
    ],
    "etags": ['"1"', '"2"', '"2"'],
    "failure": {
        "success": False,
        "message": "precondition failed",
        "detail": VersionMismatch.detail,
    },
    "retried": {
        "title": "Heat, again",
        "release_date": "1995-12-15",
        "version": 3,
        "role_count": 3,
    },
    "removed": 4,
}
"""What a client sees, whatever its language."""


class Complaint(NamedTuple):
    """What a compiler says of a line."""

    file: str
    line: int
    code: str


class Client(NamedTuple):
    """A folder with what was generated and the scenario, and what the compiler says of it."""

    folder: Path
    complaints: list[Complaint]
    wrong: set[tuple[int, str]]  # the marked lines, and the code of what is wrong there


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as the code says it now, whether or not the file has been written."""
    contract = tmp_path_factory.mktemp("contract") / "openapi.json"
    contract.write_text(openapi.text())
    return contract


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory, contract: Path) -> Client:
    """What openapi-typescript makes of it."""
    folder = tmp_path_factory.mktemp("typescript")
    done = node.tool("openapi-typescript", str(contract), "--output", str(folder / "api.ts"))
    assert done.returncode == 0, done.stderr
    # Its name, and what it made of what: a warning would be a line more.
    assert len(done.stdout.splitlines()) == 2, done.stdout
    assert done.stderr == ""
    (folder / "node_modules").symlink_to(node.MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(SCENARIOS / "tsconfig.json", folder)
    # The mark is for the line below it.
    wrong = placed(folder, "scenario.ts", r"// @ts-expect-error (TS[0-9]+):.*", below=1)
    done = node.tool("typescript", "--project", ".", cwd=folder)
    said = done.stdout + done.stderr
    return Client(folder, complaints(said, r"(\S+)\(([0-9]+),[0-9]+\): error (TS[0-9]+):"), wrong)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, contract: Path) -> Client:
    """What openapi-python-client makes of it."""
    folder = tmp_path_factory.mktemp("python")
    program = str(Path(sys.executable).with_name("openapi-python-client"))
    config = str(SCENARIOS / "openapi-python-client.yaml")
    options = ("--meta", "none", "--config", config, "--output-path", "casting_client")
    done = run(folder, program, "generate", "--fail-on-warning", "--path", str(contract), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "Generating casting_client\n"
    assert done.stderr == ""
    wrong = placed(folder, "scenario.py", r"# type: ignore\[([a-z-]+)\]$")
    # By the strictest rules, the generated package too, and by nothing of the project's own.
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary")
    done = run(folder, *mypy, "casting_client", "scenario.py", "refused.py")
    said = done.stdout + done.stderr
    return Client(folder, complaints(said, r"(\S+):([0-9]+): error: .*\[([a-z-]+)\]$"), wrong)


def run(folder: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, with nothing of the tests' environment."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def placed(folder: Path, name: str, mark: str, below: int = 0) -> set[tuple[int, str]]:
    """Copy a scenario, and again without its marks; gives the marked lines and their codes."""
    lines = (SCENARIOS / name).read_text().splitlines()
    shutil.copy(SCENARIOS / name, folder)
    without = "\n".join(re.sub(mark, "", line) for line in lines) + "\n"
    (folder / f"refused{Path(name).suffix}").write_text(without)
    found = ((number, re.search(mark, line)) for number, line in enumerate(lines, 1))
    return {(number + below, match[1]) for number, match in found if match}


def complaints(said: str, form: str) -> list[Complaint]:
    """Read what a compiler says; what has not the form of a complaint is told as it is."""
    found = []
    for line in said.splitlines():
        if match := re.match(form, line):
            found.append(Complaint(match[1], int(match[2]), match[3]))
        # A complaint's further lines begin with a space; mypy's notes belong to one too.
        elif not line.startswith(" ") and ": note: " not in line:
            found.append(Complaint(line, 0, ""))
    return found


def assert_seen(done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout) == SEEN


def test_a_typescript_client_works(
    typescript: Client, product: Product, product_issuer: Issuer
) -> None:
    assert [one for one in typescript.complaints if one.file != "refused.ts"] == []
    script = typescript.folder / "scenario.js"
    token = product_issuer.token("producer")
    assert_seen(node.run(script, cwd=typescript.folder, BASE_URL=product.url, TOKEN=token))


def test_a_python_client_works(python: Client, product: Product, product_issuer: Issuer) -> None:
    assert [one for one in python.complaints if one.file != "refused.py"] == []
    command = (sys.executable, "-W", "error", "scenario.py")
    token = product_issuer.token("producer")
    assert_seen(run(python.folder, *command, BASE_URL=product.url, TOKEN=token))


@pytest.mark.parametrize("language", ["typescript", "python"])
def test_the_types_refuse_what_is_wrong(language: str, request: pytest.FixtureRequest) -> None:
    client: Client = request.getfixturevalue(language)
    refused = {(one.line, one.code) for one in client.complaints if "refused" in one.file}
    assert refused == client.wrong
    assert len(refused) >= 10
