from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.errors import CHECKS
from conformance.verdict import Failed, Inconclusive, Passed
from tests.conformance.checks.guarded import verdict
from tests.conformance.checks.miniature import Miniature, verdict_on


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/error/body",
        "paydirt/error/helpful",
        "timedash/error/object",
        "timedash/error/type",
        "timedash/error/type-meaning",
        "timedash/error/bad-request",
        "timedash/error/request-failed",
        "timedash/error/not-found",
        "moonrope/error/parameter",
        "88miles/error/company-not-found",
        "88miles/error/project-not-found",
        "productive/error/shape",
        "productive/error/not-found",
        "productive/error/server",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/error/body", "no_type"),
        ("paydirt/error/helpful", "empty_errors"),
        ("timedash/error/object", "no_type"),
        ("timedash/error/type", "odd_type"),
        ("timedash/error/type-meaning", "odd_type"),
        ("timedash/error/param", "odd_type"),
        ("timedash/error/request-failed", "status_402"),
        ("timedash/error/not-found", "unknown_is_fine"),
        ("moonrope/error/parameter", "broken_500"),
        ("88miles/error/project-not-found", "unknown_is_fine"),
        ("productive/error/shape", "other_status"),
        ("productive/error/not-found", "unknown_is_fine"),
        ("productive/error/server", "broken_500"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_fewer_required_members_prove_nothing() -> None:
    assert isinstance(verdict(CHECKS, "timedash/error/bad-request", "lax"), Inconclusive)


def test_no_param_is_inconclusive() -> None:
    assert isinstance(verdict(CHECKS, "timedash/error/param"), Inconclusive)


def test_unknown_ids_are_enough() -> None:
    assert isinstance(verdict(CHECKS, "timedash/error/not-found", write=False), Passed)


class OtherErrorsOfTheRouter(Miniature):
    """Answers an unknown path with the body of its framework."""

    def error_document(self, cause: str, status: int) -> Any:
        return {"status": status, "path": "?"} if cause == "unknown_operation" else super().error_document(cause, status)


def test_error_of_an_unknown_path_has_the_shape_where_every_error_has() -> None:
    assert isinstance(verdict_on("timedash/error/object", OtherErrorsOfTheRouter), Failed)
    assert isinstance(verdict_on("paydirt/error/body", OtherErrorsOfTheRouter), Passed)
