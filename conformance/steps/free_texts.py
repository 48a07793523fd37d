"""Writes the free texts of a record, in capitals and small letters of more than one alphabet: what is taken comes back as it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.check import Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.steps import calls, writes
from conformance.steps.aiming import passing
from conformance.verdict import Failed, Passed
from specs.conventions.actions import Actions
from specs.model import Operation, Resource

__all__ = ["come_back"]

_TEXT = ' Žofia O\'Neil & "Co" of the Harbour Office'
"""What is written behind a text of ours: no markup, so that nobody has a reason to strip it, and no longer than a name may be."""


def come_back(exam: Exam, operation: Operation) -> Flow:
    """Gives every free text, and of closed sets another value than usual: whether they are taken is open, but not that they are changed."""
    resource = exam.spec.resources[operation.resource or ""]
    texts, chosen = (yield from _texts(exam, resource, operation)), (yield from _chosen(exam, resource, operation))
    for given in ({**texts, **chosen}, texts):
        response, key = yield from _written(exam, resource, operation, given)
        record = passing(exam, response, resource)
        if record is None or not given:
            continue
        read = yield from exam.fetch(resource, key or str(record.get(resource.key)))
        for shown, how in ((record, "in the answer"), (passing(exam, read, resource) or {}, "in a read afterwards")):
            wrong = writes.differences(exam, resource, given, shown, given)
            if wrong:
                return Failed(f"the values that were given {how}", "; ".join(wrong[:3]), operation=operation.id)
        return Passed(f"{operation.id} keeps {', '.join(given)}")
    return Passed(f"{operation.id} was asked to keep texts", (f"{operation.id} answers {', '.join(texts)} of odd texts with {response.status}",))


def _written(exam: Exam, resource: Resource, operation: Operation, given: Mapping[str, Any]) -> Steps[tuple[Response, str]]:
    """The answer to a create or update with these members, and the id of the record that was updated (empty for a create)."""
    if operation.effect != "create":
        own = yield from exam.make(resource)
        return (yield from writes.sent(exam, operation, own, given)), own.key
    members = {**(yield from exam.payload(resource)), **given}
    parents = yield from calls.parents_for(exam, operation, members)
    return (yield exam.ask.operation(operation, members=members, parents=parents)), ""


def _texts(exam: Exam, resource: Resource, operation: Operation) -> Steps[dict[str, Any]]:
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
            found[name] = (own if isinstance(own, str) and exam.payloads.run in own else f"Proctor {exam.payloads.run}") + _TEXT
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
