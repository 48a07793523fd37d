"""Examines roles: a caller who may not do it is refused, and nothing is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.asking import READS
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Request, Response
from conformance.steps.aiming import Aim, Aims, in_order, overloaded
from conformance.steps.findings import Findings
from conformance.steps.refusals import also_wrong, misworded, not_created, refused, trial, unharmed, works
from conformance.verdict import Failed, Inconclusive, Verdict
from specs.conventions.authorization import Authorization, OfRole
from specs.model import Clause, Operation

__all__ = ["CHECKS"]


@dataclass(slots=True)
class Tried:
    """What a role was let do, what it was refused, and where it was told that it is not known."""

    done: list[str] = field(default_factory=list)
    wrote: bool = False
    refused: list[Aim] = field(default_factory=list)
    unknown: list[tuple[Operation, Response]] = field(default_factory=list)


def limited_role_is_refused(exam: Exam, clause: Clause) -> Flow:
    """The operations denied to a role, or, where the document leaves open which those are, all of them."""
    role = clause.arguments.role if isinstance(clause.arguments, OfRole) else "limited"
    exam.need("full", role)
    if exam.target.credentials.get("full") == exam.target.credentials.get(role):
        return Inconclusive(f"the credentials full and {role} are the same", f"a credential of a caller with fewer rights, as {role}")
    how: Authorization = exam.spec.convention(clause).parameters
    if how.documented or _bound(exam, clause):
        return (yield from _denied(exam, clause, how, role))
    return (yield from _any(exam, clause, how, role))


def _bound(exam: Exam, clause: Clause) -> bool:
    """Whether the target says what its roles may do."""
    group = exam.spec.convention(clause)
    return any("roles" in exam.target.parameters.get(name, {}) for name in (group.name, group.kind))


def _seen_by_all(exam: Exam) -> dict[str, Any]:
    """Members with which a record is seen by its owner's colleagues, where records are else a user's own: what is hidden proves nothing of roles."""
    group = exam.spec.group_of_kind("isolation")
    shared = group.parameters.shared if group is not None else None
    return {shared.member: shared.everyone[0]} if shared is not None and shared.everyone else {}


# Denied operations are known


def _denied(exam: Exam, clause: Clause, how: Authorization, role: str) -> Flow:
    findings = Findings()
    aims, tried = Aims(exam, findings, _seen_by_all(exam)), Tried()
    denied = how.roles[role].denied if role in how.roles else []
    if not how.documented and (yield from _is_nobodys(exam, clause, aims, denied, role)):
        return Inconclusive(f"the credential {role} is refused as unknown where the role is not denied", f"a valid credential as {role}")
    for operation in in_order(exam.operations(clause)):
        if "*" not in denied and operation.id not in denied:
            continue
        aim = yield from aims.at(operation)
        if aim is not None:
            response = yield from refused(exam, trial(exam, aim, how.cause, f"a caller called {role}", as_=role), findings)
            _is_worded(exam, clause, how, operation, response)
            tried.refused.append(aim)
            for also in (yield from also_wrong(exam, aim, how.cause, f"a caller called {role}", as_=role)) if how.documented else ():
                yield from refused(exam, also, findings)
    yield from _nothing_done(aims, tried, role)
    return findings.verdict(f"{{n}} requests as {role} were refused or without effect", f"no operation denied to {role} could be asked")


def _is_nobodys(exam: Exam, clause: Clause, aims: Aims, denied: list[str], role: str) -> Steps[bool]:
    """Whether a read that the role is not denied is refused to it as to a caller who is not known."""
    for operation in in_order(exam.operations(clause)):
        aim = (yield from aims.at(operation)) if operation.effect in READS and not {"*", operation.id} & set(denied) else None
        if aim is not None:
            return _as_unknown(exam, (yield aim.request(exam, as_=role)))
    return False


# Denied operations are open


def _any(exam: Exam, clause: Clause, how: Authorization, role: str) -> Flow:
    findings = Findings()
    aims, tried = Aims(exam, findings, _seen_by_all(exam)), Tried()
    for operation in in_order(exam.operations(clause)):
        aim = yield from aims.at(operation)
        if aim is not None:
            _is_worded(exam, clause, how, operation, (yield from _try(exam, how, role, aims, tried, aim)))
    yield from _nothing_done(aims, tried, role)
    return _judged(exam, how, role, aims, tried)


def _try(exam: Exam, how: Authorization, role: str, aims: Aims, tried: Tried, aim: Aim) -> Steps[Response]:
    operation, findings = aim.operation, aims.findings
    response = yield aim.request(exam, as_=role)
    judged = exam.read.answered(how.cause, response)
    if exam.read.succeeded(response):
        tried.done.append(operation.id)
        tried.wrote = tried.wrote or not aim.reads
        _was_done(aims, aim)
    elif judged.fine and not judged.remark:
        findings.saw(f"{operation.id}: {response.status}")
        tried.refused.append(aim)
    elif judged.fine or overloaded(response) or _hidden(exam, aim, response):
        findings.remark(f"{operation.id} answers a caller called {role} with {response.status}")
    elif (yield from works(exam, _control(exam, aim))):
        _was_done(aims, aim)
        if not _as_unknown(exam, response):
            raise Ended(_wrong_status(judged.expected, role, operation, response))
        tried.unknown.append((operation, response))
    else:
        findings.lack(f"{operation.id} (answered {response.status}, and it does not work for full either)")
    return response


def _is_worded(exam: Exam, clause: Clause, how: Authorization, operation: Operation, response: Response) -> None:
    """Ends the check as failed where a refusal has other texts than those documented."""
    wrong = misworded(exam, how.cause, response, clause.arguments.members if isinstance(clause.arguments, OfRole) else [])
    if wrong:
        raise Ended(Failed("the documented body for a caller who may not", f"{operation.id} answered {response.status} with {wrong}", operation=operation.id))


def _control(exam: Exam, aim: Aim) -> Request | None:
    return aim.request(exam) if aim.sure else None


def _was_done(aims: Aims, aim: Aim) -> None:
    """What a permitted write changed is no harm, and a record that it deleted is gone."""
    if aim.own is None:
        return
    if aim.operation.effect == "delete":
        aims.spent(aim.own.made.resource)
    changed = aims.set_by(aim.operation, aim.own)
    aim.own.done.update(changed)
    for name in (*(aim.members or ()), *changed):
        aim.own.tried.pop(name, None)


def _hidden(exam: Exam, aim: Aim, response: Response) -> bool:
    """Whether the answer may keep the record from the caller, instead of the operation."""
    return aim.key is not None and any(exam.read.answered(cause, response).fine for cause in ("not_found", "foreign_record"))


def _as_unknown(exam: Exam, response: Response) -> bool:
    return response.status >= 400 and response.status in (401, exam.read.cause("unauthenticated").status)


def _wrong_status(expected: str, role: str, operation: Operation, response: Response) -> Failed:
    return Failed(f"{expected} where a caller called {role} is refused", f"{operation.id} answered {response.status}", operation=operation.id)


def _judged(exam: Exam, how: Authorization, role: str, aims: Aims, tried: Tried) -> Verdict:
    """The verdict: a credential that is not known anywhere proves nothing; one that may do everything is not limited."""
    findings = aims.findings
    if tried.unknown and not tried.done and not tried.refused:
        return Inconclusive(f"the credential {role} is refused as unknown everywhere", f"a valid credential as {role}", tuple(findings.remarks))
    if tried.unknown:
        operation, response = tried.unknown[0]
        expected = exam.read.answered(how.cause, response).expected
        return _wrong_status(expected, role, operation, response)
    if not tried.refused:
        return _unlimited(role, findings, tried)
    done = f"; {len(tried.done)} were permitted" if tried.done else ""
    return findings.verdict(f"{{n}} requests as {role} were refused or without effect{done}", f"no operation was refused to {role}")


def _unlimited(role: str, findings: Findings, tried: Tried) -> Verdict:
    """The verdict where nothing was refused: a caller who may write, and is refused nothing, is not limited."""
    expected = f"at least one operation refused to a caller called {role}"
    if tried.wrote and all("write" not in text for text in findings.missing):
        hidden = f"; {findings.remarks[0]}" if findings.remarks else ""
        return Failed(expected, f"{len(tried.done)} operations answered with a success, and none was refused{hidden}")
    return Inconclusive(f"no operation was refused to {role}", "; ".join(findings.missing), tuple(findings.remarks))


def _nothing_done(aims: Aims, tried: Tried, role: str) -> Steps[None]:
    """Ends the check as failed where a write that was refused was carried out all the same."""
    what = f"a caller called {role} is refused"
    yield from unharmed(aims, what)
    for aim in tried.refused:
        if aim.operation.effect == "create":
            yield from not_created(aims, aim, what, ("full", role))


CHECKS = {
    "limited_role_is_refused": Check(
        limited_role_is_refused,
        how="Calls each operation with the credential of a caller who may not do it, and looks whether anything was done.",
    ),
}
