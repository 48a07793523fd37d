"""Sends requests: the protocol that every transport keeps, and the one that speaks HTTP to a URL.

What is sent is exactly what a `Request` says: the path and query as they stand, headers in their order and repeated, no redirect
followed, nothing retried. What comes back is bounded in time and size; whatever is no HTTP response is a `NoAnswer`, in words.
"""

from __future__ import annotations

import http.client
import os
import ssl
import time
import zlib
from typing import Any, Literal, Protocol
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from urllib3 import HTTPHeaderDict, HTTPResponse, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError

from conformance.exchange import NoAnswer, NotPermitted, Request, Response
from conformance.problems import TargetError, TargetProblem
from conformance.running.deadline import DeadlineSocket
from conformance.target import Target

__all__ = ["BODY_LIMIT", "Transport", "UrlTransport", "origin", "within"]

BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of a body (also of an unpacked one) after which an answer is none."""

WHOLE = 2.0
"""How many times the time for one read a whole answer may take."""

_FRESH_ENOUGH = 2.0
_CHUNK = 64 * 1024
_USER_AGENT = "proctor (conformance examination)"

Origin = tuple[str, str, int]


class Transport(Protocol):
    """What brings a request to the target and its answer back."""

    def send(self, request: Request) -> Response:
        """The response to a request; raises `NoAnswer` where there is none that can be used."""
        ...


def origin(url: str) -> Origin:
    """Scheme, host and port of a URL; raises `ValueError` for one that has none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"no http or https URL: {url[:200]!r}")
    return parts.scheme, parts.hostname.lower(), parts.port or (443 if parts.scheme == "https" else 80)


def within(target: Target, url: str) -> bool:
    """Whether a URL belongs to the target: requests, and with them credentials, go nowhere else."""
    try:
        known = {origin(known) for known in (target.url, target.plain_url) if known}
        return origin(url) in known
    except ValueError:
        return False


class UrlTransport:
    """Speaks HTTP/1.1 to a target's URL, over kept connections.

    Proxies and CA bundles are those of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`,
    `SSL_CERT_FILE`); a loopback address is never asked for through a proxy.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._idle: dict[Origin, tuple[HTTPConnection, float]] = {}
        self._proxies = getproxies_environment()
        self._context = _context(target) if target.url.startswith("https:") else None

    def __enter__(self) -> UrlTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the kept connections."""
        for connection, _ in self._idle.values():
            connection.close()
        self._idle.clear()

    def send(self, request: Request) -> Response:
        """The target's response; raises `NoAnswer` in words, and `NotPermitted` for a URL that is not the target's."""
        if not within(self.target, request.url):
            raise NotPermitted(f"{request.url[:200]} is not on the target's host")
        begun = time.monotonic()
        bound = request.timeout or self.target.timeout * WHOLE
        until = begun + bound
        kept = self._kept(request)
        try:
            return self._exchange(request, kept, begun, until)
        except _Stale:
            return self._exchange(request, None, begun, until)

    def _exchange(self, request: Request, kept: HTTPConnection | None, begun: float, until: float) -> Response:
        connection = kept
        try:
            connection = connection or self._connect(request, until)
            return self._ask(connection, request, begun, until)
        except (HTTPError, http.client.HTTPException, OSError, ValueError, zlib.error) as error:
            if connection is not None:
                connection.close()
            if kept is not None and request.safe and isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
                raise _Stale from None
            raise NoAnswer(_in_words(error, request, self.target)) from None
        except BaseException:
            if connection is not None:
                connection.close()
            raise

    def _ask(self, connection: HTTPConnection, request: Request, begun: float, until: float) -> Response:
        sock: Any = connection.sock
        sock.allow(min(self.target.timeout, request.timeout or self.target.timeout), until)
        headers = HTTPHeaderDict()
        for name, value in request.headers:
            headers.add(name, _as_latin(value))
        if request.url.startswith("http:") and connection.proxy is not None:
            for name, value in _proxy_headers(connection.proxy).items():
                headers.add(name, value)
        for name, value in (("User-Agent", _USER_AGENT), ("Accept-Encoding", "gzip")):
            if name not in headers:
                headers.add(name, value)
        connection.request(
            request.method, self._request_target(request, connection), body=request.body, headers=headers, preload_content=False, decode_content=False
        )
        answer = connection.getresponse()
        body = _unpacked(answer, _read(answer))
        response = Response(answer.status, tuple((name.lower(), value) for name, value in answer.headers.items()), body, time.monotonic() - begun)
        self._keep(request, connection)
        return response

    @staticmethod
    def _request_target(request: Request, connection: HTTPConnection) -> str:
        if request.url.startswith("http:") and connection.proxy is not None:
            return request.url.partition("#")[0]
        after = request.url.partition("://")[2].partition("#")[0]
        cut = min((place for place in (after.find("/"), after.find("?")) if place >= 0), default=len(after))
        path = after[cut:]
        return path if path.startswith("/") else "/" + path

    def _kept(self, request: Request) -> HTTPConnection | None:
        connection, since = self._idle.pop(origin(request.url), (None, 0.0))
        if connection is None:
            return None
        too_old = not request.safe and time.monotonic() - since > _FRESH_ENOUGH
        if too_old or not connection.is_connected:
            connection.close()
            return None
        return connection

    def _keep(self, request: Request, connection: HTTPConnection) -> None:
        if connection.sock is not None:
            self._idle[origin(request.url)] = (connection, time.monotonic())

    def _connect(self, request: Request, until: float) -> HTTPConnection:
        scheme, host, port = origin(request.url)
        seconds = max(0.001, min(self.target.timeout, until - time.monotonic()))
        proxy = self._proxy(scheme, host)
        connection = self._new_connection(scheme, (host, port), proxy, seconds)
        connection.connect()
        raw: Any = connection.sock
        connection.sock = DeadlineSocket(raw)  # it is all that http.client uses of a socket
        return connection

    def _new_connection(self, scheme: str, address: tuple[str, int], proxy: Any, seconds: float) -> HTTPConnection:
        host, port = (proxy.host, proxy.port or 80) if proxy is not None else address
        if scheme == "http":
            return HTTPConnection(host, port, timeout=seconds, proxy=proxy)
        checked: Literal[False] | None = None if self.target.verify else False
        connection = HTTPSConnection(host, port, timeout=seconds, proxy=proxy, ssl_context=self._ssl_context(), assert_hostname=checked)
        if proxy is not None:
            connection.set_tunnel(address[0], address[1], headers=_proxy_headers(proxy), scheme="http")
        return connection

    def _proxy(self, scheme: str, host: str) -> Any:
        from urllib3.util import parse_url

        written = self._proxies.get(scheme) or self._proxies.get("all")
        if not written or _is_loopback(host) or proxy_bypass(host):
            return None
        proxy = parse_url(written if "://" in written else f"http://{written}")
        if proxy.scheme != "http":
            raise ValueError(f"the proxy {proxy.scheme}://{proxy.host} of the environment is not an http one; set {scheme.upper()}_PROXY or NO_PROXY")
        return proxy

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = _context(self.target)
        return self._context


