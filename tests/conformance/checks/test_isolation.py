from __future__ import annotations

import pytest

from conformance.checks.isolation import CHECKS
from conformance.exchange import Request
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from tests.conformance.checks.guarded import verdict
from tests.conformance.checks.miniature import Call, Miniature, Refused, verdict_on


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
