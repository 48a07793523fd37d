"""The status of a success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.examples import success_of
from mockserver.pipeline import Answer, Call, Fault, Stage, Step
from specs.conventions.statuses import Statuses

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Sets the status that the spec gives to the operation's effect."""
    if not served.stateful:
        return {}
    status = _status(group.parameters, served)

    def succeed(call: Call) -> Answer:
        call.status = status
        return None

    return {Stage.DOCUMENT: succeed}


def _status(parameters: Statuses, served: Served) -> int:
    """The status by effect; without one, the operation's own documented success."""
    assert served.operation is not None
    success = parameters.success.get(served.effect or "") or parameters.success.get("default")
    if success is not None:
        return success.status
    documented = success_of(served.operation)
    return int(documented.status) if documented is not None and documented.status.isdigit() else 200


FAULTS: dict[str, dict[str, Fault]] = {}
