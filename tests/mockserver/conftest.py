"""Callers of the stub: they know how an API authenticates, and hand their requests to an engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mockserver import Clock, Engine, Request
from specs import Spec, load

NOON = 1_400_000_400.0
"""When the frozen clocks of these tests stand."""

SIXTH = Path(__file__).parent.parent / "specs" / "data" / "sixth.yaml"


@dataclass(frozen=True)
class Answer:
    """A response, with its body as JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


class Caller:
    """One of a spec's seeded callers; `name` None is a stranger without a credential."""

    def __init__(self, engine: Engine, name: str | None = "full", api: str | None = None) -> None:
        self.engine = engine
        self.api = engine.apis[api] if api else next(iter(engine.apis.values()))
        self.spec: Spec = self.api.spec
        self.principal = next((one for one in self.spec.seed.principals if one.name == name), None)
        self.headers, self.query = self._credential()

    def as_(self, name: str | None) -> Caller:
        """Another caller of the same engine."""
        return Caller(self.engine, name, self.spec.api)

    def _credential(self) -> tuple[dict[str, str], list[str]]:
        headers: dict[str, str] = {}
        query: list[str] = []
        group = self.spec.group_of_kind("authentication")
        if group is None or self.principal is None:
            return headers, query
        for field, carrier in group.parameters.fields.items():
            value = carrier.prefix + self.principal.credential[field]
            if carrier.place == "query":
                query.append(f"{carrier.name}={quote(value, safe='')}")
            elif carrier.place == "header":
                headers[carrier.name.lower()] = value
            elif carrier.place == "bearer":
                headers["authorization"] = f"Bearer {value}"
            else:
                headers["authorization"] = "Basic " + base64.b64encode(f"{value}:".encode()).decode()
        return headers, query

    def __call__(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Answer:
        """The answer to a request; `path` lies under the API's base path, `body` is bytes or is sent as JSON."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", self.media)
        text = "&".join([*self.query, *([query] if query else [])])
        scheme = sent.pop("scheme", "https")
        response = self.engine.handle(Request(method, self.spec.base_path + path, text, sent, body or b"", scheme, f"{scheme}://stub.example"))
        return Answer(response.status, dict(response.headers), response.body)

    @property
    def media(self) -> str:
        """The media type in which the API takes bodies."""
        group = self.spec.group_of_kind("content_negotiation")
        return group.parameters.request[0] if group is not None else "application/json"


_SPECS: dict[str, Spec] = {}


def spec_of(name: str | Path) -> Spec:
    """The spec, loaded once."""
    key = str(name)
    if key not in _SPECS:
        _SPECS[key] = load(name)
    return _SPECS[key]


@pytest.fixture
def stub() -> Callable[..., Caller]:
    """Makes a stub of an API, its clock frozen, and gives its first caller."""

    def make(name: str | Path, *faults: str, **options: Any) -> Caller:
        return Caller(Engine([spec_of(name)], clock=options.pop("clock", Clock(NOON)), faults=faults, **options))

    return make


@pytest.fixture
def timedash(stub: Callable[..., Caller]) -> Caller:
    """A caller with full rights."""
    return stub("timedash")


@pytest.fixture
def paydirt(stub: Callable[..., Caller]) -> Caller:
    """A caller with full rights."""
    return stub("paydirt")


@pytest.fixture
def moonrope(stub: Callable[..., Caller]) -> Caller:
    """A caller with full rights."""
    return stub("moonrope")


@pytest.fixture
def miles(stub: Callable[..., Caller]) -> Caller:
    """A caller of 88 Miles with full rights."""
    return stub("88miles")


@pytest.fixture
def productive(stub: Callable[..., Caller]) -> Caller:
    """A caller with full rights."""
    return stub("productive")


@pytest.fixture
def sixth(stub: Callable[..., Caller]) -> Caller:
    """A caller of the small API that differs from the others in everything."""
    return stub(SIXTH)
