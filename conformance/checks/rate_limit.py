"""Examines how many requests a caller may make: the limit comes, it is one caller's own, it says so, and it passes.

These run last and alone: they use up a caller's limit on purpose. Each asks first whether the limit is still used up by the one
before, so that all four together cost little more than one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.addressing import texts
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Request, Response, Unreadable, Wait
from conformance.steps.aiming import Aim, Aims, in_order, names_a_record
from conformance.steps.findings import Findings
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from specs.conventions.rate_limit import RateLimit
from specs.model import Clause, Operation

__all__ = ["CHECKS"]

MARGIN = 2.0
"""Seconds beyond a window: clocks differ."""


def _how(exam: Exam, clause: Clause) -> RateLimit:
    parameters: RateLimit = exam.spec.convention(clause).parameters
    return parameters


def _spender(exam: Exam) -> str:
    """Whose limit is used up: second's where there is one, so that full can still clean up."""
    return "second" if "second" in exam.target.credentials else "full"


def _permitted(exam: Exam) -> None:
    if not exam.target.permit.exhaust_rate_limit:
        raise Ended(Skipped("using up a rate limit is not permitted", "exhaust_rate_limit = true under [permit]"))


def _request(exam: Exam, clause: Clause, caller: str) -> Steps[Request]:
    """A small read that works for the caller; ends the check where the target permits no such thing, or none works."""
    _permitted(exam)
    exam.need("full")
    aims = Aims(exam, Findings())
    for operation in in_order(exam.operations(clause)):
        if operation.effect not in ("singleton", "list"):
            continue
        aim = yield from aims.at(operation)
        if aim is None:
            continue
        request = _small(exam, aim, caller)
        response = yield request
        if exam.read.succeeded(response) or _is_refusal(exam, clause, response):
            return request
    raise Ended(Inconclusive("no list works, so that nothing can be counted", f"a list that {caller} may read"))


def _small(exam: Exam, aim: Aim, caller: str) -> Request:
    pagination = exam.pagination(aim.operation)
    one = {pagination.size: pagination.minimum} if pagination is not None and pagination.size else {}
    return aim.request(exam, as_=caller, parameters=one, fresh=True)


def _is_refusal(exam: Exam, clause: Clause, response: Response) -> bool:
    return exam.read.answered(_how(exam, clause).cause, response).fine


def _wait_a_window(exam: Exam, clause: Clause) -> Steps[None]:
    how = _how(exam, clause)
    yield Wait(how.window + MARGIN, f"so that a window of {how.window} s begins anew")


@dataclass(slots=True)
class _Count:
    """Requests made in a row: how many passed, how long they took at least, and the refusal, if one came."""

    passed: int = 0
    seconds: float = 0.0
    refusal: Response | None = None


def _exhaust(exam: Exam, clause: Clause, request: Request) -> Steps[_Count]:
    """Sends the request until it is refused, or until two whole windows' worth of requests have passed."""
    count = _Count()
    while count.passed <= 2 * _how(exam, clause).limit:
        response = yield request
        count.seconds += response.elapsed
        if _is_refusal(exam, clause, response):
            count.refusal = response
            return count
        if not exam.read.succeeded(response):
            raise Ended(_odd_refusal(exam, clause, request, response, count))
        count.passed += 1
    return count


def _odd_refusal(exam: Exam, clause: Clause, request: Request, response: Response, count: _Count) -> Failed | Inconclusive:
    """What another failure than the documented one means: within the limit nothing, over it that it is answered wrongly."""
    how = _how(exam, clause)
    observed = f"{request.operation} answered {response.status} after {count.passed} requests"
    if count.passed < how.limit or response.status in (500, 502, 504):
        return Inconclusive(f"the requests could not be counted: {observed}")
    return Failed(f"{exam.read.cause(how.cause).status} over the limit of {how.limit}", observed, operation=request.operation)


