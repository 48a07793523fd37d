from __future__ import annotations

import pytest

from conformance.verdict import Failed, Inconclusive, Passed
from tests.conformance.checks.listed import MILES, OPERATORS, PRODUCTIVE, TIMEDASH, Changing, Growing, verdict


@pytest.mark.parametrize(
    "clause",
    [
        "timedash/filter/equality",
        "timedash/filter/pages",
        "productive/filter/param",
        "productive/filter/unsupported",
        "productive/filter/value",
        *(f"productive/filter/{operator}" for operator in OPERATORS),
        "88miles/query/where",
        "88miles/query/similar",
        "88miles/query/encoding",
        "88miles/query/invalid",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(clause, write=True), Passed)


@pytest.mark.parametrize(
    ("clause", "quirk"),
    [
        ("productive/filter/not_eq", "nulls_out"),
        ("productive/filter/not_contain", "nulls_out"),
        ("88miles/query/where", "words"),
        ("88miles/query/where", "equality_only"),
        ("88miles/query/where", "any_case"),
        ("88miles/query/similar", "similar_exact"),
        ("88miles/query/encoding", "decoded_twice"),
        ("88miles/query/encoding", "quotes_refused"),
        ("timedash/filter/equality", "any_case"),
        ("productive/filter/param", "any_case"),
        ("productive/filter/eq", "any_case"),
    ],
)
def test_odd_but_right_implementation_passes(clause: str, quirk: str) -> None:
    assert isinstance(verdict(clause, quirk, write=True), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("timedash/filter/equality", "prefix"),
        ("timedash/filter/equality", "inside"),
        ("timedash/filter/equality", "like"),
        ("timedash/filter/equality", "or"),
        ("timedash/filter/equality", "last_only"),
        ("timedash/filter/equality", "false_ignored"),
        ("timedash/filter/equality", "always_true"),
        ("timedash/filter/equality", "eq_ignored"),
        ("timedash/filter/equality", "one_list_ignores"),
        ("timedash/filter/equality", "cut_first"),
        ("timedash/filter/pages", "cut_first"),
        ("timedash/filter/pages", "loses_last"),
        ("productive/filter/param", "last_only"),
        ("productive/filter/param", "one_list_ignores"),
        ("productive/filter/unsupported", "unknown_ignored"),
        ("productive/filter/unsupported", "undefined"),
        ("productive/filter/unsupported", "unknown_behind_another"),
        ("productive/filter/unsupported", "any_operator"),
        ("productive/filter/param", "everything_if_none"),
        ("productive/filter/param", "size_ignored_if_filtered"),
        ("timedash/filter/equality", "everything_if_none"),
        ("productive/filter/contains", "wildcards"),
        ("productive/filter/unsupported", "other_title"),
        ("productive/filter/value", "any_value"),
        ("productive/filter/value", "other_title"),
        ("productive/filter/eq", "prefix"),
        ("productive/filter/eq", "eq_ignored"),
        ("productive/filter/not_eq", "swapped"),
        ("productive/filter/contains", "beginning"),
        ("productive/filter/not_contain", "beginning"),
        ("productive/filter/gt", "gt_equal"),
        ("productive/filter/gt", "as_text"),
        ("productive/filter/gt_eq", "gt_eq_ignored"),
        ("productive/filter/lt", "lt_ignored"),
        ("productive/filter/lt_eq", "lt_eq_strict"),
        ("88miles/query/where", "nested_ignores"),
        ("88miles/query/where", "first_word"),
        ("88miles/query/where", "first_alternative"),
        ("88miles/query/where", "and_is_or"),
        ("88miles/query/where", "unequal_ignored"),
        ("88miles/query/where", "at_least_is_more"),
        ("88miles/query/where", "where_of_all_companies"),
        ("88miles/query/where", "where_or_order"),
        ("88miles/query/where", "unsorted_beside_where"),
        ("88miles/query/where", "parentheses_ignored"),
        ("88miles/query/similar", "similar_everything"),
        ("88miles/query/similar", "similar_beginnings"),
        ("88miles/query/encoding", "plus_kept"),
        ("88miles/query/encoding", "latin"),
        ("88miles/query/encoding", "ampersand_ends"),
        ("88miles/query/invalid", "invalid_500"),
        ("88miles/query/invalid", "escape_500"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(clause, bug, write=True)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_records_alike_prove_nothing() -> None:
    alike = {name: [dict(table[0])] for name, table in TIMEDASH.items()}
    assert isinstance(verdict("timedash/filter/equality", records=alike), Inconclusive)
    assert isinstance(verdict("timedash/filter/pages", records=alike), Inconclusive)


def test_no_records_prove_nothing() -> None:
    assert isinstance(verdict("productive/filter/gt", records={name: [] for name in PRODUCTIVE}), Inconclusive)
    assert isinstance(verdict("88miles/query/where", records={**MILES, "projects": []}), Inconclusive)


def test_lists_without_operators_prove_nothing() -> None:
    assert isinstance(verdict("productive/filter/gt", "no_operators"), Inconclusive)


def test_ignored_expression_proves_nothing() -> None:
    assert isinstance(verdict("88miles/query/invalid", "invalid_ignored"), Inconclusive)


@pytest.mark.parametrize("clause", ["timedash/filter/equality", "timedash/filter/pages", "productive/filter/param", "88miles/query/where"])
def test_list_that_others_write_to_does_not_fail(clause: str) -> None:
    assert not isinstance(verdict(clause, kind=Changing), Failed)
    assert not isinstance(verdict(clause, kind=Growing), Failed)


def test_filter_that_lets_others_pass_fails_in_a_list_that_others_write_to() -> None:
    assert isinstance(verdict("timedash/filter/equality", "prefix", kind=Growing), Failed)


def test_reading_alone_finds_wrong_filters() -> None:
    assert isinstance(verdict("timedash/filter/equality", "or", write=False), Failed)


def test_records_without_members_prove_nothing() -> None:
    fewer = {name: [{"id": record["id"]} for record in table] for name, table in PRODUCTIVE.items()}
    assert isinstance(verdict("productive/filter/param", records=fewer), Inconclusive)


def test_many_matches_are_walked_by_sizes_that_are_allowed() -> None:
    many = [{"id": f"m{number}", "title": f"Work {number}", "invoiced": number > 20} for number in range(300)]
    assert isinstance(verdict("timedash/filter/pages", records={**TIMEDASH, "assignments": many}), Passed)
