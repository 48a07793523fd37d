"""The engine behind `requests`, in process and without a port: in place of a server, and beside what `responses` answers."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, TypeVar
from unittest import mock as patching
from urllib.parse import SplitResult, urlsplit

from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from responses import RequestsMock, _real_send
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from mockserver.engine import Engine
from mockserver.journal import Journal
from mockserver.loopback import PORTS, LoopbackPool, pass_time
from mockserver.spaces import HEADER
from mockserver.stub import Stub, spec_for
from specs.model import Spec

__all__ = ["Activation", "activate"]

Function = TypeVar("Function", bound=Callable[..., Any])


def activate(api: str | Path | Spec, *, url: str | None = None, engine: Engine | None = None, mock: RequestsMock | None = None, **options: Any) -> Activation:
    """A context manager and decorator: while it lasts, what `requests` sends to the API's server is answered by the stub.

    `api` is a shipped API's name, a spec's path or a spec. The server is the spec's first one, or `url`; a base path that `url` does
    not end in is added to it. Each entry has a new engine with the seed's records, made with `options` (those of `Engine`; a clock, a
    store or a journal among them is shared by all entries) and a journal, or else the `engine` given, which is for this API alone.
    The `with` statement gives a `Stub`.

    Calls go all the way through requests and urllib3, as far as the socket: retries, streams, hooks, cookies and transport faults are
    as with a server, and so is whatever is raised. But nobody sleeps: an answer that is held back, a timeout that it exceeds, and
    the pauses of `urllib3.Retry`, for Retry-After or between attempts, move the stub's clock and take no time (`Response.elapsed`
    does not show them). Certificates and proxies are not looked at.

    Whatever goes to another host is refused, as `responses` does, unless an activation around this one answers it, or it is this
    machine (127.0.0.1, ::1, localhost), where a test may have servers. A `RequestsMock` that was started before, or is started
    inside, goes on with what is registered with it, also for URLs of the API, and does with the rest as it does; name it with
    `mock` if it stands in for something else than `HTTPAdapter.send`. Of several activations for one host, the last one of the
    caller's own thread or task answers, and where it has none, the last one of all.
    """
    if engine is not None and options:
        raise TypeError(f"an engine has been made already, so that {', '.join(options)} would change nothing: give them to the engine")
    return Activation(api, url=url, engine=engine, mock=mock, options=options)


class Activation:
    """What `activate` gives: good for any number of `with` statements and decorated functions, also async ones, and for many at once."""

    def __init__(self, api: str | Path | Spec, *, url: str | None, engine: Engine | None, mock: RequestsMock | None, options: dict[str, Any]) -> None:
        self._api = api
        self._url = url
        self._engine = engine
        self._guarded = mock is None
        self._options = options
        self._entries: list[_Entry] = []

    @property
    def stub(self) -> Stub:
        """The stub that answers now, for decorated functions; raises `RuntimeError` outside of them."""
        return self._innermost().stub

    def __enter__(self) -> Stub:
        return self._entered().stub

    def __exit__(self, *details: object) -> None:
        self._left(self._innermost())

    def _entered(self) -> _Entry:
        engine = self._engine or Engine([spec_for(self._api)], **{"journal": Journal(), **self._options})
        if len(engine.apis) != 1:
            raise ValueError(f"one engine for each API, please: this one has {', '.join(engine.apis)}")
        address = _Address(engine, self._url)
        entry = _Entry(Stub(next(iter(engine.apis)), engine, address.base_url), address)
        _begin(entry, guarded=self._guarded)
        self._entries.append(entry)
        return entry

    def _left(self, entry: _Entry) -> None:
        self._entries.remove(entry)
        _end(entry)

    def _innermost(self) -> _Entry:
        """The last entry of this thread or task, or of any."""
        if not self._entries:
            raise RuntimeError("the stub is not active: use it in the decorated function, or within the `with` statement")
        return next((entry for entry in reversed(_here.get()) if entry in self._entries), self._entries[-1])

    def __call__(self, function: Function) -> Function:
        """The function, within an activation of its own each time it is called."""
        if inspect.isclass(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"activate decorates functions and methods, not {function.__name__}: a class or generator has a `with` statement inside")
        inner = self._awaited(function) if inspect.iscoroutinefunction(function) else self._called(function)
        return functools.wraps(function)(inner)  # type: ignore[return-value]

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **named: Any) -> Any:
            entry = self._entered()
            try:
                return function(*arguments, **named)
            finally:
                self._left(entry)

        return inner

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def inner(*arguments: Any, **named: Any) -> Any:
            entry = self._entered()
            try:
                return await function(*arguments, **named)
            finally:
                self._left(entry)

        return inner


class _Address:
    """Where an API answers: the engine, its server's scheme, host and port, and the path in front of the engine's own."""

    def __init__(self, engine: Engine, url: str | None) -> None:
        api = next(iter(engine.apis.values()))
        self.engine = engine
        self.parts = urlsplit(url or _server_of(api.spec))
        if self.parts.scheme not in PORTS or not self.parts.hostname:
            raise ValueError(f"{self.parts.geturl()!r} is no address of a server; give one such as url='https://api.example.com'")
        path = self.parts.path.rstrip("/")
        self.mount = path.removesuffix(api.spec.base_path) if api.spec.base_path else path
        self.base_url = f"{self.parts.scheme}://{self.parts.netloc}{self.mount}{api.spec.base_path}"
        self._pools: dict[tuple[str, int], LoopbackPool] = {}

    def answers(self, url: SplitResult) -> bool:
        """Whether a URL lies on this server; one without TLS lies there too, for the API to refuse it."""
        if url.hostname != self.parts.hostname or url.scheme not in PORTS:
            return False
        same_port = _port(url) == _port(self.parts) or (url.port is None and self.parts.port is None)
        return same_port and (not self.mount or f"{url.path}/".startswith(f"{self.mount}/"))

    def send(self, adapter: HTTPAdapter, request: PreparedRequest, options: dict[str, Any]) -> Response:
        """What an adapter gets for a request; raises what it would of a server."""
        pool = self._pool(urlsplit(str(request.url)))
        space = request.headers.get(HEADER)
        name = space.decode("latin-1") if isinstance(space, bytes) else space
        instead = _Instead(adapter, pool, lambda seconds: pass_time(self.engine, name, seconds))
        return _real_send(instead, request, stream=options.get("stream", False), timeout=options.get("timeout"))

    def _pool(self, url: SplitResult) -> LoopbackPool:
        scheme, port = url.scheme, _port(url)
        pool = self._pools.get((scheme, port))
        if pool is None:
            # A stub without TLS stands for the API's own side of it; a URL of another scheme is meant.
            taken_for = "https" if scheme == self.parts.scheme else scheme
            pool = LoopbackPool(self.engine, scheme, str(url.hostname), port, mount=self.mount, taken_for=taken_for)
            self._pools[scheme, port] = pool
        return pool


def _server_of(spec: Spec) -> str:
    servers = spec.openapi.get("servers") or [{}]
    url: str = servers[0].get("url", "")
    return url if "://" in url else f"https://{spec.api}.example"


def _port(url: SplitResult) -> int:
    return url.port or PORTS[url.scheme]


class _Instead(HTTPAdapter):
    """Does as another adapter, but over a pool of ours; where that one would pause before a retry, `wait` is called."""

    def __init__(self, adapter: HTTPAdapter, pool: LoopbackPool, wait: Callable[[float], None]) -> None:
        # Without the parent's: it would make pools of its own.
        self._adapter = adapter
        self._pool = pool
        self.max_retries = _without_sleep(adapter.max_retries, wait)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> Any:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing, as there is no TLS within a process."""

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:  # noqa: ARG002
        return self._adapter.request_url(request, None)

    def add_headers(self, request: PreparedRequest, **options: Any) -> None:
        self._adapter.add_headers(request, **options)

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        return self._adapter.build_response(req, resp)


