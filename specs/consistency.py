"""Checks that every name in the extension leads somewhere: operations, resources, groups, rules, documents, causes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from specs.conventions import CONVENTIONS
from specs.conventions.errors import CAUSES
from specs.errors import Problem
from specs.extension import Written, WrittenClause, WrittenGroup, WrittenSeed, spelled_out
from specs.naming import EFFECTS, Names, misnamed, misnamed_ids, unknown_name
from specs.references import Node

__all__ = ["misnamed_anywhere"]


def misnamed_anywhere(root: Node, written: Written, operations: Collection[str]) -> Iterator[Problem]:
    """A problem for each name in the extension that names nothing, and for lines that do not ascend.

    `operations` are the ids of the operations there are.
    """
    names = _names(root, written, operations)
    yield from _misnamed_in_resources(written, names)
    for name, (node, group) in written.groups.items():
        yield from _unknown_operations(node, group.applies_to, names)
        if group.parameters:
            yield from misnamed(node.child("parameters"), CONVENTIONS[group.kind].parameters, names)
        for inner, clause in written.clauses[name].values():
            yield from _misnamed_in_clause(inner, clause, group, written, names)
    for node, document in written.documents.values():
        if spelled_out(document.ignored) is None:
            yield node.child("ignored").problem("the lines do not ascend from 1", "each line once, in ascending order")
    yield from _misnamed_in_seed(written, names)


def _names(root: Node, written: Written, operations: Collection[str]) -> Names:
    names = Names({"cause": CAUSES, "operation": operations})
    resources = root.value.get("x-resources", {})
    if isinstance(resources, dict):
        names.known["resource"] = list(resources)
    names.known["effect"] = {*EFFECTS, *(effect for _, one in written.resources.values() for effect in one.operations)}
    for _, group in written.groups.values():
        if group.kind == "errors" and isinstance(group.parameters.get("members", {}), dict):
            names.known["member of an error"] = list(group.parameters.get("members", {}))
        if group.kind == "authentication" and isinstance(group.parameters.get("fields"), dict):
            names.known["field of a credential"] = list(group.parameters["fields"])
        if group.kind == "authorization" and isinstance(group.parameters.get("roles"), dict):
            names.known["role"] = list(group.parameters["roles"])
    return names


def _unknown_operations(node: Node, applies_to: list[str] | None, names: Names) -> Iterator[Problem]:
    for index, name in enumerate(applies_to or ()):
        if names.unknown("operation", name) or name == "*":
            yield unknown_name(node.child("applies_to", index), "operation", name, names.known["operation"])


def _misnamed_in_resources(written: Written, names: Names) -> Iterator[Problem]:
    bound: dict[str, str] = {}
    for resource, (node, one) in written.resources.items():
        for effect, ids in one.operations.items():
            place = node.child("operations", effect)
            for found in place.elements() if isinstance(ids, list) else (place,):
                if names.unknown("operation", found.value) or found.value == "*":
                    yield unknown_name(found, "operation", found.value, names.known["operation"])
                elif found.value in bound:
                    yield found.problem(f"the operation {found.value!r} is bound twice", "one resource and effect for each", f"it is {bound[found.value]} too")
                bound.setdefault(found.value, f"{resource}.{effect}")
        for index, parent in enumerate(one.parents):
            if names.unknown("resource", parent.resource) or not parent.resource:
                yield unknown_name(node.child("parents", index, "resource"), "resource", parent.resource, names.known["resource"])
        if one.create:
            yield from misnamed_ids(node.child("create"), names)


def _misnamed_in_clause(node: Node, clause: WrittenClause, group: WrittenGroup, written: Written, names: Names) -> Iterator[Problem]:
    yield from _unknown_operations(node, clause.applies_to, names)
    yield from _misnamed_in_source(node.child("source"), clause, written)
    kind = group.kind
    if clause.of is not None:
        if clause.of not in written.groups:
            yield unknown_name(node.child("of"), "group", clause.of, list(written.groups))
            return
        kind = written.groups[clause.of][1].kind
        if clause.rule not in CONVENTIONS[kind].rules:
            yield unknown_name(node.child("rule"), f"rule of {kind}", clause.rule, list(CONVENTIONS[kind].rules))
    rule = CONVENTIONS[kind].rules.get(clause.rule)
    if rule is not None and rule.arguments is not None and clause.arguments:
        yield from misnamed(node.child("arguments"), rule.arguments, names)
        yield from misnamed_ids(node.child("arguments"), names)


def _misnamed_in_source(source: Node, clause: WrittenClause, written: Written) -> Iterator[Problem]:
    if clause.source.document not in written.documents:
        yield unknown_name(source.child("document"), "document", clause.source.document, list(written.documents))
    if spelled_out(clause.source.lines) is None:
        yield source.child("lines").problem("the lines do not ascend from 1", "each line once, in ascending order")


def _misnamed_in_seed(written: Written, names: Names) -> Iterator[Problem]:
    if written.seed is None:
        return
    node, seed = written.seed
    yield from _misnamed_principals(node, seed, names)
    for resource in seed.records:
        if names.unknown("resource", resource):
            yield unknown_name(node.child("records", resource), "resource", resource, names.known["resource"], of_key=True)


def _misnamed_principals(node: Node, seed: WrittenSeed, names: Names) -> Iterator[Problem]:
    callers: set[str] = set()
    for index, principal in enumerate(seed.principals):
        place = node.child("principals", index)
        if principal.name in callers:
            yield place.child("name").problem(f"a second principal is called {principal.name[:80]!r}", "each name once")
        callers.add(principal.name)
        for field_name in principal.credential:
            if names.unknown("field of a credential", field_name):
                yield unknown_name(
                    place.child("credential", field_name), "field of a credential", field_name, names.known["field of a credential"], of_key=True
                )
