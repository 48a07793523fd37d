"""The engine behind granian, and behind ASGI and WSGI."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver import Engine, Live, Request, Response, live
from mockserver.asgi import AsgiApp
from mockserver.engine import MAX_BODY
from mockserver.server import bind_port
from mockserver.store import Table
from mockserver.wsgi import WsgiApp
from tests.mockserver.conftest import Caller, spec_of

KEY = "api_key=paydirt-full-7d1f"
NONSENSE = [b"\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\ncontent-length: -5\r\n\r\n", b"\x16\x03\x01\x02"]
SERVE = "import sys, mockserver; from specs import load; sys.exit(mockserver.serve(lambda: mockserver.Engine([load('paydirt')])))"

LIVE = """
import urllib3
from mockserver import live
from specs import load
with live(load("paydirt"), plain=True) as running:
    pool = urllib3.PoolManager()
    for _ in range(60):
        pool.request("GET", running.of("paydirt") + "/clients")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """Two APIs on a free port."""
    with live(spec_of("paydirt"), spec_of("productive")) as running:
        yield running


def connection(server: Live) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)


def asked(server: Live, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    link = connection(server)
    link.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = link.getresponse()
    content = response.read()
    link.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def test_server_answers_as_the_engine_does(server: Live) -> None:
    status, headers, body = asked(server, "GET", f"/paydirt/api/v1/clients/123?{KEY}")
    assert (status, headers["content-type"], headers["content-length"]) == (200, "application/json", str(len(body)))
    assert json.loads(body)["client"]["id"] == 123


def test_base_url_names_api_and_base_path(server: Live) -> None:
    assert server.of("paydirt") == f"{server.url}/paydirt/api/v1"


def test_links_have_the_servers_own_address(server: Live) -> None:
    credential = spec_of("productive").seed.principals[0].credential
    _, _, body = asked(server, "GET", "/productive/api/v2/people", x_auth_token=credential["token"], x_organization_id=credential["organization"])
    assert json.loads(body)["links"]["next"].startswith(f"{server.url}/productive/api/v2/people?")


def test_connection_is_kept(server: Live) -> None:
    link = connection(server)
    for _ in range(3):
        link.request("GET", f"/paydirt/api/v1/clients/123?{KEY}")
        response = link.getresponse()
        assert response.status == 200
        assert not response.will_close
        response.read()
    link.close()


def test_head_has_the_length_and_no_body(server: Live) -> None:
    status, headers, body = asked(server, "HEAD", f"/paydirt/api/v1/clients/123?{KEY}")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


def test_chunked_body_is_read(server: Live) -> None:
    status, _, body = asked(server, "POST", f"/paydirt/api/v1/clients?{KEY}", iter([b'{"business', b'_name": "Chunks"}']), content_type="application/json")
    assert status == 200
    assert json.loads(body)["client"]["business_name"] == "Chunks"


def test_too_large_body_is_refused(server: Live) -> None:
    announced = f"POST /paydirt/api/v1/clients?{KEY} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {MAX_BODY + 1}\r\n\r\n"
    with socket.create_connection((urlsplit(server.url).hostname or "", urlsplit(server.url).port or 0), timeout=5) as link:
        link.sendall(announced.encode())
        assert link.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_odd_bytes_in_a_path_are_not_found(server: Live) -> None:
    for path in ("%ff", "%00", "%2F", "%252F", "%C3%A9", "..%2f..", "%0d%0a"):
        assert asked(server, "GET", f"/paydirt/api/v1/clients/{path}?{KEY}")[0] in (404, 422)


def test_server_lives_on_after_nonsense(server: Live) -> None:
    for nonsense in NONSENSE:
        with socket.create_connection((urlsplit(server.url).hostname or "", urlsplit(server.url).port or 0), timeout=5) as link:
            link.sendall(nonsense)
            link.settimeout(0.3)
            with contextlib.suppress(OSError):
                link.recv(1000)
    assert asked(server, "GET", f"/paydirt/api/v1/clients/123?{KEY}")[0] == 200


def test_two_servers_have_their_own_state() -> None:
    with live(spec_of("paydirt")) as one, live(spec_of("paydirt")) as other:
        asked(one, "DELETE", f"/api/v1/clients/123?{KEY}")
        assert asked(one, "GET", f"/api/v1/clients/123?{KEY}")[0] == 422
        assert asked(other, "GET", f"/api/v1/clients/123?{KEY}")[0] == 200


def test_taken_port_is_an_error(server: Live) -> None:
    with pytest.raises(OSError, match="in use"):
        bind_port("127.0.0.1", urlsplit(server.url).port or 0)


def test_port_is_shared_with_nobody(server: Live) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR), 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", urlsplit(server.url).port or 0))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("sent", [b"", b"GET /api/v1/clients HTTP/1.1\r\n", b"POST /api/v1/clients HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{"])
def test_signal_ends_it_cleanly(number: signal.Signals, sent: bytes) -> None:
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=root)
    assert process.stdout is not None
    url = urlsplit(process.stdout.readline().strip())
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=5) as link:
        link.sendall(sent)
        time.sleep(0.05)
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


