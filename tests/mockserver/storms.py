"""What a storm is made of: requests that no client would send on purpose, the judgement of their answers, and how long it blows.

A normal run has a few seconds of it, the same ones each time. `PROCTOR_STORM` gives it as many seconds instead, and
`PROCTOR_STORM_SEED` another beginning.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import orjson
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mockserver import Clock, Engine, Request, Response
from mockserver.engine import CONTROL
from mockserver.journal import Journal
from mockserver.replay import preferences
from specs.model import Operation, Spec
from tests.mockserver.conftest import NOON, Caller, spec_of

__all__ = [
    "APIS",
    "COUNTED",
    "FIRST",
    "METHODS",
    "PATIENCE",
    "SECONDS",
    "bodies",
    "calls",
    "contents",
    "header_lists",
    "judge",
    "made",
    "odd_engine",
    "requests",
    "rounds",
    "stormed",
    "within",
]

APIS = ["timedash", "paydirt", "moonrope", "88miles", "productive"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "get", "X" * 300]
SECONDS = float(os.environ.get("PROCTOR_STORM") or 0)
FIRST = int(os.environ.get("PROCTOR_STORM_SEED") or 0)
PATIENCE = 5.0
"""Seconds of work that one request may cost; an order of magnitude over the slowest."""

COUNTED: Counter[str] = Counter()
"""Requests by storm."""

JSONAPI = "application/vnd.api+json"
ODD = [
    *[
        "",
        "%",
        "%z",
        "%zz",
        "%ff",
        "%00",
        "%c0%af",
        "%ed%a0%80",
        "%2e%2e%2f",
        "%u0041",
        "%25",
        "%0d%0aX-Evil:%201",
        "..",
        "/",
        "//",
        ";",
        "\x00",
        "\ud800",
        "é",
        "💥",
    ],
    *[
        "null",
        "true",
        "0",
        "-0",
        "-1",
        "1.5",
        "1e3",
        "1e999",
        "9" * 30,
        "9" * 5000,
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "٣",
        "²",
        "[]",
        "{}",
        "[[]]",
        "a" * 9000,
    ],
    *["(" * 400, "name = ", "name ~= '%%%%%%%%'", "a=1 && " * 50 + "a=1", "!" * 99, "'", '"', "2020-01-01", "2020-02-30", "9999-12-31T23:59:60Z", "0001-01-01"],
    *["-name,name", "name," * 200, "1,2,3", "o:1", "bzox", "alert(1)", "a.b[0]", "__proto__", "<script>", "*/", "application/json", "x" * 65],
]
NAMES = [
    *[
        "page",
        "size",
        "limit",
        "after",
        "sort",
        "order",
        "order_by",
        "where",
        "callback",
        "include",
        "aggregates",
        "group",
        "params",
        "access_token",
        "api_key",
    ],
    *[
        "page[size]",
        "page[number]",
        "page[]",
        "filter",
        "filter[name]",
        "filter[name][eq]",
        "filter[a][b][c]",
        "filter[",
        "fields[people]",
        "id",
        "uuid",
        "name",
    ],
    *["project[name]", "project[][name]", "where[", "%", "", "metadata[a]", "per_page", "api", "offset", "from", "to"],
]
MEDIA = [
    "application/json",
    JSONAPI,
    f"{JSONAPI}; ext=bulk",
    f"{JSONAPI}; ext=",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
    "*/*",
    ";;=",
    "",
]
HEADERS = {
    "accept": [*MEDIA, "text/html", "application/json;q=0", "a" * 5000, "*/*;q=zz", ",,,"],
    "content-type": MEDIA,
    "content-length": ["0", "-1", "x", "9" * 40],
    "origin": ["null", "https://app.example", "é", "http://[", "*"],
    "access-control-request-method": ["PUT", "", "é"],
    "access-control-request-headers": ["authorization", "x" * 500, ""],
    "authorization": ["Bearer ", "Bearer x", "Basic", "Basic ====", "Basic /w==", "Basic w4M6", "bearer bearer", "é", ""],
    "host": ["evil.example", "", "[", "localhost:99999999", "é"],
    "x-forwarded-for": ["1.2.3.4", "é", ","],
    "x-http-method-override": ["DELETE"],
    "cookie": ["a=b; c", ""],
    "if-none-match": ["*"],
    "range": ["bytes=0-0"],
    "x-token": ["é"],
    "x" * 300: ["y" * 3000],
}
PREFERRED = [
    "code=200",
    "code=404",
    "code=422",
    "code=500",
    "code=1",
    "code=abc",
    "code=٣٣٣",
    "example=no",
    "dynamic=true",
    "code=201, dynamic=true",
    "code=404; example=x",
    "=",
    "é",
]
SPACES = ["storm", "storm-2", "", "é", "x" * 65, "..", "%"]

UNREADABLE = [
    *[
        b"",
        b" ",
        b"{",
        b"[" * 5000,
        b"[" * 199 + b"]" * 199,
        b'{"a":' * 3000,
        b'{"a":' * 150 + b"1" + b"}" * 150,
        b"\xff\xfe",
        b"\x00",
        b"\xef\xbb\xbf{}",
        b"null",
        b"[]",
        b'""',
        b"1e999",
    ],
    *[
        b'{"data":null}',
        b'{"data":[]}',
        b'{"data":[null]}',
        b'{"data":{"attributes":[]}}',
        b'{"project":[]}',
        b'{"x":"\\ud800"}',
        b'{"a":NaN}',
        b'{"a":1,"a":2}',
    ],
    *[b"a=%ff", b"a[b[c=1", b"&&&===", b"a=1&" * 3000, b"params={", b"params=%7B%7D", b"params=" + b"[" * 900, b"9" * 5000, b"-" * 99, b"x" * 100_000],
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*ODD, "x" * 600, 1 << 63, 1 << 64, -(1 << 63) - 1, 1e308, "\ud800"])
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(NAMES), inner, max_size=4), max_leaves=10
)


def dumped(value: Any) -> bytes:
    """A value as JSON of the careless kind: with NaN, and with lone surrogates, escaped."""
    return json.dumps(value).encode()


bodies = st.sampled_from(UNREADABLE) | documents.map(dumped) | st.binary(max_size=60)
texts = st.sampled_from(ODD) | st.text(max_size=15).map(lambda text: quote(text.encode("utf-8", "replace"), safe="[]&=+%;")) | st.text(max_size=6)
names = st.sampled_from(NAMES) | texts
queries = st.lists(st.tuples(names, texts), max_size=5).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)) | texts
header_pairs = st.sampled_from(sorted(HEADERS)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]) | st.sampled_from(ODD[:45])))
header_lists = st.lists(header_pairs, max_size=3)


def contents(operation: Operation) -> st.SearchStrategy[bytes]:
    """Bodies for an operation: any at all, and its own example with something wrong or odd in it."""
    media = operation.body.media[0] if operation.body is not None and operation.body.media else None
    example = next(iter(media.examples.values()), None) if media is not None else None
    if not isinstance(example, dict) or not example:
        return bodies
    return st.one_of(st.just(dumped(example)), st.builds(_bent, st.just(example), st.integers(0, 99), documents).map(dumped), bodies)


def _bent(value: Any, where: int, odd: Any) -> Any:
    """The value with something odd in one of its places."""
    if not isinstance(value, dict) or not value or where % 7 == 6:
        return odd
    name = list(value)[where % len(value)]
    return {**value, name: _bent(value[name], where // 2, odd)}


_STRATEGIES: dict[str, st.SearchStrategy[bytes]] = {}


@st.composite
def calls(draw: st.DrawFn, caller: Caller) -> tuple[str, str, str, dict[str, str], bytes]:
    """Method, path under the mount, query, headers and body of a call to one of an API's operations, right or odd in any of them."""
    spec = caller.spec
    operation = draw(st.sampled_from(list(spec.operations.values())))
    path = spec.base_path + operation.path
    for name in operation.path_parameters:
        path = path.replace("{" + name + "}", draw(st.sampled_from(_keys(spec, operation)) | texts))
    if draw(st.integers(0, 9)) == 0:
        path = draw(st.sampled_from([path + "/", path + ".json", path + "/x", "/" + path, path.upper(), path.removesuffix(".json"), "/", "", "*"]) | texts)
    query = draw(st.just("") | queries)
    if caller.query and draw(st.integers(0, 9)):
        query = "&".join([*caller.query, query])
    headers = dict(caller.headers) if draw(st.integers(0, 9)) else {}
    key = f"{spec.api} {operation.id}"
    body = draw(st.just(b"") | _STRATEGIES.setdefault(key, contents(operation)))
    if body and draw(st.integers(0, 4)):
        headers["content-type"] = caller.media
    headers.update(draw(header_lists))
    method = draw(st.sampled_from([operation.method.upper()] * len(METHODS) + METHODS))
    return method, path, query, headers, body


