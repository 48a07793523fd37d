"""What an HTTP server can't do: reset a connection, or send what is not HTTP. It is done to the socket itself, behind the server's back."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys

__all__ = ["link_of", "reset", "sever"]

_ADDRESS_SIZE = 28
"""The size of the largest address of the Internet's families, `sockaddr_in6`."""


def link_of(client: str, server: str) -> socket.socket | None:
    """This process's own connection from a client to a server, both `address:port`, by a descriptor of our own; None where there is none.

    It has to be looked for among the descriptors of the process: the server keeps its connections to itself. A copy is looked at
    and used, so that whatever the server does in the meantime, no other connection is met.
    """
    wanted = _address(client), _address(server)
    for name in _descriptors():
        link = _copy(int(name))
        if link is None:
            continue
        with contextlib.suppress(OSError, IndexError, TypeError):
            if (_plain(link.getpeername()), _plain(link.getsockname())) == wanted:
                return link
        link.close()
    return None


def _descriptors() -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir("/dev/fd")
    return []


def _copy(descriptor: int) -> socket.socket | None:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return None
        copied = os.dup(descriptor)
    except OSError:
        return None
    try:
        return socket.socket(fileno=copied)
    except OSError:
        os.close(copied)
        return None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]").partition("%")[0], int(port)


def _plain(name: tuple[str, int]) -> tuple[str, int]:
    return name[0].partition("%")[0], name[1]


def reset(link: socket.socket) -> None:
    """Resets a connection (RST), and lets go of it.

    Linux sends the reset at once. Elsewhere it is sent when the server closes its end, after what it has to say.
    """
    with link, contextlib.suppress(OSError):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if sys.platform == "linux":
            import ctypes

            # connect(2) to an address of the family AF_UNSPEC, which is 0, dissolves a connection; Python's own connect can't say that.
            ctypes.CDLL(None).connect(link.fileno(), ctypes.create_string_buffer(_ADDRESS_SIZE), _ADDRESS_SIZE)


def sever(link: socket.socket, last: bytes) -> None:
    """Sends some last bytes, ends a connection and lets go of it."""
    with link, contextlib.suppress(OSError):
        link.send(last)
        link.shutdown(socket.SHUT_RDWR)
