"""Where the stub keeps its records: one small interface, so that memory can be changed for a file or a server.

A table is named by space, API and resource. A row never changes: a write puts a new one in its place, so that whatever is
kept beside a row (its JSON) is right as long as the row is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

__all__ = ["Key", "Query", "Row", "Store", "Table", "Test"]

Test = Callable[[Mapping[str, Any]], bool]


class Table(NamedTuple):
    """The name of a table."""

    space: str
    api: str
    resource: str


class Row:
    """One record with its owner; `faces` keeps its rendered forms by the operation's way of showing it."""

    __slots__ = ("account", "faces", "key", "record", "user")

    def __init__(self, key: str, account: str, user: str | None, record: Mapping[str, Any]) -> None:
        self.key = key
        self.account = account
        self.user = user
        self.record = record
        self.faces: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"Row({self.key!r}, {self.account!r}, {self.user!r}, {self.record!r})"


class Key(NamedTuple):
    """One sort key: the member, its direction and where nulls go when ascending."""

    member: str
    descending: bool = False
    nulls_first: bool = False


@dataclass(slots=True)
class Query:
    """Which rows of a table are wanted, in which order, and which part of them.

    `equal` and `order` can be answered from an index; `tests` are tried on each record, `seen` on each row. No account means
    all of them.
    """

    account: str | None = None
    equal: list[tuple[str, Any]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    seen: Callable[[Row], bool] | None = None
    order: list[Key] = field(default_factory=list)
    offset: int = 0
    limit: int | None = None


class Store(Protocol):
    """What the stub asks of a store. Rows come in the order in which they were first put."""

    def get(self, table: Table, key: str) -> Row | None:
        """The row with that key, or None."""

    def put(self, table: Table, row: Row) -> None:
        """Adds a row, or replaces the one with its key, which keeps its place."""

    def delete(self, table: Table, key: str) -> None:
        """Removes the row with that key, if there is one."""

    def scan(self, table: Table, account: str | None = None) -> Iterable[Row]:
        """All rows, or those of an account, in order."""

    def count(self, table: Table, account: str | None = None) -> int:
        """How many rows there are, or an account has."""

    def select(self, table: Table, query: Query) -> tuple[Sequence[Row], int]:
        """The rows that a query wants, and how many there would be without its offset and limit."""

    def next_number(self, table: Table) -> int:
        """A number that no key of the table has had, for a new record."""

    def transaction(self) -> AbstractContextManager[None]:
        """A span in which all writes happen, or, if it ends in an exception, none."""

    def snapshot(self, space: str) -> None:
        """Remembers a space as it is."""

    def reset(self, space: str) -> None:
        """Puts a space back to what was remembered."""
