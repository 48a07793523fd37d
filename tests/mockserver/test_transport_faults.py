"""Faults of the connection: how they are written, when they strike, and what a client sees of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from werkzeug.test import Client

from mockserver import Engine, FaultError, Live, Request, live
from mockserver.asgi import AsgiApp
from mockserver.server import bind_port
from mockserver.transport_faults import KINDS, TransportFaults, parse
from mockserver.wsgi import WsgiApp
from tests.mockserver.conftest import Caller, spec_of
from tests.mockserver.sockets import connected, said

KEY = "api_key=paydirt-full-7d1f"
LIST = f"GET /api/v1/clients?{KEY} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode()
CREATE = f"POST /api/v1/clients?{KEY} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 25\r\nconnection: close\r\n\r\n".encode()
RECORD = b'{"business_name":"Wired"}'
OPERATION = next(one.id for one in spec_of("paydirt").operations.values() if one.resource == "clients" and one.effect == "list")


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """One API over plain TCP."""
    with live(spec_of("paydirt")) as running:
        yield running


@pytest.fixture(scope="module")
def secure() -> Iterator[Live]:
    """One API over TLS."""
    with live(spec_of("paydirt"), tls=True) as running:
        yield running


@pytest.fixture(autouse=True)
def _calm(server: Live) -> Iterator[None]:
    yield
    server.engine.set_transport_faults([])


def under(server: Live, *faults: str, sent: bytes = LIST) -> tuple[bytes, str]:
    server.engine.set_transport_faults(faults)
    return said(server.url, sent, ca=None if server.ca_file is None else str(server.ca_file))


def split(answer: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])}, body


def clients(server: Live) -> int:
    server.engine.set_transport_faults([])
    return len(json.loads(split(said(server.url, LIST)[0])[1])["clients"])


# How they are written


@pytest.mark.parametrize("form", KINDS.values(), ids=KINDS)
def test_example_of_each_kind_is_one(form: Any) -> None:
    assert parse(form.example).text == form.example


def test_options_and_place_are_read() -> None:
    fault = parse("latency=1.5s,sigma=0.5,rate=30%,seed=7@listClients")
    assert (fault.kind, fault.value, fault.sigma, fault.rate, fault.seed, fault.where) == ("latency", 1.5, 0.5, 0.3, 7, "listClients")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lateness=1s", "'lateness' is no transport fault. There is latency=200ms"),
        ("latency", "latency is written as in latency=200ms"),
        ("latency=200", "latency is written as in latency=200ms, not '200'"),
        ("latency=9999s", "not '9999s'; at most 600s"),
        ("reset,rate=1%,rate=2%", "rate is there twice"),
        ("latency=1s,every=1s", "there is no option 'every' here, but sigma, rate, seed"),
        ("reset=1", "reset takes no value; it is written as in reset"),
        ("reset,when=during", "when can't be 'during'; it is written as in when=before or when=after"),
        ("reset,rate=130%", "rate can't be '130%'; it is written as in rate=30%"),
        ("status=404", "as in status=503, not '404'"),
        ("length=0", "not '0'"),
        ("length=+0", "not '+0'"),
        ("dribble=0B", "not '0B'"),
        ("", "'' is no transport fault"),
    ],
)
def test_what_is_no_fault_is_told(text: str, told: str) -> None:
    with pytest.raises(FaultError) as caught:
        parse(text)
    assert told in str(caught.value)


def test_unknown_place_is_told_with_those_near(server: Live) -> None:
    with pytest.raises(FaultError, match=rf"'{OPERATION}s' is neither an operation nor an API of what is served; there is .*{OPERATION}"):
        server.engine.set_transport_faults([f"reset@{OPERATION}s"])
    with pytest.raises(FaultError, match="an operation is missing after the @"):
        server.engine.set_transport_faults(["reset@"])


# When they strike


def drawn(*faults: str, seed: int = 0, times: int = 200) -> list[bool]:
    engine = Engine([spec_of("paydirt")], seed=seed)
    faulty = TransportFaults(faults, engine.apis, seed)
    return [faulty.drawn("paydirt", OPERATION) is not None for _ in range(times)]


def test_rate_is_kept_and_seeded() -> None:
    struck = drawn("reset,rate=30%")
    assert 40 <= sum(struck) <= 80
    assert drawn("reset,rate=30%") == struck
    assert drawn("reset,rate=30%", seed=1) != struck
    assert drawn("reset,rate=30%,seed=5", seed=1) == drawn("reset,rate=30%,seed=5", seed=2)
    assert not any(drawn("reset,rate=0"))


@pytest.mark.parametrize("place", [OPERATION, f"paydirt/{OPERATION}", "paydirt"])
def test_place_is_an_operation_or_an_api(place: str) -> None:
    assert all(drawn(f"reset@{place}", times=3))


def test_other_operations_are_spared(server: Live) -> None:
    assert under(server, f"reset@{OPERATION}", sent=LIST.replace(b"clients", b"clients/123"))[0].startswith(b"HTTP/1.1 200 ")
    assert under(server, f"reset@{OPERATION}") == (b"", "reset")


def test_several_apis_are_told_apart() -> None:
    engine = Engine([spec_of("paydirt"), spec_of("timedash")], transport_faults=["reset@paydirt"])
    assert engine.disturbance(Request("GET", "/paydirt/api/v1/clients")) is not None
    assert engine.disturbance(Request("GET", "/timedash/contacts")) is None
    assert engine.disturbance(Request("GET", "/nothing")) is None


def test_latency_is_fixed_or_lognormal() -> None:
    engine = Engine([spec_of("paydirt")])
    fixed = TransportFaults(["latency=200ms", "latency=50ms"], engine.apis)
    assert {fixed.drawn("paydirt", OPERATION).delay for _ in range(5)} == {0.25}  # type: ignore[union-attr]
    faulty = TransportFaults(["latency=200ms,sigma=0.5"], engine.apis)
    delays = sorted(faulty.drawn("paydirt", OPERATION).delay for _ in range(999))  # type: ignore[union-attr]
    assert 0.18 < delays[499] < 0.22
    assert 0.1 < delays[159] < 0.14
    assert 0.29 < delays[839] < 0.37


def test_reset_of_a_space_begins_the_draws_again(paydirt: Caller) -> None:
    engine = paydirt.engine
    engine.set_transport_faults(["reset,rate=50%"])
    request = Request("GET", "/api/v1/clients")
    first = [engine.disturbance(request) is not None for _ in range(50)]
    engine.reset()
    assert [engine.disturbance(request) is not None for _ in range(50)] == first


def test_spaces_have_their_own(paydirt: Caller) -> None:
    engine = paydirt.engine
    engine.set_transport_faults(["reset"], engine.spaces.get("stormy"))
    assert engine.disturbance(Request("GET", "/api/v1/clients")) is None
    assert engine.disturbance(Request("GET", "/api/v1/clients", headers={"x-proctor-space": "stormy"})) is not None


def test_control_plane_is_never_disturbed(server: Live) -> None:
    assert under(server, "reset", sent=b"GET /__proctor/health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")[0].startswith(b"HTTP/1.1 200 ")


# What a client sees of them


def test_latency_holds_the_answer_back(server: Live) -> None:
    server.engine.set_transport_faults(["latency=300ms"])
    with connected(server.url) as link:
        started = time.monotonic()
        link.sendall(LIST)
        assert link.recv(12) == b"HTTP/1.1 200"
        assert 0.29 < time.monotonic() - started < 1.5


def test_latency_holds_nobody_else_back(server: Live) -> None:
    server.engine.set_transport_faults([f"latency=1s@{OPERATION}"])
    with connected(server.url) as link:
        link.sendall(LIST)
        started = time.monotonic()
        with connected(server.url) as other:
            other.sendall(LIST.replace(b"clients", b"clients/123"))
            assert other.recv(12) == b"HTTP/1.1 200"
        assert time.monotonic() - started < 0.5


def test_dribbled_body_comes_in_pieces(server: Live) -> None:
    server.engine.set_transport_faults(["dribble=4000B,every=60ms"])
    with connected(server.url) as link:
        started = time.monotonic()
        link.sendall(LIST)
        got = b""
        while b"\r\n\r\n" not in got or len(split(got)[1]) < int(split(got)[0]["content-length"]):
            got += link.recv(65536)
        assert json.loads(split(got)[1])["clients"]
        assert time.monotonic() - started > 0.1


@pytest.mark.parametrize(("fault", "kept"), [("truncate", 0.5), ("truncate=10%", 0.1), ("truncate=20", 20), ("truncate=0", 1), ("truncate=100%", -1)])
def test_truncated_body_ends_with_the_connection(server: Live, fault: str, kept: float) -> None:
    if fault == "truncate=0":
        fault = "truncate=0%"
    answer, end = under(server, fault)
    headers, body = split(answer)
    length = int(headers["content-length"])
    assert end in ("closed", "reset")
    assert len(body) == (int(length * kept) if 0 < kept < 1 else kept % length)


@pytest.mark.parametrize("off", [10, -10])
def test_content_length_is_off(server: Live, off: int) -> None:
    headers, body = split(under(server, f"length={off:+}")[0])
    assert int(headers["content-length"]) == len(body) + off


def test_garbage_is_no_http(server: Live) -> None:
    answer, end = under(server, "garbage=64B")
    assert (len(answer), end) == (64, "closed")
    assert not answer.startswith(b"HTTP")


@pytest.mark.parametrize("host", ["::1", "::", "0.0.0.0"])
def test_connection_is_found_whatever_is_listened_on(host: str) -> None:
    try:
        bind_port(host, 0)
    except OSError:
        pytest.skip(f"{host} can't be listened on here")
    with live(spec_of("paydirt"), host=host, transport_faults=["reset"]) as running:
        assert said(running.url, LIST) == (b"", "reset")


def test_reset_is_one_after_the_operation_or_before(server: Live) -> None:
    before = clients(server)
    assert under(server, "reset,when=before", sent=CREATE + RECORD) == (b"", "reset")
    assert clients(server) == before
    assert under(server, "reset", sent=CREATE + RECORD) == (b"", "reset")
    assert clients(server) == before + 1


@pytest.mark.parametrize("status", [500, 502, 503, 599])
def test_status_comes_and_nothing_is_done(server: Live, status: int) -> None:
    before = clients(server)
    answer, _ = under(server, f"status={status}", sent=CREATE + RECORD)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert clients(server) == before


def test_documented_status_has_the_apis_own_shape(server: Live) -> None:
    assert "errors" in json.loads(split(under(server, "status=503")[0])[1])


def test_server_goes_on_after_each(server: Live) -> None:
    for fault in ("truncate", "reset", "reset,when=before", "length=+10", "length=-10", "garbage", "status=503"):
        under(server, fault)
    assert under(server)[0].startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("fault", "seen"),
    [("reset", (b"", ("reset", "closed"))), ("garbage", (b"", ("no TLS",))), ("truncate=20", None), ("length=+10", None), ("status=503", None)],
)
def test_faults_strike_under_tls(secure: Live, fault: str, seen: Any) -> None:
    answer, end = under(secure, fault)
    if seen is not None:
        assert answer == seen[0]
        assert end in seen[1]
    elif fault.startswith("status"):
        assert answer.startswith(b"HTTP/1.1 503 ")
    else:
        headers, body = split(answer)
        assert len(body) < int(headers["content-length"])


# Without a socket


def in_asgi(engine: Engine, messages: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = [] if messages is None else messages

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/api/v1/clients", "query_string": KEY.encode(), "headers": [], "root_path": ""}
    asyncio.run(AsgiApp(engine)(scope, receive, send))
    return sent


def in_wsgi(engine: Engine, pieces: list[bytes] | None = None) -> tuple[str, dict[str, str], list[bytes]]:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/clients", "QUERY_STRING": KEY, "SERVER_NAME": "a", "SERVER_PORT": "80"}
    started: list[Any] = []
    body = WsgiApp(engine)({**environ, "wsgi.url_scheme": "http", "wsgi.input": BytesIO()}, lambda *begun: started.append(begun))
    came = [] if pieces is None else pieces
    came.extend(body)
    return started[0][0], dict(started[0][1]), came


def through_httpx(engine: Engine, **options: Any) -> bytes:
    async def read() -> bytes:
        transport = httpx.ASGITransport(AsgiApp(engine), **options)
        async with httpx.AsyncClient(transport=transport, base_url="http://stub.test") as client:
            return (await client.get(f"/api/v1/clients?{KEY}")).content

    return asyncio.run(read())


def through_starlette(engine: Engine) -> bytes:
    with TestClient(AsgiApp(engine)) as client:
        return client.get(f"/api/v1/clients?{KEY}").content


def through_werkzeug(engine: Engine) -> bytes:
    with Client(WsgiApp(engine)).get(f"/api/v1/clients?{KEY}") as answer:
        return answer.get_data()


def test_asgi_and_wsgi_do_what_they_can(paydirt: Caller) -> None:
    engine = paydirt.engine
    whole = in_wsgi(engine)[2][0]
    engine.set_transport_faults(["latency=50ms"])
    started = time.monotonic()
    assert (in_wsgi(engine)[2][0], in_asgi(engine)[1]["body"]) == (whole, whole)
    assert time.monotonic() - started >= 0.1
    engine.set_transport_faults(["dribble=4000B,every=1ms"])
    assert len(in_wsgi(engine)[2]) == len(in_asgi(engine)) - 2 == -(-len(whole) // 4000)
    engine.set_transport_faults(["status=503"])
    assert (in_wsgi(engine)[0], in_asgi(engine)[0]["status"]) == ("503 Service Unavailable", 503)


@pytest.mark.parametrize("faults", [("length=-7",), ("length=-7", "dribble=500B,every=1ms")])
def test_asgi_and_wsgi_send_no_more_than_the_length_says(paydirt: Caller, faults: tuple[str, ...]) -> None:
    whole = in_wsgi(paydirt.engine)[2][0]
    paydirt.engine.set_transport_faults(faults)
    (_, headers, pieces), messages = in_wsgi(paydirt.engine), in_asgi(paydirt.engine)
    assert b"".join(pieces) == b"".join(message.get("body", b"") for message in messages) == whole[:-7]
    assert headers["content-length"].encode() == dict(messages[0]["headers"])[b"content-length"] == str(len(whole) - 7).encode()


@pytest.mark.parametrize(("fault", "sent", "length"), [("truncate=20", 20, 0), ("length=+7", -1, 7), ("reset", 0, None), ("garbage", 0, None)])
def test_asgi_and_wsgi_raise_what_they_cannot_do(paydirt: Caller, fault: str, sent: int, length: int | None) -> None:
    whole = in_wsgi(paydirt.engine)[2][0]
    paydirt.engine.set_transport_faults([fault])
    messages: list[dict[str, Any]] = []
    with pytest.raises(ConnectionResetError, match="as a transport fault has it"):
        in_asgi(paydirt.engine, messages)
    pieces: list[bytes] = []
    with pytest.raises(ConnectionResetError, match="as a transport fault has it"):
        in_wsgi(paydirt.engine, pieces)
    came = whole[: sent % (len(whole) + 1)]
    assert b"".join(pieces) == b"".join(message.get("body", b"") for message in messages) == came
    lengths = [dict(message["headers"])[b"content-length"] for message in messages if "headers" in message]
    assert lengths == ([] if length is None else [str(len(whole) + length).encode()])


@pytest.mark.parametrize("fault", ["truncate", "length=+7", "reset", "garbage"])
@pytest.mark.parametrize("client", [through_httpx, through_starlette, through_werkzeug])
def test_test_clients_get_to_see_it(paydirt: Caller, client: Any, fault: str) -> None:
    paydirt.engine.set_transport_faults([fault])
    with pytest.raises(ConnectionResetError):
        client(paydirt.engine)


def test_httpx_may_be_told_to_swallow_it(paydirt: Caller) -> None:
    whole = len(through_httpx(paydirt.engine))
    paydirt.engine.set_transport_faults(["truncate"])
    assert len(through_httpx(paydirt.engine, raise_app_exceptions=False)) == whole // 2
