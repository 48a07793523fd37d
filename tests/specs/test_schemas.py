from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

import specs
from specs.errors import SpecError

Write = Callable[..., Path]


@pytest.fixture
def schema_of(written: Write) -> Callable[..., dict[str, Any]]:
    """Gives the loaded schema of a response, written among some components."""

    def load(schema: str, components: str = "{}", version: str = "3.1.0") -> dict[str, Any]:
        path = written(
            f"openapi: {version}\ninfo: {{title: T, version: '1'}}\ncomponents: {{schemas: {components}}}\n"
            f"paths: {{/a: {{get: {{responses: {{'200': {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}}}}}}}\n"
        )
        spec = specs.load(path)
        return dict(spec.operations["get_a"].responses["200"].media[0].schema)

    return load


def test_reference_is_replaced_by_what_it_names(schema_of: Callable[..., Any]) -> None:
    assert schema_of("{type: array, items: {$ref: '#/components/schemas/A'}}", "{A: {$ref: '#/components/schemas/B'}, B: {type: integer}}") == {
        "type": "array",
        "items": {"type": "integer"},
    }


def test_annotation_beside_a_reference_is_kept(schema_of: Callable[..., Any]) -> None:
    assert schema_of("{$ref: '#/components/schemas/A', description: mine}", "{A: {type: integer, description: its}}") == {
        "type": "integer",
        "description": "mine",
    }


def test_required_beside_a_reference_adds_up(schema_of: Callable[..., Any]) -> None:
    made = schema_of("{$ref: '#/components/schemas/A', required: [b]}", "{A: {type: object, required: [a]}}")
    assert made == {"type": "object", "required": ["a", "b"]}


def test_assertion_beside_a_reference_holds_too(schema_of: Callable[..., Any]) -> None:
    made = schema_of("{$ref: '#/components/schemas/A', properties: {a: {minimum: 3}}}", "{A: {properties: {a: {type: integer}}}}")
    assert jsonschema_rs.is_valid(made, {"a": 3})
    assert not jsonschema_rs.is_valid(made, {"a": 2})
    assert not jsonschema_rs.is_valid(made, {"a": "x"})


def test_recursive_schema_carries_its_definitions(schema_of: Callable[..., Any]) -> None:
    made = schema_of(
        "{$ref: '#/components/schemas/Tree'}",
        "{Tree: {type: object, properties: {name: {type: string}, kids: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}}",
    )
    assert made["properties"]["name"] == {"type": "string"}
    assert made["properties"]["kids"]["items"] == {"$ref": "#/$defs/Tree"}
    deep = {"kids": [{"kids": [{"name": 7}]}]}
    assert not jsonschema_rs.is_valid(made, deep)
    assert not Draft202012Validator(made).is_valid(deep)
    assert Draft202012Validator(made).is_valid({"kids": [{"kids": []}]})


def test_mutually_recursive_schemas_are_complete(schema_of: Callable[..., Any]) -> None:
    made = schema_of(
        "{type: array, items: {$ref: '#/components/schemas/A'}}",
        "{A: {properties: {b: {$ref: '#/components/schemas/B'}}}, B: {properties: {a: {$ref: '#/components/schemas/A'}, n: {type: integer}}}}",
    )
    assert set(made["$defs"]) == {"A", "B"}
    assert not jsonschema_rs.is_valid(made, [{"b": {"a": {"b": {"n": "x"}}}}])


@pytest.mark.parametrize(
    "components",
    [
        "{A: {$ref: '#/components/schemas/A'}}",
        "{A: {allOf: [{$ref: '#/components/schemas/B'}]}, B: {anyOf: [{type: string}, {$ref: '#/components/schemas/A'}]}}",
    ],
)
def test_schema_that_never_ends_is_refused(schema_of: Callable[..., Any], components: str) -> None:
    with pytest.raises(SpecError, match="leads back to itself"):
        schema_of("{$ref: '#/components/schemas/A'}", components)


