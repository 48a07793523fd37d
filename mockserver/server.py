"""The engine behind granian: in this process, with one worker, so that there is one state."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EADDRINUSE
from pathlib import Path
from typing import Any

from mockserver.engine import Engine
from mockserver.rsgi import PATIENCE, RsgiApp
from mockserver.tls import Identity, made_identity
from mockserver.wire import idle_for, links_at, plain, sever
from specs.model import Spec

__all__ = ["Live", "Patience", "bind_port", "live", "serve"]

Beside = Callable[[Engine], Awaitable[None]]
"""What runs beside a server, in its event loop."""

MAX_HEAD = 64 * 1024
"""The largest request line with headers that is read, in bytes; there may be 100 headers."""

_BACKLOG = 1024
"""How many connections may wait to be accepted."""

_MOST_CONNECTIONS = 65_536

_AFTERMATH = 0.5
"""Seconds that the server's threads are given to end after it has stopped."""

_GRACE = 0.5
"""Seconds that open connections are given when the server stops."""


@dataclass(frozen=True, slots=True)
class Live:
    """A server that runs: its engine, and the URL at which it answers.

    `plain_url` is that of the listener whose callers are taken to come over plain HTTP, if there is one; `ca_file` the certificate
    of the authority to be trusted, if one was made.
    """

    engine: Engine
    url: str
    plain_url: str | None = None
    ca_file: Path | None = None

    def of(self, api: str) -> str:
        """The base URL of one of its APIs, its base path included: what a client is configured with."""
        return self.url + self._path(api)

    def plain_of(self, api: str) -> str | None:
        """The base URL of one of its APIs at the plain listener, if there is one."""
        return None if self.plain_url is None else self.plain_url + self._path(api)

    def _path(self, api: str) -> str:
        compiled = self.engine.apis[api]
        return compiled.mount + compiled.spec.base_path


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a client has for its request line and headers, or between two requests, and for a body."""

    head: float = 30.0
    body: float = PATIENCE


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to listen, and how."""

    host: str
    port: int
    plain_port: int | None
    identity: Identity | None
    patience: Patience

    @property
    def ports(self) -> list[int]:
        return [self.port] if self.plain_port is None else [self.port, self.plain_port]

    def live(self, engine: Engine) -> Live:
        url = _url("http" if self.identity is None else "https", self.host, self.port)
        plain = None if self.plain_port is None else _url("http", self.host, self.plain_port)
        return Live(engine, url, plain, None if self.identity is None else self.identity.ca)


def bind_port(host: str, port: int) -> int:
    """The port to listen on: the one given, if it is free, or for 0 one that is. Raises `OSError`, which names host and port, where it is taken."""
    with _bound(host, port) as probe:
        free: int = probe.getsockname()[1]
        return free


def _bound(host: str, port: int, backlog: int | None = None) -> socket.socket:
    """A socket at a port, which it shares with nobody; with a backlog it listens. Raises `OSError`, which names host and port."""
    link = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.bind((host, port))
        if backlog is not None:
            link.listen(backlog)
    except OSError as error:
        link.close()
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from None
    return link


def _place(host: str, port: int, plain_port: int | None, identity: Identity | None, patience: Patience | None) -> _Place:
    """Where to listen, with ports that are free; raises `OSError`."""
    chosen = bind_port(host, port)
    if plain_port == chosen:
        raise OSError(EADDRINUSE, "a plain listener needs a port of its own", f"{host}:{chosen}")
    plain = None if plain_port is None else bind_port(host, plain_port)
    while plain == chosen:
        plain = bind_port(host, 0)
    return _Place(host, chosen, plain, identity, patience or Patience())


def _servers(engine: Engine, place: _Place) -> tuple[list[Any], list[RsgiApp], Callable[[], None]]:
    """The servers of a place, ready to run, their applications, and what stops them."""
    secure = None if place.identity is None else place.port
    apps = [RsgiApp(engine, patience=place.patience.body)]
    servers = [_server(apps[0], place, place.port, place.identity)]
    if place.plain_port is not None:
        apps.append(RsgiApp(engine, "http", secure=secure, patience=place.patience.body))
        servers.append(_server(apps[1], place, place.plain_port, None))

    def stop() -> None:
        for app, server in zip(apps, servers, strict=True):
            app.cut()
            server.stop()

    return servers, apps, stop


def _server(app: RsgiApp, place: _Place, port: int, identity: Identity | None) -> Any:
    """A server of HTTP/1.1. Its buffer bounds request line and headers; its timeout also a connection that says nothing."""
    from granian.constants import HTTPModes, SSLProtocols
    from granian.http import HTTP1Settings

    from mockserver.worker import Server

    settings = HTTP1Settings(header_read_timeout=int(place.patience.head * 1000), max_buffer_size=MAX_HEAD)
    options: dict[str, Any] = {"http": HTTPModes.http1, "http1_settings": settings, "backpressure": _connections()}
    if identity is not None:
        options.update(ssl_cert=identity.certificate, ssl_key=identity.key, ssl_protocol_min=SSLProtocols.tls12)
    server: Any = Server(app, address=place.host, port=port, log_enabled=False, websockets=False, **options)
    server.workers_kill_timeout = _GRACE
    server.listen_on(_bound(place.host, port, _BACKLOG), _BACKLOG)
    return server


def _connections() -> int:
    """How many connections there may be at a time: as many as this process may have descriptors, but for some that it needs itself.

    With fewer, idle connections keep others waiting; with more, the system refuses to accept them, over and over.
    """
    try:
        import resource
    except ImportError:
        return 1024
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(128, min(_MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft, _MOST_CONNECTIONS) - 128)


