"""Plain HTTP is refused, or sent on to HTTPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.breaking import skipped
from mockserver.exchange import Response
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Refuses a call that came over plain HTTP."""
    redirects, cause = group.parameters.plain == "redirect", group.parameters.cause

    def secure(call: Call) -> Answer:
        if call.request.scheme == "https":
            return None
        if redirects:
            origin = call.request.secure or "https" + call.request.origin.removeprefix("http")
            location = origin + call.mount + call.path
            query = f"?{call.request.query}" if call.request.query else ""
            return Response(308, {"location": location + query}, b"")
        return Refusal(cause)

    return {Stage.TRANSPORT: secure}


def _unless_reading(step: Step, site: Site) -> Step:  # noqa: ARG001
    """The step, but not for operations that read."""
    return lambda call: None if call.served.effect in ("list", "read", "singleton") else step(call)


FAULTS = {
    "plain_http_fails": {
        "served": Fault("Plain HTTP is served like HTTPS.", Stage.TRANSPORT, skipped),
        "reads_served": Fault("Plain HTTP is served where the request only reads.", Stage.TRANSPORT, _unless_reading),
    },
}
