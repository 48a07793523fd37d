"""Watches the files of the specs that are served, and reloads what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.reloading import UnfitError, reload
from specs import Spec, SpecError, find, load
from specs.loader import files_of

if TYPE_CHECKING:
    from mockserver.engine import Engine

__all__ = ["EVERY", "watching"]

EVERY = 0.4
"""Seconds between two looks at the files."""

Stamps = dict[Path, tuple[int, int, int] | None]
"""What tells a file from itself when it has changed, by path; None where there is no file."""


@dataclass(slots=True)
class _Watched:
    """One spec: the files that it was read from, and how they were when they were looked at last."""

    name: str
    files: frozenset[Path]
    seen: Stamps = field(default_factory=dict)
    changing: bool = False

    def look_round(self) -> None:
        """Finds out which files there are to watch; those that are known keep how they were when they were looked at last."""
        with suppress(SpecError):
            self.files |= files_of(self.name)
        self.seen = {**_stamps(self.files), **self.seen}

    def settled_anew(self) -> bool:
        """Whether the files have changed, and are not being written any more: they look the same twice in a row."""
        now = _stamps(self.files)
        changed, self.seen = now != self.seen, now
        if changed:
            self.changing = True
            return False
        settled, self.changing = self.changing, False
        return settled


def watching(names: Iterable[str], tell: Callable[[str], None], every: float = EVERY) -> Callable[[Engine], Awaitable[None]]:
    """What watches the specs of these names or paths beside a server, and tells of each reload, and each that could not be.

    A spec that can't be read, or in which the records have no place, changes nothing: the one before goes on being served.
    """
    specs = list(names)

    async def watch(engine: Engine) -> None:
        watched = [_Watched(name, frozenset([find(name)])) for name in specs]
        for one in watched:
            one.seen = _stamps(one.files)
            await asyncio.to_thread(one.look_round)
        while True:
            await asyncio.sleep(every)
            for one in watched:
                if one.settled_anew():
                    await _reload(engine, one, tell)

    return watch


async def _reload(engine: Engine, one: _Watched, tell: Callable[[str], None]) -> None:
    try:
        told = _put_in_place(engine, await asyncio.to_thread(load, one.name))
    except SpecError as error:
        tell(f"{one.name} has changed, but can't be read. What was served before still is.\n{error}")
    except UnfitError as error:
        advice = "Change the spec, or drop the records (POST /__proctor/state/reset) and save the spec again."
        tell(f"{one.name} has changed, but what is kept has no place in it. What was served before still is. {advice}\n{error}")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a spec, the one before goes on being served
        tell(f"{one.name} has changed, but can't be served. What was served before still is.\n{type(error).__name__}: {error}")
    else:
        tell("\n".join([f"{one.name} has changed, and is served as it is now.", *told]))
    await asyncio.to_thread(one.look_round)


def _put_in_place(engine: Engine, spec: Spec) -> list[str]:
    if spec.api not in engine.apis:
        raise UnfitError(f"it is the API {spec.api!r} now, and {', '.join(engine.apis)} is served; start again to serve it")
    return reload(engine, spec)


def _stamps(files: Iterable[Path]) -> Stamps:
    found: Stamps = {}
    for path in files:
        try:
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            found[path] = None
    return found