async def _until_stopped(server: Any) -> None:
    """Serves until the server is stopped; connections that are still open are then given a moment, and dropped."""
    with contextlib.suppress(TimeoutError):
        await server.serve()


async def _run(
    engine: Engine,
    place: _Place,
    ready: Callable[[Callable[[], None]], None],
    beside: Beside | None = None,
    signals: Iterable[signal.Signals] = (),
) -> None:
    """Serves until what `ready` is given is called, or a signal comes; `ready` is called once all ports answer."""
    servers, apps, stop = _servers(engine, place)
    told = asyncio.Event()
    for number in signals:  # before anything answers: whoever has an answer may end it
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    running = asyncio.gather(*map(_until_stopped, servers))
    started = asyncio.gather(*(app.started.wait() for app in apps))
    await asyncio.wait((running, started), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        started.cancel()
        await running
        return
    tasks = [asyncio.ensure_future(beside(engine))] if beside is not None else []
    tasks.extend(asyncio.ensure_future(_sweeping(app, port, place.patience)) for app, port in zip(apps, place.ports, strict=True))
    tasks.append(asyncio.ensure_future(_stopping(told, stop)))
    ready(stop)
    try:
        await running
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _stopping(told: asyncio.Event, stop: Callable[[], None]) -> None:
    """Stops once that is told; begun when all ports answer, since what has not started can't be stopped."""
    await told.wait()
    stop()


async def _sweeping(app: RsgiApp, port: int, patience: Patience) -> None:
    """Cuts off connections on which nothing happens, and of which the server takes no notice: while TLS is agreed on, or an answer is not read."""
    longest = max(patience.head, patience.body)
    while True:
        await asyncio.sleep(longest / 2)
        held = set(map(plain, app.held))
        for client, link in links_at(port):
            if client not in held and idle_for(link) > longest:
                sever(link, b"")
            link.close()


def serve(
    engine_factory: Callable[[], Engine],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    announce: Callable[[Live], None] | None = None,
    identity: Identity | None = None,
    plain_port: int | None = None,
    beside: Beside | None = None,
    signals: Iterable[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
) -> int:
    """Serves until one of the signals comes, then gives 0. Raises `OSError` where a port is taken.

    `announce` is called once requests are answered; without it, the URL is printed. `identity` is for TLS. Callers at
    `plain_port` are taken to come over plain HTTP. `beside` runs for as long as it serves.
    """
    place = _place(host, port, plain_port, identity, None)
    _raise_limit()
    engine = _lasting(engine_factory)

    def ready(stop: Callable[[], None]) -> None:  # noqa: ARG001
        (announce or _print_url)(place.live(engine))

    threads = _threads()
    _take_turns()
    try:
        asyncio.run(_run(engine, place, ready, beside, signals))
    finally:
        engine.close()
    # The server's own threads end a moment after it has, and complain aloud of an interpreter that goes down under them.
    deadline = time.monotonic() + _AFTERMATH
    while (_threads() > threads or not threads) and time.monotonic() < deadline:
        time.sleep(0.005)
    return 0


def _raise_limit() -> None:
    """Lets this process have as many descriptors as it may have by its hard limit: the usual soft one is meant for programs without connections."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _MOST_CONNECTIONS)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _lasting(engine_factory: Callable[[], Engine]) -> Engine:
    """The engine, made to stay: to look through compiled specs and loaded records for garbage would hold up start and requests."""
    gc.disable()
    try:
        engine = engine_factory()
        gc.freeze()
    finally:
        gc.enable()
    return engine


def _take_turns() -> None:
    """Asks Linux not to interrupt a thread for one that wakes up: where granian's two share a core, they would change places twice a request."""
    if hasattr(os, "sched_setscheduler") and os.sched_getscheduler(0) == os.SCHED_OTHER:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _print_url(live: Live) -> None:
    sys.stdout.write(f"{live.url}\n")
    sys.stdout.flush()


def _threads() -> int:
    """How many threads this process has, those that are not Python's included; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def _url(scheme: str, host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"


@contextmanager
def live(
    *specs: Spec,
    engine: Engine | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: bool = False,
    plain: bool = False,
    patience: Patience | None = None,
    **options: Any,
) -> Iterator[Live]:
    """A server on a free port for as long as the `with` block lasts; `options` are those of `Engine`.

    With `tls` it has a certificate made for it, with `plain` a second listener, whose callers are taken to come over plain HTTP.
    """
    with contextlib.ExitStack() as stack:
        identity = stack.enter_context(made_identity(host)) if tls else None
        place = _place(host, port, 0 if plain else None, identity, patience)
        served = engine or Engine(specs, **options)
        if engine is None:
            stack.callback(served.close)
        stack.enter_context(_in_thread(served, place))
        yield place.live(served)


@contextmanager
def _in_thread(engine: Engine, place: _Place) -> Iterator[None]:
    """Serves in a thread of its own for as long as the `with` block lasts."""
    loop = asyncio.new_event_loop()
    started: list[Callable[[], None]] = []
    ready = threading.Event()

    def begun(stop: Callable[[], None]) -> None:
        started.append(stop)
        ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(_run(engine, place, begun)), name=f"mockserver:{place.port}", daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not ready.wait(0.05):
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the server on {place.host}:{place.port} did not start")
    try:
        yield
    finally:
        loop.call_soon_threadsafe(started[0])
        thread.join(10)
        loop.close()
        atexit.unregister(_settle)
        atexit.register(_settle, time.monotonic() + _AFTERMATH)


def _settle(deadline: float) -> None:
    """Waits, as the process ends, for the threads of servers that have only just stopped: they would bring the interpreter down."""
    while not 0 < _threads() <= threading.active_count() and time.monotonic() < deadline:
        time.sleep(0.005)
