from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import specs
from specs.conventions.errors import CauseAnswered
from specs.errors import SpecError

Change = Callable[..., Path]
Write = Callable[..., Path]


def problems(path: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        specs.load(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(scope="module")
def spec(library: Path) -> specs.Spec:
    return specs.load(library)


def test_head_of_the_spec_is_read(spec: specs.Spec) -> None:
    assert (spec.api, spec.title, spec.version, spec.base_path) == ("library", "Library", "2", "/api/v2")
    assert spec.documents["library"].ignored == (1, 8, 9)


def test_operation_has_parameters_of_its_path(spec: specs.Spec) -> None:
    read = spec.operations["readBook"]
    assert (read.method, read.path, read.summary, read.path_parameters) == ("GET", "/books/{id}", "One book", ("id",))
    assert [(one.name, one.place, one.required, one.schema) for one in read.parameters] == [("id", "path", True, {"type": "integer"})]


def test_operation_knows_its_resource_and_effect(spec: specs.Spec) -> None:
    assert {name: (one.resource, one.effect) for name, one in spec.operations.items() if one.resource == "books"} == {
        "listBooks": ("books", "list"),
        "listBooksOfShelf": ("books", "list"),
        "createBook": ("books", "create"),
        "readBook": ("books", "read"),
        "deleteBook": ("books", "delete"),
        "lendBook": ("books", "lend"),
    }


def test_response_has_media_examples_and_headers(spec: specs.Spec) -> None:
    listed = spec.operations["listBooks"].responses
    assert list(listed) == ["200", "4XX"]
    media = listed["200"].media[0]
    assert media.type == "application/json"
    assert media.schema["items"]["properties"]["lent"] == {"type": "boolean", "examples": [False]}
    assert media.examples == {"documented": [{"id": 1, "title": "Emma", "shelf_id": "a"}]}
    assert spec.operations["createBook"].responses["201"].headers["Location"]["schema"] == {"type": "string"}
    assert spec.operations["deleteBook"].responses["204"].media == ()


def test_body_and_parameter_example_are_read(spec: specs.Spec) -> None:
    body = spec.operations["createBook"].body
    assert body is not None
    assert body.required
    assert body.media[0].schema["required"] == ["title"]
    assert spec.operations["listBooks"].parameters[0].example == 1


def test_resource_has_its_defaults(spec: specs.Spec) -> None:
    books, shelves = spec.resources["books"], spec.resources["shelves"]
    assert (books.singular, books.plural, books.type, books.names, books.key, books.key_parameter) == ("book", "books", "books", "documented", "id", "id")
    assert books.key_schema == {"type": "integer"}
    assert books.operations["list"] == ("listBooks", "listBooksOfShelf")
    assert books.operations["read"] == ("readBook",)
    assert (books.parents[0].resource, books.parents[0].member, books.parents[0].parameters) == ("shelves", "shelf_id", ("shelf_id",))
    assert (shelves.names, books.create) == ("choice", {"shelf_id": "{shelves.id}"})


def test_group_speaks_of_all_operations_unless_told(spec: specs.Spec) -> None:
    assert spec.groups["auth"].operations == tuple(spec.operations)
    assert spec.groups["page"].operations == ("listBooks", "listBooksOfShelf")


def test_reference_in_parameters_is_resolved(spec: specs.Spec) -> None:
    assert spec.groups["errors"].parameters.shape["required"] == ["message"]
    assert spec.groups["errors"].written["shape"]["required"] == ["message"]


def test_clause_is_resolved(spec: specs.Spec) -> None:
    walk = spec.clauses["library/page/walk"]
    assert (walk.kind, walk.rule, walk.level, walk.arguments, walk.operations) == (
        "pagination", "walk_gives_every_object_once", "should", None, ("listBooks", "listBooksOfShelf"),
    )  # fmt: skip
    assert walk.note == "The order is not said."
    limited = spec.clauses["library/roles/limited"]
    assert limited.operations == ("deleteBook",)
    assert limited.source.lines == (3, 4, 5, 7)
    assert structs.asdict(limited.arguments) == {"role": "limited", "members": []}  # type: ignore[arg-type]


def test_clause_may_bind_a_rule_of_another_group(spec: specs.Spec) -> None:
    refused = spec.clauses["library/page/refused"]
    assert (refused.group, refused.convention, refused.kind) == ("page", "errors", "errors")
    assert refused.arguments == CauseAnswered("not_found", [], ["message"])
    assert spec.convention(refused).name == "errors"


def test_seed_is_read(spec: specs.Spec) -> None:
    assert [(one.name, one.credential) for one in spec.seed.principals] == [("full", {"key": "k1"}), ("limited", {"key": "k2"})]
    assert [record["user"] for record in spec.seed.records["books"]] == [None, "u2"]


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("kind: pagination", "kind: paginatoin", "paginatoin", "kind is 'paginatoin'; expected one of actions,"),
        ("style: page_number", "style: page_numbr", "page_numbr", "style is 'page_numbr'; expected one of"),
        ("default: 20", "default: many", "many", "expected a whole number or null"),
        ("default: 20", "defaults: 20", "defaults", "unknown member 'defaults'; expected one of style"),
        ("rule: walk_gives_every_object_once", "rule: walk_gives_every_object", "walk", "did you mean 'walk_gives_every_object_once'?"),
        ("rule: walk_gives_every_object_once", "rule: credential_is_accepted", "credential", "rule is 'credential_is_accepted'; expected one of"),
        ("rule: cause_is_answered", "rule: cause_is_anwered", "cause", "no rule of errors is called 'cause_is_anwered'"),
        ("of: errors", "of: errrors", "errrors", "no group is called 'errrors'; expected one of"),
        ("cause: not_found, members", "cause: notfound, members", "notfound", "no cause is called 'notfound'"),
        ("members: [message]}", "members: [mesage]}", "mesage", "no member of an error is called 'mesage'"),
        ("arguments: {cause: not_found, members: [message]}", "arguments: {}", "arguments", "arguments"),
        ("        note: The", "        notes: The", "notes", "unknown member 'notes'; expected one of rule"),
        ("applies_to: [listBooks, ", "applies_to: [listBook, ", "listBook", "no operation is called 'listBook'; expected one of createBook"),
        ("applies_to: [deleteBook]", "applies_to: [removeBook]", "removeBook", "no operation is called 'removeBook'"),
        ("denied: [deleteBook]", "denied: [delBook]", "delBook", "no operation is called 'delBook'"),
        ("actions: {lend:", "actions: {lent:", "lent", "no effect is called 'lent'"),
        (
            "parameters: {resource: books,",
            "parameters: {resource: book,",
            "book,",
            "no resource is called 'book'; expected one of books, shelves; did you mean 'books'?",
        ),
        ("resource: shelves,", "resource: shelfs,", "shelfs", "no resource is called 'shelfs'"),
        ("read: readBook", "read: raedBook", "raedBook", "no operation is called 'raedBook'; expected one of"),
        ("read: readBook", "read: createBook", "createBook", "the operation 'createBook' is bound twice"),
        ("'{shelves.id}'", "'{shelfs.id}'", "'", "no resource is called 'shelfs'"),
        ("causes: {unauthenticated:", "causes: {unauthentikated:", "unauth", "no cause is called 'unauthentikated'"),
        ("#/components/schemas/Error'}\n      members", "#/components/schemas/Eror'}\n      members", "", "points at nothing"),
        ("document: library, lines: [6]", "document: libary, lines: [6]", "libary", "no document is called 'libary'"),
        ("lines: [2]", "lines: [0]", "lines", "the lines do not ascend from 1"),
        ("lines: [[3, 5], 7]", "lines: [[5, 3], 7]", "lines", "the lines do not ascend from 1"),
        ("lines: [[3, 5], 7]", "lines: [[3, 5, 6], 7]", "[3", "at most 2"),
        ("lines: [[3, 5], 7]", "lines: []", "lines", "at least 1"),
        ("sha256: a000", "sha256: A000", "A000", "matches ^[0-9a-f]{64}$"),
        ("level: should", "level: shall", "shall", "expected one of may, must, should"),
        ("books:\n      - {account", "boks:\n      - {account", "boks", "no resource is called 'boks'"),
        ("credential: {key: k1}", "credential: {kay: k1}", "kay", "no field of a credential is called 'kay'"),
        ("name: limited, account", "name: full, account", "full", "a second principal is called 'full'"),
        ("role: full, credential", "rolle: full, credential", "rolle", "unknown member 'rolle'"),
        ("x-resources:", "x-resource:", "x-resource", "unknown key 'x-resource'; expected one of x-documents"),
        ("operationId: listBooks\n", "operationId: createBook\n", "", "the operationId 'createBook' stands twice"),
        ("  /books:\n", "  books:\n", "books", "the path 'books'; expected a path that begins with /"),
        ("  /books/{id}/lend:", "  /books/{id}/{id}:", "/", "unclear braces"),
        ("  /shelves/{shelf_id}/books:", "  /books/{key}/lend:", "/", "is the same as '/books/{id}/lend'"),
        ("        4XX:", "        4xx:", "4xx", "a response for '4xx'"),
        ("name: id, in: path", "name: id, in: paht", "paht", "a parameter in 'paht'; expected one of path, query, header, cookie; did you mean 'path'?"),
        ("name: id, in: path", "nam: id, in: path", "", "a parameter has no name; expected a member 'name'; did you mean 'nam'?"),
        ("required: true, content:", "required: true, contents:", "", "a request body has no content"),
    ],
)
def test_mistake_is_told_with_its_place(library: Path, library_with: Change, old: str, new: str, at: str, said: str) -> None:
    path = library_with(old, new)
    before = library.read_text("utf-8").partition(old)[0] + (new.partition(at)[0] if at else "")
    place = f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    told = [problem for problem in problems(path) if said in problem]
    assert told, problems(path)
    assert at == "" or any(problem.startswith(place) for problem in told), (place, told)


