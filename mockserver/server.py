"""The engine behind granian: in this process, with one worker, so that there is one state."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.engine import Engine
from mockserver.rsgi import RsgiApp
from specs.model import Spec

__all__ = ["Live", "bind_port", "live", "serve"]

_AFTERMATH = 0.5
"""Seconds that the server's threads are given to end after it has stopped."""

_GRACE = 0.5
"""Seconds that open connections are given when the server stops."""


@dataclass(frozen=True, slots=True)
class Live:
    """A server that runs: its engine, and the URL at which it answers."""

    engine: Engine
    url: str

    def of(self, api: str) -> str:
        """The base URL of one of its APIs, its base path included: what a client is configured with."""
        compiled = self.engine.apis[api]
        return self.url + compiled.mount + compiled.spec.base_path


def bind_port(host: str, port: int) -> int:
    """The port to listen on: the one given, if it is free, or for 0 one that is. Raises `OSError` where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        free: int = probe.getsockname()[1]
        return free


def _server(engine: Engine, host: str, port: int, **options: Any) -> tuple[Any, Callable[[], None]]:
    """A server that is ready to run, and what stops it."""
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    settings = HTTP1Settings(header_read_timeout=30_000, max_buffer_size=1024 * 1024)
    app = RsgiApp(engine)
    server: Any = Server(app, address=host, port=port, log_enabled=False, websockets=False, http1_settings=settings, backlog=1024, **options)
    server.workers_kill_timeout = _GRACE

    def stop() -> None:
        app.cut()
        server.stop()

    return server, stop


async def _until_stopped(server: Any) -> None:
    """Serves until the server is stopped; connections that are still open are then given a moment, and dropped."""
    with contextlib.suppress(TimeoutError):
        await server.serve()


def serve(
    engine_factory: Callable[[], Engine],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    announce: Callable[[str, Engine], None] | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> int:
    """Serves until SIGINT or SIGTERM, then gives 0. Raises `OSError` where the port is taken.

    `announce` is called with the URL and the engine once requests are answered; without it, the URL is printed. `certificate` is
    the files of a certificate and its key, for TLS.
    """
    chosen = bind_port(host, port)
    engine = engine_factory()
    gc.freeze()  # Compiled specs and loaded records stay: looking through them for garbage would hold up requests.
    options = {} if certificate is None else {"ssl_cert": certificate[0], "ssl_key": certificate[1]}
    url = _url("http" if certificate is None else "https", host, chosen)

    async def run() -> None:
        server, stop = _server(engine, host, chosen, **options)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        running = asyncio.ensure_future(_until_stopped(server))
        await _answering(host, chosen, running)
        if announce is None:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
        else:
            announce(url, engine)
        await running

    threads = _threads()
    try:
        asyncio.run(run())
    finally:
        engine.close()
    # The server's own threads end a moment after it has, and complain aloud of an interpreter that goes down under them.
    deadline = time.monotonic() + _AFTERMATH
    while (_threads() > threads or not threads) and time.monotonic() < deadline:
        time.sleep(0.005)
    return 0


def _threads() -> int:
    """How many threads this process has, those that are not Python's included; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def _url(scheme: str, host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"


async def _answering(host: str, port: int, running: asyncio.Future[Any]) -> None:
    """Waits until the port takes connections, or the server has ended."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(reached, port)
        except OSError:
            await asyncio.sleep(0.005)
            continue
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return


@contextmanager
def live(*specs: Spec, engine: Engine | None = None, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Iterator[Live]:
    """A server on a free port for as long as the `with` block lasts; `options` are those of `Engine`."""
    served = engine or Engine(specs, **options)
    chosen = bind_port(host, port)
    loop = asyncio.new_event_loop()
    started: list[Callable[[], None]] = []
    ready = threading.Event()

    async def run() -> None:
        server, stop = _server(served, host, chosen)
        running = asyncio.ensure_future(_until_stopped(server))
        await _answering(host, chosen, running)
        started.append(stop)
        ready.set()
        await running

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name=f"mockserver:{chosen}", daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not ready.wait(0.05):
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the server on {host}:{chosen} did not start")
    try:
        yield Live(served, _url("http", host, chosen))
    finally:
        loop.call_soon_threadsafe(started[0])
        thread.join(10)
        loop.close()
        if engine is None:
            served.close()
