"""The wheels that may be deployed, by hash: `wheels.lock`, which `make lock` writes.

Chalice downloads wheels for Lambda by name and version, for which pip accepts no hashes. So the zip
is compared with the lock: a wheel's RECORD has the hash of each of its files, and the lock has the
hash of each RECORD. Of its own wheel, Chalice copies two files, whose hashes are in the lock.
"""

import base64
import csv
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from dev import machine
from dev.deploy.stages import ARCHITECTURES
from dev.machine import PROJECT
from dev.pythons import SUPPORTED

LOCK = PROJECT / "wheels.lock"
REQUIREMENTS = PROJECT / "requirements.txt"
RUNTIME = ("chalice/__init__.py", "chalice/app.py")
"""What Chalice copies of itself into a package."""
HEADING = """\
# The wheels that may be deployed. Written by `make lock`, and checked by `make package`.
# wheel, its SHA-256 as the package index shows it, and the SHA-256 of its RECORD
# file that Chalice copies from its wheel, and its SHA-256
"""
GLIBC = 34  # Lambda's, with Python 3.12 and newer


def main() -> None:
    """Write the lock: download every wheel for every Python and processor that can be deployed."""
    lines = set()
    chalice = f"chalice=={version('chalice')}"
    with tempfile.TemporaryDirectory() as folder:
        for python in SUPPORTED:
            for processor in ARCHITECTURES.values():
                machine.say(f"Downloading the wheels for Python {python} on {processor} ...")
                _download(python, processor, folder, "--requirement", str(REQUIREMENTS))
                _download(python, processor, folder, chalice)
        for wheel in Path(folder).iterdir():
            with zipfile.ZipFile(wheel) as zipped:
                (name,) = (n for n in zipped.namelist() if n.endswith(".dist-info/RECORD"))
                lines.add(f"{wheel.name} {_hash(wheel.read_bytes())} {_hash(zipped.read(name))}")
                runtime = [name for name in RUNTIME if name in zipped.namelist()]
                lines |= {f"{name} {_hash(zipped.read(name))}" for name in runtime}
    LOCK.write_text(HEADING + "".join(f"{line}\n" for line in sorted(lines)))
    machine.say(f"{LOCK.name} has {len(lines) - len(RUNTIME)} wheels.")


def _download(python: str, processor: str, folder: str, *requirements: str) -> None:
    platforms = [f"manylinux_2_{minor}_{processor}" for minor in range(GLIBC, 4, -1)]
    abi = f"cp{python.replace('.', '')}"
    options = [f"--platform={name}" for name in [*platforms, f"manylinux2014_{processor}"]]
    options += [f"--abi={name}" for name in (abi, "abi3", "none")]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        + ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *options]
        + [*requirements, "--dest", folder],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = machine.last_line(done.stderr)
        machine.fail(
            f"the wheels for Python {python} on {processor} cannot be downloaded: {reason}"
        )


def problems(package: Path, lock: str) -> Iterator[str]:
    """Return the files and wheels of a zip from Chalice that differ from the lock."""
    hashes = _hashes(lock)
    records = {values[1] for values in hashes.values() if len(values) == 2}
    with zipfile.ZipFile(package) as zipped:
        files = set(zipped.namelist())
        for path in sorted(files & {*RUNTIME}):
            if [_hash(zipped.read(path))] != hashes.get(path):
                yield f"{path} is not the file of {LOCK.name}"
        for name in sorted(files):
            folder, _, file = name.rpartition("/")
            if not folder.endswith(".dist-info") or "/" in folder or file != "RECORD":
                continue
            record = zipped.read(name)
            if _hash(record) not in records:
                yield f"{folder.removesuffix('.dist-info')} is not a wheel of {LOCK.name}"
            for path, expected in recorded(record.decode()).items():
                if expected and path not in files:
                    yield f"{path} of its wheel is missing"
                elif expected and _recorded_hash(zipped.read(path)) != expected:
                    yield f"{path} is not the file of its wheel"


def _hashes(lock: str) -> dict[str, list[str]]:
    """Return the hashes of each wheel or file of a lock, by its name."""
    lines = (line.split() for line in lock.splitlines() if not line.startswith("#"))
    return {name: values for name, *values in lines}


def wheel_of(record: bytes, lock: str) -> str:
    """Return the SHA-256 of the wheel with this RECORD."""
    return next(values[0] for values in _hashes(lock).values() if values[1:] == [_hash(record)])


def wheel_of_chalice(lock: str) -> str:
    """Return the SHA-256 of Chalice's wheel, of which a package has no RECORD."""
    return next(v[0] for name, v in _hashes(lock).items() if name.startswith("chalice-"))


def recorded(record: str) -> dict[str, str]:
    """Return the files of a wheel with their hashes, at the paths to which Chalice unpacks them."""
    return {_unpacked(path): value for path, value, *_ in csv.reader(record.splitlines())}


def _unpacked(path: str) -> str:
    parts = PurePosixPath(path).parts
    if len(parts) > 2 and parts[0].endswith(".data") and parts[1] in ("purelib", "platlib"):
        parts = parts[2:]
    return "/".join(parts)


def _recorded_hash(content: bytes) -> str:
    """Return the hash of a file as in a RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.decode().rstrip('=')}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
