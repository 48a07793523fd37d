"""The journal: the last exchanges, kept as they were handed over; whoever reads them takes the secrets out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from mockserver.exchange import Request, Response

__all__ = ["Entry", "Journal"]

_OVERHEAD = 2048
"""Bytes that an exchange takes beside its bodies, about: headers, path, query and what holds them."""


class Entry(Struct, frozen=True, gc=False):
    """One exchange: its number, when it ended (seconds since the epoch), its space and how many seconds it took."""

    number: int
    at: float
    request: Request
    response: Response
    space: str
    seconds: float


class Journal:
    """A ring of the last exchanges, at most `limit` of them and about `max_bytes` bytes. It costs nothing while it is off."""

    __slots__ = ("_entries", "_now", "held", "limit", "max_bytes", "number", "on")

    def __init__(self, *, on: bool = True, limit: int = 1000, max_bytes: int = 32 * 1024 * 1024, now: Callable[[], float] = time.time) -> None:
        self.on = on
        self.limit = limit
        self.max_bytes = max_bytes
        self.held = 0
        """Bytes of what is kept, about."""
        self.number = 0
        """The number of the last exchange."""
        self._now = now
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, request: Request, response: Response, space: str, seconds: float) -> None:
        """Keeps an exchange; the oldest ones go if there is no room."""
        self.number += 1
        entry = Entry(self.number, self._now(), request, response, space, seconds)
        self._entries.append(entry)
        self.held += _size(entry)
        if len(self._entries) > self.limit or self.held > self.max_bytes:
            self.shrink()

    def shrink(self) -> None:
        """Lets the oldest exchanges go until the rest is within the bounds."""
        while self._entries and (len(self._entries) > self.limit or self.held > self.max_bytes):
            self.held -= _size(self._entries.popleft())

    def entries(self) -> list[Entry]:
        """What is kept, the oldest first."""
        return list(self._entries)

    def clear(self, space: str | None = None) -> None:
        """Forgets everything, or the exchanges of one space; the numbers go on."""
        kept = [] if space is None else [entry for entry in self._entries if entry.space != space]
        self._entries = deque(kept)
        self.held = sum(map(_size, kept))


def _size(entry: Entry) -> int:
    return _OVERHEAD + len(entry.request.body) + len(entry.response.body)
