"""Keeps an examination under the target's rate limit, by a clock that is handed in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.exchange import Request, Response
from specs.conventions.rate_limit import RateLimit
from specs.model import Spec

__all__ = ["Clock", "Pace", "back_off"]

MARGIN = 0.9
"""The part of a limit that is used: the target may count what a proxy or another client sends, too."""

LONGEST_BACK_OFF = 120.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds that only go up, and a way to let them pass; in process both are the engine's own, so that nobody sleeps."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Pace:
    """A sliding window for each caller that a target counts by itself: it is right for fixed windows, too, whenever they begin."""

    limit: RateLimit | None
    clock: Clock
    slow: bool = True
    sent: dict[str, deque[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: Spec, clock: Clock, *, slow: bool = True) -> Pace:
        """The pace under the limit that a spec declares, or none; not `slow` knows the limit but never waits for it."""
        group = spec.group_of_kind("rate_limit")
        return cls(group.parameters if group else None, clock, slow)

    def wait(self, request: Request) -> float:
        """The seconds to let pass before the request may be sent."""
        if self.limit is None or not self.slow:
            return 0.0
        times = self._times(request)
        usable = max(1, int(self.limit.limit * MARGIN))
        if len(times) < usable:
            return 0.0
        return max(0.0, times[-usable] + self.limit.window + 0.5 - self.clock.now())

    def note(self, request: Request) -> None:
        """Counts a request that is sent."""
        if self.limit is not None:
            self._times(request).append(self.clock.now())

    def _times(self, request: Request) -> deque[float]:
        scope = self.limit.scope if self.limit else "credential"
        caller = (request.as_ or "") if scope == "credential" else ""
        return self.sent.setdefault(caller, deque(maxlen=max(1, self.limit.limit if self.limit else 1)))


def back_off(response: Response, limit: RateLimit | None) -> float:
    """The seconds that a refusal for too many requests asks for: its Retry-After, else the declared window, else a minute."""
    usual = float(limit.window if limit else 60)
    written = (response.header("retry-after") or "").strip()
    seconds = float(written) if written.isdigit() and len(written) < 9 else usual
    return min(max(seconds, 1.0), max(usual, 1.0), LONGEST_BACK_OFF) + 0.5
