"""Which media types come in and go out: refuses the others, reads the body, and names the answer's type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Stage, Step
from mockserver.reading import BROKEN, ensure_read, media_type
from specs.conventions.content_negotiation import ContentNegotiation

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Checks Content-Type and Accept where the spec says so, and reads the body."""
    parameters: ContentNegotiation = group.parameters
    found: dict[Stage, Step] = {Stage.ENCODING: _label(parameters, api.parameters("errors", served).media)}
    if served.operation is None:
        return found
    found[Stage.PARSING] = _parse
    if parameters.refuse_other_requests or parameters.refuse_unacceptable or parameters.bulk:
        found[Stage.NEGOTIATION] = _negotiate(parameters)
    return found


def _label(parameters: ContentNegotiation, error_media: str | None) -> Step:
    success, failure = parameters.response, error_media or parameters.response

    def label(call: Call) -> Answer:
        if call.document is not EMPTY:
            call.headers["content-type"] = call.media or (success if call.refusal is None else failure)
        return None

    return label


def _parse(call: Call) -> Answer:
    if call.broken is not None:
        return Refusal("invalid_parameter", {"name": call.broken, "param": call.broken})
    if not call.request.body and call.served.params_field is None:
        call.read = True
        return None
    ensure_read(call)
    if call.body is BROKEN:
        return Refusal("malformed", {"name": "body"})
    if isinstance(call.body, dict):
        call.inputs = call.body
    return None


def _negotiate(parameters: ContentNegotiation) -> Step:
    allowed = frozenset(name.lower() for name in parameters.request)
    bulk = media_type(f"x;{parameters.bulk}")[1] if parameters.bulk else {}

    def negotiate(call: Call) -> Answer:
        request = call.request
        if request.body:
            name, options = media_type(request.headers.get("content-type", ""))
            if parameters.refuse_other_requests and name not in allowed:
                return Refusal("unsupported_media_type", {"name": name, "value": name})
            call.bulk = bool(bulk) and bulk.items() <= options.items()
        accept = request.headers.get("accept")
        if parameters.refuse_unacceptable and accept is not None and not _acceptable(accept, parameters.response, bulk):
            return Refusal("not_acceptable", {"value": accept})
        return None

    return negotiate


def _acceptable(accept: str, response: str, bulk: dict[str, str]) -> bool:
    """Whether an Accept header leaves room for the media type: without parameters of its own, and not at q=0."""
    if not accept.strip():
        return True
    main = response.split("/")[0]
    for part in accept.split(","):
        name, options = media_type(part)
        quality = options.pop("q", "1")
        if quality.strip("0.") == "" or name not in (response, f"{main}/*", "*/*"):
            continue
        if name != response or not {key: value for key, value in options.items() if key not in bulk and key != "charset"}:
            return True
    return False


FAULTS: dict[str, dict[str, Fault]] = {}
