"""Build and check the console: console/ becomes chalicelib/console/, which the API serves.

The build is kept until a file of console/ changes. `make run` and `make package` build it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev import machine, node
from dev.machine import GENERATED, PROJECT, say

SOURCES = PROJECT / "console"
MODULES = SOURCES / "node_modules"
BUILT = PROJECT / "chalicelib" / "console"
STAMP = BUILT / "sources.sha256"
SCHEMA = SOURCES / "src" / "api" / "schema.ts"
NOT_SOURCES = ("node_modules", "dist")


class BuildFailed(Exception):
    """The console could not be built. The text says why."""


def build() -> None:
    """Build the console, unless it is built from the same sources. Raise BuildFailed."""
    with machine.lock(PROJECT / ".local" / "console.lock"):
        digest = _digest()
        if STAMP.exists() and STAMP.read_text() == digest:
            return
        say("Building the console (only once) ...")
        try:
            node.install(SOURCES)
        except node.NotInstalled as error:
            raise BuildFailed(
                f"npm could not install its packages. {_reason(str(error))}"
            ) from error
        with tempfile.TemporaryDirectory(dir=PROJECT / ".local") as folder:
            out = Path(folder) / "built"
            done = _tool("vite", "build", "--outDir", str(out), "--emptyOutDir")
            if done.returncode:
                raise BuildFailed(_reason(done.stderr or done.stdout))
            (out / STAMP.name).write_text(digest)
            # The API may be serving the old one: it reads each file when it is asked for it.
            shutil.rmtree(BUILT, ignore_errors=True)
            shutil.move(out, BUILT)


def _digest() -> str:
    """Return the hash of everything that the build depends on."""
    hashed = hashlib.sha256()
    for path in sorted(_sources()):
        hashed.update(f"{path.relative_to(SOURCES).as_posix()}\n{path.stat().st_size}\n".encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, folders, files in os.walk(SOURCES):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (Path(folder) / name for name in files)


def _reason(output: str) -> str:
    """Return the line of a tool's output that says what is wrong: the first about an error."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in output.splitlines()]
    wrong = (line for line in lines if re.search("error|could not", line, re.IGNORECASE))
    # Such as "error during build:", before the error itself.
    return next((line for line in wrong if not line.endswith(":")), "")


def _tool(package: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return node.run(node.command(MODULES, package), *arguments, cwd=SOURCES)


def schema() -> str:
    """Return the types of the contract in docs/generated/openapi.json, as TypeScript."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.ts"
        done = _tool(
            "openapi-typescript",
            str(GENERATED / "openapi.json"),
            "--output",
            str(file),
            "--enum-values",
        )
        if done.returncode:
            machine.fail(f"the console's types cannot be generated: {_reason(done.stderr)}")
        return file.read_text(encoding="utf-8")


def check() -> None:
    """Check the console's types, lint, format and generated client. Exit with 1 if one fails."""
    _install()
    if SCHEMA.read_text(encoding="utf-8") != schema():
        machine.fail(f"{machine.shown(SCHEMA)} is not up to date: run make generate")
    checks = (
        ("typescript", "--noEmit"),
        ("eslint", "--max-warnings=0", "."),
        ("prettier", "--check", "--log-level=warn", "."),
    )
    with ThreadPoolExecutor() as pool:  # at once: ESLint takes as long as the others together
        results = list(pool.map(lambda command: _tool(*command), checks))
    for done in results:
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
    sys.exit(int(any(done.returncode for done in results)))


def test() -> "subprocess.CompletedProcess[str]":
    """Run the console's unit tests."""
    _install()
    return _tool("vitest", "run")


def generate() -> None:
    """Write the types of the contract."""
    _install()
    SCHEMA.write_text(schema(), encoding="utf-8")


def tidy() -> None:
    """Fix the format."""
    _install()
    sys.stdout.write(_tool("prettier", "--write", "--log-level=warn", ".").stdout)


def _install() -> None:
    with machine.lock(PROJECT / ".local" / "console.lock"):
        try:
            node.install(SOURCES)
        except node.NotInstalled as error:
            machine.fail(f"the console's packages cannot be installed: {_reason(str(error))}")


def main() -> None:
    """Build the console, or do what the argument names: check, generate, format."""
    match sys.argv[1:]:
        case ["check"]:
            check()
        case ["generate"]:
            generate()
        case ["format"]:
            tidy()
        case _:
            try:
                build()
            except BuildFailed as error:
                machine.fail(f"the console cannot be built: {error}")
            say(f"{machine.shown(BUILT)}: built")


if __name__ == "__main__":
    main()
