"""Wraps data in the API's envelope, and writes it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.behaviours.isolation import account_of
from mockserver.breaking import Change, after, last_only, records_in, refused, rewrite, succeeded, thaw, violating
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Site, Stage, Step
from mockserver.pointer import ABSENT, Tokens, fetch, put, tokens
from mockserver.store import Row
from specs.conventions.envelope import Envelope
from specs.conventions.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Parent, Resource, Spec

__all__ = ["FAULTS", "steps"]

Face = Callable[[Call, Row], Any]
"""What an operation shows of a row."""


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Builds the document of a success, and writes any document as JSON."""
    found: dict[Stage, Step] = {Stage.ENCODING: _encode}
    if served.stateful and served.resource is not None:
        parameters: Envelope = group.parameters
        found[Stage.DOCUMENT] = _document(api, served, parameters)
        if parameters.style == "jsonapi" and served.effect in ("list", "read"):
            found[Stage.VALIDATION] = _including(served.resource, _include_parameter(api))
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
    face = _face(api, served, parameters)
    constant = [(tokens(pointer), value) for pointer, value in parameters.constant.items()]
    if parameters.outcome is not None:
        constant.insert(0, (tokens(parameters.outcome.member), parameters.outcome.success[0]))
    if served.effect == "list":
        return _list_document(parameters, served.resource, face, constant)
    item = tokens(parameters.item, served.resource)
    if served.effect == "delete":
        return _delete_document(api.parameters("lifecycle", served), item, face, constant)
    single = tokens(parameters.items, served.resource)

    def document(call: Call) -> Answer:
        assert call.row is not None
        if call.bulk and len(call.rows) > 1:
            call.document = _wrapped(call, single, [face(call, row) for row in call.rows], constant)
        else:
            call.document = _wrapped(call, item, face(call, call.row), constant)
        return None

    return document


def _list_document(parameters: Envelope, resource: Resource, face: Face, constant: list[tuple[Tokens, Any]]) -> Step:
    items = tokens(parameters.items, resource)
    count = tokens(parameters.count, resource) if parameters.count is not None else None

    def document(call: Call) -> Answer:
        shown = [face(call, row) for row in call.rows]
        if count is not None:
            call.extras.append((count, len(shown)))
        call.document = _wrapped(call, items, shown, constant)
        return None

    return document


def _delete_document(lifecycle: Lifecycle, item: Tokens, face: Face, constant: list[tuple[Tokens, Any]]) -> Step:
    def document(call: Call) -> Answer:
        if lifecycle.delete_body == "record" and call.row is not None:
            call.document = _wrapped(call, item, face(call, call.row), constant)
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


def _face(api: Api, served: Served, parameters: Envelope) -> Face:
    assert served.resource is not None
    resource = served.resource
    lifecycle: Lifecycle = api.parameters("lifecycle", served)
    shown = lifecycle.shown.get(served.id)
    always = tuple(lifecycle.shown_with_value.get(resource.name, ()))
    shape = _shape(api, resource, parameters)
    name = (resource.name, tuple(shown) if shown is not None else None)

    def members(call: Call, row: Row) -> Mapping[str, Any]:
        live = call.live.get(row.key) if call.live is not None else None
        record = row.record if live is None else {**row.record, **live}
        if shown is None:
            return record
        found = {member: record[member] for member in shown if member in record}
        found.update({member: record[member] for member in always if record.get(member) is not None})
        return found

    def face(call: Call, row: Row) -> Any:
        if call.live is not None:
            return shape(members(call, row))
        kept = row.faces.get(name)
        if kept is None:
            kept = row.faces[name] = orjson.Fragment(orjson.dumps(shape(members(call, row)), default=str))
        return kept

    return face


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


def _including(resource: Resource, parameter: str) -> Step:
    """Refuses an include that is no relationship; `_included` then gathers those that are."""
    parents = {parent.member.removesuffix("_id"): parent for parent in resource.parents}

    def check(call: Call) -> Answer:
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


