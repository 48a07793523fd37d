"""What there is: paths, members of records, and the contract of each operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from conformance.addressing import dig
from conformance.check import Broken, Check, Ended, Fine, Flow, Observation, Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, NotPermitted, Request, Response, Unreadable, Wait
from conformance.schemas import mismatch
from conformance.steps import calls, free_texts, writes
from conformance.steps.aiming import Aims, absent_key, overloaded, passing, stands_in_list, text_of_ours
from conformance.steps.findings import Findings
from conformance.steps.ordinary import ordinary
from conformance.steps.parts import each, watched
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.conventions.resources import Prefix, RecordMembers
from specs.model import Clause, Media, Operation, Resource

__all__ = ["CHECKS"]

_ON_PURPOSE = re.compile(r'"proctor(-no[a-z-]*|-forged)?"')
"""Values that checks send to see them refused."""

_RECORDS = frozenset({"delete"})
"""Effects whose answers hold no record."""

_LAG, _LAGS = 1.5, "so that a new record can be read wherever reads are answered"
"""Seconds that a copy of the data may be behind, of which no document says anything; and why they are let pass."""


# Paths


def path_has_prefix(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges whether an answer with a success came from under the prefix."""
    operation, response = ordinary(exam, exchange), exchange.response
    if operation is None or response is None or operation.id not in clause.operations or not isinstance(clause.arguments, Prefix):
        return None
    if not exam.read.succeeded(response) or clause.arguments.prefix not in urlsplit(exchange.request.url).path:
        return None
    return Fine()


def paths_lie_under_the_prefix(exam: Exam, clause: Clause) -> Flow:
    """Asks for every list under the prefix, and where that fails without it."""
    if not isinstance(clause.arguments, Prefix):
        return each(())
    prefix = clause.arguments.prefix
    reads = [operation for operation in exam.operations(clause) if operation.effect in ("list", "read", "singleton")]
    return each(_under_prefix(exam, operation, prefix) for operation in reads)


def _under_prefix(exam: Exam, operation: Operation, prefix: str) -> Flow:
    resource = exam.spec.resources.get(operation.resource or "")
    wrong = (yield from _missing(exam, resource, operation)) if resource is not None and operation.effect == "list" else None
    if wrong is not None and prefix.strip("/") in exam.ask.base_path:
        return wrong
    request = (yield from calls.valid(exam, operation)).request
    base, path = exam.ask.base_path, urlsplit(request.url).path
    inside = path if prefix in path else prefix.rstrip("/") + path.removeprefix(base)
    response = yield _at_path(request, inside)
    if exam.read.succeeded(response):
        return Passed(f"{operation.id} answers at {_without_key(inside)}")
    bare = path.removeprefix(prefix.rstrip("/")) if path.startswith(prefix) else path
    outside = yield _at_path(request, bare)
    if exam.read.succeeded(outside):
        return Failed(f"{operation.id} at {inside}", f"{response.status} there, and {outside.status} at {bare}", operation=operation.id)
    return Inconclusive(f"{operation.id} is answered with {response.status} under {prefix} and with {outside.status} without it", "a call that succeeds")


def _at_path(request: Request, path: str) -> Request:
    return replace(request, url=urlunsplit(urlsplit(request.url)._replace(path=path)))


def _without_key(path: str) -> str:
    return path if len(path) <= 60 else path[:60] + "…"


# Members


