"""A storm of random and malformed requests: no failure that was not asked for, no hang, no growth of memory, and a state that stays whole."""

from __future__ import annotations

import copy
import gc
import json
import os
import re
import socket
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import pytest
import requests as requests_library
import schemathesis
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from schemathesis import GenerationMode

from mockserver import Clock, Engine, Live, Request, Response, faults_of, live
from mockserver.pointer import fetch, tokens
from mockserver.server import Patience
from mockserver.store import Query, Row, Table
from specs.model import Operation
from tests.mockserver.conftest import NOON, SIXTH, Caller, spec_of
from tests.mockserver.storms import (
    APIS,
    COUNTED,
    FIRST,
    PATIENCE,
    SECONDS,
    calls,
    contents,
    header_lists,
    judge,
    made,
    odd_engine,
    requests,
    rounds,
    stormed,
    texts,
    within,
)

MODES = ["stateful", "replay"]

Contents = dict[Table, dict[str, Row]]


def contents_of(engine: Engine) -> Contents:
    """All records of the main space. A row never changes, so that two looks are equal where nothing was written."""
    tables = [Table("", api.name, resource) for api in engine.apis.values() for resource in api.spec.resources]
    return {table: {row.key: row for row in engine.store.scan(table)} for table in tables}


def callers_of(engine: Engine) -> dict[str, Caller]:
    return {api: Caller(engine, "full", api) for api in engine.apis}


def weathered(engine: Engine, request: Request, *, broken: bool = False) -> Response:
    """The answer, which came in time and is in order."""
    with within(PATIENCE):
        response = engine.handle(request)
    judge(engine, request, response, broken=broken)
    return response


@pytest.fixture(scope="module", autouse=True)
def _counted() -> Iterator[None]:
    """Tells at the end of a long storm how much of it there was."""
    yield
    if SECONDS:
        print(*(f"\n{storm}: {count}" for storm, count in sorted(COUNTED.items())), f"\n{sum(COUNTED.values())} in all, seeds from {FIRST} on")


# The engine


@pytest.mark.parametrize("mode", MODES)
def test_engine_answers_everything(mode: str, capfd: Any) -> None:
    engine = odd_engine(mode)

    def sent(request: Request) -> None:
        before = contents_of(engine)
        response = weathered(engine, request)
        assert response.status < 400 or contents_of(engine) == before, "a refused request has changed records"

    stormed(f"engine {mode}", 0.1, 350, requests(callers_of(engine)), sent)
    assert capfd.readouterr().err == ""


def test_stub_with_every_clause_broken_answers_everything(capfd: Any) -> None:
    engine = odd_engine("stateful", rate_limit=None, faults=[fault.name for api in APIS for fault in faults_of(spec_of(api)) if fault.usual])
    stormed("every clause broken", 0.03, 250, requests(callers_of(engine)), lambda request: weathered(engine, request, broken=True))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("api", [*APIS, SIXTH], ids=str)
def test_stub_with_every_way_of_breaking_answers_its_own_calls(api: Any) -> None:
    """The ways of one clause can't all be told apart at once, but they can all be there."""
    spec = spec_of(api)
    engine = Engine([spec], clock=Clock(NOON), faults=[fault.name for fault in faults_of(spec)])
    strategy = calls(Caller(engine)).map(lambda call: made(("", call)))
    stormed(f"every fault of {spec.api}", 0.01, 40, strategy, lambda request: weathered(engine, request, broken=True))


# The state