def _included(api: Api, call: Call, parameters: Envelope, asked: tuple[Parent, ...]) -> list[Any]:
    """The resource objects of the parents asked for, each once."""
    found: dict[tuple[str, str], Any] = {}
    for row in call.rows or ([call.row] if call.row is not None else []):
        for parent in asked:
            key = row.record.get(parent.member)
            target = None if key is None else api.row_of(call, parent.resource, key)
            resource = api.spec.resources[parent.resource]
            if target is not None and (not resource.owned or target.account == account_of(call)):
                found.setdefault((resource.type, target.key), _shape(api, resource, parameters)(target.record))
    return list(found.values())


def _root(call: Call, site: Site) -> tuple[Tokens, Any]:
    """Where the data stand, and what stands there, in the thawed document."""
    parameters, served = site.api.parameters("envelope", site.served), site.served
    path = tokens(parameters.items if served.effect == "list" else parameters.item, served.resource)
    return path, fetch(thaw(call), path)


def _bare(call: Call, site: Site) -> None:
    data = _root(call, site)[1]
    call.document = data if data is not ABSENT else call.document


def _under(name: str) -> Change:
    """Puts the data under another root."""

    def change(call: Call, site: Site) -> None:
        path, data = _root(call, site)
        if data is not ABSENT:
            wanted = name if path != (name,) else name + "s"
            rest = {key: value for key, value in call.document.items() if key != path[0]} if isinstance(call.document, dict) and path else {}
            call.document = {wanted: data, **rest}

    return change


def _counted(change: Callable[[int], Any]) -> Change:
    def apply(call: Call, site: Site) -> None:
        call.document = rewrite(thaw(call), [site.parameters.count or ""], change)

    return apply


def _schema(site: Site, call: Call) -> Mapping[str, Any]:
    """What the clause's member must match in this answer."""
    arguments = site.arguments
    return arguments.always or (arguments.on_failure if call.refusal is not None else arguments.on_success) or {}


def _without_member(call: Call, site: Site) -> None:
    at, schema = site.arguments.at, _schema(site, call)
    if not schema or call.document is EMPTY:
        return
    if at:
        call.document = rewrite(thaw(call), [at], lambda value: ABSENT)  # noqa: ARG005
    else:
        for name in schema.get("required", [])[-1:]:
            call.document = rewrite(thaw(call), [f"/{name}"], lambda value: ABSENT)  # noqa: ARG005


def _wrong_member(call: Call, site: Site) -> None:
    schema = _schema(site, call)
    wrong = violating(schema) if schema and call.document is not EMPTY else ABSENT
    if wrong is not ABSENT:
        call.document = put(thaw(call), tokens(site.arguments.at), wrong)


def _outcome(value: Callable[[Site], Any]) -> Change:
    def change(call: Call, site: Site) -> None:
        member, made = site.parameters.outcome.member, value(site)
        if call.document is not EMPTY:
            call.document = rewrite(thaw(call), [member], lambda found: made)  # noqa: ARG005

    return change


def _flat(record: dict[str, Any]) -> None:
    record.update(record.pop("attributes", {}))


def _number_as_id(record: dict[str, Any]) -> None:
    record["id"] = int(record["id"]) if str(record.get("id", "")).isdecimal() else 0


def _id_inside(record: dict[str, Any]) -> None:
    if isinstance(record.get("attributes"), dict):
        record["attributes"]["id"] = record.pop("id", None)


def _in_objects(change: Callable[[dict[str, Any]], Any]) -> Change:
    def apply(call: Call, site: Site) -> None:
        for record in records_in(call, site):
            change(record)

    return apply


def _errors_beside(call: Call, site: Site) -> None:  # noqa: ARG001
    if isinstance(thaw(call), dict):
        call.document["errors"] = []


