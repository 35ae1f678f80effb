"""Run the quick tests on every supported Python of this machine: `make test-pythons`.

Each Python has a virtual environment of its own in `.local/pythons/`. Ends with 1 if the tests
failed on one of them, or could not be installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev import machine
from dev.machine import PROJECT, say

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
FOLDER = PROJECT / ".local" / "pythons"
REQUIREMENTS = (PROJECT / "requirements-dev.txt", PROJECT / "tests" / "requirements.txt")


def find(version: str) -> Path | None:
    """Return an interpreter of this version, on the PATH or in pyenv; None if there is none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = sorted(root.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    if on_path := shutil.which(f"python{version}"):
        candidates.append(Path(on_path))
    for candidate in candidates:
        # A shim of pyenv's exists for versions that are not active, and then fails.
        code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True)
        if done.stdout.strip() == version:
            return candidate
    return None


def install(version: str, interpreter: Path) -> Path | None:
    """Create the virtual environment of a version. Return its Python, or None if that failed."""
    environment = FOLDER / version
    python, stamp = environment / "bin" / "python", environment / "installed"
    made_for = "".join(file.read_text() for file in REQUIREMENTS)
    if stamp.exists() and stamp.read_text() == made_for:
        return python
    say(f"Python {version}: installing ...")
    commands: list[list[str | Path]] = [[interpreter, "-m", "venv", "--clear", environment]]
    for file in REQUIREMENTS:
        quiet = ["-qq", "--disable-pip-version-check"]
        commands.append([python, "-m", "pip", "install", *quiet, "--requirement", file])
    for command in commands:
        if subprocess.run(command, cwd=PROJECT).returncode:
            return None
    stamp.write_text(made_for)
    return python


def main() -> None:
    """Print one line for each version, after the output of its tests."""
    results: dict[str, str] = {}
    for version in SUPPORTED:
        interpreter = find(version)
        if interpreter is None:
            results[version] = "not found"
            continue
        python = install(version, interpreter)
        if python is None:
            results[version] = "FAILED: the packages cannot be installed"
            continue
        say(f"Python {version}: testing ...")
        tests: list[str | Path] = [python, "-m", "pytest", "-q", "--quick", "--numprocesses"]
        done = subprocess.run([*tests, "auto"], cwd=PROJECT)
        results[version] = "FAILED" if done.returncode else "passed"
    for version, result in results.items():
        say(f"Python {version}: {result}")
    if any(result.startswith("FAILED") for result in results.values()):
        sys.exit(1)
    if "passed" not in results.values():
        machine.fail(f"none of Python {', '.join(SUPPORTED)} was found")


if __name__ == "__main__":
    main()