class _Stale(Exception):  # noqa: N818 - a kept connection that the server had already closed
    pass


def _context(target: Target) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not target.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    bundle = target.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if bundle:
        try:
            context.load_verify_locations(**({"capath": bundle} if os.path.isdir(bundle) else {"cafile": bundle}))
        except (OSError, ssl.SSLError) as error:
            found = f"{bundle} can't be read as CA certificates ({error.strerror or error})"
            todo = "correct ca_file, or REQUESTS_CA_BUNDLE and SSL_CERT_FILE"
            raise TargetError([TargetProblem("ca_file", found, "a file of certificates in PEM", todo)]) from None
    return context


def _proxy_headers(proxy: Any) -> dict[str, str]:
    return dict(make_headers(proxy_basic_auth=unquote(proxy.auth))) if proxy.auth else {}


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _as_latin(value: str) -> str:
    """The value as http.client will encode it: what is not Latin-1 travels as UTF-8."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass").decode("latin-1")
    return value


def _read(answer: HTTPResponse) -> bytes:
    parts, size = [], 0
    while chunk := answer.read(_CHUNK):
        size += len(chunk)
        if size > BODY_LIMIT:
            raise ValueError(f"a body of more than {BODY_LIMIT // 1024 // 1024} MiB")
        parts.append(chunk)
    return b"".join(parts)


def _unpacked(answer: HTTPResponse, body: bytes) -> bytes:
    coding = (answer.headers.get("content-encoding") or "identity").strip().lower()
    if not body or coding in ("identity", ""):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise ValueError(f"a body in the coding {coding[:40]!r}, which was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    whole = unpacker.decompress(body, BODY_LIMIT + 1)
    if len(whole) > BODY_LIMIT:
        raise ValueError(f"a {coding} body of more than {BODY_LIMIT // 1024 // 1024} MiB when unpacked")
    if not unpacker.eof:
        raise ValueError(f"a {coding} body that ends half way")
    return whole


def _in_words(error: Exception, request: Request, target: Target) -> str:
    scheme, host, port = origin(request.url)
    where = f"{host}:{port}"
    inner: BaseException = error
    if isinstance(error, HTTPError) and error.args and isinstance(error.args[-1], BaseException):
        inner = error.args[-1]
    text = " ".join(str(inner).split())[:200]
    if isinstance(error, NameResolutionError):
        return f"the name {host} is not known"
    if isinstance(error, NewConnectionError):
        return f"no connection to {where} ({text.rpartition(': ')[2] or 'refused'})"
    if isinstance(error, ConnectTimeoutError):
        return f"{where} did not take the connection within {target.timeout:g} s"
    if isinstance(inner, TimeoutError | ReadTimeoutError):
        each, whole = request.timeout or target.timeout, request.timeout or target.timeout * WHOLE
        return f"{where} gave no whole answer in time ({each:g} s for one read, {whole:g} s in all)"
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"the certificate of {where} can't be verified ({inner.verify_message}); name its CA with ca_file"
    if isinstance(inner, ssl.SSLError):
        return f"{where} does not speak TLS as expected ({inner.reason or text})"
    if isinstance(inner, http.client.RemoteDisconnected):
        return f"{where} closed the connection without an answer"
    if isinstance(inner, http.client.BadStatusLine | http.client.UnknownProtocol):
        return f"{where} answered with something that is not HTTP" + (" (does it speak TLS?)" if scheme == "http" else "")
    if isinstance(inner, http.client.LineTooLong) or ("headers" in text and isinstance(inner, http.client.HTTPException)):
        return f"{where} answered with more or longer headers than are taken ({text})"
    if isinstance(error, http.client.IncompleteRead | HTTPError):
        return f"{where} did not finish its answer ({text})"
    if isinstance(inner, ConnectionError):
        return f"{where} broke the connection ({inner.strerror or text})"
    return f"{where} gave no usable answer: {text}"
