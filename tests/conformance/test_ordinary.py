from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.exchange import Exchange, Request, Response
from conformance.steps.ordinary import ordinary, readable
from tests.conformance.checks.miniature import exam_of

MILES, PRODUCTIVE = exam_of("88miles"), exam_of("productive")
SHOW = MILES.spec.operations["showProject"]
PLAIN = MILES.ask.operation(SHOW, key="935956d8-a094-4948-ac47-d84d10a62eff")


def test_plain_call_is_ordinary() -> None:
    assert ordinary(MILES, Exchange(PLAIN, Response(404))) is SHOW


@pytest.mark.parametrize(
    "request_",
    [
        replace(PLAIN, method="HEAD"),
        replace(PLAIN, operation=None),
        replace(PLAIN, url=PLAIN.url + "p"),
        replace(PLAIN, url=PLAIN.url.replace("http:", "https:")),
        replace(PLAIN, url=PLAIN.url.replace("mini", "other")),
        replace(PLAIN, url=PLAIN.url + "/more"),
        replace(PLAIN, url=PLAIN.url + "?callback=f"),
        MILES.ask.operation(SHOW, key="1", headers=[("Accept", "text/html")]),
    ],
)
def test_odd_call_is_not_ordinary(request_: Request) -> None:
    assert ordinary(MILES, Exchange(request_, Response(200))) is None


def test_call_without_an_answer_is_not_ordinary() -> None:
    assert ordinary(MILES, Exchange(PLAIN, None, "refused")) is None


def test_marked_array_is_not_ordinary() -> None:
    create = PRODUCTIVE.spec.operations["createPerson"]
    assert ordinary(PRODUCTIVE, Exchange(PRODUCTIVE.ask.operation(create, members={}), Response(201))) is create
    bulk = PRODUCTIVE.ask.operation(create, document={"data": []}, content_type='application/vnd.api+json; ext="bulk"')
    assert ordinary(PRODUCTIVE, Exchange(bulk, Response(201))) is None


@pytest.mark.parametrize(("body", "expected"), [(None, True), (b"{}", True), (b"[]", False), (b"{", False), (b"\xff", False)])
def test_json_object_is_readable(body: bytes | None, expected: bool) -> None:
    assert readable(Request("POST", "http://x.test", (("Content-Type", "application/json"),), body)) is expected


def test_form_is_readable() -> None:
    assert readable(Request("POST", "http://x.test", (("Content-Type", "application/x-www-form-urlencoded"),), b"a=b"))
