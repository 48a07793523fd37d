"""Wraps data in the API's envelope, and writes it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.answers import answered
from mockserver.behaviours.isolation import account_of
from mockserver.misbehaviours.envelope import FAULTS
from mockserver.pipeline import EMPTY, Answer, Call, Refusal, Stage, Step
from mockserver.pointer import Tokens, put, tokens
from mockserver.store import Row
from specs.conventions.envelope import Envelope
from specs.conventions.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Parent, Resource

__all__ = ["FAULTS", "steps"]

_SPARSE = re.compile(r"fields\[([^\[\]]+)\]")
"""The parameter of JSON:API that names what is to be shown of a type."""

_FACES_KEPT = 20_000
"""How many rows an operation keeps ready as it shows them."""

_LARGEST_KEPT = 4096
"""The largest record, in bytes of JSON, whose face is kept."""


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Builds the document of a success, and writes any document as JSON."""
    found: dict[Stage, Step] = {Stage.ENCODING: _encode}
    if served.stateful and served.resource is not None:
        parameters: Envelope = group.parameters
        found[Stage.DOCUMENT] = _document(api, served, parameters)
        if parameters.style == "jsonapi" and served.effect != "delete":
            found[Stage.VALIDATION] = _asking(served.resource, _include_parameter(api))
    return found


def _encode(call: Call) -> Answer:
    call.content = b"" if call.document is EMPTY else orjson.dumps(call.document, default=str)
    return None


def _document(api: Api, served: Served, parameters: Envelope) -> Step:
    built = _built(api, served, parameters)

    def document(call: Call) -> Answer:
        if call.asked is not None:
            call.included = _included(api, call, parameters, call.asked)
        return built(call)

    return document if parameters.style == "jsonapi" else built


def _built(api: Api, served: Served, parameters: Envelope) -> Step:
    assert served.resource is not None
    faces = _Faces(api, served, parameters)
    constant = [(tokens(pointer), value) for pointer, value in parameters.constant.items()]
    if parameters.outcome is not None:
        constant.insert(0, (tokens(parameters.outcome.member), parameters.outcome.success[0]))
    if served.effect == "list":
        return _list_document(parameters, served.resource, faces, constant)
    item = tokens(parameters.item, served.resource)
    if served.effect == "delete":
        return _delete_document(api.parameters("lifecycle", served), item, faces, constant)
    template = api.parameters("lifecycle", served).answers.get(served.id)
    if template is not None:
        return _filled_document(template, item, constant)
    single = tokens(parameters.items, served.resource)

    def document(call: Call) -> Answer:
        assert call.row is not None
        if call.bulk and len(call.rows) > 1:
            call.document = _wrapped(call, single, faces.all(call, call.rows), constant)
        else:
            call.document = _wrapped(call, item, faces.one(call, call.row), constant)
        return None

    return document


def _filled_document(template: Any, item: Tokens, constant: list[tuple[Tokens, Any]]) -> Step:
    def document(call: Call) -> Answer:
        assert call.row is not None
        call.document = _wrapped(call, item, answered(template, [row.record for row in call.rows or [call.row]]), constant)
        return None

    return document


def _list_document(parameters: Envelope, resource: Resource, faces: _Faces, constant: list[tuple[Tokens, Any]]) -> Step:
    items = tokens(parameters.items, resource)
    count = tokens(parameters.count, resource) if parameters.count is not None else None

    def document(call: Call) -> Answer:
        if count is not None:
            call.extras.append((count, len(call.rows)))
        call.document = _wrapped(call, items, faces.all(call, call.rows), constant)
        return None

    return document


def _delete_document(lifecycle: Lifecycle, item: Tokens, faces: _Faces, constant: list[tuple[Tokens, Any]]) -> Step:
    def document(call: Call) -> Answer:
        if lifecycle.delete_body == "record" and call.row is not None:
            call.document = _wrapped(call, item, faces.one(call, call.row), constant)
        elif lifecycle.delete_body == "object" or constant:
            call.document = _wrapped(call, item, {}, constant)
        return None

    return document


def _wrapped(call: Call, place: Tokens, data: Any, constant: list[tuple[Tokens, Any]]) -> Any:
    """The data at its place, with whatever stands beside it. Data that is the whole body has nothing beside it."""
    if not place:
        return data
    document: Any = {}
    for path, value in constant:
        document = put(document, path, copy.deepcopy(value) if isinstance(value, dict | list) else value)
    document = put(document, place, data)
    for path, value in call.extras:
        document = put(document, path, value)
    if call.included is not None:
        document["included"] = call.included
    return document


