# ruff: noqa: ARG002 - what is overridden takes what it is given
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import specs
from conformance.check import Fine
from conformance.checks.resources import record_keeps_schema
from conformance.exchange import Exchange, Request, Response
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from specs.model import Resource
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, seeded, verdict_on

OPERATIONS = [clause.id for clause in specs.load("88miles").clauses.values() if clause.rule == "operation_keeps_its_contract"]
OTHERS = ["timedash/rest/resources", "paydirt/root/versioned", "paydirt/resource/client", "moonrope/rpc/action", "88miles/project/members"]


def small(clause: str, kind: type[Miniature] = Miniature, **how: Any) -> Verdict:
    """The verdict on an implementation with a few records."""
    return verdict_on(clause, kind, most=5, **how)


@pytest.mark.parametrize("clause", [*OPERATIONS, *OTHERS])
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict_on(clause), Passed)


# Contracts


class Statuses(Miniature):
    """Answers one kind of refusal with another status."""

    cause, status = "", 400

    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        return super().refuse(call, Refused(refusal.cause, self.status) if refusal.cause == self.cause else refusal)


class Accepts202(Miniature):
    def respond(self, call: Call, status: int, document: Any) -> Response:
        return replace(super().respond(call, status, document), status=202 if status == 200 else status)


