"""Generated clients: they compile and they work.

Each scenario ends with lines that are wrong, with a mark for the compiler and the reason. The test
also compiles a copy without the marks, `rejected.*`. There, the compiler must reject exactly these
lines.
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

EXPECTED = {
    "same_id": True,
    "pages": [
        [["Al Pacino", "VINCENT HANNA"], ["Robert De Niro", "NEIL MCCAULEY"]],
        [["Amy Brenneman", "nobody"]],
    ],
    "found": ["Al Pacino"],
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
    "history": [[3, "changed"], [2, "changed"], [1, "created"]],
    "renamed": ["Heat", "Heat, again"],
    "deleted": 4,
}
"""The output of both scenarios."""


class CompilerError(NamedTuple):
    """An error that a compiler reports for a line."""

    file: str
    line: int
    code: str


class Client(NamedTuple):
    """A folder with a generated client and its scenario, and what the compiler reports."""

    folder: Path
    errors: list[CompilerError]
    expected: set[tuple[int, str]]  # the marked lines and their error codes


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the contract of the current code, even if the generated file is not up to date."""
    contract = tmp_path_factory.mktemp("contract") / "openapi.json"
    contract.write_text(openapi.text())
    return contract


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory, contract: Path) -> Client:
    """Generate a client with openapi-typescript and compile it."""
    folder = tmp_path_factory.mktemp("typescript")
    done = node.tool("openapi-typescript", str(contract), "--output", str(folder / "api.ts"))
    assert done.returncode == 0, done.stderr
    # Two lines: its name, and the files. A warning would be a third line.
    assert len(done.stdout.splitlines()) == 2, done.stdout
    assert done.stderr == ""
    (folder / "node_modules").symlink_to(node.MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(SCENARIOS / "tsconfig.json", folder)
    # A mark applies to the line below it.
    expected = copy_scenario(folder, "scenario.ts", r"// @ts-expect-error (TS[0-9]+):.*", below=1)
    done = node.tool("typescript", "--project", ".", cwd=folder)
    output = done.stdout + done.stderr
    return Client(
        folder, compiler_errors(output, r"(\S+)\(([0-9]+),[0-9]+\): error (TS[0-9]+):"), expected
    )


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, contract: Path) -> Client:
    """Generate a client with openapi-python-client and check its types."""
    folder = tmp_path_factory.mktemp("python")
    program = str(Path(sys.executable).with_name("openapi-python-client"))
    config = str(SCENARIOS / "openapi-python-client.yaml")
    options = ("--meta", "none", "--config", config, "--output-path", "casting_client")
    done = run(folder, program, "generate", "--fail-on-warning", "--path", str(contract), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "Generating casting_client\n"
    assert done.stderr == ""
    expected = copy_scenario(folder, "scenario.py", r"# type: ignore\[([a-z-]+)\]$")
    # The strictest rules, for the generated package too, and without the project's own config.
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary")
    # The generator casts a list that may be null once too often.
    files = ("--no-warn-redundant-casts", "casting_client", "scenario.py", "rejected.py")
    done = run(folder, *mypy, *files)
    output = done.stdout + done.stderr
    return Client(
        folder, compiler_errors(output, r"(\S+):([0-9]+): error: .*\[([a-z-]+)\]$"), expected
    )


def run(folder: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, without the environment of the tests."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def copy_scenario(folder: Path, name: str, mark: str, below: int = 0) -> set[tuple[int, str]]:
    """Copy a scenario with and without its marks. Return the marked lines and their codes."""
    lines = (SCENARIOS / name).read_text().splitlines()
    shutil.copy(SCENARIOS / name, folder)
    unmarked = "\n".join(re.sub(mark, "", line) for line in lines) + "\n"
    (folder / f"rejected{Path(name).suffix}").write_text(unmarked)
    matches = ((number, re.search(mark, line)) for number, line in enumerate(lines, 1))
    return {(number + below, match[1]) for number, match in matches if match}


def compiler_errors(output: str, form: str) -> list[CompilerError]:
    """Parse the output of a compiler. Return lines of another form as errors of line 0."""
    errors = []
    for line in output.splitlines():
        if match := re.match(form, line):
            errors.append(CompilerError(match[1], int(match[2]), match[3]))
        # The other lines of an error begin with a space. mypy's notes belong to errors.
        elif not line.startswith(" ") and ": note: " not in line:
            errors.append(CompilerError(line, 0, ""))
    return errors


def assert_expected(done: "subprocess.CompletedProcess[str]") -> None:
    """Assert that a scenario succeeded with the expected output."""
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout) == EXPECTED


def test_a_typescript_client_works(
    typescript: Client, product: Product, product_issuer: Issuer
) -> None:
    assert [error for error in typescript.errors if error.file != "rejected.ts"] == []
    script = typescript.folder / "scenario.js"
    token = product_issuer.token("producer")
    assert_expected(node.run(script, cwd=typescript.folder, BASE_URL=product.url, TOKEN=token))


def test_a_python_client_works(python: Client, product: Product, product_issuer: Issuer) -> None:
    assert [error for error in python.errors if error.file != "rejected.py"] == []
    command = (sys.executable, "-W", "error", "scenario.py")
    token = product_issuer.token("producer")
    assert_expected(run(python.folder, *command, BASE_URL=product.url, TOKEN=token))


@pytest.mark.parametrize("language", ["typescript", "python"])
def test_the_compiler_rejects_exactly_the_marked_lines(
    language: str, request: pytest.FixtureRequest
) -> None:
    client: Client = request.getfixturevalue(language)
    rejected = {(error.line, error.code) for error in client.errors if "rejected" in error.file}
    assert rejected == client.expected
    assert len(rejected) >= 10
