from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

import specs
from conformance.steps.aiming import Aims, absent_key, in_order
from conformance.steps.findings import Findings
from conformance.steps.mistakes import trials
from tests.conformance.checks.guarded import Guarded, exam_of


def value_of(steps: Generator[Any, Any, Any], answer: Guarded) -> Any:
    try:
        request = next(steps)
        while True:
            request = steps.send(answer(request))
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize("api", ["paydirt", "timedash", "moonrope", "88miles", "productive"])
def test_writes_aim_at_own_records(api: str) -> None:
    spec = specs.load(api)
    answer, exam, findings = Guarded(spec), exam_of(spec), Findings()
    aims = Aims(exam, findings)
    seeded = {str(one["record"][spec.resources[name].key]) for name, items in spec.seed.records.items() for one in items}
    for operation in in_order(spec.operations.values()):
        aim = value_of(aims.at(operation), answer)
        assert aim is not None
        if not aim.reads and aim.key is not None:
            assert aim.absent or aim.key not in seeded


@pytest.mark.parametrize("api", ["paydirt", "timedash", "moonrope", "88miles", "productive"])
def test_absent_key_is_nobodys(api: str) -> None:
    spec = specs.load(api)
    for resource in spec.resources.values():
        key = value_of(absent_key(exam_of(spec), resource), Guarded(spec))
        assert key not in {str(one["record"][resource.key]) for one in spec.seed.records.get(resource.name, ())}


def test_without_permission_nothing_is_written() -> None:
    spec = specs.load("timedash")
    answer, findings = Guarded(spec), Findings()
    aims = Aims(exam_of(spec, write=False), findings)
    assert value_of(aims.at(spec.operations["deleteContact"]), answer) is None
    assert all(request.safe for request in answer.sent)
    assert findings.missing


def test_deletes_come_last() -> None:
    spec = specs.load("88miles")
    effects = [operation.effect for operation in in_order(spec.operations.values())]
    assert effects[:2] == ["list", "list"]
    assert effects[-2:] == ["delete", "delete"]


@pytest.mark.parametrize("mistake", ["unknown_id", "missing", "wrong_type", "malformed_json", "not_an_object", "odd_id", "bad_page"])
def test_mistakes_have_a_request_without(mistake: str) -> None:
    spec = specs.load("timedash")
    aims = Aims(exam_of(spec), Findings())
    found = value_of(trials(aims.exam, aims, spec.operations.values(), "invalid_parameter", [mistake]), Guarded(spec))
    assert found
    assert all(each.request != each.control for each in found)