class LacksATotal(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {name: value for name, value in record.items() if name != "grand_total"}


class NumberForAName(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {**record, "name": 7}


class NoLettersButAscii(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {name: value.encode("ascii", "replace").decode() if isinstance(value, str) else value for name, value in record.items()}


class AnswersWhatItDoesNotKeep(Miniature):
    """Answers a write with the notes given, and keeps none."""

    def show(self, resource: Resource, record: Record) -> Any:
        return record

    def perform(self, call: Call) -> tuple[int, Any]:
        status, document = super().perform(call)
        if call.operation.effect == "read":
            document["response"] = {**document["response"], "notes": None}
        return status, document


class RefusesOddNames(Miniature):
    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        super().validate(resource, members, effect)
        if not str(members.get("name", "")).isascii():
            raise Refused("invalid_record")


class ActivitiesOfNobody(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        strange = "99999999-9999-4999-8999-999999999999"
        return {**record, "activities": [{"name": "x", "uuid": strange, "project_uuid": strange}]}


class TrueBooleans(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {**record, "active": str(record.get("active")).lower() == "true", "extra": {}}


@pytest.mark.parametrize("clause", OPERATIONS)
@pytest.mark.parametrize("changes", [{"cause": "unauthenticated", "status": 400}, {"cause": "unauthenticated", "status": 404}])
def test_other_status_for_strangers_fails(clause: str, changes: dict[str, Any]) -> None:
    assert isinstance(small(clause, type("Kind", (Statuses,), changes)), Failed)


@pytest.mark.parametrize("clause", [clause for clause in OPERATIONS if "/list" not in clause and "/create" not in clause])
def test_other_status_for_unknown_records_fails(clause: str) -> None:
    assert isinstance(small(clause, type("Kind", (Statuses,), {"cause": "not_found", "status": 400})), Failed)


@pytest.mark.parametrize("clause", [clause for clause in OPERATIONS if clause.endswith("in-company")])
def test_other_status_for_unknown_companies_fails(clause: str) -> None:
    assert isinstance(small(clause, type("Kind", (Statuses,), {"cause": "parent_not_found", "status": 403})), Failed)


@pytest.mark.parametrize("clause", OPERATIONS)
def test_forbidden_stranger_is_a_remark(clause: str) -> None:
    verdict = small(clause, type("Kind", (Statuses,), {"cause": "unauthenticated", "status": 403}))
    assert isinstance(verdict, Passed)
    assert verdict.remarks


@pytest.mark.parametrize("clause", OPERATIONS)
def test_other_success_fails(clause: str) -> None:
    assert isinstance(small(clause, Accepts202), Failed)


@pytest.mark.parametrize("clause", [clause for clause in OPERATIONS if "/delete" not in clause])
@pytest.mark.parametrize("kind", [LacksATotal, NumberForAName])
def test_missing_and_mistyped_members_fail(clause: str, kind: type[Miniature]) -> None:
    assert isinstance(small(clause, kind), Failed)


@pytest.mark.parametrize("clause", [clause for clause in OPERATIONS if "/create" in clause or "/update" in clause])
def test_texts_that_are_not_kept_fail(clause: str) -> None:
    assert isinstance(small(clause, NoLettersButAscii), Failed)
    assert isinstance(small(clause, AnswersWhatItDoesNotKeep), Failed)


@pytest.mark.parametrize("clause", [clause for clause in OPERATIONS if "/create" in clause or "/update" in clause])
def test_texts_may_be_refused(clause: str) -> None:
    found = small(clause, RefusesOddNames)
    assert isinstance(found, Passed)
    assert any("odd texts" in remark for remark in found.remarks)


def test_element_of_another_record_fails() -> None:
    assert isinstance(verdict_on("88miles/project/members", ActivitiesOfNobody), Failed)


@pytest.mark.parametrize("clause", [*OPERATIONS, "88miles/project/members"])
def test_booleans_and_further_members_pass(clause: str) -> None:
    assert isinstance(small(clause, TrueBooleans), Passed)


@pytest.mark.parametrize("clause", [clause for clause in OPERATIONS if "/list" not in clause and "/show" not in clause])
def test_nothing_is_written_without_permission(clause: str) -> None:
    assert not isinstance(small(clause, write=False), Failed)


# Members


@pytest.mark.parametrize("kind", [LacksATotal, NumberForAName])
def test_records_without_their_members_fail(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("88miles/project/members", kind), Failed)


class TextIds(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {**record, "id": str(record["id"])}


class TextIdsInLists(Miniature):
    def list_document(self, call: Call, resource: Resource) -> Any:
        document = super().list_document(call, resource)
        return {name: [{**record, "id": str(record["id"])} for record in records] for name, records in document.items()}


class NameIsOptional(Miniature):
    """Takes a client without a name, and shows that it has none."""

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        pass


class WrongInTheMiddle(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        return {**record, "business_name": None if record is self.records[resource.name][2] else record.get("business_name")}


@pytest.mark.parametrize("kind", [TextIdsInLists, WrongInTheMiddle])
def test_every_record_is_looked_at(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("paydirt/resource/client", kind), Failed)


def test_ids_of_another_type_than_in_the_example_pass() -> None:
    assert isinstance(verdict_on("paydirt/resource/client", TextIds), Passed)


def test_record_made_without_a_member_need_not_show_it() -> None:
    exam, answer = seeded("paydirt", NameIsOptional, most=1)
    clause, client = exam.spec.clauses["paydirt/resource/client"], exam.spec.resources["clients"]
    nameless = exam.ask.operation(exam.spec.operations["createClient"], members={"currency_id": 2})
    listed = exam.ask.operation(exam.spec.operations["listClients"])
    observations = [record_keeps_schema(exam, clause, Exchange(request, answer(request))) for request in (nameless, listed)]
    assert answer.records[client.name][-1]["business_name"] is None
    assert [type(seen) for seen in observations] == [type(None), Fine]


def test_no_records_prove_nothing() -> None:
    assert isinstance(verdict_on("paydirt/resource/client", most=0, write=False), Inconclusive)


# Paths


class ItemsElsewhere(Miniature):
    def route(self, request: Request) -> Call:
        if request.method == "GET" and "/agreements/" in request.url:
            raise Refused("unknown_operation")
        return super().route(request)


def test_record_elsewhere_fails() -> None:
    assert isinstance(verdict_on("timedash/rest/resources", ItemsElsewhere), Failed)


class WithoutPrefix(Miniature):
    def route(self, request: Request) -> Call:
        if "/api/v1/" in request.url:
            raise Refused("unknown_operation")
        return super().route(replace(request, url=request.url.replace(".test/", ".test/api/v1/")))


def test_paths_without_the_prefix_fail() -> None:
    assert isinstance(verdict_on("paydirt/root/versioned", WithoutPrefix), Failed)


# Actions


class AnythingGoes(Miniature):
    def route(self, request: Request) -> Call:
        return super().route(replace(request, url=request.url.replace("zz_proctor_none", "list")))


class BeginsAlike(Miniature):
    """Takes what begins like an action for that action."""

    def route(self, request: Request) -> Call:
        return super().route(replace(request, url=request.url.replace("listzz_proctor_none", "list")))


class OneMissing(Miniature):
    def route(self, request: Request) -> Call:
        if request.url.endswith("/units/list"):
            raise Refused("unknown_operation")
        return super().route(request)


class UpdateCreates(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        return self.create(call, resource)


@pytest.mark.parametrize("kind", [AnythingGoes, BeginsAlike, OneMissing, UpdateCreates])
def test_action_that_is_not_its_own_fails(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("moonrope/rpc/action", kind), Failed)


# Paths


class NewOnesElsewhere(Miniature):
    """Finds by their id only the records that it began with."""

    def find(self, call: Call, resource: Resource) -> Record:
        found = super().find(call, resource)
        if call.operation.effect == "read" and str(found[resource.key]).startswith("900"):
            raise Refused("not_found")
        return found


class NewOnesNowhere(NewOnesElsewhere):
    """Needs a while until a new record is there, in the list as by its id."""

    def visible(self, call: Call, resource: Resource) -> list[Record]:
        return [record for record in super().visible(call, resource) if not str(record[resource.key]).startswith("900")]


class NewOnesByTheirIdLater(Miniature):
    """Reads by id from a copy of the data that is a second behind."""

    behind = 0
    """How many of the records are not yet in the copy."""

    def create(self, call: Call, resource: Resource) -> Record:
        self.behind += 1
        return super().create(call, resource)

    def wait(self, seconds: float) -> None:
        self.behind = 0 if seconds >= 1 else self.behind

    def find(self, call: Call, resource: Resource) -> Record:
        found = super().find(call, resource)
        if self.behind and found in self.records[resource.name][-self.behind :]:
            raise Refused("not_found")
        return found


@pytest.mark.parametrize("most", [0, 5])
def test_copy_may_be_a_second_behind(most: int) -> None:
    assert isinstance(verdict_on("timedash/rest/resources", NewOnesByTheirIdLater, most=most), Passed)


def test_new_record_lies_under_its_list() -> None:
    assert isinstance(small("timedash/rest/resources", NewOnesElsewhere), Failed)


def test_new_record_may_appear_later() -> None:
    assert isinstance(small("timedash/rest/resources", NewOnesNowhere), Passed)


def test_reading_alone_finds_paths() -> None:
    assert isinstance(small("timedash/rest/resources", NewOnesElsewhere, write=False), Passed)
