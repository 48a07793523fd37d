"""Examines which HTTP status says what: successes, mistakes, and codes that no document names."""

from __future__ import annotations

from conformance.asking import READS
from conformance.check import Broken, Check, Ended, Fine, Flow, Observation, Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, Request, Response
from conformance.reading import allows
from conformance.steps.aiming import Aims, in_order, overloaded
from conformance.steps.findings import Findings
from conformance.steps.mistakes import cheap, trials
from conformance.steps.oddities import is_no_http
from conformance.steps.ordinary import ordinary, readable
from conformance.steps.refusals import Trial, says_error, trial
from conformance.verdict import Failed
from specs.conventions.statuses import Statuses
from specs.model import Clause, Operation

__all__ = ["CHECKS"]

OF_THE_PROTOCOL = frozenset({304, 405, 406, 408, 411, 413, 414, 415, 416, 417, 421, 426, 429, 431, 501, 505, 511})
"""Statuses that HTTP, or a server before the API, may give without the API's document naming them."""


def _how(exam: Exam, clause: Clause) -> Statuses:
    parameters: Statuses = exam.spec.convention(clause).parameters
    return parameters


# Successes


def success_status_is_documented(exam: Exam, clause: Clause) -> Flow:
    """Every operation, called as it should be; writes on records of our own."""
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    for operation in in_order(exam.operations(clause)):
        aim = yield from aims.at(operation)
        if aim is None or not aim.sure:
            continue
        request = aim.request(exam)
        response = yield request
        seen = success_status(exam, clause, Exchange(request, response))
        if isinstance(seen, Broken):
            raise Ended(Failed(seen.expected, seen.observed, operation=operation.id))
        if isinstance(seen, Fine):
            findings.saw(operation.id, seen.remark)
        else:
            findings.lack(f"{operation.id} (answered {response.status})")
        if operation.effect == "delete" and operation.resource:
            aims.spent(exam.spec.resources[operation.resource])
    return findings.verdict("{n} valid requests were answered with the documented status", "no valid request was answered with a success")


