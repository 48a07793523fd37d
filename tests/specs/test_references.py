from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import specs
from specs.catalogue import apis_folder, fixtures_root
from specs.errors import SpecError
from specs.references import Files, Node

Write = Callable[..., Path]

PLAIN = """
openapi: 3.1.0
info: {title: T, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      responses:
        "200":
          description: Things
          content: {application/json: {schema: %s, examples: {one: %s}}}
components: {schemas: {Thing: {type: object}}}
"""


def followed(path: Path, *steps: str) -> tuple[Node | None, list[str]]:
    files = Files(path)
    node = files.follow(Node(files.root, (), files.root.value).child(*steps))
    return node, [str(problem) for problem in files.problems]


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("https://example.com/x.yaml", "remote reference"),
        ("http://169.254.169.254/latest", "remote reference"),
        ("file:///etc/passwd", "remote reference"),
        ("//example.com/x", "remote reference"),
        ("/etc/passwd", "absolute reference"),
        ("../../../../../../../../../etc/passwd", "leaves the spec's folder"),
        ("..%2f..%2f..%2f..%2fetc%2fpasswd", "leaves the spec's folder"),
        ("sub/../../x.yaml", "leaves the spec's folder"),
        ("absent.json", "does not exist"),
        ("a\\0b.json", "is no path"),
        ("#/absent", "points at nothing"),
        ("#anchor", "names an anchor"),
        ("#/list/9", "points at nothing"),
        ("#/list/-1", "points at nothing"),
        ("#/list/x", "points at nothing"),
        ("#/a/$ref/x", "points at nothing"),
    ],
)
def test_bad_reference_is_refused_with_its_place(written: Write, ref: str, said: str) -> None:
    path = written(f'list: [1]\na: {{$ref: "{ref}"}}\n')
    node, problems = followed(path, "a")
    assert node is None
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith(f"{path}:2:11:")


def test_reference_that_is_no_text_is_refused(written: Write) -> None:
    assert "$ref is int" in followed(written("a: {$ref: 1}"), "a")[1][0]


def test_dangling_reference_gets_the_nearest_name(written: Write) -> None:
    assert "did you mean 'Client'?" in followed(written("Client: 1\na: {$ref: '#/Clients'}"), "a")[1][0]


@pytest.mark.parametrize("text", ["a: {$ref: '#/a'}", "a: {$ref: '#/b'}\nb: {$ref: '#/c'}\nc: {$ref: '#/b'}"])
def test_reference_back_to_itself_is_refused(written: Write, text: str) -> None:
    node, problems = followed(written(text), "a")
    assert node is None
    assert "leads back to itself" in problems[0]


def test_escaped_pointer_is_understood(written: Write) -> None:
    node, _ = followed(written('"/a~b/{c}": {x: 7}\na: {$ref: "#/~1a~0b~1%7Bc%7D/x"}'), "a")
    assert node is not None
    assert node.value == 7


def test_file_beside_the_spec_is_read_once(written: Write) -> None:
    written('{"value": {"x": 1}}', "payloads/one.json")
    path = written("a: {$ref: payloads/one.json}\nb: {$ref: 'payloads/one.json#/value'}")
    files = Files(path)
    root = Node(files.root, (), files.root.value)
    first, second = files.follow(root.child("a")), files.follow(root.child("b"))
    assert first is not None
    assert second is not None
    assert first.tree is second.tree
    assert second.value == {"x": 1}


def test_broken_file_beside_the_spec_is_told_with_its_own_place(written: Write) -> None:
    written('{"a": 1,\n"a": 2}', "bad.json")
    problems = followed(written("a: {$ref: bad.json}"), "a")[1]
    assert "bad.json:2:1" in problems[0]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="the system has no symbolic links")
def test_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "in" / "link.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "in" / "spec.yaml").write_text("a: {$ref: link.json}")
    assert "leaves the spec's folder" in followed(tmp_path / "in" / "spec.yaml", "a")[1][0]


def test_shipped_spec_may_refer_to_the_fixtures() -> None:
    path = next(apis_folder().glob("*.yaml"))
    files = Files(path)
    fixture = next(fixtures_root().glob("*/*.json"))
    node = Node(files.root, (), {"$ref": f"../../fixtures/{fixture.parent.name}/{fixture.name}"})
    found = files.follow(node)
    assert found is not None
    assert found.tree.value == found.value


def test_other_spec_may_not_reach_up_to_fixtures(written: Write) -> None:
    written("{}", "fixtures/x.json")
    node, problems = followed(written("a: {$ref: ../../fixtures/x.json}", "specs/apis/mine.yaml"), "a")
    assert node is None
    assert "leaves the spec's folder" in problems[0]


def test_bundle_needs_no_other_file(written: Write) -> None:
    written('{"summary": "One", "value": {"id": 1, "$ref": "data, no reference"}}', "one.json")
    written(
        "Tree: {type: object, properties: {kids: {type: array, items: {$ref: '#/Tree'}}, thing: {$ref: 'spec.yaml#/components/schemas/Thing'}}}", "tree.yaml"
    )
    spec = specs.load(written(PLAIN % ("{$ref: 'tree.yaml#/Tree'}", "{$ref: one.json}")))
    media = spec.openapi["paths"]["/things"]["get"]["responses"]["200"]["content"]["application/json"]
    assert media["examples"]["one"] == {"summary": "One", "value": {"id": 1, "$ref": "data, no reference"}}
    assert media["schema"] == {"$ref": "#/components/schemas/Tree"}
    tree = spec.openapi["components"]["schemas"]["Tree"]
    assert tree["properties"]["kids"]["items"] == {"$ref": "#/components/schemas/Tree"}
    assert tree["properties"]["thing"] == {"$ref": "#/components/schemas/Thing"}


def test_bundle_leaves_the_file_as_read(library: Path) -> None:
    before = Files(library).root.value
    assert specs.load(library).openapi["x-conventions"] == before["x-conventions"]


def test_reference_cycle_outside_schemas_is_refused(library_with: Callable[..., Path]) -> None:
    path = library_with("id: {name: id, in: path, required: true, schema: {type: integer}}", "id: {$ref: '#/components/parameters/id'}")
    with pytest.raises(SpecError, match="leads back to itself"):
        specs.load(path)
