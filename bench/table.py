"""The table: medians, and ratios held against what is promised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.load import Load

__all__ = ["Measured", "markdown"]


@dataclass(slots=True)
class Measured:
    """All that was measured of one contender: its loads, the server's microseconds of a core per request, seconds to start, memory.

    `first` is the load right after the start, which counts for nothing else.
    """

    name: str
    size: int
    start: float
    loads: list[Load] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    memory: float = 0.0
    first: Load | None = None

    @property
    def rate(self) -> float:
        """The median of the requests a second."""
        return median(load.rate for load in self.loads)

    @property
    def p99(self) -> float:
        """The median of the 99th percentiles."""
        return median(load.p99 for load in self.loads)


def markdown(measured: Mapping[str, Measured], starts: Sequence[float]) -> str:
    """Two tables: what each does, and how the stub compares."""
    return "\n".join([*_each(measured), "", *_compared(measured, starts)])


def _each(measured: Mapping[str, Measured]) -> list[str]:
    lines = [
        "| | body | requests/s right after the start | requests/s then (lowest to highest) | p99 | server's time per request | memory after | start |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in measured.values():
        rates = [load.rate for load in one.loads]
        cells = [
            one.name,
            f"{one.size:,} B",
            "" if one.first is None else f"{one.first.rate:,.0f}",
            f"{one.rate:,.0f} ({min(rates):,.0f} to {max(rates):,.0f})",
            f"{one.p99:.2f} ms",
            f"{median(one.costs):.1f} µs",
            f"{one.memory:.0f} MiB",
            f"{one.start:.2f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _compared(measured: Mapping[str, Measured], starts: Sequence[float]) -> list[str]:
    replay, prism, thousand = measured["replay"], measured["prism"], measured["thousand"]
    wiremock, nginx = measured["wiremock"], measured["nginx"]
    rows = [
        _at_least("replay : Prism", ratio(replay, prism), 25),
        _at_least("replay : WireMock, both just started", just_started(replay, wiremock), 8),
        _at_least("replay : WireMock, both warmed up", ratio(replay, wiremock), 8),
        _told("nginx : WireMock, both warmed up", ratio(nginx, wiremock)),
        _at_least("replay : bare RSGI", ratio(replay, measured["bare"]), 0.85),
        _told("replay : nginx", ratio(replay, nginx)),
        _at_most("replay, p99 in ms", replay.p99, 2),
        _at_least("page out of 1,000 : Prism", ratio(thousand, prism), 12),
        _at_least("page out of 1,000,000 : out of 1,000", ratio(measured["million"], thousand), 0.9),
        _at_most("seconds from start to first answer, all five specs", median(starts), 0.4),
        _at_most("memory after the load, replay : Prism", replay.memory / prism.memory, 0.5),
        _at_most("memory after the load, page out of 1,000 : Prism", thousand.memory / prism.memory, 0.5),
    ]
    return ["| | median | wanted | |", "| --- | ---: | ---: | --- |", *rows]


def ratio(one: Measured, other: Measured) -> float:
    """The median, over the rounds, of how the rates of two compare; those of one round were measured right after each other."""
    return median(mine.rate / theirs.rate for mine, theirs in zip(one.loads, other.loads, strict=True))


def just_started(one: Measured, other: Measured) -> float:
    """How the rates of two compare right after their start; NaN where that was not measured."""
    return one.first.rate / other.first.rate if one.first and other.first else math.nan


def _told(what: str, found: float) -> str:
    return f"| {what} | {found:.2f} | | |"


def _at_least(what: str, found: float, wanted: float) -> str:
    return f"| {what} | {found:.2f} | ≥ {wanted} | {'reached' if found >= wanted else 'missed'} |"


def _at_most(what: str, found: float, wanted: float) -> str:
    return f"| {what} | {found:.2f} | ≤ {wanted} | {'reached' if found <= wanted else 'missed'} |"