def success_status(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges any success of a plain call."""
    operation, response = ordinary(exam, exchange), exchange.response
    if operation is None or operation.id not in clause.operations or response is None or not exam.read.succeeded(response):
        return None
    judged = exam.read.judge_success(operation, response)
    expected = f"{judged.expected} for a valid {operation.effect or 'call'}"
    return Fine(judged.remark) if judged.fine else Broken(expected, f"{operation.id} answered {judged.observed}")


# Codes


def only_documented_codes(exam: Exam, clause: Clause) -> Flow:
    """Lists, and a few failures of different kinds; every other answer of the examination is observed, too."""
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    for operation in exam.operations(clause):
        if operation.effect in ("list", "singleton"):
            aim = yield from aims.at(operation)
            if aim is not None:
                yield from _code(exam, clause, operation, aim.request(exam), findings)
    tried = yield from cheap(exam, aims, exam.operations(clause))
    tried += yield from trials(exam, aims, exam.operations(clause), "invalid_parameter", ["wrong_type", "out_of_range"])
    for each in tried:
        yield from _code(exam, clause, each.operation, each.request, findings)
    yield from _deleted_twice(exam, clause, aims)
    return findings.verdict("{n} answers, each with a documented status", "nothing was answered")


def _code(exam: Exam, clause: Clause, operation: Operation, request: Request, findings: Findings) -> Steps[None]:
    response = yield request
    seen = documented_code(exam, clause, Exchange(request, response))
    if isinstance(seen, Broken):
        raise Ended(Failed(seen.expected, seen.observed, operation=operation.id))
    if isinstance(seen, Fine):
        findings.saw(operation.id, seen.remark)


def _deleted_twice(exam: Exam, clause: Clause, aims: Aims) -> Steps[None]:
    """Reads and deletes a record of our own that was deleted."""
    for operation in exam.operations(clause):
        if operation.effect != "delete" or not aims.writing or operation.resource is None:
            continue
        aim = yield from aims.at(operation)
        if aim is None or aim.own is None or not exam.read.succeeded((yield aim.request(exam))):
            continue
        aims.spent(exam.spec.resources[operation.resource])
        reads = exam.operation(aim.own.made.resource, "read")
        if reads is not None and reads.id in clause.operations:
            parents = yield from aims.parents(reads, {**aim.own.made.given, **aim.own.record})
            yield from _code(exam, clause, reads, exam.ask.operation(reads, key=aim.key, parents=parents, fresh=True), aims.findings)
        yield from _code(exam, clause, operation, aim.request(exam), aims.findings)


def documented_code(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the status of any answer to a well-formed request to the target's own address."""
    how, response, request = _how(exam, clause), exchange.response, exchange.request
    if response is None or request.operation is None or request.method in ("OPTIONS", "HEAD") or not _is_well_formed(exam, request):
        return None
    status = response.status
    if status in how.documented or status in how.by_protocol or (how.other_2xx and 200 <= status <= 299):
        return Fine()
    if status in OF_THE_PROTOCOL:
        return Fine(f"{request.operation} answered {status}, which HTTP itself may give")
    codes = ", ".join(map(str, sorted({*how.documented, *how.by_protocol})))
    return Broken(f"one of the documented statuses ({codes}{' or another 2xx' if how.other_2xx else ''})", f"{request.operation} answered {status}")


def _is_well_formed(exam: Exam, request: Request) -> bool:
    plain = exam.target.plain_url
    elsewhere = plain is not None and request.url.startswith(plain) and not request.url.startswith(exam.target.url)
    return not elsewhere and not is_no_http(request)


# Mistakes


def mistakes_are_client_errors(exam: Exam, clause: Clause) -> Flow:
    """A list that works; then no credential, unknown records, missing and wrong members, bodies that can't be read."""
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    operations = exam.operations(clause)
    yield from _successes(exam, aims, operations)
    for cause, mistakes in _MISTAKES:
        some = [operation for operation in operations if cause != "unauthenticated" or operation.effect in (*READS, "create")]
        for each in (yield from trials(exam, aims, some, cause, mistakes)):
            yield from _is_the_clients(exam, each, findings)
    return findings.verdict("{n} mistakes were answered with 4xx", "no mistake was refused")


_MISTAKES = (
    ("unauthenticated", ["no_credential", "wrong_credential"]),
    ("not_found", ["unknown_id", "odd_id"]),
    ("missing_parameter", ["missing"]),
    ("invalid_parameter", ["wrong_type", "out_of_range", "empty", "bad_page", "no_page", "unknown_sort", "long_text", "odd_metadata"]),
    ("malformed", ["malformed_json", "not_an_object"]),
)


def _successes(exam: Exam, aims: Aims, operations: list[Operation]) -> Steps[None]:
    """Notes that valid lists are answered with 2xx, which is what a success is."""
    for operation in operations:
        if operation.effect not in ("list", "singleton"):
            continue
        aim = yield from aims.at(operation)
        response = (yield aim.request(exam)) if aim is not None else None
        if response is not None and 300 <= response.status <= 399 and response.status != 304:
            aims.findings.remark(f"{operation.id} answers a valid request with {response.status}")


def _is_the_clients(exam: Exam, each: Trial, findings: Findings) -> Steps[None]:
    """A mistake is 4xx; one that some implementations may take for none may be a success."""
    response = yield each.request
    name = each.operation.id
    if 400 <= response.status <= 499:
        findings.saw(f"{name}: {response.status} for {each.what}")
        return
    if overloaded(response):
        findings.lack(f"{name} with {each.what} (answered {response.status})")
        return
    if exam.read.succeeded(response) and not _must_fail(each) and not says_error(exam, response):
        findings.remark(f"{name} takes {each.what} ({response.status})")
        return
    if _is_unsaid(exam, each, response):
        findings.remark(f"{name} answers {each.what} with {response.status}")
        return
    raise Ended(Failed(f"4xx for {each.what}", f"{name} answered {response.status}", operation=name))


def _must_fail(each: Trial) -> bool:
    """Whether a success is wrong: an unknown record may be deleted in vain, and what is malformed may be ignored."""
    return each.certain and each.cause in ("unauthenticated", "not_found") and each.operation.effect != "delete"


def _is_unsaid(exam: Exam, each: Trial, response: Response) -> bool:
    """Whether the refusal's status is one that the spec accepts for the cause although it is no 4xx."""
    cause = exam.read.cause(each.cause)
    return response.status < 400 and allows(cause.accept, response.status)


# RPC


def outcome_is_not_in_the_status(exam: Exam, clause: Clause) -> Flow:
    """No credential, unknown records, wrong and missing parameters: refused with the status of a success."""
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    for cause, mistakes in (*_MISTAKES[:4], ("invalid_parameter", ["odd_page", "null"])):
        for each in (yield from trials(exam, aims, exam.operations(clause), cause, mistakes)):
            yield from _is_apart(exam, clause, each, findings)
    for operation in in_order(exam.operations(clause)) if "limited" in exam.target.credentials else ():
        aim = yield from aims.at(operation)
        if aim is not None and operation.effect in ("list", "create"):
            yield from _is_apart(exam, clause, trial(exam, aim, "forbidden", "a caller called limited", as_="limited"), findings)
    return findings.verdict("{n} refusals have the status of a success", "nothing was refused")


def _is_apart(exam: Exam, clause: Clause, each: Trial, findings: Findings) -> Steps[None]:
    response = yield each.request
    seen = outcome_apart(exam, clause, Exchange(each.request, response))
    if response.status >= 500 and not overloaded(response):
        seen = Broken("the status of a success, with the outcome in the body", f"{each.operation.id} answered {response.status}")
    if isinstance(seen, Broken):
        raise Ended(Failed(seen.expected, f"{seen.observed} for {each.what}", operation=each.operation.id))
    if isinstance(seen, Fine) and exam.read.failed(response):
        findings.saw(f"{each.operation.id} for {each.what}", seen.remark)


def outcome_apart(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges any refusal of a plain call: its status is that of a success; a body that can't be read lies outside of this."""
    operation, response = ordinary(exam, exchange), exchange.response
    if operation is None or operation.id not in clause.operations or response is None or overloaded(response):
        return None
    judged = exam.read.judge_success(operation, response)
    if judged.fine or exam.read.succeeded(response) or 200 <= response.status <= 299:
        return Fine(judged.remark) if judged.fine else Broken(f"{judged.expected} for every outcome", f"{operation.id} answered {response.status}")
    if not exam.read.failed(response):
        return None
    if not readable(exchange.request):
        return Fine(f"{operation.id} answers a body that can't be read with {response.status}")
    if response.status in OF_THE_PROTOCOL or response.status >= 500:
        return None
    return Broken(f"{judged.expected}, with the outcome in the body", f"{operation.id} answered {response.status}")


CHECKS = {
    "success_status_is_documented": Check(
        success_status_is_documented,
        success_status,
        how="Calls each operation as it should be, and looks at the status of every success of the examination.",
    ),
    "only_documented_codes": Check(
        only_documented_codes,
        documented_code,
        how="Looks at the status of every answer of the examination.",
    ),
    "mistakes_are_client_errors": Check(
        mistakes_are_client_errors,
        how="Makes mistakes of each kind with each operation, and looks for 4xx.",
    ),
    "outcome_is_not_in_the_status": Check(
        outcome_is_not_in_the_status,
        outcome_apart,
        how="Makes mistakes of each kind, and looks at the HTTP status of every refusal.",
    ),
}
