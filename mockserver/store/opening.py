"""Opens the store that is asked for by name: `memory`, or `sqlite:FILE`."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.store import Store, StoreError
from specs.model import Spec

__all__ = ["open_store"]


def open_store(name: str, specs: Iterable[Spec]) -> Store:
    """The store of that name for the records of some APIs; raises `StoreError` where there is none, or it can't be used."""
    kind, _, place = name.partition(":")
    if kind == "memory" and not place:
        from mockserver.store.memory import MemoryStore

        return MemoryStore()
    if kind == "sqlite" and place:
        from mockserver.store.sqlite import SqliteStore

        return SqliteStore(place, {spec.api: _layout(spec) for spec in specs})
    raise StoreError(f"{name!r}: no store is called so; there are memory and sqlite:FILE")


def _layout(spec: Spec) -> str:
    """What tables an API has: its resources, and the member that is their key."""
    return ", ".join(f"{resource.name} by {resource.key}" for resource in sorted(spec.resources.values(), key=lambda resource: resource.name)) or "none"
