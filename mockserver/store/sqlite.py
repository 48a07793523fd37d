"""The store in a file: SQLite, so that what was acknowledged is there after a crash, and a million records need no memory.

Each table of the stub is a table of the file, with the records as JSON text. A member that filters or sorts gets an index over
`json_extract` when it is first asked for. A snapshot copies nothing: from then on, what a row had been is kept beside (`before`)
when it is first written, and put back by a reset.

The file is in WAL mode with `synchronous=NORMAL`: a commit has reached the operating system before the write is answered, so that
it survives the end of this process, however sudden; only a crash of the machine may cost the last commits, never the file. The
file is locked while it is in use, so that counts and numbers can be kept in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mockserver.store import Equal, Key, Query, Row, StoreError, Table, number_in
from mockserver.store.index import FIRST_NULL, LAST_NULL, Index, Shape

__all__ = ["SqliteStore"]

_APPLICATION = 0x70726F63
"""The file's application id: `proc`."""

_VERSION = 1
_PATIENCE = 1.0
"""Seconds to wait for another process to let go of the file."""

_SCHEMA = (
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
    "CREATE TABLE apis (name TEXT PRIMARY KEY, layout TEXT NOT NULL)",
    "CREATE TABLE spaces (name TEXT PRIMARY KEY)",
    """CREATE TABLE tables (id INTEGER PRIMARY KEY, space TEXT NOT NULL, api TEXT NOT NULL, resource TEXT NOT NULL,
        number INTEGER NOT NULL DEFAULT 0, start INTEGER NOT NULL DEFAULT 0, UNIQUE (space, api, resource))""",
)
_TABLE = (
    "CREATE TABLE rows_{} (place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, account TEXT NOT NULL, user TEXT, json TEXT NOT NULL)",
    "CREATE INDEX account_{0} ON rows_{0} (account)",
    "CREATE TABLE before_{} (key TEXT PRIMARY KEY, place INTEGER, account TEXT, user TEXT, json TEXT) WITHOUT ROWID",
)
_RANK = """CASE json_type(json, '{path}') WHEN 'true' THEN 0 WHEN 'false' THEN 0 WHEN 'integer' THEN 1 WHEN 'real' THEN 1
 WHEN 'text' THEN 2 WHEN 'array' THEN 3 WHEN 'object' THEN 3 ELSE {null} END"""
_COLUMNS = "key, account, user, CAST(json AS BLOB), place"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .-]*", re.ASCII)
"""Names of members that can stand in a path of SQLite's."""

_EXACT = 2**63
_WRITTEN_AT_ONCE = 10_000
_STRIDE = 1_024
"""From how many rows on the way to one is shortened, and how far apart the places are that are known."""


