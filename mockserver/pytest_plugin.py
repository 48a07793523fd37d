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

__all__ = ["StubFactory", "proctor_stub"]


class StubFactory:
    """Makes stubs, and ends them with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(self, api: str | Path | Spec, **options: Any) -> Stub:
        """A server on a free port of this machine; `options` are those of `mockserver.Engine`."""
        from mockserver.server import live
        from mockserver.stub import Stub, spec_for

        spec = spec_for(api)
        running = self._stack.enter_context(live(spec, **options))
        return Stub(spec.api, running.engine, running.of(spec.api))

    def in_process(self, api: str | Path | Spec, **options: Any) -> Stub:
        """No server: what `requests` sends to the API's own address is answered here; `options` are those of `activate`."""
        from mockserver.responses import activate

        return self._stack.enter_context(activate(api, **options))


@pytest.fixture
def proctor_stub() -> Iterator[StubFactory]:
    """Makes stubs of an API: `proctor_stub("timedash")` on a free port, `proctor_stub.in_process("timedash")` behind `requests`."""
    with ExitStack() as stack:
        yield StubFactory(stack)
