"""Clients that read an API's OpenAPI document from the stub, and do as it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mockserver import Live
from tests.clients.conftest import HERE, SHIPPED, printed
from tests.clients.test_command_line import STATUSES
from tests.clients.usual_calls import calls

pytestmark = pytest.mark.clients

READS = {
    "paydirt": ("readClient", {"id": 123}, None),
    "timedash": ("readAssignment", {"id": "asg_0001"}, None),
    "moonrope": ("readContact", None, {"id": 1}),
    "88miles": ("showProject", {"uuid": "7dcb0cdb-ea5a-4b36-ae46-6ad3f0d33fcc"}, None),
    "productive": ("readCompany", {"id": "1"}, None),
}
"""The operation that reads a record of each API, with its parameters and body."""


def document(running: Live, api: str) -> str:
    """Where the stub serves an API's document."""
    return f"{running.url}/__proctor/specs/{api}/openapi.json"


@pytest.fixture(scope="module")
def read(served: Live, node_modules: Path) -> dict[str, Any]:
    """What openapi-client-axios read of each API."""
    program = shutil.copy(HERE / "programs" / "described.mjs", node_modules)
    asked = {}
    for api, (call, parameters, body) in READS.items():
        if api == "paydirt":
            parameters = {**(parameters or {}), "api_key": calls(served, api)["read"].path.rpartition("=")[2]}
        headers = calls(served, api)["read"].headers
        asked[api] = {"definition": document(served, api), "headers": headers, "call": call, "parameters": parameters, "body": body}
    found: dict[str, Any] = printed(["node", str(program)], served.url, {"calls": json.dumps(asked)})
    return found


@pytest.mark.parametrize("api", SHIPPED)
def test_document_leads_to_the_stub(served: Live, read: dict[str, Any], api: str) -> None:
    assert (read[api]["server"], read[api]["status"]) == (served.of(api), 200)
    assert "error" not in read[api]["body"]


@pytest.fixture(scope="module")
def held(served: Live, python: str) -> dict[str, Any]:
    """What openapi-core says of the usual calls of each API."""
    asked = {
        api: (document(served, api), {name: {"method": ask.method, "path": ask.path, "headers": ask.headers, "body": ask.body} for name, ask in made.items()})
        for api, made in ((api, calls(served, api)) for api in SHIPPED)
    }
    found: dict[str, Any] = printed([python, str(HERE / "programs" / "openapi_core_client.py")], served.url, {"calls": json.dumps(asked)})
    return found


@pytest.mark.parametrize("api", SHIPPED)
def test_answers_are_as_described(held: dict[str, Any], api: str) -> None:
    created, error = STATUSES[api]
    assert held[api] == {"list": 200, "read": 200, "create": created, "error": error}
