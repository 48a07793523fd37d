"""Binds a spec to a target: a spec in which paths, names and choices are those of the target, and what it lacks is gone.

What may be bound: a resource's path and item path always; its names, key and members where the spec calls it representative
(`names: choice`); an operation's method and path; a group's parameter where the group's `choices` names it.

Parameters that are tables merge with the spec's, member by member and at every depth, so that a target says only what differs.
Those in `GIVEN_WHOLE` do not: they list everything that there is (the fields of a credential, a template, a JSON Schema), and
half of the spec's beside half of the target's would be neither.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from conformance.problems import TargetError, TargetProblem
from conformance.renaming import rename_members
from conformance.target import OperationBinding, ResourceBinding, Target
from specs.conventions import CONVENTIONS
from specs.errors import nearest
from specs.model import Clause, Group, Operation, Resource, Spec

__all__ = ["GIVEN_WHOLE", "bind", "collection_path", "without"]

GIVEN_WHOLE = frozenset({"fields", "also", "template", "shape", "links", "constant"})
"""Parameters that are tables and yet replaced whole."""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})

Problems = list[TargetProblem]


def bind(spec: Spec, target: Target) -> Spec:
    """The spec as the target has it; raises `TargetError` with every mistake in the target's bindings."""
    problems: Problems = []
    _check_names(spec, target, problems)
    bound = _with_parameters(spec, target, problems)
    _check_credentials(bound, target, problems)
    for name, resource_binding in target.resources.items():
        if name in spec.resources:
            bound = _with_resource(bound, name, resource_binding, problems)
    for name, operation_binding in target.operations.items():
        if name in spec.operations:
            bound = _with_operation(bound, name, operation_binding, problems)
    if problems:
        raise TargetError(problems)
    gone = {name for name, binding in target.resources.items() if binding.absent}
    bound = without(bound, gone, {name for name, binding in target.operations.items() if binding.absent})
    return replace(bound, openapi=_openapi(bound, frozenset(name for name, binding in target.resources.items() if binding.members)))


def without(spec: Spec, resources: Collection[str], operations: Collection[str] = ()) -> Spec:
    """The spec without some resources and operations; clauses stay, with fewer operations or none."""
    if not resources and not operations:
        return spec
    gone = {name for name, operation in spec.operations.items() if name in operations or operation.resource in resources}
    left = {name: operation for name, operation in spec.operations.items() if name not in gone}
    kept = {name: _fewer(resource, left) for name, resource in spec.resources.items() if name not in resources}
    groups = {name: _group_without(group, left, gone) for name, group in spec.groups.items()}
    clauses = {name: _clause_without(clause, left, kept) for name, clause in spec.clauses.items()}
    smaller = replace(spec, operations=left, resources=kept, groups=groups, clauses=clauses)
    return replace(smaller, openapi=_openapi(smaller))


def _only(names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in known)


def _fewer(resource: Resource, left: Mapping[str, Operation]) -> Resource:
    operations = {effect: _only(names, left) for effect, names in resource.operations.items()}
    return replace(resource, operations={effect: names for effect, names in operations.items() if names})


def _clause_without(clause: Clause, left: Collection[str], kept: Collection[str]) -> Clause:
    """The clause with the operations that are left; of the resources that its arguments name those that are, if any is."""
    named = getattr(clause.arguments, "resources", None)
    still = [name for name in named if name in kept] if isinstance(named, list) else []
    arguments = msgspec.structs.replace(clause.arguments, resources=still) if still and clause.arguments is not None else clause.arguments
    return replace(clause, operations=_only(clause.operations, left), arguments=arguments)


def _group_without(group: Group, left: Collection[str], gone: Collection[str]) -> Group:
    pairs = getattr(group.parameters, "pairs", None)
    parameters = group.parameters
    if isinstance(pairs, Mapping) and any(name in gone for pair in pairs.items() for name in pair):
        kept = {one: other for one, other in pairs.items() if one not in gone and other not in gone}
        parameters = msgspec.structs.replace(parameters, pairs=kept)
    return replace(group, operations=_only(group.operations, left), parameters=parameters)


# Names


