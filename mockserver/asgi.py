"""The engine as an ASGI application, for anybody's test client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from mockserver.engine import MAX_BODY, Engine
from mockserver.exchange import Request, Response
from mockserver.rsgi import SAFE, merged
from mockserver.transport_faults import SEVERED, Disturbance, answered

__all__ = ["AsgiApp"]


Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class AsgiApp:
    """Hands each request to an engine; `scheme` is what the API takes calls for, see `Request`.

    Transport faults: latency and dribbled bodies take real time, and the test client decides whether its timeout counts (that of
    httpx's `ASGITransport` does not: `asyncio.wait_for` does). ASGI knows no connection that is reset, sends garbage or ends within a
    body: there `ConnectionResetError` is raised, for the last after what comes of the body. A client in this process gets to see
    it, unless it was told to swallow an application's errors; a server ends the connection. Of a body that is longer
    than its Content-Length no more is sent than that.
    """

    def __init__(self, engine: Engine, scheme: str = "https") -> None:
        self._engine = engine
        self._scheme = scheme

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            body = await _body(receive)
            if body is None:
                return
            response, disturbance = answered(self._engine, self._request(scope, body))
            if disturbance.delay:
                await asyncio.sleep(disturbance.delay)
            if response is None or disturbance.severs:
                raise ConnectionResetError(SEVERED)
            await self._send(send, response, disturbance)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    @staticmethod
    async def _lifespan(receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    def _request(self, scope: dict[str, Any], body: bytes) -> Request:
        headers = merged([(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]])
        mount = quote(scope.get("root_path", ""), safe=SAFE).rstrip("/")
        raw = scope.get("raw_path")
        path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe=SAFE)
        if f"{path}/".startswith(f"{mount}/"):
            path = path[len(mount) :]
        server = scope.get("server") or ("localhost", None)
        host = headers.get("host") or (server[0] if server[1] is None else f"{server[0]}:{server[1]}")
        origin = f"{scope.get('scheme', 'http')}://{host}"
        query = scope.get("query_string", b"").decode("latin-1")
        client = (scope.get("client") or ("unknown",))[0]
        return Request(scope["method"], path or "/", query, headers, body, self._scheme, origin, mount, client)

    @staticmethod
    async def _send(send: Send, response: Response, disturbance: Disturbance) -> None:
        body = response.body
        headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in response.headers.items()]
        if "content-length" not in response.headers and response.status not in (204, 304):
            headers.append((b"content-length", str(disturbance.content_length(body) if body else 0).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if disturbance.spoils_body or disturbance.length:
            for number, piece in enumerate(disturbance.heard(body)):
                if number and disturbance.every:
                    await asyncio.sleep(disturbance.every)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            body = b""
        await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes | None:
    """The body, cut a little beyond what is taken; None where the client went away before it was whole."""
    parts, size, more = [], 0, True
    while more and size <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)
