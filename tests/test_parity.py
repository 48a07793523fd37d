"""Every convention stands on three floors, and every rule has its three parts."""

from __future__ import annotations

import pytest

import specs
from conformance.checks import CHECKS
from mockserver.behaviours import BEHAVIOURS
from specs.conventions import CONVENTIONS

RULES = [(kind, rule) for kind, convention in CONVENTIONS.items() for rule in convention.rules]


def test_the_three_tables_name_the_same_kinds() -> None:
    assert set(CONVENTIONS) == set(BEHAVIOURS) == set(CHECKS)


@pytest.mark.parametrize(("kind", "rule"), RULES, ids=[f"{kind}.{rule}" for kind, rule in RULES])
def test_rule_is_examined_and_breakable(kind: str, rule: str) -> None:
    assert rule in CHECKS[kind], "no check"
    assert BEHAVIOURS[kind].FAULTS.get(rule), "no fault"


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_no_floor_has_a_rule_that_is_not_promised(kind: str) -> None:
    assert set(CHECKS[kind]) <= set(CONVENTIONS[kind].rules)
    assert set(BEHAVIOURS[kind].FAULTS) <= set(CONVENTIONS[kind].rules)


def test_every_check_says_how_it_examines() -> None:
    assert [f"{kind}.{rule}" for kind, checks in CHECKS.items() for rule, check in checks.items() if not check.how] == []


def test_every_rule_is_bound_by_some_clause() -> None:
    bound = {(clause.kind, clause.rule) for name in specs.names() for clause in specs.load(name).clauses.values()}
    assert bound >= {(kind, rule) for kind, rule in RULES if kind != "pagination"}
