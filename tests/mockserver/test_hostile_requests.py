"""No request makes the stub fail: odd bytes, wrong types, huge numbers, deep JSON, in every place of every operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver import Clock, Engine, Request
from tests.mockserver.conftest import NOON, SIXTH, Caller, spec_of

ALL = ["timedash", "paydirt", "moonrope", "88miles", "productive", SIXTH]
ODD = ["", "%", "%zz", "%ff", "%00", "é", "💥", "null", "-1", "1e999", "9" * 400, "NaN", "[]", "{}", "..", "a" * 5000, "(((", "&&", "name = ", "o:1"]
NAMES = ["page", "size", "limit", "after", "sort", "order", "order_by", "where", "callback", "include", "aggregates", "group", "filter[a][b]", "page[size]"]
UNREADABLE = [b"", b"{", b"[" * 5000, b'{"a":' * 3000, b"\xff\xfe", b'{"data":null}', b'{"data":[]}', b'{"project":[]}', b'{"x":"\\ud800"}', b"a=%ff"]
JSONAPI = "application/vnd.api+json"

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(["x" * 600, "2020-01-01"])
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4), max_leaves=12)
bodies = st.binary(max_size=60) | documents.map(lambda value: json.dumps(value).encode()) | st.sampled_from(UNREADABLE)
types = st.sampled_from(["application/json", JSONAPI, f"{JSONAPI}; ext=bulk", "application/x-www-form-urlencoded", "text/plain", ""])
values = st.sampled_from(ODD) | st.text(max_size=20).map(lambda text: quote(text, safe="[]&=+"))
queries = st.lists(st.tuples(st.sampled_from(NAMES) | values, values), max_size=4).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))

_CALLERS: dict[str, Caller] = {}


def caller_of(api: Any) -> Caller:
    if str(api) not in _CALLERS:
        _CALLERS[str(api)] = Caller(Engine([spec_of(api)], clock=Clock(NOON), rate_limit=0))
    return _CALLERS[str(api)]


def sent(caller: Caller, data: Any) -> Request:
    operation = data.draw(st.sampled_from(list(caller.spec.operations.values())), label="operation")
    path = operation.path
    for name in operation.path_parameters:
        records = caller.spec.seed.records.get(operation.resource or "", ())
        keys = [str(item["record"][caller.spec.resources[operation.resource or ""].key]) for item in records[:3]]
        path = path.replace("{" + name + "}", data.draw(st.sampled_from([*keys, *ODD]), label=name))
    headers: Mapping[str, str] = {**caller.headers, "content-type": data.draw(types, label="type")}
    query = "&".join([*caller.query, data.draw(queries, label="query")])
    method = data.draw(st.sampled_from([operation.method] * 6 + ["GET", "HEAD", "PUT", "DELETE", "TRACE"]), label="method")
    return Request(method, caller.spec.base_path + path, query, headers, data.draw(bodies, label="body"))


@pytest.mark.parametrize("api", ALL, ids=str)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_makes_it_fail(api: Any, data: Any) -> None:
    caller = caller_of(api)
    response = caller.engine.handle(sent(caller, data))
    assert 200 <= response.status < 500
    if response.body and "json" in response.headers["content-type"]:
        json.loads(response.body)


DEEP = b'{"name": "a", "metadata": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}"
HUGE = b'{"name": ' + b"9" * 5000 + b"}"


@pytest.mark.parametrize(
    "body", [b"{", b"NaN", b'{"name": NaN}', b'{"name": 1e999}', b"[" * 100_000, DEEP, HUGE, b'{"name": "\\ud800"}', b"\xff", b"\x00", b"null"]
)
def test_unreadable_bodies_are_client_errors(timedash: Any, body: bytes) -> None:
    answer = timedash("POST", "/contacts", body, content_type="application/json")
    assert answer.status == 400
    assert answer.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("key", ["%ff", "%00", "%", "%zz", "9" * 5000, "é", "..", "%2e%2e%2f", "a%2Fb", "%F0%9F%92%A5"])
def test_odd_ids_are_not_found(timedash: Any, key: str) -> None:
    assert timedash("GET", f"/contacts/{key}").status == 404


def test_many_parameters_take_little_time(timedash: Any) -> None:
    query = "&".join(f"p{number}=1" for number in range(100_000))
    assert timedash("GET", "/contacts", query=query).status == 200
