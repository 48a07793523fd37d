"""The store in memory: rows by key, and sorted lists of them that are made when first asked for and kept up by each write.

A page, an equality and a sort take the same time in a long list as in a short one, once the list is made: what is looked for is
found by bisection, and cut out of its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any

from sortedcontainers import SortedKeyList  # type: ignore[import-untyped]

from mockserver.store import Query, Row, Table, number_in
from mockserver.store.entries import Arrangement
from mockserver.store.index import Index

__all__ = ["MemoryStore"]

_KEPT_WHOLE = 10_000
"""How many rows of a table keep their members beside their JSON: quicker to test, but three times the memory."""

_INDEXES_KEPT = 12
"""How many sorted lists a table keeps beside those in the order of writing."""

_PLACE = attrgetter("place")


class _Rows:
    """One table. `before` holds, from a snapshot on, what each row that was written since had been."""

    __slots__ = ("_indexes", "_lists", "_next_place", "before", "number", "rows", "start")

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.number = 0
        self.before: dict[str, Row | None] | None = None
        self.start = 0
        self._next_place = 0
        self._lists: dict[str | None, Any] = {}
        self._indexes: dict[Arrangement, Index] = {}

    def put(self, row: Row) -> None:
        """Keeps a row."""
        old = self.rows.get(row.key)
        packed = len(self.rows) >= _KEPT_WHOLE
        if old is None:
            kept = row.at(self._next_place, packed=packed)
            self._next_place += 1
        else:
            kept = row.at(old.place, packed=packed)
        self._change(old, kept)
        self.number = max(self.number, number_in(row.key))

    def delete(self, key: str) -> None:
        """Drops a row."""
        self._change(self.rows.get(key), None)

    def restore(self, number: int, rows: Iterable[tuple[str, Row | None]]) -> None:
        """Makes keys what they had been, and the number."""
        for key, row in rows:
            self._change(self.rows.get(key), row)
        self.number = number

    def remember(self, before: dict[str, Row | None] | None, start: int) -> None:
        """Makes the snapshot this one: what each row that was written since had been, and the number."""
        self.before, self.start = before, start

    def _change(self, old: Row | None, new: Row | None) -> None:
        changed = old or new
        if changed is None:
            return
        if self.before is not None:
            self.before.setdefault(changed.key, old)
        if new is not None:
            self.rows[changed.key] = new
        else:
            del self.rows[changed.key]
        self._relist(old, new)

    def _relist(self, old: Row | None, new: Row | None) -> None:
        for account, listed in self._lists.items():
            if old is not None and account in (None, old.account):
                listed.remove(old)
            if new is not None and account in (None, new.account):
                listed.add(new)
        if self._indexes:
            self._reindex(old, new)

    def _reindex(self, old: Row | None, new: Row | None) -> None:
        was = None if old is None else old.record
        now = None if new is None else new.record
        for index in self._indexes.values():
            if old is not None and was is not None:
                index.remove(old, was)
            if new is not None and now is not None:
                index.add(new, now)

    def listed(self, account: str | None) -> Any:
        """The rows of an account in the order of writing."""
        found = self._lists.get(account)
        if found is None:
            rows = self.rows.values() if account is None else (row for row in self.rows.values() if row.account == account)
            found = self._lists[account] = SortedKeyList(rows, key=_PLACE)
        return found

    def _index(self, arrangement: Arrangement) -> Index:
        """The list in an arrangement, for which the one that was not asked for the longest may have to go."""
        found = self._indexes.pop(arrangement, None)
        if found is None:
            if len(self._indexes) >= _INDEXES_KEPT:
                del self._indexes[next(iter(self._indexes))]
            found = Index(arrangement, self.rows.values())
        self._indexes[arrangement] = found
        return found

    def select(self, query: Query) -> tuple[list[Row], int]:
        """The rows that a query wants, and how many there would be without its offset and limit."""
        equalities, tests = query.parted()
        filtered = bool(tests) or query.seen is not None
        offset, limit = (0, None) if filtered else (query.offset, query.limit)
        if not equalities and not query.order:
            listed = self.listed(query.account)
            total = len(listed)
            rows = listed[offset : total if limit is None else offset + limit]
        else:
            equalities.sort(key=lambda equal: equal.member)
            index = self._index(Arrangement(query.account is not None, tuple(equal.member for equal in equalities), tuple(query.order)))
            begin, end = index.span(query.account, [equal.value for equal in equalities])
            rows, total = index.cut(begin, end, offset, limit), end - begin
        if filtered:
            rows = list(filter(query.passes(tests), rows))
            return query.cut(rows), len(rows)
        return rows, total


class MemoryStore:
    """Keeps everything in this process; see `Store` for what each method does."""

    __slots__ = ("_remembered", "_tables", "_undo")

    def __init__(self) -> None:
        self._tables: dict[Table, _Rows] = {}
        self._remembered: set[str] = set()
        self._undo: list[Callable[[], object]] | None = None

    def _table(self, table: Table) -> _Rows:
        rows = self._tables.get(table)
        if rows is None:
            rows = self._tables[table] = _Rows()
            rows.before = {} if table.space in self._remembered else None
            self._undone_by(self._tables.pop, table, None)
        return rows

    def _undone_by(self, undo: Callable[..., object], *values: Any) -> None:
        """Notes what undoes the next step of a transaction, if there is one."""
        if self._undo is not None:
            self._undo.append(partial(undo, *values))

    def get(self, table: Table, key: str) -> Row | None:
        rows = self._tables.get(table)
        return None if rows is None else rows.rows.get(key)

    def put(self, table: Table, row: Row) -> None:
        rows = self._table(table)
        self._undone_by(rows.restore, rows.number, [(row.key, rows.rows.get(row.key))])
        rows.put(row)

    def load(self, table: Table, rows: Iterable[Row]) -> None:
        with self.transaction():
            into, written = self._table(table), list[str]()
            self._undone_by(into.restore, into.number, ((key, None) for key in written))
            for row in rows:
                written.append(row.key)
                into.put(row)

    def delete(self, table: Table, key: str) -> None:
        rows = self._table(table)
        self._undone_by(rows.restore, rows.number, [(key, rows.rows.get(key))])
        rows.delete(key)

    def scan(self, table: Table, account: str | None = None) -> Iterable[Row]:
        found: Iterable[Row] = iter(self._table(table).listed(account))
        return found

    def count(self, table: Table, account: str | None = None) -> int:
        return len(self._table(table).listed(account))

    def select(self, table: Table, query: Query) -> tuple[list[Row], int]:
        return self._table(table).select(query)

    def next_number(self, table: Table) -> int:
        rows = self._table(table)
        self._undone_by(rows.restore, rows.number, [])
        rows.number += 1
        return rows.number

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            undo, self._undo = self._undo, None
            for step in reversed(undo):
                step()
            raise
        finally:
            self._undo = None

    def remembers(self, space: str) -> bool:
        return space in self._remembered

    def snapshot(self, space: str) -> None:
        if space not in self._remembered:
            self._remembered.add(space)
            self._undone_by(self._remembered.discard, space)
        for _, rows in self._tables_of(space):
            self._undone_by(rows.remember, rows.before, rows.start)
            rows.remember({}, rows.number)

    def reset(self, space: str) -> None:
        for table, rows in self._tables_of(space):
            if space in self._remembered:
                self._put_back(rows)
            else:
                self._undone_by(self._tables.__setitem__, table, rows)
                del self._tables[table]

    def _tables_of(self, space: str) -> list[tuple[Table, _Rows]]:
        return [(table, rows) for table, rows in self._tables.items() if table.space == space]

    def _put_back(self, rows: _Rows) -> None:
        """Makes the rows of a table that were written what they had been."""
        before = rows.before or {}
        self._undone_by(rows.restore, rows.number, [(key, rows.rows.get(key)) for key in before])
        rows.restore(rows.start, before.items())
        rows.remember({}, rows.start)

    def close(self) -> None:
        """Nothing is left to do."""
