"""Orders of lists: how they are asked for, and how a list is told from one that is in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.addressing import MISSING
from conformance.steps.comparing import Kind, compare
from conformance.steps.listing import Rows
from specs.conventions.sorting import Sorting

__all__ = ["disorder", "keys"]

_AHEAD = 6
"""Values that each one is compared with."""


def keys(parameters: Sorting, style: str, member: str, descending: bool) -> dict[str, Any]:
    """The request parameters that ask for an order."""
    word = "desc" if descending else "asc"
    match style:
        case "dash":
            return {parameters.parameter: f"-{member}" if descending else member}
        case "comma":
            return {parameters.parameter: f"{member},{word}"}
        case "two_parameters":
            return {parameters.parameter: member, parameters.direction or "order": word}
        case _:
            return {parameters.parameter: f"{member} {word}"}


def disorder(kind: Kind, member: str, records: Rows, descending: bool) -> str:
    """Two values that no sensible order puts so; empty if there are none."""
    values = [value for value in records.values(member) if value is not None and value is not MISSING]
    for before, after in _neighbours(values):
        order = compare(kind, before, after)
        if order is not None and (order < 0 if descending else order > 0):
            return f"{before!r} before {after!r}"
    return ""


def _neighbours(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Pairs of values in their order: each with some that follow, as the next one may not be comparable, and both ends with all."""
    for index, value in enumerate(values):
        yield from ((value, other) for other in values[index + 1 : index + 1 + _AHEAD])
    yield from ((values[0], other) for other in values[1:])
    yield from ((other, values[-1]) for other in values[:-1])
