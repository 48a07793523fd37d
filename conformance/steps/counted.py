"""Holds what records tell of counted time against itself: limits against totals, totals against the time that passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.check import Ended
from conformance.steps.timers import Timed, number_of, true_of
from conformance.verdict import Failed
from specs.conventions.actions import Limit
from specs.model import Operation

__all__ = ["RUN", "judge_growth", "judge_limit", "judge_totals", "not_grown"]

RUN = 2.2
"""Seconds that a timer runs for: two of them are counted, whatever is rounded."""

PATIENCE = 60
"""Seconds that a slow target may take for what is done between two looks."""


def not_grown(before: float | None, after: float | None) -> str:
    """What is wrong with a total after `RUN` seconds more; empty if nothing, or if it is not known."""
    if before is None or after is None:
        return ""
    return f"{before:g} before, {after:g} after" if not 1 <= after - before <= PATIENCE else ""


def judge_limit(timed: Timed, limit: Limit, record: Mapping[str, Any], operation: Operation | None) -> None:
    """Ends the check as failed where a record's members do not follow from its limit and total; null and absent members are open."""
    if limit.limit not in record:
        return
    for expected, observed in _against_limit(timed, limit, record):
        if observed:
            raise Ended(Failed(expected, observed, operation=operation.id if operation else None))
        timed.findings.saw(expected)


def _against_limit(timed: Timed, limit: Limit, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is expected of each member that is shown, and what is there instead (empty: as expected)."""
    most, total = number_of(record[limit.limit]), number_of(record.get(timed.timer.total or ""))
    if record[limit.limit] is None:
        for name in (limit.over, limit.nearly):
            if name in record:
                yield f"{name} null without {limit.limit}", "" if record[name] is None else repr(record[name])
        return
    if most is None or most <= 0 or total is None or total == most or (abs(total - most) < 3 and timed.runs(record)):
        return
    over, left = true_of(record.get(limit.over)), number_of(record.get(limit.left))
    where = f"with {limit.limit} {most:g} and {timed.timer.total} {total:g}"
    if over is not None:
        yield f"{limit.over} {str(total > most).lower()} {where}", "" if over is (total > most) else repr(record[limit.over])
    if left is not None:
        own = number_of(record.get(timed.timer.own_total or ""))
        wanted = [most - counted for counted in (total, own) if counted is not None]
        fine = any(abs(left - one) <= 2 or (one <= 0 and left <= 0) for one in wanted)
        yield f"{limit.left} {wanted[0]:g} {where}", "" if fine else repr(record[limit.left])


def judge_totals(timed: Timed, record: Mapping[str, Any], operation: Operation) -> None:
    """Ends the check as failed where a total is no whole number of seconds, or a caller's own is more than everybody's."""
    totals = {name: record[name] for name in (timed.timer.total, timed.timer.own_total) if name is not None and record.get(name) is not None}
    for name, value in totals.items():
        seconds = number_of(value)
        if seconds is None or seconds != int(seconds) or seconds < 0:
            raise Ended(Failed(f"{name} in whole seconds", repr(value), operation=operation.id))
        timed.findings.saw(f"{operation.id}: {name}")
    numbers = [float(value) for value in totals.values()]
    if len(numbers) == 2 and numbers[1] > numbers[0] + 1:  # each may be rounded in its own way
        raise Ended(Failed(f"{timed.timer.own_total} no more than {timed.timer.total}", f"{numbers[1]:g} and {numbers[0]:g}", operation=operation.id))


def judge_growth(timed: Timed, before: float, record: Mapping[str, Any], operation: Operation) -> None:
    """Ends the check as failed where a total that a running record shows lacks the time since its start."""
    for name in (timed.timer.total, timed.timer.own_total):
        value = number_of(record.get(name or ""))
        if value is None:
            continue
        wrong = not_grown(before, value)
        if wrong:
            expected = f"{name} with the seconds since the start ({RUN:.0f} or more)"
            raise Ended(Failed(expected, f"{value:g}, and {before:g} before the start", operation=operation.id))
        timed.findings.saw(f"{operation.id}: {name}")