class _Pausing(Retry):
    """Retries whose pauses are told to `passed`."""

    passed: ClassVar[Callable[[float], None]]

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        seconds = self.get_retry_after(response)
        if seconds:
            type(self).passed(seconds)
        return bool(seconds)

    def _sleep_backoff(self) -> None:
        seconds = self.get_backoff_time()
        if seconds > 0:
            type(self).passed(seconds)


def _without_sleep(retries: Retry, wait: Callable[[float], None]) -> Retry:
    """The same retries with such pauses; methods that a class of one's own has go before."""
    if retries.total is not None and not retries.total:
        return retries
    kind = type(retries)
    bases = (_Pausing,) if kind is Retry else (kind, _Pausing)
    paused = copy.copy(retries)
    paused.__class__ = type(kind.__name__, bases, {"passed": staticmethod(wait)})
    return paused


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One `with` statement, or one call of a decorated function."""

    stub: Stub
    address: _Address


_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")

_active: list[_Entry] = []
"""The entries that have not ended, of all threads."""

_here: ContextVar[tuple[_Entry, ...]] = ContextVar("entries", default=())
"""Those of this thread or task."""

_turn = Lock()


class _Guard(RequestsMock):
    """Stands in for requests' adapter where no other mock does, and refuses what goes to no stub and leaves this machine."""

    def _on_request(self, adapter: HTTPAdapter, request: PreparedRequest, *, retries: Any = None, **options: Any) -> Response:  # noqa: ARG002
        entry = _entry_for(request)
        if entry is None and urlsplit(str(request.url)).hostname in _THIS_MACHINE:
            return _real_send(adapter, request, **options)
        if entry is None:
            there = ", ".join(sorted({entry.address.base_url for entry in _active}))
            told = f"Connection refused by Responses: {request.method} {request.url} goes to no stub; there is {there}."
            raise RequestsConnectionError(told, request=request)
        return entry.address.send(adapter, request, options)


