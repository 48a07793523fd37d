"""The lists of a table of a file: its rows as they lie, and in other orders, each a table of its own beside it.

Such a table has an entry for each row, so that the rows of an account, those with some values and a sort are one run of entries, and
a page of them is a walk of a few. It is made when first asked for, kept up by each write, and dropped where there get to be many.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from mockserver.store import Row
from mockserver.store.entries import AS_THEY_LIE, END, Arrangement
from mockserver.store.ranks import Ranks

__all__ = ["COLUMNS", "LISTS", "Held", "InPlace", "Limits", "Lists", "Sorted"]

LISTS = "CREATE TABLE lists (id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, arrangement TEXT NOT NULL)"
"""The table that tells which lists there are."""

COLUMNS = "key, account, user, json, place"
_ENDLESS = 2**63 - 1
_READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a piece of a list has, from the beginning of which a page is walked to, and how many lists a table keeps."""

    piece: int = 256
    lists: int = 12


@dataclass(frozen=True, slots=True)
class Held:
    """The file in use; `undo` puts what is known of it, last first, back to what it was before the transaction that it is in."""

    link: sqlite3.Connection
    limits: Limits
    undo: list[Callable[[], object]]


class InPlace:
    """The rows of a table as they lie, in the order in which they were put; a row's key in it is its place."""

    _lowest: Any = 0

    def __init__(self, held: Held, rows: int) -> None:
        self._held = held
        self._ranks: Ranks[Any] | None = None
        self._table, self._column = f"rows_{rows}", "place"
        self._paging = self._walking = f"SELECT {COLUMNS} FROM rows_{rows} WHERE place >= ? AND place < ? ORDER BY place LIMIT ? OFFSET ?"

    def bounds(self, account: str | None, values: Sequence[Any]) -> tuple[Any, Any]:  # noqa: ARG002
        """The key from which on the rows lie that are an account's and have these values, and the one up to which."""
        return 0, _ENDLESS

    def page(self, low: Any, high: Any, offset: int, limit: int | None) -> tuple[list[Row], int]:
        """The rows between two keys, from an offset on, and how many there would be without it and the limit."""
        if not offset:
            rows = self._rows(low, high, 0, limit)
            return rows, len(rows) if limit is None or len(rows) < limit else self.count_between(low, high)
        ranks = self._ranked()
        first = ranks.rank(low)
        total = ranks.rank(high) - first
        if offset >= total:
            return [], total
        cut, steps = ranks.seek(first + offset)
        return self._rows(cut, high, steps, limit), total

    def scan(self, low: Any, high: Any) -> Iterator[Row]:
        """The rows between two keys, read some at a time, so that none of the file's statements waits to be gone on with."""
        while rows := self._rows(low, high, 0, _READ_AT_ONCE):
            yield from rows
            low = self._beyond(rows[-1])

    def _rows(self, low: Any, high: Any, steps: int, limit: int | None) -> list[Row]:
        wanted = -1 if limit is None else min(limit, _ENDLESS)
        return [Row.packed(*found) for found in self._held.link.execute(self._paging if steps else self._walking, (low, high, wanted, steps))]

    def _beyond(self, row: Row) -> Any:
        return row.place + 1

    def count_between(self, low: Any, high: Any) -> int:
        """How many rows there are between two keys, without counting them one by one."""
        ranks = self._ranked()
        first = ranks.rank(low)
        return ranks.rank(high) - first

    def _ranked(self) -> Ranks[Any]:
        if self._ranks is None:
            (total,) = self._held.link.execute(f"SELECT COUNT(*) FROM {self._table}").fetchone()
            self._ranks = Ranks(self, self._lowest, total, piece=self._held.limits.piece)
            self._held.undo.append(self.forget_ranks)
        return self._ranks

    def forget_ranks(self) -> None:
        """Leaves the ranks to be counted again: where many rows are written, that is less work than to change each."""
        self._ranks = None

    # What the ranks ask

    def count(self, low: Any, high: Any) -> int:
        """How many rows there are from one key up to another, counted one by one."""
        column = self._column
        (counted,) = self._held.link.execute(f"SELECT COUNT(*) FROM {self._table} WHERE {column} >= ? AND {column} < ?", (low, high)).fetchone()
        return int(counted)

    def after(self, low: Any, steps: int) -> Any:
        """The key of the row that is so many steps after the first one from a key on, walked one by one."""
        column = self._column
        walk = f"SELECT {column} FROM {self._table} WHERE {column} >= ? ORDER BY {column} LIMIT 1 OFFSET ?"
        return self._held.link.execute(walk, (low, steps)).fetchone()[0]

    # Writing

    def change(self, old: Row | None, new: Row | None) -> None:
        """Follows a write."""
        if old is None and new is not None:
            self._shift(new.place, 1)
        elif old is not None and new is None:
            self._shift(old.place, -1)

    def add(self, rows: Sequence[Row]) -> None:  # noqa: ARG002
        """Follows the writing of many new rows."""
        self.forget_ranks()

    def _shift(self, key: Any, by: int) -> None:
        if self._ranks is not None:
            self._ranks.change(key, by)
            self._held.undo.append(partial(self._ranks.change, key, -by))