def _not_included(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Lets any include pass, and does nothing about it."""

    def broken(call: Call) -> Answer:
        step(call)
        call.asked = None
        return None

    return broken


def _with_stranger(call: Call, site: Site) -> None:
    if "included" in (thaw(call) or {}):
        call.document["included"].append({"id": "0", "type": "strangers" if site.served.resource is None else site.served.resource.type, "attributes": {}})


def _one_twice(call: Call, site: Site) -> None:  # noqa: ARG001
    document = thaw(call)
    if isinstance(document, dict) and document.get("included"):
        document["included"].append(document["included"][0])


def _one_left_out(call: Call, site: Site) -> None:  # noqa: ARG001
    document = thaw(call)
    if isinstance(document, dict) and document.get("included"):
        document["included"].pop()


def _on_errors(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return bool(getattr(clause.arguments, "always", None) or getattr(clause.arguments, "on_failure", None))


_RENDERED = Stage.RENDERING

FAULTS = {
    "collection_has_its_root": {
        "bare": Fault("A list is the array itself.", _RENDERED, succeeded(_bare)),
        "other_root": Fault("A list stands under another root.", _RENDERED, succeeded(_under("items"))),
    },
    "single_has_its_root": {
        "bare": Fault("A record is the object itself.", _RENDERED, succeeded(_bare)),
        "other_root": Fault("A record stands under another root.", _RENDERED, succeeded(_under("item"))),
    },
    "count_is_the_number_of_items": {
        "one_more": Fault("The count is one too high.", _RENDERED, succeeded(_counted(lambda value: value + 1))),
        "text": Fault("The count is text.", _RENDERED, succeeded(_counted(str))),
        "missing": Fault("There is no count.", _RENDERED, succeeded(_counted(lambda value: ABSENT))),  # noqa: ARG005
    },
    "member_matches": {
        "missing": Fault("The member is missing.", _RENDERED, after(_without_member)),
        "wrong": Fault("The member has another form.", _RENDERED, after(_wrong_member)),
        "wrong_on_errors": Fault("On errors, the member has another form.", _RENDERED, refused(_wrong_member), fits=_on_errors),
    },
    "outcome_member_tells_success": {
        "success_on_failure": Fault("A failure is called a success.", _RENDERED, refused(_outcome(lambda site: site.parameters.outcome.success[0]))),
        "failure_on_success": Fault("A success is called an error.", _RENDERED, succeeded(_outcome(lambda site: "error"))),  # noqa: ARG005
        "number": Fault("The outcome is a number.", _RENDERED, after(_outcome(lambda site: 0))),  # noqa: ARG005
    },
    "lists_share_one_structure": {
        "other_root": Fault("One of the lists stands under another root.", _RENDERED, last_only(succeeded(_under("items")))),
        "bare": Fault("One of the lists is the array itself.", _RENDERED, last_only(succeeded(_bare))),
    },
    "jsonapi_document_is_valid": {
        "number_as_id": Fault("Ids are numbers.", _RENDERED, succeeded(_in_objects(_number_as_id))),
        "no_type": Fault("Resource objects have no type.", _RENDERED, succeeded(_in_objects(lambda record: record.pop("type", None)))),
        "flat": Fault("Members stand beside the id.", _RENDERED, succeeded(_in_objects(_flat))),
        "errors_beside": Fault("A document has both data and errors.", _RENDERED, succeeded(_errors_beside)),
        "id_inside": Fault("The id stands among the attributes.", _RENDERED, succeeded(_in_objects(_id_inside))),
    },
    "include_gives_full_linkage_or_refusal": {
        "ignored": Fault("An include is not looked at.", Stage.VALIDATION, _not_included),
        "stranger": Fault("What is included is linked from nowhere.", _RENDERED, succeeded(_with_stranger)),
        "twice": Fault("One resource is included twice.", _RENDERED, succeeded(_one_twice)),
        "left_out": Fault("One linked resource is not included.", _RENDERED, succeeded(_one_left_out)),
    },
}
