"""The journal as it is read: filtered, bounded, switched, exported."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from mockserver import Request
from mockserver.journal import Journal
from tests.mockserver.conftest import NOON, Caller
from tests.mockserver.control.conftest import Plane, engine_of

_TEXT, _SIZE = {"type": "string"}, {"type": "integer", "minimum": -1}
_PAIRS = {"type": "array", "items": {"type": "object", "required": ["name", "value"], "properties": {"name": _TEXT, "value": _TEXT}}}
_MESSAGE = {"httpVersion": _TEXT, "cookies": {"type": "array"}, "headers": _PAIRS, "headersSize": _SIZE, "bodySize": _SIZE}
_REQUEST = {**_MESSAGE, "method": _TEXT, "url": {"type": "string", "format": "uri"}, "queryString": _PAIRS}
_POSTED = {"type": "object", "required": ["mimeType", "text"], "properties": {"mimeType": _TEXT, "text": _TEXT}}
_CONTENT = {"type": "object", "required": ["size", "mimeType"], "properties": {"size": _SIZE, "mimeType": _TEXT, "text": _TEXT, "encoding": _TEXT}}
_RESPONSE = {**_MESSAGE, "status": {"type": "integer"}, "statusText": _TEXT, "content": _CONTENT, "redirectURL": _TEXT}
_TIMING = {"type": "number", "minimum": -1}


def _whole(properties: dict[str, Any], *optional: str, **more: Any) -> dict[str, Any]:
    """The schema of an object that has all these members, and custom ones whose names begin with an underscore."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": {**properties, **more}, "patternProperties": {"^_": {}}, "additionalProperties": False}


HAR: dict[str, Any] = _whole(
    {
        "log": _whole(
            {
                "version": {"const": "1.2"},
                "creator": _whole({"name": _TEXT, "version": _TEXT}),
                "entries": {
                    "type": "array",
                    "items": _whole(
                        {
                            "startedDateTime": {"type": "string", "format": "date-time"},
                            "time": {"type": "number", "minimum": 0},
                            "request": _whole(_REQUEST, postData=_POSTED),
                            "response": _whole(_RESPONSE),
                            "cache": {"type": "object"},
                            "timings": _whole({"send": _TIMING, "wait": _TIMING, "receive": _TIMING}),
                        }
                    ),
                },
            }
        )
    }
)
"""HAR 1.2 as a JSON Schema: the members that it requires, and no others but custom ones."""


@pytest.fixture
def told(plane: Plane, caller: Caller) -> Plane:
    """A journal of four exchanges: 200, 404, 201 or 200, and 401."""
    caller("GET", "/contacts", query="size=2")
    caller("GET", "/contacts/nobody")
    caller("POST", "/contacts", {"name": "New"})
    caller.as_(None)("GET", "/assignments")
    return plane


def numbers(plane: Plane, query: str = "") -> list[int]:
    answer = plane("GET", "/journal", query=query)
    assert answer.status == 200
    return [one["number"] for one in answer.json["exchanges"]]


def test_exchange_is_told_as_it_was(told: Plane) -> None:
    exchange = told("GET", "/journal/1").json
    assert exchange == told("GET", "/journal").json["exchanges"][0]
    assert (exchange["api"], exchange["operation"], exchange["space"]) == ("timedash", "listContacts", "")
    assert (exchange["request"]["method"], exchange["request"]["url"]) == ("GET", "https://stub.example/contacts?size=2")
    assert (exchange["response"]["status"], exchange["response"]["encoding"]) == (200, "text")
    assert '"con_0001"' in exchange["response"]["body"]
    assert 0 < exchange["seconds"] < 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4]),
        ("api=timedash", [1, 2, 3, 4]),
        ("operation=listContacts", [1]),
        ("status=401", [4]),
        ("status=4xx", [2, 4]),
        ("status=5xx", []),
        ("method=post", [3]),
        ("path=/contacts", [1, 2, 3]),
        ("path=/contacts/", [2]),
        ("path=/contacts&status=2xx&method=GET", [1]),
        ("after=2", [3, 4]),
        ("last=2", [3, 4]),
        ("last=1&path=/contacts", [3]),
        ("since=2000-01-01T00:00:00Z", [1, 2, 3, 4]),
        ("since=2999-01-01T00:00:00+01:00", []),
    ],
)
def test_filters_keep_what_they_name(told: Plane, query: str, found: list[int]) -> None:
    assert numbers(told, query) == found


