"""Text made into values."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.values import MISFIT, coerce, duration, money


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("5", {"type": "integer"}, 5),
        ("5", {"type": "string"}, "5"),
        ("5.5", {"type": "number"}, 5.5),
        ("5.5", {"type": "integer"}, MISFIT),
        ("true", {"type": "boolean"}, True),
        ("yes?", {"type": "boolean"}, MISFIT),
        ("", {"type": ["integer", "null"]}, None),
        ("", {"type": ["string", "null"]}, ""),
        ("null", {"type": ["number", "null"]}, None),
        ('["a"]', {"type": "array"}, ["a"]),
        ("{}", {"type": "object"}, {}),
        ("a", {"enum": ["a", "b"]}, "a"),
        ("9" * 40, {"type": "integer"}, MISFIT),
        ("1e999", {"type": "number"}, MISFIT),
        ("NaN", {"type": "number"}, MISFIT),
        ("٣", {"type": "integer"}, MISFIT),
        ("anything", {}, "anything"),
    ],
)
def test_text_becomes_a_value_of_its_type(text: str, schema: dict[str, Any], value: Any) -> None:
    found = coerce(text, schema)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h 30m", 5400), ("90m", 5400), ("1:30", 5400), ("1:00:05", 3605), ("1.5h", 5400), ("2 hours", 7200), ("", None), ("soon", None), ("1h x", None)],
)
def test_durations_are_seconds(text: str, seconds: int | None) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "cents"), [("$12.50", 1250), ("$100", 10000), ("1,200", 120000), ("12.5", 1250), ("€ 3", 300), ("12 EUR", 1200), ("free", None), ("", None)]
)
def test_amounts_are_cents(text: str, cents: int | None) -> None:
    assert money(text) == cents
