"""How records are made, read back, changed and removed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from conformance import calls, invalid_writes, writes
from conformance.addressing import MISSING, query_string
from conformance.aiming import passing
from conformance.asking import READS
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import NotPermitted, Response
from conformance.parts import each
from conformance.schemas import mismatch
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.conventions.lifecycle import ClientIds, Effects, EnumMember, Lifecycle, Members, OnResource, Parsed, WriteRefused
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]

SMALL, MOST_READ = 3, 5
"""Values that make a small set, and records that are read one by one."""


def _of_effect(exam: Exam, clause: Clause, *effects: str) -> list[Operation]:
    return [operation for operation in exam.operations(clause) if operation.effect in effects]


def _meant(exam: Exam, clause: Clause) -> list[Resource]:
    """The resources that a clause's arguments name; else those of its operations."""
    arguments = clause.arguments
    named = arguments.resources if isinstance(arguments, OnResource) else []
    found = named or [operation.resource for operation in exam.operations(clause) if operation.resource]
    return [exam.spec.resources[name] for name in dict.fromkeys(found) if name in exam.spec.resources]


def _parameters(exam: Exam, clause: Clause) -> Lifecycle:
    parameters: Lifecycle = exam.spec.convention(clause).parameters
    return parameters


# Creating and reading


def created_can_be_read(exam: Exam, clause: Clause) -> Flow:
    """Makes a record of each resource, reads it back and finds it in the list."""
    members = clause.arguments.members if isinstance(clause.arguments, OnResource) else {}
    return each(_created(exam, resource, members) for resource in _meant(exam, clause))


def _created(exam: Exam, resource: Resource, members: Mapping[str, Any]) -> Flow:
    operation = exam.operation(resource, "create")
    if operation is None:
        return Skipped(f"{resource.name} has no operation that creates", f"the operation's path under [resources.{resource.name}]")
    told = yield from _telling(exam, resource, members)
    try:
        own = yield from writes.made(exam, resource, operation, members=told, rich=resource.names == "documented")
    except Ended as ended:
        return (yield from _why_not(exam, resource, operation, told, ended.verdict))
    wrong = writes.differences(exam, resource, own.given, own.record)
    if wrong:
        return Failed("the values that were given in the answer to the create", "; ".join(wrong[:3]), operation=operation.id)
    response = yield from writes.read_back(exam, own)
    if response is not None:
        record = passing(exam, response, resource)
        if record is None:
            return writes.failed_read(exam, own, response)
        if str(record.get(resource.key)) != own.key:
            return Failed(f"the {resource.singular} {own.key}", f"one with the {resource.key} {record.get(resource.key)!r}", operation=_read_id(exam, resource))
        wrong = writes.differences(exam, resource, own.given, record)
        if wrong:
            return Failed(f"the {resource.singular} that was made, with the values given", "; ".join(wrong[:3]), operation=_read_id(exam, resource))
    return (yield from _created_is_listed(exam, own, response is not None))


