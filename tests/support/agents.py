"""An additional resource: what tools that follow the contract do with it."""

import copy
import json
from typing import Any

import pytest

from chalicelib.permissions import AGENCY_ROLES, AgencyRole

AGENT_ID = "Zk4bQ1xWn8-mVt6S"


def with_agents(document: Any) -> Any:
    """Return a copy of the document with a resource `agents`, which has actors' five operations."""
    text = json.dumps(document).replace("h7Gd_2cWm5RpUe9J", AGENT_ID)
    renamed = json.loads(text.replace("actor", "agent").replace("Actor", "Agent"))
    extended = copy.deepcopy(document)
    for path in ("/agents", "/agents/{agent_id}"):
        extended["paths"][path] = renamed["paths"][path]
        for operation in extended["paths"][path].values():
            for response in operation["responses"].values():
                links = response.get("links", {})
                response["links"] = {
                    name: link for name, link in links.items() if "movie" not in name
                }
    for kind, components in renamed["components"].items():
        extended["components"][kind] = {**components, **extended["components"][kind]}
    return extended


def allow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let assistants read agents, and directors and producers change them."""
    writes = {f"{verb}:agents" for verb in ("post", "patch", "delete")}
    for name, role in AGENCY_ROLES.items():
        added = {"get:agents"} if name == "assistant" else {"get:agents", *writes}
        monkeypatch.setitem(AGENCY_ROLES, name, AgencyRole(role.name, role.permissions | added))