class Machine(RuleBasedStateMachine):
    """A stub of one API that is written to in right and odd ways; after each, the state is held against what was answered."""

    api: Any
    engine: Engine
    caller: Caller

    def __init__(self) -> None:
        super().__init__()
        self.engine.reset()
        self.engine.clock.freeze(NOON)
        self.spec = self.caller.spec
        self.stateful = [served for served in self.engine.apis[self.spec.api].served.values() if served.stateful]

    def _key(self, data: Any, operation: Operation) -> str:
        table = Table("", self.spec.api, operation.resource or "")
        keys = [row.key for row in self.engine.store.select(table, Query(limit=5))[0]]
        last = self.engine.store.select(table, Query(offset=max(self.engine.store.count(table) - 2, 0), limit=2))[0]
        return str(data.draw(st.sampled_from([*keys, *(row.key for row in last), "zz_none"]), label="key"))

    def _sent(self, operation: Operation, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[Response, bool]:
        """The answer, and whether it says that it was done."""
        COUNTED["state"] += 1
        asked = "&".join(filter(None, [*self.caller.query, query]))
        told = {**self.caller.headers, **headers}
        request = Request(operation.method.upper(), self.spec.base_path + path, asked, told, body)
        response = weathered(self.engine, request)
        envelope = self.engine.apis[self.spec.api].parameters("envelope", self.engine.apis[self.spec.api].served[operation.id])
        done = 200 <= response.status < 300
        if done and envelope.outcome is not None:
            done = fetch(orjson.loads(response.body), tokens(envelope.outcome.member)) == "success"
        return response, done

    def _path(self, data: Any, operation: Operation, key: str) -> str:
        """The path with a record's id; its parents are the right ones half the time."""
        resource = self.spec.resources[operation.resource or ""]
        row = self.engine.store.get(Table("", self.spec.api, resource.name), key)
        fixed = {name: str(row.record.get(parent.member)) for parent in resource.parents for name in parent.parameters} if row is not None else {}
        path = operation.path
        for name in operation.path_parameters:
            value = fixed.get(name, quote(key, safe=""))
            path = path.replace("{" + name + "}", value if data.draw(st.integers(0, 5), label=f"right {name}") else data.draw(texts, label=name))
        return path

    @rule(data=st.data())
    def write(self, data: Any) -> None:
        served = data.draw(st.sampled_from([one for one in self.stateful if one.effect not in ("list", "read", "singleton")]), label="operation")
        operation = served.operation
        key, body = self._key(data, operation), data.draw(contents(operation), label="body")
        if served.names_record and not operation.path_parameters:
            body = self._with_key(body, served.resource.key_parameter, key)
        headers = {
            "content-type": self.caller.media,
            **dict(data.draw(header_lists, label="headers") if data.draw(st.integers(0, 3), label="odd") == 0 else {}),
        }
        before = contents_of(self.engine)
        response, done = self._sent(operation, self._path(data, operation, key), data.draw(st.just("") | texts, label="query"), headers, body)
        self._held(served, before, contents_of(self.engine), done, response)

    @staticmethod
    def _with_key(body: bytes, parameter: str, key: str) -> bytes:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return body
        return json.dumps({**value, parameter: int(key) if key.isdigit() else key}).encode() if isinstance(value, dict) else body

    def _held(self, served: Any, before: Contents, after: Contents, done: bool, response: Response) -> None:
        told = f"{served.id} -> {response.status} {response.body[:200]!r}"
        if not done:
            assert after == before, f"refused, and yet records have changed: {told}"
            return
        table = Table("", self.spec.api, served.resource.name)
        gained, lost = after[table].keys() - before[table].keys(), before[table].keys() - after[table].keys()
        if served.effect == "create":
            assert gained, told
            assert not lost, told
        elif served.effect == "delete":
            assert not gained, told
            assert len(lost) == 1, told
        else:
            assert not gained | lost, told

    @rule(seconds=st.sampled_from([0, 1, 59, 3600, 86400 * 40]))
    def wait(self, seconds: float) -> None:
        self.engine.clock.advance(seconds)

    @rule()
    def counts_agree(self) -> None:
        answer = self.engine.handle(Request("GET", "/__proctor/state"))
        told = {(one["api"], one["resource"]): one["count"] for one in orjson.loads(answer.body)["resources"]}
        for table, rows in contents_of(self.engine).items():
            assert told[table.api, table.resource] == len(rows) == self.engine.store.count(table) == self.engine.store.select(table, Query(limit=1))[1]
            assert all(self.engine.store.get(table, key) is row for key, row in rows.items())

    @rule(data=st.data())
    def listed_records_are_the_ones_read(self, data: Any) -> None:
        flat = [one for one in self.stateful if one.effect == "list" and not one.operation.path_parameters]
        served = data.draw(st.sampled_from(flat), label="list")
        reads = [one for one in self.stateful if one.effect == "read" and one.resource is served.resource and len(one.operation.path_parameters) < 2]
        answer, done = self._sent(served.operation, served.operation.path, "", {}, b"")
        assert done, answer
        envelope = self.engine.apis[self.spec.api].parameters("envelope", served)
        items = fetch(orjson.loads(answer.body), tokens(envelope.items, served.resource))
        for item in items[:2] + items[-1:] if reads else []:
            operation, key = reads[0].operation, str(item[served.resource.key])
            path, in_path = operation.path, bool(operation.path_parameters)
            for name in operation.path_parameters:
                path = path.replace("{" + name + "}", quote(key, safe=""))
            body = b"" if in_path else self._with_key(b"{}", served.resource.key_parameter, key)
            read, done = self._sent(operation, path, "", {} if in_path else {"content-type": "application/json"}, body)
            assert done, read
            assert fetch(orjson.loads(read.body), tokens(envelope.item, served.resource)) == item


@pytest.mark.parametrize("api", APIS)
def test_state_stays_whole(api: str) -> None:
    engine = Engine([spec_of(api)], clock=Clock(NOON), rate_limit=0)
    machine = type(f"Machine of {api}", (Machine,), {"api": api, "engine": engine, "caller": Caller(engine)})
    for number in rounds(0.04):
        options = settings(max_examples=8, stateful_step_count=14, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False)
        run_state_machine_as_test(seed(number)(machine), settings=options)


# Over HTTP


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Live]]:
    """A server of all APIs in each mode; it gives its callers little time."""
    patience = Patience(head=1, body=1)
    with live(engine=odd_engine("stateful"), patience=patience) as stateful, live(engine=odd_engine("replay"), patience=patience) as replay:
        yield {"stateful": stateful, "replay": replay}


