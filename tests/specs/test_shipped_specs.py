"""The shipped specs, held against OpenAPI, the tools that read it, their own schemas, the clause inventories and the documents."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import specs
from specs import sources
from specs.catalogue import apis_folder, fixtures_root
from specs.conventions.errors import Errors
from specs.reading import read

SHIPPED = ("88miles", "moonrope", "paydirt", "productive", "timedash")
SHARED = Path(specs.__file__).parents[2] / "shared"
PRINCIPALS = {"full", "second", "limited", "other"}

needs_shared = pytest.mark.skipif(not (SHARED / "clauses").is_dir(), reason="the documents and their clause inventories are not beside this checkout")
each_api = pytest.mark.parametrize("api", SHIPPED)


@cache
def spec_of(api: str) -> specs.Spec:
    return specs.load(api)


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def media_of(spec: specs.Spec) -> Iterator[tuple[str, specs.model.Media]]:
    for operation in spec.operations.values():
        for status, response in operation.responses.items():
            yield from ((f"{operation.id} {status}", media) for media in response.media)
        if operation.body is not None:
            yield from ((f"{operation.id} request", media) for media in operation.body.media)


def inventory(api: str) -> dict[str, list[int]]:
    """The lines of each clause that the inventory asks for, by the id that the spec must give it."""
    written = yaml.safe_load((SHARED / "clauses" / f"{api}.yaml").read_text("utf-8"))
    clauses = {f"{api}/{one['id'].replace('.', '/', 1)}": one["lines"] for one in written["clauses"]}
    return clauses | {f"{api}/operation/{one['id']}": one["lines"] for one in written.get("operations", ())}


def test_five_specs_are_shipped() -> None:
    assert set(SHIPPED) <= set(specs.names())


@each_api
def test_spec_has_no_problem(api: str) -> None:
    assert [str(problem) for problem in specs.lint(api)] == []


@each_api
def test_spec_is_openapi_3_1(api: str) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator
    from openapi_spec_validator.readers import read_from_filename

    content, uri = read_from_filename(str(specs.find(api)))
    assert content["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(content, base_uri=uri).iter_errors()] == []


@each_api
def test_bundle_is_openapi_3_1(api: str) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert [error.message for error in OpenAPIV31SpecValidator(dict(spec_of(api).openapi)).iter_errors()] == []


@each_api
def test_bundle_refers_to_no_file(api: str) -> None:
    text = json.dumps(spec_of(api).openapi)
    assert re.findall(r'"\$ref": "[^#][^"]*"', text) == []


@each_api
def test_schemathesis_reads_it(api: str) -> None:
    import schemathesis

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {operation.ok().definition.raw["operationId"] for operation in schemathesis.openapi.from_path(str(specs.find(api))).get_all_operations()}
    assert found == set(spec_of(api).operations)


@each_api
def test_other_readers_of_yaml_see_the_same(api: str) -> None:
    # Other tools read YAML 1.1, in which a bare `on` or `no` is no text.
    def with_text_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key) if isinstance(key, int) and not isinstance(key, bool) else key: with_text_keys(inner) for key, inner in value.items()}
        return [with_text_keys(inner) for inner in value] if isinstance(value, list) else value

    path = specs.find(api)
    assert with_text_keys(yaml.safe_load(path.read_text("utf-8"))) == read(path).value


@each_api
def test_every_example_is_valid(api: str) -> None:
    wrong = [
        f"{where} {name}: {error.json_path} {error.message}"
        for where, media in media_of(spec_of(api))
        for name, example in media.examples.items()
        for error in validator(media.schema).iter_errors(example)
    ]
    assert wrong == []


@each_api
def test_every_response_with_a_body_has_an_example(api: str) -> None:
    assert [where for where, media in media_of(spec_of(api)) if not media.examples and "javascript" not in media.type] == []


@each_api
def test_every_documented_error_has_an_example(api: str) -> None:
    spec = spec_of(api)
    group = spec.group_of_kind("errors")
    assert group is not None
    assert isinstance(group.parameters, Errors)
    without = [
        f"{operation.id} {status}"
        for operation in spec.operations.values()
        for status, response in operation.responses.items()
        if status[0] in "45" and not any(media.examples for media in response.media)
    ]
    assert without == []


@each_api
def test_every_seed_record_is_valid(api: str) -> None:
    spec = spec_of(api)
    wrong = []
    for resource, records in spec.seed.records.items():
        check = validator(spec.resources[resource].schema)
        wrong += [f"{resource}: {error.json_path} {error.message}" for one in records for error in check.iter_errors(one["record"])]
        keys = [str(one["record"][spec.resources[resource].key]) for one in records]
        assert len(keys) == len(set(keys))
    assert wrong == []


@each_api
def test_path_examples_lead_to_seeded_records(api: str) -> None:
    spec = spec_of(api)
    keys = {name: {str(row["record"].get(spec.resources[name].key)) for row in rows} for name, rows in spec.seed.records.items()}
    for operation in spec.operations.values():
        assert operation.resource is not None
        parents = {name: parent.resource for parent in spec.resources[operation.resource].parents for name in parent.parameters}
        for parameter in (one for one in operation.parameters if one.place == "path"):
            assert str(parameter.example) in keys[parents.get(parameter.name, operation.resource)], operation.id


@each_api
def test_seed_has_its_callers(api: str) -> None:
    callers = {one.name: one for one in spec_of(api).seed.principals}
    assert set(callers) >= PRINCIPALS
    full, second, limited, other = (callers[name] for name in ("full", "second", "limited", "other"))
    assert full.account == second.account == limited.account != other.account
    assert len({full.user, second.user, limited.user}) == 3
    assert full.role == second.role == other.role != limited.role
    assert len({tuple(sorted(one.credential.items())) for one in callers.values()}) == len(callers)


@each_api
def test_seed_fills_several_pages(api: str) -> None:
    spec = spec_of(api)
    main = next(one.account for one in spec.seed.principals if one.name == "full")
    listed = [name for name, resource in spec.resources.items() if "list" in resource.operations]
    assert max(sum(one["account"] == main for one in spec.seed.records.get(name, ())) for name in listed) >= 130
    assert any(one["account"] != main for name in listed for one in spec.seed.records.get(name, ()))


@each_api
def test_every_fixture_is_used(api: str) -> None:
    text = specs.find(api).read_text("utf-8")
    assert [path.name for path in (fixtures_root() / api).glob("*.json") if f"{api}/{path.name}" not in text] == []


@each_api
def test_every_operation_has_a_resource_or_no_effect(api: str) -> None:
    for operation in spec_of(api).operations.values():
        assert (operation.resource is None) == (operation.effect is None)


def test_no_file_but_specs_lies_among_the_specs() -> None:
    assert {path.suffix for path in apis_folder().iterdir()} == {".yaml"}


@needs_shared
@each_api
def test_every_clause_of_the_inventory_is_there(api: str) -> None:
    clauses = spec_of(api).clauses
    wanted = inventory(api)
    assert sorted(set(wanted) - set(clauses)) == []
    assert sorted(set(clauses) - set(wanted)) == []


@needs_shared
@each_api
def test_clauses_cite_the_lines_of_the_inventory(api: str) -> None:
    clauses = spec_of(api).clauses
    missing = {name: sorted(set(lines) - set(clauses[name].source.lines)) for name, lines in inventory(api).items() if name in clauses}
    assert {name: lines for name, lines in missing.items() if lines} == {}


@needs_shared
def test_inventories_hold_153_clauses() -> None:
    assert sum(len(inventory(api)) for api in SHIPPED) == 153


@needs_shared
@each_api
def test_clauses_stand_in_the_document_as_cited(api: str) -> None:
    for document in sources.check(spec_of(api), SHARED / "documents"):
        assert document.state == "unchanged"
        assert [clause for clause in document.clauses if clause.state != "unchanged"] == []


@needs_shared
@each_api
def test_every_line_of_the_document_is_cited_or_ignored(api: str) -> None:
    for document in sources.check(spec_of(api), SHARED / "documents"):
        assert [(one.line, one.text) for one in document.uncited] == []


@needs_shared
@each_api
def test_no_sentence_of_the_document_is_copied(api: str) -> None:
    spec = spec_of(api)
    for document in spec.documents:
        text = " ".join((SHARED / "documents" / f"{document}.txt").read_text("utf-8").split()).lower()
        sentences = [sentence.strip() for sentence in re.split(r"(?<=[.!?]) ", text) if len(sentence.split()) >= 8]
        copied = [clause.id for clause in spec.clauses.values() if any(sentence.rstrip(".") in clause.requires.lower() for sentence in sentences)]
        assert copied == []
