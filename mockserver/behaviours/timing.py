"""Tells in the body how long the call took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.pipeline import Answer, Call, Fault, Stage, Step
from mockserver.pointer import fetch, put, tokens
from specs.conventions.timing import Timing

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Puts the seconds since the call came in into a success, and into a failure that has a place for them."""
    parameters: Timing = group.parameters
    path, decimals = tokens(parameters.member), parameters.decimals

    def tell(call: Call) -> Answer:
        document = call.document
        if isinstance(document, dict) and (call.refusal is None or isinstance(fetch(document, path), int | float)):
            put(document, path, round(max(call.space.clock.elapsed() - call.started, 0.0), decimals))
        return None

    return {Stage.RENDERING: tell}


FAULTS: dict[str, dict[str, Fault]] = {}
