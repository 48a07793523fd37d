"""Entries compare as the values do that they are made of."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.store import Equal, Key, sort_value
from mockserver.store.entries import END, Arrangement

NUMBERS = (
    st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(2**53 - 2, 2**53 + 9)
    | st.integers(2**53 - 2, 2**53 + 9).map(float)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x00\x01ab\x7f\x80ÿ"))
VALUES = st.booleans() | NUMBERS | TEXTS | st.lists(st.integers(0, 3)) | st.dictionaries(st.sampled_from("ab"), st.integers(0, 3))
LOOKED_UP = Arrangement(by_account=False, members=("m",), order=())


def beginning(value: Any) -> bytes:
    return LOOKED_UP.beginning(None, [value])


@given(VALUES, VALUES)
def test_order_is_that_of_the_values(first: Any, second: Any) -> None:
    assert (beginning(first) < beginning(second)) is (sort_value(first) < sort_value(second))
    assert (beginning(first) == beginning(second)) is Equal("m", first)({"m": second})


@pytest.mark.parametrize("middle", [0, 2**53, -(2**53), 2**60, 2**63 - 3000, 2**64 - 3001])
def test_whole_numbers_too_long_for_a_float_are_apart(middle: int) -> None:
    numbers = range(middle - 3000, middle + 3000)
    assert all(beginning(one) < beginning(next_) for one, next_ in pairwise(numbers))
    assert beginning(middle) == beginning(float(middle)) or int(float(middle)) != middle


@given(VALUES, VALUES, st.booleans(), st.integers(0, 2**40), st.integers(0, 2**40))
def test_rows_alike_stay_in_their_order_in_either_direction(first: Any, second: Any, descending: bool, place: int, later: int) -> None:
    entry = Arrangement(by_account=False, members=(), order=(Key("m", descending),)).entry_of()
    alike, before = sort_value(first) == sort_value(second), sort_value(first) < sort_value(second)
    assert (entry("", {"m": first}, place) < entry("", {"m": second}, later)) is (place < later if alike else before is not descending)


@pytest.mark.parametrize(
    ("key", "ordered"),
    [
        (Key("m"), [False, True, -1, 0.5, 2, "", "a", [1], None]),
        (Key("m", nulls_first=True), [None, False, True, -1, 0.5, 2, "", "a", [1]]),
        (Key("m", descending=True), [None, [1], "a", "", 2, 0.5, -1, True, False]),
        (Key("m", descending=True, nulls_first=True), [[1], "a", "", 2, 0.5, -1, True, False, None]),
    ],
)
def test_kinds_of_values_are_apart(key: Key, ordered: list[Any]) -> None:
    entry = Arrangement(by_account=False, members=(), order=(key,)).entry_of()
    assert all(entry("", {"m": one}, 1) < entry("", {"m": next_}, 0) for one, next_ in pairwise(ordered))


@given(st.text(max_size=3), st.text(max_size=3), VALUES, VALUES)
def test_beginning_is_that_of_an_account_and_its_values_only(account: str, other: str, value: Any, another: Any) -> None:
    arrangement = Arrangement(by_account=True, members=("m",), order=(Key("n", descending=True),))
    low = arrangement.beginning(account, [value])
    entry = arrangement.entry_of()(other, {"m": another, "n": None}, 7)
    assert (low <= entry < low + END) is (account == other and Equal("m", value)({"m": another}))


@pytest.mark.parametrize("value", [10**400, -(10**400), 2**70, "\ud800"])
def test_value_that_no_record_has_is_looked_up_all_the_same(value: Any) -> None:
    assert beginning(value) not in {beginning(2**64 - 1), beginning(-(2**63)), beginning("\ud7ff"), beginning(2.0**1023)}


def test_arrangement_comes_back_from_its_json() -> None:
    arrangement = Arrangement(by_account=True, members=("a", "é"), order=(Key("b", descending=True), Key("c", nulls_first=True)))
    assert Arrangement.loaded(arrangement.dumped()) == arrangement
