from __future__ import annotations

import pytest

import specs
from conformance.checks.isolation import CHECKS
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Skipped
from specs.model import Resource
from tests.conformance.checks.guarded import Guarded, driven, exam_of, verdict
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, verdict_on


@pytest.mark.parametrize(
    "clause",
    [
        "paydirt/error/foreign-record",
        "paydirt/auth/full-sees-account",
        "88miles/list/own",
        "productive/auth/organization",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(CHECKS, clause), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("paydirt/error/foreign-record", "foreign_read"),
        ("paydirt/error/foreign-record", "foreign_delete"),
        ("paydirt/error/foreign-record", "foreign_404"),
        ("paydirt/error/foreign-record", "foreign_200_with_errors"),
        ("paydirt/error/foreign-record", "foreign_parent_kept"),
        ("paydirt/error/foreign-record", "foreign_parent_taken"),
        ("paydirt/error/foreign-record", "all_listed_of_a_client"),
        ("paydirt/error/foreign-record", "all_listed"),
        ("paydirt/auth/full-sees-account", "own_only"),
        ("88miles/list/own", "all_listed"),
        ("88miles/list/own", "foreign_read"),
        ("88miles/list/own", "foreign_delete"),
        ("productive/auth/organization", "any_selector"),
        ("productive/auth/organization", "foreign_read"),
        ("productive/auth/organization", "foreign_delete"),
        ("productive/auth/organization", "all_listed"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(CHECKS, clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_account_that_counts_its_own_records_knows_no_foreign_ones() -> None:
    found = verdict(CHECKS, "paydirt/error/foreign-record", "ids_by_account")
    assert not isinstance(found, Failed), found
    assert any("counts its clients" in remark for remark in found.remarks)


def _counting() -> tuple[Exam, Guarded]:
    spec = specs.load("paydirt")
    return exam_of(spec), Guarded(spec, "ids_by_account")


def test_id_that_both_accounts_have_is_not_written_to() -> None:
    exam, answer = _counting()
    first = answer.records["clients"][0]
    for number in range(6):
        answer.keep(exam.spec.resources["clients"], {**first, "business_name": f"Of other {number}"}, answer.other)
    theirs = [dict(one) for one in answer.records["clients"] if answer.owners[id(one)][0] == answer.other.account]
    clause = exam.spec.clauses["paydirt/error/foreign-record"]
    assert isinstance(driven(CHECKS["only_own_records_are_seen"].flow(exam, clause), answer), Passed)
    assert [one for one in answer.records["clients"] if answer.owners[id(one)][0] == answer.other.account][: len(theirs)] == theirs


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("rule", ["foreign_record_is_refused", "only_own_records_are_seen"])
def test_accounts_that_count_from_one_may_be_filled_alike(rule: str, write: bool) -> None:
    exam, answer = exam_of(specs.load("paydirt"), write=write), Guarded(specs.load("paydirt"), "ids_by_account")
    for name, records in answer.records.items():
        mine = [one for one in records if answer.owners[id(one)][0] != answer.other.account]
        answer.records[name] = [*mine]
        for number, record in enumerate(mine, 1):
            record["id"] = number
            answer.keep(exam.spec.resources[name], dict(record), answer.other)
    found = driven(CHECKS[rule].flow(exam, exam.spec.clauses["paydirt/error/foreign-record"]), answer)
    assert not isinstance(found, Failed | Errored), found


class NamesNothing(Guarded):
    """Says the same of a record of nobody's and of another account's, though accounts count for themselves."""

    def find(self, call: Call, resource: Resource) -> Record:
        try:
            return super().find(call, resource)
        except Refused:
            raise Refused("foreign_record") from None


def test_reference_to_what_the_other_account_deleted_is_none_to_full() -> None:
    exam, _ = _counting()
    answer = NamesNothing(exam.spec, "ids_by_account")
    for name in ("projects", "jobs", "time_logs"):
        for record in answer.records[name]:
            record.update({parent.member: 1 for parent in exam.spec.resources[name].parents if record.get(parent.member)})
    for name in ("clients", "projects", "jobs"):
        gone = [one for one in answer.records[name] if answer.owners[id(one)][0] == answer.other.account and one["id"] <= 2]
        answer.records[name] = [one for one in answer.records[name] if one not in gone]
    clause = exam.spec.clauses["paydirt/error/foreign-record"]
    assert isinstance(driven(CHECKS[clause.rule].flow(exam, clause), answer), Passed)


def test_reading_alone_finds_it() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/error/foreign-record", "foreign_read", write=False), Failed)


def test_reading_alone_passes() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/error/foreign-record", write=False), Passed)


def test_nothing_there_is_inconclusive() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/error/foreign-record", few=0, write=False), Inconclusive)
    assert isinstance(verdict(CHECKS, "88miles/list/own", few=0, write=False), Inconclusive)


def test_other_credential_is_needed() -> None:
    assert isinstance(verdict(CHECKS, "88miles/list/own", without=("other",)), Skipped)


def test_one_credential_sees_its_own() -> None:
    assert isinstance(verdict(CHECKS, "paydirt/auth/full-sees-account", without=("second",)), Passed)


class NoReads(Miniature):
    """Has no reads of single records but those that the document shows."""

    def route(self, request: Request) -> Call:
        call = super().route(request)
        if call.operation.id in ("readProject", "readTimeLog"):
            raise Refused("unknown_operation")
        return call


@pytest.mark.parametrize("clause", ["paydirt/auth/full-sees-account", "paydirt/resource/create", "paydirt/resource/time"])
def test_reads_that_no_document_shows_need_not_be_there(clause: str) -> None:
    assert isinstance(verdict_on(clause, NoReads), Passed)
