"""The store in a file: SQLite, so that what was acknowledged is there after a crash, and a million records need no memory.

Each table of the stub is a table of the file, with the records as JSON, and sorted lists beside it (`lists`). A snapshot copies
nothing: from then on, what a row had been is kept beside (`before`) when it is first written, and put back by a reset. The file is
locked while it is in use, so that numbers and ranks can be kept in memory; a transaction that is rolled back puts those back, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count, islice
from pathlib import Path

from mockserver.store import Query, Row, StoreError, Table, number_in
from mockserver.store.entries import AS_THEY_LIE, BY_ACCOUNT, Arrangement
from mockserver.store.file import open_file
from mockserver.store.lists import COLUMNS, Held, InPlace, Limits, Lists

__all__ = ["SqliteStore"]

_TABLE = (
    "CREATE TABLE rows_{} (place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, account TEXT NOT NULL, user TEXT, json BLOB NOT NULL)",
    "CREATE TABLE before_{} (key TEXT PRIMARY KEY, place INTEGER, account TEXT, user TEXT, json BLOB) WITHOUT ROWID",
)
_WRITTEN_AT_ONCE = 10_000


class _Known:
    """What is known of a table of the file: its number, the highest that a key of it ended in, and its lists."""

    __slots__ = ("lists", "number", "reached")

    def __init__(self, held: Held, number: int, reached: int) -> None:
        self.number = number
        self.reached = reached
        self.lists = Lists(held, number)


class SqliteStore:
    """Keeps the records in a file; see `Store` for what each method does.

    `layout` says what the file is for: a line for each API. Raises `StoreError` where the file is no such store, is locked, can't
    be written to, or was made for another layout.
    """

    def __init__(self, path: str | Path, layout: Mapping[str, str] | None = None, *, limits: Limits | None = None) -> None:
        self.path = Path(path)
        self._link = open_file(self.path, dict(layout or {}))
        self._held = Held(self._link, limits or Limits(), [])
        self._tables: dict[Table, _Known] = {}
        self._remembered: set[str] = {name for (name,) in self._link.execute("SELECT name FROM spaces")}
        self._in_transaction = False

    # Tables

    def _find(self, table: Table) -> _Known | None:
        """What is known of a table, or None where the file has none yet."""
        known = self._tables.get(table)
        if known is None:
            found = self._link.execute("SELECT id, number FROM tables WHERE space = ? AND api = ? AND resource = ?", table).fetchone()
            if found is not None:
                known = self._tables[table] = _Known(self._held, *found)
        return known

    def _made(self, table: Table) -> _Known:
        """What is known of a table, which is made if need be; only within a transaction."""
        known = self._find(table)
        if known is not None:
            return known
        number = self._link.execute("INSERT INTO tables (space, api, resource) VALUES (?, ?, ?)", table).lastrowid
        assert number is not None
        for statement in _TABLE:
            self._link.execute(statement.format(number))
        known = self._tables[table] = _Known(self._held, number, 0)
        self._held.undo.append(partial(self._tables.pop, table))
        known.lists.make(BY_ACCOUNT)
        return known

    def _tables_of(self, space: str) -> list[_Known]:
        names = self._link.execute("SELECT space, api, resource FROM tables WHERE space = ?", (space,)).fetchall()
        return [known for name in names if (known := self._find(Table(*name))) is not None]

    # Reading

    def get(self, table: Table, key: str) -> Row | None:
        known = self._find(table)
        return None if known is None else self._row(known, key)

    def _row(self, known: _Known, key: str) -> Row | None:
        found = self._link.execute(f"SELECT {COLUMNS} FROM rows_{known.number} WHERE key = ?", (key,)).fetchone()
        return None if found is None else Row.packed(*found)

    def scan(self, table: Table, account: str | None = None) -> Iterable[Row]:
        known = self._find(table)
        if known is None:
            return iter(())
        listed = self._list(known, AS_THEY_LIE if account is None else BY_ACCOUNT)
        return listed.scan(*listed.bounds(account, ()))

    def count(self, table: Table, account: str | None = None) -> int:
        known = self._find(table)
        if known is None:
            return 0
        listed = self._list(known, AS_THEY_LIE if account is None else BY_ACCOUNT)
        return listed.count_between(*listed.bounds(account, ()))

    def select(self, table: Table, query: Query) -> tuple[list[Row], int]:
        known = self._find(table)
        if known is None:
            return [], 0
        equalities, tests = query.parted()
        equalities.sort(key=lambda equal: equal.member)
        listed = self._list(known, Arrangement(query.account is not None, tuple(equal.member for equal in equalities), tuple(query.order)))
        low, high = listed.bounds(query.account, [equal.value for equal in equalities])
        if tests or query.seen is not None:
            rows = list(filter(query.passes(tests), listed.scan(low, high)))
            return query.cut(rows), len(rows)
        return listed.page(low, high, query.offset, query.limit)

    def _list(self, known: _Known, arrangement: Arrangement) -> InPlace:
        found = known.lists.known(arrangement)
        if found is None:
            with self.transaction():
                found = known.lists.make(arrangement)
        return found

    # Writing

    def put(self, table: Table, row: Row) -> None:
        with self.transaction():
            known = self._made(table)
            old = self._row(known, row.key)
            self._keep_before(table, known, row.key, old)
            self._count_up(known, number_in(row.key))
            if old is None:
                self._insert(known, row)
            else:
                values = (row.account, row.user, row.json, old.place)
                self._link.execute(f"UPDATE rows_{known.number} SET account = ?, user = ?, json = ? WHERE place = ?", values)
                known.lists.change(old, row.at(old.place))

    def load(self, table: Table, rows: Iterable[Row]) -> None:
        with self.transaction():
            known = self._made(table)
            (last,) = self._link.execute(f"SELECT IFNULL(MAX(place), 0) FROM rows_{known.number}").fetchone()
            placed = (row.at(place) for row, place in zip(rows, count(last + 1), strict=False))
            while some := list(islice(placed, _WRITTEN_AT_ONCE)):
                values = ((row.key, row.account, row.user, row.json, row.place) for row in some)
                self._link.executemany(f"INSERT INTO rows_{known.number} ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", values)
                if table.space in self._remembered:
                    self._link.executemany(f"INSERT OR IGNORE INTO before_{known.number} (key) VALUES (?)", ((row.key,) for row in some))
                known.lists.add(some)
                self._count_up(known, max(number_in(row.key) for row in some))

    def delete(self, table: Table, key: str) -> None:
        known = self._find(table)
        if known is None:
            return
        with self.transaction():
            old = self._row(known, key)
            if old is not None:
                self._keep_before(table, known, key, old)
                self._remove(known, old)

    def _insert(self, known: _Known, row: Row) -> None:
        """Adds a row, last where it has no place yet."""
        values = (row.key, row.account, row.user, row.json, None if row.place < 0 else row.place)
        place = self._link.execute(f"INSERT INTO rows_{known.number} ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", values).lastrowid
        assert place is not None
        known.lists.change(None, row.at(place))

    def _remove(self, known: _Known, row: Row) -> None:
        self._link.execute(f"DELETE FROM rows_{known.number} WHERE place = ?", (row.place,))
        known.lists.change(row, None)

    def _keep_before(self, table: Table, known: _Known, key: str, old: Row | None) -> None:
        if table.space in self._remembered:
            values = (key, None, None, None, None) if old is None else (key, old.account, old.user, old.json, old.place)
            self._link.execute(f"INSERT OR IGNORE INTO before_{known.number} ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", values)

    def _count_up(self, known: _Known, reached: int) -> None:
        if reached > known.reached:
            self._link.execute("UPDATE tables SET number = ? WHERE id = ?", (reached, known.number))
            self._reach(known, reached)

    def _reach(self, known: _Known, reached: int) -> None:
        self._held.undo.append(partial(setattr, known, "reached", known.reached))
        known.reached = reached

    def next_number(self, table: Table) -> int:
        with self.transaction():
            known = self._made(table)
            self._count_up(known, known.reached + 1)
            return known.reached

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._in_transaction:
            yield
            return
        self._link.execute("BEGIN IMMEDIATE")
        self._held.undo.clear()
        self._in_transaction = True
        try:
            yield
            self._link.execute("COMMIT")
        except BaseException:
            with suppress(StoreError):
                self._link.execute("ROLLBACK")
            for undo in reversed(self._held.undo):
                undo()
            raise
        finally:
            self._held.undo.clear()
            self._in_transaction = False

    # Snapshots

    def remembers(self, space: str) -> bool:
        return space in self._remembered

    def snapshot(self, space: str) -> None:
        with self.transaction():
            self._link.execute("INSERT OR IGNORE INTO spaces VALUES (?)", (space,))
            self._link.execute("UPDATE tables SET start = number WHERE space = ?", (space,))
            for known in self._tables_of(space):
                self._link.execute(f"DELETE FROM before_{known.number}")
            if space not in self._remembered:
                self._remembered.add(space)
                self._held.undo.append(partial(self._remembered.discard, space))

    def reset(self, space: str) -> None:
        with self.transaction():
            self._link.execute("UPDATE tables SET number = start WHERE space = ?", (space,))
            for known in self._tables_of(space):
                if space in self._remembered:
                    self._put_back(known)
                else:
                    self._link.execute(f"DELETE FROM rows_{known.number}")
                    known.lists.clear()
                self._reach(known, self._link.execute("SELECT number FROM tables WHERE id = ?", (known.number,)).fetchone()[0])

    def _put_back(self, known: _Known) -> None:
        """Makes the rows of a table that were written what they had been."""
        before = f"before_{known.number}"
        if self._link.execute(f"SELECT COUNT(*) FROM {before}").fetchone()[0] > _WRITTEN_AT_ONCE:
            known.lists.forget_ranks()
        for (key,) in self._link.execute(f"SELECT key FROM {before}"):
            now = self._row(known, key)
            if now is not None:
                self._remove(known, now)
        for was in self._link.execute(f"SELECT {COLUMNS} FROM {before} WHERE place IS NOT NULL"):
            self._insert(known, Row.packed(*was))
        self._link.execute(f"DELETE FROM {before}")

    def close(self) -> None:
        self._link.close()
