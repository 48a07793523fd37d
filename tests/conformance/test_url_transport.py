"""Against sockets of our own, hostile ones included: an answer, or a `NoAnswer` in words within bounded time."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from conformance.exchange import NoAnswer, NotPermitted, Request
from conformance.problems import TargetError
from conformance.running.transport import BODY_LIMIT, UrlTransport
from conformance.target import Target

Behaviour = Callable[[socket.socket], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Listening:
    """A server that treats each connection as it is told; `received` are the bytes of each request's head and body."""

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.behave, self.context = behave, context
        self.received: list[bytes] = []
        self.connections = 0
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn: socket.socket) -> None:
        try:
            if self.context is not None:
                conn = self.context.wrap_socket(conn, server_side=True)
            with conn:
                while head := self._request(conn):
                    self.received.append(head)
                    self.behave(conn)
        except (OSError, StopIteration):
            conn.close()

    def _request(self, conn: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = conn.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        while len(body) < length:
            body += conn.recv(65536)
        return head + b"\r\n\r\n" + body


@contextmanager
def listening(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Listening]:
    server = Listening(behave, context)
    try:
        yield server
    finally:
        server.sock.shutdown(socket.SHUT_RDWR)
        server.sock.close()


def answering(data: bytes, *, close: bool = False) -> Behaviour:
    def behave(conn: socket.socket) -> None:
        conn.sendall(data)
        if close:
            conn.shutdown(socket.SHUT_RDWR)
            raise StopIteration

    return behave


def endless(begin: bytes, again: bytes, pause: float = 0.0) -> Behaviour:
    def behave(conn: socket.socket) -> None:
        conn.sendall(begin)
        for _ in range(100_000):
            conn.sendall(again)
            time.sleep(pause)

    return behave


def target(server: Listening, *, timeout: float = 2.0, ca_file: str | None = None, verify: bool = True) -> Target:
    return Target(api="any", url=server.url, timeout=timeout, ca_file=ca_file, verify=verify)


GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"

HOSTILE = {
    "never answers": (lambda _: time.sleep(30), "gave no whole answer in time"),
    "closes at once": (answering(b"", close=True), "closed the connection without an answer"),
    "closes half way": (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", close=True), "did not finish its answer"),
    "closes within a chunk": (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", close=True), "did not finish its answer"),
    "has a bad chunk": (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf", close=True), "did not finish its answer"),
    "sends garbage": (answering(b"\x00\x01\x02 garbage\r\n\r\n", close=True), "something that is not HTTP"),
    "sends another protocol": (answering(b"SSH-2.0-OpenSSH_9.6\r\n"), "something that is not HTTP"),
    "dribbles its body": (endless(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", 0.05), "gave no whole answer in time"),
    "dribbles its headers": (endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x", 0.05), "gave no whole answer in time"),
    "goes on for ever": (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), "more than 8 MiB"),
    "promises too much": (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", close=True), "did not finish its answer"),
    "has endless headers": (endless(b"HTTP/1.1 200 OK\r\n", b"X-Again: 1\r\n"), "more or longer headers"),
    "has an endless header": (endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65536), "more or longer headers"),
    "only ever continues": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), "gave no whole answer in time"),
    "packs a bomb": (answering(GZIP + b"Connection: close\r\n\r\n" + gzip.compress(b"0" * 10 * BODY_LIMIT), close=True), "when unpacked"),
    "breaks its packing": (answering(GZIP + b"Content-Length: 4\r\n\r\n\x1f\x8bno"), "gave no usable answer"),
    "packs unasked": (answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxx"), "coding 'br'"),
}


def patience(words: str) -> float:
    """Seconds for one read: few where the end of the time is what is waited for, else enough for a busy machine."""
    return 0.4 if "in time" in words else 5.0


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_server_is_told_in_words_and_soon(name: str) -> None:
    behave, words = HOSTILE[name]
    with listening(behave) as server, UrlTransport(target(server, timeout=patience(words))) as transport:
        begun = time.monotonic()
        with pytest.raises(NoAnswer, match=words):
            transport.send(Request("GET", server.url + "/"))
        assert time.monotonic() - begun < 5


def test_closed_port_is_told_in_words() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with UrlTransport(Target(api="any", url=url)) as transport, pytest.raises(NoAnswer, match=r"no connection to 127\.0\.0\.1"):
        transport.send(Request("GET", url))


def test_unknown_name_is_told_in_words() -> None:
    unknown = Target(api="any", url="http://no-such-host.invalid", timeout=2.0)
    with UrlTransport(unknown) as transport, pytest.raises(NoAnswer, match=r"the name no-such-host\.invalid is not known"):
        transport.send(Request("GET", "http://no-such-host.invalid/"))


def test_request_is_sent_exactly_as_it_stands() -> None:
    with listening(answering(OK)) as server, UrlTransport(target(server)) as transport:
        headers = (("X-One", "1"), ("x-one", "2"), ("User-Agent", "me"))
        transport.send(Request("GET", server.url + "/a%2fb/../[c]?filter[x]=%5b1%5D&q=a+b", headers))
    head = server.received[0].decode("latin-1").split("\r\n")
    assert head[0] == "GET /a%2fb/../[c]?filter[x]=%5b1%5D&q=a+b HTTP/1.1"
    assert {"X-One: 1", "User-Agent: me"} <= set(head)
    assert any(line.lower() == "x-one: 2" for line in head)


def test_query_without_a_path_is_sent() -> None:
    with listening(answering(OK)) as server, UrlTransport(target(server)) as transport:
        transport.send(Request("GET", server.url + "?a=1"))
    assert server.received[0].startswith(b"GET /?a=1 HTTP/1.1")


def test_body_is_sent_as_it_stands() -> None:
    with listening(answering(OK)) as server, UrlTransport(target(server)) as transport:
        transport.send(Request("POST", server.url + "/", (("Content-Type", "application/json"),), b"\xff\x00{", safe=False))
    assert server.received[0].endswith(b"\r\n\r\n\xff\x00{")
    assert b"Content-Length: 3" in server.received[0]


def test_text_beyond_latin_travels_as_utf_8() -> None:
    with listening(answering(OK)) as server, UrlTransport(target(server)) as transport:
        transport.send(Request("GET", server.url + "/", (("X-Name", "Ж"),)))
    assert "X-Name: Ж".encode() in server.received[0]


def test_header_with_a_line_end_is_not_sent() -> None:
    with listening(answering(OK)) as server, UrlTransport(target(server)) as transport, pytest.raises(NoAnswer, match="no usable answer"):
        transport.send(Request("GET", server.url + "/", (("X-Bad", "a\r\nX-Worse: b"),)))
    assert server.received == []


def test_redirect_is_an_answer_and_is_not_followed() -> None:
    elsewhere = answering(b"HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\nContent-Length: 0\r\n\r\n")
    with listening(elsewhere) as server, UrlTransport(target(server)) as transport:
        response = transport.send(Request("GET", server.url + "/", (("Authorization", "secret"),)))
    assert (response.status, response.header("location"), len(server.received)) == (302, "http://evil.test/", 1)


def test_other_hosts_are_never_asked() -> None:
    with listening(answering(OK)) as server, listening(answering(OK)) as other, UrlTransport(target(server)) as transport:
        for url in (other.url + "/", server.url.replace("127.0.0.1", "127.0.0.2") + "/", server.url.replace("http", "https", 1), "file:///etc/passwd"):
            with pytest.raises(NotPermitted, match="not on the target's host"):
                transport.send(Request("GET", url))
    assert server.received == other.received == []


def test_plain_url_belongs_to_the_target() -> None:
    with listening(answering(OK)) as server:
        both = Target(api="any", url="https://127.0.0.1:1", plain_url=server.url)
        with UrlTransport(both) as transport:
            assert transport.send(Request("GET", server.url + "/")).status == 200


def test_connection_is_kept() -> None:
    with listening(answering(OK)) as server, UrlTransport(target(server)) as transport:
        for _ in range(5):
            transport.send(Request("GET", server.url + "/"))
    assert (len(server.received), server.connections) == (5, 1)


def test_kept_connection_that_was_closed_is_made_anew() -> None:
    with listening(answering(OK, close=True)) as server, UrlTransport(target(server)) as transport:
        for _ in range(3):
            assert transport.send(Request("GET", server.url + "/")).body == b"{}"
    assert server.connections == 3


def test_bytes_after_the_body_do_not_reach_the_next_answer() -> None:
    with listening(answering(OK + b"HTTP/1.1 500 No\r\n\r\n")) as server, UrlTransport(target(server)) as transport:
        assert [transport.send(Request("GET", server.url + "/")).status for _ in range(3)] == [200, 200, 200]


def test_answer_after_a_broken_one_is_read() -> None:
    answers = iter([b"garbage\r\n\r\n", OK])

    def behave(conn: socket.socket) -> None:
        conn.sendall(next(answers))

    with listening(behave) as server, UrlTransport(target(server)) as transport:
        with pytest.raises(NoAnswer):
            transport.send(Request("GET", server.url + "/"))
        assert transport.send(Request("GET", server.url + "/")).status == 200


def test_packed_body_is_unpacked() -> None:
    packed = gzip.compress(b'{"a": 1}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with listening(answering(head + packed)) as server, UrlTransport(target(server)) as transport:
        assert transport.send(Request("GET", server.url + "/")).json() == {"a": 1}


def test_repeated_headers_stay_repeated() -> None:
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-UP: 1\r\nContent-Length: 0\r\n\r\n"
    with listening(answering(head)) as server, UrlTransport(target(server)) as transport:
        response = transport.send(Request("GET", server.url + "/"))
    assert response.headers[:3] == (("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-up", "1"))


def test_request_may_have_less_time_than_others() -> None:
    with listening(lambda _: time.sleep(30)) as server, UrlTransport(target(server, timeout=20)) as transport:
        begun = time.monotonic()
        with pytest.raises(NoAnswer, match="in time"):
            transport.send(Request("GET", server.url + "/", timeout=0.3))
        assert time.monotonic() - begun < 2


# TLS and proxies


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def test_unknown_certificate_is_told_in_words(context: ssl.SSLContext) -> None:
    with listening(answering(OK), context) as server, UrlTransport(target(server)) as transport, pytest.raises(NoAnswer, match="name its CA with ca_file"):
        transport.send(Request("GET", server.url + "/"))


def test_certificate_of_the_ca_file_is_trusted(context: ssl.SSLContext, ca_file: str) -> None:
    with listening(answering(OK), context) as server, UrlTransport(target(server, ca_file=ca_file)) as transport:
        assert [transport.send(Request("GET", server.url + "/")).status for _ in range(2)] == [200, 200]
    assert server.connections == 1


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificate_of_the_environment_is_trusted(variable: str, context: ssl.SSLContext, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, ca_file)
    with listening(answering(OK), context) as server, UrlTransport(target(server)) as transport:
        assert transport.send(Request("GET", server.url + "/")).status == 200


def test_certificate_is_not_looked_at_where_the_target_says_so(context: ssl.SSLContext) -> None:
    with listening(answering(OK), context) as server, UrlTransport(target(server, verify=False)) as transport:
        assert transport.send(Request("GET", server.url + "/")).status == 200


def test_tls_to_a_plain_port_is_told_in_words() -> None:
    with listening(answering(OK)) as server:
        wrong = Target(api="any", url=server.url.replace("http", "https", 1), timeout=1.0)
        with UrlTransport(wrong) as transport, pytest.raises(NoAnswer):
            transport.send(Request("GET", wrong.url + "/"))


def test_unreadable_ca_file_is_an_error_of_the_target() -> None:
    with pytest.raises(TargetError, match="can't be read as CA certificates"):
        UrlTransport(Target(api="any", url="https://example.test", ca_file="/no/such/file.pem"))


def test_http_goes_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://user:pass@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with UrlTransport(Target(api="any", url="http://api.example.test")) as transport:
            assert transport.send(Request("GET", "http://api.example.test/a?b=[1]")).status == 200
    head = proxy.received[0].decode().lower()
    assert head.startswith("get http://api.example.test/a?b=[1] http/1.1")
    assert "host: api.example.test" in head
    assert "proxy-authorization: basic dxnlcjpwyxnz" in head


def test_https_goes_through_a_tunnel(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def tunnel(conn: socket.socket) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with context.wrap_socket(conn, server_side=True) as inside:
            inside.recv(65536)
            inside.sendall(OK)
        raise StopIteration

    with listening(tunnel) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        there = Target(api="any", url="https://api.example.test", verify=False, timeout=2.0)
        with UrlTransport(there) as transport:
            assert transport.send(Request("GET", "https://api.example.test/")).body == b"{}"
    assert proxy.received[0].startswith(b"CONNECT api.example.test:443 HTTP/1")


def test_no_proxy_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "no-such-host.invalid")
        with UrlTransport(Target(api="any", url="http://no-such-host.invalid", timeout=2.0)) as transport, pytest.raises(NoAnswer, match="is not known"):
            transport.send(Request("GET", "http://no-such-host.invalid/"))
    assert proxy.received == []


def test_loopback_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as proxy, listening(answering(OK)) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        with UrlTransport(target(server)) as transport:
            transport.send(Request("GET", server.url + "/"))
    assert (len(proxy.received), len(server.received)) == (0, 1)
