"""The API's rules that the contract's types do not express: `console/src/api/rules.ts`."""

import json
from pathlib import Path
from typing import Any

from chalicelib import limits
from chalicelib.permissions import AGENCY_ROLES
from chalicelib.store.items import BEST_RATING
from chalicelib.store.statuses import ENDED, ENGAGEMENT, SELECTION, Status
from dev.machine import PROJECT

RULES = PROJECT / "console" / "src" / "api" / "rules.ts"


def files() -> dict[Path, str]:
    """Return the generated file and its text."""
    return {RULES: text()}


def text() -> str:
    """Return the rules as TypeScript."""
    roles = [
        {"name": name, "permissions": sorted(permissions)}
        for name, permissions in AGENCY_ROLES.values()
    ]
    lines = [
        "// Generated from the API's code by `make generate`.",
        'import type { Status } from "./types";',
        "",
        "/** All statuses in the order of a part's board. */",
        _constant("STATUSES", "readonly Status[]", list(Status)),
        _constant("SELECTION", "readonly Status[]", _in_order(SELECTION)),
        _constant("ENGAGEMENT", "readonly Status[]", _in_order(ENGAGEMENT)),
        _constant("ENDED", "readonly Status[]", _in_order(ENDED)),
        "/** The statuses that may follow each status. */",
        _constant(
            "NEXT",
            "Readonly<Record<Status, readonly Status[]>>",
            {status: status.next() for status in Status},
        ),
        "/** The agency's roles, the one with the fewest permissions first. */",
        _constant(
            "AGENCY_ROLES",
            "readonly { name: string; permissions: readonly string[] }[]",
            roles,
        ),
        "/** Actors that one request adds to a part. */",
        _constant("MAX_ADDED", "number", limits.MAX_ADDED),
        _constant("BEST_RATING", "number", BEST_RATING),
    ]
    return "\n".join(lines) + "\n"


def _in_order(group: frozenset[Status]) -> list[Status]:
    return [status for status in Status if status in group]


def _constant(name: str, of_type: str, value: Any) -> str:
    return f"export const {name}: {of_type} = {json.dumps(value)};"
