from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import specs
from specs import schema
from specs.conventions import CONVENTIONS
from specs.extension import KEYS
from specs.naming import NAMED
from specs.reading import read

VALIDATOR = Draft202012Validator(schema.stored())


@pytest.fixture
def extension(library: Path) -> dict[str, Any]:
    """The extension keys of the small spec, to be changed."""
    return {key: copy.deepcopy(value) for key, value in read(library).value.items() if key in KEYS}


def test_stored_schema_is_what_the_types_say() -> None:
    assert schema.path().read_text("utf-8") == schema.text(), "write it anew: python -m specs.schema"


def test_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(schema.stored())


def test_schema_allows_the_small_spec(extension: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(extension)] == []


@pytest.mark.parametrize("name", specs.names())
def test_schema_allows_each_shipped_spec(name: str) -> None:
    value = read(specs.find(name)).value
    assert [error.message for error in VALIDATOR.iter_errors(value)] == []


def test_every_kind_and_rule_is_in_the_schema() -> None:
    definitions = schema.stored()["$defs"]
    assert definitions["WrittenGroup"]["properties"]["kind"]["enum"] == list(CONVENTIONS)
    for kind, convention in CONVENTIONS.items():
        assert definitions[f"clause_of_{kind}"]["then"]["properties"]["rule"]["enum"] == list(convention.rules)


def test_every_definition_is_described() -> None:
    undescribed = [name for name, one in schema.stored()["$defs"].items() if not name.startswith("clause_of_") and not one.get("description")]
    assert undescribed == []


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x["x-conventions"]["page"].update(kind="paging"),
        lambda x: x["x-conventions"]["page"].update(clause={}),
        lambda x: x["x-conventions"]["page"]["parameters"].update(unknown=1),
        lambda x: x["x-conventions"]["page"]["parameters"].pop("style"),
        lambda x: x["x-conventions"]["page"].pop("parameters"),
        lambda x: x["x-conventions"]["page"]["clauses"]["walk"].pop("source"),
        lambda x: x["x-conventions"]["page"]["clauses"]["walk"].update(rule="limit_is_enforced"),
        lambda x: x["x-conventions"]["page"]["clauses"]["walk"].update(arguments={"a": 1}),
        lambda x: x["x-conventions"]["page"]["clauses"]["refused"].update(arguments={"cause": "not_found", "a": 1}),
        lambda x: x["x-conventions"]["page"]["clauses"]["refused"].pop("arguments"),
        lambda x: x["x-conventions"]["page"]["clauses"].update({"no/slash": x["x-conventions"]["page"]["clauses"]["walk"]}),
        lambda x: x["x-resources"]["books"].update(singularr="book"),
        lambda x: x["x-documents"]["library"].update(sha256="abc"),
        lambda x: x["x-seed"]["records"]["books"][0].pop("account"),
        lambda x: x.update({"x-seed": {"$ref": "a.json", "b": 1}}),
    ],
)
def test_schema_refuses_a_mistake(extension: dict[str, Any], change: Any) -> None:
    change(extension)
    assert not VALIDATOR.is_valid(extension)


def test_members_that_name_something_exist() -> None:
    for form, patterns in NAMED.items():
        encoded = {field.encode_name for field in _fields(form)}
        assert {pattern.split("/")[0] for pattern, _ in patterns} <= encoded, form


def _fields(form: Any) -> Any:
    import msgspec

    return msgspec.structs.fields(form)


def test_every_cause_is_checked() -> None:
    forms = {convention.parameters for convention in CONVENTIONS.values()} | {
        rule.arguments for convention in CONVENTIONS.values() for rule in convention.rules.values() if rule.arguments
    }
    for form in forms:
        for field in _fields(form):
            if field.encode_name == "cause" or field.encode_name.endswith("_cause"):
                assert (field.encode_name, "cause") in NAMED[form], form
            if field.encode_name == "resource":
                assert ("resource", "resource") in NAMED[form], form


def test_every_member_kept_by_resource_or_operation_is_checked() -> None:
    for form in [*(convention.parameters for convention in CONVENTIONS.values())]:
        described = _components(form)[form.__name__]["properties"]
        for name, one in described.items():
            for what in ("resource", "operation"):
                if str(one.get("description", "")).lower().startswith(f"by {what}"):
                    assert (f"{name}/~", what) in NAMED.get(form, ()), (form, name)


def _components(form: Any) -> dict[str, Any]:
    import msgspec

    return msgspec.json.schema_components([form])[1]
