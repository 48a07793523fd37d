"""Documented examples on demand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import Engine, Request
from mockserver.examples import success_of
from specs import Spec
from tests.mockserver.conftest import spec_of

ALL = ["timedash", "paydirt", "moonrope", "88miles", "productive"]


def ask(engine: Engine, spec: Spec, identity: str, prefer: str = "") -> Any:
    operation = spec.operations[identity]
    path = spec.base_path + operation.path.replace("{", "").replace("}", "")
    return engine.handle(Request(operation.method, path, "", {"prefer": prefer} if prefer else {}))


@pytest.mark.parametrize("api", ALL)
def test_every_operation_answers_its_example(api: str) -> None:
    spec = spec_of(api)
    engine = Engine([spec], mode="replay")
    for operation in spec.operations.values():
        answer, documented = ask(engine, spec, operation.id), success_of(operation)
        assert documented is not None
        assert answer.status == int(documented.status)
        if documented.media:
            assert json.loads(answer.body) == next(iter(documented.media[0].examples.values())), operation.id
            assert answer.headers["content-type"] == documented.media[0].type
        else:
            assert answer.body == b""


@pytest.mark.parametrize("mode", ["replay", "stateful"])
@pytest.mark.parametrize("api", ALL)
def test_every_documented_code_can_be_had(api: str, mode: Any) -> None:
    spec = spec_of(api)
    engine = Engine([spec], mode=mode)
    for operation in spec.operations.values():
        for code, documented in operation.responses.items():
            answer = ask(engine, spec, operation.id, f"code={code}")
            assert answer.status == int(code)
            assert answer.headers["preference-applied"] == f"code={code}"
            if documented.media and documented.media[0].examples:
                assert json.loads(answer.body) == next(iter(documented.media[0].examples.values()))


@pytest.mark.parametrize("mode", ["replay", "stateful"])
def test_documented_headers_come_too(mode: Any) -> None:
    spec = spec_of("moonrope")
    answer = ask(Engine([spec], mode=mode), spec, "listContacts", "code=301")
    assert answer.headers["location"] == spec.operations["listContacts"].responses["301"].headers["Location"]["examples"]["example"]


@pytest.mark.parametrize("prefer", ["", "code=500", "code=418"])
def test_replay_allows_the_origin(prefer: str) -> None:
    headers = {"origin": "https://app.example", **({"prefer": prefer} if prefer else {})}
    answer = Engine([spec_of("timedash")], mode="replay").handle(Request("GET", "/contacts", "", headers))
    assert answer.headers["access-control-allow-origin"] == "*"


def test_cause_that_no_operation_documents_can_be_had() -> None:
    spec = spec_of("timedash")
    answer = ask(Engine([spec]), spec, "readAccount", "code=429")
    assert (answer.status, json.loads(answer.body)["error"]["type"]) == (429, "api_error")


def test_named_example_is_found() -> None:
    spec = spec_of("moonrope")
    operation = spec.operations["readContact"]
    names = [name for response in operation.responses.values() for media in response.media for name in media.examples]
    answer = ask(Engine([spec]), spec, "readContact", f"example={names[0]}, code=200")
    assert answer.headers["preference-applied"] == f"code=200, example={names[0]}"


@pytest.mark.parametrize(("prefer", "status"), [("code=418", 404), ("code=200, example=zz", 404), ("code=abc", 422), ("code=99999", 422)])
def test_what_is_not_documented_is_a_problem(prefer: str, status: int) -> None:
    spec = spec_of("timedash")
    answer = ask(Engine([spec]), spec, "readAccount", prefer)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "preference-applied" not in answer.headers


def test_dynamic_answer_keeps_the_schema() -> None:
    spec = spec_of("88miles")
    answer = ask(Engine([spec]), spec, "showProject", "dynamic=true")
    assert answer.headers["preference-applied"] == "dynamic=true"
    assert set(json.loads(answer.body)) == {"response"}


def test_query_may_say_what_is_preferred() -> None:
    engine = Engine([spec_of("timedash")])
    assert engine.handle(Request("GET", "/contacts", "__code=404", {})).status == 404
    assert engine.handle(Request("GET", "/contacts", "__code=404", {"prefer": "code=429"})).status == 429
    assert engine.handle(Request("GET", "/contacts", "x__y=1", {})).status == 401


def test_other_preferences_are_left_alone(timedash: Any) -> None:
    answer = timedash("GET", "/account", prefer="return=minimal, wait=5")
    assert answer.status == 200
    assert "preference-applied" not in answer.headers
    assert answer.json["id"].startswith("acc_")


def test_replay_keeps_no_state() -> None:
    spec = spec_of("paydirt")
    engine = Engine([spec], mode="replay")
    before = ask(engine, spec, "listClients").body
    ask(engine, spec, "createClient")
    assert ask(engine, spec, "listClients").body == before


def test_what_is_no_operation_is_the_apis_own_error_without_a_credential() -> None:
    engine = Engine([spec_of("productive")], mode="replay")
    answer = engine.handle(Request("GET", "/api/v2/nothing", "", {}))
    assert answer.status == 404
    assert json.loads(answer.body)["errors"]
    answer = engine.handle(Request("DELETE", "/api/v2/companies", "", {}))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
