"""Members for records that an examination makes: from the target's binding, or else from the schema of the create."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from typing import Any

from conformance.addressing import fill
from conformance.target import Target
from specs.conventions.envelope import Envelope, Input
from specs.model import Operation, Resource, Spec
from specs.samples import sample

__all__ = ["MARK", "Payloads"]

MARK = "proctor"
"""What the names of our own records begin with, so that a person who finds one knows where it came from."""


class Payloads:
    """Makes members for creates. Each call gives other values, so that no two records of a run are the same.

    A run's names carry a random mark of its own: two examinations of one target at the same time do not clash.
    """

    def __init__(self, spec: Spec, target: Target) -> None:
        self.spec = spec
        self.target = target
        self.run = secrets.token_hex(3)
        self._numbers = itertools.count(1)

    def members(self, resource: Resource, *, rich: bool = False) -> dict[str, Any]:
        """Members of a new record; texts such as `{jobs.id}` or `{companies}` stand for ids that the caller fills in."""
        number = next(self._numbers)
        binding = self.target.resources.get(resource.name)
        if binding is not None and binding.create is not None:
            return {name: self._bound(value, number) for name, value in binding.create.items()}
        schema = self.schema(resource)
        properties = schema.get("properties", {})
        wanted = {*schema.get("required", ()), *resource.schema.get("required", ()), *resource.create}
        parents = {parent.member: parent.resource for parent in resource.parents}
        members: dict[str, Any] = {}
        for name, inner in properties.items():
            if (name in wanted or rich) and name != resource.key and not inner.get("readOnly"):
                members[name] = self._value(name, inner, number, parents)
        return {**members, **resource.create}

    def bound_value(self, resource: Resource, member: str) -> Any:
        """The value that the target's binding gives a member as it stands, or None."""
        binding = self.target.resources.get(resource.name)
        written = (binding.create or {}).get(member) if binding else None
        return written.get("value") if isinstance(written, Mapping) else None

    def schema(self, resource: Resource, effect: str = "create") -> Mapping[str, Any]:
        """The schema of the members that a write takes: of the body at the envelope's root, or of the query parameters."""
        names = resource.operations.get(effect, ())
        operation = next((self.spec.operations[name] for name in names if name in self.spec.operations), None)
        if operation is None:
            return {}
        how = self._input()
        if how.place == "query":
            return self._query_schema(operation)
        schema: Mapping[str, Any] = operation.body.media[0].schema if operation.body and operation.body.media else {}
        root = fill(how.root, {"singular": resource.singular, "plural": resource.plural, "type": resource.type})
        for token in root.split("/")[1:]:
            schema = _flat(schema).get("properties", {}).get(token, {})
        schema = _flat(schema)
        return self._with_parents(schema, operation, resource) if root == "/data/attributes" else schema

    def _with_parents(self, schema: Mapping[str, Any], operation: Operation, resource: Resource) -> Mapping[str, Any]:
        """JSON:API: the relationships of the body, as members that hold ids."""
        body = operation.body.media[0].schema if operation.body else {}
        data = body.get("properties", {}).get("data", {}).get("properties", {})
        related = data.get("relationships", {})
        required, properties = list(schema.get("required", ())), dict(schema.get("properties", {}))
        for parent in resource.parents:
            name = parent.member.removesuffix("_id")
            if name in related.get("properties", {}):
                properties[parent.member] = {"type": "string"}
                required += [parent.member] if name in related.get("required", ()) else []
        return {**schema, "properties": properties, "required": required}

    def _input(self) -> Input:
        group = self.spec.group_of_kind("envelope")
        envelope: Envelope | None = group.parameters if group else None
        return envelope.input if envelope else Input()

    def _query_schema(self, operation: Operation) -> Mapping[str, Any]:
        group = self.spec.group_of_kind("authentication")
        carried = {carrier.name for carrier in group.parameters.fields.values()} if group else set()
        own = {parameter.name: parameter for parameter in operation.parameters if parameter.place == "query" and parameter.name not in carried}
        body = _flat(operation.body.media[0].schema) if operation.body and operation.body.media else {}
        required = [name for name, parameter in own.items() if parameter.required or name in body.get("required", ())]
        return {"type": "object", "properties": {name: parameter.schema for name, parameter in own.items()}, "required": required}

    def _value(self, name: str, schema: Mapping[str, Any], number: int, parents: Mapping[str, str]) -> Any:
        if name in parents:
            return "{" + parents[name] + "}"
        if self._is_free_text(schema):
            text = f"{MARK} {self.run} {number}"
            longest = schema.get("maxLength", len(text))
            # Cut off, it is the number that stays: no two records may have the same.
            return text if longest >= len(text) else f"{number}{self.run}"[:longest]
        # Of what a pattern allows, such as a price below zero, an example is what a target takes for sure.
        return sample(schema, number, prefer_examples="pattern" in schema)

    @staticmethod
    def _is_free_text(schema: Mapping[str, Any]) -> bool:
        types = schema.get("type")
        texts = types == "string" or (isinstance(types, list) and "string" in types)
        return texts and not {"format", "enum", "const", "pattern"} & set(schema)

    def _bound(self, written: Any, number: int) -> Any:
        if isinstance(written, Mapping):
            return written["value"] if "value" in written else self._value("", written, number, {})
        return self._value("", {"type": written}, number, {})


def _flat(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of an object with what its `allOf` adds to properties and required put in its own place."""
    parts = [_flat(part) for part in schema.get("allOf", ()) if isinstance(part, Mapping)]
    if not parts:
        return schema
    own = {name: value for name, value in schema.items() if name != "allOf"}
    properties = {name: inner for part in (*parts, own) for name, inner in part.get("properties", {}).items()}
    required = dict.fromkeys(name for part in (*parts, own) for name in part.get("required", ()))
    return {**own, "properties": properties, "required": list(required)}
