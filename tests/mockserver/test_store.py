"""What both stores do alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.store import Equal, Key, Query, Row, Store, Table, number_in
from mockserver.store.memory import MemoryStore
from mockserver.store.sqlite import SqliteStore

TABLE = Table("", "api", "things")
OPENERS: dict[str, Callable[[Path], Store]] = {"memory": lambda folder: MemoryStore(), "sqlite": lambda folder: SqliteStore(folder / "store.db")}  # noqa: ARG005


@pytest.fixture(params=OPENERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = OPENERS[request.param](tmp_path)
    yield opened
    opened.close()


def put(store: Store, *records: dict[str, Any], account: str = "a") -> Store:
    for record in records:
        store.put(TABLE, Row(str(record["id"]), account, None, record))
    return store


def ids(store: Store, query: Query) -> list[object]:
    return [row.record["id"] for row in store.select(TABLE, query)[0]]


def keys(store: Store) -> list[str]:
    return [row.key for row in store.scan(TABLE)]


def broken_off(store: Store, write: Callable[[], None]) -> None:
    def write_and_fail() -> None:
        with store.transaction():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()


def test_row_comes_back_as_it_was_put(store: Store) -> None:
    record = {"id": "ü", "text": "a\x00b 𝄞", "n": 1.5, "big": 2**63, "list": [1, None], "object": {"b": 1, "a": True}}
    store.put(TABLE, Row("ü", "a", "u1", record))
    row = store.get(TABLE, "ü")
    assert row is not None
    assert (row.key, row.account, row.user, row.record, list(row.record)) == ("ü", "a", "u1", record, list(record))


def test_unknown_table_is_empty(store: Store) -> None:
    assert (store.get(TABLE, "1"), store.count(TABLE), list(store.scan(TABLE)), store.select(TABLE, Query())) == (None, 0, [], ([], 0))


def test_rows_come_in_the_order_they_were_put(store: Store) -> None:
    put(store, {"id": 2}, {"id": 1}, {"id": 3})
    put(store, {"id": 1, "new": True})
    assert keys(store) == ["2", "1", "3"]


def test_query_cuts_filters_and_sorts(store: Store) -> None:
    put(store, *({"id": number, "even": number % 2 == 0} for number in range(10)))
    rows, total = store.select(TABLE, Query(account="a", equal=[("even", True)], order=[Key("id", descending=True)], offset=1, limit=2))
    assert [row.record["id"] for row in rows] == [6, 4]
    assert total == 5


def test_page_past_the_end_is_empty(store: Store) -> None:
    put(store, {"id": 1}, {"id": 2})
    for order in ([], [Key("id")], [Key("id", descending=True)]):
        assert store.select(TABLE, Query(order=order, offset=2**62, limit=5)) == ([], 2)
        assert len(store.select(TABLE, Query(order=order, offset=1, limit=5))[0]) == 1


def test_accounts_are_apart(store: Store) -> None:
    put(store, {"id": 1})
    put(store, {"id": 2}, account="b")
    assert ids(store, Query(account="b")) == [2]
    assert (store.count(TABLE), store.count(TABLE, "a"), store.count(TABLE, "c")) == (2, 1, 0)


def test_row_may_change_its_account(store: Store) -> None:
    put(store, {"id": 1}, {"id": 2})
    assert (store.count(TABLE, "a"), store.count(TABLE, "b")) == (2, 0)
    put(store, {"id": 1}, account="b")
    assert (store.count(TABLE, "a"), store.count(TABLE, "b"), store.count(TABLE)) == (1, 1, 2)


def test_sort_is_stable_and_typed(store: Store) -> None:
    put(store, {"id": 1, "n": 10}, {"id": 2, "n": 9}, {"id": 3, "n": None}, {"id": 4, "n": 9}, {"id": 5})
    assert ids(store, Query(order=[Key("n")])) == [2, 4, 1, 3, 5]
    assert ids(store, Query(order=[Key("n", descending=True)])) == [3, 5, 1, 2, 4]
    assert ids(store, Query(order=[Key("n", nulls_first=True)])) == [3, 5, 2, 4, 1]
    assert ids(store, Query(order=[Key("n", descending=True, nulls_first=True)])) == [1, 2, 4, 3, 5]


def test_keys_of_both_directions_sort_together(store: Store) -> None:
    put(store, {"id": 1, "a": "x", "b": 1}, {"id": 2, "a": "y", "b": 2}, {"id": 3, "a": "x", "b": 2}, {"id": 4, "a": "y", "b": None})
    assert ids(store, Query(order=[Key("a"), Key("b", descending=True)])) == [3, 1, 4, 2]
    assert ids(store, Query(order=[Key("a", descending=True), Key("b")])) == [2, 4, 1, 3]


def test_member_of_any_name_sorts_and_filters(store: Store) -> None:
    name = 'it\'s "$.x"[0]'
    put(store, {"id": 1, name: 2}, {"id": 2, name: 1}, {"id": 3, name: 2})
    assert ids(store, Query(order=[Key(name)])) == [2, 1, 3]
    assert ids(store, Query(tests=[Equal(name, 2)], limit=1)) == [1]


def test_values_equal_their_own_type_only(store: Store) -> None:
    put(store, {"id": 1, "v": 1}, {"id": 2, "v": True}, {"id": 3, "v": "1"}, {"id": 4, "v": 1.0}, {"id": 5, "v": None}, {"id": 6}, {"id": 7, "v": [1]})
    found = {repr(value): ids(store, Query(tests=[Equal("v", value)])) for value in (1, True, "1", None, [1], 2**70)}
    assert found == {"1": [1, 4], "True": [2], "'1'": [3], "None": [5, 6], "[1]": [7], str(2**70): []}


def test_tests_and_sight_are_tried_on_each(store: Store) -> None:
    put(store, *({"id": number, "even": number % 2 == 0} for number in range(10)))
    query = Query(tests=[Equal("even", True), lambda record: record["id"] > 2], seen=lambda row: row.key != "6", limit=1, offset=1)
    rows, total = store.select(TABLE, query)
    assert ([row.key for row in rows], total) == (["8"], 2)


def test_lists_follow_writes(store: Store) -> None:
    put(store, *({"id": number, "n": -number} for number in range(5)))
    queries = [Query(account="a", order=[Key("n")], limit=3), Query(equal=[("n", -4)]), Query(account="a")]
    before = [store.select(TABLE, query)[1] for query in queries]
    store.delete(TABLE, "4")
    put(store, {"id": 0, "n": -9}, {"id": 9, "n": -8})
    assert before == [5, 1, 5]
    assert [ids(store, query) for query in queries] == [[0, 9, 3], [], [0, 1, 2, 3, 9]]
    assert [store.select(TABLE, query)[1] for query in queries] == [5, 0, 5]


def test_transaction_is_all_or_none(store: Store) -> None:
    put(store, {"id": 1, "n": 1}, {"id": 2, "n": 2})

    def write() -> None:
        put(store, {"id": 3}, {"id": 1, "n": 7})
        store.delete(TABLE, "2")
        put(store, {"id": 2, "n": 3})
        store.put(Table("", "api", "others"), Row("1", "a", None, {}))

    broken_off(store, write)
    assert [(row.key, row.record["n"]) for row in store.scan(TABLE)] == [("1", 1), ("2", 2)]
    assert (store.count(TABLE), store.count(Table("", "api", "others")), ids(store, Query(order=[Key("n", descending=True)]))) == (2, 0, [2, 1])


def test_inner_transaction_is_part_of_the_outer(store: Store) -> None:
    def write() -> None:
        with store.transaction():
            put(store, {"id": 1})

    broken_off(store, write)
    assert store.count(TABLE) == 0


def test_reset_goes_back_to_the_snapshot(store: Store) -> None:
    put(store, {"id": 1}, {"id": 2, "n": 1}, {"id": 3})
    store.snapshot("")
    for _ in range(2):
        store.delete(TABLE, "3")
        put(store, {"id": 4}, {"id": 2, "n": 2}, {"id": 2, "n": 3})
        store.delete(TABLE, "1")
        store.put(Table("", "api", "others"), Row("1", "a", None, {}))
        store.reset("")
        assert [(row.key, row.record.get("n")) for row in store.scan(TABLE)] == [("1", None), ("2", 1), ("3", None)]
        assert (store.count(TABLE), store.count(Table("", "api", "others")), store.next_number(TABLE)) == (3, 0, 4)


def states(store: Store) -> list[tuple[str, object]]:
    return [(row.key, row.record.get("n")) for row in store.scan(TABLE)]


def test_reset_of_a_transaction_that_failed_is_undone(store: Store) -> None:
    put(store, {"id": 1, "n": 1}, {"id": 2, "n": 1}, {"id": 3, "n": 1})
    store.snapshot("")
    put(store, {"id": 2, "n": 2}, {"id": 4, "n": 2})
    store.delete(TABLE, "1")

    def write() -> None:
        store.reset("")
        put(store, {"id": 3, "n": 3}, {"id": 5})

    broken_off(store, write)
    assert (states(store), ids(store, Query(order=[Key("n", descending=True)]))) == ([("2", 2), ("3", 1), ("4", 2)], [2, 4, 3])
    assert store.next_number(TABLE) == 5
    store.reset("")
    assert (states(store), store.next_number(TABLE)) == ([("1", 1), ("2", 1), ("3", 1)], 4)


def test_reset_to_nothing_of_a_transaction_that_failed_is_undone(store: Store) -> None:
    put(store, {"id": 1, "n": 1})
    broken_off(store, lambda: store.reset(""))
    assert (states(store), store.count(TABLE), store.count(TABLE, "a"), store.next_number(TABLE)) == ([("1", 1)], 1, 1, 2)


def test_snapshot_of_a_transaction_that_failed_is_undone(store: Store) -> None:
    def remember() -> None:
        put(store, {"id": 2, "n": 2}, {"id": 3})
        store.snapshot("")

    put(store, {"id": 1, "n": 1})
    broken_off(store, remember)
    assert not store.remembers("")
    store.snapshot("")
    put(store, {"id": 1, "n": 2})
    broken_off(store, remember)
    store.reset("")
    assert (states(store), store.next_number(TABLE)) == ([("1", 1)], 2)


def test_load_that_fails_adds_nothing(store: Store) -> None:
    def rows() -> Iterator[Row]:
        yield Row("2", "a", None, {"id": 2})
        raise ZeroDivisionError

    put(store, {"id": 1})
    with pytest.raises(ZeroDivisionError):
        store.load(TABLE, rows())
    assert (keys(store), store.count(TABLE, "a"), store.next_number(TABLE)) == (["1"], 1, 2)


def test_reset_leaves_other_spaces_alone(store: Store) -> None:
    other = TABLE._replace(space="other")
    for table in (TABLE, other):
        store.put(table, Row("1", "a", None, {}))
        store.snapshot(table.space)
        store.delete(table, "1")
    store.reset("other")
    assert (store.count(TABLE), store.count(other)) == (0, 1)


def test_reset_without_a_snapshot_empties(store: Store) -> None:
    put(store, {"id": 1})
    assert not store.remembers("")
    store.reset("")
    assert (store.count(TABLE), keys(store)) == (0, [])


def test_load_adds_many_at_once(store: Store) -> None:
    store.snapshot("")
    store.load(TABLE, (Row(f"x_{number:03}", "a", None, {"id": number}) for number in range(100)))
    assert (store.count(TABLE, "a"), ids(store, Query(offset=98)), store.next_number(TABLE)) == (100, [98, 99], 100)
    store.reset("")
    assert store.count(TABLE) == 0


def test_numbers_are_never_given_twice(store: Store) -> None:
    put(store, {"id": 41})
    assert (store.next_number(TABLE), store.next_number(TABLE)) == (42, 43)
    store.put(TABLE, Row("asg_0050", "a", None, {}))
    store.delete(TABLE, "asg_0050")
    assert store.next_number(TABLE) == 51


@pytest.mark.parametrize(("key", "number"), [("7", 7), ("con_0060", 60), ("con", 0), ("", 0), ("9" * 16, 0), ("x²", 0)])
def test_number_stands_at_the_end_of_a_key(key: str, number: int) -> None:
    assert number_in(key) == number


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "B", "é", "𝄞", "1"]) | st.floats(-2, 2)
RECORDS = st.fixed_dictionaries({}, optional={"m": VALUES, "n": VALUES})
WRITES = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.none() | RECORDS), max_size=25)
ORDERS = st.lists(st.builds(Key, st.sampled_from("mn"), st.booleans(), st.booleans()), max_size=2)


def model(writes: list[tuple[int, str, dict[str, Any] | None]]) -> list[Row]:
    rows: dict[str, Row] = {}
    for key, account, record in writes:
        if record is None:
            rows.pop(str(key), None)
        else:
            rows[str(key)] = Row(str(key), account, None, record)
    return list(rows.values())


def by(row: Row, key: Key) -> tuple[int, int, Any]:
    value = row.record.get(key.member)
    if value is None:
        return (0 if key.nulls_first else 2, 0, 0)
    return (1, 2, value) if isinstance(value, str) else (1, 0 if isinstance(value, bool) else 1, value)


@given(first=WRITES, then=WRITES, order=ORDERS, equal=st.none() | VALUES, cut=st.tuples(st.integers(0, 6), st.none() | st.integers(1, 5)))
def test_stores_agree_with_lists(first: Any, then: Any, order: list[Key], equal: Any, cut: tuple[int, int | None]) -> None:
    expected = [row for row in model(first + then) if row.account == "a" and (equal is None or Equal("n", equal)(row.record))]
    for key in reversed(order):
        expected.sort(key=lambda row, key=key: by(row, key), reverse=key.descending)  # type: ignore[misc]
    end = None if cut[1] is None else cut[0] + cut[1]
    query = Query(account="a", tests=[] if equal is None else [Equal("n", equal)], order=order, offset=cut[0], limit=cut[1])
    for made in (MemoryStore(), SqliteStore(":memory:")):
        for writes in (first, then):
            for key, account, record in writes:
                if record is None:
                    made.delete(TABLE, str(key))
                else:
                    made.put(TABLE, Row(str(key), account, None, record))
            rows, total = made.select(TABLE, query)
        assert ([row.key for row in rows], total) == ([row.key for row in expected[cut[0] : end]], len(expected))
        made.close()
