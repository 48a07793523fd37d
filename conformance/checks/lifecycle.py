"""How records are made, read back, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.addressing import query_string
from conformance.asking import READS
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import NotPermitted, Response
from conformance.steps import calls, free_texts, given_members, invalid_writes, jsonapi_creates, jsonapi_updates, writes
from conformance.steps.aiming import attempt, overloaded, passing, text_of_ours
from conformance.steps.parts import each
from conformance.steps.patience import patient
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.conventions.lifecycle import ClientIds, Effects, EnumMember, Lifecycle, Members, OnResource, Parsed, WriteRefused
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]

SMALL, MOST_READ, AMID = 3, 5, 3
"""Values that make a small set, records that are read one by one, and records of which one is neither the first nor the last."""


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


@patient
def created_can_be_read(exam: Exam, clause: Clause) -> Flow:
    """Makes a record of each resource, reads it back and finds it in the list."""
    members = clause.arguments.members if isinstance(clause.arguments, OnResource) else {}
    return each(_created(exam, resource, members) for resource in _meant(exam, clause))


def _created(exam: Exam, resource: Resource, members: Mapping[str, Any]) -> Flow:
    operation = exam.operation(resource, "create")
    if operation is None:
        return Skipped(f"{resource.name} has no operation that creates", f"the operation's path under [resources.{resource.name}]")
    told = yield from _telling(exam, resource, members)
    before = {str(record.get(resource.key)) for record in (yield from exam.known(resource))}
    own = yield from attempt(writes.made(exam, resource, operation, members=told, rich=resource.names == "documented"))
    refused = own
    if isinstance(own, Ended) and told != members:  # a record amid others may be one that is closed
        own = yield from attempt(writes.made(exam, resource, operation, members=members))
    if isinstance(own, Ended):
        return (yield from _why_not(exam, resource, operation, told, (refused if isinstance(refused, Ended) else own).verdict))
    wrong = writes.differences(exam, resource, own.given, own.record)
    if wrong:
        return Failed("the values that were given in the answer to the create", "; ".join(wrong[:3]), operation=operation.id)
    if own.key in before and text_of_ours(exam, own.given):
        return Failed(f"a new {resource.singular}", f"the {resource.key} {own.key} of one that was there before", operation=operation.id)
    odd = (yield from free_texts.name_comes_back(exam, operation)) if resource.names == "documented" else Passed("")
    if not isinstance(odd, Passed):
        return odd
    shown = yield from _shown_as_made(exam, own)
    return replace(shown, remarks=(*shown.remarks, *odd.remarks)) if isinstance(shown, Passed) else shown


def _shown_as_made(exam: Exam, own: Made) -> Flow:
    """Reads a new record, and finds it in the list, once."""
    resource = own.resource
    response = yield from writes.read_back(exam, own)
    if response is not None:
        record = passing(exam, response, resource)
        if record is None:
            return (yield from _unread(exam, own, response))
        if str(record.get(resource.key)) != own.key:
            return Failed(f"the {resource.singular} {own.key}", f"one with the {resource.key} {record.get(resource.key)!r}", operation=_read_id(exam, resource))
        wrong = writes.differences(exam, resource, own.given, record)
        if wrong:
            return Failed(f"the {resource.singular} that was made, with the values given", "; ".join(wrong[:3]), operation=_read_id(exam, resource))
    return (yield from _created_is_listed(exam, own, response is not None))


def _telling(exam: Exam, resource: Resource, members: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """The members of a clause, with references to a record amid those known: the first or the last made is what a default would be."""
    told = dict(members)
    for name, value in members.items():
        other = exam.spec.resources.get(value[1:-1].partition(".")[0]) if isinstance(value, str) and value.startswith("{") else None
        if other is not None and other.name != resource.name:
            known = [record[other.key] for record in (yield from exam.known(other)) if record.get(other.key) is not None]
            while 0 < len(known) < AMID and exam.operation(other, "create") is not None:
                made = yield from attempt(exam.make(other))
                if isinstance(made, Ended):
                    break
                known.append(made.record[other.key])
            told |= {name: known[len(known) // 2]} if known else {}
    return told


def _why_not(exam: Exam, resource: Resource, operation: Operation, members: Mapping[str, Any], verdict: Verdict) -> Flow:
    """What it means that a record can't be made: no such method, or members that are not seen where the document puts them."""
    given = {**(yield from exam.payload(resource)), **(yield from exam.filled(resource, members))}
    parents = yield from calls.parents_for(exam, operation, given)
    response = yield exam.ask.operation(operation, members=given, parents=parents)
    nowhere = response.status in (405, 501) or (bool(members) and (yield from _is_nowhere(exam, operation, parents, response)))
    if nowhere or writes.fails_itself(exam, response):
        return Failed(f"{resource.one} made by {operation.method} {operation.path}", writes.told(exam, response), operation=operation.id)
    envelope = exam.ask.envelope()
    if not members or envelope is None or envelope.input.place != "query" or exam.read.succeeded(response):
        return verdict
    form = query_string(given.items()).encode()
    elsewhere = yield exam.ask.operation(operation, body=form, content_type="application/x-www-form-urlencoded", parents=parents)
    if not exam.read.succeeded(elsewhere):
        return verdict
    return Failed(f"{', '.join(members)} taken from the query", f"{writes.told(exam, response)}, and taken from a form", operation=operation.id)


