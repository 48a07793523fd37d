"""What JSON:API says of creates: the answer to a valid one, to one of another type, and to one with an id of the client."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from conformance.check import Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.payloads import MARK
from conformance.reading import agrees
from conformance.schemas import mismatch
from conformance.steps import calls, writes
from conformance.steps.aiming import overloaded, passing, stands_in_list, text_of_ours
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from specs.model import Operation, Resource

__all__ = ["answers", "other_type", "own_id"]

_CREATED = 201


def answers(exam: Exam, operation: Operation) -> Flow:
    """Makes a record as it should be: 201 with the resource, 202 or 204."""
    resource = exam.spec.resources[operation.resource or ""]
    exchange = yield from calls.valid(exam, operation)
    response = exchange.response
    if response is None or not 200 <= response.status <= 299:
        told = writes.told(exam, response) if response else "nothing"
        return Inconclusive(f"{operation.id} was answered with {told}", f"a payload that works, as `create` under [resources.{resource.name}]")
    if response.status in (202, 204):
        return Passed(f"{operation.id} answers {response.status}")
    document = exam.read.document(response)
    data = document.get("data") if isinstance(document, Mapping) else None
    if response.status != 201 or not isinstance(data, Mapping):
        observed = f"{response.status}{'' if isinstance(data, Mapping) else ' without a resource at /data'}"
        return Failed("201 with the resource, 202 or 204", observed, operation=operation.id)
    if data.get("type") != resource.type or not isinstance(data.get("id"), str):
        return Failed(f"a resource of type {resource.type!r} with an id", f"type {data.get('type')!r}, id {data.get('id')!r}", operation=operation.id)
    lost = yield from _not_kept(exam, operation, resource)
    if lost:
        return Failed("a resource that is kept as the create answered it", lost, operation=operation.id)
    return Passed(f"{operation.id} answers 201 with the resource")


def _not_kept(exam: Exam, operation: Operation, resource: Resource) -> Steps[str]:
    """What a read shows otherwise than the create answered it, of the values given: letters outside of ASCII, zeros and references; or nothing."""
    given = yield from exam.payload(resource)
    parents = yield from calls.parents_for(exam, operation, given)
    for members in ({name: _easily_lost(exam, resource, name, value) for name, value in given.items()}, given):
        response = yield exam.ask.operation(operation, members=members, parents=parents)
        if exam.read.succeeded(response):
            break
    answered = passing(exam, response, resource)
    if answered is None or response.status != _CREATED or answered.get(resource.key) is None:
        return ""
    read = yield from writes.read_back(exam, exam.made(resource, members, response, "full"))
    shown = passing(exam, read, resource) if read is not None else None
    as_answered = [name for name, value in members.items() if agrees(value, answered.get(name))]
    return "; ".join(writes.differences(exam, resource, members, shown, as_answered)[:2]) if shown is not None else ""


def _easily_lost(exam: Exam, resource: Resource, name: str, value: Any) -> Any:
    """A value of the same kind that a careless store loses; a server may refuse it."""
    if isinstance(value, str) and value.startswith(MARK) and exam.payloads.run in value and "@" not in value:
        return f"{value} é漢"
    schema = exam.payloads.schema(resource).get("properties", {}).get(name, {})
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return 0 if is_number and mismatch(schema, 0) is None else value


def _document(exam: Exam, operation: Operation) -> Steps[dict[str, Any]]:
    """The body of a valid create, to be made invalid in one way."""
    resource = exam.spec.resources[operation.resource or ""]
    given = yield from exam.payload(resource)
    request = exam.ask.operation(operation, members=given)
    document = exam.read.document(Response(200, (), request.body or b"{}"))
    return document if isinstance(document, dict) and isinstance(document.get("data"), dict) else {"data": {}}


def other_type(exam: Exam, operation: Operation) -> Flow:
    """Makes a record of another type than the list's: refused."""
    document = yield from _document(exam, operation)
    document["data"]["type"] = "zz_proctor"
    parents = yield from exam.parents_of(operation)
    response = yield exam.ask.operation(operation, document=document, parents=parents)
    judged = exam.read.answered("conflict", response)
    if response.status in (401, 403) or overloaded(response):
        return Inconclusive(f"{operation.id} with another type was answered with {response.status}")
    if judged.fine:
        resource = exam.spec.resources[operation.resource or ""]
        if (yield from _made_all_the_same(exam, resource, document)):
            return Failed(f"no new {resource.singular} where its type is refused", "it is in the list", operation=operation.id)
        return Passed(f"{operation.id} refuses another type with {response.status}", (judged.remark,) if judged.remark else ())
    return Failed(f"{judged.expected} for a resource of another type", writes.told(exam, response), operation=operation.id)


def own_id(exam: Exam, operation: Operation) -> Flow:
    """Makes a record with an id of our own: refused, or used."""
    resource = exam.spec.resources[operation.resource or ""]
    document = yield from _document(exam, operation)
    known = yield from exam.known(resource)
    numbers = bool(known) and all(str(record.get(resource.key)).isdigit() for record in known)
    chosen = "987654321" if numbers else str(uuid.uuid4())
    document["data"]["id"] = chosen
    parents = yield from exam.parents_of(operation)
    response = yield exam.ask.operation(operation, document=document, parents=parents)
    if exam.read.succeeded(response):
        return _taken_id(exam, operation, resource, chosen, response)
    judged = exam.read.answered("client_id", response)
    if judged.fine:
        if (yield from _made_all_the_same(exam, resource, document)):
            return Failed(f"no new {resource.singular} where its id is refused", "it is in the list", operation=operation.id)
        return Passed(f"{operation.id} refuses an id with {response.status}", (judged.remark,) if judged.remark else ())
    if overloaded(response):
        return Inconclusive(f"{operation.id} with an id was answered with {response.status}")
    return Failed(f"{judged.expected} for an id, or a resource of that id", writes.told(exam, response), operation=operation.id)


def _made_all_the_same(exam: Exam, resource: Resource, document: Mapping[str, Any]) -> Steps[bool]:
    """Whether the record of a refused create stands in the list."""
    attributes = document["data"].get("attributes")
    return (yield from stands_in_list(exam, resource, text_of_ours(exam, attributes if isinstance(attributes, Mapping) else {})))


def _taken_id(exam: Exam, operation: Operation, resource: Resource, chosen: str, response: Response) -> Verdict:
    """A client's id may be taken, but not taken away in silence."""
    record = passing(exam, response, resource) if response.body.strip() else {resource.key: chosen}
    if record is not None and str(record.get(resource.key)) == chosen:
        return Passed(f"{operation.id} uses an id that is given")
    found = record.get(resource.key) if record else None
    return Failed(f"403 for an id, or a resource of that id ({chosen})", f"{response.status} with the id {found!r}", operation=operation.id)
