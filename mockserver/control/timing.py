"""A space's clock, and what its rate limits have counted by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mockserver.clock import Clock, iso
from mockserver.control.asked import Asked, ControlError

if TYPE_CHECKING:
    from mockserver.api import Api
    from specs.conventions.rate_limit import RateLimit

__all__ = ["advance", "clock_shown", "counters", "freeze", "moment", "reset_counters", "run", "show"]

_LAST = 253_370_764_800.0
"""The year 9999 begins: later moments can't be written."""


def clock_shown(clock: Clock) -> dict[str, Any]:
    """The time of a clock, as it is told."""
    now = clock.now()
    return {"now": now, "time": iso(now), "frozen": clock.frozen}


def show(asked: Asked) -> dict[str, Any]:
    """The time."""
    return clock_shown(asked.space.clock)


def advance(asked: Asked) -> dict[str, Any]:
    """Moves the clock."""
    clock, seconds = asked.space.clock, float(asked.body["seconds"])
    _check(clock.now() + seconds)
    clock.advance(seconds)
    return clock_shown(clock)


def freeze(asked: Asked) -> dict[str, Any]:
    """Stops the clock, where it is or at a moment."""
    at = (asked.body or {}).get("at")
    seconds = moment(at) if isinstance(at, str) else at
    if seconds is not None:
        _check(seconds)
    asked.space.clock.freeze(None if seconds is None else float(seconds))
    return clock_shown(asked.space.clock)


def run(asked: Asked) -> dict[str, Any]:
    """Lets the clock run on."""
    asked.space.clock.run()
    return clock_shown(asked.space.clock)


def moment(text: str, status: int = 422) -> float:
    """The seconds since the epoch of RFC 3339 text, a leap second taken for the one before; raises `ControlError` for the year 0."""
    try:
        return datetime.fromisoformat(text.upper().replace(":60", ":59")).timestamp()
    except (ValueError, OverflowError):
        raise ControlError(status, f"{text!r} is a moment that no clock here can show; choose one from 1970 to 9998.") from None


def _check(seconds: float) -> None:
    if not 0 <= seconds < _LAST:
        raise ControlError(422, "The clock can't show that moment; choose one from 1970 to 9998.")


def counters(asked: Asked) -> dict[str, Any]:
    """What the rate limits have counted, caller by caller."""
    return {"counters": [_shown(asked, api, key) for api, key in _keys(asked) if key[0] != "barred"]}


def reset_counters(asked: Asked) -> None:
    """Counts from nothing again; whom a fault had barred may come in."""
    for _, key in _keys(asked):
        asked.space.counters.pop(key, None)


def _keys(asked: Asked) -> Iterator[tuple[Api, Any]]:
    """The keys of the rate limits' counters, each with its API; other conventions and faults count there, too."""
    wanted = asked.query.get("api")
    for key in list(asked.space.counters):
        api = asked.engine.apis.get(key[1]) if len(key) == 3 else None
        if api is None or wanted not in (None, api.name):
            continue
        group = api.spec.groups.get(key[0])
        if key[0] == "barred" or (group is not None and group.kind == "rate_limit"):
            yield api, key


def _shown(asked: Asked, api: Api, key: Any) -> dict[str, Any]:
    parameters: RateLimit = api.spec.groups[key[0]].parameters
    limit = parameters.limit if api.rate_limit is None else api.rate_limit
    now, window, kept = asked.space.clock.now(), float(parameters.window), asked.space.counters[key]
    if parameters.kind == "fixed":
        running = kept[0] <= now < kept[0] + window
        count, first = (int(kept[1]), kept[0]) if running else (0, now - window)
    else:
        passed = [moment for moment in kept if moment > now - window]
        count, first = len(passed), passed[0] if passed else now - window
    told = {"api": api.name, "group": key[0], "scope": parameters.scope, "caller": _caller(api, parameters.scope, key[2])}
    resets_in = max(first + window - now, 0.0)
    return {**told, "limit": limit, "window": parameters.window, "count": count, "remaining": max(limit - count, 0), "resets_in": resets_in}


def _caller(api: Api, scope: str, whose: Any) -> str:
    """The name of what is counted; a credential is told by the name of the caller that has it."""
    if scope != "credential":
        return str(whose)
    secrets = set(whose) if isinstance(whose, tuple) else {whose}
    named = (principal.name for principal in api.principals if secrets <= {*principal.credential.values(), principal.name})
    return next(named, "another")
