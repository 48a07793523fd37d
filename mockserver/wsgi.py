"""The engine as a WSGI application, for anybody's test client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from mockserver.engine import MAX_BODY, Engine
from mockserver.exchange import Request, Response
from mockserver.rsgi import SAFE
from mockserver.transport_faults import SEVERED, Disturbance, answered

__all__ = ["WsgiApp"]

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class WsgiApp:
    """Hands each request to an engine; `scheme` is what the API takes calls for, see `Request`.

    Transport faults: latency and dribbled bodies take real time, which no test client's timeout cuts short. WSGI knows no
    connection that is reset, sends garbage or ends within a body: there `ConnectionResetError` is raised, for the last after what
    comes of the body. A client in this process gets to see it; a server ends the connection, or answers 500. Of a body that
    is longer than its Content-Length no more is sent than that.
    """

    def __init__(self, engine: Engine, scheme: str = "https") -> None:
        self._engine = engine
        self._scheme = scheme

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        response, disturbance = answered(self._engine, self._request(environ))
        if disturbance.delay:
            time.sleep(disturbance.delay)
        if response is None or disturbance.severs:
            raise ConnectionResetError(SEVERED)
        return _begun(response, disturbance, start_response)

    def _request(self, environ: dict[str, Any]) -> Request:
        headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
        for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
            if environ.get(key):
                headers[name] = environ[key]
        size = _size(environ, headers)
        body = environ["wsgi.input"].read(min(size, MAX_BODY + 1)) if size else b""
        mount = _quoted(environ.get("SCRIPT_NAME", "")).rstrip("/")
        path = _quoted(environ.get("PATH_INFO", "")) or "/"
        host = headers.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        origin = f"{environ['wsgi.url_scheme']}://{host}"
        client = environ.get("REMOTE_ADDR") or "unknown"
        return Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body, self._scheme, origin, mount, client)


def _begun(response: Response, disturbance: Disturbance, start_response: StartResponse) -> Iterable[bytes]:
    """Begins a response, and gives its body."""
    body = response.body
    phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "Unknown"
    headers = [(name, value.encode("latin-1", "replace").decode("latin-1")) for name, value in response.headers.items()]
    if "content-length" not in response.headers and response.status not in (204, 304):
        headers.append(("content-length", str(disturbance.content_length(body) if body else 0)))
    start_response(f"{response.status} {phrase}", headers)
    if disturbance.spoils_body or disturbance.length:
        return _pieces(body, disturbance)
    return [body] if body else []


def _pieces(body: bytes, disturbance: Disturbance) -> Iterator[bytes]:
    for number, piece in enumerate(disturbance.heard(body)):
        if number:
            time.sleep(disturbance.every)
        yield piece


def _quoted(path: str) -> str:
    """The path percent-encoded again. WSGI carries its bytes as latin-1 (PEP 3333); some test clients hand over plain text instead."""
    try:
        return quote(path.encode("latin-1"), safe=SAFE)
    except UnicodeEncodeError:
        return quote(path, safe=SAFE)


def _size(environ: dict[str, Any], headers: dict[str, str]) -> int:
    """How much of the input is the body: what its length says, or all there is where the server or the client marks its end."""
    if headers.get("content-length", "").isdecimal():
        return int(headers["content-length"])
    return MAX_BODY + 1 if environ.get("wsgi.input_terminated") or "transfer-encoding" in headers else 0
