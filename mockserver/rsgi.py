"""The engine as an RSGI application, for granian."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from mockserver.engine import MAX_BODY, Engine
from mockserver.exchange import Request, Response
from mockserver.spaces import HEADER

__all__ = ["RsgiApp", "TooLargeError", "merged"]

_PATIENCE = 30.0
"""Seconds that a body may take to come."""


class TooLargeError(ValueError):
    """A body over the limit."""


class RsgiApp:
    """Hands each request to an engine.

    `scheme` is what the API takes calls for; see `Request`. RSGI gives paths with their percent-encoding undone: they are encoded
    again, so that only an encoded slash is lost.
    """

    __slots__ = ("_engine", "_handle", "_reading", "_replays", "_scheme")

    def __init__(self, engine: Engine, scheme: str = "https") -> None:
        self._engine = engine
        self._handle = engine.handle
        self._replays = engine.mode == "replay"
        self._scheme = scheme
        self._reading: set[asyncio.Task[Any]] = set()

    def cut(self) -> None:
        """Ends the requests whose bodies have not come yet: what a server does before it stops."""
        for task in self._reading:
            task.cancel()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        method, path = scope.method, scope.path
        if self._replays and method == "GET" and "%" not in path and _says_nothing(scope.headers):
            settled = self._engine.settled(path)
            if settled is not None:
                self._send(protocol, settled)
                return
        headers = merged(scope.headers.items())
        if "%" in path or not path.isascii():
            path = quote(path, safe="/:@!$&'()*+,;=-._~")
        body = b""
        if "content-length" in headers or "transfer-encoding" in headers or scope.http_version[:1] == "2":
            try:
                body = await self._read(headers, protocol)
            except TooLargeError:
                self._send(protocol, self._engine.too_large(Request(method, path, scope.query_string, headers, client=scope.client)))
                return
            except (TimeoutError, asyncio.CancelledError):
                protocol.response_empty(408, [("connection", "close")])
                return
        origin = f"{scope.scheme}://{headers.get('host') or scope.authority or scope.server}"
        self._send(protocol, self._handle(Request(method, path, scope.query_string, headers, body, self._scheme, origin, "", scope.client)))

    async def _read(self, headers: dict[str, str], protocol: Any) -> bytes:
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > MAX_BODY:
            raise TooLargeError
        task = asyncio.current_task()
        assert task is not None
        self._reading.add(task)
        try:
            async with asyncio.timeout(_PATIENCE):
                if length:
                    body: bytes = await protocol()
                    return body
                return await _chunks(protocol)
        finally:
            self._reading.discard(task)

    @staticmethod
    def _send(protocol: Any, response: Response) -> None:
        if response.body:
            protocol.response_bytes(response.status, list(response.headers.items()), response.body)
        else:
            protocol.response_empty(response.status, list(response.headers.items()))


def _says_nothing(headers: Any) -> bool:
    """Whether the headers of a GET neither prefer anything nor name a space or announce a body: what a replay listens to."""
    return not ("prefer" in headers or HEADER in headers or "content-length" in headers or "transfer-encoding" in headers)


def merged(items: list[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, repeated ones joined by a comma (RFC 9110, 5.2), cookies by a semicolon."""
    headers = dict(items)
    if len(headers) != len(items):
        headers = {}
        for name, value in items:
            joint = "; " if name == "cookie" else ", "
            headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers


async def _chunks(protocol: Any) -> bytes:
    chunks, size = [], 0
    async for chunk in protocol:
        size += len(chunk)
        if size > MAX_BODY:
            raise TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)
