"""Tells in the body how long the call took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.breaking import Change, after, rewrite, thaw
from mockserver.pipeline import Answer, Call, Fault, Site, Stage, Step
from mockserver.pointer import ABSENT, fetch, put, tokens
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


def _put(value: Any) -> Change:
    def change(call: Call, site: Site) -> None:
        document = thaw(call)
        path = tokens(site.parameters.member)
        if isinstance(document, dict) and isinstance(fetch(document, path), int | float):
            put(document, path, value)

    return change


def _drop(call: Call, site: Site) -> None:
    call.document = rewrite(thaw(call), [site.parameters.member], lambda value: ABSENT)  # noqa: ARG005


FAULTS = {
    "time_is_the_servers_duration": {
        "negative": Fault("The time is negative.", Stage.RENDERING, after(_put(-0.01))),
        "text": Fault("The time is text.", Stage.RENDERING, after(_put("0.01"))),
        "missing": Fault("There is no time.", Stage.RENDERING, after(_drop)),
    },
}
