"""One server per API for the whole run; each test finds it as at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mockserver import Clock, live
from specs import load
from tests.served.wire import NOON, Service

ServiceOf = Callable[[str], Service]


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark of a clause known."""
    config.addinivalue_line("markers", "clause(id, way): the clause that a test is of, and the fault, if not the usual one, under which it fails")


@pytest.fixture(scope="session")
def service_of() -> Iterator[ServiceOf]:
    """The services by API; each is started when it is first asked for."""
    with ExitStack() as stack:
        running: dict[str, Service] = {}

        def find(api: str) -> Service:
            if api not in running:
                running[api] = Service(stack.enter_context(live(load(api), plain=True, clock=Clock(NOON))), api)
                stack.callback(running[api].close)
            return running[api]

        yield find


@pytest.fixture
def timedash(service_of: ServiceOf) -> Service:
    """Timedash."""
    return service_of("timedash").restart()


@pytest.fixture
def paydirt(service_of: ServiceOf) -> Service:
    """Paydirt."""
    return service_of("paydirt").restart()


@pytest.fixture
def moonrope(service_of: ServiceOf) -> Service:
    """The RPC API."""
    return service_of("moonrope").restart()


@pytest.fixture
def miles(service_of: ServiceOf) -> Service:
    """88 Miles."""
    return service_of("88miles").restart()


@pytest.fixture
def productive(service_of: ServiceOf) -> Service:
    """Productive."""
    return service_of("productive").restart()
