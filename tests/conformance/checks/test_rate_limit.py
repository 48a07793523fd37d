from __future__ import annotations

import pytest

from conformance.checks.rate_limit import CHECKS
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from tests.conformance.checks.guarded import verdict

RULES = ["timedash/rate/limit", "timedash/rate/per-key", "timedash/rate/message", "timedash/rate/recovers"]


@pytest.mark.parametrize("clause", RULES)
def test_documented_limit_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause, limit=120), Passed)


def test_twice_the_limit_is_open() -> None:
    assert isinstance(verdict(CHECKS, "timedash/rate/limit", limit=240), Passed)


@pytest.mark.parametrize("limit", [0, 50, 300])
def test_another_limit_fails(limit: int) -> None:
    assert isinstance(verdict(CHECKS, "timedash/rate/limit", limit=limit), Failed)


@pytest.mark.parametrize(("clause", "bug"), [
    ("timedash/rate/per-key", "shared_limit"),
    ("timedash/rate/message", "no_message"),
    ("timedash/rate/recovers", "long_window"),
])  # fmt: skip
def test_broken_limit_fails(clause: str, bug: str) -> None:
    assert isinstance(verdict(CHECKS, clause, bug, limit=120), Failed)


@pytest.mark.parametrize("clause", RULES[1:])
def test_no_limit_shows_no_refusal(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Inconclusive)


def test_another_caller_is_needed() -> None:
    assert isinstance(verdict(CHECKS, "timedash/rate/per-key", limit=120, without=("second", "limited", "other")), Skipped)


def test_all_run_last_and_alone() -> None:
    assert all(check.last for check in CHECKS.values())
