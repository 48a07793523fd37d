"""Calls from a browser on another origin: preflights, and what actual answers say of the origin.

Which origins are allowed is open where the spec calls it a choice: a target may allow only some. So an origin that is allowed nowhere
proves nothing, until the target itself says that it allows it; one that is allowed here and not there is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Request, Response
from conformance.steps.aiming import Aim, Aims, absent_key, attempt, in_order, names_a_record, overloaded
from conformance.steps.findings import Findings
from conformance.steps.listing import bound
from conformance.verdict import Failed, Inconclusive, Verdict
from specs.conventions.cors import Cors
from specs.model import Clause, Operation

__all__ = ["CHECKS"]

ORIGIN = "https://proctor.example"
"""The origin that calls where the target does not name one that it allows."""

ONCE = "Access-Control-Allow-Origin once"
"""What an answer that allows an origin must have."""

_SAFELISTED = frozenset({"GET", "HEAD", "POST"})
"""Methods that a browser sends without their being allowed (Fetch, 2.2.1)."""


@dataclass(slots=True)
class Seen:
    """What the calls of one origin came to: operations whose answers allow it, and what was wrong with the others, in words."""

    exam: Exam
    parameters: Cors
    claimed: bool
    allowed: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)

    @property
    def origin(self) -> str:
        """The origin that calls."""
        return next((origin for origin in self.parameters.origins if origin.startswith("http")), ORIGIN)

    def allows(self, response: Response) -> bool:
        """Whether an answer allows the origin, or any: with exactly one header that says so."""
        told = self._values(response)
        return len(told) == 1 and told[0] in ("*", self.origin)

    def doubled(self, response: Response) -> bool:
        """Whether an answer means to allow the origin, but says so twice: a browser then allows it nothing (Fetch, 4.9)."""
        told = self._values(response)
        return len(told) > 1 and set(told) <= {"*", self.origin}

    @staticmethod
    def _values(response: Response) -> list[str]:
        found = [value for name, value in response.headers if name.lower() == "access-control-allow-origin"]
        return [part.strip() for value in found for part in value.split(",")]

    def told(self, response: Response) -> str:
        """What an answer says of the origin, in words."""
        values = self._values(response)
        return f"{response.status} with{'' if values else 'out'} Access-Control-Allow-Origin{': ' if values else ''}{', '.join(values)}"


def _begun(exam: Exam, clause: Clause) -> Seen:
    group = exam.spec.convention(clause)
    return Seen(exam, group.parameters, "origins" not in group.choices or bound(exam, group, "origins") is not None)


# Preflights


def preflight_allows(exam: Exam, clause: Clause) -> Flow:
    """A preflight for each operation, without a credential: it succeeds and allows origin, method and the credential's headers.

    A refusal for want of a credential, of path or method, fails at once; what an origin that is not allowed may get, too, only where the
    origin is allowed elsewhere.
    """
    seen = _begun(exam, clause)
    for operation in exam.operations(clause):
        request = yield from _preflight(seen, operation)
        if request is not None:
            _judge_preflight(seen, operation, (yield request))
    if seen.wrong and not seen.allowed and not seen.claimed and (yield from _allowed_actually(seen, exam.operations(clause))):
        seen.claimed = True
    return _verdict(seen, "{n} preflights allow the origin, the method and the headers")


def _preflight(seen: Seen, operation: Operation) -> Steps[Request | None]:
    """The preflight that a browser sends before an operation, at a record that need not exist."""
    exam = seen.exam
    parents = yield from attempt(exam.parents_of(operation))
    key = (yield from attempt(_key(exam, operation))) if names_a_record(operation) else None
    if isinstance(parents, Ended) or isinstance(key, Ended):
        seen.findings.lack(f"{operation.id} (no record is known)")
        return None
    headers = [("Origin", seen.origin), ("Access-Control-Request-Method", operation.method)]
    asked = [*_of_credential(exam), *(["content-type"] if operation.body is not None and operation.method != "GET" else [])]
    if asked:
        headers.append(("Access-Control-Request-Headers", ",".join(sorted(asked))))
    return exam.ask.operation(operation, key=key, parents=parents, method="OPTIONS", as_=None, headers=[*headers, ("Accept", "*/*")])


def _key(exam: Exam, operation: Operation) -> Steps[str]:
    resource = exam.spec.resources[operation.resource or ""]
    for record in (yield from exam.known(resource)):
        if record.get(resource.key) not in (None, ""):
            return str(record[resource.key])
    return (yield from absent_key(exam, resource))


def _of_credential(exam: Exam) -> list[str]:
    """The headers that a credential travels in, lower case."""
    carriers = exam.ask.authentication.fields.values() if exam.ask.authentication else ()
    names = {"basic_user": "authorization", "basic_password": "authorization", "bearer": "authorization"}
    return sorted({names.get(carrier.place) or carrier.name.lower() for carrier in carriers if carrier.place in (*names, "header")})


def _judge_preflight(seen: Seen, operation: Operation, response: Response) -> None:
    expected, name = "a preflight that succeeds without a credential", operation.id
    if overloaded(response):
        seen.findings.lack(f"{name} (answered {response.status})")
    elif response.status in (401, 405, 407) or response.status >= 500 or (response.status == 404 and not names_a_record(operation)):
        raise Ended(Failed(expected, f"{response.status} for {operation.method}", operation=name))
    elif not 200 <= response.status <= 299:
        seen.wrong.append((name, expected, f"{response.status} for {operation.method}"))
    elif seen.doubled(response):
        raise Ended(Failed(ONCE, seen.told(response), operation=name))
    elif not seen.allows(response):
        seen.wrong.append((name, f"Access-Control-Allow-Origin: {seen.origin} or *", seen.told(response)))
    else:
        seen.allowed.append(name)
        _judge_allowed(seen, operation, response)


def _judge_allowed(seen: Seen, operation: Operation, response: Response) -> None:
    """Methods and headers, of a preflight that allows the origin: those that the call can't do without."""
    methods, headers = _list_of(response, "access-control-allow-methods"), _list_of(response, "access-control-allow-headers")
    name = operation.id
    if operation.method not in _SAFELISTED and operation.method.lower() not in methods and "*" not in methods:
        raise Ended(Failed(f"Access-Control-Allow-Methods with {operation.method}", ", ".join(sorted(methods)) or "none", operation=name))
    for header in _of_credential(seen.exam):
        if header not in headers and "*" not in headers:
            raise Ended(Failed(f"Access-Control-Allow-Headers with {header}", ", ".join(sorted(headers)) or "none", operation=name))
        if header == "authorization" and header not in headers:
            seen.findings.remark(f"{name} allows the headers *, which does not cover authorization in newer browsers")
    if operation.body is not None and operation.method != "GET" and "content-type" not in headers and "*" not in headers:
        seen.findings.remark(f"{name} does not allow content-type")


