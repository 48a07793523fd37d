"""The usual calls of each API, for clients that send whatever they are told to."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from mockserver import Live
from tests.clients.conftest import credential

__all__ = ["Ask", "calls"]


@dataclass(frozen=True)
class Ask:
    """One call: how it is sent does not matter to what comes back."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def calls(running: Live, api: str) -> dict[str, Ask]:
    """List, read, create and an error of each API."""
    key = credential(running, api)
    plain = {"Content-Type": "application/json"}
    match api:
        case "paydirt":
            query = f"?api_key={key['key']}"
            made = Ask("POST", f"/clients{query}", {"business_name": "Kiln & Co"}, plain)
            paths = {"list": f"/clients{query}", "read": f"/clients/123{query}", "error": f"/clients/1{query}"}
            return {**{name: Ask("GET", path) for name, path in paths.items()}, "create": made}
        case "timedash":
            basic = {"Authorization": "Basic " + base64.b64encode(f"{key['key']}:".encode()).decode()}
            made = Ask("POST", "/assignments", {"title": "Kiln & Co", "timestamp": 1}, {**plain, **basic})
            paths = {"list": "/assignments?size=3", "read": "/assignments/asg_0001", "error": "/assignments/none"}
            return {**{name: Ask("GET", path, None, basic) for name, path in paths.items()}, "create": made}
        case "moonrope":
            headers = {**plain, "X-Auth-Application": key["application"], "X-Auth-Token": key["token"]}
            bodies = {"list": {"per_page": 3}, "read": {"id": 1}, "create": {"name": "Kiln & Co"}, "error": {"id": 10**9}}
            actions = {"list": "list", "read": "info", "create": "create", "error": "info"}
            return {name: Ask("POST", f"/contacts/{actions[name]}", body, headers) for name, body in bodies.items()}
        case "88miles":
            bearer = {"Authorization": f"Bearer {key['token']}"}
            project = {"name": "Kiln & Co", "company_uuid": "935956d8-a094-4948-ac47-d84d10a62eff"}
            paths = {"list": "/projects.json", "read": "/projects/7dcb0cdb-ea5a-4b36-ae46-6ad3f0d33fcc.json", "error": "/projects/none.json"}
            made = Ask("POST", "/projects.json", {"project": project}, {**plain, **bearer})
            return {**{name: Ask("GET", path, None, bearer) for name, path in paths.items()}, "create": made}
    headers = {"X-Auth-Token": key["token"], "X-Organization-Id": key["organization"]}
    company = {"data": {"type": "companies", "attributes": {"name": "Kiln & Co"}}}
    paths = {"list": "/companies?page[size]=3", "read": "/companies/1", "error": "/companies/none"}
    made = Ask("POST", "/companies", company, {**headers, "Content-Type": "application/vnd.api+json"})
    return {**{name: Ask("GET", path, None, headers) for name, path in paths.items()}, "create": made}
