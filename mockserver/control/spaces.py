"""The named spaces: what there is, and the end of one."""

from __future__ import annotations

from typing import Any

from mockserver.control.asked import Asked, ControlError
from mockserver.control.timing import clock_shown

__all__ = ["delete", "listed"]


def listed(asked: Asked) -> dict[str, Any]:
    """The named spaces, the least recently used first."""
    spaces = asked.engine.spaces
    told = [{"name": space.name, "faults": list(space.faults), "clock": clock_shown(space.clock)} for space in spaces.all()]
    return {"limit": spaces.limit, "spaces": told}


def delete(asked: Asked) -> None:
    """Forgets a space and its exchanges."""
    name = asked.path["space"]
    if not asked.engine.spaces.drop(name):
        raise ControlError(404, f"There is no space {name!r}; GET /__proctor/spaces tells those that there are.")
    asked.engine.journal.clear(name)
