"""Any OpenAPI file, with no conventions: the stub keeps state by REST habit, and replays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import Engine, Request
from specs import load

PETS = """
openapi: 3.0.3
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      parameters: [{name: tag, in: query, schema: {type: string, enum: [dog, cat]}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses:
        '201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
        '422': {description: wrong, content: {application/json: {schema: {type: object}, example: {wrong: true}}}}
  /pets/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}, '404': {description: none}}}
    patch:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
    delete: {responses: {'204': {description: gone}}}
  /health:
    get: {operationId: health, responses: {'200': {description: ok, content: {application/json: {schema: {type: object}, example: {up: true}}}}}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string}
        tag: {type: string, nullable: true}
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A stub of a file that somebody else wrote."""
    path = tmp_path / "pets.yaml"
    path.write_text(PETS)
    return Engine([load(path)])


def ask(engine: Engine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"content-type": "application/json"} if body is not None else {}
    place, _, query = path.partition("?")
    response = engine.handle(Request(method, place, query, headers, json.dumps(body).encode() if body is not None else b""))
    return response.status, json.loads(response.body) if response.body else None


def test_records_are_kept(engine: Engine) -> None:
    status, pet = ask(engine, "POST", "/pets", {"name": "Rex"})
    assert (status, pet) == (201, {"id": 1, "name": "Rex", "tag": None})
    assert ask(engine, "GET", "/pets/1") == (200, pet)
    assert ask(engine, "GET", "/pets") == (200, [pet])
    assert ask(engine, "PATCH", "/pets/1", {"tag": "dog"}) == (200, {**pet, "tag": "dog"})
    assert ask(engine, "DELETE", "/pets/1") == (204, None)
    assert ask(engine, "GET", "/pets/1")[0] == 404


def test_mistakes_get_the_documented_answer(engine: Engine) -> None:
    assert ask(engine, "POST", "/pets", {"name": 5}) == (422, {"wrong": True})
    assert ask(engine, "POST", "/pets", {})[0] == 422


def test_undocumented_mistakes_are_problems(engine: Engine) -> None:
    status, problem = ask(engine, "GET", "/pets?tag=bird")
    assert (status, problem["status"], problem["title"]) == (400, 400, "Bad Request")
    assert ask(engine, "GET", "/nothing")[1]["status"] == 404
    assert ask(engine, "PUT", "/pets")[0] == 405


def test_what_is_no_resource_answers_its_example(engine: Engine) -> None:
    assert ask(engine, "GET", "/health") == (200, {"up": True})
