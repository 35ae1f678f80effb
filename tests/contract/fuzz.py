"""The contract against the running product: schemathesis with every check, as everyone there is.

`make fuzz` does it at length; the tests do it with few examples. What is
valid beyond the document is in contract_hooks.py, what may be answered in schemathesis.toml.
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

EXAMPLES = {"producer": 400, "director": 100, "assistant": 50, "nobody": 50}
"""Of each operation, in the long run, by who asks."""

LEAST = 10_000  # cases of a long run


class Outcome(NamedTuple):
    """How a run ended: the command's exit status, the cases sent, the links followed, what it said.

    Whoever may do everything follows links; without any, nothing was done one after another.
    """

    status: int
    cases: int
    links: int
    said: str


def hold(
    product: Product, who: str, token: str | None, examples: int, folder: Path, *options: str
) -> Outcome:
    """Hold the running product to its contract, as this role of the agency, or nobody."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "CONTRACT_URL": product.url,
        "CONTRACT_TOKEN": token or "",
        "CONTRACT_WHO": who,
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
    found = re.search(r"^ +(\d+) generated", done.stdout, re.MULTILINE)
    links = re.search(r"API Links: +(\d+) covered", done.stdout)
    cases, followed = (int(one[1]) if one else 0 for one in (found, links))
    return Outcome(done.returncode, cases, followed, done.stdout)


def verify(product: Product) -> str:
    """Read the whole table that the product runs on; gives what is wrong in it, or nothing."""
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
    """Print of everyone how many cases there were, and end with 1 where one of them failed."""
    cases, failed = 0, False
    with (
        tempfile.TemporaryDirectory(prefix="contract-") as scratch,
        closing(Issuer()) as issuer,
    ):
        product = Product(Path(scratch) / "local", AUTH_ISSUER=issuer.url).start()
        try:
            for who, examples in EXAMPLES.items():
                token = issuer.token(who) if who in AGENCY_ROLES else None
                outcome = hold(product, who, token, examples, Path(scratch) / who)
                cases += outcome.cases
                counts = f"{outcome.cases:,} cases, {outcome.links} links followed"
                print(f"{who}: {counts}, exit {outcome.status}", flush=True)
                if outcome.status or (who == "producer" and not outcome.links):
                    failed = True
                    print(outcome.said)
            wrong = verify(product)
            print(wrong or "The table: 0 problems.")
        finally:
            product.stop()
    print(f"{cases:,} cases of at least {LEAST:,}")
    sys.exit(failed or bool(wrong) or cases < LEAST)


if __name__ == "__main__":
    main()