class SqliteStore:
    """Keeps the records in a file; see `Store` for what each method does.

    `layout` says what the file is for: a line for each API. Raises `StoreError` where the file is no such store, is locked, can't
    be written to, or was made for another layout.
    """

    def __init__(self, path: str | Path, layout: Mapping[str, str] | None = None) -> None:
        self.path = Path(path)
        self._ids: dict[Table, int] = {}
        self._numbers: dict[int, int] = {}
        self._totals: dict[int, dict[tuple[str, tuple[Any, ...]], int]] = {}
        self._marks: dict[int, dict[tuple[str, tuple[Any, ...]], list[int]]] = {}
        self._indexed: set[str] = set()
        self._remembered: set[str] = set()
        self._depth = 0
        self._link = self._opened(dict(layout or {}))

    def _opened(self, layout: dict[str, str]) -> sqlite3.Connection:
        try:
            link = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=512)
        except sqlite3.Error as error:
            raise self._problem(error) from error
        try:
            self._begin_use(link, layout)
        except sqlite3.Error as error:
            link.close()
            raise self._problem(error) from error
        except StoreError:
            link.close()
            raise
        return link

    def _begin_use(self, link: sqlite3.Connection, layout: dict[str, str]) -> None:
        """Locks the file and checks that it is what it must be; makes it where it is new."""
        link.execute("PRAGMA locking_mode = EXCLUSIVE")
        link.execute("BEGIN EXCLUSIVE")
        fresh = not link.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if not fresh:
            self._check(link, layout)
        link.execute("COMMIT")
        link.execute("PRAGMA journal_mode = WAL")
        link.execute("PRAGMA synchronous = NORMAL")
        link.execute("PRAGMA cache_size = -65536")
        if fresh:
            link.execute("BEGIN EXCLUSIVE")
            for statement in _SCHEMA:
                link.execute(statement)
            link.executemany("INSERT INTO apis VALUES (?, ?)", layout.items())
            link.execute("COMMIT")
        self._remembered = {name for (name,) in link.execute("SELECT name FROM spaces")}
        self._indexed = {name for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}

    def _check(self, link: sqlite3.Connection, layout: dict[str, str]) -> None:
        if link.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise StoreError(f"{self.path}: an SQLite database of something else; name another file, and it will be made")
        version = link.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            raise StoreError(f"{self.path}: has version {version} of the format, this stub reads version {_VERSION}; name another file, and it will be made")
        found = dict(link.execute("SELECT name, layout FROM apis"))
        if found != layout:
            raise StoreError(f"{self.path}: {_difference(found, layout)}; serve what it was made for, or name another file, and it will be made")

    def _problem(self, error: sqlite3.Error) -> StoreError:
        text = str(error)
        if "not a database" in text or "malformed" in text:
            told = "is no SQLite database, or a broken one; name another file, and it will be made"
        elif "locked" in text or "busy" in text:
            told = "is in use by another process; end that, or name another file"
        elif "readonly" in text or "read-only" in text:
            told = "can't be written to; change its permissions and its folder's, or name another file"
        elif "unable to open" in text:
            told = "can't be opened; its folder must be there, and it must be a file that may be read and written"
        else:
            told = text
        return StoreError(f"{self.path}: {told}")

    # Tables

    def _find(self, table: Table) -> int | None:
        """The number of a table in the file, or None where it has none yet."""
        known = self._ids.get(table)
        if known is not None:
            return known
        found = self._link.execute("SELECT id, number FROM tables WHERE space = ? AND api = ? AND resource = ?", table).fetchone()
        if found is None:
            return None
        self._ids[table], self._numbers[found[0]] = found
        return int(found[0])

    def _made(self, table: Table) -> int:
        """The number of a table, which is made if need be; only within a transaction."""
        known = self._find(table)
        if known is not None:
            return known
        number = self._link.execute("INSERT INTO tables (space, api, resource) VALUES (?, ?, ?)", table).lastrowid
        for statement in _TABLE:
            self._link.execute(statement.format(number))
        assert number is not None
        self._ids[table], self._numbers[number] = number, 0
        return number

    # Reading

    def get(self, table: Table, key: str) -> Row | None:
        number = self._find(table)
        found = None if number is None else self._link.execute(f"SELECT {_COLUMNS} FROM rows_{number} WHERE key = ?", (key,)).fetchone()
        return None if found is None else Row.packed(*found)

    def scan(self, table: Table, account: str | None = None) -> Iterable[Row]:
        number = self._find(table)
        return iter(()) if number is None else self._rows(number, *_where(account, []), "ORDER BY place")

    def count(self, table: Table, account: str | None = None) -> int:
        number = self._find(table)
        return 0 if number is None else self._total(number, *_where(account, []))

    def select(self, table: Table, query: Query) -> tuple[Sequence[Row], int]:
        number = self._find(table)
        if number is None:
            return [], 0
        equalities, tests = query.parted()
        usable = [equal for equal in equalities if _is_usable(equal)]
        tests += [equal for equal in equalities if not _is_usable(equal)]
        apart = [key for key in query.order if not _PLAIN.fullmatch(key.member)]
        order = [] if apart else query.order
        self._index(number, query.account, usable[:1], order[:1])
        where, values = _where(query.account, usable)
        sorting = "ORDER BY " + ", ".join([*(_sorting(key) for key in order), "place"])
        if tests or apart or query.seen is not None:
            rows = list(filter(query.passes(tests), self._rows(number, where, values, sorting)))
            if apart:
                rows = Index(Shape(None, (), tuple(query.order)), rows).cut(0, len(rows), 0, None)
            return query.cut(rows), len(rows)
        total = self._total(number, where, values)
        if query.offset >= total:
            return [], total
        part, rest, offset = (where, values, query.offset) if order else self._nearer(number, where, values, query.offset)
        limit = -1 if query.limit is None else query.limit
        return list(self._rows(number, part, (*rest, limit, offset), f"{sorting} LIMIT ? OFFSET ?")), total

    def _rows(self, number: int, where: str, values: tuple[Any, ...], rest: str) -> Iterator[Row]:
        for found in self._link.execute(f"SELECT {_COLUMNS} FROM rows_{number}{where} {rest}", values):
            yield Row.packed(*found)

    def _total(self, number: int, where: str, values: tuple[Any, ...]) -> int:
        """How many rows there are of a kind; counted once, and again after a write."""
        totals = self._totals.setdefault(number, {})
        known = totals.get((where, values))
        if known is None:
            if len(totals) > 1000:
                totals.clear()
            known = totals[where, values] = int(self._link.execute(f"SELECT COUNT(*) FROM rows_{number}{where}", values).fetchone()[0])
        return known

    def _nearer(self, number: int, where: str, values: tuple[Any, ...], offset: int) -> tuple[str, tuple[Any, ...], int]:
        """The condition that leaves out most of the rows before an offset, its values, and the offset that is left.

        SQLite counts its way to an offset; so the place of each so-manieth row is kept, from which it is not far.
        """
        if offset < _STRIDE:
            return where, values, offset
        marks = self._marks.setdefault(number, {}).setdefault((where, values), [])
        further = f"{where}{' AND' if where else ' WHERE'} place > ?"
        while len(marks) < offset // _STRIDE:
            last = marks[-1] if marks else -1
            marks.append(
                self._link.execute(f"SELECT place FROM rows_{number}{further} ORDER BY place LIMIT 1 OFFSET {_STRIDE - 1}", (*values, last)).fetchone()[0]
            )
        return further, (*values, marks[offset // _STRIDE - 1]), offset % _STRIDE

    def _index(self, number: int, account: str | None, equalities: Sequence[Equal], order: Sequence[Key]) -> None:
        """Makes the index that the first equality, or else the first sort key, can use."""
        wanted = [Key(equal.member) for equal in equalities] or order
        for key in wanted:
            way = "down" if key.descending else "up"
            name = f"{'all' if account is None else 'own'}_{number}_{way}_{'first' if key.nulls_first else 'last'}_{key.member}"
            if name not in self._indexed:
                columns = ", ".join([*([] if account is None else ["account"]), _sorting(key)])
                self._link.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON rows_{number} ({columns})')
                self._indexed.add(name)

    # Writing

    def put(self, table: Table, row: Row) -> None:
        with self.transaction():
            number = self._made(table)
            old = self._link.execute(f"SELECT key, place, account, user, json FROM rows_{number} WHERE key = ?", (row.key,)).fetchone()
            self._keep_before(table, number, old or (row.key, None, None, None, None))
            self._link.execute(
                f"""INSERT INTO rows_{number} (key, account, user, json) VALUES (?, ?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET account = excluded.account, user = excluded.user, json = excluded.json""",
                (row.key, row.account, row.user, row.json.decode()),
            )
            self._count_up(number, number_in(row.key))
            self._recount(number, old[2] if old is not None else None, row.account)

    def load(self, table: Table, rows: Iterable[Row]) -> None:
        with self.transaction():
            number = self._made(table)
            pending: list[tuple[str, str, str | None, str]] = []
            highest = 0
            for row in rows:
                pending.append((row.key, row.account, row.user, row.json.decode()))
                highest = max(highest, number_in(row.key))
                if len(pending) >= _WRITTEN_AT_ONCE:
                    self._insert(table, number, pending)
            self._insert(table, number, pending)
            self._count_up(number, highest)
            self._totals.pop(number, None)

    def _insert(self, table: Table, number: int, pending: list[tuple[str, str, str | None, str]]) -> None:
        self._link.executemany(f"INSERT INTO rows_{number} (key, account, user, json) VALUES (?, ?, ?, ?)", pending)
        if table.space in self._remembered:
            self._link.executemany(f"INSERT OR IGNORE INTO before_{number} (key) VALUES (?)", ((row[0],) for row in pending))
        pending.clear()

    def delete(self, table: Table, key: str) -> None:
        number = self._find(table)
        if number is None:
            return
        with self.transaction():
            old = self._link.execute(f"SELECT key, place, account, user, json FROM rows_{number} WHERE key = ?", (key,)).fetchone()
            if old is not None:
                self._keep_before(table, number, old)
                self._link.execute(f"DELETE FROM rows_{number} WHERE key = ?", (key,))
                self._recount(number, old[2], None)

    def _keep_before(self, table: Table, number: int, old: tuple[Any, ...]) -> None:
        if table.space in self._remembered:
            self._link.execute(f"INSERT OR IGNORE INTO before_{number} (key, place, account, user, json) VALUES (?, ?, ?, ?, ?)", old)

    def _recount(self, number: int, left: str | None, joined: str | None) -> None:
        """Keeps the plain counts right after a write, and forgets the others, and the marks that a row may have moved away from.

        A new row comes last, and so moves none.
        """
        marks = self._marks.get(number, {})
        if left is not None and left != joined:
            marks.clear()
        elif left is not None:
            self._marks[number] = {kind: found for kind, found in marks.items() if "json" not in kind[0]}
        totals = self._totals.get(number)
        if not totals:
            return
        plain = {_where(account, []): 0 for account in (None, left, joined)}
        for account, change in ((left, -1), (joined, 1)):
            if account is not None:
                plain[_where(account, [])] += change
                plain[_where(None, [])] += change
        self._totals[number] = {kind: totals[kind] + change for kind, change in plain.items() if kind in totals}

    def _count_up(self, number: int, reached: int) -> None:
        if reached > self._numbers[number]:
            self._numbers[number] = reached
            self._link.execute("UPDATE tables SET number = ? WHERE id = ?", (reached, number))

    def next_number(self, table: Table) -> int:
        with self.transaction():
            number = self._made(table)
            self._count_up(number, self._numbers[number] + 1)
            return self._numbers[number]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._depth:
            yield
            return
        self._link.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._link.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._link.execute("ROLLBACK")
            self._forget()
            raise
        finally:
            self._depth = 0

    def _forget(self) -> None:
        """Forgets what was known of the file, after it was put back."""
        for known in (self._ids, self._numbers, self._totals, self._marks):
            known.clear()
        self._remembered = {name for (name,) in self._link.execute("SELECT name FROM spaces")}
        self._indexed = {name for (name,) in self._link.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}

    # Snapshots

    def remembers(self, space: str) -> bool:
        return space in self._remembered

    def snapshot(self, space: str) -> None:
        with self.transaction():
            self._link.execute("INSERT OR IGNORE INTO spaces VALUES (?)", (space,))
            self._link.execute("UPDATE tables SET start = number WHERE space = ?", (space,))
            for number in self._tables_of(space):
                self._link.execute(f"DELETE FROM before_{number}")
            self._remembered.add(space)

    def reset(self, space: str) -> None:
        with self.transaction():
            for number in self._tables_of(space):
                if space in self._remembered:
                    self._link.execute(f"DELETE FROM rows_{number} WHERE key IN (SELECT key FROM before_{number})")
                    self._link.execute(
                        f"""INSERT INTO rows_{number} (place, key, account, user, json)
                        SELECT place, key, account, user, json FROM before_{number} WHERE place IS NOT NULL"""
                    )
                    self._link.execute(f"DELETE FROM before_{number}")
                else:
                    self._link.execute(f"DELETE FROM rows_{number}")
            self._link.execute("UPDATE tables SET number = start WHERE space = ?", (space,))
            for known in (self._ids, self._numbers, self._totals, self._marks):
                known.clear()

    def _tables_of(self, space: str) -> list[int]:
        return [number for (number,) in self._link.execute("SELECT id FROM tables WHERE space = ?", (space,))]

    def close(self) -> None:
        self._link.close()


def _difference(found: Mapping[str, str], layout: Mapping[str, str]) -> str:
    """In words, how what a file was made for differs from what is served."""
    if found.keys() != layout.keys():
        return f"was made for {', '.join(sorted(found)) or 'no API'}, and {', '.join(sorted(layout)) or 'no API'} is to be served"
    name = next(name for name in sorted(found) if found[name] != layout[name])
    return f"was made for another {name}, with the resources {found[name]} instead of {layout[name]}"


# Expressions


def _path(member: str) -> str:
    return f'$."{member}"'


def _rank(member: str, null: int) -> str:
    """What sorts values of different types: see `sort_value`."""
    return _RANK.format(path=_path(member), null=null)


def _value(member: str) -> str:
    return f"json_extract(json, '{_path(member)}')"


def _sorting(key: Key) -> str:
    direction = " DESC" if key.descending else ""
    return f"{_rank(key.member, FIRST_NULL if key.nulls_first else LAST_NULL)}{direction}, {_value(key.member)}{direction}"


def _is_usable(equal: Equal) -> bool:
    """Whether SQLite can tell that a member has this value; else it is tried on each record."""
    value = equal.value
    if not _PLAIN.fullmatch(equal.member) or isinstance(value, list | dict):
        return False
    return "\x00" not in value if isinstance(value, str) else not isinstance(value, int) or -_EXACT <= value < _EXACT


def _where(account: str | None, equalities: Sequence[Equal]) -> tuple[str, tuple[Any, ...]]:
    """The condition, and the values that stand in it."""
    parts: list[str] = []
    values: list[Any] = []
    if account is not None:
        parts.append("account = ?")
        values.append(account)
    for equal in equalities:
        rank = LAST_NULL if equal.value is None else 0 if isinstance(equal.value, bool) else 2 if isinstance(equal.value, str) else 1
        parts.append(f"{_rank(equal.member, LAST_NULL)} = {rank}")
        if equal.value is not None:
            parts.append(f"{_value(equal.member)} = ?")
            values.append(equal.value)
    return (" WHERE " + " AND ".join(parts) if parts else ""), tuple(values)
