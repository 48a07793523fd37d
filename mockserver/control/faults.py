"""The faults of a space: what there is, and what is on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.control.asked import Asked, ControlError
from mockserver.faults import FaultError, faults_of, resolve

__all__ = ["change", "clear", "listed", "put"]


def listed(asked: Asked) -> dict[str, Any]:
    """The faults that are on, and all that there are."""
    wanted, found = asked.query.get("api"), []
    for api in asked.engine.apis.values():
        for fault in faults_of(api.spec) if wanted in (None, api.name) else ():
            told = {"name": fault.name, "clause": fault.clause, "way": fault.way, "usual": fault.usual, "says": fault.says}
            found.append({**told, "operations": list(api.spec.clauses[fault.clause].operations)})
    return {**_on(asked), "faults": found}


def put(asked: Asked) -> dict[str, Any]:
    """Switches these faults on, and all others off."""
    return _set(asked, asked.body["on"])


def change(asked: Asked) -> dict[str, Any]:
    """Switches some faults on and others off; one that is to be switched off has to be on."""
    on = {_identity(asked, name): name for name in asked.space.faults}
    for name in asked.body.get("off", ()):
        if on.pop(_identity(asked, name), None) is None:
            there = f"there is {', '.join(asked.space.faults)}" if asked.space.faults else "none is"
            raise ControlError(422, f"{name!r} is not on; {there}.")
    for name in asked.body.get("on", ()):
        on.setdefault(_identity(asked, name), name)
    return _set(asked, list(on.values()))


def clear(asked: Asked) -> None:
    """Switches all faults off."""
    asked.engine.set_faults((), asked.space)


def _set(asked: Asked, names: Sequence[str]) -> dict[str, Any]:
    unique = {_identity(asked, name): name for name in names}
    asked.engine.set_faults(list(unique.values()), asked.space)
    return _on(asked)


def _on(asked: Asked) -> dict[str, Any]:
    return {"on": list(asked.space.faults)}


def _identity(asked: Asked, name: str) -> Any:
    """What a fault's name stands for, the same for all names of one fault."""
    try:
        planted = resolve(name, asked.engine.apis)
    except FaultError as error:
        raise ControlError(422, f"{error}.") from None
    return planted.clause.id, id(planted.fault), planted.operations
