"""The packages of tests/contract/package.json, which use the contract with other people's tools."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from dev import machine, node
from dev.machine import PROJECT
from dev.node import NODE, NPM

__all__ = ["FOLDER", "MODULES", "NODE", "NPM", "install", "run", "tool"]

# Not in LOCAL, which the tests move: they share one installation.
FOLDER = PROJECT / ".local" / "node"
MODULES = FOLDER / "node_modules"


def install() -> Path:
    """Install the packages, unless they are installed. Return their folder."""
    with machine.lock(FOLDER.with_suffix(".lock")):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in node.DECLARED:
            shutil.copyfile(PROJECT / "tests" / "contract" / name, FOLDER / name)
        node.install(FOLDER)
    return FOLDER


def run(
    script: Path | str, *arguments: str, cwd: Path | str = FOLDER, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a script in Node.js to its end."""
    return node.run(script, *arguments, cwd=cwd, **environment)


def tool(package: str, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command of an installed package."""
    return run(node.command(install() / "node_modules", package), *arguments, **options)