def _check_names(spec: Spec, target: Target, problems: Problems) -> None:
    tables = {*spec.groups, *(group.kind for group in spec.groups.values())}
    for where, names, known in (
        ("resources", target.resources, set(spec.resources)),
        ("operations", target.operations, set(spec.operations)),
    ):
        for name in names:
            if name not in known:
                found = f"{spec.api} has no {where[:-1]} {name!r}"
                problems.append(TargetProblem(f"[{where}.{name}]", found, f"one of {_listed(known)}", nearest(name, known)))
    for name in target.parameters:
        if name not in tables:
            problems.append(TargetProblem(f"[{name}]", f"{spec.api} has no group or kind {name!r}", f"one of {_listed(tables)}", nearest(name, tables)))


def callers_of(spec: Spec) -> dict[str, str]:
    """The callers that an examination knows by name, with what each may do: the usual ones, and the roles of the spec."""
    roles = [name for group in spec.groups.values() if group.kind == "authorization" for name in group.parameters.roles]
    fewer = dict.fromkeys(["limited", *roles], "the same account, fewer rights")
    return {**fewer, "full": "may do everything", "second": "another user of the same account", "other": "another account"}


def _check_credentials(spec: Spec, target: Target, problems: Problems) -> None:
    group = spec.group_of_kind("authentication")
    known = {*group.parameters.fields, *group.parameters.also, *group.parameters.public} if group else set()
    callers = callers_of(spec)
    for name, fields in target.credentials.items():
        where = f"[credentials] {name}"
        if name not in callers:
            problems.append(TargetProblem(where, "is no caller that anything is examined with", f"one of {', '.join(callers)}", nearest(name, callers)))
        if group is None:
            problems.append(TargetProblem(where, f"{spec.api} has no authentication", "no credentials", "take it away"))
            continue
        for field in fields:
            if field not in known:
                problems.append(TargetProblem(where, f"a credential of {spec.api} has no field {field!r}", f"one of {_listed(known)}", nearest(field, known)))
        for field in group.parameters.fields:
            if not fields.get(field):
                problems.append(TargetProblem(where, f"the field {field!r} is {'empty' if field in fields else 'missing'}", "a value", f'write {field} = "…"'))


def _listed(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:20]) + (", …" if len(shown) > 20 else "") if shown else "none"


# Parameters of groups


def _with_parameters(spec: Spec, target: Target, problems: Problems) -> Spec:
    groups = dict(spec.groups)
    for table, values in target.parameters.items():
        named = [table] if table in groups else [name for name, group in groups.items() if group.kind == table]
        chosen = [name for name in named if set(values) & set(groups[name].choices)] or named[:1]
        for name in chosen:
            groups[name] = _overridden(spec, groups[name], table, values, problems)
    return replace(spec, groups=groups)


def _overridden(spec: Spec, group: Group, table: str, values: Mapping[str, Any], problems: Problems) -> Group:
    convention = CONVENTIONS[group.kind]
    known = {field.encode_name for field in msgspec.structs.fields(convention.parameters)}
    written = msgspec.to_builtins(group.parameters)
    for name, value in values.items():
        where = f"[{table}] {name}"
        if name not in known:
            problems.append(TargetProblem(where, f"{group.kind} has no parameter {name!r}", f"one of {_listed(known)}", nearest(name, known)))
        elif name not in group.choices:
            open_ones = _listed(known & set(group.choices))
            found = f"{name} is no choice: the document of {spec.api} says it"
            todo = "take it away: where the target differs here, it differs from the document"
            problems.append(TargetProblem(where, found, f"one of the group's choices ({open_ones})", todo))
        else:
            written[name] = value if name in GIVEN_WHOLE else _merged(written.get(name), value)
    if problems:
        return group
    try:
        return replace(group, parameters=convention.parse(written), written={**group.written, **{name: written[name] for name in values}})
    except msgspec.ValidationError as error:
        problems.append(TargetProblem(f"[{table}]", _plainly(str(error)), "a value as `proctor init` describes it", "correct it"))
        return group


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{name: value if name in GIVEN_WHOLE else _merged(old.get(name), value) for name, value in new.items()}}


