"""Creates and updates that some implementation must refuse: which ones is open, that all of them are taken is not.

What is refused must be refused as documented and leave nothing behind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.check import Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response
from conformance.reading import agrees
from conformance.schemas import mismatch
from conformance.steps import aiming, writes
from conformance.steps.aiming import absent_key, passing
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from specs.conventions.lifecycle import WriteRefused
from specs.model import Operation, Resource

__all__ = ["creates", "updates"]

SOME = 2
"""Members that are broken one by one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An invalid write: what is wrong with it, its members, and whether a parent or the type of a known member is what is wrong.

    `certain` says that the document leaves no doubt of it.
    """

    what: str
    members: Mapping[str, Any]
    of_parent: bool = False
    of_type: bool = False
    certain: bool = False


def _wrong(value: Any, text: bool) -> Any:
    """A value of another type; None where everything is text and any text will do."""
    if isinstance(value, bool | int | float):
        return "proctor"
    if text:
        return None
    return {"proctor": ["of a wrong type"]} if isinstance(value, str) or value is None else "proctor"


def _as_text(exam: Exam) -> bool:
    envelope = exam.ask.envelope()
    return envelope is not None and envelope.input.place != "body"


def _breakable(exam: Exam, own: Made) -> dict[str, Any]:
    """Wrong values for members that the target is seen to know, as it shows what was given: numbers first, references left out."""
    parents = {parent.member for parent in own.resource.parents}
    known = [name for name in own.given if name not in parents and name in own.record and writes.kept(own.given[name], own.record[name])]
    wrong = {name: _wrong(own.given[name], _as_text(exam)) for name in sorted(known, key=lambda name: isinstance(own.given[name], str))}
    return {name: value for name, value in wrong.items() if value is not None}


# Creates


def _attempts(exam: Exam, resource: Resource, certain: Collection[str]) -> Steps[list[Attempt]]:
    """Creates that are invalid in one way each, and one in every way; `certain` are the members of which there is no doubt."""
    own = yield from writes.made(exam, resource, rich=True)
    valid = yield from exam.payload(resource)
    parents = {parent.member: parent.resource for parent in resource.parents}
    broken = _breakable(exam, own)
    found = [Attempt("no members at all", {}, certain="*" in certain)]
    for name in [name for name in valid if name not in parents][:SOME] if len(valid) > 1 else ():
        fresh = yield from exam.payload(resource)
        found.append(Attempt(f"no {name}", {other: value for other, value in fresh.items() if other != name}))
    for name in sorted(broken, key=lambda name: name not in certain)[:SOME]:
        fresh = yield from exam.payload(resource)
        found.append(Attempt(f"{name} of a wrong type", {**fresh, name: broken[name]}, of_type=True, certain=name in certain))
    absent: dict[str, Any] = {}
    for name in (name for name in valid if name in parents):
        absent[name] = yield from absent_key(exam, exam.spec.resources[parents[name]])
    if absent:
        found.append(Attempt(f"an unknown {next(iter(absent))}", {**valid, **absent}, of_parent=True, certain=bool(set(absent) & set(certain))))
    if len(broken) + len(absent) > 1:
        found.append(Attempt("every member of a wrong type", {**valid, **broken, **absent}, of_parent=bool(absent), of_type=bool(broken)))
    return found


def creates(exam: Exam, operation: Operation, arguments: WriteRefused) -> Flow:
    """Makes invalid records by one operation: those refused are refused as documented, and nothing of them is there."""
    resource = exam.spec.resources[operation.resource or ""]
    attempts = yield from _attempts(exam, resource, arguments.certain.get(resource.name, ()))
    before = yield from _ids(exam, resource)
    parents = yield from exam.parents_of(operation)
    refused, remarks, taken = [], [], set(before or ())
    for attempt in attempts:
        response = yield exam.ask.operation(operation, members=attempt.members, parents=parents)
        verdict = _judged(exam, operation, attempt, arguments, response)
        if isinstance(verdict, Failed):
            return verdict
        if verdict is not None:
            refused.append(attempt)
            remarks.append(verdict)
        elif exam.read.succeeded(response):
            if attempt.certain and (not attempt.of_parent or _is_kept(resource, attempt, passing(exam, response, resource))):
                return Failed(f"{attempt.what} refused", writes.told(exam, response), operation=operation.id)
            remarks.append(f"{operation.id} takes {attempt.what}")
            taken.add(str((passing(exam, response, resource) or {}).get(resource.key)))
    if all(attempt.of_parent for attempt in refused):
        return _all_taken(operation, attempts, refused, remarks)
    left = yield from _left_behind(exam, resource, taken if before is not None else None, refused)
    if left is None and before is not None:
        left = yield from _left_again(exam, operation, refused, parents, taken)
    if left is not None:
        return Failed("nothing created by a write that was refused", left, operation=operation.id)
    return Passed(f"{operation.id} refuses {', '.join(attempt.what for attempt in refused)}, and makes nothing", tuple(filter(None, remarks)))


def _is_kept(resource: Resource, attempt: Attempt, record: Mapping[str, Any] | None) -> bool:
    """Whether a record shows the unknown parent that it was given, instead of another that a target may take."""
    named = [parent.member for parent in resource.parents if parent.member in attempt.members]
    return record is not None and any(writes.kept(attempt.members[name], record.get(name)) for name in named)


def _judged(exam: Exam, operation: Operation, attempt: Attempt, arguments: WriteRefused, response: Response) -> Failed | str | None:
    """A failure; the remark (or an empty text) of a refusal that is fine; None of what is no refusal that says anything."""
    if response.status in (401, 403, 429, 502, 503, 504) or (exam.read.succeeded(response) and not _is_error(exam, operation, response)):
        return None
    judged = exam.read.answered(arguments.cause, response)
    if not judged.fine:
        others = ("parent_not_found", "not_found", "foreign_record") if attempt.of_parent else ()
        if any(exam.read.answered(cause, response).fine for cause in others):
            return ""
        return Failed(f"{judged.expected} for {attempt.what}", writes.told(exam, response), operation=operation.id)
    if attempt.of_parent:
        return judged.remark
    wrong = writes.named_members(exam, arguments.cause, arguments.members, response)
    if wrong is not None:
        return Failed(f"the documented error for {attempt.what}", wrong, operation=operation.id)
    return judged.remark


def _is_error(exam: Exam, operation: Operation, response: Response) -> bool:
    """Whether a body is an error for all that its status says: no record, but the documented shape of an error."""
    record = passing(exam, response, exam.spec.resources[operation.resource or ""])
    shape = exam.read.errors.shape if exam.read.errors else None
    if shape is None or (record is not None and exam.spec.resources[operation.resource or ""].key in record):
        return False
    return bool(response.body.strip()) and mismatch(shape, exam.read.document(response)) is None


def _all_taken(operation: Operation, attempts: list[Attempt], refused: list[Attempt], remarks: list[str]) -> Verdict:
    """What it means that no write was refused for its own members: a failure if some were of a wrong type, and none for another reason."""
    unsure = not any(attempt.of_type and attempt not in refused for attempt in attempts)
    if refused and unsure:
        return Passed(f"{operation.id} refuses {', '.join(attempt.what for attempt in refused)}", tuple(filter(None, remarks)))
    if len(remarks) < len(attempts) or unsure:
        needs = "a credential that may write, and records that show their members"
        return Inconclusive(f"{operation.id} was sent nothing that is surely invalid, or refused it for other reasons", needs)
    tried = ", ".join(attempt.what for attempt in attempts if attempt not in refused)
    return Failed(f"at least one of these refused: {tried}", "all of them were taken", operation=operation.id)


def _ids(exam: Exam, resource: Resource) -> Steps[set[str] | None]:
    """The ids of all records, or None where the list's end can't be seen."""
    if exam.operation(resource, "list") is None:
        return None
    walk = yield from exam.walk(resource, size=_largest(exam, resource), fresh=True)
    return {str(record.get(resource.key)) for record in walk.records} if walk.complete else None


def _largest(exam: Exam, resource: Resource) -> int | None:
    operation = exam.operation(resource, "list")
    pagination = exam.pagination(operation) if operation else None
    return (pagination.maximum or pagination.stub_maximum) if pagination is not None and pagination.size else None


def _left_behind(exam: Exam, resource: Resource, known: set[str] | None, refused: list[Attempt]) -> Steps[str | None]:
    """A record that a refused create made after all: known by its mark, or by lacking just what was refused for lacking."""
    if exam.operation(resource, "list") is None:
        return None
    walk = yield from exam.walk(resource, size=_largest(exam, resource), fresh=True)
    marks = [(mark, attempt.what) for attempt in refused if (mark := writes.mark_of(exam, attempt.members)) is not None]
    for record in walk.records:
        for (name, value), what in marks:
            if agrees(value, record.get(name)):
                return f"{resource.one} made with {what} is in the list"
    if known is None or not any(not attempt.members for attempt in refused):
        return None
    names = [name for name in exam.payloads.members(resource) if name not in {parent.member for parent in resource.parents}]
    for record in walk.records:
        bare = bool(names) and all(record.get(name) in (None, "") for name in names) and any(name in record for name in names)
        if bare and str(record.get(resource.key)) not in known:
            return f"{resource.one} without {', '.join(names[:3])} is in the list"
    return None


def _left_again(exam: Exam, operation: Operation, refused: list[Attempt], parents: Mapping[str, str], known: set[str]) -> Steps[str | None]:
    """Where records are there that nobody of us made: whether one more comes with each write that is refused, twice over."""
    resource = exam.spec.resources[operation.resource or ""]
    after = yield from _ids(exam, resource)
    if after is None or not after - known:
        return None
    for attempt in refused:
        counts = []
        for _ in range(2):
            before = yield from _ids(exam, resource)
            yield exam.ask.operation(operation, members=attempt.members, parents=parents)
            after = yield from _ids(exam, resource)
            counts.append(len((after or set()) - (before or set())))
        if counts == [1, 1]:
            return f"one {resource.singular} more in the list after each create with {attempt.what}"
    return None


# Updates


def updates(exam: Exam, operation: Operation, arguments: WriteRefused) -> Flow:
    """Changes a record of our own in invalid ways: those refused are refused as documented, and it stays as it was."""
    resource = exam.spec.resources[operation.resource or ""]
    own = yield from writes.made(exam, resource, rich=True)
    before = yield from writes.current(exam, own)
    attempts = list(_changes(exam, own, (yield from _moved(exam, own))))
    attempts += yield from _orphaned(exam, own, arguments.certain.get(resource.name, ()))
    refused, remarks = [], []
    for attempt in attempts:
        response = yield from writes.sent(exam, operation, own, attempt.members)
        verdict = _judged(exam, operation, attempt, arguments, response)
        if isinstance(verdict, Failed):
            return verdict
        after = yield from writes.current(exam, own)
        if verdict is not None:
            wrong = writes.differences(exam, resource, before, after, attempt.members)
            if wrong:
                return Failed(f"nothing changed by {attempt.what}, which was refused", wrong[0], operation=operation.id)
            refused.append(attempt)
            remarks.append(verdict)
        elif exam.read.succeeded(response):
            if attempt.certain and _is_kept(resource, attempt, after):
                return Failed(f"{attempt.what} refused", writes.told(exam, response), operation=operation.id)
            remarks.append(f"{operation.id} takes {attempt.what}")
        before = after
    if not refused:
        return _all_taken(operation, attempts, refused, remarks)
    return Passed(f"{operation.id} refuses {', '.join(attempt.what for attempt in refused)}, and changes nothing", tuple(filter(None, remarks)))


def _orphaned(exam: Exam, own: Made, certain: Collection[str]) -> Steps[list[Attempt]]:
    """Updates that refer to a parent that does not exist, where the document leaves no doubt of what that is."""
    found = []
    for parent in own.resource.parents:
        if parent.member in certain:
            absent = yield from absent_key(exam, exam.spec.resources[parent.resource])
            found.append(Attempt(f"an unknown {parent.member}", {parent.member: absent}, of_parent=True, certain=True))
    return found


def _moved(exam: Exam, own: Made) -> Steps[dict[str, Any]]:
    """The id of another parent than that of a record of our own, by the member that names it; nothing where there is no other."""
    for parent in own.resource.parents:
        now, other = own.record.get(parent.member), exam.spec.resources[parent.resource]
        known = (yield from aiming.attempt(exam.known(other))) if now is not None else []
        ids = [record.get(other.key) for record in known] if not isinstance(known, Ended) else []
        found = next((key for key in ids if key is not None and str(key) != str(now)), None)
        if found is not None:
            return {parent.member: found}
    return {}


def _changes(exam: Exam, own: Made, moved: Mapping[str, Any]) -> Iterator[Attempt]:
    """Updates that are invalid in one member, with a valid change of another beside it where there is one; in the last, of its parent (`moved`)."""
    resource, parents = own.resource, {parent.member for parent in own.resource.parents}
    broken = _breakable(exam, own)
    fresh = {name: value for name, value in exam.payloads.members(resource).items() if name not in parents and isinstance(value, str)}
    for name in list(broken)[:SOME]:
        beside = {other: value for other, value in fresh.items() if other != name}
        yield Attempt(f"{name} of a wrong type", {**beside, name: broken[name]}, of_type=True)
    required = exam.payloads.members(resource)
    for name in [name for name in required if name not in parents][:SOME]:
        yield Attempt(f"an empty {name}" if _as_text(exam) else f"{name} of null", {name: "" if _as_text(exam) else None})
    if len(broken) > 1 or (broken and moved):
        yield Attempt("every member of a wrong type", {**moved, **broken}, of_parent=bool(moved), of_type=True)
