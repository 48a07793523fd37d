# ruff: noqa: ARG002, ARG005 - what is overridden takes what it is given
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.check import Broken, Fine
from conformance.checks.envelope import CHECKS
from conformance.exchange import Exchange, Request, Response
from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Resource
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, seeded, verdict_on

CLAUSES = [
    "paydirt/envelope/collection",
    "paydirt/envelope/single",
    "88miles/envelope/response",
    "88miles/envelope/count",
    "moonrope/envelope/hash",
    "moonrope/envelope/flags",
    "moonrope/envelope/data",
    "moonrope/envelope/status",
    "timedash/list/common",
    "productive/jsonapi/document",
    "productive/jsonapi/included",
]


class Rewriting(Miniature):
    """Sends every body through `rewritten`."""

    def respond(self, call: Call, status: int, document: Any) -> Response:
        return super().respond(call, status, self.rewritten(call, status, document) if document is not None else None)

    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return document


@pytest.mark.parametrize("clause", CLAUSES)
def test_right_bodies_pass(clause: str) -> None:
    assert isinstance(verdict_on(clause), Passed)


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause not in ("timedash/list/common", "productive/jsonapi/included")])
def test_reads_alone_pass(clause: str) -> None:
    assert isinstance(verdict_on(clause, write=False), Passed)


# Roots


