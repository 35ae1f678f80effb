"""The measured apps, each in a folder with everything that it imports."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from bench.process import App
from dev import console, machine
from dev.deploy.package import PARTS
from dev.machine import LOCAL, PROJECT

BENCH = LOCAL / "bench"
PEERS = Path(__file__).with_name("peers")
STAGE = "prod"
AUTHORIZERS = ("authorizer", "keys")


class Package(NamedTuple):
    """Our package, as it is deployed."""

    zip: Path
    folder: Path

    @property
    def api(self) -> App:
        return App("ours", self.folder, "app.app")

    @property
    def authorizers(self) -> list[App]:
        """Return the authorizer once for each kind of rejected token."""
        return [App(name, self.folder, "chalicelib.auth.auth0") for name in AUTHORIZERS]


def ours() -> Package:
    """Build the package of this checkout, unless it is built already, and unzip it.

    `dev.deploy.package` builds it in a copy of the checkout, for the Python that runs now.
    """
    try:
        console.build()
    except console.BuildFailed as error:
        machine.fail(f"the console cannot be built: {error}")
    files = {name: (PROJECT / name).read_bytes() for name in _tracked()}
    config = json.loads(files[".chalice/config.json"])
    config["python_version"] = "{}.{}".format(*sys.version_info)
    files[".chalice/config.json"] = json.dumps(config).encode()
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    package = BENCH / "package"
    zipped, unzipped, stamp = package / "ours.zip", package / "unzipped", package / "sources.sha256"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        machine.say("Building our package ...")
        shutil.rmtree(package, ignore_errors=True)
        package.mkdir(parents=True)
        with tempfile.TemporaryDirectory(prefix="casting-bench-") as folder:
            _build(Path(folder), files, zipped)
        with zipfile.ZipFile(zipped) as archive:
            archive.extractall(unzipped)
        stamp.write_text(digest.hexdigest())
    return Package(zipped, unzipped)


def _tracked() -> list[str]:
    """Return the files that a package is built from: those that git tracks, or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PARTS],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    built = [path.relative_to(PROJECT).as_posix() for path in console.BUILT.iterdir()]
    return [name for name in sorted([*listed, *built]) if (PROJECT / name).is_file()]


def _build(folder: Path, files: dict[str, bytes], zipped: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    known = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or k.startswith("PIP_")}
    done = subprocess.run(
        [sys.executable, "-m", "dev.deploy.package"],
        cwd=folder,
        env={**known, "STAGE": STAGE},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        machine.fail(f"our package cannot be built: {done.stderr.strip()}")
    shutil.copyfile(folder / ".local" / "package" / STAGE / "deployment.zip", zipped)


def peer(name: str) -> App:
    """Install a peer with its packages and their bytecode, unless it is installed already."""
    sources = PEERS / name
    version = hashlib.sha256(sys.version.encode())
    for file in ("requirements.txt", "app.py"):
        version.update((sources / file).read_bytes())
    folder = BENCH / "peers" / name / version.hexdigest()[:16]
    stamp = folder.with_suffix(".installed")
    if not stamp.exists():
        machine.say(f"Installing the peer {name} (only once) ...")
        shutil.rmtree(folder.parent, ignore_errors=True)
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            # All dependencies are listed. Those of Chalice's command line are not deployed.
            + ["--no-deps", "--target", str(folder)]
            + ["--requirement", str(sources / "requirements.txt")],
        )
        if done.returncode:
            machine.fail(f"the packages of {name} cannot be installed: check the network")
        shutil.copyfile(sources / "app.py", folder / "app.py")
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder)], check=True)
        stamp.touch()
    return App(name, folder, "app.handler")