def _plainly(message: str) -> str:
    said, _, place = message.partition(" - at ")
    return f"{place.strip('`').removeprefix('$.')}: {said}" if place else said


# Resources and operations


def _with_resource(spec: Spec, name: str, binding: ResourceBinding, problems: Problems) -> Spec:
    resource, where = spec.resources[name], f"[resources.{name}]"
    _check_renaming(resource, binding, where, problems)
    _check_create(resource, binding, where, problems)
    if binding.path is not None and _is_path(f"{where} path", binding.path, problems):
        spec = _move(spec, name, binding.path, where, problems)
    if binding.item is not None and _is_path(f"{where} item", binding.item, problems):
        spec = _move_item(spec, name, binding.item, where, problems)
    if binding.members and resource.names == "choice":
        spec = rename_members(spec, name, binding.members)
    names = {part: value for part in ("singular", "plural", "key") if (value := getattr(binding, part)) is not None}
    if "key" in names and resource.key_parameter == resource.key:
        names["key_parameter"] = names["key"]
    return replace(spec, resources={**spec.resources, name: replace(spec.resources[name], **names)})


def _check_renaming(resource: Resource, binding: ResourceBinding, where: str, problems: Problems) -> None:
    if resource.names == "choice":
        members = resource.schema.get("properties", {})
        for member in binding.members:
            if member not in members:
                todo = nearest(member, members) or "name a member of the spec on the left"
                problems.append(TargetProblem(f"{where} members", f"{resource.name} has no member {member!r}", f"one of {_listed(members)}", todo))
        return
    for part in ("singular", "plural", "key", "members"):
        if getattr(binding, part):
            found = f"{resource.name} is named by the document, so its {part} can't be bound"
            problems.append(TargetProblem(f"{where} {part}", found, "path, item, create or absent", "take it away"))


def _check_create(resource: Resource, binding: ResourceBinding, where: str, problems: Problems) -> None:
    for member, written in (binding.create or {}).items():
        place = f"{where} create.{member}"
        if isinstance(written, str):
            if written not in _TYPES:
                todo = nearest(written, _TYPES) or f'write {{value = "{written}"}} for the value itself'
                problems.append(TargetProblem(place, f"{written!r} is no JSON type", f"one of {_listed(_TYPES)}", todo))
        elif not isinstance(written, Mapping):
            problems.append(TargetProblem(place, f"{written!r} stands alone", "a JSON type's name, a schema or {value = …}", f"write {{value = {written!r}}}"))
        elif written.get("type", "string") not in _TYPES and not isinstance(written.get("type"), list):
            problems.append(TargetProblem(place, f"{written['type']!r} is no JSON type", f"one of {_listed(_TYPES)}", nearest(str(written["type"]), _TYPES)))
    if binding.create is not None and "create" not in resource.operations:
        problems.append(TargetProblem(f"{where} create", f"{resource.name} has no operation that creates", "no payload for it", "take it away"))


def _is_path(where: str, path: str, problems: Problems) -> bool:
    if re.fullmatch(r"/[^?#\s]*", path) and (len(path) == 1 or not path.endswith("/")):
        return True
    problems.append(TargetProblem(where, f"{path!r} is no path", "a path such as /assignments, without a slash at its end, query or host", "correct it"))
    return False


def _move(spec: Spec, name: str, new: str, where: str, problems: Problems) -> Spec:
    """Every path that begins with the resource's collection begins with the new path; under a parent's id, too, for its own operations."""
    old = collection_path(spec, spec.resources[name])
    if old is None:
        found = f"the operations of {name} have no path in common"
        problems.append(TargetProblem(f"{where} path", found, "a path by operation", "bind each one under [operations]"))
        return spec
    if "{" in new:
        problems.append(TargetProblem(f"{where} path", f"{new!r} has a parameter", "the collection's path as it stands", "write the value in its place"))
        return spec
    first, under_parent = re.compile(rf"^{re.escape(old)}(?=/|\.|$)"), re.compile(rf"(?<=\}}){re.escape(old)}(?=/|\.|$)")
    operations = {}
    for key, operation in spec.operations.items():
        path = first.sub(new, operation.path)
        if operation.resource == name:
            path = under_parent.sub(new, path)
        operations[key] = replace(operation, path=path)
    return replace(spec, operations=operations)


