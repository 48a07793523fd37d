"""Examines the connection: over plain HTTP no call succeeds."""

from __future__ import annotations

from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import NoAnswer, Response
from conformance.steps.aiming import Aim, Aims, in_order
from conformance.steps.findings import Findings
from conformance.steps.refusals import not_created
from conformance.verdict import Failed, Inconclusive, Skipped
from specs.model import Clause

__all__ = ["CHECKS"]

_READS = 3


def plain_http_fails(exam: Exam, clause: Clause) -> Flow:
    """Reads over plain HTTP: first without a credential, and with it only where nothing else tells a refusal of the transport from
    one of the caller.

    A credential that went over plain HTTP should be replaced, unless the way to the target is private: giving `plain_url` in the
    target file permits it. Of writes, one create is tried, where writing is permitted.
    """
    plain = exam.target.plain_url
    if plain is None:
        return Skipped("the target is given with one scheme only", 'plain_url = "http://…"')
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    reads = [operation for operation in in_order(exam.operations(clause)) if operation.effect in ("list", "singleton", "read")]
    for operation in reads[:_READS]:
        aim = yield from aims.at(operation)
        if aim is None or not aim.sure:
            continue
        control = yield aim.request(exam)
        if not exam.read.succeeded(control):
            findings.lack(f"{operation.id}, which fails over HTTPS, too ({control.status})")
            continue
        if (yield from _is_refused(exam, aim, plain, findings)):
            break
    else:
        yield from _create_is_refused(exam, clause, aims, plain)
    if not findings.seen and not findings.missing:
        return Inconclusive("no operation could be read over HTTPS, so a failure over plain HTTP says nothing")
    return findings.verdict("{n} calls over plain HTTP failed", "no operation could be read over HTTPS, so a failure over plain HTTP says nothing")


def _is_refused(exam: Exam, aim: Aim, plain: str, findings: Findings) -> Steps[bool]:
    """Whether nothing listens at all; ends the check as failed at a success."""
    name = aim.operation.id
    without = yield from _over_plain(exam, aim, plain, as_=None)
    if without is None:
        findings.saw(f"{name} got no answer")
        return True
    if 300 <= without.status <= 399:
        findings.saw(f"{name} was sent elsewhere ({without.status})", f"a call over plain HTTP is answered with {without.status}")
        return False
    response = yield from _over_plain(exam, aim, plain, as_="full")
    findings.saw(f"{name} failed" + (f" ({response.status})" if response is not None else ""))
    return False


def _create_is_refused(exam: Exam, clause: Clause, aims: Aims, plain: str) -> Steps[None]:
    """One create over plain HTTP: what refuses reads may forget writes, or refuse them after they are done."""
    creates = next((operation for operation in exam.operations(clause) if operation.effect == "create"), None)
    aim = (yield from aims.at(creates)) if creates is not None and aims.writing else None
    if aim is not None and aims.findings.seen:
        answered = yield from _over_plain(exam, aim, plain, as_="full")
        if answered is not None:
            yield from not_created(aims, aim, "plain HTTP is refused")


def _over_plain(exam: Exam, aim: Aim, plain: str, *, as_: str | None) -> Steps[Response | None]:
    """The answer over plain HTTP, None where there is none; ends the check as failed where it says success."""
    try:
        response = yield aim.request(exam, url=plain, as_=as_, fresh=True)
    except NoAnswer:
        return None
    if exam.read.succeeded(response):
        name, with_ = aim.operation.id, "without a credential" if as_ is None else "with a credential"
        raise Ended(Failed("no success over plain HTTP", f"{name} answered {response.status} over plain HTTP {with_}", operation=name))
    return response


CHECKS = {
    "plain_http_fails": Check(
        plain_http_fails,
        how="Reads over the target's plain_url, without and then with the credential; a refused connection, a redirect and any error pass.",
    ),
}
