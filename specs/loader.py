"""Loads a spec: one YAML file, and what it refers to, become one `Spec`, or all its problems at once."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from specs import catalogue, complaints, consistency, habit, openapi
from specs.conventions import CONVENTIONS
from specs.errors import Problem, SpecError, nearest
from specs.extension import KEYS, Written, WrittenClause, WrittenDocument, WrittenGroup, WrittenResource, WrittenSeed, spelled_out
from specs.model import Clause, Document, Group, Operation, Parent, Principal, Resource, Seed, Source, Spec
from specs.operations import base_path, operation_ids, operations
from specs.references import Files, Node, bundle

__all__ = ["files_of", "lint", "load"]

SCHEMA_MEMBERS = frozenset({"always", "on_failure", "on_success", "record", "shape"})
"""Members of parameters and arguments that hold a JSON Schema, in which references are resolved."""

_T = TypeVar("_T", bound=Struct)


def load(name_or_path: str | Path) -> Spec:
    """The spec of a shipped API by its name, or of anybody's OpenAPI 3.0 or 3.1 file by its path.

    Raises `SpecError` with every problem found, each with its file, line and column.
    """
    path = catalogue.find(name_or_path)
    with _no_collection():
        return _Loading(path).spec()


def files_of(name_or_path: str | Path) -> frozenset[Path]:
    """The files that a spec refers to, and its own, also where the spec is wrong, or a file is not there.

    Raises `SpecError` where its own can't be read.
    """
    with _no_collection():
        loading = _Loading(catalogue.find(name_or_path))
        with suppress(SpecError):
            loading.spec()
        return loading.files.paths


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the garbage collector: loading makes many values and no garbage in cycles, and collecting in vain takes a third of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def lint(name_or_path: str | Path) -> list[Problem]:
    """Every problem of a spec: those that keep it from being loaded, else those of its examples, seed and patterns."""
    try:
        loading = _Loading(catalogue.find(name_or_path))
        spec = loading.spec()
    except SpecError as error:
        return list(error.problems)
    from specs.linting import findings  # with jsonschema, which loading does not need

    return sorted(set(findings(spec, loading.files, loading.structure)))


class _Loading:
    """One file on its way to a `Spec`: read, check form, check names, build."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = Files(path)
        self.problems = self.files.problems
        self.root = Node(self.files.root, (), self.files.root.value)
        self.dialect = _dialect(self.root)
        self.structure = openapi.check(self.files, dialect=self.dialect)
        self.schemas = self.structure.schemas
        self.malformed = False
        self.refused: list[Problem] = []
        self.malformed_seed: Node | None = None
        self.written = self._written()
        self.operation_ids = operation_ids(self.structure)

    def spec(self) -> Spec:
        """The spec; raises `SpecError`."""
        self._add_schemas()
        self.problems.extend(_misspelled_keys(self.root))
        if self.malformed:
            extension = Node(self.files.root, (), {key: self.root.value[key] for key in KEYS if key in self.root.value})
            self.problems.extend(
                complaints.of_extension(extension) or self.refused or [extension.problem("the extension is malformed", "the form of its schema")]
            )
        if self.malformed_seed is not None:
            self.problems.extend(complaints.of_seed(self.malformed_seed))
        self.problems.extend(consistency.misnamed_anywhere(self.root, self.written, self.operation_ids))
        if self.problems:
            raise SpecError(self.problems)
        self.schemas.settle()
        if self.problems:
            raise SpecError(self.problems)
        return self._built()

    # The form of the extension.

    def _written(self) -> Written:
        made = Written()
        for name, node in self._parts("x-documents"):
            if (document := self._converted(node, WrittenDocument)) is not None:
                made.documents[name] = node, document
        for name, node in self._parts("x-resources"):
            if (resource := self._converted(node, WrittenResource)) is not None:
                made.resources[name] = node, resource
        for name, node in self._parts("x-conventions"):
            self._written_group(name, node, made)
        made.seed = self._written_seed()
        return made

    def _parts(self, key: str) -> Iterator[tuple[str, Node]]:
        value = self.root.value.get(key, {})
        if not isinstance(value, dict):
            self.malformed = True
        for name, node in Node(self.root.tree, (key,), value).members():
            self.malformed |= _NAME.fullmatch(name) is None
            yield name, node

    def _converted(self, node: Node, form: type[_T]) -> _T | None:
        try:
            return msgspec.convert(node.value, form)
        except (msgspec.ValidationError, RecursionError) as error:
            self.malformed = True
            self.refused.append(node.problem(str(error)[:200], form.__name__))
            return None

    def _written_group(self, name: str, node: Node, made: Written) -> None:
        value = node.value
        clauses = value.get("clauses", {}) if isinstance(value, dict) else None
        if not isinstance(clauses, dict):
            self.malformed = True
            return
        group = self._converted(replace_value(node, {**value, "clauses": {}}), WrittenGroup)
        if group is None:
            return
        if group.kind not in CONVENTIONS:
            self.malformed = True
            return
        made.groups[name] = node, group
        found = made.clauses.setdefault(name, {})
        for slug, inner in node.child("clauses").members() if clauses else ():
            self.malformed |= _NAME.fullmatch(slug) is None
            if (clause := self._converted(inner, WrittenClause)) is not None:
                found[slug] = inner, clause
        self._check_forms(group, node, found)

    def _check_forms(self, group: WrittenGroup, node: Node, clauses: Mapping[str, tuple[Node, WrittenClause]]) -> None:
        """Note where parameters or arguments do not have the form that kind and rule say."""
        self._converted(Node(node.tree, (*node.pointer, "parameters"), group.parameters), CONVENTIONS[group.kind].parameters)
        for inner, clause in clauses.values():
            rules = CONVENTIONS[group.kind].rules if clause.of is None else _ALL_RULES
            if clause.rule not in rules:
                self.malformed |= clause.of is None
                continue
            form = rules[clause.rule].arguments
            if form is not None:
                self._converted(Node(inner.tree, (*inner.pointer, "arguments"), clause.arguments or {}), form)
            elif clause.arguments:
                self.malformed = True

    def _written_seed(self) -> tuple[Node, WrittenSeed] | None:
        if "x-seed" not in self.root.value:
            return None
        node = self.files.follow(self.root.child("x-seed"))
        if node is None:
            return None
        try:
            return node, msgspec.convert(node.value, WrittenSeed)
        except (msgspec.ValidationError, RecursionError):
            self.malformed_seed = node
            return None

    # References in the extension.

    def _add_schemas(self) -> None:
        for node, resource in self.written.resources.values():
            if resource.schema:
                self.schemas.add(node.child("schema"))
        for node, group in self.written.groups.values():
            for holder in (node.child("parameters") if group.parameters else None, *self._arguments(node)):
                for schema in _schemas_in(holder) if holder is not None else ():
                    self.schemas.add(schema)

    def _arguments(self, node: Node) -> Iterator[Node]:
        if isinstance(node.value.get("clauses"), dict):
            for _, inner in node.child("clauses").members():
                if isinstance(inner.value, dict) and isinstance(inner.value.get("arguments"), dict):
                    yield inner.child("arguments")

    def _resolved(self, node: Node) -> Any:
        """The value at a node, each schema in it self-contained."""
        if isinstance(node.value, dict):
            if "$ref" in node.value:
                return self.schemas.expanded(node)
            return {name: self.schemas.expanded(inner) if _is_schema(name, inner) else self._resolved(inner) for name, inner in node.members()}
        if isinstance(node.value, list):
            return [self._resolved(inner) for inner in node.elements()]
        return node.value

    # The values.

    def _built(self) -> Spec:
        info = self.root.value.get("info") or {}
        found = operations(self.files, self.structure)
        resources = self._resources() if "x-resources" in self.root.value else habit.resources(found)
        everything = tuple(found)
        groups = {name: self._group(name, node, group, everything) for name, (node, group) in self.written.groups.items()}
        api = self.path.stem
        clauses = {clause.id: clause for name in groups for clause in self._clauses(api, groups[name], groups)}
        return Spec(
            api=api,
            title=str(info.get("title", api)),
            version=str(info.get("version", "")),
            base_path=base_path(self.files),
            documents={name: Document(name, one.sha256, spelled_out(one.ignored) or ()) for name, (_, one) in self.written.documents.items()},
            operations=_with_effects(found, resources),
            resources=resources,
            groups=groups,
            clauses=clauses,
            seed=self._seed(),
            openapi=bundle(self.files),
            path=str(self.path),
        )

    def _resources(self) -> dict[str, Resource]:
        return {name: self._resource(name, node, written) for name, (node, written) in self.written.resources.items()}

    def _resource(self, name: str, node: Node, written: WrittenResource) -> Resource:
        schema = self.schemas.expanded(node.child("schema") if written.schema else None)
        return Resource(
            name=name,
            singular=written.singular or habit.singular(name),
            plural=written.plural or name,
            type=written.type or name,
            names=written.names,
            schema=schema,
            key=written.key,
            key_schema=habit.member_schema(schema, written.key),
            key_parameter=written.key_parameter or written.key,
            operations={effect: (ids,) if isinstance(ids, str) else tuple(ids) for effect, ids in written.operations.items()},
            parents=tuple(Parent(one.resource, one.member, tuple(one.parameters)) for one in written.parents),
            create=written.create,
            owned=written.owned,
        )

    def _group(self, name: str, node: Node, written: WrittenGroup, everything: tuple[str, ...]) -> Group:
        convention = CONVENTIONS[written.kind]
        parameters = self._resolved(node.child("parameters")) if written.parameters else {}
        applies_to = everything if written.applies_to is None else tuple(written.applies_to)
        return Group(name, written.kind, convention.parse(parameters), applies_to, written.choices, parameters)

    def _clauses(self, api: str, group: Group, groups: Mapping[str, Group]) -> Iterator[Clause]:
        for slug, (node, written) in self.written.clauses[group.name].items():
            convention = group if written.of is None else groups[written.of]
            form = CONVENTIONS[convention.kind].rules[written.rule].arguments
            arguments = self._resolved(node.child("arguments")) if written.arguments else {}
            source = Source(written.source.document, spelled_out(written.source.lines) or (), written.source.sha256)
            yield Clause(
                id=f"{api}/{group.name}/{slug}",
                api=api,
                group=group.name,
                slug=slug,
                convention=convention.name,
                kind=convention.kind,
                rule=written.rule,
                arguments=None if form is None else msgspec.convert(arguments, form),
                level=written.level,
                requires=written.requires,
                operations=group.operations if written.applies_to is None else tuple(written.applies_to),
                source=source,
                note=written.note,
                assumed=written.assumed,
            )

    def _seed(self) -> Seed:
        if self.written.seed is None:
            return Seed((), {})
        node, written = self.written.seed
        principals = tuple(Principal(one.name, one.account, one.user, one.role, one.credential) for one in written.principals)
        records = {name: tuple(_with_user(one) for one in rows) for name, rows in (node.value.get("records") or {}).items()}
        return Seed(principals, records)


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ALL_RULES = {name: rule for convention in CONVENTIONS.values() for name, rule in convention.rules.items()}


