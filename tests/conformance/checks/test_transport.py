from __future__ import annotations

from conformance.checks.transport import CHECKS
from conformance.verdict import Failed, Passed, Skipped
from tests.conformance.checks.guarded import verdict

PLAIN = "http://mini.test"


def test_closed_door_passes() -> None:
    assert isinstance(verdict(CHECKS, "timedash/transport/https", plain=PLAIN), Passed)


def test_answer_over_plain_http_fails() -> None:
    assert isinstance(verdict(CHECKS, "timedash/transport/https", "plain", plain=PLAIN), Failed)


def test_one_scheme_is_skipped() -> None:
    assert isinstance(verdict(CHECKS, "timedash/transport/https"), Skipped)


def test_call_that_is_refused_and_done_fails() -> None:
    assert isinstance(verdict(CHECKS, "moonrope/transport/https", "plain_done", plain=PLAIN), Failed)