def _exhausted(exam: Exam, clause: Clause, request: Request) -> Steps[Response]:
    """The refusal of a caller whose limit is used up: at once where it still is, else after using it up."""
    response = yield request
    if _is_refusal(exam, clause, response):
        return response
    count = yield from _exhaust(exam, clause, request)
    if count.refusal is None:
        raise Ended(Inconclusive(f"no request was refused in {count.passed + 1}, so that nothing can be said of refusals"))
    return count.refusal


# Rules


def limit_is_enforced(exam: Exam, clause: Clause) -> Flow:
    """A window without requests, and then requests until one is refused.

    The kind of window is open, so that twice the limit may pass where a window ends between. Fewer than the limit is a failure only
    if it happens twice: somebody else may use the key.
    """
    how = _how(exam, clause)
    _permitted(exam)
    yield from _wait_a_window(exam, clause)
    request = yield from _request(exam, clause, _spender(exam))
    yield from _wait_a_window(exam, clause)
    count = yield from _exhaust(exam, clause, request)
    if count.refusal is None:
        if count.seconds > how.window:
            return Inconclusive(f"{count.passed} requests took {count.seconds:.0f} s, longer than a window", "a faster connection")
        expected = f"a refusal by request {2 * how.limit + 1} at the latest, the limit being {how.limit} in {how.window} s"
        return Failed(expected, f"{request.operation} answered {count.passed} requests with a success", operation=request.operation)
    if count.passed >= how.limit:
        yield from _counts_everywhere(exam, clause, request)
        return Passed(f"{count.passed} requests passed, and the next was refused, the limit being {how.limit}")
    return (yield from _too_early(exam, clause, request, count))


def _counts_everywhere(exam: Exam, clause: Clause, request: Request) -> Steps[None]:
    """Ends the check as failed where another read is answered while the first is refused, before and after: the limit is the caller's."""
    if _how(exam, clause).scope == "address":
        return
    for operation in in_order(exam.operations(clause)):
        if operation.effect not in ("list", "singleton", "read") or operation.id == request.operation:
            continue
        if not _is_plain(exam, operation):
            continue
        other = exam.ask.operation(operation, key="1" if names_a_record(operation) else None, as_=request.as_, fresh=True)
        if (yield from _is_served(exam, clause, request, other)):
            expected = f"a refusal of every request over the limit, {operation.id} like {request.operation}"
            raise Ended(Failed(expected, f"{operation.id} was answered each time in between", operation=operation.id))


def _is_served(exam: Exam, clause: Clause, request: Request, other: Request) -> Steps[bool]:
    """Whether the other request is answered whenever it is asked, between refusals of the first.

    Asked after one, two and three refusals: where a limit lets a request pass now and then, it is not always this one.
    """
    for probes in (1, 2, 3):
        for _ in range(probes):
            if not _is_refusal(exam, clause, (yield request)):
                return False
        between = yield other
        if _is_refusal(exam, clause, between) or between.status >= 500 or not _is_refusal(exam, clause, (yield request)):
            return False
    return True


def _is_plain(exam: Exam, operation: Operation) -> bool:
    """Whether the operation needs no parent in its path."""
    return set(operation.path_parameters) <= {exam.ask.key_parameter(operation)}


def _too_early(exam: Exam, clause: Clause, request: Request, first: _Count) -> Flow:
    how = _how(exam, clause)
    yield from _wait_a_window(exam, clause)
    again = yield from _exhaust(exam, clause, request)
    if again.refusal is not None and again.passed < how.limit and first.seconds <= how.window:
        expected = f"{how.limit} requests within {how.window} s"
        return Failed(expected, f"{request.operation} was refused after {first.passed}, and then after {again.passed}", operation=request.operation)
    return Inconclusive(f"refused after {first.passed} requests, but then after {again.passed}", "a key that nobody else uses")