def test_requests_of_no_api_are_told_too() -> None:
    plane = Plane(engine_of("timedash", "paydirt"))
    plane.engine.handle(Request("GET", "/nobody/contacts"))
    plane.engine.handle(Request("GET", "/paydirt/nowhere"))
    assert [(one["api"], one["operation"]) for one in plane("GET", "/journal").json["exchanges"]] == [(None, None), ("paydirt", None)]


def test_exchange_that_is_not_there_is_a_problem(told: Plane) -> None:
    assert told("GET", "/journal/5").status == 404


def test_journal_is_switched_off_and_on(told: Plane, caller: Caller) -> None:
    assert told("PUT", "/journal", {"on": False}).json["on"] is False
    caller("GET", "/contacts")
    assert numbers(told) == [1, 2, 3, 4]
    told("PUT", "/journal", {"on": True})
    caller("GET", "/contacts")
    assert numbers(told) == [1, 2, 3, 4, 5]


def test_journal_is_bounded_while_running(told: Plane) -> None:
    assert told("PUT", "/journal", {"limit": 2}).json["held"] == 2
    assert numbers(told) == [3, 4]


def test_journal_is_cleared_and_counts_on(told: Plane, caller: Caller) -> None:
    assert told("DELETE", "/journal").status == 204
    caller("GET", "/contacts")
    assert numbers(told) == [5]


def test_space_sees_and_clears_its_own(told: Plane, caller: Caller) -> None:
    caller("GET", "/contacts", x_proctor_space="one")
    one = told.within("one")
    assert (numbers(one), numbers(told)) == ([5], [1, 2, 3, 4, 5])
    one("DELETE", "/journal")
    assert (numbers(one), numbers(told)) == ([], [1, 2, 3, 4])


def test_body_that_is_no_text_is_told_in_base64(plane: Plane, caller: Caller) -> None:
    caller("POST", "/contacts", b"\xff\xfe", content_type="application/json")
    request = plane("GET", "/journal/1").json["request"]
    assert (request["body"], request["encoding"]) == ("//4=", "base64")


def test_refused_large_body_is_told(plane: Plane) -> None:
    plane.engine.too_large(Request("POST", "/contacts"))
    assert [(one["operation"], one["response"]["status"]) for one in plane("GET", "/journal").json["exchanges"]] == [("createContact", 413)]


def test_archive_is_valid(told: Plane, caller: Caller) -> None:
    caller("POST", "/contacts", b"\xff", content_type="application/octet-stream")
    caller("DELETE", "/contacts/con_0001")
    archive = told("GET", "/journal.har").json
    jsonschema.validate(archive, HAR, format_checker=jsonschema.FormatChecker())
    entry = archive["log"]["entries"][0]
    assert entry["request"]["queryString"] == [{"name": "size", "value": "2"}]
    assert (entry["response"]["status"], entry["response"]["statusText"], entry["_operation"]) == (200, "OK", "listContacts")
    assert archive["log"]["entries"][2]["request"]["postData"] == {"mimeType": "application/json", "text": '{"name": "New"}'}


def test_host_that_is_none_stands_in_the_archive(plane: Plane) -> None:
    plane.engine.handle(Request("GET", "/contacts", "size=2", {"host": "["}, origin="http://["))
    (entry,) = plane("GET", "/journal.har").json["log"]["entries"]
    assert entry["request"]["url"].startswith("http://[/contacts?")
    assert entry["request"]["queryString"] == [{"name": "size", "value": "2"}]


def test_archive_is_filtered(told: Plane) -> None:
    entries = told("GET", "/journal.har", query="status=401").json["log"]["entries"]
    assert [one["_number"] for one in entries] == [4]


def test_since_finds_exchanges_from_before_the_wall_clock_was_put_back() -> None:
    moments = iter([2000.0, 1000.0])
    plane = Plane(engine_of("timedash"))
    plane.engine.journal = Journal(now=lambda: next(moments))
    for _ in range(2):
        plane.engine.handle(Request("GET", "/contacts"))
    assert numbers(plane, "since=1970-01-01T00:25:00Z") == [1]


def test_times_are_those_of_the_wall(told: Plane) -> None:
    assert told("GET", "/journal/1").json["time"] > "2020"
    assert told("GET", "/clock").json["now"] == NOON
