"""What only the store in memory does: packing what is much, and dropping lists that are many."""

from __future__ import annotations

import sys
from threading import Thread

from mockserver import Clock, Engine
from mockserver.store import Equal, Key, Query, Row, Table
from mockserver.store.memory import _INDEXES_KEPT, _KEPT_WHOLE, MemoryStore
from tests.mockserver.conftest import NOON, Caller, spec_of

TABLE = Table("", "api", "things")


def store_with(number: int) -> MemoryStore:
    store = MemoryStore()
    store.load(TABLE, (Row(str(each), "a", None, {"id": each, **{f"m{member}": each % (member + 2) for member in range(20)}}) for each in range(number)))
    return store


def test_rows_of_a_long_table_are_packed() -> None:
    store = store_with(_KEPT_WHOLE + 1)
    first, last = store.get(TABLE, "0"), store.get(TABLE, str(_KEPT_WHOLE))
    assert first is not None
    assert last is not None
    assert (first.record is first.record, last.record is last.record) == (True, False)
    assert last.record["id"] == _KEPT_WHOLE


def test_packed_rows_take_little_more_than_their_json() -> None:
    row = Row("asg_0001", "a", None, {"id": "asg_0001", "title": "x" * 100}).at(1, packed=True)
    assert sys.getsizeof(row) <= 96
    assert not hasattr(row, "__dict__")


def test_lists_that_are_dropped_are_made_again() -> None:
    store = store_with(60)
    for _ in range(2):
        for member in range(_INDEXES_KEPT + 3):
            query = Query(tests=[Equal(f"m{member}", 1)], order=[Key("id", descending=True)])
            assert [row.record["id"] for row in store.select(TABLE, query)[0]] == [each for each in reversed(range(60)) if each % (member + 2) == 1]
        store.delete(TABLE, "59")
        store.put(TABLE, Row("59", "a", None, {"id": 59, **{f"m{member}": 59 % (member + 2) for member in range(20)}}))


def test_threads_take_turns() -> None:
    caller = Caller(Engine([spec_of("timedash")], clock=Clock(NOON), rate_limit=0))
    before = caller("GET", "/contacts", query="size=100").json

    def write() -> None:
        for _ in range(50):
            caller("DELETE", f"/contacts/{caller('POST', '/contacts', {'name': 'New'}).json['id']}")
            caller("GET", "/contacts", query="sort=name,desc")

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert caller("GET", "/contacts", query="size=100").json == before
