"""Sees that a request is refused as documented, and tells a wrong refusal from a request that could not have worked anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.aiming import Aim, Aims, overloaded, stands_in_list, text_of_ours
from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.exchange import Request, Response
from conformance.findings import Findings
from conformance.verdict import Failed
from specs.model import Operation

__all__ = ["Trial", "not_created", "refused", "trial", "unharmed", "works"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that must be refused: for which cause, and what is wrong with it.

    `control` is the same request without the mistake, None where there is none that can be sent. `certain` says that every
    reading of a document takes it for a mistake: a success then fails. Refusals for the causes in `also` are remarks; `names`
    are the parameters that are wrong.
    """

    operation: Operation
    request: Request
    cause: str
    what: str
    control: Request | None = None
    certain: bool = True
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def trial(exam: Exam, aim: Aim, cause: str, what: str, **how: Any) -> Trial:
    """The aim's request, asked in a way (`how`) that must be refused; a record that does not exist may be told first."""
    also = ("not_found",) if aim.absent else ()
    return Trial(aim.operation, aim.request(exam, **how), cause, what, aim.request(exam) if aim.sure else None, also=also)


def refused(exam: Exam, tried: Trial, findings: Findings) -> Steps[Response]:
    """Sends a request that must be refused; ends the check as failed where it isn't.

    A success fails. Another refusal than the documented one fails only if the control works: what else is wrong with a request
    may be told before the cause.
    """
    response = yield tried.request
    judged = exam.read.answered(tried.cause, response)
    name, expected = tried.operation.id, f"{judged.expected} for {tried.what}"
    if judged.fine and not exam.read.succeeded(response):
        findings.saw(f"{name}: {response.status} for {tried.what}", judged.remark)
    elif exam.read.succeeded(response):
        if tried.certain:
            raise Ended(Failed(expected, f"{name} answered {response.status}, a success", operation=name))
        findings.lack(f"{name} with {tried.what} (not refused: {response.status})")
    elif overloaded(response):
        findings.lack(f"{name} with {tried.what} (answered {response.status})")
    elif any(exam.read.answered(other, response).fine for other in tried.also):
        findings.remark(f"{name} answers {tried.what} with {response.status}")
    elif (yield from works(exam, tried.control)):
        raise Ended(Failed(expected, f"{name} answered {response.status}", operation=name))
    else:
        findings.lack(f"{name} with {tried.what} (answered {response.status}, and the request does not work without the mistake either)")
    return response


def works(exam: Exam, control: Request | None) -> Steps[bool]:
    """Whether a request that should work does."""
    if control is None:
        return False
    response = yield control
    return exam.read.succeeded(response)


def not_created(aims: Aims, aim: Aim, what: str) -> Steps[None]:
    """Ends the check as failed where a create that was refused made its record all the same."""
    resource = aims.exam.spec.resources[aim.operation.resource or ""]
    if (yield from stands_in_list(aims.exam, resource, text_of_ours(aims.exam, aim.members or {}))):
        name = aim.operation.id
        raise Ended(Failed(f"no new {resource.singular} when {what}", f"{name} was refused, and the record is in the list", operation=name))


def unharmed(aims: Aims, what: str) -> Steps[None]:
    """Ends the check as failed where a record of ours was changed by writes that were refused."""
    for own in aims.every_own():
        harm = yield from aims.harmed(own)
        name = own.made.resource.singular
        if harm:
            raise Ended(Failed(f"a {name} that stays as it is when {what}", f"{harm}, though each request was refused"))
        if own.readable and own.tried:
            aims.findings.saw(f"the {name} stays as it is")
