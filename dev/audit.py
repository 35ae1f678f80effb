"""`make audit`: look for published advisories of the packages, with pip-audit and npm.

Accepted advisories are in SECURITY.md, with the reason. pip-audit succeeds even if it finds no
package at the index, so a package that was not audited is a failure here.
"""

import json
import re
import subprocess
import sys
from typing import Any

from dev import machine, node
from dev.machine import PROJECT

REQUIREMENTS = ("requirements.txt", "tests/requirements.txt")  # the second includes all of ours
ACCEPTED = re.compile(r"^\| (CVE-\d+-\d+) ", re.MULTILINE)
UNREACHABLE = "the advisories cannot be read, so nothing was audited; check the network: "


def main() -> None:
    accepted = ACCEPTED.findall((PROJECT / "SECURITY.md").read_text())
    found = [*python(accepted), *npm()]
    if found:
        machine.fail(
            "update these packages, or accept an advisory in SECURITY.md:\n  " + "\n  ".join(found)
        )
    machine.say(f"No advisories, except for {', '.join(accepted)} (SECURITY.md).")


def python(accepted: list[str]) -> list[str]:
    """Return the advisories of the Python packages."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
        + ["--no-deps", "--disable-pip", *(f"--requirement={name}" for name in REQUIREMENTS)]
        + [f"--ignore-vuln={name}" for name in accepted],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        machine.fail(UNREACHABLE + machine.last_line(done.stderr))
    return python_advisories(packages)


def python_advisories(packages: list[dict[str, Any]]) -> list[str]:
    """Return what pip-audit reports. Stop if it has skipped a package."""
    if skipped := [package["name"] for package in packages if "skip_reason" in package]:
        machine.fail(f"{UNREACHABLE}{len(skipped)} packages were skipped, such as {skipped[0]}")
    return sorted(
        {
            f"{package['name']} {package['version']}: {advisory['id']}"
            for package in packages
            for advisory in package["vulns"]
        }
    )


def npm() -> list[str]:
    """Return the advisories of the packages that the console consists of."""
    done = node.run(
        node.NPM, "audit", "--omit=dev", "--package-lock-only", "--json", cwd=PROJECT / "console"
    )
    return npm_advisories(done.stdout)


def npm_advisories(report: str) -> list[str]:
    """Return what npm reports. Stop if it could not ask for advisories."""
    try:
        content = json.loads(report)
        packages = content["vulnerabilities"].values()
    except (ValueError, KeyError, TypeError, AttributeError):
        machine.fail(f"{UNREACHABLE}npm has no report")
    return [f"{package['name']} (npm): {package['severity']}" for package in packages]


if __name__ == "__main__":
    main()
