"""Translate a SAM template as AWS does: read it from the standard input, print the result.

Run by the engine's interpreter, the only one that has AWS's translator.
"""

import json
import sys
from importlib import import_module
from typing import Any

# By name, because mypy runs without it.
transform: Any = import_module("samtranslator.translator.transform").transform


class ManagedPolicies:
    """The policies of AWS that a template names. Ours names none."""

    def load(self) -> dict[str, str]:
        return {}


if __name__ == "__main__":
    print(json.dumps(transform(json.load(sys.stdin), {}, ManagedPolicies())))
