"""The duration in the body: a number of seconds that the server measured."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.addressing import MISSING, dig
from conformance.check import Broken, Check, Fine, Flow, Observation, Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, Unreadable
from conformance.steps import calls
from conformance.steps.aiming import Aims
from conformance.steps.findings import Findings
from conformance.steps.ordinary import ordinary
from conformance.steps.parts import watched
from specs.conventions.timing import Timing
from specs.model import Clause

__all__ = ["CHECKS"]


def time_is_a_duration(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the duration of one answer, where the answer has a body of the documented kind."""
    operation, response = ordinary(exam, exchange), exchange.response
    if operation is None or response is None or operation.id not in clause.operations or response.status != 200:
        return None
    parameters: Timing = exam.spec.convention(clause).parameters
    try:
        value = dig(response.json(), parameters.member)
    except Unreadable:
        return None
    expected = f"a number of seconds, 0 or more, at {parameters.member}"
    if value is None:
        return _null(exam, exchange, parameters)
    if value is MISSING:
        return Broken(expected, "nothing there")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Broken(expected, f"{type(value).__name__} {str(value)[:40]!r}")
    if value < 0:
        return Broken(expected, str(value))
    if value > response.elapsed + parameters.tolerance:
        return Fine(f"a time of {value} s was told of a call that took {response.elapsed:.3f} s")
    return Fine()


def _null(exam: Exam, exchange: Exchange, parameters: Timing) -> Observation:
    response = exchange.response
    if response is not None and parameters.nullable_on_failure and exam.read.failed(response):
        return Fine()
    return Fine("the time of a success is null")


def time_is_the_servers_duration(exam: Exam, clause: Clause) -> Flow:
    """Provokes a success and a failure of the operations that only read, and a refusal of the others."""
    return watched(exam, clause, time_is_a_duration, _calls(exam, clause))


def _calls(exam: Exam, clause: Clause) -> Iterator[Steps[Exchange]]:
    for operation in exam.operations(clause):
        if operation.effect in ("list", "read", "singleton"):
            yield calls.valid(exam, operation)
    aims = Aims(exam, Findings())
    for operation in exam.operations(clause):
        yield calls.unauthenticated(aims, operation)


CHECKS: dict[str, Check] = {
    "time_is_the_servers_duration": Check(
        flow=time_is_the_servers_duration,
        observe=time_is_a_duration,
        how="Looks at the time in every answer: a number of seconds, not negative; null passes, and longer than the call took is a remark.",
    ),
}
