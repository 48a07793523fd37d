# ruff: noqa: ARG002 - what is overridden takes what it is given
from __future__ import annotations

from typing import Any

import pytest

from conformance.check import Broken
from conformance.checks.statuses import CHECKS, outcome_apart
from conformance.exchange import Exchange
from conformance.verdict import Failed, Passed
from specs.model import Resource
from tests.conformance.checks.guarded import verdict
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, seeded, verdict_on


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/status/ok",
        "timedash/status/classes",
        "timedash/status/documented",
        "moonrope/status/http",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/status/ok", "create_201"),
        ("timedash/status/classes", "broken_500"),
        ("timedash/status/classes", "open"),
        ("timedash/status/documented", "status_409"),
        ("moonrope/status/http", "status_401"),
        ("moonrope/status/http", "create_201"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_another_success_passes_where_open() -> None:
    assert isinstance(verdict(CHECKS, "timedash/status/documented", "create_201"), Passed)


def test_no_records_still_pass() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/status/ok", few=0), Passed)


class SaysNothingOfDeletes(Miniature):
    def success(self, effect: str) -> int:
        return 204 if effect == "delete" else super().success(effect)

    def deleted(self) -> Any:
        return None


def test_another_success_fails_where_the_body_tells_the_outcome() -> None:
    exam, implementation = seeded("moonrope", SaysNothingOfDeletes)
    known = exam.spec.clauses["moonrope/status/http"]
    request = exam.ask.operation(exam.spec.operations["deleteContact"], key=implementation.records["contacts"][0]["id"])
    assert isinstance(outcome_apart(exam, known, Exchange(request, implementation(request))), Broken)


class FallsOverNull(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        if None in call.body.values():
            raise Refused("server_error")
        return super().create(call, resource)


class FallsOverOddPages(Miniature):
    odd: tuple[str, int] = ("page", 0)

    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        name, largest = self.odd
        if call.body.get(name, 1) == 0 or (largest and isinstance(call.body.get(name), int) and call.body[name] > largest):
            raise Refused("server_error")
        return super().window(call, pagination)


class FallsOverHugePages(FallsOverOddPages):
    odd = ("page", 2**63)


class DividesByTheSize(FallsOverOddPages):
    odd = ("per_page", 0)


@pytest.mark.parametrize("kind", [FallsOverNull, FallsOverHugePages, DividesByTheSize])
def test_odd_values_are_no_fault_of_the_server(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("moonrope/status/http", kind), Failed)


class TakesOddValues(Miniature):
    """Takes null for absent, and any page and size for the nearest there are."""

    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        wanted = {name: value if isinstance(value, int) else 1 for name, value in call.body.items()}
        return min(wanted.get("page", 1), 99) - 1, min(max(wanted.get("per_page", 30), 1), 60)


def test_odd_values_may_be_taken() -> None:
    assert isinstance(verdict_on("moonrope/status/http", TakesOddValues), Passed)


class FallsOverWords(Miniature):
    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        if not call.query.get(pagination.page, "0").isdigit():
            raise Refused("server_error")
        return super().window(call, pagination)


class FallsOverMetadata(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        if isinstance(call.body, dict) and not isinstance(call.body.get("metadata", {}), dict):
            raise Refused("server_error")
        return super().create(call, resource)


class TakesAnyPage(Miniature):
    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        if not call.query.get(pagination.page, "0").isdigit():
            call.query[pagination.page] = "0"
        return super().window(call, pagination)


@pytest.mark.parametrize("kind", [FallsOverWords, FallsOverMetadata])
def test_parameters_of_another_type_are_no_fault_of_the_server(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("timedash/status/classes", kind), Failed)


def test_page_that_is_no_number_may_be_taken() -> None:
    assert isinstance(verdict_on("timedash/status/classes", TakesAnyPage), Passed)
