"""Makes and changes records: ids, defaults, members filled from others, all in the schema's order."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.clock import iso
from mockserver.keys import Keys
from mockserver.pipeline import Call, Refusal
from mockserver.schemas import properties
from mockserver.store import Row
from mockserver.values import MISFIT, coerce, duration, money, types_of
from specs.conventions.lifecycle import Lifecycle, Spread

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Resource

__all__ = ["Maker", "new_uuid"]

_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}


def new_uuid(call: Call) -> str:
    """A random UUID of version 4, from the space's own randomness."""
    return str(uuid.UUID(int=call.space.random.getrandbits(128), version=4))


class Maker:
    """Makes the records of one resource."""

    def __init__(self, api: Api, served: Served) -> None:
        assert served.resource is not None
        lifecycle: Lifecycle = api.parameters("lifecycle", served)
        self._resource: Resource = served.resource
        self._schemas = properties(self._resource.schema)
        self._order = [self._resource.key, *(name for name in self._schemas if name != self._resource.key)]
        if self._resource.key in self._schemas:
            self._order = list(self._schemas)
        self._defaults = _defaults(self._resource, self._schemas, lifecycle.defaults.get(self._resource.name, {}))
        self._makes = any(isinstance(value, str) and "{" in value for value in self._defaults.values())
        self._kept = {*lifecycle.read_only.get(self._resource.name, ()), self._resource.key}
        self._parsed = [parsed for parsed in lifecycle.parsed if parsed.resource in ("", self._resource.name)]
        self._elements = lifecycle.elements.get(self._resource.name, {})
        self._cause = lifecycle.cause
        self._keys = Keys(self._resource)

    def filled(self, members: dict[str, Any], kept: Mapping[str, Any]) -> dict[str, Any] | Refusal:
        """The members with the numbers that their texts say, unless a number was given; a text that says none is refused.

        `kept` is the record that the members are merged into: a number that is taken away is read again from the text that stays.
        """
        for parsed in self._parsed:
            text = members.get(parsed.text, kept.get(parsed.text) if parsed.number in members else None)
            if not isinstance(text, str) or members.get(parsed.number) is not None:
                continue
            number = duration(text) if parsed.form == "duration" else money(text)
            if number is None:
                if parsed.text not in members:
                    continue
                return Refusal(self._cause, {"name": parsed.text, "param": parsed.text, "value": text, "reason": "invalid"})
            members[parsed.number] = number
        return members

    def new(self, call: Call, members: Mapping[str, Any]) -> Row:
        """A new row with an id, the members given, and defaults for the others."""
        key, told = members.get(self._resource.key), self._defaults.get(self._resource.key)
        if key is None:
            key = self._new_key(call) if told is None else _made(call, {self._resource.key: told})[self._resource.key]
        defaults = copy.deepcopy(self._defaults)
        record = {**(self._filled_in(call, defaults) if self._makes else defaults), **members, self._resource.key: key}
        self._complete(call, record, key)
        principal = call.principal or call.served.api.anyone
        return Row(str(key), principal.account, principal.user, self._ordered(record))

    def _filled_in(self, call: Call, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults with their placeholders filled in; the caller's user is of the type that the member has."""
        made = _made(call, defaults)
        for name in (name for name, value in defaults.items() if value == "{user}"):
            user = (call.principal or call.served.api.anyone).user
            typed = coerce(user, self._schemas.get(name, {}))
            made[name] = user if typed is MISFIT else typed
        return made

    @staticmethod
    def spread(call: Call, members: Mapping[str, Any], spread: Spread) -> list[dict[str, Any]]:
        """The members of each record that one create makes: one for each different element of the arrays that are spread."""
        taken = [_part(element, spread.part) for name in spread.of for element in members.get(name) or []]
        elements = {orjson.dumps(element): element for element in taken}
        shared = _made(call, spread.shared)
        return [{**members, **shared, spread.member: element} for element in elements.values()]

    def changed(self, call: Call, row: Row, members: Mapping[str, Any]) -> Row:
        """The row with the members given, the others as they were."""
        record = {**row.record, **members, self._resource.key: row.record[self._resource.key]}
        self._complete(call, record, row.record[self._resource.key])
        return Row(row.key, row.account, row.user, record)

    def replaced(self, call: Call, row: Row, members: Mapping[str, Any]) -> Row:
        """The row with the members given and defaults for the others; what a write is silent about stays."""
        kept = {name: value for name, value in row.record.items() if name in self._kept}
        record = {**copy.deepcopy(self._defaults), **members, **kept}
        self._complete(call, record, row.record[self._resource.key])
        return Row(row.key, row.account, row.user, self._ordered(record))

    def _ordered(self, record: dict[str, Any]) -> dict[str, Any]:
        ordered = {name: record.pop(name) for name in self._order if name in record}
        ordered.update(record)
        return ordered

    def _complete(self, call: Call, record: dict[str, Any], key: Any) -> None:
        """Gives the elements of arrays what they lack."""
        for member, lacking in self._elements.items():
            elements = record.get(member)
            if not isinstance(elements, list):
                continue
            record[member] = [self._completed(call, element, lacking, key) if isinstance(element, dict) else element for element in elements]

    @staticmethod
    def _completed(call: Call, element: Mapping[str, Any], lacking: Mapping[str, Any], key: Any) -> dict[str, Any]:
        found = dict(element)
        for name, value in lacking.items():
            if value == "{record}":
                found[name] = key
            elif found.get(name) is None:
                found[name] = new_uuid(call) if value == "{uuid}" else value
        return found

    def _new_key(self, call: Call) -> Any:
        """An id that is free, of the kind that the resource's ids are."""
        table = call.served.table(call)
        if self._keys.are_numbers:
            return call.space.store.next_number(table)
        form = self._keys.form(call.space.store.scan(table))
        if form is None:
            return new_uuid(call)
        while True:
            key = form.key(call.space.store.next_number(table))
            if call.space.store.get(table, key) is None:
                return key


def _made(call: Call, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `{uuid}` and `{now}` in their texts filled in; `{now}` alone stays a number."""
    return {name: _text(call, value) if isinstance(value, str) and "{" in value else value for name, value in values.items()}


def _text(call: Call, value: str) -> Any:
    if value == "{now}":
        return call.now
    found = value.replace("{now}", str(int(call.now)))
    while "{uuid}" in found:
        found = found.replace("{uuid}", new_uuid(call), 1)
    return found


def _part(element: Any, part: str | None) -> Any:
    """What is taken of a text: the first group of the first match of a pattern; the whole where there is none."""
    found = re.search(part, element) if part is not None and isinstance(element, str) else None
    return element if found is None else found[1]


def _defaults(resource: Resource, schemas: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What a new record has where nothing is given: the spec's default, null where that may be, else the emptiest value."""
    found: dict[str, Any] = {}
    required = set(resource.schema.get("required", ()))
    for name, schema in schemas.items():
        if name in written or name == resource.key or not isinstance(schema, Mapping):
            continue
        types = types_of(schema)
        if "default" in schema:
            found[name] = schema["default"]
        elif "null" in types:
            found[name] = None
        elif name in required:
            found[name] = _emptiest(schema, types)
    return {**found, **written}


def _emptiest(schema: Mapping[str, Any], types: frozenset[str]) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("format") == "date-time":
        return iso(0)
    if schema.get("format") == "date":
        return "1970-01-01"
    value = next((_EMPTY[name] for name in _EMPTY if name in types), None)
    return schema["minimum"] if value == 0 and isinstance(schema.get("minimum"), int) else value