def collection_path(spec: Spec, resource: Resource) -> str | None:
    """What the plain operations' paths have in common before any parameter: without a suffix such as `.json`, or an effect's name (RPC)."""
    plain = [spec.operations[names[0]] for names in resource.operations.values() if names and names[0] in spec.operations]
    paths = [re.sub(r"\.\w+$", "", operation.path.partition("{")[0].rstrip("/")).split("/")[1:] for operation in plain]
    if not paths:
        return None
    common = []
    for segments in zip(*paths, strict=False):
        if len(set(segments)) > 1:
            break
        common.append(segments[0])
    if len(common) > 1 and common[-1] in resource.operations:
        common.pop()
    return "/" + "/".join(common) if common else None


def _move_item(spec: Spec, name: str, new: str, where: str, problems: Problems) -> Spec:
    resource = spec.resources[name]
    effects = [resource.operations[effect] for effect in ("read", "update", "replace", "delete") if effect in resource.operations]
    old = next((spec.operations[names[0]].path for names in effects if names and names[0] in spec.operations and "{" in spec.operations[names[0]].path), None)
    if old is None:
        problems.append(TargetProblem(f"{where} item", f"{name} has no operation on one record", "no item path", "take it away"))
        return spec
    names, given = re.findall(r"\{([^{}]+)\}", old), re.findall(r"\{([^{}]+)\}", new)
    if len(names) != len(given):
        problems.append(TargetProblem(f"{where} item", f"{new!r} has {len(given)} parameters", f"{len(names)}, as in {old}", "write the record's id as {id}"))
        return spec
    for mine, theirs in zip(names, given, strict=True):
        new = new.replace("{" + theirs + "}", "{" + mine + "}")
    begins = re.compile(rf"^{re.escape(old)}(?=/|\.|$)")
    own = {key: operation for key, operation in spec.operations.items() if operation.resource == name}
    moved = {key: replace(operation, path=begins.sub(lambda _: new, operation.path)) for key, operation in own.items()}
    return replace(spec, operations={**spec.operations, **moved})


def _with_operation(spec: Spec, name: str, binding: OperationBinding, problems: Problems) -> Spec:
    operation, where = spec.operations[name], f"[operations.{name}]"
    if binding.method is not None:
        if binding.method.lower() in _METHODS:
            operation = replace(operation, method=binding.method.upper())
        else:
            problems.append(TargetProblem(f"{where} method", f"{binding.method!r} is no method", f"one of {_listed(map(str.upper, _METHODS))}", "correct it"))
    if binding.path is not None and _is_path(f"{where} path", binding.path, problems):
        unknown = set(re.findall(r"\{([^{}]+)\}", binding.path)) - set(operation.path_parameters)
        if unknown:
            expected = _listed(operation.path_parameters)
            problems.append(TargetProblem(f"{where} path", f"{name} has no parameter {', '.join(sorted(unknown))}", expected, "use the spec's names"))
        else:
            operation = replace(operation, path=binding.path)
    return replace(spec, operations={**spec.operations, name: operation})


# The OpenAPI document


def _openapi(spec: Spec, renamed: Collection[str] = ()) -> dict[str, Any]:
    """The document with the bound operations at their bound places, for tools that read OpenAPI.

    `renamed` are the resources whose members bear other names: the bodies that their operations take are written anew.
    """
    paths: dict[str, Any] = {}
    for item in spec.openapi.get("paths", {}).values():
        for method in _METHODS:
            written = item.get(method)
            operation = spec.operations.get(written.get("operationId", "")) if isinstance(written, Mapping) else None
            if operation is None or written is None:
                continue
            parameters = [*item.get("parameters", ()), *written.get("parameters", ())]
            entry = {**written, **({"parameters": parameters} if parameters else {})}
            if operation.resource in renamed and operation.body is not None:
                content = {media.type: {"schema": media.schema} for media in operation.body.media}
                entry["requestBody"] = {"required": operation.body.required, "content": content}
            paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    return {**spec.openapi, "paths": paths}
