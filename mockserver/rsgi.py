"""The engine as an RSGI application, for granian."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec.structs import replace

from mockserver.engine import MAX_BODY, Engine
from mockserver.exchange import Request, Response
from mockserver.spaces import HEADER

if TYPE_CHECKING:
    from mockserver.transport_faults import Disturbance

__all__ = ["SAFE", "FramingError", "RsgiApp", "TooLargeError", "merged", "tell_of_failure"]

SAFE = "/:@!$&'()*+,;=-._~"
"""What stands in a path as it is (RFC 3986, 3.3) where percent-encoding that was undone is put back."""

PATIENCE = 30.0
"""Seconds that a body may take to come."""

_UNDER_WAY = 1.0
"""Seconds that an answer which was held back may take to reach its socket."""

_CLOSE = [("connection", "close")]
_END = b""
"""What granian gives at a body's end; after a broken one it gives that twice."""


class FramingError(ValueError):
    """A request whose end can't be told for sure, or that never came: its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class TooLargeError(ValueError):
    """A body over the limit."""


class RsgiApp:
    """Hands each request to an engine.

    `scheme` is what the API takes calls for, see `Request`; `secure` is the port of the TLS listener beside a plain one. A body has
    `patience` seconds to come; one that breaks off, or that is not framed beyond doubt, never reaches the engine. RSGI gives paths
    with their percent-encoding undone: they are encoded again, so that only an encoded slash is lost.
    """

    __slots__ = ("_engine", "_gone", "_handle", "_patience", "_reading", "_replays", "_scheme", "_secure", "held", "started")

    def __init__(self, engine: Engine, scheme: str = "https", *, secure: int | None = None, patience: float = PATIENCE) -> None:
        from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # here, since ASGI has need of this module, but not of granian

        self._engine = engine
        self._handle = engine.handle
        self._replays = engine.mode == "replay"
        self._scheme = scheme
        self._secure = secure
        self._patience = patience
        self._gone = ProtocolClosed
        self._reading: set[asyncio.Task[Any]] = set()
        self.held: Counter[str] = Counter()
        """The clients, each by address and port, whose answers are held back, and how many."""
        self.started = asyncio.Event()
        """Set once requests are taken."""

    def cut(self) -> None:
        """Ends the requests whose bodies have not come yet, or whose answers are held back: what a server does before it stops."""
        for task in self._reading:
            task.cancel()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if self.answered(scope, protocol):
            return
        try:
            await self._answer(scope, protocol)
        except self._gone:
            raise
        except Exception:
            tell_of_failure(scope)
            raise

    def answered(self, scope: Any, protocol: Any) -> bool:
        """Answers a request for which nothing has to be waited for, and tells whether it was one: neither a body comes, nor is the answer disturbed."""
        method, path = scope.method, scope.path
        if self._replays and method == "GET" and "%" not in path and "__" not in scope.query_string and _says_nothing(scope.headers):
            settled = self._engine.settled(path)
            if settled is not None:
                self._send(protocol, settled)
                return True
        if self._engine.disturbed:
            return False
        headers = merged(scope.headers.items())
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return False
        request = self._request(scope, headers)
        if request is None:
            protocol.response_empty(400, _CLOSE)
        else:
            self._send(protocol, self._handle(request))
        return True

    async def _answer(self, scope: Any, protocol: Any) -> None:
        """Answers a request when its body has come and whatever disturbs the answer has had its time."""
        headers = merged(scope.headers.items())
        request = self._request(scope, headers)
        if request is None:
            protocol.response_empty(400, _CLOSE)
            return
        if "content-length" in headers or "transfer-encoding" in headers:
            try:
                request = replace(request, body=await self._read(headers, protocol))
            except TooLargeError:
                self._send(protocol, _last(self._engine.too_large(request)))
                return
            except FramingError as error:
                protocol.response_empty(error.status, _CLOSE)
                return
        disturbance = self._engine.disturbance(request) if self._engine.disturbed else None
        if disturbance is None:
            self._send(protocol, self._handle(request))
        else:
            await self._disturb(request, disturbance, scope, protocol)

    def _request(self, scope: Any, headers: dict[str, str]) -> Request | None:
        """The request, or None where it does not name its host as HTTP/1.1 asks for."""
        path, host = scope.path, headers.get("host")
        if HEADER not in headers and HEADER in scope.headers:
            headers[HEADER] = "\ufffd"  # granian keeps values to itself that are not ASCII, and whoever names a space does not mean the main one
        if (host is None or "," in host) and scope.http_version == "1.1":
            return None
        if "%" in path or not path.isascii():
            path = quote(path, safe=SAFE)
        origin = f"{scope.scheme}://{host or scope.authority or scope.server}"
        secure = "" if self._secure is None else _on_port(origin, self._secure)
        return Request(scope.method, path, scope.query_string, headers, b"", self._scheme, origin, "", scope.client, secure)

    async def _disturb(self, request: Request, disturbance: Disturbance, scope: Any, protocol: Any) -> None:
        from mockserver.delivery import disturbed

        self.held[scope.client] += 1
        try:
            with self._cuttable():
                await disturbed(self._engine, request, disturbance, scope, protocol)
        finally:
            # Only now is the answer on its way to the socket: until it is there, the connection looks as idle as it was.
            asyncio.get_running_loop().call_later(_UNDER_WAY, self._let_go, scope.client)

    def _let_go(self, client: str) -> None:
        self.held[client] -= 1
        if not self.held[client]:
            del self.held[client]

    @contextmanager
    def _cuttable(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._reading.add(task)
        try:
            yield
        finally:
            self._reading.discard(task)

    async def _read(self, headers: dict[str, str], protocol: Any) -> bytes:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length", "")
        if coding is not None and coding.strip().lower() != "chunked":
            raise FramingError(501)
        if coding is None and int(length) > MAX_BODY:
            raise TooLargeError
        with self._cuttable():
            try:
                async with asyncio.timeout(self._patience):
                    if coding is not None:
                        return await _chunks(protocol)
                    body: bytes = await protocol()
                    return body
            except (TimeoutError, asyncio.CancelledError):
                raise FramingError(408) from None
            except self._gone:
                raise FramingError(400) from None

    @staticmethod
    def _send(protocol: Any, response: Response) -> None:
        if response.body:
            protocol.response_bytes(response.status, list(response.headers.items()), response.body)
        else:
            protocol.response_empty(response.status, list(response.headers.items()))


def tell_of_failure(scope: Any) -> None:
    """Logs the exception that is being handled: its client gets nothing but a 500."""
    told = "%s %s can't be answered. That is a mistake of Proctor's own, and not of the client's: please report it with what follows."
    getLogger(__name__).exception(told, scope.method, scope.path)


def _says_nothing(headers: Any) -> bool:
    """Whether the headers of a GET name one host, and neither prefer anything nor name a space, an origin or a body: what a replay listens to."""
    if "prefer" in headers or "origin" in headers or HEADER in headers or "content-length" in headers or "transfer-encoding" in headers:
        return False
    hosts = headers.get_all("host")
    return len(hosts) == 1 and "," not in hosts[0]


def merged(items: list[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, repeated ones joined by a comma (RFC 9110, 5.2), cookies by a semicolon."""
    headers = dict(items)
    if len(headers) != len(items):
        headers = {}
        for name, value in items:
            joint = "; " if name == "cookie" else ", "
            headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers


def _last(response: Response) -> Response:
    """The response as the last of its connection: what is left of the request is not read."""
    return Response(response.status, {**response.headers, "connection": "close"}, response.body)


def _on_port(origin: str, port: int) -> str:
    """The origin's HTTPS address on another port."""
    host = origin.partition("://")[2]
    name, colon, number = host.rpartition(":")
    return f"https://{name if colon and number.isdecimal() else host}:{port}"


async def _chunks(protocol: Any) -> bytes:
    """A chunked body. One with trailer fields is taken for a broken one: granian does not tell them apart."""
    chunks, size, ends = [], 0, 0
    async for chunk in protocol:
        size += len(chunk)
        if size > MAX_BODY:
            raise TooLargeError
        ends += chunk == _END
        chunks.append(chunk)
    if ends > 1:
        raise FramingError(400)
    return b"".join(chunks)
