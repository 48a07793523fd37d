"""A socket whose every wait ends at one moment: what keeps a server that dribbles from holding an examination for ever."""

from __future__ import annotations

import io
import socket
import time
from typing import Any

__all__ = ["DeadlineSocket"]


class DeadlineSocket:
    """A connected socket as `http.client` uses one, bounded per read and in total.

    `until` is the moment (of `time.monotonic`) after which nothing is waited for any more; `each` the seconds one read may take.
    A wait that ends too late raises `TimeoutError`. The socket is closed when its owner and every reader made of it are done.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._readers = 0
        self._owned = True
        self.each = 10.0
        self.until = time.monotonic() + 10.0

    def allow(self, each: float, until: float) -> None:
        """Sets the bounds for what comes next."""
        self.each, self.until = each, until

    def fileno(self) -> int:
        """The file descriptor, for `select`."""
        return self._sock.fileno()

    def settimeout(self, _seconds: float | None) -> None:
        """Does nothing: the bounds are those of `allow`."""

    def sendall(self, data: Any) -> None:
        """Sends all of it, or raises `TimeoutError`."""
        self._prepare()
        self._sock.sendall(data)

    def makefile(self, _mode: str = "rb", *_more: Any, **_options: Any) -> io.BufferedReader:
        """A buffered reader that keeps the bounds."""
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def shutdown(self, how: int) -> None:
        """Shuts the connection down."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Closes the socket once no reader uses it."""
        self._owned = False
        self._close_if_idle()

    def receive_into(self, buffer: Any) -> int:
        """One read."""
        self._prepare()
        return self._sock.recv_into(buffer)

    def reader_closed(self) -> None:
        """One reader less."""
        self._readers -= 1
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if not self._owned and self._readers <= 0:
            self._sock.close()

    def _prepare(self) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._sock.settimeout(min(self.each, left))


class _Reader(io.RawIOBase):
    def __init__(self, sock: DeadlineSocket) -> None:
        self._deadline_socket: DeadlineSocket | None = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._deadline_socket is None:
            return 0
        return self._deadline_socket.receive_into(buffer)

    def close(self) -> None:
        if self._deadline_socket is not None:
            held, self._deadline_socket = self._deadline_socket, None
            held.reader_closed()
        super().close()
