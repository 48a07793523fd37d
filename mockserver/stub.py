"""A stub as a client's tests see it: its address, its callers' credentials, and what can be done to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mockserver.clock import Clock
from mockserver.engine import Engine
from mockserver.journal import Entry
from mockserver.pipeline import Space
from mockserver.spaces import HEADER
from specs import find, load
from specs.model import Spec

__all__ = ["Stub", "spec_for"]


@dataclass(frozen=True, slots=True)
class Stub:
    """One API that is served for a test; `url` is its base URL, what a client is configured with."""

    api: str
    engine: Engine
    url: str
    space_name: str = ""

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """The seeded callers' credentials by name (`full`, `second`, `limited`, `other`), each a mapping of field to value."""
        return {principal.name: dict(principal.credential) for principal in self.engine.apis[self.api].principals}

    @property
    def headers(self) -> Mapping[str, str]:
        """What a client has to send so that its calls reach this stub's space; nothing, for the main one."""
        return {HEADER: self.space_name} if self.space_name else {}

    @property
    def clock(self) -> Clock:
        """The stub's clock, which can be stopped and moved."""
        return self._space.clock

    @property
    def journal(self) -> list[Entry]:
        """The last exchanges, the oldest first, each with its `request` and `response`; what is reset before it is done is none."""
        with self.engine.turn:
            return [entry for entry in self.engine.journal.entries() if entry.space == self.space_name]

    @property
    def _space(self) -> Space:
        with self.engine.turn:
            return self.engine.spaces.get(self.space_name) if self.space_name else self.engine.main

    def set_faults(self, *faults: str) -> None:
        """Breaks the clauses named, as `proctor serve --fault` does, and no others; raises `FaultError`."""
        self.engine.set_faults(faults, self._space)

    def set_transport_faults(self, *faults: str) -> None:
        """Disturbs connections, as `proctor serve --transport-fault` does, in these ways and no others; raises `FaultError`."""
        self.engine.set_transport_faults(faults, self._space)

    def reset(self) -> None:
        """Puts records and counters back to the start."""
        with self.engine.turn:
            self.engine.reset(self._space)

    @contextmanager
    def space(self, name: str = "") -> Iterator[Stub]:
        """A stub with records, clock, faults and limits of its own for a `with` block, behind the same URL.

        It is for clients that send its `headers`: tests that run side by side share one server. It begins with the seed, unless
        somebody else has the space of that `name`, and is forgotten at the end; without a name it has one that nobody else has.
        """
        own = replace(self, space_name=name or uuid.uuid4().hex)
        _ = own._space
        try:
            yield own
        finally:
            with self.engine.turn:
                self.engine.spaces.drop(own.space_name)


def spec_for(api: str | Path | Spec) -> Spec:
    """The spec of a shipped API, of a file, or as it is given; a file is read once for as long as it does not change."""
    if isinstance(api, Spec):
        return api
    path = find(api)
    return _loaded(api, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _loaded(api: str | Path, path: Path, changed: int) -> Spec:  # noqa: ARG001
    return load(api)
