from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.exchange import Request, Response
from conformance.running.pacing import Pace, back_off
from specs.conventions.rate_limit import RateLimit
from tests.conformance.notes_target import Ticking


def asked(as_: str | None = "full") -> Request:
    return Request("GET", "http://x.test/", as_=as_)


@given(st.integers(1, 50), st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_never_more_than_the_limit_in_any_window(limit: int, gaps: list[float]) -> None:
    ticking, times = Ticking(), []
    pace = Pace(RateLimit(limit=limit, window=10), ticking.clock)
    for gap in gaps:
        ticking.sleep(gap)
        ticking.sleep(pace.wait(asked()))
        pace.note(asked())
        times.append(ticking.time)
    assert all(sum(begin <= moment < begin + 10 for moment in times) <= limit for begin in times)


def test_callers_are_paced_apart() -> None:
    pace = Pace(RateLimit(limit=1), Ticking().clock)
    pace.note(asked("full"))
    assert pace.wait(asked("full")) > 59
    assert pace.wait(asked("second")) == pace.wait(asked(None)) == 0


def test_callers_of_one_address_are_paced_together() -> None:
    pace = Pace(RateLimit(limit=1, scope="address"), Ticking().clock)
    pace.note(asked("full"))
    assert pace.wait(asked("other")) > 59


def test_without_a_limit_nothing_is_waited_for() -> None:
    pace = Pace(None, Ticking().clock)
    for _ in range(1000):
        pace.note(asked())
    assert pace.wait(asked()) == 0


@pytest.mark.parametrize(("written", "seconds"), [("5", 5.5), ("0", 1.5), ("99999", 60.5), ("soon", 60.5), (None, 60.5), ("-1", 60.5), ("9" * 400, 60.5)])
def test_back_off_is_bounded(written: str | None, seconds: float) -> None:
    headers = (("retry-after", written),) if written is not None else ()
    assert back_off(Response(429, headers), RateLimit(limit=10)) == seconds
