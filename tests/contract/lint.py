"""Lint the project's JavaScript with ESLint: a part of `make check`."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from dev.machine import PROJECT
from tests.support import node
from tests.support.checkout import tracked

CONFIG = PROJECT / "tests" / "contract" / "eslint.config.mjs"


def files() -> list[str]:
    """Return every JavaScript file that git tracks or would track."""
    names = [name for name in tracked(".") if name.endswith((".js", ".mjs", ".cjs"))]
    return [name for name in names if (PROJECT / name).exists()]  # git lists deleted files too


def lint(names: Iterable[str], folder: Path = PROJECT) -> "subprocess.CompletedProcess[str]":
    """Run ESLint on files of a folder. It fails after an error or a warning."""
    node.install()
    arguments = (f"--config={CONFIG}", "--max-warnings=0", *names)
    return node.tool("eslint", *arguments, cwd=folder, MODULES=str(node.MODULES))


def main() -> None:
    """Print ESLint's findings and exit with its status."""
    linted = lint(files())
    sys.stdout.write(linted.stdout)
    sys.stderr.write(linted.stderr)
    sys.exit(linted.returncode)


if __name__ == "__main__":
    main()
