"""Compares observed values as leniently as documents leave it open: every answer is yes, no, or open.

Numbers, dates and truth values have one order. Text has several that are all sensible (by code points, without regard to case,
without punctuation, with numbers in it as numbers): only where all agree, something is said. Random ids have none.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Literal

from conformance.addressing import MISSING
from conformance.reading import agrees

__all__ = ["Kind", "Operator", "compare", "kind_of", "satisfies"]

Kind = Literal["boolean", "number", "date", "digits", "key", "text", "other"]
"""What the values of a member are: `digits` are numbers written as text, `key` is a random id."""

Operator = Literal["eq", "not_eq", "contains", "not_contain", "gt", "gt_eq", "lt", "lt_eq"]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_DIGITS = re.compile(r"-?\d+(\.\d+)?")


def kind_of(values: Iterable[Any]) -> Kind:
    """What values of one member are, by those that are not null; `other` where they are none, of several kinds, or no plain values."""
    known = [value for value in values if value is not None and value is not MISSING]
    if not known:
        return "other"
    if all(isinstance(value, bool) for value in known):
        return "boolean"
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "number"
    if not all(isinstance(value, str) for value in known):
        return "other"
    forms: tuple[tuple[Kind, re.Pattern[str]], ...] = (("date", _DATE), ("digits", _DIGITS), ("key", _UUID))
    return next((kind for kind, form in forms if all(form.fullmatch(value) for value in known)), "text")


def compare(kind: Kind, one: Any, other: Any) -> int | None:
    """Below, equal or above (-1, 0, 1) by every sensible order; None where that is open."""
    if one == other:
        return 0
    if kind in ("boolean", "number"):
        return _sign(one, other)
    if kind == "date":
        return _by_time(one, other)
    if kind == "key" or not isinstance(one, str) or not isinstance(other, str):
        return None
    return _by_text(one, other)


def satisfies(operator: Operator, kind: Kind, value: Any, wanted: Any) -> bool | None:
    """Whether a member's value passes a filter; None where documents leave it open, as for most operators on null."""
    if value is MISSING:
        return None
    if value is None:
        return False if operator in ("eq", "contains") else None
    if operator in ("eq", "not_eq"):
        same = _same(kind, value, wanted)
        return same if operator == "eq" or same is None else not same
    if operator in ("contains", "not_contain"):
        inside = _contains(value, wanted)
        return inside if operator == "contains" or inside is None else not inside
    order = compare(kind, value, wanted)
    if order is None:
        return None
    return {"gt": order > 0, "gt_eq": order >= 0, "lt": order < 0, "lt_eq": order <= 0}[operator]


def _same(kind: Kind, value: Any, wanted: Any) -> bool | None:
    """Equality; open for texts that differ in trailing spaces or in how their characters are composed, and for another spelling of a date."""
    if value == wanted and isinstance(value, bool) == isinstance(wanted, bool):
        return True
    if kind in ("boolean", "number", "digits"):
        return agrees(wanted, value)
    if kind == "date":
        return None if _by_time(value, wanted) == 0 else False
    if kind == "key" and isinstance(value, str) and isinstance(wanted, str) and value.lower() == wanted.lower():
        return None
    if isinstance(value, str) and isinstance(wanted, str) and _plain(value) == _plain(wanted):
        return None
    return False


def _contains(value: Any, wanted: Any) -> bool | None:
    """Whether a text has another in it; open where that depends on case."""
    if not isinstance(value, str) or not isinstance(wanted, str):
        return None
    if wanted in value:
        return True
    return None if _plain(wanted).casefold() in _plain(value).casefold() else False


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).rstrip()


def _by_time(one: Any, other: Any) -> int | None:
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    first, second = _moment(one), _moment(other)
    if first is None or second is None or (first.tzinfo is None) != (second.tzinfo is None):
        return None
    return _sign(first, second)


def _moment(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def _by_text(one: str, other: str) -> int | None:
    if not (one.isascii() and other.isascii()):
        return None
    bare = [re.sub(r"[^a-z0-9]", "", text.lower()) for text in (one, other)]
    orders = {_sign(one, other), _sign(one.lower(), other.lower()), _sign(*bare), _sign(_natural(one), _natural(other)), _sign(*map(_natural, bare))}
    return orders.pop() if len(orders) == 1 else None


def _natural(text: str) -> list[tuple[int, int, str]]:
    """A key that takes the numbers in a text as numbers."""
    parts = re.findall(r"\d+|\D+", text.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _sign(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)
