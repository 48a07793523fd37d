"""Gives a target time: what a write does may be seen a moment later, in an index or in a copy of the data, and no document says otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec

from conformance.check import Flow
from conformance.exchange import Request, Wait
from conformance.steps.parts import settled
from conformance.verdict import Failed, Passed

__all__ = ["patient"]

P = ParamSpec("P")

_LAG, _WHY = 1.5, "so that what was written can be read wherever reads are answered"


def patient(begin: Callable[P, Flow]) -> Callable[P, Flow]:
    """The flow that, where it fails, begins anew after a pause, with one after each write, and believes it if it passes then."""

    @functools.wraps(begin)
    def flow(*args: P.args, **named: P.kwargs) -> Flow:
        verdict = yield from settled(begin(*args, **named))
        if not isinstance(verdict, Failed):
            return verdict
        again = yield from settled(_slowly(begin(*args, **named)))
        return replace(again, remarks=(*again.remarks, f"right after a write: {verdict.observed}")) if isinstance(again, Passed) else verdict

    return flow


def _slowly(flow: Flow) -> Flow:
    """The same steps after a pause, and with one after each that writes."""
    yield Wait(_LAG, _WHY)
    try:
        step = next(flow)
        while True:
            try:
                answer = yield step
            except Exception as fact:  # noqa: BLE001 - whatever befell the step is for the flow to know
                step = flow.throw(fact)
                continue
            if isinstance(step, Request) and not step.safe:
                yield Wait(_LAG, _WHY)
            step = flow.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
