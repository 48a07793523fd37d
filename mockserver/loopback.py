"""Connections within the process: what urllib3 writes on one reaches an engine, and what it reads is what a server would have sent."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from errno import ECONNRESET
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from mockserver.exchange import Request, Response
from mockserver.rsgi import PATIENCE, FramingError, merged
from mockserver.spaces import HEADER, SpaceError
from mockserver.transport_faults import Disturbance, answered

if TYPE_CHECKING:
    from mockserver.engine import Engine

__all__ = ["PORTS", "LoopbackPool", "pass_time"]

Event = bytes | float | OSError
"""What comes over a connection: bytes (none for its end), so many seconds of silence, or its failure."""

Said = tuple[Callable[[float], None], Iterator[Event]]
"""What lets the answerer's time pass, and what comes of its answer."""

PORTS = {"http": 80, "https": 443}
"""The usual port of each scheme."""

_CONNECTIONS = 64


def pass_time(engine: Engine, space: str | None, seconds: float) -> None:
    """Moves the clock of a space, or of the main one, as if somebody had waited."""
    with engine.turn:
        try:
            clock = engine.clock if space is None else engine.spaces.get(space).clock
        except SpaceError:
            clock = engine.clock
        clock.advance(seconds)


class LoopbackPool(HTTPConnectionPool):
    """Connections to an engine that stands at `scheme://host:port`, its own paths under `mount`.

    Nobody sleeps: where a client waits, for an answer that is held back or for its timeout, the clock of the request's space moves.
    `taken_for` is what the API takes calls for, see `Request`.
    """

    def __init__(self, engine: Engine, scheme: str, host: str, port: int, *, mount: str, taken_for: str) -> None:
        super().__init__(host, port, maxsize=_CONNECTIONS, say=self._say, default_port=PORTS[scheme])
        self.ConnectionCls = _Loopback
        self.scheme = scheme
        self._engine = engine
        self._mount = mount
        self._taken_for = taken_for

    def __str__(self) -> str:
        # What is in the way when a message of urllib3 is compared, or shown.
        return f"{self.scheme.upper()}ConnectionPool(host={self.host!r}, port={self.port!r})"

    def _say(self, sent: bytes) -> Said:
        head, _, body = sent.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = merged([(name.lower(), value.strip()) for name, _, value in (field.partition(":") for field in fields)])
        space = headers.get(HEADER)

        def wait(seconds: float) -> None:
            pass_time(self._engine, space, seconds)

        try:
            request = self._request(line, headers, _body(headers, body))
        except FramingError as error:
            held_back = PATIENCE if error.status == HTTPStatus.REQUEST_TIMEOUT else 0.0
            return wait, _events(Response(error.status, {"connection": "close"}, b""), Disturbance(delay=held_back))
        return wait, _events(*answered(self._engine, request))

    def _request(self, line: str, headers: dict[str, str], body: bytes) -> Request:
        method, target, _ = line.split(" ", 2)
        path, _, query = target.partition("?")
        origin = f"{self.scheme}://{headers['host']}"
        return Request(method, path[len(self._mount) :] or "/", query, headers, body, self._taken_for, origin, self._mount)


class _Loopback(HTTPConnection):
    """A connection whose socket is `_Wire`."""

    def __init__(self, host: str, port: int, *, say: Callable[[bytes], Said], default_port: int, **options: Any) -> None:
        super().__init__(host, port, **options)
        self.default_port = default_port  # type: ignore[misc]
        self._say = say

    def connect(self) -> None:
        self.sock = _Wire(self._say)

    @property
    def is_connected(self) -> bool:
        """Whether another request may be sent: nothing is left to be read, an end included."""
        return isinstance(self.sock, _Wire) and self.sock.quiet()


class _Wire:
    """What http.client takes for a socket."""

    def __init__(self, say: Callable[[bytes], Said]) -> None:
        self._say = say
        self._sent = bytearray()
        self._pass: Callable[[float], None] = _nothing
        self._coming: Iterator[Event] = iter(())
        self._next: Event | memoryview | None = None
        self._timeout: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds

    def sendall(self, data: Any) -> None:
        self._sent += data

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Nothing, as with a socket of which a file has been made."""

    def shutdown(self, _: int) -> None:
        self._coming, self._next = iter((b"",)), None

    def quiet(self) -> bool:
        if self._next is None:
            self._next = next(self._coming, None)
        return self._next is None

    def receive(self, size: int) -> bytes | memoryview:
        """Some bytes that have come, none at the connection's end; raises `OSError` as a socket does."""
        if self._sent and self.quiet():
            sent, self._sent = bytes(self._sent), bytearray()
            self._pass, self._coming = self._say(sent)
        while not self.quiet():
            event = self._next
            if isinstance(event, OSError):
                raise event
            if isinstance(event, float):
                self._wait(event)
            elif event:
                came = memoryview(event)  # which is cut without being copied
                self._next = came[size:] if len(came) > size else None
                return came[:size]
            else:
                return b""
        raise TimeoutError("timed out")

    def _wait(self, seconds: float) -> None:
        if self._timeout is not None and seconds >= self._timeout:
            self._next = seconds - self._timeout
            self._pass(self._timeout)
            raise TimeoutError("timed out")
        self._next = None
        self._pass(seconds)


class _Incoming(io.RawIOBase):
    """A wire's reading end."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._wire.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _nothing(seconds: float) -> None:
    """Nobody has been asked anything: there is no time to pass."""


def _body(headers: dict[str, str], sent: bytes) -> bytes:
    """The body, as it was framed; raises `FramingError` where it breaks off, or is not what its headers say."""
    if "transfer-encoding" in headers:
        return b"".join(_chunks(sent))
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise FramingError(400)
    if len(sent) < int(length):
        raise FramingError(408)
    return sent[: int(length)]


def _chunks(body: bytes) -> Iterator[bytes]:
    place = 0
    while True:
        size, found, _ = body[place : place + 20].partition(b"\r\n")
        try:
            length = int(size, 16)
        except ValueError:
            raise FramingError(400) from None
        if not length or not found:
            return
        place += len(size) + 2
        yield body[place : place + length]
        place += length + 2


def _events(response: Response | None, disturbance: Disturbance) -> Iterator[Event]:
    """What a server sends of a response under a disturbance."""
    if disturbance.delay:
        yield disturbance.delay
    if disturbance.reset or response is None:
        yield ConnectionResetError(ECONNRESET, os.strerror(ECONNRESET))
        return
    if disturbance.garbage:
        yield disturbance.garbage
        yield b""
        return
    yield _head(response, disturbance)
    for number, piece in enumerate(disturbance.pieces(response.body)):
        if number and disturbance.every:
            yield disturbance.every
        yield piece
    if response.body and disturbance.length > 0 and not disturbance.spoils_body:
        # The server takes the response for whole. It waits for the next request, as the client does for the rest.
        yield PATIENCE
    if response.body and (disturbance.truncate or disturbance.length):
        yield b""


def _head(response: Response, disturbance: Disturbance) -> bytes:
    phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "<none>"
    headers = dict(response.headers)
    if response.body:
        headers["content-length"] = str(disturbance.content_length(response.body))
    elif response.status not in (204, 304):
        headers.setdefault("content-length", "0")
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")
