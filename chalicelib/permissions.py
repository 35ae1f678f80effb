"""The agency's roles and their permissions, written once.

The handlers, the token verifier, the contract, the local issuer, `make auth0` and the tests read
this table.
"""

from typing import NamedTuple


class AgencyRole(NamedTuple):
    """A role of the agency: the name that people see, and its permissions."""

    name: str
    permissions: frozenset[str]


_ASSIST = frozenset(
    {
        "get:movies",
        "get:actors",
        "get:roles",
        "get:parts",
        "get:candidates",
        "post:candidates",
        "patch:candidates",
    }
)
_CAST = _ASSIST | {
    "post:actors",
    "patch:actors",
    "delete:actors",
    "patch:movies",
    "post:roles",
    "patch:roles",
    "delete:roles",
    "post:parts",
    "patch:parts",
    "delete:parts",
    "delete:candidates",
}
_PRODUCE = _CAST | {"post:movies", "delete:movies"}

AGENCY_ROLES = {
    "assistant": AgencyRole("Casting Assistant", _ASSIST),
    "director": AgencyRole("Casting Director", _CAST),
    "producer": AgencyRole("Executive Producer", _PRODUCE),
}

PERMISSIONS = frozenset[str]().union(*(role.permissions for role in AGENCY_ROLES.values()))
"""All permissions. Other permissions in a token are ignored."""