def test_all_problems_are_told_at_once(library_with: Change) -> None:
    path = library_with("kind: pagination", "kind: paginatoin")
    text = path.read_text("utf-8").replace("level: should", "level: shall").replace("in: path", "in: paht").replace("read: readBook", "read: raedBook")
    path.write_text(text, "utf-8")
    told = problems(path)
    assert len(told) >= 4
    assert told == sorted(told, key=lambda problem: int(problem.removeprefix(f"{path}:").split(":")[0]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2]", "holds no mapping"),
        ("just text", "holds no mapping"),
        ("swagger: '2.0'\ninfo: {}", "a Swagger 2.0 document; expected OpenAPI 3.0 or 3.1"),
        ("openapi: 2.0.0", "openapi is '2.0.0'; expected 3.0.x or 3.1.x"),
        ("openapi: 3.2.0", "openapi is '3.2.0'"),
        ("openapi: 3.10.0", "openapi is '3.10.0'"),
        ("opneapi: 3.1.0", "no member 'openapi'; expected an OpenAPI 3.0 or 3.1 document; did you mean 'opneapi'?"),
        ("info: {}", "no member 'openapi'"),
        ("openapi: 3.1.0\ninfo: {title: T, version: '1'}", "there are no paths"),
        ("openapi: 3.1.0\npaths: {}", "the document has no info"),
        ("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: []", "paths is a list; expected a path item by name"),
    ],
)
def test_other_documents_are_refused(written: Write, text: str, said: str) -> None:
    assert any(said in problem for problem in problems(written(text)))


