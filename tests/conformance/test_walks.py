# ruff: noqa: ARG002 - what is overridden takes what it is given
from __future__ import annotations

from typing import Any

import pytest

from conformance.check import Steps
from conformance.exam import Walk
from tests.conformance.checks.miniature import Call, Miniature, Refused, seeded


class Capped(Miniature):
    """Has pages of twenty records at most, of which its document says nothing."""

    def bounded(self, size: int, largest: int) -> int:
        return min(size, 20)

    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        pass


class Refusing(Capped):
    def bounded(self, size: int, largest: int) -> int:
        if size > 20:
            raise Refused("page_out_of_bounds")
        return size

    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        call.query.setdefault(pagination.size, "20")
        return super().window(call, pagination)


@pytest.mark.parametrize(("kind", "total"), [(Capped, 130), (Refusing, 130), (Capped, 45)])
def test_walk_by_a_size_that_the_target_does_not_have_is_whole(kind: type[Miniature], total: int) -> None:
    exam, implementation = seeded("productive", kind)
    resource = max(exam.spec.resources.values(), key=lambda one: len(implementation.records[one.name]))
    implementation.records[resource.name] = implementation.records[resource.name][:total]
    walk = _walked(exam.walk(resource, size=30), implementation)
    assert walk.complete
    assert len(walk.records) == min(total, len(implementation.records[resource.name])) >= 45


def _walked(steps: Steps[Walk], implementation: Miniature) -> Walk:
    request = next(steps)
    try:
        while True:
            request = steps.send(implementation(request))
    except StopIteration as end:
        walk: Walk = end.value
        return walk
