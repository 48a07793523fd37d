"""Health, the specs that are loaded, and their documents."""

from __future__ import annotations

import json

import pytest

from mockserver import Request
from tests.mockserver.conftest import Caller, spec_of
from tests.mockserver.control.conftest import Plane, engine_of

APIS = ["paydirt", "timedash", "moonrope", "88miles", "productive"]


def test_specs_are_listed_with_their_addresses() -> None:
    listed = Plane(engine_of("timedash", "paydirt"))("GET", "/specs").json["specs"]
    assert [(one["api"], one["url"]) for one in listed] == [("timedash", "/timedash"), ("paydirt", "/paydirt/api/v1")]
    assert listed[0]["clauses"] == len(spec_of("timedash").clauses)


def test_spec_lists_its_operations(plane: Plane) -> None:
    operations = {one["id"]: one for one in plane("GET", "/specs/timedash").json["operations"]}
    assert set(operations) == set(spec_of("timedash").operations)
    assert operations["listContacts"] == {"id": "listContacts", "method": "GET", "path": "/contacts", "resource": "contacts", "effect": "list"}


@pytest.mark.parametrize("path", ["/specs/timedahs", "/specs/timedahs/openapi.json"])
def test_unknown_spec_says_what_there_is(plane: Plane, path: str) -> None:
    answer = plane("GET", path)
    assert answer.status == 404
    assert "there is timedash" in answer.json["detail"]


@pytest.mark.parametrize("api", APIS)
def test_specs_document_tells_no_credential(api: str) -> None:
    plane, spec = Plane(engine_of(api)), spec_of(api)
    answer = plane("GET", f"/specs/{api}/openapi.json")
    public = spec.group_of_kind("authentication").parameters.public  # type: ignore[union-attr]
    secrets = [value for caller in spec.seed.principals for field, value in caller.credential.items() if field not in public]
    assert secrets
    assert not [secret for secret in secrets if secret in answer.body.decode()]
    assert set(answer.json["paths"]) == set(spec.openapi["paths"])
    assert [caller["name"] for caller in answer.json["x-seed"]["principals"]] == [caller.name for caller in spec.seed.principals]


@pytest.mark.parametrize("apis", [["productive"], ["timedash", "productive"]])
def test_documents_one_server_is_the_stub(apis: list[str]) -> None:
    engine = engine_of(*apis)
    response = engine.handle(Request("GET", "/__proctor/specs/productive/openapi.json", "", {}, b"", origin="http://here:99", client="127.0.0.1:5000"))
    (server,) = json.loads(response.body)["servers"]
    listed = engine.handle(Request("GET", server["url"].removeprefix("http://here:99") + "/people", "", Caller(engine, api="productive").headers, b""))
    assert listed.status == 200


def test_index_names_the_places(plane: Plane) -> None:
    for path in ("", "/"):
        answer = plane("GET", path)
        assert (answer.status, "/__proctor/journal.har" in answer.json["places"]) == (200, True)