class Bare(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return next(iter(document.values())) if status == 200 and isinstance(document, dict) else document


class SingularEverywhere(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return {"client": next(iter(document.values()))} if status == 200 else document


class TwoRoots(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        mine = status == 200 and call and call.operation.resource == "jobs"
        return {"these": next(iter(document.values())), "those": next(iter(document.values()))} if mine else document


class BareCreates(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return document["job"] if call and call.operation.id == "createJob" and "job" in document else document


class BareWithAnObject(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return {**document["job"], "links": {"self": "/jobs"}} if call and call.operation.id == "readJob" and "job" in document else document


class NullWhenEmpty(Miniature):
    def many(self, resource: Resource, records: list[Record], document: Any) -> Any:
        found = super().many(resource, records, document)
        return {name: value or None if name == "response" else value for name, value in found.items()}


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("paydirt/envelope/collection", Bare),
        ("paydirt/envelope/collection", SingularEverywhere),
        ("paydirt/envelope/collection", TwoRoots),
        ("paydirt/envelope/single", Bare),
        ("paydirt/envelope/single", BareCreates),
        ("paydirt/envelope/single", BareWithAnObject),
        ("88miles/envelope/response", Bare),
        ("88miles/envelope/response", NullWhenEmpty),
    ],
)
def test_wrong_roots_fail(clause: str, kind: type[Miniature]) -> None:
    verdict = verdict_on(clause, kind)
    assert isinstance(verdict, Failed)
    assert verdict.observed


class OtherNames(Rewriting):
    """Calls the resources that the document does not show as it likes."""

    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        mine = status == 200 and call and call.operation.resource in ("jobs", "projects", "time_logs")
        return {f"x_{name}": value for name, value in document.items()} if mine else document


@pytest.mark.parametrize("clause", ["paydirt/envelope/collection", "paydirt/envelope/single"])
def test_names_that_are_not_documented_are_open(clause: str) -> None:
    assert isinstance(verdict_on(clause, OtherNames), Passed)


# Counts


class Counting(Miniature):
    def many(self, resource: Resource, records: list[Record], document: Any) -> Any:
        found = super().many(resource, records, document)
        found["count"] = self.count_of(len(records), len(self.records[resource.name]))
        return found

    def count_of(self, shown: int, known: int) -> Any:
        return shown


@pytest.mark.parametrize(
    "count_of",
    [
        lambda self, shown, known: shown + 1,
        lambda self, shown, known: known,
        lambda self, shown, known: str(shown),
        lambda self, shown, known: None,
        lambda self, shown, known: shown or 1,
    ],
)
def test_wrong_counts_fail(count_of: Any) -> None:
    assert isinstance(verdict_on("88miles/envelope/count", type("Kind", (Counting,), {"count_of": count_of})), Failed)


# RPC


class Enveloped(Rewriting):
    """Changes the hash of successes or of failures."""

    on = ("success", "error")
    change: Any = staticmethod(lambda document: document)

    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return self.change(document) if isinstance(document, dict) and document.get("status") in self.on else document


def _without(name: str) -> Any:
    return staticmethod(lambda document: {key: value for key, value in document.items() if key != name})


def _with(**members: Any) -> Any:
    return staticmethod(lambda document: {**document, **members})


@pytest.mark.parametrize(
    ("clause", "on", "change"),
    [
        ("hash", ("success",), _without("flags")),
        ("hash", ("error",), _without("time")),
        ("hash", ("error",), staticmethod(lambda document: [document])),
        ("hash", ("success",), staticmethod(lambda document: document["data"])),
        ("flags", ("error",), _with(flags=None)),
        ("flags", ("success",), _with(flags=[])),
        ("data", ("error",), _with(data=None)),
        ("data", ("error",), _with(data="no")),
        ("status", ("success",), _with(status=True)),
        ("status", ("success",), _with(status="ok")),
        ("status", ("error",), _with(status="success")),
        ("status", ("error",), _with(status=404)),
        ("status", ("error",), _with(status="")),
        ("status", ("success",), _without("status")),
    ],
)
def test_wrong_hashes_fail(clause: str, on: tuple[str, ...], change: Any) -> None:
    assert isinstance(verdict_on(f"moonrope/envelope/{clause}", type("Kind", (Enveloped,), {"on": on, "change": change})), Failed)


@pytest.mark.parametrize("clause", ["hash", "flags", "data", "status"])
@pytest.mark.parametrize("change", [_with(extra=1), _with(flags={"more": True}), staticmethod(lambda document: dict(reversed(document.items())))])
def test_other_members_and_orders_pass(clause: str, change: Any) -> None:
    assert isinstance(verdict_on(f"moonrope/envelope/{clause}", type("Kind", (Enveloped,), {"change": change})), Passed)


class OutsideItsEnvelope(Miniature):
    """Answers an unknown action with HTTP 400 and a body of its own."""

    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        if refusal.cause == "unknown_operation":
            return Response(400, (("content-type", "text/html"),), b"<p>no</p>")
        return super().refuse(call, refusal)


@pytest.mark.parametrize("clause", ["moonrope/envelope/hash", "moonrope/envelope/flags", "moonrope/rpc/action"])
def test_unknown_action_is_outside_of_the_envelope(clause: str) -> None:
    assert isinstance(verdict_on(clause, OutsideItsEnvelope), Passed)


class ValidationSucceeds(Miniature):
    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        if refusal.cause == "invalid_record":
            return self.respond(call, 200, self.wrap({"data": {"errors": {}}}))
        return super().refuse(call, refusal)


def test_refused_create_that_says_success_fails() -> None:
    assert isinstance(verdict_on("moonrope/envelope/status", ValidationSucceeds), Failed)


class SilentAndLax(Miniature):
    """Takes whatever it is given for a new record, and says no more than that it did."""

    def required(self, resource: Resource, operation: Any) -> list[str]:
        return []

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        pass

    def one(self, resource: Resource, record: Any, call: Call) -> Any:
        return self.wrap({"data": None}) if call.operation.effect == "create" else super().one(resource, record, call)


class DeletesWhatIsGone(Miniature):
    def find(self, call: Call, resource: Resource) -> Record:
        try:
            return super().find(call, resource)
        except Refused:
            if call.operation.effect != "delete":
                raise
            return {}

    def delete(self, resource: Resource, record: Record) -> None:
        if record:
            super().delete(resource, record)


@pytest.mark.parametrize("kind", [SilentAndLax, DeletesWhatIsGone])
def test_success_that_no_mistake_belies_passes(kind: type[Miniature]) -> None:
    assert not isinstance(verdict_on("moonrope/envelope/status", kind), Failed)


# Lists among themselves


class OneBare(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return document["data"] if call and call.operation.id == "listAgreements" else document


class OneElsewhere(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return {"items": document["data"]} if call and call.operation.id == "listAgreements" else document


class OneById(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return {"data": {one["id"]: one for one in document["data"]}} if call and call.operation.id == "listAgreements" else document


class NamedRoots(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return {call.operation.resource: document["data"], "total": 1} if call and call.operation.effect == "list" and status == 200 else document


class AllBare(Rewriting):
    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        return document["data"] if call and call.operation.effect == "list" and status == 200 else document


@pytest.mark.parametrize("kind", [OneBare, OneElsewhere, OneById])
def test_one_list_of_another_structure_fails(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("timedash/list/common", kind), Failed)


class Embedded(Rewriting):
    """Wraps lists as Spring HATEOAS does: under names made of their resource, and not at all where they are empty."""

    def rewritten(self, call: Call | None, status: int, document: Any) -> Any:
        if call is None or call.operation.effect != "list" or status != 200:
            return document
        page = {"_links": {"self": {"href": "/"}}, "page": {"number": 0}}
        records = document["data"] if call.operation.id != "listAgreements" else []
        return {**page, "_embedded": {f"{self.spec.resources[call.operation.resource].singular}DtoList": records}} if records else page


@pytest.mark.parametrize("kind", [NamedRoots, AllBare, Embedded])
def test_any_common_structure_passes(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("timedash/list/common", kind), Passed)


class Absent(Miniature):
    def perform(self, call: Call) -> tuple[int, Any]:
        if call.operation.resource != "contacts":
            raise Refused("unknown_operation")
        return super().perform(call)


def test_one_list_proves_no_common_structure() -> None:
    assert isinstance(verdict_on("timedash/list/common", Absent), Inconclusive)


# JSON:API


class NumberIds(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {**super().show(resource, record), "id": int(record[resource.key])}


class BareErrors(Miniature):
    def error_document(self, cause: str, status: int) -> Any:
        return {"error": cause}


class FlatRecords(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        shown = super().show(resource, record)
        return {"type": shown["type"], "id": shown["id"], **shown["attributes"]}


class HtmlErrors(Miniature):
    def __call__(self, request: Request) -> Response:
        response = super().__call__(request)
        return replace(response, body=b"<h1>No</h1>") if response.status == 404 else response


@pytest.mark.parametrize("kind", [NumberIds, BareErrors, FlatRecords, HtmlErrors])
def test_other_documents_fail(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("productive/jsonapi/document", kind), Failed)


class IgnoresInclude(Miniature):
    def including(self, call: Call, resource: Resource, document: Any) -> Any:
        return document


class RefusesInclude(Miniature):
    def including(self, call: Call, resource: Resource, document: Any) -> Any:
        if "include" in call.query:
            raise Refused("unsupported_include", 400)
        return document


class IncludesOne(Miniature):
    def including(self, call: Call, resource: Resource, document: Any) -> Any:
        found = super().including(call, resource, document)
        return {**found, "included": found["included"][:1]} if len(found.get("included", ())) > 1 else found


class IncludesOnTheFirstPage(Miniature):
    def including(self, call: Call, resource: Resource, document: Any) -> Any:
        found = super().including(call, resource, document)
        later = call.query.get("page[number]", "1") != "1"
        return {name: value for name, value in found.items() if name != "included"} if later else found


class IncludesAll(Miniature):
    def including(self, call: Call, resource: Resource, document: Any) -> Any:
        found = super().including(call, resource, document)
        other = self.spec.resources["companies"]
        return {**found, "included": [self.show(other, one) for one in self.records["companies"]]} if "included" in found else found


def test_refusing_to_include_passes() -> None:
    assert isinstance(verdict_on("productive/jsonapi/included", RefusesInclude), Passed)


@pytest.mark.parametrize("kind", [IgnoresInclude, IncludesOne, IncludesOnTheFirstPage, IncludesAll])
def test_include_without_full_linkage_fails(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("productive/jsonapi/included", kind), Failed)


class Dead(Miniature):
    def __call__(self, request: Request) -> Response:
        return Response(503, (("content-type", "application/json"),), json.dumps({"errors": []}).encode())


@pytest.mark.parametrize("clause", CLAUSES)
def test_server_that_can_not_answer_is_no_failure(clause: str) -> None:
    assert isinstance(verdict_on(clause, Dead), Inconclusive)


@pytest.mark.parametrize("clause", ["productive/jsonapi/document", "moonrope/envelope/hash"])
def test_body_of_a_web_server_before_the_api_is_not_judged(clause: str) -> None:
    exam, _ = seeded(clause.partition("/")[0])
    known = exam.spec.clauses[clause]
    operation = next(operation for operation in exam.operations(known) if operation.effect == "read")
    page = Response(413, (("content-type", "text/html"),), b"<h1>413</h1>")
    request = exam.ask.operation(operation, key="1")
    observe = CHECKS[known.rule].observe
    assert observe is not None
    assert observe(exam, known, Exchange(request, page)) is None
    assert isinstance(observe(exam, known, Exchange(request, replace(page, status=422))), Broken)


def test_further_members_are_remarked_on() -> None:
    exam, implementation = seeded("moonrope", type("Kind", (Enveloped,), {"change": _with(extra=1)}))
    known = exam.spec.clauses["moonrope/envelope/hash"]
    operation = next(operation for operation in exam.operations(known) if operation.effect == "list")
    request = exam.ask.operation(operation)
    observe = CHECKS[known.rule].observe
    assert observe is not None
    seen = observe(exam, known, Exchange(request, implementation(request)))
    assert isinstance(seen, Fine)
    assert "extra" in seen.remark