async def _asgi(app: AsgiApp, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": body[:3], "more_body": True}, {"type": "http.request", "body": body[3:]}]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


def test_asgi_application_is_the_same_engine(stub: Any) -> None:
    caller: Caller = stub("paydirt")
    scope = {"type": "http", "method": "POST", "path": "/api/v1/clients", "raw_path": b"/api/v1/clients", "query_string": KEY.encode(), "root_path": ""}
    scope |= {"headers": [(b"Host", b"stub.example"), (b"content-type", b"application/json")], "scheme": "http", "server": ("127.0.0.1", 80)}
    status, body = asyncio.run(_asgi(AsgiApp(caller.engine), scope, b'{"business_name": "Asgi"}'))
    record = json.loads(body)["client"]
    assert (status, caller("GET", f"/clients/{record['id']}").json["client"]) == (200, record)


def test_wsgi_application_is_the_same_engine(stub: Any) -> None:
    caller: Caller = stub("paydirt")
    body = b'{"business_name": "Wsgi"}'
    environ = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/api/v1/clients", "QUERY_STRING": KEY, "CONTENT_TYPE": "application/json"}
    environ |= {"CONTENT_LENGTH": str(len(body)), "SERVER_NAME": "stub", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    started: list[Any] = []
    answer = b"".join(WsgiApp(caller.engine)({**environ, "wsgi.input": BytesIO(body)}, lambda status, headers: started.append((status, headers))))
    record = json.loads(answer)["client"]
    assert started[0][0] == "200 OK"
    assert caller("GET", f"/clients/{record['id']}").json["client"] == record


def test_engine_may_be_handed_to_a_server(stub: Any) -> None:
    engine: Engine = stub("paydirt").engine
    with live(engine=engine) as running:
        asked(running, "DELETE", f"/api/v1/clients/123?{KEY}")
    assert engine.store.count(Table("", "paydirt", "clients")) == len(spec_of("paydirt").seed.records["clients"]) - 1


class Mistaken(Engine):
    """An engine with a mistake in it."""

    def handle(self, request: Request) -> Response:
        raise RuntimeError(f"nobody thought of {request.method}")


@pytest.mark.parametrize("body", [None, b"{}"])
def test_mistake_of_ours_is_logged_and_not_only_answered_with_500(body: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    with live(engine=Mistaken([spec_of("paydirt")])) as running:
        assert asked(running, "POST", "/api/v1/clients", body)[0] == 500
    assert "POST /api/v1/clients can't be answered. That is a mistake of Proctor's own" in caplog.text
    assert "nobody thought of POST" in caplog.text


def test_program_ends_well_right_after_its_server() -> None:
    root = Path(__file__).parent.parent.parent
    ran = subprocess.run([sys.executable, "-c", LIVE], cwd=root, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
