"""Refuses what a caller's role may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from specs.conventions.authorization import Authorization

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Refuses the roles to which the operation is denied."""
    parameters: Authorization = group.parameters
    denied = frozenset(name for name, role in parameters.roles.items() if "*" in role.denied or served.id in role.denied)
    if not denied or served.operation is None:
        return {}

    def authorize(call: Call) -> Answer:
        if call.principal is not None and call.principal.role in denied:
            return Refusal(parameters.cause, {"role": call.principal.role})
        return None

    return {Stage.AUTHORIZATION: authorize}


FAULTS: dict[str, dict[str, Fault]] = {}
