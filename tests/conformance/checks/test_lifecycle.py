# ruff: noqa: ARG002 - what is overridden takes what it is given
from __future__ import annotations

import copy
import html
from typing import Any

import pytest

from conformance.exchange import Request, Response
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.model import Resource
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, loaded, verdict_on

CLAUSES = [clause.id for api in ("timedash", "paydirt", "productive", "88miles") for clause in loaded(api).clauses.values() if clause.kind == "lifecycle"]


def small(clause: str, kind: type[Miniature] = Miniature, **how: Any) -> Verdict:
    """The verdict on an implementation with a few records."""
    return verdict_on(clause, kind, most=6, **how)


@pytest.mark.parametrize("clause", CLAUSES)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(small(clause), Passed)


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause != "paydirt/resource/job"])
def test_nothing_is_examined_without_writing(clause: str) -> None:
    assert isinstance(small(clause, write=False), Skipped | Inconclusive)


class Dead(Miniature):
    def __call__(self, request: Request) -> Response:
        return Response(503)


@pytest.mark.parametrize("clause", CLAUSES)
def test_server_that_can_not_answer_is_no_failure(clause: str) -> None:
    assert isinstance(small(clause, Dead), Inconclusive)


# Odd, but right


class ExtraRequired(Miniature):
    """Needs a member that nobody told us of."""

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        if effect == "create":
            raise Refused("invalid_record")


