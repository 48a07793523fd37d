from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import specs
from specs.samples import sample

TREE = {
    "$ref": "#/$defs/Tree",
    "$defs": {
        "Tree": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
        }
    },
}

SCHEMAS: list[Any] = [
    {},
    True,
    {"type": "null"},
    {"type": "boolean"},
    {"type": ["string", "null"]},
    {"type": ["null"]},
    {"enum": ["a", None, 3]},
    {"const": {"a": 1}},
    {"type": "string", "minLength": 50},
    {"type": "string", "maxLength": 3},
    {"type": "string", "maxLength": 0},
    *(
        {"type": "string", "format": name}
        for name in ("uuid", "date", "date-time", "time", "email", "uri", "hostname", "ipv4", "ipv6", "duration", "regex", "uri-reference")
    ),
    {"type": "string", "pattern": "^[a-z]{3}-[0-9]{2,4}$"},
    {"type": "string", "pattern": "^(GET|POST) /[a-z/]*$"},
    {"type": "string", "pattern": "^\\d+(\\.\\d{1,2})?$"},
    {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+\\.com$"},
    {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$", "maxLength": 7},
    {"type": "string", "pattern": "^[A-Z]+$", "minLength": 12},
    {"type": "string", "pattern": "^(?:a|b)?\\w\\S.$"},
    {"type": "integer"},
    {"type": "integer", "minimum": 3, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "integer", "maximum": -7},
    {"type": "integer", "minimum": -3.5, "maximum": -2.5},
    {"type": "integer", "multipleOf": 7, "minimum": 10, "maximum": 30},
    {"type": "integer", "format": "int32"},
    {"type": "number"},
    {"type": "number", "minimum": 0, "maximum": 1},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"type": "number", "maximum": -2},
    {"type": "number", "exclusiveMinimum": 8},
    {"type": "number", "multipleOf": 0.25, "minimum": 1.1, "maximum": 3},
    {"type": "number", "multipleOf": 2, "exclusiveMinimum": 4, "exclusiveMaximum": 8},
    {"type": "number", "minimum": 2, "maximum": 2},
    {"type": "array"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"type": "array", "contains": {"const": 7}, "minItems": 2},
    {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}}},
    {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
    {"type": "object", "maxProperties": 1, "required": ["b"], "properties": {"a": {}, "b": {}, "c": {}}},
    {"type": "object", "properties": {"a": {"not": {}}, "b": {"type": "null"}}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {
        "allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 5}}},
            {"properties": {"a": {"maximum": 6}, "b": {"type": "string"}}},
        ]
    },
    {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 9}]},
    {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 0}, {"type": "string"}]},
    {
        "oneOf": [
            {"type": "object", "properties": {"t": {"const": "x"}}, "required": ["t"]},
            {"type": "object", "properties": {"t": {"const": "y"}}, "required": ["t"]},
        ]
    },
    {"type": "object", "properties": {"t": {"type": "string"}}, "required": ["t"], "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {
        "oneOf": [
            {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
        ]
    },
    {"type": "integer", "not": {"multipleOf": 2}},
    {"type": "object", "properties": {"k": {"enum": ["a", "b"]}}, "required": ["k"], "if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["a"]}},
    TREE,
    {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"$ref": "#/$defs/A"}}},
        "$defs": {"A": {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}}, "B": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/A"}]}},
    },
]


def valid(schema: Any, value: Any) -> bool:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema)[:60])
def test_sample_is_valid_for_every_seed(schema: Any) -> None:
    for seed in (0, 1, 2, 7, 100, 12345, 10**9):
        value = sample(schema, seed)
        assert valid(schema, value), (seed, value)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema)[:60])
def test_same_seed_gives_the_same_sample(schema: Any) -> None:
    assert [sample(schema, seed) for seed in range(5)] == [sample(schema, seed) for seed in range(5)]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "maxLength": 4},
        {"type": "integer"},
        {"type": "number"},
        *({"type": "string", "format": name} for name in ("uuid", "date", "date-time", "email", "uri")),
    ],
    ids=str,
)
def test_different_seeds_give_different_samples(schema: dict[str, Any]) -> None:
    assert len({sample(schema, seed) for seed in range(2000)}) == 2000


def test_text_tells_the_name_of_its_member() -> None:
    assert sample({"type": "object", "properties": {"title": {"type": "string"}}}, 37) == {"title": "title-11"}


def test_examples_are_preferred_when_asked_for() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "examples": ["x", "y"]}, "b": {"type": "integer", "default": 9}}}
    assert sample(schema, 1, prefer_examples=True) == {"a": "y", "b": 9}
    assert sample(schema, 1) != {"a": "y", "b": 9}


def test_optional_members_are_there() -> None:
    assert set(sample({"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}}})) == {"a", "b"}


def test_recursive_schema_comes_to_an_end() -> None:
    assert len(str(sample(TREE))) < 1000


def test_sampling_is_fast() -> None:
    schema = {"type": "object", "properties": {f"m{number}": {"type": "string"} for number in range(20)}}
    began = time.perf_counter()
    for seed in range(100):
        sample(schema, seed)
    assert time.perf_counter() - began < 20  # it ends; how fast is not the point


simple = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer", "minimum": 0},
            {"type": ["number", "null"]},
            {"type": "boolean"},
            {"enum": [1, "a"]},
            {"type": "string", "format": "date"},
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(
            lambda members, required: {"type": "object", "properties": members, "required": sorted(members)[:required]},
            st.dictionaries(st.sampled_from("abcd"), inner),
            st.integers(0, 4),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"allOf": [part]}, inner),
    ),
    max_leaves=8,
)


@given(simple, st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_sample_of_any_simple_schema_is_valid(schema: dict[str, Any], seed: int) -> None:
    assert jsonschema_rs.is_valid(schema, sample(schema, seed))


def schemas_of(spec: specs.Spec) -> Iterator[Any]:
    for operation in spec.operations.values():
        for response in operation.responses.values():
            yield from (media.schema for media in response.media)
        yield from (parameter.schema for parameter in operation.parameters)
        if operation.body is not None:
            yield from (media.schema for media in operation.body.media)
    yield from (resource.schema for resource in spec.resources.values())


@pytest.mark.parametrize("name", specs.names())
def test_every_shipped_schema_has_valid_samples(name: str) -> None:
    spec = specs.load(name)
    for schema in {str(one): one for one in schemas_of(spec)}.values():
        for seed in (0, 3):
            for prefer_examples in (False, True):
                value = sample(schema, seed, prefer_examples=prefer_examples)
                assert jsonschema_rs.is_valid(schema, value), (schema, value)
