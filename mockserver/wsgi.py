"""The engine as a WSGI application, for anybody's test client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from mockserver.engine import MAX_BODY, Engine
from mockserver.exchange import Request, Response
from mockserver.transport_faults import SEVERED, Disturbance

__all__ = ["WsgiApp"]

StartResponse = Callable[[str, list[tuple[str, str]]], Any]

_SAFE = "/:@!$&'()*+,;=-._~"


class WsgiApp:
    """Hands each request to an engine; `scheme` is what the API takes calls for, see `Request`.

    Of transport faults, WSGI knows neither a reset nor garbage: `ConnectionResetError` is raised for both, which a client in
    this process gets to see, and which makes a server end the connection or answer 500. A server may refuse to send a body that is
    not as long as its Content-Length says.
    """

    def __init__(self, engine: Engine, scheme: str = "https") -> None:
        self._engine = engine
        self._scheme = scheme

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request, whole = self._request(environ)
        disturbance = self._engine.disturbance(request) if whole else None
        if disturbance is None:
            return _begun(self._engine.handle(request) if whole else self._engine.too_large(request), start_response)
        response = self._engine.under(request, disturbance)
        time.sleep(disturbance.delay)
        if response is None or disturbance.severs:
            raise ConnectionResetError(SEVERED)
        return _begun(response, start_response, disturbance)

    def _request(self, environ: dict[str, Any]) -> tuple[Request, bool]:
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
        request = Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body, self._scheme, origin, mount, client)
        return request, len(body) <= MAX_BODY


def _begun(response: Response, start_response: StartResponse, disturbance: Disturbance = Disturbance()) -> Iterable[bytes]:  # noqa: B008 - a constant
    """Begins a response, and gives its body."""
    phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "Unknown"
    headers = [(name, value.encode("latin-1", "replace").decode("latin-1")) for name, value in response.headers.items()]
    if "content-length" not in response.headers and response.status not in (204, 304):
        headers.append(("content-length", str(disturbance.content_length(response.body))))
    start_response(f"{response.status} {phrase}", headers)
    if disturbance.spoils_body:
        return _pieces(response.body, disturbance)
    return [response.body] if response.body else []


def _pieces(body: bytes, disturbance: Disturbance) -> Iterator[bytes]:
    for number, piece in enumerate(disturbance.pieces(body)):
        if number:
            time.sleep(disturbance.every)
        yield piece


def _quoted(path: str) -> str:
    """The path percent-encoded again. WSGI carries its bytes as latin-1 (PEP 3333); some test clients hand over plain text instead."""
    try:
        return quote(path.encode("latin-1"), safe=_SAFE)
    except UnicodeEncodeError:
        return quote(path, safe=_SAFE)


def _size(environ: dict[str, Any], headers: dict[str, str]) -> int:
    """How much of the input is the body: what its length says, or all there is where the server or the client marks its end."""
    if headers.get("content-length", "").isdecimal():
        return int(headers["content-length"])
    return MAX_BODY + 1 if environ.get("wsgi.input_terminated") or "transfer-encoding" in headers else 0
