"""Counts a caller's requests by the stub's clock and refuses those over the limit."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from specs.conventions.rate_limit import RateLimit

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Lets as many calls of one caller through as the limit says; calls without a valid credential are not counted."""
    parameters: RateLimit = group.parameters
    limit = parameters.limit if api.rate_limit is None else api.rate_limit
    if limit <= 0 or served.pseudo == "options":
        return {}
    whose = _whose(parameters.scope)
    window, cause, count = float(parameters.window), parameters.cause, _fixed if parameters.kind == "fixed" else _sliding

    def restrict(call: Call) -> Answer:
        if call.principal is None:
            return None
        wait = count(call.space.counters, (group.name, api.name, whose(call)), call.now, limit, window)
        if wait is None:
            return None
        call.headers["retry-after"] = str(int(wait) + 1)
        return Refusal(cause, {"limit": limit, "window": parameters.window})

    return {Stage.RATE_LIMIT: restrict}


def _whose(scope: str) -> Callable[[Call], Hashable]:
    if scope == "credential":
        return lambda call: call.credential
    if scope == "account":
        return lambda call: call.principal.account if call.principal else None
    return lambda call: call.request.headers.get("x-forwarded-for", "")


def _fixed(counters: dict[Hashable, list[float]], key: Hashable, now: float, limit: int, window: float) -> float | None:
    """None where the call may pass, else the seconds until the window that began with its first call has passed."""
    counter = counters.get(key)
    if counter is None or not counter[0] <= now < counter[0] + window:
        counters[key] = [now, 1.0]
        return None
    counter[1] += 1.0
    return None if counter[1] <= limit else counter[0] + window - now


def _sliding(counters: dict[Hashable, list[float]], key: Hashable, now: float, limit: int, window: float) -> float | None:
    """None where fewer calls than the limit passed within the last window, else the seconds until one of them has aged."""
    passed = counters.setdefault(key, [])
    while passed and passed[0] <= now - window:
        passed.pop(0)
    if len(passed) >= limit:
        return passed[0] + window - now
    passed.append(now)
    return None


FAULTS: dict[str, dict[str, Fault]] = {}
