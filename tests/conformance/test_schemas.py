from __future__ import annotations

from typing import Any

import pytest

from conformance.schemas import mismatch

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "key": {"type": "string", "format": "uuid"}}}


@pytest.mark.parametrize("value", [{"id": 1}, {"id": 10**40}, {"id": 1, "more": "\ud800"}, {"id": 2, "key": "935956d8-a094-4948-ac47-d84d10a62eff"}])
def test_value_matches(value: Any) -> None:
    assert mismatch(SCHEMA, value) is None


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({}, "the whole"),
        ([], "the whole"),
        ({"id": "1"}, "/id"),
        ({"id": "\ud800"}, "/id"),
        ({"id": 1, "key": "no uuid"}, "/key"),
    ],
)
def test_mismatch_names_the_place(value: Any, place: str) -> None:
    assert (mismatch(SCHEMA, value) or "").startswith(f"{place}: ")


def test_long_values_are_cut() -> None:
    assert len(mismatch({"maxLength": 1}, "x" * 9999) or "") < 300