FRAMINGS = [
    *["length", "length", "length", "length", "chunked", "chunked"],
    *[
        "cut",
        "short",
        "bad size",
        "huge size",
        "trailer",
        "two lengths",
        "both",
        "gzip",
        "no length",
        "no host",
        "huge",
        "many",
        "folded",
        "expect",
        "pipelined",
        "old",
        "bare lf",
    ],
]
WHOLE = {"length", "chunked", "pipelined"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMED = {"content-length", "host", "transfer-encoding", "connection", "expect"}


def _chunked(body: bytes) -> bytes:
    half = len(body) // 2
    parts = [part for part in (body[:half], body[half:]) if part]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


def _framed(framing: str, body: bytes) -> tuple[list[bytes], bytes]:
    """The headers that frame a body, and the body as it is sent; most framings are wrong in one way."""
    length, chunked = b"content-length: %d" % len(body), b"transfer-encoding: chunked"
    match framing:
        case "chunked":
            return [chunked], _chunked(body) + b"0\r\n\r\n"
        case "cut":
            return [chunked], _chunked(body + b"xy")[:-3]
        case "short":
            return [b"content-length: %d" % (len(body) + 9)], body
        case "bad size":
            return [chunked], b"zz\r\n" + body + b"\r\n0\r\n\r\n"
        case "huge size":
            return [chunked], b"f" * 16 + b"\r\n" + body
        case "trailer":
            return [chunked], _chunked(body) + b"0\r\nx-more: 1\r\n\r\n"
        case "two lengths":
            return [length, b"content-length: 1"], body
        case "both":
            return [length, chunked], _chunked(body) + b"0\r\n\r\n"
        case "gzip":
            return [b"transfer-encoding: gzip"], body
        case "no length":
            return [], body
        case "huge":
            return [length, b"x-huge: " + b"y" * 100_000], body
        case "many":
            return [length, *(b"x-%d: 1" % number for number in range(200))], body
        case "folded":
            return [length, b"x-folded: a\r\n b"], body
        case "expect":
            return [length, b"expect: 100-continue"], body
        case _:
            return [length], body


def _wire(request: Request, framing: str, tidy: bool) -> tuple[bytes, bool]:
    """The bytes of a request, and whether they are one that has to be answered."""
    target = request.path + ("?" + request.query if request.query else "")
    target = quote(target.encode("utf-8", "replace"), safe="/:@!$&'()*+,;=-._~?%[]") if tidy else target
    headers = [
        name.encode("latin-1", "replace") + b": " + value.encode("utf-8", "surrogatepass") for name, value in request.headers.items() if name not in _FRAMED
    ]
    framed, body = _framed(framing, request.body)
    host = [] if framing == "no host" else [b"host: localhost"]
    line = f"{request.method} {target} HTTP/1.{0 if framing == 'old' else 1}".encode("utf-8", "surrogatepass")
    clean = all(_TOKEN.fullmatch(name) and value.isprintable() and value.isascii() for name, value in request.headers.items())
    whole = framing in WHOLE and tidy and target.startswith("/") and clean and len(target) < 30_000 and request.method not in ("CONNECT", "X" * 300)
    end = b"\n" if framing == "bare lf" else b"\r\n"
    return end.join([line, *host, *headers, *framed, b"connection: close", b"", body]), whole


def _exchanged(server: Live, sent: bytes, whole: bool) -> bytes:
    """All that comes back until the server ends the connection, which it has to do in time."""
    parts = urlsplit(server.url)
    received = []
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE) as link:
        try:
            link.sendall(sent)
            if not whole:
                link.shutdown(socket.SHUT_WR)
            while part := link.recv(1 << 16):
                received.append(part)
        except TimeoutError:
            raise AssertionError(f"neither answer nor end in {PATIENCE:g} s after {sent[:500]!r}") from None
        except OSError:  # The server has ended the connection before all was sent, as it may.
            assert not whole or received, f"the connection broke on {sent[:500]!r}"
    return b"".join(received)