def _keys(spec: Spec, operation: Operation) -> list[str]:
    resource = spec.resources.get(operation.resource or "")
    records = spec.seed.records.get(resource.name, ()) if resource is not None else ()
    return [str(item["record"][resource.key]) for item in records[:4] if resource is not None] or ["1"]


CONTROLLED = [
    *[
        "",
        "/",
        "/health",
        "/specs",
        "/specs/timedash",
        "/specs/nope",
        "/specs/productive/openapi.json",
        "/openapi.json",
        "/state",
        "/state/timedash/contacts",
        "/spaces",
    ],
    *[
        "/state/timedash/contacts/con_0001",
        "/state/88miles/projects/x",
        "/state/reset",
        "/journal",
        "/journal/1",
        "/journal.har",
        "/faults",
        "/clock",
        "/clock/advance",
    ],
    *["/clock/freeze", "/clock/run", "/limits", "/limits/reset", "/spaces/storm", "/nope", "/state/a/b/c/d", "/journal/-1", "/%ff", "/%00"],
]
ORDERED = [
    *[
        b'{"seconds": 5}',
        b'{"seconds": 1e308}',
        b'{"seconds": -1}',
        b'{"at": "9999-12-31T23:59:59Z"}',
        b'{"at": 1e18}',
        b'{"now": "2020-01-01T00:00:00Z"}',
        b'{"records": []}',
    ],
    *[
        b'{"faults": []}',
        b'{"faults": ["x"]}',
        b'{"faults": ["timedash/nope"]}',
        b'{"record": {}}',
        b'{"record": {"id": "con_0001", "name": "\\ud800"}}',
        b'{"on": true}',
    ],
    *[
        b'{"record": {"id": "con_0001", "name": "x", "metadata": {}}}',
        b'{"records": [{"record": {"id": "1"}}, {"record": {"id": "1"}}]}',
        b'{"limit": 10}',
        b'{"transport": []}',
    ],
]


@st.composite
def controls(draw: st.DrawFn) -> tuple[str, str, str, dict[str, str], bytes]:
    """A call of the control plane. It may say anything that does not ask for failures."""
    path = CONTROL + draw(st.sampled_from(CONTROLLED))
    query = draw(
        st.just("") | st.sampled_from(["limit=1", "limit=0", "limit=9999999", "offset=-1", "api=timedash", "status=4xx", "since=x", "after=1"]) | queries
    )
    body = draw(st.just(b"") | st.sampled_from(ORDERED) | bodies)
    headers = {"content-type": "application/json", **dict(draw(header_lists))}
    return draw(st.sampled_from(METHODS[:7] * 3 + METHODS)), path, query, headers, body


def requests(callers: Mapping[str, Caller]) -> st.SearchStrategy[Request]:
    """Requests to an engine that serves these callers' APIs: to its operations, its control plane, and to nothing at all."""
    mounts = [st.tuples(st.just(caller.api.mount), calls(caller)) for caller in callers.values()]
    return st.builds(
        made, st.one_of(*mounts, st.tuples(st.just(""), controls()), st.tuples(texts, calls(next(iter(callers.values()))))), preferred, spaced, schemes
    )


preferred = st.none() | st.none() | st.none() | st.sampled_from(PREFERRED)
spaced = st.none() | st.none() | st.sampled_from(SPACES)
schemes = st.sampled_from(["https", "https", "https", "https", "http"])


def made(drawn: tuple[str, tuple[str, str, str, dict[str, str], bytes]], prefer: str | None = None, space: str | None = None, scheme: str = "https") -> Request:
    """A request as an adapter hands it over."""
    mount, (method, path, query, headers, body) = drawn
    if prefer is not None:
        headers = {**headers, "prefer": prefer}
    if space is not None:
        headers = {**headers, "x-proctor-space": space}
    return Request(method, mount + path, query, headers, body, scheme, f"{scheme}://stub.example")


