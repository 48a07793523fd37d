"""Puts a flow together from parts: one part for each operation or resource that a rule speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from conformance.check import Broken, Ended, Fine, Flow, Observe, Steps
from conformance.exchange import Exchange, NotPermitted
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Skipped, Verdict

if TYPE_CHECKING:
    from conformance.exam import Exam
    from specs.model import Clause

__all__ = ["each", "joined", "settled", "watched"]


def settled(part: Flow) -> Flow:
    """A part's verdict, also where it ended early or asked for what the target does not permit."""
    try:
        return (yield from part)
    except Ended as ended:
        return ended.verdict
    except NotPermitted as refusal:
        return Skipped(getattr(refusal, "reason", str(refusal)), getattr(refusal, "add", ""))


def each(parts: Iterable[Flow]) -> Flow:
    """The verdict of parts examined in turn: the first failure, or else what all of them saw together."""
    verdicts: list[Verdict] = []
    for part in parts:
        verdict = yield from settled(part)
        if isinstance(verdict, Failed):
            return verdict
        verdicts.append(verdict)
    return joined(verdicts)


def watched(exam: Exam, clause: Clause, observe: Observe, calls: Iterable[Steps[Exchange]]) -> Flow:
    """The verdict of an observer on calls made for it, in turn: for a rule that judges every answer, so that there is something to judge."""
    return each(_judged(exam, clause, observe, call) for call in calls)


def _judged(exam: Exam, clause: Clause, observe: Observe, call: Steps[Exchange]) -> Flow:
    exchange = yield from call
    seen = observe(exam, clause, exchange)
    operation = exchange.request.operation
    if isinstance(seen, Broken):
        return Failed(seen.expected, seen.observed, operation=operation)
    if isinstance(seen, Fine):
        return Passed(f"{operation} keeps it", (seen.remark,) if seen.remark else ())
    status = exchange.response.status if exchange.response else "nothing"
    return Inconclusive(f"{operation} was answered with {status}, and nothing in it is to be judged")


def joined(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several: passed if one passed, with a remark for each part that could not be examined."""
    known = list(verdicts)
    failed = next((verdict for verdict in known if isinstance(verdict, Failed)), None)
    errored = next((verdict for verdict in known if isinstance(verdict, Errored)), None)
    passed = [verdict for verdict in known if isinstance(verdict, Passed)]
    others = [verdict for verdict in known if isinstance(verdict, Inconclusive | Skipped)]
    if failed is not None:
        return failed
    if passed:
        missing = [f"not examined: {verdict.reason}" for verdict in others]
        return Passed(_once(verdict.reason for verdict in passed), _remarks([*passed, *others], missing))
    if errored is not None:
        return errored
    if not others:
        return Skipped("the target has no operation that this speaks of", "bind the resource's path or operation")
    return _nothing_seen(others)


def _nothing_seen(others: list[Inconclusive | Skipped]) -> Verdict:
    unclear = [verdict for verdict in others if isinstance(verdict, Inconclusive)]
    if not unclear:
        return Skipped(_once(verdict.reason for verdict in others), _once(verdict.add for verdict in others if isinstance(verdict, Skipped)))
    return Inconclusive(_once(verdict.reason for verdict in unclear), _once(verdict.needs for verdict in unclear), _remarks(others, []))


def _remarks(verdicts: Iterable[Passed | Inconclusive | Skipped], more: list[str]) -> tuple[str, ...]:
    told = [remark for verdict in verdicts if not isinstance(verdict, Skipped) for remark in verdict.remarks]
    return tuple(dict.fromkeys([*told, *more]))


def _once(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
