"""The clock, and what the rate limits have counted by it."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import Engine, Request
from tests.mockserver.conftest import NOON, Caller, spec_of
from tests.mockserver.control.conftest import Plane, engine_of


def test_clock_is_told(plane: Plane) -> None:
    assert plane("GET", "/clock").json == {"now": NOON, "time": "2014-05-13T17:00:00Z", "frozen": True}


def test_clock_is_advanced(plane: Plane) -> None:
    assert plane("POST", "/clock/advance", {"seconds": 90.5}).json["now"] == NOON + 90.5
    assert plane("POST", "/clock/advance", {"seconds": -90.5}).json["now"] == NOON


@pytest.mark.parametrize("at", [1_500_000_000, "2017-07-14T02:40:00Z", "2017-07-14t04:40:00+02:00", "2017-07-14T02:40:00.0000001z"])
def test_clock_is_frozen_at_a_moment(plane: Plane, at: Any) -> None:
    assert plane("POST", "/clock/freeze", {"at": at}).json == {"now": 1_500_000_000, "time": "2017-07-14T02:40:00Z", "frozen": True}


def test_clock_runs_and_stands() -> None:
    plane = Plane(Engine([spec_of("timedash")]))
    assert plane("GET", "/clock").json["frozen"] is False
    assert plane("POST", "/clock/freeze").json["frozen"] is True
    assert plane("GET", "/clock").json["now"] == plane("GET", "/clock").json["now"]
    assert plane("POST", "/clock/run").json["frozen"] is False


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("advance", {"seconds": -1e9}),
        ("freeze", {"at": "9999-12-31T00:00:00Z"}),
        ("freeze", {"at": "1969-01-01T00:00:00Z"}),
        ("freeze", {"at": "0000-01-01T00:00:00Z"}),
    ],
)
def test_clock_stays_within_what_can_be_written(plane: Plane, path: str, body: Any) -> None:
    plane("POST", "/clock/freeze", {"at": 999})
    assert plane("POST", f"/clock/{path}", body).status == 422
    assert plane("GET", "/clock").json["now"] == 999


def test_window_passes_with_the_clock(plane: Plane, caller: Caller) -> None:
    statuses = [caller("GET", "/contacts").status for _ in range(121)]
    assert (statuses[-2], statuses[-1]) == (200, 429)
    plane("POST", "/clock/advance", {"seconds": 60})
    assert caller("GET", "/contacts").status == 200


def test_counters_are_told_without_credentials(plane: Plane, caller: Caller) -> None:
    for _ in range(3):
        caller("GET", "/contacts")
    caller.as_("second")("GET", "/contacts")
    answer = plane("GET", "/limits")
    told = {one["caller"]: (one["count"], one["remaining"], one["resets_in"]) for one in answer.json["counters"]}
    assert told == {"full": (3, 117, 60), "second": (1, 119, 60)}
    assert not [secret for one in spec_of("timedash").seed.principals for secret in one.credential.values() if secret in answer.body.decode()]


def test_passed_window_counts_nothing(plane: Plane, caller: Caller) -> None:
    caller("GET", "/contacts")
    plane("POST", "/clock/advance", {"seconds": 61})
    assert [(one["count"], one["remaining"], one["resets_in"]) for one in plane("GET", "/limits").json["counters"]] == [(0, 120, 0)]


def test_counters_are_reset(plane: Plane, caller: Caller) -> None:
    for _ in range(121):
        caller("GET", "/contacts")
    assert plane("DELETE", "/limits").status == 204
    assert (plane("GET", "/limits").json, caller("GET", "/contacts").status) == ({"counters": []}, 200)


def test_counters_of_one_api_are_reset_alone() -> None:
    plane = Plane(engine_of("timedash", "paydirt"))
    caller = Caller(plane.engine, api="timedash")
    plane.engine.handle(Request("GET", "/timedash/contacts", headers=caller.headers))
    assert plane("DELETE", "/limits", query="api=paydirt").status == 204
    assert [one["count"] for one in plane("GET", "/limits").json["counters"]] == [1]


def test_reset_lets_in_whom_a_fault_has_barred(plane: Plane, caller: Caller) -> None:
    assert plane("PUT", "/faults", {"on": ["timedash/rate/recovers:for_ever"]}).status == 200
    for _ in range(121):
        caller("GET", "/contacts")
    plane("POST", "/clock/advance", {"seconds": 600})
    assert caller("GET", "/contacts").status == 429
    plane("DELETE", "/limits")
    assert caller("GET", "/contacts").status == 200