def keys_are_independent(exam: Exam, clause: Clause) -> Flow:
    """A second caller passes right when the first is refused."""
    how = _how(exam, clause)
    if how.scope == "address":
        return Inconclusive("callers at one address share the limit")
    spender = _spender(exam)
    witness = _witness(exam, how, spender)
    request = yield from _request(exam, clause, spender)
    others = yield from _request(exam, clause, witness)
    for waited in (False, True):
        if waited:
            yield from _wait_a_window(exam, clause)
        yield from _exhausted(exam, clause, request)
        response = yield others
        still = yield request
        if _is_refusal(exam, clause, still) and exam.read.succeeded(response):
            return Passed(f"{witness} passes while {spender} is refused")
        if not _is_refusal(exam, clause, still) and not _is_refusal(exam, clause, response):
            continue
        if waited and _is_refusal(exam, clause, response):
            expected = f"a success for {witness} while {spender} is refused"
            return Failed(expected, f"{others.operation} answered {response.status} to {witness}, who had not asked in that window", operation=others.operation)
    return Inconclusive(f"the window ended before {witness} had asked", "a faster connection")


def _witness(exam: Exam, how: RateLimit, spender: str) -> str:
    names = ("other",) if how.scope == "account" else ("full", "second", "other")
    for name in names:
        if name != spender and name in exam.target.credentials and exam.target.credentials[name] != exam.target.credentials[spender]:
            return name
    needed = "other" if how.scope == "account" else "second"
    raise Ended(Skipped("there is no second credential to compare with", f"a credential under [credentials], called {needed}"))


def refusal_has_a_message(exam: Exam, clause: Clause) -> Flow:
    """The body of a refusal is JSON with something to read in it."""
    how = _how(exam, clause)
    request = yield from _request(exam, clause, _spender(exam))
    refusal = yield from _exhausted(exam, clause, request)
    try:
        document = refusal.json()
    except Unreadable as problem:
        return Failed("a JSON body with a message", f"{refusal.status} with {problem}", operation=request.operation)
    named = exam.read.members_of_error(refusal, how.message) if how.message else []
    if any(texts(named)):
        return Passed("the refusal has a message")
    others = _other_members(exam, how, refusal)
    if any(text not in others for text in texts(document)):
        return Passed("the refusal says something", (f"not as {how.message}",) if how.message else ())
    return Failed("a JSON body with a message", f"{refusal.status} with {exam.read.excerpt(refusal, 80)}", operation=request.operation)


def _other_members(exam: Exam, how: RateLimit, refusal: Response) -> set[str]:
    """The texts of a refusal's other named members, such as its type: they are codes, no message."""
    names = (name for name in (exam.read.errors.members if exam.read.errors else {}) if name != how.message)
    return {text for name in names for text in texts(exam.read.members_of_error(refusal, name))}


def window_passes(exam: Exam, clause: Clause) -> Flow:
    """After a window without requests, the caller who was refused passes again."""
    how = _how(exam, clause)
    request = yield from _request(exam, clause, _spender(exam))
    yield from _exhausted(exam, clause, request)
    yield from _wait_a_window(exam, clause)
    response = yield request
    if _is_refusal(exam, clause, response):
        expected = f"a success {how.window + MARGIN:.0f} s after the refusal, the window being {how.window} s"
        return Failed(expected, f"{request.operation} answered {response.status}", operation=request.operation)
    if not exam.read.succeeded(response):
        return Inconclusive(f"{request.operation} answered {response.status} after the window")
    return Passed(f"after {how.window + MARGIN:.0f} s the caller passes again")


CHECKS = {
    "limit_is_enforced": Check(
        limit_is_enforced,
        last=True,
        how="Waits for a fresh window, and sends small reads until one is refused, at most twice the limit and one.",
    ),
    "refusal_has_a_message": Check(
        refusal_has_a_message,
        last=True,
        how="Looks at the body of a refusal.",
    ),
    "keys_are_independent": Check(
        keys_are_independent,
        last=True,
        how="Asks with a second credential while the first is refused.",
    ),
    "window_passes": Check(
        window_passes,
        last=True,
        how="Waits until the window has passed after a refusal, and asks again.",
    ),
}