class OwnMembers(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        shown = super().show(resource, record)
        shown.get("attributes", shown)["of_our_own"] = {"x": 1}
        return shown


class NumbersAsText(Miniature):
    def show(self, resource: Resource, record: Record) -> Any:
        shown = super().show(resource, record)
        inner = shown.get("attributes", shown)
        inner.update({name: f"{value}.0" for name, value in inner.items() if isinstance(value, int) and not isinstance(value, bool) and name != resource.key})
        return shown


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("kind", [OwnMembers, NumbersAsText, ExtraRequired])
def test_other_implementations_never_fail(clause: str, kind: type[Miniature]) -> None:
    assert not isinstance(small(clause, kind), Failed)


# Creating and reading


class Forgets(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        self.records[resource.name].remove(record)
        return record


class DropsAValue(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        given = [name for name, value in record.items() if name != resource.key and value is not None]
        record[given[-1]] = None
        return record


class FirstParent(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        return {**record, "job_id": self.records["jobs"][0]["id"]} if "job_id" in record else record


class LastParent(Miniature):
    """Takes the last job for the one that was named."""

    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        return {**record, "job_id": self.records["jobs"][-1]["id"]} if "job_id" in record else record


class NoProjects(Miniature):
    def perform(self, call: Call) -> tuple[int, Any]:
        if call.operation.id == "createProject":
            raise Refused("method_not_allowed", 405)
        return super().perform(call)


class NotListed(Miniature):
    def visible(self, call: Call, resource: Resource) -> list[Record]:
        found = super().visible(call, resource)
        return [record for record in found if record["id"] < 9000] if call.operation.effect == "list" else found


class AlwaysTheFirst(Miniature):
    def find(self, call: Call, resource: Resource) -> Record:
        return self.records[resource.name][0]


class NoneCompleted(Miniature):
    def find(self, call: Call, resource: Resource) -> Record:
        record = super().find(call, resource)
        if record.get("completed"):
            raise Refused("not_found", 404)
        return record


class QueryUnseen(Miniature):
    def taken(self, call: Call, resource: Resource) -> Record:
        call.query = dict(part.split("=") for part in (call.request.body or b"").decode().split("&") if part)
        return super().taken(call, resource)

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        if "duration" not in members:
            raise Refused("invalid_record")


class MakesTwo(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        self.records[resource.name].append({**record, "id": record["id"] + 500})
        return record


class Overwrites(Miniature):
    def new_key(self, resource: Resource, members: Record) -> Any:
        return self.records[resource.name].pop()["id"]


class EscapesTexts(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        record.update({name: html.escape(value) for name, value in record.items() if isinstance(value, str)})
        return record


class FailsOnQuotes(Miniature):
    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        if any("'" in str(value) for value in members.values()):
            raise Refused("server_error", 500)


class RefusesQuotes(Miniature):
    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        if any("'" in str(value) for value in members.values()):
            raise Refused("invalid_record")


class FailsOnTime(Miniature):
    status = 500

    def perform(self, call: Call) -> tuple[int, Any]:
        if call.operation.id == "createTimeLog":
            raise Refused("unknown_operation", self.status)
        return super().perform(call)


class NoTime(FailsOnTime):
    status = 404


class NewJobsFail(Miniature):
    def find(self, call: Call, resource: Resource) -> Record:
        record = super().find(call, resource)
        if record["id"] > 9000:
            raise Refused("server_error", 500)
        return record


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("resource/create", MakesTwo),
        ("resource/create", Overwrites),
        ("resource/create", EscapesTexts),
        ("resource/create", FailsOnQuotes),
        ("resource/time", FailsOnTime),
        ("resource/time", NoTime),
        ("resource/job", NewJobsFail),
        ("resource/create", Forgets),
        ("resource/create", DropsAValue),
        ("resource/create", NoProjects),
        ("resource/create", NotListed),
        ("resource/time", Forgets),
        ("resource/time", FirstParent),
        ("resource/time", LastParent),
        ("resource/time", QueryUnseen),
        ("resource/job", AlwaysTheFirst),
        ("resource/job", NoneCompleted),
    ],
)
def test_lost_records_fail(clause: str, kind: type[Miniature]) -> None:
    assert isinstance(verdict_on(f"paydirt/{clause}", kind), Failed)


def test_text_that_is_refused_is_a_remark() -> None:
    verdict = verdict_on("paydirt/resource/create", RefusesQuotes)
    assert isinstance(verdict, Passed)
    assert any("Söhne" in remark for remark in verdict.remarks)


class ClosedJob(Miniature):
    """Takes no time for the job amid those that are listed."""

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        super().validate(resource, members, effect)
        jobs = self.records["jobs"]
        if str(members.get("job_id")) == str(jobs[len(jobs) // 2]["id"]) or (resource.name == "time_logs" and "job_id" not in members):
            raise Refused("invalid_record")


def test_job_may_be_closed() -> None:
    assert isinstance(verdict_on("paydirt/resource/time", ClosedJob, most=6), Passed)


class ASecondBehind(Miniature):
    """Answers reads and lists from a copy of the data that is a second behind."""

    copy: dict[str, list[Record]] | None = None

    def wait(self, seconds: float) -> None:
        self.copy = None if seconds >= 1 else self.copy

    def perform(self, call: Call) -> tuple[int, Any]:
        if call.operation.effect not in ("list", "read"):
            self.copy = self.copy or copy.deepcopy(self.records)
            return super().perform(call)
        records, self.records = self.records, self.copy or self.records
        try:
            return super().perform(call)
        finally:
            self.records = records


@pytest.mark.parametrize("clause", ["paydirt/resource/create", "88miles/delete/gone", "88miles/update/merge", "productive/jsonapi/create"])
def test_what_was_written_may_be_seen_a_second_later(clause: str) -> None:
    assert not isinstance(small(clause, ASecondBehind), Failed)


# Deleting


class AnswersTheRecord(Miniature):
    def deleted(self) -> Any:
        return {"id": 1}


class Keeps(Miniature):
    def delete(self, resource: Resource, record: Record) -> None:
        pass


class StillListed(Miniature):
    gone: tuple[Any, ...] = ()

    def delete(self, resource: Resource, record: Record) -> None:
        self.gone = (*self.gone, record["uuid"])

    def find(self, call: Call, resource: Resource) -> Record:
        record = super().find(call, resource)
        if record["uuid"] in self.gone:
            raise Refused("not_found")
        return record


class ActsOnTheDead(StillListed):
    def visible(self, call: Call, resource: Resource) -> list[Record]:
        return [one for one in super().visible(call, resource) if call.operation.effect == "punch_out" or one["uuid"] not in self.gone]

    def find(self, call: Call, resource: Resource) -> Record:
        return Miniature.find(self, call, resource)


class StillInTheNestedList(StillListed):
    def visible(self, call: Call, resource: Resource) -> list[Record]:
        found = super().visible(call, resource)
        return found if "company_uuid" in call.values else [one for one in found if one["uuid"] not in self.gone]


class KeepsRunning(Miniature):
    def delete(self, resource: Resource, record: Record) -> None:
        if not record.get("running"):
            super().delete(resource, record)


def test_body_of_a_delete_fails_where_it_is_documented() -> None:
    assert isinstance(small("timedash/delete/empty", AnswersTheRecord), Failed)


def test_body_of_a_delete_is_a_remark_where_it_is_open() -> None:
    verdict = small("88miles/envelope/delete", AnswersTheRecord)
    assert isinstance(verdict, Passed)
    assert verdict.remarks


@pytest.mark.parametrize("kind", [Keeps, StillListed, StillInTheNestedList, ActsOnTheDead, KeepsRunning])
def test_record_that_is_not_gone_fails(kind: type[Miniature]) -> None:
    assert isinstance(small("88miles/delete/gone", kind), Failed)


# Updating


class Replaces(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        blank = {name: None for name in self.properties(resource) if name not in ("uuid", "activities", "company_uuid", "active", "grand_total")}
        record.update(blank)
        return super().update(call, resource, record)

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        pass


class ResetsVisibility(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        record["visibility"] = "private"
        return super().update(call, resource, record)


class Activates(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        record["active"] = "true"
        return super().update(call, resource, record)


class LosesZeros(Miniature):
    def taken(self, call: Call, resource: Resource) -> Record:
        found = super().taken(call, resource)
        return {name: value for name, value in found.items() if value or call.operation.effect != "update"}


class LosesNulls(Miniature):
    def taken(self, call: Call, resource: Resource) -> Record:
        found = super().taken(call, resource)
        return {name: value for name, value in found.items() if value is not None or call.operation.effect != "update"}


class DropsActivities(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        record["activities"] = []
        return super().update(call, resource, record)


class ChangesNothing(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        return record


@pytest.mark.parametrize("kind", [Replaces, ResetsVisibility, Activates, LosesZeros, DropsActivities, ChangesNothing])
def test_update_that_does_not_merge_fails(kind: type[Miniature]) -> None:
    assert isinstance(small("88miles/update/merge", kind), Failed)


class ClosedWhenSignedOff(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        if record["active"] == "false":
            raise Refused("invalid_record")
        return super().update(call, resource, record)


def test_signed_off_project_may_be_closed_to_changes() -> None:
    assert isinstance(small("88miles/update/merge", ClosedWhenSignedOff), Passed)


def test_null_taken_for_missing_is_a_remark() -> None:
    verdict = small("88miles/update/merge", LosesNulls)
    assert isinstance(verdict, Passed)
    assert any("null" in remark for remark in verdict.remarks)


# Ids, closed sets, parsed texts, read-only members


class OwnIds(Miniature):
    def new_key(self, resource: Resource, members: Record) -> Any:
        return super().new_key(resource, {})


class NoIds(Miniature):
    def new_key(self, resource: Resource, members: Record) -> Any:
        return members.get("uuid") or "next"


class SameId(Miniature):
    def new_key(self, resource: Resource, members: Record) -> Any:
        return members.get("uuid") or "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("kind", [OwnIds, NoIds, SameId])
def test_wrong_ids_fail(kind: type[Miniature]) -> None:
    assert isinstance(small("88miles/project/uuid", kind), Failed)


class AnyValue(Miniature):
    effect = "create"

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        if effect != self.effect:
            super().validate(resource, members, effect)


class RefusesAndKeeps(Miniature):
    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        try:
            super().validate(resource, members, effect)
        except Refused:
            if effect == "create":
                self.records[resource.name].append({**members, resource.key: self.new_key(resource, {})})
            raise


class RefusesAndChanges(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        record.update({name: value for name, value in self.taken(call, resource).items() if name != resource.key})
        return super().update(call, resource, record)


class FallsOver(Miniature):
    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        try:
            super().validate(resource, members, effect)
        except Refused:
            raise Refused("server_error", 500) from None


@pytest.mark.parametrize("kind", [AnyValue, type("OnUpdate", (AnyValue,), {"effect": "update"}), RefusesAndKeeps, RefusesAndChanges, FallsOver])
def test_value_outside_of_the_set_that_is_taken_fails(kind: type[Miniature]) -> None:
    assert isinstance(small("88miles/project/visibility", kind), Failed)


class OtherStatus(Miniature):
    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        return super().refuse(call, Refused(refusal.cause, 400) if refusal.cause == "invalid_record" else refusal)


def test_any_refusal_of_a_value_passes() -> None:
    assert isinstance(small("88miles/project/visibility", OtherStatus), Passed)


class TextWins(Miniature):
    def parsed(self, resource: Resource, members: Record) -> Record:
        return super().parsed(resource, {**members, **{name: None for name in ("time_limit", "hourly_rate_cents") if members.get(f"{name}_string")}})


class NeverParses(Miniature):
    def number(self, form: str, text: str) -> int | None:
        return None


class OnlyOneForm(Miniature):
    def number(self, form: str, text: str) -> int | None:
        return {"1:30": 5400, "$100": 10000}.get(text)


class NumberLost(Miniature):
    def parsed(self, resource: Resource, members: Record) -> Record:
        return super().parsed(resource, {name: value for name, value in members.items() if name not in ("time_limit", "hourly_rate_cents")})


class ParsedOnCreateOnly(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        members = self.taken(call, resource)
        return {**record, **members} if record.update(members) is None else record


PARSED = ["88miles/project/time-limit-string", "88miles/project/hourly-rate"]


class OwnLanguage(Miniature):
    """Writes and reads texts as nobody would guess."""

    def number(self, form: str, text: str) -> int | None:
        return int(text.removeprefix("AU$ ct ")) if text.startswith("AU$ ct ") else None

    def show(self, resource: Resource, record: Record) -> Any:
        written = {"time_limit_string": "time_limit", "hourly_rate": "hourly_rate_cents"}
        told = {text: f"AU$ ct {record[number]}" for text, number in written.items() if record.get(number) is not None}
        return {**super().show(resource, record), **told}


@pytest.mark.parametrize("clause", PARSED)
@pytest.mark.parametrize("kind", [OnlyOneForm, OwnLanguage])
def test_one_form_of_the_text_is_enough(clause: str, kind: type[Miniature]) -> None:
    assert isinstance(small(clause, kind), Passed)


@pytest.mark.parametrize("clause", PARSED)
@pytest.mark.parametrize("kind", [NeverParses, NumberLost, ParsedOnCreateOnly])
def test_number_that_is_not_filled_or_lost_fails(clause: str, kind: type[Miniature]) -> None:
    assert isinstance(small(clause, kind), Failed)


def test_text_that_wins_over_the_number_fails() -> None:
    assert isinstance(small(PARSED[0], TextWins), Failed)


class TakesReadOnly(Miniature):
    def taken(self, call: Call, resource: Resource) -> Record:
        return {**super().taken(call, resource), **{name: value for name, value in call.body["project"].items() if name in self.names_taken}}

    names_taken = ("running",)


class RefusesReadOnly(Miniature):
    def taken(self, call: Call, resource: Resource) -> Record:
        if "overdue" in call.body["project"]:
            raise Refused("invalid_record")
        return super().taken(call, resource)


@pytest.mark.parametrize("kind", [TakesReadOnly, type("Started", (TakesReadOnly,), {"names_taken": ("started_at",)}), RefusesReadOnly])
def test_read_only_member_that_is_not_ignored_fails(kind: type[Miniature]) -> None:
    assert isinstance(small("88miles/project/read-only", kind), Failed)


# Refused writes

INVALID = ["productive/error/invalid", "88miles/error/invalid-record"]


@pytest.mark.parametrize("clause", INVALID)
@pytest.mark.parametrize("kind", [AnyValue, type("OnUpdate", (AnyValue,), {"effect": "update"}), RefusesAndKeeps, RefusesAndChanges, FallsOver])
def test_invalid_write_that_is_taken_or_leaves_something_fails(clause: str, kind: type[Miniature]) -> None:
    assert isinstance(small(clause, kind), Failed)


class TakesAnyCompany(Miniature):
    effect = "create"

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        try:
            super().validate(resource, members, effect)
        except Refused as refusal:
            if refusal.cause != "parent_not_found" or effect != self.effect:
                raise


class HasCompaniesOfItsOwn(Miniature):
    """Takes another company for one that does not exist."""

    def taken(self, call: Call, resource: Resource) -> Record:
        found = super().taken(call, resource)
        known = [str(company["uuid"]) for company in self.records["companies"]]
        return {**found, "company_uuid": known[0]} if found.get("company_uuid", known[0]) not in known else found


@pytest.mark.parametrize("effect", ["create", "update"])
def test_unknown_parent_that_is_kept_fails(effect: str) -> None:
    assert isinstance(small("88miles/error/invalid-record", type("Kind", (TakesAnyCompany,), {"effect": effect})), Failed)


def test_unknown_parent_may_be_taken_for_another() -> None:
    assert isinstance(small("88miles/error/invalid-record", HasCompaniesOfItsOwn), Passed)


class RefusedWith200(Miniature):
    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        return super().refuse(call, Refused(refusal.cause, 200) if refusal.cause == "invalid_record" else refusal)


class TypesUnchecked(Miniature):
    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        if resource.name != "time_logs":
            super().validate(resource, members, effect)


@pytest.mark.parametrize("kind", [RefusedWith200, TypesUnchecked, RefusesAndKeeps])
def test_invalid_create_of_paydirt_fails(kind: type[Miniature]) -> None:
    assert isinstance(small("paydirt/error/invalid-parameters", kind), Failed)


class RequiresLess(Miniature):
    def required(self, resource: Resource, operation: Any) -> list[str]:
        return ["name"] if "name" in self.properties(resource) else []


@pytest.mark.parametrize("clause", [*INVALID, "paydirt/error/invalid-parameters"])
def test_what_is_required_is_open(clause: str) -> None:
    assert isinstance(small(clause, RequiresLess), Passed)


class OtherTitle(Miniature):
    def error_document(self, cause: str, status: int) -> Any:
        return {"errors": [{"status": status, "title": "Oh", "detail": "No"}]}


def test_error_without_its_documented_title_fails() -> None:
    assert isinstance(small("productive/error/invalid", OtherTitle), Failed)


# JSON:API


class Created200(Miniature):
    def success(self, effect: str) -> int:
        return 200


class Created204(Miniature):
    def respond(self, call: Call, status: int, document: Any) -> Response:
        return super().respond(call, 204 if status == 201 else status, None if status == 201 else document)


class AnyType(Miniature):
    def refuse_conflicts(self, call: Call, resource: Resource) -> None:
        pass


class TakesIds(Miniature):
    def refuse_conflicts(self, call: Call, resource: Resource) -> None:
        if call.body["data"]["type"] != resource.type:
            raise Refused("conflict")

    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        record["id"] = call.body["data"].get("id", record["id"])
        return record


@pytest.mark.parametrize("kind", [Created204, TakesIds])
def test_other_answers_of_json_api_pass(kind: type[Miniature]) -> None:
    assert isinstance(small("productive/jsonapi/create", kind), Passed)


class RefusesAndMakes(Miniature):
    def refuse_conflicts(self, call: Call, resource: Resource) -> None:
        if call.body["data"]["type"] != resource.type:
            self.records[resource.name].append({**self.taken(call, resource), resource.key: "made"})
        super().refuse_conflicts(call, resource)


class KeepsAscii(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        answered = dict(record)
        record.update({name: value.encode("ascii", "replace").decode() for name, value in record.items() if isinstance(value, str)})
        return answered


class DropsZeros(Miniature):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        answered = dict(record)
        record.update({name: None for name, value in record.items() if value == 0 and value is not False})
        return answered


class ForgetsUpdates(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        before = dict(record)
        answered = dict(super().update(call, resource, record))
        record.update(before)
        return answered


class Empties(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        given = self.taken(call, resource)
        super().update(call, resource, record)
        record.update(
            {name: None for name in record if name not in given and name not in (resource.key, "company_id", *self.required(resource, call.operation))}
        )
        return record


class Computes(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        super().update(call, resource, record)
        if "billable_time" in record:
            record["billable_time"] = record["time"]
        return record


@pytest.mark.parametrize("kind", [RefusesAndMakes, KeepsAscii, DropsZeros, ForgetsUpdates, Empties])
def test_what_json_api_keeps_must_be_kept(kind: type[Miniature]) -> None:
    assert isinstance(small("productive/jsonapi/create", kind), Failed)


class RoundsToTheHour(Miniature):
    def taken(self, call: Call, resource: Resource) -> Record:
        return {name: round(value / 60) * 60 if name in ("time", "billable_time") else value for name, value in super().taken(call, resource).items()}


class NumbersOfItsOwn(Miniature):
    """Knows numbers better than those who give them."""

    def taken(self, call: Call, resource: Resource) -> Record:
        found = super().taken(call, resource)
        return {name: 40 if isinstance(value, int) and not isinstance(value, bool) else value for name, value in found.items()}


@pytest.mark.parametrize("kind", [Computes, RoundsToTheHour, NumbersOfItsOwn])
def test_update_may_change_computed_members(kind: type[Miniature]) -> None:
    assert isinstance(small("productive/jsonapi/create", kind), Passed)


class RefusesAndMoves(Miniature):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        moved = {member: value for member, value in self.taken(call, resource).items() if member in self.parent_names(resource).values()}
        moved |= {parent.member: value for parent in resource.parents if (value := self.taken(call, resource).get(parent.member)) is not None}
        try:
            return super().update(call, resource, record)
        except Refused:
            record.update(moved)
            raise


class MovesNothing(Miniature):
    """Looks for the parent first, and finds none that takes another record."""

    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        given = self.taken(call, resource)
        if any(given.get(parent.member) not in (None, record.get(parent.member)) for parent in resource.parents):
            raise Refused("not_found")
        return super().update(call, resource, record)


def test_update_that_is_refused_for_its_parent_passes() -> None:
    assert isinstance(small("productive/error/invalid", MovesNothing), Passed)


def test_refused_update_that_keeps_the_parent_fails() -> None:
    assert isinstance(small("productive/error/invalid", RefusesAndMoves), Failed)


@pytest.mark.parametrize("kind", [Created200, AnyType])
def test_answers_that_json_api_does_not_know_fail(kind: type[Miniature]) -> None:
    assert isinstance(small("productive/jsonapi/create", kind), Failed)
