"""Ratios are those of neighbours in time, and a promise that is missed is said to be."""

from __future__ import annotations

from bench.load import Load
from bench.table import Measured, markdown, ratio


def measured(*rates: float, memory: float = 50.0) -> Measured:
    return Measured("one", 4807, 0.2, [Load(rate, 1000, 1.0) for rate in rates], [20.0] * len(rates), memory)


def test_ratio_is_taken_round_by_round() -> None:
    assert ratio(measured(100, 10, 100), measured(50, 5, 100)) == 2


def test_missed_promise_is_told() -> None:
    everyone = {name: measured(1000.0) for name in ("nginx", "bare", "replay", "wiremock", "prism", "thousand", "million")}
    everyone["wiremock"].first, everyone["replay"].first = Load(10.0, 100, 1.0), Load(90.0, 900, 1.0)
    told = markdown(everyone, [0.3])
    assert "| replay : bare RSGI | 1.00 | ≥ 0.85 | reached |" in told
    assert "| replay : Prism | 1.00 | ≥ 25 | missed |" in told
    assert "| replay : WireMock, both just started | 9.00 | ≥ 8 | reached |" in told
    assert "| replay : nginx | 1.00 | | |" in told
    assert "| memory after the load, replay : Prism | 1.00 | ≤ 0.5 | missed |" in told
