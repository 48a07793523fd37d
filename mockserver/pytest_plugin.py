"""Pytest's plugin: the fixture `proctor_stub` makes stubs that live as long as a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from mockserver.stub import Stub
    from specs.model import Spec

__all__ = ["Servers", "StubFactory", "proctor_servers", "proctor_stub"]


class Servers:
    """Servers on free ports that last as long as the test session, one for each API, started when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[str, Stub] = {}

    def of(self, api: str | Path) -> Stub:
        """The server of an API, by its name or its spec's path."""
        if str(api) not in self._running:
            self._running[str(api)] = _served(self._stack, api, {})
        return self._running[str(api)]


class StubFactory:
    """Makes stubs, and ends them with the test."""

    def __init__(self, stack: ExitStack, servers: Servers) -> None:
        self._stack = stack
        self._servers = servers

    def __call__(self, api: str | Path | Spec, **options: Any) -> Stub:
        """A server on a free port of this machine; `options` are those of `mockserver.Engine`."""
        return _served(self._stack, api, options)

    def in_process(self, api: str | Path | Spec, **options: Any) -> Stub:
        """No server: what `requests` sends to the API's own address is answered here; `options` are those of `activate`."""
        from mockserver.responses import activate

        return self._stack.enter_context(activate(api, **options))

    def space(self, api: str | Path) -> Stub:
        """A space of its own on a server that the whole session shares, for clients that send the stub's `headers`: nothing has to be started."""
        return self._stack.enter_context(self._servers.of(api).space())


def _served(stack: ExitStack, api: str | Path | Spec, options: dict[str, Any]) -> Stub:
    from mockserver.journal import Journal
    from mockserver.server import live
    from mockserver.stub import Stub, spec_for

    spec = spec_for(api)
    running = stack.enter_context(live(spec, **{"journal": Journal(), **options}))
    return Stub(spec.api, running.engine, running.of(spec.api))


@pytest.fixture(scope="session")
def proctor_servers() -> Iterator[Servers]:
    """The servers that the session's tests share."""
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture
def proctor_stub(proctor_servers: Servers) -> Iterator[StubFactory]:
    """Makes stubs of an API: `proctor_stub("timedash")` on a free port, `proctor_stub.in_process("timedash")` behind `requests`."""
    with ExitStack() as stack:
        yield StubFactory(stack, proctor_servers)
