"""The store in memory: dictionaries in insertion order, and lists of them kept until the next write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from mockserver.store import Key, Query, Row, Table

__all__ = ["MemoryStore", "sort_value"]

_LISTS_KEPT = 32


def sort_value(value: Any) -> tuple[int, Any]:
    """What a value is sorted by: numbers among numbers, text by code point, anything else by its JSON."""
    if isinstance(value, str):
        return (2, value)
    if isinstance(value, bool):
        return (0, value)
    if isinstance(value, int | float):
        return (1, value)
    return (3, orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


class _Rows:
    """One table: its rows by key, and lists made of them."""

    __slots__ = ("lists", "number", "rows")

    def __init__(self, rows: dict[str, Row], number: int) -> None:
        self.rows = rows
        self.number = number
        self.lists: dict[Any, list[Row]] = {}

    def listed(self, account: str | None, order: tuple[Key, ...]) -> list[Row]:
        """The rows of an account in an order; kept until something changes."""
        kept = self.lists.get((account, order))
        if kept is None:
            kept = [row for row in self.rows.values() if account is None or row.account == account]
            for key in reversed(order):
                kept = _sorted(kept, key)
            if len(self.lists) >= _LISTS_KEPT:
                self.lists.clear()
            self.lists[account, order] = kept
        return kept


def _sorted(rows: list[Row], key: Key) -> list[Row]:
    member, null_rank = key.member, 0 if key.nulls_first else 2

    def by(row: Row) -> tuple[int, Any]:
        value = row.record.get(member)
        return (null_rank, ()) if value is None else (1, sort_value(value))

    return sorted(rows, key=by, reverse=key.descending)


class MemoryStore:
    """Keeps everything in this process; see `Store` for what each method does."""

    __slots__ = ("_snapshots", "_tables", "_undo")

    def __init__(self) -> None:
        self._tables: dict[Table, _Rows] = {}
        self._snapshots: dict[str, dict[Table, tuple[dict[str, Row], int]]] = {}
        self._undo: dict[Table, tuple[dict[str, Row], int]] | None = None

    def _table(self, table: Table) -> _Rows:
        rows = self._tables.get(table)
        if rows is None:
            rows = self._tables[table] = _Rows({}, 0)
        return rows

    def _changing(self, table: Table) -> _Rows:
        rows = self._table(table)
        if self._undo is not None and table not in self._undo:
            self._undo[table] = (dict(rows.rows), rows.number)
        rows.lists.clear()
        return rows

    def get(self, table: Table, key: str) -> Row | None:
        rows = self._tables.get(table)
        return None if rows is None else rows.rows.get(key)

    def put(self, table: Table, row: Row) -> None:
        rows = self._changing(table)
        rows.rows[row.key] = row
        if row.key.isdecimal() and len(row.key) < 19:
            rows.number = max(rows.number, int(row.key))

    def delete(self, table: Table, key: str) -> None:
        self._changing(table).rows.pop(key, None)

    def scan(self, table: Table, account: str | None = None) -> Iterable[Row]:
        return self._table(table).listed(account, ())

    def count(self, table: Table, account: str | None = None) -> int:
        return len(self._table(table).listed(account, ()))

    def select(self, table: Table, query: Query) -> tuple[Sequence[Row], int]:
        rows = self._table(table).listed(query.account, tuple(query.order))
        if query.seen is not None:
            rows = [row for row in rows if query.seen(row)]
        if query.equal or query.tests:
            equal, tests = query.equal, query.tests
            rows = [row for row in rows if all(row.record.get(member) == value for member, value in equal) and all(test(row.record) for test in tests)]
        end = None if query.limit is None else query.offset + query.limit
        return rows[query.offset : end], len(rows)

    def next_number(self, table: Table) -> int:
        rows = self._table(table)
        rows.number += 1
        return rows.number

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._undo is not None:
            yield
            return
        self._undo = {}
        try:
            yield
        except BaseException:
            for table, (rows, number) in self._undo.items():
                self._tables[table] = _Rows(rows, number)
            raise
        finally:
            self._undo = None

    def snapshot(self, space: str) -> None:
        self._snapshots[space] = {table: (dict(rows.rows), rows.number) for table, rows in self._tables.items() if table.space == space}

    def reset(self, space: str) -> None:
        kept = self._snapshots.get(space, {})
        for table in [table for table in self._tables if table.space == space]:
            del self._tables[table]
        for table, (rows, number) in kept.items():
            self._tables[table] = _Rows(dict(rows), number)
