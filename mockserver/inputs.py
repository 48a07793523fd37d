"""Takes a record's members out of a request, wherever the envelope says they stand, and holds them against their schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.pipeline import EMPTY, Call, Refusal
from mockserver.pointer import ABSENT, Tokens, fetch, tokens
from mockserver.reading import nested
from mockserver.schemas import Validator, properties
from mockserver.values import MISFIT, coerce, types_of
from specs.conventions.envelope import Envelope
from specs.conventions.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Resource

__all__ = ["Inputs"]

Members = dict[str, Any]

_EXACT = 2**53
"""Up to here a number with a fraction or an exponent is read to its last digit."""


class Inputs:
    """What a create or update of one operation takes: compiled once, asked for each call."""

    def __init__(self, api: Api, served: Served) -> None:
        assert served.resource is not None
        self._api = api
        self._resource: Resource = served.resource
        self._creates = served.effect == "create"
        envelope: Envelope = api.parameters("envelope", served)
        lifecycle: Lifecycle = api.parameters("lifecycle", served)
        self._place = envelope.input.place
        self._jsonapi = envelope.style == "jsonapi"
        self._root = tokens(envelope.input.root, self._resource)
        self._constants = [(tokens(pointer), value) for pointer, value in envelope.input.constant.items()]
        self._client_ids = lifecycle.client_ids
        self._merges = not self._creates and served.effect != "replace" and lifecycle.update == "merge"
        self._as_text = lifecycle.as_text.get(self._resource.name, [])
        self._lower_case = lifecycle.lower_case.get(self._resource.name, [])
        self._causes = (lifecycle.cause, _missing_cause(api, served, lifecycle.cause))
        written = _written_schema(served, self._place, self._root)
        self._known = _known_members(self._resource)
        self._silent = {*lifecycle.read_only.get(self._resource.name, ()), *_read_only(written), *_read_only(self._resource.schema)}
        self._schema = self._write_schema(written or self._resource.schema)
        self._validator = Validator(self._schema)
        self._whole = [name for name, schema in self._schema["properties"].items() if "integer" in (types := types_of(schema)) and "number" not in types]
        self._key_validator = Validator(self._resource.key_schema) if self._resource.key_schema else None

    def _write_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema of the members that a write may give: without silent ones, and without the key."""
        silent = {*self._silent, self._resource.key}
        kept = {key: value for key, value in schema.items() if key not in ("properties", "required", "allOf")}
        kept["type"] = "object"
        described = {**properties(self._resource.schema), **properties(schema)}
        kept["properties"] = {name: value for name, value in described.items() if name not in silent}
        if not self._merges:
            kept["required"] = [name for name in _required(schema) if name not in silent]
        return kept

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema that the members given are held against."""
        return self._schema

    def gather(self, call: Call, first: Callable[[Call, Members], Refusal | None]) -> list[Members] | Refusal:
        """The members of each record that came in, typed and valid, or a refusal; `first` may refuse them before they are held against the schema."""
        documents = self._documents(call)
        if isinstance(documents, Refusal):
            return documents
        found = []
        for number, document in enumerate(documents):
            members = self._members(call, document)
            checked = members if isinstance(members, Refusal) else first(call, members) or self._checked(call, members)
            if isinstance(checked, Refusal):
                return self._numbered(call, checked, number)
            found.append(checked)
        return found

    def _numbered(self, call: Call, refusal: Refusal, number: int) -> Refusal:
        """The refusal; where it is of one of several records, its pointer leads to that one."""
        pointer = str(refusal.values.get("pointer", ""))
        if not (self._jsonapi and call.bulk and pointer and isinstance(call.body, dict) and isinstance(call.body.get(self._root[0]), list)):
            return refusal
        return Refusal(refusal.cause, {**refusal.values, "pointer": pointer.replace(f"/{self._root[0]}", f"/{self._root[0]}/{number}", 1)})

    def _refuse(self, name: str, *, missing: bool = False, before: Tokens = ()) -> Refusal:
        pointer = "".join(f"/{token}" for token in (*before, name)) if name else ""
        values = {"name": name or "body", "param": name or "body", "pointer": pointer, "reason": "missing" if missing else "invalid"}
        return Refusal(self._causes[missing], values)

    def _documents(self, call: Call) -> Iterable[Any] | Refusal:
        """The bodies that hold one record each: one, or those of a bulk request."""
        body = call.body
        if body is EMPTY or self._place != "body":
            return [body]
        container = self._root[:1] if self._jsonapi else ()
        several = fetch(body, container)
        if not isinstance(several, list):
            return [body] if isinstance(body, dict) else Refusal("malformed", {"name": "body"})
        bulk = self._api.spec.group_of_kind("content_negotiation")
        if bulk is None or bulk.parameters.bulk is None:
            return self._refuse(container[0]) if container else Refusal("malformed", {"name": "body"})
        if not call.bulk or not self._creates:
            return Refusal("bulk", {"name": container[0] if container else "body"})
        if not several:
            return self._refuse(container[0] if container else "")
        return [{container[0]: item} if container else item for item in several]

    def _members(self, call: Call, document: Any) -> Members | Refusal:
        if self._place != "body":
            return self._scattered(call, document)
        if document is EMPTY:
            if call.form is not None:
                return self._typed(nested(call.form, self._resource.singular))
            return self._refuse(self._root[0], missing=True) if self._root else {}
        if not isinstance(document, dict):
            return Refusal("malformed", {"name": "body"})
        if self._root and not isinstance(fetch(document, self._root[:1]), dict):
            return self._refuse(self._root[0], missing=self._root[0] not in document)
        clash = self._clash(call, document)
        if clash is not None:
            return clash
        members = fetch(document, self._root)
        if members is ABSENT:
            members = {}
        if not isinstance(members, dict):
            return self._refuse(self._root[-1], before=self._root[:-1])
        return self._related(document, dict(members)) if self._jsonapi else dict(members)

    def _clash(self, call: Call, document: Any) -> Refusal | None:
        """What is wrong with the fixed members of the body, such as JSON:API's type and id."""
        for path, wanted in self._constants:
            value = fetch(document, path)
            values = {"name": path[-1], "param": path[-1], "pointer": "/" + "/".join(path), "value": value}
            if wanted == "{id}":
                if self._creates:
                    if value is not ABSENT and self._client_ids == "refuse":
                        return Refusal("client_id", values)
                elif value is not ABSENT and (call.row is None or str(value) != call.row.key):
                    return Refusal("conflict", values)
                continue
            expected = wanted.replace("{type}", self._resource.type) if isinstance(wanted, str) else wanted
            if value is ABSENT:
                return self._refuse(path[-1], missing=True, before=path[:-1])
            if value != expected:
                return Refusal("conflict", values)
        return None

    def _related(self, document: Any, members: Members) -> Members | Refusal:
        """Adds the parents that JSON:API's relationships name."""
        data = document[self._root[0]]
        relationships = data.get("relationships", {})
        if not isinstance(relationships, dict):
            return self._refuse("relationships", before=self._root[:1])
        for parent in self._resource.parents:
            name = parent.member.removesuffix("_id")
            if name not in relationships:
                continue
            linkage = fetch(relationships, (name, "data"))
            if linkage is None:
                members[parent.member] = None
                continue
            kind = self._api.spec.resources[parent.resource].type
            if not isinstance(linkage, dict) or linkage.get("type") != kind or not isinstance(linkage.get("id"), str):
                return self._refuse(name, before=(*self._root[:1], "relationships"))
            value = coerce(linkage["id"], self._api.member_schema(self._resource, parent.member) or {})
            members[parent.member] = linkage["id"] if value is MISFIT else value
        if self._creates and "id" in data and self._client_ids == "use":
            members[self._resource.key] = data["id"]
        return members

    def _scattered(self, call: Call, document: Any) -> Members | Refusal:
        """The members of an API that takes them from anywhere: query, form, or a JSON body, flat or under the record's name."""
        texts = {**nested(call.query, self._resource.singular), **(nested(call.form, self._resource.singular) if call.form else {})}
        members = self._typed(texts)
        if document is EMPTY:
            return members
        if not isinstance(document, dict):
            return Refusal("malformed", {"name": "body"})
        inner = document.get(self._resource.singular, {})
        if not isinstance(inner, dict):
            return self._refuse(self._resource.singular)
        members.update({name: value for name, value in document.items() if name in self._known})
        members.update(inner)
        return members

    def _typed(self, texts: Mapping[str, str]) -> Members:
        """Texts as values of their members' types; what fits none stays text, for the schema to refuse."""
        found = {}
        for name, text in texts.items():
            if name in self._known:
                value = coerce(text, self._schema["properties"].get(name) or self._api.member_schema(self._resource, name) or {})
                found[name] = text if value is MISFIT else value
        return found

    def _checked(self, call: Call, members: Members) -> Members | Refusal:
        """The members without those that a write is silent about, valid, with the key where the client may give it."""
        key = members.pop(self._resource.key, None)
        for name in self._silent:
            members.pop(name, None)
        for name in self._as_text:
            if isinstance(members.get(name), bool):
                members[name] = "true" if members[name] else "false"
        for name in self._lower_case:
            if isinstance(members.get(name), str):
                members[name] = members[name].lower()
        members = {**members, **call.parents} if self._creates else {**call.parents, **members}
        before = self._root if self._place == "body" else ()
        problem = self._validator.problem(members)
        if problem is not None:
            return Refusal(self._causes[problem.missing], problem.values(before))
        inexact = _made_whole(members, self._whole)
        if inexact is not None:
            return self._refuse(inexact, before=before)
        if self._known and not self._resource.schema.get("additionalProperties"):
            members = {name: value for name, value in members.items() if name in self._known}
        if self._creates and key is not None and self._client_ids != "ignore":
            return self._with_key(members, key)
        return members

    def _with_key(self, members: Members, key: Any) -> Members | Refusal:
        name = self._resource.key
        if self._client_ids == "refuse":
            return Refusal("client_id", {"name": name, "param": name, "value": key})
        if not isinstance(key, str | int) or isinstance(key, bool) or (self._key_validator is not None and not self._key_validator.accepts(key)):
            return self._refuse(name, before=self._root)
        return {name: key, **members}


