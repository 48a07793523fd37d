from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from conformance.exam import Exam
from conformance.exchange import Exchange, Request, Response
from conformance.steps import calls
from conformance.steps.aiming import Aims
from conformance.steps.findings import Findings
from tests.conformance.checks.miniature import Miniature, seeded

APIS = ["timedash", "paydirt", "moonrope", "productive", "88miles"]
OPERATIONS = [(api, name) for api in APIS for name in seeded(api, most=2)[0].spec.operations]


def run(steps: Generator[Any, Response, Any], answer: Miniature) -> Any:
    try:
        request = next(steps)
        while True:
            request = steps.send(answer(request))
    except StopIteration as end:
        return end.value


def answered(exam: Exam, exchange: Exchange, cause: str) -> bool:
    assert exchange.response is not None
    return exam.read.answered(cause, exchange.response).fine


@pytest.mark.parametrize(("api", "name"), OPERATIONS)
def test_valid_call_succeeds(api: str, name: str) -> None:
    exam, answer = seeded(api, most=3)
    exchange = run(calls.valid(exam, exam.spec.operations[name]), answer)
    assert exam.read.succeeded(exchange.response)


@pytest.mark.parametrize(("api", "name"), OPERATIONS)
def test_stranger_is_refused(api: str, name: str) -> None:
    exam, answer = seeded(api, most=3)
    exchange = run(calls.unauthenticated(Aims(exam, Findings()), exam.spec.operations[name]), answer)
    assert answered(exam, exchange, "unauthenticated")


@pytest.mark.parametrize(
    ("api", "name"), [(api, name) for api, name in OPERATIONS if seeded(api, most=1)[0].spec.operations[name].effect not in ("list", "create", "singleton")]
)
def test_unknown_record_is_not_found(api: str, name: str) -> None:
    exam, answer = seeded(api, most=3)
    exchange = run(calls.absent_record(exam, exam.spec.operations[name]), answer)
    assert answered(exam, exchange, "not_found")
    assert exchange.request.absent


@pytest.mark.parametrize("api", APIS)
def test_change_is_one_member_with_another_value(api: str) -> None:
    exam, answer = seeded(api, most=3)
    resource = next(resource for resource in exam.spec.resources.values() if "update" in resource.operations)
    own = run(exam.make(resource), answer)
    ((name, value),) = run(calls.change(exam, resource, own.record), answer).items()
    assert own.record[name] != value


def test_action_is_prepared() -> None:
    exam, answer = seeded("88miles", most=3)
    own = run(exam.make(exam.spec.resources["projects"]), answer)
    sent = len(answer.sent)
    run(calls.on_own(exam, exam.spec.operations["punchOut"], own), answer)
    assert [request.effect for request in answer.sent[sent:]] == ["punch_in", "punch_out"]
    sent = len(answer.sent)
    run(calls.on_own(exam, exam.spec.operations["reopen"], own), answer)
    assert [request.effect for request in answer.sent[sent:]] == ["sign_off", "reopen"]


def test_parents_are_those_of_the_record() -> None:
    exam, answer = seeded("88miles", most=3)
    record = {"company_uuid": "0a0a0a0a-0000-4000-8000-000000000000"}
    assert run(calls.parents_for(exam, exam.spec.operations["showProjectInCompany"], record), answer) == record
    assert run(calls.parents_for(exam, exam.spec.operations["showProject"], record), answer) == {}


@pytest.mark.parametrize(
    ("api", "name", "sent"),
    [
        ("88miles", "listProjects", {"where": 'name = "{}"'}),
        ("productive", "listCompanies", {"filter[name]": "{}"}),
        ("moonrope", "listContacts", {"filters": {"name": "{}"}}),
    ],
)
def test_list_is_narrowed_in_the_documented_way(api: str, name: str, sent: dict[str, Any]) -> None:
    exam, answer = seeded(api, most=1)
    assert calls.narrows(exam, exam.spec.operations[name])
    request = run(calls.narrowed(exam, exam.spec.operations[name], 0), answer).request
    asked = json.loads(request.body) if request.body else dict(parse_qsl(urlsplit(request.url).query))
    assert json.dumps(sent).replace("{}", "proctor-none") == json.dumps({key: asked[key] for key in sent})


@pytest.mark.parametrize(
    ("api", "name", "asked"),
    [
        ("88miles", "listProjectsInCompany", {"order": "name asc"}),
        ("moonrope", "listContacts", {"sort_by": "id", "order": "asc"}),
        ("timedash", "listContacts", None),
    ],
)
def test_order_is_asked_for_in_the_documented_way(api: str, name: str, asked: dict[str, str] | None) -> None:
    exam, _ = seeded(api, most=1)
    assert calls.ordered(exam, exam.spec.operations[name]) == asked


def test_request_again_keeps_its_parameters() -> None:
    again = calls.again(Request("GET", "http://x.test/a?b=1"), [("c", "d e")])
    assert again.url == "http://x.test/a?b=1&c=d%20e"
