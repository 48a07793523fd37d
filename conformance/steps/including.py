"""Asks JSON:API lists and reads to include related resources."""

from __future__ import annotations

from typing import Any

from conformance.check import Flow
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.steps import calls, jsonapi
from conformance.steps.aiming import overloaded
from conformance.steps.parts import each
from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Operation
from specs.words import an

__all__ = ["includes", "nonsense_is_refused"]


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
    return Passed(f"{operation.id} includes {len(linked)} {name}")


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