class _Faces:
    """What an operation shows of rows: JSON that is kept ready, or members, where some are worked out at the time of the call."""

    __slots__ = ("_always", "_keeps", "_kept", "_plain", "_shape", "_shown")

    def __init__(self, api: Api, served: Served, parameters: Envelope) -> None:
        assert served.resource is not None
        lifecycle: Lifecycle = api.parameters("lifecycle", served)
        self._shown = lifecycle.shown.get(served.id)
        self._always = tuple(lifecycle.shown_with_value.get(served.resource.name, ()))
        self._shape = _shape(api, served.resource, parameters)
        self._plain = self._shown is None and parameters.style != "jsonapi" and not tokens(parameters.attributes, served.resource)
        self._keeps = served.effect in ("list", "read")  # What others show has just been written, and may never be shown again.
        self._kept: dict[bytes, bytes] = {}

    def one(self, call: Call, row: Row) -> Any:
        """One row, as a value that can be written as JSON."""
        return orjson.Fragment(self._json(row)) if call.live is None and call.fields is None else self._live(call, row)

    def all(self, call: Call, rows: Sequence[Row]) -> Any:
        """An array of rows, as a value that can be written as JSON."""
        if call.live is not None or call.fields is not None:
            return [self._live(call, row) for row in rows]
        texts = [row.json for row in rows] if self._plain else [self._json(row) for row in rows]
        return orjson.Fragment(b"[%b]" % b",".join(texts))

    def _live(self, call: Call, row: Row) -> Mapping[str, Any]:
        live = call.live.get(row.key) if call.live is not None else None
        shown = self._shape(self._members(row.record if live is None else {**row.record, **live}))
        return shown if call.fields is None else _sparse(shown, call.fields)

    def _json(self, row: Row) -> bytes:
        if self._plain:
            return row.json
        text = self._kept.get(row.json)
        if text is None:
            text = orjson.dumps(self._shape(self._members(row.record)), default=str)
            if self._keeps and len(row.json) <= _LARGEST_KEPT:
                if len(self._kept) >= _FACES_KEPT:
                    self._kept.clear()
                self._kept[row.json] = text
        return text

    def _members(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._shown is None:
            return record
        found = {member: record[member] for member in self._shown if member in record}
        found.update({member: record[member] for member in self._always if record.get(member) is not None})
        return found


def _shape(api: Api, resource: Resource, parameters: Envelope) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """How a record's members are laid out in a body."""
    if parameters.style == "jsonapi":
        return _resource_object(api, resource)
    path = tokens(parameters.attributes, resource)
    if not path:
        return lambda members: members
    return lambda members: put({resource.key: members.get(resource.key)}, path, {name: value for name, value in members.items() if name != resource.key})


def _resource_object(api: Api, resource: Resource) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A JSON:API resource object: the key as id, parents as relationships, everything else as attributes."""
    parents = [(parent, parent.member.removesuffix("_id"), api.spec.resources[parent.resource].type) for parent in resource.parents]
    apart = {resource.key, *(parent.member for parent in resource.parents)}

    def shape(members: Mapping[str, Any]) -> Mapping[str, Any]:
        found: dict[str, Any] = {"id": str(members.get(resource.key)), "type": resource.type}
        found["attributes"] = {name: value for name, value in members.items() if name not in apart}
        if parents:
            found["relationships"] = {name: {"data": _linkage(kind, members.get(parent.member))} for parent, name, kind in parents}
        return found

    return shape


def _linkage(kind: str, key: Any) -> dict[str, str] | None:
    return None if key is None else {"type": kind, "id": str(key)}


def _include_parameter(api: Api) -> str:
    for clause in api.spec.clauses.values():
        if clause.rule == "include_gives_full_linkage_or_refusal" and clause.arguments is not None:
            return str(clause.arguments.parameter)  # type: ignore[attr-defined]
    return "include"


def _asking(resource: Resource, parameter: str) -> Step:
    """Reads what is to be shown: sparse fieldsets, and an include, refused where it is no relationship; `_included` then gathers those that are."""
    parents = {parent.member.removesuffix("_id"): parent for parent in resource.parents}

    def check(call: Call) -> Answer:
        call.fields = _fields(call.query)
        text = call.query.get(parameter)
        if text is None:
            return None
        asked = [name for name in dict.fromkeys(text.split(",")) if name]
        for name in asked:
            if name not in parents:
                return Refusal("unsupported_include", {"name": name, "param": parameter})
        call.asked = tuple(parents[name] for name in asked)
        return None

    return check


def _fields(query: Mapping[str, str]) -> dict[str, frozenset[str]] | None:
    found = {}
    for name, text in query.items():
        if name.startswith("fields") and (match := _SPARSE.fullmatch(name)) is not None:
            found[match[1]] = frozenset(text.split(","))
    return found or None


def _sparse(shown: Mapping[str, Any], fields: Mapping[str, frozenset[str]]) -> Mapping[str, Any]:
    """A resource object with no other attributes and relationships than its type's fields; whole where nothing was said of the type."""
    wanted = fields.get(str(shown["type"]))
    if wanted is None:
        return shown
    found = dict(shown)
    for place in ("attributes", "relationships"):
        if place in found:
            found[place] = {name: value for name, value in found[place].items() if name in wanted}
            if not found[place]:
                del found[place]
    return found


def _included(api: Api, call: Call, parameters: Envelope, asked: tuple[Parent, ...]) -> list[Any]:
    """The resource objects of the parents asked for, each once."""
    found: dict[tuple[str, str], Any] = {}
    for row in call.rows or ([call.row] if call.row is not None else []):
        for parent in asked:
            key = row.record.get(parent.member)
            target = None if key is None else api.row_of(call, parent.resource, key)
            resource = api.spec.resources[parent.resource]
            if target is not None and (not resource.owned or target.account == account_of(call)):
                shown = _shape(api, resource, parameters)(target.record)
                found.setdefault((resource.type, target.key), shown if call.fields is None else _sparse(shown, call.fields))
    return list(found.values())
