"""What an HTTP server can't do: reset a connection, or send what is not HTTP. It is done to the socket itself, behind the server's back."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator

__all__ = ["idle_for", "link_of", "links_at", "plain", "reset", "sever"]

_ADDRESS_SIZE = 28
"""The size of the largest address of the Internet's families, `sockaddr_in6`."""

_LAST_SENT, _LAST_RECEIVED = 44, 52
"""Where `tcp_info` (Linux, tcp.h) has the milliseconds since data was sent, and received."""


def links_at(port: int) -> Iterator[tuple[str, socket.socket]]:
    """This process's own connections to one of its ports, by the client's `address:port`, each by a descriptor of our own, to be closed.

    They have to be looked for among the descriptors of the process: a server keeps its connections to itself. Copies are looked at
    and used, so that whatever the server does in the meantime, no other connection is met.
    """
    for name in _descriptors():
        link = _copy(int(name))
        if link is None:
            continue
        try:
            found = link.getsockname()[1] == port and link.family in (socket.AF_INET, socket.AF_INET6)
            client = _plain(link.getpeername()) if found else None
        except (OSError, IndexError, TypeError):
            client = None
        if client is None:
            link.close()
        else:
            yield client, link


def link_of(client: str, port: int) -> socket.socket | None:
    """This process's own connection from a client, `address:port`, to one of its ports; None where there is none."""
    wanted, found = plain(client), None
    for name, link in links_at(port):
        if name == wanted and found is None:
            found = link
        else:
            link.close()
    return found


def idle_for(link: socket.socket) -> float:
    """Seconds since anything was sent or received on a connection; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0.0
    info = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_RECEIVED + 4)
    return float(min(struct.unpack_from("I", info, place)[0] for place in (_LAST_SENT, _LAST_RECEIVED))) / 1000


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


def plain(client: str) -> str:
    """A client's `address:port` as it is compared, without brackets and zones."""
    host, _, port = client.rpartition(":")
    return f"{host.strip('[]').partition('%')[0]}:{port}"


def _plain(name: tuple[str, int]) -> str:
    return f"{name[0].partition('%')[0]}:{name[1]}"


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
