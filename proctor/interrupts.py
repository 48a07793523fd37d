"""Ctrl-C, and being told to end: heard wherever it comes, also where Python would drop it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["heard"]

_DEAF = frozenset({"__del__", "gc_callback"})
"""Functions out of which Python lets no exception: finalizers, and what Hypothesis hangs on the garbage collector."""

_IMPORT = "<frozen importlib._bootstrap>"
"""Where modules are imported: one that is written in C may drop an exception, and go on with half of what it needs."""

_AGAIN = 0.01
"""Seconds after which it is tried again to interrupt what is deaf."""


@contextmanager
def heard() -> Iterator[None]:
    """Raises `KeyboardInterrupt` at SIGINT and SIGTERM for as long as the `with` block lasts; outside the main thread, nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_name in _DEAF or frame.f_code.co_filename == _IMPORT:
            again = threading.Timer(_AGAIN, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt
