from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from conformance.exchange import Request, Response
from conformance.steps.paging import Page, disagreement, number_at, opened
from specs.conventions.pagination import Numbers, Pagination
from tests.conformance.checks.miniature import Miniature, seeded

PARAMETERS = Pagination(style="page_number", numbers=Numbers(page="/page", per_page="/per_page", total_pages="/pages", total_records="/total"))


def run(steps: Generator[Any, Response, Any], answer: Miniature) -> Any:
    try:
        request = next(steps)
        while True:
            request = steps.send(answer(request))
    except StopIteration as end:
        return end.value


def page(index: int, count: int, **told: Any) -> Page:
    return Page(index, Request("GET", "http://x.test"), Response(200), tuple(map(str, range(count))), told)


@pytest.mark.parametrize(
    ("index", "count", "told"),
    [
        (0, 3, {"page": 1, "per_page": 3, "pages": 4, "total": 10}),
        (3, 1, {"page": 4, "per_page": 3, "pages": 4, "total": 10}),
        (0, 0, {"page": 1, "per_page": 3, "pages": 0, "total": 0}),
        (0, 0, {"page": 1, "per_page": 3, "pages": 1, "total": 0}),
        (0, 0, {"page": 1, "per_page": 0, "total": 10}),
        (9, 0, {"page": 10, "per_page": 3, "pages": 4, "total": 10}),
        (0, 3, {}),
        (0, 3, {"total": 3}),
    ],
)
def test_numbers_agree(index: int, count: int, told: dict[str, int]) -> None:
    assert disagreement(page(index, count, **told), PARAMETERS, asked=index > 0) is None


@pytest.mark.parametrize(
    ("index", "count", "told"),
    [
        (1, 3, {"page": 1}),
        (0, 3, {"page": 0}),
        (0, 4, {"per_page": 3}),
        (0, 4, {"total": 3}),
        (0, 3, {"per_page": 3, "pages": 3, "total": 10}),
        (0, 3, {"total": "10"}),
        (0, 3, {"total": True}),
        (0, 3, {"page": 1.5}),
        (4, 2, {"page": 5, "pages": 4}),
        (0, 0, {"page": 1, "per_page": 1, "pages": 10, "total": 10}),
    ],
)
def test_numbers_disagree(index: int, count: int, told: dict[str, Any]) -> None:
    assert disagreement(page(index, count, **told), PARAMETERS, asked=index > 0)


def test_number_is_an_integer() -> None:
    assert number_at({"a": 3}, "/a") == 3
    assert number_at({"a": True}, "/a") is None
    assert number_at({"a": "3"}, "/a") is None
    assert number_at({}, None) is None


@pytest.mark.parametrize(("api", "name"), [("timedash", "listContacts"), ("moonrope", "listContacts"), ("productive", "listPeople")])
def test_walk_sees_the_end(api: str, name: str) -> None:
    exam, answer = seeded(api, most=7)
    listed = run(opened(exam, exam.spec.operations[name]), answer)
    trail = run(listed.walk(size=3), answer)
    assert [found.count for found in trail.pages] == [3, 3, 1]
    assert len(set(trail.ids)) == 7
    assert trail.end == "empty"
    assert trail.whole


def test_walk_stops_at_its_limit() -> None:
    exam, answer = seeded("timedash")
    listed = run(opened(exam, exam.spec.operations["listContacts"]), answer)
    trail = run(listed.walk(size=5, limit=10), answer)
    assert len(trail.ids) == 10
    assert trail.end == "enough"
    assert not trail.whole


def test_records_are_made_up_to_the_number_wanted() -> None:
    exam, answer = seeded("timedash", most=1)
    listed = run(opened(exam, exam.spec.operations["listContacts"]), answer)
    assert run(listed.stocked(3), answer) == 3
    assert run(listed.filled(9), answer)
    assert len(answer.records["contacts"]) == 9


def test_link_to_another_host_is_not_followed() -> None:
    exam, answer = seeded("productive", most=7)
    listed = run(opened(exam, exam.spec.operations["listPeople"]), answer)
    first = run(listed.page(0, size=3), answer)
    assert run(listed.linked(first, "https://elsewhere.test/people?page[number]=2", 1), answer) is None
    assert run(listed.linked(first, "?page[number]=2&page[size]=3", 1), answer).count == 3
