"""The engine as a WSGI and as an ASGI application, under the test clients that others wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from wsgiref.validate import validator

import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, EnvironBuilder

from mockserver import AsgiApp, Engine, WsgiApp
from mockserver.engine import MAX_BODY
from tests.mockserver.conftest import spec_of

KEY = "api_key=paydirt-full-7d1f"
CLIENTS = f"/api/v1/clients?{KEY}"
CREATED = {"business_name": "Kiln & Co 日"}

Ask = Callable[..., tuple[int, Any, bytes]]
"""Sends method, path, body and headers, and gives status, headers and body."""


def engine(api: str = "paydirt") -> Engine:
    return Engine([spec_of(api)])


def httpx_wsgi(app: Engine, mount: str = "") -> Ask:
    client = httpx.Client(transport=httpx.WSGITransport(validator(WsgiApp(app)), script_name=mount), base_url="http://stub.test")

    def ask(method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
        answer = client.request(method, path, content=body, headers=headers)
        return answer.status_code, answer.headers, answer.content

    return ask


def httpx_asgi(app: Engine, mount: str = "") -> Ask:
    async def chunks(body: Iterator[bytes]) -> AsyncIterator[bytes]:
        for part in body:
            yield part

    async def sent(method: str, path: str, body: Any, headers: Any) -> httpx.Response:
        content = body if body is None or isinstance(body, bytes) else chunks(body)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(AsgiApp(app), root_path=mount), base_url="http://stub.test") as client:
            return await client.request(method, path, content=content, headers=headers)

    def ask(method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
        answer = asyncio.run(sent(method, path, body, headers))
        return answer.status_code, answer.headers, answer.content

    return ask


def werkzeug(app: Engine, mount: str = "") -> Ask:
    def ask(method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
        data = b"".join(body) if isinstance(body, Iterator) else body
        builder = EnvironBuilder(path=path, method=method, data=data, headers=headers, base_url=f"http://stub.test{mount}/")
        answer = Client(validator(WsgiApp(app))).open(builder)
        with answer:
            return answer.status_code, answer.headers, answer.get_data()

    return ask


def in_flask(app: Engine, mount: str = "") -> Ask:
    host = flask.Flask("host")
    host.wsgi_app = DispatcherMiddleware(host.wsgi_app, {mount or "/": WsgiApp(app)} if mount else {})  # type: ignore[method-assign]
    if not mount:
        host.wsgi_app = WsgiApp(app)  # type: ignore[method-assign, assignment]

    def ask(method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
        data = b"".join(body) if isinstance(body, Iterator) else body
        with host.test_client().open(mount + path, method=method, data=data, headers=headers, base_url="http://stub.test") as answer:
            return answer.status_code, answer.headers, answer.get_data()

    return ask


def starlette(app: Engine, mount: str = "") -> Ask:
    target: Any = Starlette(routes=[Mount(mount, AsgiApp(app))]) if mount else AsgiApp(app)

    def ask(method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
        with TestClient(target, base_url="http://stub.test") as client:
            answer = client.request(method, mount + path, content=body, headers=headers)
            return answer.status_code, answer.headers, answer.content

    return ask


CLIENT = pytest.mark.parametrize("client", [httpx_wsgi, httpx_asgi, werkzeug, in_flask, starlette])
JSON = {"Content-Type": "application/json"}


@CLIENT
def test_client_gets_what_the_engine_says(client: Callable[..., Ask]) -> None:
    status, headers, body = client(engine())("GET", CLIENTS)
    assert (status, headers["content-type"], headers["content-length"]) == (200, "application/json", str(len(body)))
    assert body.startswith(b'{"clients":[')


@CLIENT
def test_head_has_the_length_and_no_body(client: Callable[..., Ask]) -> None:
    ask = client(engine())
    status, headers, body = ask("HEAD", CLIENTS)
    assert (status, body, headers["content-length"]) == (200, b"", ask("GET", CLIENTS)[1]["content-length"])


@CLIENT
@pytest.mark.parametrize("whole", [True, False], ids=["sized", "chunked"])
def test_body_is_read(client: Callable[..., Ask], whole: bool) -> None:
    text = '{"business_name": "Kiln & Co 日"}'.encode()
    status, _, body = client(engine())("POST", CLIENTS, text if whole else iter([text[:9], text[9:]]), JSON)
    assert status == 200
    assert "Kiln & Co 日".encode() in body


@CLIENT
def test_body_on_delete_is_read_and_let_be(client: Callable[..., Ask]) -> None:
    ask = client(engine())
    assert ask("DELETE", f"/api/v1/clients/123?{KEY}", b'{"id": 123}', JSON)[0] == 200
    assert ask("GET", f"/api/v1/clients/123?{KEY}")[0] == 422


@CLIENT
def test_mounted_application_links_to_itself(client: Callable[..., Ask]) -> None:
    credential = spec_of("productive").seed.principals[0].credential
    headers = {"X-Auth-Token": credential["token"], "X-Organization-Id": credential["organization"]}
    status, _, body = client(engine("productive"), "/fake")("GET", "/api/v2/people?page[size]=2", None, headers)
    assert status == 200
    assert b'"next":"http://stub.test/fake/api/v2/people?' in body


@CLIENT
def test_odd_paths_are_not_found(client: Callable[..., Ask]) -> None:
    ask = client(engine())
    for path in ("/api/v1/clients/%E6%97%A5", "/api/v1/clients/%C3%A9", "/api/v1/clients/%00", "/api/v1/clients/a%20b", "/elsewhere"):
        assert ask("GET", f"{path}?{KEY}")[0] in (404, 422)


@CLIENT
def test_empty_answer_has_neither_type_nor_length(client: Callable[..., Ask]) -> None:
    credential = spec_of("productive").seed.principals[0].credential
    headers = {"X-Auth-Token": credential["token"], "X-Organization-Id": credential["organization"]}
    status, told, body = client(engine("productive"))("DELETE", "/api/v2/people/1", None, headers)
    assert (status, body) == (204, b"")
    assert "content-type" not in told


@pytest.mark.parametrize("client", [httpx_wsgi, httpx_asgi, starlette])
def test_repeated_headers_are_joined(client: Callable[..., Ask]) -> None:
    ask = client(engine("productive"))
    credential = spec_of("productive").seed.principals[0].credential
    headers = [("X-Auth-Token", credential["token"]), ("X-Organization-Id", credential["organization"])]
    accept = [("Accept", "application/vnd.api+json; version=2"), ("Accept", "application/vnd.api+json")]
    assert ask("GET", "/api/v2/people", None, [*headers, *accept])[0] == 200
    assert ask("GET", "/api/v2/people", None, [*headers, accept[0]])[0] == 406


@pytest.mark.parametrize("client", [httpx_asgi, werkzeug])
def test_too_large_body_is_refused(client: Callable[..., Ask]) -> None:
    assert client(engine())("POST", CLIENTS, b" " * (MAX_BODY + 1), JSON)[0] == 413


def test_caller_who_leaves_gets_nothing() -> None:
    app = engine()
    waiting = [{"type": "http.request", "body": b'{"business_name":', "more_body": True}, {"type": "http.disconnect"}]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/clients", "query_string": KEY.encode(), "headers": [(b"content-type", b"application/json")]}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    before = len(httpx_wsgi(app)("GET", f"{CLIENTS}&per_page=500")[2])
    asyncio.run(AsgiApp(app)(scope, receive, send))
    assert sent == []
    assert len(httpx_wsgi(app)("GET", f"{CLIENTS}&per_page=500")[2]) == before


def test_mount_is_a_whole_segment() -> None:
    scope_path = "/fakery/api/v1/clients"
    answer = asyncio.run(_at(AsgiApp(engine()), scope_path, "/fake"))
    assert answer == 404


async def _at(app: AsgiApp, path: str, root: str) -> int:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": path, "root_path": root, "query_string": KEY.encode(), "headers": []}, receive, send)
    return int(sent[0]["status"])
