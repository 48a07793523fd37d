"""What becomes of members that a write gives: ids of a caller, values outside of a closed set, texts for numbers, read-only members."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Flow, Steps
from conformance.exam import Exam, Made
from conformance.schemas import mismatch
from conformance.steps import calls, writes
from conformance.steps.aiming import overloaded, passing
from conformance.verdict import Failed, Inconclusive, Passed
from specs.conventions.lifecycle import EnumMember, Parsed
from specs.model import Operation, Resource
from specs.words import an

__all__ = ["NUMBERS", "id_is_used", "ignored", "number_wins", "outside", "text_is_understood"]

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


def id_is_used(exam: Exam, operation: Operation) -> Flow:
    """Makes records by one operation: without an id, with one of our own, and with null."""
    resource = exam.spec.resources[operation.resource or ""]
    plain = yield from writes.made(exam, resource, operation)
    wrong = mismatch(resource.key_schema, plain.record[resource.key])
    if wrong is not None:
        return Failed(f"{an(resource.key)} made where none is given", f"{plain.record[resource.key]!r}, {wrong}", operation=operation.id)
    chosen = str(uuid.uuid4()) if resource.key_schema.get("format") == "uuid" else f"proctor-{uuid.uuid4().hex[:12]}"
    given = yield from exam.payload(resource)
    parents = yield from calls.parents_for(exam, operation, given)
    response = yield exam.ask.operation(operation, members={**given, resource.key: chosen}, parents=parents)
    if not exam.read.succeeded(response):
        refused = response.status >= 500 or response.status == 429
        failed = Failed(f"{resource.one} with the {resource.key} given", writes.told(exam, response), operation=operation.id)
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
    passed = f"{operation.id} uses {an(resource.key)} that is given and makes one where none is"
    record = passing(exam, response, resource)
    if record is None:
        return Passed(passed, (f"{operation.id} answers {an(resource.key)} of null with {response.status}",))
    key = record.get(resource.key)
    if mismatch(resource.key_schema, key) is not None or str(key) == plain.key:
        return Failed(f"a new {resource.key} made where null is given", repr(key), operation=operation.id)
    return Passed(passed)


def outside(exam: Exam, operation: Operation, arguments: EnumMember, cause: str) -> Flow:
    """Writes a value outside of a closed set by one operation: refused, if with another status than that of the cause, and nothing is done."""
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
    if overloaded(response):
        return Inconclusive(f"{operation.id} was answered with {response.status}")
    if exam.read.succeeded(response) or response.status >= 500:
        return Failed(expected, writes.told(exam, response), operation=operation.id)
    judged = exam.read.answered(cause, response)
    remark = judged.remark if judged.fine else f"{operation.id} refuses it with {response.status}; the document says {judged.expected}"
    if operation.effect == "create":
        done = yield from _made_anyway(exam, resource, given)
    else:
        after = yield from writes.current(exam, own)
        done = next(iter(writes.differences(exam, resource, before, after, [arguments.member])), None)
    if done is not None:
        return Failed("nothing done by a write that was refused", done, operation=operation.id)
    return Passed(f"{operation.id} refuses {an(arguments.member)} outside of the set", (remark,) if remark else ())


def _made_anyway(exam: Exam, resource: Resource, given: Mapping[str, Any]) -> Steps[str | None]:
    """The record that a refused create made after all, known by a text that no other record has."""
    mark = writes.mark_of(exam, given)
    if mark is None or exam.operation(resource, "list") is None:
        return None
    text = mark[1]
    walk = yield from exam.walk(resource, until=lambda record: text in record.values(), fresh=True)
    return f"{resource.one} with {text!r} is in the list" if any(text in record.values() for record in walk.records) else None


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


def number_wins(exam: Exam, operation: Operation, arguments: Parsed) -> Flow:
    """Writes a number alone, and beside a text that says another one: it stays."""
    number, text = NUMBERS[arguments.form]
    for members in ({arguments.number: number}, {arguments.number: number, arguments.text: text}):
        record = yield from _written(exam, operation, members)
        if record is None:
            return Inconclusive(f"{operation.id} refuses {members}", f"an implementation that takes {arguments.number}")
        if arguments.number not in record:
            return Inconclusive(f"{arguments.number} is not shown")
        if not writes.kept(number, record[arguments.number]):
            return Failed(f"{arguments.number} of {number}, as given", f"{record[arguments.number]!r} after {members}", operation=operation.id)
    return Passed(f"{operation.id} keeps {an(arguments.number)} that is given, also beside {an(arguments.text)}")


def _own_form(exam: Exam, operation: Operation, arguments: Parsed) -> Steps[list[tuple[str, tuple[float, ...]]]]:
    """The text that the target itself shows for a number, in whatever language and currency."""
    number, _ = NUMBERS[arguments.form]
    record = yield from _written(exam, operation, {arguments.number: number})
    text = record.get(arguments.text) if record is not None else None
    return [(text, (number,))] if isinstance(text, str) and text.strip() else []


def text_is_understood(exam: Exam, operation: Operation, arguments: Parsed, others: Iterable[Operation]) -> Flow:
    """Writes texts until one fills the number (last the target's own), and that one by the other operations.

    No form of the text is documented; that none of those a person would write is understood is no reading of the document.
    """
    yield from exam.make(exam.spec.resources[operation.resource or ""], operation=operation)
    tried: list[str] = []
    for text, numbers in (*FORMS[arguments.form], *(yield from _own_form(exam, operation, arguments))):
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


def ignored(exam: Exam, operation: Operation, names: Iterable[str]) -> Flow:
    """Writes read-only members by one operation: neither refused nor taken."""
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
    if overloaded(response):
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
