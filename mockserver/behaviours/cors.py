"""Answers a browser's preflight, and tells it which origins may read an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.exchange import Response
from mockserver.pipeline import Answer, Call, Fault, Stage, Step
from specs.conventions.cors import Cors

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Answers preflights at once, and puts the origin on every other answer."""
    parameters: Cors = group.parameters
    found: dict[Stage, Step] = {Stage.RENDERING: _actual(parameters)}
    if served.operation is None:
        found[Stage.CORS] = _preflight(parameters)
    return found


def _allowed(parameters: Cors, origin: str) -> dict[str, str]:
    if "*" in parameters.origins:
        return {"access-control-allow-origin": "*"}
    return {"access-control-allow-origin": origin, "vary": "Origin"} if origin in parameters.origins else {"vary": "Origin"}


def _preflight(parameters: Cors) -> Step:
    fixed = {"access-control-allow-headers": ", ".join(parameters.headers), "access-control-max-age": str(parameters.max_age)}
    known = {name.lower() for name in parameters.headers}

    def preflight(call: Call) -> Answer:
        headers = call.request.headers
        if call.request.method != "OPTIONS" or "origin" not in headers or "access-control-request-method" not in headers:
            return None
        answer = {**fixed, "access-control-allow-methods": call.allow or headers["access-control-request-method"], **_allowed(parameters, headers["origin"])}
        asked = [name.strip() for name in headers.get("access-control-request-headers", "").split(",") if name.strip()]
        if "*" in known:
            answer["access-control-allow-headers"] = ", ".join(asked) or "*"
        return Response(204, answer, b"")

    return preflight


def _actual(parameters: Cors) -> Step:
    expose = {"access-control-expose-headers": ", ".join(parameters.expose)} if parameters.expose else {}

    def actual(call: Call) -> Answer:
        origin = call.request.headers.get("origin")
        if origin is not None:
            call.headers.update(_allowed(parameters, origin))
            call.headers.update(expose)
        return None

    return actual


FAULTS: dict[str, dict[str, Fault]] = {}
