"""Faults: every rule can be broken, each fault shows on a tour of its API, and none breaks more than it is asked to."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mockserver import Clock, Engine, Request, Response, faults_of
from mockserver.behaviours import BEHAVIOURS
from mockserver.faults import plant, resolve
from specs.conventions import CONVENTIONS
from tests.mockserver.conftest import NOON, SIXTH, spec_of
from tests.mockserver.tours import tour

ALL: list[str | Path] = ["timedash", "paydirt", "moonrope", "88miles", "productive", SIXTH]

FAULTS = [(api, fault.name) for api in ALL for fault in faults_of(spec_of(api))]

RULES = [(kind, rule) for kind, convention in CONVENTIONS.items() for rule in convention.rules]


@cache
def _engine(api: str | Path) -> Engine:
    return Engine([spec_of(api)], clock=Clock(NOON))


@cache
def _steps(api: str | Path) -> tuple[Request | float | None, ...]:
    return tuple(tour(spec_of(api)))


@cache
def _clean(api: str | Path) -> tuple[Response, ...]:
    return _toured(api)


def _toured(api: str | Path, *faults: str) -> tuple[Response, ...]:
    """The answers to a tour of an API whose stub has these faults."""
    engine = _engine(api)
    engine.set_faults(faults)
    engine.clock.freeze(NOON)
    found = []
    for step in _steps(api):
        if step is None:
            engine.reset()
        elif isinstance(step, Request):
            found.append(engine.handle(step))
        else:
            engine.clock.advance(step)
    engine.set_faults([])
    return tuple(found)


@pytest.mark.parametrize(("api", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_fault_shows(api: str | Path, fault: str) -> None:
    shows = _toured(api, fault) != _clean(api)
    assert shows, f"{fault} changes nothing in {len(_clean(api))} answers"


@pytest.mark.parametrize("api", ALL, ids=str)
def test_lifted_faults_leave_no_trace(api: str | Path) -> None:
    clean = _clean(api)
    _toured(api, *(fault.name for fault in faults_of(spec_of(api)) if fault.usual))
    the_same = _toured(api) == clean
    assert the_same


@pytest.mark.parametrize("api", ALL, ids=str)
def test_fault_of_one_operation_breaks_no_other(api: str | Path) -> None:
    engine, spec = _engine(api), spec_of(api)
    compiled = engine.apis[spec.api]
    for fault in faults_of(spec):
        operation = spec.clauses[fault.clause].operations[-1]
        broken = plant(compiled, [resolve(f"{fault.name}@{operation}", engine.apis)])
        assert {served.id for served in broken} == {operation}


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_every_rule_can_be_broken(kind: str, rule: str) -> None:
    ways = BEHAVIOURS[kind].FAULTS[rule]
    assert ways
    assert all(fault.says.endswith(".") and fault.says[0].isupper() for fault in ways.values())


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_every_fault_is_of_a_rule(kind: str) -> None:
    assert set(BEHAVIOURS[kind].FAULTS) <= set(CONVENTIONS[kind].rules)


@pytest.mark.parametrize("api", ALL, ids=str)
def test_every_clause_has_a_fault(api: str | Path) -> None:
    spec = spec_of(api)
    assert {fault.clause for fault in faults_of(spec)} == set(spec.clauses)


@pytest.mark.parametrize("api", ALL, ids=str)
def test_ways_of_a_clause_say_different_things(api: str | Path) -> None:
    told = [(fault.clause, fault.says) for fault in faults_of(spec_of(api))]
    assert len(set(told)) == len(told)


# What some faults do


def _ids(answer: Any, place: str = "data", key: str = "id") -> list[Any]:
    return [record[key] for record in answer.json[place]]


def test_overlap_repeats_one_record(stub: Any) -> None:
    caller = stub("timedash", "timedash/page/walk:overlap")
    first, second = (_ids(caller("GET", "/assignments", query=f"page={page}&size=10")) for page in (0, 1))
    assert second[0] == first[-1]


def test_gap_leaves_one_record_out(stub: Any) -> None:
    caller, clean = stub("timedash", "timedash/page/walk:gap"), stub("timedash")
    assert _ids(caller("GET", "/assignments", query="page=1&size=10")) == _ids(clean("GET", "/assignments", query="size=21"))[11:]


def test_filter_after_the_cut_finds_less(stub: Any) -> None:
    caller, clean = stub("timedash", "timedash/filter/equality:after_the_cut"), stub("timedash")
    query = "status=planned&size=100"
    assert len(_ids(caller("GET", "/assignments", query=query))) < len(_ids(clean("GET", "/assignments", query=query)))


def test_one_too_many_is_one_record(stub: Any) -> None:
    caller, clean = stub("timedash", "timedash/filter/equality:one_too_many"), stub("timedash")
    query = "status=planned&size=100"
    found, right = _ids(caller("GET", "/assignments", query=query)), _ids(clean("GET", "/assignments", query=query))
    assert (len(found), set(right) < set(found)) == (len(right) + 1, True)


def test_numbers_sorted_as_text_put_ten_before_nine(stub: Any) -> None:
    answer = stub("timedash", "timedash/sort/both:as_text")("GET", "/assignments", query="sort=duration&size=100")
    values = [record["duration"] for record in answer.json["data"]]
    assert values == sorted(values, key=str) != sorted(values)


def test_fault_of_one_operator_spares_the_others(stub: Any) -> None:
    caller, clean = stub("productive", "productive/filter/gt:bound_turned"), stub("productive")
    greater, less = "page[size]=200&filter[time][gt]=240", "page[size]=200&filter[time][lt]=240"
    assert _ids(caller("GET", "/time_entries", query=greater)) != _ids(clean("GET", "/time_entries", query=greater))
    assert _ids(caller("GET", "/time_entries", query=less)) == _ids(clean("GET", "/time_entries", query=less))
