"""Ctrl-C, being told to end, and a terminal that is closed: heard wherever it comes, also where Python would drop it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ends", "heard"]

_DEAF = frozenset({"__del__", "gc_callback"})
"""Functions out of which Python lets no exception: finalizers, and what Hypothesis hangs on the garbage collector."""

_IMPORT = "<frozen importlib._bootstrap>"
"""Where modules are imported: one that is written in C may drop an exception, and go on with half of what it needs."""

_AGAIN = 0.01
"""Seconds after which it is tried again to interrupt what is deaf."""


def ends() -> list[signal.Signals]:
    """The signals at which a command ends in order: those of Ctrl-C, kill and a closed terminal, the last unless it is ignored, as by nohup."""
    found = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


@contextmanager
def heard() -> Iterator[None]:
    """Raises `KeyboardInterrupt` at each of `ends()` for as long as the `with` block lasts; outside the main thread, nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = ends()
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
