"""A sorted list of rows, in which those with given values are found by bisection."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sortedcontainers import SortedList  # type: ignore[import-untyped]

from mockserver.store import Equal, Key, Row, sort_value

__all__ = ["FIRST_NULL", "LAST_NULL", "Index", "Shape"]

FIRST_NULL, LAST_NULL = -1, 9
"""What null is sorted by: before or after the ranks of all other values, see `sort_value`."""

_ENDLESS = float("inf")


class Shape(NamedTuple):
    """What a sorted list is for: whose rows it holds, the members looked up in it, and its order after those."""

    account: str | None
    members: tuple[str, ...]
    order: tuple[Key, ...]


class _Turned:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turned) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: _Turned) -> bool:
        return bool(other.value < self.value)


class Index:
    """The rows of one shape, each as `(looked-up values, sorted values, place, row)`.

    A list whose first key descends is read backwards; places are then turned, so that rows alike stay in the order of writing.
    """

    __slots__ = ("_backwards", "_entries", "_shape")

    def __init__(self, shape: Shape, rows: Iterable[Row]) -> None:
        self._shape = shape
        self._backwards = bool(shape.order) and shape.order[0].descending
        with _uncollected():
            self._entries: Any = SortedList([self._entry(row) for row in rows if self.holds(row)])

    def holds(self, row: Row) -> bool:
        """Whether the list is one of rows such as this."""
        return self._shape.account is None or row.account == self._shape.account

    def _entry(self, row: Row) -> tuple[Any, ...]:
        record = row.record
        entry: list[Any] = []
        for member in self._shape.members:
            entry.extend(_ranked(record.get(member), LAST_NULL))
        for key in self._shape.order:
            ranked = _ranked(record.get(key.member), FIRST_NULL if key.nulls_first else LAST_NULL)
            entry.extend(ranked if key.descending is self._backwards else (_Turned(ranked),))
        return (*entry, -row.place if self._backwards else row.place, row)

    def add(self, row: Row) -> None:
        """Takes a row in."""
        self._entries.add(self._entry(row))

    def remove(self, row: Row) -> None:
        """Takes a row out."""
        self._entries.remove(self._entry(row))

    def span(self, equalities: Sequence[Equal]) -> tuple[int, int]:
        """Where the rows that have these values begin and end; the equalities are in the order of the shape's members."""
        if not equalities:
            return 0, len(self._entries)
        wanted = tuple(part for equal in equalities for part in _ranked(equal.value, LAST_NULL))
        return self._entries.bisect_left(wanted), self._entries.bisect_left((*wanted, _ENDLESS))

    def cut(self, begin: int, end: int, offset: int, limit: int | None) -> list[Row]:
        """The rows of a span, in order, from an offset on."""
        if self._backwards:
            stop = max(end - offset, begin)
            start = begin if limit is None else max(stop - limit, begin)
            return [entry[-1] for entry in reversed(self._entries[start:stop])]
        start = min(begin + offset, end)
        stop = end if limit is None else min(start + limit, end)
        return [entry[-1] for entry in self._entries[start:stop]]


def _ranked(value: Any, null: int) -> tuple[int, Any]:
    return (null, 0) if value is None else sort_value(value)


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
