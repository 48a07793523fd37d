"""What a refusal says where the spec gives its cause no answer, or shows only what shape it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

import specs
from mockserver import Engine
from mockserver.exchange import Request, Response

SOURCE = {"document": "pins", "lines": [1], "sha256": "0" * 64}


def answer(folder: Path, query: str, errors: dict[str, Any]) -> Response:
    """The answer to a list of pins, whose errors are as given."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pins", "version": "1"},
        "paths": {"/pins": {"get": {"operationId": "listPins", "responses": {"200": {"description": "Pins."}}}}},
        "x-documents": {"pins": {"sha256": "0" * 64}},
        "x-resources": {"pins": {"schema": {"type": "object", "properties": {"id": {"type": "integer"}}}, "operations": {"list": "listPins"}}},
        "x-conventions": {
            "errors": {"kind": "errors", **errors},
            "filter": {"kind": "filtering", "parameters": {"style": "equality", "members": {"pins": ["id"]}}},
        },
    }
    path = folder / "pins.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Engine([specs.load(path)]).handle(Request("GET", "/pins", query, {"host": "pins.example"}, b"", "https", "https://pins.example"))


@pytest.mark.parametrize("api", ["timedash", "paydirt", "moonrope", "88miles", "productive"])
def test_mistakes_have_statuses_that_the_document_describes(stub: Any, api: str) -> None:
    caller = stub(api)
    unknown = "where=%3D&order=zz&sort=zz&filter[zz]=1&size=x&include=zz"
    mistakes: list[tuple[bytes | None, str]] = [(b"{", ""), (b"[]", ""), (None, unknown), (None, "activity_uuid=none")]
    for operation in caller.spec.operations.values():
        path = operation.path
        for parameter in operation.parameters:
            path = path.replace(f"{{{parameter.name}}}", str(parameter.example))
        for body, query in mistakes:
            answer = caller(operation.method, path, body, query=query)
            assert str(answer.status) in operation.responses, (operation.id, answer.body)


CAUSES = {"not_found": {"status": 404, "values": {"code": "absent"}}, "invalid_record": {"status": 400, "values": {"code": "wrong"}}}
ONE_OF = {"rule": "member_is_one_of", "arguments": {"member": "code", "values": ["absent", "wrong"]}, "requires": "One of two.", "source": SOURCE}


def test_cause_without_an_answer_is_told_with_a_value_that_the_document_knows(tmp_path: Path) -> None:
    parameters = {"template": {"code": "{code}"}, "members": {"code": ["/code"]}, "causes": CAUSES}
    response = answer(tmp_path, "zz=1", {"parameters": parameters, "clauses": {"codes": ONE_OF}})
    assert (response.status, orjson.loads(response.body)) == (400, {"code": "wrong"})


def test_cause_without_an_answer_is_told_by_its_name_where_values_are_open(tmp_path: Path) -> None:
    response = answer(tmp_path, "zz=1", {"parameters": {"template": {"code": "{code}"}, "causes": CAUSES}})
    assert orjson.loads(response.body) == {"code": "unsupported_filter"}


@pytest.mark.parametrize(("kind", "status"), [("string", "400"), ("integer", 400)])
def test_status_in_the_body_has_the_documented_type(kind: str, status: Any, tmp_path: Path) -> None:
    shape = {"type": "object", "required": ["status"], "properties": {"status": {"type": kind}}}
    response = answer(tmp_path, "zz=1", {"parameters": {"template": {"status": "{status}"}, "shape": shape, "causes": CAUSES}})
    assert orjson.loads(response.body) == {"status": status}
