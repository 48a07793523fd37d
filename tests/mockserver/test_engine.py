"""The engine: routes, mounts, methods, and going back to the start."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import Clock, Engine, Request
from specs import load


def test_one_api_lies_at_the_root(timedash: Any) -> None:
    assert timedash("GET", "/assignments").status == 200


def test_several_apis_lie_under_their_names() -> None:
    engine = Engine([load("timedash"), load("paydirt")])
    assert engine.handle(Request("GET", "/timedash/assignments")).status == 401
    assert engine.handle(Request("GET", "/paydirt/api/v1/clients")).status == 401
    assert engine.handle(Request("GET", "/assignments")).status == 404


def test_unknown_path_needs_a_credential_first(timedash: Any) -> None:
    assert timedash("GET", "/nothing").status == 404
    assert timedash.as_(None)("GET", "/nothing").status == 401


def test_other_method_is_refused_with_allow(timedash: Any) -> None:
    answer = timedash("DELETE", "/assignments")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_head_is_get_without_body(timedash: Any) -> None:
    got, head = timedash("GET", "/contacts"), timedash("HEAD", "/contacts")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


def test_options_needs_no_credential(timedash: Any) -> None:
    answer = timedash.as_(None)("OPTIONS", "/assignments")
    assert answer.status == 204
    assert "GET" in answer.headers["allow"]


def test_trailing_slash_changes_nothing(timedash: Any) -> None:
    assert timedash("GET", "/assignments/").body == timedash("GET", "/assignments").body


def test_rpc_api_ignores_the_method(moonrope: Any) -> None:
    assert moonrope("GET", "/contacts/list").json["status"] == "success"


def test_reset_puts_records_back(timedash: Any) -> None:
    before = timedash("GET", "/contacts").body
    timedash("DELETE", "/contacts/con_0001")
    timedash("POST", "/contacts", {"name": "New"})
    assert timedash("GET", "/contacts").body != before
    timedash.engine.reset()
    assert timedash("GET", "/contacts").body == before


def test_ids_come_again_after_reset(miles: Any) -> None:
    body = {"project": {"name": "A", "company_uuid": miles.spec.seed.records["companies"][0]["record"]["uuid"]}}
    first = miles("POST", "/projects", body).json
    miles.engine.reset()
    assert miles("POST", "/projects", body).json == first


@pytest.mark.parametrize("name", ["timedash", "paydirt", "moonrope", "88miles", "productive"])
def test_same_requests_give_same_bytes(stub: Any, name: str) -> None:
    paths = [operation.path for operation in stub(name).spec.operations.values() if operation.effect == "list"]
    once, again = stub(name), stub(name)
    assert [once("GET", path).body for path in paths] == [again("GET", path).body for path in paths]


def test_too_large_body_has_the_apis_own_error(timedash: Any) -> None:
    answer = timedash.engine.too_large(Request("POST", "/contacts"))
    assert answer.status == 413
    assert b"too large" in answer.body


def test_clock_stands_still_until_advanced() -> None:
    clock = Clock(100.0)
    assert (clock.now(), clock.now()) == (100.0, 100.0)
    clock.advance(60)
    assert clock.now() == 160.0
    clock.run()
    assert 160.0 <= clock.now() < 161.0


@pytest.mark.parametrize("given", ["timedash", ["timedash"], [None]])
def test_what_is_no_spec_is_told(given: Any) -> None:
    with pytest.raises(TypeError, match=r"mockserver.Engine\(\[specs.load\('timedash'\)\]\)"):
        Engine(given)


def test_one_spec_may_stand_alone() -> None:
    assert list(Engine(load("timedash")).apis) == ["timedash"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mode": "relay"}, "there are 'stateful' and 'replay'"),
        ({"clock": 1700000000}, r"such as mockserver.Clock\(1700000000\)"),
        ({"store": "sqlite:timedash.db"}, "open_store"),
    ],
)
def test_option_of_the_command_line_is_told_from_a_value(options: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        Engine([load("timedash")], **options)
