"""Writes the free texts of a record, with letters and signs that mean something to a charset, a page or a database: what is taken comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.check import Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.steps import calls, writes
from conformance.steps.aiming import passing
from conformance.steps.patience import patient
from conformance.verdict import Failed, Passed
from specs.conventions.actions import Actions
from specs.model import Operation, Resource

__all__ = ["come_back", "name_comes_back"]

_TEXT = ' Žofia O\'Neil & "Söhne" of the Harbour Office'
"""What is written behind a text of ours: no markup, so that nobody has a reason to strip it, and no longer than a name may be."""

_LATIN = """ & O'Neil "Söhne\""""
"""The same for a name alone, for which a database may know one alphabet."""


@patient
def come_back(exam: Exam, operation: Operation) -> Flow:
    """Gives every free text, and of closed sets another value than usual: whether they are taken is open, but not that they are changed."""
    resource = exam.spec.resources[operation.resource or ""]
    texts, chosen = (yield from _texts(exam, resource, operation)), (yield from _chosen(exam, resource, operation))
    return (yield from _kept(exam, operation, ({**texts, **chosen}, texts)))


def name_comes_back(exam: Exam, operation: Operation) -> Flow:
    """Gives a free text that a create needs, such as a name: as above, and the server must not fail on it."""
    texts = yield from _texts(exam, exam.spec.resources[operation.resource or ""], operation, _LATIN)
    plain = yield from exam.payload(exam.spec.resources[operation.resource or ""])
    name = next((name for name in plain if name in texts), None)
    return (yield from _kept(exam, operation, ({name: texts[name]},) if name is not None else ()))


def _kept(exam: Exam, operation: Operation, attempts: Iterable[Mapping[str, Any]]) -> Flow:
    """The verdict on the first of the writes that is taken, or a remark where none is."""
    resource = exam.spec.resources[operation.resource or ""]
    refused: tuple[str, ...] = ()
    for given in filter(None, attempts):
        response, key = yield from _written(exam, resource, operation, given)
        if writes.fails_itself(exam, response):
            return Failed(f"{resource.one} with {given} taken or refused", writes.told(exam, response), operation=operation.id)
        record = passing(exam, response, resource)
        if record is None:
            refused = (f"{operation.id} answers odd texts ({', '.join(map(repr, given.values()))}) with {response.status}",)
            continue
        read = yield from _read(exam, resource, key or record.get(resource.key))
        for shown, how in ((record, "in the answer"), (read, "in a read afterwards")):
            wrong = writes.differences(exam, resource, given, shown, given)
            if wrong:
                return Failed(f"the values that were given {how}", "; ".join(wrong[:3]), operation=operation.id)
        return Passed(f"{operation.id} keeps {', '.join(given)}")
    return Passed(f"{operation.id} was asked to keep texts", refused)


def _read(exam: Exam, resource: Resource, key: Any) -> Steps[Mapping[str, Any]]:
    """The record of that id; no members where nothing reads it."""
    if key in (None, "") or exam.operation(resource, "read") is None:
        return {}
    return passing(exam, (yield from exam.fetch(resource, str(key))), resource) or {}


def _written(exam: Exam, resource: Resource, operation: Operation, given: Mapping[str, Any]) -> Steps[tuple[Response, str]]:
    """The answer to a create or update with these members, and the id of the record that was updated (empty for a create)."""
    if operation.effect != "create":
        own = yield from exam.make(resource)
        return (yield from writes.sent(exam, operation, own, given)), own.key
    members = {**(yield from exam.payload(resource)), **given}
    parents = yield from calls.parents_for(exam, operation, members)
    return (yield exam.ask.operation(operation, members=members, parents=parents)), ""


def _texts(exam: Exam, resource: Resource, operation: Operation, text: str = _TEXT) -> Steps[dict[str, Any]]:
    """Texts for all members that take any; tags are left out, as they may be put in another form."""
    actions: Actions | None = next((group.parameters for group in exam.spec.groups.values() if group.kind == "actions"), None)
    tags = actions.timer.tags if actions is not None and actions.timer is not None else None
    plain = yield from exam.payload(resource)
    found: dict[str, Any] = {}
    for name, schema in calls.writable(exam, resource, operation.effect or "").items():
        types = schema.get("type")
        free = not {"enum", "format", "pattern", "maxLength"} & set(schema)
        if free and set(types if isinstance(types, list) else [types]) <= {"string", "null"} and (tags is None or tags.member != name):
            own = plain.get(name)
            found[name] = (own if isinstance(own, str) and exam.payloads.run in own else f"Proctor {exam.payloads.run}") + text
    return found


def _chosen(exam: Exam, resource: Resource, operation: Operation) -> Steps[dict[str, Any]]:
    """Of each closed set of texts a value other than a plain create gives, which is often the default."""
    plain = yield from exam.payload(resource)
    found: dict[str, Any] = {}
    for name, schema in calls.writable(exam, resource, operation.effect or "").items():
        texts = [value for value in schema.get("enum", ()) if isinstance(value, str) and value not in ("true", "false")]
        other = next((value for value in texts if value.casefold() != str(plain.get(name, texts[0])).casefold()), None)
        found |= {name: other} if other is not None else {}
    return found
