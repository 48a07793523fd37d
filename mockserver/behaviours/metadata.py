"""Limits the key-value data that callers attach to records; lengths are counted in characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from specs.conventions.metadata import Metadata

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Refuses metadata over its limits in a write of a resource that has such a member."""
    parameters: Metadata = group.parameters
    if not served.writes or served.resource is None or api.member_schema(served.resource, parameters.member) is None:
        return {}

    def limit(call: Call) -> Answer:
        for members in call.members:
            reason = _reason(parameters, members.get(parameters.member))
            if reason is not None:
                return Refusal(parameters.cause, {"name": parameters.member, "param": parameters.member, "reason": reason})
        return None

    return {Stage.VALIDATION: limit}


def _reason(parameters: Metadata, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        return "type"
    if len(value) > parameters.keys:
        return "keys"
    if any(len(key) > parameters.key_length for key in value):
        return "key_length"
    if any(len(item if isinstance(item, str) else str(item)) > parameters.value_length for item in value.values()):
        return "value_length"
    return None


FAULTS: dict[str, dict[str, Fault]] = {}  # faults author 2 writes these now; leave them
