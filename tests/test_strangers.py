"""Implementations that strangers wrote from the documents alone: what is right must not be called wrong."""

from __future__ import annotations

import pytest

import specs
from conformance import Completed, Examination, state_of
from tests.implementations.matrix import excuses
from tests.implementations.strangers import STRANGERS, clause_of, examined, plainly_examined

PASSED = {
    "timedash_plain": 31,
    "timedash_spring": 31,
    "paydirt_rails": 19,
    "moonrope_ruby": 14,
    "miles_rails": 50,
    "miles_rails_strict": 44,
    "productive_jsonapi": 32,
}
"""The clauses that each is seen to keep, at least: an examination that sees nothing raises no false alarm either."""

PLAIN = {"timedash_plain": ("key", 21), "timedash_spring": ("key", 21), "paydirt_rails": ("key", 16), "miles_rails_strict": ("token", 42)}
"""Those that stand at the documented paths: the field of their credential, and the clauses seen without a target file."""


def _complaints(found: Examination) -> list[str]:
    wrong = (result for result in found.results if state_of(result) in ("failed", "errored"))
    return [f"{result.clause.id}: {getattr(result.verdict, 'observed', '') or getattr(result.verdict, 'reason', '')}" for result in wrong]


@pytest.mark.parametrize("name", STRANGERS)
def test_correct_implementation_fails_nothing(name: str) -> None:
    found = examined(STRANGERS[name])
    assert isinstance(found.outcome, Completed)
    assert _complaints(found) == []
    assert found.counts["passed"] >= PASSED[name], found.counts


@pytest.mark.parametrize("name", [name for name, stranger in STRANGERS.items() if stranger.limited])
def test_rate_limit_is_found_and_otherwise_kept(name: str) -> None:
    clauses = ("page/walk", "rate/limit", "rate/per-key", "rate/message", "rate/recovers")
    found = examined(STRANGERS[name], clauses=tuple(f"{STRANGERS[name].api}/{clause}" for clause in clauses))
    assert _complaints(found) == []
    assert found.counts["passed"] == 5, found.counts


@pytest.mark.parametrize("name", PLAIN)
def test_url_and_credential_are_enough(name: str) -> None:
    field, passed = PLAIN[name]
    found = plainly_examined(STRANGERS[name], field)
    assert isinstance(found.outcome, Completed)
    assert _complaints(found) == []
    assert found.counts["passed"] >= passed, found.counts


@pytest.mark.parametrize("name", STRANGERS)
def test_every_bug_names_a_clause(name: str) -> None:
    stranger = STRANGERS[name]
    known = {clause_of(stranger, bug) for bug in stranger.bugs}
    assert known <= set(specs.load(stranger.api).clauses)


def test_every_excuse_is_of_a_bug_and_says_why() -> None:
    for name, bugs in excuses().items():
        assert set(bugs) <= set(STRANGERS[name].bugs)
        assert all(set(excuse) <= {"reading", "why"} and excuse["why"] for excuse in bugs.values())