def _on_request(mock: RequestsMock, adapter: HTTPAdapter, request: PreparedRequest, *, retries: Any = None, **options: Any) -> Response:
    """What any mock does with a request while a stub is active; what is registered with it comes first."""
    entry = _entry_for(request)
    if entry is None or _is_registered(mock, request, options):
        return _theirs(mock, adapter, request, retries=retries, **options)
    calls: Any = mock.calls
    try:
        response = entry.address.send(adapter, request, options)
    except Exception as error:
        calls.add(request, error)
        raise
    if mock.response_callback is not None:
        response = mock.response_callback(response)
    calls.add(request, response)
    return response


def _is_registered(mock: RequestsMock, request: PreparedRequest, options: dict[str, Any]) -> bool:
    """Whether a mock has an answer of its own; its matchers want to see what `responses` adds to a request."""
    if not mock.registered():
        return False
    seen: Any = request
    seen.params, seen.req_kwargs, seen.body = mock._parse_request_params(request.path_url), options, mock._read_filelike_body(seen.body)
    return any(response.matches(request)[0] for response in mock.registered())


def _entry_for(request: PreparedRequest) -> _Entry | None:
    """The entry that answers a request: the caller's own ones go before."""
    url = urlsplit(str(request.url))
    entries = [*_active, *(entry for entry in _here.get() if entry in _active)]
    return next((entry for entry in reversed(entries) if entry.address.answers(url)), None)


_theirs = RequestsMock._on_request
_beside = patching.patch.object(RequestsMock, "_on_request", _on_request)
_guard = _Guard(assert_all_requests_are_fired=False)


def _begin(entry: _Entry, *, guarded: bool) -> None:
    with _turn:
        if not _active:
            _beside.start()
        if guarded and HTTPAdapter.send.__module__ != RequestsMock.__module__:
            _guard.start()
        _active.append(entry)
    _here.set((*(one for one in _here.get() if one in _active), entry))


def _end(entry: _Entry) -> None:
    with _turn:
        _active.remove(entry)
        if not _active:
            _guard.stop(allow_assert=False)
            _beside.stop()
    _here.set(tuple(one for one in _here.get() if one in _active))
