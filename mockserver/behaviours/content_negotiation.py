"""Which media types come in and go out: refuses the others, reads the body, and names the answer's type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.breaking import after, before, forgiving, other_status_of, put_in_records, refused, step_of, succeeded
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.reading import BROKEN, ensure_read, media_type
from specs.conventions.content_negotiation import ContentNegotiation

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

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
    elif call.body is not EMPTY and call.served.params_field is not None:  # parameters have names, wherever they stand
        return Refusal("malformed", {"name": "body"})
    return None


def _negotiate(parameters: ContentNegotiation) -> Step:
    allowed = frozenset(name.lower() for name in parameters.request)
    bulk = media_type(f"x;{parameters.bulk}")[1] if parameters.bulk else {}

    def negotiate(call: Call) -> Answer:
        request = call.request
        if request.body:
            name, options = media_type(request.headers.get("content-type", ""))
            if parameters.refuse_other_requests and (name not in allowed or _otherwise(options, bulk)):
                return Refusal("unsupported_media_type", {"name": name, "value": name})
            call.bulk = bool(bulk) and bulk.items() <= options.items()
        accept = request.headers.get("accept")
        if parameters.refuse_unacceptable and accept is not None and not _acceptable(accept, parameters.response, bulk):
            return Refusal("not_acceptable", {"value": accept})
        return None

    return negotiate


def _otherwise(options: dict[str, str], bulk: dict[str, str]) -> bool:
    """Whether the parameter that marks an array of records is there with another value: an extension that is not known."""
    return any(options.get(name, value) != value for name, value in bulk.items())


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
        if name != response or not {key for key, value in options.items() if bulk.get(key) != value and key != "charset"}:
            return True
    return False


def _html(call: Call, site: Site) -> None:  # noqa: ARG001
    if "content-type" in call.headers:
        call.headers["content-type"] = "text/html; charset=utf-8"


def _untyped(call: Call, site: Site) -> None:  # noqa: ARG001
    call.headers.pop("content-type", None)


def _html_on_errors(call: Call, site: Site) -> None:
    if call.refusal is not None:
        _html(call, site)


def _nothing_on_update(call: Call, site: Site) -> None:
    if site.served.effect == "update":
        call.status, call.document = 204, EMPTY


def _cut_short(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Bodies end before the JSON does."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        call.content = call.content[:-1]
        return answer

    return broken


def _for_any_failure(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return getattr(clause.arguments, "on", "any") == "any"


def _where_promised(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return bool(getattr(clause.arguments, "promised", False))


def _unread(call: Call, site: Site) -> None:  # noqa: ARG001
    if isinstance(call.body, dict):
        call.body, call.inputs = {}, {}


def _some_taken(step: Step, site: Site) -> Step:
    """Takes the valid ones of a bulk request, and refuses the others."""
    check, effect = step, step_of(site, "lifecycle", Stage.EFFECT)
    root = site.api.parameters("envelope", site.served).input.root.split("/")[1:2]

    def broken(call: Call) -> Answer:
        refusal = check(call)
        if not isinstance(refusal, Refusal) or not call.bulk or not root or not isinstance(call.body, dict):
            return refusal
        items, members = call.body.get(root[0]), []
        for item in items if isinstance(items, list) else []:
            call.body, call.members = {root[0]: [item]}, []
            if check(call) is None:
                members.extend(call.members)
        call.members = members
        if members:
            effect(call)
        return refusal

    return broken


def _first_taken(call: Call, site: Site) -> None:  # noqa: ARG001
    call.members = call.members[:1]


def _unmarked(call: Call, site: Site) -> None:  # noqa: ARG001
    call.bulk = call.bulk or call.served.effect == "create"


def _no_suffix(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Knows no suffix."""
    return lambda call: Refusal("unknown_operation", {"name": call.path}) if call.suffix else step(call)


def _less_with_suffix(call: Call, site: Site) -> None:
    if not call.suffix:
        return
    put_in_records(call, site, lambda record: record.pop(next(reversed(record)), None) if record else None)


def _misstatus(cause: str) -> Wrap:
    def change(call: Call, site: Site) -> None:
        call.status = other_status_of(site, cause)

    return refused(change, cause)


def _accepted_by_creates(step: Step, site: Site) -> Step:
    return forgiving("not_acceptable")(step, site) if site.served.effect == "create" else step


def _has_creates(spec: Spec, clause: Clause) -> bool:
    return any(spec.operations[name].effect == "create" for name in clause.operations)


FAULTS = {
    "body_has_media_type": {
        "html": Fault("Bodies are called HTML.", Stage.ENCODING, after(_html)),
        "untyped": Fault("Bodies have no media type.", Stage.ENCODING, after(_untyped)),
        "html_on_errors": Fault("Bodies of errors are called HTML.", Stage.ENCODING, after(_html_on_errors), fits=_for_any_failure),
        "nothing_on_update": Fault("An update is answered with 204 and no body.", Stage.RENDERING, succeeded(_nothing_on_update), fits=_where_promised),
        "cut_short": Fault("Bodies end before their JSON does.", Stage.ENCODING, _cut_short, kind="envelope"),
    },
    "json_body_is_read": {
        "ignored": Fault("Parameters in the body are not read.", Stage.PARSING, after(_unread)),
    },
    "wrong_content_type_is_refused": {
        "accepted": Fault("Any Content-Type is taken.", Stage.NEGOTIATION, forgiving("unsupported_media_type")),
        "wrong_status": Fault("The refusal has another error's status.", Stage.RENDERING, _misstatus("unsupported_media_type")),
    },
    "unacceptable_is_refused": {
        "accepted": Fault("Accept is not looked at.", Stage.NEGOTIATION, forgiving("not_acceptable")),
        "accepted_by_creates": Fault("Creates do not look at Accept.", Stage.NEGOTIATION, _accepted_by_creates, fits=_has_creates),
        "wrong_status": Fault("The refusal has another error's status.", Stage.RENDERING, _misstatus("not_acceptable")),
    },
    "bulk_is_all_or_none": {
        "some_taken": Fault("Of a bulk request with a wrong record, the others are made.", Stage.VALIDATION, _some_taken, kind="lifecycle"),
        "first_taken": Fault("Of a bulk request, only the first record is made.", Stage.EFFECT, before(_first_taken), kind="lifecycle"),
        "unmarked_accepted": Fault("An array of records needs no mark.", Stage.VALIDATION, before(_unmarked), kind="lifecycle"),
    },
    "suffix_and_bare_path_agree": {
        "suffix_unknown": Fault("A path with a suffix leads nowhere.", Stage.ROUTING, _no_suffix),
        "less_with_suffix": Fault("With a suffix, records have a member less.", Stage.RENDERING, succeeded(_less_with_suffix)),
    },
}
