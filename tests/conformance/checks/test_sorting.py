from __future__ import annotations

import pytest

from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from specs.model import Resource
from tests.conformance.checks.listed import PRODUCTIVE, TIMEDASH, Changing, Growing, Listed, verdict
from tests.conformance.checks.miniature import Call, Record

DASH = {"sort": {"style": "dash"}}


@pytest.mark.parametrize(
    "clause",
    [
        "timedash/sort/both",
        "88miles/query/order",
        "productive/sort/ascending",
        "productive/sort/descending",
        "productive/sort/unsupported",
    ],
)
def test_right_implementation_passes(clause: str) -> None:
    assert isinstance(verdict(clause), Passed)


class Replacing(Growing):
    """A list in which others put a record in the place of the one before it, after each look at it."""

    def select(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        found = super().select(call, resource, records)
        table = self.records[resource.name]
        if self.count > 1:
            table.remove(next(record for record in table if record[resource.key] == f"new{self.count - 1}"))
        return found


@pytest.mark.parametrize("kind", [Changing, Growing, Replacing])
@pytest.mark.parametrize("clause", ["timedash/sort/both", "productive/sort/descending"])
def test_list_that_others_write_to_does_not_fail(clause: str, kind: type[Listed]) -> None:
    assert not isinstance(verdict(clause, kind=kind), Failed)


class WithoutOne(Replacing):
    """Leaves a record out of every order, while others write."""

    def select(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        found = super().select(call, resource, records)
        lost = [record for record in found if not str(record[resource.key]).startswith("new")][-1:]
        return [record for record in found if record not in lost] if "sort" in call.query else found


def test_record_that_no_order_has_fails_in_a_list_that_others_write_to() -> None:
    assert isinstance(verdict("productive/sort/ascending", kind=WithoutOne), Failed)


@pytest.mark.parametrize("quirk", ["nulls_first", "casefold"])
@pytest.mark.parametrize("clause", ["timedash/sort/both", "productive/sort/descending"])
def test_odd_but_right_implementation_passes(clause: str, quirk: str) -> None:
    assert isinstance(verdict(clause, quirk), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        ("timedash/sort/both", "sort_ignored"),
        ("timedash/sort/both", "down_is_up"),
        ("timedash/sort/both", "numbers_as_text"),
        ("timedash/sort/both", "sorts_page"),
        ("timedash/sort/both", "one_list_unsorted"),
        ("timedash/sort/both", "first_is_last"),
        ("timedash/sort/both", "drops_first"),
        ("88miles/query/order", "down_is_up"),
        ("88miles/query/order", "nested_ignores"),
        ("productive/sort/ascending", "numbers_as_text"),
        ("productive/sort/ascending", "sorts_page"),
        ("productive/sort/descending", "down_is_up"),
        ("productive/sort/descending", "minus_refused"),
        ("productive/sort/descending", "unsorted_if_filtered"),
        ("timedash/sort/both", "unsorted_if_filtered"),
        ("productive/sort/unsupported", "unknown_sort_ignored"),
        ("productive/sort/unsupported", "other_title"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = verdict(clause, bug, parameters=DASH if clause.startswith("timedash") else None)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


class ShufflesTies(Listed):
    """Gives records that are equal in the member sorted by in another order each time."""

    def ordered(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        self.count += 1
        turned = self.count % len(records) if records else 0
        return super().ordered(call, resource, [*records[turned:], *records[:turned]])


def test_ties_must_not_make_pages_overlap() -> None:
    many = {"contacts": [{"id": f"c{number}", "name": f"Name {chr(97 + number)}", "email": None, "active": number % 2 == 0} for number in range(20)]}
    assert isinstance(verdict("timedash/sort/both", kind=ShufflesTies, records={**TIMEDASH, **many}, parameters=DASH), Failed)
    assert isinstance(verdict("timedash/sort/both", records={**TIMEDASH, **many}, parameters=DASH), Passed)


def test_records_need_no_id() -> None:
    nameless = {name: [{member: value for member, value in record.items() if member != "id"} for record in table] for name, table in TIMEDASH.items()}
    twins = {name: [*table, dict(table[0])] for name, table in nameless.items()}
    assert isinstance(verdict("timedash/sort/both", records=nameless), Passed)
    assert isinstance(verdict("timedash/sort/both", records=twins), Passed)
    assert isinstance(verdict("timedash/sort/both", "down_is_up", records=nameless, parameters=DASH), Failed)
    assert isinstance(verdict("timedash/sort/both", "drops_first", records=nameless, parameters=DASH), Failed)


def test_unknown_syntax_is_skipped() -> None:
    found = verdict("timedash/sort/both", "sort_ignored")
    assert isinstance(found, Skipped)
    assert "style" in found.add


def test_records_alike_prove_nothing() -> None:
    alike = {name: [dict(table[0])] for name, table in PRODUCTIVE.items()}
    assert isinstance(verdict("productive/sort/ascending", records=alike), Inconclusive)
    assert not isinstance(verdict("timedash/sort/both", records={name: table[:1] for name, table in TIMEDASH.items()}, parameters=DASH), Passed)


def test_order_without_being_asked_proves_nothing() -> None:
    by_id = {name: [{"id": record["id"]} for record in table] for name, table in PRODUCTIVE.items()}
    assert isinstance(verdict("productive/sort/ascending", records=by_id), Inconclusive)
