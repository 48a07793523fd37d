"""Counts a caller's requests by the stub's clock and refuses those over the limit."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import ceil
from typing import TYPE_CHECKING

from mockserver.breaking import refused, rewrite, skipped, wrong_status
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Site, Stage, Step
from mockserver.pointer import ABSENT
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
        call.headers["retry-after"] = str(ceil(wait))
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


def _early(step: Step, site: Site) -> Step:
    """Refuses from half the limit on."""
    whose, limit = _whose(site.parameters.scope), _limit(site)

    def broken(call: Call) -> Answer:
        refusal = step(call)
        counter = call.space.counters.get((site.group.name, site.api.name, whose(call)))
        if refusal is None and counter is not None and counter[1] > max(limit // 2, 1):
            return Refusal(site.parameters.cause)
        return refusal

    return broken


def _limit(site: Site) -> int:
    return int(site.parameters.limit if site.api.rate_limit is None else site.api.rate_limit)


def _shared(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Counts all callers together."""

    def broken(call: Call) -> Answer:
        own = call.credential
        if call.principal is not None:
            call.credential = ("everyone",)
        refusal = step(call)
        call.credential = own
        return refusal

    return broken


def _for_ever(step: Step, site: Site) -> Step:
    """Never lets a caller in again that has been refused once."""
    whose = _whose(site.parameters.scope)

    def broken(call: Call) -> Answer:
        mark = ("barred", site.api.name, whose(call))
        if call.principal is not None and mark in call.space.counters:
            return Refusal(site.parameters.cause)
        refusal = step(call)
        if refusal is not None:
            call.space.counters[mark] = []
        return refusal

    return broken


def _longer(step: Step, site: Site) -> Step:
    """Keeps a caller out for three windows."""
    whose, window = _whose(site.parameters.scope), site.parameters.window

    def broken(call: Call) -> Answer:
        barred = call.space.counters.setdefault(("barred", site.api.name, whose(call)), [0.0])
        if call.principal is not None and call.now < barred[0]:
            return Refusal(site.parameters.cause)
        refusal = step(call)
        if refusal is not None:
            barred[0] = call.now + 3 * window
        return refusal

    return broken


def _silence(call: Call, site: Site) -> None:
    """Empties the message, wherever it may stand."""
    call.document = rewrite(call.document, _places(site), lambda value: "")  # noqa: ARG005


def _dumb(call: Call, site: Site) -> None:
    """Leaves the message out."""
    call.document = rewrite(call.document, _places(site), lambda value: ABSENT)  # noqa: ARG005


def _places(site: Site) -> list[str]:
    members = site.api.parameters("errors", site.served).members
    return list(members.get(site.parameters.message or "message", ["/message"]))


def _empty(call: Call, site: Site) -> None:  # noqa: ARG001
    call.document = EMPTY


FAULTS = {
    "limit_is_enforced": {
        "never": Fault("There is no limit.", Stage.RATE_LIMIT, skipped),
        "early": Fault("The limit is half of what is said.", Stage.RATE_LIMIT, _early),
        "wrong_status": Fault("The refusal has another error's status.", Stage.RENDERING, wrong_status),
    },
    "keys_are_independent": {
        "shared": Fault("All callers are counted together.", Stage.RATE_LIMIT, _shared),
    },
    "refusal_has_a_message": {
        "no_body": Fault("The refusal has no body.", Stage.RENDERING, refused(_empty, "rate_limited")),
        "no_message": Fault("The refusal's body has no message.", Stage.RENDERING, refused(_dumb, "rate_limited")),
        "empty_message": Fault("The refusal's message is empty.", Stage.RENDERING, refused(_silence, "rate_limited")),
    },
    "window_passes": {
        "for_ever": Fault("A caller that was refused once is refused for ever.", Stage.RATE_LIMIT, _for_ever),
        "longer": Fault("A caller is kept out for three windows.", Stage.RATE_LIMIT, _longer),
    },
}
