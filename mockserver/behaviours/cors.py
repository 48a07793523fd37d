"""Answers a browser's preflight, and tells it which origins may read an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.breaking import after, refused
from mockserver.exchange import Response
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.spaces import HEADER
from specs.conventions.cors import Cors

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "readable", "steps"]

_OWN = frozenset({"prefer", HEADER})
"""What the stub listens to beside what the API does, so that a page in a browser can say it, too."""


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
        elif any(name.lower() in _OWN for name in asked):
            answer["access-control-allow-headers"] = ", ".join([*parameters.headers, *(name for name in asked if name.lower() in _OWN)])
        return Response(204, answer, b"")

    return preflight


def readable(parameters: Cors, origin: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers of an answer, with those that tell a browser whether a page of an origin may read it."""
    expose = {"access-control-expose-headers": ", ".join(parameters.expose)} if parameters.expose else {}
    return {**headers, **_allowed(parameters, origin), **expose}


def _actual(parameters: Cors) -> Step:
    def actual(call: Call) -> Answer:
        origin = call.request.headers.get("origin")
        if origin is not None:
            call.headers = readable(parameters, origin, call.headers)
        return None

    return actual


def _bare_preflight(step: Step, site: Site) -> Step:  # noqa: ARG001
    """A preflight gets an answer that allows nothing."""
    return lambda call: Response(204, {"allow": call.allow}, b"") if step(call) is not None else None


def _guarded_preflight(step: Step, site: Site) -> Step:
    """A preflight needs a credential."""

    def broken(call: Call) -> Answer:
        return None if step(call) is None else Refusal(_cause_of_missing(site))

    return broken


def _cause_of_missing(site: Site) -> str:
    authentication = site.api.parameters("authentication", site.served)
    return "unauthenticated" if authentication is None else str(authentication.cause)


def _preflight_without(header: str) -> Wrap:
    """The wrap that leaves a header out of what a preflight gets."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            answer = step(call)
            if not isinstance(answer, Response):
                return answer
            return Response(answer.status, {name: value for name, value in answer.headers.items() if name != header}, answer.body)

        return broken

    return wrap


def _untold(call: Call, site: Site) -> None:  # noqa: ARG001
    call.headers.pop("access-control-allow-origin", None)


def _elsewhere(call: Call, site: Site) -> None:  # noqa: ARG001
    if "access-control-allow-origin" in call.headers:
        call.headers["access-control-allow-origin"] = "https://elsewhere.example"


FAULTS = {
    "preflight_allows": {
        "nothing_allowed": Fault("A preflight is answered, and allows nothing.", Stage.CORS, _bare_preflight),
        "credential_needed": Fault("A preflight is refused without a credential.", Stage.CORS, _guarded_preflight),
        "headers_not_allowed": Fault("A preflight allows no request header.", Stage.CORS, _preflight_without("access-control-allow-headers")),
        "methods_not_allowed": Fault("A preflight allows no method.", Stage.CORS, _preflight_without("access-control-allow-methods")),
    },
    "actual_response_allows": {
        "never": Fault("No answer allows the origin.", Stage.RENDERING, after(_untold)),
        "not_on_errors": Fault("An error does not allow the origin.", Stage.RENDERING, refused(_untold)),
        "other_origin": Fault("Answers allow another origin.", Stage.RENDERING, after(_elsewhere)),
    },
}
