"""An examination of the stub without a port: the same requests, handed to the engine."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.exchange import Request, Response
from conformance.running.pacing import Clock
from conformance.target import Permit, Target
from mockserver.exchange import Request as StubRequest

if TYPE_CHECKING:
    from mockserver.engine import Engine
    from specs.model import Spec

__all__ = ["EngineTransport", "engine_clock", "stub_target"]

SECURE, PLAIN = "https://stub.invalid", "http://stub.invalid"
"""Where the engine pretends to be: the reserved name can't be anybody's host."""


def stub_target(spec: Spec, url: str = SECURE, plain_url: str | None = PLAIN) -> Target:
    """A target that is the stub of a spec: its seed's callers, what it chose where the document is silent, and everything permitted."""
    credentials = {principal.name: principal.credential for principal in spec.seed.principals}
    permit = Permit(write=True, exhaust_rate_limit=True)
    return Target(api=spec.api, url=url, plain_url=plain_url, credentials=credentials, parameters=_choices(spec), permit=permit)


_NAMED_CHOICES = {"sorting": ("style",), "jsonp": ("parameter",), "aggregation": ("group_parameter",), "cors": ("origins",)}
"""Parameters that a target file has to name, as an examination can't know them, by kind of convention."""


def _choices(spec: Spec) -> dict[str, dict[str, Any]]:
    """Those of them that the spec calls choices, as the stub has them."""
    found: dict[str, dict[str, Any]] = {}
    for group in spec.groups.values():
        for name in set(_NAMED_CHOICES.get(group.kind, ())) & set(group.choices):
            value = getattr(group.parameters, name)
            found.setdefault(group.name, {})[name] = "dash" if value == "any" else value
    return found


def engine_clock(engine: Engine) -> Clock:
    """The engine's own time, in which nobody sleeps."""
    return Clock(engine.clock.now, engine.clock.advance)


class EngineTransport:
    """Hands each request to an engine; time passes by the engine's clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def send(self, request: Request) -> Response:
        """The engine's response to a request."""
        parts = urlsplit(request.url)
        headers: dict[str, str] = {"host": parts.netloc}
        for name, value in request.headers:
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        asked = StubRequest(request.method, parts.path or "/", parts.query, headers, request.body or b"", parts.scheme, f"{parts.scheme}://{parts.netloc}")
        started = time.perf_counter()
        answer = self.engine.handle(asked)
        headers = {"date": formatdate(self.engine.clock.now(), usegmt=True), **answer.headers}  # as any server says it
        return Response(answer.status, tuple(headers.items()), b"" if request.method == "HEAD" else answer.body, time.perf_counter() - started)
