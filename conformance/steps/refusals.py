"""Sees that a request is refused as documented, and tells a wrong refusal from a request that could not have worked anyway."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.addressing import dig_all
from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.exchange import Request, Response
from conformance.steps.aiming import Aim, Aims, absent_key, overloaded, passing, stands_in_list, text_of_ours
from conformance.steps.findings import Findings
from conformance.verdict import Failed
from specs.model import Operation, Resource
from specs.words import an

__all__ = ["Trial", "also_wrong", "misworded", "not_created", "refused", "says_error", "trial", "unharmed", "works"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that must be refused: for which cause, and what is wrong with it.

    `control` is the same request without the mistake, None where there is none that can be sent. `certain` says that every
    reading of a document takes it for a mistake: a success then fails. Refusals for the causes in `also` are remarks; `names`
    are the parameters that are wrong; `loose` says that any 4xx will do.
    """

    operation: Operation
    request: Request
    cause: str
    what: str
    control: Request | None = None
    certain: bool = True
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    members: Mapping[str, Any] | None = None
    loose: bool = False


def trial(exam: Exam, aim: Aim, cause: str, what: str, **how: Any) -> Trial:
    """The aim's request, asked in a way (`how`) that must be refused; a record that does not exist may be told first."""
    also = ("not_found",) if aim.absent else ()
    return Trial(aim.operation, aim.request(exam, **how), cause, what, aim.request(exam) if aim.sure else None, also=also)


def also_wrong(exam: Exam, aim: Aim, cause: str, what: str, **how: Any) -> Steps[list[Trial]]:
    """The aim's request with another mistake beside the one that `how` makes, where the spec has the cause told before all others."""
    order = exam.read.errors.precedence if exam.read.errors else []
    resource = exam.spec.resources.get(aim.operation.resource or "")
    if resource is None or cause not in order or {"not_found", "invalid_record", "missing_parameter"} & set(order[: order.index(cause)]):
        return []
    if aim.operation.effect == "create" and aim.members:
        wrong, beside = replace(aim, members={}), "no members"
    elif aim.operation.effect == "read" and aim.sure:
        wrong, beside = replace(aim, key=(yield from absent_key(exam, resource))), f"an unknown {resource.singular}"
    else:
        return []
    return [Trial(aim.operation, wrong.request(exam, **how), cause, f"{what} and {beside}", aim.request(exam))]


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
        if tried.certain or says_error(exam, response) or (yield from _made_nothing(exam, tried, response)):
            told = exam.read.excerpt(response, 60)
            raise Ended(Failed(expected, f"{name} answered {response.status}, a success ({told})", operation=name))
        findings.lack(f"{name} with {tried.what} (not refused: {response.status})")
    elif overloaded(response):
        findings.lack(f"{name} with {tried.what} (answered {response.status})")
    elif any(exam.read.answered(other, response).fine for other in tried.also) or (tried.loose and 400 <= response.status <= 499):
        findings.remark(f"{name} answers {tried.what} with {response.status}")
    elif (yield from works(exam, tried.control)):
        raise Ended(Failed(expected, f"{name} answered {response.status}", operation=name))
    else:
        findings.lack(f"{name} with {tried.what} (answered {response.status}, and the request does not work without the mistake either)")
    return response


def says_error(exam: Exam, response: Response) -> bool:
    """Whether a success bears an error: a named member of one, at a place of its own within the body."""
    members = exam.read.errors.members if exam.read.errors else {}
    document = exam.read.document(response)
    return any(dig_all(document, pointer) for pointers in members.values() for pointer in pointers if pointer.count("/") > 1 and pointer.startswith("/err"))


def _made_nothing(exam: Exam, tried: Trial, response: Response) -> Steps[bool]:
    """Whether a create's success is none: it shows no record, where a valid create shows the one it made."""
    resource = exam.spec.resources.get(tried.operation.resource or "")
    if tried.operation.effect != "create" or tried.control is None or resource is None or _shows_a_record(exam, response, resource):
        return False
    valid = yield tried.control
    return _shows_a_record(exam, valid, resource)


def _shows_a_record(exam: Exam, response: Response, resource: Resource) -> bool:
    record = passing(exam, response, resource)
    return record is not None and record.get(resource.key) not in (None, "")


def misworded(exam: Exam, cause: str, response: Response, names: Collection[str] | None = None) -> str:
    """How the texts of a refusal differ from those documented for its cause, empty if they don't; texts to be filled in are not compared.

    `names` are the members that are documented, None for all of the cause's.
    """
    known = exam.read.cause(cause)
    for member, value in known.values.items() if response.status == known.status else ():
        if names is not None and member not in names:
            continue
        found = exam.read.members_of_error(response, member)
        if isinstance(value, str) and "{" not in value and value not in found:
            return f"{', '.join(map(repr, found))[:160] or 'nothing'} as the error's {member}, not {value!r}"
    return ""


def works(exam: Exam, control: Request | None) -> Steps[bool]:
    """Whether a request that should work does."""
    if control is None:
        return False
    response = yield control
    return exam.read.succeeded(response)


def not_created(aims: Aims, aim: Aim, what: str, callers: tuple[str, ...] = ("full",)) -> Steps[None]:
    """Ends the check as failed where a create that was refused made its record all the same, as one of the callers sees."""
    resource = aims.exam.spec.resources[aim.operation.resource or ""]
    for caller in callers:
        if (yield from stands_in_list(aims.exam, resource, text_of_ours(aims.exam, aim.members or {}), as_=caller)):
            name = aim.operation.id
            raise Ended(Failed(f"no new {resource.singular} when {what}", f"{name} was refused, and the record is in the list", operation=name))


def unharmed(aims: Aims, what: str) -> Steps[None]:
    """Ends the check as failed where a record of ours was changed by writes that were refused."""
    for own in aims.every_own():
        harm = yield from aims.harmed(own)
        name = own.made.resource.singular
        if harm:
            raise Ended(Failed(f"{an(name)} that stays as it is when {what}", f"{harm}, though each request was refused"))
        if own.readable and own.tried:
            aims.findings.saw(f"the {name} stays as it is")
