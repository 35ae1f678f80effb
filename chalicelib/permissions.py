"""The agency's roles and their permissions, written once.

The handlers, the token verifier, the contract, the local issuer, `make auth0` and the tests read
this table.
"""

from typing import NamedTuple


class AgencyRole(NamedTuple):
    """A role of the agency: the name that people see, and its permissions."""

    name: str
    permissions: frozenset[str]


_LOOK_UP = frozenset({"get:movies", "get:actors", "get:roles"})
_CAST = _LOOK_UP | {
    "post:actors",
    "patch:actors",
    "delete:actors",
    "patch:movies",
    "post:roles",
    "patch:roles",
    "delete:roles",
}
_PRODUCE = _CAST | {"post:movies", "delete:movies"}

AGENCY_ROLES = {
    "assistant": AgencyRole("Casting Assistant", _LOOK_UP),
    "director": AgencyRole("Casting Director", _CAST),
    "producer": AgencyRole("Executive Producer", _PRODUCE),
}

PERMISSIONS = frozenset[str]().union(*(role.permissions for role in AGENCY_ROLES.values()))
"""All permissions. Other permissions in a token are ignored."""
