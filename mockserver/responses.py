"""The engine behind `requests`, in process and without a port: the `responses` package hands each call over."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from requests import PreparedRequest
from responses import BaseResponse, CallbackResponse, RequestsMock
from responses.registries import FirstMatchRegistry

from mockserver.engine import MAX_BODY, Engine
from mockserver.exchange import Request, Response
from mockserver.stub import Stub, spec_for
from specs.model import Spec

__all__ = ["Activation", "activate"]

Function = TypeVar("Function", bound=Callable[..., Any])

Answer = tuple[int, list[tuple[str, str]], bytes]
"""What `responses` takes from a callback: status, headers, body."""

_PORTS = {"http": 80, "https": 443}
_active: list[RequestsMock] = []


def activate(api: str | Path | Spec, *, url: str | None = None, engine: Engine | None = None, mock: RequestsMock | None = None, **options: Any) -> Activation:
    """A context manager and decorator: while it lasts, what `requests` sends to the API's server is answered by the stub.

    `api` is a shipped API's name, a spec's path or a spec. The server is the spec's first one, or `url`; a base path that `url` does
    not end in is added to it. Each entry has a new engine with the seed's records, made with `options` (those of `Engine`), unless an
    `engine` for this API alone is given. Whatever goes to another host is refused, as `responses` does, unless an activation around
    this one answers it, or `mock`, a `responses.RequestsMock` that the caller has started. The `with` statement gives a `Stub`.
    """
    return Activation(api, url=url, engine=engine, mock=mock, options=options)


class Activation:
    """What `activate` gives: good for any number of `with` statements and decorated functions, also async ones."""

    def __init__(self, api: str | Path | Spec, *, url: str | None, engine: Engine | None, mock: RequestsMock | None, options: dict[str, Any]) -> None:
        self._api = api
        self._url = url
        self._engine = engine
        self._mock = mock
        self._options = options
        self._entries: list[tuple[Stub, ExitStack]] = []

    @property
    def stub(self) -> Stub:
        """The stub that answers now, for decorated functions; raises `RuntimeError` outside of them."""
        if not self._entries:
            raise RuntimeError("the stub is not active: use it in the decorated function, or within the `with` statement")
        return self._entries[-1][0]

    def __enter__(self) -> Stub:
        engine = self._engine or Engine([spec_for(self._api)], **self._options)
        if len(engine.apis) != 1:
            raise ValueError(f"one engine for each API, please: this one has {', '.join(engine.apis)}")
        address = _Address(engine, self._url)
        with ExitStack() as stack:
            mock = self._answering(stack)
            response = _CatchAll(address)
            mock.add(response)
            stack.callback(_remove, mock, response)
            stub = Stub(next(iter(engine.apis)), engine, address.base_url)
            self._entries.append((stub, stack.pop_all()))
        return stub

    def _answering(self, stack: ExitStack) -> RequestsMock:
        """What has taken the place of requests' adapter: the one given, that of the activation around this one, or a new one."""
        if self._mock is not None:
            return self._mock
        if not _active:
            mock = RequestsMock(assert_all_requests_are_fired=False, registry=_StubLast)
            mock.start()
            stack.callback(mock.stop, allow_assert=False)
            _active.append(mock)
            stack.callback(_active.remove, mock)
        return _active[-1]

    def __exit__(self, *details: object) -> None:
        _, stack = self._entries.pop()
        stack.close()

    def __call__(self, function: Function) -> Function:
        """The function, within an activation of its own each time it is called."""
        if inspect.isclass(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"activate decorates functions and methods, not {function.__name__}: a class or generator has a `with` statement inside")
        inner = self._awaited(function) if inspect.iscoroutinefunction(function) else self._called(function)
        return functools.wraps(function)(inner)  # type: ignore[return-value]

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **named: Any) -> Any:
            with self:
                return function(*arguments, **named)

        return inner

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def inner(*arguments: Any, **named: Any) -> Any:
            with self:
                return await function(*arguments, **named)

        return inner


