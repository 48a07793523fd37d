"""The JSON Schema of the extension keys, made from the types in `specs.conventions`: for editors, and to tell errors in words.

`python -m specs.schema` writes it anew; a test holds the file against what the types say.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from specs.conventions import CONVENTIONS
from specs.extension import Extension, WrittenSeed

__all__ = ["generated", "path", "stored", "text"]

_REF = "#/$defs/{name}"


def path() -> Path:
    """The path of the stored schema."""
    return Path(__file__).parent / "x-conventions.schema.json"


@cache
def stored() -> dict[str, Any]:
    """The stored schema."""
    schema: dict[str, Any] = json.loads(path().read_text("utf-8"))
    return schema


def generated() -> dict[str, Any]:
    """The schema as the types say it: kinds with their parameters, rules with their arguments, and nothing unknown."""
    types = _types()
    refs, definitions = msgspec.json.schema_components(types, ref_template=_REF)
    ref_of = dict(zip(types, refs, strict=True))
    extension = definitions.pop("Extension")
    properties = extension["properties"]
    properties["x-seed"] = {
        "description": "What the stub starts with, or a reference to the file that says it.",
        "if": {"required": ["$ref"]},
        "then": {"type": "object", "properties": {"$ref": {"type": "string"}}, "additionalProperties": False},
        "else": {"$ref": "#/$defs/WrittenSeed"},
    }
    for kind, convention in CONVENTIONS.items():
        definitions[f"clause_of_{kind}"] = _clause_of(list(convention.rules))
    definitions["WrittenClause"]["allOf"] = _arguments_by_rule(ref_of)
    _bind_kinds(definitions["WrittenGroup"], ref_of)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Proctor's extension of OpenAPI",
        "description": "The keys x-documents, x-seed, x-resources and x-conventions at the top level of an OpenAPI 3.1 document.",
        "type": "object",
        "properties": properties,
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """The generated schema as the file has it."""
    return json.dumps(generated(), indent=1, ensure_ascii=False) + "\n"


def _types() -> list[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {Extension: None, WrittenSeed: None}
    for convention in CONVENTIONS.values():
        found[convention.parameters] = None
        for rule in convention.rules.values():
            if rule.arguments is not None:
                found[rule.arguments] = None
    return list(found)


def _bind_kinds(group: dict[str, Any], ref_of: dict[type[msgspec.Struct], Any]) -> None:
    """Give a group's parameters and clauses the form that its kind says."""
    described = {kind: (convention.parameters.__doc__ or "").split("\n")[0] for kind, convention in CONVENTIONS.items()}
    group["properties"]["kind"] = {"description": group["properties"]["kind"]["description"], "enum": list(described)}
    group["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {
                "properties": {
                    "parameters": ref_of[convention.parameters],
                    "clauses": {"additionalProperties": {"$ref": f"#/$defs/clause_of_{kind}"}},
                },
                **({"required": ["parameters"]} if _must_be_given(convention.parameters) else {}),
            },
        }
        for kind, convention in CONVENTIONS.items()
    ]


def _clause_of(rules: list[str]) -> dict[str, Any]:
    """A clause that binds a rule of its own group's kind; with `of`, the rule is another kind's and the loader looks it up."""
    return {"if": {"type": "object", "not": {"required": ["of"], "properties": {"of": {"type": "string"}}}}, "then": {"properties": {"rule": {"enum": rules}}}}


def _arguments_by_rule(ref_of: dict[type[msgspec.Struct], Any]) -> list[dict[str, Any]]:
    """What arguments each rule takes, and that the others take none."""
    taking: dict[str, type[msgspec.Struct]] = {}
    none: list[str] = []
    for convention in CONVENTIONS.values():
        for name, rule in convention.rules.items():
            if rule.arguments is None:
                none.append(name)
            else:
                taking[name] = rule.arguments
    made = [
        {
            "if": {"properties": {"rule": {"const": name}}, "required": ["rule"]},
            "then": {"properties": {"arguments": ref_of[arguments]}, **({"required": ["arguments"]} if _must_be_given(arguments) else {})},
        }
        for name, arguments in taking.items()
    ]
    nothing = {"if": {"properties": {"rule": {"enum": none}}, "required": ["rule"]}, "then": {"properties": {"arguments": {"maxProperties": 0}}}}
    return [*made, nothing]


def _must_be_given(parameters: type[msgspec.Struct]) -> bool:
    return any(field.required for field in msgspec.structs.fields(parameters))
