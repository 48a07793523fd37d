from __future__ import annotations

import pytest

from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from tests.conformance.checks.listed import PRODUCTIVE, Growing, verdict

GROUP = {"aggregate": {"group_parameter": "group"}}


@pytest.mark.parametrize("clause", ["productive/aggregate/meta", "productive/aggregate/unsupported", "productive/group/unsupported"])
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(clause), Passed)


@pytest.mark.parametrize("quirk", ["null_of_nothing", "list_of_nothing"])
def test_aggregates_of_no_record_may_be_null(quirk: str) -> None:
    assert isinstance(verdict("productive/aggregate/meta", quirk), Passed)


def test_list_that_others_write_to_does_not_fail() -> None:
    assert not isinstance(verdict("productive/aggregate/meta", kind=Growing), Failed)


def test_numbers_as_text_pass() -> None:
    assert isinstance(verdict("productive/aggregate/meta", "money_as_text"), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("productive/aggregate/meta", "sums_page"),
        ("productive/aggregate/meta", "sums_unfiltered"),
        ("productive/aggregate/meta", "flat"),
        ("productive/aggregate/meta", "nothing_of_nothing"),
        ("productive/aggregate/unsupported", "unknown_null"),
        ("productive/aggregate/unsupported", "other_title"),
        ("productive/group/unsupported", "other_title"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_lists_without_aggregates_prove_nothing() -> None:
    assert isinstance(verdict("productive/aggregate/meta", "no_aggregates"), Inconclusive)


def test_ignored_group_proves_nothing() -> None:
    assert isinstance(verdict("productive/group/unsupported", "group_ignored"), Inconclusive)


def test_ignored_group_of_the_target_fails() -> None:
    assert isinstance(verdict("productive/group/unsupported", "group_ignored", parameters=GROUP), Failed)


def test_target_without_groups_is_skipped() -> None:
    assert isinstance(verdict("productive/group/unsupported", parameters={"aggregate": {"group_parameter": None}}), Skipped)


def test_bound_aggregate_must_be_taken() -> None:
    bound = {"aggregate": {"aggregates": {"projects": {"total_budget": {"function": "sum", "member": "budget"}}}}}
    assert isinstance(verdict("productive/aggregate/meta", "no_aggregates", parameters=bound), Failed)


def test_count_of_nothing_is_none() -> None:
    assert isinstance(verdict("productive/aggregate/meta", records={name: [] for name in PRODUCTIVE}), Passed)
