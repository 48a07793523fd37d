"""Who may use the control plane."""

from __future__ import annotations

import asyncio
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from mockserver import Clock, Engine, live
from mockserver.asgi import AsgiApp
from mockserver.control.access import is_loopback
from mockserver.responses import activate
from mockserver.wsgi import WsgiApp
from tests.mockserver.conftest import NOON, spec_of
from tests.mockserver.control.conftest import TOKEN, Plane

ELSEWHERE = "192.0.2.7:40000"


@pytest.mark.parametrize("client", ["127.0.0.1:5000", "127.0.0.1", "127.8.9.1:1", "[::1]:5000", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_needs_no_token(plane: Plane, client: str) -> None:
    assert plane("GET", "/health", client=client).status == 200


@pytest.mark.parametrize("client", [ELSEWHERE, "[2001:db8::1]:5000", "::ffff:192.0.2.7", "10.0.0.1", "unknown", "testclient", "localhost", "127.0.0.1.example"])
def test_any_other_needs_the_token(plane: Plane, client: str) -> None:
    refused = plane("GET", "/health", client=client)
    assert (refused.status, refused.headers["www-authenticate"], refused.headers["content-type"]) == (401, "Bearer", "application/problem+json")
    assert "none was sent: send it as Authorization: Bearer TOKEN" in refused.json["detail"]
    assert plane("GET", "/health", client=client, authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer é"])
def test_wrong_token_is_refused(plane: Plane, given: str) -> None:
    assert plane("DELETE", "/faults", client=ELSEWHERE, authorization=given).status == 401


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer None"])
def test_server_without_a_token_says_what_to_do(given: str) -> None:
    plane = Plane(Engine([spec_of("timedash")], clock=Clock(NOON)))
    refused = plane("GET", "/health", client=ELSEWHERE, authorization=given)
    assert (refused.status, refused.json["status"]) == (403, 403)
    assert "--control-token or PROCTOR_CONTROL_TOKEN" in refused.json["detail"]


@pytest.mark.parametrize("name", ["x_forwarded_for", "forwarded", "x_real_ip", "via", "x_forwarded_host", "x_forwarded_proto", "cf_connecting_ip"])
def test_what_a_proxy_says_is_not_believed(plane: Plane, name: str) -> None:
    assert plane("GET", "/health", client=ELSEWHERE, **{name: "127.0.0.1"}).status == 401
    assert plane("GET", "/health", **{name: "127.0.0.1"}).status == 403
    assert plane("GET", "/health", authorization=f"Bearer {TOKEN}", **{name: "127.0.0.1"}).status == 200


@pytest.mark.parametrize("headers", [{"via": "1.1 proxy"}, {"host": "stub.internal"}])
def test_server_with_a_token_does_not_ask_to_be_given_one(plane: Plane, headers: dict[str, str]) -> None:
    detail = plane("GET", "/health", **headers).json["detail"]
    assert "send the token that the server was started with" in detail
    assert "--control-token" not in detail
    assert "--control-token" in Plane(Engine([spec_of("timedash")]))("GET", "/health", **headers).json["detail"]


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "stub.localhost:1"])
def test_local_names_are_this_machine(plane: Plane, host: str) -> None:
    assert plane("GET", "/health", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "192.0.2.7", "[", ""])
def test_name_that_was_pointed_here_is_refused(plane: Plane, host: str) -> None:
    assert plane("GET", "/health", host=host).status == 403
    assert plane("GET", "/health", host=host, authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost.evil.example", "null", "http://[", "file://"])
def test_page_of_another_host_changes_nothing(plane: Plane, origin: str) -> None:
    plane("POST", "/clock/freeze", {"at": NOON})
    refused = plane("POST", "/clock/advance", {"seconds": 60}, host="localhost:8080", origin=origin)
    assert (refused.status, plane("GET", "/clock").json["now"]) == (403, NOON)


def test_page_of_another_host_has_no_use_of_the_token(plane: Plane) -> None:
    assert plane("DELETE", "/faults", origin="http://evil.example", host="localhost", authorization=f"Bearer {TOKEN}").status == 403


def test_page_of_the_same_host_may_change_things(plane: Plane) -> None:
    assert plane("DELETE", "/faults", host="localhost:8080", origin="http://localhost:3000").status == 204


def test_browser_without_an_origin_is_told_by_its_site(plane: Plane) -> None:
    assert plane("DELETE", "/faults", host="localhost", sec_fetch_site="cross-site").status == 403


def test_refused_calls_do_nothing(plane: Plane) -> None:
    assert plane("PUT", "/faults", {"on": ["timedash/page/walk"]}, client=ELSEWHERE).status == 401
    assert plane("GET", "/faults").json["on"] == []


def test_names_are_no_loopback() -> None:
    assert not is_loopback("localhost")


def test_server_tells_the_address_of_its_peer() -> None:
    with live(spec_of("timedash")) as running:
        link = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=5)
        link.request("GET", "/__proctor/health")
        assert link.getresponse().status == 200
        link.close()


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.7", 403), (None, 403)])
def test_wsgi_tells_the_address_of_its_peer(address: str | None, status: int) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/__proctor/health", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    environ |= {} if address is None else {"REMOTE_ADDR": address}
    started: list[str] = []
    WsgiApp(Engine([spec_of("timedash")]))(environ, lambda line, headers: started.append(line))  # noqa: ARG005
    assert started[0].startswith(str(status))


@pytest.mark.parametrize(("client", "status"), [(("127.0.0.1", 5), 200), (("192.0.2.7", 5), 403), (None, 403)])
def test_asgi_tells_the_address_of_its_peer(client: tuple[str, int] | None, status: int) -> None:
    scope = {"type": "http", "method": "GET", "path": "/__proctor/health", "query_string": b"", "headers": [(b"host", b"localhost")], "client": client}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(AsgiApp(Engine([spec_of("timedash")]))(scope, receive, send))
    assert sent[0]["status"] == status


def test_client_in_process_is_this_machine_under_any_name() -> None:
    with activate("timedash") as stub:
        answer = requests.get(f"{stub.url}/__proctor/health", timeout=5)
    assert (answer.status_code, answer.json()["apis"]) == (200, ["timedash"])
