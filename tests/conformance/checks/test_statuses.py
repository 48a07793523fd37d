from __future__ import annotations

import pytest

from conformance.checks.statuses import CHECKS
from conformance.verdict import Failed, Passed
from tests.conformance.checks.guarded import verdict


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/status/ok",
        "timedash/status/classes",
        "timedash/status/documented",
        "moonrope/status/http",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/status/ok", "create_201"),
        ("timedash/status/classes", "broken_500"),
        ("timedash/status/classes", "open"),
        ("timedash/status/documented", "status_409"),
        ("moonrope/status/http", "status_401"),
        ("moonrope/status/http", "create_201"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_another_success_passes_where_open() -> None:
    assert isinstance(verdict(CHECKS, "timedash/status/documented", "create_201"), Passed)


def test_no_records_still_pass() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/status/ok", few=0), Passed)