def _is_nowhere(exam: Exam, operation: Operation, parents: Mapping[str, str], response: Response) -> Steps[bool]:
    """Whether a create whose members are documented is not there at all: 404 though it refers to records that exist, and 404 without any."""
    if response.status != 404:
        return False
    bare = yield exam.ask.operation(operation, members={}, parents=parents)
    return bool(bare.status == 404)


def _read_id(exam: Exam, resource: Resource) -> str | None:
    operation = exam.operation(resource, "read")
    return operation.id if operation else None


def _unread(exam: Exam, own: Made, response: Response) -> Flow:
    """What it means that a new record can't be read: a failure, unless the document shows no such read and the list has the record."""
    resource = own.resource
    if resource.names == "documented" or response.status not in (404, 405, 501) or "list" not in resource.operations:
        return writes.failed_read(exam, own, response)
    if not (yield from exam.listed(resource, own.key)):
        return writes.failed_read(exam, own, response)
    return Passed(f"{resource.one} was made and is in the list", (f"reading it is answered with {response.status}",))


def _created_is_listed(exam: Exam, own: Made, was_read: bool) -> Flow:
    """A list that the document does not show may leave records out, so there it is a remark."""
    resource = own.resource
    listed = (yield from exam.listed(resource, own.key)) if "list" in resource.operations else None
    passed = f"{resource.one} was made{' and read back' if was_read else ''}{' and is in the list' if listed else ''}"
    if listed is False and resource.names == "documented":
        operation = exam.operation(resource, "list")
        return Failed(f"the {resource.singular} {own.key} that was made, in the list", "it is not there", operation=operation.id if operation else None)
    text = text_of_ours(exam, own.given) if listed else ""
    twins = [record for record in (yield from exam.known(resource)) if text in record.values()] if text else []
    if len({str(record.get(resource.key)) for record in twins}) > 1:
        return Failed(f"one new {resource.singular}", f"{len(twins)} in the list with {text!r}", operation=resource.operations["create"][0])
    if listed is None and not was_read:
        return Inconclusive(f"nothing shows the {resource.singular} that was made", f"an operation that reads one of {resource.name}")
    return Passed(passed, (f"the list does not show the {resource.singular} that was made",) if listed is False else ())


def record_is_read_by_its_id(exam: Exam, clause: Clause) -> Flow:
    """Reads two records of each resource's list by their ids."""
    return each(_read_by_id(exam, resource) for resource in _meant(exam, clause))


def _read_by_id(exam: Exam, resource: Resource) -> Flow:
    known = [record for record in (yield from exam.known(resource)) if record.get(resource.key) is not None]
    known = _various(known) + (yield from _own_record(exam, resource))
    known += (yield from _own_record(exam, resource)) if len(known) == 1 else []  # another that could be taken for it
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
    if overloaded(response) or response.status >= 500:
        return not writes.fails_itself(exam, response)
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
    if response is None or response.status in (401, 403) or overloaded(response):
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


@patient
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
    for listing in (exam.spec.operations[name] for name in resource.operations.get("list", ()) if name in exam.spec.operations):
        parents = yield from calls.parents_for(exam, listing, {**own.given, **own.record})
        if (yield from exam.listed(resource, own.key, operation=listing, parents=parents)):
            return Failed(f"a list without the {resource.singular} that {operation.id} deleted", f"{own.key} is in it", operation=listing.id)
    return Passed(f"{resource.one} deleted by {operation.id} is gone")


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
    if overloaded(response):
        return None
    judged = [exam.read.answered(cause, response) for cause in ("not_found", "foreign_record")]
    if any(one.fine for one in judged):
        return None
    return Failed(f"{judged[0].expected} for {own.resource.one} that was deleted", writes.told(exam, response), operation=operation.id)


# Updating


@patient
def update_merges(exam: Exam, clause: Clause) -> Flow:
    """Changes one member of a record of our own by each operation, and compares all others."""
    if _parameters(exam, clause).update != "merge":
        return each(())
    updates = _of_effect(exam, clause, "update")
    return each(_merges(exam, operation, thorough=index == 0) for index, operation in enumerate(updates))


