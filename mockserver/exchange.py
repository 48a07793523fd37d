"""What goes into the stub and what comes out: one HTTP request, one HTTP response, free of any server."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Request", "Response"]


class Request(Struct, frozen=True, gc=False):
    """One request, as it came.

    `path` and `query` are raw (percent-encoding not undone, the query without its question mark); `path` is what follows
    `mount`, the prefix under which an adapter serves the engine. Header names are lower case, repeated headers joined by
    a comma. `origin` is scheme, host and port as the caller knows them, for absolute links. `scheme` is what the API takes the
    call for: a stub without TLS stands for the API's own side of TLS, so only a listener that is meant to be plain says `http`.
    `client` is the address of the other end of the connection, with its port or without, whatever
    the headers say of it; empty where a call comes from within this process. `secure` is the origin at which a plain listener's
    API is had over TLS; empty where that is `origin` but for its scheme.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    scheme: str = "https"
    origin: str = "http://localhost"
    mount: str = ""
    client: str = ""
    secure: str = ""


class Response(Struct, frozen=True, gc=False):
    """One response: status, headers by lower-case name, and the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes
