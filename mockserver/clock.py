"""The stub's time: the wall clock by default, settable, so that an hour passes in a test without waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["Clock", "iso"]


class Clock:
    """A clock that runs with the wall clock, or stands still, and can be moved.

    `Clock(at)` starts frozen at `at` seconds since the epoch; `Clock()` runs.
    """

    __slots__ = ("_frozen", "_offset")

    def __init__(self, at: float | None = None) -> None:
        self._offset = 0.0
        self._frozen = at

    def now(self) -> float:
        """Seconds since the epoch, by this clock."""
        if self._frozen is not None:
            return self._frozen
        return time.time() + self._offset

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen is not None

    def copy(self) -> Clock:
        """A clock of its own that shows the same, and runs or stands as this one does."""
        other = Clock(self._frozen)
        other._offset = self._offset
        return other

    def elapsed(self) -> float:
        """Seconds of a stopwatch that stands still while the clock is frozen."""
        return 0.0 if self._frozen is not None else time.perf_counter()

    def advance(self, seconds: float) -> None:
        """Moves the clock by `seconds`; it goes on running, or standing, from there."""
        if self._frozen is not None:
            self._frozen += seconds
        else:
            self._offset += seconds

    def freeze(self, at: float | None = None) -> None:
        """Stops the clock, at `at` or where it is."""
        self._frozen = self.now() if at is None else at

    def run(self) -> None:
        """Lets the clock run on from where it stands."""
        if self._frozen is not None:
            self._offset = self._frozen - time.time()
            self._frozen = None


def iso(seconds: float) -> str:
    """The moment as RFC 3339 text in UTC, to the second: `2013-08-16T06:19:25Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