def _telling(exam: Exam, resource: Resource, members: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """The members of a clause, with references to the last of the records known: the first is what a default would be."""
    told = dict(members)
    for name, value in members.items():
        other = exam.spec.resources.get(value[1:-1].partition(".")[0]) if isinstance(value, str) and value.startswith("{") else None
        if other is not None and other.name != resource.name:
            known = [record[other.key] for record in (yield from exam.known(other)) if record.get(other.key) is not None]
            told |= {name: known[-1]} if known else {}
    return told


def _why_not(exam: Exam, resource: Resource, operation: Operation, members: Mapping[str, Any], verdict: Verdict) -> Flow:
    """What it means that a record can't be made: no such method, or members that are not seen where the document puts them."""
    given = {**(yield from exam.payload(resource)), **(yield from exam.filled(resource, members))}
    parents = yield from calls.parents_for(exam, operation, given)
    response = yield exam.ask.operation(operation, members=given, parents=parents)
    if response.status in (405, 501):
        return Failed(f"a {resource.singular} made by {operation.method} {operation.path}", writes.told(exam, response), operation=operation.id)
    envelope = exam.ask.envelope()
    if not members or envelope is None or envelope.input.place != "query" or exam.read.succeeded(response):
        return verdict
    form = query_string(given.items()).encode()
    elsewhere = yield exam.ask.operation(operation, body=form, content_type="application/x-www-form-urlencoded", parents=parents)
    if not exam.read.succeeded(elsewhere):
        return verdict
    return Failed(f"{', '.join(members)} taken from the query", f"{writes.told(exam, response)}, and taken from a form", operation=operation.id)


def _read_id(exam: Exam, resource: Resource) -> str | None:
    operation = exam.operation(resource, "read")
    return operation.id if operation else None


def _created_is_listed(exam: Exam, own: Made, was_read: bool) -> Flow:
    """A list that the document does not show may leave records out, so there it is a remark."""
    resource = own.resource
    listed = (yield from exam.listed(resource, own.key)) if "list" in resource.operations else None
    passed = f"a {resource.singular} was made{' and read back' if was_read else ''}{' and is in the list' if listed else ''}"
    if listed is False and resource.names == "documented":
        operation = exam.operation(resource, "list")
        return Failed(f"the {resource.singular} {own.key} that was made, in the list", "it is not there", operation=operation.id if operation else None)
    if listed is None and not was_read:
        return Inconclusive(f"nothing shows the {resource.singular} that was made", f"an operation that reads one of {resource.name}")
    return Passed(passed, (f"the list does not show the {resource.singular} that was made",) if listed is False else ())


def record_is_read_by_its_id(exam: Exam, clause: Clause) -> Flow:
    """Reads two records of each resource's list by their ids."""
    return each(_read_by_id(exam, resource) for resource in _meant(exam, clause))


def _read_by_id(exam: Exam, resource: Resource) -> Flow:
    known = [record for record in (yield from exam.known(resource)) if record.get(resource.key) is not None]
    known = _various(known) + (yield from _own_record(exam, resource))
    if not known:
        return Inconclusive(f"no {resource.singular} is known", f"a record of {resource.name}, or writing permitted")
    for record in known:
        key = str(record[resource.key])
        response = yield from exam.fetch(resource, key, fresh=False)
        found = passing(exam, response, resource)
        if found is None and (yield from _gone_meanwhile(exam, resource, key, response)):
            return Inconclusive(f"the {resource.singular} {key} could not be read again: {response.status}")
        if found is None:
            return Failed(f"the {resource.singular} {key}", writes.told(exam, response), operation=_read_id(exam, resource))
        if str(found.get(resource.key)) != key:
            return Failed(f"the {resource.singular} {key}", f"one with the {resource.key} {found.get(resource.key)!r}", operation=_read_id(exam, resource))
    return Passed(f"{len(known)} of {resource.name} can be read by their {resource.key}")


def _various(known: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Some records of a list that differ: the first, the last, and one for each further value of its booleans and other small sets."""
    chosen = known[:1] + known[1:][-1:]
    for name in known[0] if known else ():
        values = [record.get(name) for record in known]
        small = all(isinstance(value, bool | int | str) or value is None for value in values) and 1 < len(set(values)) <= SMALL
        for value in sorted(set(values), key=str) if small else ():
            if len(chosen) < MOST_READ and value not in [record.get(name) for record in chosen]:
                chosen.append(known[values.index(value)])
    return chosen


def _own_record(exam: Exam, resource: Resource) -> Steps[list[Mapping[str, Any]]]:
    """A record of our own, if one can be made."""
    try:
        own = yield from exam.make(resource)
    except (Ended, NotPermitted):
        return []
    return [own.record]


def _gone_meanwhile(exam: Exam, resource: Resource, key: str, response: Response) -> Steps[bool]:
    """Whether the server could not answer, or the list does not have the record any more."""
    if response.status >= 500 or response.status == 429:
        return True
    operation = exam.operation(resource, "list")
    if operation is None:
        return False
    parents = yield from exam.parents_of(operation)
    again = yield exam.ask.operation(operation, parents=parents, fresh=True)
    return key not in {str(record.get(resource.key)) for record in exam.page_records(again, resource)}


# Deleting


def delete_answers_empty(exam: Exam, clause: Clause) -> Flow:
    """Deletes a record of our own by each operation."""
    return each(_delete_is_empty(exam, clause, operation) for operation in _of_effect(exam, clause, "delete"))


def _delete_is_empty(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    arguments = clause.arguments if isinstance(clause.arguments, Effects) else Effects()
    own = yield from exam.make(exam.spec.resources[operation.resource or ""])
    exchange = yield from calls.on_own(exam, operation, own)
    response = exchange.response
    if response is None or response.status in (401, 403, 429, 503):
        return Inconclusive(f"{operation.id} was answered with {response.status if response else 'nothing'}", "a credential that may delete")
    judged = exam.read.judge_success(operation, response)
    fine = response.status in arguments.accept if arguments.accept else judged.fine
    if not fine:
        return Failed(f"{' or '.join(map(str, arguments.accept)) or judged.expected} for a delete", writes.told(exam, response), operation=operation.id)
    remarks = (judged.remark,) if judged.remark and not arguments.accept else ()
    if response.body.strip():
        if arguments.body == "empty":
            return Failed("no body", f"{len(response.body)} bytes: {exam.read.excerpt(response, 80)}", operation=operation.id)
        remarks = (*remarks, f"{operation.id} answers with a body, where the document shows none")
    return Passed(f"{operation.id} answers {response.status}{'' if response.body.strip() else ' without a body'}", remarks)


def deleted_is_gone(exam: Exam, clause: Clause) -> Flow:
    """Deletes records of our own, and asks for them by every other operation."""
    deletes = _of_effect(exam, clause, "delete")
    parts = [_gone(exam, operation, thorough=index == 0) for index, operation in enumerate(deletes)]
    return each([*parts, *(_gone(exam, operation, thorough=False, running=True) for operation in deletes[:1] if _starting(exam, operation))])


def _starting(exam: Exam, operation: Operation) -> Operation | None:
    """The action that starts a timer on the operation's records, or None."""
    resource = exam.spec.resources[operation.resource or ""]
    for name in (name for effect, names in resource.operations.items() if effect not in READS for name in names):
        action = exam.spec.operations.get(name)
        known = exam.parameters_of("actions", action) if action is not None else None
        if action is not None and known is not None and action.effect in known.actions and known.actions[action.effect].starts:
            return action
    return None


def _gone(exam: Exam, operation: Operation, *, thorough: bool, running: bool = False) -> Flow:
    resource = exam.spec.resources[operation.resource or ""]
    own = yield from exam.make(resource)
    starting = _starting(exam, operation) if running else None
    if starting is not None:
        yield from calls.on_own(exam, starting, own)
    exchange = yield from calls.on_own(exam, operation, own)
    if exchange.response is None or not exam.read.succeeded(exchange.response):
        status = exchange.response.status if exchange.response else "nothing"
        return Inconclusive(f"{operation.id} was answered with {status}", "a credential that may delete")
    for other in _other_operations(exam, resource, thorough):
        wrong = yield from _still_answers(exam, other, own)
        if wrong is not None:
            return wrong
    listed = (yield from exam.listed(resource, own.key)) if "list" in resource.operations else None
    if listed:
        return Failed(f"a list without the {resource.singular} that {operation.id} deleted", f"{own.key} is in it", operation=resource.operations["list"][0])
    return Passed(f"a {resource.singular} deleted by {operation.id} is gone")


def _other_operations(exam: Exam, resource: Resource, thorough: bool) -> list[Operation]:
    """The operations on one record: the reads first, a second delete last."""
    names = [name for effect, names in resource.operations.items() for name in names if effect not in ("list", "create", "singleton")]
    found = [exam.spec.operations[name] for name in names if name in exam.spec.operations]
    order = {"read": 0, "delete": 2}
    chosen = [operation for operation in found if thorough or operation.effect == "read"]
    return sorted(chosen, key=lambda operation: order.get(operation.effect or "", 1))


def _still_answers(exam: Exam, operation: Operation, own: Made) -> Steps[Failed | None]:
    members = (yield from calls.change(exam, own.resource, own.record)) if operation.effect in ("update", "replace") else None
    parents = yield from calls.parents_for(exam, operation, {**own.given, **own.record})
    response = yield exam.ask.operation(operation, key=own.key, members=members, parents=parents, fresh=True)
    if response.status in (429, 503):
        return None
    judged = [exam.read.answered(cause, response) for cause in ("not_found", "foreign_record")]
    if any(one.fine for one in judged):
        return None
    return Failed(f"{judged[0].expected} for a {own.resource.singular} that was deleted", writes.told(exam, response), operation=operation.id)


# Updating


def update_merges(exam: Exam, clause: Clause) -> Flow:
    """Changes one member of a record of our own by each operation, and compares all others."""
    if _parameters(exam, clause).update != "merge":
        return each(())
    updates = _of_effect(exam, clause, "update")
    return each(_merges(exam, operation, thorough=index == 0) for index, operation in enumerate(updates))


def _merges(exam: Exam, operation: Operation, *, thorough: bool) -> Flow:
    resource = exam.spec.resources[operation.resource or ""]
    own = yield from _unusual(exam, resource)
    before = yield from writes.current(exam, own)
    names = [name for name in writes.own_names(exam, resource, own.given) if name in before]
    change = yield from calls.change(exam, resource, before)
    verdict, after = yield from _changed_alone(exam, operation, own, change, before, names)
    if isinstance(verdict, Passed) and thorough:
        return (yield from _keeps_empty_values(exam, operation, own, after, names, verdict))
    return verdict


def _unusual(exam: Exam, resource: Resource) -> Steps[Made]:
    """A record of our own with many members and, of closed sets, values other than a plain create gives: those are often the defaults."""
    plain = yield from exam.payload(resource)
    group = exam.spec.group_of_kind("lifecycle")
    parsed = group.parameters.parsed if group is not None else []
    others: dict[str, Any] = {pair.number: NUMBERS[pair.form][0] for pair in parsed if pair.resource in ("", resource.name)}
    for name, schema in calls.writable(exam, resource, "create").items():
        texts = [value for value in schema.get("enum", ()) if isinstance(value, str) and value not in ("true", "false")]
        other = next((value for value in texts if value.casefold() != str(plain.get(name, texts[0])).casefold()), None)
        others |= {name: other} if other is not None else {}
    try:
        return (yield from writes.made(exam, resource, members=others, rich=True, everything=True))
    except Ended:
        return (yield from writes.made(exam, resource, rich=True))


def _changed_alone(
    exam: Exam, operation: Operation, own: Made, change: Mapping[str, Any], before: Mapping[str, Any], names: list[str]
) -> Steps[tuple[Verdict, Mapping[str, Any]]]:
    """The verdict on an update of one member, and the record after it."""
    (name, value), *_ = change.items()
    response = yield from writes.sent(exam, operation, own, change)
    if not exam.read.succeeded(response):
        return Inconclusive(f"{operation.id} with {name} alone was answered with {writes.told(exam, response)}", "a member that may change"), before
    after = yield from writes.current(exam, own)
    if name in after and not writes.kept(value, after[name]) and writes.kept(before.get(name), after[name]):
        return Failed(f"{name} with the new value", f"the old one, though {operation.id} was answered with {response.status}", operation=operation.id), after
    others = [other for other in names if other != name]
    lost = [other for other in others if other not in after]
    wrong = writes.differences(exam, own.resource, before, after, others)
    if wrong:
        return Failed(f"all members but {name} as they were", "; ".join(wrong[:3]), operation=operation.id), after
    compared = len(others) - len(lost)
    if not compared:
        return Inconclusive(f"no member of {own.resource.name} beside {name} is shown", "records with more members"), after
    return Passed(f"{operation.id} with {name} alone leaves {compared} members alone"), after


def _keeps_empty_values(exam: Exam, operation: Operation, own: Made, before: Mapping[str, Any], names: list[str], passed: Passed) -> Flow:
    """Sets members to 0, false and null, and sees that they are set, and that the next update leaves them so."""
    empty = _emptied(exam, own.resource, before)
    if not empty:
        return passed
    response = yield from writes.sent(exam, operation, own, empty)
    if not exam.read.succeeded(response):
        return Passed(passed.reason, (*passed.remarks, f"{operation.id} refuses {empty}"))
    after = yield from writes.current(exam, own)
    stuck = [name for name, value in empty.items() if name in after and not writes.kept(value, after[name]) and writes.kept(before[name], after[name])]
    for name in stuck:
        if empty[name] is not None:
            return Failed(f"{name} of {empty[name]!r} after an update to that", f"{after[name]!r}, as before", operation=operation.id)
    remarks = (*passed.remarks, *(f"{operation.id} takes null for {name} as if it was not there" for name in stuck))
    change = yield from calls.change(exam, own.resource, after)
    verdict, _ = yield from _changed_alone(exam, operation, own, change, after, names)
    return verdict if isinstance(verdict, Failed) else Passed(f"{passed.reason}, {', '.join(empty)} included", remarks)


def _emptied(exam: Exam, resource: Resource, record: Mapping[str, Any]) -> dict[str, Any]:
    """An update to the values that a careless merge takes for missing: at most one number, one boolean and one text."""
    chosen: dict[str, Any] = {}
    for name, schema in exam.payloads.schema(resource, "update").get("properties", {}).items():
        value, types = record.get(name), schema.get("type")
        nullable = isinstance(types, list) and "null" in types
        if schema.get("readOnly") or "enum" in schema or name == resource.key or value is None:
            continue
        if value is True and False not in chosen.values():
            chosen[name] = False
        elif isinstance(value, int | float) and value and schema.get("minimum", 0) <= 0 and not _has_zero(chosen):
            chosen[name] = 0
        elif isinstance(value, str) and nullable and None not in chosen.values() and name not in calls.read_only(exam, resource):
            chosen[name] = None
    return chosen


def _has_zero(chosen: Mapping[str, Any]) -> bool:
    return any(value == 0 and value is not False for value in chosen.values())


# Ids that a caller gives


def given_id_is_used(exam: Exam, clause: Clause) -> Flow:
    """Makes records with an id of our own, with null and without one, by each operation."""
    name = clause.arguments.resource if isinstance(clause.arguments, ClientIds) else ""
    creates = [operation for operation in _of_effect(exam, clause, "create") if name in ("", operation.resource)]
    return each(_id_is_used(exam, operation) for operation in creates)


def _id_is_used(exam: Exam, operation: Operation) -> Flow:
    resource = exam.spec.resources[operation.resource or ""]
    plain = yield from writes.made(exam, resource, operation)
    wrong = mismatch(resource.key_schema, plain.record[resource.key])
    if wrong is not None:
        return Failed(f"a {resource.key} made where none is given", f"{plain.record[resource.key]!r}, {wrong}", operation=operation.id)
    chosen = str(uuid.uuid4()) if resource.key_schema.get("format") == "uuid" else f"proctor-{uuid.uuid4().hex[:12]}"
    given = yield from exam.payload(resource)
    parents = yield from calls.parents_for(exam, operation, given)
    response = yield exam.ask.operation(operation, members={**given, resource.key: chosen}, parents=parents)
    if not exam.read.succeeded(response):
        refused = response.status >= 500 or response.status == 429
        failed = Failed(f"a {resource.singular} with the {resource.key} given", writes.told(exam, response), operation=operation.id)
        return Inconclusive(f"{operation.id} was answered with {response.status}") if refused else failed
    own = exam.made(resource, given, response, "full")
    if own.key.casefold() != chosen.casefold():
        return Failed(f"the {resource.key} {chosen} that was given", own.key, operation=operation.id)
    found = yield from writes.read_back(exam, own)
    if found is not None and passing(exam, found, resource) is None:
        return writes.failed_read(exam, own, found)
    return (yield from _null_id(exam, operation, resource, plain))


def _null_id(exam: Exam, operation: Operation, resource: Resource, plain: Made) -> Flow:
    """A null id counts as none, where the target takes it."""
    given = yield from exam.payload(resource)
    parents = yield from calls.parents_for(exam, operation, given)
    response = yield exam.ask.operation(operation, members={**given, resource.key: None}, parents=parents)
    passed = f"{operation.id} uses a {resource.key} that is given and makes one where none is"
    record = passing(exam, response, resource)
    if record is None:
        return Passed(passed, (f"{operation.id} answers a {resource.key} of null with {response.status}",))
    key = record.get(resource.key)
    if mismatch(resource.key_schema, key) is not None or str(key) == plain.key:
        return Failed(f"a new {resource.key} made where null is given", repr(key), operation=operation.id)
    return Passed(passed)


# Closed sets, parsed texts, read-only members


def value_outside_the_enum_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Writes a value outside of the set by each operation, and sees that it is refused and nothing is done."""
    arguments = clause.arguments
    if not isinstance(arguments, EnumMember):
        return each(())
    operations = [operation for operation in _of_effect(exam, clause, "create", "update", "replace") if operation.resource == arguments.resource]
    return each(_outside(exam, clause, operation, arguments) for operation in operations)


def _outside(exam: Exam, clause: Clause, operation: Operation, arguments: EnumMember) -> Flow:
    resource = exam.spec.resources[arguments.resource]
    own = yield from exam.make(resource, operation=operation if operation.effect == "create" else None)
    nonsense = {arguments.member: "proctor-nonsense"}
    given: dict[str, Any] = {}
    if operation.effect == "create":
        given = yield from exam.payload(resource)
        parents = yield from calls.parents_for(exam, operation, given)
        response = yield exam.ask.operation(operation, members={**given, **nonsense}, parents=parents)
    else:
        before = yield from writes.current(exam, own)
        response = yield from writes.sent(exam, operation, own, nonsense)
    expected = f"{arguments.member} of 'proctor-nonsense' refused"
    if response.status in (429, 503):
        return Inconclusive(f"{operation.id} was answered with {response.status}")
    if exam.read.succeeded(response) or response.status >= 500:
        return Failed(expected, writes.told(exam, response), operation=operation.id)
    judged = exam.read.answered(_parameters(exam, clause).cause, response)
    remark = judged.remark if judged.fine else f"{operation.id} refuses it with {response.status}; the document says {judged.expected}"
    if operation.effect == "create":
        done = yield from _made_anyway(exam, resource, given)
    else:
        after = yield from writes.current(exam, own)
        done = next(iter(writes.differences(exam, resource, before, after, [arguments.member])), None)
    if done is not None:
        return Failed("nothing done by a write that was refused", done, operation=operation.id)
    return Passed(f"{operation.id} refuses a {arguments.member} outside of the set", (remark,) if remark else ())


def _made_anyway(exam: Exam, resource: Resource, given: Mapping[str, Any]) -> Steps[str | None]:
    """The record that a refused create made after all, known by a text that no other record has."""
    mark = writes.mark_of(exam, given)
    if mark is None or exam.operation(resource, "list") is None:
        return None
    text = mark[1]
    walk = yield from exam.walk(resource, until=lambda record: text in record.values(), fresh=True)
    return f"a {resource.singular} with {text!r} is in the list" if any(text in record.values() for record in walk.records) else None


FORMS: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "duration": (
        ("1h 30m", (5400,)),
        ("10h", (36000,)),
        ("1:30", (5400, 90)),
        ("90m", (5400,)),
        ("2 hours", (7200,)),
        ("01:30:00", (5400,)),
        ("1 hour 30 minutes", (5400,)),
        ("1.5h", (5400,)),
        ("10", (36000, 600, 10)),
    ),
    "money": (("$12.50", (1250,)), ("$100", (10000,)), ("12.50", (1250,)), ("$100.00", (10000,)), ("€12.50", (1250,)), ("12.50 USD", (1250,))),
}
"""Texts that a person would write, and the numbers (seconds, cents) that each may mean."""

NUMBERS = {"duration": (5400, "10h"), "money": (4321, "$12.50")}
"""A number, and a text that means another one."""


def text_fills_the_number(exam: Exam, clause: Clause) -> Flow:
    """Writes the number alone, the number with a text that says another, and texts alone until one is understood."""
    arguments = clause.arguments
    if not isinstance(arguments, Parsed):
        return each(())
    creates = [operation for operation in _of_effect(exam, clause, "create") if arguments.resource in ("", operation.resource)]
    updates = [operation for operation in _of_effect(exam, clause, "update") if arguments.resource in ("", operation.resource)]
    return each(
        [
            *(_number_wins(exam, operation, arguments) for operation in [*creates, *updates]),
            *(_text_is_understood(exam, operation, arguments, [*creates[1:], *updates]) for operation in creates[:1]),
        ]
    )


def _written(exam: Exam, operation: Operation, members: Mapping[str, Any]) -> Steps[Any]:
    """The record after a write of some members; None where it is refused."""
    resource = exam.spec.resources[operation.resource or ""]
    if operation.effect == "create":
        given = {**(yield from exam.payload(resource)), **members}
        parents = yield from calls.parents_for(exam, operation, given)
        response = yield exam.ask.operation(operation, members=given, parents=parents)
        own = exam.made(resource, given, response, "full") if exam.read.succeeded(response) else None
    else:
        own = yield from exam.make(resource)
        response = yield from writes.sent(exam, operation, own, members)
        own = own if exam.read.succeeded(response) else None
    return (yield from writes.current(exam, own)) if own is not None else None


def _number_wins(exam: Exam, operation: Operation, arguments: Parsed) -> Flow:
    number, text = NUMBERS[arguments.form]
    for members in ({arguments.number: number}, {arguments.number: number, arguments.text: text}):
        record = yield from _written(exam, operation, members)
        if record is None:
            return Inconclusive(f"{operation.id} refuses {members}", f"an implementation that takes {arguments.number}")
        if arguments.number not in record:
            return Inconclusive(f"{arguments.number} is not shown")
        if not writes.kept(number, record[arguments.number]):
            return Failed(f"{arguments.number} of {number}, as given", f"{record[arguments.number]!r} after {members}", operation=operation.id)
    return Passed(f"{operation.id} keeps a {arguments.number} that is given, also beside a {arguments.text}")


def _text_is_understood(exam: Exam, operation: Operation, arguments: Parsed, others: Iterable[Operation]) -> Flow:
    """No form of the text is documented; that none of those a person would write is understood is no reading of the document."""
    yield from exam.make(exam.spec.resources[operation.resource or ""], operation=operation)
    tried: list[str] = []
    for text, numbers in FORMS[arguments.form]:
        record = yield from _written(exam, operation, {arguments.text: text})
        found = record.get(arguments.number, MISSING) if record is not None else None
        if found is MISSING:
            return Inconclusive(f"{arguments.number} is not shown")
        if any(writes.kept(number, found) for number in numbers):
            for other in others:
                record = yield from _written(exam, other, {arguments.text: text})
                if record is not None and arguments.number in record and not writes.kept(found, record[arguments.number]):
                    return Failed(f"{arguments.number} of {found} for {text!r}, as from a create", repr(record[arguments.number]), operation=other.id)
            return Passed(f"{operation.id} makes {found} of {text!r}", (f"{', '.join(tried)} not understood",) if tried else ())
        tried.append(repr(text))
    return Failed(f"{arguments.number} filled from one of these: {', '.join(tried)}", "none of them", operation=operation.id)


def read_only_members_are_ignored(exam: Exam, clause: Clause) -> Flow:
    """Writes the read-only members by each operation, and sees neither a refusal nor an effect."""
    arguments = clause.arguments
    if not isinstance(arguments, Members):
        return each(())
    operations = [operation for operation in _of_effect(exam, clause, "create", "update") if operation.resource == arguments.resource]
    return each(_ignored(exam, operation, arguments.members) for operation in operations)


def _ignored(exam: Exam, operation: Operation, names: Iterable[str]) -> Flow:
    resource = exam.spec.resources[operation.resource or ""]
    own = yield from exam.make(resource, operation=operation if operation.effect == "create" else None)
    before = {**own.record, **(yield from writes.current(exam, own))}
    forged = {name: _forged(resource, name, before.get(name)) for name in names}
    if operation.effect == "create":
        given = {**(yield from exam.payload(resource)), **forged}
        parents = yield from calls.parents_for(exam, operation, given)
        response = yield exam.ask.operation(operation, members=given, parents=parents)
    else:
        change = yield from calls.change(exam, resource, before)
        response = yield from writes.sent(exam, operation, own, {**change, **forged})
    if response.status == 429 or response.status == 503:
        return Inconclusive(f"{operation.id} was answered with {response.status}")
    if not exam.read.succeeded(response):
        return Failed(f"{', '.join(forged)} ignored", f"refused with {writes.told(exam, response)}", operation=operation.id)
    if operation.effect == "create":
        own = exam.made(resource, given, response, "full")
    shown = passing(exam, response, resource) or {}
    for record in (shown, (yield from writes.current(exam, own))):
        taken = [name for name, value in forged.items() if name in record and writes.kept(value, record[name])]
        if taken:
            return Failed(f"{taken[0]} as it was", f"{record[taken[0]]!r}, the value that was sent", operation=operation.id)
    return Passed(f"{operation.id} ignores {', '.join(forged)}")


def _forged(resource: Resource, name: str, value: Any) -> Any:
    """A value of the member's kind that it does not have by itself."""
    types = resource.schema.get("properties", {}).get(name, {}).get("type")
    known = set(types) if isinstance(types, list) else {types}
    if "boolean" in known or isinstance(value, bool):
        return value is not True
    if known & {"integer", "number"}:
        return 1234567
    return "proctor-forged"


# Refused writes


def invalid_write_changes_nothing(exam: Exam, clause: Clause) -> Flow:
    """Writes invalid records by each operation, and sees what is refused, how, and that it leaves nothing behind."""
    arguments = clause.arguments if isinstance(clause.arguments, WriteRefused) else WriteRefused()
    parts = []
    for operation in exam.operations(clause):
        if operation.effect == "create" and "create" in arguments.effects:
            parts.append(invalid_writes.creates(exam, operation, arguments))
        elif operation.effect in ("update", "replace") and "update" in arguments.effects:
            parts.append(invalid_writes.updates(exam, operation, arguments))
    return each(parts)


# JSON:API


def create_answers_as_jsonapi_says(exam: Exam, clause: Clause) -> Flow:
    """Makes a record of each resource: as it should be, of another type, and with an id of our own."""
    creates = _of_effect(exam, clause, "create")
    return each(part for operation in creates for part in (_answers(exam, operation), _other_type(exam, operation), _own_id(exam, operation)))


def _answers(exam: Exam, operation: Operation) -> Flow:
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
    return Passed(f"{operation.id} answers 201 with the resource")


def _document(exam: Exam, operation: Operation) -> Steps[dict[str, Any]]:
    """The body of a valid create, to be made invalid in one way."""
    resource = exam.spec.resources[operation.resource or ""]
    given = yield from exam.payload(resource)
    request = exam.ask.operation(operation, members=given)
    document = exam.read.document(Response(200, (), request.body or b"{}"))
    return document if isinstance(document, dict) and isinstance(document.get("data"), dict) else {"data": {}}


def _other_type(exam: Exam, operation: Operation) -> Flow:
    document = yield from _document(exam, operation)
    document["data"]["type"] = "zz_proctor"
    parents = yield from exam.parents_of(operation)
    response = yield exam.ask.operation(operation, document=document, parents=parents)
    judged = exam.read.answered("conflict", response)
    if response.status in (401, 403, 429, 503):
        return Inconclusive(f"{operation.id} with another type was answered with {response.status}")
    if judged.fine:
        return Passed(f"{operation.id} refuses another type with {response.status}", (judged.remark,) if judged.remark else ())
    return Failed(f"{judged.expected} for a resource of another type", writes.told(exam, response), operation=operation.id)


def _own_id(exam: Exam, operation: Operation) -> Flow:
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
        return Passed(f"{operation.id} refuses an id with {response.status}", (judged.remark,) if judged.remark else ())
    if response.status in (429, 503):
        return Inconclusive(f"{operation.id} with an id was answered with {response.status}")
    return Failed(f"{judged.expected} for an id, or a resource of that id", writes.told(exam, response), operation=operation.id)


def _taken_id(exam: Exam, operation: Operation, resource: Resource, chosen: str, response: Response) -> Verdict:
    """A client's id may be taken, but not taken away in silence."""
    record = passing(exam, response, resource) if response.body.strip() else {resource.key: chosen}
    if record is not None and str(record.get(resource.key)) == chosen:
        return Passed(f"{operation.id} uses an id that is given")
    found = record.get(resource.key) if record else None
    return Failed(f"403 for an id, or a resource of that id ({chosen})", f"{response.status} with the id {found!r}", operation=operation.id)


CHECKS: dict[str, Check] = {
    "created_can_be_read": Check(
        flow=created_can_be_read,
        how="Makes a record of each resource, reads it by its id and finds it in the list; values given come back, members not shown are unknown.",
    ),
    "record_is_read_by_its_id": Check(flow=record_is_read_by_its_id, how="Reads records that a list shows by their ids."),
    "delete_answers_empty": Check(flow=delete_answers_empty, how="Deletes records of our own by each operation and looks at status and body."),
    "deleted_is_gone": Check(
        flow=deleted_is_gone,
        how="Deletes records of our own by each operation, then reads, changes, acts on and deletes them again, and looks for them in the list.",
    ),
    "update_merges": Check(
        flow=update_merges,
        how="Changes one member of a record of our own by each operation and compares all others; then sets members to 0, false and null, and again.",
    ),
    "given_id_is_used": Check(flow=given_id_is_used, how="Makes records with an id of our own, with null and without one, and reads them back."),
    "value_outside_the_enum_is_refused": Check(
        flow=value_outside_the_enum_is_refused,
        how="Writes a value outside of the set by each operation: refused with any 4xx, and nothing made or changed.",
    ),
    "text_fills_the_number": Check(
        flow=text_fills_the_number,
        how="Writes the number, the number with a text that says another, and texts in many forms: a number given stays, and one form at least is understood.",
    ),
    "read_only_members_are_ignored": Check(
        flow=read_only_members_are_ignored,
        how="Writes the read-only members by each operation: no refusal, and their values are not taken.",
    ),
    "invalid_write_changes_nothing": Check(
        flow=invalid_write_changes_nothing,
        how="Writes records without members, without single ones and with values of wrong types: what is refused is refused as documented and leaves "
        "nothing behind; that nothing is refused fails.",
    ),
    "create_answers_as_jsonapi_says": Check(
        flow=create_answers_as_jsonapi_says,
        how="Makes a record of each resource as it should be, of another type and with an id of our own.",
    ),
}