def _answered(server: Live, request: Request, framing: str, tidy: bool) -> None:
    sent, whole = _wire(request, framing, tidy)
    received = _exchanged(server, sent, whole)
    assert received or not whole, f"no answer to {sent[:500]!r}"
    if not received:
        return
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    status = int(first.split()[1])
    if framing == "gzip" and status == 501:
        return
    if whole:
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        judge(server.engine, request, Response(status, headers, body))
    else:
        assert status < 500 or "prefer" in request.headers, f"{first} to {sent[:500]!r}"


@pytest.mark.parametrize("mode", MODES)
def test_server_answers_everything(servers: dict[str, Live], mode: str, capfd: Any, caplog: Any) -> None:
    server = servers[mode]
    strategy = st.tuples(requests(callers_of(server.engine)), st.sampled_from(FRAMINGS), st.sampled_from([True, True, True, False]))
    stormed(f"http {mode}", 0.1, 250, strategy, lambda drawn: _answered(server, *drawn))
    assert capfd.readouterr().err == ""
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR", "CRITICAL")] == []
    assert b" 200 " in _exchanged(server, b"GET /__proctor/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", True)[:20]


# Schemathesis


def _generated(api: str, mode: GenerationMode) -> st.SearchStrategy[Any]:
    """What schemathesis makes of a shipped spec."""
    spec = spec_of(api)
    document = schemathesis.openapi.from_dict(copy.deepcopy(dict(spec.openapi)), config=schemathesis.Config())
    return st.one_of(*(document[one.path][one.method].as_strategy(generation_mode=mode) for one in spec.operations.values()))


def _prepared(case: Any, caller: Caller, signed: bool) -> Request | None:
    """What requests makes of a case; None where it refuses to send it."""
    sent = case.as_transport_kwargs(base_url=f"https://stub.example{caller.api.mount}{caller.spec.base_path}")
    asked = {name: value for name, value in sent.items() if name in ("method", "url", "headers", "params", "data", "json", "files", "cookies")}
    try:
        prepared = requests_library.Request(**asked).prepare()
    except (ValueError, TypeError, requests_library.RequestException):
        return None
    parts = urlsplit(prepared.url or "")
    body = prepared.body.encode("utf-8", "surrogatepass") if isinstance(prepared.body, str) else prepared.body or b""
    headers = {name.lower(): value if isinstance(value, str) else value.decode("latin-1") for name, value in prepared.headers.items()}
    query = "&".join(filter(None, [parts.query, *(caller.query if signed else ())]))
    return Request(str(prepared.method), parts.path, query, {**headers, **(caller.headers if signed else {})}, body) if isinstance(body, bytes) else None


@pytest.mark.parametrize("positive", [True, False], ids=["positive", "negative"])
@pytest.mark.parametrize("api", APIS)
def test_what_schemathesis_makes_of_a_spec_is_answered(servers: dict[str, Live], api: str, positive: bool, capfd: Any) -> None:
    numbers = iter(range(1 << 60))

    def sent(drawn: tuple[Any, bool, str]) -> None:
        case, signed, mode = drawn
        server = servers[mode]
        request = _prepared(case, Caller(server.engine, "full", api), signed)
        if request is not None and next(numbers) % 4:
            weathered(server.engine, request)
        elif request is not None:
            _answered(server, request, "length", True)

    mode = GenerationMode.POSITIVE if positive else GenerationMode.NEGATIVE
    strategy = st.tuples(_generated(api, mode), st.sampled_from([True, True, True, False]), st.sampled_from(["stateful", "stateful", "stateful", "replay"]))
    stormed(f"schemathesis {api} {mode.name.lower()}", 0.025, 12, strategy, sent)
    assert capfd.readouterr().err == ""