class Sorted(InPlace):
    """The rows of a table in an arrangement; a row's key in it is its entry."""

    _lowest = b""

    def __init__(self, held: Held, rows: int, arrangement: Arrangement, number: int) -> None:
        super().__init__(held, rows)
        self._arrangement = arrangement
        self._entry_of = arrangement.entry_of()
        self._rows_table = f"rows_{rows}"
        self._table, self._column = f"sorted_{number}", "entry"
        self._walking = f"""SELECT {COLUMNS} FROM {self._table} CROSS JOIN {self._rows_table} USING (place)
            WHERE entry >= ? AND entry < ? ORDER BY entry LIMIT ? OFFSET ?"""
        self._paging = f"""SELECT {COLUMNS} FROM
            (SELECT entry, place FROM {self._table} WHERE entry >= ? AND entry < ? ORDER BY entry LIMIT ? OFFSET ?)
            JOIN {self._rows_table} USING (place) ORDER BY entry"""

    def bounds(self, account: str | None, values: Sequence[Any]) -> tuple[Any, Any]:
        low = self._arrangement.beginning(account, values)
        return low, low + END

    def make(self) -> None:
        """Makes the table, with an entry for each row."""
        link = self._held.link
        link.execute(f"CREATE TABLE {self._table} (entry BLOB PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID")
        entry_of = self._entry_of
        link.create_function("entry_of", 3, lambda account, json, place: entry_of(account, orjson.loads(json), place), deterministic=True)
        link.execute(f"INSERT INTO {self._table} SELECT entry_of(account, json, place) AS entry, place FROM {self._rows_table} ORDER BY entry")

    def drop(self) -> None:
        """Removes the table."""
        self._held.link.execute(f"DROP TABLE {self._table}")

    def _entry(self, row: Row) -> bytes:
        return self._entry_of(row.account, row.record, row.place)

    def _beyond(self, row: Row) -> bytes:
        return self._entry(row) + END

    def change(self, old: Row | None, new: Row | None) -> None:
        before = None if old is None else self._entry(old)
        after = None if new is None else self._entry(new)
        if before == after:
            return
        if before is not None:
            self._held.link.execute(f"DELETE FROM {self._table} WHERE entry = ?", (before,))
            self._shift(before, -1)
        if after is not None and new is not None:
            self._held.link.execute(f"INSERT INTO {self._table} VALUES (?, ?)", (after, new.place))
            self._shift(after, 1)

    def add(self, rows: Sequence[Row]) -> None:
        self.forget_ranks()
        self._held.link.executemany(f"INSERT INTO {self._table} VALUES (?, ?)", sorted((self._entry(row), row.place) for row in rows))


class Lists:
    """All lists of one table."""

    def __init__(self, held: Held, rows: int) -> None:
        self._held = held
        self._rows = rows
        self._in_place = InPlace(held, rows)
        self._sorted: dict[Arrangement, tuple[int, Sorted]] = {}
        for number, text in held.link.execute("SELECT id, arrangement FROM lists WHERE rows = ? ORDER BY id", (rows,)):
            arrangement = Arrangement.loaded(text)
            self._sorted[arrangement] = number, Sorted(held, rows, arrangement, number)

    def known(self, arrangement: Arrangement) -> InPlace | None:
        """The list in an arrangement, if there is one."""
        if arrangement == AS_THEY_LIE:
            return self._in_place
        found = self._sorted.pop(arrangement, None)
        if found is None:
            return None
        self._sorted[arrangement] = found
        return found[1]

    def make(self, arrangement: Arrangement) -> InPlace:
        """Makes a list, for which the one that was not asked for the longest may have to go; only within a transaction."""
        if len(self._sorted) >= self._held.limits.lists:
            self._drop(next(iter(self._sorted)))
        number = self._held.link.execute("INSERT INTO lists (rows, arrangement) VALUES (?, ?)", (self._rows, arrangement.dumped())).lastrowid
        assert number is not None
        made = Sorted(self._held, self._rows, arrangement, number)
        made.make()
        self._sorted[arrangement] = number, made
        self._held.undo.append(partial(self._sorted.pop, arrangement, None))
        return made

    def _drop(self, arrangement: Arrangement) -> None:
        number, dropped = self._sorted.pop(arrangement)
        self._held.undo.append(partial(self._sorted.__setitem__, arrangement, (number, dropped)))
        self._held.link.execute("DELETE FROM lists WHERE id = ?", (number,))
        dropped.drop()

    def clear(self) -> None:
        """Drops all lists, after all rows are gone."""
        for arrangement in list(self._sorted):
            self._drop(arrangement)
        self._in_place.forget_ranks()

    def change(self, old: Row | None, new: Row | None) -> None:
        """Follows a write: what a row was, and what it is now."""
        old, new = old and old.unpacked(), new and new.unpacked()
        for each in self._all():
            each.change(old, new)

    def add(self, rows: Sequence[Row]) -> None:
        """Follows the writing of many new rows."""
        unpacked = [row.unpacked() for row in rows]
        for each in self._all():
            each.add(unpacked)

    def forget_ranks(self) -> None:
        """Leaves the ranks of all lists to be counted again."""
        for each in self._all():
            each.forget_ranks()

    def _all(self) -> list[InPlace]:
        return [self._in_place, *(each for _, each in self._sorted.values())]
