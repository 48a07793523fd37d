from __future__ import annotations

import tomllib
from typing import Any

import pytest

import specs
from conformance import OperationBinding, ResourceBinding, Target, TargetError, bind, starter
from conformance.binding import without
from conformance.target_file import parse
from specs.model import Spec
from tests.conformance.notes_target import notes_spec, notes_target

SPEC = notes_spec()
APIS = ("timedash", "paydirt", "moonrope", "88miles", "productive")


def bound(**changes: Any) -> Spec:
    return bind(SPEC, notes_target(**changes))


def problems(**changes: Any) -> list[str]:
    with pytest.raises(TargetError) as caught:
        bound(**changes)
    return [str(problem) for problem in caught.value.problems]


def test_target_without_bindings_changes_nothing() -> None:
    spec = bound()
    assert (spec.operations, spec.resources, spec.groups, spec.clauses) == (SPEC.operations, SPEC.resources, SPEC.groups, SPEC.clauses)


def test_path_of_a_resource_moves_all_its_operations() -> None:
    spec = bound(resources={"notes": ResourceBinding(path="/v2/memos")})
    assert spec.operations["listNotes"].path == "/v2/memos"
    assert spec.operations["updateNote"].path == "/v2/memos/{id}"
    assert spec.operations["listTags"].path == "/tags"
    assert set(spec.openapi["paths"]) == {"/v2/memos", "/v2/memos/{id}", "/tags"}
    assert set(spec.openapi["paths"]["/v2/memos/{id}"]) == {"get", "put", "delete"}


def test_item_path_may_stand_elsewhere() -> None:
    spec = bound(resources={"notes": ResourceBinding(path="/memos", item="/memo/{memoId}.json")})
    assert (spec.operations["listNotes"].path, spec.operations["readNote"].path) == ("/memos", "/memo/{id}.json")


def test_twin_under_a_parent_is_renamed_too() -> None:
    spec = bind(specs.load("88miles"), Target("88miles", "https://x.test", resources={"projects": ResourceBinding(path="/jobs")}))
    paths = {operation.path for operation in spec.operations.values() if operation.resource == "projects"}
    assert {path for path in paths if "projects" in path} == set()
    assert {"/jobs.json", "/jobs/{uuid}.json", "/companies/{company_uuid}/jobs.json"} <= paths


def test_rpc_resource_moves_its_controller() -> None:
    spec = bind(specs.load("moonrope"), Target("moonrope", "https://x.test", resources={"contacts": ResourceBinding(path="/people")}))
    assert {operation.path for operation in spec.operations.values() if operation.resource == "contacts"} >= {"/people/list", "/people/create"}


def test_representative_resource_may_be_renamed() -> None:
    tags = bound(resources={"tags": ResourceBinding(singular="label", plural="labels", key="uuid")}).resources["tags"]
    assert (tags.singular, tags.plural, tags.key, tags.key_parameter) == ("label", "labels", "uuid", "uuid")