def odd_engine(mode: Any, *apis: str, **options: Any) -> Engine:
    """An engine as it is used when everything is on, with a small journal and few spaces, so that both run full."""
    return Engine(
        [spec_of(api) for api in apis or APIS],
        mode=mode,
        clock=Clock(NOON),
        rate_limit=options.pop("rate_limit", 0),
        journal=Journal(limit=50),
        max_spaces=3,
        **options,
    )


# Judging

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_GUARD = re.compile(rb"/\*\*/\s*[\w$.\[\]]+\((.*)\);?\s*", re.DOTALL)
_SHAPES: dict[str, Any] = {}


def judge(engine: Engine, request: Request, response: Response, *, broken: bool = False) -> None:
    """Whether an answer is one: no failure that was not asked for, sound in itself and, if it is a refusal, of the API's own shape.

    Of a stub that is broken on purpose no more is wanted than that it answers.
    """
    told = f"{request.method} {request.path[:200]!r}?{request.query[:200]!r} -> {response.status} {response.body[:300]!r}"
    assert isinstance(response, Response), told
    assert 100 <= response.status <= 599, told
    for name, value in response.headers.items():
        assert _TOKEN.fullmatch(name), f"header {name!r}: {told}"
        assert not re.search(r"[\r\n\x00]", value), f"header {name!r}: {value!r}: {told}"
    if broken:
        return
    wanted = preferences(request)
    assert response.status < 500 or wanted.get("code") == str(response.status), told
    assert not response.body or (request.method != "HEAD" and response.status not in (204, 304)), told
    media = response.headers.get("content-type", "")
    if "json" in media and request.method != "HEAD":
        orjson.loads(response.body)
    if response.status >= 400 and request.method != "HEAD" and not wanted:
        _judge_refusal(engine, request, response, told)


def _judge_refusal(engine: Engine, request: Request, response: Response, told: str) -> None:
    controlled = request.path.startswith(CONTROL) and request.path[len(CONTROL) : len(CONTROL) + 1] in ("", "/")
    served = None if controlled else engine.locate(request)
    media = response.headers.get("content-type", "")
    if served is None or media == "application/problem+json":
        value = orjson.loads(response.body)
        assert media == "application/problem+json", told
        assert value["status"] == response.status, told
        assert value["title"], told
        own = served is not None and served.api.parameters("errors", served).template is not None
        assert not own or "x-proctor-space" in request.headers, told
        return
    shape = served.api.parameters("errors", served).shape
    if shape is not None:
        name = served.api.name
        if name not in _SHAPES:
            _SHAPES[name] = jsonschema_rs.validator_for(_plain(shape))
        body = _GUARD.fullmatch(response.body)
        assert _SHAPES[name].is_valid(orjson.loads(body[1] if body else response.body)), told


def _plain(schema: Any) -> Any:
    return json.loads(json.dumps(schema, default=dict))


# Blowing


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails what takes longer: at once where it can be interrupted, else when it is over. Time that others take does not count."""
    started = time.thread_time()
    armed = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")

    def alarm(*_: Any) -> None:
        raise AssertionError(f"no answer within {seconds:g} s of work")

    before = signal.signal(signal.SIGPROF, alarm) if armed else None
    if armed:
        signal.setitimer(signal.ITIMER_PROF, seconds * 2)
    try:
        yield
    finally:
        if armed:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
    assert time.thread_time() - started < seconds


def rounds(share: float) -> Iterator[int]:
    """The seeds of the rounds of a storm that has a share of the whole: one in a normal run, else as many as there is time for."""
    number, deadline = FIRST, time.monotonic() + SECONDS * share
    yield number
    while time.monotonic() < deadline:
        number += 1
        yield number


def stormed(storm: str, share: float, examples: int, strategy: st.SearchStrategy[Any], body: Callable[[Any], None]) -> None:
    """Calls `body` with what the strategy draws, `examples` times a round."""
    for number in rounds(share):

        def example(drawn: Any) -> None:
            COUNTED[storm] += 1
            body(drawn)

        run: Any = given(strategy)(example)
        run = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False)(run)
        seed(number)(run)()
