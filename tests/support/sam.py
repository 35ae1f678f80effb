"""The templates that are sent to AWS, and what AWS's own translator makes of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.local import engine
from dev.machine import PROJECT
from tests.support.checkout import Checkout


def translated(template: Path) -> Any:
    """Return the CloudFormation template that AWS's own translator makes of a SAM template."""
    engine.install()
    process = subprocess.run(
        [engine.PYTHON, "-I", PROJECT / "tests" / "support" / "translate.py"],
        input=template.read_text().replace("./deployment.zip", "s3://packages/deployment.zip"),
        env={"AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def rendered(checkout: Checkout, name: str) -> Any:
    """Return a template of the stage prod, as it is sent to CloudFormation."""
    code = "import json; from dev.deploy import stages; "
    code += f"print(json.dumps(stages.chosen().template({name!r})))"
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout.folder,
        env={"STAGE": "prod", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(process.stdout)
