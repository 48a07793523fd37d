"""A sorted list of rows in memory, in which those with given values are found by bisection."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sortedcontainers import SortedList  # type: ignore[import-untyped]

from mockserver.store import Row
from mockserver.store.entries import END, Arrangement

__all__ = ["Index"]


class Index:
    """The rows of a table in one arrangement, each with its entry."""

    __slots__ = ("_arrangement", "_entry_of", "_rows")

    def __init__(self, arrangement: Arrangement, rows: Iterable[Row]) -> None:
        self._arrangement = arrangement
        self._entry_of = entry_of = arrangement.entry_of()
        with _uncollected():
            self._rows: Any = SortedList([(entry_of(row.account, row.record, row.place), row) for row in rows])

    def add(self, row: Row, record: Mapping[str, Any]) -> None:
        """Takes in a row, whose record is handed in so that it is read only once."""
        self._rows.add((self._entry_of(row.account, record, row.place), row))

    def remove(self, row: Row, record: Mapping[str, Any]) -> None:
        """Takes a row out."""
        self._rows.remove((self._entry_of(row.account, record, row.place), row))

    def span(self, account: str | None, values: Sequence[Any]) -> tuple[int, int]:
        """Where the rows begin and end that are an account's and have these values, which are in the order of the arrangement's members."""
        beginning = self._arrangement.beginning(account, values)
        if not beginning:
            return 0, len(self._rows)
        return self._rows.bisect_left((beginning,)), self._rows.bisect_left((beginning + END,))

    def cut(self, begin: int, end: int, offset: int, limit: int | None) -> list[Row]:
        """The rows of a span from an offset on."""
        start = min(begin + offset, end)
        stop = end if limit is None else min(start + limit, end)
        return [row for _, row in self._rows[start:stop]]


@contextmanager
def _uncollected() -> Iterator[None]:
    """A span without the collection of cycles: looking through a million new entries again and again would take as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
