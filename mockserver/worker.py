"""Granian's server with a shorter way, on a socket of our own: what needs no waiting is answered on the thread that took the request from the wire.

Granian hands every request to an event loop, which is another thread: waking that costs more than most answers do. RSGI knows no
application that is not awaited, so a scheduler of our own stands in for granian's. It is the one place that uses what granian does not
publish, and why its range is narrow.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from granian import _futures, _granian
from granian.server import embed

from mockserver.rsgi import RsgiApp, tell_of_failure

__all__ = ["Server"]

_rust: Any = _granian
_python: Any = _futures


async def _spawn(
    worker_id: int,
    stopped: Any,
    app: RsgiApp,
    sockets: tuple[Any, Any],
    loop: asyncio.AbstractEventLoop,
    runtime_threads: int,
    runtime_blocking_threads: int | None,
    blocking_threads: int,
    blocking_threads_idle_timeout: int,
    backpressure: int,
    task_impl: Any,  # noqa: ARG001
    *settings: Any,
) -> None:
    """Serves until the event is set: granian's own worker for RSGI, but for the scheduler."""
    *http, _log_format, tls, _scope_options = settings
    ended = loop.create_future()
    stopped.add_cb(lambda: loop.call_soon_threadsafe(ended.set_result, None))
    threads = (runtime_threads, runtime_blocking_threads, blocking_threads, blocking_threads_idle_timeout)
    worker = _rust.RSGIWorker(worker_id, sockets, None, *threads, backpressure, *http, *tls, (None, None))
    awaited = _python._future_watcher_wrapper(app.__rsgi__)
    scheduler = _rust.CallbackScheduler(loop, awaited, None, None, None)
    later = _python._cbsched_aioschedule(loop, scheduler._ctx, awaited)
    scheduler._schedule_fn = _first(app.answered, later)
    worker.serve_async(scheduler, loop, stopped)
    app.started.set()
    await ended


class Server(embed.Server):
    """Granian's server, with that worker."""

    def listen_on(self, link: socket.socket, backlog: int) -> None:
        """Takes a socket that listens; granian's own share their port with whoever else wants it: of two servers started at once, both would have it."""
        link.setblocking(False)
        self._ssp, self._shd = None, _rust.SocketHolder(link.detach(), False, backlog)

    def _init_shared_socket(self) -> None:
        """Nothing: the socket is there."""

    async def serve(self, spawn_target: Callable[..., None] | None = None) -> None:  # type: ignore[override]
        """Serves until it is stopped."""
        await super().serve(spawn_target or embed.AsyncWorker.wrap_target(_spawn))  # type: ignore[no-untyped-call]


def _first(answered: Callable[[Any, Any], bool], later: Callable[[Any], None]) -> Callable[[Any], None]:
    """What takes a request from granian: answers it if it can, and leaves it to the event loop if not."""

    def schedule(watcher: Any) -> None:
        try:
            if answered(watcher.scope, watcher.proto):
                watcher.done()
            else:
                later(watcher)
        except Exception as error:  # noqa: BLE001 - granian answers it with 500, without a word; raised from here, it would end the process
            tell_of_failure(watcher.scope)
            watcher.err(error)

    return schedule
