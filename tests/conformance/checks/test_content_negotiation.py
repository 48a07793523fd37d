from __future__ import annotations

from typing import Any

import pytest

from conformance.checks import CHECKS as EVERY
from conformance.checks.content_negotiation import CHECKS
from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Resource, Spec
from tests.conformance.checks.guarded import verdict
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, examine, seeded, verdict_on


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/content/json",
        "timedash/content/json",
        "moonrope/content/json",
        "moonrope/request/post-json",
        "productive/content/request",
        "productive/content/response",
        "productive/content/bulk",
        "productive/content/accept",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/content/json", "html"),
        ("timedash/content/json", "html"),
        ("timedash/content/json", "html_errors"),
        ("productive/content/response", "html_errors"),
        ("moonrope/request/post-json", "latin"),
        ("productive/content/request", "any_type"),
        ("productive/content/accept", "any_accept"),
        ("productive/content/accept", "always_406"),
        ("productive/content/bulk", "unmarked"),
        ("productive/content/bulk", "partial"),
        ("88miles/format/json", "bare_other"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_errors_are_free_where_open() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/content/json", "html_errors"), Passed)


def test_bare_path_agrees() -> None:
    assert isinstance(verdict(CHECKS, "88miles/format/json", "bare"), Passed)


def test_unknown_bare_path_is_open() -> None:
    assert isinstance(verdict(CHECKS, "88miles/format/json"), Inconclusive)


def test_writes_are_needed() -> None:
    assert isinstance(verdict(CHECKS, "productive/content/request", write=False), Inconclusive)
    assert isinstance(verdict(CHECKS, "productive/content/bulk", write=False), Inconclusive)


class OtherSize(Miniature):
    """Tells the size of its pages as per_page, and takes it as limit."""

    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        call.body = {"per_page": call.body["limit"]} if "limit" in call.body else {}
        return super().window(call, pagination)


class SizeInQuery(Miniature):
    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        call.body = dict(call.query)
        return super().window(call, pagination)


def test_size_of_another_name_is_no_failure_where_its_name_is_a_choice() -> None:
    assert not isinstance(verdict_on("moonrope/request/post-json", OtherSize), Failed)


def test_size_that_is_read_from_the_query_alone_fails() -> None:
    assert isinstance(verdict_on("moonrope/request/post-json", SizeInQuery), Failed)


@pytest.mark.parametrize("clause", ["timedash/content/json", "timedash/error/object"])
def test_method_that_the_document_does_not_name_is_not_called(clause: str) -> None:
    exam, implementation = seeded("timedash")
    known = exam.spec.clauses[clause]
    examine(exam, EVERY[known.kind][known.rule], known, implementation)
    assert {request.method for request in implementation.sent} <= {"GET", "POST", "PUT", "DELETE"}


class TextIds(Miniature):
    """Has ids of digits that are text, and takes no number for one."""

    def __init__(self, spec: Spec, records: Any = None) -> None:
        super().__init__(spec, records)
        for name, table in self.records.items():
            for record in table:
                key = spec.resources[name].key
                record[key] = f"{record[key]:06d}"

    def new_key(self, resource: Resource, members: Record) -> str:
        return f"{super().new_key(resource, members):06d}"

    def find(self, call: Call, resource: Resource) -> Record:
        if not isinstance(call.body.get(resource.key_parameter), str):
            raise Refused("invalid_parameter")
        return super().find(call, resource)


@pytest.mark.parametrize("clause", ["request/post-json", "envelope/status", "envelope/hash", "rpc/action", "status/http"])
def test_ids_are_sent_as_they_are_shown(clause: str) -> None:
    assert isinstance(verdict_on(f"moonrope/{clause}", TextIds), Passed)
