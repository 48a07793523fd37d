"""The transport faults of a space: what befalls its connections on purpose, switched while it runs."""

from __future__ import annotations

from typing import Any

from mockserver.control.asked import Asked, ControlError
from mockserver.faults import FaultError
from mockserver.transport_faults import KINDS

__all__ = ["clear", "listed", "put"]

_OPTIONS = ("rate", "seed")
"""What every kind takes."""


def listed(asked: Asked) -> dict[str, Any]:
    """The faults that are on, and the kinds that there are."""
    kinds = [{"kind": kind, "example": form.example, "says": form.says, "options": [*form.options, *_OPTIONS]} for kind, form in KINDS.items()]
    return {**_on(asked), "kinds": kinds}


def put(asked: Asked) -> dict[str, Any]:
    """Switches these faults on, and all others off."""
    try:
        asked.engine.set_transport_faults(asked.body["on"], asked.space)
    except FaultError as error:
        raise ControlError(422, f"{error}.") from None
    return _on(asked)


def clear(asked: Asked) -> None:
    """Switches all faults off."""
    asked.engine.set_transport_faults((), asked.space)


def _on(asked: Asked) -> dict[str, Any]:
    transport = asked.space.transport
    return {"on": [] if transport is None else list(transport.texts)}
