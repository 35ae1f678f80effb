"""The commit of the sources, which a deployment carries and `GET /` shows."""

import os
import re
import shutil
import subprocess

from dev import machine
from dev.machine import PROJECT

DIRTY = "-dirty"
"""The suffix of a commit whose files have been changed since."""
_COMMIT = re.compile("[0-9a-f]{40}")


def commit(apart_from: str | None = None) -> str | None:
    """Return the commit of the sources, or None if they are in no git repository.

    A change of the file `apart_from` does not count. The variable COMMIT names the commit where
    there is no repository, as in an unpacked archive.
    """
    named = os.environ.get("COMMIT")
    if named:
        if not _COMMIT.fullmatch(named):
            machine.fail("COMMIT must be the 40 hexadecimal digits of a commit")
        return named
    # The project may have been unpacked inside another repository.
    if _git("rev-parse", "--show-toplevel") != str(PROJECT):
        return None
    head = _git("rev-parse", "HEAD")
    others = ["--", ".", f":(exclude){apart_from}"] if apart_from else []
    return head and head + (DIRTY if _git("status", "--porcelain", *others) else "")


def refuse_uncommitted(stage: str, commit: str | None) -> None:
    """Stop unless the sources are exactly a commit."""
    if commit is None:
        machine.fail(
            f"{stage} is deployed from a commit only, and this is no git repository with one; if"
            " the sources are an archive of a commit, add COMMIT=... to the make command"
        )
    if commit.endswith(DIRTY):
        machine.fail(
            f"{stage} is deployed from a commit only: commit or remove what git status shows"
        )


def _git(*arguments: str) -> str | None:
    """Return the output of a git command, or None if it fails or there is no git."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, *arguments], cwd=PROJECT, capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()