def test_swelling_schema_keeps_its_references(schema_of: Callable[..., Any]) -> None:
    names = [f"S{number}" for number in range(60)]
    parts = [
        f"{name}: {{properties: {{a: {{$ref: '#/components/schemas/{after}'}}, b: {{$ref: '#/components/schemas/{after}'}}}}}}"
        for name, after in pairwise(names)
    ]
    began = time.perf_counter()
    made = schema_of("{$ref: '#/components/schemas/S0'}", "{" + ", ".join([*parts, "S59: {type: integer}"]) + "}")
    assert not jsonschema_rs.is_valid(made, _nested("x", 59))
    assert jsonschema_rs.is_valid(made, _nested(1, 59))
    assert time.perf_counter() - began < 20  # it ends; how fast is not the point


def _nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("written_schema", "modern"),
    [
        ("{type: string, nullable: true}", {"type": ["string", "null"]}),
        ("{type: string, nullable: false}", {"type": "string"}),
        ("{type: string, nullable: true, enum: [a]}", {"type": ["string", "null"], "enum": ["a", None]}),
        ("{type: integer, minimum: 1, exclusiveMinimum: true}", {"type": "integer", "exclusiveMinimum": 1}),
        ("{type: integer, maximum: 9, exclusiveMaximum: false}", {"type": "integer", "maximum": 9}),
        ("{type: integer, example: 4}", {"type": "integer", "examples": [4]}),
        ("{$ref: '#/components/schemas/A', nullable: true}", {"anyOf": [{"type": "object"}, {"type": "null"}]}),
        ("{allOf: [{$ref: '#/components/schemas/A'}], nullable: true}", {"anyOf": [{"allOf": [{"type": "object"}]}, {"type": "null"}]}),
        ("{$ref: '#/components/schemas/A', maxProperties: 1}", {"type": "object"}),
    ],
)
def test_dialect_of_3_0_becomes_json_schema(schema_of: Callable[..., Any], written_schema: str, modern: dict[str, Any]) -> None:
    assert schema_of(written_schema, "{A: {type: object}}", "3.0.3") == modern


@pytest.mark.parametrize(("written_schema", "made"), [("true", {}), ("false", {"not": {}}), ("{properties: {a: true}}", {"properties": {"a": {}}})])
def test_boolean_schema_becomes_a_mapping(schema_of: Callable[..., Any], written_schema: str, made: dict[str, Any]) -> None:
    assert schema_of(written_schema) == made


def test_member_called_ref_is_no_reference(schema_of: Callable[..., Any]) -> None:
    assert schema_of("{properties: {$ref: {type: string}}, const: {$ref: '#/nowhere'}}") == {
        "properties": {"$ref": {"type": "string"}},
        "const": {"$ref": "#/nowhere"},
    }


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("{type: strin}", "type is 'strin'; expected one of array, boolean, integer, null, number, object, string, or a list of them; did you mean 'string'?"),
        ("{type: []}", "type is an empty list"),
        ("{required: true}", "required is True; expected a list of names"),
        ("{properties: [a]}", "properties is a list"),
        ("{anyOf: []}", "anyOf is an empty list"),
        ("{items: 3}", "a schema is 3"),
        ("{items: [{type: string}]}", "a schema is a list"),
        ("{minLength: -1}", "minLength is -1"),
        ("{multipleOf: 0}", "multipleOf is 0"),
        ("{pattern: 3}", "pattern is 3"),
        ("{enum: a}", "enum is 'a'"),
        ("{$dynamicRef: '#x'}", "$dynamicRef is not supported"),
    ],
)
def test_wrong_keyword_is_refused(schema_of: Callable[..., Any], schema: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        schema_of(schema)
    assert said in str(caught.value)


def test_pattern_of_another_tongue_is_left_out(schema_of: Callable[..., Any]) -> None:
    assert schema_of(r"{type: string, pattern: '^\p{L}+$'}") == {"type": "string"}
