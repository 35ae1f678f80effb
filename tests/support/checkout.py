"""Copies of the project, as another machine has them, to deploy from and to break."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.machine import PROJECT

PARTS = (".chalice", "app.py", "chalicelib", "dev", "requirements.txt")
NOT_SOURCES = shutil.ignore_patterns("__pycache__", "deployed", "deployments")


def tracked(folder: str) -> list[str]:
    """Give the project's files below a folder that git has, or would take."""
    return subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


class Checkout:
    """A copy of the project; `like` gives one that has built already, and so builds faster.

    Without `like`, a folder that is there already is one.
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
        for part in PARTS:
            if (PROJECT / part).is_dir():
                shutil.copytree(PROJECT / part, folder / part, ignore=NOT_SOURCES)
            else:
                shutil.copyfile(PROJECT / part, folder / part)
        # The tests package for the Python that they run on.
        running = f"{sys.version_info[0]}.{sys.version_info[1]}"
        self.write_config({**self.config, "python_version": running})
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
        """Change what a stage sets for its functions."""
        config = self.config
        config["stages"][stage]["environment_variables"].update(settings)
        self.write_config(config)

    def write_config(self, config: Any) -> None:
        (self.folder / ".chalice" / "config.json").write_text(json.dumps(config))

    def start(self, module: str, **environment: str) -> "subprocess.Popen[str]":
        """Start what a make target runs, as on a machine that has set nothing else."""
        known = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or k[:4] == "PIP_"}
        # Whoever runs the tests has an account of their own, which must not be found.
        nowhere = {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=self.folder,
            env={**known, **nowhere, "PYTHONWARNINGS": "default", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # to be killed with all that it has started
        )

    def run(self, module: str, **environment: str) -> tuple[int, str]:
        """Run it to its end; gives its exit status and what it said."""
        process = self.start(module, **environment)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said
