"""Faults, switched while the stub runs."""

from __future__ import annotations

from mockserver import faults_of
from tests.mockserver.conftest import Caller, spec_of
from tests.mockserver.control.conftest import Plane, engine_of

DEFAULT = "timedash/page/default"


def test_all_faults_are_listed(plane: Plane) -> None:
    answer = plane("GET", "/faults").json
    assert [one["name"] for one in answer["faults"]] == [fault.name for fault in faults_of(spec_of("timedash"))]
    assert answer["on"] == []


def test_faults_are_listed_by_api() -> None:
    listed = Plane(engine_of("timedash", "paydirt"))("GET", "/faults", query="api=paydirt").json["faults"]
    assert {one["clause"].split("/")[0] for one in listed} == {"paydirt"}


def test_fault_is_switched_on_and_off(plane: Plane, caller: Caller) -> None:
    honest = caller("GET", "/assignments").body
    assert plane("PATCH", "/faults", {"on": [DEFAULT]}).json == {"on": [DEFAULT]}
    assert caller("GET", "/assignments").body != honest
    assert plane("PATCH", "/faults", {"off": [DEFAULT]}).json == {"on": []}
    assert caller("GET", "/assignments").body == honest


def test_one_fault_is_not_on_twice_under_two_names(plane: Plane) -> None:
    usual = next(fault.name for fault in faults_of(spec_of("timedash")) if fault.clause == DEFAULT and fault.usual)
    plane("PUT", "/faults", {"on": [DEFAULT]})
    assert plane("PATCH", "/faults", {"on": [usual]}).json == {"on": [DEFAULT]}
    assert plane("PATCH", "/faults", {"off": [usual]}).json == {"on": []}


def test_set_faults_are_the_only_ones(plane: Plane) -> None:
    plane("PUT", "/faults", {"on": [DEFAULT, "timedash/page/walk"]})
    assert plane("PUT", "/faults", {"on": ["timedash/page/walk"]}).json == {"on": ["timedash/page/walk"]}
    assert plane("DELETE", "/faults").status == 204
    assert plane("GET", "/faults").json["on"] == []


def test_unknown_fault_says_what_there_is_and_changes_nothing(plane: Plane) -> None:
    plane("PUT", "/faults", {"on": [DEFAULT]})
    answer = plane("PATCH", "/faults", {"on": ["timedash/page/walkk"]})
    assert answer.status == 422
    assert "there is timedash/rest/resources" in answer.json["detail"]
    assert plane("GET", "/faults").json["on"] == [DEFAULT]


def test_fault_that_is_not_on_cannot_be_switched_off(plane: Plane) -> None:
    plane("PUT", "/faults", {"on": [DEFAULT]})
    answer = plane("PATCH", "/faults", {"off": ["timedash/page/walk"]})
    assert (answer.status, DEFAULT in answer.json["detail"]) == (422, True)
