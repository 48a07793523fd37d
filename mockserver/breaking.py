"""What faults are made of: ways to wrap an honest step so that it no longer keeps its word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.exchange import Response
from mockserver.pipeline import EMPTY, Answer, Call, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import ABSENT, fetch, put, tokens
from mockserver.refusals import USUAL, Refuser
from mockserver.schemas import Validator

if TYPE_CHECKING:
    from mockserver.api import Served
    from specs.conventions.errors import Status

__all__ = [
    "Change",
    "after",
    "answered_as",
    "before",
    "crashing",
    "denied",
    "forgiving",
    "last_only",
    "nothing",
    "other_status_of",
    "pick_status",
    "place",
    "put_in_records",
    "raw_members",
    "records_in",
    "refused",
    "rewrite",
    "server_error",
    "skipped",
    "status_of",
    "step_of",
    "succeeded",
    "text_of",
    "thaw",
    "violating",
    "wrong_status",
    "wrong_text",
]

Change = Callable[[Call, Site], Any]
"""What a fault does to a call."""


def skipped(step: Step, site: Site) -> Step:  # noqa: ARG001
    """The wrap that leaves the honest step out."""
    return nothing


def nothing(call: Call) -> None:
    """The step that does nothing."""


def _spoil(change: Change, call: Call, site: Site) -> Any:
    """Makes a change; where other faults have left nothing that it could be made to, nothing happens."""
    try:
        return change(call, site)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def before(change: Change) -> Wrap:
    """The wrap that changes the call before the honest step sees it."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            _spoil(change, call, site)
            return step(call)

        return broken

    return wrap


def after(change: Change) -> Wrap:
    """The wrap that changes the call after the honest step, unless that refuses it."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            answer = step(call)
            if answer is None:
                _spoil(change, call, site)
            return answer

        return broken

    return wrap


def refused(change: Change, *causes: str) -> Wrap:
    """The wrap, at RENDERING, that changes answers to calls that were refused, for these causes or for any."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            answer = step(call)
            if call.refusal is not None and (not causes or call.refusal.cause in causes):
                changed = _spoil(change, call, site)
                return changed if isinstance(changed, Response) else answer
            return answer

        return broken

    return wrap


def succeeded(change: Change) -> Wrap:
    """The wrap, at RENDERING, that changes answers to calls that succeeded."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            answer = step(call)
            if call.refusal is None:
                _spoil(change, call, site)
            return answer

        return broken

    return wrap


def forgiving(*causes: str) -> Wrap:
    """The wrap that lets pass what the honest step refuses, for these causes or for any."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            answer = step(call)
            return None if isinstance(answer, Refusal) and (not causes or answer.cause in causes) else answer

        return broken

    return wrap


def denied(*causes: str) -> Wrap:
    """The wrap that refuses whatever comes, for the first cause."""
    return lambda step, site: lambda call: Refusal(causes[0])  # noqa: ARG005


def answered_as(cause: str, *causes: str) -> Wrap:
    """The wrap, at RENDERING, that answers refusals for these causes as though it were another cause."""

    def change(call: Call, site: Site) -> None:
        assert call.refusal is not None
        call.status, headers, call.media, call.document = Refuser(site.api, site.served).answer(Refusal(cause, call.refusal.values))
        call.headers.update(headers)

    return refused(change, *causes)


def crashing(on: Callable[[Call, Site], bool]) -> Wrap:
    """The wrap that makes the server fail on some calls."""

    def wrap(step: Step, site: Site) -> Step:
        return lambda call: Refusal("server_error") if on(call, site) else step(call)

    return wrap


def last_only(wrap: Wrap, concerns: Callable[[Served, Site], bool] = lambda served, site: True) -> Wrap:  # noqa: ARG005
    """The wrap that breaks one of the fault's operations only: the last that the fault concerns, if there is one that anybody may call."""

    def last(step: Step, site: Site) -> Step:
        served = site.api.served
        concerned = [name for name in site.operations if concerns(served[name], site)] or list(site.operations)
        harmless = [name for name in concerned if _is_harmless(served[name])]
        return wrap(step, site) if site.served.id in (harmless or concerned)[-1:] else step

    return last


def _is_harmless(served: Served) -> bool:
    """Whether the operation can be called without changing anybody's record: it changes none, or one can be made for it."""
    return served.resource is None or served.effect in ("list", "read", "singleton") or "create" in served.resource.operations


def thaw(call: Call) -> Any:
    """The call's document as plain JSON values, free to change."""
    if call.document is not EMPTY:
        call.document = orjson.loads(orjson.dumps(call.document, default=str))
    return call.document


def step_of(site: Site, kind: str, stage: Stage) -> Step:
    """The honest step of another kind in the same operation; an empty one where there is none."""
    return next((entry.step for entry in site.served.entries if entry.kind == kind and entry.stage is stage), nothing)


