from __future__ import annotations

from dataclasses import replace

import pytest

import specs
from conformance.checks.authorization import CHECKS
from conformance.checks.resources import CHECKS as RESOURCES
from conformance.exam import Exam
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from tests.conformance.checks.guarded import Guarded, driven, exam_of, verdict


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/auth/limited",
        "timedash/auth/forbidden",
        "88miles/auth/read-denied",
        "productive/auth/denied",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/auth/limited", "no_roles"),
        ("paydirt/auth/limited", "as_unknown"),
        ("paydirt/auth/limited", "as_absent"),
        ("paydirt/auth/limited", "validates_first"),
        ("paydirt/auth/limited", "done_all_the_same"),
        ("timedash/auth/forbidden", "no_roles"),
        ("timedash/auth/forbidden", "as_unknown"),
        ("timedash/auth/forbidden", "done_all_the_same"),
        ("88miles/auth/read-denied", "no_roles"),
        ("88miles/auth/read-denied", "closed_all_the_same"),
        ("productive/auth/denied", "other_text"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_refusal_as_prose_says_passes() -> None:
    assert isinstance(verdict(CHECKS, "productive/auth/denied", "as_unknown"), Passed)


def test_reads_alone_prove_nothing() -> None:
    assert isinstance(verdict(CHECKS, "timedash/auth/forbidden", write=False), Inconclusive)


def test_limited_credential_is_needed() -> None:
    assert isinstance(verdict(CHECKS, "timedash/auth/forbidden", without=("limited",)), Skipped)


def test_limited_credential_that_is_nobodys_proves_nothing_where_the_target_says_its_roles() -> None:
    spec = specs.load("timedash")
    plain = exam_of(spec)
    roles = {"roles": {"roles": {"limited": {"denied": ["createContact"]}}}}
    credentials = {**plain.target.credentials, "limited": {"key": "nobodys"}}
    exam = Exam(spec, replace(plain.target, credentials=credentials, parameters=roles))
    clause = spec.clauses["timedash/auth/forbidden"]
    flow = CHECKS[clause.rule].flow
    assert flow is not None
    assert isinstance(driven(flow(exam, clause), Guarded(spec)), Inconclusive)


@pytest.mark.parametrize("bug", ["no_roles", "as_unknown"])
def test_role_that_no_document_describes_is_not_held_against_an_operation(bug: str) -> None:
    assert not isinstance(verdict(RESOURCES, "88miles/operation/create", bug), Failed)
