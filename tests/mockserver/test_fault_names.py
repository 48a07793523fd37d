"""Faults by name: the usual way, one operation, several at once, and what there is where a name is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import Clock, Engine, FaultError, faults_of
from tests.mockserver.conftest import NOON, SIXTH, Caller, spec_of


def caller(*faults: str) -> Caller:
    return Caller(Engine([spec_of("timedash")], clock=Clock(NOON), faults=faults))


def test_usual_way_needs_no_name() -> None:
    fault = next(one for one in faults_of(spec_of("timedash")) if one.clause == "timedash/page/walk")
    assert fault.usual
    plain, named = caller("timedash/page/walk"), caller(fault.name)
    assert plain("GET", "/assignments", query="page=1").body == named("GET", "/assignments", query="page=1").body


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("timedash/page/nothing", "timedash/page/walk"),
        ("nothing/at/all", "timedash/page/walk"),
        ("timedash/page/wlak", "did you mean 'timedash/page/walk'"),
        ("timedash/auth/basic:nothing", "there is refused"),
        ("timedash/auth/basic:", "there is refused"),
        ("timedash/page/walk@readAccount", "listContacts"),
        ("timedash/page/walk@", "listContacts"),
        ("", "timedash"),
    ],
)
def test_wrong_name_says_what_there_is(name: str, told: str) -> None:
    with pytest.raises(FaultError, match=told):
        caller(name)


def test_one_name_may_stand_for_a_list_of_one() -> None:
    assert caller("timedash/page/default").engine.main.faults == Engine([spec_of("timedash")], faults="timedash/page/default").main.faults
    engine = Engine([spec_of("timedash")], transport_faults="status=503")
    assert engine.main.transport is not None
    assert engine.main.transport.texts == ("status=503",)


def test_one_operation_may_be_broken_alone() -> None:
    stranger = caller("timedash/auth/required:missing_accepted@listContacts").as_(None)
    assert (stranger("GET", "/contacts").status, stranger("GET", "/assignments").status) == (200, 401)


def test_several_faults_work_together() -> None:
    answer = caller("timedash/auth/required:missing_accepted", "timedash/page/default").as_(None)("GET", "/assignments")
    assert answer.status == 200
    assert len(answer.json["data"]) != 20


def test_faults_come_and_go_while_running(timedash: Any) -> None:
    before = timedash("GET", "/assignments").body
    timedash.engine.set_faults(["timedash/page/default"])
    assert timedash("GET", "/assignments").body != before
    timedash.engine.set_faults([])
    assert timedash("GET", "/assignments").body == before


def test_unknown_fault_leaves_those_that_are_planted(timedash: Any) -> None:
    timedash.engine.set_faults(["timedash/page/default"])
    broken = timedash("GET", "/assignments").body
    with pytest.raises(FaultError):
        timedash.engine.set_faults(["timedash/page/default", "timedash/nothing"])
    assert timedash("GET", "/assignments").body == broken


def test_any_spec_has_faults_for_its_clauses() -> None:
    spec = spec_of(SIXTH)
    assert {fault.clause for fault in faults_of(spec)} == set(spec.clauses)
    for fault in faults_of(spec):
        Engine([spec], faults=[fault.name])