def test_members_are_renamed_everywhere() -> None:
    spec = bound(resources={"tags": ResourceBinding(members={"label": "text"})})
    assert set(spec.resources["tags"].schema["properties"]) == {"id", "text"}
    body = spec.operations["createTag"].body
    assert body is not None
    assert (set(body.media[0].schema["properties"]), body.media[0].schema["required"]) == ({"id", "text"}, ["text"])
    assert spec.groups["sort"].parameters.members == {"notes": ["title"], "tags": ["text"]}
    written = spec.openapi["paths"]["/tags"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(written["properties"]) == {"id", "text"}


def test_documented_names_can_not_be_bound() -> None:
    told = problems(resources={"notes": ResourceBinding(plural="memos", members={"title": "name"})})
    assert [line.partition(";")[0] for line in told] == [
        "[resources.notes] plural: notes is named by the document, so its plural can't be bound",
        "[resources.notes] members: notes is named by the document, so its members can't be bound",
    ]


def test_absent_resource_takes_its_operations_along() -> None:
    spec = bound(resources={"tags": ResourceBinding(absent=True)})
    assert "tags" not in spec.resources
    assert "listTags" not in spec.operations
    assert spec.clauses["notes/envelope/tags"].operations == ()
    assert "listTags" not in spec.clauses["notes/content/json"].operations
    assert "/tags" not in spec.openapi["paths"]


def test_absent_operation_leaves_its_resource() -> None:
    spec = bound(operations={"deleteNote": OperationBinding(absent=True)})
    assert "delete" not in spec.resources["notes"].operations
    assert "list" in spec.resources["notes"].operations


def test_pair_without_its_twin_is_gone() -> None:
    miles = specs.load("88miles")
    twins = dict(miles.groups["nested"].parameters.pairs)
    first, twin = next(iter(twins.items()))
    assert first not in without(miles, (), (twin,)).groups["nested"].parameters.pairs


def test_operation_may_stand_elsewhere() -> None:
    spec = bound(operations={"readNote": OperationBinding("post", "/note-{id}")})
    assert (spec.operations["readNote"].method, spec.operations["readNote"].path) == ("POST", "/note-{id}")
    assert set(spec.openapi["paths"]["/note-{id}"]) == {"post"}


def test_choice_may_be_bound() -> None:
    assert bound(parameters={"page": {"size": "per_page", "default": 25}}).groups["page"].parameters.size == "per_page"


def test_choice_may_be_bound_by_kind() -> None:
    spec = bound(parameters={"sorting": {"style": "two_parameters"}})
    assert spec.groups["sort"].parameters.style == "two_parameters"
    assert spec.groups["sort"].parameters.members == {"notes": ["title"], "tags": ["label"]}


def test_tables_merge_with_those_of_the_spec() -> None:
    assert bound(parameters={"sort": {"members": {"tags": ["id"]}}}).groups["sort"].parameters.members == {"notes": ["title"], "tags": ["id"]}


def test_fields_are_given_whole() -> None:
    spec = bind(SPEC, notes_target(parameters={"auth": {"fields": {"token": {"in": "bearer"}}}}, credentials={"full": {"token": "t"}}))
    assert list(spec.groups["auth"].parameters.fields) == ["token"]


def test_bound_choice_reaches_the_clauses_of_its_group() -> None:
    spec = bound(parameters={"page": {"default": 25}})
    assert spec.convention(spec.clauses["notes/page/walk"]).parameters.default == 25


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"resources": {"note": ResourceBinding()}}, "notes has no resource 'note'; expected one of notes, tags; did you mean 'notes'?"),
        ({"operations": {"listNote": OperationBinding()}}, "did you mean 'listNotes'?"),
        ({"parameters": {"sortnig": {}}}, "notes has no group or kind 'sortnig'"),
        ({"parameters": {"page": {"maximum": 7}}}, "maximum is no choice: the document of notes says it"),
        ({"parameters": {"page": {"sise": "x"}}}, "pagination has no parameter 'sise'"),
        ({"parameters": {"page": {"size": 7}}}, "[page]: size: Expected `str | null`, got `int`"),
        ({"parameters": {"sort": {"style": "dahs"}}}, "[sort]: style: Invalid enum value 'dahs'"),
        ({"credentials": {"full": {"kee": "x"}}}, "a credential of notes has no field 'kee'"),
        ({"credentials": {"full": {"kee": "x"}}}, "the field 'key' is missing"),
        ({"credentials": {"full": {"key": ""}}}, "the field 'key' is empty"),
        ({"resources": {"notes": ResourceBinding(path="memos")}}, "'memos' is no path"),
        ({"resources": {"notes": ResourceBinding(path="/memos/{id}")}}, "has a parameter"),
        ({"resources": {"notes": ResourceBinding(item="/memo")}}, "'/memo' has 0 parameters; expected 1"),
        ({"resources": {"tags": ResourceBinding(item="/tags/{id}")}}, "tags has no operation on one record"),
        ({"resources": {"tags": ResourceBinding(members={"lable": "text"})}}, "did you mean 'label'?"),
        ({"resources": {"notes": ResourceBinding(create={"title": "strnig"})}}, "'strnig' is no JSON type"),
        ({"resources": {"notes": ResourceBinding(create={"stars": 5})}}, "write {value = 5}"),
        ({"operations": {"readNote": OperationBinding(method="FETCH")}}, "'FETCH' is no method"),
        ({"operations": {"readNote": OperationBinding(path="/n/{number}")}}, "readNote has no parameter number"),
    ],
)
def test_mistaken_binding_is_told(changes: dict[str, Any], told: str) -> None:
    assert any(told in line for line in problems(**changes))


@pytest.mark.parametrize("api", APIS)
def test_starter_loads_and_binds(api: str) -> None:
    spec = specs.load(api)
    text = starter(spec)
    target = parse(text, environ=dict.fromkeys(_variables(text), "x"))
    assert bind(spec, target).operations == spec.operations


@pytest.mark.parametrize("api", APIS)
def test_starter_loads_and_binds_without_its_comment_marks(api: str) -> None:
    spec = specs.load(api)
    lines = starter(spec).splitlines()
    kept = [line.removeprefix("# ") if _is_setting(line) else line for line in lines]
    text = "\n".join(line for line in kept if not line.startswith(("absent", "ca_file")))
    tomllib.loads(text)
    bind(spec, parse(text, environ=dict.fromkeys(_variables(text), "x")))


def _is_setting(line: str) -> bool:
    return line.startswith("# [") or (line.startswith("# ") and " = " in line and not line.startswith("#  "))


def _variables(text: str) -> set[str]:
    import re

    return set(re.findall(r"\$\{(\w+)\}", text))
