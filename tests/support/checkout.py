"""Copies of the project, as on another machine, to deploy from and to break."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev import console
from dev.deploy import package
from dev.machine import PROJECT
from tests.support import forked

COMMIT = "5f7caa8c0d5a1f3c4e6b7a8d9e0f1a2b3c4d5e6f"
"""The commit of the copies, which are no git repositories."""
NOT_SOURCES = shutil.ignore_patterns("__pycache__", "deployed", "deployments", "node_modules")


def tracked(folder: str) -> list[str]:
    """Return the files below a folder that git tracks, or would add."""
    return subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


class Checkout:
    """A copy of the project. With `like`, a copy of another one, which has built a package already.

    Without `like`, an existing folder is used as it is.
    """

    def __init__(self, folder: Path, like: "Checkout | None" = None) -> None:
        self.folder = folder
        if like is None and folder.exists():
            return
        if like is not None:
            shutil.copytree(like.folder, folder, symlinks=True)
            shutil.rmtree(folder / ".local" / "package", ignore_errors=True)
            return
        folder.mkdir(parents=True)
        console.build()  # once, for all copies
        for part in package.PARTS:
            if (PROJECT / part).is_dir():
                shutil.copytree(PROJECT / part, folder / part, ignore=NOT_SOURCES)
            else:
                shutil.copyfile(PROJECT / part, folder / part)
        # The tests package for the Python that they run on.
        running = f"{sys.version_info[0]}.{sys.version_info[1]}"
        self.write_config({**self.config, "python_version": running})
        # The emulator has no CodeDeploy.
        config = self.config
        config["stages"]["prod"]["gradual_deployment"] = False
        self.write_config(config)
        # Not the settings of somebody who has changed theirs.
        for stage in ("dev", "prod"):
            self.set(
                stage,
                TABLE_NAME=f"casting-{stage}",
                AUTH_ISSUER=f"https://{stage}.issuer.example/",
                AUTH_AUDIENCE="casting-api",
                WEB_ORIGIN="http://localhost:3000",
            )

    @property
    def config(self) -> Any:
        return json.loads((self.folder / ".chalice" / "config.json").read_text())

    def set(self, stage: str, **settings: str) -> None:
        """Change the settings of a stage."""
        config = self.config
        config["stages"][stage]["environment_variables"].update(settings)
        self.write_config(config)

    def write_config(self, config: Any) -> None:
        (self.folder / ".chalice" / "config.json").write_text(json.dumps(config))

    def start(self, module: str, **environment: str) -> "subprocess.Popen[str] | forked.Command":
        """Start what a make target runs, on a machine without other settings."""
        return forked.popen([sys.executable, "-m", module], **self._options(environment))

    def start_new(self, module: str, **environment: str) -> "subprocess.Popen[str]":
        """Start it in a new interpreter, whose output can be read while it runs."""
        return subprocess.Popen([sys.executable, "-m", module], **self._options(environment))

    def _options(self, environment: dict[str, str]) -> dict[str, Any]:
        known = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or k[:4] == "PIP_"}
        # The developer's own AWS account must not be found.
        nowhere = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        settings = {"PYTHONWARNINGS": "default", "COMMIT": COMMIT}
        return {
            "cwd": self.folder,
            "env": {**known, **nowhere, **settings, **environment},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
            "start_new_session": True,  # so that all its child processes can be killed with it
        }

    def run(self, module: str, **environment: str) -> tuple[int, str]:
        """Run it to its end. Return its exit status and its output."""
        process = self.start(module, **environment)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said
