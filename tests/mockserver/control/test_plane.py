"""What all operations of the control plane have in common."""

from __future__ import annotations

import pytest

from mockserver import Request
from mockserver.engine import MAX_BODY
from tests.mockserver.conftest import Caller
from tests.mockserver.control.conftest import Plane, engine_of


def test_plane_lies_at_the_root_beside_several_apis() -> None:
    plane = Plane(engine_of("timedash", "paydirt"))
    assert plane("GET", "/health").json == {"status": "ok", "mode": "stateful", "apis": ["timedash", "paydirt"]}


def test_path_that_only_begins_so_is_the_apis(plane: Plane) -> None:
    answer = plane.engine.handle(Request("GET", "/__proctorial/health"))
    assert (answer.status, "error" in Caller(plane.engine)("GET", "/nowhere").json) == (401, True)


def test_replay_has_a_control_plane_too() -> None:
    assert Plane(engine_of("timedash", mode="replay"))("GET", "/health").json["mode"] == "replay"


@pytest.mark.parametrize("path", ["/nothing", "//", "/state/timedash", "/health/x", "/%ff"])
def test_unknown_path_says_where_the_description_is(plane: Plane, path: str) -> None:
    answer = plane("GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "/__proctor/openapi.json" in answer.json["detail"]


def test_wrong_method_gets_what_is_allowed(plane: Plane) -> None:
    answer = plane("POST", "/faults")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")


def test_options_tells_what_is_allowed(plane: Plane) -> None:
    answer = plane("OPTIONS", "/clock")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "GET, HEAD, OPTIONS", b"")


def test_head_has_the_length_and_no_body(plane: Plane) -> None:
    whole, head = plane("GET", "/specs"), plane("HEAD", "/specs")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(whole.body)))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("PUT", "/faults", b"", 400, "needs a body of JSON"),
        ("PUT", "/faults", b"{", 400, "not JSON"),
        ("PUT", "/faults", b"\xff", 400, "not JSON"),
        ("PUT", "/faults", b"[]", 422, 'is not of type "object"'),
        ("PUT", "/faults", {"on": "timedash/page/walk"}, 422, "at /on"),
        ("PUT", "/faults", {"on": [1]}, 422, "at /on/0"),
        ("PUT", "/faults", {"of": []}, 422, "required"),
        ("POST", "/clock/advance", {"seconds": "60"}, 422, "at /seconds"),
        ("POST", "/clock/advance", {"seconds": True}, 422, "at /seconds"),
        ("POST", "/clock/advance", {"seconds": 1e300}, 422, "at /seconds"),
        ("POST", "/clock/advance", {"seconds": 1, "minutes": 1}, 422, "minutes"),
        ("POST", "/clock/freeze", {"at": "yesterday"}, 422, 'at /at: "yesterday" is not a "date-time"'),
        ("POST", "/clock/freeze", {"at": -1}, 422, "at /at: -1 is less than the minimum of 0"),
        ("POST", "/clock/freeze", {"at": None}, 422, 'at /at: null is not of types "number", "string"'),
        ("PUT", "/journal", {}, 422, "not as it should be"),
        ("PUT", "/journal", {"limit": 0}, 422, "at /limit"),
    ],
)
def test_wrong_body_is_told_with_its_place(plane: Plane, method: str, path: str, body: object, status: int, told: str) -> None:
    answer = plane(method, path, body)
    assert (answer.status, answer.json["status"], answer.headers["content-type"]) == (status, status, "application/problem+json")
    assert told in answer.json["detail"]


@pytest.mark.parametrize("body", [{"on": ["a" * 100_000]}, {"on": ["timedash/page/walk"] * 1001}, {"on": "a" * 100_000}, {"a" * 100_000: 1}])
def test_what_is_told_of_a_huge_body_is_short(plane: Plane, body: object) -> None:
    answer = plane("PUT", "/faults", body)
    assert answer.status == 422
    assert len(answer.body) < 10_000


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        ("/journal", "opertion=x", "has no query parameter 'opertion'; it takes api, operation"),
        ("/journal", "status=40", "status '40'"),
        ("/journal", "after=x", "after 'x'"),
        ("/journal", "after=-1", "after '-1'"),
        ("/journal", "since=yesterday", "since 'yesterday'"),
        ("/journal", "after=1&after=2", "more than once"),
        ("/journal", "method=%ff", "method can't be read: undone, its percent-encoding is no UTF-8"),
        ("/journal", "method=A+B", "method 'A B'"),
        ("/journal", "since=0000-01-01T00:00:00Z", "from 1970 to 9998"),
        ("/journal", f"last={'9' * 30}", "is greater than the maximum of 1000000"),
        ("/journal", "api=timedahs", "there is timedash"),
        ("/journal", "operation=listContact", "No operation is called 'listContact' here; there is listContacts"),
        ("/journal.har", "operation=nothing", "there is createAgreement, createAssignment"),
        ("/clock", "x=1", "it takes none"),
        ("/state/timedash/contacts", "limit=1001", "limit '1001'"),
    ],
)
def test_wrong_query_is_told_by_name(plane: Plane, path: str, query: str, told: str) -> None:
    answer = plane("GET", path, query=query)
    assert answer.status == 400
    assert told in answer.json["detail"]


def test_body_over_the_bound_is_a_problem(plane: Plane) -> None:
    answer = plane.engine.too_large(Request("PUT", "/__proctor/faults"))
    assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json")
    assert str(MAX_BODY) in answer.body.decode()


def test_control_calls_are_not_in_the_journal(plane: Plane) -> None:
    plane("GET", "/health")
    assert plane("GET", "/journal").json["exchanges"] == []
