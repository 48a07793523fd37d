from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Response
from conformance.reading import agrees
from conformance.steps import writes
from tests.conformance.checks.miniature import exam_of

EXAM = exam_of("88miles")
PROJECTS = EXAM.spec.resources["projects"]


@pytest.mark.parametrize(("given", "got"), [
    (1, 1), (1, "1"), (1.5, "1.50"), ("85.0", 85), (True, "true"), (None, None), ("2024-06-03T10:00:00Z", "2024-06-03T10:00:00.000+00:00"),
    ("2024-06-03", "2024-06-03T00:00:00Z"), ("2024-06-03T12:00:00+02:00", "2024-06-03T10:00:00Z"), ([1, 2], ["1", "2"]), ({"a": 1}, {"a": 1, "b": 2}),
    (" a ", "a"),
])  # fmt: skip
def test_value_came_back(given: Any, got: Any) -> None:
    assert writes.kept(given, got)


@pytest.mark.parametrize(("given", "got"), [
    (1, 2), (1, None), (True, 0), ("a", "b"), ("a", "A"), ("2024-06-03", "2024-06-04"), ([1, 2], [2, 1]), ([1], []), ({"a": 1}, {}), (None, 0),
    ("2024-06-03T10:00:00Z", "2024-06-03T11:00:00Z"), ("2024-99-99", "2024-06-03"),
])  # fmt: skip
def test_value_did_not_come_back(given: Any, got: Any) -> None:
    assert not writes.kept(given, got)
    assert not agrees(given, got)


def test_case_of_a_closed_set_does_not_count() -> None:
    assert writes.kept("private", "Private", {"enum": ["private"]})
    assert not writes.kept("private", "Private", {"type": "string"})


def test_differences_leave_out_what_is_not_shown_and_what_is_read_only() -> None:
    given = {"name": "a", "notes": "b", "running": True, "visibility": "private"}
    assert writes.differences(EXAM, PROJECTS, given, {"name": "c", "running": False, "visibility": "PRIVATE"}) == ["name is 'c' instead of 'a'"]


def test_own_names_are_those_that_a_write_gives() -> None:
    names = writes.own_names(EXAM, PROJECTS, ["of_our_own"])
    assert {"name", "time_limit", "of_our_own"} <= set(names)
    assert not {"uuid", "running", "grand_total"} & set(names)


def test_mark_is_a_text_of_this_run() -> None:
    assert writes.mark_of(EXAM, {"a": 1, "name": f"proctor {EXAM.payloads.run} 1"}) == ("name", f"proctor {EXAM.payloads.run} 1")
    assert writes.mark_of(EXAM, {"name": "proctor"}) is None


def test_documented_title_is_missed() -> None:
    exam = exam_of("productive")
    right = Response(422, (), b'{"errors": [{"status": 422, "title": "Invalid Attribute"}]}')
    wrong = Response(422, (), b'{"errors": [{"status": 422, "title": "No"}]}')
    assert writes.named_members(exam, "invalid_record", ["title"], right) is None
    assert writes.named_members(exam, "invalid_record", ["title"], wrong)


def test_member_with_a_pattern_is_an_example_of_it() -> None:
    exam = exam_of("paydirt")
    jobs = exam.spec.resources["jobs"]
    assert {exam.payloads.members(jobs)["price"] for _ in range(20)} == {"85.0"}


def test_short_texts_are_not_the_same() -> None:
    payloads = exam_of("paydirt").payloads
    assert len({payloads._value("code", {"type": "string", "maxLength": 6}, number, {}) for number in range(20)}) == 20
