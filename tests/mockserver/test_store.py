"""The store in memory."""

from __future__ import annotations

import pytest

from mockserver.store import Key, Query, Row, Table
from mockserver.store.memory import MemoryStore

TABLE = Table("", "api", "things")


def store_with(*records: dict[str, object], account: str = "a") -> MemoryStore:
    store = MemoryStore()
    for record in records:
        store.put(TABLE, Row(str(record["id"]), account, None, record))
    return store


def ids(store: MemoryStore, query: Query) -> list[object]:
    return [row.record["id"] for row in store.select(TABLE, query)[0]]


def test_rows_come_in_the_order_they_were_put() -> None:
    store = store_with({"id": 2}, {"id": 1}, {"id": 3})
    store.put(TABLE, Row("1", "a", None, {"id": 1, "new": True}))
    assert [row.key for row in store.scan(TABLE)] == ["2", "1", "3"]


def test_query_cuts_filters_and_sorts() -> None:
    store = store_with(*({"id": number, "even": number % 2 == 0} for number in range(10)))
    rows, total = store.select(TABLE, Query(account="a", equal=[("even", True)], order=[Key("id", descending=True)], offset=1, limit=2))
    assert [row.record["id"] for row in rows] == [6, 4]
    assert total == 5


def test_accounts_are_apart() -> None:
    store = store_with({"id": 1})
    store.put(TABLE, Row("2", "b", None, {"id": 2}))
    assert ids(store, Query(account="b")) == [2]
    assert (store.count(TABLE), store.count(TABLE, "a")) == (2, 1)


def test_sort_is_stable_and_typed() -> None:
    store = store_with({"id": 1, "n": 10}, {"id": 2, "n": 9}, {"id": 3, "n": None}, {"id": 4, "n": 9}, {"id": 5})
    assert ids(store, Query(order=[Key("n")])) == [2, 4, 1, 3, 5]
    assert ids(store, Query(order=[Key("n", descending=True)])) == [3, 5, 1, 2, 4]
    assert ids(store, Query(order=[Key("n", nulls_first=True)])) == [3, 5, 2, 4, 1]


def test_transaction_is_all_or_none() -> None:
    store = store_with({"id": 1})

    def write() -> None:
        with store.transaction():
            store.put(TABLE, Row("2", "a", None, {"id": 2}))
            store.delete(TABLE, "1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert [row.key for row in store.scan(TABLE)] == ["1"]


def test_reset_goes_back_to_the_snapshot() -> None:
    store = store_with({"id": 1})
    store.snapshot("")
    store.put(TABLE, Row("2", "a", None, {"id": 2}))
    store.delete(TABLE, "1")
    store.reset("")
    assert [row.key for row in store.scan(TABLE)] == ["1"]


def test_numbers_are_never_given_twice() -> None:
    store = store_with({"id": 41})
    assert (store.next_number(TABLE), store.next_number(TABLE)) == (42, 43)
