"""What can be wrong in a spec that loads: examples and seed records against their schemas, patterns that no one can use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from specs import complaints
from specs.errors import Problem
from specs.model import Spec
from specs.openapi import Structure
from specs.references import Files, Node

__all__ = ["findings"]


def findings(spec: Spec, files: Files, structure: Structure) -> Iterator[Problem]:
    """The problems of a loaded spec's examples, seed and patterns, each with its place."""
    for node in structure.schemas.unusable_patterns:
        yield node.problem(f"the pattern {str(node.value)[:80]!r} is not understood", "a regular expression that Python has, too", "it is left out of account")
    seen: set[Any] = set()
    for _, _, item, operation in structure.operations:
        for holder in _holders(files, item, operation):
            yield from _example_problems(files, structure, holder, seen)
    yield from _seed_problems(spec, files)


def _holders(files: Files, item: Node, operation: Node) -> Iterator[Node]:
    """Each parameter and media type of an operation: what holds a schema and examples."""
    for owner in (item, operation):
        for parameter in owner.child("parameters").elements() if "parameters" in owner.value else ():
            yield from _with_media(files, parameter)
    if "requestBody" in operation.value:
        yield from _with_media(files, operation.child("requestBody"))
    if isinstance(operation.value.get("responses"), dict):
        for status, response in operation.child("responses").members():
            if not status.startswith("x-"):
                yield from _with_media(files, response)


def _with_media(files: Files, written: Node) -> Iterator[Node]:
    node = files.follow(written)
    if node is None:
        return
    yield node
    for holder in ("content", "headers"):
        if isinstance(node.value.get(holder), dict):
            for _, inner in node.child(holder).members():
                if (found := files.follow(inner)) is not None:
                    yield found


def _example_problems(files: Files, structure: Structure, node: Node, seen: set[Any]) -> Iterator[Problem]:
    if "schema" not in node.value:
        return
    schema = structure.schemas.expanded(node.child("schema"))
    for example in _examples(files, node):
        told = example.key, repr(node.value["schema"])
        if told not in seen:
            seen.add(told)
            yield from complaints.of_value(example, schema)


def _examples(files: Files, node: Node) -> Iterator[Node]:
    if "example" in node.value:
        yield node.child("example")
    if isinstance(node.value.get("examples"), dict):
        for _, written in node.child("examples").members():
            found = files.follow(written)
            if found is not None and isinstance(found.value, dict) and "value" in found.value:
                yield found.child("value")


def _seed_problems(spec: Spec, files: Files) -> Iterator[Problem]:
    root = files.root
    if "x-seed" not in root.value:
        return
    node = files.follow(Node(root, ("x-seed",), root.value["x-seed"]))
    if node is None:
        return
    accounts = {principal.account for principal in spec.seed.principals} or {""}  # without callers, all that there is belongs to nobody
    for resource, rows in _rows(node):
        holds: Mapping[str, Any] = spec.resources[resource].schema
        check = complaints.checker(dict(holds))
        keys: set[str] = set()
        for row in rows:
            yield from check(row.child("record"))
            if row.value["account"] not in accounts:
                yield row.child("account").problem(f"no principal has the account {row.value['account']!r}", _one_of(accounts))
            yield from _key_problems(row, spec.resources[resource].key, keys)


def _rows(node: Node) -> Iterator[tuple[str, list[Node]]]:
    if "records" in node.value:
        for resource, rows in node.child("records").members():
            yield resource, list(rows.elements())


def _one_of(accounts: set[str]) -> str:
    return "an empty text, as there are no principals" if accounts == {""} else f"one of {', '.join(sorted(accounts))}"


def _key_problems(row: Node, key: str, keys: set[str]) -> Iterator[Problem]:
    record = row.value["record"]
    if key not in record:
        yield row.child("record").problem(f"the record has no {key!r}", "the member that holds its id")
        return
    if repr(record[key]) in keys:
        yield row.child("record", key).problem(f"a second record has the id {str(record[key])[:60]!r}", "each id once")
    keys.add(repr(record[key]))
