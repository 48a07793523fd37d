"""Spaces: one server, many states, so that parallel tests don't meet; each is made from the seed when it is first named."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable

from mockserver.pipeline import Space

__all__ = ["HEADER", "SpaceError", "Spaces", "check_name"]

HEADER = "x-proctor-space"
"""The header that names the space of a request; without it, a request is for the main one."""

IDLE = 900.0
"""Seconds after which a space that nobody uses may make room for another."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class SpaceError(ValueError):
    """A space that can't be had: what is wrong, and the status that tells it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Spaces:
    """The named spaces of an engine, the least recently used first.

    There are at most `limit` of them. One more takes the place of the least recently used if that has been idle for `IDLE`
    seconds of `now`; else it is refused, since nobody's state is thrown away while it is in use.
    """

    __slots__ = ("_kept", "_make", "_now", "_used", "limit")

    def __init__(self, make: Callable[[str], Space], limit: int, now: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._now = now
        self._kept: OrderedDict[str, Space] = OrderedDict()
        self._used: dict[str, float] = {}
        self.limit = limit

    def get(self, name: str) -> Space:
        """The space of that name, made now if it is new; raises `SpaceError` where the name is no name, or there is no room."""
        space = self._kept.get(name)
        if space is None:
            check_name(name)
            space = self._kept[name] = self._made(name)
        else:
            self._kept.move_to_end(name)
        self._used[name] = self._now()
        return space

    def _made(self, name: str) -> Space:
        if len(self._kept) >= self.limit:
            oldest = next(iter(self._kept), None)
            if oldest is None or self._now() - self._used[oldest] < IDLE:
                told = f"There are {len(self._kept)} spaces, and no more are allowed; all were used within the last {IDLE / 60:.0f} minutes."
                raise SpaceError(409, f"{told} Delete one that has done its work (DELETE /__proctor/spaces/NAME), or start with a higher --max-spaces.")
            self.drop(oldest)
        return self._make(name)

    def drop(self, name: str) -> bool:
        """Forgets a space and all that is in it; says whether there was one."""
        self._used.pop(name, None)
        return self._kept.pop(name, None) is not None

    def all(self) -> list[Space]:
        """The spaces there are, the least recently used first."""
        return list(self._kept.values())


def check_name(name: str) -> None:
    """Raises `SpaceError` where a text can't name a space."""
    if not _NAME.fullmatch(name):
        raise SpaceError(400, f"{name[:80]!r} can't name a space: 1 to 64 ASCII letters, digits, `.`, `_` and `-` can, a letter or digit first.")