class _StubLast(FirstMatchRegistry):
    """A registry in which what a test adds for one call comes before the stub, which answers all the rest."""

    def find(self, request: PreparedRequest) -> tuple[BaseResponse | None, list[str]]:
        every = self._responses
        self._responses = [response for response in every if not isinstance(response, _CatchAll)]
        try:
            found, reasons = super().find(request)
            kept = list(self._responses)
        finally:
            self._responses = [response for response in every if isinstance(response, _CatchAll)]
        if found is None:
            found, more = super().find(request)
            reasons += more
        self._responses = kept + self._responses
        return found, reasons


class _Address:
    """Where an API answers: the engine, its server's scheme, host and port, and the path in front of the engine's own."""

    def __init__(self, engine: Engine, url: str | None) -> None:
        api = next(iter(engine.apis.values()))
        self.engine = engine
        self.parts = urlsplit(url or _server_of(api.spec))
        if self.parts.scheme not in _PORTS or not self.parts.hostname:
            raise ValueError(f"{self.parts.geturl()!r} is no address of a server; give one such as url='https://api.example.com'")
        path = self.parts.path.rstrip("/")
        self.mount = path.removesuffix(api.spec.base_path) if api.spec.base_path else path
        self.base_url = f"{self.parts.scheme}://{self.parts.netloc}{self.mount}{api.spec.base_path}"

    def answers(self, url: SplitResult) -> bool:
        """Whether a URL lies on this server; one without TLS lies there too, for the API to refuse it."""
        if url.hostname != self.parts.hostname or url.scheme not in _PORTS:
            return False
        same_port = _port(url) == _port(self.parts) or (url.port is None and self.parts.port is None)
        return same_port and (not self.mount or f"{url.path}/".startswith(f"{self.mount}/"))


def _server_of(spec: Spec) -> str:
    servers = spec.openapi.get("servers") or [{}]
    url: str = servers[0].get("url", "")
    return url if "://" in url else f"https://{spec.api}.example"


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)


class _CatchAll(CallbackResponse):
    """Takes every call to an address, whatever its method."""

    def __init__(self, address: _Address) -> None:
        super().__init__("ANY", address.base_url, self._answer, content_type=None)
        self._address = address

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        """Whether the call goes to the address, and the reason why not."""
        if self._address.answers(urlsplit(str(request.url))):
            return True, ""
        return False, "another server"

    def _answer(self, request: PreparedRequest) -> Answer:
        engine, url = self._address.engine, urlsplit(str(request.url))
        scheme = "https" if url.scheme == self._address.parts.scheme else url.scheme
        headers = {_text(name).lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", url.netloc.rpartition("@")[2])
        body = _body(request.body)
        path, mount = url.path[len(self._address.mount) :] or "/", self._address.mount
        origin = f"{url.scheme}://{headers['host']}"
        call = Request(str(request.method), path, url.query, headers, body[:MAX_BODY], scheme, origin, mount)
        return _sent(engine.handle(call) if len(body) <= MAX_BODY else engine.too_large(call))


def _sent(response: Response) -> Answer:
    headers = list(response.headers.items())
    if "content-length" not in response.headers and response.status not in (204, 304):
        headers.append(("content-length", str(len(response.body))))
    return response.status, headers, response.body


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(body: Any) -> bytes:
    """The bytes of whatever `requests` takes as a body: text, bytes, a file, an iterable of either."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return _body(body.read())
    if isinstance(body, Iterable):
        return b"".join(_body(part) for part in body)
    raise TypeError(f"a body of {type(body).__name__} can't be sent")


def _remove(mock: RequestsMock, response: BaseResponse) -> None:
    # `responses` compares by method and URL, so an activation of the same API around this one would go, too.
    registered = mock.get_registry()._responses
    registered[:] = [one for one in registered if one is not response]
