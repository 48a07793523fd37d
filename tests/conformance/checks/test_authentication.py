from __future__ import annotations

from dataclasses import replace

import pytest

import specs
from conformance.checks.authentication import CHECKS
from conformance.exam import Exam
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from tests.conformance.checks.guarded import Guarded, driven, exam_of, verdict


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/auth/parameter",
        "paydirt/auth/only-parameter",
        "paydirt/auth/missing",
        "paydirt/auth/invalid",
        "timedash/auth/basic",
        "timedash/auth/required",
        "timedash/auth/multiple-keys",
        "moonrope/auth/access-denied",
        "88miles/auth/missing",
        "productive/auth/token",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/auth/missing", "open_delete"),
        ("paydirt/auth/missing", "created_all_the_same"),
        ("paydirt/auth/missing", "status_400"),
        ("paydirt/auth/missing", "validates_first"),
        ("paydirt/auth/missing", "looks_up_first"),
        ("paydirt/auth/invalid", "prefix"),
        ("paydirt/auth/invalid", "open"),
        ("paydirt/auth/only-parameter", "header_too"),
        ("paydirt/auth/only-parameter", "header_too_in_creates"),
        ("paydirt/auth/only-parameter", "token_too"),
        ("timedash/auth/required", "open_delete"),
        ("timedash/auth/required", "prefix"),
        ("timedash/auth/required", "status_403"),
        ("moonrope/auth/access-denied", "open_delete"),
        ("moonrope/auth/access-denied", "status_401"),
        ("productive/auth/token", "open"),
        ("productive/auth/token", "other_text"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_no_records_still_pass() -> None:
    assert isinstance(verdict(CHECKS, "timedash/auth/required", few=0), Passed)


def test_reads_are_enough() -> None:
    found = verdict(CHECKS, "timedash/auth/required", write=False)
    assert isinstance(found, Passed)
    assert any("writes" in remark for remark in found.remarks)


def test_tolerated_status_passes() -> None:
    assert isinstance(verdict(CHECKS, "88miles/auth/missing", "status_403"), Passed)


def test_open_door_proves_no_place() -> None:
    assert isinstance(verdict(CHECKS, "timedash/auth/basic", "open"), Inconclusive)
    assert isinstance(verdict(CHECKS, "paydirt/auth/only-parameter", "open"), Inconclusive)


def test_second_credential_is_needed() -> None:
    assert isinstance(verdict(CHECKS, "timedash/auth/multiple-keys", without=("second",)), Skipped)


def test_credential_in_the_other_case_may_be_the_same_one() -> None:
    spec = specs.load("timedash")
    known = spec.clauses["timedash/auth/required"]
    mixed = replace(exam_of(spec).target, credentials={"full": {"key": "sk_FULL_12345"}})
    found = driven(CHECKS[known.rule].flow(Exam(spec, mixed), known), Guarded(spec, "any_case"))
    assert isinstance(found, Passed)
    assert any("other case" in remark for remark in found.remarks)
