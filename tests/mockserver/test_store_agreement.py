"""Both stores hold against plain lists, through whatever is written and asked in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mockserver.store import Equal, Key, Query, Row, Store, Table
from mockserver.store.lists import Limits
from mockserver.store.memory import MemoryStore
from mockserver.store.sqlite import SqliteStore

TABLE = Table("", "api", "things")
SMALL = Limits(piece=2, lists=3)
"""So that lists are cut, joined and dropped all the time."""

KEYS = st.integers(0, 40).map(str)
NUMBERS = st.sampled_from(
    [0, 1, -1, 2, 0.0, -0.0, 1.0, 1.5, -1.5, 1e-320, -1e300, 2**53, 2**53 + 1, 2.0**53, 2**63 - 1, 2**63, 2.0**63, 2**64 - 1, -(2**63), -(2**63) + 1]
)
TEXTS = st.sampled_from(["", "a", "a\x00", "a\x00b", "a\x00\xff", "a\x01", "aa", "B", "é", "ÿ", "𝄞", "\uffff", "1", "true"])
OTHERS = st.sampled_from([[], [1], [1.0], ["a\x00"], {}, {"a": 1, "b": 2}, {"b": 2, "a": 1}])
VALUES = st.none() | st.booleans() | st.integers(-3, 3) | NUMBERS | TEXTS | OTHERS
FEW = st.none() | st.integers(0, 2)
RECORDS = st.fixed_dictionaries({}, optional={"m": VALUES, "n": FEW, 'it\'s "$.o"': FEW})
MEMBERS = st.sampled_from(["m", "n", "n", 'it\'s "$.o"'])
ACCOUNTS = st.sampled_from(["a", "a", "a", "b", "a\x00"])
WRITTEN = st.tuples(KEYS, ACCOUNTS, st.none() | RECORDS)
LOADED = st.lists(WRITTEN, max_size=40, unique_by=lambda written: written[0])
STEPS = st.lists(WRITTEN | st.sampled_from(["snapshot", "reset", "look", "number"]), max_size=12)
ORDERS = st.lists(st.builds(Key, MEMBERS, st.booleans(), st.booleans()), max_size=3)
TESTS = st.lists(st.builds(Equal, MEMBERS, VALUES | FEW), max_size=2) | st.just([])
QUERIES = st.builds(
    Query,
    account=st.none() | ACCOUNTS,
    tests=TESTS,
    seen=st.none() | st.just(lambda row: row.key != "7"),
    order=ORDERS,
    offset=st.integers(0, 12),
    limit=st.none() | st.integers(0, 5),
)


class Lists:
    """The same as a store does, with nothing but lists and copies."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.start: dict[str, Row] | None = None

    def put(self, row: Row) -> None:
        self.rows[row.key] = row

    def delete(self, key: str) -> None:
        self.rows.pop(key, None)

    def snapshot(self) -> None:
        self.start = dict(self.rows)

    def reset(self) -> None:
        # What was deleted comes back where it was: the start's rows in the start's order.
        self.rows = dict(self.start or {})

    def select(self, query: Query) -> tuple[list[str], int]:
        equalities, tests = query.parted()
        passes = query.passes([*equalities, *tests])
        rows = [row for row in self.rows.values() if query.account in (None, row.account) and passes(row)]
        for key in reversed(query.order):
            rows.sort(key=lambda row, key=key: ranked(row, key), reverse=key.descending)  # type: ignore[misc]
        return [row.key for row in query.cut(rows)], len(rows)


def ranked(row: Row, key: Key) -> tuple[int, Any]:
    value = row.record.get(key.member)
    match value:
        case None:
            return (-1 if key.nulls_first else 9, 0)
        case bool():
            return (0, value)
        case int() | float():
            return (1, value)
        case str():
            return (2, value)
        case _:
            return (3, Row("", "", None, {"of": dict(sorted(value.items())) if isinstance(value, dict) else value}).json)


class StoresAgree(RuleBasedStateMachine):
    """Writes to both stores and the lists, and asks all three the same few queries after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.stores: list[Store] = []
        self.lists = Lists()
        self.queries: list[Query] = []

    @initialize(first=LOADED, remembered=st.booleans(), queries=st.lists(QUERIES, min_size=2, max_size=4))
    def open(self, first: list[Any], remembered: bool, queries: list[Query]) -> None:
        self.stores = [MemoryStore(), self.file()]
        self.queries = queries
        self.load(first)
        if remembered:
            self._do("snapshot")

    def file(self) -> SqliteStore:
        return SqliteStore(Path(self.folder.name, "store.db"), limits=SMALL)

    def load(self, written: list[Any]) -> None:
        rows = [Row(key, account, None, record or {}) for key, account, record in written if key not in self.lists.rows]
        for row in rows:
            self.lists.put(row)
        for store in self.stores:
            store.load(TABLE, iter(rows))

    @rule()
    def open_again(self) -> None:
        self.stores[1].close()
        self.stores[1] = self.file()

    @rule(written=LOADED)
    def load_more(self, written: list[Any]) -> None:
        self.load(written)

    @rule(steps=STEPS)
    def write(self, steps: list[Any]) -> None:
        for step in steps:
            self._do(step)

    @rule(steps=STEPS)
    def write_together(self, steps: list[Any]) -> None:
        self._together(lambda: self.write(steps))

    @rule(written=LOADED, steps=STEPS, unknown=st.booleans())
    def write_and_fail(self, written: list[Any], steps: list[Any], unknown: bool) -> None:
        if unknown:
            self.open_again()
        before = deepcopy(self.lists)

        def fail() -> None:
            self.load(written)
            self.write(steps)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self._together(fail)
        self.lists = before

    @rule(query=QUERIES)
    def ask(self, query: Query) -> None:
        expected = self.lists.select(query)
        for store in self.stores:
            rows, total = store.select(TABLE, query)
            assert ([row.key for row in rows], total) == expected, store
            assert all(row.json == self.lists.rows[row.key].json for row in rows)

    @invariant()
    def queries_agree(self) -> None:
        for query in self.queries:
            for offset in {0, 3, query.offset}:
                self.ask(replace(query, offset=offset))
        assert {store.count(TABLE) for store in self.stores} <= {len(self.lists.rows)}

    @rule(query=QUERIES)
    def walk(self, query: Query) -> None:
        for offset in range(0, len(self.lists.rows) + 1, 3):
            self.ask(replace(query, offset=offset, limit=3))

    @rule(account=st.none() | ACCOUNTS)
    def count(self, account: str | None) -> None:
        expected = [row.key for row in self.lists.rows.values() if account in (None, row.account)]
        for store in self.stores:
            assert (store.count(TABLE, account), [row.key for row in store.scan(TABLE, account)]) == (len(expected), expected)

    def _together(self, write: Callable[[], object]) -> None:
        first, second = self.stores
        with first.transaction(), second.transaction():
            write()

    def _do(self, step: Any) -> None:
        match step:
            case "snapshot":
                self.lists.snapshot()
                for store in self.stores:
                    store.snapshot("")
            case "reset":
                self.lists.reset()
                for store in self.stores:
                    store.reset("")
            case "look":
                self.queries_agree()
            case "number":
                first, second = (store.next_number(TABLE) for store in self.stores)
                assert first == second
            case key, account, None:
                del account
                self.lists.delete(key)
                for store in self.stores:
                    store.delete(TABLE, key)
            case key, account, record:
                row = Row(key, account, None, record)
                self.lists.put(row)
                for store in self.stores:
                    store.put(TABLE, row)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()


TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
