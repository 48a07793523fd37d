"""Raw connections to a server: what is sent and what comes back, byte by byte."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

__all__ = ["connected", "said", "told"]


def connected(url: str, ca: str | None = None, timeout: float = 2.0) -> socket.socket:
    """A connection to the server at a URL; over TLS where the certificate of an authority is given."""
    parts = urlsplit(url)
    link = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=timeout)
    return link if ca is None else ssl.create_default_context(cafile=ca).wrap_socket(link, server_hostname=parts.hostname)


def told(link: socket.socket) -> tuple[bytes, str]:
    """All that comes until the connection ends, and how it ends: `closed`, `reset`, `silent` (nothing comes any more) or `no TLS`."""
    got = b""
    while True:
        try:
            part = link.recv(65536)
        except TimeoutError:
            return got, "silent"
        except ConnectionResetError:
            return got, "reset"
        except ssl.SSLError:
            return got, "no TLS"
        if not part:
            return got, "closed"
        got += part


def said(url: str, sent: bytes, *, ca: str | None = None, timeout: float = 5.0) -> tuple[bytes, str]:
    """What comes back on a new connection on which these bytes are sent, and how it ends."""
    with connected(url, ca, timeout) as link:
        link.sendall(sent)
        return told(link)
