from __future__ import annotations

from functools import cache

import pytest

import specs
from mockserver.clock import Clock
from mockserver.engine import Engine
from mockserver.exchange import Request, Response
from mockserver.faults import FaultError, FaultId, faults_of
from specs.catalogue import names
from specs.conventions import CONVENTIONS
from specs.model import Spec
from tests.mockserver.tours import Step, tour

START = 1_700_000_000.0


@cache
def _spec(api: str) -> Spec:
    return specs.load(api)


@cache
def _engine(api: str) -> Engine:
    return Engine([_spec(api)], clock=Clock(START))


@cache
def _clean(api: str) -> tuple[Response, ...]:
    return _toured(api, ())


@cache
def _steps(api: str) -> list[Step]:
    return tour(_spec(api))


def _toured(api: str, faults: tuple[str, ...]) -> tuple[Response, ...]:
    engine = _engine(api)
    engine.set_faults(faults)
    engine.clock.freeze(START)
    found = []
    for step in _steps(api):
        if step is None:
            engine.reset()
        elif isinstance(step, Request):
            found.append(engine.handle(step))
        else:
            engine.clock.advance(step)
    return tuple(found)


def _faults() -> list[FaultId]:
    return [fault for api in names() for fault in faults_of(_spec(api))]


@pytest.mark.parametrize("name", [fault.name for fault in _faults()])
def test_every_fault_shows(name: str) -> None:
    api = name.partition("/")[0]
    shows = _toured(api, (name,)) != _clean(api)
    assert shows


@pytest.mark.parametrize("api", names())
def test_lifted_faults_leave_no_trace(api: str) -> None:
    clean = _clean(api)
    _toured(api, tuple(fault.name for fault in faults_of(_spec(api)) if fault.usual))
    the_same = _toured(api, ()) == clean
    assert the_same


@pytest.mark.parametrize("api", names())
def test_fault_of_one_operation_leaves_the_others_honest(api: str) -> None:
    engine, spec = _engine(api), _spec(api)
    for fault in faults_of(spec):
        operation = spec.clauses[fault.clause].operations[-1]
        engine.set_faults([f"{fault.name}@{operation}"])
        served = (*engine.apis[api].served.values(), *engine.apis[api].pseudo.values())
        assert {one.id for one in served if one.pipeline is not one.honest} == {operation}


@pytest.mark.parametrize("api", names())
def test_without_faults_every_pipeline_is_honest(api: str) -> None:
    engine = _engine(api)
    engine.set_faults([])
    assert all(served.pipeline is served.honest for served in engine.apis[api].served.values())


@pytest.mark.parametrize("api", names())
def test_every_clause_has_a_fault(api: str) -> None:
    assert {fault.clause for fault in faults_of(_spec(api))} == set(_spec(api).clauses)


def test_every_rule_has_a_fault() -> None:
    from mockserver.behaviours import BEHAVIOURS

    missing = [f"{kind}.{rule}" for kind, convention in CONVENTIONS.items() for rule in convention.rules if not BEHAVIOURS[kind].FAULTS.get(rule)]
    assert missing == []


@pytest.mark.parametrize("api", names())
def test_a_fault_says_what_goes_wrong(api: str) -> None:
    faults = faults_of(_spec(api))
    assert all(fault.says.endswith(".") and fault.says[0].isupper() for fault in faults)
    assert len({(fault.clause, fault.says) for fault in faults}) == len(faults)


@pytest.mark.parametrize("name", ["timedash/page/no-such", "timedash/page/walk:no-such", "timedash/page/walk@readAccount", "nonsense"])
def test_unknown_fault_is_an_error_that_tells_what_there_is(name: str) -> None:
    with pytest.raises(FaultError, match=r"there is|does not speak of"):
        _engine("timedash").set_faults([name])
