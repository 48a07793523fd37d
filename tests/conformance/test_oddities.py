from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import specs
from conformance.exchange import Request
from conformance.steps.oddities import is_no_http, odd, oddities

OPERATIONS = [(api, name) for api in ("timedash", "moonrope", "productive") for name in specs.load(api).operations]


@pytest.mark.parametrize(("api", "operation"), OPERATIONS)
def test_every_operation_has_oddities(api: str, operation: str) -> None:
    found = oddities(specs.load(api).operations[operation])
    assert found
    assert len(set(found)) == len(found)


def test_lists_are_asked_for_a_quote_and_a_page_far_away() -> None:
    places = {each.place for each in oddities(specs.load("productive").operations["listPeople"])}
    assert {"filter", "page"} <= places


@given(st.data())
def test_what_is_sent_can_be_sent(data: st.DataObject) -> None:
    spec = specs.load("productive")
    drawn = data.draw(odd(spec.operations[data.draw(st.sampled_from(sorted(spec.operations)))]))
    if drawn.place in ("path", "query"):
        assert drawn.sent.isascii()
        assert " " not in drawn.sent
    elif drawn.place in ("member", "members"):
        json.loads(drawn.sent)
    else:
        drawn.sent.encode()


@pytest.mark.parametrize(("url", "expected"), [("/a?b=%zz", True), ("/a%00", True), ("/a?b=%C3%A9", False), ("/" + "a" * 5000, True)])
def test_broken_encoding_is_no_http(url: str, expected: bool) -> None:
    assert is_no_http(Request("GET", "https://x" + url)) is expected
