from __future__ import annotations

from typing import Any

import pytest

from conformance.steps.jsonapi import judged, linkage, linked, problems, relationships

PERSON = {"type": "people", "id": "1", "attributes": {"name": "Ada"}, "relationships": {"company": {"data": {"type": "companies", "id": "7"}}}}
COMPANY = {"type": "companies", "id": "7", "attributes": {"name": "Analytical"}}


@pytest.mark.parametrize(
    "document",
    [
        {"data": None},
        {"data": []},
        {"data": PERSON},
        {"data": [PERSON], "links": {"self": "/people", "next": None}, "meta": {}},
        {"data": {"type": "people", "id": "1"}},
        {"meta": {}},
        {"errors": [{"status": "404", "title": "No"}]},
        {"errors": [{"status": 404, "source": {"pointer": "/data"}}]},
        {"data": PERSON, "included": [COMPANY]},
        {"data": {**PERSON, "relationships": {"company": {"meta": {"included": False}}}}},
        {"data": {**PERSON, "relationships": {"company": {"data": None}, "friends": {"data": []}}}},
        {"data": {**PERSON, "links": {"self": {"href": "/people/1"}}}},
        {"data": PERSON, "jsonapi": {"version": "1.1"}, "atomic:results": []},
        {"data": [PERSON], "included": [{**COMPANY, "relationships": {"owner": {"data": {"type": "people", "id": "9"}}}}, {"type": "people", "id": "9"}]},
        {"data": [{**PERSON, "attributes": {"first-name": 1, "last_name": 2, "größe": 3}}]},
    ],
)
def test_document_is_valid(document: Any) -> None:
    assert list(problems(document)) == []


@pytest.mark.parametrize(
    "document",
    [
        [],
        "text",
        None,
        {},
        {"data": PERSON, "errors": []},
        {"data": PERSON, "total": 3},
        {"included": [COMPANY], "meta": {}},
        {"data": {**PERSON, "id": 1}},
        {"data": {"id": "1"}},
        {"data": {"type": "people"}},
        {"data": {**PERSON, "type": None}},
        {"data": {**PERSON, "name": "Ada"}},
        {"data": {**PERSON, "attributes": []}},
        {"data": {**PERSON, "attributes": {"company": 1}}},
        {"data": {**PERSON, "attributes": {"id": "1"}}},
        {"data": {**PERSON, "attributes": {"a.b": 1}}},
        {"data": {**PERSON, "attributes": {"": 1}}},
        {"data": {**PERSON, "relationships": {"company": {}}}},
        {"data": {**PERSON, "relationships": {"company": {"data": "7"}}}},
        {"data": {**PERSON, "relationships": {"company": {"data": {"type": "companies", "id": 7}}}}},
        {"data": {**PERSON, "relationships": {"company": None}}},
        {"data": {**PERSON, "links": []}},
        {"data": {**PERSON, "links": {"self": 1}}},
        {"data": [PERSON, "2"]},
        {"data": PERSON, "meta": []},
        {"errors": {}},
        {"errors": ["no"]},
        {"errors": [{}]},
        {"errors": [{"title": 3}]},
        {"errors": [{"message": "no"}]},
        {"errors": [{"status": True}]},
        {"errors": [{"status": 4.5}]},
        {"data": PERSON, "included": {}},
        {"data": PERSON, "included": [COMPANY, COMPANY]},
        {"data": [], "included": [COMPANY]},
        {"data": PERSON, "included": [{**COMPANY, "id": 7}]},
    ],
)
def test_document_is_invalid(document: Any) -> None:
    assert list(problems(document))


def test_status_as_number_is_a_remark() -> None:
    assert judged({"errors": [{"status": 404}]}, success=False) == (None, "an error's status is a number; JSON:API wants text")
    assert judged({"errors": [{"status": "404"}]}, success=False) == (None, "")


def test_errors_beside_a_success_are_a_problem() -> None:
    problem, _ = judged({"errors": [{"status": "404"}]}, success=True)
    assert problem


def test_relationships_with_links_come_first() -> None:
    document = {"data": {**PERSON, "relationships": {"boss": {"data": None}, "company": {"data": {"type": "companies", "id": "7"}}}}}
    assert relationships(document) == ["company", "boss"]
    assert linked(document, "company") == {("companies", "7")}
    assert relationships(None) == []


def test_linkage_is_full() -> None:
    assert linkage({"data": PERSON, "included": [COMPANY]}, "company", {"data": PERSON}) is None


def test_linked_resource_that_is_not_included_is_missed() -> None:
    assert linkage({"data": PERSON}, "company", {"data": PERSON})


def test_link_that_vanishes_when_included_is_missed() -> None:
    bare = {**PERSON, "relationships": {"company": {"meta": {}}}}
    assert linkage({"data": bare, "included": []}, "company", {"data": PERSON})
