from __future__ import annotations

import pytest

from conformance.checks.content_negotiation import CHECKS
from conformance.verdict import Failed, Inconclusive, Passed
from tests.conformance.checks.guarded import verdict


@pytest.mark.parametrize("clause", [
    "paydirt/content/json",
    "timedash/content/json",
    "moonrope/content/json",
    "moonrope/request/post-json",
    "productive/content/request",
    "productive/content/response",
    "productive/content/bulk",
    "productive/content/accept",
])
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(("clause", "bug"), [
    ("paydirt/content/json", "html"),
    ("timedash/content/json", "html"),
    ("timedash/content/json", "html_errors"),
    ("productive/content/response", "html_errors"),
    ("moonrope/request/post-json", "latin"),
    ("productive/content/request", "any_type"),
    ("productive/content/accept", "any_accept"),
    ("productive/content/accept", "always_406"),
    ("productive/content/bulk", "unmarked"),
    ("productive/content/bulk", "partial"),
    ("88miles/format/json", "bare_other"),
])
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_errors_are_free_where_open() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/content/json", "html_errors"), Passed)


def test_bare_path_agrees() -> None:
    assert isinstance(verdict(CHECKS, "88miles/format/json", "bare"), Passed)


def test_unknown_bare_path_is_open() -> None:
    assert isinstance(verdict(CHECKS, "88miles/format/json"), Inconclusive)


def test_writes_are_needed() -> None:
    assert isinstance(verdict(CHECKS, "productive/content/request", write=False), Inconclusive)
    assert isinstance(verdict(CHECKS, "productive/content/bulk", write=False), Inconclusive)
