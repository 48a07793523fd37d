"""Makes records of our own that tell a list's right answer from a wrong one, where those that are known are too much alike.

Only where a create takes the member; there are three of them at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Steps
from conformance.payloads import MARK
from conformance.schemas import mismatch
from conformance.steps.comparing import Kind
from conformance.steps.filters import filters_by
from conformance.steps.listing import Listing, Rows

__all__ = ["may_stock", "stocked_alike", "stocked_disorder", "stocked_numbers", "stocked_others", "stocked_texts"]

_APART = (10, 9)
"""Numbers whose order is another one as text, and neither as they are made nor the other way round the one of the numbers before them."""

_WORD = "maple"

_ALIKE = 3
"""Records equal in a member that leave a page of two which is not full."""


def may_stock(listing: Listing) -> bool:
    """Whether records may be made in the list for the sake of what they tell."""
    return listing.exam.target.permit.write and "create" in listing.resource.operations


def stocked_others(listing: Listing, known: Rows, members: Mapping[str, Kind]) -> Steps[Rows]:
    """What is known of a list once there are records that differ in the members in which all were alike: one in all of them, one in the first."""
    alike = [name for name, kind in members.items() if not filters_by(name, kind, "eq", known)]
    others = {name: other for name in alike if (other := _other(listing, name, known)) is not MISSING}
    if not others or not may_stock(listing):
        return known
    made = yield from listing.own(others)
    if made and len(members) > 1:
        yield from listing.own(dict(list(others.items())[:1]))
    return (yield from listing.rows(fresh=True)) if made else known


def stocked_numbers(listing: Listing, known: Rows, members: Mapping[str, Kind]) -> Steps[Rows]:
    """What is known of a list once each member that is a number has values whose order is another one as text."""
    alike = [name for name, kind in members.items() if kind == "number" and not _differ_as_text(known.values(name))]
    wanted = [name for name in alike if all(_takes(listing, name, number) for number in _APART)]
    if not wanted or not may_stock(listing):
        return known
    made = ""
    for number in _APART:
        made = yield from listing.own(dict.fromkeys(wanted, number))
    return (yield from listing.rows(fresh=True)) if made else known


def stocked_alike(listing: Listing, known: Rows, member: str, value: Any) -> Steps[Rows]:
    """What is known of a list once there are several records with a member's value."""
    missing = _ALIKE - known.values(member).count(value)
    if missing <= 0 or not may_stock(listing) or not _takes(listing, member, value):
        return known
    made = ""
    for _ in range(missing):
        made = yield from listing.own({member: value})
    return (yield from listing.rows(fresh=True)) if made else known


def stocked_texts(listing: Listing, known: Rows, members: Mapping[str, Kind]) -> Steps[Rows]:
    """What is known of a list once a member that is text has a word in it which not all of its texts have."""
    texts = [name for name, kind in members.items() if kind == "text"]
    if not texts or not may_stock(listing) or any(filters_by(name, "text", "contains", known) for name in texts):
        return known
    return (yield from _with(listing, known, [dict.fromkeys(texts, f"{MARK} {_WORD} {listing.exam.payloads.run}")]))


def stocked_disorder(listing: Listing, known: Rows, members: Mapping[str, Kind]) -> Steps[Rows]:
    """What is known of a list once it is in no order by itself: with one record that comes last by each member, and then one that comes first."""
    high: dict[str, Any] = {}
    low: dict[str, Any] = {}
    for name, kind in members.items():
        values = [value for value in known.values(name) if value is not None and value is not MISSING]
        if kind == "number" and values:
            high[name], low[name] = max(values) + 1, min(values) - 1
        elif kind == "text":
            high[name], low[name] = f"zz {listing.exam.payloads.run}", f"aa {listing.exam.payloads.run}"
    return (yield from _with(listing, known, [high, low]))


def _with(listing: Listing, known: Rows, several: list[dict[str, Any]]) -> Steps[Rows]:
    """What is known of a list once there are records with these members, as far as a create takes them."""
    made = ""
    for given in several:
        taken = {name: value for name, value in given.items() if _takes(listing, name, value)}
        made = (yield from listing.own(taken)) if taken and may_stock(listing) else made
    return (yield from listing.rows(fresh=True)) if made else known


def _differ_as_text(values: list[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)][:60]
    return sorted(numbers) != sorted(numbers, key=str)


def _schema(listing: Listing, member: str) -> Mapping[str, Any] | None:
    """The schema of a member that a create takes, or None."""
    found = listing.exam.payloads.schema(listing.resource).get("properties", {}).get(member)
    references = {parent.member for parent in listing.resource.parents}
    return found if isinstance(found, Mapping) and not found.get("readOnly") and member not in references and member != listing.resource.key else None


def _takes(listing: Listing, member: str, value: Any) -> bool:
    schema = _schema(listing, member)
    return schema is not None and mismatch(schema, value) is None


def _other(listing: Listing, member: str, known: Rows) -> Any:
    """A value that no known record has and that a create takes; `MISSING` where there is none."""
    schema, values = _schema(listing, member), known.values(member)
    if schema is None:
        return MISSING
    numbers = [value + 1 for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    candidates = [*schema.get("enum", ()), *([True, False] if any(isinstance(value, bool) for value in values) else []), *numbers[:1]]
    return next((value for value in candidates if value is not None and value not in values and mismatch(schema, value) is None), MISSING)
