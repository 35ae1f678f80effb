"""The tests' browser: Chromium from an npm package, with a home and fonts of its own.

Nothing that it uses is outside the clone. On other machines than Linux on x86_64, the variable
CHROMIUM names a Chromium to use instead.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import node

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCRATCH = node.FOLDER / "tmp"
"""Where the package unpacks the browser, its libraries and its fonts, once."""

FONT_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def why_unavailable(system: str, processor: str, environment: Mapping[str, str]) -> str | None:
    """Return why the browser cannot run on such a machine, or None if it can."""
    if environment.get("CHROMIUM") or (system, processor) == ("Linux", "x86_64"):
        return None
    return f"no packaged browser for {system} on {processor}: set CHROMIUM to the path of one"


def environment() -> dict[str, str]:
    """Return the environment of the browser, and write the font configuration that it names.

    The package's own configuration names /tmp/fonts, wherever the browser was unpacked.
    """
    home = SCRATCH / "home"
    home.mkdir(parents=True, exist_ok=True)
    configuration = SCRATCH / "fonts.conf"
    text = FONT_CONFIGURATION.format(fonts=SCRATCH / "fonts", cache=SCRATCH / "fonts-cache")
    if not configuration.exists() or configuration.read_text() != text:
        configuration.write_text(text)
    return {
        "FONTCONFIG_FILE": str(configuration),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MODULES": str(node.MODULES),
        "NO_COLOR": "1",
        "PATH": os.defpath,
        "TMPDIR": str(SCRATCH),
    }


def _skip_where_unavailable() -> None:
    if reason := why_unavailable(platform.system(), platform.machine(), os.environ):
        pytest.skip(reason)


@contextmanager
def started() -> "Iterator[Browser]":
    """Start the browser, driven by Playwright. Skip the test if it cannot run on this machine."""
    from playwright.sync_api import sync_playwright

    options = launch_options()
    # Playwright brings a Node.js of its own, which needs a library that a small Debian lacks.
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node.NODE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**options)
        yield chromium
        chromium.close()


def launch_options() -> dict[str, Any]:
    """Return what Playwright needs to start the browser.

    Skip the test if the browser cannot run on this machine.
    """
    _skip_where_unavailable()
    if chromium := os.environ.get("CHROMIUM"):
        return {"executable_path": chromium}
    found = run(Path(__file__).with_name("chromium.mjs"))
    libraries = {"LD_LIBRARY_PATH": found["libraries"]} if found["libraries"] else {}
    return {
        "executable_path": found["path"],
        "args": ["--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage"],
        "env": {**environment(), **libraries},
    }


def run(script: Path, **variables: str) -> Any:
    """Run a script that opens pages in the browser. Return the JSON that it prints.

    Skip the test if the browser cannot run on this machine.
    """
    _skip_where_unavailable()
    node.install()
    chosen = {}
    if chromium := os.environ.get("CHROMIUM"):
        # A browser of this machine's, with this machine's fonts and libraries.
        chosen = {**os.environ, "CHROMIUM": chromium}
        variables["MODULES"] = str(node.MODULES)
    done = subprocess.run(
        [node.NODE, script],
        cwd=node.FOLDER,
        env={**(chosen or environment()), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
