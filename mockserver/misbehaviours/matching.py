"""Ways to spoil the tests that a list's filters make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.misbehaviours.listing import never
from mockserver.pipeline import Answer, Call, Site, Step, Wrap
from mockserver.store import Test

__all__ = ["Concerns", "all_pass", "last_counts", "matching", "none_passes", "one_is_enough", "one_missing", "one_too_many", "others_pass"]

Concerns = Callable[[Call, Site], bool]
"""Tells whether a fault is about a call."""

Other = Callable[[list[Test]], list[Test]]
"""The tests that stand in the place of the honest ones."""


def matching(other: Other, concerns: Concerns) -> Wrap:
    """The wrap that puts other tests in the place of those that a call's filters make."""

    def wrap(step: Step, site: Site) -> Step:
        def narrow(call: Call) -> Answer:
            known = len(call.wanted.tests)
            answer = step(call)
            own = call.wanted.tests[known:]
            if answer is None and own and concerns(call, site):
                call.wanted.tests[known:] = other(own)
            return answer

        return narrow

    return wrap


def all_pass(tests: list[Test]) -> list[Test]:  # noqa: ARG001
    """No test: every record passes."""
    return []


def none_passes(tests: list[Test]) -> list[Test]:  # noqa: ARG001
    """A test that no record passes."""
    return [never]


def one_is_enough(tests: list[Test]) -> list[Test]:
    """A test that a record passes if it passes any of them."""
    return [lambda record: any(test(record) for test in tests)]


def last_counts(tests: list[Test]) -> list[Test]:
    """The last of the tests."""
    return tests[-1:]


def others_pass(tests: list[Test]) -> list[Test]:
    """A test that the others pass."""
    return [lambda record: not all(test(record) for test in tests)]


def misjudging(verdict: bool) -> Other:
    """The tests, but the first record with that verdict gets the other one."""

    def other(tests: list[Test]) -> list[Test]:
        wrong: list[str] = []

        def test(record: Mapping[str, Any]) -> bool:
            passes = all(test(record) for test in tests)
            if passes is verdict and not wrong:
                wrong.append("once")
                return not passes
            return passes

        return [test]

    return other


one_missing, one_too_many = misjudging(True), misjudging(False)
