"""Opens the file of the SQLite store: locks it, and checks that it is what it must be, or makes it where it is new.

The file is in WAL mode with `synchronous=NORMAL`: a commit has reached the operating system before the write is answered, so that
it survives the end of this process, however sudden; only a crash of the machine may cost the last commits, never the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.store import StoreError
from mockserver.store.lists import LISTS

__all__ = ["open_file"]

_APPLICATION = 0x70726F63
"""The file's application id: `proc`."""

_VERSION = 2
_PATIENCE = 1.0
"""Seconds to wait for another process to let go of the file."""

_SCHEMA = (
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
    "CREATE TABLE apis (name TEXT PRIMARY KEY, layout TEXT NOT NULL)",
    "CREATE TABLE spaces (name TEXT PRIMARY KEY)",
    """CREATE TABLE tables (id INTEGER PRIMARY KEY, space TEXT NOT NULL, api TEXT NOT NULL, resource TEXT NOT NULL,
        number INTEGER NOT NULL DEFAULT 0, start INTEGER NOT NULL DEFAULT 0, UNIQUE (space, api, resource))""",
    LISTS,
)


class _Link(sqlite3.Connection):
    """A connection that says in words, with the file's name, what could not be done: `StoreError`."""

    path = Path()

    def execute(self, *asked: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*asked)
        except sqlite3.Error as error:
            raise _problem(self.path, error) from error

    def executemany(self, *asked: Any) -> sqlite3.Cursor:
        try:
            return super().executemany(*asked)
        except sqlite3.Error as error:
            raise _problem(self.path, error) from error


def open_file(path: Path, layout: Mapping[str, str]) -> sqlite3.Connection:
    """The connection to a store's file; raises `StoreError` where it is none, is locked, can't be written to, or has another layout.

    So does the connection itself, later, where the disk is full or the file breaks.
    """
    try:
        link = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=512, factory=_Link)
    except sqlite3.Error as error:
        raise _problem(path, error) from error
    link.path = path
    try:
        _begin_use(path, link, layout)
    except StoreError:
        link.close()
        raise
    return link


def _begin_use(path: Path, link: sqlite3.Connection, layout: Mapping[str, str]) -> None:
    """Locks the file and checks that it is what it must be; makes it where it is new."""
    link.execute("PRAGMA locking_mode = EXCLUSIVE")
    link.execute("BEGIN EXCLUSIVE")
    fresh = not link.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if not fresh:
        _check(path, link, layout)
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


def _check(path: Path, link: sqlite3.Connection, layout: Mapping[str, str]) -> None:
    if link.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise StoreError(f"{path}: an SQLite database of something else; name another file, and it will be made")
    version = link.execute("PRAGMA user_version").fetchone()[0]
    if version != _VERSION:
        raise StoreError(f"{path}: has version {version} of the format, this stub reads version {_VERSION}; name another file, and it will be made")
    found = dict(link.execute("SELECT name, layout FROM apis"))
    if found != layout:
        raise StoreError(f"{path}: {_difference(found, layout)}; serve what it was made for, or name another file, and it will be made")


def _difference(found: Mapping[str, str], layout: Mapping[str, str]) -> str:
    """In words, how what a file was made for differs from what is served."""
    if found.keys() != layout.keys():
        return f"was made for {', '.join(sorted(found)) or 'no API'}, and {', '.join(sorted(layout)) or 'no API'} is to be served"
    name = next(name for name in sorted(found) if found[name] != layout[name])
    return f"was made for another {name}, with the resources {found[name]} instead of {layout[name]}"


def _problem(path: Path, error: sqlite3.Error) -> StoreError:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        told = "is no SQLite database, or a broken one; name another file, and it will be made"
    elif "locked" in text or "busy" in text:
        told = "is in use by another process; end that, or name another file"
    elif "readonly" in text or "read-only" in text:
        told = "can't be written to; change its permissions and its folder's, or name another file"
    elif "unable to open" in text:
        told = "can't be opened; its folder must be there, and it must be a file that may be read and written"
    elif "full" in text:
        told = "can't grow: its disk is full; make room there, or name another file"
    elif "disk I/O" in text:
        told = "can't be read or written (disk I/O error): its disk may be full, gone or read-only, or files limited in size; mend that, or name another file"
    else:
        told = f"{text}; name a file that can be read, written and locked"
    return StoreError(f"{path}: {told}")
