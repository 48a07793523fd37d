"""Makes a record whose text has characters that mean something to a database, a page or a charset: what is taken comes back as it was."""

from __future__ import annotations

from conformance.check import Steps
from conformance.exam import Exam
from conformance.steps import calls, writes
from conformance.steps.aiming import passing
from conformance.verdict import Failed
from specs.model import Operation, Resource

__all__ = ["kept"]

_ODD = """ & O'Neil "Söhne\""""
"""What a name may have: Latin-1 and no markup, so that nobody has a reason to strip it."""


def kept(exam: Exam, resource: Resource, operation: Operation) -> Steps[Failed | tuple[str, ...]]:
    """A failure, or else the remarks: whether such a text is taken is open, but not that it is changed, or that the server fails on it."""
    given = yield from exam.payload(resource)
    name = next((name for name, value in given.items() if isinstance(value, str) and exam.payloads.run in value), None)
    if name is None:
        return ()
    given[name] += _ODD
    parents = yield from calls.parents_for(exam, operation, given)
    response = yield exam.ask.operation(operation, members=given, parents=parents)
    record = passing(exam, response, resource)
    if writes.fails_itself(exam, response):
        return Failed(f"{resource.one} with {given[name]!r} as {name} made or refused", writes.told(exam, response), operation=operation.id)
    if record is None or record.get(resource.key) in (None, ""):
        return (f"{given[name]!r} as {name} is answered with {response.status}",)
    read = yield from writes.read_back(exam, exam.made(resource, given, response, "full"))
    for shown in (record, (passing(exam, read, resource) if read is not None else None) or {}):
        wrong = writes.differences(exam, resource, given, shown, [name])
        if wrong:
            return Failed(f"the {name} that was given", "; ".join(wrong), operation=operation.id)
    return ()