def _list_of(response: Response, name: str) -> set[str]:
    return {part.strip().lower() for key, value in response.headers if key.lower() == name for part in value.split(",") if part.strip()}


def _allowed_actually(seen: Seen, operations: list[Operation]) -> Steps[bool]:
    """Whether an actual answer allows the origin: then it is one that preflights have to allow."""
    for operation in operations:
        if operation.effect in ("list", "singleton"):
            parents = yield from attempt(seen.exam.parents_of(operation))
            if not isinstance(parents, Ended):
                response = yield seen.exam.ask.operation(operation, parents=parents, headers=[("Origin", seen.origin)])
                return seen.allows(response)
    return False


# Actual answers


def actual_response_allows(exam: Exam, clause: Clause) -> Flow:
    """Successes and failures (no credential, an unknown record) of the operations, each called from another origin."""
    seen = _begun(exam, clause)
    aims = Aims(exam, seen.findings)
    for operation in in_order(exam.operations(clause)):
        aim = yield from aims.at(operation)
        if aim is None:
            continue
        for what, how in (yield from _calls(exam, aim)):
            _judge_actual(seen, operation, what, (yield aim.request(exam, headers=[("Origin", seen.origin)], **how)))
    if seen.wrong and not seen.allowed and not seen.claimed:
        seen.claimed = yield from _allowed_before(seen, exam.operations(clause))
    return _verdict(seen, "{n} answers allow the origin, failures among them")


def _calls(exam: Exam, aim: Aim) -> Steps[list[tuple[str, Mapping[str, Any]]]]:
    """What an operation is called for: always without a credential; reads and creates to succeed; reads of a record that isn't there."""
    yield from ()
    found: list[tuple[str, Mapping[str, Any]]] = []
    if aim.reads or aim.operation.effect == "create":
        found.append(("a call", {}))
    if exam.ask.authentication is not None:
        found.append(("a call without a credential", {"as_": None}))
    if aim.reads and aim.key is not None:
        resource = exam.spec.resources[aim.operation.resource or ""]
        key = yield from absent_key(exam, resource)
        found.append((f"an unknown {resource.singular}", {"key": key, "absent": True}))
    return found


def _judge_actual(seen: Seen, operation: Operation, what: str, response: Response) -> None:
    if overloaded(response):
        seen.findings.lack(f"{operation.id} (answered {response.status})")
    elif seen.doubled(response):
        raise Ended(Failed(f"{ONCE}, for {what}", seen.told(response), operation=operation.id))
    elif seen.allows(response):
        seen.allowed.append(f"{operation.id}: {what}")
    else:
        seen.wrong.append((operation.id, f"Access-Control-Allow-Origin: {seen.origin} or *, for {what}", seen.told(response)))


def _allowed_before(seen: Seen, operations: list[Operation]) -> Steps[bool]:
    """Whether a preflight allows the origin: then it is one that actual answers have to allow."""
    for operation in operations[:1]:
        request = yield from _preflight(seen, operation)
        if request is not None:
            response = yield request
            return 200 <= response.status <= 299 and seen.allows(response)
    return False


def _verdict(seen: Seen, passed: str) -> Verdict:
    for name in seen.allowed:
        seen.findings.saw(name)
    if not seen.wrong:
        return seen.findings.verdict(passed, "no operation could be called from another origin")
    name, expected, observed = seen.wrong[0]
    if seen.allowed or seen.claimed:
        return Failed(expected, observed, operation=name)
    group = seen.exam.spec.group_of_kind("cors")
    needs = f'origins = ["…"] under [{group.name if group else "cors"}], with an origin that the target allows'
    return Inconclusive(f"{seen.origin} is allowed nowhere ({name}: {observed}), and may be an origin that the target does not allow", needs)


CHECKS: dict[str, Check] = {
    "preflight_allows": Check(
        preflight_allows,
        how="Sends the preflight of each operation, without a credential: it must succeed and allow origin, method and the credential's headers.",
    ),
    "actual_response_allows": Check(
        actual_response_allows,
        how="Calls the operations from another origin, also without a credential and for unknown records: every answer must allow that origin.",
    ),
}
