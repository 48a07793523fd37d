"""Renames a resource's members throughout a spec: schemas, examples, parameters of groups, arguments of clauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from specs.model import Body, Clause, Group, Media, Operation, Parent, Resource, Response, Spec

__all__ = ["rename_members"]

Names = Mapping[str, str]

_MEMBER_LISTS = ("members", "also", "read_only", "shown_with_value", "as_text")
_MEMBER_TABLES = ("defaults", "elements")
_ONE_MEMBER = ("member", "text", "number")


def rename_members(spec: Spec, name: str, names: Names) -> Spec:
    """The spec in which the members of one resource bear the names on the right.

    A record is recognised by its members: an object within the resource's own operations all of whose members are the record's.
    """
    resource = spec.resources[name]
    known = frozenset(resource.schema.get("properties", {}))
    operations = {key: _operation(operation, known, names) if operation.resource == name else operation for key, operation in spec.operations.items()}
    groups = {key: _group(group, name, names) for key, group in spec.groups.items()}
    clauses = {key: _clause(clause, name, known, names) for key, clause in spec.clauses.items()}
    renamed = _resource(resource, known, names)
    return replace(spec, operations=operations, groups=groups, clauses=clauses, resources={**spec.resources, name: renamed})


def _resource(resource: Resource, known: frozenset[str], names: Names) -> Resource:
    key = names.get(resource.key, resource.key)
    return replace(
        resource,
        schema=_schema(resource.schema, known, names),
        key=key,
        key_parameter=key if resource.key_parameter == resource.key else resource.key_parameter,
        parents=tuple(Parent(parent.resource, names.get(parent.member, parent.member), parent.parameters) for parent in resource.parents),
        create=_table(resource.create, names),
    )


def _operation(operation: Operation, known: frozenset[str], names: Names) -> Operation:
    body = Body(operation.body.required, _media(operation.body.media, known, names)) if operation.body else None
    responses = {status: _response(response, known, names) for status, response in operation.responses.items()}
    parameters = tuple(
        replace(parameter, name=names.get(parameter.name, parameter.name)) if parameter.place == "query" and parameter.name in known else parameter
        for parameter in operation.parameters
    )
    return replace(operation, body=body, responses=responses, parameters=parameters)


def _response(response: Response, known: frozenset[str], names: Names) -> Response:
    return replace(response, media=_media(response.media, known, names))


def _media(media: tuple[Media, ...], known: frozenset[str], names: Names) -> tuple[Media, ...]:
    return tuple(Media(one.type, _schema(one.schema, known, names), {key: _value(value, known, names) for key, value in one.examples.items()}) for one in media)


def _schema(schema: Any, known: frozenset[str], names: Names) -> Any:
    if isinstance(schema, list):
        return [_schema(part, known, names) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and properties and set(properties) <= known:
        required = [names.get(member, member) for member in schema.get("required", ())]
        return {**schema, "properties": _table(properties, names), **({"required": required} if required else {})}
    return {key: _schema(part, known, names) for key, part in schema.items()}


def _value(value: Any, known: frozenset[str], names: Names) -> Any:
    if isinstance(value, list):
        return [_value(part, known, names) for part in value]
    if not isinstance(value, Mapping):
        return value
    if value and set(value) <= known:
        return _table(value, names)
    return {key: _value(part, known, names) for key, part in value.items()}


def _table(table: Mapping[str, Any], names: Names) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in table.items()}


def _group(group: Group, resource: str, names: Names) -> Group:
    """A group's parameters: tables by resource (members that filter, sort, are read-only) and conventions of one resource."""
    if not isinstance(group.parameters, msgspec.Struct):
        return group
    written = msgspec.to_builtins(group.parameters)
    changed = dict(written)
    for name in (*_MEMBER_LISTS, *_MEMBER_TABLES):
        inner = written.get(name)
        if isinstance(inner, Mapping) and resource in inner:
            changed[name] = {**inner, resource: _members(inner[resource], names)}
    if written.get("resource") == resource:
        changed.update({name: names.get(written[name], written[name]) for name in _ONE_MEMBER if isinstance(written.get(name), str)})
    if changed == written:
        return group
    return replace(group, parameters=msgspec.convert(changed, type(group.parameters)))


def _clause(clause: Clause, resource: str, known: frozenset[str], names: Names) -> Clause:
    if clause.arguments is None:
        return clause
    written = msgspec.to_builtins(clause.arguments)
    if written.get("resource") != resource:
        return clause
    changed = dict(written)
    if "members" in written:
        changed["members"] = _members(written["members"], names)
    if isinstance(written.get("record"), Mapping):
        changed["record"] = _schema(written["record"], known, names)
    changed.update({name: names.get(written[name], written[name]) for name in _ONE_MEMBER if isinstance(written.get(name), str)})
    return replace(clause, arguments=msgspec.convert(changed, type(clause.arguments)))


def _members(written: Any, names: Names) -> Any:
    if isinstance(written, Mapping):
        return _table(written, names)
    return [names.get(member, member) for member in written] if isinstance(written, list) else written