def _merges(exam: Exam, operation: Operation, *, thorough: bool) -> Flow:
    resource = exam.spec.resources[operation.resource or ""]
    for flagged in (True, False):  # one that is signed off may not be open to changes
        own = yield from _unusual(exam, resource, flagged=flagged)
        before = yield from writes.current(exam, own)
        names = [name for name in writes.own_names(exam, resource, own.given) if name in before]
        change = yield from calls.change(exam, resource, before)
        verdict, after = yield from _changed_alone(exam, operation, own, change, before, names)
        if not isinstance(verdict, Inconclusive):
            break
    if isinstance(verdict, Passed) and thorough:
        return (yield from _keeps_empty_values(exam, operation, own, after, names, verdict))
    return verdict


def _unusual(exam: Exam, resource: Resource, *, flagged: bool) -> Steps[Made]:
    """A record of our own with many members and, of closed sets (`flagged`: also of yes and no), values other than the usual: those are often the defaults."""
    plain = yield from exam.payload(resource)
    group = exam.spec.group_of_kind("lifecycle")
    parsed = group.parameters.parsed if group is not None else []
    others: dict[str, Any] = {pair.number: given_members.NUMBERS[pair.form][0] for pair in parsed if pair.resource in ("", resource.name)}
    usual = group.parameters.defaults.get(resource.name, {}) if group is not None else {}
    flags: dict[str, Any] = {}
    for name, schema in calls.writable(exam, resource, "create").items():
        texts = [value for value in schema.get("enum", ()) if isinstance(value, str)]
        if {"true", "false"} & set(texts):
            flags |= {name: "false" if usual[name] == "true" else "true"} if usual.get(name) in ("true", "false") else {}
            continue
        other = next((value for value in texts if value.casefold() != str(plain.get(name, texts[0])).casefold()), None)
        others |= {name: other} if other is not None else {}
    for given in ({**others, **flags}, others) if flagged else (others,):
        own = yield from attempt(writes.made(exam, resource, members=given, rich=True, everything=True))
        if not isinstance(own, Ended):
            return own
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


# Members that are given


def given_id_is_used(exam: Exam, clause: Clause) -> Flow:
    """Makes records with an id of our own, with null and without one, by each operation."""
    name = clause.arguments.resource if isinstance(clause.arguments, ClientIds) else ""
    creates = [operation for operation in _of_effect(exam, clause, "create") if name in ("", operation.resource)]
    return each(given_members.id_is_used(exam, operation) for operation in creates)


def value_outside_the_enum_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Writes a value outside of the set by each operation, and sees that it is refused and nothing is done."""
    arguments = clause.arguments
    if not isinstance(arguments, EnumMember):
        return each(())
    cause = _parameters(exam, clause).cause
    operations = [operation for operation in _of_effect(exam, clause, "create", "update", "replace") if operation.resource == arguments.resource]
    return each(given_members.outside(exam, operation, arguments, cause) for operation in operations)


def text_fills_the_number(exam: Exam, clause: Clause) -> Flow:
    """Writes the number alone, the number with a text that says another, and texts alone until one is understood."""
    arguments = clause.arguments
    if not isinstance(arguments, Parsed):
        return each(())
    creates = [operation for operation in _of_effect(exam, clause, "create") if arguments.resource in ("", operation.resource)]
    updates = [operation for operation in _of_effect(exam, clause, "update") if arguments.resource in ("", operation.resource)]
    return each(
        [
            *(given_members.number_wins(exam, operation, arguments) for operation in [*creates, *updates]),
            *(given_members.text_is_understood(exam, operation, arguments, [*creates[1:], *updates]) for operation in creates[:1]),
        ]
    )


def read_only_members_are_ignored(exam: Exam, clause: Clause) -> Flow:
    """Writes the read-only members by each operation, and sees neither a refusal nor an effect."""
    arguments = clause.arguments
    if not isinstance(arguments, Members):
        return each(())
    operations = [operation for operation in _of_effect(exam, clause, "create", "update") if operation.resource == arguments.resource]
    return each(given_members.ignored(exam, operation, arguments.members) for operation in operations)


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


@patient
def create_answers_as_jsonapi_says(exam: Exam, clause: Clause) -> Flow:
    """Makes a record of each resource: as it should be, of another type, and with an id of our own; then updates one."""
    creates, updates = _of_effect(exam, clause, "create"), _of_effect(exam, clause, "update")
    ways = (jsonapi_creates.answers, jsonapi_creates.other_type, jsonapi_creates.own_id)
    parts = [way(exam, operation) for operation in creates for way in ways]
    return each([*parts, *(jsonapi_updates.keeps(exam, operation) for operation in updates)])


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
        how="Makes a record of each resource as it should be, of another type and with an id of our own, and changes a text and a number of one.",
    ),
}