def records_in(call: Call, site: Site) -> list[dict[str, Any]]:
    """The records that a success shows, in its thawed document."""
    envelope = site.api.parameters("envelope", site.served)
    served = site.served
    if served.resource is None or call.document is EMPTY:
        return []
    document = thaw(call)
    place = envelope.items if served.effect == "list" else envelope.item
    found = fetch(document, tokens(place, served.resource))
    if isinstance(found, list):
        return [record for record in found if isinstance(record, dict)]
    return [found] if isinstance(found, dict) else []


def put_in_records(call: Call, site: Site, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the members of each record that a success shows: its attributes, where they stand apart."""
    attributes = tokens(site.api.parameters("envelope", site.served).attributes)
    for record in records_in(call, site):
        inner = fetch(record, attributes)
        change(inner if isinstance(inner, dict) else record)


def rewrite(document: Any, pointers: Iterable[str], change: Callable[[Any], Any]) -> Any:
    """The document with the values at those pointers changed; `*` in a pointer stands for each element. `ABSENT` removes a member."""
    for pointer in pointers:
        document = _rewritten(document, tokens(pointer), change)
    return document


def _rewritten(document: Any, path: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(document)
    head, rest = path[0], path[1:]
    if isinstance(document, list) and head == "*":
        return [_rewritten(item, rest, change) for item in document]
    if isinstance(document, dict) and head in document:
        value = _rewritten(document[head], rest, change)
        return {name: value if name == head else item for name, item in document.items() if name != head or value is not ABSENT}
    return document


def wrong_status(step: Step, site: Site) -> Step:
    """The wrap, at RENDERING, that gives a refusal for the convention's own cause another error's status."""
    cause = site.parameters.cause

    def broken(call: Call) -> Answer:
        answer = step(call)
        if call.refusal is not None and call.refusal.cause == cause:
            call.status = other_status_of(site, cause)
        return answer

    return broken


def wrong_text(step: Step, site: Site) -> Step:
    """The wrap, at RENDERING, that gives a refusal for the convention's own cause other texts in the members that the clause names."""
    places = site.api.parameters("errors", site.served).members

    def broken(call: Call) -> Answer:
        answer = step(call)
        if call.refusal is not None and call.refusal.cause == site.parameters.cause:
            for member in site.arguments.members:
                call.document = rewrite(thaw(call), places.get(member, []), lambda value: "Something Else")  # noqa: ARG005
        return answer

    return broken


def status_of(site: Site, cause: str) -> tuple[int, list[Status]]:
    """The status of a cause, and those that pass for it, too: where the spec gives the cause no answer, any of a mistake does."""
    _, answer = Refuser(site.api, site.served).cause(cause)
    told = cause in site.api.parameters("errors", site.served).causes
    in_body = site.api.parameters("envelope", site.served).outcome is not None
    return answer.status, [*answer.accept, *answer.tolerate] if told else ["4xx", "2xx"] if in_body else ["4xx"]


def pick_status(candidates: Iterable[int], passing: Iterable[Status]) -> int:
    """The first candidate that does not pass."""
    allowed = set(passing)
    return next((status for status in candidates if status not in allowed and f"{status // 100}xx" not in allowed), 418)


def other_status_of(site: Site, cause: str) -> int:
    """A status that a cause must not have: another mistake's, if the spec lets none of those pass."""
    status, passing = status_of(site, cause)
    return pick_status((400, 404, 403, 409, 422, 401, 410, 500, 302, 200), [status, *passing])


def text_of(call: Call, site: Site, status: int) -> Response:
    """A response with that status and a page of HTML: what a framework's own error page looks like."""
    body = f"<html><body><h1>{status}</h1><p>{site.served.id}</p></body></html>".encode()
    return Response(status, {**call.headers, "content-type": "text/html"}, body)


def server_error(call: Call, site: Site) -> None:
    """Makes the answer that of a fault of the server, in the API's own form."""
    call.status, headers, call.media, call.document = Refuser(site.api, site.served).answer(Refusal("server_error"))
    call.status = max(call.status, USUAL["server_error"][0])
    call.headers.update(headers)


def raw_members(call: Call, site: Site) -> dict[str, Any]:
    """The members of a record as they came in, unchecked: what a careless server would write."""
    envelope, resource = site.api.parameters("envelope", site.served), site.served.resource
    assert resource is not None
    found: dict[str, Any] = {}
    if isinstance(call.body, dict):
        place = fetch(call.body, tokens(envelope.input.root, resource))
        found = dict(place) if isinstance(place, Mapping) else {}
    if envelope.input.place != "body":
        texts = {**call.query, **(call.form or {})}
        found.update({name: text for name, text in texts.items() if site.api.member_schema(resource, name) is not None})
    found.pop(resource.key, None)
    return found


def violating(schema: Mapping[str, Any]) -> Any:
    """A value that a schema does not allow; `ABSENT` where it allows all that were tried."""
    validator = Validator(schema)
    return next((value for value in _wrong_values() if not validator.accepts(value)), ABSENT)


def _wrong_values() -> Iterator[Any]:
    yield from ("wrong", 7, ["wrong"], {"wrong": 1}, None, True, "")


def place(document: Any, pointer: str, value: Any) -> Any:
    """The document with a value at a pointer."""
    return put(document, tokens(pointer), value)
