# ruff: noqa: ARG002 - what is overridden takes what it is given
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.check import Fine
from conformance.checks import CHECKS as EVERY
from conformance.checks.content_negotiation import CHECKS, body_media
from conformance.exchange import Exchange, Request, Response
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
        ("productive/content/accept", "first_accept"),
        ("productive/content/accept", "creates_any_accept"),
        ("productive/content/accept", "refused_and_made"),
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


class ListsForGet(Miniature):
    """Refuses a list that is asked for by POST, and gives it for a GET."""

    got = False

    def __call__(self, request: Request) -> Response:
        self.got = request.method == "GET"
        return super().__call__(replace(request, method="POST", body=b"{}") if self.got else request)

    def list_document(self, call: Call, resource: Resource) -> Any:
        if not self.got:
            raise Refused("request_failed")
        return super().list_document(call, resource)


class FailsOverLetters(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        if not (call.request.body or b"").isascii():
            raise Refused("server_error")
        return super().create(call, resource)


@pytest.mark.parametrize("kind", [ListsForGet, FailsOverLetters])
def test_post_that_is_not_taken_fails(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("moonrope/request/post-json", kind), Failed)


class RefusesLetters(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        if not (call.request.body or b"").isascii():
            raise Refused("invalid_record")
        return super().create(call, resource)


class FailsToList(Miniature):
    def list_document(self, call: Call, resource: Resource) -> Any:
        raise Refused("request_failed")


class BusyReads(Miniature):
    def find(self, call: Call, resource: Resource) -> Record:
        raise Refused("unavailable")


@pytest.mark.parametrize("kind", [RefusesLetters, FailsToList, BusyReads])
def test_refusal_that_says_nothing_of_the_body_is_no_failure(kind: type[Miniature]) -> None:
    assert not isinstance(verdict_on("moonrope/request/post-json", kind), Failed)


def test_byte_order_mark_is_remarked_on() -> None:
    exam, _ = seeded("moonrope")
    known = exam.spec.clauses["moonrope/content/json"]
    body = b'\xef\xbb\xbf{"status": "success", "time": 0, "flags": {}, "data": []}'
    response = Response(200, (("content-type", "application/json"),), body)
    found = body_media(exam, known, Exchange(exam.ask.operation(exam.spec.operations["listCalls"]), response))
    assert isinstance(found, Fine)
    assert "byte order mark" in found.remark


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


class UpdatesWithNothing(Miniature):
    """Answers an update with 204."""

    def respond(self, call: Call, status: int, document: Any) -> Response:
        updated = call.operation.effect == "update" and status == 200 if call is not None else False
        return Response(204) if updated else super().respond(call, status, document)


def test_promised_body_is_never_left_out() -> None:
    assert isinstance(verdict_on("timedash/content/json", UpdatesWithNothing), Failed)
    assert isinstance(verdict_on("timedash/content/json", UpdatesWithNothing, write=False), Passed)


def test_body_that_nobody_promised_may_be_left_out() -> None:
    assert isinstance(verdict_on("paydirt/content/json", UpdatesWithNothing), Passed)
