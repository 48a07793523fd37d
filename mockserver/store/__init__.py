"""Where the stub keeps its records: one small interface, so that memory can be changed for a file or a server.

A table is named by space, API and resource. A row never changes: a write puts a new one in its place, so that whatever is
kept beside a row (its JSON) is right as long as the row is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

__all__ = ["Equal", "Key", "Query", "Row", "Store", "StoreError", "Table", "Test", "number_in", "sort_value"]

Test = Callable[[Mapping[str, Any]], bool]


class StoreError(ValueError):
    """A store that can't be used: what was found, where, and what to do."""


class Table(NamedTuple):
    """The name of a table."""

    space: str
    api: str
    resource: str


class Row:
    """One record with its owner and its JSON. `place` is its place in the order of the table, once a store keeps it.

    A row that is packed holds no more than the JSON: `record` is then read from it each time.
    """

    __slots__ = ("_record", "account", "json", "key", "place", "user")

    def __init__(self, key: str, account: str, user: str | None, record: Mapping[str, Any]) -> None:
        self.key = key
        self.account = account
        self.user = user
        self.json = bytes(memoryview(orjson.dumps(record, default=str)))  # a copy: what orjson gives keeps the 4 kB that it was written in
        self.place = -1
        self._record: Mapping[str, Any] | None = record

    @classmethod
    def packed(cls, key: str, account: str, user: str | None, json: bytes, place: int = -1) -> Row:
        """The row whose record is this JSON."""
        row = cls.__new__(cls)
        row.key, row.account, row.user, row.json, row.place, row._record = key, account, user, json, place, None
        return row

    @property
    def record(self) -> Mapping[str, Any]:
        """The record's members; not to be written to."""
        if self._record is None:
            read: dict[str, Any] = orjson.loads(self.json)
            return read
        return self._record

    def at(self, place: int, *, packed: bool = False) -> Row:
        """The same row at a place of its table's order."""
        row = Row.packed(self.key, self.account, self.user, self.json, place)
        if not packed:
            row._record = self._record
        return row

    def unpacked(self) -> Row:
        """The same row, with its record beside its JSON."""
        if self._record is not None:
            return self
        row = self.at(self.place)
        row._record = self.record
        return row

    def __repr__(self) -> str:
        return f"Row({self.key!r}, {self.account!r}, {self.user!r}, {self.json!r})"


class Key(NamedTuple):
    """One sort key: the member, its direction and where nulls go when ascending."""

    member: str
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Equal:
    """The test that a member has a value; a store may answer it from an index. What is not there is null."""

    member: str
    value: Any

    def __call__(self, record: Mapping[str, Any]) -> bool:
        """Whether a record passes."""
        own, value = record.get(self.member), self.value
        return own is value or (own == value and sort_value(own) == sort_value(value))


@dataclass(slots=True)
class Query:
    """Which rows of a table are wanted, in which order, and which part of them.

    `equal`, those of `tests` that are `Equal`, and `order` can be answered from an index; the other `tests` are tried on each
    record, `seen` on each row. No account means all of them.
    """

    account: str | None = None
    equal: list[tuple[str, Any]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    seen: Callable[[Row], bool] | None = None
    order: list[Key] = field(default_factory=list)
    offset: int = 0
    limit: int | None = None

    def parted(self) -> tuple[list[Equal], list[Test]]:
        """The equalities, and the tests that are none."""
        if not self.tests and not self.equal:
            return [], []
        equalities = [Equal(member, value) for member, value in self.equal]
        equalities.extend(test for test in self.tests if isinstance(test, Equal))
        return equalities, [test for test in self.tests if not isinstance(test, Equal)]

    def passes(self, tests: Iterable[Test]) -> Callable[[Row], bool]:
        """What tells whether a row passes the tests and is seen."""
        seen = self.seen

        def passes(row: Row) -> bool:
            if seen is not None and not seen(row):
                return False
            record = row.record
            return all(test(record) for test in tests)

        return passes

    def cut(self, rows: list[Row]) -> list[Row]:
        """The part of the rows between offset and limit."""
        return rows[self.offset : None if self.limit is None else self.offset + self.limit]


def sort_value(value: Any) -> tuple[int, Any]:
    """What a value is sorted by: numbers among numbers, text by code point, anything else by its JSON."""
    if isinstance(value, str):
        return (2, value)
    if isinstance(value, bool):
        return (0, value)
    if isinstance(value, int | float):
        return (1, value)
    return (3, orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def number_in(key: str) -> int:
    """The number at the end of a key; 0 where there is none that could be counted on from."""
    digits = key[len(key.rstrip("0123456789")) :]
    return int(digits) if digits and len(digits) < 16 and digits.isascii() else 0


class Store(Protocol):
    """What the stub asks of a store. Rows come in the order in which they were first put."""

    def get(self, table: Table, key: str) -> Row | None:
        """The row with that key, or None."""

    def put(self, table: Table, row: Row) -> None:
        """Adds a row, or replaces the one with its key, which keeps its place."""

    def load(self, table: Table, rows: Iterable[Row]) -> None:
        """Adds many rows, none of whose keys is there."""

    def delete(self, table: Table, key: str) -> None:
        """Removes the row with that key, if there is one."""

    def scan(self, table: Table, account: str | None = None) -> Iterable[Row]:
        """All rows, or those of an account, in order; not to be gone on with after a write."""

    def count(self, table: Table, account: str | None = None) -> int:
        """How many rows there are, or an account has."""

    def select(self, table: Table, query: Query) -> tuple[list[Row], int]:
        """The rows that a query wants, and how many there would be without its offset and limit."""

    def next_number(self, table: Table) -> int:
        """A number that no key of the table has ended in, for a new record."""

    def transaction(self) -> AbstractContextManager[None]:
        """A span in which all writes happen, or, if it ends in an exception, none."""

    def remembers(self, space: str) -> bool:
        """Whether there is a snapshot of a space."""

    def snapshot(self, space: str) -> None:
        """Remembers a space as it is."""

    def reset(self, space: str) -> None:
        """Puts a space back to what was remembered; without a snapshot, empties it."""

    def close(self) -> None:
        """Ends the use of the store; what was written is kept where it was meant to be."""
