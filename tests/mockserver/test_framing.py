"""Where a request ends: framing that is right, wrong or open to doubt, limits, and slow clients. All over raw sockets."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from mockserver import Live, live
from mockserver.engine import MAX_BODY
from mockserver.server import MAX_HEAD, Patience
from mockserver.wire import links_at
from tests.mockserver.conftest import spec_of
from tests.mockserver.sockets import connected, said, told

KEY = "api_key=paydirt-full-7d1f"
JSON = b'{"business_name":"Framed"}'
HIDDEN = f"DELETE /api/v1/clients/123?{KEY} HTTP/1.1\r\nhost: a\r\n\r\n".encode()
PATIENCE = 0.7


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """One API, with little patience."""
    with live(spec_of("paydirt"), patience=Patience(head=PATIENCE, body=PATIENCE)) as running:
        yield running


def get(*lines: str, path: str = "/api/v1/clients/123", host: str = "host: a") -> bytes:
    return "\r\n".join([f"GET {path}?{KEY} HTTP/1.1", *([host] if host else []), *lines, "", ""]).encode()


def post(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"POST /api/v1/clients?{KEY} HTTP/1.1", "host: a", "content-type: application/json", *lines, "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def names(server: Live) -> list[str]:
    answer, _ = said(server.url, get("connection: close", path="/api/v1/clients"))
    return [client["business_name"] for client in json.loads(answer.partition(b"\r\n\r\n")[2])["clients"]]


# What is right


def test_connection_is_kept_and_requests_may_be_sent_ahead(server: Live) -> None:
    with connected(server.url, timeout=5) as link:
        for _ in range(2):
            link.sendall(get() * 3)
            got = b""
            while got.count(b"}}") < 3:
                got += link.recv(65536)
            assert statuses(got) == [200, 200, 200]


def test_answers_keep_the_order_of_requests_sent_ahead(server: Live) -> None:
    body = post("content-length: 26", body=JSON)
    assert statuses(said(server.url, get() + body + get(path="/nowhere") + get("connection: close"))[0]) == [200, 200, 404, 200]


def test_http_1_0_is_answered_and_closed(server: Live) -> None:
    answer, end = said(server.url, get().replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert (statuses(answer), end) == ([200], "closed")


@pytest.mark.parametrize("parts", [(JSON,), (JSON[:3], JSON[3:20], JSON[20:]), tuple(bytes([byte]) for byte in JSON)])
def test_chunked_body_is_read_whole(server: Live, parts: tuple[bytes, ...]) -> None:
    answer, _ = said(server.url, post("transfer-encoding: chunked", "connection: close", body=chunked(*parts)))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["client"]["business_name"] == "Framed"


def test_chunked_bodies_may_be_sent_ahead(server: Live) -> None:
    one = post("transfer-encoding: chunked", body=chunked(JSON))
    assert statuses(said(server.url, one * 3 + get("connection: close"))[0]) == [200] * 4


def test_expectation_is_met(server: Live) -> None:
    with connected(server.url) as link:
        link.sendall(post(f"content-length: {len(JSON)}", "expect: 100-continue", "connection: close"))
        assert link.recv(100).startswith(b"HTTP/1.1 100 ")
        link.sendall(JSON)
        assert statuses(told(link)[0]) == [200]


def test_length_said_twice_is_one_length(server: Live) -> None:
    assert statuses(said(server.url, post("content-length: 26", "content-length: 26", body=JSON) + get("connection: close"))[0]) == [200, 200]


# What is not


@pytest.mark.parametrize(
    "sent",
    [
        post("content-length: 26", "content-length: 5", body=JSON),
        post("content-length: 26, 26", body=JSON),
        post("content-length: +26", body=JSON),
        post("content-length: -26", body=JSON),
        post("content-length: 0x1a", body=JSON),
        post("content-length : 26", body=JSON),
        post("x-a: b", " content-length: 26", body=JSON),
        post("transfer-encoding: xchunked", body=chunked(JSON)),
        post("transfer-encoding: chunked, identity", body=chunked(JSON)),
        post("transfer-encoding: \x0bchunked", body=chunked(JSON)),
        post("transfer-encoding: chunked", "transfer-encoding: identity", body=chunked(JSON)),
        post("transfer-encoding: gzip, chunked", body=chunked(JSON)),
        post("transfer-encoding: chunked", "transfer-encoding: chunked", body=chunked(JSON)),
        post("transfer-encoding: chunked", body=chunked(JSON)).replace(b"HTTP/1.1", b"HTTP/1.0"),
        post("transfer-encoding: chunked", body=b"1a\n" + JSON + b"\r\n0\r\n\r\n"),
        post("transfer-encoding: chunked", body=b"0x1a\r\n" + JSON + b"\r\n0\r\n\r\n"),
        post("transfer-encoding: chunked", body=b"-1\r\n" + JSON + b"\r\n0\r\n\r\n"),
        post("transfer-encoding: chunked", body=b"fffffffffffffffff\r\n" + JSON + b"\r\n0\r\n\r\n"),
        post("transfer-encoding: chunked", body=b"1a\r\n" + JSON + b"XX0\r\n\r\n"),
        post("transfer-encoding: chunked", body=b"1a\r\n" + JSON + b"\r\n0\r\nx-trailer: 1\r\n\r\n"),
        get("x-a: a\rb"),
        get("x-a: \x00"),
        get(host=""),
        get("host: b"),
    ],
)
def test_doubtful_framing_is_refused_and_ends_the_connection(server: Live, sent: bytes) -> None:
    before = names(server)
    answer, end = said(server.url, sent + HIDDEN)
    assert statuses(answer) in ([400], [501])
    assert end in ("closed", "reset")
    assert names(server) == before


@pytest.mark.parametrize("lines", [("content-length: 5", "transfer-encoding: chunked"), ("transfer-encoding: chunked", "content-length: 5")])
def test_nothing_hides_behind_two_kinds_of_framing(server: Live, lines: tuple[str, ...]) -> None:
    answer, end = said(server.url, post(*lines, body=chunked(JSON)) + HIDDEN)
    assert (len(statuses(answer)), end in ("closed", "reset")) == (1, True)
    assert statuses(said(server.url, get("connection: close"))[0]) == [200]


@pytest.mark.parametrize("sent", [post("content-length: 26", body=JSON[:-1]), post("transfer-encoding: chunked", body=b"1a\r\n" + JSON + b"\r\n")])
def test_body_that_breaks_off_has_no_effect(server: Live, sent: bytes) -> None:
    before = names(server)
    with connected(server.url) as link:
        link.sendall(sent)
        link.shutdown(socket.SHUT_WR)
        assert statuses(told(link)[0]) in ([], [400])
    assert names(server) == before


# Limits


@pytest.mark.parametrize(
    "sent",
    [
        post(f"content-length: {MAX_BODY + 1}"),
        post(f"content-length: {'9' * 18}"),
        post("transfer-encoding: chunked", body=b"%x\r\n" % (MAX_BODY + 1) + b" " * (MAX_BODY + 1)),
    ],
)
def test_too_large_body_is_refused_in_the_apis_words(server: Live, sent: bytes) -> None:
    with connected(server.url) as link:
        try:
            link.sendall(sent)
        except OSError:
            pytest.skip("the refusal came too early to be read")
        answer, _ = told(link)
    assert statuses(answer) == [413]
    assert b"connection: close" in answer.lower()
    assert "errors" in json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    ("sent", "status"), [(get(f"x-a: {'a' * 2 * MAX_HEAD}"), 431), (get(*[f"x-{n}: a" for n in range(120)]), 431), (get(path="/" + "a" * 65600), 414)]
)
def test_too_much_of_a_head_is_refused(server: Live, sent: bytes, status: int) -> None:
    with connected(server.url) as link:
        link.sendall(sent)
        answer, end = told(link)
    assert statuses(answer) in ([status], [431])
    assert end in ("closed", "reset")


def test_long_queries_and_headers_are_taken(server: Live) -> None:
    assert statuses(said(server.url, get(f"x-a: {'a' * 30_000}", f"cookie: {'b' * 20_000}", "connection: close"))[0]) == [200]


# Slow clients


@pytest.mark.parametrize("sent", [b"", b"GET /api", get()[:-2], get()], ids=["nothing", "line", "headers", "next request"])
def test_slow_head_is_cut_off(server: Live, sent: bytes) -> None:
    with connected(server.url, timeout=5) as link:
        link.sendall(sent)
        started = time.monotonic()
        _, end = told(link)
        assert end == "closed"
        assert PATIENCE - 0.1 < time.monotonic() - started < PATIENCE + 2


def test_trickled_head_is_cut_off(server: Live) -> None:
    with connected(server.url, timeout=0.1) as link:
        started = time.monotonic()
        for byte in get() * 2:
            try:
                link.sendall(bytes([byte]))
                if link.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert time.monotonic() - started < PATIENCE + 2


@pytest.mark.parametrize("sent", [post("content-length: 26", body=JSON[:5]), post("transfer-encoding: chunked", body=b"1a\r\n{")])
def test_slow_body_is_cut_off(server: Live, sent: bytes) -> None:
    with connected(server.url, timeout=5) as link:
        link.sendall(sent)
        started = time.monotonic()
        answer, end = told(link)
    assert (statuses(answer), end) == ([408], "closed")
    assert time.monotonic() - started < PATIENCE + 2


def test_answers_that_nobody_reads_are_not_waited_for(server: Live) -> None:
    with connected(server.url, timeout=0.2) as link:
        link.sendall(get())
        link.recv(1)
        assert _is_held(server, link)
        sent = get(path="/api/v1/clients") * 100
        with contextlib.suppress(OSError):  # when there is no room for more on the way
            for _ in range(200):
                link.sendall(sent)
        deadline = time.monotonic() + 20
        while _is_held(server, link) and time.monotonic() < deadline:
            time.sleep(PATIENCE / 4)
        assert not _is_held(server, link)


def _is_held(server: Live, link: socket.socket) -> bool:
    """Whether the server, which is in this process, holds its end of a client's connection."""
    host, port = link.getsockname()[:2]
    clients = []
    for client, end in links_at(urlsplit(server.url).port or 0):
        clients.append(client)
        end.close()
    return f"{host}:{port}" in clients


# Many clients


def test_idle_connections_keep_nobody_waiting(server: Live) -> None:
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 3000:
        pytest.skip("this process may not have so many connections")
    with contextlib.ExitStack() as stack:
        for _ in range(1100):
            stack.enter_context(connected(server.url))
        assert statuses(said(server.url, get("connection: close"))[0]) == [200]


# What headers hold


def test_space_whose_name_is_not_ascii_is_not_the_main_one(server: Live) -> None:
    answer, _ = said(server.url, get("x-proctor-space: é", "connection: close"))
    assert statuses(answer) == [400]
    assert b"can't name a space" in answer
