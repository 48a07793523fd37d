from __future__ import annotations

from typing import Any

import pytest

from conformance.verdict import Failed, Passed
from tests.conformance.checks.miniature import Miniature, verdict_on

CLAUSE = "moonrope/envelope/time"


class Timed(Miniature):
    value: Any = 0.01
    failure: Any = None

    def wrap(self, document: Any) -> Any:
        wrapped = super().wrap(document)
        wrapped["time"] = self.value if wrapped["status"] == "success" else self.failure
        return wrapped


class Timeless(Miniature):
    def wrap(self, document: Any) -> Any:
        return {name: value for name, value in super().wrap(document).items() if name != "time"}


@pytest.mark.parametrize("value", [0, 0.0, 0.01, 1, None, 99.5])
def test_number_and_null_pass(value: Any) -> None:
    assert isinstance(verdict_on(CLAUSE, type("Kind", (Timed,), {"value": value})), Passed)


@pytest.mark.parametrize("value", ["0.01", True, -0.01, [], {}])
def test_anything_else_fails(value: Any) -> None:
    assert isinstance(verdict_on(CLAUSE, type("Kind", (Timed,), {"value": value})), Failed)


@pytest.mark.parametrize("value", ["", -1])
def test_wrong_time_of_failures_alone_fails(value: Any) -> None:
    assert isinstance(verdict_on(CLAUSE, type("Kind", (Timed,), {"failure": value})), Failed)


def test_missing_time_fails() -> None:
    assert isinstance(verdict_on(CLAUSE, Timeless), Failed)
