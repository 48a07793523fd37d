"""Granian's worker with a shorter way: what needs no waiting is answered on the thread that took the request from the wire.

Granian hands every request to an event loop, which is another thread: waking that costs more than most answers do. RSGI knows no
application that is not awaited, so a scheduler of our own stands in for granian's. It is the one place that uses what granian does not
publish, and why its range is narrow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from granian import _futures, _granian
from granian.server.embed import AsyncWorker

from mockserver.rsgi import RsgiApp

__all__ = ["spawn"]

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


spawn: Callable[..., None] = AsyncWorker.wrap_target(_spawn)  # type: ignore[no-untyped-call]
"""What granian's server is given to serve with."""


def _first(answered: Callable[[Any, Any], bool], later: Callable[[Any], None]) -> Callable[[Any], None]:
    """What takes a request from granian: answers it if it can, and leaves it to the event loop if not."""

    def schedule(watcher: Any) -> None:
        try:
            if answered(watcher.scope, watcher.proto):
                watcher.done()
            else:
                later(watcher)
        except Exception as error:  # noqa: BLE001 - granian answers it with 500; raised from here, it would end the process
            watcher.err(error)

    return schedule
