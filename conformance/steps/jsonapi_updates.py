"""What JSON:API says of updates: what is named changes and stays so, what is not named keeps its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.check import Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response
from conformance.schemas import mismatch
from conformance.steps import calls, writes
from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Operation

__all__ = ["keeps"]

_LATER = 202
"""The status of what is done later, of which nothing can be said yet."""


def keeps(exam: Exam, operation: Operation) -> Flow:
    """Changes a text and a number of a record of our own, and reads it: both are new, and no other member is lost.

    A server may change further members with them, as computed ones; only one that is empty afterwards, and was not, is lost.
    """
    resource = exam.spec.resources[operation.resource or ""]
    own = yield from writes.made(exam, resource, rich=True)
    before = yield from writes.current(exam, own)
    change, response = yield from _changed(exam, operation, own, before)
    if not exam.read.succeeded(response) or response.status == _LATER:
        return Inconclusive(f"{operation.id} was answered with {writes.told(exam, response)}", "a member that may change")
    after = yield from writes.current(exam, own)
    stale = [name for name, value in change.items() if name in after and _is_as_before(value, before.get(name), after[name])]
    if stale:
        return Failed(f"{stale[0]} with the new value", f"the old one, though {operation.id} was answered with {response.status}", operation=operation.id)
    names = [name for name in writes.own_names(exam, resource, own.given) if name not in change]
    lost = [name for name in names if before.get(name) not in (None, "", [], {}) and name in after and after[name] in (None, "", [], {})]
    if lost:
        observed = f"{lost[0]} is {after[lost[0]]!r} instead of {before[lost[0]]!r}"
        return Failed(f"all members but {' and '.join(change)} as they were", observed, operation=operation.id)
    return Passed(f"{operation.id} changes {' and '.join(change)}, and nothing else is lost")


def _changed(exam: Exam, operation: Operation, own: Made, before: Mapping[str, Any]) -> Steps[tuple[Mapping[str, Any], Response]]:
    """A text and a number that were changed, or the first of them alone where both are not taken; with the answer."""
    plain = yield from calls.change(exam, own.resource, before)
    for change in ({**plain, **_number(exam, own, before)}, plain):
        response = yield from writes.sent(exam, operation, own, change)
        if exam.read.succeeded(response):
            break
    return change, response


def _number(exam: Exam, own: Made, before: Mapping[str, Any]) -> dict[str, Any]:
    """Twice the value of a number that our record was made with and shows: one that is rounded or computed may be no other after less."""
    schemas = calls.writable(exam, own.resource)
    for name, value in own.given.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and value != 0
        if is_number and name in schemas and writes.kept(value, before.get(name)) and mismatch(schemas[name], 2 * value) is None:
            return {name: 2 * value}
    return {}


def _is_as_before(wanted: Any, before: Any, after: Any) -> bool:
    return not writes.kept(wanted, after) and writes.kept(before, after)
