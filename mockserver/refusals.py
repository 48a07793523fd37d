"""The answers to causes: the status, headers and body that a spec, or habit, gives to each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from mockserver.examples import body_of, response_for
from mockserver.pipeline import EMPTY, Refusal
from mockserver.pointer import Tokens, fetch, put, tokens
from mockserver.schemas import Validator
from specs.conventions.envelope import Envelope
from specs.conventions.errors import Cause, Errors, MemberIsOneOf
from specs.conventions.statuses import Statuses

if TYPE_CHECKING:
    from mockserver.api import Api, Served

__all__ = ["LIKE", "USUAL", "Refuser", "fill"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

LIKE: dict[str, tuple[str, ...]] = {
    "foreign_record": ("not_found",),
    "parent_not_found": ("not_found",),
    "foreign_account": ("forbidden",),
    "closed": ("conflict", "forbidden"),
    "client_id": ("forbidden", "invalid_record"),
    "missing_parameter": ("invalid_parameter", "invalid_record"),
    "invalid_record": ("invalid_parameter",),
    "invalid_parameter": ("invalid_record",),
    "malformed": ("invalid_parameter",),
    "metadata": ("invalid_record", "invalid_parameter"),
    "bulk": ("malformed", "invalid_parameter"),
    "page_out_of_bounds": ("invalid_parameter",),
    "unsupported_filter": ("invalid_query", "invalid_parameter"),
    "unsupported_filter_value": ("invalid_query", "invalid_parameter"),
    "unsupported_sort": ("invalid_query", "invalid_parameter"),
    "unsupported_aggregate": ("invalid_query", "invalid_parameter"),
    "unsupported_group": ("invalid_query", "invalid_parameter"),
    "unsupported_include": ("invalid_query", "invalid_parameter"),
    "invalid_query": ("invalid_parameter",),
}
"""The causes whose answer a cause gets that the spec does not give one."""

USUAL: dict[str, tuple[int, str]] = {
    "unauthenticated": (401, "The credentials are missing or wrong."),
    "forbidden": (403, "The caller may not do this."),
    "not_found": (404, "There is no such record."),
    "parent_not_found": (404, "There is no such parent record."),
    "foreign_record": (404, "There is no such record."),
    "foreign_account": (403, "The account is missing or not the caller's."),
    "unknown_operation": (404, "There is nothing at this path."),
    "method_not_allowed": (405, "The path does not have this method."),
    "missing_parameter": (400, "{name} is missing."),
    "invalid_parameter": (400, "{name} is invalid."),
    "invalid_record": (422, "{name} is {reason}."),
    "malformed": (400, "The body can't be read."),
    "conflict": (409, "{name} clashes with what is there."),
    "client_id": (403, "An id can't be given."),
    "closed": (409, "The record's state does not allow this."),
    "rate_limited": (429, "Too many requests."),
    "plain_http": (403, "Use HTTPS."),
    "unsupported_media_type": (415, "The body's media type is not supported."),
    "not_acceptable": (406, "No acceptable media type can be given."),
    "bulk": (400, "Several records need a request that is marked for them."),
    "too_large": (413, "The body is too large."),
    "page_out_of_bounds": (400, "{name} is out of bounds."),
    "unsupported_filter": (400, "{name} is no filter."),
    "unsupported_filter_value": (400, "{name} does not take this value."),
    "unsupported_sort": (400, "{name} does not sort."),
    "unsupported_aggregate": (400, "{name} is no aggregate."),
    "unsupported_group": (400, "{name} does not group."),
    "unsupported_include": (400, "{name} can't be included."),
    "invalid_query": (400, "The query can't be read."),
    "metadata": (400, "{name} is over its limits."),
    "request_failed": (402, "The request failed."),
    "server_error": (500, "The server failed."),
    "unavailable": (503, "The server can't answer now."),
}
"""Status and text of each cause where a spec says nothing of it."""

_PROBLEM = {"type": "about:blank", "title": "{title}", "status": "{status}", "detail": "{message}"}


class _Drop:
    __slots__ = ()


_DROP: Final = _Drop()


class Refuser:
    """Renders the refusals of one operation."""

    def __init__(self, api: Api, served: Served) -> None:
        self._errors: Errors = api.parameters("errors", served)
        self._envelope: Envelope = api.parameters("envelope", served)
        self._statuses: Statuses = api.parameters("statuses", served)
        self._operation = served.operation
        self._outcome: Tokens = tokens(self._envelope.outcome.member) if self._envelope.outcome is not None else ()
        self._closed = _closed_sets(api)
        self._shape: Validator | None = None

    def cause(self, name: str) -> tuple[str, Cause]:
        """The cause that answers for one, by name, and its answer."""
        like = LIKE.get(name, ())
        if self._outcome:
            like = (*like, "malformed", "invalid_parameter", "invalid_record")
        for candidate in (name, *like):
            if candidate in self._errors.causes:
                return candidate, self._errors.causes[candidate]
        return name, Cause(status=self._usual_status(name))

    def _usual_status(self, name: str) -> int:
        """The usual status; an operation that documents 422 and no 400, or the other way round, gets that.

        Where the spec says which statuses there are, it is one of them: a like one, or that of a success where the outcome is in the body.
        """
        status = USUAL[name][0]
        documented = self._operation.responses if self._operation is not None else {}
        if status in (400, 422) and str(status) not in documented:
            status = next((other for other in (422, 400) if str(other) in documented), status)
        known = self._statuses.documented
        if self._outcome and status not in known:
            return next((other for other in known if 200 <= other <= 299), status)
        if not known or status in (*known, *self._statuses.by_protocol):
            return status
        return next((other for other in (400, 422, *known) if other in known and other // 100 == status // 100), status)

    def values(self, refusal: Refusal, cause: Cause) -> dict[str, Any]:
        """What the placeholders of a template stand for."""
        base: dict[str, Any] = {"reason": "invalid", **refusal.values, "status": cause.status, "cause": refusal.cause, "code": refusal.cause}
        base["title"] = HTTPStatus(cause.status).phrase if cause.status in HTTPStatus._value2member_map_ else "Error"
        base["message"] = fill(USUAL[refusal.cause][1], {"name": "It", **base})
        base.setdefault("detail", base["message"])
        for other in self._errors.causes.values():
            if other.status // 100 == cause.status // 100:
                for name, value in other.values.items():
                    base.setdefault(name, value)
        base |= {name: self._known(name, allowed, cause) for name, allowed in self._closed.items() if base.get(name) not in allowed}
        return {**base, **{name: fill(value, base) for name, value in cause.values.items()}}

    def _known(self, name: str, allowed: Sequence[Any], cause: Cause) -> Any:
        """One of the values that the document knows for a member, where a cause is given none: one that goes with its status, if there is any."""
        others = sorted(self._errors.causes.values(), key=lambda other: (other.status != cause.status, other.status // 100 != cause.status // 100))
        return next((other.values[name] for other in others if other.values.get(name) in allowed), allowed[0])

    def answer(self, refusal: Refusal) -> tuple[int, Mapping[str, str], str | None, Any]:
        """Status, headers, media type (None for the usual) and document."""
        _, cause = self.cause(refusal.cause)
        headers = {name.lower(): value for name, value in cause.headers.items()}
        if cause.empty:
            return cause.status, headers, None, EMPTY
        template = cause.template if cause.template is not None else self._errors.template
        values = self.values(refusal, cause)
        if template is None:
            return (cause.status, headers, *self._untold(cause.status, values))
        return cause.status, headers, None, self._enveloped(self._shaped(template, values), cause)

    def _shaped(self, template: Any, values: Mapping[str, Any]) -> Any:
        """The template filled in, with the status as text where the documented shape has it so."""
        filled = fill(template, values)
        if self._errors.shape is None or "'{status}'" not in repr(template):
            return filled
        if self._shape is None:
            self._shape = Validator(self._errors.shape)
        if self._shape.accepts(filled):
            return filled
        worded = fill(template, {**values, "status": str(values["status"])})
        return worded if self._shape.accepts(worded) else filled

    def _untold(self, status: int, values: Mapping[str, Any]) -> tuple[str, Any]:
        """The body where a spec has no template: the operation's documented one, or a problem (RFC 9457)."""
        response = response_for(self._operation, status) if self._operation is not None else None
        if response is not None and response.media and response.status != "default":
            return response.media[0].type, body_of(response.media[0])
        return "application/problem+json", fill(_PROBLEM, values)

    def _enveloped(self, body: Any, cause: Cause) -> Any:
        """The body in the envelope that also a failure has, unless it brings its own."""
        if not self._outcome or cause.template is not None or (isinstance(body, dict) and fetch(body, self._outcome)):
            return body
        document: Any = {}
        for pointer, value in self._envelope.constant.items():
            document = put(document, tokens(pointer), value)
        document = put(document, tokens(self._envelope.item), body)
        return put(document, self._outcome, cause.values.get(self._outcome[-1], "error"))


def _closed_sets(api: Api) -> dict[str, Sequence[Any]]:
    """The values that a clause lets a named member of an error have, by name."""
    found = (clause.arguments for clause in api.spec.clauses.values() if clause.rule == "member_is_one_of")
    return {arguments.member: arguments.values for arguments in found if isinstance(arguments, MemberIsOneOf) and arguments.values}


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its placeholders filled in.

    A string that is one placeholder keeps its value's type, and is left out, as member or element, where there is none.
    """
    filled = _filled(template, values)
    return "" if filled is _DROP else filled


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        alone = _PLACEHOLDER.fullmatch(template)
        if alone:
            return values.get(alone[1], _DROP)
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), template)
    if isinstance(template, Mapping):
        members = {name: _filled(value, values) for name, value in template.items()}
        return {name: value for name, value in members.items() if value is not _DROP and not (value == {} and template[name] != {})}
    if isinstance(template, list | tuple):
        return [value for value in (_filled(item, values) for item in template) if value is not _DROP]
    return template