def replace_value(node: Node, value: Any) -> Node:
    """The same place with another value in it."""
    return Node(node.tree, node.pointer, value)


def _with_user(record: dict[str, Any]) -> Mapping[str, Any]:
    return record if "user" in record else {**record, "user": None}


def _is_schema(name: str, node: Node) -> bool:
    return name in SCHEMA_MEMBERS and isinstance(node.value, dict)


def _schemas_in(node: Node) -> Iterator[Node]:
    if isinstance(node.value, dict) and "$ref" in node.value:
        yield node
        return
    for name, inner in node.members():
        if _is_schema(name, inner):
            yield inner
        else:
            yield from _schemas_in(inner)
    for inner in node.elements():
        yield from _schemas_in(inner)


def _dialect(root: Node) -> str:
    """The version of OpenAPI that a file is written in, "3.0" or "3.1"; raises `SpecError` where it is neither."""
    value = root.value
    if not isinstance(value, dict):
        raise SpecError([root.problem("the file holds no mapping", "an OpenAPI 3.0 or 3.1 document")])
    if "openapi" not in value:
        if "swagger" in value:
            found = root.child("swagger").problem(
                f"a Swagger {str(value['swagger'])[:20]} document", "OpenAPI 3.0 or 3.1", "convert it, e.g. with swagger2openapi"
            )
        else:
            found = root.problem("the file has no member 'openapi'", "an OpenAPI 3.0 or 3.1 document", nearest("openapi", value))
        raise SpecError([found])
    version = re.match(r"3\.[01](?=\.|$)", str(value["openapi"]))
    if version is None:
        raise SpecError([root.child("openapi").problem(f"openapi is {str(value['openapi'])[:40]!r}", "3.0.x or 3.1.x")])
    return version[0]


def _misspelled_keys(root: Node) -> Iterator[Problem]:
    for key in root.value:
        if key.startswith("x-") and key not in KEYS and (hint := nearest(key, KEYS)) and _alike(key, hint):
            yield root.child(key).problem(f"unknown key {key[:60]!r}", f"one of {', '.join(KEYS)}", hint, of_key=True)


def _alike(key: str, hint: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, key, hint.split("'")[1]).ratio() > 0.8


def _with_effects(found: Mapping[str, Operation], resources: Mapping[str, Resource]) -> dict[str, Operation]:
    made = dict(found)
    for resource in resources.values():
        for effect, ids in resource.operations.items():
            for name in ids:
                made[name] = replace(made[name], resource=resource.name, effect=effect)
    return made
