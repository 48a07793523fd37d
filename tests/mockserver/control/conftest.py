"""A caller of the control plane, in process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import Clock, Engine, Request
from mockserver.journal import Journal
from tests.mockserver.conftest import NOON, Answer, Caller, spec_of

TOKEN = "a-token-of-the-tests"


class Plane:
    """Calls `/__proctor` of an engine; `space` names the space that is meant."""

    def __init__(self, engine: Engine, space: str | None = None) -> None:
        self.engine = engine
        self.space = space

    def within(self, space: str) -> Plane:
        """The same, in a space."""
        return Plane(self.engine, space)

    def __call__(self, method: str, path: str, body: Any = None, query: str = "", client: str = "127.0.0.1:5000", **headers: str) -> Answer:
        """The answer to a call; `body` is bytes or is sent as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.space is not None:
            sent["x-proctor-space"] = self.space
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.engine.handle(Request(method, f"/__proctor{path}", query, sent, content, client=client))
        return Answer(response.status, dict(response.headers), response.body)


def engine_of(*apis: str, **options: Any) -> Engine:
    """An engine with a frozen clock and a journal."""
    return Engine([spec_of(api) for api in apis], clock=Clock(NOON), journal=Journal(), control_token=TOKEN, **options)


@pytest.fixture
def plane() -> Plane:
    """The control plane of a stub of Timedash."""
    return Plane(engine_of("timedash"))


@pytest.fixture
def caller(plane: Plane) -> Caller:
    """A caller of the same stub with full rights."""
    return Caller(plane.engine)
