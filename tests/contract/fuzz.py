"""Test the running product against its contract with schemathesis, once for each agency role.

`make fuzz` runs it with many examples, and the tests run it with few. `schemathesis_hooks.py` has
the rules that the contract cannot express, and `schemathesis.toml` the expected statuses.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from chalicelib.permissions import AGENCY_ROLES
from tests.conftest import PROJECT, Product
from tests.support.issuer import Issuer

ROLES = sorted(AGENCY_ROLES, key=lambda role: len(AGENCY_ROLES[role].permissions), reverse=True)
HIGHEST_ROLE = ROLES[0]

EXAMPLES = {role: max(400 // 4**rank, 50) for rank, role in enumerate(ROLES)} | {"nobody": 50}
"""The examples per operation in `make fuzz`, by role. "nobody" sends no token."""

MIN_CASES = 10_000  # of `make fuzz`


class Outcome(NamedTuple):
    """The result of a run.

    The highest role must follow links: otherwise no operation ran after another one.
    """

    status: int
    cases: int
    links: int
    output: str


def run_schemathesis(
    product: Product,
    role: str,
    token: str | None,
    examples: int,
    folder: Path,
    *options: str,
    share: int = 1,
) -> Outcome:
    """Test the running product against its contract as this agency role, or as "nobody".

    Of the systematic cases, which do not depend on the examples, one in `share` is used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "CONTRACT_URL": product.url,
        "CONTRACT_TOKEN": token or "",
        "CONTRACT_ROLE": role,
        "CONTRACT_SHARE": str(share),
        # Its tables of characters take seconds to compute, and are kept here.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(PROJECT / ".hypothesis"),
    }
    authorization = [f"--header=Authorization: Bearer {token}"] if token else []
    done = subprocess.run(
        [str(Path(sys.executable).with_name("st")), "--no-color"]
        + ["--config-file", str(PROJECT / "tests" / "contract" / "schemathesis.toml")]
        + [
            "run",
            f"{product.url}/openapi.json",
            f"--max-examples={examples}",
            *authorization,
            *options,
        ],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    generated = re.search(r"^ +(\d+) generated", done.stdout, re.MULTILINE)
    links = re.search(r"API Links: +(\d+) covered", done.stdout)
    cases, followed = (int(match[1]) if match else 0 for match in (generated, links))
    return Outcome(done.returncode, cases, followed, done.stdout)


def verify(product: Product) -> str:
    """Run `make verify` on the product's table. Return its output if it finds problems, or ""."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.table.verify"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "LOCAL_DIR": str(product.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return "" if done.returncode == 0 else done.stdout


def main() -> None:
    """Run all roles and print the number of cases. Exit with 1 if something failed."""
    cases, failed = 0, False
    with (
        tempfile.TemporaryDirectory(prefix="contract-") as scratch,
        closing(Issuer()) as issuer,
    ):
        product = Product(Path(scratch) / "local", AUTH_ISSUER=issuer.url).start()
        try:
            for role, examples in EXAMPLES.items():
                token = issuer.token(role) if role in AGENCY_ROLES else None
                outcome = run_schemathesis(product, role, token, examples, Path(scratch) / role)
                cases += outcome.cases
                counts = f"{outcome.cases:,} cases, {outcome.links} links followed"
                print(f"{role}: {counts}, exit status {outcome.status}", flush=True)
                if outcome.status or (role == HIGHEST_ROLE and not outcome.links):
                    failed = True
                    print(outcome.output)
            problems = verify(product)
            print(problems or "The table has no problems.")
        finally:
            product.stop()
    print(f"{cases:,} cases (minimum: {MIN_CASES:,})")
    sys.exit(failed or bool(problems) or cases < MIN_CASES)


if __name__ == "__main__":
    main()