def _made_whole(members: Members, names: Iterable[str]) -> str | None:
    """Makes whole numbers of what was written as `1.0` or `1e3`; gives the name of one so large that not all its digits were read."""
    for name in names:
        value = members.get(name)
        if isinstance(value, float):
            if abs(value) > _EXACT:
                return name
            members[name] = int(value)
    return None


def _missing_cause(api: Api, served: Served, cause: str) -> str:
    """The cause of a member that is missing: one of its own, where the API tells a wrong parameter from a missing one."""
    causes = api.parameters("errors", served).causes
    if cause == "invalid_record" and cause in causes:
        return "missing_parameter" if _same_answer(causes, cause) else cause
    return "missing_parameter" if "missing_parameter" in causes else cause


def _same_answer(causes: Mapping[str, Any], cause: str) -> bool:
    missing = causes.get("missing_parameter")
    return missing is not None and missing.status == causes[cause].status


def _known_members(resource: Resource) -> frozenset[str]:
    members = {*properties(resource.schema), *(parent.member for parent in resource.parents)}
    return frozenset({*members, resource.key}) if members else frozenset()


def _required(schema: Mapping[str, Any]) -> list[str]:
    found = list(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        found.extend(_required(part))
    return found


def _read_only(schema: Mapping[str, Any] | None) -> set[str]:
    return {name for name, value in properties(schema).items() if isinstance(value, Mapping) and value.get("readOnly") is True}


def _written_schema(served: Served, place: str, root: Tokens) -> Mapping[str, Any] | None:
    """The schema of the members in the operation's own request, or None where it has none."""
    operation = served.operation
    assert operation is not None
    assert served.resource is not None
    if place == "query":
        known = _known_members(served.resource)
        listed = [parameter for parameter in operation.parameters if parameter.place == "query" and (not known or parameter.name in known)]
        body = (_inside(operation.body.media[0].schema, ()) if operation.body is not None and operation.body.media else None) or {}
        if not listed and not body:
            return None
        required = {*_required(body), *(parameter.name for parameter in listed if parameter.required)}
        return {"properties": {**{parameter.name: parameter.schema for parameter in listed}, **properties(body)}, "required": sorted(required)}
    if operation.body is None or not operation.body.media:
        return None
    return _inside(operation.body.media[0].schema, root)


def _inside(schema: Any, path: Tokens) -> Mapping[str, Any] | None:
    """The schema at a place of a body, looked for in all branches."""
    if not isinstance(schema, Mapping):
        return None
    if not path:
        return schema if properties(schema) else None
    inner = properties(schema).get(path[0])
    found = _inside(inner, path[1:])
    if found is not None:
        return found
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found = _inside(branch, path)
        if found is not None:
            return found
    return None