# Memory

GROWTH = 400_000
"""Bytes that may be there beyond those after the warm-up: what caches and counters hold, and no more the more requests there are."""


def _example(operation: Operation, odd: str) -> bytes:
    """An operation's documented body with this text as each name or note in it."""
    media = operation.body.media[0] if operation.body is not None and operation.body.media else None
    text = json.dumps(next(iter(media.examples.values()), {}) if media is not None else {})
    return re.sub(r'"((?:business_)?name|notes?)": "[^"]*"', lambda found: f'"{found[1]}": "{odd}"', text).encode()


def _never_seen(caller: Caller, number: int) -> Iterator[Request]:
    """Requests that have something in them that no request before had."""
    spec, mount = caller.spec, caller.api.mount
    odd = f"n{number}x"
    for operation in spec.operations.values():
        path = mount + spec.base_path + re.sub(r"\{\w+\}", odd, operation.path)
        query = "&".join([*caller.query, f"{odd}=1&sort={odd}&where={odd}%3D{number}&filter[{odd}]={odd}&page={number}&callback={odd}"])
        method = operation.method.upper()
        yield Request(method, path, query, caller.headers, b"")
        yield Request(method, path, f"api_key={odd}", {"authorization": f"Bearer {odd}", "origin": f"https://{odd}", "x-forwarded-for": odd}, b"")
        yield Request(method, path, "&".join(caller.query), {**caller.headers, "x-forwarded-for": odd, "content-type": odd, "accept": odd}, odd.encode())
        yield Request(method, path, "", {"prefer": f"code=200, example={odd}"}, b"")
        yield Request(method, path, "", {"x-proctor-space": odd}, b"")
        yield Request(method, path, "&".join(caller.query), {**caller.headers, "content-type": caller.media}, _example(operation, odd))
    yield Request("GET", f"{mount}/{odd}", "", caller.headers, b"")
    yield Request("GET", f"/__proctor/{odd}", odd, {}, b"")
    yield Request(f"M{number}", f"/{odd}/x", "", {}, b"")


@pytest.mark.parametrize("mode", MODES)
def test_memory_does_not_grow(mode: str) -> None:
    engine = Engine([spec_of(api) for api in [*APIS, SIXTH]], mode=mode, clock=Clock(NOON), journal=odd_engine(mode, "paydirt").journal, max_spaces=2)
    callers = list(callers_of(engine).values())
    random = Random(0)

    def blown(first: int, count: int) -> int:
        for number in range(first, first + count):
            for request in _never_seen(random.choice(callers), number):
                engine.handle(request)
                COUNTED[f"memory {mode}"] += 1
            engine.clock.advance(2)
        engine.store.reset("")  # the records, but none of the counters
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        warm, number = blown(0, 40), 40
        for _ in rounds(0.03):
            later, number = blown(number, 40), number + 40
            assert later - warm < GROWTH, f"{later - warm} bytes more after {number} rounds of requests"
    finally:
        tracemalloc.stop()


def _resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell how much memory a process has")
@pytest.mark.parametrize("mode", MODES)
def test_memory_of_a_server_does_not_grow(servers: dict[str, Live], mode: str) -> None:
    server = servers[mode]
    callers = list(callers_of(server.engine).values())
    framings = sorted(set(FRAMINGS))

    def blown(first: int) -> int:
        for number in range(first, first + 5):
            for place, request in enumerate(_never_seen(callers[number % len(callers)], number)):
                _answered(server, request, framings[(number + place) % len(framings)], True)
                COUNTED[f"memory of a server {mode}"] += 1
        gc.collect()
        return _resident()

    warm, number = blown(0), 5
    for _ in rounds(0.03):
        later, number = blown(number), number + 5
        assert later - warm < 40 * GROWTH, f"{later - warm} bytes more after {number} rounds of requests"
