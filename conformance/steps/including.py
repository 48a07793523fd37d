"""Asks JSON:API lists and reads to include related resources."""

from __future__ import annotations

from typing import Any

from conformance.check import Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.steps import calls, jsonapi
from conformance.steps.aiming import overloaded
from conformance.steps.parts import each
from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Operation
from specs.words import an

__all__ = ["includes", "nonsense_is_refused"]

_TWO_PAGES = 2
"""Records that can be cut into two pages."""


def includes(exam: Exam, operation: Operation, parameter: str) -> Flow:
    """Asks an operation to include relationships that it shows: full linkage, or a refusal."""
    plain = yield from calls.valid(exam, operation)
    document = exam.read.document(plain.response) if plain.response else None
    names = jsonapi.relationships(document)
    if not names:
        return Inconclusive(f"{operation.id} shows no relationship", "records with relationships")
    return (yield from each(_included(exam, operation, plain.request, parameter, name, document) for name in names[:2]))


def _included(exam: Exam, operation: Operation, plain: Request, parameter: str, name: str, before: Any) -> Flow:
    request = calls.again(plain, [(parameter, name)])
    response = yield request
    if 400 <= response.status < 500:
        judged = exam.read.answered("unsupported_include", response)
        remark = f"{parameter}={name} was refused with {response.status}; JSON:API says 400"
        return Passed(f"{operation.id} refuses {parameter}={name}", () if response.status == 400 or judged.fine else (remark,))
    if overloaded(response):
        return Inconclusive(f"{operation.id} with {parameter}={name} was answered with {response.status}")
    if not exam.read.succeeded(response):
        return Failed(f"{parameter}={name} done, or refused with 400", str(response.status), operation=operation.id)
    problem = jsonapi.linkage(exam.read.document(response), name, before)
    if problem is not None:
        return Failed(f"every {name} that is linked to, once, under included", problem, operation=operation.id)
    linked = jsonapi.linked(exam.read.document(response), name)
    if not linked:
        return Inconclusive(f"no record of {operation.id} is linked to any {name}", f"records with {an(name)}")
    problem = (yield from _on_a_later_page(exam, operation, parameter, name, request)) if operation.effect == "list" else None
    if problem is not None:
        return Failed(f"every {name} that is linked to, once, under included, on each page", problem, operation=operation.id)
    return Passed(f"{operation.id} includes {len(linked)} {name}")


def _on_a_later_page(exam: Exam, operation: Operation, parameter: str, name: str, asked: Request) -> Steps[str | None]:
    """Why the second of two pages lacks full linkage, or None: where the list has a second one, and says what its records link to."""
    pagination = exam.pagination(operation)
    resource = exam.spec.resources[operation.resource or ""]
    count = len(exam.page_records((yield asked), resource))
    if pagination is None or pagination.size is None or count < _TWO_PAGES:
        return None
    page = exam.ask.page(operation, 1, size=count // 2, parents=(yield from exam.parents_of(operation)))
    before = exam.read.document((yield page))
    response = yield calls.again(page, [(parameter, name)])
    if not exam.read.succeeded(response) or not isinstance(before, dict):
        return None
    return jsonapi.linkage(exam.read.document(response), name, before)


def nonsense_is_refused(exam: Exam, operation: Operation, parameter: str) -> Flow:
    """Asks an operation to include a relationship that nobody has."""
    plain = yield from calls.valid(exam, operation)
    response = yield calls.again(plain.request, [(parameter, "zz_no_such")])
    if overloaded(response):
        return Inconclusive(f"{operation.id} with an unknown {parameter} was answered with {response.status}")
    if exam.read.succeeded(response) or response.status >= 500:
        return Failed(f"400 for {parameter}=zz_no_such, a relationship that nobody has", str(response.status), operation=operation.id)
    remarks = () if response.status == 400 else (f"an unknown {parameter} was refused with {response.status}; JSON:API says 400",)
    return Passed(f"{operation.id} refuses an unknown {parameter}", remarks)
