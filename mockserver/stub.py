"""A stub as a client's tests see it: its address, its callers' credentials, and what can be done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mockserver.clock import Clock
from mockserver.engine import Engine
from specs import find, load
from specs.model import Spec

__all__ = ["Stub", "spec_for"]


@dataclass(frozen=True, slots=True)
class Stub:
    """One API that is served for a test; `url` is its base URL, what a client is configured with."""

    api: str
    engine: Engine
    url: str

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """The seeded callers' credentials by name (`full`, `second`, `limited`, `other`), each a mapping of field to value."""
        return {principal.name: dict(principal.credential) for principal in self.engine.apis[self.api].principals}

    @property
    def clock(self) -> Clock:
        """The stub's clock, which can be stopped and moved."""
        return self.engine.clock

    def set_faults(self, *faults: str) -> None:
        """Breaks the clauses named, as `proctor serve --fault` does, and no others; raises `FaultError`."""
        self.engine.set_faults(faults)

    def reset(self) -> None:
        """Puts records and counters back to the start."""
        self.engine.reset()


def spec_for(api: str | Path | Spec) -> Spec:
    """The spec of a shipped API, of a file, or as it is given; a file is read once for as long as it does not change."""
    if isinstance(api, Spec):
        return api
    path = find(api)
    return _loaded(api, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _loaded(api: str | Path, path: Path, changed: int) -> Spec:  # noqa: ARG001
    return load(api)
