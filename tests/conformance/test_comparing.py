from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.addressing import MISSING
from conformance.steps.comparing import Kind, compare, kind_of, satisfies


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.5, None], "number"),
        ([True, False], "boolean"),
        ([True, 1], "other"),
        (["2024-02-01", "2024-02-01T10:00:00Z"], "date"),
        (["1.50", "-2"], "digits"),
        (["7f3c1d52-9b1e-4c6a-8f0d-5e2a90b71c44"], "key"),
        (["a", "1"], "text"),
        ([{"a": 1}], "other"),
        ([None, MISSING], "other"),
    ],
)
def test_kind_follows_from_the_values(values: list[Any], kind: Kind) -> None:
    assert kind_of(values) == kind


@pytest.mark.parametrize(
    ("kind", "one", "other", "order"),
    [
        ("number", 9, 10, -1),
        ("boolean", True, False, 1),
        ("date", "2024-02-01T10:00:00Z", "2024-02-01T12:00:00+02:00", 0),
        ("date", "2024-02-01T10:00:00", "2024-02-01T12:00:00Z", None),
        ("text", "apple", "boat", -1),
        ("text", "Boat", "apple", None),
        ("text", "item 9", "item 10", None),
        ("text", "naïve", "nave", None),
        ("key", "a", "b", None),
        ("text", "same", "same", 0),
    ],
)
def test_order_is_open_where_orders_disagree(kind: Kind, one: Any, other: Any, order: int | None) -> None:
    assert compare(kind, one, other) == order


@pytest.mark.parametrize(
    ("operator", "kind", "value", "wanted", "outcome"),
    [
        ("eq", "text", "Oslo", "Oslo", True),
        ("eq", "text", "Oslo", "oslo", False),
        ("eq", "text", "Oslo ", "Oslo", None),
        ("eq", "number", 60, 60.0, True),
        ("eq", "text", None, "Oslo", False),
        ("not_eq", "text", None, "Oslo", None),
        ("contains", "text", "Spring catalogue", "cat", True),
        ("contains", "text", "Spring Catalogue", "cat", None),
        ("not_contain", "text", "Spring", "cat", True),
        ("gt", "number", None, 3, None),
        ("gt_eq", "number", 3, 3, True),
        ("lt", "number", 3, 3, False),
        ("lt_eq", "date", "2024-02-01", "2024-02-02", True),
    ],
)
def test_filter_is_open_where_documents_are(operator: Any, kind: Kind, value: Any, wanted: Any, outcome: bool | None) -> None:
    assert satisfies(operator, kind, value, wanted) is outcome


@given(st.text(), st.text())
def test_order_of_texts_is_opposite_when_turned(one: str, other: str) -> None:
    order, turned = compare("text", one, other), compare("text", other, one)
    assert (order is None) == (turned is None)
    assert order is None or turned is None or order == -turned


@given(st.lists(st.integers(-50, 50), min_size=2))
def test_sorted_numbers_are_in_order(values: list[int]) -> None:
    values.sort()
    assert all(compare("number", one, other) in (-1, 0) for one, other in pairwise(values))