def record_keeps_schema(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges every record of one answer against the schema of the clause."""
    operation, response, arguments = ordinary(exam, exchange), exchange.response, clause.arguments
    if operation is None or response is None or not isinstance(arguments, RecordMembers) or operation.resource != arguments.resource:
        return None
    if operation.id not in clause.operations or operation.effect in _RECORDS or not exam.read.succeeded(response):
        return None
    resource = exam.spec.resources[arguments.resource]
    try:
        found = exam.read.records(response, resource) if operation.effect == "list" else [exam.read.record(response, resource)]
    except Unreadable:
        return None
    records = [exam.read.members(record, resource) for record in found if not _ON_PURPOSE.search(json.dumps(record))]
    records = _made_whole(exam, clause, resource, exchange.request, records)
    for record in records:
        wrong = mismatch(arguments.record, record) or _other_kind_of_id(exam, resource, record.get(resource.key)) or _of_another(exam, resource, record)
        if wrong is not None:
            return Broken(f"{resource.one} with the documented members", f"{resource.key} {record.get(resource.key)!r}, {wrong}")
    return Fine() if records else None


def _made_whole(exam: Exam, clause: Clause, resource: Resource, request: Request, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records but those that we made without a member that a record has: a target that takes such a create has nothing to show for it."""
    odd: set[str] = exam.notes.setdefault(f"{clause.id}: records made without a member", set())
    required = {*getattr(clause.arguments, "record", {}).get("required", ())} & {*exam.payloads.members(resource)} - {resource.key}
    envelope = exam.ask.envelope()
    in_query = envelope is not None and envelope.input.place == "query"
    sent = urlsplit(request.url).query if in_query else (request.body or b"").decode("utf-8", "replace")
    if request.effect == "create" and not all(name in sent for name in required):
        odd |= {str(record.get(resource.key)) for record in records}
    return [record for record in records if str(record.get(resource.key)) not in odd]


def _other_kind_of_id(exam: Exam, resource: Resource, key: Any) -> str | None:
    """How an id is of another type than those seen before, where a type is not documented: who compares the two finds nothing."""
    kind = "a text" if isinstance(key, str) else "a number"
    first = exam.notes.setdefault(f"{resource.name}: type of ids", kind)
    return None if kind == first else f"{kind} here, and {first} elsewhere"


def _of_another(exam: Exam, resource: Resource, record: Mapping[str, Any]) -> str | None:
    """How an element of one of the record's arrays says that it belongs to another record, where it says to which; None if none does."""
    group = exam.spec.group_of_kind("lifecycle")
    for array, template in (group.parameters.elements.get(resource.name, {}) if group is not None else {}).items():
        elements = record.get(array)
        for name in (name for name, value in template.items() if value == "{record}"):
            owners = [element.get(name) for element in elements if isinstance(element, Mapping)] if isinstance(elements, list) else []
            strange = next((owner for owner in owners if owner is not None and str(owner).lower() != str(record.get(resource.key)).lower()), None)
            if strange is not None:
                return f"/{array}: the {name} {strange!r} of another"
    return None


def records_have_their_members(exam: Exam, clause: Clause) -> Flow:
    """Calls every operation that answers with records, the reads first."""
    operations = [operation for operation in exam.operations(clause) if operation.effect not in _RECORDS]
    ordered = sorted(operations, key=lambda operation: operation.effect not in ("list", "read"))
    return watched(exam, clause, record_keeps_schema, (calls.valid(exam, operation) for operation in ordered))


def collection_and_item_share_a_path(exam: Exam, clause: Clause) -> Flow:
    """Reads a record of each list under the list's own path."""
    return each(_shares_path(exam, resource, _plain(exam, clause, resource) or operation) for resource, operation in exam.resources(clause))


def _plain(exam: Exam, clause: Clause, resource: Resource) -> Operation | None:
    """The resource's plain list, if the clause speaks of it."""
    plain = exam.operation(resource, "list")
    return plain if plain is not None and plain.id in clause.operations else None


def _shares_path(exam: Exam, resource: Resource, operation: Operation) -> Flow:
    read = exam.operation(resource, "read")
    parameter = exam.ask.key_parameter(read) if read is not None else None
    if read is None or parameter is None:
        return Skipped(f"{resource.name} has no operation that reads one", f"the operation's path under [resources.{resource.name}]")
    wrong = yield from _missing(exam, resource, operation)
    if wrong is not None:
        return wrong
    key = yield from exam.known_key(resource)
    parents = yield from exam.parents_of(read)
    request = exam.ask.operation(read, key=key, parents=parents, path=f"{operation.path}/{{{parameter}}}")
    response = yield request
    record = passing(exam, response, resource)
    if record is None and not overloaded(response):
        yield Wait(_LAG, _LAGS)
        response = yield request.anew()
        record = passing(exam, response, resource)
    if overloaded(response):
        return Inconclusive(f"{read.id} was answered with {response.status}")
    if record is None:
        return Failed(f"the {resource.singular} {key} at {urlsplit(request.url).path}", writes.told(exam, response), operation=read.id)
    if record.get(resource.key) is not None and str(record[resource.key]) != key:
        return Failed(f"the {resource.singular} {key}", f"one with the {resource.key} {record[resource.key]!r}", operation=read.id)
    wrong = yield from _new_is_lost(exam, resource, operation)
    return wrong or Passed(f"{resource.one} of {operation.path} is found under it")


def _new_is_lost(exam: Exam, resource: Resource, operation: Operation) -> Steps[Failed | None]:
    """A failure where a record that we made stands in the list, but not under the list's path; None also where none can be made."""
    try:
        made = yield from exam.make(resource)
        response = yield from exam.fetch(resource, made.key)
        text = text_of_ours(exam, made.given)
        if response.status not in (404, 410) or not (yield from stands_in_list(exam, resource, text)):
            return None
        yield Wait(_LAG, _LAGS)
        response = yield from exam.fetch(resource, made.key)
    except (Ended, NotPermitted):
        return None
    if response.status not in (404, 410):
        return None
    expected = f"a new {resource.singular}, which stands in the list, under {operation.path}"
    return Failed(expected, f"{made.key}: {writes.told(exam, response)}", operation=operation.id)


def _is_bound(exam: Exam, resource: Resource) -> bool:
    """Whether the target's file speaks of the resource, so that it must be where the spec, or that file, has it."""
    return resource.names == "documented" or resource.name in exam.target.resources


def _missing(exam: Exam, resource: Resource, operation: Operation) -> Steps[Failed | None]:
    """A failure where nothing is at the list's path, though the target says that it has the resource."""
    parents = yield from exam.parents_of(operation)
    response = yield exam.ask.operation(operation, parents=parents)
    if response.status not in (404, 405, 410) or not _is_bound(exam, resource):
        return None
    return Failed(f"the {resource.plural} at {operation.path}", writes.told(exam, response), operation=operation.id)


# Actions


def every_action_has_its_url(exam: Exam, clause: Clause) -> Flow:
    """Calls every action, and holds its answer against that of an action that does not exist."""
    operations = exam.operations(clause)
    lists = [operation for operation in operations if operation.effect == "list"] or operations
    unknown = [_unknown(exam, lists[0], path) for path in _paths_of_nothing(lists[0])] if lists else []
    return each([*unknown, *(_answers(exam, operation, lists[0]) for operation in operations)])


def _paths_of_nothing(operation: Operation) -> tuple[str, str, str]:
    """The operation's path with another action, with another name before it, and with more behind it than the action's name."""
    head, _, _ = operation.path.rpartition("/")
    parent, _, _ = head.rpartition("/")
    return f"{head}/zz_proctor_none", f"{parent}/zz_proctor_none{operation.path[len(head) :]}", f"{operation.path}zz_proctor_none"


def _unknown(exam: Exam, operation: Operation, path: str) -> Flow:
    response = yield exam.ask.operation(operation, path=path)
    if exam.read.succeeded(response):
        return Failed(f"no success for the unknown action {path}", writes.told(exam, response), operation=operation.id)
    if overloaded(response):
        return Inconclusive(f"{path} was answered with {response.status}")
    return Passed(f"{path} is no success")


def _answers(exam: Exam, operation: Operation, other: Operation) -> Flow:
    exchange = yield from calls.valid(exam, operation)
    response = exchange.response
    if response is None or overloaded(response):
        return Inconclusive(f"{operation.id} was not answered")
    if exam.read.succeeded(response):
        return _of_its_record(exam, operation, exchange.request, response)
    nothing = yield exam.ask.operation(other, path=_paths_of_nothing(other)[0])
    if _alike(exam, response, nothing):
        return Failed(f"{operation.id} answered at {operation.path}", f"the answer to an unknown action: {writes.told(exam, response)}", operation=operation.id)
    return Inconclusive(f"{operation.id} was answered with {writes.told(exam, response)}", "a call that succeeds: records, or `create` in the target")


def _of_its_record(exam: Exam, operation: Operation, request: Request, response: Response) -> Verdict:
    """An action on one record answers with that record, if it answers with one."""
    resource = exam.spec.resources.get(operation.resource or "")
    key = _key_sent(operation, resource, request) if resource is not None else None
    record = passing(exam, response, resource) if resource is not None else None
    if resource is not None and key is not None and record is not None and record.get(resource.key) not in (None, key) and str(record[resource.key]) != key:
        return Failed(f"{operation.id} of the {resource.singular} {key}", f"the {resource.singular} {record[resource.key]!r}", operation=operation.id)
    return Passed(f"{operation.id} answers")


def _key_sent(operation: Operation, resource: Resource, request: Request) -> str | None:
    """The id of the record that a call names in its body, or that it writes to."""
    if request.touches is not None:
        return request.touches
    document = json.loads(request.body) if request.body and operation.effect == "read" else None
    found = document.get(resource.key_parameter) if isinstance(document, dict) else None
    return None if found is None else str(found)


def _alike(exam: Exam, one: Response, other: Response) -> bool:
    """Whether two failures say the same: by status, outcome and code."""
    if one.status != other.status:
        return False
    outcome = exam.read.envelope.outcome if exam.read.envelope else None
    pointers = [outcome.member if outcome else "", "/data/code", "/code", "/error/code"]
    first, second = exam.read.document(one), exam.read.document(other)
    return all(dig(first, pointer) == dig(second, pointer) for pointer in pointers if pointer)


# The contract of an operation


def operation_keeps_its_contract(exam: Exam, clause: Clause) -> Flow:
    """Calls each operation as its example does, and provokes each of its documented errors."""
    return each(_contract(exam, operation) for operation in exam.operations(clause))


def _contract(exam: Exam, operation: Operation) -> Flow:
    kept = [free_texts.come_back(exam, operation)] if operation.effect in ("create", "update") else []
    return each([_success(exam, operation), *_errors(exam, operation), *kept])


def _success(exam: Exam, operation: Operation) -> Flow:
    exchange = yield from calls.valid(exam, operation)
    response = exchange.response
    if response is None or response.status == 401 or overloaded(response):
        return Inconclusive(f"{operation.id} was answered with {response.status if response else 'nothing'}")
    judged = exam.read.judge_success(operation, response)
    if not judged.fine:
        if operation.effect in ("create", "update", "replace") and 400 <= response.status < 500:
            return Inconclusive(f"{operation.id} was answered with {writes.told(exam, response)}", "a payload that works, as `create` in the target")
        return Failed(judged.expected, writes.told(exam, response), operation=operation.id)
    remarks = [judged.remark] if judged.remark else []
    media = _documented(operation, response)
    if media is not None:
        wrong = _off_the_example(exam, operation, media, response, remarks)
        if wrong is not None:
            return Failed("a body like the documented one", wrong, operation=operation.id)
    return Passed(f"{operation.id} answers {response.status}{' with the documented members' if media else ''}", tuple(remarks))


def _documented(operation: Operation, response: Response) -> Media | None:
    """The documented body of a success: that of the status that came, or else of the first one that is."""
    successes = [known for status, known in operation.responses.items() if status.startswith("2")]
    known = operation.responses.get(str(response.status)) or next(iter(successes), None)
    return known.media[0] if known is not None and known.media else None


def _off_the_example(exam: Exam, operation: Operation, media: Media, response: Response, remarks: list[str]) -> str | None:
    """How a body differs from the documented schema and from the members of the example, or None."""
    try:
        document = response.json()
    except Unreadable as problem:
        return str(problem)
    wrong = mismatch(media.schema, document) if media.schema else None
    example = media.examples.get("documented", next(iter(media.examples.values()), None))
    if wrong is not None or example is None or operation.resource is None:
        return wrong
    return _without_members(exam, exam.spec.resources[operation.resource], operation, example, document, remarks)


def _without_members(exam: Exam, resource: Resource, operation: Operation, example: Any, document: Any, remarks: list[str]) -> str | None:
    missing = sorted(set(example) - set(document)) if isinstance(example, Mapping) and isinstance(document, Mapping) else []
    if missing:
        return f"no {', '.join(missing)} at the root"
    shown, records = _records(exam, resource, operation, example), _records(exam, resource, operation, document)
    for record in records if shown else ():
        lacking = sorted(set(shown[0]) - set(record))
        if lacking:
            return f"no {', '.join(lacking)} in the {resource.singular} {record.get(resource.key)!r}"
        remarks += [text for text in _other_types(shown[0], record) if text not in remarks]
    return None


def _records(exam: Exam, resource: Resource, operation: Operation, document: Any) -> list[Mapping[str, Any]]:
    """The records of a document, be it an example or a body."""
    listed = operation.effect == "list"
    found = dig(document, exam.read.items_pointer(resource) if listed else exam.read.item_pointer(resource))
    records = found if isinstance(found, list) else [found]
    return [record for record in records if isinstance(record, Mapping)]


def _other_types(example: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    for name, value in example.items():
        got = record[name]
        if value is not None and got is not None and isinstance(value, str) != isinstance(got, str):
            yield f"{name} is a {type(got).__name__}; the example has a {type(value).__name__}"


def _errors(exam: Exam, operation: Operation) -> Iterator[Flow]:
    """One part for each documented error that can be provoked."""
    if "401" in operation.responses and exam.ask.authentication is not None:
        yield _refuses_strangers(exam, operation)
    if "403" in operation.responses and _denied(exam, operation):
        yield _refuses_role(exam, operation)
    if "404" in operation.responses:
        if operation.effect not in ("list", "create", "singleton", None):
            yield _knows_no_such(exam, operation)
        if _path_parents(exam, operation):
            yield _knows_no_such_parent(exam, operation)


def _told_of(exam: Exam, operation: Operation, cause: str, response: Response | None, what: str) -> Verdict:
    if response is None or overloaded(response):
        return Inconclusive(f"{operation.id} with {what} was not answered")
    judged = exam.read.answered(cause, response)
    if judged.fine:
        return Passed(f"{operation.id} answers {response.status} for {what}", (judged.remark,) if judged.remark else ())
    return Failed(f"{judged.expected} for {what}", writes.told(exam, response), operation=operation.id)


def _refuses_strangers(exam: Exam, operation: Operation) -> Flow:
    exchange = yield from calls.unauthenticated(Aims(exam, Findings()), operation)
    return _told_of(exam, operation, "unauthenticated", exchange.response, "no credential")


def _denied(exam: Exam, operation: Operation) -> bool:
    """Whether the target has a credential whose role may not do this, by the document."""
    parameters = exam.parameters_of("authorization", operation)
    role = parameters.roles.get("limited") if parameters is not None else None
    return role is not None and "limited" in exam.target.credentials and bool({"*", operation.id} & set(role.denied))


def _refuses_role(exam: Exam, operation: Operation) -> Flow:
    aim = yield from Aims(exam, Findings()).at(operation)
    if aim is None:
        return Inconclusive(f"nothing to aim {operation.id} at without doing harm")
    response = yield aim.request(exam, as_="limited")
    if not exam.parameters_of("authorization", operation).documented and (exam.read.succeeded(response) or response.status == 401):
        # Whether a caller who is known may be answered so is another rule's.
        why = "may do" if exam.read.succeeded(response) else "is not known to"
        return Inconclusive(f"the credential called limited {why} {operation.id}", "a credential that may not")
    return _told_of(exam, operation, "forbidden", response, "a caller who may not")


def _knows_no_such(exam: Exam, operation: Operation) -> Flow:
    exchange = yield from calls.absent_record(exam, operation)
    return _told_of(exam, operation, "not_found", exchange.response, f"an unknown {exam.spec.resources[operation.resource or ''].singular}")


def _path_parents(exam: Exam, operation: Operation) -> dict[str, str]:
    """The path parameters that name parents, and the resources of those."""
    resource = exam.spec.resources.get(operation.resource or "")
    parents = resource.parents if resource else ()
    return {name: parent.resource for parent in parents for name in parent.parameters if name in operation.path_parameters}


def _knows_no_such_parent(exam: Exam, operation: Operation) -> Flow:
    aim = yield from Aims(exam, Findings()).at(operation)
    if aim is None:
        return Inconclusive(f"nothing to aim {operation.id} at without doing harm")
    wrong = yield from _absent_parents(exam, operation)
    own = {parent.member for parent in exam.spec.resources[operation.resource or ""].parents}
    members = {name: value for name, value in aim.members.items() if name not in own} if aim.members is not None else None
    response = yield replace(aim, parents={**aim.parents, **wrong}, members=members).request(exam)
    return _told_of(exam, operation, "parent_not_found", response, f"an unknown {', '.join(wrong)}")


def _absent_parents(exam: Exam, operation: Operation) -> Steps[dict[str, str]]:
    wrong: dict[str, str] = {}
    for name, resource in _path_parents(exam, operation).items():
        wrong[name] = yield from absent_key(exam, exam.spec.resources[resource])
    return wrong


CHECKS: dict[str, Check] = {
    "paths_lie_under_the_prefix": Check(
        flow=paths_lie_under_the_prefix,
        observe=path_has_prefix,
        how="Asks for lists and records under the prefix, and where that fails without it.",
    ),
    "records_have_their_members": Check(
        flow=records_have_their_members,
        observe=record_keeps_schema,
        how="Holds every record of every answer against its JSON Schema.",
    ),
    "collection_and_item_share_a_path": Check(
        flow=collection_and_item_share_a_path,
        how="Reads a record of each list under the list's own path.",
    ),
    "every_action_has_its_url": Check(
        flow=every_action_has_its_url,
        how="Calls every action and holds its answer against that of an action that does not exist, which is no success.",
    ),
    "operation_keeps_its_contract": Check(
        flow=operation_keeps_its_contract,
        how="Calls the operation as its example does, on a record of our own where it writes: status, schema and the example's members; then provokes "
        "each documented error.",
    ),
}