def test_openapi_in_json_is_read(written: Write) -> None:
    text = '{"openapi": "3.0.3", "info": {"title": "J", "version": "1"}, "paths": {"/a": {"get": {"responses": {}}}}}'
    spec = specs.load(written(text, "mine.json"))
    assert (spec.api, list(spec.operations), dict(spec.groups), dict(spec.clauses)) == ("mine", ["get_a"], {}, {})


def test_problem_in_json_has_its_place(written: Write) -> None:
    path = written('{"openapi": "3.0.3", "info": {"title": "J", "version": "1"},\n "paths": {"a": {}}}', "mine.json")
    assert problems(path)[0].startswith(f"{path}:2:12: the path 'a'")


def test_made_operation_ids_are_different(written: Write) -> None:
    path = written(
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a-b: {get: {}}\n  /a/b: {get: {}}\n  /: {get: {}}\n  /c: {get: {operationId: get_a_b_2}}"
    )
    assert list(specs.load(path).operations) == ["get_a_b", "get_a_b_3", "get_root", "get_a_b_2"]


def test_version_may_be_a_number(written: Write) -> None:
    assert specs.load(written("openapi: 3.1.0\ninfo: {title: 7, version: 1.5}\npaths: {}")).version == "1.5"


def test_path_parameter_not_declared_is_text(written: Write) -> None:
    spec = specs.load(written("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {'/a/{id}': {get: {}}}"))
    assert [(one.name, one.schema) for one in spec.operations["get_a_id"].parameters] == [("id", {"type": "string"})]


def test_loading_needs_no_validator_library(library: Path) -> None:
    code = f"import sys, specs; specs.load({str(library)!r}); print({{'jsonschema', 'schemathesis', 'hypothesis'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(specs.__file__).parent.parent)
    assert done.stdout.strip() == "set()"


def test_values_can_not_be_changed(spec: specs.Spec) -> None:
    with pytest.raises(AttributeError):
        spec.api = "other"  # type: ignore[misc]


def test_lint_of_a_good_spec_is_empty(library: Path) -> None:
    assert specs.lint(library) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value: [{id: 1,", "value: [{id: one,", ":86:52: id is 'one'; expected a whole number"),
        ("title: Emma, shelf_id: a}}", "titel: Emma, shelf_id: a}}", ":13:26: record has no 'title'"),
        ("record: {id: 2,", "record: {id: 1,", ":14:49: a second record has the id '1'"),
        ("account: north, user: u2, record", "account: south, user: u2, record", "no principal has the account 'south'"),
        ("maxLength: 200", "pattern: '^\\p{L}'", "is not understood"),
        ("example: 1}", "example: 0}", "expected at least 1"),
    ],
)
def test_lint_finds_what_loading_does_not(library_with: Change, old: str, new: str, said: str) -> None:
    path = library_with(old, new)
    specs.load(path)
    assert any(said in str(problem) for problem in specs.lint(path)), [str(problem) for problem in specs.lint(path)]


def test_lint_gives_back_the_problems_of_loading(library_with: Change) -> None:
    path = library_with("in: path", "in: paht")
    assert [str(problem) for problem in specs.lint(path)] == problems(path)


def test_missing_name_is_told_with_the_nearest() -> None:
    name: Any = specs.names()[0]
    with pytest.raises(SpecError, match="no such API or file") as caught:
        specs.load(name + "x")
    assert f"did you mean '{name}'?" in str(caught.value)
